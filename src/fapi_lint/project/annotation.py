"""Annotations as expressions: quoted ones parsed, wrappers looked through.

Type expressions are stable syntax, so the standard library reads the quoted ones.
"""

from __future__ import annotations

import ast

from fapi_lint.outline import nodes as o


def parse_annotation(expr: o.Node | None) -> o.Node | None:
    """The expression that an annotation means: a quoted one is parsed, with offsets into the file.

    Returns None for a string that is no type expression. Offsets are right for plain one-line
    literals; others get the literal's own span.
    """
    if not isinstance(expr, o.String):
        return expr
    if expr.value is None:
        return None
    if expr.value.isidentifier() and expr.end - expr.start == len(expr.value) + 2:
        return o.Name(expr.start + 1, expr.end - 1, expr.value)
    try:
        parsed = ast.parse(expr.value.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        return None
    plain = expr.end - expr.start == len(expr.value) + 2 and expr.value.isascii() and expr.value == expr.value.strip()
    return _Converter(expr, plain).convert(parsed)


class _Converter:
    def __init__(self, literal: o.String, plain: bool) -> None:
        self.literal = literal
        self.plain = plain

    def span(self, node: ast.expr) -> tuple[int, int]:
        if not self.plain or node.end_col_offset is None:
            return self.literal.start, self.literal.end
        start = self.literal.start + 1
        return start + node.col_offset, start + node.end_col_offset

    def convert(self, node: ast.expr) -> o.Expr:
        start, end = self.span(node)
        match node:
            case ast.Name(id):
                return o.Name(start, end, id)
            case ast.Attribute(value, attr):
                return o.Attribute(start, end, self.convert(value), attr)
            case ast.Subscript(value, ast.Tuple(elts)):
                return o.Subscript(start, end, self.convert(value), tuple(map(self.convert, elts)))
            case ast.Subscript(value, item):
                return o.Subscript(start, end, self.convert(value), (self.convert(item),))
            case ast.BinOp(left, ast.BitOr(), right):
                return o.Operation(start, end, "|", (self.convert(left), self.convert(right)))
            case ast.Constant(None):
                return o.Name(start, end, "None")
            case ast.Constant(str() as value):
                return o.String(start, end, value)
            case ast.List(elts):
                return o.Collection(start, end, "list", tuple(map(self.convert, elts)))
            case _:
                return o.Other(start, end, ())


def union_members(expr: o.Node | None) -> list[o.Node]:
    """The members of `X | Y | None`; an annotation that is no such union is its own only member."""
    expr = parse_annotation(expr)
    if isinstance(expr, o.Operation) and expr.operator == "|":
        return [member for operand in expr.operands for member in union_members(operand)]
    return [] if expr is None else [expr]


def only_member(expr: o.Node | None) -> o.Node | None:
    """What an annotation allows besides None, if that is one thing: `X` of `X | None`."""
    members = [member for member in union_members(expr) if not is_none(member)]
    return members[0] if len(members) == 1 else None


def is_none(expr: o.Node | None) -> bool:
    return isinstance(expr, o.Name) and expr.id == "None"
