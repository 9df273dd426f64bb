"""When a child that died is started again, and when the node gives up."""

from dataclasses import dataclass, replace

FIRST_DELAY = 0.1
LONGEST_DELAY = 5.0
STEADY = 30.0
"""Seconds after which a child counts as having run well."""
ENOUGH = 6
"""Deaths in a row, none of them after a steady run, that end the node."""


@dataclass(frozen=True)
class Backoff:
    """How often in a row a child died young."""

    deaths: int = 0

    def after(self, lived: float) -> "Backoff":
        """The state once it has died, having lived for so many seconds."""
        return replace(self, deaths=1 if lived >= STEADY else self.deaths + 1)

    @property
    def is_hopeless(self) -> bool:
        """Whether starting it again makes no sense."""
        return self.deaths >= ENOUGH

    @property
    def delay(self) -> float:
        """Seconds to wait before it is started again."""
        return min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** max(0, self.deaths - 1))
