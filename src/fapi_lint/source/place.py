"""Where something is: a span of a file, and a file as it is seen from a folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from msgspec import Struct


class Place(Struct, frozen=True, order=True):
    """A span of a file: absolute path and character offsets into its text, end exclusive."""

    path: str
    start: int
    end: int


def relative_path(path: str, folder: str) -> str:
    """A path as it is seen from a folder, with forward slashes everywhere."""
    return os.path.relpath(path, folder or None).replace(os.sep, "/")


def folders_above(folder: str) -> Iterator[str]:
    """The folder and those that it is in, nearest first."""
    yield folder
    while (parent := os.path.dirname(folder)) != folder:
        yield parent
        folder = parent


def folders_of(files: Iterable[str], root: str) -> set[str]:
    """The folders of files, and those above them up to the root that they are in, which is one of them."""
    found, top = {root}, os.path.join(root, "")
    for folder in {os.path.dirname(file) for file in files}:
        while folder not in found and folder.startswith(top):
            found.add(folder)
            folder = os.path.dirname(folder)
    return found


def repository_of(folder: str) -> str | None:
    """The nearest folder upwards that holds a repository of git, itself included; None outside of one."""
    return next((each for each in folders_above(folder) if os.path.exists(os.path.join(each, ".git"))), None)
