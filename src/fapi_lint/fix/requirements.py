"""What asynchronous code and its tests need installed, where a project writes down what it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fapi_lint.fix.edit import Edit
from fapi_lint.fix.text import newline
from fapi_lint.project.project import Project
from fapi_lint.project.text_files import TextFile

_SQLALCHEMY = re.compile(r"^(\s*[\"']?)(sqlalchemy)(?=\s*(?:[<>=!~;,\"'\s]|$))(?!\s*\[)", re.IGNORECASE | re.MULTILINE)
_SQLALCHEMY_LINE = re.compile(r"^([ \t]*[\"']?)(?:sqlalchemy|sqlmodel)(?![\w.-])", re.IGNORECASE | re.MULTILINE)
_PYTEST = re.compile(
    r"^([ \t]*[\"']?)pytest(?![\w.-])[^\r\n#\"']*([\"']?)(,?)[ \t]*(?:#[^\r\n]*)?(?=\r?$)", re.MULTILINE
)
_PLUGIN = re.compile(r"pytest[-_]asyncio")


def asyncio_extra(project: Project) -> Iterator[Edit]:
    """`sqlalchemy[asyncio]`, which alone brings what the asynchronous side of SQLAlchemy needs."""
    for file in _files(project):
        for found in _SQLALCHEMY.finditer(file.text):
            if file.name != "pyproject.toml" or found[1].strip():
                yield Edit(file.path, found.end(), found.end(), "[asyncio]")


def asyncio_plugin(project: Project) -> Iterator[Edit]:
    """`pytest-asyncio` on a line behind that of pytest, if no file requires it yet."""
    files = list(_files(project))
    if any(_PLUGIN.search(file.text) for file in files):
        return
    for file in files:
        for found in _PYTEST.finditer(file.text):
            is_listed = bool(found[2] and found[3]) if file.name == "pyproject.toml" else not found[1].strip()
            if is_listed:
                line = f"{newline(file.text)}{found[1]}pytest-asyncio{found[2]}{found[3]}"
                yield Edit(file.path, found.end(), found.end(), line)


def requires(project: Project, package: str) -> bool:
    """Whether a file says that a package is needed, with extras or without."""
    pattern = re.compile(rf"^[^#\r\n]*?(?<![\w.+-]){package}(?![\w.-])", re.IGNORECASE | re.MULTILINE)
    return any(pattern.search(file.text) for file in _files(project))


def driver_beside(project: Project, package: str) -> Iterator[Edit]:
    """A driver on a line before that of SQLAlchemy."""
    for file in _files(project):
        for found in _SQLALCHEMY_LINE.finditer(file.text):
            quote = found[1].strip()
            if bool(quote) == (file.name == "pyproject.toml"):
                comma = "," if quote else ""
                line = f"{found[1]}{package}{quote}{comma}{newline(file.text)}"
                yield Edit(file.path, found.start(), found.start(), line)


def _files(project: Project) -> Iterator[TextFile]:
    yield from project.text_files.named("*requirements*.txt", "*requirements*.in", "pyproject.toml")
