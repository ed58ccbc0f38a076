"""Which functions have to do with identifiers, by their text: only those are looked at."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.flow import Flow
from fapi_lint.project.models import Column
from fapi_lint.project.module import Module
from fapi_lint.project.search import places
from fapi_lint.project.symbols import Function, Scope

_MARK = re.compile(r"ids?\b(?<![a-zA-Z]id)(?<![a-zA-Z]ids)|pk\b|get(?:_one)?\(")
_CALLED = re.compile(r"(\w+)\(")


def walk(flow: Flow, keys: Iterable[Column]) -> None:
    """Everything that the application, its tests and scripts do; revisions are history.

    Functions in whose text no name of an identifier stands are left out, unless they call one that takes some.
    """
    mapping = set(flow.project.models.mapping_classes) | set(flow.project.schemas.by_class)
    pending: list[Scope] = []
    for module in flow.project.modules:
        if flow.project.purposes.of(module) != "migration":
            flow.walk(module.scope, module.scope.body)
            pending.append(module.scope)
    left: list[Function] = []
    found: set[Function] = set()
    marked = _Marks(flow.names)
    asked: set[str] = set()
    while True:
        while pending:
            scope = pending.pop()
            for class_ in scope.classes:
                if class_ not in mapping:
                    flow.walk(class_.scope, class_.scope.body)
                pending.append(class_.scope)
            left += scope.functions
        skipped = []
        for function in left:
            if function in found or marked.within(function):
                for param in function.node.params:
                    flow.parameter(function, param)
                flow.walk(function.scope, function.scope.body)
                pending.append(function.scope)
            else:
                skipped.append(function)
        left = skipped
        if pending:
            continue
        takers = flow.takers({flow.column(key).root for key in keys})
        callers = {module: marked.calls(module, takers - asked) for module in {f.module for f in left}}
        found = {function for function in left if _has(callers[function.module], function.node)}
        if not found:
            return
        asked |= takers


class _Marks:
    """Where a file's text has names of identifiers, like `id` and `user_ids`, those of columns, or reads by key."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = [name for name in sorted(names) if not re.search(r"(?:^|_)ids?$", name)]
        self._offsets: dict[Module, list[int]] = {}
        self._called: dict[Module, dict[str, list[int]]] = {}

    def within(self, function: Function) -> bool:
        module = function.module
        if module not in self._offsets:
            offsets = [match.start() for match in _MARK.finditer(module.text)]
            offsets += [at for name in self.names for at in places(module.text, name)]
            self._offsets[module] = sorted(offsets)
        return _has(self._offsets[module], function.node)

    def calls(self, module: Module, names: set[str]) -> list[int]:
        """Where a file calls one of these names."""
        if module not in self._called:
            called: dict[str, list[int]] = {}
            for match in _CALLED.finditer(module.text):
                called.setdefault(match[1], []).append(match.start())
            self._called[module] = called
        called = self._called[module]
        return sorted(at for name in called.keys() & names for at in called[name])


def _has(offsets: list[int], node: o.Node) -> bool:
    at = bisect_left(offsets, node.start)
    return at < len(offsets) and offsets[at] < node.end
