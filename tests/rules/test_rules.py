"""The rules are linted themselves: what they are called, what they say of themselves, and what they declare."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from catalogue import CATALOGUE

from fapi_lint.config.load import json_schema
from fapi_lint.config.settings import Conventions, HandlerVerbs, SchemaSuffixes, Settings
from fapi_lint.engine.registry import all_rules
from fapi_lint.fix.edit import Applicability
from fapi_lint.rules.rule import DOCUMENTATION, Rule
from fapi_lint.testing import findings

PREFERENCES = frozenset(
    [
        "API Endpoints",
        "Async/Await",
        "Configuration",
        "Database Models",
        "Engine",
        "Error Handling",
        "Migrations",
        "Naming",
        "Project Structure",
        "Pydantic Schemas",
        "Relationships",
        "Required Fields",
        "Response Pattern",
        "Testing",
        "What to AVOID",
    ]
)
"""The headings of the preferences."""
SECTIONS = ("Bad", "Good", "Fix safety", "Options", "Together with")
ALL = pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.code)


def sections(rule: Rule) -> dict[str, str]:
    """The parts of the docstring by their headings, in order; what stands before the first under an empty one."""
    parts = re.split(rf"^({'|'.join(SECTIONS)}):", rule.docstring, flags=re.MULTILINE)
    return dict(zip(["", *parts[1::2]], map(str.strip, parts[::2]), strict=True))


def source(rule: Rule) -> str:
    """The code of a rule's file, without docstrings: from Python 3.13 on, `__doc__` is not what is written there."""
    text = Path(inspect.getfile(rule.check)).read_text(encoding="utf-8")
    return re.sub(r'"""(.*?)"""', "", text, flags=re.DOTALL)


@ALL
def test_the_docstring_tells_everything_in_order(rule: Rule) -> None:
    found = sections(rule)
    titles = [title for title in found if title]
    assert titles == sorted(titles, key=SECTIONS.index)
    assert {"Bad", "Good"} <= found.keys()
    assert ("Fix safety" in found) == (rule.fix is not None)
    summary, _, why = found[""].partition("\n\n")
    assert "\n" not in summary
    assert re.match(r"[A-Z`]", summary)
    assert len(why) >= 60, "why?"


@ALL
def test_every_option_is_documented_and_exists(rule: Rule) -> None:
    text = source(rule)
    used = {f"conventions.{name.replace('_', '-')}" for name in re.findall(r"conventions\.(\w+)", text)}
    used |= {name.replace("_", "-") for name in re.findall(r"settings\.(response_model)\b", text)}
    documented = set(re.findall(r"`([a-z.-]+)[` ]", sections(rule).get("Options", "")))
    assert used <= {prefix for name in documented for prefix in (name, ".".join(name.split(".")[:2]))}
    assert documented <= settings()


def others() -> Iterator[tuple[str, Settings]]:
    """Every convention by its key, and settings where it alone is another one."""
    suffixes, verbs = SchemaSuffixes(*"ABCDE"), HandlerVerbs(*"abcdef")
    for field in fields(Conventions):
        value = getattr(Conventions(), field.name)
        if isinstance(value, str):
            other: object = value.replace("/", "/other") if "/" in value else f"{value}Other"
        else:
            other = {SchemaSuffixes: suffixes, HandlerVerbs: verbs, int: 99, tuple: ("other",), dict: {}}[type(value)]
        changed = replace(Conventions(), **{field.name: other})
        yield f"conventions.{field.name.replace('_', '-')}", Settings(conventions=changed)


@ALL
def test_a_convention_that_decides_the_bad_example_is_an_option(rule: Rule) -> None:
    documented = sections(rule).get("Options", "")
    files = rule.examples("Bad")
    found = [(each.at, each.message) for each in findings(files, rule)]
    for key, changed in others():
        if key not in documented:
            assert [(each.at, each.message) for each in findings(files, rule, settings=changed)] == found, key


def settings() -> set[str]:
    schema = json_schema()

    def keys(table: dict[str, object], prefix: str) -> set[str]:
        found = set()
        for name, entry in table["properties"].items():  # type: ignore[attr-defined]
            found.add(prefix + name)
            if "$ref" in entry:
                found |= keys(schema["$defs"][entry["$ref"].rpartition("/")[2]], f"{prefix}{name}.")
        return found

    return keys(schema, "")


@ALL
def test_the_preference_is_one(rule: Rule) -> None:
    assert rule.preference in PREFERENCES
    assert (rule.preference == "Engine") == rule.code.startswith("FAPI0")


def test_the_catalogue_is_complete() -> None:
    assert list(all_rules()) == sorted(CATALOGUE)


@ALL
def test_it_is_what_the_catalogue_says(rule: Rule) -> None:
    name, fix, default = CATALOGUE[rule.code]
    declared = {Applicability.SAFE: "S", Applicability.UNSAFE: "U", Applicability.DISPLAY: "D", None: "-"}[rule.fix]
    assert (rule.name, declared, rule.default) == (name, fix, default)
    assert rule.url == f"{DOCUMENTATION}/{name}/"


@ALL
def test_the_declared_fix_is_offered(rule: Rule) -> None:
    rules = {other for other in all_rules().values() if other.default} | {rule}
    offered = {
        found.fix.applicability
        for found in findings(rule.examples("Bad"), rules)
        if found.code == rule.code and found.fix is not None
    }
    assert offered <= {rule.fix}
    assert rule.fix is None or rule.fix in offered


@ALL
def test_what_has_a_name_may_be_exempt(rule: Rule) -> None:
    rules = {other for other in all_rules().values() if other.default} | {rule}
    found = findings(rule.examples("Bad"), rules, settings=Settings(exempt={rule.code: ("*",)}))
    left = [each for each in found if each.code == rule.code]
    assert bool(left) == ("`exempt`" not in sections(rule).get("Options", ""))


@ALL
def test_messages_begin_like_sentences_and_end_like_none(rule: Rule) -> None:
    for found in findings(rule.examples("Bad"), {rule}):
        assert re.match(r"[A-Z`]", found.message)
        assert not found.message.endswith(".")


@ALL
def test_it_has_tests_of_its_own(rule: Rule) -> None:
    family, name = rule.check.__module__.split(".")[-2:]
    assert (Path(__file__).parent / family / f"test_{name}.py").exists() or family == "engine"
