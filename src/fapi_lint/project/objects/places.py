"""The places where objects come from, and those after which they have to be loaded anew: each is one `Origin`."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model
from fapi_lint.project.objects.origins import NONE, Objects, Origin
from fapi_lint.project.symbols import Class, Function
from fapi_lint.project.traversal import paths

if TYPE_CHECKING:
    from fapi_lint.project.objects.walk import Walk


RUNS = frozenset(["exec", "execute", "get", "get_one", "scalar", "scalars", "stream", "stream_scalars"])
"""Methods of a session that give rows or objects."""


class Places(Struct, eq=False):
    """The origins of an application: the same one whenever it is asked for."""

    _origins: dict[tuple[str, str, int, int, int, Model | None], Origin] = field(default_factory=dict)

    def origin(
        self,
        kind: Literal["query", "get", "new"],
        walk: Walk,
        node: o.Node,
        model: Model,
        is_async: bool,
        index: int = 0,
    ) -> Origin:
        shared = walk.models.are_shared
        key = (kind, walk.module.path, node.start, node.end, index, model if shared else None)
        made = Origin(kind, walk.module, walk.function, node, model, is_async, is_shared=shared)
        return self._origins.setdefault(key, made)

    def drop(
        self,
        walk: Walk,
        node: o.Call,
        session: str,
        is_async: bool,
        origin: Origin | None = None,
        names: Mapping[Objects, str] = MappingProxyType({}),
    ) -> Origin:
        """The refresh, flush, commit or statement after which the objects of `origin` have to be loaded anew."""
        variable, many = "", False
        if origin is not None:
            variable = names.get(Objects(origin, (), many=True), "")
            many = bool(variable)
            variable = variable or names.get(Objects(origin), "")
        model = None if origin is None else origin.model
        shared = walk.models.are_shared
        key = (f"refresh {variable}", walk.module.path, node.start, node.end, 0, model if shared else None)
        at = (walk.module, walk.function, node, model, is_async)
        return self._origins.setdefault(key, Origin("refresh", *at, session, variable, many, shared))

    def received(self, walk: Walk, node: o.Call, given: Objects, variable: str, dropped: Origin | None) -> Origin:
        """Where a name gets what a function gives that does the same for other models."""
        origin = given.origin
        key = (f"refresh {variable}", walk.module.path, node.start, node.end, 0, None)
        if key not in self._origins:
            is_direct = walk.project.types.callee(walk.scope, node.func) is origin.function
            inner = _session_of(origin) if dropped is None else dropped.session
            session = session_at(walk, origin.function, node, inner) if is_direct else ""
            self._origins[key] = Origin(
                "refresh",
                walk.module,
                walk.function,
                node,
                origin.model,
                origin.is_async,
                session,
                variable,
                is_many=bool(given.many),
                is_received=True,
                is_optional=not given.many and origin.kind != "new",
            )
        return self._origins[key]

    def named(self, dropped: Origin, variable: str) -> Origin:
        """The same place, where the object is given a name."""
        key = (f"refresh {variable}", dropped.module.path, dropped.node.start, dropped.node.end, 1, None)
        return self._origins.setdefault(key, replace(dropped, variable=variable, is_received=True))

    def delete(self, walk: Walk, node: o.Call, session: str) -> Origin:
        """The `delete()` of one object."""
        key = ("delete", walk.module.path, node.start, node.end, 0, None)
        given = node.args[0].value
        variable = walk.module.slice(given) if isinstance(given, (o.Name, o.Attribute)) else ""
        made = Origin("delete", walk.module, walk.function, node, None, session=session, variable=variable)
        return self._origins.setdefault(key, made)


def _session_of(origin: Origin) -> str:
    """How the function of a query or `get()` writes the session."""
    for call, _ in paths(origin.function.scope.body, o.Call):
        holds = call.start <= origin.node.start and origin.node.end <= call.end
        if holds and isinstance(call.func, o.Attribute) and call.func.attr in RUNS:
            return origin.module.slice(call.func.value)
    return ""


def names_of(walk: Walk) -> dict[Objects, str]:
    """The names that hold the objects of one origin, alone, at this point."""
    found: dict[Objects, str] = {}
    for name, values in walk.state.names.items():
        if len(values) < 3:
            held = values - NONE
            if len(held) == 1:
                (value,) = held
                if isinstance(value, Objects) and not value.path:
                    found.setdefault(value, name)
    return found


def session_at(walk: Walk, function: Function, node: o.Call, session: str) -> str:
    """How a caller writes the session that a function calls `session`; empty if that cannot be seen."""
    root, dot, rest = session.partition(".")
    params = [param.name for param in function.node.params if param.kind not in ("*", "**", "keyword")]
    receiver = node.func.value if isinstance(node.func, o.Attribute) else None
    if isinstance(function.parent, Class) and params and receiver is not None and root == params.pop(0):
        return walk.module.slice(receiver) + dot + rest if isinstance(receiver, (o.Name, o.Attribute)) else ""
    if any(arg.star for arg in node.args):
        return ""
    index = params.index(root) if root in params else None
    found = node.given(root, index)
    if not isinstance(found, (o.Name, o.Attribute)):
        return ""
    return walk.module.slice(found) + dot + rest
