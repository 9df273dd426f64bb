"""Which presentation contexts are accepted, with which transfer syntax."""

import pytest
from pynetdicom import ALL_TRANSFER_SYNTAXES

from radnode.dimse.contexts import MODELS, STORAGE_CLASSES, VERIFICATION, service_of
from radnode.dimse.negotiation import (
    ABSTRACT_SYNTAX_UNKNOWN,
    ACCEPTED,
    TRANSFER_SYNTAXES_UNKNOWN,
    USER_REJECTION,
    Terms,
    negotiate,
)
from radnode.dimse.upper.associate import ProposedContext, decode_request, encode_request
from radnode.settings import SERVICES, Service

CT = "1.2.840.10008.5.1.4.1.1.2"
JPEG_LOSSLESS, EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
RLE, VIDEO = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.102"
EVERYTHING: frozenset[Service] = frozenset(SERVICES)


def answer(
    abstract: str, *syntaxes: str, allowed: frozenset[Service] = EVERYTHING, unknown: bool = False
) -> tuple[int, str]:
    asked = decode_request(encode_request("A", "B", [ProposedContext(5, abstract, syntaxes)], 0)[6:])
    agreed = negotiate(asked, Terms(allowed, unknown))
    (only,) = agreed.answers
    assert only.id == 5
    assert (5 in agreed.contexts) == (only.result == ACCEPTED)
    return only.result, only.transfer_syntax


@pytest.mark.parametrize(
    "uid",
    [
        CT,
        "1.2.840.10008.5.1.4.1.1.3",  # Ultrasound Multi-frame, retired
        "1.2.840.10008.5.1.4.1.1.1.1.1",  # Digital X-Ray - For Processing
        "1.2.840.10008.5.1.4.1.1.88.1",  # Text SR - Trial, retired
        "1.2.840.10008.5.1.1.27",  # Stored Print, retired
        "1.2.840.10008.5.1.4.1.1.66",  # Raw Data
        "1.2.840.10008.5.1.4.38.1",  # Hanging Protocol
        "1.2.840.10008.5.1.4.34.7",  # RT Beams Delivery Instruction
        "1.2.840.10008.5.1.4.1.1.201.1",  # Inventory
    ],
)
def test_storage_classes_hold_every_kind(uid: str) -> None:
    assert service_of(uid, accept_unknown=False) == "store"


@pytest.mark.parametrize(
    "uid",
    [
        "1.2.840.10008.1.3.10",  # Media Storage Directory
        "1.2.840.10008.1.20.1",  # Storage Commitment Push
        "1.2.840.10008.5.1.4.1.2.5.3",  # Composite Instance Root Retrieve - GET
        "1.2.840.10008.5.1.4.31",  # Modality Worklist
        "1.2.840.10008.1.2.1",  # a transfer syntax
    ],
)
@pytest.mark.parametrize("accept_unknown", [False, True])
def test_what_is_known_to_be_something_else_is_never_storage(uid: str, accept_unknown: bool) -> None:
    assert service_of(uid, accept_unknown=accept_unknown) != "store"


def test_there_are_some_two_hundred_storage_classes() -> None:
    assert 200 <= len(STORAGE_CLASSES) <= 260


def test_private_classes_are_storage_only_by_setting() -> None:
    private = "1.3.46.670589.5.0.1.1"
    assert answer(private, EXPLICIT)[0] == ABSTRACT_SYNTAX_UNKNOWN
    assert answer(private, EXPLICIT, unknown=True) == (ACCEPTED, EXPLICIT)
    assert answer("not a uid", EXPLICIT, unknown=True)[0] == ABSTRACT_SYNTAX_UNKNOWN


def test_the_requestors_first_choice_is_taken() -> None:
    assert answer(CT, JPEG_LOSSLESS, IMPLICIT, EXPLICIT) == (ACCEPTED, JPEG_LOSSLESS)
    assert answer(CT, IMPLICIT, JPEG_LOSSLESS) == (ACCEPTED, IMPLICIT)
    assert answer(CT, "1.2.3.4", EXPLICIT) == (ACCEPTED, EXPLICIT)


def retrievable(*contexts: tuple[str, ...]) -> list[str]:
    """The transfer syntaxes that are accepted of a requestor which offers to be the SCP, as for a C-GET."""
    proposed = [ProposedContext(1 + 2 * place, CT, syntaxes) for place, syntaxes in enumerate(contexts)]
    asked = decode_request(encode_request("A", "B", proposed, 0, provider_of=[CT])[6:])
    return [one.transfer_syntax for one in negotiate(asked, Terms(EVERYTHING, accept_unknown=False)).answers]


def test_whoever_gets_objects_can_be_sent_every_one() -> None:
    """An uncompressed object cannot be had in JPEG, nor a lossy one in RLE; a plain syntax does for all."""
    assert retrievable((JPEG_LOSSLESS, IMPLICIT, EXPLICIT)) == [IMPLICIT]
    assert retrievable((RLE, EXPLICIT, IMPLICIT)) == [EXPLICIT]
    assert retrievable((EXPLICIT, JPEG_LOSSLESS)) == [EXPLICIT]
    assert retrievable((JPEG_LOSSLESS, RLE)) == [JPEG_LOSSLESS]
    assert retrievable((JPEG_LOSSLESS, EXPLICIT), (IMPLICIT,)) == [JPEG_LOSSLESS, IMPLICIT]
    assert retrievable((VIDEO, EXPLICIT)) == [VIDEO]


@pytest.mark.parametrize("syntax", ALL_TRANSFER_SYNTAXES)
def test_storage_takes_every_transfer_syntax(syntax: str) -> None:
    assert answer(CT, syntax) == (ACCEPTED, syntax)


def test_messages_take_plain_transfer_syntaxes_only() -> None:
    for sop_class in (VERIFICATION, *(model.find for model in MODELS.values())):
        assert answer(sop_class, JPEG_LOSSLESS, IMPLICIT) == (ACCEPTED, IMPLICIT)
        assert answer(sop_class, JPEG_LOSSLESS)[0] == TRANSFER_SYNTAXES_UNKNOWN


def test_a_context_without_transfer_syntax_is_rejected_alone() -> None:
    assert answer(CT)[0] == TRANSFER_SYNTAXES_UNKNOWN


def test_services_that_are_not_allowed_are_rejected_by_the_user() -> None:
    assert answer(CT, EXPLICIT, allowed=frozenset({"echo"}))[0] == USER_REJECTION
    assert answer(VERIFICATION, EXPLICIT, allowed=frozenset({"echo"}))[0] == ACCEPTED
