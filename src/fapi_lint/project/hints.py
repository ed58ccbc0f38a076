"""Type hints of functions: which are missing, and where a missing return type is evident.

Most functions return a value and say so in plain sight, so a body is decoded only where its text leaves a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function
from fapi_lint.project.traversal import own_nodes

_RETURNS_VALUE = re.compile(r"(?:^|[:;])[ \t]*return\b(?![ \t]*(?:None\b)?[ \t]*(?:[#;\r\n]|\Z))", re.MULTILINE)
_RETURNS_NOTHING = frozenset(
    [
        "__del__", "__delattr__", "__delete__", "__delitem__", "__init__", "__init_subclass__",
        "__post_init__", "__set__", "__set_name__", "__setattr__", "__setitem__",
    ]
)  # fmt: skip
"""Methods whose results Python refuses or ignores."""
_RESULTS = {
    method: result
    for result, methods in {
        "bool": "__bool__ __eq__ __ne__",
        "bytes": "__bytes__",
        "complex": "__complex__",
        "float": "__float__",
        "int": "__hash__ __index__ __int__ __len__",
        "str": "__format__ __repr__ __str__",
    }.items()
    for method in methods.split()
}
"""Methods whose results Python refuses if they are anything else, or that comparing two objects is meant to have."""
_TESTS = frozenset(["all", "any", "callable", "hasattr", "isinstance", "issubclass"])
_TRANSPARENT = frozenset(["classmethod", "final", "listens_for", "override", "staticmethod", "wraps"])
"""Decorators that neither read the annotations nor change what is returned."""
_ACCESSORS = frozenset(["deleter", "on_event", "setter", "websocket"])
"""The same, as methods of something."""
_FAMILIAR = frozenset(
    [
        "abc", "builtins", "dataclasses", "enum", "pydantic", "pydantic_settings", "sqlalchemy", "sqlmodel",
        "typing", "typing_extensions",
    ]
)  # fmt: skip
"""Packages of base classes: a method that overrides one of theirs without returning anything is right to do so."""


def nested_functions(function: Function) -> Iterator[Function]:
    """The functions inside a function, at any depth, in source order."""
    if function.module.text.find("def ", function.node.body_start, function.node.end) < 0:
        return
    for inner in function.scope.all_functions():
        yield inner
        yield from nested_functions(inner)


def missing_parameters(function: Function) -> list[str]:
    """The parameters without annotation as a signature shows them (`db`, `*args`); what is bound needs none."""
    params = [param for param in function.node.params if param.name]
    if params and _is_bound(function) and params[0].kind in ("positional", "normal"):
        params = params[1:]
    stars = {"*": "*", "**": "**"}
    return [stars.get(param.kind, "") + param.name for param in params if param.annotation is None]


def _is_bound(function: Function) -> bool:
    """Whether the first parameter is the object or the class: `self` and `cls` say so outside of classes too."""
    if function.node.params[0].name in ("self", "cls"):
        return True
    return function.is_method and "staticmethod" not in function.decorator_names


class Hints(Part):
    """The type hints that an application needs."""

    @kept
    def are_needed(self, module: Module) -> bool:
        """Whether a file is part of the application, or of what else needs type hints by the settings."""
        conventions, purposes = self.project.settings.conventions, self.project.purposes
        others = conventions.test_folders + conventions.migration_folders + conventions.script_folders
        return not purposes.in_folder(module, conventions.unannotated_folders) and (
            purposes.is_application(module) or purposes.in_folder(module, others)
        )

    def are_elsewhere(self, function: Function) -> bool:
        """Whether overloads of the function carry its type hints, or a decorator says that it has none."""
        if "no_type_check" in self._decorators(function):
            return True
        siblings = function.enclosing.bindings.get(function.name, ())
        definitions = (sibling.definition for sibling in siblings if isinstance(sibling.definition, Function))
        return len(siblings) > 1 and any("overload" in self._decorators(each) for each in definitions)

    def evident_result(self, function: Function) -> str | None:
        """What to write behind the arrow, where nobody can doubt it."""
        if self._returns_none(function):
            return "None"
        result = _RESULTS.get(function.name)
        if result is None or not isinstance(function.parent, Class):
            return None
        meaning = self.project.resolver.resolve(function.enclosing, o.Name(0, 0, result))
        if function.node.is_async or function.node.is_generator or meaning != External(f"builtins.{result}"):
            return None
        if not all(self._is_transparent(function, each) for each in function.node.decorators):
            return None
        return None if function.name in ("__eq__", "__ne__") and not self._compares(function) else result

    def doubt(self, function: Function) -> str:
        """Why nothing is written behind the arrow of a function without `evident_result`."""
        if not self._may_return_value(function) and not _is_stub(function):
            if function in self.project.routes.by_handler:
                return "FastAPI would take it for the response model"
            if not all(self._is_transparent(function, each) for each in function.node.decorators):
                return "a decorator may read it"
        return "which one is not evident"

    def _compares(self, function: Function) -> bool:
        """Whether everything that a comparison returns is a truth value, going by how it is written."""
        assert isinstance(function.parent, Class)
        if any(base.name.endswith("Comparator") for base in self.project.resolver.mro(function.parent)):
            return False  # SQLAlchemy's make an expression for the database.
        returned = [node.value for node in own_nodes(function.scope.body) if isinstance(node, o.Return)]
        return bool(returned) and all(map(_is_truth, returned))

    def _returns_none(self, function: Function) -> bool:
        """Whether it is evident that `-> None` is right, and that nobody reads the annotation at run time.

        It is not for stubs, for what always raises, for route handlers, under decorators that may read it, and for
        methods that override or are overridden by one that may return something.
        """
        node = function.node
        if not all(self._is_transparent(function, each) for each in node.decorators):
            return False
        if self._may_return_value(function) or function in self.project.routes.by_handler:
            return False
        if isinstance(function.parent, Class) and function.name in _RETURNS_NOTHING:
            return True
        if _is_stub(function):
            return False
        return not isinstance(function.parent, Class) or self._is_free(function.parent, function.name)

    def _decorators(self, function: Function) -> list[str]:
        """What of libraries decorates a function, by the last names."""
        name_of = self.project.resolver.foreign_name
        return [name_of(function.enclosing, decorator.func) for decorator in function.node.decorators]

    def _is_transparent(self, function: Function, decorator: o.Decorator) -> bool:
        named = decorator.func
        if isinstance(named, o.Attribute) and named.attr in _ACCESSORS:
            return True
        return self.project.resolver.foreign_name(function.enclosing, named) in _TRANSPARENT

    def _may_return_value(self, function: Function) -> bool:
        node, text = function.node, function.module.text
        if node.is_generator or _RETURNS_VALUE.search(text, node.close, node.end) is None:
            return node.is_generator
        if text.find("def ", node.body_start, node.end) < 0:
            return True
        return any(
            isinstance(inner, o.Return) and inner.value is not None and not is_none(inner.value)
            for inner in own_nodes(function.scope.body)
        )

    def _is_free(self, class_: Class, name: str) -> bool:
        """Whether no base and no subclass gives the method a result."""
        resolver = self.project.resolver
        if len(resolver.bases(class_)) < sum(not base.keyword for base in class_.node.bases):
            return False
        if any(map(self._has_result, self._overriding.get((class_, name), ()))):
            return False
        for base in resolver.mro(class_)[1:]:
            if isinstance(base, External):
                if base.package not in _FAMILIAR or base.name == "Protocol":
                    return False
            elif name in base.scope.bindings:
                inherited = base.scope.bindings[name][-1].definition
                return isinstance(inherited, Function) and is_none(inherited.node.returns)
        return True

    def _has_result(self, function: Function) -> bool:
        returns = function.node.returns
        return self._may_return_value(function) if returns is None else not is_none(returns)

    @cached_property
    def _overriding(self) -> dict[tuple[Class, str], list[Function]]:
        """The methods that override one, by the class and the name of what they override."""
        return grouped(
            ((base, method.name), method)
            for class_ in self.project.classes
            for base in self.project.resolver.own(class_)[1:]
            for method in class_.methods
        )


def _is_stub(function: Function) -> bool:
    """Whether nothing says what a function returns: it does nothing, or always raises."""
    body = function.node.body
    return isinstance(body[-1], o.Raise) or all(_is_empty(statement) for statement in body)


def _is_empty(statement: o.Stmt) -> bool:
    """A docstring, `pass` or `...`: what stubs are made of."""
    if isinstance(statement, o.ExprStatement):
        return isinstance(statement.value, (o.String, o.Other))
    return isinstance(statement, o.Simple) and statement.keyword == "pass"


def _is_truth(expr: o.Expr | None) -> bool:
    if isinstance(expr, o.Operation):
        return expr.operator == "not" or (expr.operator in ("and", "or") and all(map(_is_truth, expr.operands)))
    if isinstance(expr, o.Call):
        return isinstance(expr.func, o.Name) and expr.func.id in _TESTS
    return isinstance(expr, o.Compare) or o.dotted(expr) in ("True", "False", "NotImplemented")
