"""The limit of associations over several processes."""

import subprocess
import sys
from pathlib import Path

from radnode.dimse.slots import Slots

HOLD = """
import sys
from pathlib import Path
from radnode.dimse.slots import Slots
slots = Slots(Path(sys.argv[1]), 3)
held = [slots.take(), slots.take()]
print(sum(one is not None for one in held), flush=True)
sys.stdin.read()
"""


def test_slots_are_shared_by_everyone_who_opens_the_file(tmp_path: Path) -> None:
    one, other = Slots(tmp_path / "slots", 2), Slots(tmp_path / "slots", 2)
    first, second = one.take(), other.take()
    assert first is not None
    assert second is not None
    assert one.take() is None
    assert other.take() is None
    with first:
        pass
    again = other.take()
    assert again is not None
    one.close()
    other.close()


def test_a_process_that_is_killed_gives_its_slots_back(tmp_path: Path) -> None:
    path = tmp_path / "slots"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "2\n"
        slots = Slots(path, 3)
        mine = slots.take()
        assert mine is not None
        assert slots.take() is None
        process.kill()
        process.wait()
    assert slots.take() is not None
    slots.close()
