"""What a query selects: entities, columns or rows of both, and whether its joins may give an entity twice.

`Query` takes duplicate entities out of its results, `select()` leaves that to `unique()`:
https://docs.sqlalchemy.org/en/20/changelog/migration_20.html#migration-20-unify-select
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, TypeAlias

from msgspec import field

from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model, Relationship
from fapi_lint.project.pairing import Direction
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Binding, Class, External, Function, Member, Scope, Variable

Kind: TypeAlias = Literal["entity", "column", "columns", "unknown"]
"""One selected thing: `columns` is a table or sub-query, whose columns are selected one by one."""

_TABLE = frozenset(["c", "columns"])
"""What tables and sub-queries have, and classes have not."""
_COLUMN_METHODS = frozenset(
    [
        "all_", "any_", "asc", "between", "bool_op", "cast", "collate", "contains", "desc", "distinct",
        "endswith", "has", "ilike", "in_", "is_", "is_distinct_from", "is_not", "isnot", "isnot_distinct_from",
        "is_not_distinct_from", "label", "like", "match", "not_ilike", "not_in", "not_like", "notilike",
        "notin_", "notlike", "nulls_first", "nulls_last", "nullsfirst", "nullslast", "op", "regexp_match",
        "regexp_replace", "startswith", "type", "comparator", "property", "key", "any", "of_type", "and_",
        "parent", "class_", "expression", "prop",
    ]
)  # fmt: skip
"""What a column or a relationship has too: anything else that is read from a name makes it a class."""
_CORRELATED = frozenset(
    [
        "any", "has", "in_", "notin_", "not_in", "select", "exists", "exists_", "query", "where",
        "scalar_subquery", "subquery", "with_parent",
    ]
)  # fmt: skip
"""Calls whose arguments bring no table into the statement around them."""
_EAGER = frozenset(["joinedload", "contains_eager", "joinedload_all", "contains_eager_all"])
_OTHER_LOADS = frozenset(
    [
        "selectinload", "subqueryload", "lazyload", "immediateload", "noload", "raiseload", "defer", "undefer",
        "load_only", "undefer_group", "defaultload", "with_expression", "selectin_polymorphic",
        "with_loader_criteria", "write_only",
    ]
)  # fmt: skip
_AGGREGATES = frozenset(
    [
        "count", "max", "min", "sum", "avg", "array_agg", "string_agg", "json_agg", "jsonb_agg", "bool_and",
        "bool_or", "every",
    ]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Selection:
    """What one query selects, as far as it is known."""

    kinds: tuple[Kind, ...]
    models: frozenset[Class] = frozenset()
    """The mapped classes that are selected as a whole."""
    joined: frozenset[Class] = frozenset()
    """The classes joined without giving a row twice."""
    repeats: bool = False
    """A row may come twice, because a collection or another table is joined."""
    eager: bool = False
    """A collection is loaded by a join: the result must be made unique in any case."""
    single_row: bool = False
    """An aggregate, which gives exactly one row."""
    computed: bool = False
    """Something else than names is selected: an aggregate changes which rows there are."""
    columns: frozenset[tuple[Class, str]] = frozenset()
    """The attributes of mapped classes that are selected by themselves."""

    @property
    def is_entity(self) -> bool:
        return self.kinds == ("entity",)

    @property
    def is_known(self) -> bool:
        """Whether it is certain what a row is."""
        return bool(self.kinds) and (len(self.kinds) > 1 or "unknown" not in self.kinds)

    @property
    def has_entity(self) -> bool:
        return "entity" in self.kinds

    def __or__(self, other: Selection) -> Selection:
        """What is known where either of two queries may come."""
        same = self.kinds == other.kinds
        return Selection(
            self.kinds if same else ("unknown",),
            self.models | other.models,
            self.joined & other.joined,
            self.repeats or other.repeats or (self.models != other.models and len(self.kinds) > 1),
            self.eager or other.eager,
            self.single_row and other.single_row,
            self.computed or other.computed,
            self.columns & other.columns,
        )


class Selections(Part):
    """Reads the arguments of `query()`, `join()`, `options()` and their like."""

    _eager: dict[Class, bool] = field(default_factory=dict)

    # --- what is selected --------------------------------------------------------------------------

    def of(self, scope: Scope, args: Iterable[o.Arg]) -> Selection:
        kinds: list[Kind] = []
        models: set[Class] = set()
        held: set[Class] = set()
        args = tuple(args)
        for arg in args:
            if arg.star or arg.keyword:
                return Selection(())
            kind, model = self._kind(scope, arg.value)
            kinds.append(kind)
            if model is not None:
                models.add(model.class_)
            elif kind == "entity":
                meant = self._held(scope, arg.value)
                held |= meant
                models |= meant if len(meant) == 1 else set()
        eager = any(self.loads_eagerly(self.project.models.by_class[class_]) for class_ in models | held)
        single = len(args) == 1 and self._is_aggregate(scope, args[0].value)
        others = {c for arg in args for c in self._tables(scope, arg.value)} - models if models else set()
        others_than_names = (arg for kind, arg in zip(kinds, args, strict=True) if kind != "entity")
        computed = any(not isinstance(arg.value, o.Attribute) for arg in others_than_names)
        return Selection(
            tuple(kinds),
            frozenset(models),
            repeats=bool(others),
            eager=eager,
            single_row=single,
            computed=computed,
            columns=frozenset(column for arg in args if (column := self.column(scope, arg.value)) is not None),
        )

    def _held(self, scope: Scope, expr: o.Node) -> frozenset[Class]:
        """The mapped classes that a name which holds one may mean: any, if nothing tells."""
        meant = self.project.model_attributes.of(scope, expr)
        if meant is None:
            return frozenset()
        return meant.classes or frozenset(self.project.models.by_class)

    def column(self, scope: Scope, expr: o.Node) -> tuple[Class, str] | None:
        """The class and the name of an attribute: `User.name`."""
        owner = self.project.resolver.resolve(scope, expr.value) if isinstance(expr, o.Attribute) else None
        return (owner, expr.attr) if isinstance(expr, o.Attribute) and isinstance(owner, Class) else None

    def _kind(self, scope: Scope, expr: o.Node, depth: int = 0) -> tuple[Kind, Model | None]:
        match expr:
            case o.Call():
                return self._call_kind(scope, expr, depth)
            case o.Compare() | o.Operation() | o.String() | o.Number():
                return "column", None
            case o.Attribute(value=o.Attribute(attr="c" | "columns")):
                return "column", None
            case o.Attribute(attr="__table__"):
                return "columns", None
            case o.Name() | o.Attribute():
                return self._named_kind(scope, expr, depth)
        return "unknown", None

    def _call_kind(self, scope: Scope, expr: o.Call, depth: int) -> tuple[Kind, Model | None]:
        name = o.last_name(expr.func)
        if name in ("subquery", "cte", "alias", "lateral"):
            return "columns", None
        if name in ("label", "exists", "as_scalar", "scalar_subquery", "over", "cast", "filter", "within_group"):
            return "column", None
        symbol = self.project.resolver.resolve(scope, expr.func)
        if isinstance(symbol, External) and symbol.package in ("sqlalchemy", "sqlmodel", "geoalchemy2"):
            if symbol.name in ("aliased", "with_polymorphic") and expr.args:
                return "entity", self._kind(scope, expr.args[0].value, depth)[1]
            return ("unknown" if symbol.name == "Bundle" else "column"), None
        if isinstance(expr.func, o.Attribute):
            inner = self._kind(scope, expr.func.value, depth)[0]
            return ("column" if inner == "column" else "unknown"), None
        return "unknown", None

    def _named_kind(self, scope: Scope, expr: o.Name | o.Attribute, depth: int) -> tuple[Kind, Model | None]:
        models = self.project.models
        symbol = self.project.resolver.resolve(scope, expr)
        if isinstance(symbol, Class):
            return "entity", models.by_class.get(symbol)
        if isinstance(symbol, External) and symbol.package not in ("sqlalchemy", "builtins"):
            return ("entity" if symbol.name[:1].isupper() else "unknown"), None
        if isinstance(symbol, (Member, Function)) and isinstance(expr, o.Attribute):
            owner = self.project.resolver.resolve(scope, expr.value)
            if isinstance(owner, Class) and owner in models.by_class:
                return "column", None
        if isinstance(symbol, Variable) and symbol.value is not None and depth < 4:
            bindings = [b for b in symbol.scope.bindings.get(symbol.name, ()) if not _goes_on(b)]
            kinds = {self._kind(symbol.scope, b.value, depth + 1) for b in bindings if b.value is not None}
            if len(kinds) == 1 and len(bindings) == sum(b.value is not None for b in bindings):
                found = kinds.pop()
                if found[0] != "unknown":
                    return found
        type_ = self.project.types.of(scope, expr)
        if type_ is not None and type_.is_standard("type", "Type"):
            of_class = type_.arg.symbol if type_.arg is not None else None
            return "entity", models.of(of_class)
        if self._acts_as_class(scope, expr):
            return "entity", None
        # What an attribute is of a class that is known by its attributes only is not known: `self.model`.
        is_column = isinstance(expr, o.Attribute) and o.dotted(expr.value) not in ("self", "cls")
        return ("column" if is_column and self._is_class(scope, expr, depth) else "unknown"), None

    def _is_class(self, scope: Scope, expr: o.Node, depth: int) -> bool:
        """Whether an attribute belongs to an entity that is held in a name: `alias.id`, `model.id`."""
        return isinstance(expr, o.Attribute) and self._kind(scope, expr.value, depth)[0] == "entity"

    def _acts_as_class(self, scope: Scope, expr: o.Node) -> bool:
        """Whether a name is called (`model(**data)`), or has attributes that no column has (`model.id`)."""
        text = scope.module.slice(expr)
        owner = scope.owner
        while isinstance(owner, Function) and owner.parent is not None:
            owner = owner.parent
        around = scope.module.slice(owner.node) if owner is not None else ""
        if re.search(rf"(?<![\w.]){re.escape(text)}\(", around):
            return True
        pattern = rf"(?<![\w.]){re.escape(text)}\.(\w+)"
        names = re.findall(pattern, around)
        if not _TABLE.isdisjoint(names):
            return False
        return any(name not in _COLUMN_METHODS and not name.startswith("_") for name in names)

    def _is_aggregate(self, scope: Scope, expr: o.Node) -> bool:
        while isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr in ("label", "filter"):
            expr = expr.func.value
        if not isinstance(expr, o.Call) or not isinstance(expr.func, o.Attribute):
            return False
        if expr.func.attr == "exists" and self._mentions_query(expr.func.value):
            return True
        receiver = self.project.resolver.external(scope, expr.func.value)
        return expr.func.attr in _AGGREGATES and receiver is not None and receiver.is_from("sqlalchemy", "func")

    def _mentions_query(self, expr: o.Node) -> bool:
        names = (n.func for n in o.walk(expr) if isinstance(n, o.Call))
        return any(o.last_name(f) in ("query", "select") for f in names)

    # --- what is joined ----------------------------------------------------------------------------

    def joined(self, selection: Selection, scope: Scope, call: o.Call) -> Selection:
        """What is selected after a `join()` or `outerjoin()`."""
        target = call.given("target", 0)
        class_ = None if target is None else self._joins_once(selection, scope, call, target)
        if class_ is None:
            return replace(selection, repeats=True, single_row=selection.single_row)
        return replace(selection, joined=selection.joined | {class_})

    def _joins_once(self, selection: Selection, scope: Scope, call: o.Call, target: o.Expr) -> Class | None:
        """The joined class, if every row meets it once at most, or it is selected as a whole itself."""
        relationship = self.relationship(scope, target)
        if relationship is not None:
            model = relationship.target_model
            to_one = model is not None and self.is_to_one(relationship)
            return model.class_ if model is not None and (to_one or model.class_ in selection.models) else None
        model = self.project.models.named(scope, target)
        if model is None:
            return None
        if model.class_ in selection.models:
            return model.class_
        condition = call.given("onclause", 1)
        if condition is not None:
            by_relationship = self.relationship(scope, condition)
            once = self.is_to_one(by_relationship) if by_relationship else self._is_key(scope, model, condition)
            return model.class_ if once else None
        pairings = self.project.pairings
        for class_ in selection.models | selection.joined:
            source = self.project.models.by_class[class_]
            if pairings.keys(source, model) and pairings.keys(model, source) == []:
                return model.class_
        return None

    def _is_key(self, scope: Scope, model: Model, condition: o.Expr) -> bool:
        """Whether a condition equates the model's primary key with something."""
        if not isinstance(condition, o.Compare) or condition.operators != ("==",):
            return False
        keys = model.primary_keys
        return len(keys) == 1 and any(
            isinstance(operand, o.Attribute)
            and operand.attr == keys[0].name
            and self.project.resolver.resolve(scope, operand.value) is model.class_
            for operand in condition.operands
        )

    def filtered(self, selection: Selection, scope: Scope, args: Iterable[o.Arg]) -> Selection:
        """What is selected after a condition: tables that it names beside those that are there are joined too."""
        known = selection.models | selection.joined
        for arg in args:
            if not arg.keyword and (arg.star or any(table not in known for table in self._tables(scope, arg.value))):
                return replace(selection, repeats=True)
        return selection

    def _tables(self, scope: Scope, expr: o.Node) -> Iterator[Class]:
        """The mapped classes that an expression brings into a statement."""
        stack = [expr]
        while stack:
            node = stack.pop()
            if isinstance(node, o.Call):
                name = o.last_name(node.func)
                if name in _CORRELATED:
                    if name in ("in_", "notin_", "not_in") and isinstance(node.func, o.Attribute):
                        stack.append(node.func.value)
                    continue
            if isinstance(node, (o.Name, o.Attribute)):
                symbol = self.project.resolver.resolve(scope, node)
                if isinstance(symbol, Class) and symbol in self.project.models.by_class:
                    yield symbol
                    continue
            stack.extend(o.children(node))

    def relationship(self, scope: Scope, expr: o.Node) -> Relationship | None:
        """The relationship that `Model.attribute` names."""
        if isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr in ("of_type", "and_"):
            expr = expr.func.value
        if not isinstance(expr, o.Attribute):
            return None
        model = self.project.models.named(scope, expr.value)
        return None if model is None else model.relationships.get(expr.attr)

    def is_to_one(self, relationship: Relationship) -> bool:
        """Whether the relationship surely leads to one object at most."""
        uselist = relationship.argument("uselist")
        if uselist is not None:
            return isinstance(uselist.expr, o.Name) and uselist.expr.id == "False"
        join = self.project.pairings.join(relationship)
        return join is not None and join.direction is Direction.MANY_TO_ONE

    # --- what is loaded ----------------------------------------------------------------------------

    def with_options(self, selection: Selection, scope: Scope, args: Iterable[o.Arg]) -> Selection:
        """What is selected with loader options."""
        return replace(selection, eager=selection.eager or any(self._is_eager(scope, arg) for arg in args))

    def _is_eager(self, scope: Scope, arg: o.Arg) -> bool:
        """Whether an option loads a collection by a join, or may do so."""
        names = set()
        for node in o.walk(arg.value):
            if isinstance(node, o.Call):
                name = o.last_name(node.func)
                names.add(name)
                if name in _EAGER and not all(self._leads_to_one(scope, path.value) for path in node.args):
                    return True
        return bool(arg.star) or not names & (_EAGER | _OTHER_LOADS)

    def _leads_to_one(self, scope: Scope, expr: o.Node) -> bool:
        """Whether a relationship leads to one object, which loads no collection by a join in turn."""
        relationship = self.relationship(scope, expr)
        if relationship is None or not self.is_to_one(relationship):
            return False
        target = relationship.target_model
        return target is not None and not self.loads_eagerly(target)

    def loads_eagerly(self, model: Model) -> bool:
        """Whether the mapping itself loads a collection by a join whenever the model is selected."""
        once = self.project.descent.once
        return once(self._eager, model.class_, lambda: self._has_joined_collection(model), meanwhile=False)

    def _has_joined_collection(self, model: Model) -> bool:
        lineage = self.project.pairings.lineage(model)
        if any(member.class_ in self._joined_by_backref for member in lineage):
            return True
        for member in lineage:
            for relationship in member.own_relationships:
                if not _is_joined(relationship):
                    continue
                target = relationship.target_model
                if target is None or not self.is_to_one(relationship) or self.loads_eagerly(target):
                    return True
        return False

    @cached_property
    def _joined_by_backref(self) -> set[Class]:
        """The models that a `backref(…, lazy="joined")` of another one gives a relationship."""
        found = set()
        for relationship in self.project.models.relationships:
            call = None if relationship.backref is None else relationship.backref.value
            lazy = call.given("lazy") if isinstance(call, o.Call) else None
            if lazy is not None and relationship.target_model is not None and _is_joined_value(lazy):
                found.add(relationship.target_model.class_)
        return found


def _goes_on(binding: Binding) -> bool:
    """`tree = tree.union_all(…)`, which is what it was before."""
    match binding.value:
        case o.Call(func=o.Attribute(attr="union" | "union_all", value=o.Name(id=name))):
            return isinstance(binding.node, o.Name) and binding.node.id == name
    return False


def _is_joined(relationship: Relationship) -> bool:
    lazy = relationship.argument("lazy")
    if lazy is None:
        return relationship.has_unknown_arguments
    return _is_joined_value(lazy.expr)


def _is_joined_value(expr: o.Node) -> bool:
    """Whether a value of `lazy=` is, or may be, eager loading by a join."""
    if isinstance(expr, o.String):
        return expr.value in ("joined", None)
    return not (isinstance(expr, o.Name) and expr.id in ("True", "None"))
