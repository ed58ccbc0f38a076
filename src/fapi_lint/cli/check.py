"""`fapi-lint check`."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

import click
from msgspec.structs import replace

from fapi_lint import __version__
from fapi_lint.cli.options import Arguments, check_command
from fapi_lint.cli.terminal import ProgressBar, emit, is_capable, note, use_color, warn, width
from fapi_lint.engine.applications import Options
from fapi_lint.engine.changes import Change, write
from fapi_lint.engine.reading import Memory
from fapi_lint.engine.run import Result, Run
from fapi_lint.engine.timing import Clock
from fapi_lint.report.formats import FORMATS
from fapi_lint.report.model import Report
from fapi_lint.report.shared import Style, count, is_fixable, join
from fapi_lint.report.statistics import statistics
from fapi_lint.report.summary import review_of
from fapi_lint.source.place import relative_path, repository_of

if TYPE_CHECKING:
    from fapi_lint.engine.applications import Application

_STDIN = "-"
_CODE = re.compile(r"[A-Z]{2,}[0-9]{3}")
_UNNAMED = "stdin.py"
"""The file that standard input stands in for where the command line does not tell."""
_WITH_EDITS = frozenset({"json", "json-lines", "sarif", "rdjson"})


def run(arguments: Arguments) -> int:
    """Do what the command line asks for; the exit code."""
    _refuse_contradictions(arguments)
    if _has_no_statistics(arguments):
        arguments = replace(arguments, output_format=None)
    if arguments.output_file is not None:
        _write_report(arguments.output_file, b"", "ab")  # Nothing is fixed that cannot be told.
    if arguments.watch:
        from fapi_lint.cli.watch import watch

        def look() -> Run:
            return Run(_options(arguments, arguments.paths, None, Clock(), ProgressBar(enabled=False)))

        memory = Memory()
        fixing = arguments.fix or arguments.fix_only
        return watch(look, lambda: _check(arguments, memory), fixing=fixing, quiet=arguments.quiet)
    return _check(arguments, Memory())


def _check(arguments: Arguments, memory: Memory) -> int:
    paths, stdin = _input(arguments)
    clock = Clock()
    with ProgressBar(enabled=is_capable(sys.stderr) and not arguments.quiet) as progress:
        engine = Run(_options(arguments, paths, stdin, clock, progress), memory)
        if arguments.verbose:
            _introduce(engine)
        if arguments.show_files:
            engine.check_selectors()
            emit(b"".join(os.fsencode(path) + b"\n" for each in engine.applications for path in each.files))
            warn(engine.problems)
            return int(engine.failed)
        if arguments.show_settings:
            emit("\n".join(_settings(application) for application in engine.applications))
            return 0
        if arguments.add_noqa is not None:
            return _add_noqa(engine, arguments, arguments.add_noqa)
        fixing = arguments.fix or arguments.fix_only or arguments.diff
        result = engine.fix() if fixing else engine.check()
    report = replace(result.report, show_fixes=arguments.show_fixes, quiet=arguments.quiet)
    with clock.stage("report"):
        if arguments.diff:
            _show_diff(arguments, result, report)
        else:
            _finish(arguments, result, report, stdin)
    _suggest_command(arguments, result)
    _tell_defects(report.defects, everything=arguments.verbose)
    if arguments.verbose:
        _time(clock)
    return _status(arguments, result)


def _input(arguments: Arguments) -> tuple[tuple[str, ...], bytes | None]:
    """The paths to check, and standard input if it stands in for one of them."""
    if not _reads_stdin(arguments):
        return arguments.paths, None
    return (arguments.stdin_filename or _UNNAMED,), sys.stdin.buffer.read()


def _reads_stdin(arguments: Arguments) -> bool:
    return arguments.stdin_filename is not None or _STDIN in arguments.paths


def _refuse_contradictions(arguments: Arguments) -> None:
    others = [path for path in arguments.paths if path != _STDIN]
    if _reads_stdin(arguments) and others:
        raise click.UsageError(f"Standard input is checked alone, not together with {others[0]}.")
    if arguments.add_noqa is not None and (arguments.fix or arguments.fix_only or arguments.diff):
        raise click.UsageError("--add-noqa and fixes exclude each other.")
    for option, given in (("--add-noqa", arguments.add_noqa is not None), ("--watch", arguments.watch)):
        if given and _reads_stdin(arguments):
            raise click.UsageError(f"{option} needs files, not standard input.")
    if arguments.watch and (arguments.add_noqa is not None or arguments.show_files or arguments.show_settings):
        raise click.UsageError("--watch is about findings, fixes and differences.")
    if arguments.diff and (arguments.statistics or _is_given("output_format")):
        raise click.UsageError("--diff prints a patch: neither --output-format nor --statistics goes with it.")
    if _has_no_statistics(arguments) and _is_given("output_format"):
        raise click.UsageError(f"--statistics are text or json, not {arguments.output_format}.")


def _has_no_statistics(arguments: Arguments) -> bool:
    """Whether statistics are asked for in a format that they do not have."""
    return arguments.statistics and _format(arguments) != "json" and not FORMATS[_format(arguments)].is_text


def _is_given(option: str) -> bool:
    """Whether the command line itself says so, and not a variable of the environment."""
    source = click.get_current_context().get_parameter_source(option)
    return source is click.core.ParameterSource.COMMANDLINE


def _options(
    arguments: Arguments, paths: tuple[str, ...], stdin: bytes | None, clock: Clock, progress: ProgressBar
) -> Options:
    return Options(
        paths=paths,
        config=arguments.config,
        isolated=arguments.isolated,
        select=arguments.select,
        extend_select=arguments.extend_select or (),
        ignore=arguments.ignore or (),
        fixable=arguments.fixable,
        unfixable=arguments.unfixable or (),
        per_file_ignores=arguments.per_file_ignores,
        exclude=arguments.exclude,
        extend_exclude=arguments.extend_exclude or (),
        force_exclude=arguments.force_exclude,
        unsafe_fixes=arguments.unsafe_fixes,
        with_edits=_format(arguments) in _WITH_EDITS and not arguments.statistics,
        use_baseline=not arguments.no_baseline,
        jobs=arguments.jobs,
        use_cache=not arguments.no_cache,
        cache_dir=arguments.cache_dir,
        buffers={} if stdin is None else dict.fromkeys(paths, stdin),
        progress=progress,
        clock=clock,
    )


def _format(arguments: Arguments) -> str:
    if arguments.output_format is not None:
        return arguments.output_format
    return "full" if arguments.output_file is None and sys.stdout.isatty() else "concise"


def _finish(arguments: Arguments, result: Result, report: Report, stdin: bytes | None) -> None:
    """Write what was fixed, then report."""
    fixing = arguments.fix or arguments.fix_only
    if arguments.fix_only and not FORMATS[_format(arguments)].is_text:
        report = replace(report, diagnostics=())
    to_stderr = fixing and stdin is not None
    stream = sys.stderr if to_stderr else sys.stdout
    color = arguments.output_file is None and use_color(arguments.color, stream)
    text = _render(arguments, report, color)
    if fixing and stdin is not None:
        emit(result.changes[0].raw if result.changes else stdin)
    elif fixing:
        write(result.changes)
    is_text = FORMATS[_format(arguments)].is_text
    encoding = "" if is_text else "utf-8"
    if arguments.output_file is None:
        emit(text, stream, encoding)
    else:
        _write_report(arguments.output_file, text.encode("utf-8", "backslashreplace"))
    if not is_text or arguments.fix_only:
        warn(report.problems)


def _render(arguments: Arguments, report: Report, color: bool) -> str:
    output_format = _format(arguments)
    # Servers know files by their paths in the repository, wherever a job has gone. That of GitHub knows no other base:
    # https://github.com/github/codeql-action/issues/2215.
    if output_format == "gitlab":
        report = replace(report, root=os.environ.get("CI_PROJECT_DIR") or report.root)
    elif output_format == "sarif":
        report = replace(report, root=repository_of(report.root or os.getcwd()) or report.root)
    if arguments.statistics:
        return statistics(report, output_format, color=color)
    if arguments.fix_only and FORMATS[output_format].is_text:
        return _fixed(report, Style(color, width()))
    return FORMATS[output_format](report, color=color, width=width())


def _fixed(report: Report, style: Style) -> str:
    """The report of `--fix-only`."""
    files = {diagnostic.filename for diagnostic in report.applied}
    fixed = f"Fixed {count(len(report.applied), 'finding')} in {count(len(files), 'file')}." if files else ""
    return join([review_of(report, style), "" if report.quiet else fixed], "\n\n")


def _write_report(path: str, content: bytes, mode: Literal["wb", "ab"] = "wb") -> None:
    try:
        with open(path, mode) as stream:
            stream.write(content)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error


def _show_diff(arguments: Arguments, result: Result, report: Report) -> None:
    """One diff over all files; on standard error its fixes, and what there is none for."""
    from fapi_lint.report.diff import unified_diff
    from fapi_lint.report.review import review

    base = os.path.commonpath([os.getcwd(), *(path for each in result.changes for path in (each.path, each.to))])
    if any(change.path != change.to for change in result.changes):
        base = repository_of(base) or base  # Of patches with renames, git takes all paths from there.
    renames = {relative_path(change.path, base): relative_path(change.to, base) for change in result.changes}
    color = arguments.output_file is None and use_color(arguments.color, sys.stdout)
    text = unified_diff((_as_diffed(change, base) for change in result.changes), renames, color=color)
    patch = text.encode("utf-8", "surrogateescape")
    if arguments.output_file is None:
        emit(patch)
    else:
        _write_report(arguments.output_file, patch)
    if base != os.getcwd():  # `git apply` refuses paths that lead upwards.
        note(f"warning: paths are relative to {base}: apply the patch there")
    warn(report.problems)
    if report.quiet:
        return
    unread = sum(diagnostic.code == "FAPI000" for diagnostic in report.diagnostics)
    if unread:
        note(
            f"warning: {count(unread, 'file')} cannot be read as Python and {'is' if unread == 1 else 'are'} left alone"
        )
    style = Style(use_color(arguments.color, sys.stderr), width())
    if explained := review(report, style, verb="Would fix", wrap=sys.stderr.isatty()):
        note(f"{explained}\n")
    more = 0
    if not report.unsafe_fixes:  # A safe fix that is left is one that could not be applied.
        left = [diagnostic.fix for diagnostic in report.diagnostics if not is_fixable(diagnostic.fix, unsafe=False)]
        more = sum(is_fixable(fix, unsafe=True) for fix in left)
    hidden = f" ({more} more with `--unsafe-fixes`)" if more else ""
    note(f"Would fix {count(len(report.applied), 'finding')}{hidden}.")


def _as_diffed(change: Change, base: str) -> tuple[str, str, str]:
    """The bytes as text that gives them back, whatever the file's encoding."""
    before, after = (raw.decode("utf-8", "surrogateescape") for raw in (change.raw_before, change.raw))
    return relative_path(change.path, base), before, after


