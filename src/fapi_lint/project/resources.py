"""Resources: the nouns that schemas are named after, as far as names, models and routes agree on them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from msgspec import Struct

from fapi_lint.config.settings import Role
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.grouping import grouped
from fapi_lint.project.part import Part
from fapi_lint.project.routes import Route
from fapi_lint.project.schemas import NEUTRAL, Schema, ends_with_word
from fapi_lint.project.symbols import Class, Scope, Variable

ENVELOPES = ("Body", "DTO", "Data", "Dto", "Form", "Input", "Params", "Payload", "Request")
"""Endings that say how something arrives, and nothing about what it is for."""
_LISTS = ("list", "List", "Sequence")
_CRUD_PATH = re.compile(r"/([a-z][a-z0-9_-]*)(?:/\{[^/]*\})?/?$")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[0-9]+")


class SchemaName(Struct, frozen=True):
    """What the name of a schema says: `word` of UserRead is `Read`, and its resource `User`."""

    resource: str
    role: Role
    word: str
    is_conventional: bool
    """Spelled as the conventions ask."""


class Resources(Part):
    """The resources of an application, and which schemas stand for them."""

    @cached_property
    def _suffixes(self) -> dict[Role, str]:
        return self.project.settings.conventions.schema_suffixes.by_role()

    def parse(self, name: str) -> SchemaName | None:
        """The resource and the role that a name spells; None where it spells no role, or two."""
        conventions = self.project.settings.conventions
        for role, suffix in self._suffixes.items():
            if stem := _without_suffix(name, suffix):
                return SchemaName(stem, role, suffix, is_conventional=True)
        for suffix, role in conventions.schema_synonyms.items():
            if stem := _without_suffix(name, suffix):
                inner = self.parse(stem)
                if inner is None:
                    return SchemaName(stem, role, suffix, is_conventional=False)
                if inner.role == role or suffix == NEUTRAL:
                    return SchemaName(inner.resource, inner.role, inner.word, is_conventional=False)
                return None
        prefixed = None
        for prefix, role in conventions.schema_prefixes.items():
            if name.startswith(prefix) and name[len(prefix) : len(prefix) + 1].isupper():
                prefixed = SchemaName(name.removeprefix(prefix), role, prefix, is_conventional=False)
        if prefixed is not None and prefixed.resource in self.project.models.by_name:
            return prefixed
        for word in ENVELOPES:
            inner = self.parse(stem) if (stem := _without_suffix(name, word)) else None
            if inner is not None and inner.role in ("create", "update"):
                return SchemaName(inner.resource, inner.role, word, is_conventional=False)
        return prefixed

    def noun_of(self, schema: Schema) -> str:
        """What a schema is about: User for UserInDBBase, and for UserDetail where routes of users answer with it."""
        name = schema.name
        while (named := self.parse(name)) is not None:
            name = named.resource
        return self._answered.get(schema.class_, name) if name == schema.name else name

    def expected_name(self, schema: Schema) -> str | None:
        """What a schema of a resource should be called; None if it is, or is not known to be one."""
        return self._expected.get(schema.class_)

    def rivals(self, schema: Schema) -> list[Schema]:
        """Other schemas that should bear the same name, and have no less claim to it than this one."""
        others = (self.project.schemas.by_class[other] for other in self._wanting[self._expected[schema.class_]])
        claim = self._claim(schema)
        return [other for other in others if other.name != schema.name and self._claim(other) <= claim]

    def _claim(self, schema: Schema) -> int:
        """UserRead says its role, User stands for the resource; UserDetail is only answered with, as they may be."""
        if self.parse(schema.name) is not None:
            return 0
        return 1 if schema.name == self._answered.get(schema.class_) else 2

    @cached_property
    def _expected(self) -> dict[Class, str]:
        found = {}
        for schema in self.project.schemas.all:
            resource, role = self._reading(schema)
            # Where responses to a survey are the resource, no schema is called ResponseResponse.
            if resource and role is not None and resource != self._suffixes[role] and not schema.is_generic:
                found[schema.class_] = resource + self._suffixes[role]
        return found

    def _reading(self, schema: Schema) -> tuple[str, Role | None]:
        """The resource and the role of a schema that is not named as the conventions ask."""
        named = self.parse(schema.name)
        if named is None:
            return self._answered.get(schema.class_, ""), "response"
        if named.is_conventional or named.word in ENVELOPES or not self.is_resource(named.resource):
            return "", None
        answers, methods = schema.class_ in self.answers, self.bodies.get(schema.class_, set())
        if named.role in ("create", "update"):
            # What a route answers with after creating is no body of a request, nor is an XIn that an answer contains.
            is_part = schema.name.endswith(named.word) and schema in self.project.schemas.responses
            is_answered = answers or is_part
            return named.resource, None if is_answered and not methods else named.role
        is_more = schema.class_ in self._inherited or schema.class_ in self.sent
        if schema.name.endswith(NEUTRAL) and not answers and not methods and is_more:
            return "", None  # as much a base, or part of what clients send, as a response
        if named.role == "response" and methods and not answers:
            by_use: Role | None = "create" if methods == {"POST"} else "update" if "POST" not in methods else None
            return named.resource, by_use
        return named.resource, named.role

    @cached_property
    def taken(self) -> set[str]:
        """The names of all classes."""
        return {class_.name for class_ in self.project.classes}

    @cached_property
    def _wanting(self) -> dict[str, list[Class]]:
        return grouped((expected, class_) for class_, expected in self._expected.items())

    # --- what a resource is ------------------------------------------------------------------------

    def is_resource(self, name: str) -> bool:
        """A model bears the name, CRUD routes serve it, or a family of schemas does."""
        models = self.project.models.by_name
        if name in models or f"{name}Model" in models or name in self._served:
            return True
        family = self._families.get(name, ())
        roles = {member.role for member in family}
        # XIn and XOut alone may as well be what goes into a calculation and comes out of it.
        has_verb = any(member.word == self._suffixes[member.role] for member in family)
        return len(roles) > 2 or (has_verb and len(roles) + self._has_identity(name) > 1)

    def _has_identity(self, name: str) -> bool:
        return any("id" in schema.fields for schema in self.project.schemas.by_name.get(name, ()))

    @cached_property
    def _families(self) -> dict[str, list[SchemaName]]:
        names = (self.parse(schema.name) for schema in self.project.schemas.all)
        return grouped((named.resource, named) for named in names if named is not None)

    # --- what routes say ---------------------------------------------------------------------------

    @cached_property
    def answers(self) -> set[Class]:
        """The schemas that some route answers with, as `X` or `list[X]`."""
        found = {class_ for route in self.project.routes.all for class_ in self._response_models(route)}
        for route in self.project.routes.all:
            if route.handler is not None:
                found.update(self._classes(route.handler.enclosing, route.handler.node.returns))
        return found

    @cached_property
    def _inherited(self) -> set[Class]:
        return {base for schema in self.project.schemas.all for base in schema.ancestors if base is not schema.class_}

    @cached_property
    def bodies(self) -> dict[Class, set[str]]:
        """The schemas that handlers take, and the methods of their routes."""
        found: dict[Class, set[str]] = {}
        for route in self.project.routes.all:
            if route.handler is not None:
                for param in route.handler.node.params:
                    if self.project.dependencies.injected(route.handler, param):
                        continue
                    for class_ in self._classes(route.handler.enclosing, param.annotation):
                        found.setdefault(class_, set()).update(route.methods)
        return found

    @cached_property
    def sent(self) -> set[Class]:
        """The schemas that handlers take, and those in the fields of them."""
        found = set(self.bodies)
        pending = [*found]
        while pending:
            for part in self.project.schemas.by_class[pending.pop()].parts:
                if part.class_ not in found:
                    found.add(part.class_)
                    pending.append(part.class_)
        return found

    @cached_property
    def _served(self) -> frozenset[str]:
        """The resources that CRUD routes answer with."""
        return frozenset(self._answered.values())

    @cached_property
    def _answered(self) -> dict[Class, str]:
        """Schemas that CRUD routes of a resource answer with, and that begin with the resource's name."""
        found: dict[Class, str] = {}
        for route in self.project.routes.all:
            nouns = {noun for path in route.full_paths if (noun := _noun(path))}
            for class_ in self._response_models(route) if nouns else ():
                resource = _resource_of(class_.name, nouns)
                if resource and class_ not in found and self._represents(class_, resource):
                    found[class_] = resource
        return found

    def _response_models(self, route: Route) -> Iterator[Class]:
        located = route.response_model
        return iter(()) if located is None else self._classes(located.scope, located.expr)

    def _classes(
        self, scope: Scope, annotation: o.Node | None, seen: set[tuple[Scope, str]] | None = None
    ) -> Iterator[Class]:
        """The schemas of an annotation that is one, or a list of one, or None; `Annotated` and aliases seen through.

        Every alias is `seen` through once.
        """
        seen = set() if seen is None else seen
        for member in self.project.resolver.union_members(scope, annotation):
            if isinstance(member, o.Subscript):
                if o.dotted(member.value).rpartition(".")[2] in (*_LISTS, "Annotated"):
                    yield from self._classes(scope, member.items[0], seen)
                continue
            symbol = None if is_none(member) else self.project.resolver.resolve(scope, member)
            if isinstance(symbol, Variable) and isinstance(symbol.value, o.Subscript):
                if (symbol.scope, symbol.name) not in seen:
                    seen.add((symbol.scope, symbol.name))
                    yield from self._classes(symbol.scope, symbol.value, seen)
            elif isinstance(symbol, Class) and symbol in self.project.schemas.by_class:
                yield symbol

    def _represents(self, class_: Class, resource: str) -> bool:
        """Whether a schema shows the resource itself: no page or list around others of its schemas, nothing generic,
        and no mere part, which has neither an id nor anything of a schema of the resource."""
        if any(isinstance(base.value, o.Subscript) for base in class_.node.bases):
            return False
        schema = self.project.schemas.by_class[class_]
        inherits = any(base.name.startswith(resource) for base in schema.ancestors[1:])
        if class_.name != resource and "id" not in schema.fields and not inherits:
            return False
        return not any(
            inner is not class_ and inner.name.startswith(resource) and self._role_in(inner.name, resource)
            for each in schema.fields.values()
            for inner in self._classes(each.scope, each.annotation)
        )

    def _role_in(self, name: str, resource: str) -> bool:
        """Whether a name that begins with a resource's may be that of one of its schemas: OrderLineOut is a part's."""
        named = self.parse(name)
        return named is None or named.resource == resource


def _without_suffix(name: str, suffix: str) -> str:
    """What stands before a suffix that is a word of its own; empty if it does not end so."""
    return name.removesuffix(suffix) if ends_with_word(name, suffix) else ""


def _noun(path: str) -> str:
    """The collection that a CRUD path is about: `tags` of `/v1/tags` and `/v1/tags/{tag_id}`, in lower case."""
    match = _CRUD_PATH.search(path)
    return re.sub(r"[-_]", "", match[1]) if match else ""


def _resource_of(name: str, nouns: set[str]) -> str:
    """The name of a schema without its last word, or with it, where the plural is one of the nouns of paths."""
    words = _WORDS.findall(name)
    for end in (len(name) - len(words[-1]), len(name)) if words else ():
        singular = name[:end].lower()
        plurals = {singular + "s", singular + "es", re.sub("y$", "ies", singular)} - {singular}
        if not plurals.isdisjoint(nouns):
            return name[:end]
    return ""
