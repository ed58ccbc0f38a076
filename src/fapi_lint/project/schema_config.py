"""The configuration of schemas: what `model_config`, `class Config:` and the keywords of a class header say together.

How it is inherited: https://docs.pydantic.dev/latest/concepts/config/.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Scope, Variable
from fapi_lint.project.values import Located, dict_items

_WITHOUT_CONFIG = frozenset(["abc", "builtins", "enum", "pydantic", "typing", "typing_extensions"])
"""Packages whose classes configure nothing."""


class Config(Struct, frozen=True):
    """Settings of a schema by key, as far as they can be seen."""

    entries: Mapping[str, Located]
    is_complete: bool
    """Whether these are all of them."""

    def __or__(self, stronger: Config) -> Config:
        return Config({**self.entries, **stronger.entries}, self.is_complete and stronger.is_complete)


_EMPTY = Config({}, is_complete=True)
_UNKNOWN = Config({}, is_complete=False)


class SchemaConfigs(Part):
    """The configurations of an application's schemas."""

    _configs: dict[Class, Config] = field(default_factory=dict)
    _shared: dict[tuple[Scope, str], Config] = field(default_factory=dict)

    def of(self, class_: Class) -> Config:
        """The settings of a class: those of its bases, of which the last wins, its own, and its header's keywords."""
        # A class that inherits itself adds nothing to itself.
        return self.project.descent.once(self._configs, class_, lambda: self._of_class(class_), meanwhile=_EMPTY)

    def _of_class(self, class_: Class) -> Config:
        config = _joined(self._inherited(class_, base.value) for base in class_.node.bases if not base.keyword)
        for name in ("Config", "model_config"):
            for binding in class_.scope.bindings.get(name, ()):
                if isinstance(binding.definition, Class):
                    config |= self._of_config_class(binding.definition)
                elif binding.value is not None:
                    config |= self._of_expression(class_.scope, binding.value)
        keywords = {arg.keyword: Located(arg.value, class_.enclosing) for arg in class_.node.bases if arg.keyword}
        return config | Config(keywords, is_complete=True)

    def _inherited(self, class_: Class, expr: o.Expr) -> Config:
        value = expr.value if isinstance(expr, o.Subscript) else expr
        base = self.project.resolver.resolve(class_.enclosing, value)
        if isinstance(base, Class) and base is not class_:
            return self.of(base)
        if isinstance(base, External) and (base.package in _WITHOUT_CONFIG or base.is_from("sqlmodel", "SQLModel")):
            return _EMPTY
        return _UNKNOWN

    def _of_config_class(self, class_: Class) -> Config:
        config = _EMPTY
        for ancestor in reversed(self.project.resolver.mro(class_)):
            if isinstance(ancestor, Class):
                bindings = ancestor.scope.bindings
                entries = {name: b[-1].value for name, b in bindings.items() if b[-1].value is not None}
                own = {name: Located(value, ancestor.scope) for name, value in entries.items() if value is not None}
                complete = len(self.project.resolver.bases(ancestor)) == len(ancestor.node.bases)
                config |= Config(own, complete)
            elif ancestor.package not in _WITHOUT_CONFIG:
                config |= _UNKNOWN
        return config

    def _of_expression(self, scope: Scope, expr: o.Expr) -> Config:
        """The settings that `ConfigDict(…)`, a dict, a shared variable, or several of them joined hold."""
        items = dict_items(self.project, scope, expr)
        if items is not None:
            return Config(items, is_complete=True)
        match expr:
            case o.Call():
                name = self.project.resolver.foreign_name(scope, expr)
                if not (name.endswith(("ConfigDict", "Config")) or name == "dict"):
                    return _UNKNOWN
                return _joined(self._of_entry(scope, arg.keyword, arg.value) for arg in expr.args)
            case o.Dict():
                keys = ("" if key is None else o.text(key) for key in expr.keys)
                return _joined(self._of_entry(scope, *entry) for entry in zip(keys, expr.values, strict=True))
            case o.Operation(operator="|"):
                return _joined(self._of_expression(scope, operand) for operand in expr.operands)
            case o.Attribute(attr="model_config"):
                owner = self.project.resolver.resolve(scope, expr.value)
                return self.of(owner) if isinstance(owner, Class) else _UNKNOWN
            case o.Name() | o.Attribute():
                symbol = self.project.resolver.resolve(scope, expr)
                if isinstance(symbol, Variable) and symbol.value is not None:
                    where, given, name = symbol.scope, symbol.value, symbol.name
                    once = self.project.descent.once
                    return once(self._shared, (where, name), lambda: self._of_expression(where, given), _UNKNOWN)
        return _UNKNOWN

    def _of_entry(self, scope: Scope, key: str | None, value: o.Expr) -> Config:
        """One entry; without a key, what is joined: `**shared`. None is a key that cannot be seen."""
        if not key:
            return _UNKNOWN if key is None else self._of_expression(scope, value)
        return Config({key: Located(value, scope)}, is_complete=True)


def _joined(configs: Iterable[Config]) -> Config:
    """Several configurations as one, of which the last wins."""
    return reduce(or_, configs, _EMPTY)