def _add_noqa(engine: Run, arguments: Arguments, reason: str) -> int:
    suppressed = engine.suppress(reason)
    write(suppressed.changes)
    warn([*engine.problems, *suppressed.skipped])
    words = (path for path in arguments.paths if not (os.sep in path or path.endswith(".py") or os.path.exists(path)))
    if not reason and (word := next(words, None)):
        note(f'help: a reason stands after an equals sign: --add-noqa="{word}"')
    if not arguments.quiet:
        note(f"Added {count(suppressed.count, 'suppression')}.")
    return int(engine.failed)


def _suggest_command(arguments: Arguments, result: Result) -> None:
    """A mistyped command is taken for a path, and so is one behind options of `check`."""
    from fapi_lint.cli.main import COMMANDS

    first = next(iter(arguments.paths), "")
    if not result.failed or os.path.lexists(first):
        return
    if first in COMMANDS:
        note(f"help: a command stands before all options: `fapi-lint {first}`")
    elif first == "help":
        note("help: `fapi-lint --help` lists the commands, `fapi-lint check --help` the options")
    elif code := next((path for path in arguments.paths if _CODE.fullmatch(path)), ""):
        note(f"help: `fapi-lint rule {code}` explains a rule, `--select {code}` runs no other")
    elif close := get_close_matches(first, COMMANDS, 1):
        note(f"help: `{first}` is no command either; did you mean `{close[0]}`?")


