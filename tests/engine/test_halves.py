"""Rules in two processes: the same findings, whatever becomes of the second one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LEGACY = Path(__file__).parents[2] / "fixtures" / "legacy_app"
SCRIPT = """
import os
from msgspec.structs import replace
from fapi_lint.engine import halves
from fapi_lint.engine.registry import all_rules
from fapi_lint.engine.timing import Clock
from fapi_lint.testing import application

halves._PAYS_FROM = 0
home = os.getpid()
project = application({"app/models.py": MODELS, "app/shop.py": "import app.models"})
rules = [all_rules()[code] for code in ("FAPI110", "FAPI201")]

def models_rule(module, project):
    FAIL
    return []

models_rule.__module__ = "fapi_lint.rules.models.other"
rules.append(replace(all_rules()["FAPI000"], code="FAPI999", check=models_rule))
errors, clock = [], Clock()
found = halves.check_in_halves(project, rules, JOBS, clock, errors)
print([violation.rule.code for violation in found], len(errors), sorted(clock.rules))
"""
MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


def rename(user):
    pass
"""

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="one process does everything here")


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize(
    ("fail", "errors"),
    [
        ("pass", 0),
        ("raise ValueError('a defect')", 2),
        ("os.getpid() == home or os._exit(9)", 0),
        ("os.getpid() == home or os.kill(os.getpid(), 9)", 0),
    ],
    ids=["sound", "failing", "ending", "killed"],
)
def test_nothing_is_lost(jobs: str, fail: str, errors: int) -> None:
    script = SCRIPT.replace("MODELS", repr(MODELS)).replace("FAIL", fail).replace("JOBS", jobs)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == (
        f"['FAPI201', 'FAPI110'] {errors} ['FAPI110', 'FAPI201', 'FAPI999']\n",
        "",
    )


def test_what_was_forgotten_is_derived_again() -> None:
    script = SCRIPT.replace("MODELS", repr(MODELS)).replace("FAIL", "os.getpid() == home or os._exit(9)")
    script = script.replace("JOBS", "2").replace("halves._PAYS_FROM = 0", "halves._PAYS_FROM = halves.CROWDED = 0")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("['FAPI201', 'FAPI110'] 0 ['FAPI110', 'FAPI201', 'FAPI999']\n", "")


def test_two_jobs_find_and_fix_what_one_does(tmp_path: Path) -> None:
    shutil.copytree(LEGACY, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__", ".fapi_lint_cache"))
    for number in range(150):
        (tmp_path / "shop" / "app" / f"notes_{number}.py").write_text(f"def note(value):\n    return {number}\n")

    def said(jobs: str, *options: str) -> str:
        command = [sys.executable, "-m", "fapi_lint", "--no-cache", "--jobs", jobs, *options, "shop"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert "--diff" in options or done.stderr == ""
        return done.stdout

    alone = said("1", "--output-format", "json")
    assert len(json.loads(alone)) > 500
    assert said("2", "--output-format", "json") == alone
    fixed = said("1", "--diff", "--unsafe-fixes")
    assert fixed.count("\ndiff --git ") > 40
    assert said("2", "--diff", "--unsafe-fixes") == fixed
