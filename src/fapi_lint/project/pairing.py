"""How models are joined: the foreign keys between them, and which relationships are two sides of one thing."""

from __future__ import annotations

import enum
import re
import sys
from collections import Counter
from functools import cached_property

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, union_members
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.mapped import Column, ForeignKey, Model, Relationship, written_name
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.purpose import Purpose
from fapi_lint.project.symbols import Class, External, Variable
from fapi_lint.project.values import Located

_TRANSPARENT = sys.stdlib_module_names | {
    "sqlalchemy",
    "sqlmodel",
    "typing_extensions",
    "pydantic",
    "starlette",
    "fastapi",
}
"""Packages whose classes bring no mapped attributes along."""


class Direction(enum.Enum):
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"

    @property
    def reverse(self) -> Direction:
        if self is Direction.MANY_TO_MANY:
            return self
        return Direction.ONE_TO_MANY if self is Direction.MANY_TO_ONE else Direction.MANY_TO_ONE


class Join(Struct, frozen=True, eq=False):
    """How a relationship gets from its model to the related one.

    `key` is the foreign key it goes over; with a secondary table that is `secondary`, as it is written.
    """

    source: Model
    target: Model
    direction: Direction
    key: Column | None = None
    secondary: Located | None = None
    plain: bool = True
    """The join is over the key alone: no condition of its own that would make it a part of the relation."""


