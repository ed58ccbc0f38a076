"""The tables of the README say what the code says. `python tests/cli/test_readme.py` writes them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fapi_lint.config.load import json_schema, to_dict
from fapi_lint.config.settings import Settings
from fapi_lint.engine.registry import all_rules

README = Path(__file__).resolve().parents[2] / "README.md"


def rules() -> Iterator[str]:
    yield "| code | name | what it finds | fix |"
    yield "|---|---|---|---|"
    for code, rule in all_rules().items():
        off = "" if rule.default else " *off*"
        fix = rule.fix.value if rule.fix is not None else "–"
        yield f"| {code} | {rule.name} | {rule.summary}{off} | {fix} |".replace("\\|", "|")


def settings() -> Iterator[str]:
    yield "| key | what it says | default |"
    yield "|---|---|---|"
    schema = json_schema()
    yield from _settings(schema, to_dict(Settings()), schema["$defs"], "")


def _settings(table: dict[str, Any], values: dict[str, Any], defs: dict[str, Any], prefix: str) -> Iterator[str]:
    for name, entry in table["properties"].items():
        if "$ref" in entry:
            inner = defs[entry["$ref"].rpartition("/")[2]]
            yield from _settings(inner, values[name], defs, f"{prefix}{name}.")
        else:
            yield f"| `{prefix}{name}` | {entry['description']} | {_shown(values.get(name))} |"


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    items = list(value) if isinstance(value, (list, dict)) else [value]
    if not items:
        return "none"
    return ", ".join(f"`{str(item).lower() if isinstance(item, bool) else item}`" for item in items)


def with_tables(text: str) -> str:
    for name, lines in (("settings", settings()), ("rules", rules())):
        table = "\n".join(lines)
        pattern = rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- /{name} -->)"
        text = re.sub(pattern, lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text, flags=re.DOTALL)
    return text


def test_the_tables_are_up_to_date() -> None:
    text = README.read_text(encoding="utf-8")
    if with_tables(text) != text:
        pytest.fail("run `python tests/cli/test_readme.py`")


if __name__ == "__main__":
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
