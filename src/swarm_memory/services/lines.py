"""The format of an export: one JSON object a line. ``docs/export-format.md`` tells it to people.

A line that comes in is hostile until it is checked: types, sizes, and that what it says is possible.
"""

import json
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError, model_validator

from swarm_memory.errors import InvalidArgument, SwarmMemoryError
from swarm_memory.models.memory import Kind
from swarm_memory.models.record import FOR_GOOD, LessonRecord, Past, Record, SwarmRecord
from swarm_memory.models.values import MAX_VALUE_BYTES, check_text, encode, to_json

FORMAT: Final = 1
HEADER: Final = to_json({"type": "export", "format": FORMAT})
MAX_LINE: Final = 16_000_000
"""Bytes: a content of a million bytes takes six million where each of them is escaped."""

Item = Record | Past | LessonRecord | SwarmRecord

_FORM: Final = {"format": "text"}
_DEFAULTS: Final[dict[type[Item], dict[str, Any]]] = {
    Record: {**_FORM, "expires_at": FOR_GOOD, "buried": 0, "tags": "[]", "attributes": "{}"},
    Past: {**_FORM, "expires_at": FOR_GOOD, "deleted": 0},
    LessonRecord: {},
    SwarmRecord: {},
}
"""What is left out of a line; so is whatever is null."""
_JSON_FIELDS: Final = ("tags", "attributes", "report", "config")
_TYPES: Final[dict[type[Item], str]] = {Record: "memory", Past: "version", LessonRecord: "lesson", SwarmRecord: "swarm"}


def line_of(item: Item) -> str:
    """The line of a record, without its line end."""
    defaults = _DEFAULTS[type(item)]
    told: dict[str, Any] = {"type": _TYPES[type(item)]}
    for name, value in asdict(item).items():
        if value is not None and defaults.get(name) != value:
            told[name] = json.loads(value) if name in _JSON_FIELDS else value
    return to_json(told)


def no_counts() -> dict[str, int]:
    """Nothing of any type yet; the names are those of the last line."""
    return {"memories": 0, "versions": 0, "lessons": 0, "swarms": 0}


def end_of(counts: dict[str, int]) -> str:
    """The last line: how many lines of each type there were."""
    return to_json({"type": "end", **counts})


def is_header(line: str) -> bool:
    """Whether an export of any format begins with this line."""
    try:
        told: Any = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(told, dict) and cast("dict[str, Any]", told).get("type") == "export"


def parse_line(line: str) -> "Header | End | Item":
    """What a line says.

    Raises:
        InvalidArgument: It is no line of an export of this format.
    """
    try:
        return _LINES.validate_json(line).parsed()
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        raise _bad(f"{place}: {first['msg']}" if place else first["msg"]) from None
    except RecursionError:
        raise _bad("it is nested too deeply") from None


def _bad(why: str) -> InvalidArgument:
    return InvalidArgument(
        f"This is no line of an export: {why}.", next_step="import the export as it was written, with this version."
    )


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


def _text(low: int, high: int) -> Any:
    return StringConstraints(min_length=low, max_length=high)


_Id = Annotated[str, _text(1, 64)]
_Project = Annotated[str, _text(1, 256)]
_Short = Annotated[str, _text(0, 256)]
_Long = Annotated[str, _text(0, 1024)]
_Content = Annotated[str, _text(0, MAX_VALUE_BYTES)]
_Number = Annotated[int, Field(ge=0, le=2**53)]
_Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Version = Annotated[int, Field(ge=1, le=2**53)]
_Grave = Literal[0, 1, 2]
_Form = Literal["text", "json"]
_Tags = Annotated[list[Annotated[str, _text(1, 64)]], Field(max_length=32)]


class Header(_Line):
    """The first line."""

    type: Literal["export"]
    format: Literal[1]

    def parsed(self) -> "Header":
        """Itself."""
        return self


class End(_Line):
    """The last line, and how many there were of each type."""

    type: Literal["end"]
    memories: _Number
    versions: _Number
    lessons: _Number
    swarms: _Number

    def parsed(self) -> "End":
        """Itself."""
        return self

    @property
    def counts(self) -> dict[str, int]:
        """By name, as ``end_of`` takes them."""
        return self.model_dump(exclude={"type"})


