"""What stands in the command sets of N-services (PS3.7 10.3)."""

from collections.abc import Mapping

from radnode.dimse.upper.command import RESPONSE, Command, Element, Field
from radnode.model.uid import MAX_LENGTH

N_SERVICES = frozenset({Field.N_EVENT_REPORT, Field.N_GET, Field.N_SET, Field.N_ACTION, Field.N_CREATE, Field.N_DELETE})
_TYPES = {Field.N_EVENT_REPORT: Element.EVENT_TYPE, Field.N_ACTION: Element.ACTION_TYPE}
"""The element that says what kind of event or action it is, in requests and in responses."""


def type_of(command: Command) -> int | None:
    """The Event Type ID or Action Type ID; None where there is none, or none that can be read."""
    element = _TYPES.get(Field(command.number(Element.COMMAND_FIELD) & ~RESPONSE))
    value = command.elements.get(element, b"") if element else b""
    return int.from_bytes(value, "little") if len(value) == 2 else None


def response_to(
    command: Command,
    status: int,
    *,
    comment: str = "",
    sop_class: str = "",
    sop_instance: str = "",
    error_id: int = 0,
) -> Mapping[int, int | str]:
    """The response to the request `command`: who sent it is told again which class, instance and type it was about.

    `sop_class` and `sop_instance` go in place of those of the request (N-CREATE may leave the instance to its SCP).
    """
    field = command.number(Element.COMMAND_FIELD)
    elements: dict[int, int | str] = {
        Element.COMMAND_FIELD: field | RESPONSE,
        Element.RESPONDED_TO: command.number(Element.MESSAGE_ID),
        Element.STATUS: status,
    }
    if error_id:
        elements[Element.ERROR_ID] = error_id
    kind = type_of(command)
    if kind is not None:
        elements[_TYPES[Field(field)]] = kind
    texts = {
        Element.SOP_CLASS: sop_class or about(command, Element.SOP_CLASS, Element.REQUESTED_SOP_CLASS),
        Element.SOP_INSTANCE: sop_instance or about(command, Element.SOP_INSTANCE, Element.REQUESTED_SOP_INSTANCE),
        Element.ERROR_COMMENT: comment,
    }
    limits = {Element.SOP_CLASS: MAX_LENGTH, Element.SOP_INSTANCE: MAX_LENGTH}
    return elements | {name: text for name, text in texts.items() if text and len(text) <= limits.get(name, len(text))}


def about(command: Command, affected: Element, requested: Element) -> str:
    """What a request is about: services on something that exists call it requested, all others affected."""
    return command.text(affected) or command.text(requested)
