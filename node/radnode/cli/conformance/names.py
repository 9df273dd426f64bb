"""UIDs and tags as people call them."""

from pydicom._uid_dict import UID_dictionary


def name_of(uid: str) -> str:
    """The name of a UID in PS3.6; what is retired says so."""
    entry = UID_dictionary.get(uid)
    if entry is None or not entry[0]:
        return "(retired, without a name in PS3.6)"
    name, retired = entry[0], entry[3]
    return f"{name} (retired)" if retired and "retired" not in name.lower() else name


def tag_text(tag: int) -> str:
    """A tag as the Standard writes it."""
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
