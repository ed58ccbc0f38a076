"""What `class Config:` in a schema says, in the terms of Pydantic 2.

Renamed and removed settings: https://docs.pydantic.dev/latest/migration/#changes-to-config. Pydantic 2 ignores the
old names: renaming one makes the setting take effect again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.schemas import Schema
from fapi_lint.project.symbols import Class, External, Scope
from fapi_lint.source.place import Place

_RENAMED: Mapping[str, str] = {
    "allow_population_by_field_name": "populate_by_name",
    "anystr_lower": "str_to_lower",
    "anystr_strip_whitespace": "str_strip_whitespace",
    "anystr_upper": "str_to_upper",
    "keep_untouched": "ignored_types",
    "max_anystr_length": "str_max_length",
    "min_anystr_length": "str_min_length",
    "orm_mode": "from_attributes",
    "schema_extra": "json_schema_extra",
    "validate_all": "validate_default",
}
_NEEDLESS = frozenset(["copy_on_model_validation", "smart_union", "underscore_attrs_are_private"])
"""Removed because Pydantic 2 always does so."""
_REMOVED = frozenset(["error_msg_templates", "fields", "getter_dict", "json_dumps", "json_loads", "post_init_call"])
_STRICTER = frozenset(
    [
        "str_max_length",
        "str_min_length",
        "str_strip_whitespace",
        "str_to_lower",
        "str_to_upper",
        "validate_default",
    ]
)
"""Settings that refuse or change what is accepted without them."""
_MENTION = re.compile(r"\.Config\b")


class Setting(Struct, frozen=True):
    """One setting under its name in Pydantic 2. `text` is the value where it is not that of `statement`."""

    key: str
    statement: o.Assign | o.AnnAssign | None = None
    text: str | None = None


class ObstacleError(Exception):
    """Why a `class Config` cannot be written as `model_config`."""


class ConfigClass(Struct, eq=False):
    """The `class Config:` of a schema."""

    schema: Schema
    class_: Class
    ignored: list[str] = field(default_factory=list)
    """Names that Pydantic 2 does not know any more, as they are written."""
    revived: list[str] = field(default_factory=list)
    """Settings that validate differently once they have their new names."""

    @classmethod
    def of(cls, schema: Schema) -> ConfigClass | None:
        """None where the schema has none of its own, or where Pydantic 1 reads it."""
        bindings = schema.class_.scope.bindings.get("Config", ())
        nested = bindings[-1].definition if bindings else None
        return cls(schema, nested) if isinstance(nested, Class) and schema.pydantic == 2 else None

    @property
    def place(self) -> Place:
        """`class Config`."""
        return self.schema.module.header_place(self.class_.node)

    def settings(self) -> list[Setting]:
        """Its settings, those of plain base classes first. Raises ObstacleError."""
        if "model_config" in self.schema.class_.scope.bindings:
            raise ObstacleError("there is a `model_config` too, and Pydantic refuses both")
        node = self.class_.node
        if node.decorators:
            raise ObstacleError("it has a decorator")
        if self.class_.module.text[node.name_start + len(node.name) : node.body_start].lstrip().startswith("["):
            raise ObstacleError("it has type parameters")
        found = {setting.key: setting for setting in self._inherited()}
        own = list(self._own())
        if use := self.schema.project.config_classes.use(self.class_):
            raise ObstacleError(f"{use} refers to it")
        written = {setting.key for key, setting in own if key == setting.key}
        for key, setting in own:
            if key == setting.key or setting.key not in written:
                found.pop(setting.key, None)
                found[setting.key] = setting
        return list(found.values())

    def _own(self) -> Iterator[tuple[str, Setting]]:
        """The settings with the names they are written under."""
        for statement in self.class_.node.body:
            match statement:
                case o.Simple(keyword="pass"):
                    continue
                case o.Assign(targets=(o.Name(id=key),)) | o.AnnAssign(target=o.Name(id=key)):
                    if statement.value is None:
                        continue
                case o.FunctionDef(name=name):
                    raise ObstacleError(f"it has the method `{name}`")
                case o.ExprStatement(value=o.String()):
                    raise ObstacleError("it has a docstring")
                case _:
                    raise ObstacleError("it holds more than settings")
            self._check_names(statement.value)
            setting = self._converted(key, self.class_.scope, statement.value)
            if setting is not None:
                yield key, Setting(setting.key, statement, setting.text)

    def _converted(self, key: str, scope: Scope, value: o.Expr) -> Setting | None:
        """A setting by its new name; None for one that is needless."""
        literal = value.id if isinstance(value, o.Name) else ""
        if key == "allow_mutation":
            self.ignored.append(key)
            if literal not in ("True", "False"):
                raise ObstacleError("the value of `allow_mutation` is not literal")
            if literal == "True":
                return None
            self.revived.append("frozen")
            return Setting("frozen", text="True")
        if key in _NEEDLESS:
            self.ignored.append(key)
            return None
        if key in _REMOVED:
            self.ignored.append(key)
            raise ObstacleError(f"Pydantic 2 has nothing in place of `{key}`")
        if key in _RENAMED:
            self.ignored.append(key)
            key = _RENAMED[key]
            if key in _STRICTER and literal != "False":
                self.revived.append(key)
        text = None
        if isinstance(value, o.Attribute):
            symbol = self.schema.project.resolver.external(scope, value)
            if symbol is not None and symbol.dotted.startswith("pydantic.") and symbol.dotted.split(".")[-2] == "Extra":
                text = f'"{symbol.name}"'
        return Setting(key, text=text)

    def _check_names(self, value: o.Expr) -> None:
        """Outside of `Config`, names of its body are gone and those of the schema's body come into sight."""
        if isinstance(value, o.Call) and o.dotted(value.func) in ("staticmethod", "classmethod"):
            raise ObstacleError("it has a method")
        schema = self.schema.class_.scope.bindings
        hidden = self.class_.scope.bindings.keys() | {
            name for name, found in schema.items() if found[-1].value is not None or found[-1].definition is not None
        }
        for node in _evaluated(value):
            if isinstance(node, o.Name) and node.id in hidden:
                raise ObstacleError(f"`{node.id}` would mean something else outside of it")

    def _inherited(self) -> Iterator[Setting]:
        """The settings of base classes, as far as `model_config` does not inherit them itself."""
        resolver = self.schema.project.resolver
        bases = self.class_.node.bases
        if any(base.keyword or base.star for base in bases):
            raise ObstacleError("its bases have arguments")
        for base in reversed(bases):
            symbol = resolver.resolve(self.class_.enclosing, base.value)
            if isinstance(symbol, Class) and self._comes_with_schema(symbol):
                continue
            lines = resolver.mro(symbol) if isinstance(symbol, Class) else (symbol,)
            for line in reversed(lines):
                if isinstance(line, Class):
                    yield from self._literals(line)
                elif not (isinstance(line, External) and line.package in ("builtins", "pydantic")):
                    raise ObstacleError(
                        f"the settings of its base `{self.schema.module.slice(base.value)}` cannot be seen"
                    )

    def _comes_with_schema(self, config: Class) -> bool:
        """Whether it is the `Config` of the class that the schema inherits its configuration from."""
        bases = [base for base in self.schema.class_.node.bases if not base.keyword]
        return len(bases) == 1 and config.parent in self.schema.ancestors[1:]

    def _literals(self, config: Class) -> Iterator[Setting]:
        for name, bindings in config.scope.bindings.items():
            value = bindings[-1].value
            constant = isinstance(value, o.Name) and value.id in ("True", "False", "None")
            if value is None or not (constant or isinstance(value, (o.String, o.Number))):
                raise ObstacleError(f"`{name}` of its base `{config.name}` cannot be moved")
            setting = self._converted(name, config.scope, value)
            if setting is not None:
                yield Setting(setting.key, text=setting.text or config.module.slice(value))


