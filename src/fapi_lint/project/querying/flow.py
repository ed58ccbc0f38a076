"""What becomes of the queries of one function: an interpretation of its statements over the names that hold them.

Branches are followed one by one and merged where they meet; loops are run twice, which is enough for what is merged
here to settle. Every use of a query ends up in `uses`; a use that nothing equal can be written for is an obstacle.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.querying.methods import ENDS, SET_OPERATIONS, Methods
from fapi_lint.project.querying.values import (
    NOTHING,
    OTHER,
    CallSite,
    Held,
    Names,
    Obstacle,
    Unit,
    Use,
    UseKind,
    Value,
    either,
    is_dotted,
    merge,
    session_of,
)
from fapi_lint.project.symbols import External, Function
from fapi_lint.project.traversal import statements
from fapi_lint.project.words import mentions, needles

if TYPE_CHECKING:
    from fapi_lint.project.querying.queries import Queries

# fmt: off
_LEAVES = frozenset(["subquery", "cte", "label", "scalar_subquery", "as_scalar", "exists"])
"""Methods whose result is no query any more, but what the same method of `Select` gives."""
_ITERATES = frozenset([
    "list", "set", "tuple", "sorted", "frozenset", "enumerate", "dict", "any", "all", "sum", "min", "max", "iter",
    "zip", "map", "filter", "next",
])
_TAKES_STATEMENTS = frozenset([
    "in_", "not_in", "notin_", "execute", "scalar", "scalars", "stream", "stream_scalars", "exec",
    "from_select", "union", "union_all", "intersect", "except_",
])
"""Methods and functions that take a query and a `select()` alike."""
# fmt: on
_MISPLACED: dict[type, str] = {
    o.Operation: "an operator is applied to it",
    o.Collection: "it is kept in a collection",
    o.Dict: "it is kept in a dict",
    o.Yield: "it is yielded",
}
"""Expressions that have no use for a query in them, and what becomes of it there."""
_WORD = re.compile(r"\w+")


class Flow:
    """One interpretation of a unit."""

    def __init__(self, queries: Queries, unit: Unit, params: dict[str, Value]) -> None:
        self.queries = queries
        self.project = queries.project
        self.unit = unit
        self.module, self.scope = unit.module, unit.scope
        self.methods = Methods(queries, unit.module, unit.scope)
        self.names: Names = {}
        self.jumps: list[list[Names]] = []
        self.returned: list[Held] = []
        self.params = params
        self.parents: list[o.Node] = []
        self.offsets = queries.offsets(unit)
        self.starts = sorted(start for start, _ in self.offsets)

    def run(self) -> None:
        function = self.unit.function
        if function is not None:
            for param in function.node.params:
                value = self.params.get(param.name)
                self.names[param.name] = value if value is not None else OTHER
                if value is not None:
                    self.annotation(param.annotation, value)
        body = [s for s in self.scope.body if function is not None or not isinstance(s, (o.FunctionDef, o.ClassDef))]
        self.block(body, self.names)
        queries = [value for value in self.returned if isinstance(value, Value)]
        if not queries:
            return
        merged = queries[0]
        for value in queries[1:]:
            merged = merged | value
        self.unit.returned = replace(merged, source=None)
        if function is None:
            return
        if function.node.is_async or function.node.is_generator:
            self.refuse(merged, "an `async def` or generator returns it", function.node)
        if any(value is OTHER for value in self.returned):
            self.refuse(merged, f"`{function.name}()` returns something else too", function.node)
        self.annotation(function.node.returns, merged)

    # --- what is found -----------------------------------------------------------------------------

    def refuse(self, value: Value, reason: str, node: o.Node, *, follows: bool = False) -> None:
        self.unit.obstacles.append(Obstacle(value.group, self.module, node.start, reason, follows))

    def use(self, kind: UseKind, node: o.Node, value: Value, method: str = "", *, discarded: bool = False) -> None:
        if value.other:
            self.refuse(value, f"`{self.text(node)}` may be no query", node, follows=True)
        parent = self.parents[-1] if self.parents else None
        in_string = any(isinstance(outer, o.String) for outer in self.parents)
        found = Use(kind, self.module, self.unit.function, node, value, method, parent, discarded, in_string)
        self.unit.uses[(kind, node.start, node.end)] = found

    def annotation(self, expr: o.Expr | None, value: Value) -> None:
        if expr is not None and "Query" in self.module.slice(expr):
            self.use("annotation", expr, replace(value, other=False))

    def text(self, node: o.Node) -> str:
        text = " ".join(self.module.slice(node).split())
        return text if len(text) <= 40 else text[:37] + "…"

    # --- statements --------------------------------------------------------------------------------

    def block(self, body: Iterable[o.Node], names: Names | None) -> Names | None:
        """The names after a block; None if it never ends."""
        for statement in body:
            if names is None:
                return None
            names = self.statement(statement, names)
        return names

    def statement(self, node: o.Node, names: Names) -> Names | None:
        self.names = names
        match node:
            case o.ExprStatement():
                self.expr(node.value, discarded=True)
            case o.Assign():
                value = self.expr(node.value)
                for target in node.targets:
                    self.bind(target, value, node.value)
            case o.AnnAssign():
                if node.value is not None:
                    value = self.expr(node.value)
                    self.bind(node.target, value, node.value)
                    if isinstance(value, Value):
                        self.annotation(node.annotation, value)
            case o.AugAssign():
                self.give_up(self.expr(node.value), "an operator is applied to it", node)
                if isinstance(node.target, o.Name):
                    self.give_up(names.get(node.target.id), "an operator is applied to it", node)
            case o.Return():
                value = NOTHING if node.value is None or is_none(node.value) else self.expr(node.value)
                self.returned.append(value)
                if isinstance(value, Value) and value.other:
                    self.refuse(value, f"`{self.text(node)}` may be no query", node, follows=True)
                return None
            case o.Raise():
                self.children(node)
                return None
            case o.Simple():
                return self.simple(node, names)
            case o.If():
                self.test(node.test)
                names = self.names
                return merge(self.block(node.body, dict(names)), self.block(node.orelse, dict(names)))
            case o.For() | o.While():
                return self.loop(node, names)
            case o.Try():
                return self.try_(node, names)
            case o.With():
                for item in node.items:
                    self.give_up(self.expr(item.value), "it is used as a context manager", item)
                    if item.target is not None:
                        self.bind(item.target, OTHER, item)
                names = self.names
                after = self.block(node.body, dict(names))
                # What is entered may take an exception, and the code after it goes on.
                is_raised = any(isinstance(statement, o.Raise) for statement in statements(node.body))
                return merge(after, names if is_raised else None)
            case o.Match():
                self.give_up(self.expr(node.subject), "it is matched", node)
                for case in node.cases:
                    for part in case.parts:
                        self.give_up(self.expr(part), "it is matched", part)
                names = self.names
                return merge(names, *(self.block(case.body, dict(names)) for case in node.cases))
            case o.FunctionDef() | o.ClassDef():
                self.nested(node, names)
            case o.Import() | o.ImportFrom() | o.TypeStatement():
                pass
            case _:
                self.children(node)
        return self.names

    def simple(self, node: o.Simple, names: Names) -> Names | None:
        if node.keyword in ("break", "continue"):
            if self.jumps:
                self.jumps[-1].append(dict(names))
            return None
        if node.keyword == "assert":
            self.test(node.parts[0])
            self.children(node, skip=1)
        elif node.keyword != "del":
            self.children(node)
        return self.names

    def loop(self, node: o.For | o.While, names: Names) -> Names | None:
        if isinstance(node, o.For):
            self.iterate(node.iter)
        for _ in range(2):
            inside = dict(names)
            self.names = inside
            if isinstance(node, o.For):
                self.bind(node.target, OTHER, node)
            else:
                self.test(node.test)
            self.jumps.append([])
            after = self.block(node.body, self.names)
            before, names = names, merge(names, after, *self.jumps.pop()) or names
            if names == before:  # Looking twice at each of several loops inside each other would take long.
                break
        return merge(self.block(node.orelse, dict(names)), names)

    def try_(self, node: o.Try, names: Names) -> Names | None:
        after = self.block(node.body, dict(names))
        halfway = merge(names, after) or names
        if after is not None:
            after = self.block(node.orelse, after)
        ends = [after]
        ends += [self.block(handler.body, dict(halfway)) for handler in node.handlers]
        merged = merge(*ends)
        if not node.final:
            return merged
        final = self.block(node.final, dict(merge(merged, halfway) or halfway))
        return None if merged is None else final

    def nested(self, node: o.FunctionDef | o.ClassDef, names: Names) -> None:
        """A nested function or class sees the names as they are when it runs: not to be known."""
        held = {name: value for name, value in names.items() if isinstance(value, Value)}
        for name, value in held.items():
            seen = (
                mentions(node, needles([name]))
                if isinstance(node, o.FunctionDef)
                else any(isinstance(n, o.Name) and n.id == name for n in o.walk(node))
            )
            if seen:
                self.refuse(value, f"`{node.name}` may use `{name}` later", node)
        names[node.name] = OTHER

    def bind(self, target: o.Node, value: Held, node: o.Node) -> None:
        match target:
            case o.Name():
                if isinstance(value, Value):
                    if self.unit.function is None:
                        self.refuse(value, f"`{target.id}` is visible outside of functions", target)
                    elif target.id in self.scope.outer_names:
                        self.refuse(value, f"`{target.id}` is visible outside of the function", target)
                    session = value.session if is_dotted(value.session.removeprefix("?")) else ""
                    value = replace(value, source=None, session=session)
                self.names[target.id] = value
            case o.Collection() | o.Starred():
                if isinstance(value, Value):
                    self.use("iteration", node, value)
                for item in target.items if isinstance(target, o.Collection) else (target.value,):
                    self.bind(item, OTHER, node)
            case _:
                self.give_up(value, f"it is kept in `{self.text(target)}`", target)
                self.children(target)

    # --- expressions -------------------------------------------------------------------------------

    def give_up(self, value: Held | None, reason: str, node: o.Node) -> None:
        if isinstance(value, Value):
            self.refuse(value, reason, node)

    def test(self, node: o.Node) -> None:
        """An expression that is asked whether it is true: every query is, a `select()` raises an exception."""
        self.give_up(self.expr(node), "its truth is asked for, which a `select()` does not have", node)

    def iterate(self, node: o.Node) -> None:
        value = self.expr(node)
        if isinstance(value, Value):
            self.use("iteration", node, value)

    def children(self, node: o.Node, reason: str = "", skip: int = 0) -> None:
        """The expressions inside a node that has no use for queries."""
        for child in list(o.children(node))[skip:]:
            self.give_up(self.expr(child), reason or f"it is part of `{self.text(node)}`", node)

    def expr(self, node: o.Node, *, discarded: bool = False) -> Held:
        kind = type(node)
        if kind is o.Name:
            return self.names.get(node.id, OTHER)  # type: ignore[attr-defined]
        if kind in (o.String, o.Number) and not getattr(node, "parts", ()):
            return OTHER
        if not self.parents and not self.concerns(node):
            return OTHER
        self.parents.append(node)
        try:
            found = self.inner(node, discarded)
        finally:
            self.parents.pop()
        return found

    def concerns(self, node: o.Node) -> bool:
        """Whether anything in an expression may be a query, take one or bind a name: most are not worth a walk."""
        start, end = node.start, node.end
        if bisect_left(self.starts, start) < bisect_left(self.starts, end):
            return True
        words = _WORD.findall(self.module.text, start, end)
        return (
            not self.queries.names.isdisjoint(words)
            or any(isinstance(self.names.get(word), Value) for word in words)
            or self.module.text.find(":=", start, end) >= 0
        )

    def inner(self, node: o.Node, discarded: bool) -> Held:
        match node:
            case o.Call():
                return self.call(node, discarded)
            case o.Attribute():
                value = self.expr(node.value)
                if isinstance(value, Value):
                    self.attribute(node, value)
            case o.Subscript():
                value = self.expr(node.value)
                for item in node.items:
                    self.give_up(self.expr(item), "it is used as an index", node)
                if isinstance(value, Value):
                    self.outward("slice", node, value)
            case o.IfExp():
                self.test(node.test)
                return either(self.expr(node.body), self.expr(node.orelse))
            case o.NamedExpr():
                value = self.expr(node.value)
                self.bind(node.target, value, node.value)
                return replace(value, source=None) if isinstance(value, Value) else value
            case o.Compare():
                self.compare(node)
            case o.Starred():
                self.iterate(node.value)
            case o.Comprehension():
                self.comprehension(node)
            case o.Lambda():
                outer = self.names
                self.names = outer | {param.name: OTHER for param in node.params}
                self.give_up(self.expr(node.body), "a lambda returns it", node)
                self.names = outer
            case _:
                self.children(node, _MISPLACED.get(type(node), ""))
        return OTHER

    def outward(self, kind: UseKind, node: o.Node, value: Value, method: str = "", discarded: bool = False) -> None:
        """A use that is seen from outside: its parent is the node around it."""
        self.parents.pop()
        self.use(kind, node, value, method, discarded=discarded)
        self.parents.append(node)

    def compare(self, node: o.Compare) -> None:
        for index, operand in enumerate(node.operands):
            operators = node.operators[max(index - 1, 0) : index + 1]
            value = self.expr(operand)
            if not isinstance(value, Value) or all(operator in ("is", "is not") for operator in operators):
                continue
            if index and operators == node.operators[index - 1 : index] and operators[0] in ("in", "not in"):
                self.use("iteration", operand, value)
            else:
                self.refuse(value, "it is compared", node)

    def comprehension(self, node: o.Comprehension) -> None:
        outer = self.names
        self.names = dict(outer)
        for generator in node.generators:
            self.parents.append(generator)
            self.iterate(generator.iter)
            self.parents.pop()
            self.bind(generator.target, OTHER, generator)
            for condition in generator.ifs:
                self.test(condition)
        for item in node.items:
            self.give_up(self.expr(item), "it is kept in a collection", node)
        self.names = outer

    def attribute(self, node: o.Attribute, value: Value) -> None:
        if node.attr == "statement":
            self.outward("statement", node, value)
        elif node.attr not in ("whereclause", "column_descriptions"):
            self.refuse(value, f"`.{node.attr}` is not known of a `select()`", node)

    # --- calls -------------------------------------------------------------------------------------

    def call(self, node: o.Call, discarded: bool) -> Held:
        func = node.func
        if isinstance(func, o.Attribute):
            if (node.start, node.end) in self.offsets:
                return self.source(node, func)
            self.parents.append(func)
            receiver = self.expr(func.value)
            self.parents.pop()
            if isinstance(receiver, Value):
                return self.method(node, func.attr, receiver, discarded)
        elif not isinstance(func, o.Name):
            self.give_up(self.expr(func), "it is called", node)
        given = self.arguments(node)
        queries = [(arg, value) for arg, value in given if isinstance(value, Value)]
        if not queries and not self.queries.may_matter(node):
            return OTHER
        callee = self.project.types.callee(self.scope, func)
        if isinstance(callee, Function):
            return self.application(node, callee, given)
        for arg, value in queries:
            self.handed_on(node, arg, value)
        return OTHER

    def arguments(self, node: o.Call) -> list[tuple[o.Arg, Held]]:
        given: list[tuple[o.Arg, Held]] = []
        for arg in node.args:
            value = self.expr(arg.value)
            if arg.star and isinstance(value, Value):
                if arg.star == "*":
                    self.use("iteration", arg.value, value)
                else:
                    self.refuse(value, "it is unpacked", arg)
                value = OTHER
            given.append((arg, value))
        return given

    def handed_on(self, call: o.Call, arg: o.Arg, value: Value) -> None:
        """A query given to something outside of the application."""
        func = call.func
        name = o.last_name(func)
        symbol = self.project.resolver.resolve(self.scope, func)
        if isinstance(func, o.Name) and isinstance(symbol, External) and symbol.package == "builtins":
            if name in _ITERATES and not (name in ("map", "filter") and arg is call.args[0]):
                self.parents.append(arg)
                self.use("iteration", arg.value, value)
                self.parents.pop()
                return
            if name in ("str", "repr", "print"):
                return
        statement = isinstance(func, o.Attribute) or (isinstance(symbol, External) and symbol.package == "sqlalchemy")
        if statement and name in _TAKES_STATEMENTS:
            if value.other:
                self.refuse(value, f"`{self.text(arg)}` may be no query", arg, follows=True)
            return
        self.refuse(value, f"it is handed to `{self.text(func)}()`", arg)

    def source(self, node: o.Call, func: o.Attribute) -> Value:
        self.expr(func.value)
        for _, value in self.arguments(node):
            self.give_up(value, "it is an argument of another query", node)
        types = self.project.types
        kind = self.project.sessions.kind(types.of(self.scope, func.value))
        group = self.queries.group(("source", self.module.path, node.start))
        value = Value(
            group,
            self.queries.selections.of(self.scope, node.args),
            session_of(self.module, node),
            kind == "async",
            named=self.methods.lead(node) if len(node.args) > 1 else "",
            source=node,
            since=node.start,
        )
        if "#" in self.module.text[func.value.end : func.attr_start]:
            self.refuse(value, "a comment stands between the session and `query`", node)
        if self.is_apart(node):
            self.refuse(value, "`query` stands in parentheses", node)
        if kind == "async" and not self.can_await():
            self.refuse(value, "nothing can be awaited here", node)
        self.outward("source", node, value)
        return value

    def can_await(self) -> bool:
        function = self.unit.function
        if function is None or not function.node.is_async:
            return False
        return not any(
            isinstance(p, o.Lambda) or (isinstance(p, o.Comprehension) and p.kind == "generator") for p in self.parents
        )

    def method(self, node: o.Call, name: str, value: Value, discarded: bool) -> Held:
        """A method of a query."""
        given = self.arguments(node)
        for _, argument in given:
            if isinstance(argument, Value) and name not in SET_OPERATIONS:
                self.refuse(argument, f"it is handed to `{name}()`", node)
        reason = f"`{name}` stands in parentheses" if self.is_apart(node) else self.methods.refusal(node, name, value)
        if reason:
            for each in (value, *(argument for _, argument in given)):
                if isinstance(each, Value):
                    self.refuse(each, reason, node)
            return OTHER if name in ENDS or name in _LEAVES else value
        if name in ENDS:
            self.outward("end", node, value, name, discarded)
            return OTHER
        self.outward("step", node, value, name)
        if name in _LEAVES:
            return OTHER
        return self.methods.after(node, name, value, [v for _, v in given if isinstance(v, Value)])

    def is_apart(self, node: o.Call) -> bool:
        """Whether parentheses hold a method and what it is of: `(query.all)()`."""
        return ")" in self.module.text[node.func.end : node.open]

    # --- functions of the application --------------------------------------------------------------

    def application(self, node: o.Call, callee: Function, given: list[tuple[o.Arg, Held]]) -> Held:
        """A call of a function of the application: queries go in and come out."""
        bound = self.queries.bound(self.unit, node, callee)
        for arg, value in given:
            if not isinstance(value, Value):
                continue
            name = next((name for name, argument in (bound or {}).items() if argument is arg), "")
            param = callee.node.param(name) if name else None
            if bound is None or param is None or param.kind in ("*", "**"):
                self.refuse(value, f"it is handed to `{self.text(node.func)}()` in a way that is not followed", arg)
            else:
                session = next((p for p, a in bound.items() if self.module.slice(a.value) == value.session), f"?{name}")
                inside = replace(value, session=session, named=None if value.named else "", source=None)
                self.queries.pass_to(callee, name, inside)
        held: dict[str, Held] = {}
        if bound is not None:
            held = {name: value for arg, value in given for name, argument in bound.items() if argument is arg}
            self.unit.sites[(callee, node.start)] = CallSite(self.unit, node, held)
        result = self.queries.returned_by(callee)
        if not isinstance(result, Value):
            return OTHER
        origin = held.get(result.session.removeprefix("?")) if result.session.startswith("?") else None
        if isinstance(origin, Value):
            session = origin.session
        else:
            session = self.queries.outer_session(self.unit, node, callee, bound, result.session)
        if bound is None:
            self.refuse(result, f"`{self.text(node)}` is not followed", node)
        named = None if result.named else ""
        return replace(result, session=session, named=named, source=None, since=node.start)
