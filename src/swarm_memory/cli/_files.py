"""The files of clients, read and written whole: what ``init`` and ``hook`` would change, shown, then done."""

import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from swarm_memory.errors import InvalidArgument


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of one file.

    Attributes:
        before: Its text; None: there is no file.
        after: Its text then; None: the file is removed.
    """

    path: Path
    before: str | None
    after: str | None

    @property
    def changes(self) -> bool:
        """Whether anything becomes different."""
        return self.before != self.after

    def shown(self) -> list[str]:
        """What goes (-) and comes (+), without what is around it: that may hold what is nobody's business."""
        old, new = ((text or "").splitlines() for text in (self.before, self.after))
        name = str(self.path)
        was = name if self.before is not None else "(no file)"
        becomes = name if self.after is not None else "(no file)"
        return _trimmed(list(unified_diff(old, new, was, becomes, n=0, lineterm="")))

    def apply(self) -> None:
        """Write or remove the file.

        Raises:
            InvalidArgument: It cannot be written, or is another one by now.
        """
        if read(self.path) != self.before:
            raise InvalidArgument(f"{self.path} has changed meanwhile.", next_step="run the command again.")
        if self.after is None:
            self.path.resolve().unlink(missing_ok=True)
            if self.path.parent.name.startswith("."):  # a client's folder, perhaps made for this file alone
                with suppress(OSError):
                    self.path.parent.rmdir()
        else:
            replace(self.path, self.after)


def _trimmed(lines: list[str]) -> list[str]:
    """A diff whose replaced lines show only the part that differs."""
    shown: list[str] = []
    for line in lines:
        # A line that is replaced stands before what replaces it; headers are three characters long.
        if shown and shown[-1].startswith("-") and line.startswith("+") and not line.startswith("+++"):
            old, new = shown.pop()[1:], line[1:]
            start = _shared(old, new)
            end = _shared(old[start:][::-1], new[start:][::-1])
            shown += [f"-{_part(old, start, end)}", f"+{_part(new, start, end)}"]
        else:
            shown.append(line)
    return shown


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _part(text: str, start: int, end: int) -> str:
    """The text without so many characters at its start and end."""
    return f"{'…' if start else ''}{text[start : len(text) - end]}{'…' if end else ''}"


def changing(edits: Iterable[Edit]) -> list[Edit]:
    """Those that change something."""
    return [one for one in edits if one.changes]


def read(path: Path) -> str | None:
    """The file's text with its own line ends; None: there is no file.

    Raises:
        InvalidArgument: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except UnicodeDecodeError:
        raise unfit(path, "the file is not UTF-8") from None
    except OSError as error:
        raise InvalidArgument(
            f"{path} cannot be read: {error.strerror}.", next_step="check the file's permissions."
        ) from None


def replace(path: Path, text: str) -> None:
    """Write the whole file or none of it; one that is there keeps its permissions, and a link its target.

    Raises:
        InvalidArgument: It cannot be written.
    """
    target = path.resolve()
    fresh = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with fresh.open("xb") as file:
            if target.exists():
                fresh.chmod(target.stat().st_mode & 0o777)
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(target)
    except OSError as error:
        raise InvalidArgument(
            f"{path} cannot be written: {error.strerror}.", next_step="check the permissions of its directory."
        ) from None
    finally:
        fresh.unlink(missing_ok=True)


def unfit(path: Path | str, what: str) -> InvalidArgument:
    """The refusal to touch a file that is not as expected."""
    return InvalidArgument(
        f"{path} is left as it is, because {what}.", next_step="correct it or move it away, then try again."
    )
