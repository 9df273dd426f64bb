"""Finishing what a dead process had begun; the cost is what was on its way then, not what the archive holds.

Safe while other processes work, and repeatable: only folders whose owner's lock is free are looked at.
"""

from dataclasses import dataclass
from pathlib import Path

import structlog

from radnode.archive import rows
from radnode.archive.adopting import Intake
from radnode.archive.digest import digest_of, map_dataset
from radnode.archive.forgetting import TRASH_SUFFIX, noted_path
from radnode.archive.index import Index
from radnode.archive.layout import Layout, disk_errors, link_durably
from radnode.archive.owners import abandoned
from radnode.archive.receiving import PART_SUFFIX
from radnode.archive.settling import is_superseded, retract, settle, superseded_paths
from radnode.archive.stored import Arrival, FileFacts
from radnode.instance.header import read_header
from radnode.model.attribute_table import AttributeTable
from radnode.model.errors import InvalidIdentity, NotDicom, NotFound

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a sweep found: objects that were whole and are in the index now, and temporary files that went."""

    adopted: int = 0
    removed: int = 0


def recover(layout: Layout, index: Index) -> Recovered:
    """Sweep incoming/ of what no living process owns. Raises OutOfResources; then it may be called again."""
    adopted = removed = 0
    with disk_errors():
        for folder in abandoned(layout.incoming):
            for file in _files(folder):
                adopted += _finish(layout, index, file)
                file.unlink(missing_ok=True)
                removed += 1
    if removed:
        _log.info("incoming_swept", adopted=adopted, removed=removed)
    return Recovered(adopted, removed)


def _files(folder: Path) -> list[Path]:
    """Objects before notes: a note says what to do with what the objects have become."""
    try:
        return sorted(folder.iterdir(), key=lambda file: (file.suffix != PART_SUFFIX, file.name))
    except FileNotFoundError:
        return []


def _finish(layout: Layout, index: Index, file: Path) -> bool:
    """Whether the file was an object on its way that is in the index now."""
    if file.suffix == TRASH_SUFFIX:
        try:
            settle(layout, index, [noted_path(file.name)])
        except NotFound:
            _log.warning("unknown_note_removed")
        return False
    return file.suffix == PART_SUFFIX and _finish_object(layout, index, file)


def _finish_object(layout: Layout, index: Index, part: Path) -> bool:
    try:
        arrival = _read(part, index.table)
    except (NotDicom, InvalidIdentity):
        return False  # its bytes were not all there, so it had no place yet
    with index.reading() as connection:
        known = rows.standing_at(connection, arrival.path) is not None or is_superseded(connection, arrival.path)
    # With one name only nobody was told that it is safe, and its bytes may not be: at most it has made empty folders.
    adopts = not known and part.stat().st_nlink > 1
    if adopts:
        Intake(layout, index).adopt(arrival)
    elif not known:
        retract(layout, index, part, arrival.path)
        return False
    _name_again(layout, index, arrival)
    with index.reading() as connection:
        others = superseded_paths(connection, arrival.header.sop_instance)
        standing = rows.standing_of(connection, arrival.header.sop_instance)
    settle(layout, index, [arrival.path, *others, *([standing.path] if standing else [])])
    return adopts


def _name_again(layout: Layout, index: Index, arrival: Arrival) -> None:
    """Give a current object its name where power failed after its row was on the disk, and before its name was."""
    target = layout.current(arrival.path)
    with index.writing() as connection:
        if rows.standing_at(connection, arrival.path) is not None and not target.exists():
            link_durably(arrival.part, target, top=layout.studies)


def _read(part: Path, table: AttributeTable) -> Arrival:
    transfer_syntax, dataset = map_dataset(part)
    status = part.stat()
    header = read_header(dataset, transfer_syntax, table)
    facts = FileFacts(digest_of(dataset, transfer_syntax), status.st_size, status.st_mtime_ns)
    return Arrival(part, header, facts)
