"""Remembered findings are those that a fresh run would make, after any order of edits."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fapi_lint.engine.applications import Options
from fapi_lint.engine.reading import Memory
from fapi_lint.engine.run import Run
from fapi_lint.report.model import Diagnostic

PATHS = ("app/models/user.py", "app/models/post.py", "app/db/base.py", "app/services/user.py", "app/broken.py")
TEXTS = (
    "",
    "x = 1  # noqa: FAPI000\n",
    "def broken(:\n",
    "class Base:\n    x: int\n",
    "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
    "from app.db.base import Base\nfrom sqlalchemy import Column, Integer, String\n\n\n"
    "class User(Base):\n    __tablename__ = 'user'\n    id = Column(Integer, primary_key=True)\n"
    "    name = Column(String)\n",
    "from sqlalchemy.orm import relationship\nfrom app.db.base import Base\n\n\n"
    "class Post(Base):\n    __tablename__ = 'post'\n    user = relationship('User', backref='posts')\n",
    "def create_user():\n    pass\n",
    "from app.services.user import create_user\n\ncreate_user()\n",
)
EDITS = st.lists(st.tuples(st.sampled_from(PATHS), st.sampled_from((None, *TEXTS))), min_size=1, max_size=6)
ASKED = st.sampled_from([(".",), ("app/models",), ("app/services/user.py",)])


def check(
    folder: Path, paths: tuple[str, ...], *, use_cache: bool, memory: Memory | None = None
) -> tuple[Diagnostic, ...]:
    asked = tuple(str(folder / path) for path in paths)
    return Run(Options(paths=asked, use_cache=use_cache, jobs=1, select=("ALL",)), memory).check().report.diagnostics


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(EDITS, ASKED), min_size=1, max_size=4))
def test_after_any_edits_neither_the_cache_nor_the_memory_changes_anything(
    steps: list[tuple[list[tuple[str, str | None]], tuple[str, ...]]],
) -> None:
    folder, memory, moment = Path(tempfile.mkdtemp()), Memory(), 1_000_000_000
    try:
        (folder / "pyproject.toml").write_text("")
        for path in PATHS:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
        for edits, asked in steps:
            for path, text in edits:
                if text is None:
                    (folder / path).unlink(missing_ok=True)
                else:
                    (folder / path).write_text(text)
                    moment += 1
                    os.utime(folder / path, (moment, moment))  # Long ago, or the memory would not trust the time.
            for _ in range(2):  # The second time nothing has changed.
                fresh = check(folder, asked, use_cache=False)
                assert check(folder, asked, use_cache=True) == fresh
                assert check(folder, asked, use_cache=False, memory=memory) == fresh
    finally:
        shutil.rmtree(folder)


def test_a_change_of_the_rules_is_another_question(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "main.py").write_text("def broken(:\n")

    def codes(*ignore: str) -> list[str]:
        report = Run(Options(paths=(str(tmp_path),), ignore=ignore)).check().report
        return [d.code for d in report.diagnostics]

    assert codes() == ["FAPI000"]
    assert codes("FAPI000") == []
    assert codes() == ["FAPI000"]
    (tmp_path / "fapi-lint.toml").write_text('ignore = ["FAPI0"]\n')
    assert codes() == []


def test_the_findings_do_not_depend_on_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "a.py").write_text("def broken(:\n")
    (tmp_path / "b.py").write_text("def broken(:\n")
    everything = check(tmp_path, (".",), use_cache=True)
    assert len(everything) == 2
    assert check(tmp_path, ("b.py",), use_cache=True) == everything[1:]


def test_a_run_that_remembers_its_findings_loads_no_rules(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "a.py").write_text("def broken(:\n")
    code = (
        "import sys; from fapi_lint.engine.applications import Options; from fapi_lint.engine.run import Run\n"
        f"report = Run(Options(paths=({str(tmp_path)!r},), jobs=1)).check().report\n"
        "rooms = tuple(f'fapi_lint.{room}' for room in ('outline', 'project', 'rules'))\n"
        "loaded = any(name.startswith(rooms) for name in sys.modules)\n"
        "print(loaded, len(report.rules) > 50, report.rules[0].explanation != '', report.diagnostics[0].code)\n"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert [run.stdout for run in runs] == ["True True True FAPI000\n", "False True True FAPI000\n"]
