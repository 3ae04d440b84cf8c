"""Argument models: exact types, nothing ignored, both spellings of a name."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Final, TypeVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel

from swarm_memory.errors import InvalidArgument, SwarmMemoryError
from swarm_memory.models.values import check_text

TEN_YEARS: Final = 315_576_000
MAX_TAGS: Final = 32
MAX_TAG: Final = 64
MAX_QUERY_BYTES: Final = 100_000
MAX_CURSOR: Final = 16_384
"""Bytes; the longest cursor that this server gives has 9,300: a namespace and a key of control characters."""
_SHOWN: Final = 100


def plain(text: object) -> str:
    """Text of a caller, safe to show in an error: bounded, and in ASCII where it is not well-formed."""
    shown = str(text)[:_SHOWN]
    try:
        shown.encode()
    except UnicodeEncodeError:
        return ascii(shown)
    return shown


def bounded(name: str, low: int, high: int) -> AfterValidator:
    """Text of so many bytes, without NUL and lone surrogates."""

    def check(text: str) -> str:
        check_text(text, name)
        if not low <= len(text.encode()) <= high:
            raise InvalidArgument(
                f"{name} has {len(text.encode())} bytes; {low} to {high:,} are allowed.",
                next_step=f"send a {'longer' if len(text) < low else 'shorter'} {name}.",
            )
        return text

    return AfterValidator(check)


def _namespace(text: str) -> str:
    if "/" in text:
        raise InvalidArgument(
            "namespace holds a slash.", next_step="use a plain word; slashes belong into keys, as in swarm/shared/x."
        )
    return text


Key = Annotated[str, bounded("key", 1, 1024)]
Id = Annotated[str, bounded("id", 1, 64)]
Namespace = Annotated[str, bounded("namespace", 1, 128), AfterValidator(_namespace)]
Name = Annotated[str, bounded("agent", 1, 128)]
ProjectName = Annotated[str, bounded("project", 1, 256)]
Topic = Annotated[str, bounded("topic", 1, 1024)]
Content = Annotated[str, bounded("content", 1, 1_000_000)]
Source = Annotated[str, bounded("source", 1, 1024)]
SessionId = Annotated[str, bounded("session_id", 1, 256)]
Query = Annotated[str, bounded("query", 0, MAX_QUERY_BYTES)]
Pattern = Annotated[str, bounded("pattern", 1, 1024)]
Cursor = Annotated[str, bounded("cursor", 1, MAX_CURSOR)]
Priority = Annotated[str, bounded("priority", 1, 32)] | Annotated[int, Field(ge=-(2**53), le=2**53)]
Limit = Annotated[int, Field(ge=1, le=200)]
IfVersion = Annotated[int, Field(ge=0, le=2**53)]
Ttl = Annotated[float, Field(ge=1, le=TEN_YEARS, allow_inf_nan=False)]


ANY_JSON: Final[dict[str, Any]] = {
    "anyOf": [*({"type": name} for name in ("string", "number", "boolean", "object", "array")), {"const": None}]
}
"""Schema of an argument that takes any JSON value: said in full, since a schema without a rule looks like a mistake."""


def _few_tags(value: object) -> object:
    # Before pydantic looks at the items: it would make an error for each of a million.
    number = len(cast("list[object]", value)) if isinstance(value, list) else 0
    if number > MAX_TAGS:
        raise _too_many_tags(number)
    return cast("object", value)


def _tags(value: list[str] | str) -> list[str]:
    """A list, from a list or comma-separated text; trimmed, in the order given, and each once."""
    parts = value if isinstance(value, list) else value.split(",") if value.strip() else []
    if len(parts) > MAX_TAGS:
        raise _too_many_tags(len(parts))
    tags = list(dict.fromkeys(tag.strip() for tag in parts))
    for tag in tags:
        check_text(tag, "tags")
        if not 1 <= len(tag) <= MAX_TAG:
            raise InvalidArgument(
                f"tags holds a tag of {len(tag)} characters; 1 to {MAX_TAG} are allowed.",
                next_step="shorten it." if tag else "leave it out.",
            )
    return tags


def _too_many_tags(number: int) -> InvalidArgument:
    return InvalidArgument(f"tags holds {number:,} tags; {MAX_TAGS} are allowed.", next_step="send fewer tags.")


Tags = Annotated[list[str] | str, AfterValidator(_tags), BeforeValidator(_few_tags)]


class Arguments(BaseModel):
    """Base of every tool's arguments."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_by_name=True, validate_by_alias=True)

    @model_validator(mode="before")
    @classmethod
    def one_spelling(cls, raw: Any) -> Any:
        """Both spellings of each name, ``max_agents`` and ``maxAgents``, are the field's own name."""
        return _one_spelling(cls, cast("dict[str, Any]", raw)) if isinstance(raw, dict) else raw

    def given(self) -> set[str]:
        """Names of the arguments that the caller gave, null ones aside (a null ``value`` is a value)."""
        return {name for name in self.model_fields_set if name == "value" or getattr(self, name) is not None}


class CommonArguments(Arguments):
    """What every tool takes."""

    project: ProjectName | None = Field(None, description="Another project.")
    agent: Name | None = Field(None, description="Your handle or name.")

    def stored(self) -> dict[str, Any]:
        """What a write with these arguments would store, as JSON values by name: all but who calls and from where."""
        return {name: item for name, item in _plain(self).items() if name not in CommonArguments.model_fields}


def _plain(value: Any) -> Any:
    """Arguments in arguments as what they were given as."""
    if isinstance(value, Arguments):
        return {name: _plain(getattr(value, name)) for name in value.given()}
    if isinstance(value, list):
        items = cast("list[Any]", value)
        return [_plain(one) for one in items] if any(isinstance(one, Arguments) for one in items) else items
    return value


_ArgumentsT = TypeVar("_ArgumentsT", bound=Arguments)


def parse(model: type[_ArgumentsT], raw: Mapping[str, Any]) -> _ArgumentsT:
    """Validate raw arguments.

    Raises:
        InvalidArgument: Whatever is wrong first, with the rule and what would be right.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise _explain(error) from None


def parse_each(model: type[_ArgumentsT], raw: object, name: str, most: int) -> object:
    """Validate a list of arguments one by one, so that each error names its place and the first one is the last.

    Args:
        model: Of each item.
        raw: The list as it came; anything else comes back as it is.
        name: Of the argument that is this list, for errors.
        most: Items allowed.

    Raises:
        InvalidArgument: More items, or whatever is wrong first in the first item that is wrong.
    """
    if not isinstance(raw, list):
        return raw
    items = cast("list[Any]", raw)
    if len(items) > most:
        raise InvalidArgument(
            f"{name} holds {len(items):,} items; {most} are allowed.", next_step=f"send {name} in several calls."
        )
    parsed: list[_ArgumentsT] = []
    for position, item in enumerate(items):
        try:
            parsed.append(parse(model, item))
        except InvalidArgument as error:
            raise at(f"{name}[{position}]", model, error) from None
    return parsed


_ErrorT = TypeVar("_ErrorT", bound=SwarmMemoryError)


def at(place: str, model: type[Arguments], error: _ErrorT) -> _ErrorT:
    """The same error of a part of a call: ``operations[3].key has 2,000 bytes``, ``operations[3]: ...``."""
    first = re.match(r"\w*", error.message)
    joint = "." if first and first[0] in model.model_fields else ": "
    return type(error)(f"{place}{joint}{error.message}", next_step=error.next_step)


def schema_of(model: type[Arguments]) -> dict[str, Any]:
    """JSON Schema of a model as it is published: canonical names, without titles and without null as a choice."""
    schema = _slim(model.model_json_schema(by_alias=True))
    for part in (schema, *schema.get("$defs", {}).values()):
        part.pop("description", None)  # the models' docstrings are for readers of the source
    properties: dict[str, Any] = schema["properties"]
    # What all tools share goes last.
    shared = {name: properties.pop(name) for name in CommonArguments.model_fields if name in properties}
    schema["properties"] = properties | shared
    return schema


def names_of(model: type[Arguments]) -> list[str]:
    """The canonical names of a model's arguments."""
    return [field.alias or name for name, field in model.model_fields.items()]


@cache
def _spellings(model: type[Arguments]) -> dict[str, str]:
    """Each spelling of a name, with the field's own name."""
    return {
        spelling: name
        for name, field in model.model_fields.items()
        for spelling in (name, to_camel(name), field.alias or name)
    }


def _one_spelling(model: type[Arguments], raw: Mapping[str, Any]) -> dict[str, Any]:
    """Bring ``max_agents`` and ``maxAgents`` to the field's own name; end at the first name that is unknown."""
    spellings = _spellings(model)
    values: dict[str, Any] = {}
    for given, value in raw.items():
        name = spellings.get(given)
        if name is None:
            allowed = ", ".join(names_of(model))
            raise InvalidArgument(f"Unknown argument {plain(given)}.", next_step=f"use one of: {allowed}.")
        # Lists are not compared: no such name takes one, and Python gives up on deep ones.
        if name in values and (isinstance(value, (list, dict)) or values[name] != value):
            raise InvalidArgument(
                f"{plain(given)} is given twice, in two spellings with different values.",
                next_step=f"send {model.model_fields[name].alias or name} once.",
            )
        values[name] = value
    return values


def _explain(error: ValidationError) -> InvalidArgument:
    first = error.errors(include_url=False)[0]
    where = ".".join(
        plain(part)
        for part in first["loc"]
        if not re.fullmatch(r"(list|function|str|int|float)\W.*|str|int|float", str(part))
    )
    name = where or "arguments"
    kind = first["type"]
    if kind == "missing":
        return InvalidArgument(f"{name} is missing.", next_step=f"send {name}.")
    context = first.get("ctx", {})
    if kind == "literal_error":
        return InvalidArgument(
            f"{name} is {plain(repr(first['input']))}, which is not one of its values.",
            next_step=f"use one of: {context.get('expected', '')}.",
        )
    return InvalidArgument(
        f"{name}: {first['msg']}.", next_step=f"correct {name}; its type and limits are in the schema."
    )


def _slim(node: Any) -> Any:
    if isinstance(node, list):
        return [_slim(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    slim = {
        key: _slim(value)
        for key, value in cast("dict[str, Any]", node).items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    choices = [choice for choice in slim.get("anyOf", ()) if choice != {"type": "null"}]
    if len(choices) == 1:
        del slim["anyOf"]
        return {**choices[0], **slim}
    return slim | {"anyOf": choices} if choices else slim
