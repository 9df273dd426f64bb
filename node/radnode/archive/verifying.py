"""Whether the archive really has an object: known to the index, and its file's bytes those that were stored."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

from radnode.archive.archive import Archive
from radnode.archive.digest import begin_digest, digest_file
from radnode.archive.holdings import Holding
from radnode.instance.encodings import DEFLATED
from radnode.instance.part10 import FileMetaReader
from radnode.model.commitment import Reason, Reference
from radnode.model.errors import NotDicom

_CHUNK = 1 << 20
_META = 4096
_ATTEMPTS = 3

Pieces = Generator[None, None, "Verdict"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an object can be committed to; `damage` says what is wrong with a file that should be good."""

    reason: Reason
    damage: str = ""


def verifying(archive: Archive, reference: Reference) -> Pieces:
    """Verify one object by reading its whole file, a megabyte a step. Raises OutOfResources.

    It is read, not mapped: what a failing disk does not give is an error then, and not the end of the process.
    """
    held = archive.holding(reference.sop_instance)
    damage = ""
    for _ in range(_ATTEMPTS):
        if held is None:
            return Verdict(Reason.NO_SUCH_INSTANCE)
        if held.sop_class != reference.sop_class:
            return Verdict(Reason.CLASS_INSTANCE_CONFLICT)
        damage = yield from _damage(archive.layout.current(held.path), held)
        if not damage:
            return Verdict(Reason.COMMITTED)
        now = archive.holding(reference.sop_instance)
        if now == held:
            break
        held = now  # replaced or removed while it was read
    return Verdict(Reason.PROCESSING_FAILURE, damage)


def _damage(path: Path, held: Holding) -> Generator[None, None, str]:
    """What is wrong with the file; "" for one that is as it was stored."""
    try:
        if path.stat().st_size != held.size:
            return "its file has another size"
        digest = yield from _digesting(path, (held.sop_class, held.sop_instance))
    except FileNotFoundError:
        return "its file is missing"
    except OSError as error:
        return f"its file cannot be read ({error.strerror})"
    except NotDicom as error:
        return f"its file is damaged: {error}"
    return "" if digest == held.sha256 else "its file is damaged: another digest"


def _digesting(path: Path, identity: tuple[str, str]) -> Generator[None, None, str]:
    reader = FileMetaReader()
    with path.open("rb", buffering=0) as file:
        while reader.meta is None:
            piece = file.read(_META)
            if not piece:
                reader.finish()
                break
            reader.feed(piece)
        meta = reader.finish()
        if (meta.sop_class, meta.sop_instance) != identity:
            raise NotDicom("its file meta names another object")
        if meta.transfer_syntax in DEFLATED:
            return digest_file(path)
        digest = begin_digest(meta.transfer_syntax)
        file.seek(reader.offset)
        while piece := file.read(_CHUNK):
            digest.update(piece)
            yield
    return digest.hexdigest()
