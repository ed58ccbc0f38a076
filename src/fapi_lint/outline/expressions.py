"""LibCST's expressions to those of the outline."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fapi_lint.outline import nodes as o
from fapi_lint.outline.cursor import Cursor
from fapi_lint.outline.refused import MAX_DEPTH

if TYPE_CHECKING:
    import libcst as cst
else:
    from fapi_lint.outline.parser import cst

_LARGEST = 2**63
"""Integers from here on have no place in an outline, and no meaning for a rule."""


class Expressions(Cursor):
    """The walk over expressions. `first` is where the last one began, parentheses included."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.first = 0
        self.depth = 0
        self.strings: list[tuple[int, int]] = []
        self.yields = False
        """Whether there was a `yield` in the current function."""

    def expr(self, node: Any) -> Any:
        """The outline of an expression, its own parentheses left out of the span."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise RecursionError
        parentheses = node.lpar
        if parentheses:
            outer = self.seek("(")
            for _ in parentheses[1:]:
                self.seek("(")
            result = _EXPRESSIONS[type(node)](self, node)
            for _ in parentheses:
                self.seek(")")
            self.first = outer
        else:
            result = _EXPRESSIONS[type(node)](self, node)
            self.first = result.start
        self.depth -= 1
        return result

    def optional(self, node: Any) -> Any:
        return None if node is None else self.expr(node)

    def leaf(self, token: str) -> tuple[int, int]:
        return self.seek(token), self.pos

    def name(self, node: cst.Name) -> o.Name:
        return o.Name(self.seek(node.value), self.pos, node.value)

    def attribute(self, node: cst.Attribute) -> o.Attribute:
        value = self.expr(node.value)
        start = self.first
        self.seek(node.attr.value)
        return o.Attribute(start, self.pos, value, node.attr.value)

    def call(self, node: cst.Call) -> o.Call:
        func = self.expr(node.func)
        start = self.first
        self.seek("(")
        opened = self.pos
        args = tuple([self.arg(arg) for arg in node.args])
        self.seek(")")
        return o.Call(start, self.pos, func, args, opened)

    def arg(self, node: cst.Arg) -> o.Arg:
        keyword = ""
        start = -1
        if node.star:
            start = self.seek(node.star)
        elif node.keyword is not None:
            keyword = node.keyword.value
            start = self.seek(keyword)
        value = self.expr(node.value)
        return o.Arg(self.first if start < 0 else start, self.pos, value, keyword, node.star)

    def simple_string(self, node: cst.SimpleString) -> o.String:
        start, end = self.leaf(node.value)
        self.strings.append((start, end))
        return o.String(start, end, _string_value(node.value))

    def concatenated_string(self, node: cst.ConcatenatedString) -> o.String:
        literals = [self.expr(node.left)]
        start = self.first
        rest = node.right
        while isinstance(rest, cst.ConcatenatedString):
            literals.append(self.expr(rest.left))
            rest = rest.right
        literals.append(self.expr(rest))
        values = [literal.value for literal in literals]
        value = None if None in values else "".join(values)
        return o.String(start, self.pos, value, tuple(part for each in literals for part in each.parts))

    def formatted_string(self, node: Any) -> o.String:
        start = self.seek(node.start)
        parts: list[Any] = []
        self.string_parts(node.parts, parts)
        self.pos += len(node.end)
        self.strings.append((start, self.pos))
        return o.String(start, self.pos, None, tuple(parts))

    def string_parts(self, pieces: Iterable[Any], parts: list[Any]) -> None:
        for piece in pieces:
            if isinstance(piece, (cst.FormattedStringText, cst.TemplatedStringText)):
                self.pos += len(piece.value)
                continue
            self.seek("{")
            parts.append(self.expr(piece.expression))
            if piece.format_spec is not None:
                if piece.conversion:
                    self.seek("!")
                self.seek(":")
                self.string_parts(piece.format_spec, parts)
            self.seek("}")

    def integer(self, node: cst.Integer) -> o.Number:
        value = ast.literal_eval(node.value)
        return o.Number(*self.leaf(node.value), value if value < _LARGEST else None)

    def number(self, node: Any) -> o.Number:
        return o.Number(*self.leaf(node.value), None)

    def ellipsis(self, node: cst.Ellipsis) -> o.Other:
        return o.Other(*self.leaf("..."), ())

    def subscript(self, node: cst.Subscript) -> o.Subscript:
        value = self.expr(node.value)
        start = self.first
        self.seek("[")
        items = tuple([self.element(element.slice) for element in node.slice])
        self.seek("]")
        return o.Subscript(start, self.pos, value, items)

    def element(self, node: Any) -> Any:
        if isinstance(node, cst.Index):
            if node.star:
                start = self.seek("*")
                return o.Starred(start, self.pos, self.expr(node.value))
            return self.expr(node.value)
        start = self.pos
        parts = []
        for index, bound in enumerate((node.lower, node.upper, node.step)):
            if bound is not None:
                parts.append(self.expr(bound))
                start = self.first if len(parts) == 1 else start
            if index == 0 or (index == 1 and isinstance(node.second_colon, cst.Colon)):
                self.seek(":")
        return o.Other(start, self.pos, tuple(parts))

    def elements(self, items: Iterable[Any]) -> tuple[Any, ...]:
        return tuple([self.starred(e) if isinstance(e, cst.StarredElement) else self.expr(e.value) for e in items])

    def starred(self, node: Any) -> o.Starred:
        for _ in node.lpar:
            self.seek("(")
        start = self.seek("*")
        value = self.expr(node.value)
        for _ in node.lpar:
            self.seek(")")
        self.first = start
        return o.Starred(start, self.pos, value)

    def tuple_(self, node: cst.Tuple) -> o.Collection:
        start = self.pos
        items: list[Any] = []
        for index, element in enumerate(node.elements):
            items.extend(self.elements([element]))
            start = self.first if index == 0 else start
        return o.Collection(start, self.pos, "tuple", tuple(items))

    def list_(self, node: cst.List) -> o.Collection:
        start = self.seek("[")
        items = self.elements(node.elements)
        self.seek("]")
        return o.Collection(start, self.pos, "list", items)

    def set_(self, node: cst.Set) -> o.Collection:
        start = self.seek("{")
        items = self.elements(node.elements)
        self.seek("}")
        return o.Collection(start, self.pos, "set", items)

    def dict_(self, node: cst.Dict) -> o.Dict:
        start = self.seek("{")
        keys: list[Any] = []
        values: list[Any] = []
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                keys.append(self.expr(element.key))
            else:
                keys.append(None)
                self.seek("**")
            values.append(self.expr(element.value))
        self.seek("}")
        return o.Dict(start, self.pos, tuple(keys), tuple(values))

    def unary(self, node: cst.UnaryOperation) -> o.Operation:
        operator = OPERATORS[type(node.operator)]
        start = self.seek(operator)
        operand = self.expr(node.expression)
        return o.Operation(start, self.pos, operator, (operand,))

    def binary(self, node: Any) -> o.Operation:
        left = self.expr(node.left)
        start = self.first
        operator = OPERATORS[type(node.operator)]
        self.seek(operator)
        right = self.expr(node.right)
        return o.Operation(start, self.pos, operator, (left, right))

    def comparison(self, node: cst.Comparison) -> o.Compare:
        operands = [self.expr(node.left)]
        start = self.first
        operators = []
        for target in node.comparisons:
            operators.append(OPERATORS[type(target.operator)])
            operands.append(self.expr(target.comparator))
        return o.Compare(start, self.pos, tuple(operators), tuple(operands))

    def awaited(self, node: cst.Await) -> o.Await:
        start = self.seek("await")
        value = self.expr(node.expression)
        return o.Await(start, self.pos, value)

    def function(self, node: cst.Lambda) -> o.Lambda:
        start = self.seek("lambda")
        params = self.params(node.params)
        self.seek(":")
        body = self.expr(node.body)
        return o.Lambda(start, self.pos, params, body)

    def conditional(self, node: cst.IfExp) -> o.IfExp:
        body = self.expr(node.body)
        start = self.first
        test = self.expr(node.test)
        orelse = self.expr(node.orelse)
        return o.IfExp(start, self.pos, body, test, orelse)

    def walrus(self, node: cst.NamedExpr) -> o.NamedExpr:
        target = self.expr(node.target)
        start = self.first
        value = self.expr(node.value)
        return o.NamedExpr(start, self.pos, target, value)

    def generator_expression(self, node: cst.GeneratorExp) -> o.Comprehension:
        element = self.expr(node.elt)
        start = self.first
        generators = self.generators(node.for_in)
        return o.Comprehension(start, self.pos, "generator", (element,), generators)

    def comprehension(self, node: Any) -> o.Comprehension:
        opening, closing = "[]" if isinstance(node, cst.ListComp) else "{}"
        start = self.seek(opening)
        items: tuple[Any, ...]
        if isinstance(node, cst.DictComp):
            kind, items = "dict", (self.expr(node.key), self.expr(node.value))
        elif isinstance(node, cst.StarredDictComp):
            self.seek("**")
            kind, items = "dict", (self.expr(node.value),)
        else:
            kind, items = ("list" if opening == "[" else "set"), (self.expr(node.elt),)
        generators = self.generators(node.for_in)
        self.seek(closing)
        return o.Comprehension(start, self.pos, kind, items, generators)

    def generators(self, node: cst.CompFor | None) -> tuple[o.Generator, ...]:
        found = []
        while node is not None:
            start = self.seek("async" if node.asynchronous else "for")
            target = self.expr(node.target)
            iterable = self.expr(node.iter)
            ifs = tuple([self.expr(condition.test) for condition in node.ifs])
            found.append(o.Generator(start, self.pos, target, iterable, ifs, node.asynchronous is not None))
            node = node.inner_for_in
        return tuple(found)

    def yielded(self, node: cst.Yield) -> o.Yield:
        self.yields = True
        start = self.seek("yield")
        inner = node.value
        value = self.optional(inner.item if isinstance(inner, cst.From) else inner)
        return o.Yield(start, self.pos, value)

    def params(self, node: cst.Parameters) -> tuple[o.Param, ...]:
        found = [self.param(param, "positional") for param in node.posonly_params]
        found += [self.param(param, "normal") for param in node.params]
        if isinstance(node.star_arg, cst.Param):
            found.append(self.param(node.star_arg, "*"))
        found += [self.param(param, "keyword") for param in node.kwonly_params]
        if node.star_kwarg is not None:
            found.append(self.param(node.star_kwarg, "**"))
        return tuple(found)

    def param(self, node: cst.Param, kind: str) -> o.Param:
        start = self.seek(node.name.value)
        annotation = None if node.annotation is None else self.expr(node.annotation.annotation)
        default = self.optional(node.default)
        return o.Param(start, self.pos, node.name.value, annotation, default, kind)


def _string_value(literal: str) -> str | None:
    """What a string literal evaluates to; None for bytes, and for what no UTF-8 can hold (a lone surrogate)."""
    quote = min(index for index in (literal.find('"'), literal.find("'")) if index >= 0)
    prefix = literal[:quote].lower()
    if "b" in prefix:
        return None
    if "\\" not in literal and not prefix:
        width = 3 if literal[:3] in ('"""', "'''") and len(literal) >= 6 else 1
        return literal[width:-width]
    try:
        value = str(ast.literal_eval(literal))
        value.encode()
    except (SyntaxError, ValueError):
        return None
    return value


