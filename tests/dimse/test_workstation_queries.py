"""What workstations really ask for, over real sockets: which studies answer is written down here, query by query."""

from collections.abc import Iterator

import pytest
from support.dimse_server import EXPLICIT, Running, peer_of, running
from support.instances import encode_dataset, make_instance

from radnode.archive.archive import Archive
from radnode.dimse.scu import Caller, CallFailed, find
from radnode.model.level import Level, Root
from radnode.model.uid import UID

STUDIES: dict[str, dict[str, str]] = {
    "1": {"PatientName": "DOE^JOHN^M", "PatientID": "0042", "StudyDate": "20200101", "StudyTime": "080000.000"},
    "2": {
        "PatientName": "Doe^Jane=山田^花子=やまだ^はなこ",
        "PatientID": "42",
        "StudyDate": "20200102",
        "StudyTime": "1030",
    },
    "3": {"PatientName": "DOE", "PatientID": "ab12", "StudyDate": "2020.01.03", "StudyTime": "12:00:59.5"},
    "4": {"PatientName": "DOERING^JÖRG", "PatientID": "AB12", "StudyDate": "20200104", "StudyTime": "120100"},
    "5": {"PatientName": "SMITH JOHN", "PatientID": "A_1", "StudyDate": "", "StudyTime": "", "Modality": "SR"},
    "6": {
        "PatientName": "",
        "PatientID": "A%1",
        "StudyDate": "20191231",
        "StudyTime": "235959",
        "InstanceNumber": "01",
    },
}
ALL = "123456"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with Archive.open(tmp_path_factory.mktemp("archive")) as archive:
        for number, values in STUDIES.items():
            for place, modality in enumerate(("MR", "CT") if number == "1" else ("CT",)):
                uids = {
                    "StudyInstanceUID": f"1.2.{number}",
                    "SeriesInstanceUID": f"1.3.{number}.{place}",
                    "SOPInstanceUID": f"1.4.{number}.{place}",
                }
                accession = {"AccessionNumber": f" ACC{number} ", "SpecificCharacterSet": "ISO_IR 192"}
                dataset = make_instance(**{"Modality": modality, **accession, **uids, **values})
                with archive.receive(
                    UID(EXPLICIT), sop_class=dataset.SOPClassUID, sop_instance=dataset.SOPInstanceUID
                ) as receiving:
                    receiving.write(encode_dataset(dataset))
                    receiving.commit()
        with running(archive) as server:
            yield server


