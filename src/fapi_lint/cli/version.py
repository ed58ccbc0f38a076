"""`fapi-lint version`."""

from __future__ import annotations

import json

import click

from fapi_lint import __version__
from fapi_lint.cli.terminal import emit


@click.command("version")
@click.option("--output-format", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(output_format: str) -> None:
    """Print the version."""
    emit(json.dumps({"version": __version__}) + "\n" if output_format == "json" else f"fapi-lint {__version__}\n")
