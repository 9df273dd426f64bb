"""Starts expendable processes, in which decoders run; light, so that whoever starts them loads no decoder."""

import os
import socket
import subprocess
import sys

# What a worker needs of the environment; secrets stay out of the reach of decoders.
ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "TMPDIR", "VIRTUAL_ENV")


def spawn(module: str, connection: socket.socket, *words: str) -> subprocess.Popen[bytes]:
    """A process that runs our module with this end of the socket, and has nothing else of this process (PEP 446).

    Its arguments are the descriptor of the socket and then `words`.
    """
    descriptor = connection.fileno()
    environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    return subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", module, str(descriptor), *words],
        pass_fds=(descriptor,),
        env=environment | {"OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,  # decoders talk there of what they read
    )
