"""Writes the elements of an encoded data set in another form: VRs, byte order, lengths (PS3.5 7, A).

Nothing of an element changes but its encoding: values, their padding, the order, private and unknown elements, and
whether lengths of sequences are defined stay. Group lengths (7.2) count the new bytes.
"""

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from radnode.instance.element_output import IMPLICIT_FORM, KNOWN_VRS, MAX_SHORT, Form, Output
from radnode.instance.element_vrs import BITS_ALLOCATED, PIXEL_REPRESENTATION, CellKind, unsaid_vr
from radnode.instance.encodings import (
    EXPLICIT_VR_BIG_ENDIAN,
    LONG_VRS,
    UNDEFINED,
    WORDS,
    Buffer,
)
from radnode.instance.walk import FRAGMENT, ITEM, ITEM_END, PIXEL_DATA, SEQUENCE_END, Element, is_sequence, walk
from radnode.model.errors import CannotTranscode
from radnode.model.uid import UID

_CHUNK = 1 << 20  # bytes, a multiple of every word
_LONG = frozenset(LONG_VRS.values())
_BEYOND = 1 << 32  # after every tag

Change = Callable[[Output, Form], None] | None
"""Writes a top-level element in the place of the one that stands there; None leaves that one out."""


class TooManyElements(Exception):
    """There are more elements than the caller wanted to look at."""


@dataclass(slots=True)
class _Level:
    """What is being written: the data set, a sequence, an item or fragments; `depth` is its own element's."""

    depth: int
    form: Form
    source_is_big: bool
    cells: CellKind
    begin: int = 0
    delimiter: int = 0  # 0: its length is written at its end
    group_length: tuple[int, int] | None = None  # the group, and where what it counts begins


def rewrite(
    dataset: Buffer,
    encoding: UID,
    form: Form,
    output: Output,
    changes: Mapping[int, Change],
    *,
    keep_codestreams: bool = False,
    max_elements: int | None = None,
) -> None:
    """Write the data set (inflated already, in `encoding`) to `output`, with `changes` of top-level elements.

    Compressed pixel data that is not changed is refused, unless its codestreams are to be kept. Raises NotDicom,
    CannotTranscode, OSError, and TooManyElements beyond `max_elements`.
    """
    rewriting = Rewriting(dataset, encoding, form, output, changes)
    rewriting.keeps_codestreams = keep_codestreams
    for count, element in enumerate(walk(dataset, encoding, deep=True)):
        if count == max_elements:
            raise TooManyElements
        rewriting.take(element)
    rewriting.finish()


