"""[transcoding]: what may be spent on objects that a receiver takes in another transfer syntax only."""

from pydantic import Field

from radnode.setting_types import Section


class TranscodingSettings(Section):
    """How many decoders run at once, and how long for one object."""

    processes: int = Field(default=2, ge=1, le=64)
    """Objects at once that take a decoder or encoder, for each DICOM worker; each is a process of its own."""
    timeout: float = Field(default=60.0, gt=0, le=3600)
    """Seconds after which an object is given up."""
