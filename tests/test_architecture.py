"""Arrows run downwards only, and every room keeps to its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import fapi_lint
from fapi_lint.outline import nodes as o
from fapi_lint.outline.build import build

PACKAGE = Path(fapi_lint.__file__).parent
MAY_IMPORT = {
    "source": set(),
    "config": set(),
    "outline": set(),
    "report": set(),
    "project": {"config", "source", "outline"},
    "fix": {"source", "outline", "project"},
    "rules": {"config", "source", "outline", "project", "fix"},
    "engine": {"config", "source", "outline", "project", "fix", "rules", "report"},
    "testing": {"config", "source", "outline", "project", "fix", "rules", "engine"},
    "lsp": {"config", "source", "engine", "report"},
    "cli": {"config", "source", "outline", "project", "fix", "rules", "engine", "report", "lsp"},
}
MAY_IMPORT_IN_PROJECT = {
    "": set(),
    "inference": set(),
    "asynchrony": {"inference"},
    "identity": {"inference"},
    "objects": {"inference"},
    "querying": {"inference", "asynchrony"},
}
"""The rooms of `project`, and the rooms that each may know; `Project` alone knows all."""
FILES = sorted(PACKAGE.rglob("*.py"))


def room_of(file: Path) -> str:
    parts = file.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


def nodes_of(file: Path) -> list[o.Node]:
    outline = o.decode(build(file.read_text(encoding="utf-8")))
    assert outline.failure is None
    return list(o.walk(*outline.body))


def imports_of(file: Path) -> Iterator[str]:
    for node in nodes_of(file):
        if isinstance(node, o.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, o.ImportFrom):
            assert node.level <= 1, "relative imports stay in their folder"
            base = ".".join(["fapi_lint", *file.relative_to(PACKAGE).parts[:-1]]) if node.level else ""
            module = ".".join(filter(None, [base, node.module]))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def test_every_room_is_listed() -> None:
    rooms = {room_of(file) for file in FILES} - {""}
    assert rooms <= MAY_IMPORT.keys()


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_arrows_run_downwards(file: Path) -> None:
    room = room_of(file)
    if not room:
        return
    for name in imports_of(file):
        package, _, rest = name.partition(".")
        if package == "fapi_lint" and (target := rest.partition(".")[0]) in MAY_IMPORT:
            assert target == room or target in MAY_IMPORT[room], f"{room} imports {name}"


@pytest.mark.parametrize(
    "file",
    [file for file in FILES if room_of(file) == "project" and file.stem != "project"],
    ids=lambda file: str(file.relative_to(PACKAGE)),
)
def test_rooms_of_the_project_know_few_others(file: Path) -> None:
    parts = file.relative_to(PACKAGE / "project").parts
    room = parts[0] if len(parts) > 1 else ""
    for name in imports_of(file):
        package, _, rest = name.partition(".project.")
        target = rest.partition(".")[0]
        if package == "fapi_lint" and target in MAY_IMPORT_IN_PROJECT:
            assert target == room or target in MAY_IMPORT_IN_PROJECT[room], f"{room or 'project'} imports {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_libcst_stays_in_the_outline(file: Path) -> None:
    if room_of(file) != "outline":
        assert not any(name.partition(".")[0] == "libcst" for name in imports_of(file))


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_only_the_command_line_prints_or_exits(file: Path) -> None:
    if room_of(file) in ("cli", ""):
        return
    called = {o.dotted(node.func) for node in nodes_of(file) if isinstance(node, o.Call)}
    if file == PACKAGE / "engine" / "halves.py":
        called.discard("os._exit")  # The process that it starts.
    assert not called & {"print", "exit", "quit", "sys.exit", "os._exit"}


@pytest.mark.parametrize("file", [f for f in FILES if room_of(f) == "report"], ids=lambda file: file.name)
def test_reports_touch_no_files(file: Path) -> None:
    called = {o.dotted(node.func) for node in nodes_of(file) if isinstance(node, o.Call)}
    assert "open" not in called
    assert not {"pathlib", "pathlib.Path", "io", "shutil"} & set(imports_of(file))
