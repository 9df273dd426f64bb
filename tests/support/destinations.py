"""Other people's programs that take objects, as processes of their own on free ports of the loopback."""

import os
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from support.node import wait_for
from support.peers import free_port, require


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@contextmanager
def program(words: Sequence[str], port: int, folder: Path) -> Iterator[None]:
    """A program that listens on `port` once it is ready; it runs in `folder`, and what it says is kept beside that."""
    with (folder.parent / f"output-{port}.txt").open("w") as output:
        environment = {**os.environ, "TCP_NODELAY": "1"}
        process = subprocess.Popen(words, stdout=output, stderr=subprocess.STDOUT, cwd=folder, env=environment)
        try:
            wait_for(lambda: _answers(port), what=words[0], alive=lambda: process.poll() is None)
            yield
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def storescp(folder: Path, title: str, *options: str) -> Iterator[int]:
    """DCMTK's storescp, which writes the bytes that it gets below `folder`; its port."""
    folder.mkdir()
    port = free_port()
    words = [require("storescp"), "-aet", title, "-od", str(folder), "--bit-preserving", *options, str(port)]
    with program(words, port, folder):
        yield port


@contextmanager
def dcmqrscp(folder: Path, title: str) -> Iterator[int]:
    """DCMTK's archive, with its files below `folder`/files; its port."""
    (folder / "files").mkdir(parents=True)
    port = free_port()
    config = folder / "dcmqrscp.cfg"
    table = f"AETable BEGIN\n{title} {folder / 'files'} RW (100, 1024mb) ANY\nAETable END\n"
    config.write_text(f"MaxPDUSize = 16384\nMaxAssociations = 16\n{table}")
    words = [require("dcmqrscp"), "-dhl", "-c", str(config), "--bit-preserving", str(port)]
    with program(words, port, folder):
        yield port
