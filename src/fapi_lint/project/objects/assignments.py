"""What assignments bind, what they change of mapped objects, and what is loaded further where it gets a name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.module_names import snake_case
from fapi_lint.project.nouns import plural
from fapi_lint.project.objects.links import ANY, BELOW
from fapi_lint.project.objects.origins import NONE, UNKNOWN, Objects, Origin, Other, Record, Values, few, many, one
from fapi_lint.project.symbols import Class

if TYPE_CHECKING:
    from fapi_lint.project.objects.walk import Walk


class Assignments:
    """The assignments of one function."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self._received: dict[Origin, str] = {}
        """What holds the objects of methods that serve several models."""

    def bind(self, target: o.Node, values: Values) -> None:
        if isinstance(target, o.Name):
            self.walk.state.names[target.id] = few(values)
        elif isinstance(target, o.Attribute):
            for value in self.walk.value(target.value):
                if isinstance(value, Objects):
                    self.set_attribute(value, target.attr, target, values)
        elif isinstance(target, o.Collection):
            for index, item in enumerate(target.items):
                found: set[Any] = set()
                for value in values:
                    if isinstance(value, Record):
                        found |= value.get(str(index))
                    elif isinstance(value, Objects) and value.many:
                        found |= one(frozenset([value]))
                    else:
                        found |= UNKNOWN
                self.bind(item, frozenset(found))
        elif isinstance(target, o.Starred):
            self.bind(target.value, UNKNOWN)
        elif isinstance(target, o.Subscript):
            self._put(target, values)

    def _put(self, target: o.Subscript, values: Values) -> None:
        """`found[post.id] = post`"""
        for item in target.items:
            self.walk.value(item)
        if not isinstance(target.value, o.Name):
            self.walk.value(target.value)
            return
        name = target.value.id
        held: set[Any] = set()
        for value in self.walk.state.names.get(name, UNKNOWN):
            if isinstance(value, Record) and not value.many:
                old = dict(value.fields)
                held.add(
                    Record(((ANY, old.pop(ANY, frozenset()) | values), *((k, v | values) for k, v in old.items())))
                )
            elif isinstance(value, Objects) and value.many:
                held |= {value} | many(values)
            elif value == Other("empty"):
                held.add(Record(((ANY, values),)))
            else:
                held.add(value)
        self.walk.state.names[name] = frozenset(held)

    def set_attribute(self, owner: Objects, name: str, node: o.Node, values: Values) -> None:
        """`post.tags = …`: setting a collection reads the old one."""
        self.hand(values)
        walk, origin = self.walk, owner.origin
        link = walk.objects.link(owner, name)
        path = (*owner.path, name)
        if link is None or link.many is False:
            self.changed(owner, name)
        if link is None:
            self._keyed(owner, name)
        if link is not None and link.many:
            walk.objects.read(walk, origin, path, walk.facts(origin), walk.module.place(node))
        if link is not None or origin.model is None:
            walk.set_facts(origin, walk.facts(origin).load((*path, BELOW)))
            walk.state.given[origin, path] = values
        if link is not None and link.many is False and any(isinstance(value, Objects) for value in values):
            facts = walk.facts(origin)
            walk.set_facts(origin, replace(facts, near=facts.near | {path}))

    def changed(self, owner: Objects, name: str) -> None:
        """An attribute is assigned: the next flush writes it, unless the object is only being made."""
        facts = self.walk.facts(owner.origin)
        if facts.is_persistent or owner.origin.kind != "new" or owner.path:
            self.walk.set_facts(owner.origin, facts.wrote(facts.writes.change((*owner.path, name))))

    def _keyed(self, owner: Objects, name: str) -> None:
        """`post.author_id = …`: another author, who may not be in the session."""
        facts, model = self.walk.facts(owner.origin), self.walk.objects.model_of(owner)
        if facts.near and model is not None:
            links = self.walk.objects.links.of(model).values()
            far = {(*owner.path, link.name) for link in links if link.key == name}
            self.walk.set_facts(owner.origin, replace(facts, near=facts.near - far))

    def hand(self, values: Values) -> None:
        """Something is given these, which may put them into a session."""
        for value in values:
            if isinstance(value, Objects):
                self.walk.state.handed.add(value.origin)
            elif isinstance(value, Record):
                for _, inner in value.fields:
                    self.hand(inner)

    def compute(self, target: o.Node, value: o.Expr) -> None:
        """`book.stock = Book.stock + 1`: the column is what the database computes."""
        if isinstance(target, o.Attribute) and self._is_computed(value):
            owners = [each for each in self.walk.value(target.value) if isinstance(each, Objects) and not each.path]
            self.walk.state.computed |= {(owner.origin, target.attr) for owner in owners}

    def _is_computed(self, node: o.Expr) -> bool:
        """`Book.stock + 1`: an expression that the database computes."""
        if not isinstance(node, o.Operation):
            return False
        attributes = [each for each in o.walk(node) if isinstance(each, o.Attribute)]
        owners = (self.walk.project.resolver.resolve(self.walk.scope, each.value) for each in attributes)
        return any(isinstance(owner, Class) and owner in self.walk.project.models.by_class for owner in owners)

    # --- what calls give back ----------------------------------------------------------------------

    def receive(self, name: str, node: o.Expr, values: Values) -> None:
        """What a method gives that serves several models is loaded further where it gets a name."""
        walk = self.walk
        call = node.value if isinstance(node, o.Await) else node
        if walk.models.are_shared or not isinstance(call, o.Call):
            return
        self._given_back(name, call, values - NONE)
        for value in values:
            if not isinstance(value, Objects) or not value.origin.is_shared:
                continue
            facts, given = walk.facts(value.origin), "" if value.path else name or self._name_for(value)
            if self._received.setdefault(value.origin, given) != given:
                given = ""  # Several names hold such objects, and nobody can tell them apart.
            if facts.dropped is None or facts.dropped.is_shared:
                at = walk.objects.places.received(walk, call, value, given, facts.dropped)
                walk.set_facts(value.origin, replace(facts, dropped=at))

    def _given_back(self, name: str, call: o.Call, values: Values) -> None:
        """`return save(post)`: what a call drops of the object that it gives back is loaded where that gets a name."""
        walk = self.walk
        (value,) = values if len(values) == 1 else (None,)
        if not isinstance(value, Objects) or value.path or value.many:
            return
        facts = walk.facts(value.origin)
        if facts.dropped is None or facts.dropped.is_shared or facts.dropped.node is not call:
            return
        given = name or facts.dropped.variable or self._name_for(value)
        at = walk.objects.places.named(facts.dropped, given)
        writes = facts.writes.moved({facts.dropped: at})
        walk.set_facts(value.origin, replace(facts, dropped=at, writes=writes))

    def _name_for(self, value: Objects) -> str:
        """What to call objects that are returned at once; empty if the name is taken."""
        model = value.origin.model
        name = "" if model is None else snake_case(model.name)
        name = plural(name) if value.many else name
        names = (each for each in (name, f"db_{name}") if self.walk.scope.lookup(each) is None)
        return next(names, "") if name else ""
