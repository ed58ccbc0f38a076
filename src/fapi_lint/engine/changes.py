"""What the fixes of a run do to files on the disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.fix.edit import Move
from fapi_lint.source.write import write_all

if TYPE_CHECKING:
    from fapi_lint.engine.fixing import Outcome  # Only fixes need it.
    from fapi_lint.project.module import Module
    from fapi_lint.project.project import Project
    from fapi_lint.project.text_files import TextFile


class Change(Struct, frozen=True):
    """A file that fixes changed or moved: its absolute path, its text and its bytes, before and after."""

    path: str
    to: str
    before: str
    after: str
    raw_before: bytes
    raw: bytes


def changes_of(project: Project, outcome: Outcome) -> Iterator[Change]:
    """What became of the files of an application, those included that only moved along with their folder."""
    files: list[Module | TextFile] = [*outcome.project.modules, *outcome.project.text_files.if_read]
    known = {file.origin: file for file in files}
    for origin, file in known.items():
        if origin in outcome.texts or file.path != origin:
            before = project.file(origin).source
            yield Change(origin, file.path, before.text, file.text, before.raw, file.source.raw)
    for path, to in _moved_along(outcome.moves):
        if path not in known:
            yield Change(path, to, "", "", b"", b"")


def write(changes: Sequence[Change]) -> None:
    """Write and move all changed files, or none. Raises `source.write.WriteError`."""
    write_all(
        {change.path: change.raw for change in changes if change.raw != change.raw_before},
        {change.path: change.to for change in changes if change.to != change.path},
        {change.path: change.raw_before for change in changes},
    )


def _moved_along(moves: Sequence[Move]) -> Iterator[tuple[str, str]]:
    """Every file and link in the folders that moves carry away, by its path before and after all of them."""
    for index, move in enumerate(moves):
        folder = move.path
        for earlier in reversed(moves[:index]):
            folder = Move(earlier.to, earlier.path).of(folder)
        for path in _files_in(folder) if os.path.isdir(folder) else ():
            to = path
            for each in moves:
                to = each.of(to)
            yield path, to


def _files_in(folder: str) -> Iterator[str]:
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name != "__pycache__"]  # Good for nothing elsewhere.
        links = [name for name in folders if os.path.islink(os.path.join(parent, name))]
        yield from (os.path.join(parent, name) for name in (*names, *links))
