"""Graphs: what leads where, what hangs together in a circle, and what belongs together pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TypeVar

N = TypeVar("N")


def reachable(start: Iterable[N], step: Callable[[N], Iterable[N]]) -> set[N]:
    """What repeated steps lead to, the start included."""
    seen: set[N] = set()
    pending = list(start)
    while pending:
        node = pending.pop()
        if node not in seen:
            seen.add(node)
            pending += step(node)
    return seen


def components(nodes: Iterable[N], step: Callable[[N], Iterable[N]]) -> Iterator[frozenset[N]]:
    """The strongly connected components of a graph: Tarjan's algorithm, without recursion."""
    index: dict[N, int] = {}
    low: dict[N, int] = {}
    path: list[N] = []
    on_path: set[N] = set()
    for root in nodes:
        pending = [] if root in index else [root]
        work: list[tuple[N, Iterator[N]]] = []
        while work or pending:
            if pending:
                node = pending.pop()
                index[node] = low[node] = len(index)
                path.append(node)
                on_path.add(node)
                work.append((node, iter(step(node))))
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    pending.append(target)
                    break
                if target in on_path:
                    low[node] = min(low[node], index[target])
            else:
                work.pop()
                if work:
                    above = work[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == index[node]:
                    component = {node}
                    while (last := path.pop()) is not node:
                        component.add(last)
                    on_path -= component
                    yield frozenset(component)


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
