"""From a file to a store: the lines of an export, or what an importer makes of another program's data."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO, Final

from swarm_memory.errors import InvalidArgument
from swarm_memory.models.record import Past, Record
from swarm_memory.services.intake import Intake, Report, Untaken
from swarm_memory.services.lines import MAX_LINE, End, Header, Item, no_counts, parse_line

_PART_ITEMS: Final = 100
_PART_BYTES: Final = 1_000_000
"""What is looked up at once."""


def read_export(file: BinaryIO, tell: Callable[[int], None]) -> Iterator[Item]:
    """The records of an export, one line at a time.

    Args:
        file: Its bytes.
        tell: Called with the number of bytes that were read.

    Raises:
        InvalidArgument: A line is none of an export, or the last one is missing: the file was cut off.
    """
    counts = no_counts()
    done = 0
    for number, line in enumerate(iter(lambda: file.readline(MAX_LINE + 1), b""), 1):
        item = _parsed(line, number)
        done += len(line)
        if isinstance(item, End):
            _check_counts(item, counts)
            return
        if isinstance(item, Header) != (number == 1):
            raise _not_an_export(number, "the first line, and no other, says that it is an export")
        if not isinstance(item, Header):
            counts[_COUNTED[type(item).__name__]] += 1
            tell(done)
            yield item
    raise InvalidArgument(
        "The export ends before its last line: it was cut off.",
        next_step="export again; what was read of it so far has been taken, and is not taken twice.",
    )


async def take_in(intake: Intake, items: Iterable[Item | Untaken]) -> Report:
    """Take everything in, a part at a time.

    Raises:
        InvalidArgument: What comes in is broken; what came before stays.
        StorageError: The store cannot be written; what was taken until then stays.
    """
    for part in _parts(items, intake.report):
        await intake.take(part)
    return intake.report


def _parts(items: Iterable[Item | Untaken], report: Report) -> Iterator[list[Item]]:
    """Lists of bounded size; of a source that breaks off, what it gave before is the last one."""
    part: list[Item] = []
    size = 0
    try:
        for item in items:
            if isinstance(item, Untaken):
                report.skip(item)
                continue
            part.append(item)
            size += len(item.content) if isinstance(item, Record | Past) else 0
            if len(part) >= _PART_ITEMS or size >= _PART_BYTES:
                yield part
                part, size = [], 0
    except InvalidArgument:
        yield part
        raise
    yield part


_COUNTED: Final = {"Record": "memories", "Past": "versions", "LessonRecord": "lessons", "SwarmRecord": "swarms"}


def _parsed(line: bytes, number: int) -> Header | End | Item:
    if len(line) > MAX_LINE:
        raise _not_an_export(number, f"it has more than {MAX_LINE:,} bytes")
    try:
        return parse_line(line.decode())
    except UnicodeDecodeError:
        raise _not_an_export(number, "it is not UTF-8") from None
    except InvalidArgument as error:
        raise InvalidArgument(f"Line {number}: {error.message}", next_step=error.next_step) from None


def _check_counts(end: End, counts: dict[str, int]) -> None:
    if end.counts != counts:
        raise InvalidArgument(
            f"The export says that it has {json.dumps(end.counts)}, and it has {json.dumps(counts)}.",
            next_step="export again; what is in it has been taken, and is not taken twice.",
        )


def _not_an_export(number: int, why: str) -> InvalidArgument:
    return InvalidArgument(
        f"Line {number} is not of an export: {why}.", next_step="import a file as swarm-memory export wrote it."
    )
