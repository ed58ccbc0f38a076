"""Follows mapped objects through the code of a function, statement by statement, and through the functions it calls.

Every function is followed once: its *summary* says which attributes of its parameters it reads, what it loads or drops
of them, and what it returns. A call of the function applies that to what it passes. What is in doubt counts as loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import product
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.module_names import snake_case
from fapi_lint.project.nouns import plural
from fapi_lint.project.objects.calls import Calls
from fapi_lint.project.objects.links import ANY, BELOW, Path
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
from fapi_lint.project.objects.summary import Return, State, Summary
from fapi_lint.project.symbols import Class, Function, Scope
from fapi_lint.source.place import Place

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
        self.classes = {name: class_ for name, class_ in classes.items() if len(self.scope.bindings[name]) == 1}
        self.is_shared = bool(self.classes) or (receiver is not None and receiver is not function.parent)
        self.statements = statements
        self.received: dict[Origin, str] = {}
        """What holds the objects of methods that serve several models."""
        self.seen: list[tuple[Origin, Path]] = []
        """The links that were read, in order."""
        self.recursions: list[tuple[Objects, Facts, Place]] = []
        """What the function calls itself with."""
        self.state = State()
        self.summary = Summary(function)
        self.calls = Calls(self)

    def run(self) -> Summary:
        for param in self.function.node.params:
            statement = self.statements.get(param.name)
            values = self.objects.parameter(self, param) if statement is None else frozenset([statement])
            self.state.names[param.name] = values
        alive = self.block(self.scope.body)
        final = self.state if alive else None
        ends = [returned.state for returned in self.summary.returns] + ([] if final is None else [final])
        end = State()
        for state in ends:
            end.join(state)
        self.summary.facts, self.summary.given = end.facts, end.given
        for value, facts, place in self.recursions:
            self.endless(value.origin, (), value.path, facts, place, 0)
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
        if not ends:
            return False
        self.state = ends[0]
        for end in ends[1:]:
            self.state.join(end)
        return True

    def assign(self, node: o.Assign) -> None:
        values = self.value(node.value)
        if len(node.targets) == 1 and isinstance(node.targets[0], o.Name):
            self.receive(node.targets[0].id, node.value, values)
        for target in node.targets:
            self.bind(target, values)
            if isinstance(target, o.Attribute) and self.is_computed(node.value):
                owners = [value for value in self.value(target.value) if isinstance(value, Objects) and not value.path]
                self.state.computed |= {(owner.origin, target.attr) for owner in owners}

    def is_computed(self, node: o.Expr) -> bool:
        """`Book.stock + 1`: an expression that the database computes."""
        if not isinstance(node, o.Operation):
            return False
        attributes = [each for each in o.walk(node) if isinstance(each, o.Attribute)]
        owners = (self.project.resolver.resolve(self.scope, each.value) for each in attributes)
        return any(isinstance(owner, Class) and owner in self.project.models.by_class for owner in owners)

    def receive(self, name: str, node: o.Expr, values: Values) -> None:
        """What a method gives that serves several models is loaded further where it gets a name."""
        call = node.value if isinstance(node, o.Await) else node
        if self.is_shared or not isinstance(call, o.Call):
            return
        self.given_back(name, call, values - NONE)
        for value in values:
            if not isinstance(value, Objects) or not value.origin.is_shared:
                continue
            facts, given = self.facts(value.origin), "" if value.path else name or self.name_for(value)
            if self.received.setdefault(value.origin, given) != given:
                given = ""  # Several names hold such objects, and nobody can tell them apart.
            if facts.dropped is None or facts.dropped.is_shared:
                at = self.objects.places.received(self, call, value, given, facts.dropped)
                self.set_facts(value.origin, replace(facts, dropped=at))

    def given_back(self, name: str, call: o.Call, values: Values) -> None:
        """`return save(post)`: what a call drops of the object that it gives back is loaded where that gets a name."""
        (value,) = values if len(values) == 1 else (None,)
        if not isinstance(value, Objects) or value.path or value.many:
            return
        facts = self.facts(value.origin)
        if facts.dropped is None or facts.dropped.is_shared or facts.dropped.node is not call:
            return
        given = name or facts.dropped.variable or self.name_for(value)
        at = self.objects.places.named(facts.dropped, given)
        writes = facts.writes.moved({facts.dropped: at})
        self.set_facts(value.origin, replace(facts, dropped=at, writes=writes))

    def name_for(self, value: Objects) -> str:
        """What to call objects that are returned at once; empty if the name is taken."""
        model = value.origin.model
        name = "" if model is None else snake_case(model.name)
        name = plural(name) if value.many else name
        names = (each for each in (name, f"db_{name}") if self.scope.lookup(each) is None)
        return next(names, "") if name else ""

    def ann_assign(self, node: o.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.value(node.value))

    def aug_assign(self, node: o.AugAssign) -> None:
        values = self.value(node.value)
        self.value(node.target)
        if isinstance(node.target, o.Name):
            old = self.state.names.get(node.target.id, UNKNOWN)
            self.state.names[node.target.id] = old | many(values)
        elif isinstance(node.target, o.Attribute):
            for value in self.value(node.target.value):
                if isinstance(value, Objects) and self.objects.link(value, node.target.attr) is None:
                    self.changed(value, node.target.attr)

    def bind(self, target: o.Node, values: Values) -> None:
        if isinstance(target, o.Name):
            self.state.names[target.id] = few(values)
        elif isinstance(target, o.Attribute):
            for value in self.value(target.value):
                if isinstance(value, Objects):
                    self.set_attribute(value, target.attr, target, values)
        elif isinstance(target, o.Collection):
            for index, item in enumerate(target.items):
                found: set[Any] = set()
                for value in values:
                    if isinstance(value, Record):
                        found |= value.get(str(index))
                    elif isinstance(value, Objects) and value.many:
                        found |= one(frozenset([value]))
                    else:
                        found |= UNKNOWN
                self.bind(item, frozenset(found))
        elif isinstance(target, o.Starred):
            self.bind(target.value, UNKNOWN)
        elif isinstance(target, o.Subscript):
            self.put(target, values)

    def put(self, target: o.Subscript, values: Values) -> None:
        """`found[post.id] = post`"""
        for item in target.items:
            self.value(item)
        if not isinstance(target.value, o.Name):
            self.value(target.value)
            return
        name = target.value.id
        held: set[Any] = set()
        for value in self.state.names.get(name, UNKNOWN):
            if isinstance(value, Record) and not value.many:
                old = dict(value.fields)
                held.add(
                    Record(((ANY, old.pop(ANY, frozenset()) | values), *((k, v | values) for k, v in old.items())))
                )
            elif isinstance(value, Objects) and value.many:
                held |= {value} | many(values)
            elif value == Other("empty"):
                held.add(Record(((ANY, values),)))
            else:
                held.add(value)
        self.state.names[name] = frozenset(held)

    def set_attribute(self, owner: Objects, name: str, node: o.Node, values: Values) -> None:
        """`post.tags = …`: setting a collection reads the old one."""
        self.hand(values)
        link = self.objects.link(owner, name)
        path = (*owner.path, name)
        if link is None or link.many is False:
            self.changed(owner, name)
        if link is None:
            self.keyed(owner, name)
        if link is not None and link.many:
            self.objects.read(self, owner.origin, path, self.facts(owner.origin), self.module.place(node))
        if link is not None or owner.origin.model is None:
            self.set_facts(owner.origin, self.facts(owner.origin).load((*path, BELOW)))
            self.state.given[owner.origin, path] = values
        if link is not None and link.many is False and any(isinstance(value, Objects) for value in values):
            self.near(owner.origin, path)

    def changed(self, owner: Objects, name: str) -> None:
        """An attribute is assigned: the next flush writes it, unless the object is only being made."""
        facts = self.facts(owner.origin)
        if facts.is_persistent or owner.origin.kind != "new" or owner.path:
            self.set_facts(owner.origin, facts.wrote(facts.writes.change((*owner.path, name))))

    def keyed(self, owner: Objects, name: str) -> None:
        """`post.author_id = …`: another author, who may not be in the session."""
        facts, model = self.facts(owner.origin), self.objects.model_of(owner)
        if facts.near and model is not None:
            links = self.objects.links.of(model).values()
            far = {(*owner.path, link.name) for link in links if link.key == name}
            self.set_facts(owner.origin, replace(facts, near=facts.near - far))

    def hand(self, values: Values) -> None:
        """Something is given these, which may put them into a session."""
        for value in values:
            if isinstance(value, Objects):
                self.state.handed.add(value.origin)
            elif isinstance(value, Record):
                for _, inner in value.fields:
                    self.hand(inner)

    def near(self, origin: Origin, path: Path) -> None:
        facts = self.facts(origin)
        self.set_facts(origin, replace(facts, near=facts.near | {path}))

    def if_(self, node: o.If) -> bool:
        self.value(node.test)
        return self.branches(node.body, node.orelse)

    def for_(self, node: o.For) -> bool:
        values = self.iterated(node.iter)
        before = self.state.copy()
        self.bind(node.target, values)
        self.loop(node.body, self.module.place(node.iter))
        self.state.join(before)
        return self.block(node.orelse)

    def loop(self, body: Iterable[o.Node], place: Place) -> None:
        """Run the body of a loop once, and note what goes on and on: `node = node.parent`."""
        names, first = dict(self.state.names), len(self.seen)
        self.block(body)
        for name, values in names.items():
            before = [value for value in values if isinstance(value, Objects)]
            after = [v for v in self.state.names.get(name, frozenset()) - values if isinstance(v, Objects)]
            for value, old in product(after, before):
                if old.origin is value.origin and old.path != value.path:
                    self.endless(value.origin, old.path, value.path, self.facts(value.origin), place, first)

    def recurs(self, value: Objects, place: Place) -> None:
        """The function calls itself with what it reads of a parameter."""
        if value.path and value.origin in self.summary.params.values():
            self.recursions.append((value, self.facts(value.origin), place))

    def endless(self, origin: Origin, base: Path, path: Path, facts: Facts, place: Place, first: int) -> None:
        """What `base` leads to is read by a link, what that leads to is read by it, and so on."""
        size = len(base)
        if path[:size] != base:
            return
        link, step = path[: size + 1], path[size:]
        known = [p for each, p in self.seen[first:] if each is origin]
        beside = {p[size] for p in known if len(p) > size and p[:size] == base}
        beside |= {p[size + 1] for p in known if len(p) > size + 1 and p[: size + 1] == link}
        obstacle = None if len(step) == 1 else f"there is no end to what is read by `{'.'.join(step)}`"
        self.objects.read(self, origin, path, facts, place, obstacle, frozenset(beside - {step[0]}))

    def while_(self, node: o.While) -> bool:
        self.value(node.test)
        before = self.state.copy()
        self.loop(node.body, self.module.place(node.test))
        self.state.join(before)
        return self.block(node.orelse) if o.dotted(node.test) != "True" else True

    def try_(self, node: o.Try) -> bool:
        before = self.state.copy()
        alive = self.block(node.body)
        alive = alive and self.block(node.orelse)
        ends = [self.state] if alive else []
        if any(name in self.module.slice(node) for name in ("MissingGreenlet", "DetachedInstance")):
            for origin in self.state.facts:
                self.make_opaque(Objects(origin))
        for handler in node.handlers:
            self.state = before.copy()
            if self.block(handler.body):
                ends.append(self.state)
        self.state = ends[0] if ends else before
        for end in ends[1:]:
            self.state.join(end)
        final = self.block(node.final)
        return bool(ends) and final

    def with_(self, node: o.With) -> bool:
        for item in node.items:
            values = self.value(item.value)
            if item.target is not None:
                self.bind(item.target, values)
        return self.block(node.body)

    def match(self, node: o.Match) -> bool:
        self.value(node.subject)
        return self.branches(*(case.body for case in node.cases), ())

    def return_(self, node: o.Return) -> bool:
        values = NONE if node.value is None else self.value(node.value)
        if node.value is not None:
            self.receive("", node.value, values)
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

    def attribute(self, node: o.Attribute) -> Values:
        owners = self.value(node.value)
        found: set[Any] = set()
        if Other("unknown") in owners:
            self.objects.doubts.attribute(self, node)
        for owner in owners:
            if isinstance(owner, Objects):
                if node.attr == "awaitable_attrs":
                    return frozenset([Record((), many=True)]) | {owner}
                found |= self.read(owner, node.attr, node)
            elif isinstance(owner, Record) and not owner.many:
                found |= owner.get(node.attr)
            else:
                found |= UNKNOWN
        return frozenset(found) if found else UNKNOWN

    def read(self, owner: Objects, name: str, node: o.Node) -> Values:
        """Read an attribute of mapped objects."""
        path = (*owner.path, name)
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
        self.bind(node.target, values)
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
            self.bind(generator.target, self.iterated(generator.iter))
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

    def shared_model(self, node: o.Node) -> Class | None:
        """What `self.model` is for the receiver, or a parameter that a class is given for."""
        if isinstance(node, o.Name) and node.id in self.classes:
            return self.classes[node.id]
        if self.receiver is None:
            return None
        if isinstance(node, o.Name):
            values = [binding.value for binding in self.scope.bindings.get(node.id, ())]
            if not values or not all(isinstance(value, o.Attribute) for value in values):
                return None
        attributes = self.project.model_attributes
        return None if attributes.of(self.scope, node) is None else attributes.own(self.receiver)

    def own_model(self, node: o.Node) -> Class | None:
        """`cls` in a class method of a model that no other model inherits."""
        owner, params, models = self.function.parent, self.function.node.params, self.project.models
        if not isinstance(node, o.Name) or not isinstance(owner, Class) or not params or node.id != params[0].name:
            return None
        marked = any(o.dotted(decorator.value) == "classmethod" for decorator in self.function.node.decorators)
        return owner if marked and [model.class_ for model in models.users_of(owner)] == [owner] else None

    def resolve_class(self, node: o.Node) -> Class | None:
        shared = self.shared_model(node) or self.own_model(node)
        if shared is not None:
            return shared
        root = node
        while isinstance(root, o.Attribute):
            root = root.value
        if isinstance(root, o.Name) and root.id in self.state.names:
            return None
        symbol = self.project.resolver.resolve(self.scope, node)
        return symbol if isinstance(symbol, Class) else None


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
