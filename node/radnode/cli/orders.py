"""What the supervisor tells a child over its standard input: one line of JSON, then silence.

The end of the input says that the supervisor is gone. Settings travel this way, not by arguments or environment,
because those can be read by other users.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from radnode.settings import Settings


@dataclass(frozen=True)
class Orders:
    """What a child is to do."""

    kind: str
    """dicom or rest."""
    name: str
    """What it is called in the log."""
    listening: int
    """Descriptor of the listening socket."""
    ready: int
    """Descriptor to write one byte to when it serves."""
    settings: Settings

    def encode(self) -> bytes:
        """One line."""
        tree = {name: getattr(self, name) for name in ("kind", "name", "listening", "ready")}
        return json.dumps(tree | {"settings": self.settings.model_dump()}, default=_plain).encode() + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> "Orders":
        """The orders in a line of `encode`."""
        tree = json.loads(line)
        return cls(**tree | {"settings": Settings.model_validate(tree["settings"])})


def _plain(value: object) -> str:
    match value:
        case SecretStr():
            return value.get_secret_value()
        case Path():
            return str(value)
        case _:
            raise TypeError(type(value).__name__)
