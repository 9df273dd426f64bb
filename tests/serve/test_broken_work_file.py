"""A whole node whose work file cannot be used: it is an archive all the same."""

from pathlib import Path

from support.inbox import peer_at
from support.instances import make_instance, write_part10
from support.node import Node

from radnode.dimse.scu import Caller, send


def status_of(node: Node, image: Path) -> int | None:
    (sent,) = send(peer_at(node.dicom_port), Caller("CT01"), [image])
    return sent.status


def test_a_node_takes_images_though_its_work_file_is_damaged_or_removed_as_long_as_no_rule_is_about_them(
    tmp_path: Path,
) -> None:
    path = tmp_path / "store" / ".radnode" / "work.sqlite"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no database at all" * 1000)
    images = [
        write_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}"), tmp_path / f"{number}") for number in (1, 2)
    ]
    with Node(tmp_path / "store", "--dicom.workers", "1") as node:
        assert "work_file_unavailable" in node.log_text()
        assert status_of(node, images[0]) == 0
        path.unlink()
        assert status_of(node, images[1]) == 0
        assert node.stop() == 0
