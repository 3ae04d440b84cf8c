"""Hrana 2 over the standard library's sqlite3, with answers as sqld 0.24 forms them; part of the process of cloud.py.

Two things differ, because sqlite3 does not tell them: ``decltype`` is always null, and the text of a syntax error is
SQLite's own. Named parameters also take positional values here.
"""

import base64
import binascii
import math
import re
import sqlite3
from typing import Any

Row = dict[str, Any]
Outcome = tuple[Row | None, Row | None]  # result and error of a step; neither if it was left out

_I64 = range(-(1 << 63), 1 << 63)
_REFUSAL = "Cannot deserialize client message from JSON"
# Strings, quoted names and comments are one token each, so that their content is none.
_TOKEN = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*]|--[^\n]*|/\*.*?(?:\*/|\Z)|\w+|\S""", re.DOTALL)
_UNSUPPORTED = re.compile(r"\s*(ATTACH|DETACH|VACUUM|CREATE\s+TEMP)\b", re.IGNORECASE)
_SYNTAX = re.compile(r"near .*: syntax error|incomplete input|unrecognized token")
_WITH_OFFSET = re.compile(r"no such (?:column|function): (\S+)")
_COUNT = re.compile(r"uses (\d+), and there (?:are|is) (\d+) supplied")
_MISSING = re.compile(r"binding(?: parameter)? [':]*(\w+)")
_VERBS = {"INSERT", "REPLACE", "UPDATE", "DELETE", "SELECT", "VALUES"}


class Refused(Exception):
    """The whole HTTP request is answered with 400 and this text."""


class Failed(Exception):
    """A statement, or a batch before its first step, is answered with an error."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.shape = {"message": message, "code": code}


def handle(connection: sqlite3.Connection, request: Row) -> Row:
    """The entry of ``results`` for one request of a pipeline."""
    try:
        match request.get("type"):
            case "execute":
                parse(connection, request["stmt"])
                response = {"type": "execute", "result": execute(connection, request["stmt"])}
            case "batch":
                response = {"type": "batch", "result": run_batch(connection, request["batch"]["steps"])}
            case "close":
                response = {"type": "close"}
            case other:
                raise Refused(f"{_REFUSAL}: unknown variant `{other}`")
    except Failed as failed:
        return {"type": "error", "error": failed.shape}
    return {"type": "ok", "response": response}


def run_batch(connection: sqlite3.Connection, steps: list[Row]) -> Row:
    for place, step in enumerate(steps):
        check_condition(step.get("condition"), place)
        parse(connection, step["stmt"])
    outcomes: list[Outcome] = []
    for step in steps:
        outcome: Outcome = (None, None)
        if holds(step.get("condition"), outcomes):
            try:
                outcome = (execute(connection, step["stmt"]), None)
            except Failed as failed:
                outcome = (None, failed.shape)
        outcomes.append(outcome)
    return {
        "step_results": [result for result, _ in outcomes],
        "step_errors": [error for _, error in outcomes],
        "replication_index": None,
    }


def check_condition(condition: Row | None, place: int) -> None:
    """Refuse a condition that is none, or that asks for a step that does not come before ``place``."""
    match condition:
        case None:
            return
        case {"type": "ok" | "error", "step": int(step)}:
            if not 0 <= step < place:
                raise Refused("Invalid reference to step in a batch condition")
        case {"type": "not", "cond": inner}:
            check_condition(inner, place)
        case {"type": "and" | "or", "conds": [*several]}:
            for inner in several:
                check_condition(inner, place)
        case _:
            raise Refused(f"{_REFUSAL}: no batch condition: {condition}")


def holds(condition: Row | None, outcomes: list[Outcome]) -> bool:
    if condition is None:
        return True
    match condition["type"]:
        case "ok":
            return outcomes[condition["step"]][0] is not None
        case "error":  # to sqld, a step that was left out has failed
            return outcomes[condition["step"]][0] is None
        case "not":
            return not holds(condition["cond"], outcomes)
        case "and":
            return all(holds(inner, outcomes) for inner in condition["conds"])
        case _:
            return any(holds(inner, outcomes) for inner in condition["conds"])


def verb_of(sql: str) -> str:
    """The keyword that says what a statement does, behind its ``WITH``; empty if there is no statement."""
    depth = 0
    first = ""
    for match in _TOKEN.finditer(sql):
        token = match[0].upper()
        if token.startswith(("--", "/*")) or token == ";":
            continue
        depth += (token == "(") - (token == ")")
        first = first or token
        if first != "WITH":
            return first
        if not depth and token in _VERBS:
            return token
    return first


