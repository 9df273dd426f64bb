"""What Prometheus is told of the REST sidecar, beside the two names that the guide gives."""

import os

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

UPLOADS = Counter("dicom_uploads_total", "Total DICOM uploads")
"""Files that came through one of the uploads and were kept."""
PARSE_DURATION = Histogram("dicom_parse_duration_seconds", "DICOM parse time")
"""Reading the metadata of one file, in seconds."""
PICTURES = Counter("radnode_pictures_total", "Pictures and thumbnails answered", ("source",))
"""By where they came from: `known` to the client (304), `kept` on the disk, or `made` now."""
SPOOLED = Gauge(
    "radnode_uploads_spooled_bytes", "Uploads on the disk until they are stored", multiprocess_mode="livesum"
)
UPLOAD_JOBS = Gauge("radnode_upload_jobs", "Upload jobs that have not ended", multiprocess_mode="livesum")
"""Both are looked at when they are asked for."""
REQUESTS = Counter("radnode_http_requests_total", "Requests answered", ("method", "route", "status"))
REQUEST_DURATION = Histogram("radnode_http_request_duration_seconds", "Time to answer", ("method", "route"))

_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE", "OPTIONS", "PUT", "PATCH"})


def observe_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one request; `route` is a template, and a method that is none is "other": labels must not grow."""
    name = method if method in _METHODS else "other"
    REQUESTS.labels(name, route, str(status)).inc()
    REQUEST_DURATION.labels(name, route).observe(seconds)


def exposition() -> bytes:
    """All metrics of the node in Prometheus' text format; of all its processes where they share a folder. Blocks."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
