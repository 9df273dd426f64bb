"""What the DICOM side counts, for Prometheus."""

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60)


class DimseMetrics:
    """Counters of associations and operations; in multiprocess mode they land in files, whatever the registry."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Make the metrics in `registry`, by default one of their own, so that several servers fit into a process."""
        registry = registry or CollectorRegistry()
        self.operations = Counter(
            "radnode_dimse_operations", "DIMSE operations answered", ["service", "status"], registry=registry
        )
        self.duration = Histogram(
            "radnode_dimse_operation_duration_seconds",
            "Time from the request to its last response",
            ["service"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.received = Counter("radnode_dimse_received_bytes", "Bytes of data sets received", registry=registry)
        self.associations = Gauge(
            "radnode_associations", "Associations in progress", multiprocess_mode="livesum", registry=registry
        )
        self.ended = Counter(
            "radnode_associations_ended",
            "Connections, by how they ended; unused ones closed before they sent anything",
            ["how"],
            registry=registry,
        )
        self.rejected = Counter(
            "radnode_associations_rejected", "Associations rejected, by reason", ["reason"], registry=registry
        )
        self.contexts_rejected = Counter(
            "radnode_contexts_rejected", "Presentation contexts rejected, by reason", ["reason"], registry=registry
        )
        # What labels() finds is kept (services and statuses are few): looking it up costs more than counting.
        self._answered = cache(self.operations.labels)
        self._took = cache(self.duration.labels)

    def count(self, service: str, status: str, seconds: float) -> None:
        """Count an operation that was answered with `status` (four hexadecimal digits)."""
        self._answered(service, status).inc()
        self._took(service).observe(seconds)
