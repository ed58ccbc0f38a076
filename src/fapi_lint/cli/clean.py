"""`fapi-lint clean`."""

from __future__ import annotations

from pathlib import Path

import click

from fapi_lint.cli.terminal import emit
from fapi_lint.engine.applications import Options
from fapi_lint.engine.cache import clean
from fapi_lint.engine.run import Run


@click.command("clean", short_help="Delete the cache.")
@click.argument("paths", nargs=-1, type=click.Path(exists=True))
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration to use.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
@click.option("--cache-dir", type=click.Path(), metavar="FOLDER", help="The folder of the cache.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing.")
def command(paths: tuple[str, ...], config: Path | None, isolated: bool, cache_dir: str | None, quiet: bool) -> None:
    """Delete the caches of the applications that PATHS belong to (the working folder's)."""
    for application in Run(Options(paths=paths, config=config, isolated=isolated, cache_dir=cache_dir)).applications:
        folder = application.cache_folder
        try:
            removed = folder is not None and clean(folder)
        except OSError as error:
            raise click.ClickException(f"{folder}: cannot be deleted: {error.strerror or error}") from error
        if not quiet:
            emit(f"{'Removed the' if removed else 'There is no'} cache in {folder or application.root}\n")
