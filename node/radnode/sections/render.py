"""[render]: the pictures that are shown of images, and how long they are kept."""

from pydantic import Field

from radnode.setting_types import Section


class RenderSettings(Section):
    """Pictures that were made of images, kept beside them and by clients."""

    cache_size: int = Field(default=2**30, ge=0, le=2**50)
    """Bytes of made pictures that are kept in .radnode/pictures, the least recently used go first; 0 keeps none."""
    cache_reserve: int = Field(default=2**30, ge=0, le=2**50)
    """Bytes of the disk that stay free for images; with less than that no pictures are kept."""
    max_age: int = Field(default=3600, ge=0, le=31536000)
    """Seconds for which clients may show a picture again without asking (Cache-Control)."""
