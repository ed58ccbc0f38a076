"""What `fapi-lint map` shows: which parts of an application serve which resource."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from fapi_lint.project.asynchrony.relationships import mappings
from fapi_lint.project.mapped import Model
from fapi_lint.project.module import Module
from fapi_lint.project.nouns import plural, singular, snake_words
from fapi_lint.project.project import Project
from fapi_lint.project.resources import ENVELOPES
from fapi_lint.project.routes import Route
from fapi_lint.project.schemas import ends_with_word
from fapi_lint.project.symbols import Class, Function
from fapi_lint.report.overview import Item, Overview, Resource
from fapi_lint.source.place import relative_path

_ROLES = {"create": "create", "update": "update", "one": "response", "many": "response"}
"""The schema that a CRUD route needs."""

_PATH = re.compile(r"""["'](/[^"'?\s]*)""")


def overview(project: Project) -> Overview:
    """The resources of an application: its models, and the nouns that its CRUD routes are about."""
    return _Survey(project).overview()


class _Survey:
    def __init__(self, project: Project) -> None:
        self.project = project
        self.services = self._assigned(self._service_functions())
        self.tests = self._assigned(self._test_functions())

    def overview(self) -> Overview:
        resources = tuple(self._resource(noun) for noun in self.nouns)
        others = tuple(self._route(route) for route in self._routes if not self._noun_of_route(route))
        return Overview(self.project.root, resources, others)

    # --- nouns -------------------------------------------------------------------------------------

    @cached_property
    def nouns(self) -> list[str]:
        """Every resource, in snake case and singular, sorted."""
        served = {self._known(operation.noun) for operation in self.project.handlers.operations.values()}
        return sorted({*self.mapped, *served})

    def _known(self, noun: str) -> str:
        """The noun as the model spells it, if there is one: `cookbook` is its `cook_book`."""
        return self._joined.get(noun.replace("_", ""), noun)

    @cached_property
    def _joined(self) -> dict[str, str]:
        return {noun.replace("_", ""): noun for noun in self.mapped}

    @cached_property
    def models(self) -> dict[str, Model]:
        found: dict[str, Model] = {}
        for model in self.project.models.all:
            if self.project.purposes.is_application(model.module) and not model.is_view:
                found.setdefault(_noun(model.name), model)
        return found

    @cached_property
    def mapped(self) -> dict[str, Class]:
        """The classes of the models, and those that are mapped imperatively."""
        found = {noun: model.class_ for noun, model in self.models.items()}
        for sighting, named, _ in mappings(self.project):
            class_ = self.project.resolver.resolve(sighting.scope, named)
            if isinstance(class_, Class) and self.project.purposes.is_application(class_.module):
                found.setdefault(_noun(class_.name), class_)
        return found

    @cached_property
    def _spellings(self) -> dict[tuple[str, ...], str]:
        """The words that mean a noun, in singular and in plural."""
        return {
            tuple(form.split("_")): noun
            for noun in self.nouns
            for one in (noun, noun.replace("_", ""))
            for form in (one, plural(one))
        }

    def _noun_in(self, name: str) -> str:
        """The longest noun in a name, and of several as long the first; empty if there is none."""
        words = snake_words(name)
        for size in range(len(words), 0, -1):
            for start in range(len(words) - size + 1):
                if noun := self._spellings.get(tuple(words[start : start + size])):
                    return noun
        return ""

    # --- parts -------------------------------------------------------------------------------------

    def _resource(self, noun: str) -> Resource:
        model, mapped = self.models.get(noun), self.mapped.get(noun)
        schemas = self._schemas.get(noun, {})
        routes = [route for route in self._routes if self._noun_of_route(route) == noun]
        services, tests = self.services.get(noun, []), self.tests.get(noun, [])
        is_link = model is not None and not routes and _is_link(model)
        parts = {"model": mapped, "schemas": schemas, "services": services, "routes": routes, "tests": tests}
        missing = [name for name, part in parts.items() if not part]
        if schemas:
            suffixes = self.project.settings.conventions.schema_suffixes.by_role()
            roles = set(schemas.values())
            missing += [suffixes[role] for role in self._needed_roles(noun) if role not in roles]  # type: ignore[index]
        return Resource(
            name=noun,
            model=self._item(mapped) if mapped is not None else None,
            is_link=is_link,
            schemas=tuple(self._item(class_) for class_ in schemas),
            services=tuple(map(self._item, services)),
            routes=tuple(map(self._route, routes)),
            tests=tuple(map(self._item, tests)),
            missing=() if is_link else tuple(missing),
        )

    @cached_property
    def _schemas(self) -> dict[str, dict[Class, str]]:
        """The schemas of each noun, with the role that the name spells."""
        found: dict[str, dict[Class, str]] = {}
        for schema in self.project.schemas.all:
            named = self.project.resources.parse(schema.name)
            envelope = next((word for word in ENVELOPES if ends_with_word(schema.name, word)), "")
            noun = self._known(_noun(named.resource if named is not None else schema.name.removesuffix(envelope)))
            if noun in self.nouns and schema.class_ not in self.project.models.by_class:
                found.setdefault(noun, {})[schema.class_] = named.role if named is not None else ""
        return found

    def _needed_roles(self, noun: str) -> list[str]:
        kinds = {o.kind for o in self.project.handlers.operations.values() if self._known(o.noun) == noun}
        return sorted({_ROLES[kind] for kind in kinds if kind in _ROLES})

    @cached_property
    def _routes(self) -> list[Route]:
        return [route for route in self.project.routes.all if self.project.purposes.is_application(route.module)]

    def _noun_of_route(self, route: Route) -> str:
        """What a route is about: what its handler does to it, else the last noun of its path."""
        operation = self.project.handlers.operations.get(route.handler) if route.handler is not None else None
        if operation is not None:
            return self._known(operation.noun)
        return next(filter(None, map(self._noun_of_path, route.full_paths)), "")

    def _noun_of_path(self, path: str) -> str:
        """The last noun of a path."""
        for part in reversed(path.split("/")):
            if not part.startswith("{") and (noun := self._spellings.get(tuple(snake_words(part)))):
                return noun
        return ""

    def _service_functions(self) -> Iterator[Function]:
        for module in self.project.modules:
            if self.project.purposes.is_service(module):
                yield from (f for f in module.scope.all_functions() if not f.name.startswith("_"))

    def _test_functions(self) -> Iterator[Function]:
        for module in self.project.tests.modules:
            yield from (f for f in module.scope.all_functions() if f.name.startswith("test"))

    def _assigned(self, functions: Iterable[Function]) -> dict[str, list[Function]]:
        """Functions by the noun of their name, or else of their class, file, folder, or the first path in them."""
        found: dict[str, list[Function]] = {}
        for function in functions:
            stem = os.path.basename(function.module.path).removesuffix(".py")
            owner = function.parent.name if isinstance(function.parent, Class) else ""
            folder = os.path.basename(function.module.folder)
            noun = next(filter(None, map(self._noun_in, (function.name, owner, stem, folder))), "")
            if not noun:
                text = function.module.text[function.node.body_start : function.node.end]
                noun = next(filter(None, map(self._noun_of_path, _PATH.findall(text))), "")
            if noun:
                found.setdefault(noun, []).append(function)
        return found

    # --- items -------------------------------------------------------------------------------------

    def _item(self, symbol: Class | Function) -> Item:
        owner = symbol.parent if isinstance(symbol, Function) else None
        name = f"{owner.name}.{symbol.name}" if isinstance(owner, Class) else symbol.name
        return self._at(name, symbol.module, symbol.node.name_start)

    def _route(self, route: Route) -> Item:
        paths = route.full_paths or (route.path or "?",)
        return self._at(f"{'/'.join(route.methods) or '?'} {paths[0]}", route.module, route.place.start)

    def _at(self, name: str, module: Module, offset: int) -> Item:
        path = relative_path(module.path, self.project.root)
        return Item(name, path, module.source.lines.position(offset)[0])


def _noun(name: str) -> str:
    words = snake_words(name)
    if len(words) > 1 and words[-1] in ("model", "orm", "table"):
        words = words[:-1]
    return singular("_".join(words))


def _is_link(model: Model) -> bool:
    keys = model.primary_keys
    return len(keys) > 1 and all(key.is_foreign_key for key in keys)
