"""Which mapped classes an expression may name that is no name of a class: `self.model`, `cls`, `model: Type[Base]`.

The classes of a CRUD base or a repository hold their model in an attribute: by a type argument of the subclass, an
argument of the constructor, or an attribute of the subclass's body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.symbols import Class, External, Function, Parameter, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_CALLED_MODEL = re.compile(r"(?:^|_)(?:model|entity|table|orm)(?:_?(?:class|cls|type))?_?$|^(?:klass|cls)$", re.I)
_CLASSES = frozenset(["type", "Type"])


class Meant(Struct, frozen=True):
    """The classes that an expression may name; not known if there are none."""

    classes: frozenset[Class] = frozenset()

    def __or__(self, other: Meant) -> Meant:
        return Meant(self.classes | other.classes if self.classes and other.classes else frozenset())


UNKNOWN = Meant()


class ModelAttributes:
    """What stands for mapped classes in the code of an application."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.resolver = project.resolver
        self._models = project.models.by_class
        self._meant: dict[tuple[Class, str], Meant | None] = {}

    # --- expressions -------------------------------------------------------------------------------

    def of(self, scope: Scope, expr: o.Node | None, depth: int = 0) -> Meant | None:
        """The classes that an expression may name; None for what looks like something else."""
        if depth > 4:
            return None
        if isinstance(expr, o.Attribute):
            owner = self._instance(scope, expr.value)
            return None if owner is None else self._attribute(owner, expr.attr)
        if isinstance(expr, o.IfExp):
            found = [self.of(scope, part, depth + 1) for part in (expr.body, expr.orelse)]
            return UNKNOWN if any(found) else None
        if not isinstance(expr, o.Name):
            return None
        where, bindings = scope.lookup(expr.id) or (None, [])
        if where is None or where.is_module or where.is_class:
            return None
        meant: Meant | None = None
        for index, binding in enumerate(bindings):
            if isinstance(binding.node, o.Param) and isinstance(where.owner, Function):
                one = self._parameter(where.owner, binding.node)
            else:
                one = self.of(where, binding.value, depth + 1) or self._class(where, binding.value)
            meant = (
                one if not index else None if meant is None and one is None else (meant or UNKNOWN) | (one or UNKNOWN)
            )
        return meant

    def _class(self, scope: Scope, expr: o.Node | None) -> Meant | None:
        symbol = self.resolver.resolve(scope, expr) if isinstance(expr, (o.Name, o.Attribute)) else None
        return self.users(symbol) if isinstance(symbol, Class) and self.is_mapping(symbol) else None

    def is_mapping(self, class_: Class) -> bool:
        return bool(self.project.models.users_of(class_))

    def users(self, class_: Class) -> Meant:
        """The models that a class or its subclasses are."""
        return Meant(frozenset(model.class_ for model in self.project.models.users_of(class_)))

    def _instance(self, scope: Scope, expr: o.Node) -> Class | None:
        """The class of what `self` or `cls` is."""
        if not isinstance(expr, o.Name):
            return None
        symbol = self.resolver.resolve(scope, expr)
        if not isinstance(symbol, Parameter):
            return None
        method = symbol.function
        if not isinstance(method.parent, Class) or symbol.node is not method.node.params[0]:
            return None
        return None if method.is_static else method.parent

    def _parameter(self, function: Function, param: o.Param) -> Meant | None:
        if isinstance(function.parent, Class) and param is function.node.params[0] and not function.is_static:
            # `cls` of a mapped class or its mixin.
            is_class = "classmethod" in function.decorator_names
            return self.users(function.parent) if is_class and self.is_mapping(function.parent) else None
        annotated = self.in_annotation(function.enclosing, param.annotation)
        if annotated is not None:
            return annotated
        return UNKNOWN if param.annotation is None and _CALLED_MODEL.search(param.name) else None

    def in_annotation(self, scope: Scope, annotation: o.Node | None) -> Meant | None:
        """The classes that `Type[…]` stands for, by the bound of a type variable as well."""
        match parse_annotation(annotation):
            case o.Subscript() as generic if o.dotted(generic.value).rpartition(".")[2] in _CLASSES:
                item = generic.items[0]
                symbol = self.resolver.resolve(scope, item) if isinstance(item, (o.Name, o.Attribute)) else None
                if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
                    bound = symbol.value.given("bound", 99)
                    symbol = None if bound is None else self.resolver.resolve(symbol.scope, bound)
                return self.users(symbol) if isinstance(symbol, Class) else UNKNOWN
            case o.Subscript() as generic if o.dotted(generic.value).rpartition(".")[2] in ("Annotated", "Optional"):
                return self.in_annotation(scope, generic.items[0])
            case o.Name(id="type" | "Type"):
                return UNKNOWN
            case o.Operation(operator="|") as union:
                found = [self.in_annotation(scope, operand) for operand in union.operands if not is_none(operand)]
                return found[0] if len(found) == 1 else UNKNOWN if any(found) else None
        return None

    def of_library(self, scope: Scope, expr: o.Node) -> Class | None:
        """The one mapped class that an instance of a foreign class is for: `FastCRUD[Post, …](Post)`."""
        symbol = self.resolver.resolve(scope, expr) if isinstance(expr, (o.Name, o.Attribute)) else None
        if not isinstance(symbol, Variable) or not isinstance(symbol.value, o.Call):
            return None
        where, call = symbol.scope, symbol.value
        named = list(self._named(where, [arg.value for arg in call.args]))
        func: o.Node = call.func
        made = self.resolver.resolve(where, func) if isinstance(func, (o.Name, o.Attribute)) else None
        if isinstance(made, Variable) and made.value is not None:
            where, func = made.scope, made.value
        if isinstance(func, o.Subscript):
            named += self._named(where, func.items)
            func = func.value
        if not isinstance(self.resolver.resolve(where, func), External):
            return None
        found = {class_ for class_ in named if class_ in self._models}
        return found.pop() if len(found) == 1 else None

    # --- attributes --------------------------------------------------------------------------------

    def _attribute(self, owner: Class, name: str) -> Meant | None:
        once = self.project.descent.once
        return once(self._meant, (owner, name), lambda: self._find_attribute(owner, name), meanwhile=None)

    def _find_attribute(self, owner: Class, name: str) -> Meant | None:
        """What the attribute may be in all instances of a class and of its subclasses."""
        family = list(dict.fromkeys([*self.resolver.own(owner), *self.families.get(owner, ())]))
        found = [symbol for class_ in family for symbol in self._assigned(class_, name)]
        classes = {symbol for symbol in found if isinstance(symbol, Class) and self.is_mapping(symbol)}
        named = [self.in_annotation(scope, expr) for class_ in family for scope, expr in self.annotations(class_, name)]
        is_class = bool(classes) or any(meant is not None for meant in named) or bool(_CALLED_MODEL.search(name))
        if not is_class:
            return None
        bases = self.resolver.own(owner)[1:]  # Their own instances are none of the owner's.
        made = ((class_, () if class_ in bases else self._calls_of(class_)) for class_ in family)
        sources = {symbol for class_, calls in made for symbol in self._arguments(class_, calls)}
        classes |= {symbol for symbol in sources if isinstance(symbol, Class) and self.is_mapping(symbol)}
        if not classes or None in sources:
            return UNKNOWN
        return Meant(frozenset(model for class_ in classes for model in self.users(class_).classes))

    @kept
    def own(self, class_: Class) -> Class | None:
        """The one mapped class that instances of a class are for, as far as the class itself or its bases say."""
        ancestors = self.resolver.own(class_)
        found = {
            symbol
            for ancestor in ancestors
            for symbol in [
                *(s for n in ancestor.scope.bindings if _CALLED_MODEL.search(n) for s in self._assigned(ancestor, n)),
                *self._arguments(ancestor, self._calls_of(class_) if ancestor is class_ else ()),
            ]
            if isinstance(symbol, Class) and symbol in self._models
        }
        return found.pop() if len(found) == 1 else None

    @cached_property
    def families(self) -> dict[Class, list[Class]]:
        """The subclasses of each class."""
        return grouped(
            (ancestor, class_) for class_ in self.project.classes for ancestor in self.resolver.own(class_)[1:]
        )

    def annotations(self, class_: Class, name: str) -> Iterator[tuple[Scope, o.Node]]:
        """What the class says about the attribute, in its body or in its methods."""
        for binding in class_.scope.bindings.get(name, ()):
            if binding.annotation is not None:
                yield class_.scope, binding.annotation
        for method, node in class_.attribute_assignments.get(name, ()):
            value = getattr(node, "value", None)
            if isinstance(node, o.AnnAssign):
                yield method.scope, node.annotation
            if isinstance(value, o.Name):
                param = method.node.param(value.id)
                if param is not None and param.annotation is not None:
                    yield method.enclosing, param.annotation

    def _assigned(self, class_: Class, name: str) -> Iterator[object]:
        """What the class assigns to the attribute, in its body or in its methods."""
        for binding in class_.scope.bindings.get(name, ()):
            if isinstance(binding.value, (o.Name, o.Attribute)):
                yield self.resolver.resolve(class_.scope, binding.value)
        for method, node in class_.attribute_assignments.get(name, ()):
            value = getattr(node, "value", None)
            if isinstance(value, (o.Name, o.Attribute)):
                yield self.resolver.resolve(method.scope, value)

    def _arguments(self, class_: Class, calls: Iterable[tuple[Scope, o.Call]]) -> Iterator[Class | None]:
        """The classes among type arguments and the arguments of constructors; None for a class that is not known."""
        for base in class_.node.bases:
            if isinstance(base.value, o.Subscript):
                yield from self._named(class_.enclosing, base.value.items)
        for scope, call in calls:
            if isinstance(call.func, o.Subscript):
                yield from self._named(scope, call.func.items)
            for arg in call.args:
                meant = self.of(scope, arg.value)
                if meant is not None:
                    yield from meant.classes or [None]
                yield from self._named(scope, [arg.value])
        init = next((method for method in class_.methods if method.name == "__init__"), None)
        if init is not None and "__init__(" in init.module.slice(init.node):
            for node in (inner for statement in init.scope.body for inner in o.walk(statement)):
                if isinstance(node, o.Call) and isinstance(node.func, o.Attribute) and node.func.attr == "__init__":
                    yield from self._named(init.scope, [arg.value for arg in node.args])

    def _named(self, scope: Scope, exprs: Iterable[o.Node]) -> Iterator[Class]:
        for expr in exprs:
            symbol = self.resolver.resolve(scope, expr) if isinstance(expr, (o.Name, o.Attribute, o.String)) else None
            if isinstance(symbol, Class) and self.is_mapping(symbol):
                yield symbol

    @kept
    def _calls_of(self, class_: Class) -> list[tuple[Scope, o.Call]]:
        """Where instances of a class are made, under its own name."""
        found: list[tuple[Scope, o.Call]] = []
        for sighting in self.project.references.sightings(class_.name):
            if isinstance(sighting.node, o.Call):
                func = sighting.node.func
                named = func.value if isinstance(func, o.Subscript) else func
                if self.resolver.resolve(sighting.scope, named) is class_:
                    found.append((sighting.scope, sighting.node))
        return found
