"""[render]: the pictures that are shown of images, and how long they are kept."""

from pydantic import Field, field_validator

from radnode.setting_types import Section

LEAST_MEMORY = 256 * 2**20
"""Bytes; the libraries alone take a third of it."""


class RenderSettings(Section):
    """Pictures that were made of images, kept beside them and by clients."""

    cache_size: int = Field(default=2**30, ge=0, le=2**50)
    """Bytes of made pictures that are kept in .radnode/pictures, the least recently used go first; 0 keeps none."""
    cache_reserve: int = Field(default=2**30, ge=0, le=2**50)
    """Bytes of the disk that stay free for images; with less than that no pictures are kept."""
    max_age: int = Field(default=3600, ge=0, le=31536000)
    """Seconds for which clients may show a picture again without asking (Cache-Control)."""
    worker_memory: int = Field(default=0, ge=0, le=2**50)
    """Bytes that a process may take for making a picture, 0 or 256 MiB at least; 0 is a share of half the machine's."""

    @field_validator("worker_memory")
    @classmethod
    def _enough(cls, value: int) -> int:
        if 0 < value < LEAST_MEMORY:
            raise ValueError("must be 0 or 268435456 at least")
        return value
