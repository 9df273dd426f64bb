"""Who has asked for associations: one entry for each title and address, merged and bounded."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from radnode.dimse.access import neighbourhood

MOST = 400
MOST_IN_NETWORK = 40  # from one address (IPv6: from one /64 network), so that nobody fills the record alone


def _is_address(text: str) -> str:
    ip_address(text)
    return text


Words = Annotated[str, StringConstraints(max_length=64, pattern=r"^[ -~]*$")]
Address = Annotated[str, AfterValidator(_is_address)]
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Requestor:
    """One who asked, as `calling` from `address`, for `called`; titles as they came, which need not be proper ones.

    `asked` are the services behind its presentation contexts ("other" for what is none of ours), `used` those that it
    was served, `reason` why it was rejected the last time.
    """

    calling: Words
    address: Address
    called: Words
    first: datetime
    last: datetime
    associations: int = 0
    rejections: int = 0
    asked: frozenset[Words] = frozenset()
    used: frozenset[Words] = frozenset()
    reason: Words = ""

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.calling, self.address, self.called

    def joined(self, newer: "Requestor") -> "Requestor":
        """One entry for this one and what was seen of it later."""
        return Requestor(
            *self.key,
            first=min(self.first, newer.first),
            last=max(self.last, newer.last),
            associations=self.associations + newer.associations,
            rejections=self.rejections + newer.rejections,
            asked=self.asked | newer.asked,
            used=self.used | newer.used,
            reason=newer.reason or self.reason,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """All that is remembered, and how often there was no room for somebody."""

    requestors: tuple[Requestor, ...] = ()
    dropped: int = 0


def merged(record: Record, newer: Iterable[Requestor], dropped: int = 0) -> Record:
    """The record with what is new, no larger than it may be.

    Who was accepted stays, the longest known first, so that later ones cannot push out earlier ones; of those that were
    only rejected the last ones stay, because they are who somebody is looking for.
    """
    found = {one.key: one for one in record.requestors}
    for one in newer:
        known = found.get(one.key)
        found[one.key] = known.joined(one) if known else one
    accepted = sorted((one for one in found.values() if one.associations), key=lambda one: one.first)
    rejected = sorted((one for one in found.values() if not one.associations), key=lambda one: one.last, reverse=True)
    kept: list[Requestor] = []
    share: Counter[str] = Counter()
    for one in (*accepted, *rejected):
        network = neighbourhood(one.address)
        if len(kept) < MOST and share[network] < MOST_IN_NETWORK:
            share[network] += 1
            kept.append(one)
    return Record(tuple(kept), record.dropped + dropped + len(found) - len(kept))
