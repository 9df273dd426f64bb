"""[worklist]: what modalities see of what is scheduled."""

from typing import Literal

from pydantic import Field

from radnode.setting_types import Location, Section

Hide = Literal["never", "ended", "started"]


class WorklistSettings(Section):
    """The worklist that modalities ask for, and what becomes of what was performed."""

    folder: Location | None = None
    """Folder of worklist files (*.wl, as Orthanc and DCMTK have them), part of the worklist while they are there."""
    hide: Hide = "ended"
    """Which scheduled steps modalities see no more: those that ended (completed or discontinued), or that started."""
    remember: int = Field(default=365, ge=0, le=36500)
    """Days after which entries that are over and reports of modalities are forgotten; 0 is never."""
