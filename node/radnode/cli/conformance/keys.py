"""The keys of queries: which there are at each level, and how each is matched (PS3.4 C.2.2.2, K.6-1)."""

from collections.abc import Iterable, Iterator

from radnode.archive.matching import WILDCARD_VRS
from radnode.cli.conformance.markdown import heading, table
from radnode.cli.conformance.names import tag_text
from radnode.dimse.extended import BYTES, QueryOptions
from radnode.dimse.keys import TIMEZONE
from radnode.model.attribute_table import AttributeTable
from radnode.model.attributes import Attribute, KeyType, Source
from radnode.model.level import Level, Root
from radnode.model.procedure_step import PROCEDURE_STEP, StepAttribute
from radnode.model.worklist import WORKLIST, WorklistAttribute

_LETTER = {KeyType.UNIQUE: "U", KeyType.REQUIRED: "R", KeyType.OPTIONAL: "O"}
_TEMPORAL = {"DA", "TM", "DT"}


def query_keys(attributes: AttributeTable) -> Iterator[str]:
    """One table for each level."""
    yield (
        "Key types: U unique, R required, O optional (C.2.2.1). PR is Patient Root and Patient/Study Only, SR Study"
        " Root. A key that is empty, or holds nothing but `*`, matches everything (universal matching). Of a"
        " sequence the keys in its one item are matched together. The SpecificCharacterSet of the query is heeded."
        " Keys that are in no table are returned empty, and the status is FF01. RetrieveAETitle and"
        " InstanceAvailability (ONLINE) are returned, not matched."
    )
    for level in Level:
        yield heading(6, f"{level.name} level")
        yield table(
            ("Attribute", "Tag", "VR", "PR", "SR", "Matching"),
            (row for one in attributes.attributes if one.level is level for row in _rows(one, "")),
        )


def worklist_keys() -> Iterator[str]:
    """The keys of the worklist."""
    yield (
        "Matching: R required, O optional; return key types as in table K.6-1. What an entry holds beside these is"
        " returned to who asks for it, and not matched. Ranges of a date and of its time match as one."
    )
    rows = (row for one in WORKLIST for row in _worklist_rows(one, ""))
    yield table(("Attribute", "Tag", "VR", "Key", "Return", "Matching"), rows)


def procedure_step_attributes() -> Iterator[str]:
    """What has to be in a performed procedure step."""
    yield (
        "Types that are asked for; every other attribute is of type 3 and kept. N-SET: whether it may be changed. End:"
        " the type when the step ends, where that differs."
    )
    rows = (row for one in PROCEDURE_STEP for row in _step_rows(one, ""))
    yield table(("Attribute", "N-CREATE", "N-SET", "End"), rows)


def negotiated(offered: QueryOptions, services: Iterable[str]) -> Iterator[str]:
    """What SOP class extended negotiation can turn on, by service."""
    for service in services:
        if service in BYTES:
            rows = [
                (number, name.replace("_", " "), "yes" if getattr(offered, name) else "no")
                for number, name in enumerate(BYTES[service], start=1)
            ]
            yield f"SOP class extended negotiation, {service}:"
            yield table(("Byte", "Option", "Supported"), rows)


def _rows(one: Attribute, prefix: str) -> Iterator[tuple[str, ...]]:
    types = (_LETTER[one.key_type(root)] if not prefix else "O" for root in (Root.PATIENT, Root.STUDY))
    yield (prefix + one.keyword, tag_text(one.tag), one.vr, *types, matching_of(one))
    for item in one.items:
        yield from _rows(item, f"{prefix}> ")


def _worklist_rows(one: WorklistAttribute, prefix: str) -> Iterator[tuple[str, ...]]:
    attribute = one.attribute
    yield (
        prefix + one.keyword,
        tag_text(attribute.tag),
        attribute.vr,
        one.matched,
        one.returned,
        matching_of(attribute),
    )
    for item in one.items:
        yield from _worklist_rows(item, f"{prefix}> ")


def _step_rows(one: StepAttribute, prefix: str) -> Iterator[tuple[str, ...]]:
    yield prefix + one.keyword, one.created, "yes" if one.may_be_set else "no", one.at_the_end or ""
    for item in one.items:
        yield from _step_rows(item, f"{prefix}> ")


def matching_of(attribute: Attribute) -> str:
    """The kinds of matching that a key of this attribute can ask for, beside universal matching."""
    if attribute.tag == TIMEZONE:
        return "none: it places DT keys that have no offset"
    kinds = list(_kinds(attribute))
    if attribute.multiple:
        kinds.append("any of its values")
    if attribute.source is Source.COMPUTED:
        kinds.append("computed from the index")
    return ", ".join(kinds)


def _kinds(attribute: Attribute) -> Iterator[str]:
    if attribute.vr == "SQ":
        yield "sequence"
    elif attribute.vr == "UI":
        yield from ("single value", "list of UID")
    elif attribute.vr in _TEMPORAL:
        yield from ("single value", "range")
    else:
        yield "single value, as a number" if attribute.vr == "IS" else "single value"
        if attribute.vr in WILDCARD_VRS:
            yield "wild card"
        if attribute.vr == "CS":
            yield "list"
        if attribute.vr == "PN":
            yield "by component group; case, accents and width do not count"
