"""The data sets of the Storage Commitment Push Model (PS3.4 J.3): requests and reports, read and written."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from radnode.dimse.encoding import encode_elements
from radnode.instance.encodings import EXPLICIT_VR_BIG_ENDIAN
from radnode.instance.walk import ITEM, Element, is_sequence, walk
from radnode.model.commitment import Reason, Reference, Results
from radnode.model.errors import RadnodeError
from radnode.model.uid import UID, InvalidUID, parse_uid

WELL_KNOWN_INSTANCE = "1.2.840.10008.1.20.1.1"
REQUEST_COMMITMENT = 1
"""The one Action Type (J.3.2)."""
ALL_COMMITTED, FAILURES_EXIST = 1, 2
"""The Event Types (J.3.3)."""
_RETRIEVE_AE_TITLE, _TRANSACTION = 0x00080054, 0x00081195
_SOP_CLASS, _SOP_INSTANCE, _REASON = 0x00081150, 0x00081155, 0x00081197
_REFERENCED, _FAILED = 0x00081199, 0x00081198
_OVERHEAD, _PER_OBJECT = 1 << 16, 256  # bytes; an item with the longest UIDs and a reason has some 180


class BadCommitment(RadnodeError):
    """The data set is no request or no report."""


class TooManyObjects(BadCommitment):
    """There are more objects in it than are taken at once."""


class Commitment(NamedTuple):
    """A transaction and its objects: committed (or, in a request, to be committed) and not, with the reason."""

    transaction: UID
    results: Results


def limit_for(objects: int) -> int:
    """The bytes that a data set of so many objects may have, generously."""
    return _OVERHEAD + _PER_OBJECT * objects


def decode_commitment(data: bytes, transfer_syntax: UID, most: int) -> Commitment:
    """The request or report in `data`, each object once. Raises BadCommitment, NotDicom for no data set at all."""
    transaction = ""
    results: dict[Reference, int] = {}
    for found in _entries(data, transfer_syntax):
        if isinstance(found, str):
            transaction = found
            continue
        sequence, item = found
        reference = Reference(_uid(item, _SOP_CLASS), _uid(item, _SOP_INSTANCE))
        reason = Reason.COMMITTED if sequence == _REFERENCED else _reason(item, transfer_syntax)
        results[reference] = results.get(reference, Reason.COMMITTED) or reason  # what failed once has failed
        if len(results) > most:
            raise TooManyObjects(f"More than {most} objects")
    if not results:
        raise BadCommitment("No object is referenced")
    try:
        return Commitment(parse_uid(transaction), results)
    except InvalidUID:
        raise BadCommitment("Transaction UID is missing or no UID") from None


def encode_request(transaction: UID, references: Iterable[Reference], transfer_syntax: UID) -> bytes:
    """The Action Information of a request (J.3.2.1.1)."""
    items = [_item({}, reference, transfer_syntax) for reference in references]
    return encode_elements(
        {_TRANSACTION: ("UI", transaction.encode()), _REFERENCED: ("SQ", b"".join(items))}, transfer_syntax
    )


def encode_report(transaction: UID, results: Results, ae_title: str, transfer_syntax: UID) -> tuple[int, bytes]:
    """The Event Type and Event Information of a report (J.3.3.1.1); `ae_title` is where objects can be had."""
    good = [_item({}, one, transfer_syntax) for one, reason in results.items() if reason == Reason.COMMITTED]
    order = ">H" if transfer_syntax == EXPLICIT_VR_BIG_ENDIAN else "<H"
    bad = [
        _item({_REASON: ("US", struct.pack(order, reason))}, one, transfer_syntax)
        for one, reason in results.items()
        if reason != Reason.COMMITTED
    ]
    elements = {_TRANSACTION: ("UI", transaction.encode()), _RETRIEVE_AE_TITLE: ("AE", ae_title.encode())}
    elements |= {tag: ("SQ", b"".join(items)) for tag, items in ((_REFERENCED, good), (_FAILED, bad)) if items}
    return FAILURES_EXIST if bad else ALL_COMMITTED, encode_elements(elements, transfer_syntax)


def _item(more: Mapping[int, tuple[str, bytes]], reference: Reference, transfer_syntax: UID) -> bytes:
    uids = {_SOP_CLASS: ("UI", reference.sop_class.encode()), _SOP_INSTANCE: ("UI", reference.sop_instance.encode())}
    content = encode_elements({**uids, **more}, transfer_syntax)
    order = ">" if transfer_syntax == EXPLICIT_VR_BIG_ENDIAN else "<"
    return struct.pack(f"{order}HHL", ITEM >> 16, ITEM & 0xFFFF, len(content)) + content


_Item = dict[int, bytes]


def _entries(data: bytes, transfer_syntax: UID) -> Iterator[str | tuple[int, _Item]]:
    """The Transaction UID, and each item of the two sequences with the tag of its sequence."""
    sequence = 0
    item: _Item | None = None
    for element in walk(data, transfer_syntax, deep=True):
        if element.depth < 2 and item is not None:
            yield sequence, item
            item = None
        if element.depth == 0:
            sequence = element.tag if is_sequence(element.tag, element.vr) else 0
            if element.tag == _TRANSACTION:
                yield _text(data, element)
        elif element.depth == 1 and element.tag == ITEM and sequence in (_REFERENCED, _FAILED):
            item = {}
        elif element.depth == 2 and item is not None and element.tag in (_SOP_CLASS, _SOP_INSTANCE, _REASON):
            item[element.tag] = data[element.offset : element.offset + min(element.length, 128)]
    if item is not None:
        yield sequence, item


def _text(data: bytes, element: Element) -> str:
    return data[element.offset : element.offset + min(element.length, 128)].decode("ascii", "replace")


def _uid(item: _Item, tag: int) -> UID:
    try:
        return parse_uid(item.get(tag, b"").decode("ascii", "replace"))
    except InvalidUID:
        raise BadCommitment("An object's SOP Class or Instance UID is missing or no UID") from None


def _reason(item: _Item, transfer_syntax: UID) -> int:
    """The Failure Reason; a peer that gives none, or 0, has not committed all the same."""
    order = "big" if transfer_syntax == EXPLICIT_VR_BIG_ENDIAN else "little"
    return int.from_bytes(item.get(_REASON, b"")[:2], order) or Reason.PROCESSING_FAILURE  # type: ignore[arg-type]
