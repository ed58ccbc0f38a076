from __future__ import annotations

import re
from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.fix.imports import Spelling, spell
from fapi_lint.fix.text import insert_keyword
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation, union_members
from fapi_lint.project.project import Project
from fapi_lint.project.returns import Returns, Shape
from fapi_lint.project.routes import Route
from fapi_lint.project.symbols import Class, Function, Variable
from fapi_lint.rules.rule import Finding, rule

_COMMENT = re.compile(r"#[^\n]*")
_WITHOUT_BODY = re.compile(r"(?:^|_)(?:1\d\d|204|205|304)(?:_|$)|NO_CONTENT$|RESET_CONTENT$|NOT_MODIFIED$")


@rule("FAPI401", "response-model", fix=Applicability.SAFE, preference="API Endpoints")
def response_model(route: Route, project: Project) -> Iterator[Finding]:
    """A route does not specify `response_model=`.

    The response model documents the answer, validates it, and keeps out what it does not name, whatever the
    handler returns. `response_model=None` says that there is none, and is specified.

    Not reported are routes without a body (204, 205, 304, HEAD), those that return a `Response` or have a
    `response_class` other than JSON's, generators, and routers of the application that take the response model from
    the annotation themselves.

    Bad:
        ```python app/api/v1/endpoints/users.py
        from uuid import UUID

        from fastapi import APIRouter

        from app.schemas.user import UserResponse
        from app.services.user_service import get_user_service

        router = APIRouter()


        @router.get("/users/{user_id}")
        async def get_user(user_id: UUID) -> UserResponse:
            return UserResponse.model_validate(await get_user_service(user_id))
        ```

    Good:
        ```python app/api/v1/endpoints/users.py
        from uuid import UUID

        from fastapi import APIRouter

        from app.schemas.user import UserResponse
        from app.services.user_service import get_user_service

        router = APIRouter()


        @router.get("/users/{user_id}", response_model=UserResponse)
        async def get_user(user_id: UUID) -> UserResponse:
            return UserResponse.model_validate(await get_user_service(user_id))
        ```

    Fix safety: safe from a return annotation, which FastAPI takes for the response model since 0.89; unsafe where
    an older version is allowed, or another decorator stands between. Unsafe too without an annotation, where every
    path returns the same schema or a list of it: its subclasses lose their own fields. Otherwise there is no fix.

    Options:
        `response-model = "keyword-or-annotation"` accepts a return annotation in place of the argument.
    """
    if not project.purposes.is_application(route.module) or not _lacks_model(route, project):
        return
    assert route.handler is not None
    assert route.returns is not None
    fix = _fix(route, route.handler, route.returns, project)
    yield Finding.of(route.place, f"{route.label} does not specify `response_model`", fix)


def _lacks_model(route: Route, project: Project) -> bool:
    handler, returns = route.handler, route.returns
    if (
        handler is None
        or returns is None
        or route.has_unknown_arguments
        or route.argument("response_model") is not None
    ):
        return False
    if set(route.methods) <= {"HEAD", "OPTIONS"} or _has_no_body(route) or route.has_other_response:
        return False
    if handler.node.is_generator or _is_specified_elsewhere(route, handler):
        return False
    if handler.node.returns is not None:
        if project.settings.response_model == "keyword-or-annotation":
            return False
        members = union_members(handler.node.returns)
        return not any(project.http.annotates_response(handler.enclosing, member) for member in members)
    return not returns.always_raises and (returns.has_data or not returns.has_response)


def _has_no_body(route: Route) -> bool:
    located = route.argument("status_code")
    if located is None:
        return False
    symbol = route.project.resolver.resolve(located.scope, located.expr)
    expr = symbol.value if isinstance(symbol, Variable) and symbol.value is not None else located.expr
    name = str(expr.value) if isinstance(expr, o.Number) else o.dotted(expr).removesuffix(".value").rpartition(".")[2]
    return _WITHOUT_BODY.search(name) is not None


def _is_specified_elsewhere(route: Route, handler: Function) -> bool:
    """A wrapper, or the application's own router, has something to say about response models."""
    if isinstance(route.wrapper, Function):
        node = route.wrapper.node
        return "response_model" in route.wrapper.module.text[node.start : node.end]
    if route.router.infers_response_model:
        return handler.node.returns is not None
    if route.router.class_ is None:
        return False
    node_ = route.router.class_.node
    decides = "response_model" in route.router.class_.module.text[node_.start : node_.end]
    return decides and handler.node.returns is not None