class _Content_(_Line):  # noqa: N801 - the base of two lines, beside the type of a field
    format: _Form = "text"
    content: _Content = ""

    @model_validator(mode="after")
    def is_storable(self) -> "_Content_":
        """Refuse what no write would have let in."""
        check_content(self.format, self.content)
        return self


class _MemoryLine(_Content_):
    type: Literal["memory"]
    id: _Id
    project: _Project
    namespace: Annotated[str, StringConstraints(min_length=1, max_length=128, pattern="^[^/]+$")]
    key: Annotated[str, _text(1, 1024)] | None = None
    kind: Kind = Field(strict=False)
    source: _Long | None = None
    priority: Annotated[str, _text(0, 32)] | None = None
    conversation: _Short | None = None
    digest: _Id | None = None
    version: _Version
    born: _Number
    expires_at: _Number = FOR_GOOD
    buried: _Grave = 0
    agent: _Short | None = None
    session: _Short | None = None
    host: _Short | None = None
    branch: _Long | None = None
    revision: _Short | None = None
    created_at: _Number
    updated_at: _Number
    topic: _Long | None = None
    tags: _Tags = []
    attributes: dict[str, Any] = {}

    def parsed(self) -> Record:
        fields = self.model_dump(exclude={"type", "kind", "tags", "attributes"})
        attributes = encode(self.attributes, name="attributes").content
        return Record(**fields, kind=self.kind.value, tags=to_json(self.tags), attributes=attributes)

    @model_validator(mode="after")
    def is_possible(self) -> "_MemoryLine":
        """A tombstone has no content, and what lives has a time to live until."""
        if self.buried and (self.content or self.expires_at or self.tags or self.attributes or self.topic):
            raise ValueError("a tombstone with a content")
        if not self.buried and not self.expires_at:
            raise ValueError("a living memory whose time is over")
        return self


class _VersionLine(_Content_):
    type: Literal["version"]
    memory: _Id
    kind: Kind = Field(strict=False)
    version: _Version
    agent: _Short | None = None
    at: _Number
    expires_at: _Number = FOR_GOOD
    deleted: _Grave = 0

    def parsed(self) -> Past:
        return Past(**self.model_dump(exclude={"type", "kind"}), kind=self.kind.value)


class _LessonLine(_Line):
    type: Literal["lesson"]
    lesson: _Id
    helpful: _Weight
    harmful: _Weight
    own_helpful: _Weight
    own_harmful: _Weight
    uses: _Number
    at: _Number
    retired_at: _Number | None = None

    def parsed(self) -> LessonRecord:
        return LessonRecord(**self.model_dump(exclude={"type"}))


class _SwarmLine(_Line):
    type: Literal["swarm"]
    id: _Id
    project: _Project
    objective: _Content | None = None
    topology: _Short
    requested_topology: _Short
    strategy: _Short
    max_agents: _Number
    recommended_agents: _Number
    learning: Literal[0, 1]
    report: dict[str, Any]
    config: dict[str, Any]
    status: Literal["active", "archived"]
    coordinator: _Short
    created_at: _Number
    updated_at: _Number

    def parsed(self) -> SwarmRecord:
        fields = self.model_dump(exclude={"type", "report", "config"})
        report, config = (encode(value).content for value in (self.report, self.config))
        return SwarmRecord(**fields, report=report, config=config)


_LINES: Final[TypeAdapter[Header | End | _MemoryLine | _VersionLine | _LessonLine | _SwarmLine]] = TypeAdapter(
    Annotated[Header | End | _MemoryLine | _VersionLine | _LessonLine | _SwarmLine, Field(discriminator="type")]
)


def check_content(form: str, content: str) -> None:
    """Refuse a content that no write would have let in.

    Raises:
        ValueError: It is too long, not storable, or no JSON where it must be.
    """
    try:
        check_text(content, "content")
        if len(content.encode()) > MAX_VALUE_BYTES:
            raise ValueError("content has more than a million bytes")
        if form == "json":
            encode(json.loads(content), name="content")
    except SwarmMemoryError as error:
        raise ValueError(error.message) from None
    except RecursionError:
        raise ValueError("content is nested too deeply") from None
