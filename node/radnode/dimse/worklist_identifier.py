"""Worklist C-FIND identifiers: from an encoded data set to a query, and from a step to an answer (PS3.4 K.4.1)."""

from collections.abc import Iterable
from dataclasses import dataclass

from radnode.dimse.extended import NO_OPTIONS, QueryOptions
from radnode.dimse.matching_keys import combined, matching_key
from radnode.instance.nested import DataSet, Value, read_nested
from radnode.instance.values import SPECIFIC_CHARACTER_SET
from radnode.model.attributes import Attribute
from radnode.model.errors import InvalidQuery
from radnode.model.query import MatchingKey, SequenceKey
from radnode.model.uid import UID
from radnode.model.worklist import SCHEDULED_STEP, WORKLIST, WorklistAttribute
from radnode.work.worklist_matching import Keys, WorklistQuery

_TIMEZONE_OFFSET = 0x00080201
_NOT_KEYS = frozenset({SPECIFIC_CHARACTER_SET, _TIMEZONE_OFFSET})
_NOTHING: DataSet = {}


@dataclass(frozen=True, slots=True)
class WorklistIdentifier:
    """What was asked: the query, the keys that answers carry, and the raw (0008,0005) that they are written for."""

    query: WorklistQuery
    wanted: DataSet
    character_set: bytes

    @property
    def has_unsupported_keys(self) -> bool:
        """Whether some key is not of the worklist, and so not matched, which FF01 tells (K.4.1.1.4)."""
        return _has_others(self.wanted, WORKLIST)

    def answer(self, step: DataSet) -> DataSet:
        """What the answer for this scheduled step carries: every key that was asked for, with what is known."""
        return _selected(step, self.wanted)


def parse_worklist_identifier(
    data: bytes, transfer_syntax: UID, hidden: tuple[str, ...] = (), options: QueryOptions = NO_OPTIONS
) -> WorklistIdentifier:
    """The identifier in an encoded data set; NotDicom, or InvalidQuery where it has no answer.

    `hidden` are the statuses of scheduled steps that no answer is about, `options` those of matching that are in force.
    """
    wanted = dict(read_nested(data, transfer_syntax))
    character_set = wanted.pop(SPECIFIC_CHARACTER_SET, Value("CS")).text.encode("ascii", "replace")
    wanted.pop(_TIMEZONE_OFFSET, None)
    step = _item_of(wanted.get(SCHEDULED_STEP.attribute.tag, Value("SQ")), SCHEDULED_STEP.attribute)
    around = [one for one in WORKLIST if one is not SCHEDULED_STEP]
    query = WorklistQuery(_keys(wanted, around, options), _keys(step, SCHEDULED_STEP.items, options), hidden)
    return WorklistIdentifier(query, wanted, character_set)


def _keys(wanted: DataSet, known: Iterable[WorklistAttribute], options: QueryOptions) -> Keys:
    found = [
        (one.attribute, _key(one, wanted[one.attribute.tag], options)) for one in known if one.attribute.tag in wanted
    ]
    # Ranges of a date and of its time are one range of moments (table K.6-1).
    return tuple(combined(found))


def _key(one: WorklistAttribute, value: Value, options: QueryOptions) -> MatchingKey:
    if one.attribute.vr != "SQ":
        return matching_key(one.attribute, value.text, options)
    return SequenceKey(_keys(_item_of(value, one.attribute), one.items, options))


def _item_of(value: Value, sequence: Attribute) -> DataSet:
    """The item of a sequence key; an empty one, or none, asks for all (C.2.2.2.6)."""
    if len(value.items) > 1:
        raise InvalidQuery(f"{sequence.keyword} must have one item")
    return value.items[0] if value.items else _NOTHING


def _has_others(wanted: DataSet, known: Iterable[WorklistAttribute]) -> bool:
    by_tag = {one.attribute.tag: one for one in known}
    if not wanted.keys() - _NOT_KEYS <= by_tag.keys():
        return True
    return any(_has_others(item, by_tag[tag].items) for tag, value in wanted.items() for item in value.items)


def _selected(known: DataSet, wanted: DataSet) -> DataSet:
    return {tag: _value(known.get(tag), key, tag) for tag, key in wanted.items() if tag not in _NOT_KEYS}


def _value(known: Value | None, key: Value, tag: int) -> Value:
    if known is None:
        # A private creator stands for itself, or the private keys behind it would be nobody's (PS3.5 7.8.1).
        return Value(key.vr, key.text if tag >> 16 & 1 and 0x10 <= tag & 0xFFFF <= 0xFF else "")
    if known.vr != "SQ" or not (key.items and key.items[0]):
        return known
    return Value("SQ", "", [_selected(item, key.items[0]) for item in known.items])
