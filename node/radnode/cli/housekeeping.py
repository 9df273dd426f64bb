"""The housekeeper's process: it sweeps up after processes that died."""

import os
import select
import threading
from itertools import count

import structlog

from radnode.archive.archive import Archive
from radnode.archive.layout import Layout
from radnode.archive.picture_sweeping import sweep_pictures
from radnode.archive.roles import Role, hold
from radnode.cli.worker import Post
from radnode.model.errors import Occupied, RadnodeError
from radnode.settings import Settings
from radnode.work.work_file import WorkFile
from radnode.work.worklist_ageing import forget_old

log = structlog.get_logger()

PERIOD = 300.0
"""Seconds between rounds that nobody asked for."""


def keep_house(due: int, settings: Settings, post: Post, stop: threading.Event) -> None:
    """A round now and then, and whenever something is written to the eventfd `due`, until `stop` is set."""

    def wake() -> None:
        stop.wait()
        os.eventfd_write(due, 1)

    threading.Thread(target=wake, name="stop", daemon=True).start()
    post.say_ready()
    for turn in count():
        if select.select([due], [], [], PERIOD)[0]:
            os.eventfd_read(due)
        if stop.is_set():
            return
        sweep(settings, turn)


def sweep(settings: Settings, turn: int) -> None:
    """Finish or remove what dead processes had begun, unless another process is at it.

    What is over in the worklist is forgotten; pictures of objects that are gone are removed, in each `turn` some.
    """
    root, kept = settings.archive.root, settings.render
    try:
        with hold(root, Role.HOUSEKEEPING, patience=0):
            archive = Archive.open(root)
            try:
                archive.recover()
                sweep_pictures(archive, turn, limit=kept.cache_size, reserve=kept.cache_reserve)
            finally:
                archive.close()
            with WorkFile.open(Layout(root).work) as work:
                forget_old(work, settings.worklist.remember)
    except Occupied:
        log.debug("housekeeping_is_done_by_another_process")
    except RadnodeError as error:
        log.warning("housekeeping_failed", why=str(error))
