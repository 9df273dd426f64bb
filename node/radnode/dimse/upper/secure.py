"""A connection over TLS (PS3.15 Annex B): the handshake, and what differs from TCP alone once it is done."""

import contextlib
import re
import select
import socket
import ssl
from collections.abc import Callable, Mapping

from radnode.dimse.upper.connection import Connection
from radnode.dimse.upper.endings import ConnectionLost, HandshakeFailed, Silent, Unused
from radnode.dimse.upper.stopping import Stopping

_NO_TLS = frozenset(
    {
        "BAD_RECORD_TYPE",
        "HTTPS_PROXY_REQUEST",
        "HTTP_REQUEST",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "UNKNOWN_PROTOCOL",
        "WRONG_VERSION_NUMBER",
    }
)
"""What OpenSSL says of bytes that are no TLS at all."""
_ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_ALERT_(\w+)")


class SecureConnection(Connection):
    """A connection whose bytes go through TLS once it is established."""

    def __init__(
        self, sock: ssl.SSLSocket, stopping: Stopping | None = None, is_wanted: Callable[[], bool] | None = None
    ) -> None:
        """Take over a connected socket that has not shaken hands yet."""
        super().__init__(sock, stopping, is_wanted)
        self._tls = sock
        self._ahead = b""  # one byte at most that was read to see whether there is any
        self._is_proved = False  # by a byte from the peer: in TLS 1.3 it may still refuse us after our last word

    @classmethod
    def over(
        cls,
        sock: socket.socket,
        context: ssl.SSLContext,
        stopping: Stopping | None = None,
        *,
        called: str | None = None,
        is_wanted: Callable[[], bool] | None = None,
    ) -> "SecureConnection":
        """Over a connected socket: of an acceptor, or of a requestor that called the host `called`.

        OSError where the other side is gone already, ValueError where no certificate can be for that host.
        """
        sock.getpeername()  # an error of wrap_socket itself would leave the descriptor to the garbage collector
        secured = context.wrap_socket(
            sock, server_side=called is None, server_hostname=called, do_handshake_on_connect=False
        )
        return cls(secured, stopping, is_wanted)

    def establish(self, deadline: float) -> Mapping[str, str]:
        """Shake hands. HandshakeFailed says why in words; nothing of a certificate is told but that it was verified."""
        if self._tls.server_side:
            self._await_first_byte(deadline)
        try:
            while event := self._shake_hands():
                self._wait(event, deadline, interruptible=True)
        except Silent as error:
            raise Silent("the TLS handshake took too long") from error
        secured = {"tls": self._tls.version() or ""}
        is_verified = self._tls.server_side and self._tls.getpeercert(binary_form=True) is not None
        return secured | ({"client_certificate": "verified"} if is_verified else {})

    def _shake_hands(self) -> int:
        """Take the handshake as far as it goes; the event that it waits for, 0 at its end."""
        try:
            self._tls.do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError) as error:
            return self._due(error, 0)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError) as error:
            raise ConnectionLost("closed by the peer in the middle of the TLS handshake") from error
        except ssl.SSLError as error:
            raise HandshakeFailed(in_words(error)) from error
        except OSError as error:
            raise ConnectionLost(str(error)) from error
        return 0

    def _await_first_byte(self, deadline: float) -> None:
        """Raises Unused where the peer closes instead: OpenSSL does not tell that from a broken handshake."""
        first = None
        while first is None:
            try:
                first = socket.socket.recv(self._tls, 1, socket.MSG_PEEK)
            except BlockingIOError:
                self._wait(select.POLLIN, deadline, interruptible=True)
            except OSError as error:
                raise Unused("closed by the peer without a word") from error
        if not first:
            raise Unused("closed by the peer without a word")

    def read(self, view: memoryview, deadline: float, *, interruptible: bool) -> int:
        """As TCP, beginning with what `readable` took ahead."""
        if self._ahead:
            view[:1] = self._ahead
            self._ahead = b""
            return 1
        count = super().read(view, deadline, interruptible=interruptible)
        self._is_proved = True
        return count

    def readable(self, seconds: float = 0.0) -> bool:
        """Whether a read would find something. What TLS says to itself is nothing, and is taken on the way."""
        if self._ahead or self._tls.pending():
            return True
        if not super().readable(seconds):
            return False
        try:
            self._ahead = self._tls.recv(1)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            return True  # and the read will tell
        return True

    def part(self, seconds: float) -> None:
        """Say that nothing more is to come (close_notify, RFC 8446 6.1) if there is room for that, and then as TCP."""
        with contextlib.suppress(OSError, ValueError):
            self._tls.unwrap()
        self._socket = socket.socket(fileno=self._tls.detach())
        self._socket.setblocking(False)
        super().part(seconds)

    def cut(self) -> None:
        """As TCP: SSLSocket's own shutdown drops the encryption, and another thread may be about to send."""
        with contextlib.suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def _send_file(self, head: bytes, descriptor: int, offset: int, count: int, deadline: float) -> None:
        """The kernel cannot encrypt it."""
        self._send_by_slices(head, descriptor, offset, count, deadline)

    def _due(self, error: OSError, usual: int) -> int:
        if isinstance(error, ssl.SSLWantReadError):
            return select.POLLIN
        if isinstance(error, ssl.SSLWantWriteError):
            return select.POLLOUT
        refusal = self._refusal(error)
        if refusal is not None:
            raise (ConnectionLost if self._is_proved else HandshakeFailed)(in_words(refusal)) from error
        if isinstance(error, ssl.SSLError):
            raise ConnectionLost("closed by the peer") from error
        return super()._due(error, usual)

    def _refusal(self, error: OSError) -> ssl.SSLError | None:
        """What TLS has to say; where sending met a closed door, that is what the peer said as it closed it."""
        if isinstance(error, ssl.SSLError) and error.reason:
            return error
        try:
            self._tls.recv(1)
        except ssl.SSLError as found:
            return found if found.reason else None
        except OSError:
            return None
        return None


def in_words(error: ssl.SSLError) -> str:
    """What went wrong, for a log or a person; nothing in it is the peer's own text."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate verify failed: {error.verify_message}"
    reason = error.reason or "TLS failed"
    if reason in _NO_TLS:
        return "the peer does not speak TLS"
    alert = _ALERT.fullmatch(reason)
    said = (alert[1] if alert else reason).replace("_", " ").lower()
    return f"the peer ended TLS: {said}" if alert else said
