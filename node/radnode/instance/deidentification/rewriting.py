"""Writes the elements of an object anew as the rules have it; what is kept is copied, however large it is."""

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property

from radnode.instance.charset import codecs_of, decode
from radnode.instance.content import value_of
from radnode.instance.deidentification import dummies, safe_private
from radnode.instance.deidentification.acts import Act, known_vr
from radnode.instance.deidentification.burned_in import CAMERA, EXCESS, OVERLAY_BITS
from radnode.instance.deidentification.camera_data import has_camera_data
from radnode.instance.deidentification.kept_values import KeptValues
from radnode.instance.deidentification.searching import is_hidden_sequence
from radnode.instance.deidentification.table import OVERLAYS
from radnode.instance.deidentification.values import Values
from radnode.instance.element_output import IMPLICIT_FORM, KNOWN_VRS, Form, Output, form_of
from radnode.instance.element_vrs import unsaid_vr
from radnode.instance.encodings import IMPLICIT, UNDEFINED, Buffer, read_implicit
from radnode.instance.rewriting import Change, Rewriting
from radnode.instance.values import PADDING, SPECIFIC_CHARACTER_SET
from radnode.instance.walk import FRAGMENT, ITEM, MAX_DEPTH, PIXEL_DATA, Element, is_sequence, walk, walk_within
from radnode.model.errors import NotDicom
from radnode.model.uid import UID

MAX_ELEMENTS = 1_000_000
"""Three times what the largest enhanced objects have, and a quarter of a minute."""
_NOWHERE = 1 << 30  # deeper than everything
_CONTAINERS = frozenset({"", "SQ", "UN", FRAGMENT, "OW", "OD", "OF", "OL", "OV"})
_FRAGMENTS_LOOKED_AT, _HEAD = 64, 1 << 20
_CODING_SCHEME, _CODE_MEANING = 0x00080102, 0x00080104
_OVERLAY_BIT_POSITION = 0x0102


def deidentified_form(encoding: UID) -> Form:
    """How the new elements are written: as the transfer syntax says, whatever the old ones look like."""
    return IMPLICIT_FORM if encoding in IMPLICIT else form_of(encoding)


