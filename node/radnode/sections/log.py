"""[log]: what is written about the node's work."""

from typing import Literal

from radnode.setting_types import Section


class LogSettings(Section):
    """What is written about the node's work, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least severe level that is written."""
    format: Literal["auto", "json", "text"] = "auto"
    """auto is text on a terminal and JSON elsewhere."""
