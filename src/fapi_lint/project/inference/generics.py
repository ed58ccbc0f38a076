"""What the type variables of generic classes stand for: `get() -> T | None` of a `Repository[User]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.inference.aspect import Aspect
from fapi_lint.project.kept import kept
from fapi_lint.project.symbols import Class, External, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.inference.type import Type

_DECLARING = frozenset(["Generic", "Protocol"])
_PARAMETERS = re.compile(r"\s*\[([^\[\]()]*(?:[\[(][^\[\]()]*[\])][^\[\]()]*)*)\]")
_PARAMETER = re.compile(r"(?:^|,)\s*(\w+)")


class Generics(Aspect):
    """The type variables of an application's classes."""

    @kept
    def variables(self, class_: Class) -> tuple[str, ...]:
        """The names of a class's own type variables, in order."""
        return tuple(self._declared(class_))

    def _declared(self, class_: Class) -> list[str]:
        """`class Base[T, K]`, `Base(Generic[T, K])`, `Base(Other[T], Another[K])`"""
        node, text = class_.node, class_.module.text
        written = _PARAMETERS.match(text, node.name_start + len(node.name))
        if written is not None:
            return _PARAMETER.findall(re.sub(r"[\[(][^\[\]()]*[\])]", "", written[1]))
        found: list[str] = []
        for base in node.bases:
            if base.keyword or not isinstance(base.value, o.Subscript):
                continue
            names = [item.id for item in base.value.items if isinstance(item, o.Name)]
            names = [name for name in names if self._is_variable(class_.enclosing, name)]
            symbol = self.resolver.resolve(class_.enclosing, base.value.value)
            if isinstance(symbol, External) and symbol.name in _DECLARING:
                return names
            found += [name for name in names if name not in found]
        return found

    def _is_variable(self, scope: Scope, name: str) -> bool:
        symbol = self.resolver.resolve(scope, o.Name(0, 0, name))
        call = symbol.value if isinstance(symbol, Variable) else None
        return isinstance(call, o.Call) and o.dotted(call.func).endswith("TypeVar")

    def arguments(self, type_: Type, owner: Class) -> dict[str, Type]:
        """What the type variables of `owner`, the type's class or a base of it, stand for, as far as that is known."""
        class_ = type_.symbol
        if not isinstance(class_, Class):
            return {}
        own = dict(zip(self.variables(class_), type_.args, strict=False))
        known = {name: argument for name, argument in own.items() if argument is not None}
        if class_ is owner:
            return known
        for base in class_.node.bases:
            generic = base.value if isinstance(base.value, o.Subscript) else None
            above = self.resolver.resolve(class_.enclosing, base.value if generic is None else generic.value)
            if isinstance(above, Class) and above is not class_ and owner in self.resolver.mro(above):
                items = () if generic is None else generic.items
                args = tuple(self.types.of_annotation(class_.enclosing, item, known) for item in items)
                return self.arguments(replace(type_, symbol=above, args=args), owner)
        return {}

    def made(self, scope: Scope, class_: Class, call: o.Call) -> tuple[Type | None, ...]:
        """The type arguments of what a constructor call makes: `Repository[User](…)`, or `Repository(User)`."""
        if isinstance(call.func, o.Subscript):
            return tuple(self.types.of_annotation(scope, item) for item in call.func.items)
        variables = self.variables(class_)
        init = next((method for method in class_.methods if method.name == "__init__"), None) if variables else None
        if init is None:
            return ()
        found: dict[str, Type | None] = {}
        for index, param in enumerate(init.node.params[1:]):
            annotation = parse_annotation(param.annotation)
            given = call.given(param.name, None if param.kind == "keyword" else index)
            if given is None or not isinstance(annotation, o.Subscript) or len(annotation.items) != 1:
                continue
            item = annotation.items[0]
            if o.dotted(annotation.value).rpartition(".")[2] in ("type", "Type") and isinstance(item, o.Name):
                found[item.id] = self.types.of_annotation(scope, given)
        return tuple(found.get(name) for name in variables) if found else ()
