"""Methods that are called by names made at run time: `getattr(self, f"handle_{kind}")(event)`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference.types import Types
from fapi_lint.project.module import Module
from fapi_lint.project.search import Sighting
from fapi_lint.project.symbols import Class
from fapi_lint.project.traversal import paths
from fapi_lint.project.values import UNKNOWN_TEXT, literal_text

if TYPE_CHECKING:
    from fapi_lint.project.project import Project


class Dispatch(Struct, frozen=True, eq=False):
    """A `getattr()` whose value is called and not awaited, by what is known of the name and the object."""

    module: Module
    call: o.Call
    class_: Class
    pattern: re.Pattern[str]


def dispatches(project: Project, types: Types) -> Iterator[Dispatch]:
    """Those of an application."""
    for sighting in project.references.sightings("getattr"):
        call, scope = sighting.parent, sighting.scope
        if not isinstance(sighting.node, o.Name) or not isinstance(call, o.Call) or len(call.args) < 2:
            continue
        name, type_ = call.args[1].value, types.of(scope, call.args[0].value)
        if type_ is None or not isinstance(type_.symbol, Class) or o.text(name) is not None:
            continue
        if _is_called(sighting, call):
            known = literal_text(project, scope, name).split(UNKNOWN_TEXT)
            yield Dispatch(sighting.module, call, type_.symbol, re.compile(r"\w*".join(map(re.escape, known))))


def _is_called(sighting: Sighting, call: o.Call) -> bool:
    """Whether what a call gives is called and not awaited, there or by the name that it gets."""
    outer, above = (*sighting.outwards[1:], None, None)[:2]
    if isinstance(outer, o.Call) and outer.func is call:
        return not isinstance(above, o.Await)
    target = outer.targets[0] if isinstance(outer, o.Assign) else None
    if not isinstance(target, o.Name):
        return False
    calls = paths(sighting.scope.body, o.Call)
    named = ((node, above) for node, above in calls if isinstance(node.func, o.Name) and node.func.id == target.id)
    return any(not isinstance(above and above[0], o.Await) for _, above in named)
