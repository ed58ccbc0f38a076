"""Things that belong together, joined pair by pair."""

from __future__ import annotations

from collections.abc import Hashable


class DisjointSets:
    """Sets that grow together (union-find); everything is in one of its own until it is joined."""

    def __init__(self) -> None:
        self._above: dict[Hashable, Hashable] = {}

    def find(self, item: Hashable) -> Hashable:
        """The one item that stands for the whole set."""
        root = item
        while (above := self._above.get(root, root)) != root:
            root = above
        while (above := self._above.get(item, item)) != root:
            self._above[item], item = root, above
        return root

    def join(self, one: Hashable, other: Hashable) -> None:
        self._above[self.find(one)] = self.find(other)
