"""Files of broken and hostile makers through every REST endpoint. The long form is scripts/fuzz_rest --what files."""

from collections.abc import Iterator
from itertools import islice

import pytest
from support.fuzzed_files import fuzzed_files
from support.fuzzed_rest import FuzzedRest

SEED, FILES = 7, 40


@pytest.fixture(scope="module")
def rest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FuzzedRest]:
    with FuzzedRest(tmp_path_factory.mktemp("files") / "store") as rest:
        yield rest


def test_no_stored_file_does_harm(rest: FuzzedRest) -> None:
    """No 500 and nothing undocumented; afterwards the same process makes good pictures, and has not grown."""
    taken = [rest.ask(file) for file in islice(fuzzed_files(SEED), FILES)]
    assert sum(taken) > FILES / 2
    assert {status for _, status in rest.statuses} >= {200, 400, 422}
    rest.assert_well()


def test_the_same_seed_makes_the_same_files() -> None:
    first, second = (list(islice(fuzzed_files(3), 4)) for _ in range(2))
    assert first == second
    assert all(one.spoilt for one in first)
