"""Retrievals from peers as jobs."""

import time

from radnode.archive.archive import Archive
from radnode.dimse.callers import caller_for
from radnode.dimse.scu import CallFailed, Progress, Stopping, fetch
from radnode.model.level import Level
from radnode.model.route import Door, Sender
from radnode.settings import Peer, Settings
from radnode.work.jobs import Counts, Job, Jobs, JobState, Wanted
from radnode.work.routed import RoutedArchive
from radnode.work.routing import Router
from radnode_http.job_running import JobRunner, Noting


def keys_of(wanted: Wanted) -> tuple[Level, dict[str, str]]:
    """The level and the unique keys of what is wanted (PS3.4 C.4.3.1.3.1)."""
    keys = {
        "StudyInstanceUID": wanted.study,
        "SeriesInstanceUID": wanted.series,
        "SOPInstanceUID": wanted.sop_instance,
    }
    given = {keyword: value for keyword, value in keys.items() if value}
    return Level(len(given)), given


def outcome_of(last: Progress) -> tuple[JobState, str]:
    """What a retrieval has come to, and why it failed."""
    if last.status == 0xFE00:
        return JobState.CANCELLED, ""
    if last.failed:
        return JobState.FAILED, f"The peer answered {last.status:04X}: {last.failed} objects were not transferred"
    if last.status not in (0, 0xB000):
        return JobState.FAILED, f"The peer answered {last.status:04X}"
    if last.is_counted and not last.completed + last.warning:
        return JobState.FAILED, "The peer has nothing of that"
    return JobState.DONE, ""


class Retrieving(JobRunner):
    """Runs retrievals; only one process may."""

    def __init__(self, jobs: Jobs, archive: Archive, router: Router, settings: Settings) -> None:
        super().__init__(jobs, self._retrieve, settings.asking.jobs_at_once)
        self._archive = archive
        self._router = router
        self._settings = settings

    def add(self, peer: Peer, wanted: Wanted) -> Job:
        """Queue a retrieval. Raises OutOfResources."""
        job = self.jobs.add(peer.title, wanted, time.time())
        self.wake()
        return job

    def _retrieve(self, job: Job, stopping: Stopping, noting: Noting) -> tuple[JobState, str]:
        peer = next((peer for peer in self._settings.peers if peer.title == job.peer), None)
        if peer is None:
            return JobState.FAILED, f"{job.peer} is no peer any more"
        last = Progress(0, 0, 0, 0, 0)
        try:
            caller = caller_for(peer, self._settings, self._settings.asking.timeout, stopping)
            for last in fetch(peer, caller, *keys_of(job.wanted), self._place(peer)):
                noting.take(Counts(last.remaining, last.completed, last.failed, last.warning))
        except CallFailed as error:
            return JobState.FAILED, error.words
        return outcome_of(last)

    def _place(self, peer: Peer) -> RoutedArchive:
        """Where objects go that come by C-GET: those that come by C-MOVE use the node's own door."""
        sender = Sender(Door.CALLER, peer.title)
        return RoutedArchive(self._archive, self._router, sender, limit=self._settings.dicom.max_object_size)
