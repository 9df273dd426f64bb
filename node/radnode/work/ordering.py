"""Sending on by hand: what is stored is queued for somebody, whatever the rules say."""

import time
from itertools import islice

from radnode.archive.archive import Archive
from radnode.model.attributes import UNIQUE_KEY
from radnode.model.level import Level
from radnode.model.query import Query, SingleValue
from radnode.model.uid import UID
from radnode.work.queue import Order, Queue
from radnode.work.work_file import WorkFile

_AT_ONCE = 500  # objects that are queued in one transaction


def order(archive: Archive, work: WorkFile, destination: str, level: Level, uid: UID) -> int:
    """Queue the objects of a study, of a series, or one, also those that were sent before; how many there are.

    Raises OutOfResources; what was queued until then is sent.
    """
    queue, count = Queue(work), 0
    holdings = iter(archive.retrieve(Query(level, ((UNIQUE_KEY[level], SingleValue(uid)),), ())))
    while some := [Order(one.path, one.sop_instance, destination) for one in islice(holdings, _AT_ONCE)]:
        queue.enqueue(some, time.time(), again=True)
        count += len(some)
    return count
