"""Why the type of an identity cannot change to UUID: what is done with it that a UUID does not go with."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.column_types import is_integer_type
from fapi_lint.project.identity.cells import Cell, Fact, TypeName
from fapi_lint.project.identity.identifiers import Held, Identifiers, Identity, name_in_path
from fapi_lint.project.identity.sql_text import sqlite_places
from fapi_lint.project.mapped import Column
from fapi_lint.project.pairing import column_name
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Class, External, Function, Variable
from fapi_lint.project.values import Located
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

INTEGERS = frozenset(["int", "PositiveInt", "NonNegativeInt", "StrictInt", "conint"])
# fmt: off
_ANY = frozenset([
    "Any", "object", "UUID", "UUID4", "TypeVar", "None", "UUID1", "Hashable", "QueryableAttribute",
    "InstrumentedAttribute", "ColumnElement", "ColumnExpressionArgument",
])
# fmt: on
_DEFAULTS = ("default", "server_default", "insert_default", "default_factory", "onupdate", "server_onupdate")


class _Obstacle(NamedTuple):
    """Something that stands in the way of an identifier; by an alias, if the only way there is its type."""

    fact: Fact
    alias: str = ""


class Obstacles:
    """What stands in the way of the UUIDs of each identity."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.identifiers: Identifiers = project.identifiers
        self._known: dict[Identity, dict[Cell, _Obstacle]] = {}

    def said(self, held: Held) -> str:
        """The nearest obstacle to what is held somewhere, as a message says it: what, and where; empty if none is."""
        if held.identity not in self._known:
            self._known[held.identity] = self._nearest(held.identity)
        found = self._known[held.identity].get(held.cell)
        if found is None:
            return ""
        fact = found.fact
        whose = f"its type `{found.alias}` is also that of values that" if found.alias else "its values"
        where = self.project.by_path[fact.place.path].where(fact.place.start)
        return f"{whose} go where a UUID may not fit: {fact.text} at {where}"

    def _nearest(self, identity: Identity) -> dict[Cell, _Obstacle]:
        """For every place of an identity the obstacle to which values take the fewest steps.

        Obstacles in the application come before those in tests, and of both those at some place of the identity first.
        """
        flow, members = self.identifiers.flow, identity.cell.members
        everywhere = min(self._everywhere(identity), key=flow.rank, default=None)
        sources: dict[bool, list[tuple[Cell, Fact]]] = {True: [], False: []}
        for member in members:
            fact = min(self._at(member, identity), key=flow.rank, default=None)
            if fact is not None:
                sources[self._is_code(fact)].append((member, fact))
        if everywhere is not None and not sources[True] and (self._is_code(everywhere) or not sources[False]):
            return dict.fromkeys(members, _Obstacle(everywhere))
        found: dict[Cell, _Obstacle] = {}
        nearest = sorted(sources[True] or sources[False], key=lambda source: flow.rank(source[1]))
        queue = deque((member, _Obstacle(fact)) for member, fact in nearest)
        while queue:
            member, obstacle = queue.popleft()
            if member not in found:
                found[member] = obstacle
                alias = flow.aliases.get(member)
                beyond = obstacle if alias is None else _Obstacle(obstacle.fact, alias)
                queue.extend((other, beyond) for other in member.near)
        return found

    def _at(self, cell: Cell, identity: Identity) -> Iterator[Fact]:
        """What stands in the way at one place."""
        for fact in cell.told("facts"):
            if identity.is_uuid or not self.is_nobody(fact):
                yield fact
        for type_name in cell.told("type_names"):
            if not self.converts(type_name, identity) and not self._goes_along(type_name):
                text = type_name.module.slice(type_name.node)
                yield Fact(type_name.place, f"the annotation `{text}`")
        for parse in cell.told("parses"):
            if parse.inner is not None and parse.inner.root is not identity.cell and parse.to == "int":
                yield from (fact for fact in parse.inner.facts if fact.is_number)
        for parse in cell.told("parsed"):
            if parse.to == "int" and parse.call is not None:
                yield Fact(parse.module.place(parse.call), f"`{parse.module.slice(parse.call)}`")
        if identity.is_uuid:
            return
        for column in cell.told("columns"):
            yield from self._of_column(column, identity)
        for table, call in cell.told("table_columns"):
            type_ = call.argument("type_", 1)
            if not table.is_foreign_key(call) or (
                type_ is not None
                and not self.is_reference(type_.value)
                and not is_integer_type(self.project, Located(type_.value, table.variable.scope))
            ):
                yield Fact(table.module.place(call), f"`{table.column_name(call)}` of a `Table`")

    def _everywhere(self, identity: Identity) -> Iterator[Fact]:
        """What stands in the way of the whole identity, as far as is known."""
        flow = self.identifiers.flow
        if not identity.is_uuid:
            yield from self._of_databases()
            yield from (fact for fact in flow.unknown_classes if self._is_code(fact))
            names = {column.name for column in identity.cell.columns}
            for name, fact in self.identifiers.loose_facts.items():
                if name in names:
                    yield fact
            for name, fact, value in flow.swallowed:
                if name in names and value.root is not identity.cell and self._is_code(fact):
                    yield fact
            tables = [model.table for key in identity.keys for model in self.project.models.users_of(key.owner)]
            for place in flow.unknown_references if None in tables else ():
                yield Fact(place, "a foreign key to an unknown table")
        yield from self._of_routes(identity)
        asked = (*self._of_paths(identity), *self._of_asked(identity))
        yield from (fact for fact in asked if not self.is_nobody(fact))

    def _of_databases(self) -> Iterator[Fact]:
        """Before SQLAlchemy 2.0 the type is of PostgreSQL alone, and SQLite makes no table with it."""
        for place in sqlite_places(self.project) if not self.project.models.has_mapped_columns else ():
            yield Fact(place, "SQLite, which has no UUIDs before SQLAlchemy 2.0,")

    def _is_code(self, fact: Fact) -> bool:
        return self.project.purposes.is_application(self.project.by_path[fact.place.path])

    def is_nobody(self, fact: Fact) -> bool:
        """A number in a test that is too high for a row: the test asks for what does not exist."""
        module = self.project.by_path[fact.place.path]
        return (
            fact.literal is not None
            and (fact.literal >= _NOBODY or not fact.literal)
            and self.project.purposes.of(module) == "test"
        )

    def paths_to_nobody(self, identity: Identity) -> list[Fact]:
        """Paths like `/users/999999` in tests."""
        return [fact for fact in self._of_paths(identity) if self.is_nobody(fact)]

    def numbers_of_nobody(self, identity: Identity) -> list[Fact]:
        """Numbers like 999999 in tests that are identifiers, or stand for them in paths."""
        return [fact for fact in (*identity.cell.facts, *self._of_asked(identity)) if self.is_nobody(fact)]

    def converts(self, type_name: TypeName, identity: Identity) -> bool:
        """Whether a type in an annotation becomes UUID."""
        symbol, file = type_name.symbol, type_name.module
        if not isinstance(symbol, External) or file.slice(type_name.node).startswith(("'", '"')):
            return False
        if symbol.dotted == "builtins.str":
            return identity.is_uuid
        return symbol.name in INTEGERS and symbol.package in ("builtins", "pydantic")

    def _goes_along(self, type_name: TypeName) -> bool:
        symbol = type_name.symbol
        if symbol is None:
            return is_none(type_name.node)
        if isinstance(symbol, External):
            return symbol.name in _ANY
        if isinstance(symbol, Class):
            return False
        value = getattr(symbol, "value", None)
        return isinstance(value, o.Call) and o.dotted(value.func).endswith("TypeVar")

    @staticmethod
    def is_reference(expr: o.Expr) -> bool:
        return isinstance(expr, o.Call) and o.dotted(expr.func).rpartition(".")[2] == "ForeignKey"

    def _of_column(self, column: Column, identity: Identity) -> Iterator[Fact]:
        name, place = f"`{column.owner.name}.{column.name}`", column.place
        if self.project.settings.is_exempt("FAPI201", name.strip("`")):
            yield Fact(place, f"{name}, which is exempt,")
        if self.project.purposes.of(column.module) == "migration" or self.identifiers.holds_uuids(column):
            return  # A UUID that shares a place with integers, like the key of any model, stays what it is.
        if column.made_by is not None:
            yield Fact(place, f"{name}, which a function makes,")
        if column.has_unknown_arguments:
            yield Fact(place, f"{name}, whose arguments cannot all be seen,")
        if column.type_arg is not None and not is_integer_type(self.project, column.type_arg):
            yield Fact(place, f"{name}, which is no integer,")
        if column in identity.keys and not column.calls:
            yield Fact(place, f"{name}, which has no `mapped_column()`,")
        if not column.is_primary_key and not column.is_foreign_key and "id" not in column.name.lower():
            yield Fact(place, f"{name}, which does not look like an identifier,")
        for keyword in _DEFAULTS:
            given = column.argument(keyword)
            if given is not None and not is_none(given.expr):
                yield Fact(given.place, f"the default of {name}")
        for call in column.calls if column in identity.keys else ():
            for arg in call.expr.positional if isinstance(call.expr, o.Call) else ():
                made = self.project.resolver.resolve(call.scope, arg.value)
                if isinstance(made, Variable) and o.last_name(o.called(made.value)) == "Sequence":
                    yield Fact(call.scope.module.place(arg), f"the sequence `{made.name}`")
        for factory, value in self.project.factories.numbering(column.owner, column.name):
            yield Fact(factory.module.place(value), f"what `{factory.name}` makes of {name}")
        for binding in column.owner.scope.bindings.get("__table_args__", ()):
            for node in o.walk(binding.value) if binding.value is not None else ():
                if isinstance(node, o.Call) and o.dotted(node.func).endswith("CheckConstraint"):
                    text = column.module.slice(node)
                    if re.search(rf"\b{re.escape(column_name(column))}\b", text):
                        yield Fact(column.module.place(node), "a check constraint")

    # --- routes ------------------------------------------------------------------------------------

    def _of_routes(self, identity: Identity) -> Iterator[Fact]:
        """Converters in paths: `{id:int}`."""
        for route, name, path in self._paths(identity):
            if f"{{{name}:int}}" in path:
                yield Fact(route.place, "a path with `:int`")

    def _of_paths(self, identity: Identity) -> Iterator[Fact]:
        """Paths with numbers in tests."""
        for noun in self._nouns(identity):
            yield from self._numbers_in_paths.get(noun, ())

    def _of_asked(self, identity: Identity) -> Iterator[Fact]:
        """Numbers that tests put into paths."""
        for noun in self._nouns(identity):
            for root in dict.fromkeys(cell.root for cell in self.identifiers.flow.asked.get(noun, ())):
                if self.identifiers.by_cell(root) is None:
                    yield from (fact for fact in root.facts if fact.is_number)

    def _nouns(self, identity: Identity) -> list[str]:
        """What stands in paths before an identifier, unless it is a UUID already."""
        if identity.is_uuid:
            return []
        matches = (re.search(rf"/([\w-]+)/\{{{name}[:}}]", path) for _, name, path in self._paths(identity))
        nouns = {found[1] for found in matches if found is not None}
        tables = {model.table for key in identity.keys for model in self.project.models.users_of(key.owner)}
        return sorted(nouns.union(table for table in tables if table is not None and table not in self._known_nouns))

    @cached_property
    def _known_nouns(self) -> set[str]:
        """What stands before a parameter in the paths of routes. Others are those of routes that nobody can see."""
        paths = (path for route in self.project.routes.all for path in route.full_paths)
        return {noun for path in paths for noun in re.findall(r"/([\w-]+)/\{", path)}

    def _paths(self, identity: Identity) -> Iterator[tuple[Route, str, str]]:
        """The routes that take an identifier, the name by which they do, and their full paths."""
        for owner, name in identity.cell.slots:
            if not isinstance(owner, Function):
                continue
            param = owner.node.param(name)
            known = name if param is None else name_in_path(param)
            for route in self._routes.get(owner, ()):
                yield from ((route, known, path) for path in route.full_paths)

    @cached_property
    def _routes(self) -> dict[Function, list[Route]]:
        """The routes that call a function: as the handler, or as a dependency of it."""
        found: dict[Function, list[Route]] = {}
        for route in self.project.routes.all:
            if route.handler is not None:
                for function in (route.handler, *self.identifiers.dependencies(route.handler)):
                    found.setdefault(function, []).append(route)
        return found

    @cached_property
    def _numbers_in_paths(self) -> dict[str, list[Fact]]:
        """Literal paths like `/users/1` in tests, by what stands before the number."""
        found: dict[str, list[Fact]] = {}
        for module in self.project.modules:
            if self.project.purposes.of(module) == "test":
                for match in _NUMBERED.finditer(module.text):
                    place, number = Place(module.path, *match.span(2)), int(match[2])
                    found.setdefault(match[1], []).append(Fact(place, f"the path `{match[0]}`", literal=number))
        return found


_NOBODY = 100
"""From here on a number in a test stands for no row that the test has made."""
_NUMBERED = re.compile(r"/([\w-]+)/(-?\d+)(?=[/?'\"])")
