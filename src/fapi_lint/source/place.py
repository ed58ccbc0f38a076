"""Where something is: a span of a file, and a file as it is seen from a folder."""

from __future__ import annotations

import os

from msgspec import Struct


class Place(Struct, frozen=True, order=True):
    """A span of a file: absolute path and character offsets into its text, end exclusive."""

    path: str
    start: int
    end: int


def relative_path(path: str, folder: str) -> str:
    """A path as it is seen from a folder, with forward slashes everywhere."""
    return os.path.relpath(path, folder or None).replace(os.sep, "/")
