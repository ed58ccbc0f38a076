"""LibCST to outline, in one walk.

LibCST keeps no positions, and asking for them costs more than parsing. But its leaves (names,
literals) come in source order, and between two leaves stand only trivia, keywords and punctuation.
So the walk keeps a cursor into the text and looks each leaf up from there: `seek` skips comments
and longer words, and that is all the position tracking there is.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from fapi_lint.outline import nodes as o
from fapi_lint.outline.parser import ParserSyntaxError, parse_module
from fapi_lint.outline.refused import MAX_DEPTH, failure, too_deep

if TYPE_CHECKING:
    import libcst as cst
else:
    from fapi_lint.outline.parser import cst

_ENCODER = msgspec.msgpack.Encoder()
_QUOTES = "\"'"
_LARGEST = 2**63
"""Integers from here on have no place in an outline, and no meaning for a rule."""
_RECURSION_LIMIT = 20_000


def build(text: str, comments: Iterable[tuple[int, int]] = ()) -> bytes:
    """The encoded outline of a file's text.

    `comments` are spans that look like suppression comments; those inside a string literal are
    left out of the outline. A text that does not parse gives an outline with a `failure`.
    """
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION_LIMIT))
    try:
        outline = _build(text, comments)
        return _ENCODER.encode(outline)
    except RecursionError:
        return _ENCODER.encode(o.Outline(failure=o.Failure("nested too deeply to be analysed", 1, 1)))
    finally:
        sys.setrecursionlimit(limit)


def _build(text: str, comments: Iterable[tuple[int, int]]) -> o.Outline:
    if (row := too_deep(text)) is not None:
        return o.Outline(failure=o.Failure("nested too deeply to be analysed", row, 1))
    try:
        module = parse_module(text)
    except ParserSyntaxError as error:
        return o.Outline(failure=failure(text, error))
    builder = _Builder(text)
    try:
        body = builder.block(module.body)
    except RecursionError:
        row = text.count("\n", 0, builder.pos) + 1
        return o.Outline(failure=o.Failure("nested too deeply to be analysed", row, 1))
    strings = builder.strings
    return o.Outline(
        body=body,
        suppressions=tuple(_comments(text, comments, strings)),
        multiline=tuple(builder.multiline),
        strings=tuple(span for span in strings if _crosses_line(text, *span)),
    )


def _comments(
    text: str, candidates: Iterable[tuple[int, int]], strings: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The candidates that are comments; where a candidate's `#` is inside a string, its line's next one counts."""
    for start, end in candidates:
        while start >= 0:
            inside = next((span for span in strings if span[0] <= start < span[1]), None)
            if inside is None:
                yield start, end
                break
            start = text.find("#", inside[1], end)


def _crosses_line(text: str, start: int, end: int) -> bool:
    return text.find("\n", start, end) >= 0 or text.find("\r", start, end) >= 0


class _Builder:
    """The walk. `pos` is the cursor; `first` is where the last expression began, parentheses included."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.pos = 0
        self.first = 0
        self.depth = 0
        self.strings: list[tuple[int, int]] = []
        self.multiline: list[tuple[int, int]] = []
        self.yields = False

    # --- the cursor ------------------------------------------------------------------------------

    def seek(self, token: str) -> int:
        """Move behind the next `token` and return where it starts. Words match whole words only."""
        text = self.text
        pos = self.pos
        word = (token[0].isalpha() or token[0] == "_") and token[-1] not in _QUOTES
        while True:
            found = text.find(token, pos)
            if found < 0:
                raise AssertionError(f"{token!r} not found after offset {self.pos}")
            comment = text.find("#", pos, found)
            if comment >= 0:
                pos = self._line_end(comment)
                continue
            end = found + len(token)
            if word and (
                (end < len(text) and ((char := text[end]) == "_" or char.isalnum()))
                or (found > pos and ((char := text[found - 1]) == "_" or char.isalpha()))
            ):
                pos = end
                while pos < len(text) and ((char := text[pos]) == "_" or char.isalnum()):
                    pos += 1
                continue
            self.pos = end
            return found

    def _line_end(self, pos: int) -> int:
        ends = [end for end in (self.text.find("\n", pos), self.text.find("\r", pos)) if end >= 0]
        return min(ends, default=len(self.text))

    # --- expressions -----------------------------------------------------------------------------

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
        self.depth -= 1
        return result

    def optional(self, node: Any) -> Any:
        return None if node is None else self.expr(node)

    def exprs(self, items: Iterable[Any]) -> tuple[Any, ...]:
        return tuple([self.expr(item) for item in items])

    def leaf(self, token: str) -> tuple[int, int]:
        start = self.first = self.seek(token)
        return start, self.pos

    def name(self, node: cst.Name) -> o.Name:
        start = self.first = self.seek(node.value)
        return o.Name(start, self.pos, node.value)

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
        self.first = start
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
        self.first = start
        values = [literal.value for literal in literals]
        value = None if None in values else "".join(values)
        return o.String(start, self.pos, value, tuple(part for each in literals for part in each.parts))

    def formatted_string(self, node: Any) -> o.String:
        start = self.seek(node.start)
        parts: list[Any] = []
        self.string_parts(node.parts, parts)
        self.pos += len(node.end)
        self.first = start
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
        self.first = start
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
        self.first = start
        return o.Collection(start, self.pos, "tuple", tuple(items))

    def list_(self, node: cst.List) -> o.Collection:
        start = self.seek("[")
        items = self.elements(node.elements)
        self.seek("]")
        self.first = start
        return o.Collection(start, self.pos, "list", items)

    def set_(self, node: cst.Set) -> o.Collection:
        start = self.seek("{")
        items = self.elements(node.elements)
        self.seek("}")
        self.first = start
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
        self.first = start
        return o.Dict(start, self.pos, tuple(keys), tuple(values))

    def unary(self, node: cst.UnaryOperation) -> o.Operation:
        operator = _OPERATORS[type(node.operator)]
        start = self.seek(operator)
        operand = self.expr(node.expression)
        self.first = start
        return o.Operation(start, self.pos, operator, (operand,))

    def binary(self, node: Any) -> o.Operation:
        left = self.expr(node.left)
        start = self.first
        operator = _OPERATORS[type(node.operator)]
        self.seek(operator)
        right = self.expr(node.right)
        self.first = start
        return o.Operation(start, self.pos, operator, (left, right))

    def comparison(self, node: cst.Comparison) -> o.Compare:
        operands = [self.expr(node.left)]
        start = self.first
        operators = []
        for target in node.comparisons:
            operators.append(_OPERATORS[type(target.operator)])
            operands.append(self.expr(target.comparator))
        self.first = start
        return o.Compare(start, self.pos, tuple(operators), tuple(operands))

    def awaited(self, node: cst.Await) -> o.Await:
        start = self.seek("await")
        value = self.expr(node.expression)
        self.first = start
        return o.Await(start, self.pos, value)

    def function(self, node: cst.Lambda) -> o.Lambda:
        start = self.seek("lambda")
        params = self.params(node.params)
        self.seek(":")
        body = self.expr(node.body)
        self.first = start
        return o.Lambda(start, self.pos, params, body)

    def conditional(self, node: cst.IfExp) -> o.IfExp:
        body = self.expr(node.body)
        start = self.first
        test = self.expr(node.test)
        orelse = self.expr(node.orelse)
        self.first = start
        return o.IfExp(start, self.pos, body, test, orelse)

    def walrus(self, node: cst.NamedExpr) -> o.NamedExpr:
        target = self.expr(node.target)
        start = self.first
        value = self.expr(node.value)
        self.first = start
        return o.NamedExpr(start, self.pos, target, value)

    def generator_expression(self, node: cst.GeneratorExp) -> o.Comprehension:
        element = self.expr(node.elt)
        start = self.first
        generators = self.generators(node.for_in)
        self.first = start
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
        self.first = start
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
        self.first = start
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
        annotation = None if node.annotation is None else self.annotation(node.annotation)
        default = self.optional(node.default)
        return o.Param(start, self.pos, node.name.value, annotation, default, kind)

    def annotation(self, node: cst.Annotation) -> Any:
        return self.expr(node.annotation)

    # --- statements ------------------------------------------------------------------------------

    def block(self, statements: Sequence[Any]) -> tuple[Any, ...]:
        found: list[Any] = []
        for statement in statements:
            if isinstance(statement, cst.SimpleStatementLine):
                found.extend([self.small(small) for small in statement.body])
            else:
                found.append(_STATEMENTS[type(statement)](self, statement))
        return tuple(found)

    def suite(self, node: Any) -> tuple[Any, ...]:
        """The statements of an indented block or of a one-line suite."""
        if isinstance(node, cst.SimpleStatementSuite):
            return tuple([self.small(small) for small in node.body])
        return self.block(node.body)

    def small(self, node: Any) -> Any:
        statement = _SMALL[type(node)](self, node)
        self.header(statement.start, statement.end)
        return statement

    def header(self, start: int, end: int) -> None:
        if _crosses_line(self.text, start, end):
            self.multiline.append((start, end))

    def compound(self, keyword: str) -> int:
        """Where a compound statement's header starts."""
        return self.seek(keyword)

    def expression_statement(self, node: cst.Expr) -> o.ExprStatement:
        value = self.expr(node.value)
        return o.ExprStatement(self.first, self.pos, value)

    def assign(self, node: cst.Assign) -> o.Assign:
        targets = []
        start = -1
        for target in node.targets:
            targets.append(self.expr(target.target))
            start = self.first if start < 0 else start
        value = self.expr(node.value)
        return o.Assign(start, self.pos, tuple(targets), value)

    def ann_assign(self, node: cst.AnnAssign) -> o.AnnAssign:
        target = self.expr(node.target)
        start = self.first
        annotation = self.annotation(node.annotation)
        value = self.optional(node.value)
        return o.AnnAssign(start, self.pos, target, annotation, value)

    def aug_assign(self, node: cst.AugAssign) -> o.AugAssign:
        target = self.expr(node.target)
        start = self.first
        operator = _OPERATORS[type(node.operator)]
        self.seek(operator)  # or the value's sign would be found in `-=`
        value = self.expr(node.value)
        return o.AugAssign(start, self.pos, target, operator, value)

    def returned(self, node: cst.Return) -> o.Return:
        start = self.seek("return")
        value = self.optional(node.value)
        return o.Return(start, self.pos, value)

    def raised(self, node: cst.Raise) -> o.Raise:
        start = self.seek("raise")
        exc = self.optional(node.exc)
        cause = None if node.cause is None else self.expr(node.cause.item)
        return o.Raise(start, self.pos, exc, cause)

    def imports(self, node: Any) -> o.Import:
        start = self.seek("import")
        names = tuple([self.alias(alias) for alias in node.names])
        return o.Import(start, self.pos, names)

    def alias(self, node: cst.ImportAlias) -> o.Alias:
        name, start = self.module_name(node.name)
        asname = ""
        if node.asname is not None:
            self.seek("as")
            asname = node.asname.name.value  # type: ignore[union-attr]
            self.seek(asname)
        return o.Alias(start, self.pos, name, asname)

    def module_name(self, node: Any) -> tuple[str, int]:
        """A dotted module name and where it starts."""
        expression = self.expr(node)
        return o.dotted(expression), expression.start

    def import_from(self, node: Any) -> o.ImportFrom:
        start = self.seek("from")
        for _ in node.relative:
            self.seek(".")
        module = "" if node.module is None else self.module_name(node.module)[0]
        self.seek("import")
        if isinstance(node.names, cst.ImportStar):
            star = self.seek("*")
            names: tuple[o.Alias, ...] = (o.Alias(star, self.pos, "*", ""),)
        else:
            if node.lpar is not None:
                self.seek("(")
            names = tuple([self.alias(alias) for alias in node.names])
            if node.lpar is not None:
                self.seek(")")
        return o.ImportFrom(start, self.pos, module, len(node.relative), names)

    def keyword(self, node: Any) -> o.Simple:
        keyword = type(node).__name__.lower()
        start = self.seek(keyword)
        return o.Simple(start, self.pos, keyword, ())

    def delete(self, node: cst.Del) -> o.Simple:
        start = self.seek("del")
        parts = (self.expr(node.target),)
        return o.Simple(start, self.pos, "del", parts)

    def asserted(self, node: cst.Assert) -> o.Simple:
        start = self.seek("assert")
        parts = [self.expr(node.test)]
        if node.msg is not None:
            parts.append(self.expr(node.msg))
        return o.Simple(start, self.pos, "assert", tuple(parts))

    def scope_names(self, node: Any) -> o.Simple:
        keyword = type(node).__name__.lower()
        start = self.seek(keyword)
        names = tuple([item.name.value for item in node.names])
        for name in names:
            self.seek(name)
        return o.Simple(start, self.pos, keyword, (), names)

    def type_alias(self, node: cst.TypeAlias) -> o.TypeStatement:
        start = self.seek("type")
        self.seek(node.name.value)
        self.type_parameters(node.type_parameters)
        value = self.expr(node.value)
        return o.TypeStatement(start, self.pos, node.name.value, value)

    def type_parameters(self, node: cst.TypeParameters | None) -> None:
        if node is None:
            return
        self.seek("[")
        for parameter in node.params:
            self.seek(parameter.param.name.value)
            if isinstance(parameter.param, cst.TypeVar):
                self.optional(parameter.param.bound)
            self.optional(parameter.default)
        self.seek("]")

    def if_(self, node: cst.If, keyword: str = "if") -> o.If:
        start = self.compound(keyword)
        test = self.expr(node.test)
        self.header(start, self.pos)
        body = self.suite(node.body)
        orelse: tuple[Any, ...] = ()
        if isinstance(node.orelse, cst.If):
            self.depth += 1
            if self.depth > MAX_DEPTH:
                raise RecursionError
            orelse = (self.if_(node.orelse, "elif"),)
            self.depth -= 1
        elif node.orelse is not None:
            orelse = self.orelse(node.orelse)
        return o.If(start, self.pos, test, body, orelse)

    def orelse(self, node: Any, keyword: str = "else") -> tuple[Any, ...]:
        if node is None:
            return ()
        self.seek(keyword)
        return self.suite(node.body)

    def for_(self, node: cst.For) -> o.For:
        start = self.compound("async" if node.asynchronous else "for")
        target = self.expr(node.target)
        iterable = self.expr(node.iter)
        self.header(start, self.pos)
        body = self.suite(node.body)
        orelse = self.orelse(node.orelse)
        return o.For(start, self.pos, target, iterable, body, orelse, node.asynchronous is not None)

    def while_(self, node: cst.While) -> o.While:
        start = self.compound("while")
        test = self.expr(node.test)
        self.header(start, self.pos)
        body = self.suite(node.body)
        orelse = self.orelse(node.orelse)
        return o.While(start, self.pos, test, body, orelse)

    def try_(self, node: Any) -> o.Try:
        start = self.compound("try")
        body = self.suite(node.body)
        handlers = tuple([self.handler(handler) for handler in node.handlers])
        orelse = self.orelse(node.orelse)
        final = self.orelse(node.finalbody, "finally")
        return o.Try(start, self.pos, body, handlers, orelse, final)

    def handler(self, node: Any) -> o.Handler:
        start = self.compound("except")
        if isinstance(node, cst.ExceptStarHandler):
            self.seek("*")
        kind = self.optional(node.type)
        name = ""
        if node.name is not None:
            name = node.name.name.value
            self.seek(name)
        self.header(start, self.pos)
        body = self.suite(node.body)
        return o.Handler(start, self.pos, kind, name, body)

    def with_(self, node: cst.With) -> o.With:
        start = self.compound("async" if node.asynchronous else "with")
        if isinstance(node.lpar, cst.LeftParen):
            self.seek("(")
        items = []
        for item in node.items:
            value = self.expr(item.item)
            item_start = self.first
            target = None if item.asname is None else self.expr(item.asname.name)
            items.append(o.WithItem(item_start, self.pos, value, target))
        self.header(start, self.pos)
        body = self.suite(node.body)
        return o.With(start, self.pos, tuple(items), body, node.asynchronous is not None)

    def match(self, node: cst.Match) -> o.Match:
        start = self.compound("match")
        subject = self.expr(node.subject)
        self.header(start, self.pos)
        cases = []
        for case in node.cases:
            case_start = self.seek("case")
            parts: list[Any] = []
            names: list[str] = []
            self.pattern(case.pattern, parts, names)
            if case.guard is not None:
                parts.append(self.expr(case.guard))
            self.header(case_start, self.pos)
            body = self.suite(case.body)
            cases.append(o.Case(case_start, self.pos, tuple(parts), tuple(names), body))
        return o.Match(start, self.pos, subject, tuple(cases))

    def pattern(self, node: Any, parts: list[Any], names: list[str]) -> None:
        """Leaves of a pattern in source order, which for patterns is the order of the fields."""
        if isinstance(node, (cst.MatchValue, cst.MatchSingleton)):
            parts.append(self.expr(node.value))
        elif isinstance(node, (cst.MatchAs, cst.MatchStar)):
            if isinstance(node, cst.MatchAs) and node.pattern is not None:
                self.pattern(node.pattern, parts, names)
            if node.name is not None:
                names.append(node.name.value)
                self.seek(node.name.value)
            elif isinstance(node, cst.MatchAs):
                self.seek("_")
        elif isinstance(node, cst.MatchClass):
            parts.append(self.expr(node.cls))
            for element in (*node.patterns, *node.kwds):
                self.pattern(element, parts, names)
        elif isinstance(node, cst.MatchKeywordElement):
            self.seek(node.key.value)
            self.pattern(node.pattern, parts, names)
        elif isinstance(node, cst.MatchMapping):
            for element in node.elements:
                parts.append(self.expr(element.key))
                self.pattern(element.pattern, parts, names)
            if node.rest is not None:
                names.append(node.rest.value)
                self.seek(node.rest.value)
        elif isinstance(node, cst.MatchOrElement):
            self.pattern(node.pattern, parts, names)
        elif isinstance(node, cst.MatchSequenceElement):
            self.pattern(node.value, parts, names)
        else:  # MatchList, MatchTuple, MatchOr
            for element in node.patterns:
                self.pattern(element, parts, names)

    def decorator(self, node: cst.Decorator) -> o.Decorator:
        start = self.seek("@")
        value = self.expr(node.decorator)
        self.header(start, self.pos)
        return o.Decorator(start, self.pos, value)

    def function_def(self, node: cst.FunctionDef) -> o.FunctionDef:
        decorators = tuple([self.decorator(decorator) for decorator in node.decorators])
        is_async = node.asynchronous is not None
        start = self.compound("async" if is_async else "def")
        if is_async:
            self.seek("def")
        name_start = self.seek(node.name.value)
        self.type_parameters(node.type_parameters)
        self.seek("(")
        params = self.params(node.params)
        close = self.seek(")")
        returns = None
        if node.returns is not None:
            self.seek("->")
            returns = self.annotation(node.returns)
        self.header(start, self.pos)
        outer_yields, self.yields = self.yields, False
        body = self.suite(node.body)
        is_generator, self.yields = self.yields, outer_yields
        return o.FunctionDef(
            start,
            self.pos,
            node.name.value,
            name_start,
            params,
            close,
            returns,
            decorators,
            is_async,
            is_generator,
            _first_start(body, self.pos),
            msgspec.Raw(_ENCODER.encode(body)),
        )

    def class_def(self, node: cst.ClassDef) -> o.ClassDef:
        decorators = tuple([self.decorator(decorator) for decorator in node.decorators])
        start = self.compound("class")
        name_start = self.seek(node.name.value)
        self.type_parameters(node.type_parameters)
        bases: tuple[o.Arg, ...] = ()
        close = -1
        if isinstance(node.lpar, cst.LeftParen):
            self.seek("(")
            bases = tuple([self.arg(arg) for arg in (*node.bases, *node.keywords)])
            close = self.seek(")")
        self.header(start, self.pos)
        body = self.suite(node.body)
        body_start = _first_start(body, self.pos)
        return o.ClassDef(start, self.pos, node.name.value, name_start, bases, close, decorators, body_start, body)


