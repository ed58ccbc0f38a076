"""What the attributes of objects hold, by their class: its annotations, its body, and what its methods assign."""

from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.inference import libraries
from fapi_lint.project.inference.aspect import Aspect
from fapi_lint.project.inference.type import Type, agreed
from fapi_lint.project.symbols import Class, External, Function


class Attributes(Aspect):
    """The attributes of an application's classes."""

    def type_of(self, type_: Type, name: str) -> Type | None:
        """The type of an attribute of an instance."""
        if isinstance(type_.symbol, External):
            return libraries.attribute(type_.symbol, name)
        return self._generic(type_, type_.symbol, name) or self.of_class(type_.symbol, name)

    def _generic(self, type_: Type, class_: Class, name: str) -> Type | None:
        """The type of an attribute whose annotation names a type variable of its class."""
        types = self.types
        for base in self.resolver.mro(class_):
            if isinstance(base, Class) and types.generics.variables(base):
                annotations = list(types.project.model_attributes.annotations(base, name))
                if annotations:
                    known = types.generics.arguments(type_, base)
                    return agreed(types.of_annotation(scope, expr, known) for scope, expr in annotations)
        return None

    def of_class(self, class_: Class, name: str) -> Type | None:
        """The type of an attribute by the nearest class that defines it."""
        return self.types.memo.infer((class_, name), lambda: self._inherited(class_, name), is_final=True)

    def _inherited(self, class_: Class, name: str) -> Type | None:
        found = self._nearest(class_, name)
        if found is not None:
            return found[0]
        # What a mixin uses is defined beside it, by each class that it is mixed into.
        below = self.types.project.model_attributes.families.get(class_, ())
        return agreed(found[0] if (found := self._nearest(other, name)) is not None else None for other in below)

    def _nearest(self, class_: Class, name: str) -> tuple[Type | None] | None:
        defined = (self._defined(base, name) for base in self.resolver.mro(class_) if isinstance(base, Class))
        return next((found for found in defined if found is not None), None)

    def _defined(self, class_: Class, name: str) -> tuple[Type | None] | None:
        """The type that a class gives to an attribute, in a tuple; None if the class does not define it."""
        bindings = class_.scope.bindings.get(name)
        if bindings:
            for binding in bindings:
                if isinstance(binding.definition, Function):
                    return (self._property(binding.definition) if len(bindings) == 1 else None,)
            if not all(is_none(b.value) and b.annotation is None for b in bindings):
                return (self.types.variable(class_.scope, name),)
        assigned = list(self._assigned(class_, name))
        annotated = [type_ for annotation, type_ in assigned if annotation]
        if annotated:
            return (agreed(annotated),)
        return (agreed(type_ for _, type_ in assigned),) if assigned else None

    def _property(self, function: Function) -> Type | None:
        if len(function.node.decorators) != 1:
            return None
        name = o.dotted(function.node.decorators[0].value).rpartition(".")[2]
        return self.types.functions.undecorated(function) if name in ("property", "cached_property") else None

    def _assigned(self, class_: Class, name: str) -> Iterator[tuple[bool, Type | None]]:
        """The types assigned to `self.name` in the methods, and whether by annotation. None literals are left out."""
        for method, node in class_.attribute_assignments.get(name, ()):
            if isinstance(node, o.AnnAssign):
                yield True, self.types.of_annotation(method.scope, node.annotation)
            elif isinstance(node, o.WithItem):
                yield False, self.types.entered(self.types.of(method.scope, node.value))
            elif isinstance(node, o.Assign) and not is_none(node.value):
                yield False, self.types.of(method.scope, node.value)
