"""From files to a project: outline (from the cache or by parsing), link."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import msgspec

from fapi_lint.config.settings import Settings
from fapi_lint.config.tooling import Tooling
from fapi_lint.config.versions import Versions
from fapi_lint.engine.cache import Cache
from fapi_lint.engine.pool import build_outlines
from fapi_lint.engine.reading import Read
from fapi_lint.engine.timing import Clock
from fapi_lint.outline import nodes
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.text_files import TextFile, TextFiles
from fapi_lint.source.file import SourceError
from fapi_lint.source.text_files import read_text_files


def load(
    files: Sequence[Read],
    *,
    root: str,
    settings: Settings,
    versions: Versions,
    tooling: Tooling,
    cache: Cache,
    jobs: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    clock: Clock | None = None,
    text_files: Sequence[str] = (),
    focus: Collection[str] | None = None,
) -> Project:
    """Link files into a project that judges those in `focus`, or all. `progress` is told how many texts are parsed."""
    clock = clock or Clock()
    with clock.stage("outline"):
        modules = _modules(files, cache, jobs, progress)
    with clock.stage("link"):
        return Project(
            modules,
            root=root,
            settings=settings,
            versions=versions,
            tooling=tooling,
            text_files=TextFiles(lambda: [TextFile(source) for source in read_text_files(text_files)]),
            focus=focus,
        )


def _modules(files: Sequence[Read], cache: Cache, jobs: int, progress: Callable[[int, int], None]) -> list[Module]:
    sources = {read.source.digest: read.source for read in files if read.error is None}
    outlines: dict[str, nodes.Outline] = {}
    for digest, data in cache.get(sources).items():
        try:
            outlines[digest] = nodes.decode(data)
        except msgspec.DecodeError:
            continue
    missing = {digest: source.text for digest, source in sources.items() if digest not in outlines}
    if missing:
        done = 0

        def advance(count: int) -> None:
            nonlocal done
            done += count
            progress(done, len(missing))

        encoded = dict(zip(missing, build_outlines(list(missing.values()), jobs, advance), strict=True))
        outlines.update((digest, _decode(data)) for digest, data in encoded.items())
        cache.put(encoded, in_use=sources)
    return [
        Module(read.source, outlines[read.source.digest] if read.error is None else _unreadable(read.error))
        for read in files
    ]


def _decode(data: bytes) -> nodes.Outline:
    try:
        return nodes.decode(data)
    except RecursionError:
        return nodes.Outline(failure=nodes.Failure("nested too deeply to be analysed", 1, 1))


def _unreadable(error: SourceError) -> nodes.Outline:
    return nodes.Outline(failure=nodes.Failure(error.message, error.row or 1, error.column or 1))