class Pairings(Part):
    """What there is to know about relationships as pairs. What cannot be seen is None."""

    # --- models ------------------------------------------------------------------------------------

    def source(self, relationship: Relationship) -> Model | None:
        """The model that a relationship belongs to: for a mixin, the one that all others inherit it from."""
        users = self.project.models.users_of(relationship.owner)
        tops = [u for u in users if not any(other.class_ in u.ancestors for other in users if other is not u)]
        return tops[0] if len(tops) == 1 else None

    def namesakes(self, model: Model) -> list[Model]:
        """The models of the same registry that a string with this model's name could mean, itself included."""
        purpose_of = self.project.purposes.of
        return [
            other
            for other in self.project.models.by_name[model.name]
            if other is model
            or (other.registry == model.registry and purpose_of(other.module) not in ("migration", "test"))
        ]

    def lineage(self, model: Model) -> list[Model]:
        """The model and the mapped classes it inherits from or that inherit from it: one hierarchy of tables."""
        by_class = self.project.models.by_class
        above = [by_class[class_] for class_ in model.ancestors if class_ in by_class]
        return list({m: None for top in above for m in (top, *self.project.models.users_of(top.class_))})

    @cached_property
    def incoming(self) -> dict[tuple[Class, str], list[Relationship]]:
        """The relationships whose `backref` makes an attribute, by class and attribute."""
        named = ((backref_name(each), each.target_model, each) for each in self.project.models.relationships)
        return grouped(
            ((model.class_, name), relationship)
            for name, model, relationship in named
            if name is not None and model is not None
        )

    def name_classes(self, module: Module) -> bool:
        """Whether most annotated relationships of a file name the class in the call as well."""
        return self._naming[module] > 0

    @cached_property
    def _naming(self) -> Counter[Module]:
        """How many more annotated relationships of a file name the class in the call than do not."""
        found: Counter[Module] = Counter()
        for relationship in self.project.models.relationships:
            if relationship.mapped_type is not None and relationship.call is not None:
                found[relationship.module] += 1 if relationship.call.argument("argument", 0) is not None else -1
        return found

    # --- foreign keys ------------------------------------------------------------------------------

    @kept
    def keys(self, source: Model, target: Model) -> list[Column] | None:
        """The columns of `source` that refer to the table of `target`; None where they cannot all be seen."""
        if not self._is_transparent(source):
            return None
        found = []
        for column in source.columns.values():
            if column.made_by is not None and "ForeignKey" in column.made_by.module.slice(column.made_by.node):
                return None
            for foreign_key in column.foreign_keys:
                refers = self._refers(foreign_key, target)
                if refers is None:
                    return None
                if refers:
                    found.append(column)
        return found

    def _is_transparent(self, model: Model) -> bool:
        """Whether all foreign keys of a model are where `Column.foreign_keys` looks."""
        for ancestor in self.project.resolver.mro(model.class_):
            if self._is_opaque(ancestor):
                return False
            if isinstance(ancestor, Class) and (
                "__table__" in ancestor.scope.bindings
                or "ForeignKeyConstraint(" in ancestor.module.slice(ancestor.node)
            ):
                return False
        return True

    def _is_opaque(self, class_: Class | External) -> bool:
        """Whether a class has, for what is seen of it, any attributes: one of a library, or with an unknown base."""
        if isinstance(class_, External):
            return class_.package not in _TRANSPARENT
        return self.project.models.has_unseen_base(class_)

    def _refers(self, foreign_key: ForeignKey, target: Model) -> bool | None:
        """Whether a foreign key leads to a model's table, or one that the model inherits."""
        if foreign_key.text is None:
            expr = foreign_key.target.expr
            if not isinstance(expr, o.Attribute):
                return None
            symbol = self.project.resolver.resolve(foreign_key.target.scope, expr.value)
            return symbol in target.ancestors if isinstance(symbol, Class) else None
        table = foreign_key.text.rpartition(".")[0].rpartition(".")[2]
        by_class = self.project.models.by_class
        tables = [by_class[class_].table for class_ in target.ancestors if class_ in by_class]
        if table in tables:
            return True
        if None not in tables:
            return False
        owners = self.owners(table, self.project.purposes.of(target.module))
        if owners and not any(owner.class_ in target.ancestors for owner in owners):
            return False
        return True if len(owners) == 1 else None

    def owners(self, table: str, purpose: Purpose) -> list[Model]:
        """The models whose table has a name: written so, or computed from a class name of the same letters."""
        for found in (self.project.models.by_table.get(table, ()), self._computed.get(_letters(table), ())):
            owners = [model for model in found if self.project.purposes.of(model.module) == purpose]
            if owners:
                return owners
        return []

    @cached_property
    def _computed(self) -> dict[str, list[Model]]:
        """The models whose table names are computed, by the letters that such a name would have."""
        named = ((_letters(model.name), model) for model in self.project.models.all if model.table is None)
        return grouped(
            (name, model)
            for one, model in named
            for name in (one, one + "s", one + "es", one.removesuffix("y") + "ies")
        )

    def referred(self, key: Column, target: Model) -> str | None:
        """The attribute of `target` that a foreign key refers to."""
        for foreign_key in key.foreign_keys:
            if foreign_key.text is None:
                expr = foreign_key.target.expr
                return expr.attr if isinstance(expr, o.Attribute) and expr.attr in target.columns else None
            name = foreign_key.text.rpartition(".")[2]
            for attribute, column in target.columns.items():
                if column_name(column) == name:
                    return attribute
        return None

    def may_have(self, model: Model, name: str) -> bool:
        """Whether a model has an attribute that it may have got elsewhere than in the classes of the application."""
        for ancestor in self.project.resolver.mro(model.class_):
            if self._is_opaque(ancestor):
                return True
            if isinstance(ancestor, Class) and (name in ancestor.scope.bindings or (ancestor, name) in self.incoming):
                return True
        return name in self._assigned_from_outside(model.name)

    @kept
    def _assigned_from_outside(self, class_name: str) -> set[str]:
        """The attributes that are assigned to a class of this name, whatever it is: `User.posts = …`."""
        assigned = re.compile(rf"\b{class_name}\.(\w+)\s*=(?=[^=])")
        mentioning = self.project.references.mentioning(class_name)
        return {name for module in mentioning for name in assigned.findall(module.text)}

    # --- joins -------------------------------------------------------------------------------------

    @kept
    def join(self, relationship: Relationship) -> Join | None:
        """How a relationship joins; None where the tables, the keys or the direction are not certain."""
        source, target = self.source(relationship), relationship.target_model
        if source is None or target is None or relationship.has_unknown_arguments:
            return None
        secondary = relationship.argument("secondary")
        condition = relationship.argument("primaryjoin")
        if secondary is not None:
            plain = condition is None and relationship.argument("secondaryjoin") is None
            return Join(source, target, Direction.MANY_TO_MANY, secondary=secondary, plain=plain)
        outgoing, incoming = self.keys(source, target), self.keys(target, source)
        if outgoing is None or incoming is None:
            return None
        loops = source.class_ in target.ancestors or target.class_ in source.ancestors
        if loops and source.table != target.table:
            return None  # Joined inheritance: which side is remote depends on which of the tables the key is in.
        for located in (condition, relationship.argument("foreign_keys")):
            if located is not None:
                words = _words(located)
                outgoing = [column for column in outgoing if column.name in words]
                incoming = [column for column in incoming if column.name in words]
        if loops:
            incoming = []
        if len(outgoing) + len(incoming) != 1:
            return None
        key = (outgoing or incoming)[0]
        direction = Direction.MANY_TO_ONE if outgoing else Direction.ONE_TO_MANY
        if loops:
            side = relationship.argument("remote_side")
            if condition is not None and "remote(" in condition.scope.module.slice(condition.expr):
                return None
            many_to_one = side is not None and key.name not in _words(side)
            direction = Direction.MANY_TO_ONE if many_to_one else Direction.ONE_TO_MANY
        plain = condition is None or _is_equality(condition)
        return Join(source, target, direction, key, plain=plain)

    def counterparts(self, relationship: Relationship) -> list[Relationship]:
        """The relationships of the related model that lead back over the very same key or secondary table."""
        join = self.join(relationship)
        if join is None or not join.plain:
            return []
        return [
            other
            for other in self._open(join.target)
            if other is not relationship and self._is_reverse(join, self.join(other))
        ]

    @kept
    def _open(self, model: Model) -> list[Relationship]:
        return [each for each in model.relationships.values() if is_open(each)]

    def _is_reverse(self, join: Join, other: Join | None) -> bool:
        if other is None or not other.plain or other.direction is not join.direction.reverse:
            return False
        if join.source.class_ not in other.target.ancestors and other.target.class_ not in join.source.ancestors:
            return False
        if join.secondary is not None and other.secondary is not None:
            name = self.secondary_name(join.secondary)
            return name is not None and name == self.secondary_name(other.secondary)
        return join.key is not None and join.key is other.key

    def is_nullable(self, column: Column) -> bool:
        """Whether a column may hold NULL: as said, else by its annotation, else as columns are by default."""
        said = column.flag("nullable")
        if said is not None:
            return said
        if column.is_primary_key:
            return False
        return column.mapped_type is None or any(
            is_none(m) or _is_optional(m) for m in union_members(column.mapped_type)
        )

    def secondary_name(self, located: Located) -> str | None:
        """The name of a secondary table, written as a string or taken from the `Table` behind a variable."""
        expr: o.Node = located.expr
        if isinstance(expr, o.Lambda):
            expr = expr.body
        if isinstance(expr, o.String):
            return expr.value
        symbol = self.project.resolver.resolve(located.scope, expr)
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
            name = symbol.value.given("name", 0)
            if not isinstance(name, o.String) or name.value is None:
                return None
            described = (symbol.value, self._metadata_call(symbol))
            schemas = [arg for call in described if call is not None and (arg := call.given("schema"))]
            if not schemas:
                return name.value
            return f"{schemas[0].value}.{name.value}" if isinstance(schemas[0], o.String) else None
        return None

    def _metadata_call(self, table: Variable) -> o.Call | None:
        """The `MetaData(…)` that a table is in; None where it cannot be seen, or SQLAlchemy makes it."""
        resolver, where = self.project.resolver, table.scope
        expr = table.value.given("metadata", 1) if isinstance(table.value, o.Call) else None
        for _ in range(8):
            if isinstance(expr, o.Call):
                if o.dotted(expr.func).rpartition(".")[2] == "MetaData":
                    return expr
                expr = expr.given("metadata")
                continue
            holder = resolver.resolve(where, expr.value) if isinstance(expr, o.Attribute) else None
            if isinstance(holder, Class):
                found = [
                    (ancestor.scope, binding.value)
                    for ancestor in resolver.own(holder)
                    for binding in ancestor.scope.bindings.get("metadata", ())
                ]
                where, expr = found[0] if found else (where, None)
                continue
            symbol = holder if isinstance(holder, Variable) else resolver.resolve(where, expr)
            if not isinstance(symbol, Variable):
                return None
            where, expr = symbol.scope, symbol.value
        return None

    def shares_metadata(self, variable: object, model: Model) -> bool:
        """Whether a table stands in the metadata that a model looks for tables in."""
        value = variable.value if isinstance(variable, Variable) else None
        if not isinstance(variable, Variable) or not isinstance(value, o.Call):
            return True
        metadata = value.given("metadata", 1)
        if metadata is None:
            return False
        resolver, models = self.project.resolver, self.project.models
        where, expr = variable.scope, metadata
        for _ in range(4):
            if isinstance(expr, o.Attribute) and expr.attr == "metadata":
                base = resolver.resolve(where, expr.value)
                if isinstance(base, Class):
                    return models.registry_of(base) == model.registry or base in model.ancestors
                return isinstance(base, Variable) and models.registry_behind(base) == model.registry
            symbol = resolver.resolve(where, expr)
            if not isinstance(symbol, Variable) or symbol.value is None:
                return False
            if self._is_metadata_of(model, symbol):
                return True
            where, expr = symbol.scope, symbol.value
        return False

    def _is_metadata_of(self, model: Model, metadata: Variable) -> bool:
        """Whether the model's declarative base was made with this MetaData."""
        resolver = self.project.resolver
        candidates = [
            Located(binding.value, ancestor.scope)
            for ancestor in model.ancestors
            for binding in ancestor.scope.bindings.get("metadata", ())
            if binding.value is not None
        ]
        registry = model.registry
        if isinstance(registry, tuple):
            module = self.project.by_path[registry[0]]
            values = (binding.value for binding in module.scope.bindings.get(registry[1], ()))
            given = (value.given("metadata") for value in values if isinstance(value, o.Call))
            candidates += [Located(expr, module.scope) for expr in given if expr is not None]
        named = (resolver.resolve(located.scope, located.expr) for located in candidates)
        return any(isinstance(symbol, Variable) and symbol.node is metadata.node for symbol in named)


