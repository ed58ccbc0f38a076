"""Names that are put together at run time: `getattr(service, f"create_{kind}")`, `globals()["create_" + kind]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Parameter

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_F_STRING = re.compile(r"""[fF](?P<quote>["'])(?P<text>[^"'\\]*)(?P=quote)""")
_INTERPOLATED = re.compile(r"\{[^{}]*\}")
_INSTANCES = ("self", "cls")
_NAMESPACES = ("globals", "vars")


class BuiltName(Struct, frozen=True):
    """One place that looks up a member of a module, any module if it is None, by a name that matches a pattern."""

    sighting: Sighting
    owner: Module | None
    pattern: re.Pattern[str]


def built_names(project: Project) -> Iterator[BuiltName]:
    for module in project.modules:
        if "getattr(" not in module.text and "globals()" not in module.text and "vars(" not in module.text:
            continue
        for sighting in search(module, "getattr", *_NAMESPACES):
            found = _looked_up(sighting)
            pattern = None if found is None else _pattern(module, found[1])
            if found is None or pattern is None:
                continue
            owner = module if found[0] is None else project.resolver.resolve(sighting.scope, found[0])
            if isinstance(owner, Module):
                yield BuiltName(sighting, owner, pattern)
            elif isinstance(owner, Parameter) and owner.node.annotation is None and owner.node.name not in _INSTANCES:
                yield BuiltName(sighting, None, pattern)


def _looked_up(sighting: Sighting) -> tuple[o.Expr | None, o.Expr] | None:
    """The object whose attribute is looked up, the module itself if None, and the expression of its name."""
    node = sighting.node
    if isinstance(node, o.Call) and o.dotted(node.func) == "getattr" and len(node.args) > 1:
        return node.args[0].value, node.args[1].value
    if isinstance(node, o.Subscript) and isinstance(node.value, o.Call) and len(node.items) == 1:
        call = node.value
        if o.dotted(call.func) in _NAMESPACES:
            return call.args[0].value if call.args else None, node.items[0]
    return None


def _pattern(module: Module, expr: o.Expr) -> re.Pattern[str] | None:
    """What the names that an expression makes look like; None if it is a literal or may make any name."""
    if isinstance(expr, o.Operation) and expr.operator == "+":
        pieces = [each.value or "" if isinstance(each, o.String) else None for each in expr.operands]
    elif isinstance(expr, o.String) and expr.parts and (written := _F_STRING.fullmatch(module.slice(expr))):
        texts = _INTERPOLATED.split(written["text"])
        pieces = [piece for text in texts for piece in (text, None)][:-1]
    else:
        return None
    if not any(pieces):
        return None
    return re.compile("".join(r"\w*" if piece is None else re.escape(piece) for piece in pieces))