def _tell_defects(defects: Sequence[str], *, everything: bool) -> None:
    """What went wrong through a fault of ours; one that a rule has everywhere is not told everywhere."""
    if not defects:
        return
    import platform

    shown = defects if everything else defects[:3]
    for defect in shown:
        note(f"error: {defect}")
    if hidden := len(defects) - len(shown):
        note(f"error: {hidden} more like these; `--verbose` shows all")
    note(f"This was fapi-lint {__version__} with Python {platform.python_version()} on {platform.system()}.")


def _introduce(engine: Run) -> None:
    for application in engine.applications:
        source = application.config or "the defaults"
        note(
            f"{application.root}: {count(len(application.files), 'file')} to check, "
            f"{count(len(application.infos), 'rule')}, settings from {source}"
        )


def _settings(application: Application) -> str:
    from fapi_lint.cli.config import effective
    from fapi_lint.config.load import Loaded

    codes = " ".join(info.code for info in application.infos)
    settings = effective(Loaded(application.settings, application.config))
    return f"# Root: {application.root}\n# Rules of this run: {codes}\n{settings}"


def _time(clock: Clock) -> None:
    total = sum(clock.stages.values())
    stages = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in clock.stages.items())
    note(f"{total:.2f} s: {stages}")
    if slowest := sorted(clock.rules.items(), key=lambda item: -item[1])[:5]:
        note("Slowest rules and shared facts: " + ", ".join(f"{name} {seconds:.3f} s" for name, seconds in slowest))


def _status(arguments: Arguments, result: Result) -> int:
    if result.report.defects:
        return 2
    if arguments.exit_zero:
        return 0
    if result.failed:
        return 1
    if arguments.diff:
        return int(bool(result.changes))
    if arguments.exit_non_zero_on_fix and result.report.applied:
        return 1
    return int(bool(result.report.diagnostics) and not arguments.fix_only)


command = check_command(run)
