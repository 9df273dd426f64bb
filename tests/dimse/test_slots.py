"""The limits of associations over several processes."""

import subprocess
import sys
from pathlib import Path

from support.disks import fill, small_file_system

from radnode.dimse.slots import Full, Slot, Slots

HOLD = """
import sys
from pathlib import Path
from radnode.dimse.slots import Slot, Slots
slots = Slots(Path(sys.argv[1]), 3, per_address=2, per_caller=2)
held = [slots.take("10.0.0.1", "CT"), slots.take("10.0.0.1", "MR")]
print(sum(isinstance(one, Slot) for one in held), flush=True)
sys.stdin.read()
"""


def test_slots_are_shared_by_everyone_who_opens_the_file(tmp_path: Path) -> None:
    one, other = Slots(tmp_path / "slots", 2), Slots(tmp_path / "slots", 2)
    first, second = one.take(), other.take()
    assert isinstance(first, Slot)
    assert isinstance(second, Slot)
    assert one.take() is Full.NODE
    assert other.take() is Full.NODE
    with first:
        pass
    assert isinstance(other.take(), Slot)
    one.close()
    other.close()


def test_one_address_and_one_title_have_their_shares_over_all_processes(tmp_path: Path) -> None:
    one, other = (Slots(tmp_path / "slots", 9, per_address=2, per_caller=3) for _ in range(2))
    first = one.take("10.0.0.1", "CT")
    assert isinstance(first, Slot)
    assert isinstance(other.take("10.0.0.1", "MR"), Slot)
    assert one.take("10.0.0.1", "US") is Full.ADDRESS
    assert other.take("10.0.0.1", "US") is Full.ADDRESS
    with first:
        pass
    assert isinstance(other.take("10.0.0.1", "CT"), Slot)
    assert isinstance(one.take("10.0.0.2", "CT"), Slot)
    assert isinstance(one.take("10.0.0.3", "CT"), Slot)
    assert other.take("10.0.0.4", "CT") is Full.CALLER
    one.close()
    assert isinstance(other.take("10.0.0.4", "CT"), Slot)
    other.close()


def test_a_disk_that_fills_up_stops_nobody(tmp_path: Path) -> None:
    with small_file_system(tmp_path / "disk") as disk:
        slots = Slots(disk / "slots", 300, per_address=300)
        fill(disk)
        assert all(isinstance(slots.take("10.0.0.1"), Slot) for _ in range(300))
        assert slots.take("10.0.0.2") is Full.NODE
        slots.close()


def test_a_disk_that_was_full_before_costs_no_slot(tmp_path: Path) -> None:
    with small_file_system(tmp_path / "disk") as disk:
        (disk / "slots").touch()
        ballast = fill(disk)
        slots = Slots(disk / "slots", 2, per_address=2)
        assert [slots.take("10.0.0.1") for _ in range(5)] == [Full.DISK] * 5
        ballast.unlink()
        held = [slots.take("10.0.0.1") for _ in range(3)]
        assert [isinstance(one, Slot) for one in held] == [True, True, False]
        slots.close()


def test_a_process_that_is_killed_gives_its_slots_back(tmp_path: Path) -> None:
    path = tmp_path / "slots"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "2\n"
        slots = Slots(path, 3, per_address=2, per_caller=2)
        assert slots.take("10.0.0.1", "US") is Full.ADDRESS
        assert isinstance(slots.take("10.0.0.2", "CT"), Slot)
        assert slots.take("10.0.0.3", "CT") is Full.CALLER
        assert slots.take("10.0.0.3", "US") is Full.NODE
        process.kill()
        process.wait()
    assert isinstance(slots.take("10.0.0.1", "US"), Slot)
    slots.close()
