"""What `fapi-lint --fix --unsafe-fixes` makes of the legacy application, beside an application that works."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from applications import CONVERTED, FIXTURES, lint, run

pytestmark = pytest.mark.parametrize("name", [CONVERTED])

Folder = Callable[[str], Path]


def texts(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.py")}


def pyflakes(folder: Path) -> Counter[str]:
    """What ruff's F rules say, without places."""
    options = ("check", "--isolated", "--no-cache", "--select", "F", "--output-format", "json", "--exit-zero")
    found = json.loads(run("-m", "ruff", *options, ".", cwd=folder).stdout)
    return Counter(re.sub(r"line \d+", "line", f"{each['code']} {each['message']}") for each in found)


def test_nothing_is_left_that_has_a_fix(folder: Folder, name: str) -> None:
    left = json.loads(lint(folder(name), "--output-format", "json").stdout)
    assert left
    assert [each for each in left if each["fix"] is not None] == []


def test_a_second_run_changes_nothing(folder: Folder, name: str) -> None:
    before = texts(folder(name))
    assert "fixed" not in lint(folder(name), "--fix", "--unsafe-fixes").stdout
    assert texts(folder(name)) == before


def test_nothing_is_left_unused_or_undefined(folder: Folder, name: str) -> None:
    assert pyflakes(folder(name)) - pyflakes(FIXTURES / "legacy_app") == Counter()
