"""Which service class providers a node has: the one place where they are made."""

from collections.abc import Mapping

from radnode.archive.archive import Archive
from radnode.dimse.scp.commit import CommitProvider
from radnode.dimse.scp.commit_report import CommitReportProvider
from radnode.dimse.scp.echo import EchoProvider
from radnode.dimse.scp.find import FindProvider
from radnode.dimse.scp.get import GetProvider
from radnode.dimse.scp.move import MoveProvider
from radnode.dimse.scp.procedure_step import ProcedureStepProvider
from radnode.dimse.scp.service import Provider
from radnode.dimse.scp.store import StoreProvider
from radnode.dimse.scp.worklist import WorklistProvider
from radnode.dimse.upper.command import Field
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.settings import Settings
from radnode.work.asked_commitments import AskedCommitments
from radnode.work.procedure_steps import ProcedureSteps
from radnode.work.received_commitments import ReceivedCommitments
from radnode.work.routing import Router
from radnode.work.work_file import WorkFile
from radnode.work.worklist import Worklist

Providers = Mapping[tuple[int, str], Provider]
"""By command field (PS3.7 E.1) and service."""


def providers(archive: Archive, work: WorkFile, settings: Settings, transcoder: Transcoder | None = None) -> Providers:
    """The providers over this archive and this work file; this process opened both, and made the `transcoder`."""
    router = Router(settings.routes, work)
    procedure_steps = ProcedureStepProvider(ProcedureSteps(work))
    worklist = Worklist(work, settings.worklist.folder)
    return {
        (Field.C_ECHO, "echo"): EchoProvider(),
        (Field.C_STORE, "store"): StoreProvider(archive, router, settings.dicom.max_object_size),
        (Field.C_FIND, "find"): FindProvider(archive, settings.dicom.ae_title, settings.query),
        (Field.N_ACTION, "commit"): CommitProvider(archive, ReceivedCommitments(work), settings),
        (Field.N_EVENT_REPORT, "commit"): CommitReportProvider(AskedCommitments(work), settings.commitment.max_objects),
        (Field.N_CREATE, "mpps"): procedure_steps,
        (Field.N_SET, "mpps"): procedure_steps,
        (Field.N_GET, "mpps"): procedure_steps,
        (Field.C_FIND, "worklist"): WorklistProvider(worklist, settings.worklist.hide, settings.query),
        (Field.C_GET, "get"): GetProvider(archive, settings.retrieve, transcoder),
        (Field.C_MOVE, "move"): MoveProvider(archive, settings, transcoder),
    }
