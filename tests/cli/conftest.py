"""A small application in the working folder, and the command line in this process."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from command_line import FILES, Ran, Run, write

from fapi_lint.cli import main


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The application, in the working folder."""
    write(tmp_path, FILES)
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "FAPI_LINT_OUTPUT_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


class _Stream(io.TextIOWrapper):
    """A pipe, or a terminal."""

    def __init__(self, content: bytes = b"", *, terminal: bool = False, encoding: str = "utf-8") -> None:
        self.bytes = io.BytesIO(content)
        self.terminal = terminal
        super().__init__(self.bytes, encoding=encoding, newline="")

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command line in this process."""

    def run(*args: str, stdin: bytes = b"", terminal: bool = False, encoding: str = "utf-8") -> Ran:
        out = _Stream(terminal=terminal, encoding=encoding)
        err = _Stream(terminal=terminal)
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", _Stream(stdin))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as exit_:
                main(args)
            out.flush()
            err.flush()
        code = exit_.value.code
        assert isinstance(code, int)
        return Ran(code, out.bytes.getvalue(), err.bytes.getvalue())

    return run
