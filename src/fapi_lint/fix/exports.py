"""`__all__` of a file, and what else keeps imports that nothing uses from being removed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from fapi_lint.fix.edit import Edit
from fapi_lint.fix.names import File
from fapi_lint.fix.text import indentation_at, line_end, line_start, newline, quote
from fapi_lint.outline import nodes as o

_FILE_LEVEL = re.compile(r"^\s*#\s*(?:ruff|flake8)\s*:\s*noqa\s*(?:$|:[^#\n]*\bF401\b)", re.MULTILINE | re.IGNORECASE)


@lru_cache(maxsize=256)  # Every model that a hub lacks asks for them.
def keeps_unused_imports(file: File) -> bool:
    """Whether a comment tells linters to leave unused imports of the whole file alone."""
    return _FILE_LEVEL.search(file.text) is not None


@lru_cache(maxsize=256)
def exported(file: File) -> o.Collection | None:
    """The list or filled tuple that `__all__` is assigned at module level, if all of its entries are texts."""
    for node in file.outline.body:
        if not isinstance(node, (o.Assign, o.AnnAssign)):
            continue
        targets = node.targets if isinstance(node, o.Assign) else (node.target,)
        value = node.value
        if any(o.dotted(target) == "__all__" for target in targets):
            if not isinstance(value, o.Collection) or not all(isinstance(item, o.String) for item in value.items):
                return None
            return value if value.items or value.kind == "list" else None
    return None


def export(file: File, collection: o.Collection, names: Iterable[str]) -> list[Edit]:
    """New entries of `__all__`, in order where it is sorted, in its own lines where it has one for each entry."""
    texts = [item.value or "" for item in collection.items if isinstance(item, o.String)]
    fresh = sorted(set(names) - set(texts))
    is_sorted = texts == sorted(texts)
    if not texts:
        start = collection.end - 1
        return [Edit(file.path, start, start, ", ".join(quote(file, name) for name in fresh))] if fresh else []
    places: dict[int, list[str]] = {}
    for name in fresh:
        index = next((i for i, text in enumerate(texts) if is_sorted and text > name), len(texts))
        places.setdefault(index, []).append(quote(file, name))
    return [_insert(file, collection, index, entries) for index, entries in places.items()]


def _insert(file: File, collection: o.Collection, index: int, entries: list[str]) -> Edit:
    text, items = file.text, collection.items
    opens_line = not text[line_start(text, items[0].start) : items[0].start].strip()
    separator = "," + (newline(text) + indentation_at(text, items[0].start) if opens_line else " ")
    if index < len(items):
        start = items[index].start
        return Edit(file.path, start, start, separator.join(entries) + separator)
    last = items[-1].end
    end = line_end(text, last)
    behind = text[last:end].partition("#")[0].strip()
    if opens_line and behind == ",":
        # A trailing comma and perhaps a comment stand on the line of the last entry.
        indent = newline(text) + indentation_at(text, items[0].start)
        return Edit(file.path, end, end, "".join(f"{indent}{entry}," for entry in entries))
    return Edit(file.path, last, last, separator + separator.join(entries))