class ConfigClasses(Part):
    """Where the application refers to a `class Config` from outside, as in `class Config(UserBase.Config)`."""

    def use(self, config: Class) -> str:
        """A place that refers to it; what cannot be resolved counts in the same file. Empty if there is none."""
        resolved, unresolved = self._uses
        return resolved.get(config) or unresolved.get(config.module, "")

    @cached_property
    def _uses(self) -> tuple[dict[Class, str], dict[Module, str]]:
        resolved: dict[Class, str] = {}
        unresolved: dict[Module, str] = {}
        for module in self.project.modules:
            if _MENTION.search(module.text) is None:
                continue
            for node in o.walk(*module.outline.body):
                if isinstance(node, o.Attribute) and node.attr == "Config":
                    symbol = self.project.resolver.resolve(module.scope, node)
                    where = module.where(node.start)
                    if isinstance(symbol, Class):
                        resolved.setdefault(symbol, where)
                    elif symbol is None:
                        unresolved.setdefault(module, where)
        return resolved, unresolved


def _evaluated(value: o.Expr) -> Iterator[o.Node]:
    """The nodes of an expression but for the bodies of lambdas, which see no names of a class body."""
    stack: list[o.Node] = [value]
    while stack:
        node = stack.pop()
        yield node
        stack += node.params if isinstance(node, o.Lambda) else o.children(node)
