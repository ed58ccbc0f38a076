"""`fapi-lint map --graph`: the modules of an application and their imports, for Mermaid and Graphviz.

https://mermaid.js.org/syntax/flowchart.html, https://graphviz.org/doc/info/lang.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby

from msgspec import Struct


class Graph(Struct, frozen=True):
    """Modules by name, and which of them import which; `cycles` are sets of modules that import each other."""

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    cycles: tuple[tuple[str, ...], ...] = ()

    @property
    def cycle_of(self) -> Mapping[str, int]:
        """The number of the cycle that a module is part of."""
        return {name: number for number, cycle in enumerate(self.cycles) for name in cycle}


def mermaid(graph: Graph) -> str:
    """A flowchart, with a box for each package."""
    return "".join(f"{line}\n" for line in _mermaid(graph))


def _mermaid(graph: Graph) -> Iterator[str]:
    ids = {name: f"m{number}" for number, name in enumerate(graph.nodes)}
    cycle_of = graph.cycle_of
    yield "flowchart LR"
    for package, names in groupby(sorted(graph.nodes, key=lambda name: (_package(name), name)), key=_package):
        if package:
            yield f'  subgraph p{ids[next(n for n in graph.nodes if _package(n) == package)]}["{package}"]'
        indent = "    " if package else "  "
        yield from (f'{indent}{ids[name]}["{name.removeprefix(f"{package}.") if package else name}"]' for name in names)
        if package:
            yield "  end"
    for source, target in graph.edges:
        yield f"  {ids[source]} {'==>' if _in_cycle(cycle_of, source, target) else '-->'} {ids[target]}"
    marked = [str(index) for index, edge in enumerate(graph.edges) if _in_cycle(cycle_of, *edge)]
    if marked:
        yield "  classDef cycle stroke:#c00,stroke-width:2px"
        yield f"  class {','.join(ids[name] for name in graph.nodes if name in cycle_of)} cycle"
        yield f"  linkStyle {','.join(marked)} stroke:#c00"


def dot(graph: Graph) -> str:
    """A digraph, with a cluster for each package."""
    return "".join(f"{line}\n" for line in _dot(graph))


def _dot(graph: Graph) -> Iterator[str]:
    cycle_of = graph.cycle_of
    yield "digraph modules {"
    yield "  rankdir=LR; node [shape=box];"
    ordered = sorted(graph.nodes, key=lambda name: (_package(name), name))
    for number, (package, names) in enumerate(groupby(ordered, key=_package)):
        yield f"  subgraph cluster_{number} {{ label={json.dumps(package)};"
        for name in names:
            yield f"    {json.dumps(name)}{' [color=red]' if name in cycle_of else ''};"
        yield "  }"
    for source, target in graph.edges:
        mark = " [color=red, penwidth=2]" if _in_cycle(cycle_of, source, target) else ""
        yield f"  {json.dumps(source)} -> {json.dumps(target)}{mark};"
    yield "}"


def _package(name: str) -> str:
    return name.rpartition(".")[0]


def _in_cycle(cycle_of: Mapping[str, int], source: str, target: str) -> bool:
    return source in cycle_of and cycle_of[source] == cycle_of.get(target)
