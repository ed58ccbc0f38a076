"""Finding, reading and validating the configuration."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from .settings import Settings, kebab

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import ErrorDetails

FILE = "fapi-lint.toml"
TABLE = "[tool.fapi-lint]"
_NEAR_FILES = (".fapi-lint.toml", "fapi_lint.toml", ".fapi_lint.toml")
_NEAR_TABLES = ("fapi_lint", "fapilint")
"""What nothing reads, though somebody may believe so."""
_IN_PYPROJECT = (b"fapi-lint", *(f"tool.{name}".encode() for name in _NEAR_TABLES))


class ConfigError(Exception):
    """A configuration that cannot be used: a message for people for each fault, and the file to blame."""

    def __init__(self, messages: str | Sequence[str], path: Path | None = None) -> None:
        self.messages = (messages,) if isinstance(messages, str) else tuple(messages)
        self.path = path
        super().__init__(self.messages, path)

    def __str__(self) -> str:
        prefix = f"{self.path}: " if self.path else ""
        return "\n".join(prefix + message for message in self.messages)


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where they are from.

    `path` is None if no file was read. `root` is the folder that their patterns are relative to, None if the
    configuration does not tell (there is none, or it was named explicitly): then ask `source.find_root`.
    """

    settings: Settings
    path: Path | None = None
    root: Path | None = None


def load(start: Path, explicit: Path | None = None, isolated: bool = False) -> Loaded:
    """The settings that hold for a file or folder.

    They are in the nearest `fapi-lint.toml`, or `pyproject.toml` with a table `[tool.fapi-lint]`, from
    `start` upwards (the former wins in the same folder), or in the file `explicit`, or are the defaults if
    `isolated`. ConfigError if the file cannot be read, is no TOML, or holds unknown keys or wrong values;
    codes are left to `validate_codes`.
    """
    if isolated:
        if explicit is not None:
            raise ConfigError("is named by --config, and --isolated uses no configuration", explicit)
        return Loaded(Settings())
    if explicit is not None:
        path = explicit.absolute()
        table = read_table(path)
        if table is None:
            raise ConfigError(f"has no table {TABLE}", path)
        return Loaded(_validate(table, path), path)
    start = start.absolute()
    for folder in (start, *start.parents):
        if found := _table_in(folder):
            path, table = found
            return Loaded(_validate(table, path), path, folder)
        if near := next((name for name in _NEAR_FILES if os.path.isfile(folder / name)), None):
            raise ConfigError(f"is not read: it is called {FILE}", folder / near)
    return Loaded(Settings())


def is_configured(folder: str) -> bool:
    """Whether a configuration stands in this very folder. ConfigError if what stands there cannot be read."""
    return _table_in(Path(folder)) is not None


def _table_in(folder: Path) -> tuple[Path, Any] | None:
    """The file of the configuration in a folder, and what is in it."""
    for path in (folder / FILE, folder / "pyproject.toml"):
        if os.path.isfile(path) and (table := read_table(path)) is not None:
            return path, table
    return None


def read_table(path: Path) -> Any:
    """Our table of a TOML file, None if it has none."""
    try:
        raw = path.read_bytes()
        if path.name == "pyproject.toml" and not any(name in raw for name in _IN_PYPROJECT):
            return None  # Not worth parsing, and if it is broken, not our business.
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", path) from error
    except UnicodeDecodeError as error:
        row = raw.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"is not UTF-8 (at line {row})", path) from error

    import tomllib

    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"is not TOML: {error}", path) from error
    if path.name == "pyproject.toml":
        tool = content.get("tool")
        tool = tool if isinstance(tool, dict) else {}
        if near := next((name for name in _NEAR_TABLES if name in tool), None):
            raise ConfigError(f"has a table [tool.{near}], which nothing reads: it is {TABLE}", path)
        return tool.get("fapi-lint")
    return content


def _adapter() -> TypeAdapter[Settings]:
    from pydantic import TypeAdapter

    return TypeAdapter(Settings)


def _validate(table: object, path: Path) -> Settings:
    """The settings of a table. What is wrong with one, pydantic tells best, but it takes 0.1 s to import."""
    with suppress(msgspec.ValidationError, KeyError):
        return msgspec.convert(_by_field(table, Settings()), Settings)

    from pydantic import ValidationError

    try:
        # By way of JSON, because there a list may become a tuple and yet "255" is no number.
        return _adapter().validate_json(json.dumps(table, default=str), strict=True)
    except ValidationError as error:
        # What is in a list that might have been a string is told with the list.
        faults = [fault for fault in error.errors() if "tuple[str, ...]" not in fault["loc"][:-1]]
        raise ConfigError(list(dict.fromkeys(map(_message, faults))), path) from error


