"""`fapi-lint check --watch`: the same once more, whenever what it depends on has changed."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection
from contextlib import closing, suppress
from importlib.util import find_spec

import click
from msgspec.structs import replace

from fapi_lint.cli.main import failure
from fapi_lint.cli.terminal import note
from fapi_lint.config.load import ConfigError
from fapi_lint.engine.run import Run
from fapi_lint.engine.watching import basis_of
from fapi_lint.report.shared import count
from fapi_lint.source.write import WriteError

_SOON, _LATER = 0.5, 5.0
"""Seconds after which to look for changes that nobody told of: after a check, during which nobody listened, and
otherwise, for a disk of another machine tells nothing."""


def watch(look: Callable[[], Run], check: Callable[[], int], *, fixing: bool, quiet: bool) -> int:
    """Check, and again after every change, until Ctrl-C; the exit code.

    `look` finds the files anew. What cannot be used at the start is an error; later it is told, and may be mended.
    """
    if find_spec("watchfiles") is None:
        raise click.ClickException("--watch needs the package watchfiles: pip install watchfiles")
    basis = basis_of(look())
    known: object = None
    with suppress(KeyboardInterrupt):
        while True:
            is_news = basis.state != known
            if is_news:
                click.clear()  # On a terminal only.
                known = basis.state
                try:
                    check()
                    if fixing:  # What it has written itself is no news.
                        basis = basis_of(look())
                        known = basis.state
                except (ConfigError, WriteError) as error:
                    note(failure(error))
                if not quiet:
                    note(f"Watching {count(len(basis.folders), 'folder')}; Ctrl-C ends it.")
                gc.collect()  # All that the check knew.
            _wait(basis.folders, _SOON if is_news else _LATER)
            try:
                basis = basis_of(look())
            except ConfigError as error:
                basis = replace(basis, state=str(error))
    return 0


def _wait(folders: Collection[str], seconds: float) -> None:
    """Until something happens in the folders, or nothing has happened for so long."""
    import watchfiles

    changes = watchfiles.watch(*folders, recursive=False, rust_timeout=int(seconds * 1000), yield_on_timeout=True)
    try:
        with closing(changes):
            next(changes)
    except OSError:  # A folder that has just gone, or more of them than the system can watch.
        time.sleep(1)
