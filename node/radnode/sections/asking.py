"""[asking]: what REST asks of peers."""

from pydantic import Field

from radnode.setting_types import Section


class AskingSettings(Section):
    """What applications have this node ask of its peers, by REST."""

    timeout: float = Field(default=20.0, gt=0, le=3600)
    """Seconds for which a silent peer is waited for; beyond it 504."""
    jobs_at_once: int = Field(default=2, ge=1, le=32)
    """Retrievals that run at once; others wait."""
    jobs_kept: int = Field(default=1000, ge=1, le=100000)
    """Retrievals that have ended and are still shown; the oldest are forgotten."""
