"""What is counted of storage commitment, for Prometheus."""

from prometheus_client import CollectorRegistry, Counter

from radnode.model.commitment import REASONS, Reason


class CommitmentMetrics:
    """In multiprocess mode they land in files, whatever the registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Make the metrics in `registry`, by default one of their own."""
        registry = registry or CollectorRegistry()
        self._objects = Counter(
            "radnode_commitment_objects",
            "Objects that were checked because a peer asks for commitment, by what was found",
            ["reason"],
            registry=registry,
        )
        self._reports = Counter(
            "radnode_commitment_reports",
            "Reports to peers that asked for commitment: reported, postponed, given up",
            ["outcome"],
            registry=registry,
        )

    def checked(self, reason: Reason) -> None:
        """Count an object."""
        self._objects.labels(REASONS[reason]).inc()

    def told(self, outcome: str) -> None:
        """Count a report, or what became of it instead."""
        self._reports.labels(outcome).inc()
