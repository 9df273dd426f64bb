"""The listening sockets: bound once, by the supervisor, and handed to its children."""

import errno
import socket
import time

from radnode.cli.refusal import Refused

PATIENCE = 3.0
"""Seconds that a port may still be held by what a killed node left behind."""

BACKLOG = 512


class PortInUse(Exception):
    """Another program listens there; the text is one line for standard error."""


def listen(host: str, port: int, section: str, *, host_of: str = "", patience: float = PATIENCE) -> socket.socket:
    """A listening TCP socket on this address; port 0 takes a free one.

    `section` names the settings to blame, and `host_of` those of the host where they are others. Raises Refused where
    the address can never work, PortInUse where another program has it, after `patience` seconds.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return _bind(_address(host, port, host_of or section))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _refused(error, f"{host_of or section}.host = {host}", f"{section}.port = {port}") from error
            if time.monotonic() >= deadline:
                raise PortInUse(f"{section}.port = {port}: is in use by another program on {host}") from error
        time.sleep(0.05)


def shown_host(host: str) -> str:
    """A host as it stands before `:port`."""
    return f"[{host}]" if ":" in host else host


def _address(host: str, port: int, section: str) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, UnicodeError) as error:
        raise Refused(f"{section}.host = {host}: must be an address or name of this machine ({error})") from error
    ipv4_first = sorted(found, key=lambda entry: entry[0] != socket.AF_INET)
    return ipv4_first[0][0], ipv4_first[0][4]


def _bind(address: tuple[socket.AddressFamily, tuple[object, ...]]) -> socket.socket:
    family, place = address
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(place)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening


def _refused(error: OSError, host: str, port: str) -> Refused:
    if error.errno == errno.EACCES:
        return Refused(f"{port}: must be 1024 or more without the right to bind lower ones")
    return Refused(f"{host}: must be an address of this machine ({error.strerror})")
