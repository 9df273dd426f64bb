"""[queue]: how what is to be sent on is sent."""

from pydantic import Field

from radnode.setting_types import Section


class QueueSettings(Section):
    """What is sent on by rules or by hand: how eagerly, how patiently, and for how long it is remembered."""

    associations: int = Field(default=1, ge=1, le=16)
    """Associations at once to each destination."""
    timeout: float = Field(default=60.0, gt=0, le=3600)
    """Seconds for which a silent destination is waited for."""
    first_delay: float = Field(default=1.0, gt=0, le=3600)
    """Seconds until the second try; each further one waits twice as long, up to longest_delay."""
    longest_delay: float = Field(default=600.0, gt=0, le=86400)
    """Seconds between tries at the most."""
    give_up_after: float = Field(default=259200.0, gt=0, le=31536000)
    """Seconds after which an object that could not be sent becomes a dead letter; the default is three days."""
    remember: float = Field(default=604800.0, gt=0, le=31536000)
    """Seconds for which it is known that an object was sent, so that the same one is not sent again; a week."""
