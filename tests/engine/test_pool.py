"""Outlines are the same whoever builds them, and no text takes the others down."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import fapi_lint
from fapi_lint.engine import pool
from fapi_lint.engine.pool import build_outlines
from fapi_lint.outline import nodes

TEXTS = [f"class C{n}:\n    x: int = {n}  # noqa: FAPI207\n" * (1 + n % 7) for n in range(40)] + ["def broken(:\n"]


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start processes for few texts already."""
    monkeypatch.setattr(pool, "_PAYS_FROM", 0)
    monkeypatch.setattr(pool, "_CHUNK", 300)


@pytest.mark.usefixtures("eager")
def test_same_outlines_for_any_number_of_jobs() -> None:
    alone = dict(build_outlines(TEXTS, 1))
    assert list(alone) == list(range(len(TEXTS)))
    assert dict(build_outlines(TEXTS, 2)) == alone
    assert dict(build_outlines(TEXTS, 5)) == alone
    assert nodes.decode(alone[len(TEXTS) - 1]).failure is not None


@pytest.mark.usefixtures("eager")
def test_every_outline_arrives_once() -> None:
    assert sorted(index for index, _ in build_outlines(TEXTS, 2)) == list(range(len(TEXTS)))


@pytest.mark.usefixtures("eager")
def test_workers_that_cannot_be_started_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/there/is/no/python")
    with pytest.raises(FileNotFoundError):
        list(build_outlines(TEXTS, 2))


@pytest.mark.usefixtures("eager")
def test_a_text_that_kills_its_process_is_a_failure_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    lethal = (
        "import json, os, sys; sys.path[:] = json.loads(sys.argv[1]);"
        "import fapi_lint.outline.build as b; real = b.build;"
        "b.build = lambda text, comments: os._exit(11) if 'lethal' in text else real(text, comments);"
        "from fapi_lint.engine.worker import main; main()"
    )
    monkeypatch.setattr(pool, "_START", lethal)
    outlines = [nodes.decode(data) for _, data in sorted(build_outlines([*TEXTS, "lethal = 1\n"], 2))]
    assert outlines[-1].failure is not None
    assert "gave up" in outlines[-1].failure.message
    assert [o.failure is not None for o in outlines[:-2]] == [False] * 40


def test_workers_do_not_import_from_the_working_folder(tmp_path: Path) -> None:
    for name in ("types", "logging", "enum", "json", "msgspec"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported from the working folder')\n")
    code = (
        "import os, sys; from fapi_lint.engine import pool; os.chdir(sys.argv[1]);"
        "pool._PAYS_FROM = 0; pool._CHUNK = 10; print(len(dict(pool.build_outlines(['x = 1\\n'] * 30, 2))[29]) > 5)"
    )
    source = str(Path(fapi_lint.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": source},
        check=False,
    )
    assert done.stdout.strip() == "True", done.stderr


@pytest.mark.skipif(os.name == "nt", reason="there are no such groups of processes")
def test_an_interrupt_of_a_terminal_does_not_reach_the_workers() -> None:
    worker = pool._Worker()
    assert os.getpgid(worker.process.pid) != os.getpgrp()
    worker.close()


def test_a_worker_ends_quietly_where_its_input_breaks_off() -> None:
    command = [sys.executable, "-c", "from fapi_lint.engine.worker import main; main()"]
    ran = subprocess.run(command, input=b"\0\0\0\x09half", capture_output=True, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
