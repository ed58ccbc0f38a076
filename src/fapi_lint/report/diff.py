"""`--diff`: a unified diff that `git apply` takes (GNU diffutils manual, "Detailed Unified")."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from itertools import islice

from fapi_lint.report.shared import Style

ROLES = {"@": "hunk", "+": "added", "-": "removed"}
ESCAPES = {ord('"'): '\\"', ord("\\"): "\\\\"}


def unified_diff(changes: Iterable[tuple[str, str, str]], *, color: bool = False) -> str:
    """One diff over all changes: shown path with forward slashes, old text, new text.

    Lines end at line feeds only: a carriage return is content, and has to reach the output untranslated.
    """
    style = Style(color)
    return "".join(line for path, old, new in changes if old != new for line in _file_diff(path, old, new, style))


def _file_diff(path: str, old: str, new: str, style: Style) -> Iterator[str]:
    yield style.paint("path", f"--- {_name(f'a/{path}')}") + "\n"
    yield style.paint("path", f"+++ {_name(f'b/{path}')}") + "\n"
    for line in islice(difflib.unified_diff(_lines(old), _lines(new)), 2, None):
        text = line.removesuffix("\n")
        role = ROLES.get(text[0])
        yield style.paint(role, text) if role else text
        yield "\n" if line.endswith("\n") else "\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    *lines, rest = text.split("\n")
    return [f"{line}\n" for line in lines] + ([rest] if rest else [])


def _name(path: str) -> str:
    """The name as git writes it with `core.quotePath=false`: a tab ends one that has a space."""
    if path.replace('"', "\n").replace("\\", "\n").isprintable():
        return f"{path}\t" if " " in path else path
    quoted = (
        ESCAPES.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}") for byte in os.fsencode(path)
    )
    return f'"{"".join(quoted)}"'
