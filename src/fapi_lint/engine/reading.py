"""Reading files, and what is known of each that could not be read."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fapi_lint.source.file import SourceError, SourceFile

if TYPE_CHECKING:
    from fapi_lint.project.module import Module

_SETTLED = 2.0
"""Seconds from which a change is sure to have given a file another stamp; clocks of file systems are coarse."""


class Read(Struct, frozen=True):
    """A file as it was read, or why it could not be; then `source` is what can be shown of it."""

    source: SourceFile
    error: SourceError | None = None


class Memory(Struct):
    """What a process keeps from one run to the next: files with their stamps, and the modules of each root by path."""

    reads: dict[str, tuple[tuple[int, ...], Read]] = field(default_factory=dict)
    modules: dict[str, dict[str, Module]] = field(default_factory=dict)

    def kept(self, root: str, files: Iterable[Read]) -> Mapping[str, Module]:
        """The modules of an application, unless it has other files now: then they may have other names."""
        modules = self.modules.get(root, {})
        return modules if modules.keys() == {read.source.path for read in files} else {}


def read_files(paths: Iterable[str], buffers: Mapping[str, bytes], memory: Memory) -> list[Read]:
    """Read files, those whose stamps have changed. `buffers` holds what stands in for the content on disk, by path."""
    found = []
    for path in paths:
        raw = buffers.get(path)
        if raw is not None:
            found.append(_read(path, raw))
            continue
        stamp = _stamp(path)
        known = memory.reads.get(path)
        if known is None or not stamp or known[0] != stamp:
            known = stamp, _read(path)
            memory.reads[path] = known
        found.append(known[1])
    return found


def _read(path: str, raw: bytes | None = None) -> Read:
    try:
        return Read(SourceFile.read(path) if raw is None else SourceFile.from_bytes(path, raw))
    except SourceError as error:
        return Read(SourceFile.of_unreadable(error), error)


def _stamp(path: str) -> tuple[int, ...]:
    """What tells a file from what it was; empty if nothing surely does."""
    try:
        status = os.stat(path)
    except OSError:
        return ()
    if time.time() - status.st_mtime < _SETTLED:
        return ()
    return status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino
