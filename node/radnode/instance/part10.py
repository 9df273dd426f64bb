"""The DICOM file format (PS3.10 7.1): reading the file meta as it arrives, and writing radnode's own."""

from dataclasses import dataclass
from functools import lru_cache
from struct import pack

from radnode.instance.encodings import UNDEFINED, Buffer, read_explicit
from radnode.model.errors import NotDicom
from radnode.model.uid import UID, InvalidUID, parse_uid

IMPLEMENTATION_CLASS_UID = UID("2.25.301903374170270483846938527194462410319")
IMPLEMENTATION_VERSION_NAME = "RADNODE"
MAX_META = 1 << 20  # bytes; a file meta has some hundreds
_PREFIX_END = 132
_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX, _GROUP_LENGTH = 0x00020002, 0x00020003, 0x00020010, 0x00020000
_TRANSFER_SYNTAXES = "1.2.840.10008.1.2"  # every one of the Standard's begins so
_STANDARD = "1.2.840.10008."
_PAPYRUS = "1.2.840.10008.1.20"


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What the file meta says: the transfer syntax, checked, and the instance, in the sender's own words."""

    transfer_syntax: UID
    sop_class: str
    sop_instance: str


class FileMetaReader:
    """Reads the file meta of a Part 10 stream that arrives in pieces of any size.

    Once group 2 is known to be whole, `meta` is set and `rest` holds the data set's bytes that were fed so far. The
    elements may stand in any order; the group length is not needed and not believed.
    """

    def __init__(self) -> None:
        self.meta: FileMeta | None = None
        self._buffer = bytearray()
        self._position = _PREFIX_END
        self._values: dict[int, str] = {}

    @property
    def rest(self) -> bytes:
        """The bytes that follow the file meta, of those fed until it was whole."""
        return bytes(memoryview(self._buffer)[self._position :]) if self.meta else b""

    @property
    def offset(self) -> int:
        """Where the data set begins in the file, once `meta` is known."""
        return self._position

    def feed(self, chunk: Buffer) -> None:
        """Take the next bytes, until `meta` is known. Raises NotDicom as soon as it is certain."""
        self._buffer += chunk
        if len(self._buffer) >= _PREFIX_END and self._buffer[128:_PREFIX_END] != b"DICM":
            raise NotDicom("File has no DICOM preamble and prefix")
        while self.meta is None and self._advance():
            pass

    def finish(self) -> FileMeta:
        """The stream has ended: its file meta, also if no data set follows. Raises NotDicom if it is not whole."""
        if len(self._buffer) < _PREFIX_END:
            raise NotDicom("File has no DICOM preamble and prefix")
        if self.meta is None and self._position < len(self._buffer):
            raise NotDicom("File ends within its meta information")
        return self.meta or self._conclude()

    def _advance(self) -> bool:
        """One element further; false when that needs more bytes."""
        head = self._buffer[self._position : self._position + 12]
        if len(head) < 12:
            if len(head) >= 2 and head[:2] != b"\2\0":
                self._conclude()
            return False
        tag, vr, offset, length = read_explicit(bytes(head), 0)
        if tag >> 16 != 2 or not vr:
            self._conclude()
            return False
        begin = self._position + offset
        if length == UNDEFINED or begin + length > MAX_META:
            raise NotDicom("File meta information is too long")
        if begin + length > len(self._buffer):
            return False
        self._values[tag] = self._buffer[begin : begin + length].decode("ascii", "replace").rstrip("\0 ")
        self._position = begin + length
        return True

    def _conclude(self) -> FileMeta:
        self.meta = FileMeta(
            _transfer_syntax(self._values.get(_TRANSFER_SYNTAX, "")),
            self._values.get(_SOP_CLASS, ""),
            self._values.get(_SOP_INSTANCE, ""),
        )
        return self.meta


def _transfer_syntax(text: str) -> UID:
    """A transfer syntax of the Standard, a future one too, or a private one: those are explicit VR by default (10)."""
    if not text:
        raise NotDicom("File meta information has no transfer syntax")
    try:
        uid = parse_uid(text)
    except InvalidUID:
        raise NotDicom("File meta information has a malformed transfer syntax") from None
    if uid.startswith(_STANDARD) and not f"{uid}.".startswith((f"{_TRANSFER_SYNTAXES}.", f"{_PAPYRUS}.")):
        raise NotDicom(f"{uid} is no transfer syntax")
    return uid


@lru_cache(maxsize=64)  # asked for when an object begins and when it ends
def encode_file_meta(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """A zero preamble, the prefix, and radnode's file meta: the same bytes for the same UIDs."""
    before, after = _around_instance(sop_class, transfer_syntax)
    instance = _element(0x0003, b"UI", _uid(sop_instance))
    length = len(before) + len(instance) + len(after)
    return bytes(128) + b"DICM" + _element(0, b"UL", pack("<L", length)) + before + instance + after


@lru_cache(maxsize=64)
def _around_instance(sop_class: str, transfer_syntax: str) -> tuple[bytes, bytes]:
    """The elements before and after the SOP Instance UID, which are those of the whole series."""
    before = _element(0x0001, b"OB\0\0", b"\0\1") + _element(0x0002, b"UI", _uid(sop_class))
    after = (
        _element(0x0010, b"UI", _uid(transfer_syntax))
        + _element(0x0012, b"UI", _uid(IMPLEMENTATION_CLASS_UID))
        + _element(0x0013, b"SH", IMPLEMENTATION_VERSION_NAME.encode() + b" ")
    )
    return before, after


def _uid(text: str) -> bytes:
    return text.encode("ascii") + b"\0" * (len(text) % 2)


def _element(element: int, vr: bytes, value: bytes) -> bytes:
    length = pack("<H" if len(vr) == 2 else "<L", len(value))
    return pack("<HH", 2, element) + vr + length + value


def dataset_offset(buffer: Buffer) -> tuple[UID, int]:
    """The transfer syntax of a Part 10 file and where its data set begins; NotDicom if it is none."""
    reader = FileMetaReader()
    for position in range(0, min(len(buffer), MAX_META + _PREFIX_END), 4096):
        reader.feed(bytes(buffer[position : position + 4096]))
        if reader.meta:
            return reader.meta.transfer_syntax, reader.offset
    return reader.finish().transfer_syntax, reader.offset
