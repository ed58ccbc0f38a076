"""Settings: the classes that hold them, the files that may read the environment, and who reads it elsewhere.

https://docs.pydantic.dev/latest/concepts/pydantic_settings/ has how fields get their environment variables.
"""

from __future__ import annotations

import os
from functools import cached_property

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.imports import is_main_guard
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.schemas import Schema, SchemaField
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Class, External, Function, Symbol
from fapi_lint.project.values import Located, followed
from fapi_lint.source.place import Place

_FOREIGN_CONFIGS = frozenset(
    ["starlette.config.Config", "decouple.Config", "dynaconf.Dynaconf", "environs.Env", "environ.Env"]
)
"""What other libraries have for settings."""
_NAMES = ("config", "settings")
_CACHES = ([External("functools.lru_cache")], [External("functools.cache")])
_READERS = ("os.getenv", "os.environ.get", "os.environb.get")
_SOURCES = [External(dotted) for dotted in ("os.environ", "os.environb", *_READERS)]


class SettingsClass(Schema):
    """A class that inherits `BaseSettings`."""

    @cached_property
    def base(self) -> External:
        """The `BaseSettings` that it inherits."""
        return next(base for base in self.foreign if base.name == "BaseSettings")

    @cached_property
    def inherits_config(self) -> bool:
        """Whether a class above it is configured, or may be because it is not the application's."""
        known = ("builtins", "typing", "abc", "pydantic", "pydantic_settings")
        return any(base.package not in known for base in self.foreign) or any(
            not {"model_config", "Config"}.isdisjoint(base.scope.bindings) for base in self.ancestors[1:]
        )

    @cached_property
    def is_part(self) -> bool:
        """Whether it is there for other settings to inherit, as what is put together to one class, and nothing else."""
        if any(instance.settings is self for instance in self.project.settings_classes.instances):
            return False
        return any(
            self.class_ in other.ancestors[1:]
            for other in self.project.settings_classes.all
            if other.class_ is not self.class_
        )

    def field_of(self, variable: str) -> SchemaField | None:
        """The field that an environment variable of this name sets, by an alias or by its name with the prefix."""
        prefix = self.config.entries.get("env_prefix")
        if (prefix is not None and not isinstance(prefix.expr, o.String)) or "env_prefix_target" in self.config.entries:
            return None
        start = (prefix.expr.value or "") if prefix is not None and isinstance(prefix.expr, o.String) else ""
        exact = self._is_true("case_sensitive")
        for name, field in self.fields.items():
            aliases = self._aliases(field)
            for given in (start + name,) if aliases is None else aliases:
                if given == variable if exact else given.lower() == variable.lower():
                    return field
        return None

    def _is_true(self, key: str) -> bool:
        entry = self.config.entries.get(key)
        return entry is not None and o.dotted(entry.expr) == "True"

    def _aliases(self, field: SchemaField) -> list[str] | None:
        """The names that take the place of the field's own, as far as they are literals; None if nothing does."""
        given = [field.argument(key) for key in ("validation_alias", "alias", "env")]
        written = next((argument.expr for argument in given if argument is not None), None)
        if written is None:
            return None
        values = [written]
        if isinstance(written, o.Call) and o.dotted(written.func).rpartition(".")[2] == "AliasChoices":
            values = [arg.value for arg in written.args]
        return [value.value for value in values if isinstance(value, o.String) and value.value is not None]


class SettingsInstance(Struct, frozen=True, eq=False):
    """The name of settings in a module, or of a function without parameters that returns them."""

    module: Module
    name: str
    settings: SettingsClass
    is_function: bool = False


class EnvironmentRead(Struct, frozen=True, eq=False):
    """One place that asks for an environment variable."""

    sighting: Sighting
    """The whole expression: `os.environ["X"]`, `os.getenv("X", "y")`, `"X" in os.environ`."""
    variable: str | None
    """The variable's name, where it is a literal."""

    @property
    def module(self) -> Module:
        return self.sighting.scope.module

    @property
    def place(self) -> Place:
        return self.module.place(self.sighting.node)


