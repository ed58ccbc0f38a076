"""Import lists that were sorted stay so when names in them change."""

from __future__ import annotations

from collections.abc import Sequence

from fapi_lint.fix.bindings import bindings
from fapi_lint.fix.edit import Edit
from fapi_lint.fix.names import File
from fapi_lint.fix.splice import apply, overlaps
from fapi_lint.fix.statement import name_orders
from fapi_lint.outline import nodes as o


def keep_sorted(file: File, edits: Sequence[Edit]) -> Sequence[Edit]:
    """The same edits, but that a renamed name goes to its place in `from x import a, b` if the list was sorted.

    `edits` are all of the file, in order. A statement with comments stays in its order: they belong to the names.
    """
    last = max((b.statement.end for b in bindings(file)), default=0) if edits else 0
    if not edits or edits[0].start >= last:
        return edits
    statements = {b.statement.start: b.statement for b in bindings(file) if isinstance(b.statement, o.ImportFrom)}
    for statement in statements.values():
        inside = [edit for edit in edits if overlaps(edit, statement.start, statement.end)]
        if not inside or len(statement.names) < 2 or "#" in file.text[statement.start : statement.end]:
            continue
        sorting = _sorting(file, statement.names, inside)
        if sorting is not None:
            others = [edit for edit in edits if edit not in inside]
            edits = sorted([*others, *sorting], key=lambda edit: (edit.start, edit.end))
    return edits


def _sorting(file: File, aliases: Sequence[o.Alias], edits: Sequence[Edit]) -> list[Edit] | None:
    """What to write in place of the names of a statement that are edited; None if their order is left as it is."""
    before, after = [], []
    for alias in aliases:
        own = [edit for edit in edits if alias.start <= edit.start and edit.end <= alias.end]
        edits = [edit for edit in edits if edit not in own]
        text = file.text[alias.start : alias.end]
        before.append(text)
        after.append(apply(text, (Edit(e.path, e.start - alias.start, e.end - alias.start, e.text) for e in own)))
    orders = name_orders([before])
    if edits or not orders or any(after == sorted(after, key=key) for key in orders):
        return None
    names = zip(aliases, before, sorted(after, key=orders[0]), strict=True)
    return [Edit(file.path, alias.start, alias.end, new) for alias, old, new in names if old != new]
