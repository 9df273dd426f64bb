"""When C-FIND answers go out: many at once, but none waits for what is not found yet."""

import threading
from collections.abc import Callable, Iterator

import pytest
from support.dimse_server import IMPLICIT, address_of, proposals, running
from support.fake_archive import FakeArchive

from radnode.dimse.contexts import STUDY_ROOT_FIND
from radnode.dimse.scu.identifiers import decode_identifier, encode_identifier
from radnode.dimse.scu.query import ask
from radnode.dimse.upper.command import Element, Field
from radnode.dimse.upper.requesting import Requested, associate
from radnode.instance.encodings import IMPLICIT_VR_LITTLE_ENDIAN
from radnode.model.errors import OutOfResources
from radnode.model.level import Level
from radnode.model.query import Query

FIND = proposals((STUDY_ROOT_FIND, (IMPLICIT,)))
Page = list[tuple[str, ...]]


class Slow(FakeArchive):
    """Two pages, the second of which is long in coming, and then it may fail."""

    def __init__(self, count: int, *, fails: bool = False) -> None:
        super().__init__(rows=[{"StudyInstanceUID": f"1.2.{number}"} for number in range(count)])
        self.fails = fails
        self.may_go_on = threading.Event()

    def find_pages(self, query: Query, *, given_up: Callable[[], bool] | None = None) -> Iterator[Page]:
        (page,) = super().find_pages(query)
        yield page
        assert self.may_go_on.wait(10)
        if self.fails:
            raise OutOfResources("the index has failed")
        yield page


def answers(requested: Requested, message_id: int, count: int) -> list[str]:
    """The Study Instance UIDs of so many pending responses."""
    found = []
    for _ in range(count):
        assert requested.response(Field.C_FIND, message_id).number(Element.STATUS) == 0xFF00
        identifier = b"".join(map(bytes, requested.messages.fragments()))
        found.append(decode_identifier(identifier, IMPLICIT_VR_LITTLE_ENDIAN)["StudyInstanceUID"])
    return found


@pytest.mark.parametrize("count", [1, 49, 50, 51, 120])
@pytest.mark.parametrize("fails", [False, True])
def test_what_is_found_goes_out_before_the_rest_is_sought(count: int, fails: bool) -> None:
    archive = Slow(count, fails=fails)
    with running(archive) as server, associate(address_of(server), FIND) as requested:
        message_id = ask(requested, 1, Field.C_FIND, encode_identifier(Level.STUDY, {}, IMPLICIT_VR_LITTLE_ENDIAN))
        assert answers(requested, message_id, count) == [f"1.2.{number}" for number in range(count)]
        archive.may_go_on.set()
        assert len(answers(requested, message_id, 0 if fails else count)) in {0, count}
        assert requested.response(Field.C_FIND, message_id).number(Element.STATUS) == (0xA700 if fails else 0)
