"""The factories of factory_boy, whose classes make objects of a model when they are called.

https://factoryboy.readthedocs.io/en/stable/orms.html#sqlalchemy
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from fapi_lint.outline import nodes as o
from fapi_lint.project.kept import kept
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, Scope

_MAKING = frozenset(["create", "build", "create_batch", "build_batch"])
_DERIVED = frozenset(["SelfAttribute", "LazyAttribute", "LazyFunction", "SubFactory", "Maybe", "Trait"])
"""Declarations that take a value from elsewhere."""


class Factories(Part):
    """The factories of an application."""

    def is_factory(self, class_: Class, *names: str) -> bool:
        """Whether a class is a factory, of one of these foreign classes if any is named."""
        foreign = self.project.resolver.foreign(class_)
        return any(base.package == "factory" and (not names or base.name in names) for base in foreign)

    @kept
    def made(self, class_: Class) -> Class | None:
        """The class of what a factory makes: `model` of its `Meta`, or of that of a base."""
        return self._find(class_) if self.is_factory(class_) else None

    def _find(self, class_: Class) -> Class | None:
        resolver = self.project.resolver
        for base in resolver.own(class_):
            for meta in base.scope.bindings.get("Meta", ()):
                bindings = meta.definition.scope.bindings.get("model") if isinstance(meta.definition, Class) else None
                if bindings:
                    model = resolver.resolve(base.scope, bindings[-1].value)
                    return model if isinstance(model, Class) else None
        return None

    def made_by(self, scope: Scope, func: o.Node) -> Class | None:
        """The class of what `UserFactory(…)` or `UserFactory.create_batch(…)` makes."""
        if not self._all:
            return None
        if isinstance(func, o.Attribute) and func.attr in _MAKING:
            func = func.value
        symbol = self.project.resolver.resolve(scope, func)
        return self.made(symbol) if isinstance(symbol, Class) else None

    @property
    def with_sessions(self) -> list[Class]:
        """The factories that add what they make to a session, and flush or commit it, which they cannot await."""
        return [class_ for class_ in self._all if self.is_factory(class_, "SQLAlchemyModelFactory")]

    def numbering(self, model: Class, name: str) -> Iterator[tuple[Class, o.Node]]:
        """Where factories of a model give an attribute a value of their own."""
        for class_ in self._all:
            bindings = class_.scope.bindings.get(name, ()) if self.made(class_) is model else ()
            for binding in bindings:
                value = binding.value
                declared = o.dotted(value.func).rpartition(".")[2] if isinstance(value, o.Call) else ""
                if value is not None and declared not in _DERIVED:
                    yield class_, value

    @cached_property
    def _all(self) -> list[Class]:
        modules = (module for module in self.project.modules if "factory" in module.text)
        return [class_ for module in modules for class_ in module.scope.all_classes() if self.is_factory(class_)]
