"""What tests ask for and expect: values of parameters, paths, and JSON, in which a UUID is text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.answers import is_answered
from fapi_lint.project.identity.cells import Cell, join
from fapi_lint.project.symbols import External, Function, Scope, Variable
from fapi_lint.project.tests import parametrized

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

_NOUN = re.compile(r"/([\w-]+)/\{\s*$")
_REQUESTS = frozenset(["get", "post", "put", "patch", "delete", "options", "head", "request"])
_TEXTS = frozenset(["params", "data", "headers", "cookies"])
"""What a client writes as text by itself."""


def parametrize(flow: Flow, function: Function) -> None:
    """The parameters of a test hold the values that `pytest.mark.parametrize` names."""
    for param, value in parametrized(function):
        join(flow.parameter(function, param), flow.value(function.enclosing, value))


def asked(flow: Flow, scope: Scope, text: o.String) -> None:
    """`f"/users/{user.id}"`"""
    for index, part in enumerate(text.parts):
        before = scope.module.text[max(0, part.start - 80) : part.start]
        found = _NOUN.search(before)
        noun = found[1] if found else ""
        if not noun and index and before.endswith("}/{"):  # f"{USERS}/{user.id}"
            symbol = flow.resolver.resolve(scope, text.parts[index - 1])
            value = symbol.value if isinstance(symbol, Variable) else None
            noun = (value.value or "").rpartition("/")[2] if isinstance(value, o.String) else ""
        cell = flow.value(scope, part) if noun else None
        if cell is not None:
            flow.asked.setdefault(noun, []).append(cell)


def sent(flow: Flow, scope: Scope, call: o.Call) -> set[o.Expr]:
    """The arguments of `client.post(url, json={"owner_id": user.id})` that are no obstacle: what becomes text there."""
    if not isinstance(call.func, o.Attribute) or call.func.attr not in _REQUESTS:
        return set()
    fine = set()
    for arg in call.args:
        if arg.keyword in _TEXTS:
            flow.run(scope, arg.value)
            fine.add(arg.value)
        elif arg.keyword == "json" and not list(as_text(flow, scope, arg.value)):
            fine.add(arg.value)
    return fine


def as_text(flow: Flow, scope: Scope, expr: o.Node, name: str = "", *, is_expected: bool = False) -> Iterator[Cell]:
    """Make text of the identifiers in a literal that is JSON. What may hold others is given back.

    What a test expects in a nullable column is hardly None, which it would ask for by `is None`.
    """
    match expr:
        case o.Dict():
            for key, value in zip(expr.keys, expr.values, strict=True):
                word = (key.value or "") if isinstance(key, o.String) else ""
                yield from as_text(flow, scope, value, word, is_expected=is_expected)
        case o.Collection():
            for item in expr.items:
                yield from as_text(flow, scope, item, name, is_expected=is_expected)
        case o.Comprehension() if expr.kind != "dict":
            with flow.within(scope, expr):
                yield from list(as_text(flow, scope, expr.items[0], name, is_expected=is_expected))
        case o.Number():
            if name in flow.names:
                flow.numbered.setdefault(name, flow.place(scope, expr))
        case o.String(value=str()):
            pass
        case o.Name() if (literal := _literal(scope, expr)) is not None:
            yield from as_text(flow, scope, literal)
        case _ if is_answered(flow, scope, expr):
            pass  # what an answer has is text already
        case _:
            cell = flow.value(scope, expr)
            if cell is not None and _is_one(flow, scope, expr, is_expected=is_expected):
                cell.tell("texts", (scope.module, expr))
            elif cell is not None:
                yield cell


def set_in_json(flow: Flow, scope: Scope, target: o.Node, value: o.Node) -> bool:
    """`expected["id"] = user.id`, if `expected` is JSON and nothing else."""
    if (
        not isinstance(target, o.Subscript)
        or not isinstance(target.value, o.Name)
        or _literal(scope, target.value) is None
    ):
        return False
    key = target.items[0]
    return not list(as_text(flow, scope, value, (key.value or "") if isinstance(key, o.String) else ""))


def _literal(scope: Scope, name: o.Name) -> o.Node | None:
    """The literal that a local variable stands for which is only sent, expected, or used by key."""
    found, function = scope.bindings.get(name.id, ()), scope.owner
    if len(found) != 1 or not isinstance(found[0].value, (o.Dict, o.Collection)) or not isinstance(function, Function):
        return None
    body = scope.module.text[function.node.body_start : function.node.end]
    used = rf"json=\s*{name.id}\b|== {name.id}\b|\b{name.id}(?:\[|\.pop\(|\s*(?::[^=\n]+)?=(?!=)| == )"
    return found[0].value if len(re.findall(rf"\b{name.id}\b", body)) == len(re.findall(used, body)) else None


def _is_one(flow: Flow, scope: Scope, expr: o.Node | None, depth: int = 0, *, is_expected: bool = False) -> bool:
    """Whether an expression is a single identifier for sure, and not None."""
    if isinstance(expr, o.Attribute):
        owner = flow.owner(scope, expr.value)
        model = None if owner is None else flow.project.models.by_class.get(owner)
        column = None if model is None else model.columns.get(expr.attr)
        return column is not None and (is_expected or not flow.project.pairings.is_nullable(column))
    found = scope.lookup(expr.id) if isinstance(expr, o.Name) and depth < 4 else None
    if found is None or len(found[1]) != 1:
        return False
    where, (binding,) = found
    if isinstance(binding.node, o.Param) and isinstance(where.owner, Function):
        if binding.node.annotation is not None:
            return flow.resolver.resolve(where, binding.node.annotation) == External("builtins.int")
        given = flow.project.fixtures.values(where.owner, binding.node)
        return bool(given) and all(_is_one(flow, inner, value, depth + 1) for inner, value in given)
    is_assigned = isinstance(binding.statement, (o.Assign, o.AnnAssign)) and isinstance(binding.node, o.Name)
    return is_assigned and _is_one(flow, where, binding.value, depth + 1, is_expected=is_expected)
