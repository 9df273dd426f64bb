"""C-FIND's answers from the index, streamed: one for each entity of the query's level (PS3.4 C.4.1.3)."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from radnode.archive.index import Index
from radnode.archive.plan import Plan, Position, plans
from radnode.archive.watching import GivenUp, in_parts
from radnode.model.query import Query

PAGE = 1000
"""Answers that are fetched, and held, at a time at most."""
PAGE_SECONDS = 0.01
"""A page ends this long after its first answer, so that rare matches reach the peer at once."""

Page = Sequence[Sequence[str]]


def find(index: Index, query: Query, *, clock: Callable[[], float] = time.monotonic) -> Iterator[Mapping[str, str]]:
    """Each matching entity, as keyword -> stored text of the attributes to return, "" where nothing is known.

    Between pages neither a connection nor a transaction is held, so the peer may take its time; an entity that comes
    or goes meanwhile may be in the answers or not, every other one is there once. Raises InvalidQuery at once, and
    OutOfResources when the index fails.
    """
    keywords = [attribute.keyword for attribute in query.returns]
    pages = find_pages(index, query, clock=clock)
    return (dict(zip(keywords, values, strict=True)) for page in pages for values in page)


def find_pages(
    index: Index, query: Query, *, clock: Callable[[], float] = time.monotonic, given_up: GivenUp | None = None
) -> Iterator[Page]:
    """As `find`, in pages: what follows a page may be long in coming, what is in it is there.

    An answer is its stored texts in the order of the query's `returns`. While the next one is sought, `given_up` is
    asked every few milliseconds whether that is for nothing: then Abandoned is raised.
    """
    return _pages(index, plans(query), clock, given_up)


def _pages(
    index: Index, prepared: Iterator[Plan], clock: Callable[[], float], given_up: GivenUp | None
) -> Iterator[Page]:
    for plan in in_parts(prepared, given_up):
        after: Position | None = None
        complete = False
        while not complete:
            page, complete = _fetch(index, plan, after, clock, given_up)
            if page:
                yield [tuple(value or "" for value in row[: len(plan.returns)]) for row in page]
            after = page[-1][len(plan.returns) :] if page else None


def _fetch(
    index: Index, plan: Plan, after: Position | None, clock: Callable[[], float], given_up: GivenUp | None
) -> tuple[list[tuple[Any, ...]], bool]:
    statement, deadline = plan.page(after, PAGE), 0.0
    page: list[tuple[Any, ...]] = []
    for row in index.rows(statement.sql, statement.parameters, given_up=given_up):
        page.append(tuple(row))
        deadline = clock() + PAGE_SECONDS if len(page) == 1 else deadline
        if clock() > deadline:
            return page, False
    return page, len(page) < PAGE
