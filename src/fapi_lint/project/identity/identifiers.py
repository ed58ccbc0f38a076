"""Identifiers: the keys of models, and everything in the application that holds their values.

What holds the same identifiers is one `Identity`: keys, foreign keys, fields of schemas, parameters, variables. Its
type can only change as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.column_types import is_integer_type, python_type, type_class
from fapi_lint.project.entity import nearest
from fapi_lint.project.identity.cells import Cell, Fact, TypeName, join
from fapi_lint.project.identity.columns import join_columns
from fapi_lint.project.identity.flow import Flow
from fapi_lint.project.identity.outside import names_in_path
from fapi_lint.project.identity.passing import link
from fapi_lint.project.identity.places import names_type
from fapi_lint.project.identity.sql_text import read_texts
from fapi_lint.project.identity.walk import walk
from fapi_lint.project.mapped import Column, Model
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Class, External, Function, Scope
from fapi_lint.project.traversal import paths
from fapi_lint.project.value_types import value_type
from fapi_lint.project.values import Located
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_RAW = re.compile(r"\b[dD]ict\b(?!\[)|\b[dD]ict\[[^\[\]]*\bAny\]")
_PLURAL_IDS = re.compile(r"_ids$|_id_list$")


class Identity(Struct, frozen=True, eq=False, weakref=True):
    """What holds the same identifiers."""

    cell: Cell
    keys: tuple[Column, ...]
    """The primary keys among the columns: those that are no foreign keys."""
    is_uuid: bool
    """Whether all columns are UUIDs already: where only some are, different things flow through the same places."""

    @property
    def name(self) -> str:
        return ", ".join(f"{key.owner.name}.{key.name}" for key in self.keys)


class Held(NamedTuple):
    """A place where identifiers are, and the identity that they belong to."""

    cell: Cell
    identity: Identity


class Identifiers:
    """All identities of an application."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._dependencies: dict[Function, list[Function]] = {}

    # --- keys --------------------------------------------------------------------------------------

    @cached_property
    def keys(self) -> list[Column]:
        """The primary keys of the application's tables that are no foreign keys, and the whole key each."""
        found = []
        for column in self.project.models.columns:
            if not column.is_primary_key or column.is_foreign_key:
                continue
            if self.project.purposes.is_application(column.module) and any(
                model.columns.get(column.name) is column and len(model.primary_keys) == 1 and not model.is_view
                for model in self.project.models.users_of(column.owner)
            ):
                found.append(column)
        return found

    @cached_property
    def integer_keys(self) -> list[Column]:
        return [key for key in self.keys if self.holds_integers(key)]

    @cached_property
    def uuid_keys(self) -> list[Column]:
        return [key for key in self.keys if self.holds_uuids(key)]

    @cached_property
    def uuid_types(self) -> set[str]:
        """The names of the column types of the UUID keys."""
        written = (type_class(self.project, key.type_arg) for key in self.uuid_keys if key.type_arg is not None)
        return {symbol.name for symbol in written if isinstance(symbol, External)}

    def holds_integers(self, column: Column) -> bool:
        """Whether a column is an integer by its written type, else by its annotation."""
        if column.type_arg is not None:
            return is_integer_type(self.project, column.type_arg)
        return python_type(self.project, column.scope, column.mapped_type) == External("builtins.int")

    def holds_uuids(self, column: Column) -> bool:
        type_ = value_type(self.project, column)
        if type_ is not None:
            return type_.name == "uuid.UUID"
        symbol = python_type(self.project, column.scope, column.mapped_type)
        return isinstance(symbol, External) and symbol.is_from("uuid", "UUID")

    # --- identities --------------------------------------------------------------------------------

    def of(self, key: Column) -> Held | None:
        """What a key holds; None if it is not known to be integers or UUIDs."""
        return self._held(self.flow.column(key))

    def _held(self, cell: Cell) -> Held | None:
        identity = self.by_cell(cell)
        return None if identity is None else Held(cell, identity)

    def by_cell(self, cell: Cell) -> Identity | None:
        """The identity that a set of identifiers is."""
        return self._identities.get(cell.root)

    def uuids_of_slot(self, owner: Class | Function, name: str) -> Held | None:
        """What a field or a parameter holds, if anything told it, and the keys are UUIDs."""
        if not self.uuid_keys:
            return None  # Nothing has to be followed to know that.
        cell = self.flow.slot(owner, name)
        if cell is None:
            return None
        is_container = cell.has("list") or cell.has("dict")
        held = self._held(cell.entry() if is_container else cell)
        return held if held is not None and held.identity.is_uuid else None

    @cached_property
    def all(self) -> list[Identity]:
        return list(self._identities.values())

    @cached_property
    def _identities(self) -> dict[Cell, Identity]:
        found: dict[Cell, list[Column]] = {}
        for key in self.keys:
            found.setdefault(self.flow.column(key).root, []).append(key)
        return {
            cell: Identity(cell, tuple(keys), all(self.holds_uuids(column) for column in cell.columns))
            for cell, keys in found.items()
            if any(self.holds_integers(key) or self.holds_uuids(key) for key in keys)
        }

    @cached_property
    def loose_facts(self) -> dict[str, Fact]:
        """What is done to attributes of objects that are not known, by the name of the attribute."""
        found: dict[str, Fact] = {}
        untyped = {cell.root for cell in self.flow.untyped_cells}
        for root in dict.fromkeys(cell.root for cell in self.flow.loose_cells):
            numbers = [fact for fact in root.facts if fact.is_number and self._is_code(fact.place)]
            if root in self._identities:
                continue
            texts = [f"with {fact.text}" for fact in numbers]
            if root in untyped and not root.columns:
                texts += ["in a field that is an integer" for each in root.type_names if self._is_integer(each)]
            for name, place in root.loose if texts else ():
                if self._is_code(place):
                    found.setdefault(name, Fact(place, f"`{name}` of something unknown, {texts[0]}"))
        return found

    def _is_integer(self, type_name: TypeName) -> bool:
        """Whether a field of a schema takes integers only, which shows when the application runs."""
        is_field = type_name.kind == "field" and type_name.symbol == External("builtins.int")
        return is_field and self._is_code(type_name.place)

    def _is_code(self, place: Place) -> bool:
        """Whether a place is in the application: tests have objects of their own, with numbers as they like."""
        return self.project.purposes.is_application(self.project.by_path[place.path])

    # --- the analysis ------------------------------------------------------------------------------

    @cached_property
    def names(self) -> frozenset[str]:
        """The attributes that hold the keys, and the references to them."""
        columns = self.project.models.columns
        return frozenset(c.name for c in columns if c.is_primary_key or c.is_foreign_key) or frozenset()

    @cached_property
    def flow(self) -> Flow:
        """Everything joined that is known to hold the same."""
        flow = Flow(self.project, self.names)
        if self.integer_keys or self.uuid_keys:
            with self.project.timed("identifiers"):
                self._join(flow)
        return flow

    def _join(self, flow: Flow) -> None:
        join_columns(flow)
        walk(flow, self.keys)
        read_texts(flow)
        for route in self.project.routes.all:
            if route.handler is not None:
                self._join_route(flow, route, route.handler)
        for function, name in flow.sockets:
            for each in (function, *self.dependencies(function)):
                taken = each.node.param(name)
                if taken is not None:
                    self._join_name(flow, flow.parameter(each, taken), name, each.enclosing, taken.annotation)
        for schema in self.project.schemas.all:
            self._join_names(flow, schema.class_)
        for text, parsed in flow.parsed_uuids:
            if any(isinstance(owner, Function) for owner, _ in text.slots):
                join(text, parsed)
        for one, other in flow.entities.unions:
            link(flow, one, other)
        flow.spread_dumps()

    # --- routes and schemas ------------------------------------------------------------------------

    def _join_route(self, flow: Flow, route: Route, handler: Function) -> None:
        self._join_body(flow, handler)
        functions = [handler, *self.dependencies(handler)]
        for name in path_names(route):
            named = [(f, param) for f in functions for param in f.node.params if name_in_path(param) == name]
            for function, param in named[1:]:
                join(flow.parameter(*named[0]), flow.parameter(function, param))
            for function, param in named[:1]:
                self._join_name(flow, flow.parameter(function, param), param.name, handler.enclosing, param.annotation)
        model = flow.entities.returned(handler)
        located = route.argument("response_model")
        if model in self.project.models.by_class:
            scope = located.scope if located is not None else handler.enclosing
            expr = located.expr if located is not None else handler.node.returns
            for schema in self.project.schemas.named_in(scope, expr):
                link(flow, schema, model)
        elif located is not None or handler.node.returns is not None:
            self._join_returned(flow, handler)
            if located is not None:
                self._join_answer(flow, handler, located)

    def _join_body(self, flow: Flow, handler: Function) -> None:
        """JSON that a handler takes as it comes: `dict`, `dict[str, Any]`, `list[dict]`."""
        for param in handler.node.params:
            text = "" if param.annotation is None else handler.module.slice(param.annotation)
            if _RAW.search(text) and not any(self.project.dependencies.markers(handler, param)):
                flow.dumped(flow.parameter(handler, param), handler.enclosing, param, "JSON, in which a UUID is text,")

    def _join_returned(self, flow: Flow, handler: Function) -> None:
        """The objects that a function returns, where its annotation is a schema, or nothing."""
        scope = handler.scope
        model = None
        for node, _ in paths(scope.body, o.Return):
            model = model or flow.entities.of(scope, node.value, {})
        for schema in self.project.schemas.named_in(handler.enclosing, handler.node.returns):
            if model in self.project.models.by_class:
                link(flow, schema, model)

    def _join_answer(self, flow: Flow, handler: Function, model: Located) -> None:
        """What a handler returns is what its `response_model=` says: identifiers, a dict of them, a dict of fields."""
        answer, schemas = flow.returned(handler), self.project.schemas
        given = answer
        node = parse_annotation(model.expr)
        if isinstance(node, o.Subscript) and o.dotted(node.value).rpartition(".")[2] in ("list", "List"):
            node, given = parse_annotation(node.items[0]), answer.item()
        symbol = self.project.resolver.resolve(model.scope, node)
        schema = schemas.by_class.get(symbol) if isinstance(symbol, Class) else None
        if schema is not None and schema.is_root:
            join(given, flow.attribute(schema.class_, "root"))
        elif schema is not None:
            for name in schema.fields:
                held = flow.attribute(schema.class_, name)
                if held is not None:
                    join(given.part(name), held)
        elif not any(class_ in schemas.by_class for class_ in schemas.named_in(model.scope, model.expr)):
            flow.annotate(answer, model.scope, model.expr, "return")

    @cached_property
    def path_parameters(self) -> dict[Function, set[str]]:
        """The functions that get path parameters, handlers and dependencies, and the names of these in the path."""
        found: dict[Function, set[str]] = {}
        for route in self.project.routes.all:
            if route.handler is not None:
                for function in (route.handler, *self.dependencies(route.handler)):
                    found.setdefault(function, set()).update(path_names(route))
        return found

    def dependencies(self, function: Function) -> list[Function]:
        """The functions that FastAPI calls for a function's parameters, those for their parameters included."""
        if function not in self._dependencies:
            self._dependencies[function] = list(self._find_dependencies(function, set()))
        return self._dependencies[function]

    def _find_dependencies(self, function: Function, seen: set[Function]) -> Iterator[Function]:
        for param in function.node.params:
            for marker in self.project.dependencies.markers(function, param):
                symbol = self.project.resolver.resolve(marker.scope, marker.called)
                if isinstance(symbol, Class):
                    symbol = self.project.resolver.class_member(symbol, "__init__")
                if isinstance(symbol, Function) and symbol not in seen:
                    seen.add(symbol)
                    yield symbol
                    yield from self._find_dependencies(symbol, seen)

    def _join_names(self, flow: Flow, class_: Class) -> None:
        """A field of a schema called as what the schema's own model has, or as a model's key, holds that."""
        project = self.project
        schema = project.schemas.by_class[class_]
        named = project.models.by_name.get(project.resources.noun_of(schema), ())
        models = nearest(schema.module, (m for m in named if project.purposes.is_application(m.module)))
        for field in schema.own_fields:
            if "id" not in field.name:
                continue
            columns = [model.columns[field.name] for model in models if field.name in model.columns]
            columns = self._meant([column for column in columns if column.is_primary_key or column.is_foreign_key])
            for column in columns:
                join(flow.attribute(class_, field.name), flow.column(column))
            if columns:
                continue
            cell = flow.attribute(class_, field.name)
            if cell is not None:
                self._join_name(flow, cell, field.name, field.scope, field.annotation)

    def _join_name(self, flow: Flow, cell: Cell, name: str, scope: Scope, annotation: o.Node | None) -> None:
        """`user_id: int` and `user_ids: list[int]` hold the keys of User, if there is such a model."""
        stem = _PLURAL_IDS.sub("_id", name).removesuffix("_id")
        if stem == name or not names_type(self.project, scope, annotation, "int", "str"):
            return
        models = nearest(scope.module, (m for m in self._by_snake.get(stem, ()) if len(m.primary_keys) == 1))
        held = cell.item() if cell.has("list") else cell
        keys = [key for key in self._meant([model.primary_keys[0] for model in models]) if key in self._key_set]
        # Most are joined already, and what is known of a large set takes long to ask.
        if all(flow.column(key).root is held.root for key in keys) or self._is_known(cell):
            return
        for key in keys:
            join(held, flow.column(key))

    def _is_known(self, cell: Cell) -> bool:
        """Whether it is known already what a place holds; a column of integers that is no key says little."""
        return any(c.is_primary_key or c.is_foreign_key or not self.holds_integers(c) for c in cell.columns)

    def _meant(self, columns: list[Column]) -> list[Column]:
        """Which columns an integer may stand for: of several, none that holds UUIDs already."""
        return columns if len(columns) == 1 else [column for column in columns if self.holds_integers(column)]

    @cached_property
    def _key_set(self) -> set[Column]:
        return set(self.keys)

    @cached_property
    def _by_snake(self) -> dict[str, list[Model]]:
        found: dict[str, list[Model]] = {}
        for model in self.project.models.all:
            if self.project.purposes.is_application(model.module):
                snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", model.name).lower()
                found.setdefault(snake, []).append(model)
        return found


def path_names(route: Route) -> list[str]:
    """The names of a route's path parameters."""
    return list(dict.fromkeys(name for path in route.full_paths for name in names_in_path(path)))


def name_in_path(param: o.Param) -> str:
    """The name of a parameter in the path: its own, or the `alias=` of its `Path(…)`."""
    for node in o.walk(*filter(None, (param.default, param.annotation))):
        if isinstance(node, o.Call) and o.dotted(node.func).rpartition(".")[2] == "Path":
            alias = node.argument("alias")
            if alias is not None and isinstance(alias.value, o.String):
                return alias.value.value or ""
    return param.name
