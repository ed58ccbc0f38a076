"""What a module did with a database as it was loaded, awaited when the application starts, or in a loop of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Edit
from fapi_lint.fix.text import (
    indent_unit,
    insert_argument,
    insert_before,
    line_start,
    newline,
    next_line,
    remove_statement,
)
from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.flow import Change
from fapi_lint.project.asynchrony.starting import Application
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Function

Written = Callable[[Change], list[str]]
"""The lines that do in a coroutine function what a statement did."""


class Started:
    """The edits for statements that move out of the body of a module."""

    def __init__(self, application: Application | None, written: Written, made: FixBuilder) -> None:
        self.application = application
        self.written = written
        self.made = made

    def move(self, changes: Sequence[Change]) -> None:
        """Let these be done when the application starts; those of a test at once."""
        changes = sorted(changes, key=lambda change: (change.module.path, change.node.start))
        at_start = [change for change in changes if change.kind == "at_start"]
        for run in _adjacent([change for change in changes if change.kind == "at_once"]):
            self.at_once(run)
        if at_start and self.application is not None:
            self.at_start(self.application, at_start)

    def at_once(self, run: Sequence[Change]) -> None:
        """A coroutine function with these statements, and `asyncio.run()` of it, in their place."""
        module = run[0].module
        run_ = f"{self.made.spell(module, 'asyncio', run[0].node.start)}.run"
        if len(run) == 1 and not _makes_tables(run) and not o.dotted(_called(run[0])).endswith(".drop_all"):
            node = run[0].node
            self.made.add(Edit(module.path, node.start, node.start, f"{run_}("))
            self.made.add(Edit(module.path, node.end, node.end, ")"))
            return
        name, lines = self.defined(run)
        self.replace(run, [*lines, "", "", f"{run_}({name}())"])

    def at_start(self, application: Application, changes: Sequence[Change]) -> None:
        lines: list[str] = []
        for run in _adjacent([change for change in changes if change.module is not application.module]):
            name, defined = self.defined(run)
            self.replace(run, defined)
            target = f"{run[0].module.name}.{name}"
            lines.append(f"await {self.made.spell(application.module, target, application.statement.start)}()")
        own = [change for change in changes if change.module is application.module]
        for change in own:
            lines += self.written(change)
        if application.lifespan is not None:
            self.remove(own)
            self.inside(application.lifespan, lines)
        elif application.startup is not None:
            self.remove(own)
            self.beside(application.startup, lines)
        else:
            self.new_lifespan(application, own, lines)

    def inside(self, lifespan: Function, lines: Sequence[str]) -> None:
        body = lifespan.node.body
        first = body[1] if len(body) > 1 and _is_docstring(body[0]) else body[0]
        self.made.add(insert_before(lifespan.module, first, lines))

    def beside(self, startup: Function, lines: Sequence[str]) -> None:
        """A function of its own above the first that runs at the start."""
        module, node = startup.module, startup.node
        unit, decorator = indent_unit(module), module.slice(node.decorators[0])
        name = _free(module, "create_tables")
        text = [decorator, f"async def {name}() -> None:", *(unit + line for line in lines), "", ""]
        self.made.add(insert_before(module, node, text))

    def new_lifespan(self, application: Application, own: Sequence[Change], lines: Sequence[str]) -> None:
        module, call, at = application.module, application.call, application.statement.start
        manager = self.made.spell(module, "contextlib.asynccontextmanager", at)
        iterator = self.made.spell(module, "collections.abc.AsyncIterator", at)
        unit, name = indent_unit(module), _free(module, "lifespan")
        text = [
            f"@{manager}",
            f"async def {name}(app: {module.slice(call.func)}) -> {iterator}[None]:",
            *(unit + line for line in lines),
            f"{unit}yield",
        ]
        self.made.add(insert_argument(module, call, f"lifespan={name}"))
        above = [node for node in module.outline.body if node.end <= at]
        taken = [change for change in own if above and change.parents[0] is above[-1]]
        self.remove([change for change in own if change not in taken])
        if taken:
            self.replace(taken, text)
        else:
            self.set_off(module, _head(module, application.statement), _head(module, application.statement), text)

    # --- text --------------------------------------------------------------------------------------

    def defined(self, run: Sequence[Change]) -> tuple[str, list[str]]:
        """The name and the lines of a function for statements that follow each other."""
        module = run[0].module
        name, unit = _free(module, "create_tables" if _makes_tables(run) else "prepare"), indent_unit(module)
        body = (unit + line for change in run for line in self.written(change))
        return name, [f"async def {name}() -> None:", *body]

    def remove(self, changes: Sequence[Change]) -> None:
        self.made.add(*(remove_statement(change.module, change.parents[0]) for change in changes))

    def replace(self, run: Sequence[Change], lines: Sequence[str]) -> None:
        """Put lines in the place of statements that follow each other."""
        module = run[0].module
        end = next_line(module.text, run[-1].parents[0].end)
        self.set_off(module, line_start(module.text, run[0].parents[0].start), end, lines)

    def set_off(self, module: Module, start: int, end: int, lines: Sequence[str]) -> None:
        """Put lines in place of a span of whole ones, two blank lines away from what stands around."""
        text, eol = module.text, newline(module.text)
        while start and not text[line_start(text, start - 1) : start].strip():
            start = line_start(text, start - 1)
        while end < len(text) and not text[end : next_line(text, end)].strip():
            end = next_line(text, end)
        before = eol * 2 if start else ""
        after = eol * 2 if end < len(text) else ""
        self.made.add(Edit(module.path, start, end, before + "".join(line + eol for line in lines) + after))


def _head(module: Module, statement: o.Node) -> int:
    """Where a statement begins, with the comments above it."""
    text = module.text
    start = line_start(text, statement.outer_start)
    while start and text[line_start(text, start - 1) : start].lstrip().startswith("#"):
        start = line_start(text, start - 1)
    return start


def _adjacent(changes: Sequence[Change]) -> list[list[Change]]:
    """The changes in runs of statements that follow each other."""
    runs = [[change] for change in changes[:1]]
    for one, other in pairwise(changes):
        between = one.module.text[one.parents[0].end : other.parents[0].start]
        if one.module is other.module and not between.strip():
            runs[-1].append(other)
        else:
            runs.append([other])
    return runs


def _makes_tables(run: Sequence[Change]) -> bool:
    return any(o.dotted(_called(change)).endswith(".create_all") for change in run)


def _called(change: Change) -> o.Expr:
    assert isinstance(change.node, o.Call)
    return change.node.func


def _free(module: Module, name: str) -> str:
    while name in module.scope.bindings:
        name = f"{name}_at_start"
    return name


def _is_docstring(node: o.Node) -> bool:
    return isinstance(node, o.ExprStatement) and isinstance(node.value, o.String)
