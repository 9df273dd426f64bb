"""The errand that asks destinations to commit to what rules with `commit = true` have sent them."""

import threading
import time
from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import structlog

from radnode.archive.archive import Archive
from radnode.dimse.callers import caller_for
from radnode.dimse.scu import CallFailed, commit
from radnode.model.commitment import Reference
from radnode.settings import Peer, Settings
from radnode.work.asked_commitments import AskedCommitments
from radnode.work.sent_on import SentOn, SentOnObjects
from radnode.work.work_file import WorkFile

MOST = 1000
"""Objects in one request."""
PERIOD = 0.5
_UPKEEP = 3600.0
_OVERLAP = 5.0  # seconds by which what is sent now may be written down later than what was sent after it
_DESTINATIONS_AT_ONCE = 4
log = structlog.get_logger()


class CommittingOfSent:
    """One courier alone runs it. Objects are gathered, so that a study is one request and not one for each image."""

    name = "committing"

    def __init__(self, archive: Archive, work: WorkFile, settings: Settings) -> None:
        """Over an archive and a work file that its process has opened."""
        self._archive = archive
        self._sent, self._asked = SentOnObjects(work), AskedCommitments(work)
        self._settings = settings
        self._rules = _rules_by_destination(settings)
        self._since: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._later: dict[str, float] = {}

    def run(self, stop: threading.Event) -> None:
        """Ask until `stop` is set. Raises what is wrong with the archive or the work file."""
        working: dict[str, Future[None]] = {}
        upkeep = 0.0
        with ThreadPoolExecutor(_DESTINATIONS_AT_ONCE, "committing") as pool:
            while self._rules and not stop.is_set():
                if time.monotonic() >= upkeep:
                    self._sent.forget()
                    self._since.clear()  # what a full disk has kept from being written down may be older
                    upkeep = time.monotonic() + _UPKEEP
                for title in [title for title, future in working.items() if future.done()]:
                    working.pop(title).result()
                for title, peer in self._destinations().items():
                    if title not in working and (due := self._due(title)):
                        working[title] = pool.submit(self._ask, peer, due, stop)
                stop.wait(PERIOD)
        stop.wait()

    def _destinations(self) -> Mapping[str, Peer]:
        now = time.monotonic()
        return {
            peer.title: peer
            for peer in self._settings.peers
            if peer.title in self._rules and self._later.get(peer.title, 0.0) <= now
        }

    def _due(self, title: str) -> list[SentOn]:
        """What it is to be asked for now; nothing while more keeps coming."""
        now = time.time()
        found = self._sent.unasked(title, self._rules[title], self._since.get(title, 0.0), MOST)
        self._since[title] = (found[0].changed if found else now) - _OVERLAP
        is_quiet = bool(found) and now - found[-1].changed >= self._settings.commitment.gather
        return found if is_quiet or len(found) == MOST else []

    def _ask(self, peer: Peer, sent: list[SentOn], stop: threading.Event) -> None:
        references = [reference for one in sent if (reference := self._reference(one))]
        own = self._settings.commitment
        if references:
            try:
                caller = caller_for(peer, self._settings, own.timeout)
                outcome = commit(
                    peer, caller, references, self._asked, wait=own.listen, patience=own.give_up_after, stop=stop
                )
            except CallFailed as failed:
                self._postpone(peer.title, str(failed))
                return
            told = "reported" if outcome.results is not None else "open"
            log.info("commitment_asked", peer=peer.title, objects=len(references), result=told)
        self._failures.pop(peer.title, None)
        self._sent.asked(sent)

    def _reference(self, sent: SentOn) -> Reference | None:
        """What the destination has; None where the archive has something else by now, or nothing."""
        held = self._archive.holding(sent.sop_instance)
        if held is None or held.path.name != sent.digest:
            return None
        return Reference(held.sop_class, held.sop_instance)

    def _postpone(self, title: str, why: str) -> None:
        own = self._settings.commitment
        failures = self._failures.get(title, 0)
        seconds = min(own.longest_delay, own.first_delay * 2.0 ** min(failures, 64))
        self._failures[title] = failures + 1
        self._later[title] = time.monotonic() + seconds
        log.warning("commitment_not_asked", peer=title, why=why, seconds=seconds)


def _rules_by_destination(settings: Settings) -> Mapping[str, Collection[str]]:
    found: dict[str, list[str]] = {}
    for rule in settings.rules:
        if rule.commit:
            for title in rule.to:
                found.setdefault(title, []).append(rule.name)
    return found
