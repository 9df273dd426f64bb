"""A picture as a file: a digest of the rest, a line of JSON that says how it was made, then the picture's bytes."""

import json
from dataclasses import asdict
from hashlib import sha256

from radnode.instance.pictures.picture import Facts, Picture

_DIGEST = sha256().digest_size * 2


def encode_entry(key: str, picture: Picture) -> bytes:
    """The file of the picture with this key."""
    told = json.dumps({"key": key, "facts": asdict(picture.facts)}).encode()
    rest = b"".join((b"\n", told, b"\n", picture.data))
    return sha256(rest).hexdigest().encode() + rest


def decode_entry(key: str, entry: bytes) -> Picture | None:
    """The picture; None where the file is cut off, damaged, another key's, or of another radnode."""
    rest = memoryview(entry)[_DIGEST:]
    if sha256(rest).hexdigest().encode() != entry[:_DIGEST]:
        return None
    end = entry.find(b"\n", _DIGEST + 1)
    try:
        told = json.loads(entry[_DIGEST:end])
        return Picture(entry[end + 1 :], Facts(**told["facts"])) if told["key"] == key else None
    except (ValueError, KeyError, TypeError):
        return None
