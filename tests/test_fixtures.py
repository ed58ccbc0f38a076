"""The bundled applications: one keeps every convention, the other breaks them, and fixes keep both whole."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from fapi_lint.engine.applications import Options
from fapi_lint.engine.changes import write
from fapi_lint.engine.registry import all_rules
from fapi_lint.engine.run import Run
from fapi_lint.outline import nodes
from fapi_lint.outline.build import build

FIXTURES = Path(__file__).parents[1] / "fixtures"


def copied(name: str, tmp_path: Path) -> Path:
    folder = tmp_path / name
    shutil.copytree(FIXTURES / name, folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
    return folder


def found(folder: Path, **options: object) -> list[tuple[str, int, str]]:
    report = Run(Options(paths=(str(folder),), use_cache=False, jobs=1, **options)).check().report  # type: ignore[arg-type]
    return [(Path(d.filename).relative_to(folder).as_posix(), d.location.row, d.code) for d in report.diagnostics]


def fix(folder: Path) -> int:
    """Apply every fix; the number of changed files."""
    result = Run(Options(paths=(str(folder),), use_cache=False, jobs=1, select=("ALL",), unsafe_fixes=True)).fix()
    assert result.report.defects == ()
    write(result.changes)
    return len(result.changes)


def pyflakes(folder: Path) -> list[str]:
    """What ruff's F rules say, row numbers left out."""
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--select", "F", "--output-format"]
    done = subprocess.run([*command, "concise", "."], cwd=folder, capture_output=True, text=True, check=False)
    return [re.sub(r"line \d+", "line", line.split(" ", 1)[1]) for line in done.stdout.splitlines() if ".py:" in line]


def expected() -> tuple[Counter[tuple[str, int, str]], Counter[tuple[str, int, str]]]:
    """The findings that the legacy application must have, and those that it may have."""
    must: Counter[tuple[str, int, str]] = Counter()
    may: Counter[tuple[str, int, str]] = Counter()
    for line in (FIXTURES / "legacy_app" / "findings.txt").read_text(encoding="utf-8").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        place, code, *open_ = line.split()
        path, _, row = place.rpartition(":")
        (may if open_ else must)[path, int(row), code] += 1
    return must, may


def test_the_reference_application_has_no_finding_under_all_rules() -> None:
    assert found(FIXTURES / "reference_app", select=("ALL",)) == []


@pytest.mark.parametrize("code", [code for code in all_rules() if code != "FAPI000"])
def test_the_legacy_application_violates_every_rule(code: str) -> None:
    must, may = (Counter({key: n for key, n in part.items() if key[2] == code}) for part in expected())
    actual = Counter(key for key in found(FIXTURES / "legacy_app", select=("ALL",)) if key[2] == code)
    assert must - actual == Counter(), "not found"
    assert actual - must - may == Counter(), "found besides"
    assert actual


@pytest.mark.parametrize("name", ["reference_app", "legacy_app"])
def test_fixes_are_stable_and_leave_nothing_to_clean_up(name: str, tmp_path: Path) -> None:
    folder = copied(name, tmp_path)
    before = pyflakes(folder)
    changed = fix(folder)
    assert bool(changed) == (name == "legacy_app")
    for file in folder.rglob("*.py"):
        assert nodes.decode(build(file.read_text(encoding="utf-8"))).failure is None, file
    assert Counter(pyflakes(folder)) - Counter(before) == Counter()
    assert fix(folder) == 0
