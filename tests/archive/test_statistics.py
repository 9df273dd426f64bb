"""The archive's numbers, kept with every change."""

from pathlib import Path

from support.archives import make_archive, store
from support.instances import make_instance

from radnode.archive.statistics import Statistics, read_statistics


def test_numbers_follow_what_comes_and_goes(tmp_path: Path) -> None:
    with make_archive(tmp_path) as archive:
        assert read_statistics(archive.index) == Statistics(0, 0, 0, 0, 0, 0, 0)
        first = store(archive, make_instance(SOPInstanceUID="1.2.1"))
        store(archive, make_instance(SOPInstanceUID="1.2.2", SeriesInstanceUID="1.3"))
        newer = store(archive, make_instance(SOPInstanceUID="1.2.1", InstanceNumber="7"))
        files = [file.stat().st_size for file in archive.layout.studies.rglob("*.dcm")]
        found = archive.statistics()
        assert found == Statistics(2, sum(files), 1, 1, 2, conflicts=1, superseded=1)
        assert not archive.layout.current(first.path).exists()
        archive.forget(newer.path)
        assert (archive.statistics().files, archive.statistics().superseded) == (1, 0)
