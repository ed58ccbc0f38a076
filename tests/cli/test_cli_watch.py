"""`--watch`, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest
from command_line import FILES, Run, spawn, write

READY = "Watching 3 folders; Ctrl-C ends it.\n"
CLEAN = FILES["app/models/user.py"].replace("String)", "String(20))")


class Watching:
    """A process that watches, and what it says."""

    def __init__(self, folder: Path, *args: str) -> None:
        self.process = spawn("--watch", "--output-format", "concise", *args, cwd=folder)
        self._lines: Queue[str] = Queue()
        for stream in (self.process.stdout, self.process.stderr):
            Thread(target=self._read, args=(stream,), daemon=True).start()

    def _read(self, stream: Iterator[bytes]) -> None:
        for line in stream:
            self._lines.put(line.decode())

    def said(self) -> list[str]:
        """What it says until it waits again. The two streams come in any order."""
        lines: list[str] = []
        while READY not in lines:
            lines.append(self._lines.get(timeout=60))
        while not any(line.startswith(("Found", "All checks", "error:")) for line in lines):
            lines.append(self._lines.get(timeout=10))
        return lines

    @property
    def is_silent(self) -> bool:
        return self._lines.empty()


@pytest.fixture
def watched(app: Path) -> Iterator[list[Watching]]:
    started: list[Watching] = []
    yield started
    for each in started:
        each.process.kill()
        each.process.wait()


def test_it_checks_again_what_has_changed_until_it_is_interrupted(app: Path, watched: list[Watching]) -> None:
    watching = Watching(app)
    watched.append(watching)
    first = watching.said()
    assert "app/models/user.py:11:39: FAPI207 String column `User.name` has no length\n" in first
    assert "Found 2 findings in 2 files.\n" in first
    assert not any("\x1b" in line for line in first)

    write(app, {"notes.md": "x", "app/models/user.py": CLEAN})
    assert "Found 1 finding in 1 file.\n" in watching.said()
    write(app, {"fapi-lint.toml": 'selct = ["FAPI0"]\n'})
    assert f'error: {app / "fapi-lint.toml"}: unknown key "selct"; did you mean "select"?\n' in watching.said()
    (app / "app/limits.py").unlink()
    write(app, {"fapi-lint.toml": 'select = ["FAPI0"]\n'})
    assert "All checks passed!\n" in watching.said()
    assert (app / "app/models/user.py").read_text() == CLEAN

    watching.process.send_signal(signal.SIGINT)
    assert watching.process.wait(timeout=30) == 0
    assert watching.is_silent


def test_what_it_fixes_is_no_change(app: Path, watched: list[Watching]) -> None:
    watching = Watching(app, "--fix")
    watched.append(watching)
    assert "Found 2 findings in 2 files (1 fixed, 1 remaining).\n" in watching.said()
    assert (app / "app/limits.py").read_text() == "LIMIT = 10\n"
    write(app, {"app/limits.py": "LIMIT = 11  # noqa: FAPI205\n"})
    assert "Found 2 findings in 2 files (1 fixed, 1 remaining).\n" in watching.said()
    assert (app / "app/limits.py").read_text() == "LIMIT = 11\n"
    with pytest.raises(subprocess.TimeoutExpired):
        watching.process.wait(timeout=2)
    assert watching.is_silent


def test_a_terminal_is_cleared(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("fapi_lint.cli.watch._wait", interrupt)
    ran = run("--watch", "--color", "never", terminal=True)
    assert (ran.code, ran.err) == (0, READY)
    assert ran.out.startswith("\x1b[2J")
    assert "Found 2 findings in 2 files.\n" in ran.out
    assert "\x1b" not in run("--watch").out


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("-",), "--watch needs files"),
        (("--add-noqa",), "--watch is about findings"),
        (("--show-files",), "--watch is about findings"),
        (("--select", "FAPI999"), "there is no rule"),
    ],
)
def test_what_cannot_be_watched(app: Path, run: Run, args: tuple[str, ...], message: str) -> None:
    ran = run("--watch", *args)
    assert ran.code == 2
    assert message in ran.err


def test_without_watchfiles_it_says_what_to_install(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fapi_lint.cli.watch.find_spec", lambda name: None)
    ran = run("--watch")
    assert ran.code == 2
    assert "pip install watchfiles" in ran.err
    assert "watchfiles" not in sys.modules