def _first_start(body: tuple[Any, ...], default: int) -> int:
    if not body:
        return default
    first = body[0]
    return first.outer_start if isinstance(first, (o.FunctionDef, o.ClassDef)) else first.start


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


_OPERATORS: dict[type, str] = {
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

_EXPRESSIONS: dict[type, Callable[[_Builder, Any], Any]] = {
    cst.Name: _Builder.name,
    cst.Attribute: _Builder.attribute,
    cst.Call: _Builder.call,
    cst.SimpleString: _Builder.simple_string,
    cst.ConcatenatedString: _Builder.concatenated_string,
    cst.FormattedString: _Builder.formatted_string,
    cst.Integer: _Builder.integer,
    cst.Float: _Builder.number,
    cst.Imaginary: _Builder.number,
    cst.Ellipsis: _Builder.ellipsis,
    cst.Subscript: _Builder.subscript,
    cst.Tuple: _Builder.tuple_,
    cst.List: _Builder.list_,
    cst.Set: _Builder.set_,
    cst.Dict: _Builder.dict_,
    cst.UnaryOperation: _Builder.unary,
    cst.BinaryOperation: _Builder.binary,
    cst.BooleanOperation: _Builder.binary,
    cst.Comparison: _Builder.comparison,
    cst.Await: _Builder.awaited,
    cst.Lambda: _Builder.function,
    cst.IfExp: _Builder.conditional,
    cst.NamedExpr: _Builder.walrus,
    cst.GeneratorExp: _Builder.generator_expression,
    cst.ListComp: _Builder.comprehension,
    cst.SetComp: _Builder.comprehension,
    cst.DictComp: _Builder.comprehension,
    cst.Yield: _Builder.yielded,
    cst.TemplatedString: _Builder.formatted_string,
    cst.StarredDictComp: _Builder.comprehension,
    cst.StarredElement: _Builder.starred,
}
_SMALL: dict[type, Callable[[_Builder, Any], Any]] = {
    cst.Expr: _Builder.expression_statement,
    cst.Assign: _Builder.assign,
    cst.AnnAssign: _Builder.ann_assign,
    cst.AugAssign: _Builder.aug_assign,
    cst.Return: _Builder.returned,
    cst.Raise: _Builder.raised,
    cst.Import: _Builder.imports,
    cst.ImportFrom: _Builder.import_from,
    cst.Pass: _Builder.keyword,
    cst.Break: _Builder.keyword,
    cst.Continue: _Builder.keyword,
    cst.Del: _Builder.delete,
    cst.Assert: _Builder.asserted,
    cst.Global: _Builder.scope_names,
    cst.Nonlocal: _Builder.scope_names,
    cst.TypeAlias: _Builder.type_alias,
    cst.LazyImport: _Builder.imports,
    cst.LazyImportFrom: _Builder.import_from,
}
_STATEMENTS: dict[type, Callable[[_Builder, Any], Any]] = {
    cst.If: _Builder.if_,
    cst.For: _Builder.for_,
    cst.While: _Builder.while_,
    cst.Try: _Builder.try_,
    cst.TryStar: _Builder.try_,
    cst.With: _Builder.with_,
    cst.Match: _Builder.match,
    cst.FunctionDef: _Builder.function_def,
    cst.ClassDef: _Builder.class_def,
}
