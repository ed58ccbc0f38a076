"""The bundled applications as they run: a copy of the folder, a database, a server."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import fapi_lint

REFERENCE, LEGACY, CONVERTED = "reference", "legacy", "converted"
"""The applications; `tests/conftest.py` knows their tests by these words."""

FIXTURES = Path(__file__).parents[2] / "fixtures"
SOURCE = Path(fapi_lint.__file__).resolve().parents[1]
CONSOLE_SCRIPT = "from fapi_lint.cli import main; main()"
UVICORN = """\
import socket, sys, uvicorn
config = uvicorn.Config("app.main:app", access_log=False)
uvicorn.Server(config).run([socket.socket(fileno=int(sys.argv[1]))])
"""
"""What `uvicorn --fd` does, which takes every socket for a Unix one and so answers 40 ms late (no TCP_NODELAY)."""


def copied(name: str, folder: Path) -> Path:
    """A copy of a bundled application, to run and to change."""
    ignored = shutil.ignore_patterns("__pycache__", ".*_cache", "findings.txt")
    return Path(shutil.copytree(FIXTURES / name, folder / name, ignore=ignored))


def environment(database: str) -> dict[str, str]:
    """The variables that both applications read."""
    ours = {"DATABASE_URL": database, "SECRET_KEY": "only-for-tests", "PYTHONDONTWRITEBYTECODE": "1"}
    return {key: value for key, value in os.environ.items() if not key.startswith("PYTEST_")} | ours


def run(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, status: int | None = 0
) -> subprocess.CompletedProcess[str]:
    """Python with these arguments, in the application's folder; any exit status but the expected one is an error."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=600
    )
    told = f"{' '.join(arguments)}: exit status {done.returncode}\n{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    assert status is None or done.returncode == status, told
    return done


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line as a user starts it in the folder of an application; what it finds is no error."""
    path = {"PYTHONPATH": str(SOURCE)}
    return run(
        "-P", "-c", CONSOLE_SCRIPT, "--no-cache", "--exit-zero", *arguments, cwd=folder, env={**os.environ, **path}
    )


@contextmanager
def served(folder: Path, database: str, log: Path) -> Iterator[str]:
    """The address of the application under uvicorn.

    The server inherits a socket that listens already: no port is guessed, and the first request waits for it.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [sys.executable, "-c", UVICORN, str(listener.fileno())],
            cwd=folder,
            env=environment(database),
            pass_fds=[listener.fileno()],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
