"""Worklist entries for tests, and what DCMTK makes files and queries of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from support.dimse_server import Running
from support.peers import run

from radnode.model.document import Document
from radnode.work.worklist import Worklist
from radnode.work.worklist_entry import Entry, parse_entry

STUDY = "1.2.826.0.1.3680043.10.511.7"
TODAY = "20261122"


def entry_of(*, steps: Sequence[Mapping[str, Any]] = ({},), **attributes: Any) -> Document:
    """An entry for a CT of today on CT1, with the differences that the test wants."""
    step = {"ScheduledStationAETitle": "CT1", "Modality": "CT", "ScheduledProcedureStepStartDate": TODAY}
    sequence = [step | {"ScheduledProcedureStepStartTime": "1030"} | dict(one) for one in steps]
    whole = {"PatientName": "DOE^JOHN", "PatientID": "4711", "StudyInstanceUID": STUDY, "AccessionNumber": "A1"}
    return parse_entry(whole | {"ScheduledProcedureStepSequence": sequence} | attributes)


def added(server: Running, *, steps: Sequence[Mapping[str, Any]] = ({},), **attributes: Any) -> Entry:
    """Such an entry in the server's worklist."""
    return Worklist(server.work).add(entry_of(steps=steps, **attributes))


def dump_to_dicom(dump: str, target: Path, *options: str) -> Path:
    """The file that DCMTK makes of a dump."""
    source = target.with_suffix(".dump")
    source.write_text(dump, "utf-8")
    run("dump2dcm", *options, source, target)
    return target
