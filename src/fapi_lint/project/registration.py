"""Which mapped classes Alembic sees: the registry hub that imports all models, and alembic's `env.py`.

https://alembic.sqlalchemy.org/en/latest/autogenerate.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.graph import reachable
from fapi_lint.project.imports import Import
from fapi_lint.project.kept import kept
from fapi_lint.project.mapped import Model
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Variable


class Style(Struct, frozen=True):
    """How a file imports the modules of models."""

    like: Import
    """An import that shows how their dotted names are written."""
    names_modules: bool
    """Mostly the modules themselves, and not the models."""
    is_plain: bool
    """And always by `import app.models.user`."""


class Registration(Part):
    """Who loads the models of an application when migrations are generated."""

    def missing_from(self, model: Model) -> Module | None:
        """The file that ought to load the model's module and does not: the hub, or without one `env.py`.

        None for a model that is loaded, and where nothing tells.
        """
        hub = self.hub_of(model)
        if hub is not None:
            return None if model.module in self.registered(hub) else hub
        environments = [env for env in self.project.purposes.environments if self._is_environment_of(env, model)]
        if any(model.module in self.loaded(env) for env in environments):
            return None
        return max(environments, key=lambda env: _closeness(env, model.module), default=None)

    @kept
    def style_of(self, hub: Module) -> Style | None:
        """How a file imports models; None if it imports none."""
        links = [link for link in self.project.imports.of(hub) if link.target in self.project.models.by_module]
        if not links:
            return None
        naming = [link for link in links if link.names_module]
        return Style(
            like=next((link for link in links if link.spell(link.target) != link.target.name), links[0]),
            names_modules=len(naming) * 2 > len(links),
            is_plain=all(isinstance(link.statement, o.Import) for link in naming),
        )

    # --- the hub -----------------------------------------------------------------------------------

    def hub_of(self, model: Model) -> Module | None:
        """The hub of the model's application: nearest to it, and of its declarative base."""
        candidates = [hub for hub in self.hubs if self._is_hub_of(hub, model)]
        return max(candidates, key=lambda hub: _closeness(hub, model.module), default=None)

    @cached_property
    def hubs(self) -> list[Module]:
        suffix = os.sep + self.project.settings.conventions.model_registry.replace("/", os.sep)
        is_application = self.project.purposes.is_application
        found = [m for m in self.project.modules if m.path.endswith(suffix) and is_application(m)]
        return [module for module in found if self._is_hub(module)]

    @kept
    def registered(self, hub: Module) -> frozenset[Module]:
        """The modules that a hub loads by itself or through packages and modules without models.

        What only another model imports is left out: it would vanish with that model's import.
        """
        imports = self.project.imports

        def step(module: Module) -> list[Module]:
            if module is hub or module.is_package or module not in self._model_modules:
                return [*imports.loads(module), *imports.walked(module)]
            return list(imports.packages_above(module))

        return frozenset(reachable([hub, *imports.in_functions(hub)], step))

    def _is_hub(self, module: Module) -> bool:
        """Whether a file of the right name imports models, or could do so.

        Where models import their base from it, it is the home of the base and no hub: importing models there
        would close a cycle.
        """
        if not self._model_modules.isdisjoint(self.registered(module) - {module}):
            return True
        if not module.text.strip() or not self._model_modules.isdisjoint(self.project.imports.leading_to(module)):
            return False
        return all(
            isinstance(node, (o.Import, o.ImportFrom, o.ExprStatement, o.Assign)) for node in module.outline.body
        )

    def _is_hub_of(self, hub: Module, model: Model) -> bool:
        suffix = self.project.settings.conventions.model_registry
        application = hub.path[: -len(suffix)]
        near = model.module.path.startswith(application) or (
            hub.import_root == model.module.import_root and hub.parts[0] == model.module.parts[0]
        )
        return near and model.registry in self._registries(hub)

    @kept
    def _registries(self, hub: Module) -> set[object]:
        """The declarative bases that a hub stands for: those it imports, and those of the models it loads."""
        registered = self.registered(hub)
        loaded = {model.registry for model in self.project.models.all if model.module in registered}
        return loaded | set(self._named_bases(hub))

    def _named_bases(self, module: Module) -> Iterator[object]:
        """The declarative bases that names of a module stand for."""
        models = self.project.models
        for name in module.scope.bindings:
            symbol = self.project.resolver.member(module, name)
            if isinstance(symbol, Class) and models.is_declarative(symbol):
                yield models.registry_of(symbol)
            elif isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
                yield models.registry_behind(symbol)
            elif isinstance(symbol, External) and symbol.name == "SQLModel":
                yield symbol.name

    @cached_property
    def _model_modules(self) -> frozenset[Module]:
        is_application = self.project.purposes.is_application
        return frozenset(model.module for model in self.project.models.all if is_application(model.module))

    # --- env.py ------------------------------------------------------------------------------------

    @kept
    def loaded(self, environment: Module) -> frozenset[Module]:
        """The modules that are loaded when `env.py` runs, or a program of the application that runs it."""
        imports = self.project.imports
        starts = [environment, *imports.in_functions(environment)]
        return self._generated | imports.reachable(starts, dynamic=True)

    @cached_property
    def _generated(self) -> frozenset[Module]:
        """What programs of the application load that generate revisions: they call alembic's `command.revision`."""
        imports, purposes = self.project.imports, self.project.purposes
        programs = [
            module
            for module in self.project.modules
            if ".revision(" in module.text and "alembic" in module.text and purposes.is_application(module)
        ]
        called = [module for program in programs for module in imports.in_functions(program)]
        return frozenset(imports.reachable([*programs, *called], dynamic=True))

    def _is_environment_of(self, environment: Module, model: Model) -> bool:
        """Whether an `env.py` is there for the model's metadata: of its application, and it loads its base."""
        application = os.path.dirname(environment.folder) + os.sep
        package = os.path.join(model.module.import_root, model.module.parts[0]) + os.sep
        if not model.module.path.startswith(application) and not environment.path.startswith(package):
            return False
        loaded, registry = self.loaded(environment), model.registry
        if isinstance(registry, Class):
            return registry.module in loaded
        if isinstance(registry, tuple):
            return self.project.by_path[registry[0]] in loaded
        return registry is not None and registry in self._loaded_bases(environment)

    @kept
    def _loaded_bases(self, environment: Module) -> set[object]:
        """The declarative bases of all models that an `env.py` loads, and those that it names."""
        loaded = self.loaded(environment)
        models = (other for other in self.project.models.all if other.module in loaded)
        return {other.registry for other in models} | set(self._named_bases(environment))


def _closeness(one: Module, other: Module) -> tuple[int, str]:
    """How many folders two files share; the path decides between equals."""
    return one.closeness(other), one.path
