"""Write what the code says about itself: a page for each rule, and the tables of the other pages and the README.

python docs/build.py            write it
python docs/build.py --check    exit with 1 if something is out of date
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from fapi_lint.config.load import json_schema
from fapi_lint.config.settings import Settings
from fapi_lint.config.toml import to_dict
from fapi_lint.engine.registry import all_rules, rule_info
from fapi_lint.project.project import Project
from fapi_lint.report.rule_page import rule_page
from fapi_lint.rules.rule import Rule

DOCS = Path(__file__).resolve().parent
README = DOCS.parent / "README.md"
PREFERENCES = (
    "Project Structure",
    "Naming",
    "Database Models",
    "Required Fields",
    "Relationships",
    "Pydantic Schemas",
    "API Endpoints",
    "Response Pattern",
    "Async/Await",
    "Error Handling",
    "Configuration",
    "Testing",
    "Migrations",
    "What to AVOID",
    "Engine",
)
"""What rules enforce, in the order of the document that it stands in; the engine's own rules last."""


def rules() -> Iterator[str]:
    yield "| code | name | what it finds | fix |"
    yield "|---|---|---|---|"
    for code, rule in all_rules().items():
        summary = rule.summary.replace("\\|", "|")
        yield f"| [{code}]({rule.name}.md) | {rule.name} | {summary}{_off(rule)} | {_fix(rule)} |"


def preferences(folder: str) -> Iterator[str]:
    yield "| preference | rules |"
    yield "|---|---|"
    by_preference = sorted(all_rules().values(), key=lambda rule: (PREFERENCES.index(rule.preference), rule.code))
    for preference, group in groupby(by_preference, key=lambda rule: rule.preference):
        named = [f"[{rule.code} {rule.name}]({folder}{rule.name}.md) ({_fix(rule)})" for rule in group]
        yield f"| {preference} | {', '.join(named)} |"


def _off(rule: Rule) -> str:
    return "" if rule.default else " *off*"


def _fix(rule: Rule) -> str:
    return rule.fix.value if rule.fix is not None else "–"


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


def subjects() -> Iterator[str]:
    yield "| subject | of | what it is |"
    yield "|---|---|---|"
    for kind in sorted(Project.subject_kinds(), key=lambda kind: kind.__name__):
        what = (kind.__doc__ or "").strip().partition("\n")[0]
        yield f"| `{kind.__name__}` | `{kind.__module__}` | {what} |"


def with_tables(text: str, folder: str = "docs/rules/") -> str:
    """A text with what belongs between its markers, `<!-- name: … -->` and `<!-- /name -->`."""
    tables = {
        "settings": settings(),
        "rules": rules(),
        "preferences": preferences(folder),
        "subjects": subjects(),
    }
    for name, lines in tables.items():
        pattern = rf"(<!-- {name}: [^\n]*-->\n).*?(<!-- /{name} -->)"
        if re.search(pattern, text, re.DOTALL):
            table = "\n".join(lines)
            # Markdown ends a table at an empty line only; on GitHub a comment ends it as well.
            text = re.sub(pattern, lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text, flags=re.DOTALL)
    return text


def outputs() -> dict[Path, str]:
    """Every file that is written, with its text; those of rules that are gone with none."""
    found = dict.fromkeys((DOCS / "rules").glob("*.md"), "")
    found |= {DOCS / "rules" / f"{rule.name}.md": rule_page(rule_info(rule)) for rule in all_rules().values()}
    for page in (*DOCS.glob("*.md"), DOCS / "rules" / "index.md"):
        found[page] = with_tables(page.read_text(encoding="utf-8"), "" if page.parent.name == "rules" else "rules/")
    found[README] = with_tables(README.read_text(encoding="utf-8"))
    return found


def outdated() -> list[Path]:
    """The files that are not what they would be."""
    return [path for path, text in outputs().items() if not path.exists() or path.read_text(encoding="utf-8") != text]


def write() -> None:
    for path, text in outputs().items():
        if text:
            path.write_text(text, encoding="utf-8")
        else:
            path.unlink()


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit("\n".join(map(str, outdated())) or 0)
    write()
