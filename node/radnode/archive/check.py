"""`radnode check`: whether files and index agree, and, with repair, making them agree again.

    check = Check(root)                      # root of an archive that exists; digests=False: files are only measured
    for progress in check.run(repair=False): # Progress(step, done, total), to be drawn
        ...
    check.report                             # CheckReport(files, findings), with .clean, .mended and .lost

A plain check may run beside a serving node. A repair holds every role on the archive, so it raises Occupied while a
node serves it. Both raise OutOfResources where the disk or the index fails. Nothing of a patient is ever deleted: what
does not fit goes to .radnode/quarantine/. Exit code of the command: 0 where `report.clean`, or where `report.mended`
and nothing is `lost`; otherwise 1.
"""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from radnode.archive.audit import audit
from radnode.archive.findings import CheckReport, Finding, Kind, Progress
from radnode.archive.fitting import count_waiting
from radnode.archive.index import Index
from radnode.archive.layout import Layout, disk_errors
from radnode.archive.orphans import Backlog, adopt_orphans
from radnode.archive.owners import abandoned
from radnode.archive.recovery import recover
from radnode.archive.reindexing import reindex
from radnode.archive.repair import mend, renew_index, sound_index, stands
from radnode.archive.roles import Role, hold
from radnode.archive.superseded import check_superseded
from radnode.archive.survey import Suspect, survey
from radnode.model.attributes import Attribute
from radnode.model.errors import NotFound

__all__ = ["Check", "CheckReport", "Finding", "Kind", "Progress"]


class Check:
    """One check of the archive at `root`."""

    def __init__(self, root: Path, *, digests: bool = True, further: tuple[Attribute, ...] = ()) -> None:
        """`further` attributes are added to the index by a repair (`Archive.open`)."""
        self._further = further
        self._layout = Layout(root.absolute())
        self._digests = digests
        self._findings: list[Finding] = []
        self._files = 0

    @property
    def report(self) -> CheckReport:
        """What was found up to now; the whole truth once `run` has ended."""
        return CheckReport(self._files, tuple(self._findings))

    def run(self, *, repair: bool = False) -> Iterator[Progress]:
        """Check, telling how far it is. Raises NotFound where there is no archive, Occupied, OutOfResources."""
        if not self._layout.studies.is_dir():
            raise NotFound("There is no archive in this folder")
        with ExitStack() as held, disk_errors():
            if repair:
                for role in Role:
                    held.enter_context(hold(self._layout.root, role, patience=0))
                self._layout.prepare()
            if not self._open(repair=repair):
                return
            index = held.enter_context(closing(Index(self._layout.index)))
            index.migrate(further=self._further if repair else ())
            yield from self._sweep(index, repair=repair)
            yield from self._compare(index, repair=repair)
            yield Progress("superseded versions", 0, 0)
            self._findings += check_superseded(self._layout, index, digests=self._digests, repair=repair)
            yield from self._describe(index, repair=repair)
            yield Progress("counters", 0, 0)
            with index.writing() if repair else index.reading_one_state() as connection:
                self._findings += audit(connection, index.table, repair=repair)
            if repair:
                index.end_rebuilding()

    def _open(self, *, repair: bool) -> bool:
        why = sound_index(self._layout)
        if why:
            unrepaired = Finding(Kind.INDEX, ".radnode/index.sqlite", why)
            self._findings.append(renew_index(self._layout, why) if repair else unrepaired)
        return repair or not why

    def _sweep(self, index: Index, *, repair: bool) -> Iterator[Progress]:
        yield Progress("temporary files", 0, 0)
        left = [
            file.name for folder in abandoned(self._layout.incoming) if folder.is_dir() for file in folder.iterdir()
        ]
        if repair and left:
            recover(self._layout, index)
        self._findings += (
            Finding(Kind.LEFTOVER, f".radnode/incoming/{n}", "its process is gone", repair) for n in left
        )

    def _compare(self, index: Index, *, repair: bool) -> Iterator[Progress]:
        total = int(next(iter(list(index.rows("SELECT value FROM counters WHERE name = 'files'"))))[0])
        with closing(Backlog()) as backlog:
            for study in survey(self._layout, index, digests=self._digests):
                self._files += study.files
                self._findings += study.foreign
                for suspect in study.suspects:
                    self._judge(index, suspect, backlog, repair=repair)
                yield Progress("files", self._files, max(total, self._files))
            yield from self._settle(index, backlog, repair=repair)

    def _describe(self, index: Index, *, repair: bool) -> Iterator[Progress]:
        with index.reading() as connection:
            waiting = count_waiting(connection)
        if waiting and repair:
            yield from reindex(self._layout, index)
        if waiting:
            detail = f"{waiting} rows say less than is indexed; radnode reindex reads them again"
            self._findings.append(Finding(Kind.OUTDATED, ".radnode/index.sqlite", detail, repair))

    def _judge(self, index: Index, suspect: Suspect, backlog: Backlog, *, repair: bool) -> None:
        if suspect.kind is Kind.ORPHAN:
            try:
                backlog.add(self._layout.current(suspect.path).stat().st_mtime_ns, suspect.path)
            except FileNotFoundError:
                return  # deleted meanwhile
        elif stands(self._layout, index, suspect):
            found = Finding(suspect.kind, str(suspect.path), suspect.detail)
            self._findings.append(mend(self._layout, index, suspect) if repair else found)

    def _settle(self, index: Index, backlog: Backlog, *, repair: bool) -> Iterator[Progress]:
        """Orphans last: by now a node that works beside this check has given the newest their rows."""
        if repair:
            done, total = 0, len(backlog)
            for findings in adopt_orphans(self._layout, index, backlog):
                self._findings += findings
                done += len(findings)
                yield Progress("files without a row", done, total)
            return
        for path in backlog:
            suspect = Suspect(Kind.ORPHAN, path, "the index does not know it")
            if stands(self._layout, index, suspect):
                self._findings.append(Finding(Kind.ORPHAN, str(path), suspect.detail))
