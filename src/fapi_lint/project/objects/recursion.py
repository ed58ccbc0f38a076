"""What goes on and on: a loop that follows a link (`node = node.parent`), and a function that calls itself."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.objects.links import Path
from fapi_lint.project.objects.origins import Facts, Objects, Origin
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.objects.walk import Walk


class Recursion:
    """What one function reads again and again."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.seen: list[tuple[Origin, Path]] = []
        """The links that were read, in order."""
        self._calls: list[tuple[Objects, Facts, Place]] = []
        """What the function calls itself with."""

    def loop(self, body: Iterable[o.Node], place: Place) -> None:
        """Run the body of a loop once, and note what goes on and on: `node = node.parent`."""
        walk, first = self.walk, len(self.seen)
        names = dict(walk.state.names)
        walk.block(body)
        for name, values in names.items():
            before = [value for value in values if isinstance(value, Objects)]
            after = [v for v in walk.state.names.get(name, frozenset()) - values if isinstance(v, Objects)]
            for value, old in product(after, before):
                if old.origin is value.origin and old.path != value.path:
                    self._endless(value.origin, old.path, value.path, walk.facts(value.origin), place, first)

    def called(self, value: Objects, place: Place) -> None:
        """The function calls itself with what it reads of a parameter."""
        if value.path and value.origin in self.walk.summary.params.values():
            self._calls.append((value, self.walk.facts(value.origin), place))

    def finish(self) -> None:
        """Note what the calls of the function by itself read, once all that it reads is known."""
        for value, facts, place in self._calls:
            self._endless(value.origin, (), value.path, facts, place, 0)

    def _endless(self, origin: Origin, base: Path, path: Path, facts: Facts, place: Place, first: int) -> None:
        """What `base` leads to is read by a link, what that leads to is read by it, and so on."""
        size = len(base)
        if path[:size] != base:
            return
        link, step = path[: size + 1], path[size:]
        known = [p for each, p in self.seen[first:] if each is origin]
        beside = {p[size] for p in known if len(p) > size and p[:size] == base}
        beside |= {p[size + 1] for p in known if len(p) > size + 1 and p[: size + 1] == link}
        obstacle = None if len(step) == 1 else f"there is no end to what is read by `{'.'.join(step)}`"
        self.walk.objects.read(self.walk, origin, path, facts, place, obstacle, frozenset(beside - {step[0]}))
