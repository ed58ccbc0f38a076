"""What a mapped class leads to: its relationships, those that a `backref` makes included, and when they load.

https://docs.sqlalchemy.org/en/20/orm/queryguide/relationships.html has the strategies and the options of a query.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import only_member
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.mapped import Model, Relationship
from fapi_lint.project.pairing import Direction
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, Scope

Path: TypeAlias = tuple[str, ...]
"""Attributes one after the other, from an object to what it leads to: `("comments", "author")`."""

ANY = "*"
"""In place of a last attribute: all of them."""
BELOW = "**"
"""Behind a path: whatever it leads to."""

_LAZY = frozenset(["select", "True"])
_EAGER = frozenset(["immediate", "joined", "selectin", "subquery", "False"])
_LOADING = frozenset(
    [
        *("selectinload", "joinedload", "subqueryload", "immediateload", "contains_eager", "noload", "raiseload"),
        "undefer",
    ]
)
"""Options after which nothing is loaded lazily: it is there, empty, or an error of another kind."""
_PASSING = frozenset(["defaultload", "Load"])
_NEUTRAL = frozenset(["load_only", "defer", "with_expression", "with_loader_criteria"])
_COLLECTIONS = frozenset(["list", "List", "set", "Set", "Sequence", "Collection", "dict", "Dict", "Iterable"])
_NEVER = frozenset(["DynamicMapped", "WriteOnlyMapped"])


class Link(Struct, frozen=True, eq=False):
    """An attribute of a model that leads to other objects, and that may have to be loaded for itself."""

    name: str
    source: Model
    target: Model | None
    many: bool | None
    """Whether it is a collection; None where that cannot be seen."""
    is_lazy: bool
    """Whether it surely loads when it is first read, unless the query says otherwise."""
    key: str = ""
    """The column of a plain many-to-one, by which an object that is there is found without a query."""
    is_column: bool = False
    """Whether it leads to nothing: a deferred column, which is loaded when it is first read as well."""
    is_eager: bool = False
    """Whether queries load it, so that only a new object may lack it."""


class Links(Part):
    """The links of all models."""

    @kept
    def of(self, model: Model | None) -> dict[str, Link]:
        """The links of a model, own and inherited, by name; none of one that is not known."""
        return {} if model is None else {link.name: link for link in self._links(model)}

    def _links(self, model: Model) -> Iterator[Link]:
        for ancestor in model.ancestors:
            for name in self._generated.get(ancestor, ()):
                yield from self._generated_links(model, ancestor, name)
        for relationship in model.relationships.values():
            yield self._written_link(model, relationship)
        for name, column in model.columns.items():
            if column.is_deferred:
                yield Link(name, model, None, False, True, is_column=True)

    @cached_property
    def _generated(self) -> dict[Class, list[str]]:
        """The attributes that backrefs make, by class."""
        return grouped(self.project.pairings.incoming)

    def _written_link(self, model: Model, relationship: Relationship) -> Link:
        located = relationship.argument("lazy")
        lazy, eager = _strategy(None if located is None else located.expr)
        if relationship.has_unknown_arguments or _wrapper(relationship) in _NEVER:
            lazy = eager = False
        join = self.project.pairings.join(relationship)
        uselist = relationship.argument("uselist")
        many = _is_collection(relationship)
        if uselist is not None:
            many = _text(uselist.expr) == "True"
        elif many is None and join is not None:
            many = join.direction is not Direction.MANY_TO_ONE
        simple = join is not None and join.plain and join.direction is Direction.MANY_TO_ONE and join.key is not None
        key = join.key.name if simple and join is not None and join.key is not None else ""
        return Link(relationship.name, model, relationship.target_model, many, lazy, key, is_eager=eager)

    def _generated_links(self, model: Model, owner: Class, name: str) -> Iterator[Link]:
        for relationship in self.project.pairings.incoming[owner, name]:
            source = self.project.pairings.source(relationship)
            call = None if relationship.backref is None else relationship.backref.value
            given = call.given("lazy") if isinstance(call, o.Call) else None
            uselist = call.given("uselist") if isinstance(call, o.Call) else None
            join = self.project.pairings.join(relationship)
            many = None if join is None else join.direction.reverse is not Direction.MANY_TO_ONE
            if uselist is not None:
                many = _text(uselist) == "True"
            lazy, eager = _strategy(given)
            key = join.key.name if join is not None and join.key is not None and join.plain and many is False else ""
            direction = None if join is None else join.direction
            key = key if direction is Direction.ONE_TO_MANY else ""
            yield Link(name, model, source, many, lazy, key, is_eager=eager)

    @kept
    def below(self, model: Model) -> dict[str, Model]:
        """What only mapped subclasses have, and a query for the model does not load: attributes and whose they are."""
        found: dict[str, Model] = {}
        for other in self.project.models.users_of(model.class_):
            if other is not model:
                names = {link.name for link in self.of(other).values() if link.is_lazy}
                if not self._loads_subclasses(other):
                    names |= other.columns.keys()
                found.update(dict.fromkeys(names - model.columns.keys() - self.of(model).keys(), other))
        return found

    @kept
    def _loads_subclasses(self, model: Model) -> bool:
        """Whether the mapping of a model or of a base says that columns of subclasses are loaded with its own."""
        return any(map(_says_polymorphic, model.ancestors))

    # --- options of queries --------------------------------------------------------------------------

    def options(self, scope: Scope, exprs: Iterable[o.Expr]) -> frozenset[Path] | None:
        """The paths that loader options load; None if one of them cannot be read."""
        found: set[Path] = set()
        for expr in exprs:
            paths = self._option(scope, expr)
            if paths is None:
                return None
            found |= paths[0]
        return frozenset(found)

    def _option(self, scope: Scope, expr: o.Expr) -> tuple[set[Path], Path] | None:
        """What one option loads, and the path that what is chained to it starts from."""
        if not isinstance(expr, o.Call):
            return None
        if isinstance(expr.func, o.Attribute):
            inner = self._option(scope, expr.func.value) if isinstance(expr.func.value, o.Call) else None
            if inner is not None:
                return self._chained(scope, expr, expr.func.attr, *inner)
            if isinstance(expr.func.value, o.Call):
                return None
        symbol = self.project.resolver.external(scope, expr.func)
        if symbol is None or not symbol.is_orm:
            return None
        return self._chained(scope, expr, symbol.name, set(), ())

    def _chained(
        self, scope: Scope, call: o.Call, name: str, loaded: set[Path], base: Path
    ) -> tuple[set[Path], Path] | None:
        if name == "Load" or name in _NEUTRAL:
            return loaded, base
        if name == "undefer_group":
            return loaded | {(*base, ANY)}, base
        if name == "options":
            for arg in call.args:
                inner = None if arg.star else self._option(scope, arg.value)
                if inner is None:
                    return None
                loaded = loaded | {base + path for path in inner[0]}
            return loaded, base
        if name not in _LOADING | _PASSING:
            return None  # What is to be loaded lazily cannot be loaded otherwise by one more option.
        for arg in call.args:
            if arg.keyword or arg.star:
                if arg.keyword == "recursion_depth" and base:
                    loaded = loaded | {(*base, BELOW)}
                continue
            steps = _attributes(arg.value)
            if steps is None:
                return None
            for step in steps:
                base = (*base, step)
                if name in _LOADING:
                    loaded = loaded | {base}
        if call.argument("recursion_depth") is not None:
            loaded = loaded | {(*base, BELOW)}
        return loaded, base


def is_loaded(path: Path, loaded: Collection[Path]) -> bool:
    """Whether one of the loaded paths covers a path."""
    return path in loaded or any(
        (other[-1] == ANY and path[:-1] == other[:-1]) or (other[-1] == BELOW and path[: len(other) - 1] == other[:-1])
        for other in loaded
        if other[-1] in (ANY, BELOW)
    )


def left_out(scope: Scope, model: Model, statement: o.Node) -> frozenset[str]:
    """The columns that a statement does not load, as its options say: `load_only(Post.id)`, `defer(Post.body)`."""
    named = {node.id for node in o.walk(statement) if isinstance(node, o.Name)}
    bound = [binding.value for name in named for binding in scope.bindings.get(name, ()) if binding.value is not None]
    found: set[str] = set()
    for call in o.walk(statement, *bound):
        name = o.dotted(call.func).rpartition(".")[2] if isinstance(call, o.Call) else ""
        if not isinstance(call, o.Call) or name not in ("load_only", "defer"):
            continue
        attributes = {arg.value.attr for arg in call.args if isinstance(arg.value, o.Attribute) and _is_of(model, arg)}
        keys = {column for column in model.columns if model.columns[column].is_primary_key}
        found |= model.columns.keys() - attributes - keys if attributes and name == "load_only" else attributes
    return frozenset(found)


def _is_of(model: Model, arg: o.Arg) -> bool:
    owner = o.dotted(arg.value.value) if isinstance(arg.value, o.Attribute) else ""
    return owner.rpartition(".")[2] == model.name


def _says_polymorphic(class_: Class) -> bool:
    text = class_.body_text
    return "with_polymorphic" in text or "polymorphic_load" in text


def _attributes(expr: o.Expr) -> tuple[str, ...] | None:
    """The attributes that an argument of a loader option names: `Post.tags`, `"tags.posts"`, `Post.tags.and_(…)`."""
    if isinstance(expr, o.String):
        return None if expr.value is None else tuple(expr.value.split("."))
    if isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute) and expr.func.attr in ("and_", "of_type"):
        expr = expr.func.value
    return (expr.attr,) if isinstance(expr, o.Attribute) else None


def _strategy(given: o.Expr | None) -> tuple[bool, bool]:
    """Whether `lazy=…` says that a relationship loads when it is first read, and whether that queries load it."""
    return given is None or _text(given) in _LAZY, given is not None and _text(given) in _EAGER


def _text(expr: o.Node) -> str:
    if isinstance(expr, o.String):
        return expr.value or ""
    return expr.id if isinstance(expr, o.Name) else ""


def _wrapper(relationship: Relationship) -> str:
    annotation = relationship.annotation
    return o.dotted(annotation.value).rpartition(".")[2] if isinstance(annotation, o.Subscript) else ""


def _is_collection(relationship: Relationship) -> bool | None:
    member = only_member(relationship.mapped_type)
    if not isinstance(member, o.Subscript):
        return None if member is None else False
    wrapper = relationship.project.resolver.foreign_name(relationship.scope, member.value)
    return wrapper in _COLLECTIONS if wrapper else None
