"""The application entity: what it offers as a whole, its associations, its configuration."""

from collections.abc import Iterator

from radnode.cli.catalogue import every_setting
from radnode.cli.conformance.acceptor import activities, services_offered, sop_classes_of
from radnode.cli.conformance.markdown import heading, listed, table
from radnode.cli.conformance.names import name_of
from radnode.cli.conformance.services import PROVIDED
from radnode.cli.conformance.use import USED, Used
from radnode.cli.verbs.show import literal, plain
from radnode.dimse.contexts import TRANSFER_SYNTAXES
from radnode.dimse.upper.associate import APPLICATION_CONTEXT
from radnode.instance.part10 import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from radnode.settings import Settings

_NOT_OF_DICOM = {"http", "auth", "log"}


def sop_classes() -> Iterator[str]:
    """The SOP classes and transfer syntaxes."""
    yield heading(4, "4.2.1.1 SOP classes")
    others = [service for service in services_offered() if service != "store"]
    rows = [(name_of(uid), uid, "Yes", PROVIDED[of].title) for of in others for uid in sop_classes_of(of)]
    yield table(("SOP class", "UID", "SCP", "Service"), rows)
    yield heading(5, "4.2.1.1.1 Storage SOP classes")
    yield (
        "All are supported as SCP and as SCU. Private and unknown ones are too where"
        " `dicom.accept_unknown_sop_classes` is true."
    )
    yield table(("SOP class", "UID"), ((name_of(uid), uid) for uid in sop_classes_of("store")))
    yield heading(5, "4.2.1.1.2 Transfer syntaxes of storage")
    syntaxes = sorted((name_of(uid), uid) for uid in TRANSFER_SYNTAXES["store"])
    yield (
        "The first one that the requestor proposes is accepted: its own preference, so that its bytes stay as they "
        "are. Where the requestor offers to be SCP (C-GET), and prefers no uncompressed one in any context of the SOP "
        "class, the first uncompressed one of the context is accepted instead, unless what it prefers is not decoded "
        "here."
    )
    yield table(("Transfer syntax", "UID"), syntaxes)


def policies(settings: Settings) -> Iterator[str]:
    """The association policies."""
    dicom = settings.dicom
    yield heading(4, "4.2.1.2 Association policies")
    yield table(
        ("Policy", "Value"),
        (
            ("Application context", APPLICATION_CONTEXT),
            ("Largest PDU that is received", f"{dicom.max_pdu} bytes (`dicom.max_pdu`)"),
            ("Associations at once, as acceptor", f"{dicom.max_associations} (`dicom.max_associations`)"),
            ("of these from one address", _limit(dicom.max_associations_per_address)),
            ("of these under one calling AE title", _limit(dicom.max_associations_per_caller)),
            ("Asynchronous operations", "not supported: one operation at a time"),
            ("Time to the whole A-ASSOCIATE-RQ", f"{dicom.request_timeout} s"),
            ("Silence until an A-ABORT", f"{dicom.idle_timeout} s"),
            ("Time for one PDU", f"{dicom.pdu_timeout} s"),
            ("User identity negotiation", "not supported"),
            ("Implementation class UID", IMPLEMENTATION_CLASS_UID),
            ("Implementation version name", IMPLEMENTATION_VERSION_NAME),
        ),
    )


def initiation() -> Iterator[str]:
    """What it calls peers for."""
    yield heading(4, "4.2.1.3 Association initiation by real-world activity")
    for number, used in enumerate(USED, start=1):
        yield heading(5, f"4.2.1.3.{number} {used.title}")
        yield f"Activity: {used.activity}."
        yield table(("Abstract syntax", "UID", "Transfer syntaxes", "Role"), _proposed(used))
        yield used.behaviour


def acceptance(settings: Settings) -> Iterator[str]:
    """What peers call it for."""
    yield heading(4, "4.2.1.4 Association acceptance by real-world activity")
    yield listed(
        (
            (
                "The called AE title has to be that of the node, or the association is rejected (permanent, called"
                " AE title not recognised)."
            ),
            (
                "Beyond loopback only peers that the settings list are accepted (permanent, calling AE title not"
                " recognised), unless `dicom.accept_unknown_peers` is true; each has the services that its `allow`"
                " names, others' contexts are rejected (user rejection)."
            ),
            "One association too many is rejected (transient, local limit exceeded).",
            "Presentation context IDs that stand twice end in an A-ABORT.",
        )
    )
    yield from activities(settings)


def configuration(settings: Settings) -> Iterator[str]:
    """The configuration parameters."""
    yield heading(3, "4.4 Configuration")
    yield heading(4, "4.4.1 AE title and presentation address")
    dicom, tls = settings.dicom, settings.tls
    yield table(
        ("What", "Value"),
        (
            ("AE title", dicom.ae_title),
            ("Address", dicom.host),
            ("Port", dicom.port),
            ("Port for TLS", "none" if tls.port is None else tls.port),
            ("Remote AEs", "`[[peers]]`: AE title, host, port, TLS, and what each may do"),
        ),
    )
    yield heading(4, "4.4.2 Parameters")
    yield table(("Parameter", "Value", "Meaning"), _parameters(settings))


def _parameters(settings: Settings) -> Iterator[tuple[str, str, str]]:
    for name, setting in every_setting().items():
        section, _, key = name.partition(".")
        if key and section not in _NOT_OF_DICOM and name != "archive.root":
            value = plain(getattr(getattr(settings, section), key))
            yield f"`{name}`", "not set" if value is None else f"`{literal(value)}`", setting.why


def _proposed(used: Used) -> Iterator[tuple[str, str, str, str]]:
    syntaxes = ", ".join(map(name_of, used.transfer_syntaxes)) or "that of each object"
    for uid in used.sop_classes:
        yield name_of(uid), uid, syntaxes, used.role
    if not used.sop_classes:
        yield "The storage SOP classes of the objects", "4.2.1.1.1", syntaxes, used.role


def _limit(number: int) -> str:
    return str(number) if number else "no limit"
