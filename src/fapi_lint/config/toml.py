"""Settings as TOML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from .settings import Settings, kebab


def to_dict(settings: Settings) -> dict[str, Any]:
    """The settings as they would be written in TOML; what is None is left out."""
    return dict(_entries(settings))


def _entries(table: Any) -> Iterator[tuple[str, Any]]:
    for own in fields(table):
        value = getattr(table, own.name)
        if is_dataclass(value):
            value = dict(_entries(value))
        elif isinstance(value, Mapping):
            value = {key: list(entry) if isinstance(entry, tuple) else entry for key, entry in value.items()}
        elif isinstance(value, tuple):
            value = list(value)
        if value is not None:
            yield kebab(own.name), value


def to_toml(settings: Settings) -> str:
    """The settings as a `fapi-lint.toml`, which reads back as the same settings."""
    return "\n".join(toml_lines(to_dict(settings), "")) + "\n"


def toml_lines(table: dict[str, Any], name: str) -> Iterator[str]:
    """The lines below the header of the table of this dotted name; of the root, whose name is empty, all of them."""
    tables = {key: value for key, value in table.items() if isinstance(value, dict)}
    for key, value in table.items():
        if key not in tables:
            yield f"{_toml_key(key)} = {toml_value(value)}"
    for key, value in tables.items():
        path = f"{name}.{_toml_key(key)}".removeprefix(".")
        yield from ("", f"[{path}]", *toml_lines(value, path))


def _toml_key(key: str) -> str:
    bare = key.isascii() and key.replace("-", "").replace("_", "").isalnum()
    return key if bare else toml_value(key)


def toml_value(value: Any) -> str:
    """A value as TOML writes it."""
    # Of what settings hold, JSON and TOML differ in this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
