"""`fapi-lint server`."""

from __future__ import annotations

from importlib.util import find_spec

import click


@click.command("server", short_help="Serve an editor, by the Language Server Protocol.")
@click.option("--stdio", is_flag=True, hidden=True, help="What many editors add, and what it does anyway.")
def command(stdio: bool) -> None:
    """Serve an editor over standard input and output, by the Language Server Protocol.

    Open files are checked as they are edited; fixes are code actions. Settings are those of the application's files.
    """
    if find_spec("pygls") is None:
        raise click.ClickException("The server needs the package pygls: pip install 'pygls>=2'")
    from fapi_lint.lsp.server import make_server

    make_server().start_io()
