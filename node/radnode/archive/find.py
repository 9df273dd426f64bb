"""C-FIND's answers from the index, streamed: one for each entity of the query's level (PS3.4 C.4.1.3)."""

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from radnode.archive.index import Index
from radnode.archive.plan import Plan, Position, plans
from radnode.model.query import Query

PAGE = 1000
"""Answers that are fetched, and held, at a time at most."""
PAGE_SECONDS = 0.01
"""A page ends this long after its first answer, so that rare matches reach the peer at once."""


def find(index: Index, query: Query, *, clock: Callable[[], float] = time.monotonic) -> Iterator[Mapping[str, str]]:
    """Each matching entity, as keyword -> stored text of the attributes to return, "" where nothing is known.

    Between pages neither a connection nor a transaction is held, so the peer may take its time; an entity that comes
    or goes meanwhile may be in the answers or not, every other one is there once. Raises InvalidQuery at once, and
    OutOfResources when the index fails.
    """
    keywords = tuple(attribute.keyword for attribute in query.returns)
    return _as_mappings(index, keywords, plans(query), clock)


def _as_mappings(
    index: Index, keywords: tuple[str, ...], prepared: Iterator[Plan], clock: Callable[[], float]
) -> Iterator[Mapping[str, str]]:
    for plan in prepared:
        for row in _answers(index, plan, clock):
            yield {keyword: row[place] or "" for place, keyword in enumerate(keywords)}


def _answers(index: Index, plan: Plan, clock: Callable[[], float]) -> Iterator[tuple[Any, ...]]:
    after: Position | None = None
    complete = False
    while not complete:
        page, complete = _fetch(index, plan, after, clock)
        yield from page
        after = page[-1][len(plan.returns) :] if page else None


def _fetch(
    index: Index, plan: Plan, after: Position | None, clock: Callable[[], float]
) -> tuple[list[tuple[Any, ...]], bool]:
    statement, deadline = plan.page(after, PAGE), 0.0
    page: list[tuple[Any, ...]] = []
    for row in index.rows(statement.sql, statement.parameters):
        page.append(tuple(row))
        deadline = clock() + PAGE_SECONDS if len(page) == 1 else deadline
        if clock() > deadline:
            return page, False
    return page, len(page) < PAGE