class Rewriting:
    """The state of one rewriting; whoever changes more than top-level elements derives from it."""

    def __init__(
        self, dataset: Buffer, encoding: UID, form: Form, output: Output, changes: Mapping[int, Change]
    ) -> None:
        self.dataset = dataset
        self.output = output
        self.changes = changes
        self.due = sorted((tag for tag, change in changes.items() if change), reverse=True)
        self.is_skipping = False
        self.keeps_codestreams = False
        cells = _cells(dataset, encoding)
        self.inside = _Level(-1, form, encoding == EXPLICIT_VR_BIG_ENDIAN, cells)
        self.outer: list[_Level] = []

    def take(self, element: Element) -> None:
        """Write the next element of the walk, or what stands for it."""
        while self.inside.depth >= element.depth:
            self.leave()
        if not element.depth:
            self.write_changes(element.tag)
            self.is_skipping = element.tag in self.changes
        if self.is_skipping:
            return
        if element.tag == ITEM:
            self.take_item(element)
            return
        self.end_group(element.tag >> 16)
        if element.length == UNDEFINED or is_sequence(element.tag, element.vr):
            self.take_sequence(element)
        else:
            self.take_value(element)

    def finish(self) -> None:
        """Write what is left once the walk has ended."""
        while self.outer:
            self.leave()
        self.write_changes(_BEYOND)
        self.end_group(None)
        self.output.flush()

    def write_changes(self, before: int) -> None:
        """Write the changed elements whose place is not after `before`."""
        while self.due and self.due[-1] <= before:
            tag = self.due.pop()
            self.end_group(tag >> 16)
            change = self.changes[tag]
            assert change is not None
            change(self.output, self.inside.form)

    def take_item(self, item: Element) -> None:
        """Begin an item, or copy a fragment."""
        if item.vr != FRAGMENT:
            self.enter(item, "", self.inside.form, ITEM_END)
            return
        self.output.write(self.inside.form.header(ITEM, "", item.length))
        self.copy(item.offset, item.length)

    def take_sequence(self, element: Element) -> None:
        """A sequence or encapsulated pixel data. What UN of undefined length holds is implicit VR (6.2.2)."""
        form = self.inside.form
        vr = element.vr or ("OB" if element.tag == PIXEL_DATA else "SQ")
        if vr not in ("SQ", "UN") and not self.keeps_codestreams:
            raise CannotTranscode("there is compressed pixel data that is not the image's own")
        if vr == "UN" and form.big_endian:
            vr = "SQ"  # it can be nothing else, and not everybody reads what is little-endian within
        self.enter(element, vr, IMPLICIT_FORM if vr == "UN" else form, SEQUENCE_END)
        if element.vr == "UN":
            self.inside.source_is_big = False

    def enter(self, element: Element, vr: str, form: Form, delimiter: int) -> None:
        """Begin a sequence or item; its length, where it is a defined one, is written when it ends."""
        self.output.write(self.inside.form.header(element.tag, vr, UNDEFINED))
        self.outer.append(self.inside)
        self.inside = _Level(
            element.depth,
            form,
            self.inside.source_is_big,
            self.inside.cells,
            self.output.position,
            delimiter if element.length == UNDEFINED else 0,
        )

    def leave(self) -> None:
        """End what is being written, and go on with what is around it."""
        self.end_group(None)
        level, self.inside = self.inside, self.outer.pop()
        if level.delimiter:
            self.output.write(level.form.header(level.delimiter, "", 0))
        else:
            length = self.inside.form.number.pack(self.output.position - level.begin)
            self.output.patch(level.begin - len(length), length)

    def end_group(self, group: int | None) -> None:
        """Write the group's length where it ends, that is where another begins (7.2)."""
        counted = self.inside.group_length
        if counted is not None and counted[0] != group:
            length = self.inside.form.number.pack(self.output.position - counted[1])
            self.output.patch(counted[1] - len(length), length)
            self.inside.group_length = None

    def take_value(self, element: Element) -> None:
        """Copy an element that is no sequence."""
        tag, _, offset, length, _ = element
        inside = self.inside
        vr = self.vr_of(element)
        word = WORDS.get(vr)
        if length > MAX_SHORT and vr not in _LONG:
            vr = "UN"  # what a 16-bit length cannot count (6.2.2)
        self.output.write(inside.form.header(tag, vr, length))
        is_big = inside.form.big_endian and vr != "UN"
        self.copy(offset, length, word if inside.source_is_big != is_big else None)
        if not tag & 0xFFFF and length == 4:
            inside.group_length = tag >> 16, self.output.position
        elif tag in (BITS_ALLOCATED, PIXEL_REPRESENTATION) and length == 2 and self.outer:
            self.describe_cells(element)

    def describe_cells(self, element: Element) -> None:
        """An item can have pixels of its own, such as an icon."""
        number = _number(self.dataset, element, is_big=self.inside.source_is_big)
        self.inside.cells = _told(self.inside.cells, element.tag, number)

    def vr_of(self, element: Element) -> str:
        """The VR to write."""
        cells = self.inside.cells
        vr = element.vr or unsaid_vr(element.tag, cells)
        if vr not in KNOWN_VRS:
            return "UN"
        if element.tag != PIXEL_DATA:
            return vr
        if cells.allocated > 16 and (self.inside.source_is_big or self.inside.form.big_endian):
            # By Annex D the low word goes first; writers that swap whole cells are as common.
            raise CannotTranscode("cells of more than 16 bits in big endian words can be read in two ways")
        return "OW" if cells.allocated > 8 else vr

    def copy(self, offset: int, length: int, word: str | None = None) -> None:
        """The bytes of a value, the words turned round where one is named; what is less than a word stays."""
        for start in range(offset, offset + length, _CHUNK):
            piece = bytes(self.dataset[start : min(start + _CHUNK, offset + length)])
            self.output.write(_turned(piece, word) if word else piece)


def _turned(piece: bytes, word: str) -> bytes:
    words = array(word)
    whole = len(piece) - len(piece) % words.itemsize
    words.frombytes(piece[:whole])
    words.byteswap()
    return words.tobytes() + piece[whole:]


def _cells(dataset: Buffer, encoding: UID) -> CellKind:
    """What the data set itself says of its cells; some VRs before that depend on it too."""
    cells = CellKind()
    is_big = encoding == EXPLICIT_VR_BIG_ENDIAN
    for element in walk(dataset, encoding):
        if element.tag > PIXEL_REPRESENTATION and not element.depth:
            break
        if element.tag in (BITS_ALLOCATED, PIXEL_REPRESENTATION) and not element.depth and element.length == 2:
            cells = _told(cells, element.tag, _number(dataset, element, is_big=is_big))
    return cells


def _number(dataset: Buffer, element: Element, *, is_big: bool) -> int:
    return int.from_bytes(dataset[element.offset : element.offset + 2], "big" if is_big else "little")


def _told(cells: CellKind, tag: int, number: int) -> CellKind:
    if tag == BITS_ALLOCATED:
        return CellKind(number, cells.signed)
    return CellKind(cells.allocated, number == 1)
