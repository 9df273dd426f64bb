"""[[rules]]: what is sent on to whom."""

from collections.abc import Collection, Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints

from radnode.model.attributes import BY_KEYWORD, Source
from radnode.model.route import Route
from radnode.setting_types import AETitle, Allowed, Section

_LONGEST = 64


def _as_list(value: object) -> object:
    """One text may stand for a list of one."""
    return (value,) if isinstance(value, str) else value


def _is_condition(text: str) -> str:
    keyword, equals, pattern = text.partition("=")
    attribute = BY_KEYWORD.get(keyword)
    if not equals or not pattern:
        raise ValueError("must be KEYWORD=PATTERN")
    if attribute is None or attribute.source is not Source.HEADER or attribute.vr == "SQ":
        raise ValueError(f"{keyword[:_LONGEST]} is no attribute in the index that has a text")
    return text


RuleName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=_LONGEST, pattern=r"^[^\x00-\x1f\x7f]+$"),
    Allowed(f"1 to {_LONGEST} printable characters"),
]
Pattern = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=1024),
    Allowed("patterns that are not empty, in which * and ? are wild cards"),
]
Condition = Annotated[
    str,
    AfterValidator(_is_condition),
    Allowed("KEYWORD=PATTERN, such as BodyPartExamined=CHEST or StudyDescription=*angio*"),
]


class Rule(Section):
    """What is sent on: an object that fits every key of a rule goes to its destinations."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, populate_by_name=True)

    name: RuleName
    """What it is called in the queue and in the log."""
    senders: Annotated[tuple[Pattern, ...], BeforeValidator(_as_list)] = Field(("*",), alias="from", min_length=1)
    """Calling AE titles, REST for uploads, IMPORT for radnode import (which no wild card means)."""
    modality: Annotated[tuple[Pattern, ...], BeforeValidator(_as_list)] = ()
    """Modalities; none is any."""
    where: Annotated[tuple[Condition, ...], BeforeValidator(_as_list)] = ()
    """KEYWORD=PATTERN of indexed attributes, whatever the case; of those with one keyword any, of the others all."""
    to: Annotated[tuple[AETitle, ...], BeforeValidator(_as_list)] = Field(min_length=1)
    """Titles of peers."""
    when: Literal["arrived", "study_quiet"] = "arrived"
    """Whether each object goes at once, or its study once nothing more of it has come for a while."""
    quiet: float = Field(default=60.0, gt=0, le=86400)
    """Seconds of that while."""
    commit: bool = False
    """Whether its destinations are asked to commit to what they got (storage commitment)."""

    @property
    def route(self) -> Route:
        """The rule as it is decided by."""
        conditions: dict[str, tuple[str, ...]] = {"Modality": self.modality} if self.modality else {}
        for text in self.where:
            keyword, _, pattern = text.partition("=")
            conditions[keyword] = (*conditions.get(keyword, ()), pattern)
        quiet = self.quiet if self.when == "study_quiet" else 0.0
        return Route(self.name, self.senders, conditions, self.to, quiet)


def check_rules(rules: Iterable[Rule], callable_titles: Collection[str]) -> None:
    """Raises ValueError for a name that stands twice, or a destination that is not listed or cannot be called."""
    names: set[str] = set()
    for rule in rules:
        if rule.name in names:
            raise ValueError(f"must name each rule once, but {rule.name} stands there again")
        names.add(rule.name)
        for title in rule.to:
            if title not in callable_titles:
                raise ValueError(f"rule {rule.name} sends to {title}, which must be a peer with a host to call")
