"""The files beside the Python ones that may mention modules or requirements: configuration, tasks, containers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fnmatch import translate

from fapi_lint.source.file import SourceError, SourceFile
from fapi_lint.source.place import folders_of

_NAMES = (
    "*.cfg", "*.conf", "*.ini", "*.sh", "*.toml", "*.yaml", "*.yml", "*requirements*.in", "*requirements*.txt",
    ".coveragerc", "Containerfile*", "Dockerfile*", "Justfile", "Makefile*", "Procfile*", "justfile",
    "makefile", "script.py.mako",
)  # fmt: skip
_GENERATED = ("*lock.yaml", "*lock.yml", "*.lock")
_KNOWN = re.compile(f"(?!{'|'.join(map(translate, _GENERATED))})(?:{'|'.join(map(translate, _NAMES))})")
_FOLDERS = (
    ".circleci",
    ".devcontainer",
    ".github/workflows",
    "bin",
    "compose",
    "deploy",
    "docker",
    "requirements",
    "scripts",
)
"""Folders of a project that hold such files though they may hold no Python."""
_SIZE_LIMIT = 1024 * 1024
_MOST_FOLDERS_ABOVE = 4


def find_text_files(root: str, files: Iterable[str]) -> list[str]:
    """The known text files of a project: in and above the folders of its Python files, up to the repository's root.

    Only folders are listed, nothing is read. Absolute paths, sorted.
    """
    found: set[str] = set()
    for folder in _folders(root, files):
        with suppress(OSError), os.scandir(folder) as entries:
            found.update(entry.path for entry in entries if _KNOWN.match(entry.name) and os.path.isfile(entry))
    return sorted(found)


def stamps(paths: Iterable[str]) -> list[tuple[str, int, int]]:
    """What tells whether files have changed, without reading them."""
    found = []
    for path in paths:
        with suppress(OSError):
            status = os.stat(path)
            found.append((path, status.st_size, status.st_mtime_ns))
    return found


def read_text_files(paths: Iterable[str]) -> list[SourceFile]:
    """The files of `find_text_files`; those that cannot be read as text are left out."""
    found = []
    for path in paths:
        with suppress(SourceError, OSError):
            if os.path.getsize(path) <= _SIZE_LIMIT:
                found.append(SourceFile.read(path))
    return found


def _folders(root: str, files: Iterable[str]) -> set[str]:
    found = folders_of(files, root)
    for base in (root, *_repository_above(root)):
        found.update([base, *(os.path.join(base, *name.split("/")) for name in _FOLDERS)])
    return found


def _repository_above(root: str) -> Iterator[str]:
    """The folders above the root, up to that of its repository; none outside of one."""
    above: list[str] = []
    folder = root
    while not os.path.exists(os.path.join(folder, ".git")):
        folder = os.path.dirname(folder)
        above.append(folder)
        if len(above) > _MOST_FOLDERS_ABOVE:
            return
    yield from above
