"""How soon a query's first answer is there, in an archive of many: radnode alone, asked by one who only counts."""

import statistics

from benchmarks.counting import Counted, count
from benchmarks.filling import Filled
from benchmarks.programs import free_port
from benchmarks.servers import RADNODE, Site
from benchmarks.serving import serve
from benchmarks.tables import short

QUESTIONS: dict[str, dict[str, str]] = {
    "one study by AccessionNumber": {"AccessionNumber": "A0005000"},
    "one study by PatientID": {"PatientID": "F0005000"},
    "a week of StudyDate": {"StudyDate": "20140301-20140307"},
    "a prefix of PatientName": {"PatientName": "BENCH^PATIENT00123*"},
    "any part of PatientName": {"PatientName": "*ENT0012345"},
    "ModalitiesInStudy that no study has": {"ModalitiesInStudy": "XA"},
    "all studies": {},
}
_RETURNED = ("PatientName", "PatientID", "StudyInstanceUID", "StudyDate", "AccessionNumber", "ModalitiesInStudy")


def first_answers_table(filled: Filled, rounds: int) -> str:
    """Markdown: medians in milliseconds from the request on, on an association that is there. Raises Failed."""
    lines = ["| radnode, ms until | the first answer | the last | answers |", "|---" * 4 + "|"]
    with serve(RADNODE, Site(filled.folder, free_port()), no_delay=True, kept=True) as running:
        for words, keys in QUESTIONS.items():
            asked = dict.fromkeys(_RETURNED, "") | keys
            found = [count(running.port, RADNODE.ae_title, asked) for _ in range(rounds + 1)][1:]
            lines.append(f"| {words} | {_row(found)} |")
    return "\n".join(lines)


def _row(found: list[Counted]) -> str:
    first, last = (statistics.median(one) * 1000 for one in ([o.first for o in found], [o.last for o in found]))
    return f"{short(first) if found[0].answers else '-'} | {short(last)} | {found[0].answers:,}"
