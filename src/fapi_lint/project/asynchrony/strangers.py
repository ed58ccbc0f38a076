"""Calls that may be of a method of the application: on objects of unknown types, and by names made at run time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.asynchrony.surroundings import parameter
from fapi_lint.project.inference.type import Type
from fapi_lint.project.module import Module
from fapi_lint.project.nouns import snake_words
from fapi_lint.project.search import Sighting
from fapi_lint.project.symbols import Binding, Class, External, Function, Scope, Variable
from fapi_lint.project.traversal import paths
from fapi_lint.project.values import UNKNOWN_TEXT, literal_text

if TYPE_CHECKING:
    from fapi_lint.project.inference.types import Types
    from fapi_lint.project.project import Project

_DEEP = 8
"""How many names and calls are followed."""
_HANDING_ON = frozenset(["builtins", "collections", "copy", "functools", "itertools", "operator", "typing"])
"""Packages whose functions give what they are given."""
_ANY = frozenset(["Any", "object"])
_CONTAINERS = frozenset(["dict", "list", "set", "tuple", "Dict", "List", "Set", "Tuple", "Mapping", "Sequence"])
"""What says nothing of what is in it, where it stands alone."""


class Strangers:
    """Judges calls by names that many objects have: `get`, `count`, `delete`."""

    def __init__(self, project: Project, types: Types) -> None:
        self.project = project
        self.types = types

    def may_be(self, method: Function, sighting: Sighting) -> bool:
        """Whether a call on something unknown may be one of a method.

        The file has to do with the class, or the receiver is called like it, the arguments fit, and the receiver does
        not come from a library.
        """
        call, node, owner = sighting.parent, sighting.node, method.parent
        if not isinstance(call, o.Call) or not isinstance(node, o.Attribute) or not isinstance(owner, Class):
            return False
        family = {owner, *self.project.model_attributes.families.get(owner, ())}
        text = sighting.scope.module.text
        is_near = any(re.search(rf"\b{class_.name}\b", text) for class_ in family)
        if not is_near and set(snake_words(o.dotted(node.value))).isdisjoint(snake_words(owner.name)):
            return False
        if not _fits(call, method) or self._is_display(sighting.scope, node.value):
            return False
        return not self._is_foreign(sighting.scope, node.value, sighting.parents, _DEEP)

    def _is_display(self, scope: Scope, receiver: o.Node) -> bool:
        """Whether an attribute is only ever a dict or a list that is written there: `self.users = {}`."""
        if not isinstance(receiver, o.Attribute):
            return False
        owner = self.types.of(scope, receiver.value)
        classes = self.project.resolver.own(owner and owner.symbol)
        bindings = [binding.value for class_ in classes for binding in class_.scope.bindings.get(receiver.attr, ())]
        assigned = [node for class_ in classes for _, node in class_.attribute_assignments.get(receiver.attr, ())]
        values = [*bindings, *(node.value if isinstance(node, (o.Assign, o.AnnAssign)) else None for node in assigned)]
        return bool(values) and all(isinstance(value, (o.Dict, o.Collection)) for value in values)

    def _is_foreign(self, scope: Scope, expr: o.Node | None, around: Iterable[o.Node], depth: int) -> bool:
        """Whether what an expression gives comes from a library, or from literals, for sure."""
        if depth == 0:
            return False
        type_ = self.types.of(scope, expr)
        if type_ is not None and (type_.args or type_.symbol.name not in _ANY | _CONTAINERS):
            return _is_of_libraries(type_)
        match expr:
            case o.Name():
                return self._is_foreign_name(scope, expr, tuple(around), depth - 1)
            case o.Attribute() | o.Subscript() | o.Await() | o.Starred() | o.NamedExpr():
                return self._is_foreign(scope, expr.value, around, depth - 1)
            case o.Call(func=func, args=args):
                symbol = self.project.resolver.external(scope, func)
                if symbol is None and not isinstance(func, o.Attribute):
                    return False
                given = [arg.value for arg in args] if symbol is not None and symbol.package in _HANDING_ON else []
                if symbol is None and isinstance(func, o.Attribute):
                    given = [func.value, *(arg.value for arg in args[1:])]  # `values.get(key, default)`
                return all(self._is_foreign(scope, each, around, depth - 1) for each in given)
            case o.Collection(items=items) | o.Dict(values=items):
                # What is empty will be filled.
                return bool(items) and all(self._is_foreign(scope, item, around, depth - 1) for item in items)
            case o.Comprehension():
                return self._is_foreign(scope, expr.items[-1], (*around, expr), depth - 1)
            case o.IfExp():
                return all(self._is_foreign(scope, part, around, depth - 1) for part in (expr.body, expr.orelse))
            case o.Operation():
                return all(self._is_foreign(scope, part, around, depth - 1) for part in expr.operands)
            case o.Lambda():
                return False
        return True

    def _is_foreign_name(self, scope: Scope, name: o.Name, around: tuple[o.Node, ...], depth: int) -> bool:
        for parent in reversed(around):
            if isinstance(parent, o.Lambda) and any(param.name == name.id for param in parent.params):
                return False
            for generator in parent.generators if isinstance(parent, o.Comprehension) else ():
                if any(isinstance(node, o.Name) and node.id == name.id for node in o.walk(generator.target)):
                    return self._is_foreign(scope, generator.iter, around[: around.index(parent)], depth)
        symbol = self.project.resolver.resolve(scope, name)
        if isinstance(symbol, (Function, Class, External)):
            return isinstance(symbol, External)
        where, bindings = scope.lookup(name.id) or (scope, [])
        if isinstance(symbol, Variable):
            where, bindings = symbol.scope, symbol.scope.bindings.get(symbol.name, [])
        return bool(bindings) and all(self._is_foreign_binding(where, binding, depth) for binding in bindings)

    def _is_foreign_binding(self, scope: Scope, binding: Binding, depth: int) -> bool:
        annotation = parse_annotation(binding.annotation)
        if isinstance(binding.node, o.Param):
            annotation = parse_annotation(binding.node.annotation)
        if annotation is not None:
            named = (node for node in o.walk(annotation) if isinstance(node, (o.Name, o.Attribute)))
            symbols = [self.project.resolver.resolve(scope, node) for node in named]
            names = [symbol.name if isinstance(symbol, External) else "Any" for symbol in symbols]
            return _ANY.isdisjoint(names) and not _CONTAINERS.issuperset(names)
        statement = binding.statement
        if isinstance(statement, o.For):
            return self._is_foreign(scope, statement.iter, (), depth)
        if isinstance(statement, o.WithItem):
            return self._is_foreign(scope, statement.value, (), depth)
        return binding.value is not None and self._is_foreign(scope, binding.value, (), depth)


def _is_of_libraries(type_: Type | None) -> bool:
    return type_ is not None and isinstance(type_.symbol, External) and all(map(_is_of_libraries, type_.args))


def _fits(call: o.Call, method: Function) -> bool:
    """Whether a method can be called with these arguments, and a text is not given for something else."""
    if any(arg.star for arg in call.args) or any(param.kind in ("*", "**") for param in method.node.params):
        return True
    pairs = [(arg.value, parameter(method, call, arg, 0)) for arg in call.args]
    return all(
        param is not None and not (isinstance(value, o.String) and _is_no_text(param.annotation))
        for value, param in pairs
    )


def _is_no_text(annotation: o.Expr | None) -> bool:
    meant = parse_annotation(annotation)
    names = {o.dotted(node).rpartition(".")[2] for node in o.walk(meant)} if meant is not None else set()
    return bool(names) and names <= {"int", "float", "bool", "UUID", "datetime", "date", "Session", "AsyncSession"}


class Dispatch(Struct, frozen=True, eq=False):
    """A `getattr()` whose value is called and not awaited, by what is known of the name and the object."""

    module: Module
    call: o.Call
    class_: Class
    pattern: re.Pattern[str]


def dispatches(project: Project, types: Types) -> Iterator[Dispatch]:
    """Those of an application."""
    for sighting in project.references.sightings("getattr"):
        call, scope = sighting.parent, sighting.scope
        if not isinstance(sighting.node, o.Name) or not isinstance(call, o.Call) or len(call.args) < 2:
            continue
        name, type_ = call.args[1].value, types.of(scope, call.args[0].value)
        if type_ is None or not isinstance(type_.symbol, Class) or o.text(name) is not None:
            continue
        if _is_called(sighting, call):
            known = literal_text(project, scope, name).split(UNKNOWN_TEXT)
            yield Dispatch(sighting.module, call, type_.symbol, re.compile(r"\w*".join(map(re.escape, known))))


def _is_called(sighting: Sighting, call: o.Call) -> bool:
    """Whether what a call gives is called and not awaited, there or by the name that it gets."""
    outer, above = (*sighting.outwards[1:], None, None)[:2]
    if isinstance(outer, o.Call) and outer.func is call:
        return not isinstance(above, o.Await)
    target = outer.targets[0] if isinstance(outer, o.Assign) else None
    if not isinstance(target, o.Name):
        return False
    calls = paths(sighting.scope.body, o.Call)
    named = ((node, above) for node, above in calls if isinstance(node.func, o.Name) and node.func.id == target.id)
    return any(not isinstance(above and above[0], o.Await) for _, above in named)
