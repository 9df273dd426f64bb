"""The send queue in plain values, as the command line and the REST API tell it."""

from collections.abc import Mapping

from radnode.model.instant import utc_text
from radnode.work.queue import Item, State
from radnode.work.queue_view import Standing

Row = Mapping[str, str | int | None]


def destination_row(one: Standing, now: float) -> Row:
    """How it stands with a destination; ages in whole seconds, times in UTC."""
    return {
        "destination": one.destination,
        "waiting": one.waiting,
        "sending": one.sending,
        "dead": one.dead,
        "oldest_seconds": None if one.oldest is None else max(0, round(now - one.oldest)),
        "tries": one.tries,
        "next_try": None if one.next_try is None else utc_text(one.next_try),
        "error": one.error,
    }


def item_row(one: Item) -> Row:
    """An item; times in UTC."""
    return {
        "id": one.id,
        "destination": one.destination,
        "state": one.state.value,
        "tries": one.attempts,
        "queued": utc_text(one.enqueued),
        "next_try": utc_text(one.due) if one.state is State.WAITING else None,
        "rule": one.rule,
        "sop_instance_uid": one.sop_instance,
        "file_path": str(one.path),
        "error": one.error,
    }
