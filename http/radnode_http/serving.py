"""The event loop that serves the application on a given socket, with limits for peers that are slow, large or odd."""

import asyncio
import logging
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from aiohttp import web

THREADS = 16
"""For blocking work: each holds one connection to the index."""
GRACE = 20.0
"""Seconds that requests in flight have for their answers when the node stops."""
BACKLOG = 1024


class WireLogger(logging.Logger):
    """Where aiohttp complains of what never became a request: one line, and nothing of what the peer sent."""

    def __init__(self) -> None:
        super().__init__("radnode_http.wire", logging.ERROR)

    def exception(self, msg: object, *args: object, exc_info: Any = True, **kwargs: Any) -> None:  # noqa: ANN401, ARG002 - logging's face
        """One event for a refused or broken connection, with the kind of the error alone."""
        structlog.get_logger().warning("connection_refused", error=type(exc_info).__name__)


def server_options() -> dict[str, Any]:
    """Keyword arguments for aiohttp's runner.

    keepalive_timeout also ends connections whose request line and headers do not come; bodies are never inflated;
    a finished answer waits lingering_time for the rest of a body that nobody wants, so that the client can read it.
    A client that goes away does not cancel its handler: what was begun in a thread is seen to its end.
    """
    return {
        "access_log": None,
        "logger": WireLogger(),
        "keepalive_timeout": 30.0,
        "lingering_time": 15.0,
        "auto_decompress": False,
        "max_line_size": 16384,
        "max_field_size": 16384,
        "max_headers": 100,
        "handler_cancellation": False,
    }


def serve_app(
    app: web.Application, listening: socket.socket, stop: threading.Event, ready: Callable[[], object]
) -> None:
    """Serve on the bound socket until `stop` is set and requests in flight are answered; `ready` is called once."""
    asyncio.run(_serve(app, listening, stop, ready))


async def _serve(
    app: web.Application, listening: socket.socket, stop: threading.Event, ready: Callable[[], object]
) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(THREADS, "rest"))
    stopped = asyncio.Event()
    threading.Thread(target=_pass_on, args=(stop, loop, stopped), name="stop", daemon=True).start()
    runner = web.AppRunner(app, shutdown_timeout=GRACE, **server_options())
    try:
        await runner.setup()
        await web.SockSite(runner, listening, backlog=BACKLOG).start()
        ready()
        await stopped.wait()
    finally:
        await runner.cleanup()


def _pass_on(stop: threading.Event, loop: asyncio.AbstractEventLoop, stopped: asyncio.Event) -> None:
    """From a thread's event to the loop's, without taking one of the threads that work."""
    stop.wait()
    if not loop.is_closed():
        loop.call_soon_threadsafe(stopped.set)
