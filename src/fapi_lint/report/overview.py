"""`fapi-lint map`: the resources of an application, as a table for people and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from fapi_lint.report.shared import count


@dataclass(frozen=True, slots=True)
class Item:
    """Something of a resource, and where it is: a path relative to the root of the application, rows from 1."""

    name: str
    path: str
    row: int


@dataclass(frozen=True, slots=True)
class Resource:
    """What an application has for one noun."""

    name: str
    model: Item | None = None
    is_link: bool = False
    """The model only ties others together, as the table of a many-to-many relationship does."""
    schemas: tuple[Item, ...] = ()
    services: tuple[Item, ...] = ()
    routes: tuple[Item, ...] = ()
    tests: tuple[Item, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """The resources of an application, and the routes that belong to none."""

    root: str
    resources: tuple[Resource, ...]
    other_routes: tuple[Item, ...] = field(default=())


def as_json(overview: Overview) -> str:
    """Everything there is."""
    return json.dumps(asdict(overview), indent=2, ensure_ascii=False) + "\n"


def as_table(overview: Overview, *, color: bool = False, width: int = 80) -> str:
    """One row for each resource, no wider than `width`."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD if color else None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for title in ("Resource", "Model"):
        table.add_column(title, overflow="fold", no_wrap=True)  # The others get narrower first.
    table.add_column("Schemas", overflow="fold")
    for title in ("Services", "Routes", "Tests"):
        table.add_column(title, justify="right")
    table.add_column("Missing", overflow="fold", style="yellow")
    for resource in overview.resources:
        table.add_row(*_cells(resource))
    console = Console(
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        markup=False,
    )
    with console.capture() as capture:
        if overview.resources:
            console.print(table)
    lines = [line.rstrip() for line in capture.get().splitlines()]
    return "".join(f"{line}\n" for line in [*lines, *_footer(overview)])


def _cells(resource: Resource) -> Iterator[str]:
    yield resource.name
    yield resource.model.name if resource.model else "-"
    yield " ".join(_role(item.name, resource) for item in resource.schemas) or "-"
    for items in (resource.services, resource.routes, resource.tests):
        yield str(len(items)) if items else "-"
    yield "(a link)" if resource.is_link else ", ".join(resource.missing)


def _role(schema: str, resource: Resource) -> str:
    """What the name of a schema adds to that of its resource, else all of it."""
    rest = schema.removeprefix("".join(word.title() for word in resource.name.split("_")))
    return rest if rest[:1].isupper() else schema


def _footer(overview: Overview) -> Iterator[str]:
    incomplete = sum(bool(resource.missing) for resource in overview.resources)
    if overview.resources:
        yield ""
    yield f"{count(len(overview.resources), 'resource')}, {incomplete or 'none'} of them incomplete."
    if overview.other_routes:
        routes = len(overview.other_routes)
        yield f"{count(routes, 'route')} {'belongs' if routes == 1 else 'belong'} to no resource."
