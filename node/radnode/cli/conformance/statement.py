"""The conformance statement as one text, in the chapters of PS3.2 Annex A."""

from collections.abc import Iterator

from radnode import __version__
from radnode.cli.conformance import application
from radnode.cli.conformance.acceptor import services_offered, sop_classes_of
from radnode.cli.conformance.markdown import document, heading, listed, table
from radnode.cli.conformance.services import PROVIDED
from radnode.dimse.credentials import SUITES
from radnode.instance.coded_sets import TERMS
from radnode.instance.deidentification.codes import BASIC, OPTIONS
from radnode.settings import Settings


def statement(settings: Settings) -> str:
    """The statement of a node with these settings, in Markdown."""
    return document(_parts(settings))


def _parts(settings: Settings) -> Iterator[str]:
    yield heading(1, "DICOM conformance statement of radnode")
    yield (
        f"radnode {__version__}. Made by `radnode conformance` from the tables that the node works by (PS3.2 Annex A)."
    )
    yield from _overview()
    yield from _introduction()
    yield heading(2, "4 Networking")
    yield from _model()
    yield heading(3, "4.2 AE specification")
    yield heading(4, f"4.2.1 {settings.dicom.ae_title}")
    yield from application.sop_classes()
    yield from application.policies(settings)
    yield from application.initiation()
    yield from application.acceptance(settings)
    yield heading(3, "4.3 Network interfaces")
    yield "TCP/IP, IPv4 and IPv6, by what the operating system offers. No physical medium is assumed."
    yield from application.configuration(settings)
    yield from _rest()


def _overview() -> Iterator[str]:
    yield heading(2, "1 Overview")
    yield (
        "radnode stores composite objects, finds and returns them, and asks other nodes for theirs. It is one"
        " application entity, which provides and uses the services below."
    )
    rows = [(PROVIDED[of].title, len(sop_classes_of(of)), PROVIDED[of].activity) for of in services_offered()]
    yield table(("Service provided", "SOP classes", "For"), rows)


def _introduction() -> Iterator[str]:
    yield heading(2, "2 Introduction")
    yield (
        "For who connects another system to radnode. Conformance does not promise that two systems do together what"
        " their users need: that has to be tried. References are to the DICOM Standard (PS3); retired SOP classes"
        " say so. Terms are the Standard's: AE is an application entity, SCU and SCP are user and provider of a"
        " service class."
    )
    yield heading(2, "3 Abbreviations")
    yield "AE, SCU, SCP, SOP, PDU, UID, VR as in PS3.1 to PS3.8; PR and SR are Patient Root and Study Root."


def _model() -> Iterator[str]:
    yield heading(3, "4.1 Implementation model")
    yield (
        "One AE listens on one port, and one more with TLS. What it receives goes to files and an index; queries are"
        " answered from the index, retrievals from the files. What it owes to others (commitments, objects to be"
        " sent on, retrievals) is kept durably and done by itself, over restarts. There is no sequencing that peers"
        " need to keep."
    )


def _rest() -> Iterator[str]:
    yield heading(2, "5 Media interchange")
    yield "None."
    yield heading(2, "6 Character sets")
    yield (
        "Text is compared as Unicode whatever set it is stored in. Answers are in the character set of the query"
        " where that holds the text, and in ISO_IR 192 otherwise; SpecificCharacterSet (0008,0005) always says"
        " which. Queries of the node itself are in ISO_IR 192 unless another set is chosen. Supported terms:"
    )
    yield ", ".join(TERMS) + "."
    yield heading(2, "7 Security")
    yield listed(
        (
            (
                "Associations: BCP 195 TLS profile (PS3.15 B.12), TLS 1.2 and 1.3, as acceptor on a port of its own"
                f" and as requestor. Cipher suites of TLS 1.2: `{SUITES}` (OpenSSL). Certificates of callers: none,"
                " optional or required (`tls.client_certificates`)."
            ),
            "Access: calling and called AE title, address of the caller, services allowed for each peer.",
            "REST: JSON Web Tokens with scopes; not part of DICOM.",
            "Nothing is coerced, signed or encrypted in objects. Logs hold no patient identifiers.",
            _deidentification(),
        )
    )
    yield heading(2, "8 Annexes")
    yield listed(
        (
            (
                "IOD contents: the node makes no objects of its own but de-identified copies on request. What it"
                " receives it keeps whole, private attributes too."
            ),
            "Private attributes, SOP classes and transfer syntaxes of its own: none.",
            "Coded terminology and templates: CID 7050 in de-identified copies, otherwise none of its own.",
            (
                "Greyscale: pictures of the REST API are rendered by the object's own lookup tables; no display is"
                " calibrated."
            ),
            "Standard extended, specialised and private SOP classes: taken as any other storage SOP class.",
        )
    )


def _deidentification() -> str:
    options = ", ".join(meaning for _, meaning in OPTIONS.values())
    return (
        "Application Level Confidentiality (PS3.15 Annex E), as de-identifier, only of copies and only when asked over"
        f" REST or by `radnode deidentify`: {BASIC[1]}; {options}. Of Retain Safe Private only numbers and codes."
        " Retain Device Identity does not keep Beam Hold Transition DateTime. Values that are kept are replaced where"
        " they hold names, identifiers, dates or UIDs of the object. Pixel data is not cleaned."
    )
