"""Memories in the store: the writes as changes of a batch, and the reads."""

from collections.abc import Sequence
from typing import Final

from swarm_memory.models.caller import Caller, Origin
from swarm_memory.models.hints import hints_of
from swarm_memory.models.knowledge import Knowledge
from swarm_memory.models.memory import Entry, Memory, Version
from swarm_memory.models.operations import Append, Delete, Increment, Operation, Store
from swarm_memory.models.values import MAX_VALUE_BYTES, WHOLE_VALUE_BYTES, to_json
from swarm_memory.storage.database import Database
from swarm_memory.storage.ids import new_id
from swarm_memory.storage.queries import SqlValue, Statement, load_queries
from swarm_memory.storage.writer import Change

_SQL = load_queries("memories")

HIGHEST: Final = "\U0010ffff" * 257
"""Sorts behind every key, which has 1,024 bytes at most."""


def change_of(operation: Operation, caller: Caller) -> Change:
    """The guards, the write and the outcome of one operation on an exact key."""
    match operation:
        case Store():
            return _store(operation, caller)
        case Delete():
            return _delete(operation, caller)
        case Increment():
            return _increment(operation, caller)
        case Append():
            return _append(operation, caller)


def _store(operation: Store, caller: Caller) -> Change:
    place = _place(operation.namespace, operation.key, caller)
    common = {
        **place,
        **_origin(caller.origin),
        "ttl": operation.ttl,
        "tags": None if operation.tags is None else to_json(list(operation.tags)),
    }
    statements = [] if operation.if_version is None else [_same_version(operation.if_version, place)]
    if operation.value is None:
        statements += [_SQL["refuse_missing_key"].bind(**place), _SQL["publish_again"].bind(**common)]
        outcome = _SQL["key_result"].bind(**place)
    else:
        value = operation.value
        outcome = _SQL["put_result"].bind()
        statements.append(
            _SQL["put"].bind(
                id=new_id(),
                content=value.content,
                format=value.format,
                body=value.body,
                size=value.size,
                hints=hints_of(operation.key, *(operation.tags or ()), value.body or value.content),
                **common,
            )
        )
    return Change(tuple(statements), outcome)


def _delete(operation: Delete, caller: Caller) -> Change:
    origin = _origin(caller.origin)
    if operation.id is not None or operation.key is None:
        where = {"project": caller.project, "id": operation.id}
        guard, delete = _SQL["refuse_other_version_of_id"], _SQL["delete_id"].bind(**where, **origin)
    else:
        where = _place(operation.namespace, operation.key, caller)
        guard, delete = _SQL["refuse_other_version"], _SQL["delete_key"].bind(**where, **origin)
    guards = [] if operation.if_version is None else [guard.bind(**where, if_version=operation.if_version)]
    return Change((*guards, delete), _SQL["delete_result"].bind())


def _increment(operation: Increment, caller: Caller) -> Change:
    place = _place(operation.namespace, operation.key, caller)
    is_integer = isinstance(operation.by, int)
    # As text: the driver binds large integers as REAL.
    by = {"by_integer": str(operation.by) if is_integer else None, "by_real": None if is_integer else operation.by}
    return Change(
        (
            _SQL["refuse_not_a_number"].bind(**place),
            _SQL["refuse_overflow"].bind(**place, **by),
            _SQL["increment"].bind(
                id=new_id(),
                start=to_json(operation.by),
                hints=hints_of(operation.key),
                **place,
                **by,
                **_origin(caller.origin),
            ),
        ),
        _SQL["key_result_with_value"].bind(**place, whole=WHOLE_VALUE_BYTES),
    )


def _append(operation: Append, caller: Caller) -> Change:
    place = _place(operation.namespace, operation.key, caller)
    one = operation.item
    return Change(
        (
            _SQL["refuse_not_a_list"].bind(**place),
            _SQL["refuse_long_list"].bind(**place, size=one.size, limit=MAX_VALUE_BYTES),
            _SQL["append"].bind(
                id=new_id(),
                item=one.content[1:-1],
                start=one.content,
                words=one.body,
                hints=hints_of(operation.key, one.body),
                **place,
                **_origin(caller.origin),
            ),
        ),
        _SQL["key_result_with_value"].bind(**place, whole=WHOLE_VALUE_BYTES),
    )


def add_knowledge(knowledge: Knowledge, caller: Caller, id_: str | None = None) -> Change:
    """Add it, under this id or a new one, unless the same topic and content live in its namespace already."""
    fields = _knowledge_fields(knowledge)
    where = {"project": caller.project, "namespace": knowledge.namespace, "digest": knowledge.digest}
    identity = {"id": id_ or new_id(), **where}
    added = _SQL["add_knowledge"].bind(
        kind=knowledge.kind, conversation=knowledge.conversation, **identity, **fields, **_origin(caller.origin)
    )
    return Change((added,), _SQL["add_knowledge_result"].bind(**identity))


def replace_knowledge(id_: str, knowledge: Knowledge, if_version: int | None, caller: Caller) -> Change:
    """Replace the one with this id; what is not given stays."""
    where = {"project": caller.project, "id": id_}
    fields = _knowledge_fields(knowledge) | {
        "tags": to_json(list(knowledge.tags)) if knowledge.tags is not None else None,
        "attributes": to_json(knowledge.attributes) if knowledge.attributes is not None else None,
    }
    guards = [_SQL["refuse_missing_id"].bind(**where)]
    if if_version is not None:
        guards.append(_SQL["refuse_other_version_of_id"].bind(**where, if_version=if_version))
    replaced = _SQL["replace_knowledge"].bind(digest=knowledge.digest, **where, **fields, **_origin(caller.origin))
    return Change((*guards, replaced), _SQL["replace_knowledge_result"].bind(**where))