def is_open(relationship: Relationship) -> bool:
    """Whether a relationship may be a side of a pair, and all it says about that is seen."""
    return not (relationship.is_viewonly or relationship.backref is not None or relationship.has_unknown_arguments)


def backref_name(relationship: Relationship) -> str | None:
    """The attribute that `backref=` makes on the other model, where it is a literal."""
    arg = relationship.backref
    value = None if arg is None else arg.value
    if isinstance(value, o.Call):
        value = value.given("name", 0)
    return o.text(value)


def column_name(column: Column) -> str:
    """The name of a column in the database: its attribute's, unless another is written."""
    written = (written_name(call.expr) for call in column.calls if isinstance(call.expr, o.Call))
    return next(filter(None, written), column.name)


def _letters(name: str) -> str:
    return name.replace("_", "").lower()


def _words(located: Located) -> set[str]:
    return set(re.findall(r"\w+", located.scope.module.slice(located.expr)))


def _is_optional(node: o.Node) -> bool:
    return isinstance(node, o.Subscript) and o.dotted(node.value).rpartition(".")[2] == "Optional"


def _is_equality(condition: Located) -> bool:
    """`A.id == B.a_id` and nothing else."""
    expr: o.Node = condition.expr
    if isinstance(expr, o.String):
        return expr.value is not None and re.fullmatch(r"[\w.]+\s*==\s*[\w.]+", expr.value.strip()) is not None
    if isinstance(expr, o.Lambda):
        expr = expr.body
    return isinstance(expr, o.Compare) and expr.operators == ("==",) and all(o.dotted(e) for e in expr.operands)
