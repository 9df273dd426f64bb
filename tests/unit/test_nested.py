"""Small data sets with all that is in their sequences, read as text and written again."""

import random

import pytest
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset

from radnode.dimse.nested_encoding import encode_nested
from radnode.instance.nested import MAX_ELEMENTS, data_set_of, document_of, read_nested
from radnode.model.document import Document
from radnode.model.errors import NotDicom
from radnode.model.uid import UID

IMPLICIT, EXPLICIT, BIG = (UID(f"1.2.840.10008.1.2{end}") for end in ("", ".1", ".2"))
DOCUMENT: Document = {
    "PatientName": "Müller^Jörg",
    "PregnancyStatus": "4",
    "MedicalAlerts": "A\\B",
    "ReferencedStudySequence": [],
    "ScheduledProcedureStepSequence": [
        {"Modality": "CT", "ScheduledProtocolCodeSequence": [{"CodeValue": "a"}, {"CodeValue": "b"}]},
        {},
    ],
}


@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, EXPLICIT, BIG])
@pytest.mark.parametrize("character_set", [b"", b"ISO_IR 100", b"ISO_IR 192", b"ISO_IR 101\\ISO 2022 IR 87"])
def test_what_is_written_is_read(transfer_syntax: UID, character_set: bytes) -> None:
    encoded = encode_nested(data_set_of(DOCUMENT), transfer_syntax, character_set)
    assert document_of(read_nested(encoded, transfer_syntax)) == DOCUMENT


@pytest.mark.parametrize("transfer_syntax", [IMPLICIT, EXPLICIT, BIG])
@pytest.mark.parametrize("undefined", [False, True])
def test_what_pydicom_writes_is_read(transfer_syntax: UID, undefined: bool) -> None:
    inner = Dataset()
    inner.CodeValue = "a"
    item = Dataset()
    item.SpecificCharacterSet = "ISO_IR 144"
    item.ScheduledPerformingPhysicianName = "ЖЩЮ"
    item.ScheduledProtocolCodeSequence = [inner]
    whole = Dataset()
    whole.SpecificCharacterSet = "ISO_IR 100"
    whole.PatientName = "Müller"
    whole.ScheduledProcedureStepSequence = [item]
    whole.StudyID = "after"
    for one in (inner, item):
        one.is_undefined_length_sequence_item = undefined
    for dataset, keyword in ((whole, "ScheduledProcedureStepSequence"), (item, "ScheduledProtocolCodeSequence")):
        dataset[keyword].is_undefined_length = undefined
    file = DicomBytesIO()
    file.is_little_endian, file.is_implicit_VR = transfer_syntax != BIG, transfer_syntax == IMPLICIT
    write_dataset(file, whole)
    assert document_of(read_nested(file.getvalue(), transfer_syntax)) == {
        "PatientName": "Müller",
        "StudyID": "after",
        "ScheduledProcedureStepSequence": [
            {
                "ScheduledPerformingPhysicianName": "ЖЩЮ",
                "ScheduledProtocolCodeSequence": [{"CodeValue": "a"}],
            }
        ],
    }


def test_too_many_elements_are_refused() -> None:
    with pytest.raises(NotDicom, match="more than"):
        read_nested(b"\x10\0\x10\0\0\0\0\0" * (MAX_ELEMENTS + 1), IMPLICIT)


def test_a_group_length_that_claims_to_be_a_sequence_is_read_over() -> None:
    item = b"\xfe\xff\0\xe0\x0a\0\0\0\x08\0\x60\0CS\x02\0CT"
    encoded = b"\x10\0\0\0SQ\0\0" + len(item).to_bytes(4, "little") + item + b"\x10\0\x20\0LO\x02\x0042"
    assert document_of(read_nested(encoded, EXPLICIT)) == {"PatientID": "42"}


def test_spoilt_data_sets_are_read_or_refused_by_name() -> None:
    chance = random.Random(20261122)
    encoded = [(one, encode_nested(data_set_of(DOCUMENT), one)) for one in (IMPLICIT, EXPLICIT, BIG)]
    refused = 0
    for _ in range(2000):
        transfer_syntax, data = chance.choice(encoded)
        spoilt = bytearray(data)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(spoilt) - 8)
            spoilt[place : place + chance.randint(0, 6)] = chance.randbytes(chance.randint(0, 6))
        try:
            read = document_of(read_nested(bytes(spoilt), transfer_syntax))
        except NotDicom:
            refused += 1
        else:
            assert document_of(read_nested(encode_nested(data_set_of(read), EXPLICIT), EXPLICIT)) is not None
    assert 0 < refused < 2000
