"""How identifiers appear in logs: recognisable again, but never readable."""

from hashlib import sha256


def redact(identifier: str) -> str:
    """A short one-way name for a UID or patient identifier, the same for the same text."""
    return sha256(identifier.encode("utf-8", "replace")).hexdigest()[:12]
