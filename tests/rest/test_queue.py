"""The send queue over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from support.instances import STUDY, encode_part10, make_instance
from support.rest import Rest, as_bearer, checked, make_token, open_archive, rest_settings, serving

from radnode.settings import Peer
from radnode.work.queue import Queue, State
from radnode.work.queue_view import Selection, items
from radnode.work.work_file import WorkFile
from radnode_http.answers.queue import DroppedAnswer, QueueAnswer, QueuedAnswer, ReplayedAnswer

QUEUE = "/api/dicom/queue"
PEERS = (Peer(title="PACS", host="10.0.0.1", port=104), Peer(title="NET", host="10.0.0.0/8", port=104))


@pytest.fixture
async def queueing(tmp_path: Path) -> AsyncIterator[tuple[Rest, WorkFile]]:
    async with with_rules(tmp_path, []) as found:
        yield found


@asynccontextmanager
async def with_rules(root: Path, rules: list[dict[str, Any]]) -> AsyncIterator[tuple[Rest, WorkFile]]:
    """A server whose settings know two peers and these rules."""
    async with open_archive(root) as archive:
        work = await asyncio.to_thread(WorkFile.open, archive.layout.work)
        settings = rest_settings(root)
        tree = {**{name: getattr(settings, name) for name in type(settings).model_fields}, "peers": PEERS}
        async with serving(archive, type(settings).model_validate({**tree, "rules": rules}), work=work) as rest:
            yield rest, work
        await asyncio.to_thread(work.close)


def instance(number: int) -> bytes:
    return encode_part10(make_instance(SOPInstanceUID=f"1.2.3.{number}"))


async def kill(work: WorkFile, error: str) -> None:
    """Everything that waits is dead now."""

    def settle() -> None:
        queue = Queue(work)
        for item in queue.claim("PACS", 2e9, 100):
            queue.settle(item, State.DEAD, 2e9, error=error)

    await asyncio.to_thread(settle)


async def shown(rest: Rest, **parameters: Any) -> QueueAnswer:
    async with rest.session.get(QUEUE, params=parameters) as answer:
        return await checked(answer, QueueAnswer)


async def test_an_upload_is_queued_by_its_rule_before_it_is_answered(tmp_path: Path) -> None:
    rules = [{"name": "uploads", "from": "REST", "to": "PACS"}, {"name": "scanner", "from": "CT*", "to": "PACS"}]
    async with with_rules(tmp_path, rules) as (rest, _):
        path = await rest.stored(instance(1))
        assert path == await rest.stored(instance(1))
        found = await shown(rest, state="waiting")
    assert [(one.destination, one.waiting, one.dead) for one in found.destinations] == [("PACS", 1, 0)]
    assert [(one.rule, one.file_path, one.state) for one in found.items] == [("uploads", path, "waiting")]


async def test_stored_objects_are_sent_by_hand_and_dead_ones_again(queueing: tuple[Rest, WorkFile]) -> None:
    rest, work = queueing
    for number in range(3):
        await rest.stored(instance(number))
    async with rest.session.post(QUEUE, json={"destination": "PACS", "study_uid": STUDY}) as answer:
        assert (await checked(answer, QueuedAnswer)).queued == 3
    assert (await shown(rest)).items == ()
    await kill(work, "C000 the destination cannot understand it")
    first = await shown(rest, limit=2)
    rest_of_it = await shown(rest, after=first.next)
    assert ([len(page.items) for page in (first, rest_of_it)], rest_of_it.next) == ([2, 1], None)
    assert [(one.waiting, one.dead, one.oldest_seconds) for one in first.destinations] == [(0, 3, None)]
    async with rest.session.post(f"{QUEUE}/replay", json={"id": first.items[0].id}) as answer:
        assert (await checked(answer, ReplayedAnswer)).replayed == 1
    async with rest.session.delete(QUEUE, params={"destination": "PACS"}, headers=admin()) as answer:
        assert (await checked(answer, DroppedAnswer)).dropped == 2
    left = await asyncio.to_thread(items, work, Selection(), 10)
    assert [(one.state, one.attempts, one.error) for one in left] == [(State.WAITING, 0, "")]


def admin() -> dict[str, str]:
    return as_bearer(make_token("dicom:admin"))


async def test_what_is_asked_wrongly_is_refused_with_its_name(queueing: tuple[Rest, WorkFile]) -> None:
    rest, _ = queueing
    wrong: list[tuple[str, str, int, str, dict[str, Any]]] = [
        ("POST", QUEUE, 400, "Field destination is required", {"json": {"study_uid": "1.2"}}),
        ("POST", QUEUE, 400, "title of a peer", {"json": {"destination": "NOBODY", "study_uid": "1.2"}}),
        ("POST", QUEUE, 400, "title of a peer", {"json": {"destination": "NET", "study_uid": "1.2"}}),
        ("POST", QUEUE, 400, "One of the fields", {"json": {"destination": "PACS"}}),
        ("POST", QUEUE, 400, "Field study_uid must be a UID", {"json": {"destination": "PACS", "study_uid": "1.*"}}),
        ("POST", QUEUE, 404, "DICOM file not found", {"json": {"destination": "PACS", "study_uid": "1.2"}}),
        ("POST", f"{QUEUE}/replay", 400, "One of id,", {"json": {}}),
        ("POST", f"{QUEUE}/replay", 400, "Field id must be", {"json": {"id": "x"}}),
        ("POST", f"{QUEUE}/replay", 400, "Invalid JSON body", {"data": b"{"}),
        ("DELETE", QUEUE, 400, "One of id,", {"headers": admin()}),
        ("DELETE", QUEUE, 400, "Parameter state must be", {"params": {"state": "gone"}, "headers": admin()}),
        ("DELETE", QUEUE, 403, "dicom:admin", {"params": {"destination": "PACS"}}),
        ("GET", QUEUE, 400, "Unknown parameter colour", {"params": {"colour": "red"}}),
        ("PUT", QUEUE, 405, "Method Not Allowed", {}),
    ]
    for method, url, status, why, options in wrong:
        assert why in await rest.refused(method, url, status, **options)