def studies(server: Running, level: Level, keys: dict[str, str]) -> str:
    matches = find(peer_of(server), Caller(), level, keys, root=Root.STUDY)
    return "".join(sorted(str(match["StudyInstanceUID"])[-1] for match in matches))


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"PatientName": "DOE*"}, "1234"),
        ({"PatientName": "doe^*"}, "123"),
        ({"PatientName": "DOE^J*"}, "12"),
        ({"PatientName": "DOE*^J*"}, "124"),
        ({"PatientName": "DOE*^*"}, "1234"),
        ({"PatientName": "*^JOHN"}, ""),
        ({"PatientName": "*^JOHN*"}, "1"),
        ({"PatientName": "*JOHN*"}, "15"),
        ({"PatientName": "doe^john^m"}, "1"),
        ({"PatientName": "DOE^JOHN"}, ""),
        ({"PatientName": "doering^jorg"}, "4"),
        ({"PatientName": "山田*"}, "2"),
        ({"PatientName": "*=山田^*"}, "2"),
        ({"PatientName": "DOE^*=*"}, "123"),
        ({"PatientName": "DOE^JANE=山田^花子"}, "2"),
        ({"PatientName": "?OE"}, "3"),
        ({"PatientName": "*^*"}, ALL),
        ({"PatientName": "*"}, ALL),
        ({"PatientID": "42"}, "2"),
        ({"PatientID": "0042"}, "1"),
        ({"PatientID": "*42"}, "12"),
        ({"PatientID": "AB12"}, "4"),
        ({"PatientID": "A_*"}, "5"),
        ({"PatientID": "A%1"}, "6"),
        ({"AccessionNumber": "ACC1 "}, "1"),
        ({"AccessionNumber": " ACC? "}, ALL),
        ({"AccessionNumber": "acc1"}, ""),
        ({"StudyDate": "20200103"}, "3"),
        ({"StudyDate": "20200102-"}, "234"),
        ({"StudyDate": "-20200102"}, "126"),
        ({"StudyDate": "20200102 - 20200103"}, "23"),
        ({"StudyDate": "20200101-20200103", "PatientName": "D*"}, "123"),
        ({"StudyTime": "0800-1200"}, "123"),
        ({"StudyTime": "-080000"}, "1"),
        ({"StudyTime": "1030"}, "2"),
        ({"StudyTime": "103000.000"}, "2"),
        ({"StudyTime": "10"}, ""),
        ({"StudyDate": "20200101-20200103", "StudyTime": "1000-1100"}, "2"),
        ({"ModalitiesInStudy": "MR"}, "1"),
        ({"ModalitiesInStudy": "CT\\MR"}, "12346"),
        ({"ModalitiesInStudy": "SR\\MR\\"}, "15"),
        ({"ModalitiesInStudy": "?R"}, "15"),
        ({"ModalitiesInStudy": "mr"}, ""),
        ({"Modality": "MR"}, ALL),  # of another level: ignored, and told by FF01
        ({"NumberOfStudyRelatedInstances": "2"}, "1"),
        ({"NumberOfStudyRelatedSeries": "01"}, "23456"),
        ({"SOPClassesInStudy": "1.2.840.10008.5.1.4.1.1.2"}, ALL),
        ({"SOPClassesInStudy": "1.2.840.10008.5.1.4.1.1.4"}, ""),
        ({"StudyInstanceUID": "1.2.1\\ 1.2.3 \\9.9"}, "13"),
        ({"StudyInstanceUID": "1.2"}, ""),
        ({"RetrieveAETitle": "ELSEWHERE", "InstanceAvailability": "OFFLINE"}, ALL),
    ],
)
def test_studies(server: Running, keys: dict[str, str], expected: str) -> None:
    assert studies(server, Level.STUDY, keys) == expected


@pytest.mark.parametrize(
    ("level", "keys", "expected"),
    [
        (Level.SERIES, {"StudyInstanceUID": "1.2.1"}, "11"),
        (Level.SERIES, {"StudyInstanceUID": "1.2.1", "Modality": "MR"}, "1"),
        (Level.SERIES, {"Modality": "CT\\MR", "StudyDate": "20200101-20200102"}, "112"),
        (Level.SERIES, {"PatientName": "DOE^*", "Modality": "CT"}, "123"),
        (Level.IMAGE, {"StudyInstanceUID": "1.2.6", "SeriesInstanceUID": "1.3.6.0", "InstanceNumber": "1"}, "6"),
        (Level.IMAGE, {"StudyInstanceUID": "1.2.6", "SeriesInstanceUID": "1.3.1.0"}, ""),
    ],
)
def test_what_is_below_studies(server: Running, level: Level, keys: dict[str, str], expected: str) -> None:
    assert studies(server, level, keys) == expected


@pytest.mark.parametrize(
    "keys",
    [
        {"StudyInstanceUID": "1.2.*"},
        {"StudyInstanceUID": "\\"},
        {"StudyDate": "202001*"},
        {"StudyDate": "20200103-20200101"},
        {"StudyDate": "2020-01-01"},
        {"StudyTime": "1200-0800"},
    ],
)
def test_what_has_no_answer_is_refused(server: Running, keys: dict[str, str]) -> None:
    with pytest.raises(CallFailed, match="A900"):
        studies(server, Level.STUDY, keys)
