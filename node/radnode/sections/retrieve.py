"""What retrievals (C-GET, C-MOVE) are held to."""

from pydantic import Field

from radnode.setting_types import Section


class RetrieveSettings(Section):
    """What retrievals (C-GET, C-MOVE) are held to."""

    max_instances: int = Field(default=0, ge=0)
    """Most instances that one C-GET or C-MOVE may ask for; beyond it A702; 0 is no limit."""
    timeout: int = Field(default=60, ge=1, le=3600)
    """Seconds of silence after which the destination of a C-MOVE is given up."""
