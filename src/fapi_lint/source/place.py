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


def repository_of(folder: str) -> str | None:
    """The nearest folder upwards that holds a repository of git, itself included; None outside of one."""
    while not os.path.exists(os.path.join(folder, ".git")):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder
