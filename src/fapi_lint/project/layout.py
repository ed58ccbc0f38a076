"""Where the models, schemas, routers and services of an application are, and which of them are not where they belong.

A thing is at home below a folder of its kind (`models/user.py`), and in a file that bears the folder's name, in plural
or singular, as applications have it that are divided by features (`user/models.py`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache, cached_property

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.nouns import is_plural, plural, singular
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Function
from fapi_lint.source.place import Place


class Misplaced(Struct, frozen=True):
    """A definition outside of the folders for its kind."""

    kind: str
    name: str
    place: Place
    folders: tuple[str, ...]


class Layout(Part):
    """How an application is laid out."""

    @cached_property
    def misplaced(self) -> list[Misplaced]:
        """What is not where it belongs in the judged files, in file and source order."""
        found = [*self._models(), *self._schemas(), *self._routers(), *self._services()]
        return sorted(found, key=lambda item: item.place)

    def _models(self) -> Iterator[Misplaced]:
        folders = self.project.settings.conventions.model_folders
        for model in self.project.models.all:
            if self._is_astray(model.module, folders):
                yield Misplaced("Model", model.name, model.place, folders)

    def _schemas(self) -> Iterator[Misplaced]:
        """Only those that requests or responses are made of: elsewhere, Pydantic validates for other purposes.

        One inside of another class moves with that.
        """
        folders = self.project.settings.conventions.schema_folders
        for schema in self.project.schemas.all:
            if schema.acts or schema.class_.enclosing.is_class or not self._is_astray(schema.module, folders):
                continue
            if schema in self.project.schemas.responses or schema.class_ in self.project.resources.bodies:
                yield Misplaced("Schema", schema.name, schema.place, folders)

    def _routers(self) -> Iterator[Misplaced]:
        folders = self.project.settings.conventions.api_folders
        for module in self.project.modules:
            if "outer" not in module.text or not self._is_astray(module, folders):
                continue
            for name, bindings in module.scope.bindings.items():
                target, value = bindings[0].node, bindings[0].value
                if isinstance(target, o.Name) and isinstance(value, o.Call) and self._makes_router(module, value):
                    yield Misplaced("Router", name, module.place(target), folders)

    def _makes_router(self, module: Module, call: o.Call) -> bool:
        symbol = self.project.resolver.resolve(module.scope, call.func)
        return any(base.is_from("fastapi", "APIRouter") for base in self.project.resolver.foreign(symbol))

    def _services(self) -> Iterator[Misplaced]:
        """Functions that say that they are a service, and take a session as one does."""
        conventions = self.project.settings.conventions
        if not conventions.service_suffix or self._has_model_called(conventions.service_suffix.strip("_")):
            return
        for function in self.project.functions:
            node = function.node
            if function.is_method or not function.name.endswith(conventions.service_suffix):
                continue
            astray = self._is_astray(function.module, conventions.service_folders)
            # `get_user_service` may also be what hands out the service.
            if astray and self._takes_session(function) and not self.project.dependencies.serves(function):
                place = function.module.name_place(node)
                yield Misplaced("Service", function.name, place, conventions.service_folders)

    def _has_model_called(self, noun: str) -> bool:
        """Whether a word is the name of a thing that the application is about, such as a service for hire."""
        return any(model.name.lower() == noun for model in self.project.models.all)

    def _takes_session(self, function: Function) -> bool:
        types = (self.project.types.of_parameter(function, param) for param in function.node.params)
        return any(self.project.sessions.kind(type_) is not None for type_ in types)

    def is_home(self, module: Module, folders: tuple[str, ...]) -> bool:
        """Whether a file is below one of the folders, or bears the name of one."""
        names = _names(folders)
        stem = os.path.basename(module.path).removesuffix(".py")
        return stem in names or self.project.purposes.in_folder(module, names)

    def _is_astray(self, module: Module, folders: tuple[str, ...]) -> bool:
        """Whether a file that is judged is elsewhere; never, where the setting names no folders."""
        if not folders or not self.project.is_judged(module) or not self.project.purposes.is_application(module):
            return False
        return not self.is_home(module, folders)


@cache
def _names(folders: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the folders, in plural and singular."""
    plurals = (plural(folder) for folder in folders if not is_plural(folder))
    return tuple(dict.fromkeys([*folders, *map(singular, folders), *plurals]))
