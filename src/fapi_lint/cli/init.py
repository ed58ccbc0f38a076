"""`fapi-lint init`: a configuration from what the application looks like."""

from __future__ import annotations

import os
import sys
import textwrap
import tomllib
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

import click

from fapi_lint.cli.options import COLOR
from fapi_lint.cli.terminal import Color, emit, note, use_color
from fapi_lint.config.load import FILE, TABLE, ConfigError, read_table
from fapi_lint.config.toml import toml_value
from fapi_lint.config.versions import Bounds, read_versions
from fapi_lint.engine.applications import Options
from fapi_lint.engine.observe import Choice, observe
from fapi_lint.engine.run import Run
from fapi_lint.project.project import Project
from fapi_lint.report.shared import count
from fapi_lint.source.write import write_all

_PACKAGES = ("python", "fastapi", "pydantic", "sqlalchemy", "httpx")


@click.command("init", short_help="Write a configuration from what the application looks like.")
@click.argument("path", default=".", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Write nothing; print what would be written.")
@click.option("--diff", is_flag=True, help="Write nothing; print the change as a diff.")
@click.option("--color", **COLOR)
@click.option("-q", "--quiet", is_flag=True, help="Do not say what was seen.")
def command(path: Path, dry_run: bool, diff: bool, color: Color, quiet: bool) -> int:
    """Look at the application in PATH (the working folder) and write the settings that suit it.

    They go into the table [tool.fapi-lint] of its pyproject.toml, or into a fapi-lint.toml if it has none. Nothing
    that is there is changed.
    """
    root = path.resolve()
    target = _target(root)
    run = Run(Options(paths=(str(root),), isolated=True))
    application = run.applications[0]
    whole, application.root = application.root, str(root)
    project = run.whole(application)
    if not project.modules:
        raise ConfigError("holds no Python files to look at; nothing was written", root)
    choices = observe(project)
    if not quiet:
        for line in _seen(project, root):
            note(line)
    if whole != str(root):
        note(f"warning: {root} becomes an application of its own: what else is in {whole} is not read with it")
    before = target.read_bytes().decode() if target.exists() else ""
    after = _with_block(before, choices, target)
    if dry_run:
        emit(after.removeprefix(before).lstrip("\n"))
    elif diff:
        from fapi_lint.report.diff import unified_diff

        emit(unified_diff([(os.path.relpath(target), before, after)], color=use_color(color, sys.stdout)))
    else:
        write_all({str(target): after.encode()})
        emit(_done(target, choices))
    return int(diff)


def _target(root: Path) -> Path:
    """The file to write. Raises ConfigError if the folder has a configuration already."""
    for name in (FILE, "pyproject.toml"):
        path = root / name
        if path.is_file() and read_table(path) is not None:
            what = "is there" if name == FILE else f"has a table {TABLE}"
            raise ConfigError(f"{what} already; nothing was written", path)
    return root / ("pyproject.toml" if (root / "pyproject.toml").is_file() else FILE)


def _with_block(before: str, choices: Sequence[Choice], target: Path) -> str:
    """The file with the settings at its end. Raises ConfigError if they cannot stand there."""
    newline = "\r\n" if "\r\n" in before else "\n"
    table = "tool.fapi-lint" if target.name == "pyproject.toml" else ""
    block = "".join(f"{line}{newline}" for line in _block(choices, table))
    gap = "" if not before else newline if before.endswith("\n") else newline * 2
    after = f"{before}{gap}{block}"
    try:
        tomllib.loads(after)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"cannot take a table {TABLE} at its end: {error}", target) from error
    return after


def _block(choices: Sequence[Choice], table: str) -> Iterator[str]:
    """The settings as TOML, each below its reason."""
    if table:
        yield f"[{table}]"
    if not choices:
        yield "# The defaults fit. `fapi-lint config` prints them."
    for prefix, group in groupby(choices, lambda choice: choice.key.rpartition(".")[0]):
        if prefix:
            yield from ("", f"[{table}.{prefix}]" if table else f"[{prefix}]")
        for choice in group:
            yield from (f"# {line}" for line in textwrap.wrap(f"{choice.reason[0].upper()}{choice.reason[1:]}.", 98))
            yield f"{choice.key.rpartition('.')[2]} = {toml_value(choice.value)}"


def _seen(project: Project, root: Path) -> Iterator[str]:
    """What was looked at, for people."""
    unread = sum(module.outline.failure is not None for module in project.modules)
    things = [
        count(len(project.modules), "file"),
        count(len(project.models.all), "model"),
        count(len(project.schemas.all), "schema"),
        count(len(project.routes.all), "route"),
    ]
    yield f"{root}: {', '.join(things)}"
    if unread:
        yield f"{count(unread, 'file')} cannot be read as Python; `extend-exclude` leaves out templates"
    versions = read_versions(root)
    known = [f"{name} {text}" for name in _PACKAGES if (text := _bounds(getattr(versions, name)))]
    yield f"Versions allowed: {', '.join(known)}" if known else "No versions of packages are declared"


def _bounds(bounds: Bounds) -> str:
    if bounds.lowest and bounds.below == (*bounds.lowest, 1):
        return f"=={'.'.join(map(str, bounds.lowest))}"
    lowest = f">={'.'.join(map(str, bounds.lowest))}" if bounds.lowest else ""
    below = f"<{'.'.join(map(str, bounds.below))}" if bounds.below else ""
    return ",".join(filter(None, (lowest, below)))


def _done(target: Path, choices: Sequence[Choice]) -> str:
    lines = [f"Wrote {os.path.relpath(target)}: {count(len(choices), 'setting')} other than the default."]
    lines += [f"  {choice.key} = {toml_value(choice.value)}: {choice.reason}" for choice in choices]
    lines.append("Next: `fapi-lint` shows what is left, `fapi-lint baseline` records it as known.")
    return "".join(f"{line}\n" for line in lines)
