"""The modules of an application and what they import at run time, with the cycles among them."""

from __future__ import annotations

from collections.abc import Mapping

from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.report.graph import Graph


def import_graph(project: Project, *, only_cycles: bool = False) -> Graph:
    """The graph of the application's own modules: no tests, migrations and scripts."""
    modules = [module for module in project.modules if project.purposes.is_application(module)]
    own = set(modules)
    links = {
        module: [
            target
            for target in dict.fromkeys(link.target for link in project.imports.of(module))
            if target in own and target is not module and target not in set(project.imports.packages_above(module))
        ]
        for module in modules
    }
    cycles = [sorted(_label(module, project) for module in cycle) for cycle in _cycles(links)]
    names = {module: _label(module, project) for module in modules}
    graph = Graph(
        nodes=tuple(sorted(names.values())),
        edges=tuple(sorted((names[source], names[target]) for source, targets in links.items() for target in targets)),
        cycles=tuple(sorted(map(tuple, cycles))),
    )
    if not only_cycles:
        return graph
    kept = graph.cycle_of
    edges = tuple((a, b) for a, b in graph.edges if a in kept and kept[a] == kept.get(b))
    return Graph(tuple(name for name in graph.nodes if name in kept), edges, graph.cycles)


def _label(module: Module, project: Project) -> str:
    return module.name or module.path


def _cycles(links: Mapping[Module, list[Module]]) -> list[list[Module]]:
    """The strongly connected components of more than one module (Tarjan 1972, without recursion)."""
    index: dict[Module, int] = {}
    low: dict[Module, int] = {}
    stack: list[Module] = []
    on_stack: set[Module] = set()
    found: list[list[Module]] = []
    for root in links:
        if root in index:
            continue
        work = [(root, iter(links[root]))]
        index[root] = low[root] = len(index)
        stack.append(root)
        on_stack.add(root)
        while work:
            module, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(links[target])))
                    break
                if target in on_stack:
                    low[module] = min(low[module], index[target])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == index[module]:
                    component = stack[stack.index(module) :]
                    del stack[stack.index(module) :]
                    on_stack.difference_update(component)
                    if len(component) > 1:
                        found.append(component)
    return found
