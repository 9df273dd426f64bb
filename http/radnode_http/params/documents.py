"""What requests for documents may ask for."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class DocumentParameters(BaseModel):
    """How /document presents a structured report."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: Literal["html", "text"] = "html"
    """A page or plain text, of structured reports; encapsulated documents are as they are."""
