"""`fapi-lint rule`: what the rules say about themselves."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path

import click
from msgspec.structs import asdict

from fapi_lint.cli.options import COLOR, complete_code
from fapi_lint.cli.terminal import Color, emit, use_color, width
from fapi_lint.config.load import load
from fapi_lint.engine.plugins import known_rules
from fapi_lint.report.model import RuleInfo
from fapi_lint.report.rule_page import rule_page
from fapi_lint.report.shared import Style

_FENCE = re.compile(r"^ *```(?:\w+)?[ ]*(?P<title>[^\n]*)\n(?P<code>.*?)^ *```[ ]*\n?", re.MULTILINE | re.DOTALL)
_FIXES = {
    "safe": "`--fix` fixes it.",
    "unsafe": "`--fix --unsafe-fixes` fixes it.",
    "display": "A fix is shown, but not applied.",
    "none": "There is no automatic fix.",
}


@click.command("rule", short_help="Explain a rule, or list them.")
@click.argument("code", required=False, shell_complete=complete_code)
@click.option("--all", "everything", is_flag=True, help="Explain all rules.")
@click.option("--output-format", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
@click.option("--color", **COLOR)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration to read.")
@click.option("--isolated", is_flag=True, help="Use no configuration file.")
def command(
    code: str | None, everything: bool, output_format: str, color: Color, config: Path | None, isolated: bool
) -> None:
    """Explain the rule CODE, or all of them; without either, list them.

    Rules of plugins are those of the configuration that holds in the working folder.
    """
    if code is not None and everything:
        raise click.UsageError("Name a rule or ask for --all, not both.")
    rules = known_rules(load(Path.cwd(), config, isolated)).infos
    chosen = [_find(code, rules)] if code is not None else list(rules.values())
    if output_format == "json":
        found: object = [asdict(info) for info in chosen]
        emit(json.dumps(asdict(chosen[0]) if code is not None else found, indent=2) + "\n")
        return
    if output_format == "markdown":
        emit("\n\n".join(map(rule_page, chosen)))
        return
    style = Style(use_color(color, sys.stdout), width())
    if code is None and not everything:
        emit("".join(f"{line}\n" for line in _table(chosen, style)))
    else:
        emit("\n\n".join("\n".join(_explain(info, style)) for info in chosen) + "\n")


def _find(code: str, rules: Mapping[str, RuleInfo]) -> RuleInfo:
    for rule in rules.values():
        if code.upper() == rule.code or code == rule.name:
            return rule
    beginning = ", ".join(each for each in rules if code and each.startswith(code.upper()))
    names = [*rules, *(rule.name for rule in rules.values())]
    close = get_close_matches(code.upper(), names, 1, 0.75) or get_close_matches(code, names, 1)
    hint = f' Did you mean "{close[0]}"?' if close else " `fapi-lint rule` lists them."
    hint = f" It is the beginning of {beginning}." if beginning else hint
    raise click.ClickException(f'There is no rule "{code}".{hint}')


def _table(rules: list[RuleInfo], style: Style) -> Iterator[str]:
    """One line for each rule in a pipe; as many as it takes on a terminal."""
    names = max(len(info.name) for info in rules)
    codes = max(len(info.code) for info in rules)
    indent = codes + names + 12
    room = max(style.width - indent, 30) if sys.stdout.isatty() else 1000
    for info in rules:
        mark = info.fix if info.fix != "none" else "-"
        extra = "" if info.default else " (off until selected)"
        first, *more = textwrap.wrap(info.summary.replace("`", "") + extra, room)
        code = style.paint("code", f"{info.code:<{codes}}")
        yield f"{code}  {info.name:<{names}}  {style.paint('fixable', f'{mark:<6}')}  {first}"
        yield from (" " * indent + line for line in more)


def _explain(info: RuleInfo, style: Style) -> Iterator[str]:
    yield f"{style.paint('code', info.code)} {style.paint('path', info.name)}"
    yield ""
    usage = "" if info.default else f" The rule is off until it is selected: `--extend-select {info.code}`."
    yield from textwrap.wrap(f"{_FIXES[info.fix]} Preference: {info.preference}.{usage}", _room(style))
    yield ""
    body = info.explanation + "\n"
    end = 0
    for fence in _FENCE.finditer(body):
        yield from _prose(body[end : fence.start()], style)
        yield from _code(fence["title"], textwrap.dedent(fence["code"]), style)
        end = fence.end()
    yield from _prose(body[end:], style)
    if info.url:
        yield style.paint("help", info.url)


def _prose(text: str, style: Style) -> Iterator[str]:
    """Paragraphs, wrapped; a line that ends in a colon stands alone as a heading."""
    for block in filter(str.strip, re.split(r"\n\s*\n", text)):
        heading = re.fullmatch(r"\s*(\w[\w ]*:)\s*", block)
        if heading:
            yield style.paint("path", heading[1])
            continue
        lines = block.strip("\n").splitlines()
        if any(re.match(r"\s*[-*|] ", line) for line in lines):
            yield from lines
        else:
            yield from textwrap.wrap(" ".join(line.strip() for line in lines), _room(style))
        yield ""


def _code(title: str, code: str, style: Style) -> Iterator[str]:
    if title:
        yield f"  {style.paint('frame', title)}"
    lines = code.rstrip().splitlines()
    yield from (f"    {line}".rstrip() for line in (_highlight(lines) if style.color else lines))
    yield ""


def _highlight(lines: list[str]) -> list[str]:
    from rich.console import Console
    from rich.syntax import Syntax

    console = Console(force_terminal=True, color_system="standard", width=500)
    with console.capture() as capture:
        console.print(Syntax("\n".join(lines), "python", theme="ansi_dark", background_color="default"), end="")
    return [line.rstrip() for line in capture.get().splitlines()]


def _room(style: Style) -> int:
    return min(style.width, 100)
