"""A check beside a node that works finds nothing in what comes, goes and is superseded meanwhile."""

import threading
from pathlib import Path

from pydicom import Dataset
from support.archives import assert_sound, make_archive, store
from support.instances import make_instance

from radnode.archive.archive import Archive
from radnode.archive.check import Check, Finding


def versions(number: int) -> list[Dataset]:
    return [make_instance(SOPInstanceUID=f"1.2.{number}", InstanceNumber=n) for n in ("1", "2", "1")]


def work(archive: Archive, number: int, stop: threading.Event) -> None:
    one, two, again = versions(number)
    while not stop.is_set():
        store(archive, one)
        store(archive, two)
        archive.forget(store(archive, again).path)


def test_a_check_beside_writers_has_no_false_findings(tmp_path: Path) -> None:
    stop = threading.Event()
    findings: list[Finding] = []
    with make_archive(tmp_path) as archive:
        threads = [threading.Thread(target=work, args=(archive, number, stop)) for number in range(3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                check = Check(tmp_path)
                list(check.run())
                findings += check.report.findings
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    assert findings == []
    assert_sound(tmp_path)
