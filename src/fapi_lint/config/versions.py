"""The versions of Python, FastAPI, SQLAlchemy, SQLModel, Pydantic, httpx and pytest that a project allows.

Requirements are read as PEP 440 and PEP 508 (https://peps.python.org/pep-0508/) write them, and as Poetry
does (https://python-poetry.org/docs/dependency-specification/), as far as lower and upper bounds go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from fapi_lint.config.tooling import text_of, up_to_repository

Release = tuple[int, ...]
"""The numbers of a version, as many as are written: 2.0 is (2, 0)."""

# Markers, comments, options and addresses end the constraint.
_REQUIREMENT = re.compile(
    r"\s*(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\])?\s*\(?(?P<constraint>(?:(?!\s--)[^;#\\)@])*)"
)
_CLAUSE = re.compile(
    r"\s*(?P<operator>===?|~=|!=|<=?|>=?|\^|~|)\s*v?(?P<release>\d+(?:\.\d+)*)(?P<any>\.\*)?[\w.+!-]*\s*"
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """What is known of the version of a package: at least `lowest` and below `below`, None where open."""

    lowest: Release | None = None
    below: Release | None = None

    def at_least(self, *release: int) -> bool:
        """Whether every version that is allowed is this one or newer; False if that is not known."""
        return self.lowest is not None and _trimmed(self.lowest) >= _trimmed(release)

    def is_below(self, *release: int) -> bool:
        """Whether every version that is allowed is older than this one; False if that is not known."""
        return self.below is not None and _trimmed(self.below) <= _trimmed(release)

    def __and__(self, other: Bounds) -> Bounds:
        """What both allow; nothing is known if they contradict each other."""
        lowest = max(filter(None, (self.lowest, other.lowest)), key=_trimmed, default=None)
        below = min(filter(None, (self.below, other.below)), key=_trimmed, default=None)
        if lowest and below and _trimmed(lowest) >= _trimmed(below):
            return Bounds()
        return Bounds(lowest, below)


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that a project allows; nothing is known of a package without a bound."""

    fastapi: Bounds = field(default=Bounds())
    sqlalchemy: Bounds = field(default=Bounds())
    sqlmodel: Bounds = field(default=Bounds())
    pydantic: Bounds = field(default=Bounds())
    httpx: Bounds = field(default=Bounds())
    pytest: Bounds = field(default=Bounds())
    pytest_asyncio: Bounds = field(default=Bounds())
    python: Bounds = field(default=Bounds())


def read_versions(root: Path) -> Versions:
    """The versions that the project in a folder allows.

    From pyproject.toml (dependencies, extras and groups; Poetry's tables), requirements*.txt and *.in, also
    in a folder `requirements`, and setup.cfg. Where those name neither FastAPI nor SQLAlchemy, the one folder in
    it whose files do counts, `backend` of a repository, or `{{cookiecutter.slug}}/backend` of a template, or
    else the nearest such folder above in the same repository. A file that cannot be read or parsed says
    nothing; nothing is raised.
    """
    bounds = {own.name: Bounds() for own in fields(Versions)}
    for name, constraint in _requirements_of_application(root):
        name = re.sub(r"[-_.]+", "_", name).lower()
        if name in bounds:
            bounds[name] &= parse_constraint(constraint)
    return Versions(**bounds)


def parse_constraint(constraint: str) -> Bounds:
    """The bounds of a constraint: `>=1.4,<2`, `==2.*`, `~=2.0.1`, and Poetry's `^0.110`, `~2.0` and `2.0.1`.

    Nothing is known of what is not understood, as of alternatives (`^1.0 || ^2.0`).
    """
    bounds = Bounds()
    for part in re.split(r",|\s+(?=[<>=!~^|])", constraint.strip()):
        clause = _CLAUSE.fullmatch(part)
        if clause:
            release = tuple(map(int, clause["release"].split(".")))
            bounds &= _bounds(clause["operator"], release, clause["any"] is not None)
        elif part.strip():
            return Bounds()
    return bounds


