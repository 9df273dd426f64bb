"""[commitment]: what is promised to peers about stored objects, and how they hear of it."""

from pydantic import Field

from radnode.setting_types import Section


class CommitmentSettings(Section):
    """Storage commitment (PS3.4 Annex J): as provider, and as user of others."""

    max_objects: int = Field(default=100000, ge=1, le=1000000)
    """Objects in one request or report; beyond it 0213 (resource limitation)."""
    same_association: float = Field(default=1.0, ge=0, le=3600)
    """Seconds in which a result is still reported on the association that asked, before one of our own is begun."""
    timeout: float = Field(default=30.0, gt=0, le=3600)
    """Seconds for which a silent peer is waited for when a report is brought to it."""
    first_delay: float = Field(default=5.0, gt=0, le=3600)
    """Seconds until the second try to report; each further one waits twice as long, up to longest_delay."""
    longest_delay: float = Field(default=3600.0, gt=0, le=86400)
    """Seconds between tries at the most."""
    give_up_after: float = Field(default=259200.0, gt=0, le=31536000)
    """Seconds after which a report is given up, ours and one that we wait for; the default is three days."""
    gather: float = Field(default=10.0, ge=0, le=86400)
    """Seconds for which objects sent on are gathered, before their destination is asked to commit to all of them."""
    listen: float = Field(default=10.0, ge=0, le=3600)
    """Seconds for which the association is kept that has asked a destination; its report may come later as well."""
