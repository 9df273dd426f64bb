"""Zip archives for tests: whole ones, and those that somebody made to do harm."""

import struct
import zlib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo


def zipped(members: dict[str, bytes], method: int = ZIP_DEFLATED) -> bytes:
    """A zip archive of these members, in this order."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(ZipInfo(name), content, method)
    return buffer.getvalue()


def changed(archive: bytes, offset: int, value: bytes) -> bytes:
    """The archive with other bytes at `offset` of its first directory entry, and of the first local header."""
    found, local = bytearray(archive), {8: 6, 10: 8}  # flags and method stand in both
    start = archive.index(b"PK\x01\x02")
    found[start + offset : start + offset + len(value)] = value
    if offset in local:
        found[local[offset] : local[offset] + len(value)] = value
    return bytes(found)


def overlapping(count: int, size: int) -> bytes:
    """Many members that all are one and the same kernel of compressed zeros."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    kernel = compressor.compress(bytes(size)) + compressor.flush()
    crc = zlib.crc32(bytes(size))
    sizes = struct.pack("<3I", crc, len(kernel), size)
    body = b"PK\x03\x04" + struct.pack("<5H", 20, 0, 8, 0, 33) + sizes + struct.pack("<2H", 1, 0) + b"a" + kernel
    entry = b"PK\x01\x02" + struct.pack("<6H", 20, 20, 0, 8, 0, 33) + sizes + struct.pack("<5H2I", 1, 0, 0, 0, 0, 0, 0)
    directory = (entry + b"a") * count
    end = struct.pack("<4H2IH", 0, 0, min(count, 65535), min(count, 65535), len(directory), len(body), 0)
    return body + directory + b"PK\x05\x06" + end


def nothing(count: int) -> bytes:
    """Very many empty members, said to be few."""
    entry = b"PK\x01\x02" + struct.pack("<6H3I5H2I", 20, 20, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    directory = entry * count
    return (
        b"PK\x03\x04" + bytes(26) + directory + b"PK\x05\x06" + struct.pack("<4H2IH", 0, 0, 1, 1, len(directory), 30, 0)
    )


__all__ = ["ZIP_DEFLATED", "ZIP_STORED", "changed", "nothing", "overlapping", "zipped"]
