"""`fapi-lint baseline`: known findings, which are not reported any more."""

from __future__ import annotations

import os
from pathlib import Path

import click

from fapi_lint.cli.terminal import emit, note, warn
from fapi_lint.engine.applications import Options
from fapi_lint.engine.recording import Recorded, record
from fapi_lint.engine.run import Run
from fapi_lint.report.shared import count, one_line
from fapi_lint.source.write import write_all


@click.command("baseline", short_help="Record today's findings, so that only new ones are reported.")
@click.argument("paths", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if entries are gone.")
@click.option("--prune", is_flag=True, help="Take out what is gone; add nothing.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration to use.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
@click.option("-n", "--no-cache", is_flag=True, help="Neither read nor write the cache.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but warnings.")
def command(
    paths: tuple[str, ...],
    check: bool,
    prune: bool,
    config: Path | None,
    isolated: bool,
    no_cache: bool,
    quiet: bool,
) -> int:
    """Record the findings in PATHS (the working folder); `check` leaves them out from then on.

    They are known by the text of their line, not by its number: what is moved stays known, what is added is reported.
    """
    if check and prune:
        raise click.UsageError("--check writes nothing, and --prune writes: ask for one of them.")
    run = Run(
        Options(
            paths=paths,
            config=config,
            isolated=isolated,
            use_baseline=False,
            with_edits=False,
            use_cache=not no_cache,
        )
    )
    defects: list[str] = []
    recorded = list(record(run, defects, add=not (check or prune)))
    warn([*run.problems, *defects])
    if defects:
        note("Nothing was written.")
        return 2
    if not check:
        write_all({one.path: one.baseline.text().encode() for one in recorded if _is_worth_writing(one)})
    for one in recorded:
        _tell_left_out(one)
        if not quiet:
            emit(_told(one, checked=check, pruned=prune))
    return 1 if run.failed or (check and any(one.gone for one in recorded)) else 0


def _is_worth_writing(one: Recorded) -> bool:
    return bool(one.total) or os.path.exists(one.path)


def _tell_left_out(one: Recorded) -> None:
    if files := len(one.left_out):
        them = "it cannot be read, and is" if files == 1 else "they cannot be read, and are"
        warn([f"{count(files, 'file')} may hide more findings: {them} not recorded"])


def _told(one: Recorded, *, checked: bool, pruned: bool) -> str:
    path = os.path.relpath(one.path)
    lines = [f"gone: {one_line(str(entry))}" for entry in one.gone]
    if (checked or pruned) and not os.path.exists(one.path):
        lines.append(f"There is no baseline: {path} does not exist.")
    elif checked:
        gone = f"{count(len(one.gone), 'finding')} of {path} {'is' if len(one.gone) == 1 else 'are'} gone"
        lines.append(
            f"{gone}: `fapi-lint baseline --prune` removes {'it' if len(one.gone) == 1 else 'them'}."
            if one.gone
            else f"Nothing is gone of {count(one.total, 'finding')} in {path}."
        )
    else:
        lines.append(
            f"{count(one.total, 'finding')} in {path}: {len(one.new)} new, {len(one.gone)} gone."
            if _is_worth_writing(one)
            else "There is nothing to record: no findings."
        )
    return "".join(f"{line}\n" for line in lines)
