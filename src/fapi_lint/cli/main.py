"""The entry point: the choice of the command, and what every failure looks like."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from itertools import takewhile
from typing import TYPE_CHECKING, NoReturn

import click

from fapi_lint import __version__
from fapi_lint.cli.terminal import abandon, note, open_streams
from fapi_lint.config.load import ConfigError
from fapi_lint.source.write import WriteError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = ("check", "rule", "config", "init", "baseline", "map", "server", "clean", "version")
"""Each is a module of this package with a `command`."""

_OWN_OPTIONS = ("-h", "--help", "-V", "--version")
_FLAGS = frozenset({"-q", "--quiet", "-v", "--verbose", "--isolated", "-n", "--no-cache"})


class _Commands(click.Group):
    """`check` unless another command is named; a command's module is imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"fapi_lint.cli.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if ctx.resilient_parsing and not args:
            return super().parse_args(ctx, args)  # The first word is being completed: what it is, is open.
        return super().parse_args(ctx, _with_command(args))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        from fapi_lint.cli.options import complete_path

        check = self.get_command(ctx, "check")
        assert check is not None
        implied = check.make_context("check", [], parent=ctx, resilient_parsing=True)
        paths = [] if incomplete.startswith("-") else complete_path(implied, check.params[0], incomplete)
        return [*super().shell_complete(ctx, incomplete), *check.shell_complete(implied, incomplete), *paths]


def _with_command(args: list[str]) -> list[str]:
    flags = list(takewhile(_FLAGS.__contains__, args))
    rest = args[len(flags) :]
    if rest and rest[0] in COMMANDS:
        return [rest[0], *flags, *rest[1:]]
    if args and args[0] in _OWN_OPTIONS:
        return args
    return ["check", *args]


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    options_metavar="",
    subcommand_metavar="[COMMAND] [ARGUMENTS]…",
    epilog="`check` is meant where no command is named: `fapi-lint app --fix`. A folder called like a command "
    "is written `./check`. `fapi-lint check --help` lists the options.",
)
@click.version_option(__version__, "-V", "--version", message="fapi-lint %(version)s")
def commands() -> None:
    """Lint and fix a FastAPI + SQLAlchemy + Pydantic application as one thing."""


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and exit: 0 nothing found, 1 findings, 2 it could not be done, 130 interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    open_streams()
    try:
        status = commands.main(arguments, "fapi-lint", standalone_mode=False)
    except click.ClickException as error:
        note(_refusal(error))
        status = 2
    except (KeyboardInterrupt, click.Abort):
        status = 130
    except BrokenPipeError:
        abandon(sys.stdout)
        status = 0
    except (ConfigError, WriteError) as error:
        note(failure(error))
        status = 2
    except Exception as error:
        note(_defect(error, verbose=not {"-v", "--verbose"}.isdisjoint(arguments)))
        status = 2
    sys.exit(status or 0)


def script() -> NoReturn:
    """`main` as a process of its own, which ends at once: to free every object first takes half a second."""
    gc.set_threshold(200_000, 30, 30)  # What is known of an application lives long: to look for garbage often is dear.
    try:
        main()
    except SystemExit as exit_:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(exit_.code if isinstance(exit_.code, int) else 0)


def _refusal(error: click.ClickException) -> str:
    """What to say about something that cannot be asked for, or done."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"\nhelp: `{context.command_path} --help` lists what can be asked for" if context else ""
    return f"error: {error.format_message()}{hint}"


def failure(error: ConfigError | WriteError) -> str:
    """What to say about something that cannot be used or written."""
    if isinstance(error, WriteError):
        return f"error: {error}\nNothing was written."
    return "\n".join(f"error: {line}" for line in str(error).split("\n"))


def _defect(error: Exception, *, verbose: bool) -> str:
    """What to say about a failure of our own."""
    import platform
    import traceback
    from importlib.metadata import version

    from fapi_lint.engine.failures import origin

    what = " ".join(str(error).split()) or type(error).__name__
    if cause := error.__cause__:
        what = f"{what}: {type(cause).__name__}: {' '.join(str(cause).split())}"
    elif str(error):
        what = f"{type(error).__name__}: {what}"
    rule = getattr(error, "rule", None)  # Of a `RuleError`, without importing the engine to know it.
    culprit = f"the plugin {rule.plugin}" if rule and rule.plugin else "fapi-lint"
    lines = [
        f"error: {culprit if rule and rule.plugin else 'fapi-lint itself'} failed: {what}",
        f"  in {origin(cause or error)}",
        f"  with fapi-lint {__version__}, LibCST {version('libcst')}, Python {platform.python_version()} "
        f"on {platform.system()}",
    ]
    if verbose:
        lines.append("".join(traceback.format_exception(error)).rstrip())
        lines.append(f"This is a defect of {culprit}: please report it with all of the above.")
    else:
        lines.append(
            f"This is a defect of {culprit}; nothing was written. Please report it with these lines and what\n"
            "`--verbose` adds to them."
        )
    if rule:
        lines.append(f"Until it is repaired: `--ignore {rule.code}`.")
    return "\n".join(lines)
