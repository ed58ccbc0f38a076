"""What a fix is: text edits, grouped across files, with imports still symbolic."""

from __future__ import annotations

import enum
import os
from collections.abc import Callable
from itertools import pairwise
from typing import ParamSpec

from msgspec import Struct

_P = ParamSpec("_P")


class Applicability(enum.StrEnum):
    """How far a fix may be trusted.

    `SAFE` keeps runtime behaviour, the database schema, the HTTP contract and public names.
    `UNSAFE` changes one of them and says which in its title. `DISPLAY` is only shown.
    """

    SAFE = "safe"
    UNSAFE = "unsafe"
    DISPLAY = "display"


class Edit(Struct, frozen=True, order=True):
    """Replace `[start, end)` of a file's text by `text`.

    `start` and `end` are character offsets into `SourceFile.text`, before any edit of the same pass. Of insertions
    that are `stackable` (whole lines, each good without the others) several may stand at one offset.
    """

    path: str
    start: int
    end: int
    text: str
    stackable: bool = False


class NeedsImport(Struct, frozen=True, order=True):
    """The file needs `from module import name` (or `import module` where `name` is empty).

    `alias` is the local name where it differs. `type_checking` places the import under
    `if TYPE_CHECKING:`. `keep` marks an import that has a side effect only, so that
    unused-import removal must leave it (`# noqa: F401`).
    """

    path: str
    module: str
    name: str = ""
    alias: str = ""
    type_checking: bool = False
    keep: bool = False


class DropsImport(Struct, frozen=True, order=True):
    """The import that binds `name` at module level goes, if nothing in the file uses it after the edits.

    So do those at the top level of functions whose bodies the edits change, if nothing there uses the name.

    With `guard`, it moves under `if TYPE_CHECKING:` if only quoted annotations use it.
    """

    path: str
    name: str
    guard: bool = False


class Move(Struct, frozen=True, order=True):
    """A file, or a folder with all that is in it, gets another path; both are absolute.

    Edits of the same fix name what moves by its old path.
    """

    path: str
    to: str

    def of(self, path: str) -> str:
        """Where the move leaves a file."""
        return self.to + path[len(self.path) :] if self.touches(path) else path

    def touches(self, path: str) -> bool:
        """Whether this is what moves, or in it."""
        return path == self.path or path.startswith(self.path + os.sep)


class Fix(Struct, frozen=True):
    """Edits and moves over any number of files, applied all together or not at all.

    ValueError if two of the edits overlap, so that whoever makes them fails, and not whoever applies them.
    """

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]
    needs: tuple[NeedsImport, ...] = ()
    drops: tuple[DropsImport, ...] = ()
    moves: tuple[Move, ...] = ()

    def __post_init__(self) -> None:
        for one, other in pairwise(sorted(set(self.edits))):
            if one.path == other.path and other.start < one.end:
                raise ValueError(f"the edits {one} and {other} of a fix overlap")


class Refusal(Struct, frozen=True):
    """Why there is no fix: a clause that goes on from "no fix: "."""

    reason: str


class RefusedError(Exception):
    """What is written in the middle of a fix, and shows that there is none: the reason."""


def fix_or_refusal(make: Callable[_P, Fix], *args: _P.args, **keywords: _P.kwargs) -> Fix | Refusal:
    """The fix that `make` returns, or why it raised RefusedError."""
    try:
        return make(*args, **keywords)
    except RefusedError as refused:
        return Refusal(str(refused))


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`: for titles."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