def _fix(route: Route, handler: Function, returns: Returns, project: Project) -> Fix | Refusal:
    if not route.accepts("response_model"):
        return Refusal("what declares the route passes no such argument on")
    if handler.node.returns is not None:
        return _from_annotation(route, handler, project)
    if returns.shape is None:
        nothing = "it returns nothing, which `response_model=None` or the status 204 would say"
        return Refusal("what it returns is no single schema for sure" if returns.values else nothing)
    spelled = _spelled(route, returns.shape)
    if spelled is None:
        what = f"a list of `{returns.shape[0].name}`" if returns.shape[1] else f"`{returns.shape[0].name}`"
        return Refusal(f"{what} cannot be named where the decorator stands")
    title = f"Add `response_model={spelled.text}`: the response is validated and filtered by it"
    return _added(route, spelled, title, Applicability.UNSAFE)


def _from_annotation(route: Route, handler: Function, project: Project) -> Fix | Refusal:
    annotation = parse_annotation(handler.node.returns)
    quoted = handler.node.returns if isinstance(handler.node.returns, o.String) else None
    if (
        annotation is None
        or isinstance(annotation, o.NamedExpr)
        or (quoted is not None and annotation.start == quoted.start)
    ):
        return Refusal("the annotation cannot be read")
    text = route.module.slice(annotation)
    shown = " ".join(_COMMENT.sub("", text).split())
    missing = next((name for name in _names(annotation) if not _is_bound(route, handler, name)), None)
    if missing is not None:
        return Refusal(f"`{missing.id}` has no value yet, or another one, where the decorator runs")
    fastapi = project.versions.fastapi
    alike = fastapi.at_least(0, 89) or (fastapi.lowest is None and not fastapi.is_below(0, 89))
    between = any(d.start > route.call.end and not _is_route(d, handler, project) for d in handler.node.decorators)
    if alike and not between and not route.is_wrapped:
        return _added(route, Spelling(text), f"Add `response_model={shown}`", Applicability.SAFE)
    effect = "is not validated" if is_none(annotation) else "is validated and filtered by it"
    title = f"Add `response_model={shown}`: the response {effect}"
    return _added(route, Spelling(text), title, Applicability.UNSAFE)


def _added(route: Route, spelled: Spelling, title: str, applicability: Applicability) -> Fix:
    edit = insert_keyword(route.module, route.call, f"response_model={spelled.text}", after=("path", "endpoint"))
    return Fix(title, applicability, (edit,), spelled.needs)


def _is_route(decorator: o.Decorator, handler: Function, project: Project) -> bool:
    return any(route.decorator is decorator for route in project.routes.by_handler[handler])


def _names(annotation: o.Node) -> Iterator[o.Name]:
    """The names that an annotation reads, those inside quotes too."""
    for node in o.walk(annotation):
        if isinstance(node, o.Name):
            yield node
        elif isinstance(node, o.String) and (inner := parse_annotation(node)) is not None:
            yield from _names(inner)


def _is_bound(route: Route, handler: Function, name: o.Name) -> bool:
    """Whether a name has its value when the decorator runs: not under `TYPE_CHECKING`, not further down.

    `list` may be a method there, while FastAPI reads `-> "list[int]"` with what the module has.
    """
    found = handler.enclosing.lookup(name.id)
    if found is None:
        return True
    scope, bindings = found
    if any(isinstance(binding.definition, Function) for binding in bindings):
        return False
    return any(
        not binding.type_checking and (scope is not handler.enclosing or binding.statement.end <= route.place.start)
        for binding in bindings
    )


def _spelled(route: Route, shape: Shape) -> Spelling | None:
    """The schema, or the list of it, as the decorator can name it."""
    schema, many = shape
    spelled = _named(route, schema)
    if spelled is None or not many:
        return spelled
    assert route.handler is not None
    if route.handler.enclosing.lookup("list") is not None:
        return None
    return Spelling(f"list[{spelled.text}]", spelled.needs)


def _named(route: Route, schema: Class) -> Spelling | None:
    module, at = route.module, route.place.start
    for name, bindings in module.scope.bindings.items():
        last = bindings[-1]
        if (
            last.statement.end <= at
            and not last.type_checking
            and route.project.resolver.member(module, name) is schema
        ):
            return Spelling(name)
    if schema.module is module or schema.parent is not None:
        return None
    return spell(module, f"{schema.module.name}.{schema.name}", at)
