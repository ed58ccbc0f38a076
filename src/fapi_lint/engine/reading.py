"""Reading files, and what is known of each that could not be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fapi_lint.source.file import SourceError, SourceFile


@dataclass(frozen=True, slots=True)
class Read:
    """A file as it was read, or why it could not be; then `source` is empty."""

    source: SourceFile
    error: SourceError | None = None


def read_files(paths: Iterable[str], buffers: Mapping[str, bytes] | None = None) -> list[Read]:
    """Read files. `buffers` holds what stands in for the content on disk, by absolute path."""
    found = []
    for path in paths:
        raw = (buffers or {}).get(path)
        try:
            found.append(Read(SourceFile.read(path) if raw is None else SourceFile.from_bytes(path, raw)))
        except SourceError as error:
            found.append(Read(SourceFile(path, b"", "", "utf-8", bom=False), error))
    return found
