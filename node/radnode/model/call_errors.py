"""What can go wrong in calling a peer: named apart from what calls, for those who only tell of it."""

from radnode.model.errors import RadnodeError


class CallFailed(RadnodeError):
    """The peer could not be called, ended the association, or answered the operation with a failure."""

    @property
    def words(self) -> str:
        """What went wrong in our own words: nothing that the peer said, which might be about a patient."""
        return str(self)


class NoAnswer(CallFailed):
    """The peer was silent for longer than the caller waits."""


class NotOffered(CallFailed):
    """The peer is there, and does not accept the service that it is called for."""


class Cancelled(CallFailed):
    """The caller gave up before the peer had answered."""


class InvalidKey(CallFailed):
    """What was to be asked for cannot be asked: nobody was called."""


class Answered(CallFailed):
    """The peer answered an operation with a status that is a failure; its own words are in the text alone."""

    def __init__(self, title: str, status: int, comment: str = "") -> None:
        words = "".join(character if character.isprintable() else "?" for character in comment)
        super().__init__(f"{title} answered {status:04X} {words}".rstrip())
        self.title = title
        self.status = status

    @property
    def words(self) -> str:
        """Without the peer's comment."""
        return f"{self.title} answered {self.status:04X}"
