"""Rules keep what their docstrings promise, and look the way rules look."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fapi_lint import rules
from fapi_lint.engine.registry import all_rules
from fapi_lint.rules.rule import Rule
from fapi_lint.testing import check_examples

FAMILIES = {
    "engine": "0",
    "naming": "1",
    "models": "2",
    "schemas": "3",
    "endpoints": "4",
    "asynchrony": "5",
    "errors": "6",
    "settings": "7",
    "tests": "8",
    "migrations": "9",
}
ALL = pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.code)


@ALL
def test_examples_hold(rule: Rule) -> None:
    check_examples(rule)


@ALL
def test_code_belongs_to_the_family_of_its_folder(rule: Rule) -> None:
    family = rule.check.__module__.split(".")[-2]
    assert rule.code[4] == FAMILIES[family]


@ALL
def test_name_is_that_of_its_file(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.check.__module__.split(".")[-1] == rule.name.replace("-", "_")


@ALL
def test_docstring_is_complete(rule: Rule) -> None:
    assert rule.summary.endswith(".")
    assert len(rule.summary) <= 100
    assert "\n\n" in rule.docstring
    if rule.fix is not None:
        assert "Fix safety:" in rule.docstring


def test_one_rule_a_file() -> None:
    files = {path.stem for path in Path(rules.__path__[0]).rglob("*.py") if path.name not in ("__init__.py", "rule.py")}
    assert files == {rule.name.replace("-", "_") for rule in all_rules().values()}