def _by_field(table: Any, default: Any) -> Any:
    """A table by the names of fields in place of keys. KeyError if one of them is not known."""
    if not is_dataclass(default) or not isinstance(table, dict):
        return table
    names = {kebab(own.name): own.name for own in fields(default)}
    return {names[key]: _by_field(value, getattr(default, names[key])) for key, value in table.items()}


_EXPECTED = {
    "string_type": "a string",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list of strings",
    "mapping_type": "a table",
    "dict_type": "a table",
    "dataclass_type": "a table",
}


def _message(fault: ErrorDetails) -> str:
    kind, parts = fault["type"], fault["loc"]
    is_either = parts[:1] == ("conventions",) and parts[-1] in ("str", "tuple[str, ...]") and kind in _EXPECTED
    key = ".".join(str(part) for part in (parts[:-1] if is_either else parts)) or TABLE
    if fault["loc"] == ("tool",):
        return 'unknown key "tool": [tool.fapi-lint] is for pyproject.toml, here its keys stand at the top'
    if kind == "unexpected_keyword_argument":
        word = str(fault["loc"][-1])
        return f'unknown key "{key}"{suggestion(kebab(word), _keys(fault["loc"][:-1])) or _elsewhere(kebab(word))}'
    if kind == "value_error":
        return f"{key}.{fault['ctx']['error']}"
    given = json.dumps(fault["input"], ensure_ascii=False)
    expected = fault.get("ctx", {}).get("expected") if kind == "literal_error" else _EXPECTED.get(kind)
    expected = "a string or a list of strings" if is_either else expected
    return f"{key} must be {expected}, not {given}" if expected else f"{key}: {fault['msg']}"


def _elsewhere(word: str) -> str:
    """The end of a message about a key that may belong into another table."""
    by_last = {key.rpartition(".")[2]: key for key in _dotted_keys(Settings())}
    close = get_close_matches(word, by_last, 1, cutoff=0.75)
    return f'; did you mean "{by_last[close[0]]}"?' if close else ""


def _keys(location: Iterable[int | str]) -> list[str]:
    """The keys of the table at a place in the configuration."""
    table: object = Settings()
    for part in location:
        table = getattr(table, str(part).replace("-", "_"))
    return [kebab(own.name) for own in fields(table)] if is_dataclass(table) else []


def _dotted_keys(table: Any, prefix: str = "") -> Iterator[str]:
    """The keys of a table and of those in it, with the names of their tables before them."""
    for own in fields(table):
        key, value = prefix + kebab(own.name), getattr(table, own.name)
        yield key
        if is_dataclass(value):
            yield from _dotted_keys(value, f"{key}.")


def suggestion(word: str, possible: Iterable[str]) -> str:
    """The end of a message about a word that is not one of those possible."""
    # Above the usual 0.6, at which FAPI9 is taken for FAPI401.
    close = get_close_matches(word, possible, 1, cutoff=0.75)
    return f'; did you mean "{close[0]}"?' if close else ""


def json_schema() -> dict[str, Any]:
    """The JSON Schema of `fapi-lint.toml`, or of the table `[tool.fapi-lint]`."""
    schema = _adapter().json_schema()
    tables = {Settings.__name__: schema, **schema["$defs"]}
    for class_, key, text in _docstrings():
        entry = tables[class_]["properties"][key]
        inner = tables.get(entry.get("$ref", "").rpartition("/")[2], {})
        if inner.get("description") != text:  # What a table says of itself is there.
            entry["description"] = text
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _docstrings() -> Iterator[tuple[str, str, str]]:
    """What stands below the fields of the settings, by class and key; pydantic reads it from version 2.11 on."""
    import ast
    import inspect
    from itertools import pairwise

    module = inspect.getmodule(Settings)
    assert module is not None
    for class_ in [each for each in ast.parse(inspect.getsource(module)).body if isinstance(each, ast.ClassDef)]:
        for own, doc in pairwise(class_.body):
            if isinstance(own, ast.AnnAssign) and isinstance(own.target, ast.Name) and isinstance(doc, ast.Expr):
                yield class_.name, kebab(own.target.id), inspect.cleandoc(ast.literal_eval(doc.value))
