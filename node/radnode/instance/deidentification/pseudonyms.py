"""Keyed replacements: the same value becomes the same new one for whoever has the key, and nobody else can go back."""

import hmac
from base64 import b32encode
from dataclasses import dataclass, field
from uuid import UUID

from pydicom._uid_dict import UID_dictionary

SECRET_FILE = "deid.secret"  # noqa: S105 - the file's name, not what it holds
_NEAREST, _SPAN = 30, 3650  # days


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """Made of one secret: who guesses it can try out patient IDs and UIDs until one fits."""

    key: bytes = field(repr=False)

    def uid(self, old: str) -> str:
        """The new UID (2.25 and a UUID, PS3.5 B.2); those that the Standard registers are no instances, and stay."""
        if not old or old in UID_dictionary:
            return old
        return f"2.25.{UUID(bytes=self._digest('uid', old)[:16], version=5).int}"

    def patient(self, old: str) -> str:
        """What stands for the patient with that ID."""
        return "ANON" + b32encode(self._digest("patient", old)[:10]).decode("ascii")

    def days(self, patient: str) -> int:
        """How many days earlier everything of this patient happens, by a month to ten years."""
        return _NEAREST + int.from_bytes(self._digest("days", patient)[:8], "big") % _SPAN

    def _digest(self, purpose: str, value: str) -> bytes:
        return hmac.digest(self.key, f"{purpose}\0{value}".encode("utf-8", "surrogateescape"), "sha256")
