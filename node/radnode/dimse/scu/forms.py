"""The forms in which an object can go to a peer: as it is stored, or else transcoded to what the peer takes."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from radnode.dimse.scu.outgoing import Outgoing, Stretch, Unsendable, opened
from radnode.dimse.scu.values import Unsent
from radnode.dimse.upper.requesting import MAX_CONTEXTS
from radnode.instance.encodings import EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN
from radnode.instance.transcoding.targets import targets
from radnode.instance.transcoding.transcoder import Transcoder
from radnode.model.errors import CannotTranscode, NotFound, TranscodingGivenUp
from radnode.model.uid import UID

_FALLBACKS = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)
Kind = tuple[str, str]
"""SOP class and transfer syntax of stored objects."""
Context = tuple[str, tuple[str, ...]]
"""An abstract syntax and the transfer syntaxes to propose for it."""


def contexts_for(kinds: Iterable[Kind], *, is_transcoded: bool) -> list[Context]:
    """What to propose for objects of these kinds: each as it is stored, in a context of its own, and thereafter plain.

    A peer chooses one transfer syntax of a context, so what is to be accepted for sure stands alone.
    """
    stored: dict[str, list[str]] = {}
    for sop_class, syntax in kinds:
        stored.setdefault(sop_class, []).append(syntax)
    found: list[Context] = []
    for sop_class, syntaxes in stored.items():
        found += [(sop_class, (syntax,)) for syntax in syntaxes]
        possible = {target for syntax in syntaxes for target in targets(UID(syntax))} if is_transcoded else set()
        further = tuple(one for one in _FALLBACKS if one in possible and one not in syntaxes)
        found += [(sop_class, further)] if further else []
    return found


def in_associations(
    kinds: Iterable[Kind], *, is_transcoded: bool
) -> Iterator[tuple[Collection[Kind], Sequence[Context]]]:
    """Kinds of objects, as many at a time as one association has contexts for, with these contexts."""
    together: list[Kind] = []
    contexts: list[Context] = []
    for kind in sorted(kinds):
        more = contexts_for([*together, kind], is_transcoded=is_transcoded)
        if len(more) > MAX_CONTEXTS:
            yield frozenset(together), contexts
            together, more = [], contexts_for([kind], is_transcoded=is_transcoded)
        together.append(kind)
        contexts = more
    if together:
        yield frozenset(together), contexts


@contextmanager
def prepared(
    sending: Outgoing,
    offered: Collection[str],
    transcoder: Transcoder | None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Iterator[tuple[str, Stretch]]:
    """The object in one of the `offered` transfer syntaxes, for the block: the stored one where that is among them.

    Raises Unsendable, before the block.
    """
    with opened(sending) as stretch:
        if sending.transfer_syntax in offered:
            yield sending.transfer_syntax, stretch
            return
    with ExitStack() as stack:
        yield _transcoded(stack, sending, offered, transcoder, is_wanted)


def _transcoded(
    stack: ExitStack,
    sending: Outgoing,
    offered: Collection[str],
    transcoder: Transcoder | None,
    is_wanted: Callable[[], bool],
) -> tuple[str, Stretch]:
    """The best form that can be made; where one is refused by what the object holds, the next one may do."""
    why = f"no context for {sending.sop_class} in {sending.transfer_syntax}"
    possible = targets(UID(sending.transfer_syntax)) if transcoder else ()
    for target in possible:
        if transcoder is None or target not in offered:
            continue
        try:
            made = stack.enter_context(transcoder.transcoded(sending.path, target, is_wanted=is_wanted))
        except CannotTranscode as error:
            why = f"not transcoded to {target}: {error}"
            if isinstance(error, TranscodingGivenUp):
                break
        except NotFound as error:
            raise Unsendable(str(error)) from error
        else:
            return target, Stretch(made.descriptor, 0, made.count)
    raise Unsendable(why, Unsent.REFUSED)
