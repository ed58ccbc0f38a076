"""`await` put before a call, or taken away."""

from __future__ import annotations

from fapi_lint.fix.edit import Edit
from fapi_lint.fix.names import File
from fapi_lint.outline import nodes as o


def insert_await(file: File, call: o.Call, parent: o.Node | None) -> tuple[Edit, ...]:
    """`await` before a call, with parentheses where what follows it would otherwise be awaited too.

    `parent` is the node right around the call.
    """
    # A parent that starts before the call has its parentheses already.
    if parent is None or not is_continued(call, parent) or parent.start < call.start:
        return (Edit(file.path, call.start, call.start, "await "),)
    return (
        Edit(file.path, call.start, call.start, "(await "),
        Edit(file.path, call.end, call.end, ")"),
    )


def is_continued(call: o.Node, parent: o.Node | None) -> bool:
    """Whether more follows an expression, which an `await` before it would apply to as well."""
    if isinstance(parent, o.Call):
        return parent.func is call
    return isinstance(parent, (o.Attribute, o.Subscript)) and parent.value is call


def remove_await(file: File, node: o.Await) -> Edit:
    """The keyword goes, with the white space behind it; parentheses and comments stay."""
    behind = node.start + len("await")
    while file.text[behind].isspace():
        behind += 1
    return Edit(file.path, node.start, behind, "")
