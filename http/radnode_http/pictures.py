"""Pictures of stored objects: kept ones found, others made, each once however many ask for it at the same time."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from radnode.archive.archive import Archive
from radnode.archive.picture_cache import PictureCache
from radnode.archive.rows import Standing
from radnode.instance.pictures.picture import Picture, PictureWish
from radnode.instance.pictures.picture_key import picture_key, renderer
from radnode.model.errors import CannotRender, NotFound
from radnode.model.file_path import FilePath
from radnode.sections.render import RenderSettings
from radnode_http.errors import NOT_FOUND, Disconnected
from radnode_http.keeping import Due, Keeping
from radnode_http.render_pool import RenderPool

IsWanted = Callable[[], bool]
_Subject: TypeAlias = tuple[Standing, str]


@dataclass(frozen=True, slots=True)
class Sought:
    """A picture of a current object by its key, which is its entity tag too; `kept` is the picture, if it is there."""

    object: Standing
    wish: PictureWish
    key: str
    kept: Picture | None

    @property
    def subject(self) -> _Subject:
        """What requests share a making of: a mended file is not shown as it was, though its digest is the same."""
        return self.object, self.key


@dataclass(slots=True)
class _Making:
    """A picture that is being made, and who waits for it."""

    picture: "asyncio.Task[Picture]"
    waiting: list[IsWanted] = field(default_factory=list)


class Pictures:
    """What is between requests and the render pool."""

    def __init__(self, archive: Archive, pool: RenderPool, settings: RenderSettings) -> None:
        self._archive = archive
        self._pool = pool
        self._cache = PictureCache(archive, limit=settings.cache_size, reserve=settings.cache_reserve)
        self._renderer = renderer()
        self._making: dict[_Subject, _Making] = {}
        self._keeping = Keeping()

    def seek(self, path: FilePath, wish: PictureWish, known: Collection[str]) -> Sought:
        """The picture as far as it is there; one whose key is `known` is not read. NotFound, OutOfResources. Blocks."""
        standing = self._archive.standing(path)
        key = picture_key(self._renderer, standing.sha256, wish)
        return Sought(standing, wish, key, None if key in known else self._cache.find(path, key))

    async def make(self, sought: Sought, is_wanted: IsWanted) -> Picture:
        """The picture, made now; others who want the same meanwhile get this one.

        Raises what the pool raises, and NotFound where the file went away while it was being made.
        """
        while True:
            making = self._making.get(sought.subject) or self._begin(sought)
            making.waiting.append(is_wanted)
            try:
                return await asyncio.shield(making.picture)
            except Disconnected:
                if not is_wanted():
                    raise  # else: all who had come before have gone, and this one came too late to be asked

    async def close(self) -> None:
        """Wait until what was made is kept."""
        await self._keeping.close()

    def _begin(self, sought: Sought) -> _Making:
        waiting: list[IsWanted] = []
        task = asyncio.create_task(self._make(sought, lambda: any(is_wanted() for is_wanted in waiting)))
        task.add_done_callback(lambda done: self._end(sought, done))
        making = self._making[sought.subject] = _Making(task, waiting)
        return making

    async def _make(self, sought: Sought, is_wanted: IsWanted) -> Picture:
        file = self._archive.layout.current(sought.object.path)
        try:
            return await self._pool.render(file, sought.wish, is_wanted=is_wanted)
        except CannotRender:
            if await asyncio.to_thread(file.exists):
                raise
            raise NotFound(NOT_FOUND) from None

    def _end(self, sought: Sought, done: "asyncio.Task[Picture]") -> None:
        """Whoever comes from now on makes it anew if it failed; else it is this one until it is kept."""
        forget = partial(self._making.pop, sought.subject, None)
        if done.cancelled() or done.exception() is not None:
            forget()
            return
        picture = done.result()
        work = partial(self._cache.keep, sought.object, sought.key, picture)
        self._keeping.add(Due(len(picture.data), work, forget))
