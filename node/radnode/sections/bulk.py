"""[bulk]: several files in one upload, and uploads that are stored later."""

from pydantic import Field

from radnode.setting_types import Section


class BulkSettings(Section):
    """Uploads of several files, zip archives among them, at once or as jobs."""

    max_files: int = Field(default=10000, ge=1, le=100000)
    """Files in one upload, those in its zip archives counted; beyond it 413, or an error for the archive."""
    max_total_size: int = Field(default=4294967296, ge=1)
    """Bytes of one upload as it is sent, and again as its zip archives become; beyond it 413, or an error for one."""
    max_ratio: int = Field(default=200, ge=1, le=2000)
    """Bytes that a zip archive may become for each of its own, once they are more than 100 MB."""
    max_spooled: int = Field(default=21474836480, ge=1)
    """Bytes of uploads that may lie on the disk at once until they are stored; beyond it 507."""
    max_queued: int = Field(default=100, ge=1, le=10000)
    """Uploads that may wait as jobs; beyond it 507."""
    jobs_at_once: int = Field(default=2, ge=1, le=32)
    """Uploads that are stored as jobs at once; others wait."""
    jobs_kept: int = Field(default=1000, ge=1, le=10000)
    """Upload jobs that have ended and are still shown, with a line for each file; the oldest are forgotten."""
