"""Where the modules of an application come from: kept by this process, remembered by the cache, or parsed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from fapi_lint.engine.cache import Cache
from fapi_lint.engine.pool import build_outlines
from fapi_lint.engine.reading import Read
from fapi_lint.outline import nodes
from fapi_lint.outline.compact import compact
from fapi_lint.source.file import SourceError

if TYPE_CHECKING:
    from fapi_lint.project.module import Module

CROWDED = 5_000
"""Files from which memory is scarcer than time."""


class Outlines:
    """The outlines of files. What has to be parsed begins to be where this is made, while something else is done."""

    def __init__(
        self, files: Sequence[Read], cache: Cache, jobs: int, kept: Mapping[str, Module] | None = None
    ) -> None:
        """`kept` are modules by their path, which stand for files with the same content."""
        self._files = files
        self._cache = cache
        self._kept = {read.source.path: module for read in files if (module := _same(read, kept or {})) is not None}
        fresh = (read.source for read in files if read.error is None and read.source.path not in self._kept)
        self._sources = {source.digest: source for source in fresh}
        self._outlines: dict[str, nodes.Outline] = {}
        self._shared: dict[int | str, int | str] | None = {} if len(files) >= CROWDED else None
        for digest, data in cache.get(self._sources).items():
            with suppress(msgspec.DecodeError):
                self._outlines[digest] = self._decode(data)
        self._missing = [digest for digest in self._sources if digest not in self._outlines]
        self._built = build_outlines([self._sources[digest].text for digest in self._missing], jobs)

    def modules(self, progress: Callable[[int, int], None] = lambda done, total: None) -> list[Module]:
        """The module of every file, in order. `progress` is told how many texts of how many are parsed."""
        from fapi_lint.project.module import Module

        encoded: dict[str, bytes] = {}
        for index, data in self._built:
            encoded[self._missing[index]] = data
            self._outlines[self._missing[index]] = self._decode(data)
            progress(len(encoded), len(self._missing))
        self._cache.put(encoded, in_use=[read.source.digest for read in self._files])
        return [
            self._kept.get(read.source.path)
            or Module(read.source, _unreadable(read.error) if read.error else self._outlines[read.source.digest])
            for read in self._files
        ]

    def _decode(self, data: bytes) -> nodes.Outline:
        try:
            outline = nodes.decode(data)
        except RecursionError:
            return nodes.Outline(failure=nodes.Failure("nested too deeply to be analysed", 1, 1))
        if self._shared is not None:
            compact(outline, self._shared)
        return outline


def _same(read: Read, kept: Mapping[str, Module]) -> Module | None:
    """The kept module of a file with the same content; none for an empty one, which may have been unreadable."""
    module = kept.get(read.source.path) if read.source.raw else None
    return module if module is not None and module.source.digest == read.source.digest else None


def _unreadable(error: SourceError) -> nodes.Outline:
    return nodes.Outline(failure=nodes.Failure(error.message, error.row or 1, error.column or 1))
