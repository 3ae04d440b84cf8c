"""Input that is bad a million times is refused for its first fault, and a fault in a batch is told with its place."""

from typing import Any

import pytest
from pydantic import ValidationError
from toolsession import Session

from swarm_memory.errors import InvalidArgument
from swarm_memory.tools._arguments import Arguments, parse
from swarm_memory.tools.knowledge import SearchArguments
from swarm_memory.tools.memory import MemoryUsageArguments, OperationArguments

pytestmark = pytest.mark.anyio

STORE: dict[str, Any] = {"action": "store", "key": "k", "value": 1}
MANY = 1_000_000


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (STORE | {"tags": [1] * MANY}, "tags holds 1,000,000 tags; 32 are allowed."),
        (STORE | {"tags": "," * MANY}, "tags holds 1,000,001 tags; 32 are allowed."),
        ({"action": "batch", "operations": [1] * MANY}, "operations holds 1,000,000 items; 100 are allowed."),
        ({"action": "batch", "operations": [STORE | {"tags": [1] * MANY}]}, "operations[0].tags holds 1,000,000 tags"),
    ],
)
async def test_the_length_of_a_list_is_looked_at_before_its_items(
    session: Session, arguments: dict[str, Any], what: str
) -> None:
    refused = await session.refused("memory_usage", **arguments)

    assert refused["code"] == "invalid_argument"
    assert refused["what"].startswith(what)


@pytest.mark.parametrize("model", [MemoryUsageArguments, OperationArguments, SearchArguments])
def test_no_argument_reaches_the_checks_behind_the_first_unknown_name(model: type[Arguments]) -> None:
    unknown = {f"x{number}": number for number in range(300_000)}

    # pydantic would collect all faults into an error of its own, wherever it is let look.
    with pytest.raises(InvalidArgument, match="Unknown argument x0") as refused:
        model.model_validate(unknown)
    assert not isinstance(refused.value.__context__, ValidationError)
    assert all(name in refused.value.next_step for name in model.model_fields)


@pytest.mark.parametrize(
    ("operation", "what"),
    [
        ({"key": "k" * 2_000}, "operations[1].key has 2000 bytes"),
        ({"key": 5}, "operations[1].key: "),
        ({"ttl": 0}, "operations[1].ttl: "),
        ({"tags": ["x" * 65]}, "operations[1].tags holds a tag of 65 characters"),
        ({"tags": [5]}, "operations[1].tags"),
        ({"namespace": "a/b"}, "operations[1].namespace holds a slash"),
        ({"value": "a\0b"}, "operations[1].value holds a NUL"),
        ({"action": "explode"}, "operations[1].action is 'explode'"),
        ({"action": "retrieve"}, "operations[1].action is 'retrieve'"),
        ({"action": "increment", "value": "1"}, "operations[1].value of increment is no number"),
        ({"action": "delete"}, "operations[1]: delete takes no value"),
        ({"colour": "red"}, "operations[1]: Unknown argument colour"),
        ({"if_version": 1, "ifVersion": 2}, "operations[1]: ifVersion is given twice"),
        ({"if_version": 9}, "operations[1]: 'k' "),
    ],
)
async def test_a_fault_in_a_batch_is_told_with_its_place(
    session: Session, operation: dict[str, Any], what: str
) -> None:
    refused = await session.refused("memory_usage", action="batch", operations=[STORE, STORE | operation])

    assert refused["what"].startswith(what)
    assert (await session.usage("list"))["count"] == 0


@pytest.mark.parametrize("operation", [5, None, "store", []])
async def test_an_operation_that_is_no_object_is_told_with_its_place(session: Session, operation: Any) -> None:
    refused = await session.refused("memory_usage", action="batch", operations=[STORE, operation])

    assert refused["what"].startswith("operations[1]: ")


@pytest.mark.parametrize("tags", [["a", ""], ["a", " "], "a,", ",", "a,,b"])
async def test_an_empty_tag_is_refused(session: Session, tags: Any) -> None:
    refused = await session.refused("memory_usage", **STORE, tags=tags)

    assert refused["what"] == "tags holds a tag of 0 characters; 1 to 64 are allowed."


def test_tags_are_trimmed_and_equal_ones_count_once() -> None:
    given: list[Any] = [["b", "a", " b "], "b, a ,b"]
    none: list[Any] = [[], "", " "]
    assert [parse(SearchArguments, {"tags": tags}).tags for tags in given] == [["b", "a"]] * 2
    assert [parse(SearchArguments, {"tags": tags}).tags for tags in none] == [[]] * 3


def test_two_spellings_with_deep_lists_are_refused_as_any_others() -> None:
    deep: list[list[Any]] = [[], []]
    for number in range(200_000):
        deep[number % 2] = [deep[number % 2]]

    with pytest.raises(InvalidArgument, match="given twice"):
        parse(MemoryUsageArguments, STORE | {"if_version": deep[0], "ifVersion": deep[1]})
