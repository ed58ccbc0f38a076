"""How the tools around an application are set up: whether pytest runs every async test, what revisions are made from.

How pytest finds its configuration: https://docs.pytest.org/en/stable/reference/customize.html. The mode is also
given on command lines, so task files and workflows count.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

_CONFIGURATIONS = frozenset(
    [
        "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg",
        "Makefile", "makefile", "justfile", "Justfile", "Taskfile.yml", "noxfile.py",
    ]
)  # fmt: skip
_COMMANDS = (".sh", ".yml", ".yaml")
_COMMAND_FOLDERS = (".", "scripts", "bin", ".github/workflows")
_RUNS_ALL = re.compile(
    r"""^[^\#;\n]*(?: \b(?:asyncio|anyio)[_-]mode \b["']? \s*[=:,\s]\s* ["']?auto\b
                    | \btrio_mode["']? \s*[=:]\s* ["']?(?:true|1)\b )""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_MOST_FOLDERS_ABOVE = 4


@dataclass(frozen=True, slots=True)
class Tooling:
    """What files beside the Python ones say. Folders are absolute paths."""

    runs_all_async_tests: frozenset[str] = frozenset()
    """Folders at and below which pytest runs async tests without a marker (`asyncio_mode = auto` and the like)."""
    revision_templates: Mapping[str, str] = field(default_factory=dict)
    """Alembic's `script.py.mako` by its folder."""

    def __repr__(self) -> str:
        return f"Tooling({sorted(self.runs_all_async_tests)}, {sorted(self.revision_templates.items())})"


def read_tooling(root: Path, files: Iterable[str]) -> Tooling:
    """How the tools of the project in a folder are set up, read beside and above its Python files.

    A configuration above the root counts within the same repository. What cannot be read says nothing; nothing
    is raised.
    """
    folders = _folders(str(root), files)
    repository = list(up_to_repository(root))
    runs_all = {str(folder) for folder in repository if any(map(_says_auto, _task_files(folder)))}
    templates = {}
    for folder in (*folders, *map(str, repository[1:])):
        names: set[str] = set()
        with suppress(OSError):
            names.update(os.listdir(folder))
        if any(_says_auto(Path(folder, name)) for name in names & _CONFIGURATIONS):
            runs_all.add(folder)
        if "script.py.mako" in names:
            templates[folder] = text_of(Path(folder, "script.py.mako"))
    return Tooling(frozenset(runs_all), templates)


def _folders(root: str, files: Iterable[str]) -> list[str]:
    """The root and every folder between it and a file."""
    found = {root}
    for folder in {os.path.dirname(file) for file in files}:
        while folder not in found and folder.startswith(root.rstrip(os.sep) + os.sep):
            found.add(folder)
            folder = os.path.dirname(folder)
    return sorted(found)


def up_to_repository(root: Path) -> Iterator[Path]:
    """The root, and the folders from there up to that of the repository."""
    above = list(root.parents)[:_MOST_FOLDERS_ABOVE]
    repository = next((index for index, folder in enumerate([root, *above]) if os.path.exists(folder / ".git")), 0)
    yield from [root, *above][: repository + 1]


def _task_files(folder: Path) -> Iterator[Path]:
    for name in _COMMAND_FOLDERS:
        with suppress(OSError):
            yield from sorted(path for path in (folder / name).iterdir() if path.suffix in _COMMANDS)


def _says_auto(file: Path) -> bool:
    return _RUNS_ALL.search(text_of(file)) is not None


def text_of(file: Path) -> str:
    """What a file says, as far as it can be read; nothing if it is a pipe, which would keep us waiting."""
    try:
        return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""
    except OSError:
        return ""
