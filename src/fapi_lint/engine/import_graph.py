"""The modules of an application and what they import at run time, with the cycles that FAPI109 reports."""

from __future__ import annotations

from fapi_lint.project.cycles import import_cycles
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
    # Modules of one name, of applications that share a repository, are one node.
    graph = Graph(
        nodes=tuple(sorted({module.name for module in modules})),
        edges=tuple(sorted({(source.name, target.name) for source, targets in links.items() for target in targets})),
        cycles=tuple(
            sorted({tuple(sorted({each.name for each in cycle.modules})) for cycle in import_cycles(project)})
        ),
    )
    if not only_cycles:
        return graph
    kept = graph.cycle_of
    edges = tuple((a, b) for a, b in graph.edges if a in kept and kept[a] == kept.get(b))
    return Graph(tuple(name for name in graph.nodes if name in kept), edges, graph.cycles)
