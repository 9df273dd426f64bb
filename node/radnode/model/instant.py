"""Moments as people and programs read them."""

from datetime import UTC, datetime


def utc_text(seconds: float) -> str:
    """Seconds since the epoch in UTC, to the second, with no zone: 2025-11-06T10:30:00."""
    return datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None).isoformat(timespec="seconds")
