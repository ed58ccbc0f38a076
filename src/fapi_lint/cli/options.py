"""The options of `check`, named as in ruff wherever ruff has them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from msgspec import Struct

from fapi_lint.cli.terminal import Color
from fapi_lint.report.formats import FORMATS

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COLOR: dict[str, Any] = {
    "type": click.Choice(["auto", "always", "never"]),
    "default": "auto",
    "metavar": "WHEN",
    "help": "auto, always or never. The default, auto, asks NO_COLOR, FORCE_COLOR and the terminal.",
}
"""The `--color` of every command that has it."""


class Arguments(Struct, frozen=True):
    """The command line of `check`. None where an option was not given and its absence means something."""

    paths: tuple[str, ...]
    fix: bool
    unsafe_fixes: bool
    fix_only: bool
    show_fixes: bool
    diff: bool
    add_noqa: str | None
    no_baseline: bool
    select: tuple[str, ...] | None
    extend_select: tuple[str, ...] | None
    ignore: tuple[str, ...] | None
    per_file_ignores: dict[str, tuple[str, ...]]
    fixable: tuple[str, ...] | None
    unfixable: tuple[str, ...] | None
    output_format: str | None
    output_file: str | None
    statistics: bool
    color: Color
    quiet: bool
    verbose: bool
    exclude: tuple[str, ...] | None
    extend_exclude: tuple[str, ...] | None
    force_exclude: bool
    stdin_filename: str | None
    show_files: bool
    show_settings: bool
    config: Path | None
    isolated: bool
    no_cache: bool
    cache_dir: str | None
    jobs: int
    exit_zero: bool
    exit_non_zero_on_fix: bool
    watch: bool


class Option(click.Option):
    """An option and the section of the help that it stands in."""

    def __init__(self, *names: str, section: str, **settings: Any) -> None:
        super().__init__(list(names), **settings)
        self.section = section


class Command(click.Command):
    """A command with its options in sections, and an `--add-noqa` that takes its value after `=` only."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        for section, options in groupby(own, lambda option: getattr(option, "section", _RUN)):
            records = [record for option in options if (record := option.get_help_record(ctx)) is not None]
            if records:
                with formatter.section(section):
                    formatter.write_dl(records)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        options = args.index("--") if "--" in args else len(args)
        return super().parse_args(
            ctx,
            [f"{arg}=" if arg == "--add-noqa" and index < options else arg for index, arg in enumerate(args)],
        )


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())


