"""What several formats need: shown paths, what counts as fixable, colours, text that is safe to print."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from fapi_lint.report.model import Diagnostic, Report, ReportedFix

ANSI = {
    "code": "1;31",
    "fixable": "36",
    "frame": "1;34",
    "good": "1;32",
    "help": "1;36",
    "path": "1",
    "warning": "1;33",
    "added": "32",
    "removed": "31",
    "hunk": "36",
}


class Style(Struct, frozen=True):
    """How a text format may use the terminal."""

    color: bool = False
    width: int = 80

    def paint(self, role: str, text: str) -> str:
        """`text` in the colour of its role, a key of `ANSI`."""
        return f"\x1b[{ANSI[role]}m{text}\x1b[0m" if self.color and text else text


PLAIN = Style()


@lru_cache(maxsize=1024)
def shown_path(filename: str, root: str) -> str:
    """`filename` relative to `root` when below it, else as it is; compares text and asks no file system."""
    return os.path.normpath(filename).removeprefix(os.path.join(os.path.normpath(root), ""))


def slashed_path(filename: str, root: str) -> str:
    """The shown path as machines want it, with forward slashes."""
    return shown_path(filename, root).replace(os.sep, "/")


def one_line(text: str) -> str:
    """`text` on one line and without characters that would drive a terminal."""
    return text if text.isprintable() else "".join(map(visible, " ".join(text.split())))


def visible(char: str) -> str:
    """`char`, or a replacement for control, bidirectional and other invisible characters."""
    return char if char.isprintable() or unicodedata.category(char) == "Zs" else "\N{REPLACEMENT CHARACTER}"


def is_fixable(fix: ReportedFix | None, *, unsafe: bool) -> bool:
    """Whether `--fix` applies this fix, with `--unsafe-fixes` or without."""
    return fix is not None and (fix.applicability == "safe" or (unsafe and fix.applicability == "unsafe"))


def headline(diagnostic: Diagnostic, report: Report, style: Style) -> str:
    """`CODE [*] message`, where the mark means that `--fix` would fix it."""
    fixable = is_fixable(diagnostic.fix, unsafe=report.unsafe_fixes)
    mark = f"[{style.paint('fixable', '*')}] " if fixable else ""
    return f"{style.paint('code', diagnostic.code)} {mark}{one_line(diagnostic.message)}"


def position(diagnostic: Diagnostic) -> str:
    """`row:column`."""
    return f"{diagnostic.location.row}:{diagnostic.location.column}"


def located_headline(diagnostic: Diagnostic, report: Report, style: Style = PLAIN) -> str:
    """`path:row:column: CODE [*] message`, one line."""
    path = style.paint("path", one_line(shown_path(diagnostic.filename, report.root)))
    return f"{path}:{position(diagnostic)}: {headline(diagnostic, report, style)}"


def join(parts: Iterable[str], separator: str) -> str:
    """The parts that say something, with one line end after the last."""
    text = separator.join(filter(None, parts))
    return f"{text}\n" if text else ""


def count(number: int, noun: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