class Deidentifying(Rewriting):
    """One pass over a data set. `warnings` and `acts` (by tag) say what was met and done."""

    def __init__(
        self,
        dataset: Buffer,
        encoding: UID,
        output: Output,
        values: Values,
        additions: Mapping[int, Change],
    ) -> None:
        super().__init__(dataset, encoding, deidentified_form(encoding), output, additions)
        self.keeps_codestreams = True
        self.encoding = encoding
        self.rules = values.rules
        self.values = values
        self.warnings: set[str] = set()
        self.fragments = 0
        self.acts: Counter[tuple[int, Act]] = Counter()
        self.kept_values = KeptValues(dataset, values.subject.identifying)
        self.skipping = _NOWHERE  # what is deeper than this is left out
        self.cleaning = _NOWHERE  # the depth of the sequence whose structured content is cleaned
        self.creators: dict[int, dict[int, str]] = {0: {}}  # by depth, by block: the private creator
        self.schemes: dict[int, str] = {}  # by depth: the coding scheme of the code that is being read
        self.codecs: dict[int, tuple[str, ...]] = {0: codecs_of(b"")}  # by depth

    def run(self) -> None:
        """Write everything. Raises NotDicom, Truncated, OSError."""
        for number, element in enumerate(self.elements(walk(self.dataset, self.encoding, deep=True))):
            if number >= MAX_ELEMENTS:
                raise NotDicom(f"there are more than {MAX_ELEMENTS} elements")
            self.take(element)
        self.finish()

    def elements(self, walked: Iterator[Element], around: int = 0) -> Iterator[Element]:
        """The walk, which also enters sequences whose VR is UN, since those are implicit VR within (PS3.5 6.2.2)."""
        for found in walked:
            element = found._replace(depth=found.depth + around) if around else found
            yield element
            if is_hidden_sequence(element) and element.depth < self.skipping:
                if element.depth >= MAX_DEPTH:
                    raise NotDicom(f"sequences are nested deeper than {MAX_DEPTH // 2}")
                inner = walk_within(self.dataset, read_implicit, element.offset, element.length)
                yield from self.elements(inner, element.depth)

    def take(self, element: Element) -> None:
        """Write the next element of the walk, or what is to stand for it."""
        if element.depth > self.skipping:
            return
        self.skipping = _NOWHERE
        while self.inside.depth >= element.depth:
            self.leave()
        if element.depth <= self.cleaning:
            self.cleaning = _NOWHERE
        if not element.depth:
            self.write_changes(element.tag)
        if element.tag == ITEM:
            self.begin_item(element)
        elif element.tag >> 16 & 1:
            self.take_private(element)
        else:
            self.take_standard(element)

    def begin_item(self, item: Element) -> None:
        """What an item says of private creators and character sets holds within it."""
        inner = item.depth + 1
        self.creators[inner] = {}
        self.schemes.pop(inner, None)
        self.codecs[inner] = self.codecs.get(item.depth - 1, self.codecs[0])
        self.take_item(item)

    def take_item(self, item: Element) -> None:
        """As always; the first fragments are looked at for what a camera has written beside the picture."""
        if item.vr == FRAGMENT and self.fragments < _FRAGMENTS_LOOKED_AT:
            self.fragments += 1
            head = bytes(self.dataset[item.offset : item.offset + min(item.length, _HEAD)])
            if has_camera_data(head, self.values.subject.identifying):
                self.warnings.add(CAMERA)
        super().take_item(item)

    def take_standard(self, element: Element) -> None:
        """Write, change or leave out an element that is not private."""
        if element.tag == SPECIFIC_CHARACTER_SET:
            self.codecs[element.depth] = codecs_of(value_of(self.dataset, element))
        elif element.tag == _CODING_SCHEME:
            self.schemes[element.depth] = value_of(self.dataset, element).decode("latin_1").strip(PADDING)
        act = self.act(element)
        if act is Act.KEEP:
            act = self.keep(element)
        self.acts[element.tag, act] += 1
        if act is not Act.KEEP:
            self.skipping = element.depth
            self.replace(element, act)

    def act(self, element: Element) -> Act:
        """By the rules; within cleaned sequences the meaning of codes that anybody may make up is cleaned too."""
        is_cleaning = self.cleaning != _NOWHERE
        act = self.rules.act(element.tag, structured=is_cleaning)
        if OVERLAYS <= element.tag >> 16 < OVERLAYS + 0x100:
            return self.overlay_act(element, act)
        if is_cleaning and element.tag == _CODE_MEANING and self.is_local_code(element.depth):
            return Act.CLEAN
        return act

    def is_local_code(self, depth: int) -> bool:
        """Whether the code that is being read is of no scheme that others know (PS3.16 8)."""
        scheme = self.schemes.get(depth, "")
        return len(scheme) < 2 or scheme.startswith("99")

    def overlay_act(self, element: Element, act: Act) -> Act:
        """Planes of regions alone may stay, and planes within the pixels cannot be taken out of them."""
        if element.tag & 0xFFFF == _OVERLAY_BIT_POSITION and any(value_of(self.dataset, element)):
            self.warnings.add(OVERLAY_BITS)
        return act if element.tag >> 16 in self.values.subject.regions and not element.depth else Act.REMOVE

    def keep(self, element: Element) -> Act:
        """Write the element as it is, or enter it; what cannot be what it claims to be, or names somebody, goes."""
        if element.length == UNDEFINED or is_sequence(element.tag, element.vr):
            if element.vr not in _CONTAINERS:
                return Act.REMOVE
            self.enter_sequence(element)
        elif known_vr(element.tag) != "SQ":
            if element.tag == PIXEL_DATA and not element.depth:
                self.look_behind_pixels(element)
            act = self.look_at(element)
            if act is Act.KEEP:
                self.take_value(element)
            return act
        elif is_hidden_sequence(element) and self.is_whole(element):
            self.enter_sequence(element)
        else:
            return Act.EMPTY
        return Act.KEEP

    def look_at(self, element: Element) -> Act:
        """KEEP, or what becomes of a value that must not stay."""
        return self.kept_values.act(element, self.codecs.get(element.depth, self.codecs[0]))

    def look_behind_pixels(self, pixel_data: Element) -> None:
        """What follows the last frame can be anything."""
        wanted = self.values.subject.pixel_bytes
        if wanted is not None and pixel_data.length > wanted:
            self.warnings.add(EXCESS)

    def enter_sequence(self, element: Element) -> None:
        """Begin a sequence whose elements come next."""
        if self.cleaning == _NOWHERE and self.rules.cleans_content(element.tag):
            self.cleaning = element.depth
        self.take_sequence(element)

    def is_whole(self, sequence: Element) -> bool:
        """Whether what hides in UN can be read as a sequence to its end."""
        try:
            for _ in walk_within(self.dataset, read_implicit, sequence.offset, sequence.length):
                pass
        except NotDicom:
            return False
        return True

    def replace(self, element: Element, act: Act) -> None:
        """Write what is to stand in the place of the element, if anything, and if that is not written already."""
        if not element.depth and element.tag in self.changes:
            return
        value = self.values.value(element, act, lambda: self.text(element), self.inside.form)
        if value is not None:
            vr = known_vr(element.tag) or "UN"
            self.output.write(dummies.encoded(self.inside.form, element.tag, vr, value))

    def text(self, element: Element) -> str:
        """The value as text, padding and all."""
        if element.length == UNDEFINED:
            return ""
        raw, vr = value_of(self.dataset, element), known_vr(element.tag)
        if vr in ("UI", "DA", "DT", "TM"):
            return raw.decode("latin_1").strip(PADDING)
        codecs = self.codecs.get(element.depth, self.codecs[0])
        return decode(raw, codecs, is_name=vr == "PN").strip(PADDING)

    def take_private(self, element: Element) -> None:
        """Leave it out, unless its creator is known for it (E.3.10)."""
        act = self.private_act(element)
        self.acts[element.tag, act] += 1
        if act is Act.KEEP:
            self.take_value(element)
        else:
            self.skipping = element.depth

    def private_act(self, element: Element) -> Act:
        """Only safe elements stay, and the creators that can have some."""
        if not self.rules.profile.retain_safe_private or element.length == UNDEFINED:
            return Act.REMOVE
        group, number = element.tag >> 16, element.tag & 0xFFFF
        creators = self.creators.setdefault(element.depth, {})
        if 0x10 <= number <= 0xFF:
            creator = value_of(self.dataset, element).decode("latin_1").strip(PADDING)
            creators[group << 8 | number] = creator
            return Act.KEEP if safe_private.is_safe_creator(creator, group) else Act.REMOVE
        creator = creators.get(group << 8 | number >> 8, "")
        vr = safe_private.safe_vr(element.tag, element.vr, creator)
        if not vr or not safe_private.is_safe_value(value_of(self.dataset, element), vr):
            return Act.REMOVE
        return Act.KEEP if self.look_at(element._replace(vr=vr)) is Act.KEEP else Act.REMOVE

    def vr_of(self, element: Element) -> str:
        """As it is written: the byte order stays, so nothing can be read in two ways."""
        vr = element.vr or unsaid_vr(element.tag, self.inside.cells)
        return vr if vr in KNOWN_VRS else "UN"

    @cached_property
    def summary(self) -> dict[int, dict[str, int]]:
        """How often what was done, by tag."""
        told: dict[int, dict[str, int]] = {}
        for (tag, act), count in sorted(self.acts.items(), key=lambda item: item[0][0]):
            told.setdefault(tag, {})[act.value] = count
        return told
