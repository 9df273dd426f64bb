"""The bodies of answers about uploads in bulk."""

from pydantic import Field

from radnode.work.upload_jobs import FileResult
from radnode_http.answers.answer import Answer


class FileAnswer(Answer):
    """What has become of one file."""

    file_name: str
    """As it was sent or stood in a zip archive: without folders, and without what cannot be shown."""
    success: bool
    file_path: str | None
    """Where the file is from now on; the other endpoints take it."""
    error: str | None
    """Why it was not stored."""


class UploadsAnswer(Answer):
    """What has become of each file."""

    success: bool
    """Whether every file was stored."""
    count: int = Field(ge=0)
    stored: int = Field(ge=0)
    failed: int = Field(ge=0)
    results: tuple[FileAnswer, ...]
    """In the order in which they were sent, those of a zip archive in its own."""


def file_answer(result: FileResult) -> FileAnswer:
    """One file's line."""
    return FileAnswer(
        file_name=result.name, success=result.error is None, file_path=result.file_path, error=result.error
    )
