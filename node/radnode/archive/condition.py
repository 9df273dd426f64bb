"""A condition in SQL, and how several become one. Values reach SQL as parameters alone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL that is true for a match, with its parameters in order."""

    sql: str
    parameters: tuple[str | int, ...] = ()


def all_of(*conditions: Condition) -> Condition:
    """The condition that all of these hold, at least one; it begins with the first one's parameters."""
    return _joined(" AND ", conditions)


def any_of(*conditions: Condition) -> Condition:
    """The condition that one of these holds, at least one."""
    return _joined(" OR ", conditions)


def none_of(*conditions: Condition) -> Condition:
    """The condition that these are known not to hold."""
    negated = [Condition(f"NOT ({one.sql})", one.parameters) for one in conditions]
    return _joined(" AND ", negated)


def _joined(word: str, conditions: tuple[Condition, ...] | list[Condition]) -> Condition:
    if len(conditions) == 1:
        return conditions[0]
    parameters = tuple(parameter for one in conditions for parameter in one.parameters)
    return Condition(word.join(f"({one.sql})" for one in conditions), parameters)
