"""The methods of a query: which ones a `select()` does not have or means otherwise, and what the others give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.module import Module
from fapi_lint.project.querying.selections import Selection
from fapi_lint.project.search import places
from fapi_lint.project.symbols import Class, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.querying.queries import Queries
    from fapi_lint.project.querying.values import Value

# fmt: off
_SAME = frozenset([
    "add_columns", "correlate", "correlate_except", "cte", "distinct", "execution_options", "filter",
    "filter_by", "group_by", "having", "join", "label", "limit", "offset", "options", "order_by", "outerjoin",
    "params", "prefix_with", "scalar_subquery", "select_from", "set_label_style", "slice", "subquery",
    "suffix_with", "where", "with_for_update", "with_hint", "with_statement_hint", "exists",
])
"""Methods that `Select` has under the same name and with the same meaning, but for what `Methods.refusal` knows."""
_OTHER = frozenset([
    "add_column", "add_entity", "as_scalar", "autoflush", "populate_existing", "with_entities", "yield_per",
])
"""Methods that `Select` has under another name or as an execution option."""
SET_OPERATIONS = frozenset(["union", "union_all", "intersect", "intersect_all", "except_", "except_all"])
ENDS = frozenset(["all", "count", "delete", "first", "get", "one", "one_or_none", "scalar", "update"])
"""Methods that run the query."""
_CONDITIONS = frozenset(["filter", "filter_by", "where"])
_REFUSED = {
    "from_self": "`from_self()` has no equal that could be written here",
    "select_entity_from": "`select_entity_from()` has no equal that could be written here",
    "with_parent": "`with_parent()` of a query guesses the relationship",
    "enable_eagerloads": "`enable_eagerloads()` has no equal",
    "with_session": "`with_session()` has no equal",
    "reset_joinpoint": "`reset_joinpoint()` has no equal",
    "with_labels": "`with_labels()` changes the names of the columns",
}
# fmt: on


def held_query(module: Module, scope: Scope, call: o.Call) -> tuple[o.Call, list[o.Call]] | None:
    """Of a method of a query that a function holds in a name: the `query(…)` call, and the conditions put on it.

    None unless they mean the same where the method is called, and the name serves something else as well.
    """
    held = call.func.value if isinstance(call.func, o.Attribute) else None
    bindings = scope.bindings.get(held.id, ()) if isinstance(held, o.Name) else ()
    if held is None or len(bindings) != 1 or not isinstance(scope.owner, Function):
        return None
    conditions: list[o.Call] = []
    expr: o.Node | None = bindings[0].value
    while isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr in _CONDITIONS:
        conditions.insert(0, expr)
        expr = expr.func.value
    if not (isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr == "query"):
        return None
    named = (node for condition in conditions for arg in condition.args for node in o.walk(arg))
    if any(isinstance(node, o.Name) and len(scope.bindings.get(node.id, ())) > 1 for node in named):
        return None
    body, text = scope.owner.node, module.text
    uses = (at for at in places(text, module.slice(held)) if body.body_start <= at < body.end and text[at - 1] != ".")
    return (expr, conditions) if len(list(uses)) > 2 else None


class Methods:
    """The methods of the queries in a scope."""

    def __init__(self, queries: Queries, module: Module, scope: Scope) -> None:
        self.project = queries.project
        self.selections = queries.selections
        self.module, self.scope = module, scope

    # --- what is refused ---------------------------------------------------------------------------

    def refusal(self, node: o.Call, name: str, value: Value) -> str:
        """Why a method call cannot be written for a `select()`; empty if it can."""
        steps = value.steps
        if name in _REFUSED:
            return _REFUSED[name]
        known = name in _SAME or name in _OTHER or name in ENDS or name in SET_OPERATIONS or name == "from_statement"
        if not known:
            return f"`{name}()` is not known of a `select()`"
        if steps & SET_OPERATIONS and name not in (ENDS - {"get", "update", "delete"}) | {"limit", "offset"}:
            return f"`{name}()` after a set operation would mean another table"
        if "from_statement" in steps and name not in (ENDS - {"get", "update", "delete", "count"}) | {"params"}:
            return f"`{name}()` is not known after `from_statement()`"
        match name:
            case "filter_by" if value.named is None or (value.named and any(arg.star for arg in node.args)):
                return "`filter_by()` is about one of several entities"
            case "filter_by" if value.named and not self.has_attributes(value.named, node):
                return f"`{value.named}` does not have what `filter_by()` names"
            case "join" | "outerjoin":
                return self.refused_join(node)
            case "subquery" if any(arg.keyword not in ("", "name") for arg in node.args) or len(node.positional) > 1:
                return "`subquery()` with other arguments than a name names its columns differently"
            case "order_by" | "group_by" if any(o.dotted(arg.value) == "False" for arg in node.args):
                return f"`{name}(False)` is not known of a `select()`"
            case "update" | "delete":
                return self.refused_bulk(node, name, value)
            case "get":
                return self.refused_get(node, value)
            case "distinct" if not node.args and value.ordered_by:
                return "`distinct()` adds what it is ordered by to the columns"
            case "order_by" if "distinct" in steps and set(self.unselected(node, value.selection)):
                return "`distinct()` adds what it is ordered by to the columns"
            case "exists" if value.selection.computed:
                return "`exists()` would ask for rows of what is computed"
            case "count" if "yield_per" in steps:
                return "`count()` after `yield_per()`"
        if name in SET_OPERATIONS and (value.source is None or not node.args or len(value.selection.kinds) != 1):
            return f"what `{name}()` selects is not certain"
        if name in SET_OPERATIONS and value.selection.eager:
            return f"`{name}()` would load joined collections one by one"
        if {"limit", "offset", "slice"} & steps and name in ("filter", "filter_by", "where", "join", "group_by"):
            return f"`{name}()` after `limit()` is an error"
        return ""

    def refused_join(self, node: o.Call) -> str:
        if any(arg.keyword not in ("", "target", "onclause", "isouter", "full") or arg.star for arg in node.args):
            return "`join()` has arguments that are not known of a `select()`"
        positional = node.positional
        if len(positional) > 2 or any(isinstance(arg.value, (o.String, o.Collection)) for arg in positional):
            return "`join()` by names, tuples or several targets is gone"
        if len(positional) == 2 and self.selections.relationship(self.scope, positional[0].value) is not None:
            return "`join()` by names, tuples or several targets is gone"
        return ""

    def refused_bulk(self, node: o.Call, name: str, value: Value) -> str:
        if value.steps - {"filter", "filter_by", "where", "execution_options"}:
            return f"`{name}()` after `{min(value.steps)}()`"
        held = held_query(self.module, self.scope, node)
        source = value.source or (held[0] if held is not None else None)
        if source is None:
            return f"`{name}()` of a query held in a name"
        if len(source.args) != 1 or source.args[0].star or source.args[0].keyword:
            return f"`{name}()` of several entities"
        allowed = ("synchronize_session",) if name == "delete" else ("values", "synchronize_session")
        if any(arg.star or arg.keyword not in ("", *allowed) for arg in node.args):
            return f"`{name}()` has arguments that are not known of the statement"
        if name == "update" and node.argument("values", 0) is None:
            return "`update()` without values"
        return ""

    def refused_get(self, node: o.Call, value: Value) -> str:
        if value.source is None:
            return "`get()` of a query held in a name"
        if value.steps - {"options", "populate_existing", "with_for_update"}:
            return f"`get()` after `{min(value.steps)}()`"
        if (
            len(value.source.args) != 1
            or len(node.args) != 1
            or node.args[0].star
            or value.selection.kinds[:1] == ("column",)
        ):
            return "`get()` needs one entity and one key"
        return ""

    def has_attributes(self, name: str, node: o.Call) -> bool:
        """Whether an entity has the attributes that the keywords of a call name, as far as it is known."""
        entity = self.project.resolver.resolve(self.scope, o.Name(0, 0, name))
        if not isinstance(entity, Class):
            return True
        return all(self.project.resolver.class_member(entity, arg.keyword) is not None for arg in node.args)

    def unselected(self, node: o.Call, selection: Selection) -> Iterable[str]:
        """The expressions of an ORDER BY that a SELECT DISTINCT would have to select too."""
        for arg in node.args:
            expr: o.Node = arg.value
            while isinstance(expr, o.Call):
                if isinstance(expr.func, o.Attribute) and expr.func.attr in ("asc", "desc", "nullsfirst", "nullslast"):
                    expr = expr.func.value
                elif o.dotted(expr.func) in ("asc", "desc", "nullsfirst", "nullslast") and expr.args:
                    expr = expr.args[0].value
                else:
                    break
            if is_none(expr):
                continue
            column = self.selections.column(self.scope, expr)
            if column is None or (column[0] not in selection.models and column not in selection.columns):
                yield self.module.slice(expr)

    # --- what is given -----------------------------------------------------------------------------

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
                ordered_by = ordered_by.union(self.unselected(node, selection))
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
