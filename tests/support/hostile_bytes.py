"""Conversations that a DICOM port should never hear, as hypothesis strategies.

A conversation is laid out as the Standard has it, as a tree of blocks that know their lengths, and then gets a few
faults: so what is wrong is met deep inside, and hypothesis finds the fewest steps and faults that do harm.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st
from support.hostile_data_sets import VARIANTS, data_set

from radnode.dimse.commitment import WELL_KNOWN_INSTANCE
from radnode.dimse.contexts import (
    PATIENT_ROOT_FIND,
    STORAGE_COMMITMENT,
    STUDY_ROOT_FIND,
    STUDY_ROOT_GET,
    VERIFICATION,
)
from radnode.dimse.upper.associate import APPLICATION_CONTEXT

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT, DEFLATED = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99"
CONTEXTS = {
    1: (CT, EXPLICIT),
    3: (CT, IMPLICIT),
    5: (VERIFICATION, IMPLICIT),
    7: (STUDY_ROOT_FIND, EXPLICIT),
    9: (PATIENT_ROOT_FIND, IMPLICIT),
    11: (STUDY_ROOT_GET, IMPLICIT),
    13: (CT, DEFLATED),
    15: (STORAGE_COMMITMENT, EXPLICIT),
}
FIELDS = {
    CT: 0x0001, VERIFICATION: 0x0030, STUDY_ROOT_GET: 0x0010, STUDY_ROOT_FIND: 0x0020, PATIENT_ROOT_FIND: 0x0020,
    STORAGE_COMMITMENT: 0x0130,
}  # fmt: skip
ODD_FIELDS = (0x0FFF, 0x0021, 0x0100, 0x0140, 0x8001, 0x8030, 0x0000, 0xFFFF)
ODD_PDUS = (5, 7, 6, 1, 2, 3, 4, 0, 8, 255)
NUMBERS = (0, 1, 2, 3, 7, 0xFF, 0x7FFF, 0xFFFF, 0x10000, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)
FAULTS = ("length", "drop", "repeat", "head", "flip", "insert", "cut")


@dataclass(frozen=True)
class Conversation:
    """What one connection says, segment by segment, and what it does then.

    It "reads" until nothing more comes or "closes" its side at once, both then read to the end, or it "goes".
    """

    segments: tuple[bytes, ...]
    then: str


@dataclass
class Block:
    """Something that begins with its own length: a PDU, an item, a value, an element."""

    head: bytes
    length: str
    content: list["Block | bytes"] = field(default_factory=list)
    claims: int | None = None

    def encode(self) -> bytes:
        """The bytes; the length that it claims is cut to its field."""
        content = b"".join(one if isinstance(one, bytes) else one.encode() for one in self.content)
        size = struct.calcsize(self.length)
        length = len(content) if self.claims is None else self.claims
        return self.head + struct.pack(self.length, length & (1 << 8 * size) - 1) + content


def pdu(kind: int, *content: Block | bytes) -> Block:
    """PS3.8 9.3.1."""
    return Block(bytes((kind, 0)), ">L", list(content))


def item(kind: int, *content: Block | bytes) -> Block:
    """PS3.8 9.3.2.1."""
    return Block(bytes((kind, 0)), ">H", list(content))


def association_request() -> Block:
    """A request with everything that one can offer (PS3.7 Annex D.3.3)."""
    contexts = [
        item(0x20, bytes((number, 0, 0, 0)), item(0x30, abstract.encode()), item(0x40, transfer.encode()))
        for number, (abstract, transfer) in CONTEXTS.items()
    ]
    named = struct.pack(">H", len(CT)) + CT.encode()
    user = (
        item(0x51, (16384).to_bytes(4, "big")), item(0x52, b"1.2.3"), item(0x55, b"FUZZ"), item(0x53, b"\0\5\0\5"),
        item(0x54, named, b"\1\1"), item(0x56, named, b"\1\1\1"), item(0x58, b"\1\1\0\4user\0\0"),
    )  # fmt: skip
    titles = b"RADNODE".ljust(16) + b"FUZZ".ljust(16)
    fixed = b"\0\1\0\0" + titles + bytes(32)
    return pdu(1, fixed, item(0x10, APPLICATION_CONTEXT.encode()), *contexts, item(0x50, *user))


def command(context: int, number: int, *, has_data_set: bool) -> Block:
    """A command set as the value of its group length, which nobody has to believe (PS3.7 6.3.1)."""
    abstract = CONTEXTS[context][0]
    values = {
        0x0002: abstract.encode() + b"\0" * (len(abstract) % 2),
        0x0100: struct.pack("<H", number),
        0x0110: struct.pack("<H", 1),
        0x0700: bytes(2),
        0x0800: struct.pack("<H", 1 if has_data_set else 0x0101),
    }
    if number == 0x0001:
        values[0x1000] = b"1.2.826.0.1.3680043.10.543.1.1.1"
    if abstract == STORAGE_COMMITMENT:
        values[0x1000] = WELL_KNOWN_INSTANCE.encode()
        values[0x1002 if number == 0x0100 else 0x1008] = struct.pack("<H", 1)
    if number == 0x0FFF or number & 0x8000:
        values[0x0120] = values.pop(0x0110)
    elements: list[Block | bytes] = [
        Block(struct.pack("<HH", 0, tag), "<L", [values[tag]]) for tag in sorted(values)
    ]  # fmt: skip
    return Block(struct.pack("<HHL", 0, 0, 4), "<L", elements)


def message(context: int, variant: str, size: int, number: int | None = None) -> list[Block]:
    """A command and its data set in fragments of `size` bytes (50 at most), each a PDU of its own (PS3.8 Annex E)."""
    abstract, transfer = CONTEXTS[context]
    has_data_set = abstract != VERIFICATION
    said = command(context, FIELDS[abstract] if number is None else number, has_data_set=has_data_set)
    pdus = [pdu(4, Block(b"", ">L", [bytes((context, 3)), said]))]
    data = data_set(transfer, variant, of=abstract) if has_data_set else b""
    size = max(size, len(data) // 50)
    for start in range(0, len(data), size):
        control = 2 if start + size >= len(data) else 0
        pdus.append(pdu(4, Block(b"", ">L", [bytes((context, control)), data[start : start + size]])))
    return pdus


STEPS = [
    *((context, variant, size) for context in CONTEXTS for variant in VARIANTS for size in (1 << 20, 500, 60)),
    *((context, "whole", size) for context in CONTEXTS for size in (1 << 20, 500) for _ in range(5)),
    *((context, "whole", 1 << 20, number) for context in CONTEXTS for number in ODD_FIELDS),
    *((kind,) for kind in ODD_PDUS for _ in range(5)),
]  # fmt: skip


def laid_out(step: tuple[int | str, ...]) -> list[Block]:
    """The PDUs of one step."""
    return message(*step) if len(step) > 1 else [pdu(int(step[0]), bytes(4))]  # type: ignore[arg-type]


def places(siblings: list["Block | bytes"]) -> Iterator[tuple[list["Block | bytes"], int]]:
    """Every block and every stretch of bytes: the list that it stands in, and where."""
    for place, one in enumerate(siblings):
        yield siblings, place
        if isinstance(one, Block):
            yield from places(one.content)


def spoil(pdus: list["Block | bytes"], fault: str, where: int, number: int) -> None:
    """One fault in one place: in a PDU, each as likely as the others, or to one of them as a whole."""
    which, within = where % (len(pdus) + 1), where // (len(pdus) + 1)
    whole = pdus[which] if which < len(pdus) else None
    found = list(places(whole.content)) if isinstance(whole, Block) else [(pdus, place) for place in range(len(pdus))]
    if not found:
        return
    siblings, place = found[within % len(found)]
    one = siblings[place]
    if fault == "drop":
        del siblings[place]
    elif fault == "repeat":
        siblings[place:place] = [one] * (number % 60)
    elif isinstance(one, Block):
        if fault == "head" and one.head:
            one.head = bytes((number & 0xFF,)) + one.head[1:]
        else:
            one.claims = number
    else:
        siblings[place] = spoiled(one, fault, where, number)


def spoiled(data: bytes, fault: str, where: int, number: int) -> bytes:
    """The bytes with one fault."""
    at = where % (len(data) + 1)
    if fault == "cut":
        return data[:at]
    if fault == "insert":
        return data[:at] + number.to_bytes(4, "little") * (1 + number % 8) + data[at:]
    return data[:at] + bytes((number & 0xFF,)) + data[at + 1 :]


FAULT = st.tuples(st.sampled_from(FAULTS), st.integers(0, 9999), st.sampled_from(NUMBERS))
CHOICES = st.tuples(
    st.lists(st.sampled_from(STEPS), max_size=4),
    st.lists(FAULT, max_size=3),
    st.one_of(st.just([]), st.lists(FAULT, max_size=1)),
    st.lists(st.integers(0, 9999), max_size=4),
    st.sampled_from(("reads", "closes", "closes", "goes")),
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """An association request, messages, other PDUs among them and faults in all, as one stream in segments."""
    steps, faults, faults_in_all, cuts, then = draw(CHOICES)
    blocks: list[Block | bytes] = [association_request()]
    for step in steps:
        blocks += laid_out(step)
    for fault in faults:
        spoil(blocks, *fault)
    stream = b"".join(one.encode() if isinstance(one, Block) else one for one in blocks)
    for kind, where, number in faults_in_all:
        stream = spoiled(stream, kind, where * 7, number)
    bounds = [0, *sorted(place % (len(stream) + 1) for place in cuts), len(stream)]
    segments = (stream[first:last] for first, last in pairwise(bounds))
    return Conversation(tuple(one for one in segments if one), then)
