"""Opening the archive that the settings name."""

from radnode.archive.archive import Archive
from radnode.cli.refusal import Refused
from radnode.cli.storage import prepare
from radnode.model.errors import OutOfResources
from radnode.settings import Settings


def open_archive(settings: Settings) -> Archive:
    """The archive of these settings, made where there is none. Raises Refused where the folder cannot be used."""
    root = prepare(settings.archive.root)
    try:
        return Archive.open(root, further=settings.archive.further)
    except OutOfResources as error:
        raise Refused(f"archive.root = {root}: {error}") from error
