"""As whom this node calls a peer: its title, and over TLS what its certificates say."""

import structlog

from radnode.dimse.credentials import BadCertificates, client_context
from radnode.dimse.scu.values import Caller
from radnode.dimse.upper.stopping import Stopping
from radnode.model.call_errors import CallFailed
from radnode.settings import Peer, Settings

log = structlog.get_logger()


def caller_for(peer: Peer, settings: Settings, timeout: float, stopping: Stopping | None = None) -> Caller:
    """Who calls `peer`, until `stopping` is asked.

    Certificates are read for each caller, so that new ones count at once. Raises CallFailed.
    """
    try:
        tls = client_context(settings.tls) if peer.tls else None
    except BadCertificates as error:
        log.error("certificates_refused", why=str(error))  # noqa: TRY400 - no traceback: its words say it all
        raise CallFailed("this node's certificates cannot be used") from error
    return Caller(settings.dicom.ae_title, timeout, tls, stopping)
