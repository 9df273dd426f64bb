"""What of an association request is agreed to: contexts, roles, options (PS3.7 D.3.2, D.3.3; PS3.8 7.1.1.13)."""

from collections.abc import Mapping
from dataclasses import dataclass

from radnode.dimse.contexts import PLAIN, service_of, transfer_syntax_for
from radnode.dimse.extended import BYTES, NO_OPTIONS, QueryOptions, decode_options, encode_options
from radnode.dimse.upper.associate import AssociateRequest, ContextAnswer, ProposedContext
from radnode.dimse.upper.association import AcceptedContext
from radnode.dimse.upper.user_information import Role
from radnode.instance.transcoding.targets import is_decoded
from radnode.model.uid import UID
from radnode.settings import Service

ACCEPTED, USER_REJECTION, NO_REASON, ABSTRACT_SYNTAX_UNKNOWN, TRANSFER_SYNTAXES_UNKNOWN = 0, 1, 2, 3, 4
REJECTIONS = {
    USER_REJECTION: "not allowed",
    NO_REASON: "ID 0",
    ABSTRACT_SYNTAX_UNKNOWN: "abstract syntax not supported",
    TRANSFER_SYNTAXES_UNKNOWN: "transfer syntaxes not supported",
}
"""What results mean (PS3.8 table 9-18) in logs and metrics."""

PROVIDED_FOR: Mapping[Service, Service] = {"store": "get", "commit": "commit"}
"""The services of which a requestor may be the provider, and which right it needs for that.

What a C-GET asks for is stored over the association that asked; what became of a commitment may be told over one that
the committing side began.
"""
_USER_ALONE = Role(user=True, provider=False)  # the default (D.3.3.4)


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be agreed to with a caller: its services, and the options of queries that are on here."""

    allowed: frozenset[Service]
    accept_unknown: bool
    options: QueryOptions = NO_OPTIONS


@dataclass(frozen=True, slots=True)
class Agreement:
    """The answer to every proposed context, what is in force after that by context ID, and what is said of SOP classes.

    Roles and extended negotiation are answered for accepted SOP classes alone, where the requestor proposed them.
    """

    answers: tuple[ContextAnswer, ...]
    contexts: Mapping[int, AcceptedContext]
    roles: Mapping[str, Role]
    extended: Mapping[str, bytes]


def negotiate(asked: AssociateRequest, terms: Terms) -> Agreement:
    """Answer a request. Context IDs are odd numbers (PS3.8 9.3.2.2): 0 is never in force, another even one may be."""
    answers: list[ContextAnswer] = []
    accepted: dict[int, AcceptedContext] = {}
    roles: dict[str, Role] = {}
    have_plain = {one.abstract_syntax for one in asked.contexts if _is_plain_preferred(one.transfer_syntaxes)}
    for context in asked.contexts:
        service = service_of(context.abstract_syntax, accept_unknown=terms.accept_unknown)
        syntax = transfer_syntax_for(service, context.transfer_syntaxes) if service else None
        role = _role(service, asked.roles.get(context.abstract_syntax, _USER_ALONE), terms) if service else _USER_ALONE
        if role.provider and syntax and context.abstract_syntax not in have_plain:
            syntax = _for_all(context, syntax)
        result = _result(context, service, syntax, role, terms)
        # Where a context is rejected the transfer syntax is not significant, but the item must be there (9.3.3.2).
        answers.append(ContextAnswer(context.id, result, syntax or PLAIN[1]))
        if result == ACCEPTED and service and syntax:
            accepted[context.id] = _accepted(context, service, syntax, role, asked, terms)
            if context.abstract_syntax in asked.roles:
                roles[context.abstract_syntax] = role
    extended = {
        one.abstract_syntax: encode_options(one.service, one.options, len(asked.extended[one.abstract_syntax]))
        for one in accepted.values()
        if one.service in BYTES and one.abstract_syntax in asked.extended
    }
    return Agreement(tuple(answers), accepted, roles, extended)


def _is_plain_preferred(offered: tuple[str, ...]) -> bool:
    return transfer_syntax_for("store", offered) in PLAIN


def _for_all(context: ProposedContext, preferred: str) -> str:
    """A plain transfer syntax, where one is offered, in which every object can be sent that is decoded here.

    What the requestor prefers may be one that uncompressed objects, or those of another codec, cannot be had in, and
    it leaves the choice to us (PS3.8 9.3.3.2). Where it prefers what is not decoded, such as video, that is what it
    is after.
    """
    if not is_decoded(UID(preferred)):
        return preferred
    return next((syntax for syntax in context.transfer_syntaxes if syntax in PLAIN), preferred)


def _role(service: Service, proposed: Role, terms: Terms) -> Role:
    """What the requestor may be of what it offers to be."""
    right = PROVIDED_FOR.get(service)
    return Role(proposed.user and service in terms.allowed, proposed.provider and right in terms.allowed)


def _result(context: ProposedContext, service: Service | None, syntax: str | None, role: Role, terms: Terms) -> int:
    if context.id == 0:
        return NO_REASON
    if service is None:
        return ABSTRACT_SYNTAX_UNKNOWN
    if service not in terms.allowed and not role.provider:
        return USER_REJECTION
    return TRANSFER_SYNTAXES_UNKNOWN if syntax is None else ACCEPTED


def _accepted(
    context: ProposedContext, service: Service, syntax: str, role: Role, asked: AssociateRequest, terms: Terms
) -> AcceptedContext:
    wanted = decode_options(service, asked.extended.get(context.abstract_syntax, b""))
    return AcceptedContext(context.id, context.abstract_syntax, syntax, service, role.provider, wanted & terms.options)
