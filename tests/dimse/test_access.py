"""Who may associate and who may use what: the table of contract section 1."""

from collections.abc import Set

import pytest

from radnode.dimse.access import EVERYTHING, allowed_services, is_loopback, refuse_start
from radnode.settings import DicomSettings, Peer, Service

LISTED = Peer(title="MODALITY", host="10.0.0.5", port=104, allow=("echo", "store"))
NAMED = Peer(title="PACS", host="pacs.example", port=104)
PEERS = (LISTED, NAMED)


def allowed(title: str, address: str, *, host: str, unknown: bool = False) -> Set[str] | None:
    dicom = DicomSettings(host=host, accept_unknown_peers=unknown)
    names = {"pacs.example": ["10.0.0.9", "fd00::9"]}
    return allowed_services(title, address, dicom, PEERS, resolve=lambda name: names.get(name, []))


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.2", "::ffff:127.0.0.1"])
def test_on_loopback_anyone_may_use_everything_but_a_listed_peer_is_bound(host: str) -> None:
    assert allowed("ANYONE", "127.0.0.1", host=host) == EVERYTHING
    assert allowed("MODALITY", "127.0.0.1", host=host) == {"echo", "store"}


def test_beyond_loopback_only_listed_peers_from_their_host_get_in() -> None:
    assert allowed("MODALITY", "10.0.0.5", host="0.0.0.0") == {"echo", "store"}
    assert allowed("MODALITY", "10.0.0.6", host="0.0.0.0") is None
    assert allowed("ANYONE", "10.0.0.5", host="0.0.0.0") is None


@pytest.mark.parametrize("address", ["10.0.0.9", "::ffff:10.0.0.9", "fd00::9", "fd00:0::9"])
def test_a_named_host_is_resolved(address: str) -> None:
    assert allowed("PACS", address, host="::") == EVERYTHING


@pytest.mark.parametrize(
    ("host", "address", "is_let_in"),
    [
        ("10.0.0.0/24", "10.0.0.77", True),
        ("10.0.0.0/24", "::ffff:10.0.0.77", True),
        ("10.0.0.0/24", "10.0.1.77", False),
        ("10.0.0.0/24", "fd00::9", False),
        ("fd00:5::/32", "fd00:5:1::9", True),
        ("fd00::9", "fd00:0:0::9%eth0", True),
        ("::ffff:10.0.0.9", "10.0.0.9", True),
    ],
)
def test_a_host_may_be_a_network_or_an_address_in_any_spelling(host: str, address: str, is_let_in: bool) -> None:
    peers = (Peer(title="WARD", host=host, port=104, allow=("store",)),)
    services = allowed_services("WARD", address, DicomSettings(host="::"), peers)
    assert services == ({"store"} if is_let_in else None)


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 70, "a..b"])
def test_a_name_that_does_not_resolve_lets_nobody_in(host: str) -> None:
    dicom = DicomSettings(host="0.0.0.0")
    peer = Peer(title="PACS", host=host, port=104)
    assert allowed_services("PACS", "10.0.0.9", dicom, (peer,)) is None


def test_where_unknown_peers_are_accepted_the_host_is_not_checked_but_allow_binds() -> None:
    assert allowed("ANYONE", "10.0.0.77", host="0.0.0.0", unknown=True) == EVERYTHING
    assert allowed("MODALITY", "10.0.0.77", host="0.0.0.0", unknown=True) == {"echo", "store"}


@pytest.mark.parametrize(
    ("allows", "title", "asked"),
    [
        ([("store",)], "CT", []),
        ([("store",), ("store",)], "CT", []),
        ([("store",)], "ANYONE", []),
        ([("store",), ("echo",)], "CT", ["ct0.example", "ct1.example"]),
    ],
)
def test_an_open_node_asks_the_name_server_only_where_the_answer_matters(
    allows: list[tuple[Service, ...]], title: str, asked: list[str]
) -> None:
    found: list[str] = []

    def resolve(name: str) -> list[str]:
        found.append(name)
        return []

    peers = tuple(
        Peer(title="CT", host=f"ct{place}.example", port=104, allow=allow) for place, allow in enumerate(allows)
    )
    dicom = DicomSettings(host="0.0.0.0", accept_unknown_peers=True)
    assert allowed_services(title, "10.0.0.1", dicom, peers, resolve=resolve)
    assert found == asked


def test_one_title_at_several_hosts_has_the_rights_of_its_own_host() -> None:
    peers = (
        Peer(title="CT", host="10.0.0.1", port=104, allow=("store",)),
        Peer(title="CT", host="10.0.0.2", port=104, allow=("echo",)),
    )
    dicom = DicomSettings(host="0.0.0.0")
    own: Set[str] | None = allowed_services("CT", "10.0.0.2", dicom, peers)
    assert own == {"echo"}
    assert allowed_services("CT", "10.0.0.3", dicom, peers) is None


@pytest.mark.parametrize(
    ("host", "peers", "unknown", "refused"),
    [
        ("127.0.0.1", (), False, False),
        ("0.0.0.0", (), False, True),
        ("192.168.1.1", (), False, True),
        ("0.0.0.0", (LISTED,), False, False),
        ("0.0.0.0", (), True, False),
    ],
)
def test_start_is_refused_where_nothing_says_who_may_call(
    host: str, peers: tuple[Peer, ...], unknown: bool, refused: bool
) -> None:
    why = refuse_start(DicomSettings(host=host, accept_unknown_peers=unknown), peers)
    assert (why is not None) == refused
    assert why is None or ("dicom.host" in why and "\n" not in why)


def test_a_host_name_is_no_loopback() -> None:
    assert not is_loopback("pacs.example")
