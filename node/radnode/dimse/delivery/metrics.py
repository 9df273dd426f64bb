"""What the courier counts of the send queue, for Prometheus."""

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from radnode.dimse.delivery.verdict import Verdict
from radnode.work.queue_view import Standing

STATES = ("waiting", "sending", "dead")


class DeliveryMetrics:
    """In multiprocess mode they land in files, whatever the registry; destinations are peers, so labels are few."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Make the metrics in `registry`, by default one of their own."""
        registry = registry or CollectorRegistry()
        self.tries = Counter(
            "radnode_queue_tries",
            "Tries to send an object, by what came of it",
            ["destination", "outcome"],
            registry=registry,
        )
        self.items = Gauge(
            "radnode_queue_items",
            "Objects in the send queue",
            ["destination", "state"],
            multiprocess_mode="livesum",
            registry=registry,
        )
        self.oldest = Gauge(
            "radnode_queue_oldest_seconds",
            "Age of the oldest object that is not sent",
            ["destination"],
            multiprocess_mode="livemax",
            registry=registry,
        )
        self._seen: set[str] = set()

    def tried(self, destination: str, verdict: Verdict) -> None:
        """Count one try."""
        self.tries.labels(destination, verdict.value).inc()

    def stand(self, found: Iterable[Standing], now: float) -> None:
        """How it stands now with each destination; one that is not named any more has nothing."""
        current = {one.destination: one for one in found}
        self._seen |= current.keys()
        for title in self._seen:
            one = current.get(title)
            for state in STATES:
                self.items.labels(title, state).set(getattr(one, state) if one else 0)
            self.oldest.labels(title).set(max(0.0, now - one.oldest) if one and one.oldest is not None else 0)
