"""The bytes of a zip archive around members that are stored as they are (APPNOTE.TXT 6.3.10).

Sizes and CRC stand before each member, so that also those can read it who see it as a stream (a data descriptor behind
a stored member cannot be found). No time is told, so the same members make the same bytes. Large ones are Zip64.
"""

from struct import Struct

_LOCAL = Struct("<I5H3I2H")
_CENTRAL = Struct("<I6H3I5H2I")
_END = Struct("<I4H2IH")
_END_64 = Struct("<IQ2H2I4Q")
_LOCATOR_64 = Struct("<IIQI")
_SIZES_64 = Struct("<2H2Q")
_PLACE_64 = Struct("<2H3Q")
_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_PLAIN, _ZIP64 = 20, 45
_MADE_BY = 3 << 8 | _ZIP64  # Unix, whose modes are in the external attributes
_MODE = 0o100640 << 16
_FIRST_DAY = 1 << 5 | 1  # 1 January 1980


class ZipFormat:
    """What stands before each member, and behind the last; the members' bytes themselves do not come here."""

    def __init__(self) -> None:
        self._offset = 0
        self._members = 0
        self._directory = bytearray()

    def before(self, name: str, size: int, crc: int) -> bytes:
        """What stands before a member of `size` bytes with that CRC-32; its name is ASCII (4.3.7)."""
        encoded = name.encode("ascii")
        is_large = size >= _MAX_32
        shown, version = (_MAX_32, _ZIP64) if is_large else (size, _PLAIN)
        extra = _SIZES_64.pack(1, 16, size, size) if is_large else b""
        sizes = (crc, shown, shown, len(encoded), len(extra))
        header = _LOCAL.pack(0x04034B50, version, 0, 0, 0, _FIRST_DAY, *sizes) + encoded + extra
        self._note(encoded, size, crc)
        self._offset += len(header) + size
        return header

    def end(self) -> bytes:
        """The directory of all members (4.3.12 to 4.3.16)."""
        start, size, members = self._offset, len(self._directory), self._members
        end_64 = b""
        if members >= _MAX_16 or size >= _MAX_32 or start >= _MAX_32:
            counts = (members, members, size, start)
            end_64 = _END_64.pack(0x06064B50, _END_64.size - 12, _MADE_BY, _ZIP64, 0, 0, *counts)
            end_64 += _LOCATOR_64.pack(0x07064B50, 0, start + size, 1)
        shown = min(members, _MAX_16)
        end = _END.pack(0x06054B50, 0, 0, shown, shown, min(size, _MAX_32), min(start, _MAX_32), 0)
        return bytes(self._directory) + end_64 + end

    def _note(self, name: bytes, size: int, crc: int) -> None:
        is_large = size >= _MAX_32 or self._offset >= _MAX_32
        shown, offset = (_MAX_32, _MAX_32) if is_large else (size, self._offset)
        extra = _PLACE_64.pack(1, 24, size, size, self._offset) if is_large else b""
        version = _ZIP64 if is_large else _PLAIN
        self._directory += _CENTRAL.pack(
            0x02014B50, _MADE_BY, version, 0, 0, 0, _FIRST_DAY, crc, shown, shown, len(name), len(extra), 0, 0, 0,
            _MODE, offset,
        )  # fmt: skip
        self._directory += name + extra
        self._members += 1
