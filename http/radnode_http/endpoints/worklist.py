"""The part of the table of endpoints that is about the worklist and about performed procedure steps."""

from radnode_http.answers.worklist import (
    CompletenessAnswer,
    ProcedureStepAnswer,
    ProcedureStepsAnswer,
    RemovedAnswer,
    WorklistAnswer,
    WorklistEntry,
)
from radnode_http.auth import Scope
from radnode_http.endpoints.endpoint import STUDY, Endpoint, Failure, PathParameter
from radnode_http.errors import DISABLED
from radnode_http.params.worklist import EntryBody, ProcedureStepParameters, WorklistParameters
from radnode_http.views import procedure_steps, worklist

_ID = PathParameter("id", "As adding an entry returns it.", "^[0-9a-f]{16}$")
_STEP = PathParameter("sop_instance_uid", "The SOP Instance UID of the procedure step.", "^[0-9.]{1,64}$")
_UNKNOWN_ENTRY = Failure(404, (worklist.UNKNOWN_ENTRY,))
_WORK = Failure(503, (DISABLED, "<why it cannot be read for now>"))
_FROM_A_FILE = Failure(409, ("The entry comes from a file of the worklist folder: change or remove that",))
_BAD_PARAMETER = Failure(400, ("Parameter <name> <what it must be>", "Unknown parameter <name>"))
_BAD_CURSOR = Failure(400, ("cursor is none that this node gave",))
_WRITING = (
    Failure(400, ("<keyword> <what it must be>", "<keyword> is no DICOM keyword", "Invalid JSON body")),
    Failure(408, ("The request body came too slowly",)),
    Failure(413, (f"Request body exceeds maximum allowed size ({worklist.MAX_ENTRY} bytes)",)),
    Failure(415, ("Content-Encoding is not supported",)),
    Failure(503, (DISABLED,)),
    Failure(507, ("<what the storage lacks>",)),
)


def worklist_endpoints() -> tuple[Endpoint, ...]:
    """Every endpoint about what is to be done and what was."""
    return (*_collection(), *_entry(), *_procedure_steps())


def _collection() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "worklist",
            "GET",
            "/api/dicom/worklist",
            worklist.list_entries,
            Scope.READ,
            "List worklist entries",
            WorklistAnswer,
            "Those of worklist files too. What modalities see depends on worklist.hide.",
            query=WorklistParameters,
            failures=(_BAD_PARAMETER, _UNKNOWN_ENTRY, _WORK),
        ),
        Endpoint(
            "worklist-add",
            "POST",
            "/api/dicom/worklist",
            worklist.add_entry,
            Scope.WRITE,
            "Add a worklist entry",
            WorklistEntry,
            "Needs PatientName or PatientID, and for each step Modality and ScheduledProcedureStepStartDate."
            " StudyInstanceUID, RequestedProcedureID and ScheduledProcedureStepID are made where they are missing.",
            body=EntryBody,
            failures=_WRITING,
            success=201,
        ),
    )


def _entry() -> tuple[Endpoint, ...]:
    path = "/api/dicom/worklist/{id}"
    return (
        Endpoint(
            "worklist-entry",
            "GET",
            path,
            worklist.one_entry,
            Scope.READ,
            "One worklist entry",
            WorklistEntry,
            failures=(_UNKNOWN_ENTRY, _WORK),
            named=(_ID,),
        ),
        Endpoint(
            "worklist-replace",
            "PUT",
            path,
            worklist.replace_entry,
            Scope.WRITE,
            "Replace a worklist entry",
            WorklistEntry,
            "As a whole; identifiers that were made and are not given again stay.",
            body=EntryBody,
            failures=(*_WRITING, _UNKNOWN_ENTRY, _FROM_A_FILE),
            named=(_ID,),
        ),
        Endpoint(
            "worklist-remove",
            "DELETE",
            path,
            worklist.remove_entry,
            Scope.DELETE,
            "Remove a worklist entry",
            RemovedAnswer,
            failures=(_UNKNOWN_ENTRY, _FROM_A_FILE, Failure(503, (DISABLED,)), Failure(507, ("<what is lacking>",))),
            named=(_ID,),
        ),
    )


def _procedure_steps() -> tuple[Endpoint, ...]:
    return (
        Endpoint(
            "procedure-steps",
            "GET",
            "/api/dicom/procedure-steps",
            procedure_steps.list_steps,
            Scope.READ,
            "List performed procedure steps",
            ProcedureStepsAnswer,
            "As modalities report them (MPPS), the newest first. It ends after `limit` steps, or some megabytes.",
            query=ProcedureStepParameters,
            failures=(_BAD_PARAMETER, _BAD_CURSOR, _WORK),
        ),
        Endpoint(
            "procedure-step",
            "GET",
            "/api/dicom/procedure-steps/{sop_instance_uid}",
            procedure_steps.one_step,
            Scope.READ,
            "One performed procedure step",
            ProcedureStepAnswer,
            failures=(Failure(404, (procedure_steps.UNKNOWN_STEP,)), _WORK),
            named=(_STEP,),
        ),
        Endpoint(
            "completeness",
            "GET",
            "/api/dicom/studies/{study_uid}/completeness",
            procedure_steps.completeness,
            Scope.READ,
            "Whether all that was made of a study is held",
            CompletenessAnswer,
            "By what modalities report of their performed procedure steps; without such a report nothing is known.",
            failures=(Failure(400, (procedure_steps.NO_UID,)), _WORK),
            named=(STUDY,),
        ),
    )