def parse(connection: sqlite3.Connection, statement: Row) -> None:
    """Refuse what is not one statement that can be read: sqld does so before it runs any of a batch.

    Not between two statements of one: ``EXPLAIN`` of a write sets what ``changes()`` tells.
    """
    sql = statement["sql"]
    verb = verb_of(sql)
    if not verb:
        raise Failed("SQL_NO_STATEMENT", "SQL string does not contain any statement")
    if _UNSUPPORTED.match(sql):
        raise Failed("SQL_PARSE_ERROR", f"SQL string could not be parsed: unsupported statement: {sql}")
    if verb == "EXPLAIN":
        return
    try:
        connection.execute(f"EXPLAIN {sql}", arguments(statement)).close()
    except (sqlite3.Error, sqlite3.Warning) as error:
        if "one statement at a time" in str(error):
            raise Failed("SQL_MANY_STATEMENTS", "SQL string contains more than one statement") from None
        if _SYNTAX.match(str(error)):
            raise Failed("SQL_PARSE_ERROR", f"SQL string could not be parsed: {error}") from None


def execute(connection: sqlite3.Connection, statement: Row) -> Row:
    sql = statement["sql"]
    try:
        cursor = connection.execute(sql, arguments(statement))
        rows = [[encoded(value) for value in row] for row in cursor]
    except sqlite3.Error as error:
        raise failure(error, sql) from None
    verb = verb_of(sql)
    inserts = verb in ("INSERT", "REPLACE")
    writes = inserts or verb in ("UPDATE", "DELETE")
    changes, last = connection.execute("SELECT changes(), last_insert_rowid()").fetchone()
    return {
        "cols": [{"name": column[0], "decltype": None} for column in cursor.description or ()],
        "rows": rows,
        "affected_row_count": changes if writes else 0,
        "last_insert_rowid": str(last) if inserts else None,
        "replication_index": None,
        "rows_read": 0,
        "rows_written": 0,
        "query_duration_ms": 0.0,
    }


def failure(error: sqlite3.Error, sql: str) -> Failed:
    """What sqld says where sqlite3 says this."""
    text = str(error)
    if isinstance(error, sqlite3.ProgrammingError):
        if count := _COUNT.search(text):
            wanted, given = int(count[1]), int(count[2])
            found = f"value for parameter {given + 1} not found"
            if given > wanted:
                found = f"too many parameters, expected {wanted} found {given}"
            return Failed("ARGS_INVALID", f"Arguments do not match SQL parameters: {found}")
        if missing := _MISSING.search(text):
            found = f"value for parameter :{missing[1]} not found"
            return Failed("ARGS_INVALID", f"Arguments do not match SQL parameters: {found}")
    if offset := _WITH_OFFSET.match(text):
        place = sql.find(offset[1])
        return Failed("SQL_INPUT_ERROR", f"SQL input error: {text} (at offset {place})")
    # Extended codes have a third part; the general one has no name of its own.
    code = "_".join(getattr(error, "sqlite_errorname", "SQLITE_ERROR").split("_")[:2])
    return Failed("SQLITE_UNKNOWN" if code == "SQLITE_ERROR" else code, f"SQLite error: {text}")


def arguments(statement: Row) -> Any:
    """The values to bind, by place or by name."""
    positional: list[Row] = statement.get("args") or []
    named: list[Row] = statement.get("named_args") or []
    if positional and named:
        raise Failed(
            "ARGS_BOTH_POSITIONAL_AND_NAMED", "Specifying both positional and named arguments is not supported"
        )
    if named:
        return {one["name"].lstrip(":@$"): decoded(one["value"]) for one in named}
    return [decoded(value) for value in positional]


def decoded(value: Row) -> Any:
    try:
        match value:
            case {"type": "null"}:
                return None
            case {"type": "integer", "value": str(text)} if int(text) in _I64:
                return int(text)
            case {"type": "float", "value": float() | int() as number} if not isinstance(number, bool):
                return float(number)
            case {"type": "text", "value": str(text)}:
                return text
            case {"type": "blob", "base64": str(text)}:
                return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
            case _:
                raise Refused(f"{_REFUSAL}: no value: {value}")
    except (ValueError, binascii.Error):
        raise Refused(f"{_REFUSAL}: invalid value: {value}") from None


def encoded(value: Any) -> Row:
    match value:
        case None:
            return {"type": "null"}
        case int():
            return {"type": "integer", "value": str(value)}
        case float():
            return {"type": "float", "value": value if math.isfinite(value) else None}
        case str():
            return {"type": "text", "value": value}
        case _:
            return {"type": "blob", "base64": base64.b64encode(value).decode().rstrip("=")}
