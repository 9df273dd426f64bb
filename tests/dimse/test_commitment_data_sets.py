"""Requests and reports of commitment as pydicom reads and writes them."""

from io import BytesIO

import pytest
from pydicom import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from support.commitments import BIG_ENDIAN, EXPLICIT, IMPLICIT, MR, reference

from radnode.dimse.commitment import (
    BadCommitment,
    TooManyObjects,
    decode_commitment,
    encode_report,
    encode_request,
    limit_for,
)
from radnode.model.commitment import Reason
from radnode.model.uid import UID

TRANSACTION = UID("2.25.123456789")
GOOD, BAD = reference(1), reference(22, MR)
LAYOUTS = {EXPLICIT: (False, True), IMPLICIT: (True, True), BIG_ENDIAN: (False, False)}


def read(data: bytes, syntax: UID) -> Dataset:
    is_implicit, is_little_endian = LAYOUTS[syntax]
    return read_dataset(BytesIO(data), is_implicit_VR=is_implicit, is_little_endian=is_little_endian)


def write(dataset: Dataset, syntax: UID) -> bytes:
    stream = DicomBytesIO()
    stream.is_implicit_VR, stream.is_little_endian = LAYOUTS[syntax]
    write_dataset(stream, dataset)
    return stream.getvalue()


@pytest.mark.parametrize("syntax", LAYOUTS)
def test_pydicom_reads_what_is_reported(syntax: UID) -> None:
    event, data = encode_report(TRANSACTION, {GOOD: 0, BAD: Reason.CLASS_INSTANCE_CONFLICT}, "RADNODE", syntax)
    told = read(data, syntax)
    assert event == 2
    assert (told.TransactionUID, told.RetrieveAETitle) == (TRANSACTION, "RADNODE")
    (good,), (bad,) = told.ReferencedSOPSequence, told.FailedSOPSequence
    assert (good.ReferencedSOPClassUID, good.ReferencedSOPInstanceUID) == GOOD
    assert (bad.ReferencedSOPClassUID, bad.ReferencedSOPInstanceUID, bad.FailureReason) == (*BAD, 0x0119)
    event, data = encode_report(TRANSACTION, {BAD: Reason.NO_SUCH_INSTANCE}, "RADNODE", syntax)
    assert event == 2
    assert "ReferencedSOPSequence" not in read(data, syntax)


@pytest.mark.parametrize("undefined", [False, True])
@pytest.mark.parametrize("syntax", LAYOUTS)
def test_what_pydicom_writes_is_read(syntax: UID, undefined: bool) -> None:
    told = Dataset()
    told.TransactionUID = TRANSACTION
    told.RetrieveAETitle = "SOMEWHERE"
    told.ReferencedSOPSequence, told.FailedSOPSequence = [Dataset()], [Dataset()]
    for (item,), (sop_class, sop_instance) in ((told.ReferencedSOPSequence, GOOD), (told.FailedSOPSequence, BAD)):
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, sop_instance
        item.is_undefined_length_sequence_item = undefined
    told.FailedSOPSequence[0].FailureReason = 0x0213
    for sequence in ("ReferencedSOPSequence", "FailedSOPSequence"):
        told[sequence].is_undefined_length = undefined
    assert decode_commitment(write(told, syntax), syntax, 2) == (TRANSACTION, {GOOD: 0, BAD: 0x0213})


def test_a_failure_without_a_reason_is_a_failure() -> None:
    _, data = encode_report(TRANSACTION, {GOOD: 0x0110}, "A", EXPLICIT)
    for reason in (b"\0\0", b""):
        element = b"\x08\x00\x97\x11US" + len(reason).to_bytes(2, "little")
        cut = data.replace(b"\x08\x00\x97\x11US\x02\x00\x10\x01", element + reason)
        missing = 2 - len(reason)
        for tag in (b"\xfe\xff\x00\xe0", b"\x08\x00\x98\x11SQ\0\0"):
            at = cut.index(tag) + len(tag)
            length = int.from_bytes(cut[at : at + 4], "little") - missing
            cut = cut[:at] + length.to_bytes(4, "little") + cut[at + 4 :]
        assert decode_commitment(cut, EXPLICIT, 1).results == {GOOD: Reason.PROCESSING_FAILURE}


def test_an_object_counts_once_and_their_number_has_a_limit() -> None:
    three = [reference(number) for number in range(3)]
    data = encode_request(TRANSACTION, three * 5, IMPLICIT)
    assert list(decode_commitment(data, IMPLICIT, 3).results) == three
    with pytest.raises(TooManyObjects):
        decode_commitment(data, IMPLICIT, 2)
    with pytest.raises(BadCommitment):
        decode_commitment(encode_request(UID("1.2..3"), three, IMPLICIT), IMPLICIT, 3)


def test_the_longest_uids_fit_into_the_limit() -> None:
    longest = UID("1." + "2" * 62)
    wanted = [reference(number)._replace(sop_class=longest) for number in range(1000)]
    assert len(encode_request(TRANSACTION, wanted, EXPLICIT)) < limit_for(len(wanted))


def test_an_object_that_is_named_as_good_and_as_failed_has_failed() -> None:
    told = Dataset()
    told.TransactionUID = TRANSACTION
    told.ReferencedSOPSequence, told.FailedSOPSequence = [Dataset()], [Dataset()]
    for (item,) in (told.ReferencedSOPSequence, told.FailedSOPSequence):
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = GOOD
    told.FailedSOPSequence[0].FailureReason = 0x0112
    assert decode_commitment(write(told, EXPLICIT), EXPLICIT, 2).results == {GOOD: Reason.NO_SUCH_INSTANCE}
