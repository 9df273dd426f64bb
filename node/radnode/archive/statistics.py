"""How much the archive holds: from counters that are kept with every change, so asking costs nothing."""

from dataclasses import dataclass

from radnode.archive.index import Index
from radnode.archive.schema import COUNTERS


@dataclass(frozen=True, slots=True)
class Statistics:
    """`files` and `bytes` of current objects; `conflicts` ever met; `superseded` versions that are kept."""

    files: int
    bytes: int
    patients: int
    studies: int
    series: int
    conflicts: int
    superseded: int


def read_statistics(index: Index) -> Statistics:
    """The archive's numbers at one moment. Raises OutOfResources."""
    with index.reading_one_state() as connection:
        kept: dict[str, int] = dict(connection.execute("SELECT name, value FROM counters").fetchall())
        superseded = int(connection.execute("SELECT count(*) FROM superseded").fetchone()[0])
    return Statistics(**{name: kept[name] for name in COUNTERS}, superseded=superseded)
