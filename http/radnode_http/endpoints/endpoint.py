"""One endpoint as data: routing, authorisation and the OpenAPI document are all made of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web
from pydantic import BaseModel

from radnode_http.answers.answer import Answer
from radnode_http.auth import Scope

View = Callable[[web.Request], Awaitable[web.StreamResponse]]
FILE_PATH = "{file_path}"
"""Where a path stands in a template; it holds slashes and is checked by radnode.model.file_path alone."""


@dataclass(frozen=True, slots=True)
class Header:
    """A header of a request or an answer, and what it says; its value is a text."""

    name: str
    description: str


JOB_AT = Header("Location", "The path of the job, which tells how far it is.")


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that an endpoint answers with, and the sentences that its detail may be."""

    status: int
    sentences: tuple[str, ...]
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Otherwise:
    """An answer that is no error and not the usual one: of its kind (206), or, without `has_body`, empty (304)."""

    status: int
    description: str
    has_body: bool = True
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart/form-data body with one file in the field `name`, or with several in fields of that name.

    A body of one of the `instead` media types does as well.
    """

    name: str
    is_several: bool = False
    instead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Media:
    """An answer that is not JSON, and the types that it may have; or JSON after all, where it asks for that."""

    types: tuple[str, ...]
    description: str
    instead: type[Answer] | None = None
    headers: tuple[Header, ...] = ()


@dataclass(frozen=True, slots=True)
class PathParameter:
    """A part of the path other than a file's, which holds no slash; `pattern` is what it has to match to be known."""

    name: str
    description: str
    pattern: str


STUDY = PathParameter("study_uid", "The Study Instance UID.", "^[0-9.]{1,64}$")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What answers at one method and path, who may call it, and everything that can come back."""

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    view: View = field(repr=False)
    scope: Scope | None
    summary: str
    answer: type[Answer] | Media
    description: str = ""
    needs_archive: bool = True
    query: type[BaseModel] | None = None
    body: type[BaseModel] | Upload | None = None
    failures: tuple[Failure, ...] = ()
    named: tuple[PathParameter, ...] = ()
    success: int = 200
    otherwise: tuple[Otherwise, ...] = ()
    asks: tuple[Header, ...] = ()
    tells: tuple[Header, ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """The HTTP methods that reach it: whatever can be fetched can be asked about."""
        return ("GET", "HEAD") if self.method == "GET" else (self.method,)