OPERATORS: dict[type, str] = {
    # Unary and boolean.
    cst.Minus: "-",
    cst.Plus: "+",
    cst.BitInvert: "~",
    cst.Not: "not",
    cst.And: "and",
    cst.Or: "or",
    # Binary.
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.MatrixMultiply: "@",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
    # Augmented.
    cst.AddAssign: "+=",
    cst.SubtractAssign: "-=",
    cst.MultiplyAssign: "*=",
    cst.MatrixMultiplyAssign: "@=",
    cst.DivideAssign: "/=",
    cst.FloorDivideAssign: "//=",
    cst.ModuloAssign: "%=",
    cst.PowerAssign: "**=",
    cst.LeftShiftAssign: "<<=",
    cst.RightShiftAssign: ">>=",
    cst.BitAndAssign: "&=",
    cst.BitOrAssign: "|=",
    cst.BitXorAssign: "^=",
    # Comparing.
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.NotIn: "not in",
    cst.Is: "is",
    cst.IsNot: "is not",
}

_EXPRESSIONS: dict[type, Callable[[Expressions, Any], Any]] = {
    cst.Name: Expressions.name,
    cst.Attribute: Expressions.attribute,
    cst.Call: Expressions.call,
    cst.SimpleString: Expressions.simple_string,
    cst.ConcatenatedString: Expressions.concatenated_string,
    cst.FormattedString: Expressions.formatted_string,
    cst.Integer: Expressions.integer,
    cst.Float: Expressions.number,
    cst.Imaginary: Expressions.number,
    cst.Ellipsis: Expressions.ellipsis,
    cst.Subscript: Expressions.subscript,
    cst.Tuple: Expressions.tuple_,
    cst.List: Expressions.list_,
    cst.Set: Expressions.set_,
    cst.Dict: Expressions.dict_,
    cst.UnaryOperation: Expressions.unary,
    cst.BinaryOperation: Expressions.binary,
    cst.BooleanOperation: Expressions.binary,
    cst.Comparison: Expressions.comparison,
    cst.Await: Expressions.awaited,
    cst.Lambda: Expressions.function,
    cst.IfExp: Expressions.conditional,
    cst.NamedExpr: Expressions.walrus,
    cst.GeneratorExp: Expressions.generator_expression,
    cst.ListComp: Expressions.comprehension,
    cst.SetComp: Expressions.comprehension,
    cst.DictComp: Expressions.comprehension,
    cst.Yield: Expressions.yielded,
    cst.TemplatedString: Expressions.formatted_string,
    cst.StarredDictComp: Expressions.comprehension,
    cst.StarredElement: Expressions.starred,
}
