"""The command line: the only room that prints or exits."""

from fapi_lint.cli.main import main, script

__all__ = ["main", "script"]
