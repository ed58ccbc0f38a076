"""Follows mapped objects through the code of a function, statement by statement, and through the functions it calls.

Every function is followed once: its *summary* says which attributes of its parameters it reads, what it loads or drops
of them, and what it returns. A call of the function applies that to what it passes. What is in doubt counts as loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.objects.assignments import Assignments
from fapi_lint.project.objects.calls import Calls
from fapi_lint.project.objects.links import ANY
from fapi_lint.project.objects.origins import (
    EMPTY,
    NONE,
    UNKNOWN,
    Facts,
    Objects,
    Origin,
    Other,
    Record,
    Result,
    Statement,
    Values,
    few,
    many,
    one,
)
from fapi_lint.project.objects.recursion import Recursion
from fapi_lint.project.objects.shared_models import SharedModels
from fapi_lint.project.objects.summary import Return, State, Summary
from fapi_lint.project.symbols import Class, Function, Scope
from fapi_lint.project.traversal import statements

if TYPE_CHECKING:
    from fapi_lint.project.objects.flow import ObjectFlow


class Walk:
    """One function being followed."""

    def __init__(
        self,
        objects: ObjectFlow,
        function: Function,
        receiver: Class | None = None,
        classes: Mapping[str, Class] = MappingProxyType({}),
        statements: Mapping[str, Statement] = MappingProxyType({}),
    ) -> None:
        """`receiver` is the class whose instance the method is called on, where its model is what `self.model` is.

        `classes` are the models that parameters stand for, `statements` what they are given to execute.
        """
        self.objects = objects
        self.project = objects.project
        self.function = function
        self.module = function.module
        self.scope: Scope = function.scope
        self.receiver = receiver
        self.statements = statements
        self.state = State()
        self.summary = Summary(function)
        self.models = SharedModels(self, classes)
        self.assignments = Assignments(self)
        self.recursion = Recursion(self)
        self.calls = Calls(self)

    def run(self) -> Summary:
        for param in self.function.node.params:
            statement = self.statements.get(param.name)
            values = self.objects.parameter(self, param) if statement is None else frozenset([statement])
            self.state.names[param.name] = values
        alive = self.block(self.scope.body)
        end = State()
        for state in [returned.state for returned in self.summary.returns] + ([self.state] if alive else []):
            end.join(state)
        self.summary.facts, self.summary.given = end.facts, end.given
        self.recursion.finish()
        return self.summary

    def facts(self, origin: Origin) -> Facts:
        return self.state.facts.get(origin) or Facts()

    def set_facts(self, origin: Origin, facts: Facts) -> None:
        self.state.facts[origin] = facts

    # --- statements --------------------------------------------------------------------------------

    def block(self, body: Iterable[o.Node]) -> bool:
        """Run statements; whether the code after them is reached."""
        for statement in body:
            handler = _STATEMENTS.get(type(statement))
            if handler is not None and handler(self, statement) is False:
                return False
        return True

    def branches(self, *bodies: Iterable[o.Node]) -> bool:
        """Run blocks of which one is run."""
        start, ends = self.state, []
        for body in bodies:
            self.state = start.copy()
            if self.block(body):
                ends.append(self.state)
        return self._meet(ends)

    def _meet(self, ends: list[State]) -> bool:
        """Go on where several ways meet, if any of them gets there."""
        if ends:
            self.state = ends[0]
            for end in ends[1:]:
                self.state.join(end)
        return bool(ends)

    def assign(self, node: o.Assign) -> None:
        values = self.value(node.value)
        if len(node.targets) == 1 and isinstance(node.targets[0], o.Name):
            self.assignments.receive(node.targets[0].id, node.value, values)
        for target in node.targets:
            self.assignments.bind(target, values)
            self.assignments.compute(target, node.value)

    def ann_assign(self, node: o.AnnAssign) -> None:
        if node.value is not None:
            self.assignments.bind(node.target, self.value(node.value))

    def aug_assign(self, node: o.AugAssign) -> None:
        values = self.value(node.value)
        self.value(node.target)
        if isinstance(node.target, o.Name):
            old = self.state.names.get(node.target.id, UNKNOWN)
            self.state.names[node.target.id] = old | many(values)
        elif isinstance(node.target, o.Attribute):
            for value in self.value(node.target.value):
                if isinstance(value, Objects) and self.objects.link(value, node.target.attr) is None:
                    self.assignments.changed(value, node.target.attr)

    def if_(self, node: o.If) -> bool:
        self.value(node.test)
        return self.branches(node.body, node.orelse)

    def for_(self, node: o.For) -> bool:
        values = self.iterated(node.iter)
        before = self.state.copy()
        self.assignments.bind(node.target, values)
        self.recursion.loop(node.body, self.module.place(node.iter))
        self.state.join(before)
        return self.block(node.orelse)

    def while_(self, node: o.While) -> bool:
        self.value(node.test)
        before = self.state.copy()
        self.recursion.loop(node.body, self.module.place(node.test))
        self.state.join(before)
        return self.block(node.orelse) if o.dotted(node.test) != "True" else True

    def try_(self, node: o.Try) -> bool:
        before = self.state.copy()
        alive = self.block(node.body) and self.block(node.orelse)
        ends = [self.state] if alive else []
        if any(name in self.module.slice(node) for name in ("MissingGreenlet", "DetachedInstance")):
            for origin in self.state.facts:
                self.make_opaque(Objects(origin))
        for handler in node.handlers:
            self.state = before.copy()
            if self.block(handler.body):
                ends.append(self.state)
        self.state = before
        alive = self._meet(ends)
        return self.block(node.final) and alive

    def with_(self, node: o.With) -> bool:
        for item in node.items:
            values = self.value(item.value)
            if item.target is not None:
                self.assignments.bind(item.target, values)
        before = self.state.copy()
        if self.block(node.body):
            return True
        self.state = before  # What is entered may take the exception, and the code after it goes on.
        return any(isinstance(statement, o.Raise) for statement in statements(node.body))

    def match(self, node: o.Match) -> bool:
        self.value(node.subject)
        for case in node.cases:
            for part in case.parts:
                self.value(part)
        return self.branches(*(case.body for case in node.cases), ())

    def return_(self, node: o.Return) -> bool:
        values = NONE if node.value is None else self.value(node.value)
        if node.value is not None:
            self.assignments.receive("", node.value, values)
        self.summary.returns.append(Return(node, few(values), self.state.copy()))
        return False

    def raise_(self, node: o.Raise) -> bool:
        if node.exc is not None:
            self.value(node.exc)
        return False

    def expression(self, node: o.ExprStatement) -> None:
        self.value(node.value)

    def simple(self, node: o.Simple) -> None:
        for part in node.parts:
            self.value(part)

    # --- expressions -------------------------------------------------------------------------------

    def value(self, node: o.Node | None) -> Values:
        """What an expression may be. Whatever it reads is noted."""
        if node is None:
            return UNKNOWN
        handler = _EXPRESSIONS.get(type(node))
        if handler is not None:
            return handler(self, node)
        for child in o.children(node):
            self.value(child)
        return UNKNOWN

    def name(self, node: o.Name) -> Values:
        if is_none(node):
            return NONE
        return self.state.names.get(node.id, UNKNOWN)

    def attribute(self, node: o.Attribute, *, grows: bool = False) -> Values:
        """With `grows`, something is added to a collection: nothing is read of what is in it."""
        owners = self.value(node.value)
        found: set[Any] = set()
        if Other("unknown") in owners:
            self.objects.doubts.attribute(self, node)
        for owner in owners:
            if isinstance(owner, Objects):
                if node.attr == "awaitable_attrs":
                    return frozenset([Record((), many=True)]) | {owner}
                found |= self.read(owner, node.attr, node, grows=grows)
            elif isinstance(owner, Record) and not owner.many:
                found |= owner.get(node.attr)
            else:
                found |= UNKNOWN
        return frozenset(found) if found else UNKNOWN

    def read(self, owner: Objects, name: str, node: o.Node, *, grows: bool = False) -> Values:
        """Read an attribute of mapped objects."""
        model = self.objects.model_of(owner) if grows else None
        proxied = None if model is None else self.objects.property_of(model, name)
        path = (*owner.path, proxied[0] if isinstance(proxied, tuple) else name)
        facts = self.facts(owner.origin)
        if self.state.gone and not owner.path:
            self.objects.doubts.gone(self, owner.origin, name, self.module.place(node))
        inner = getattr(node, "value", None)
        if isinstance(inner, o.Attribute) and inner.attr == "awaitable_attrs":
            self.set_facts(owner.origin, facts.load(path))
            return self.objects.attribute(self, owner, name)
        self.objects.read(self, owner.origin, path, facts, self.module.place(node))
        return self.objects.attribute(self, owner, name)

    def await_(self, node: o.Await) -> Values:
        if isinstance(node.value, o.Call):
            return self.calls.call(node.value, is_awaited=True)
        return self.value(node.value)

    def call(self, node: o.Call) -> Values:
        return self.calls.call(node)

    def conditional(self, node: o.IfExp) -> Values:
        self.value(node.test)
        return self.value(node.body) | self.value(node.orelse)

    def operation(self, node: o.Operation) -> Values:
        values = [self.value(operand) for operand in node.operands]
        if node.operator in ("or", "and"):
            return frozenset().union(*values)
        if node.operator == "+":
            return many(frozenset().union(*values))
        return UNKNOWN

    def named(self, node: o.NamedExpr) -> Values:
        values = self.value(node.value)
        self.assignments.bind(node.target, values)
        return values

    def collection(self, node: o.Collection) -> Values:
        values = [self.value(item) for item in node.items]
        if node.kind == "tuple":
            return frozenset([Record(tuple((str(index), value) for index, value in enumerate(values)))])
        return many(frozenset().union(*values)) if values else EMPTY

    def starred(self, node: o.Starred) -> Values:
        return one(self.value(node.value))

    def dict(self, node: o.Dict) -> Values:
        fields = []
        for key, item in zip(node.keys, node.values, strict=True):
            values = self.value(item)
            if isinstance(key, o.String) and key.value is not None:
                fields.append((key.value, values))
            elif key is not None:
                self.value(key)
        return frozenset([Record(tuple(fields))]) if node.keys else EMPTY

    def subscript(self, node: o.Subscript) -> Values:
        owners = self.value(node.value)
        for item in node.items:
            self.value(item)
        index = node.items[0] if len(node.items) == 1 else None
        key = str(index.value) if isinstance(index, (o.String, o.Number)) else ""
        found: set[Any] = set()
        for owner in owners:
            if isinstance(owner, Record) and not owner.many:
                found |= owner.get(key)
            elif isinstance(owner, (Objects, Record)):
                found |= frozenset([owner]) if isinstance(index, o.Other) else one(frozenset([owner]))
            elif owner != Other("empty"):
                found |= UNKNOWN
        return frozenset(found) or UNKNOWN

    def comprehension(self, node: o.Comprehension) -> Values:
        outer = dict(self.state.names)
        for generator in node.generators:
            self.assignments.bind(generator.target, self.iterated(generator.iter))
            for test in generator.ifs:
                self.value(test)
        values = [self.value(item) for item in node.items]
        self.state.names = outer
        return frozenset([Record(((ANY, values[1]),))]) if node.kind == "dict" else many(values[0])

    def yielded(self, node: o.Yield) -> Values:
        self.summary.returns.append(Return(node, few(self.value(node.value)), self.state.copy()))
        return UNKNOWN

    def lambda_(self, node: o.Lambda, items: Values = UNKNOWN) -> Values:
        """`lambda post: post.author.name`, called with `items`."""
        outer = dict(self.state.names)
        for param in node.params:
            self.state.names[param.name] = items
        values = self.value(node.body)
        self.state.names = outer
        return values

    def iterated(self, node: o.Expr) -> Values:
        """What a loop over an expression binds."""
        found: set[Any] = set()
        for value in self.value(node):
            if isinstance(value, Statement) and value.is_query:
                found |= one(frozenset([self.calls.executed(value, node, is_async=False)]))
            elif isinstance(value, (Objects, Record, Result)) or value == Other("empty"):
                found |= one(frozenset([value]))
            else:
                found |= UNKNOWN
        return frozenset(found)

    def make_opaque(self, value: Objects) -> None:
        self.set_facts(value.origin, replace(self.facts(value.origin), is_opaque=True))


_STATEMENTS: dict[type, Callable[[Walk, Any], bool | None]] = {
    o.Assign: Walk.assign,
    o.AnnAssign: Walk.ann_assign,
    o.AugAssign: Walk.aug_assign,
    o.If: Walk.if_,
    o.For: Walk.for_,
    o.While: Walk.while_,
    o.Try: Walk.try_,
    o.With: Walk.with_,
    o.Match: Walk.match,
    o.Return: Walk.return_,
    o.Raise: Walk.raise_,
    o.ExprStatement: Walk.expression,
    o.Simple: Walk.simple,
}
_EXPRESSIONS: dict[type, Callable[[Walk, Any], Values]] = {
    o.Name: Walk.name,
    o.Attribute: Walk.attribute,
    o.Await: Walk.await_,
    o.Call: Walk.call,
    o.IfExp: Walk.conditional,
    o.Operation: Walk.operation,
    o.NamedExpr: Walk.named,
    o.Collection: Walk.collection,
    o.Starred: Walk.starred,
    o.Dict: Walk.dict,
    o.Subscript: Walk.subscript,
    o.Comprehension: Walk.comprehension,
    o.Lambda: Walk.lambda_,
    o.Yield: Walk.yielded,
}