def _list(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Repeated options and commas are the same thing."""
    return _split(values) if values else None


def _rules(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Codes, of which none would be all too quiet."""
    codes = _list(ctx, option, values)
    if codes == ():
        raise click.BadParameter("names no rule; without the option, the configuration decides", ctx, option)
    return codes


def _pattern_codes(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """`PATH:CODE,CODE`, and further pairs after commas or in further options."""
    found: dict[str, list[str]] = {}
    for value in values:
        pattern = ""
        for part in _split([value]):
            before, colon, code = part.rpartition(":")
            pattern = before.strip() if colon else pattern
            if not pattern or not code.strip():
                raise click.BadParameter(f'"{value}" is not of the form PATH:CODE,CODE', ctx, option)
            found.setdefault(pattern, []).append(code.strip())
    return {pattern: tuple(codes) for pattern, codes in found.items()}


def complete_code(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[str]:
    """The codes of our rules that begin so; of a list, what stands behind its last comma."""
    from fapi_lint.engine.registry import all_rules

    before, comma, begun = incomplete.rpartition(",")
    return [f"{before}{comma}{code}" for code in all_rules() if code.startswith(begun.upper())]


def complete_path(ctx: click.Context, option: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def _flag(*names: str, section: str, help: str, **settings: Any) -> Option:
    return Option(*names, section=section, help=help, is_flag=True, **settings)


def _codes(
    name: str, section: str, help: str, metavar: str = "CODES", callback: Callable[..., object] = _list
) -> Option:
    complete = complete_code if metavar == "CODES" else None
    return Option(
        name,
        section=section,
        help=help,
        multiple=True,
        metavar=metavar,
        callback=callback,
        shell_complete=complete,
    )


_FIXING, _RULES, _OUTPUT, _FILES, _RUN = "Fixing", "Rules", "Output", "Files", "Run"

OPTIONS: list[click.Parameter] = [
    click.Argument(["paths"], nargs=-1, shell_complete=complete_path),
    _flag("--fix", section=_FIXING, help="Apply safe fixes and write them."),
    _flag(
        "--unsafe-fixes", section=_FIXING, help="Include fixes that change behaviour, schema, HTTP contract or names."
    ),
    _flag("--fix-only", section=_FIXING, help="Fix, and do not report what is left."),
    _flag("--show-fixes", section=_FIXING, help="List what was fixed, and what could not be and why."),
    _flag("--diff", section=_FIXING, help="Write nothing; print what --fix would change, for `git apply`."),
    Option(
        "--add-noqa",
        section=_FIXING,
        metavar="[=REASON]",
        help="Add `# noqa: CODE` to every line with a finding.",
    ),
    _codes("--select", _RULES, "Run these rules only: codes, beginnings of codes, or ALL.", callback=_rules),
    _codes("--extend-select", _RULES, "Run these rules too."),
    _codes("--ignore", _RULES, "Do not run these rules."),
    Option(
        "--per-file-ignores",
        section=_RULES,
        multiple=True,
        metavar="PATH:CODES",
        callback=_pattern_codes,
        help="Do not report these rules in files that match.",
    ),
    _flag("--no-baseline", section=_RULES, help="Report and fix what the baseline leaves out, too."),
    _codes("--fixable", _RULES, "Apply fixes of these rules only."),
    _codes("--unfixable", _RULES, "Never apply fixes of these rules."),
    Option(
        "--output-format",
        section=_OUTPUT,
        type=click.Choice(list(FORMATS)),
        metavar="FORMAT",
        envvar="FAPI_LINT_OUTPUT_FORMAT",
        show_envvar=True,
        help=f"{', '.join(FORMATS)}. The default is full on a terminal, concise elsewhere.",
    ),
    Option("--output-file", section=_OUTPUT, type=click.Path(dir_okay=False), metavar="FILE", help="Report to a file."),
    _flag("--statistics", section=_OUTPUT, help="Count findings by rule instead of listing them."),
    Option("--color", section=_OUTPUT, **COLOR),
    _flag("-q", "--quiet", section=_OUTPUT, help="Print findings and nothing else."),
    _flag("-v", "--verbose", section=_OUTPUT, help="Say what is done and how long it takes."),
    _codes("--exclude", _FILES, "Do not read these paths: patterns as in a .gitignore, for `exclude`.", "PATTERNS"),
    _codes("--extend-exclude", _FILES, "Do not read these paths either.", "PATTERNS"),
    _flag("--force-exclude", section=_FILES, help="Exclude files that are named themselves, too."),
    Option("--stdin-filename", section=_FILES, metavar="FILE", help="The file that standard input stands in for."),
    _flag("--show-files", section=_FILES, help="List the files to check, and stop."),
    _flag("--show-settings", section=_FILES, help="Print the settings that hold, and stop."),
    Option(
        "--config",
        section=_RUN,
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The configuration to use instead of the nearest one.",
    ),
    _flag("--isolated", section=_RUN, help="Use no configuration file."),
    _flag("-n", "--no-cache", section=_RUN, help="Neither read nor write the cache."),
    Option("--cache-dir", section=_RUN, type=click.Path(), metavar="FOLDER", help="The folder of the cache."),
    Option(
        "-j",
        "--jobs",
        section=_RUN,
        type=click.IntRange(min=1),
        default=lambda: os.cpu_count() or 1,
        metavar="NUMBER",
        help="Processes that read files; the default is one for each processor.",
    ),
    _flag("-e", "--exit-zero", section=_RUN, help="Exit with 0 even if there are findings."),
    _flag("--exit-non-zero-on-fix", section=_RUN, help="Exit with 1 if anything was fixed."),
    _flag("--watch", section=_RUN, help="Check again whenever something changes, until Ctrl-C."),
]


def check_command(run: Callable[[Arguments], int]) -> Command:
    """The command `check` around what it does."""
    return Command(
        "check",
        params=OPTIONS,
        callback=lambda **given: run(Arguments(**given)),
        context_settings={"help_option_names": ["-h", "--help"]},
        short_help="Check files; fix them with --fix.",
        help="Check the Python files in PATHS (the working folder), or standard input for `-`.\n\n"
        "The whole application that they belong to is read; findings are reported for PATHS only.",
    )
