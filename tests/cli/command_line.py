"""A small application, and the command line in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fapi_lint

SOURCE = Path(fapi_lint.__file__).resolve().parents[1]
ROOT = SOURCE.parent

FILES = {
    "fapi-lint.toml": 'select = ["FAPI000", "FAPI001", "FAPI205", "FAPI207"]\n',
    "app/__init__.py": "",
    "app/models/__init__.py": "",
    "app/models/base.py": ("from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"),
    "app/models/user.py": (
        "from sqlalchemy import String\n"
        "from sqlalchemy.orm import Mapped, mapped_column\n"
        "\n"
        "from app.models.base import Base\n"
        "\n"
        "\n"
        "class User(Base):\n"
        '    __tablename__ = "users"\n'
        "\n"
        "    id: Mapped[int] = mapped_column(primary_key=True)\n"
        "    name: Mapped[str] = mapped_column(String)\n"
    ),
    "app/limits.py": "LIMIT = 10  # noqa: FAPI205\n",
}
"""One FAPI207 (unsafe fix), and one FAPI001 (safe fix)."""


@dataclass(frozen=True)
class Ran:
    code: int
    raw: bytes
    raw_error: bytes

    @property
    def out(self) -> str:
        return self.raw.decode()

    @property
    def err(self) -> str:
        return self.raw_error.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    def codes(self) -> list[str]:
        return [finding["code"] for finding in self.json]


Run = Callable[..., Ran]


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


SCRIPT = (sys.executable, "-P", "-c", "from fapi_lint.__main__ import script; script()")
"""What the installed console script does."""
MODULE = (sys.executable, "-m", "fapi_lint")


def spawn(
    *args: str, command: tuple[str, ...] = SCRIPT, cwd: Path | None = None, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """The command line in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COV_")}
    return subprocess.Popen(
        [*command, *args],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=environment | {"PYTHONPATH": str(SOURCE)} | dict(env or {}),
    )


def finish(process: subprocess.Popen[bytes], stdin: bytes = b"") -> Ran:
    out, err = process.communicate(stdin, timeout=120)
    return Ran(process.returncode, out, err)
