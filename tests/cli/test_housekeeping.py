"""What the housekeeper's rounds do with kept pictures."""

import shutil
from dataclasses import replace
from pathlib import Path

from support.archives import make_archive, store
from support.instances import make_instance

from radnode.archive.picture_cache import PictureCache
from radnode.archive.picture_places import pictures_of
from radnode.archive.picture_sweeping import ROUNDS
from radnode.cli.housekeeping import sweep
from radnode.instance.pictures.picture import Facts, Picture
from radnode.sections.archive import ArchiveSettings
from radnode.sections.render import RenderSettings
from radnode.settings import Settings


def test_pictures_of_what_is_gone_are_swept_within_sixteen_rounds(tmp_path: Path) -> None:
    settings = Settings(archive=ArchiveSettings(root=tmp_path), render=RenderSettings(cache_reserve=0))
    with make_archive(tmp_path) as archive:
        path = store(archive, make_instance()).path
        cache = PictureCache(archive, limit=2**30, reserve=0)
        cache.keep(archive.standing(path), "0" * 32, Picture(b"picture", Facts()))
        here, gone = (pictures_of(archive.layout, one) for one in (path, replace(path, name="ab" * 16)))
        shutil.copytree(here, gone)
    for turn in range(ROUNDS):
        sweep(settings, turn)
    assert (here.exists(), gone.exists()) == (True, False)
    sweep(settings.model_copy(update={"render": RenderSettings(cache_size=0)}), 0)
    assert not here.exists()