class MemoryStore:
    """Reads of live memories, and upkeep. Expired ones are filtered in each read, by the database's time."""

    def __init__(self, database: Database) -> None:
        """Use ``database``."""
        self._database = database

    async def by_key(self, project: str, namespace: str, key: str) -> Memory | None:
        """The memory under an exact key."""
        return await self._one(
            _SQL["get_by_key"].bind(project=project, namespace=namespace, key=key, now=self._database.now())
        )

    async def by_id(self, id_: str) -> Memory | None:
        """The memory with this id, in any project."""
        return await self._one(_SQL["get_by_id"].bind(id=id_, now=self._database.now()))

    async def near(self, project: str, namespace: str, key: str) -> tuple[list[str], list[str]]:
        """For a miss: at most five keys of the range that begins like the key, and namespaces that have the key."""
        prefix = _beginning(key)
        now = self._database.now()
        keys, namespaces = await self._database.read(
            _SQL["keys_between"].bind(project=project, namespace=namespace, low=prefix, high=prefix + HIGHEST, now=now),
            _SQL["namespaces_with_key"].bind(project=project, key=key, namespace=namespace, now=now),
        )
        return [str(row[0]) for row in keys], [str(row[0]) for row in namespaces]

    async def entries(self, project: str, namespace: str, after: str, prefix: str, limit: int) -> list[Entry]:
        """Keys of a namespace that begin with ``prefix``, behind the key ``after``, in order."""
        query = _SQL["list_namespace"].bind(
            project=project,
            namespace=namespace,
            # One bound, since an index is entered by one only. No key holds NUL, so nothing lies between.
            low=max(prefix, f"{after}\x01"),
            high=prefix + HIGHEST,
            limit=limit,
            now=self._database.now(),
        )
        [rows] = await self._database.read(query)
        return [Entry(*row) for row in rows]  # pyright: ignore[reportArgumentType] - columns as the STRICT table has them

    async def next_namespace(self, project: str, namespace: str) -> str | None:
        """The first namespace of the project behind this one, by name."""
        [[(found,)]] = await self._database.read(_SQL["next_namespace"].bind(project=project, namespace=namespace))
        return None if found is None else str(found)

    async def history(
        self, where: tuple[str, str, str] | str, before: int, limit: int, whole: int
    ) -> tuple[str, list[Version]] | None:
        """The id and the versions below ``before``, newest first, tombstones too; None where nothing ever was.

        Args:
            where: (project, namespace, key), or an id.
            before: Versions below this one.
            limit: At most so many.
            whole: Bytes up to which a version comes whole; a longer one is cut to its beginning.
        """
        if isinstance(where, str):
            query = _SQL["num_of_id"].bind(id=where)
        else:
            query = _SQL["num_of_key"].bind(project=where[0], namespace=where[1], key=where[2])
        [found] = await self._database.read(query)
        if not found:
            return None
        [(num, id_)] = found
        [rows] = await self._database.read(_SQL["history"].bind(num=num, before=before, limit=limit, whole=whole))
        return str(id_), [Version(*row) for row in rows]  # pyright: ignore[reportArgumentType] - see entries

    async def by_nums(self, nums: Sequence[int]) -> dict[int, Memory]:
        """Live memories by row number; one that is gone by now is left out."""
        [rows] = await self._database.read(_SQL["get_by_nums"].bind(nums=to_json(list(nums)), now=self._database.now()))
        return {num: _memory(row) for num, *row in rows}  # pyright: ignore[reportReturnType] - the INTEGER KEY comes first

    async def turns(self, project: str, conversation: str | None, before: int, limit: int) -> list[tuple[int, Memory]]:
        """Turns of a conversation, or of all in the project, newest first: their row numbers, below ``before``."""
        page = {"project": project, "before": before, "limit": limit, "now": self._database.now()}
        if conversation is None:
            [rows] = await self._database.read(_SQL["newest_turns"].bind(**page))
        else:
            [rows] = await self._database.read(_SQL["turns"].bind(conversation=conversation, **page))
        return [(num, _memory(row)) for num, *row in rows]  # pyright: ignore[reportReturnType] - the INTEGER KEY first

    async def _one(self, statement: Statement) -> Memory | None:
        [rows] = await self._database.read(statement)
        return _memory(rows[0]) if rows else None


def _memory(row: Sequence[SqlValue]) -> Memory:
    return Memory(*row)  # pyright: ignore[reportArgumentType] - columns as the STRICT table has them


def _place(namespace: str, key: str, caller: Caller) -> dict[str, str]:
    return {"project": caller.project, "namespace": namespace, "key": key}


def _origin(origin: Origin) -> dict[str, str | None]:
    return {
        "agent": origin.agent,
        "session": origin.session,
        "host": origin.host,
        "branch": origin.branch,
        "revision": origin.revision,
    }


def _knowledge_fields(knowledge: Knowledge) -> dict[str, str | int | None]:
    return {
        "topic": knowledge.topic,
        "content": knowledge.content,
        "size": len(knowledge.content.encode()),
        "tags": to_json(list(knowledge.tags or ())),
        "attributes": to_json(knowledge.attributes or {}),
        "source": knowledge.source,
        "priority": knowledge.priority,
        "hints": hints_of(knowledge.topic, *(knowledge.tags or ()), str(knowledge.attributes or ""), knowledge.content),
    }


def _same_version(version: int, place: dict[str, str]) -> Statement:
    return _SQL["refuse_other_version"].bind(**place, if_version=version)


def _beginning(key: str) -> str:
    """The part of a key that its neighbours share: up to the last separator, else three characters."""
    cut = max(key.rfind(separator) for separator in "/:._-")
    return key[: cut + 1] if cut >= 0 else key[:3]
