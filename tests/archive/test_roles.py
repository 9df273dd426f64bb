"""Roles: one holder at a time, the lock goes with its process."""

import os
import signal
from pathlib import Path

import pytest

from radnode.archive.roles import Role, hold
from radnode.model.errors import Occupied


def test_a_role_is_held_once_and_again_after_it_was_left(tmp_path: Path) -> None:
    with hold(tmp_path, Role.DICOM):
        with pytest.raises(Occupied, match="dicom"), hold(tmp_path, Role.DICOM, patience=0):
            pass
        with hold(tmp_path, Role.REST, patience=0):
            assert (tmp_path / ".radnode" / "rest.lock").exists()
    with hold(tmp_path, Role.DICOM, patience=0):
        pass


def test_a_role_is_waited_for_while_its_holder_dies(tmp_path: Path) -> None:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        with hold(tmp_path, Role.HOUSEKEEPING):
            os.write(write, b"held")
            signal.pause()
        os._exit(0)
    assert os.read(read, 4) == b"held"
    with pytest.raises(Occupied), hold(tmp_path, Role.HOUSEKEEPING, patience=0):
        pass
    os.kill(child, signal.SIGKILL)
    with hold(tmp_path, Role.HOUSEKEEPING):
        assert os.waitpid(child, 0)[1] == signal.SIGKILL
    os.close(read)
    os.close(write)