def _bounds(operator: str, release: Release, wildcard: bool) -> Bounds:
    match operator:
        case ">=" | ">":
            return Bounds(lowest=release)
        case "<":
            return Bounds(below=release)
        case "<=":
            return Bounds(below=_after(release))
        case "==" | "===" | "":
            return Bounds(release, _next(release, len(release) - 1) if wildcard else _after(release))
        case "~=":
            return Bounds(release, _next(release, max(len(release) - 2, 0)))
        case "~":
            return Bounds(release, _next(release, min(len(release) - 1, 1)))
        case "^":
            significant = (place for place, number in enumerate(release) if number)
            return Bounds(release, _next(release, next(significant, len(release) - 1)))
        case _:
            return Bounds()


def _next(release: Release, place: int) -> Release:
    return (*release[:place], release[place] + 1)


def _after(release: Release) -> Release:
    """A release that comes after this one and before every other: 1.10.0.1 after 1.10."""
    return (*release, *(0,) * (3 - len(release)), 1)


def _trimmed(release: Release) -> Release:
    """Without trailing zeros, because 2.0 and 2 are the same version."""
    end = len(release)
    while end and not release[end - 1]:
        end -= 1
    return release[:end]


def _requirements_of_application(root: Path) -> list[tuple[str, str]]:
    found = list(_requirements(root))
    if _are_of_application(found):
        return found
    candidates: list[list[tuple[str, str]]] = []
    for pattern in ("[!.]*", "[!.]*/[!.]*"):
        if not candidates:
            nested = (list(_requirements(folder)) for folder in sorted(root.glob(pattern)) if folder.is_dir())
            candidates = [each for each in nested if _are_of_application(each)]
    if not candidates:
        above = (list(_requirements(folder)) for folder in list(up_to_repository(root))[1:])
        candidates = [each for each in above if _are_of_application(each)][:1]
    return found + candidates[0] if len(candidates) == 1 else found


def _are_of_application(requirements: list[tuple[str, str]]) -> bool:
    return any(name.lower() in ("fastapi", "sqlalchemy", "sqlmodel") for name, _ in requirements)


def _requirements(root: Path) -> Iterator[tuple[str, str]]:
    """The names and constraints of all requirements of a project."""
    lines: list[str] = []
    if text := text_of(root / "pyproject.toml"):
        import tomllib

        with suppress(tomllib.TOMLDecodeError):
            content = tomllib.loads(text)
            lines += _listed(content)
            yield from _poetry(content)
            required = _at(content, "project").get("requires-python")
            if isinstance(required, str):
                yield "python", required
    for pattern in ("requirements*.txt", "requirements*.in", "requirements/*.txt", "requirements/*.in"):
        for file in sorted(root.glob(pattern)):
            lines += text_of(file).splitlines()
    if text := text_of(root / "setup.cfg"):
        import configparser

        parser = configparser.RawConfigParser(strict=False)
        with suppress(configparser.Error):
            parser.read_string(text)
            lines += parser.get("options", "install_requires", fallback="").splitlines()
            yield "python", parser.get("options", "python_requires", fallback="")
            if parser.has_section("options.extras_require"):
                lines += "\n".join(parser["options.extras_require"].values()).splitlines()
    for line in lines:
        if requirement := _REQUIREMENT.match(line):
            yield requirement["name"], requirement["constraint"]


def _listed(content: dict[str, Any]) -> list[str]:
    """The requirements of PEP 621 and PEP 735, and those of uv and pdm for development."""
    lists = [
        _at(content, "project").get("dependencies"),
        *_at(content, "project", "optional-dependencies").values(),
        *_at(content, "dependency-groups").values(),
        _at(content, "tool", "uv").get("dev-dependencies"),
        *_at(content, "tool", "pdm", "dev-dependencies").values(),
    ]
    return [entry for one in lists if isinstance(one, list) for entry in one if isinstance(entry, str)]


def _poetry(content: dict[str, Any]) -> Iterator[tuple[str, str]]:
    poetry = _at(content, "tool", "poetry")
    tables = [_at(poetry, "dependencies"), _at(poetry, "dev-dependencies")]
    tables += [_at(poetry, "group", group, "dependencies") for group in _at(poetry, "group")]
    for table in tables:
        for name, value in table.items():
            constraint = value.get("version") if isinstance(value, dict) else value
            if isinstance(constraint, str):
                yield name, constraint


def _at(table: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The table at a path of keys, an empty one where there is none."""
    for key in keys:
        value = table.get(key)
        table = value if isinstance(value, dict) else {}
    return table
