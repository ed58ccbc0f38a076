"""A nested `class Config:` rewritten in place as a call: comments and layout stay."""

from __future__ import annotations

import keyword

from fapi_lint.fix.edit import Edit
from fapi_lint.fix.names import File
from fapi_lint.fix.text import indentation_at, line_end, newline
from fapi_lint.outline import nodes as o


class Inexpressible(Exception):  # noqa: N818
    """Why a configuration cannot be written as a call: a clause."""


def class_to_call(file: File, config: o.ClassDef, callee: str) -> list[Edit]:
    """`class Config:` with `key = value` lines becomes `model_config = callee(key=value, …)`.

    Raises Inexpressible.
    """
    if config.bases or config.decorators:
        raise Inexpressible("`Config` has bases or decorators")
    text, path = file.text, file.path
    head = f"model_config = {callee}("
    colon = text.index(":", max(config.close, config.name_start))
    if len(config.body) == 1 and isinstance(config.body[0], o.Simple) and config.body[0].keyword == "pass":
        return [Edit(path, config.start, config.end, head + ")")]
    keys = [_key(statement) for statement in config.body]
    for statement, following in zip(config.body, config.body[1:], strict=False):
        if ";" in text[statement.end : following.start].partition("#")[0]:
            raise Inexpressible("`Config` has several statements on a line")
    edits = [Edit(path, config.start, colon + 1, head)]
    one_line = config.body[0].start < line_end(text, colon)
    for (key, value), statement in zip(keys, config.body, strict=True):
        start = text.index("=", statement.start) + 1
        given = text[start : statement.end].strip()
        if isinstance(value, o.Collection) and value.kind == "tuple" and not given.startswith("("):
            given = f"({given})"
        if {node.id for node in o.walk(value) if isinstance(node, o.Name)} & {name for name, _ in keys}:
            raise Inexpressible("a value of `Config` refers to another")
        edits.append(Edit(path, statement.start, statement.end, f"{key}={given}" + ("" if one_line else ",")))
    last = config.body[-1].end
    if one_line:
        edits[0] = Edit(path, config.start, config.body[0].start, head)
        edits.append(Edit(path, last, last, ")"))
    else:
        end = line_end(text, last)
        edits.append(Edit(path, end, end, newline(text) + indentation_at(text, config.start) + ")"))
    return edits


def dict_to_call(file: File, entries: o.Dict, callee: str) -> list[Edit]:
    """`{"key": value}` becomes `callee(key=value)`. Raises Inexpressible."""
    text, path = file.text, file.path
    edits = [Edit(path, entries.start, entries.start + 1, f"{callee}(")]
    for key, value in zip(entries.keys, entries.values, strict=True):
        if key is None:
            continue  # `**more` is written the same way
        name = key.value if isinstance(key, o.String) else None
        if name is None or not name.isidentifier() or keyword.iskeyword(name):
            raise Inexpressible("a key is no name")
        colon = text.index(":", key.end, value.start)
        rest = text[colon + 1 : value.start]
        edits.append(Edit(path, key.start, colon + 1 + len(rest) - len(rest.lstrip(" ")), f"{name}="))
    return [*edits, Edit(path, entries.end - 1, entries.end, ")")]


def _key(statement: o.Stmt) -> tuple[str, o.Expr]:
    target: o.Expr | None = None
    if isinstance(statement, o.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    if not isinstance(statement, o.Assign) or not isinstance(target, o.Name):
        raise Inexpressible("`Config` holds more than plain assignments")
    return target.id, statement.value
