"""A light HTTP client, a process of its own: connections that stay open, each asks again once it has its answer.

It takes an Errand as JSON from standard input and prints Answers as JSON. Nothing but the standard library, and plain
sockets: what it needs of the processor, which it tells, is lost to the server where there are few cores.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

_BUFFER = 1 << 20
_SECONDS = 300.0
_TOLD = 200  # bytes of a refusal


@dataclass(frozen=True)
class Errand:
    """Paths to GET, in this order, at a port of loopback, over so many connections at once."""

    port: int
    paths: list[str]
    clients: int = 1
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answers:
    """Seconds and bytes of each answer, in the order in which they were complete; seconds of all; the client's CPU.

    `problem` is what the first answer said that was no 200; then the numbers mean nothing.
    """

    latencies: list[float]
    sizes: list[int]
    seconds: float
    cpu: float
    problem: str = ""


class _Connection:
    """One that is kept: HTTP/1.1, answers with a Content-Length."""

    def __init__(self, errand: Errand) -> None:
        self._socket = socket.create_connection(("127.0.0.1", errand.port), timeout=_SECONDS)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = {"Host": f"127.0.0.1:{errand.port}", **errand.headers}
        self._end = "".join(f"\r\n{name}: {value}" for name, value in lines.items()) + "\r\n\r\n"
        self._buffer = bytearray(_BUFFER)

    def get(self, path: str) -> tuple[int, bytes, int]:
        """Status, how the body begins, and how long it is; the rest is thrown away."""
        self._socket.sendall(f"GET {path} HTTP/1.1{self._end}".encode())
        head, body = self._head()
        first, *lines = head.decode("latin-1").split("\r\n")
        fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(fields["content-length"])
        left = length - len(body)
        while left:
            left -= (count := self._some())
            body = body or bytes(self._buffer[: min(count, _TOLD)])
        return int(first.split()[1]), body, length

    def _head(self) -> tuple[bytes, bytes]:
        came = b""
        while b"\r\n\r\n" not in came:
            count = self._some()
            came += self._buffer[:count]
        head, _, body = came.partition(b"\r\n\r\n")
        return head, body

    def _some(self) -> int:
        if count := self._socket.recv_into(self._buffer):
            return count
        raise ConnectionError("the server closed the connection")


class _Asking:
    """What the connections share."""

    def __init__(self, errand: Errand) -> None:
        self.errand = errand
        self.latencies: list[float] = []
        self.sizes: list[int] = []
        self.problem = ""
        self._paths: Iterator[str] = iter(errand.paths)  # a list's iterator: threads may share it

    def ask(self, connection: _Connection) -> None:
        """Until there are no more paths, or something went wrong."""
        for path in self._paths:
            began = time.perf_counter()
            try:
                status, body, length = connection.get(path)
            except (OSError, KeyError, ValueError) as error:
                self.problem = f"{path}: {error}"
                return
            self.latencies.append(time.perf_counter() - began)
            self.sizes.append(length)
            if status != 200:
                self.problem = f"{path}: {status} {body[:_TOLD].decode('latin-1')}"
            if self.problem:
                return


def ask(errand: Errand) -> Answers:
    """In this process."""
    asking, connections = _Asking(errand), [_Connection(errand) for _ in range(errand.clients)]
    threads = [threading.Thread(target=asking.ask, args=(one,)) for one in connections]
    began, used = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu = time.perf_counter() - began, time.process_time() - used
    return Answers(asking.latencies, asking.sizes, seconds, cpu, asking.problem)


def ask_apart(errand: Errand) -> Answers:
    """In a process of its own, started before the clock is."""
    done = subprocess.run(
        [sys.executable, "-I", __file__], input=json.dumps(asdict(errand)), check=True, capture_output=True, text=True
    )
    return Answers(**json.loads(done.stdout))


if __name__ == "__main__":
    print(json.dumps(asdict(ask(Errand(**json.load(sys.stdin))))))
