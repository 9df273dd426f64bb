"""What idle associations cost: so many are opened and nothing is said any more."""

import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.processes import cpu_seconds
from benchmarks.programs import free_port
from benchmarks.servers import RADNODE, Site
from benchmarks.serving import CALLER, serve

from radnode.dimse.contexts import VERIFICATION
from radnode.dimse.scu.calling import IMPLICIT, calling

ASSOCIATIONS, WATCHED = 200, 20.0


def idle_share(work: Path) -> float:
    """Percent of a core that radnode uses for 200 idle associations, over 20 s."""
    with ExitStack() as stack:
        running = stack.enter_context(serve(RADNODE, Site(work / "idle", free_port()), no_delay=True))
        for _ in range(ASSOCIATIONS):
            stack.enter_context(calling(running.peer, CALLER, [(VERIFICATION, (IMPLICIT,))]))
        running.rest()
        before, began = cpu_seconds(running.pid), time.monotonic()
        time.sleep(WATCHED)
        return (cpu_seconds(running.pid) - before) / (time.monotonic() - began) * 100
