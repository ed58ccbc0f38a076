"""Awaited calls of an asynchronous session that give nothing to be awaited."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference.type import LibraryMethod
from fapi_lint.project.module import Module
from fapi_lint.project.search import around
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_PLAIN = (
    *("add", "add_all", "expire", "expire_all", "expunge", "expunge_all", "get_bind", "in_transaction"),
    *("in_nested_transaction", "is_modified"),
)
"""The methods of AsyncSession that are plain: https://docs.sqlalchemy.org/en/20/orm/extensions/asyncio.html"""
_CALLED = re.compile(rf"\.(?:{'|'.join(_PLAIN)})\(")


class NeedlessAwait(Struct, frozen=True, eq=False):
    """`await session.add(…)`."""

    module: Module
    node: o.Await
    call: o.Call

    @property
    def place(self) -> Place:
        return self.module.place(self.node)


def needless_awaits(project: Project) -> list[NeedlessAwait]:
    """Those of the application and its tests, in file and source order."""
    if not project.sessions.is_async:
        return []
    return [found for module in project.modules if "await" in module.text for found in _in(project, module)]


def _in(project: Project, module: Module) -> Iterator[NeedlessAwait]:
    for sighting in around(module, _places(module.text)):
        node, scope = sighting.node, sighting.scope
        if not isinstance(node, o.Await) or not isinstance(node.value, o.Call):
            continue
        func = node.value.func
        if not isinstance(func, o.Attribute) or func.attr not in _PLAIN:
            continue
        if any(isinstance(parent, (o.Comprehension, o.Lambda)) for parent in sighting.parents):
            continue
        callee = project.types.callee(scope, func)
        if isinstance(callee, LibraryMethod) and project.sessions.kind(callee.receiver) == "async":
            yield NeedlessAwait(module, node, node.value)


def _places(text: str) -> Iterator[int]:
    """Where such a call is awaited on its line."""
    for match in _CALLED.finditer(text):
        start = text.rfind("await", text.rfind("\n", 0, match.start()) + 1, match.start())
        if start >= 0:
            yield start
