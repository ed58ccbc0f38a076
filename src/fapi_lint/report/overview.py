"""`fapi-lint map`: the resources of an application, as a table for people and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest

from fapi_lint.report.shared import PLAIN, Style, count

_TITLES = ("Resource", "Model", "Schemas", "Services", "Routes", "Tests", "Missing")
_OF_WORDS = (2, 6)
_OF_NUMBERS = (3, 4, 5)
_GAP = "  "


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


def as_table(overview: Overview, style: Style = PLAIN) -> str:
    """One row for each resource. What does not fit into the width is wrapped between words; no name is cut."""
    rows = [tuple(_cells(resource)) for resource in overview.resources]
    lines = _lines(rows, _widths(rows, style.width), style) if rows else ()
    return "".join(f"{line}\n" for line in [*lines, *_footer(overview)])


def _widths(rows: Iterable[Sequence[str]], room: int) -> list[int]:
    """What each column takes: those of words as much as the others leave, the wider one less first."""
    columns = list(zip(_TITLES, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    least = [max(len(word) for cell in column for word in cell.split() or [""]) for column in columns]
    for _ in range(sum(widths) + len(_GAP) * (len(widths) - 1) - room):
        wrapped = [index for index in _OF_WORDS if widths[index] > least[index]]
        if not wrapped:
            break
        widths[max(wrapped, key=widths.__getitem__)] -= 1
    return widths


def _lines(rows: Iterable[Sequence[str]], widths: Sequence[int], style: Style) -> Iterator[str]:
    for row in (_TITLES, *rows):
        cells = (textwrap.wrap(cell, width, break_long_words=False) for cell, width in zip(row, widths, strict=True))
        for parts in zip_longest(*cells, fillvalue=""):
            *most, last = (
                f"{part:{'>' if index in _OF_NUMBERS else '<'}{width}}"
                for index, (part, width) in enumerate(zip(parts, widths, strict=True))
            )
            last = last.rstrip()
            if row is _TITLES:
                yield style.paint("path", _GAP.join([*most, last]))
            else:
                yield _GAP.join([*most, style.paint("warning", last)]).rstrip()


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
