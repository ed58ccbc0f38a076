"""`fapi-lint map`: the application at a glance."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fapi_lint.cli.options import COLOR
from fapi_lint.cli.terminal import Color, emit, note, use_color, warn, width
from fapi_lint.engine.applications import Options
from fapi_lint.engine.run import Run
from fapi_lint.project.project import Project
from fapi_lint.report.overview import as_json, as_table
from fapi_lint.report.shared import Style


@click.command("map", short_help="Show the resources of the application, or its modules.")
@click.argument("path", default=".", type=click.Path(exists=True))
@click.option("--output-format", type=click.Choice(["table", "json"]), default="table", show_default=True)
@click.option(
    "--graph",
    type=click.Choice(["mermaid", "dot"]),
    is_flag=False,
    flag_value="mermaid",
    metavar="[mermaid|dot]",
    help="Print the modules and their imports instead, with cycles marked.",
)
@click.option("--only-cycles", is_flag=True, help="Of the graph, only what is part of a cycle.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration to use.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
@click.option("-n", "--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("--color", **COLOR)
def command(
    path: str,
    output_format: str,
    graph: str | None,
    only_cycles: bool,
    config: Path | None,
    isolated: bool,
    no_cache: bool,
    color: Color,
) -> None:
    """Show one row for each resource of the application at PATH (the working folder).

    A resource has a model, schemas, services, routes and tests; the last column says what is missing.
    """
    if only_cycles and graph is None:
        raise click.UsageError("--only-cycles is about --graph.")
    if graph is not None and output_format == "json":
        raise click.UsageError("--graph prints Mermaid or DOT, not JSON.")
    run = Run(Options(paths=(path,), config=config, isolated=isolated, use_cache=not no_cache))
    application, *others = [each for each in run.applications if each.files] or run.applications
    project = run.whole(application)
    warn([*run.problems, *(f"{each.root} is an application of its own, and left out" for each in others)])
    unread = [module.path for module in project.modules if module.outline.failure is not None]
    warn(f"{path} cannot be read as Python and is left out" for path in unread)
    emit(_graph(project, graph, only_cycles) if graph is not None else _table(project, output_format, color))


def _table(project: Project, output_format: str, color: Color) -> str:
    from fapi_lint.engine.overview import overview

    found = overview(project)
    if output_format == "json":
        return as_json(found)
    return as_table(found, Style(use_color(color, sys.stdout), width()))


def _graph(project: Project, language: str, only_cycles: bool) -> str:
    from fapi_lint.engine.import_graph import import_graph
    from fapi_lint.report.graph import dot, mermaid

    graph = import_graph(project, only_cycles=only_cycles)
    for cycle in graph.cycles:
        note(f"cycle: {' '.join(cycle)}")
    return mermaid(graph) if language == "mermaid" else dot(graph)
