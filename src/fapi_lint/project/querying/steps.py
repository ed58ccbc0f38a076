"""The steps of a query: what each method that gives another query makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.querying.selections import Selection
from fapi_lint.project.symbols import Class

if TYPE_CHECKING:
    from fapi_lint.project.querying.refusals import Refusals
    from fapi_lint.project.querying.values import Value


class Steps:
    """The steps of the queries in a scope."""

    def __init__(self, refusals: Refusals) -> None:
        self.refusals = refusals
        self.selections = refusals.queries.selections
        self.project = refusals.project
        self.module, self.scope = refusals.module, refusals.scope

    def after(self, node: o.Call, name: str, value: Value, others: Sequence[Value]) -> Value:
        """The query that a method gives."""
        selections, selection = self.selections, value.selection
        ordered_by = value.ordered_by
        match name:
            case "join" | "outerjoin":
                selection = selections.joined(selection, self.scope, node)
            case "filter" | "where" | "having":
                selection = selections.filtered(selection, self.scope, node.args)
            case "select_from" | "from_statement":
                selection = replace(selection, repeats=True)
            case "options":
                selection = selections.with_options(selection, self.scope, node.args)
            case "with_entities":
                fresh = selections.of(self.scope, node.args)
                lost = bool((selection.models | selection.joined) - fresh.models)
                repeats = fresh.repeats or selection.repeats or lost
                eager = fresh.eager or (selection.eager and fresh.has_entity)  # What options load stays loaded.
                selection = replace(fresh, repeats=repeats, eager=eager, single_row=False)
            case "add_columns" | "add_column" | "add_entity":
                more = selections.of(self.scope, node.args)
                kinds = (*selection.kinds, *more.kinds) if selection.kinds and more.kinds else ()
                models, eager = selection.models | more.models, selection.eager or more.eager
                computed = selection.computed or more.computed
                selection = Selection(kinds, models, selection.joined, repeats=True, eager=eager, computed=computed)
            case "group_by" | "having" | "limit" | "offset" | "slice":
                selection = replace(selection, single_row=False)
            case "order_by":
                ordered_by = ordered_by.union(self.refusals.unselected(node, selection))
        named = self._named(node, name, value)
        for other in others:
            value.group.join(other.group)
            selection = replace(selection | other.selection, repeats=name.endswith("_all"))
        return replace(value, selection=selection, steps=value.steps | {name}, ordered_by=ordered_by, named=named)

    def _named(self, node: o.Call, name: str, value: Value) -> str | None:
        """What `filter_by()` is about after a method; see `Value.named`."""
        joined = bool(value.steps & {"join", "outerjoin"})
        match name:
            case "join" | "outerjoin":
                target = node.given("target", 0)
                return None if target is None else self._joined_name(target)
            case "select_from" | "with_entities" if not joined:
                return self.lead(node)
            case "add_columns" | "add_column" | "add_entity" if not joined:
                return value.named or None
        return value.named

    def lead(self, node: o.Call) -> str | None:
        """The entity of a call's first argument, itself or that of a column."""
        expr = node.args[0].value if node.args else None
        if isinstance(expr, o.Attribute):
            symbol = self.project.resolver.resolve(self.scope, expr.value)
            expr = expr.value if isinstance(symbol, Class) else expr
        return self.module.slice(expr) if expr is not None and o.dotted(expr) else None

    def _joined_name(self, target: o.Expr) -> str | None:
        """How the entity that a `join()` leads to is written."""
        relationship = self.selections.relationship(self.scope, target)
        if relationship is None:
            return self.module.slice(target) if o.dotted(target) else None
        model = relationship.target_model
        if model is None or not isinstance(target, o.Attribute):
            return None
        written = self.project.resolver.resolve(self.scope, o.Name(0, 0, model.name))
        return model.name if written is model.class_ else None
