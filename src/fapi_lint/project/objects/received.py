"""What a call gives back that is loaded further where it gets a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.module_names import snake_case
from fapi_lint.project.nouns import plural
from fapi_lint.project.objects.origins import NONE, Objects, Origin, Values

if TYPE_CHECKING:
    from fapi_lint.project.objects.walk import Walk


class Received:
    """What one function is given back by what it calls."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self._names: dict[Origin, str] = {}
        """What holds the objects of methods that serve several models."""

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
            if self._names.setdefault(value.origin, given) != given:
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
