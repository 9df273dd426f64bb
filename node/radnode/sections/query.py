"""How queries are matched where the Standard leaves a choice (PS3.4 C.2.2.2 and C.5.1.1)."""

from typing import Literal

from pydantic import Field

from radnode.setting_types import Section

When = Literal["negotiated", "always"]


class QuerySettings(Section):
    """C-FIND: what is on when it was negotiated, or always."""

    relational: When = "negotiated"
    """When keys of levels below the query's match (a study by its series' modality); without it they do not count."""
    combined_date_time: When = "negotiated"
    """When ranges of a date and of its time are one range of moments."""
    empty_values: When = "negotiated"
    """When a key of two quotation marks finds what has no value."""
    multiple_values: When = "negotiated"
    """When all of a key's values must be there (CT\\PT: both); without it one is enough."""
    fuzzy: bool = False
    """Whether callers may negotiate that names match by the beginnings of their words, in whatever order."""
    max_matches: int = Field(default=0, ge=0)
    """Matches that one query is answered with; 0 is no limit; when there are more, the last status is A700."""
