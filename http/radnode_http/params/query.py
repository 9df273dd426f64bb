"""What requests may ask for: query parameters and summary flags, as typed models that validate and document."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Annotated, TypeVar

from multidict import MultiMapping
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, WithJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from radnode_http.errors import Refusal

DATE = r"^[0-9]{8}$"


def _real_date(text: str) -> str:
    try:
        if len(text) != 8 or not (text.isascii() and text.isdigit()):
            raise ValueError
        date.fromisoformat(text)
    except ValueError:
        raise PydanticCustomError("date", "must be a real date, written YYYYMMDD") from None
    return text


def _plain_text(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("text", "must not hold a NUL")
    return text


def whole_number(first: int, last: int) -> Callable[[object], object]:
    """A parameter of digits only: what int() takes beyond them (signs, underscores, spaces) is a mistake in a URL."""

    def parse(value: object) -> object:
        text = str(value)
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and first <= int(text) <= last):
            raise PydanticCustomError("number", f"must be a whole number from {first} to {last}")
        return int(text)

    return parse


PlainText = Annotated[str, AfterValidator(_plain_text)]
StudyDate = Annotated[str, AfterValidator(_real_date), WithJsonSchema({"type": "string", "pattern": DATE})]
Limit = Annotated[int, Field(ge=1, le=1000), BeforeValidator(whole_number(1, 1000))]
Quality = Annotated[int, Field(ge=1, le=100), BeforeValidator(whole_number(1, 100))]


class ListParameters(BaseModel):
    """What /list can be asked for; filters are ANDed, an empty one filters nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    patient_id: PlainText | None = None
    """Exactly this Patient ID."""
    patient_name: PlainText | None = None
    """Any part, case and accents aside; `*` and `?` are wildcards; `john doe` finds DOE^JOHN."""
    modality: PlainText | None = None
    """Exactly this modality, or one of several, separated by commas; XR is CR and DX, RT is every RT modality."""
    study_date_from: StudyDate | None = None
    """The first study date, inclusive, YYYYMMDD."""
    study_date_to: StudyDate | None = None
    """The last study date, inclusive, YYYYMMDD."""
    limit: Limit = 100
    """The most files that one answer holds."""
    cursor: str | None = None
    """`next` of the answer before, to go on behind it."""


class NoParameters(BaseModel):
    """What an endpoint can be asked for that takes no parameters, but could be thought to."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SummaryFlags(BaseModel):
    """What a clinical summary holds; a missing flag is true, but for provenance."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)

    include_patient_info: bool = True
    """The patient's name, ID, age and sex."""
    include_study_info: bool = True
    """Description, date, accession number and modality."""
    include_technical_params: bool = True
    """Equipment, slice thickness, matrix and pixel spacing."""
    include_provenance: bool = False
    """In structured_data, which attribute of which object each value comes from."""

    @property
    def sections(self) -> dict[str, bool]:
        """Which sections are wanted."""
        return self.model_dump(exclude={"include_provenance"})


M = TypeVar("M", bound=BaseModel)


def parse_query(model: type[M], query: MultiMapping[str], *, may_be_empty: Iterable[str] = ()) -> M:
    """The parameters in a query string; Refusal (400) that names the first one that is unknown, repeated or bad.

    Those in `may_be_empty` are as good as absent when they are.
    """
    for name, times in Counter(name for name, _ in query.items()).items():
        if times > 1:
            raise Refusal(400, f"Parameter {_shown(name)} is given more than once")
    given = {name: value for name, value in query.items() if value or name not in may_be_empty}
    return _validated(lambda: model.model_validate(given), "Parameter", "parameter")


def parse_list(query: MultiMapping[str]) -> ListParameters:
    """The parameters of /list, whose dates must also be in order."""
    filters = set(ListParameters.model_fields) - {"limit"}
    wanted = parse_query(ListParameters, query, may_be_empty=filters)
    first, last = wanted.study_date_from, wanted.study_date_to
    if first is not None and last is not None and first > last:
        raise Refusal(400, "Parameter study_date_from must not be after study_date_to")
    return wanted


def parse_flags(body: bytes) -> SummaryFlags:
    """The flags in a JSON body, all true where there is none; Refusal (400) for anything but an object of booleans."""
    return parse_body(SummaryFlags, body) if body.strip() else SummaryFlags()


def parse_body(model: type[M], body: bytes) -> M:
    """The JSON object in a body; Refusal (400) that names the first field that is unknown, missing or bad."""
    return _validated(lambda: model.model_validate_json(body), "Field", "field")


def _validated(validate: Callable[[], M], noun: str, unknown: str) -> M:
    try:
        return validate()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Refusal(400, _sentence(first, noun, unknown)) from None


def _sentence(error: ErrorDetails, noun: str, unknown: str) -> str:
    name = _shown(str(error["loc"][0])) if error["loc"] else ""
    words: Mapping[str, str] = {
        "json_invalid": "Invalid JSON body",
        "dict_type": "Request body must be a JSON object",
        "model_type": "Request body must be a JSON object",
        "extra_forbidden": f"Unknown {unknown} {name}",
        "bool_type": f"{noun} {name} must be true or false",
        "string_type": f"{noun} {name} must be a text",
        "missing": f"{noun} {name} is required",
        "literal_error": f"{noun} {name} must be {error['msg'].removeprefix('Input should be ')}".replace("'", ""),
    }
    return words.get(error["type"], f"{noun} {name} {error['msg']}")


def _shown(name: str) -> str:
    """A client's word as it may stand in an answer."""
    return "".join(character for character in name[:64] if character.isprintable())
