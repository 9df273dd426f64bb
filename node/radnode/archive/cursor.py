"""Where a page of a listing ends, as a word that the caller gives back: opaque, checked, valid whatever arrives."""

import base64
import binascii
import json
from dataclasses import dataclass

from radnode.model.errors import InvalidQuery, NotFound
from radnode.model.file_path import FilePath, parse_file_path

_LONGEST = 1024
_LAST_SECOND = 2**40


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last file of a page: the second of its arrival (since the epoch) and its path."""

    second: int
    path: FilePath

    def encode(self) -> str:
        """As text that may stand in a URL."""
        return base64.urlsafe_b64encode(json.dumps([self.second, str(self.path)]).encode()).decode().rstrip("=")


def decode_cursor(text: str) -> Cursor:
    """The cursor that `text` is. Raises InvalidQuery for any other text."""
    try:
        if len(text) > _LONGEST:
            raise ValueError
        second, path = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True))
        if not isinstance(second, int) or not isinstance(path, str) or not 0 <= second < _LAST_SECOND:
            raise ValueError
        return Cursor(second, parse_file_path(path))
    except (ValueError, TypeError, RecursionError, NotFound, binascii.Error):
        raise InvalidQuery("cursor is none that this node gave") from None
