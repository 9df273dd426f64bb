"""What the node provides to peers that call it: policies, contexts, keys, statuses."""

from collections.abc import Iterator

from radnode.cli.conformance.keys import negotiated, procedure_step_attributes, query_keys, worklist_keys
from radnode.cli.conformance.markdown import heading, listed, table
from radnode.cli.conformance.names import name_of
from radnode.cli.conformance.services import PROVIDED, statuses_of
from radnode.dimse.contexts import PLAIN, SERVICES_OFFERED, TRANSFER_SYNTAXES
from radnode.dimse.negotiation import PROVIDED_FOR
from radnode.dimse.query_options import options_offered
from radnode.model.attribute_table import table_of
from radnode.settings import SERVICES, Service, Settings


def services_offered() -> tuple[Service, ...]:
    """The services that peers can have, in their usual order."""
    return tuple(service for service in SERVICES if service in SERVICES_OFFERED.values())


def sop_classes_of(service: Service) -> list[str]:
    """The SOP classes of a service, by name."""
    return sorted((uid for uid, of in SERVICES_OFFERED.items() if of == service), key=lambda uid: (name_of(uid), uid))


def activities(settings: Settings) -> Iterator[str]:
    """One section for each activity in which peers call."""
    for number, service in enumerate(services_offered(), start=1):
        provided = PROVIDED[service]
        yield heading(5, f"4.2.1.4.{number} {provided.title}: {provided.activity[0].lower()}{provided.activity[1:]}")
        yield _contexts(service)
        yield listed(provided.behaviour)
        yield from _keys(service, settings)
        yield f"Statuses of {provided.title}:"
        yield table(("Status", "Meaning"), ((f"{code:04X}", meaning) for code, meaning in statuses_of(service)))


def _contexts(service: Service) -> str:
    syntaxes = "any of those in 4.2.1.1.2" if service in TRANSFER_SYNTAXES else ", ".join(map(name_of, PLAIN))
    classes = sop_classes_of(service)
    shown = [(name_of(uid), uid) for uid in classes] if len(classes) < 20 else [("those of 4.2.1.1.1", "")]
    role = "SCP"
    if (right := PROVIDED_FOR.get(service)) is not None:
        role += f"; SCU where the requestor negotiates to be SCP (peers that may `{right}`)"
    extended = "as below" if service in ("find", "get", "move") else "none"
    return table(
        ("Abstract syntax", "UID", "Transfer syntaxes", "Role", "Extended negotiation"),
        ((name, uid, syntaxes, role, extended) for name, uid in shown),
    )


def _keys(service: Service, settings: Settings) -> Iterator[str]:
    if service in ("find", "get", "move"):
        yield from negotiated(options_offered(settings.query), (service,))
    if service == "find":
        yield from query_keys(table_of(settings.archive.further))
    if service == "worklist":
        yield from worklist_keys()
    if service == "mpps":
        yield from procedure_step_attributes()
