"""SQL that is text: what it does with identifiers that a UUID does not go with, and the rows that it gives."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.cells import Cell, Fact, join, listed
from fapi_lint.project.mapped import Column
from fapi_lint.project.module import Module
from fapi_lint.project.pairing import column_name
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow
    from fapi_lint.project.project import Project

_SQLITE = re.compile(r"(?<=[\"'])sqlite(?:\+\w+)?://")
_STARTS = (
    r"\s*(?:select|with|insert\s+(?:or\s+\w+\s+)?into|update\s+\S+\s+(?:as\s+\w+\s+)?set|delete\s+from|truncate)\s"
)
_SQL, _SQL_IN_QUOTES = re.compile(_STARTS, re.I), re.compile("[\"']" + _STARTS, re.I)
_QUOTES = re.compile(r"^\w*[\"']+|[\"']\s+\w*[\"']")
"""What stands before an f-string, and between the strings of an implicit concatenation."""
_PERCENT = re.compile(r"%(?:\(\w+\))?[sd]")
_TABLES = re.compile(r"\b(?:from|join|into|update)\s+(?:\w+\.)?[\"`]?(\w+)[\"`]?(?:\s+(?:as\s+)?(\w+))?", re.I)
_INSERT = re.compile(r"\binto\s+(?:\w+\.)?[\"`]?(\w+)[\"`]?\s*(?:\(([^()]*)\))?(?:\s*values\s*(\(.*))?", re.I | re.S)
_SELECT = re.compile(r"\s*select\s+(?:distinct\s+)?(.*?)\s+from\b|.*\breturning\s+(.*)", re.I | re.S)
_SELECTED = re.compile(r"(?:(\w+)\.)?[\"`]?(\w+|\*)[\"`]?(?:\s+(?:as\s+)?[\"`]?(\w+)[\"`]?)?", re.I)
_COMPARED = r"\b{0}\b[\"`]?\s*(?:[=<>!]+|\b(?:not\s+)?in\b\s*\(?|\bbetween\b)\s*"
_INTEGER = r"_?(?:big|small)?int(?:eger|[248])?\b"
# fmt: off
_UNFIT = (
    (_COMPARED + r"-?\d", "a number"),
    (_COMPARED + r"\{{", "text that is put together"),
    (_COMPARED + r"(?:any\s*\()?\s*(?:cast\s*\(\s*)?:\w+\s*(?:::|as\s+)\s*" + _INTEGER, "a cast"),
    (r"\b{0}\b\s*(?:::|\bas\s)\s*" + _INTEGER, "a cast"),
    (r"\b(?:max|min|sum|avg|abs|mod)\s*\(\s*(?:\w+\.)?{0}\s*[,)]", "a function of numbers"),
    (r"\b{0}\b\s*[-+*/%]\s*[\d:]", "a calculation"),
    (_COMPARED + r"(?:any\s*\()?\s*(?::\w|\?|%s|%\(|\$\d)", ""),
)
# fmt: on
"""What is done with a column, and how it is called; nothing where it is only given a value."""


def sqlite_places(project: Project) -> Iterator[Place]:
    """Where URLs of SQLite databases stand."""
    for module in project.modules:
        if "sqlite" in module.text and (found := _SQLITE.search(module.text)):
            yield Place(module.path, *found.span())


def read_texts(flow: Flow) -> None:
    """Tell keys, and references to them, of the SQL that a UUID does not go with; revisions are history."""
    for module in flow.project.modules:
        if flow.project.purposes.of(module) == "migration":
            continue
        _read_sequences(flow, module)
        for node in o.walk(*module.outline.body) if _SQL_IN_QUOTES.search(module.text) else ():
            match node:
                case o.String():
                    sql = sql_of(module, node)
                case o.Operation(operator="%", operands=(o.String() as text, *_)):
                    sql = _PERCENT.sub("{}", sql_of(module, text))
                case _:
                    continue
            for column, table in _columns(flow, sql):
                for what in _unfit(sql, table, column, on_sqlite=flow.is_on_sqlite):
                    fact = Fact(module.place(node), f"{what} in SQL", is_number=what == "a number")
                    flow.column(column).tell("facts", fact)


def _read_sequences(flow: Flow, module: Module) -> None:
    """`SELECT nextval('users_id_seq')`: the numbers that a key was given."""
    if "_seq" not in module.text and "_sequence" not in module.text:
        return
    for key in flow.project.identifiers.integer_keys:
        own = [call.expr for call in key.calls if call.scope.module is module]
        for table in (model.table for model in flow.project.models.users_of(key.owner)):
            pattern = rf"\b{table}_{column_name(key)}_seq\b|\bpg_get_serial_sequence\(\s*'{table}'"
            for found in re.finditer(pattern, module.text):
                if not any(call.start <= found.start() < call.end for call in own):
                    place = Place(module.path, *found.span())
                    flow.column(key).tell(
                        "facts", Fact(place, f"`{found[0]}`, the sequence of integers", is_number=True)
                    )


def sql_of(module: Module, node: o.String) -> str:
    """The text of a string, if that is SQL; what is interpolated stays in its braces."""
    text = node.value if node.value is not None else _QUOTES.sub("", module.slice(node))
    return text if _SQL.match(text) else ""


def _columns(flow: Flow, sql: str) -> Iterator[tuple[Column, str]]:
    """The keys and references to keys of the tables that SQL names, as far as they are no UUIDs, and their tables."""
    for table in dict.fromkeys(found[1] for found in _TABLES.finditer(sql)):
        for model in flow.project.models.by_table.get(table, ()):
            for column in model.columns.values():
                is_id = column.is_primary_key or column.is_foreign_key
                if is_id and not flow.project.identifiers.holds_uuids(column):
                    yield column, table


def _unfit(sql: str, table: str, column: Column, *, on_sqlite: bool) -> Iterator[str]:
    """What SQL does with a column of a table that a UUID does not go with."""
    name = column_name(column)
    done = [what for pattern, what in _patterns(name) if pattern.search(sql)]
    for inserted in _INSERT.finditer(sql):
        if inserted[1] == table:
            given = _inserted(inserted, name)
            if given is None and column.is_primary_key and not column.is_foreign_key:
                yield "a row without a key"
            done += ["a number" if value.lstrip("-").isdigit() else "" for value in given or ()]
    yield from filter(None, done)
    if on_sqlite and (done or any(key in (name, "*") for key, _, _ in _selected(sql))):
        yield "a value that SQLite has as text"


@lru_cache
def _patterns(name: str) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(pattern.format(re.escape(name)), re.I), what) for pattern, what in _UNFIT]


def _inserted(inserted: re.Match[str], name: str) -> list[str] | None:
    """The values that an `INSERT` has for a column, as far as they are seen; None if it has none."""
    columns = [column.strip(' \n\t"`') for column in (inserted[2] or "").split(",")]
    if name not in columns:
        return None
    values = [row.split(",") for row in re.findall(r"\(([^()]*)\)", inserted[3] or "")]
    return [row[columns.index(name)].strip() for row in values if len(row) == len(columns)]


def _selected(sql: str) -> Iterator[tuple[str, str, str]]:
    """The columns that a statement gives, as far as they are written: name or `*`, table or its alias, label."""
    found = _SELECT.match(sql)
    for item in re.split(r",(?![^(]*\))", found[1] or found[2]) if found else ():
        named = _SELECTED.fullmatch(item.strip())
        yield (named[2], named[1] or "", named[3] or named[2]) if named else ("", "", "")


def text_rows(flow: Flow, sql: str) -> Cell | None:
    """The rows that SQL gives; None where no identifiers are asked for."""
    cell = Cell().be("tuple")
    aliases = {found[1]: found[2] for found in _TABLES.finditer(sql)}
    for index, (name, owner, label) in enumerate(_selected(sql)):
        for column, table in _columns(flow, sql):
            if owner in ("", table, aliases[table]) and name in ("*", column_name(column)):
                part = cell.part(label if name != "*" else column_name(column))
                join(part, flow.column(column))
                if name != "*":
                    join(cell.part(str(index)), part)
    return listed(cell) if cell.parts else None
