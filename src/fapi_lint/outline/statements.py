"""LibCST's statements to those of the outline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from fapi_lint.outline import nodes as o
from fapi_lint.outline.cursor import crosses_line
from fapi_lint.outline.expressions import OPERATORS, Expressions
from fapi_lint.outline.refused import MAX_DEPTH

if TYPE_CHECKING:
    import libcst as cst
else:
    from fapi_lint.outline.parser import cst

ENCODER = msgspec.msgpack.Encoder()


class Statements(Expressions):
    """The walk over statements. `multiline` are the spans of those, or of their headers, that cross a line."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.multiline: list[tuple[int, int]] = []

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
        if crosses_line(self.text, start, end):
            self.multiline.append((start, end))

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
        annotation = self.expr(node.annotation.annotation)
        value = self.optional(node.value)
        return o.AnnAssign(start, self.pos, target, annotation, value)

    def aug_assign(self, node: cst.AugAssign) -> o.AugAssign:
        target = self.expr(node.target)
        start = self.first
        operator = OPERATORS[type(node.operator)]
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
        target = self.expr(node.target)
        return o.Simple(start, self.pos, "del", (target,))

    def asserted(self, node: cst.Assert) -> o.Simple:
        start = self.seek("assert")
        parts = tuple([self.expr(part) for part in (node.test, node.msg) if part is not None])
        return o.Simple(start, self.pos, "assert", parts)

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
        start = self.seek(keyword)
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
        start = self.seek("async" if node.asynchronous else "for")
        target = self.expr(node.target)
        iterable = self.expr(node.iter)
        self.header(start, self.pos)
        body = self.suite(node.body)
        orelse = self.orelse(node.orelse)
        return o.For(start, self.pos, target, iterable, body, orelse, node.asynchronous is not None)

    def while_(self, node: cst.While) -> o.While:
        start = self.seek("while")
        test = self.expr(node.test)
        self.header(start, self.pos)
        body = self.suite(node.body)
        orelse = self.orelse(node.orelse)
        return o.While(start, self.pos, test, body, orelse)

    def try_(self, node: Any) -> o.Try:
        start = self.seek("try")
        body = self.suite(node.body)
        handlers = tuple([self.handler(handler) for handler in node.handlers])
        orelse = self.orelse(node.orelse)
        final = self.orelse(node.finalbody, "finally")
        return o.Try(start, self.pos, body, handlers, orelse, final)

    def handler(self, node: Any) -> o.Handler:
        start = self.seek("except")
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
        start = self.seek("async" if node.asynchronous else "with")
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
        start = self.seek("match")
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
        start = self.seek("async" if is_async else "def")
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
            returns = self.expr(node.returns.annotation)
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
            body[0].outer_start if body else self.pos,
            msgspec.Raw(ENCODER.encode(body)),
        )

    def class_def(self, node: cst.ClassDef) -> o.ClassDef:
        decorators = tuple([self.decorator(decorator) for decorator in node.decorators])
        start = self.seek("class")
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
        body_start = body[0].outer_start if body else self.pos
        return o.ClassDef(start, self.pos, node.name.value, name_start, bases, close, decorators, body_start, body)


_SMALL: dict[type, Callable[[Statements, Any], Any]] = {
    cst.Expr: Statements.expression_statement,
    cst.Assign: Statements.assign,
    cst.AnnAssign: Statements.ann_assign,
    cst.AugAssign: Statements.aug_assign,
    cst.Return: Statements.returned,
    cst.Raise: Statements.raised,
    cst.Import: Statements.imports,
    cst.ImportFrom: Statements.import_from,
    cst.Pass: Statements.keyword,
    cst.Break: Statements.keyword,
    cst.Continue: Statements.keyword,
    cst.Del: Statements.delete,
    cst.Assert: Statements.asserted,
    cst.Global: Statements.scope_names,
    cst.Nonlocal: Statements.scope_names,
    cst.TypeAlias: Statements.type_alias,
    cst.LazyImport: Statements.imports,
    cst.LazyImportFrom: Statements.import_from,
}
_STATEMENTS: dict[type, Callable[[Statements, Any], Any]] = {
    cst.If: Statements.if_,
    cst.For: Statements.for_,
    cst.While: Statements.while_,
    cst.Try: Statements.try_,
    cst.TryStar: Statements.try_,
    cst.With: Statements.with_,
    cst.Match: Statements.match,
    cst.FunctionDef: Statements.function_def,
    cst.ClassDef: Statements.class_def,
}
