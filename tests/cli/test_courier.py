import threading
from dataclasses import dataclass, field

import pytest
from structlog.testing import capture_logs
from support.node import wait_for

from radnode.cli.courier import attend
from radnode.model.errors import OutOfResources


@dataclass
class Failing:
    """Fails so often, then runs until it is told to stop."""

    name: str
    error: Exception | None = None
    failures: int = 0
    runs: int = 0
    at_work: threading.Event = field(default_factory=threading.Event)

    def run(self, stop: threading.Event) -> None:
        self.runs += 1
        if self.error is not None and self.runs <= self.failures:
            raise self.error
        self.at_work.set()
        stop.wait()


@pytest.mark.parametrize("error", [OutOfResources("Cannot store: no space"), KeyError("DOE^JOHN")])
def test_an_errand_that_fails_is_begun_again_and_disturbs_nobody(error: Exception) -> None:
    failing, other = Failing("failing", error, failures=2), Failing("other")
    stop = threading.Event()
    with capture_logs() as logs:
        thread = threading.Thread(target=attend, args=([failing, other], stop))
        thread.start()
        wait_for(failing.at_work.is_set, what="the errand that failed")
        stop.set()
        thread.join(10)
    assert not thread.is_alive()
    assert (failing.runs, other.runs) == (3, 1)
    assert [line["errand"] for line in logs] == ["failing", "failing"]
    assert "DOE" not in str([line.get("why") for line in logs])
