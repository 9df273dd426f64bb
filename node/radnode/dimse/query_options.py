"""Which options of C-FIND callers can have (PS3.4 C.5.1.1), and which are on for one of them."""

from radnode.dimse.extended import QueryOptions
from radnode.sections.query import QuerySettings


def options_offered(settings: QuerySettings) -> QueryOptions:
    """What callers may negotiate for C-FIND, and then get (C.5.1.1).

    Not the timezone query adjustment: the index does not know how far from UTC the dates and times of an object are,
    and so only adjusts DT values, which can say so themselves.
    """
    return QueryOptions(relational=True, date_time=True, fuzzy=settings.fuzzy, empty_value=True, multiple_value=True)


def options_in_force(settings: QuerySettings, negotiated: QueryOptions) -> QueryOptions:
    """What was negotiated, and what is always on."""
    return QueryOptions(
        relational=negotiated.relational or settings.relational == "always",
        date_time=negotiated.date_time or settings.combined_date_time == "always",
        fuzzy=negotiated.fuzzy and settings.fuzzy,
        empty_value=negotiated.empty_value or settings.empty_values == "always",
        multiple_value=negotiated.multiple_value or settings.multiple_values == "always",
    )
