"""Reads that may be lazy loads, of objects that are not followed: a cache, `request.state`, what a library gives.

Nothing can be loaded for them, and nothing is reported: they only say what may fail if the code became asynchronous.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference.type import Type
from fapi_lint.project.kept import kept
from fapi_lint.project.mapped import Model
from fapi_lint.project.module import Module
from fapi_lint.project.objects.links import ANY, BELOW, Link, is_loaded
from fapi_lint.project.objects.origins import Objects, Origin, Other, Record, Values
from fapi_lint.project.objects.summary import Summary
from fapi_lint.project.symbols import Binding, Class, External, Function, Namespace, Scope
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.objects.flow import ObjectFlow
    from fapi_lint.project.objects.walk import Walk
    from fapi_lint.project.schemas import Schema

_UNKNOWN = Other("unknown")
_COLUMNS = frozenset(["c", "columns"])
_STATEMENTS = frozenset(["subquery", "cte", "alias", "lateral"])
_DATA = frozenset(["model_validate", "from_orm", "parse_obj", "validate_python", "model_dump", "model_construct"])


class Doubt(Struct, frozen=True, eq=False):
    """What may read a relationship that nothing loads."""

    function: Function
    place: Place
    reason: str


class Doubts(Struct, eq=False, dict=True):
    """Those of an application."""

    objects: ObjectFlow
    names: frozenset[str] = frozenset()
    """The attributes of models that may load something when they are read, or called."""
    found: dict[Place, Doubt] = field(default_factory=dict)

    def add(self, function: Function, place: Place, reason: str) -> None:
        self.found.setdefault(place, Doubt(function, place, reason))

    def _add(self, walk: Walk, node: o.Node, reason: str) -> None:
        self.add(walk.function, walk.module.place(node), reason)

    def _lazy(self, walk: Walk, owner: Objects) -> Iterator[Link]:
        """The links of an object that nothing has loaded."""
        links, loaded = self.objects.links.of(self.objects.model_of(owner)), walk.facts(owner.origin).loaded
        return (each for each in links.values() if each.is_lazy and not is_loaded((*owner.path, each.name), loaded))

    # --- what is read --------------------------------------------------------------------------------

    def attribute(self, walk: Walk, node: o.Attribute) -> None:
        """`request.state.user.items`"""
        if node.attr in self.names and self.may_be_mapped(walk, node.value, [node.attr]):
            written = o.dotted(node) or node.attr
            self._add(walk, node, f"nobody can tell where the object comes from that `{written}` is read of")

    def method(self, walk: Walk, node: o.Attribute) -> None:
        """`request.state.user.summary()`"""
        for class_ in self.objects.project.models.mapping_classes:
            if any(isinstance(binding.definition, Function) for binding in class_.scope.bindings.get(node.attr, ())):
                self.attribute(walk, node)
                return

    def named(self, walk: Walk, node: o.Call, owner: Objects) -> None:
        """`getattr(user, name)`"""
        own = walk.function.node  # `for link in inspect(item).mapper.relationships`
        is_any = self.objects.model_of(owner) is None and ".relationships" in walk.module.text[own.body_start : own.end]
        if any(self._lazy(walk, owner)) or (is_any and self.names):
            self._add(walk, node, f"`{walk.module.slice(node)}` may read any attribute")

    def gone(self, walk: Walk, origin: Origin, name: str, place: Place) -> None:
        """What is loaded anew when it is read: a column, or a link that was loaded."""
        state, model = walk.state, origin.model
        is_link = model is not None and name in model.relationships
        if model is None or not (is_link or name in model.columns):
            return
        if not is_link and (origin, name) in state.gone:
            how = "the database has computed or the query left out"
            reason = f"`{name}` is read, which {how}, and nothing loads it before"
        elif (origin, ANY) in state.gone and not (is_link and origin.kind == "new"):
            reason = f"`{name}` is read after all that was loaded has expired, and nothing loads it before"
        elif is_link and (origin, BELOW) in state.gone:
            reason = f"`{name}` is read after a function has refreshed all that it is given, and nothing loads it"
        else:
            return
        self.add(walk.function, place, reason)

    def passed(self, walk: Walk, node: o.Node, summary: Summary, origin: Origin, values: Values) -> None:
        """What is given for a parameter that is read."""
        reads = summary.reads.get(origin)
        if reads and _UNKNOWN in values:
            names = [path[0] for path, _ in reads if path[0] in self.names]
            if names and self.may_be_mapped(walk, node, names):
                function = summary.function.name
                text = f"`{function}` reads `{names[0]}` of `{walk.module.slice(node)}`"
                self._add(walk, node, f"{text}, and nobody can tell where that comes from")

    def handed(self, walk: Walk, node: o.Call, values: Values) -> None:
        """Objects that something unseen is given: `HANDLERS[kind](user)`, a template."""
        for value in values:
            if isinstance(value, Record):
                for _, inner in value.fields:
                    self.handed(walk, node, inner)
            elif isinstance(value, Objects):
                for link in self._lazy(walk, value):
                    text = f"`{walk.module.slice(node.func)}` may read `{link.name}` of what it is given"
                    self._add(walk, node, text)
                    return

    def referred(self, walk: Walk, node: o.Node, summary: Summary) -> None:
        """A function that reads attributes of its parameters, and that is given to something that calls it."""
        for reads in summary.reads.values():
            for path, _ in reads:
                if path[0] in self.names:
                    text = f"nobody can tell what `{summary.function.name}` is called with"
                    self._add(walk, node, f"{text}, which reads `{path[0]}`")
                    return

    def special(self, method: Function) -> None:
        """`__repr__`, `__len__`: called without being named."""
        own = next(iter(self.objects.summary(method).params.values()), None)
        for path, _ in self.objects.summary(method).reads.get(own, ()) if own is not None else ():
            if path[0] in self.names:
                reason = f"nobody can tell where `{method.name}` is called, which reads `{path[0]}`"
                self.add(method, method.module.place(method.node), reason)

    def serialised(self, walk: Walk, expr: o.Node | None, values: Values, classes: Iterable[Class]) -> None:
        """What a schema is made from."""
        if isinstance(expr, o.Comprehension) and expr.kind != "dict":
            expr = expr.items[0]
        if _UNKNOWN not in values or expr is None:
            return
        for class_ in classes:
            if self._reads(class_) and self.may_be_mapped(walk, expr, []):
                written = walk.module.slice(expr)
                text = f"`{class_.name}` may read relationships of `{written}`, and nobody can tell where it comes from"
                self._add(walk, expr, text)
                return

    @kept
    def _reads(self, class_: Class) -> bool:
        """Whether there is a model that a schema, which reads relationships, may be made from."""
        schema = self.objects.project.schemas.by_class.get(class_)
        models = self.objects.project.models.all
        return schema is not None and any(self._fits(schema, model) for model in models)

    def _fits(self, schema: Schema, model: Model) -> bool:
        links = self.objects.links.of(model)
        if not any(name in links and links[name].is_lazy for name in schema.fields):
            return False
        known = {name for ancestor in model.ancestors for name in ancestor.scope.bindings} | set(links)
        return all(
            name in known or field.default is not None or field.argument("alias") is not None
            for name, field in schema.fields.items()
        )

    # --- what may be an object -----------------------------------------------------------------------

    def may_be_mapped(self, walk: Walk, expr: o.Node, names: Iterable[str]) -> bool:
        """Whether an expression that is not followed may be mapped objects that have one of these attributes."""
        if isinstance(expr, o.Await):
            expr = expr.value
        if isinstance(expr, (o.String, o.Number, o.Dict, o.Lambda)):
            return False
        known = self.objects.project.types.of(walk.scope, expr)
        while known is not None and isinstance(known.symbol, External) and known.args and known.arg is not None:
            known = known.arg
        if known is not None:
            return self._is_mapped(known, names)
        if isinstance(expr, (o.Name, o.Attribute)):
            return self._is_object(walk, expr)
        return not (isinstance(expr, o.Call) and self._is_other(walk.scope, expr))

    def _is_mapped(self, known: Type, names: Iterable[str]) -> bool:
        if isinstance(known.symbol, External):
            return known.symbol.name in ("Any", "object")
        models = self.objects.project.models.users_of(known.symbol)
        if known.symbol not in self.objects.project.models.by_class:
            return bool(models)
        links = self.objects.links.of(models[0])
        return all(name not in links or links[name].is_lazy for name in names)

    def _is_object(self, walk: Walk, expr: o.Name | o.Attribute) -> bool:
        project, scope = self.objects.project, walk.scope
        if isinstance(expr, o.Attribute) and (expr.attr in _COLUMNS or self._is_state(scope, expr)):
            return False
        if walk.models.named(expr) is not None or project.model_attributes.of(scope, expr) is not None:
            return False
        if isinstance(project.resolver.resolve(scope, expr), (External, Class, Namespace, Function, Module)):
            return False
        found = scope.lookup(expr.id) if isinstance(expr, o.Name) else None
        bindings: list[Binding] = [] if found is None else list(found[1])
        return not any(isinstance(b.value, o.Call) and self._is_other(scope, b.value) for b in bindings)

    def _is_state(self, scope: Scope, expr: o.Attribute) -> bool:
        """`request.state`, `request.app.state`"""
        root: o.Node = expr
        while isinstance(root, o.Attribute):
            root = root.value
        known = self.objects.project.types.of(scope, root) if expr.attr == "state" else None
        return known is not None and isinstance(known.symbol, External)

    def _is_other(self, scope: Scope, call: o.Call) -> bool:
        """`aliased(User)`, `select(…).subquery()`, and what a schema gives."""
        func: o.Node = call.func
        if isinstance(func, o.Attribute) and func.attr in _STATEMENTS | _DATA:
            return True
        symbol = self.objects.project.resolver.external(scope, func)
        return symbol is not None and symbol.is_orm
