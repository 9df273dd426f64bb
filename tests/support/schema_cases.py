"""Requests that schemathesis makes of our OpenAPI document, right and wrong ones, and what their answers have to be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, SerializationContext, openapi, serializer
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from support.instances import encode_part10, make_instance
from support.threaded_rest import ThreadedRest
from support.worklists import STUDY, TODAY
from support.zips import ZIP_STORED, zipped

CHECKS = [
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
PEER = "GONE"
_ENTRY = {
    "PatientID": "4711",
    "StudyInstanceUID": STUDY,
    "ScheduledProcedureStepSequence": [{"Modality": "CT", "ScheduledProcedureStepStartDate": TODAY}],
}
_FILES = (b"", b"\0" * 128 + b"DICM", encode_part10(make_instance()), encode_part10(make_instance())[:-9])
_ZIP = zipped({f"{number}.dcm": file for number, file in enumerate(_FILES)}, ZIP_STORED)

AnyCase: TypeAlias = Case[Any]
Values = Sequence[Mapping[str, str]]
Known = Mapping[str, Values]
"""Values of path parameters for which there is something, by the beginning of the path."""


@serializer("application/dicom", "application/zip")
def as_it_is(_context: SerializationContext, value: Any) -> bytes | None:
    """A file of a form goes out as it was made."""
    return value if isinstance(value, bytes) else str(value).encode()


def known_values(rest: ThreadedRest, paths: Sequence[str]) -> Known:
    """What the server knows: these files, their studies and series, a job, an entry of the worklist, a peer."""
    job = rest.session.post(f"{rest.base}/api/dicom/peers/{PEER}/retrieve", json={"study_uid": STUDY}, timeout=10)
    entry = rest.session.post(f"{rest.base}/api/dicom/worklist", json=_ENTRY, timeout=10)
    return {
        "/api/dicom/jobs/": [{"id": job.json()["job_id"]}],
        "/api/dicom/worklist/": [{"id": entry.json()["id"]}],
        "/api/dicom/peers/": [{"title": PEER}],
        "/": [_values_of(path) for path in paths],
    }


def _values_of(path: str) -> Mapping[str, str]:
    _, study, series, _ = path.split("/")
    return {"file_path": path, "study_uid": study, "series_uid": series}


@dataclass(frozen=True)
class Requests:
    """The requests of one operation of the document, and how its answers are looked at."""

    rest: ThreadedRest
    operation: Any
    known: Known

    def send(self, examples: int, seed: int) -> Counter[int]:
        """Send so many; AssertionError, or an error of schemathesis, for an answer that the document does not promise.

        How often each status came. The same seed sends the same requests.
        """
        statuses: Counter[int] = Counter()

        def send(case: AnyCase) -> None:
            response = case.call(self.rest.base, session=self.rest.session)
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)
            assert response.status_code != 500
            assert response.status_code < 500 or PEER in case.formatted_path, response.text

        modest = settings(
            max_examples=examples,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate],
        )
        seeded(seed)(modest(given(self._cases())(send)))()
        return statuses

    def _cases(self) -> st.SearchStrategy[AnyCase]:
        """Right requests for what is there twice as often as right ones for what may not be there, and wrong ones."""
        there = [self._right(**self._fixed(number)) for number in range(self._choices())]
        return st.one_of(*there, *there, self._right(), self.operation.as_strategy(GenerationMode.NEGATIVE))

    def _right(self, **fixed: Any) -> st.SearchStrategy[AnyCase]:
        strategy: st.SearchStrategy[AnyCase] = self.operation.as_strategy(GenerationMode.POSITIVE, **fixed)
        return strategy

    def _choices(self) -> int:
        return len(self._forms()) or (len(self._values()) if self._names() else 0)

    def _fixed(self, number: int) -> dict[str, Any]:
        if forms := self._forms():
            return {"body": forms[number], "media_type": "multipart/form-data"}
        values = self._values()[number]
        return {"path_parameters": {name: values[name] for name in self._names() & values.keys()}}

    def _names(self) -> set[str]:
        return {parameter.name for parameter in self.operation.path_parameters}

    def _values(self) -> Values:
        return next(values for prefix, values in self.known.items() if self.operation.path.startswith(prefix))

    def _forms(self) -> list[dict[str, Any]]:
        """Forms with files, for the endpoints that take one, or several and archives."""
        if self.operation.path == "/api/dicom/upload":
            return [{"file": file} for file in _FILES]
        return [{"file": [*_FILES, _ZIP]}, {"file": [_ZIP]}] if "/upload" in self.operation.path else []


def requests_of(rest: ThreadedRest, paths: Sequence[str]) -> dict[str, Requests]:
    """The requests of every operation of the server's document, by its method and path.

    Of the stored files the first is for those that delete, all others are for those that read.
    """
    document = openapi.from_dict(rest.session.get(f"{rest.base}/api/openapi.json", timeout=10).json())
    kept, spare = known_values(rest, paths[1:]), known_values(rest, paths[:1])
    operations = [found.ok() for found in document.get_all_operations() if isinstance(found, Ok)]
    return {
        f"{one.method.upper()} {one.path}": Requests(rest, one, spare if one.method == "delete" else kept)
        for one in operations
    }