class SettingsClasses(Part):
    """All settings of an application."""

    @cached_property
    def all(self) -> list[SettingsClass]:
        """Every settings class that is not inside a function, in file and source order."""
        return [
            SettingsClass(self.project, class_)
            for class_ in self.project.classes
            if class_.node.bases and any(map(_is_base, self.project.resolver.foreign(class_)))
        ]

    @cached_property
    def instances(self) -> list[SettingsInstance]:
        """What modules bind to settings, such as `settings = Settings()`, and the functions that keep settings."""
        found = []
        for module in (module for module in self.project.modules if module.path in self.homes):
            for name, bindings in module.scope.bindings.items():
                value = bindings[-1].value
                if len(bindings) > 1 or not isinstance(value, o.Call) or bindings[0].definition is not None:
                    continue
                if (made := self._made(self.project.resolver.resolve(module.scope, value.func))) is not None:
                    found.append(SettingsInstance(module, name, made))
            found += [
                SettingsInstance(module, function.name, made, is_function=True)
                for function in module.scope.functions
                if self._is_kept(function) and (made := self._made(function)) is not None
            ]
        return found

    def _made(self, symbol: Symbol | None) -> SettingsClass | None:
        """The settings that calling something makes: of a function, those that it says it returns."""
        if isinstance(symbol, Function):
            symbol = self.project.resolver.resolve(symbol.enclosing, parse_annotation(symbol.node.returns))
        return self._by_class.get(symbol) if isinstance(symbol, Class) else None

    @cached_property
    def _by_class(self) -> dict[Class, SettingsClass]:
        return {settings.class_: settings for settings in self.all}

    def _is_kept(self, function: Function) -> bool:
        """Whether a function without parameters returns the same object each time."""
        decorators = function.node.decorators
        symbols = [self.project.resolver.external(function.enclosing, each.func) for each in decorators]
        return not function.node.params and symbols in _CACHES

    @cached_property
    def homes(self) -> frozenset[str]:
        """The paths of the files that may read the environment.

        The one that the conventions name, those that define settings, and their neighbours in a package called
        `settings` or `config`. Without any of them, the files that are called so take their place.
        """
        tail = self.project.settings.conventions.settings_file
        purposes, modules = self.project.purposes, self.project.modules
        found = {module.path for module in modules if purposes.is_file(module, tail)}
        found.update(settings.module.path for settings in self.all if purposes.is_application(settings.module))
        packages = {folder for path in found if (folder := self._package_of(path))}
        found.update(module.path for module in modules if self._package_of(module.path) in packages)
        if not found:
            found.update(module.path for module in modules if self._is_called_config(module.path))
        found.update(module.path for module in modules if self._has_foreign(module))
        return frozenset(found)

    def _package_of(self, path: str) -> str:
        """The outermost folder of the project called `settings` or `config` that a file is in; empty without one."""
        parts = path.removeprefix(self.project.root).split(os.sep)
        depth = next((index for index, part in enumerate(parts[:-1]) if part in _NAMES), None)
        return "" if depth is None else os.sep.join(parts[: depth + 1])

    def _is_called_config(self, path: str) -> bool:
        return os.path.basename(path).removesuffix(".py") in _NAMES or bool(self._package_of(path))

    def _has_foreign(self, module: Module) -> bool:
        if not any(made in module.text for made in ("Config(", "Dynaconf(", "Env(")):
            return False
        values = (bindings[-1].value for bindings in module.scope.bindings.values())
        made = (self.project.resolver.external(module.scope, v.func) for v in values if isinstance(v, o.Call))
        return any(symbol is not None and symbol.dotted in _FOREIGN_CONFIGS for symbol in made)

    @cached_property
    def environment_reads(self) -> list[EnvironmentRead]:
        """Where the judged files of the application ask for environment variables outside of the settings.

        Writing one, or handing the whole environment on, is not reading.
        """
        return [
            read
            for module in self.project.judged
            if ("environ" in module.text or "getenv" in module.text)
            and self.project.purposes.is_application(module)
            and module.path not in self.homes
            for sighting in search(module, "environ", "getenv", "environb", *self._other_names(module))
            if not any(map(is_main_guard, sighting.parents))  # A program, which the file also is, may do so.
            if (read := self._read(sighting)) is not None
        ]

    def _other_names(self, module: Module) -> list[str]:
        """What a file calls the environment or a reader of it: `getenv as env`, `ENV = os.environ`."""
        external = self.project.resolver.external
        return [name for name in module.scope.bindings if external(module.scope, o.Name(0, 0, name)) in _SOURCES]

    def _read(self, sighting: Sighting) -> EnvironmentRead | None:
        node, scope = sighting.node, sighting.scope
        key: o.Expr | None = None
        if isinstance(node, o.Subscript) and self._is(sighting, node.value, "os.environ", "os.environb"):
            if _is_written(sighting) or len(node.items) != 1:
                return None
            key = node.items[0]
        elif isinstance(node, o.Call) and self._is(sighting, node.func, *_READERS):
            key = node.given("key", 0)
        elif isinstance(node, o.Compare) and len(node.operators) == 1 and node.operators[0].split()[-1] == "in":
            if not self._is(sighting, node.operands[1], "os.environ"):
                return None
            key = node.operands[0]
        if key is None:
            return None
        return EnvironmentRead(sighting, o.text(followed(self.project, Located(key, scope)).expr))

    def _is(self, sighting: Sighting, expr: o.Expr, *dotted: str) -> bool:
        symbol = self.project.resolver.external(sighting.scope, expr)
        return symbol is not None and symbol.dotted in dotted


def _is_base(base: External) -> bool:
    return base.name == "BaseSettings" and base.package.startswith("pydantic")


def _is_written(sighting: Sighting) -> bool:
    """`os.environ["X"] = …`, `del os.environ["X"]`."""
    parent = sighting.parent
    if isinstance(parent, o.Assign):
        return any(target is sighting.node for target in parent.targets)
    if isinstance(parent, (o.AugAssign, o.AnnAssign)):
        return parent.target is sighting.node
    return isinstance(parent, o.Simple) and parent.keyword == "del"
