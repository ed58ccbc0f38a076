"""Handlers that return mapped objects and leave it to FastAPI to make the response of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.mapped import Model
from fapi_lint.project.objects.mapped_values import Mapped
from fapi_lint.project.routes import Route
from fapi_lint.project.schemas import Schema
from fapi_lint.project.symbols import External, Function
from fapi_lint.project.values import Located

if TYPE_CHECKING:
    from fapi_lint.project.project import Project


class Response(Struct, frozen=True):
    """The schema that a response is made of, or a list of it, as it is written."""

    schema: Schema
    node: o.Node
    is_list: bool


class OrmReturn(Struct, frozen=True, eq=False):
    """The values that a handler returns and that are mapped objects."""

    route: Route
    function: Function
    values: tuple[tuple[o.Expr, Model, bool], ...]
    """Each with its model, and whether it is a list."""
    response: Response | None
    """None where there is no response model, or another than one schema or a list of it."""
    is_whole: bool
    """Whether the handler returns nothing else."""


def orm_returns(project: Project) -> list[OrmReturn]:
    """Those of the judged files, in file and source order; one for a handler of several routes."""
    version = project.schemas.pydantic
    if not project.models.all or version == 1 or (version is None and project.schemas.uses_orm_mode):
        return []
    found = (_of(project, routes[0]) for routes in project.routes.by_handler.values())
    return sorted((each for each in found if each is not None), key=lambda r: (r.function.module.path, r.route.place))


def _of(project: Project, route: Route) -> OrmReturn | None:
    function = route.handler
    if function is None or route.returns is None or not project.purposes.is_application(route.module):
        return None
    if not project.is_judged(function.module):
        return None
    if function.node.is_generator or route.has_other_response or _is_without_model(route):
        return None
    values: list[tuple[o.Expr, Model, bool]] = []
    for value in route.returns.values:
        mapped = project.mapped_values.of(function.scope, value)
        if isinstance(mapped, Mapped) and mapped.form in ("object", "list"):
            values.append((value, mapped.model, mapped.form == "list"))
    response = _response(route, function)
    if not values or (response is not None and response.schema.pydantic == 1):
        return None
    return OrmReturn(route, function, tuple(values), response, len(values) == len(route.returns.values))


def _is_without_model(route: Route) -> bool:
    """`response_model=None`: the object itself is what is wanted."""
    located = route.argument("response_model")
    return located is not None and o.dotted(located.expr) == "None"


def _response(route: Route, function: Function) -> Response | None:
    schemas, located = route.project.schemas, route.argument("response_model")
    if located is None:
        if function.node.returns is None:
            return None
        located = Located(function.node.returns, function.enclosing)
    node = parse_annotation(located.expr)
    if isinstance(node, o.Subscript) and len(node.items) == 1:
        container = route.project.resolver.resolve(located.scope, node.value)
        if isinstance(container, External) and container.name in ("list", "List"):
            schema = schemas.named(located.scope, parse_annotation(node.items[0]))
            return None if schema is None else Response(schema, node.items[0], True)
        return None
    schema = schemas.named(located.scope, node)
    return None if schema is None or node is None else Response(schema, node, False)


def unready(schema: Schema) -> Iterator[Schema]:
    """The schemas, the given one or inside it, that do not read attributes for sure."""
    seen: set[Schema] = set()
    pending = [schema]
    while pending:
        current = pending.pop()
        if current in seen:
            continue
        seen.add(current)
        if current.from_attributes is not True:
            yield current
        pending += current.parts
