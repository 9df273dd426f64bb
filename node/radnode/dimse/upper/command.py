"""Command sets (PS3.7 6.3.1, Annex E): implicit VR little endian, read tolerantly and written exactly."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from radnode.dimse.upper.endings import BY_USER, ProtocolError

_ELEMENT = struct.Struct("<HHL")
_LENGTH = struct.Struct("<HHLL")
_RESPONSE = struct.Struct("<" + 4 * "HHLH")
DATA_SET = 1
NO_DATA_SET = 0x0101
RESPONSE = 0x8000


class Field(IntEnum):
    """The Command Field (0000,0100) of the services that are known by name."""

    C_STORE = 0x0001
    C_GET = 0x0010
    C_FIND = 0x0020
    C_MOVE = 0x0021
    C_ECHO = 0x0030
    N_EVENT_REPORT = 0x0100
    N_GET = 0x0110
    N_SET = 0x0120
    N_ACTION = 0x0130
    N_CREATE = 0x0140
    N_DELETE = 0x0150
    C_CANCEL = 0x0FFF


class Element(IntEnum):
    """Elements of group 0000 by their number."""

    SOP_CLASS = 0x0002
    REQUESTED_SOP_CLASS = 0x0003
    COMMAND_FIELD = 0x0100
    MESSAGE_ID = 0x0110
    RESPONDED_TO = 0x0120
    MOVE_DESTINATION = 0x0600
    PRIORITY = 0x0700
    DATA_SET_TYPE = 0x0800
    STATUS = 0x0900
    ERROR_COMMENT = 0x0902
    ERROR_ID = 0x0903
    SOP_INSTANCE = 0x1000
    REQUESTED_SOP_INSTANCE = 0x1001
    EVENT_TYPE = 0x1002
    ATTRIBUTE_LIST = 0x1005
    ACTION_TYPE = 0x1008
    REMAINING = 0x1020
    COMPLETED = 0x1021
    FAILED = 0x1022
    WARNING = 0x1023
    MOVE_ORIGINATOR = 0x1030
    MOVE_ORIGINATOR_MESSAGE_ID = 0x1031


@dataclass(frozen=True, slots=True)
class Command:
    """A received command set."""

    elements: Mapping[int, bytes]

    def number(self, element: Element) -> int:
        """A US value; ProtocolError where it is absent or of another length."""
        value = self.elements.get(element, b"")
        if len(value) != 2:
            raise ProtocolError(f"the command set has no good (0000,{element:04X})", BY_USER)
        return int.from_bytes(value, "little")

    def text(self, element: Element) -> str:
        """A UI, AE or LO value without its padding; "" where it is absent."""
        return self.elements.get(element, b"").decode("ascii", "backslashreplace").rstrip("\0 ")

    @property
    def has_data_set(self) -> bool:
        """Whether a data set follows. Only 0101H says that none does (E.1)."""
        return self.number(Element.DATA_SET_TYPE) != NO_DATA_SET


def decode_command(data: bytes) -> Command:
    """The command set in `data`; ProtocolError where elements do not fit or are not of group 0000."""
    elements: dict[int, bytes] = {}
    position, end = 0, len(data)
    while position < end:
        if position + _ELEMENT.size > end:
            raise ProtocolError("the command set is cut off", BY_USER)
        group, element, length = _ELEMENT.unpack_from(data, position)
        position += _ELEMENT.size
        if group != 0 or position + length > end:
            raise ProtocolError("the command set is malformed", BY_USER)
        elements[element] = data[position : position + length]
        position += length
    return Command(elements)


def encode_command(elements: Mapping[int, int | str]) -> bytes:
    """A command set: whole numbers as US, text as UI, or as AE and LO, which are padded with a space."""
    return _with_length(b"".join([_encode(element, elements[element]) for element in sorted(elements)]))


def encode_response(
    field: int, message_id: int, status: int, sop_class: str, sop_instance: str, *, comment: str, has_data_set: bool
) -> bytes:
    """The command set of a response to the request `field`; what is "" is left out.

    Each request has one, so what stands in all of them is laid out beforehand: 5 µs with its PDU, not 13.
    """
    fixed = _RESPONSE.pack(
        *(0, Element.COMMAND_FIELD, 2, field | RESPONSE),
        *(0, Element.RESPONDED_TO, 2, message_id),
        *(0, Element.DATA_SET_TYPE, 2, DATA_SET if has_data_set else NO_DATA_SET),
        *(0, Element.STATUS, 2, status),
    )
    before = _encode(Element.SOP_CLASS, sop_class) if sop_class else b""
    words = _encode(Element.ERROR_COMMENT, comment) if comment else b""
    after = _encode(Element.SOP_INSTANCE, sop_instance) if sop_instance else b""
    return _with_length(before + fixed + words + after)


_SPACE_PADDED = {Element.ERROR_COMMENT, Element.MOVE_DESTINATION, Element.MOVE_ORIGINATOR}


def _with_length(encoded: bytes) -> bytes:
    return _LENGTH.pack(0, 0, 4, len(encoded)) + encoded


def _encode(element: int, value: int | str) -> bytes:
    if isinstance(value, int):
        return _ELEMENT.pack(0, element, 2) + value.to_bytes(2, "little")
    text = value.encode("ascii", "replace")
    if len(text) % 2:
        text += b" " if element in _SPACE_PADDED else b"\0"
    return _ELEMENT.pack(0, element, len(text)) + text
