"""Which functions have to do with identifiers, by their text: only those are looked at."""

from __future__ import annotations

import re
from collections.abc import Iterable

from fapi_lint.project.identity.asking import parametrize
from fapi_lint.project.identity.flow import Flow
from fapi_lint.project.identity.hooks import join_method
from fapi_lint.project.identity.outside import join_decorators
from fapi_lint.project.identity.overriding import Overriding
from fapi_lint.project.identity.statements import follow
from fapi_lint.project.mapped import Column
from fapi_lint.project.symbols import Class, Function, Scope

_MARK = (
    r"ids?\b(?<![a-zA-Z]id)(?<![a-zA-Z]ids)|pk\b|get(?:_one)?\(|/\{|"
    r"(?:asdict|model_dump|\.dict|dumps?|JSONResponse)\(|\*\*\w|__(?:dict|table|mapper)__|column_attrs\b"
)
_USED = re.compile(r"\w+(?=\()|(?<=\.)\w+")


def walk(flow: Flow, keys: Iterable[Column]) -> None:
    """Everything that the application, its tests and scripts do; revisions are history.

    Functions in whose text no name of an identifier stands are left out, unless they take or return some, call one
    that does, or read an attribute that holds some.
    """
    schemas = flow.project.schemas.by_class
    pending: list[Scope] = []
    for module in flow.project.modules:
        if flow.project.purposes.of(module) != "migration":
            follow(flow, module.scope, module.scope.body)
            pending.append(module.scope)
    left: list[Function] = []
    found: set[Function] = set()
    asked: set[str] = set()
    marks, overriding = _Marks(flow.names), Overriding(flow)
    while True:
        while pending:
            scope = pending.pop()
            for class_ in scope.classes:
                if class_ in flow.mapping:
                    _walk_model(flow, class_)
                elif class_ not in schemas:
                    follow(flow, class_.scope, class_.scope.body)
                for method in class_.scope.functions:
                    join_method(flow, method)
                pending.append(class_.scope)
            left += scope.functions
        skipped = []
        for function in left:
            if function in found or marks.within(function):
                for param in function.node.params:
                    flow.parameter(function, param)
                parametrize(flow, function)
                join_decorators(flow, function)
                follow(flow, function.scope, function.scope.body)
                pending.append(function.scope)
            else:
                skipped.append(function)
        left = skipped
        if pending:
            continue
        overriding.join()
        flow.spread()
        roots = {flow.column(key).root for key in keys} | {cell.root for cell, _ in flow.attributes}
        roots = flow.holding(roots)
        concerned = flow.concerned(roots)
        holders = flow.holders(roots, concerned) - asked
        found = {each for each in left if each in concerned or not holders.isdisjoint(marks.uses(each))}
        if not found:
            return
        asked |= holders


def _walk_model(flow: Flow, class_: Class) -> None:
    """What a model computes or makes of its columns: `column_property(…)`, `__table_args__`."""
    models = flow.project.models
    known = {each.name for each in (*models.columns_of(class_), *models.relationships_of(class_))}
    for name, bindings in class_.scope.bindings.items():
        for binding in bindings if name not in known else ():
            if binding.value is not None:
                flow.run(class_.scope, binding.value)


class _Marks:
    """What stands in the text of functions."""

    def __init__(self, names: Iterable[str]) -> None:
        others = [rf"{name}\b(?<!\w{name})" for name in sorted(names) if not re.search(r"(?:^|_)ids?$", name)]
        self._mark = re.compile("|".join([_MARK, *others]))
        self._uses: dict[Function, set[str]] = {}

    def within(self, function: Function) -> bool:
        """Whether there are names of identifiers, like `user_ids`, or of columns, reads by key, paths, or dicts.

        What attributes an object has is in its `__init__`.
        """
        node = function.node
        return function not in self._uses and bool(
            function.name == "__init__" or self._mark.search(function.module.text, node.start, node.end)
        )

    def uses(self, function: Function) -> set[str]:
        """The names of what a function without such names calls, reads as an attribute, or is given as a fixture."""
        if function not in self._uses:
            node = function.node
            found = set(_USED.findall(function.module.text, node.start, node.end))
            self._uses[function] = found.union(param.name for param in node.params)
        return self._uses[function]
