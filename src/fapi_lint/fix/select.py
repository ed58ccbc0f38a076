"""`session.query(…)` chains written as `select()`, executed in 2.0 style.

The table of equivalents is that of
https://docs.sqlalchemy.org/en/20/changelog/migration_20.html#migration-orm-usage. Only what differs is edited: the
call that opens the chain, methods under another name, and what runs it, which goes around the statement.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct

from fapi_lint.fix.awaiting import is_continued
from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Edit, Fix, Refusal, RefusedError, count, fix_or_refusal
from fapi_lint.fix.open_edits import OpenEdits
from fapi_lint.fix.text import (
    indent_unit,
    indentation_at,
    insert_argument,
    line_end,
    line_start,
    newline,
    on_one_line,
    value_start,
)
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.querying.methods import SET_OPERATIONS, held_query
from fapi_lint.project.querying.queries import Chain
from fapi_lint.project.querying.values import Use, session_of
from fapi_lint.project.symbols import External, Function

_RENAMED = {
    "filter": "where",
    "with_entities": "with_only_columns",
    "add_column": "add_columns",
    "add_entity": "add_columns",
    "as_scalar": "scalar_subquery",
}
_OPTIONS = frozenset(["autoflush", "yield_per"])
"""Methods with one argument that are execution options of a statement."""
_PLAIN_COUNT = frozenset(["filter", "filter_by", "where"])
"""Methods after which the rows of one entity are counted without a sub-query."""
_FLUENT = re.compile(r"^[ \t]*\.", re.MULTILINE)


@lru_cache(maxsize=1024)
def to_select(project: Project, chain: Chain | None) -> Fix | Refusal:
    """The fix that writes all queries of a chain with `select()`; without a chain, nothing leads to the query."""
    if chain is None:
        return Refusal("it is never reached")
    return Refusal(chain.obstacle) if chain.obstacle else fix_or_refusal(_Rewrite(project, chain).build)


class _Frame(Struct):
    """What goes around a statement to run it: `start` + statement + `suffix` + `end`."""

    start: str
    """Ends with the parenthesis that the statement goes into."""
    end: str = ")"
    suffix: str = ""
    """More of the statement itself: `.limit(1)`."""
    tail: str = ""
    """What is called on the result: `.first()`."""


class _Rewrite:
    def __init__(self, project: Project, chain: Chain) -> None:
        self.project = project
        self.chain = chain
        self.drafts: dict[str, OpenEdits] = {}
        self.made = FixBuilder()
        self.opened: dict[tuple[str, int], str] = {}
        """What stands in place of `session.query(`, by path and offset, where it is not `select(`."""
        self.done: set[tuple[str, int, int]] = set()
        """Steps that became part of something else."""
        self.given_sessions: dict[tuple[str, int], str] = {}
        """The names of the functions that take a session from now on, by path and offset."""
        lowest = project.versions.sqlalchemy.lowest
        self.has_scalars = lowest is None or project.versions.sqlalchemy.at_least(1, 4, 24)

    def build(self) -> Fix:
        handlers = {
            "end": self.end,
            "iteration": self.iteration,
            "slice": self.slice,
            "statement": self.statement,
            "annotation": self.annotation,
            "step": self.step,
            "source": self.source,
        }
        for kind, handler in handlers.items():
            for use in self.chain.uses:
                if use.kind == kind:
                    handler(use)
        self.made.add(*(edit for draft in self.drafts.values() for edit in draft.edits()))
        return self.made.fix(self.title())

    def title(self) -> str:
        queries = len(self.chain.queries)
        files = len(self.drafts)
        title = "Replace `query()` by `select()`, executed in 2.0 style"
        if queries > 1 or files > 1:
            title += f", in {queries} {'query' if queries == 1 else 'queries'} of {count(files, 'file')}"
        returning = {use.function.name for use in self.chain.uses if use.function is not None and _is_result(use)}
        if returning:
            names = ", ".join(f"`{name}()`" for name in sorted(returning))
            title += f"; {names} returns a `Select`" if len(returning) == 1 else f"; {names} return a `Select`"
        if self.given_sessions:
            names = ", ".join(f"`{name}()`" for name in sorted(set(self.given_sessions.values())))
            title += f"; {names} {'takes' if len(self.given_sessions) == 1 else 'take'} the session"
        return title

    def draft(self, use: Use) -> OpenEdits:
        return self.drafts.setdefault(use.module.path, OpenEdits(use.module))

    def spelled(self, use: Use, target: str) -> str:
        return self.made.spell(use.module, target, use.node.start)

    # --- opening and steps -------------------------------------------------------------------------

    def source(self, use: Use) -> None:
        call = _call(use.node)
        if (use.module.path, call.start, -1) in self.done:
            return
        opening = self.opened.get((use.module.path, call.start)) or f"{self.spelled(use, 'sqlalchemy.select')}("
        self.draft(use).replace(call.start, call.open, opening)

    def step(self, use: Use) -> None:
        call = _call(use.node)
        if (use.module.path, call.start, call.end) in self.done:
            return
        assert isinstance(call.func, o.Attribute)
        start, draft = call.func.attr_start, self.draft(use)
        if use.method == "filter_by" and use.value.named:
            self.rename(use, call.func, "where")
            for arg in call.args:
                draft.replace(arg.start, value_start(use.module.text, arg), f"{use.value.named}.{arg.keyword} == ")
                self.parenthesise(use, arg)
        elif use.method in _RENAMED:
            self.rename(use, call.func, _RENAMED[use.method])
        elif use.method == "populate_existing":
            draft.replace(start, call.end, "execution_options(populate_existing=True)")
        elif use.method in _OPTIONS:
            if len(call.args) != 1:
                raise RefusedError(f"`{use.method}()` has other arguments")
            value = value_start(use.module.text, call.args[0])
            draft.replace(start, value, f"execution_options({use.method}=")

    def parenthesise(self, use: Use, arg: o.Arg) -> None:
        """Parentheses for a value that binds less tightly than a comparison, unless it has them."""
        value = arg.value
        loose = isinstance(value, (o.Compare, o.IfExp, o.Lambda, o.NamedExpr)) or (
            isinstance(value, o.Operation) and value.operator in ("and", "or", "not")
        )
        if loose and arg.end == value.end:
            self.draft(use).insert(value.start, "(")
            self.draft(use).insert(value.end, ")")

    def rename(self, use: Use, func: o.Attribute, name: str) -> None:
        """Another method. The dot is edited too: the name alone would count as a rename of what bears it."""
        dot = func.attr_start - (use.module.text[func.attr_start - 1] == ".")
        self.draft(use).replace(dot, func.end, use.module.text[dot : func.attr_start] + name)

    def statement(self, use: Use) -> None:
        assert isinstance(use.node, o.Attribute)
        self.draft(use).replace(_cut(use.module, use.node), use.node.end, "")

    def annotation(self, use: Use) -> None:
        """`Query` in an annotation becomes `Select`, `Query[X]` becomes `Select[tuple[X]]`."""
        function = use.function
        scope = use.module.scope if function is None else function.enclosing
        nodes = list(_annotation_nodes(use.node))
        inside = {id(node.value): node for node in nodes if isinstance(node, o.Subscript)}
        for node in nodes:
            if not isinstance(node, (o.Name, o.Attribute)):
                continue
            symbol = self.project.resolver.resolve(scope, node)
            if not isinstance(symbol, External) or not symbol.is_from("sqlalchemy", "Query"):
                continue
            draft = self.draft(use)
            draft.replace(node.start, node.end, self.spelled(use, "sqlalchemy.Select"))
            self.made.forget(use.module, node)
            subscript = inside.get(id(node))
            if subscript is not None:
                first, last = subscript.items[0], subscript.items[-1]
                draft.insert(first.start, "tuple[")
                draft.insert(last.end, "]")

    # --- what runs it ------------------------------------------------------------------------------

    def end(self, use: Use) -> None:
        call = _call(use.node)
        match use.method:
            case "get":
                self.get(use, call)
            case "update" | "delete":
                self.bulk(use, call)
            case "count":
                self.wrap(use, call, self.count(use))
            case _:
                self.wrap(use, call, self.run(use, use.method))

    def run(self, use: Use, method: str) -> _Frame:
        """What `all()`, `first()`, `one()`, `one_or_none()`, `scalar()` or an iteration (`""`) is."""
        value, selection = use.value, use.value.selection
        session = self.session(use)
        needs_unique = selection.eager or (selection.repeats and method != "first" and "distinct" not in value.steps)
        unique = ".unique()" if needs_unique and selection.has_entity and "yield_per" not in value.steps else ""
        if method == "scalar":
            if selection.single_row and not unique:
                return _Frame(f"{session}.scalar(")
            frame = _Frame(f"{session}.execute(", tail=f"{unique}.scalar_one_or_none()")
        else:
            called = f".{method}()" if method else ""
            scalars = ".scalars()" if selection.is_entity and not self.has_scalars else ""
            execute = "scalars" if selection.is_entity and self.has_scalars else "execute"
            frame = _Frame(f"{session}.{execute}(", tail=scalars + unique + called)
        if method == "first" and "from_statement" not in value.steps:
            frame.suffix = ".limit(1)"
        if value.steps & SET_OPERATIONS and selection.is_entity:
            assert value.source is not None
            entity = use.module.slice(value.source.args[0].value)
            frame.start += f"{self.spelled(use, 'sqlalchemy.select')}({entity}).from_statement("
            frame.end += ")"
        return frame

    def count(self, use: Use) -> _Frame:
        value = use.value
        session, select = self.session(use), self.spelled(use, "sqlalchemy.select")
        counted = f"{select}({self.spelled(use, 'sqlalchemy.func')}.count()).select_from("
        if value.source is not None and value.selection.is_entity and value.steps <= _PLAIN_COUNT:
            self.opened[use.module.path, value.source.start] = counted
            return _Frame(f"{session}.scalar(")
        return _Frame(f"{session}.scalar({counted}", "))", ".subquery()")

    def iteration(self, use: Use) -> None:
        self.wrap(use, None, self.run(use, ""))

    def slice(self, use: Use) -> None:
        node = use.node
        assert isinstance(node, o.Subscript)
        if len(node.items) != 1:
            raise RefusedError("it is indexed by a tuple")
        frame = self.run(use, "all")
        text = use.module.text[_bracket(use.module, node) + 1 : node.end - 1].strip()
        if ":" in text:
            low, high = _bounds(text)
            frame.suffix = f".limit({high})" if not low else f".slice({low}, {high or 'None'})"
        elif text.isdecimal():
            frame.suffix = ".limit(1)" if text == "0" else f".slice({text}, {int(text) + 1})"
            frame.tail += "[0]"
        elif text.isidentifier():
            frame.suffix = f".slice({text}, {text} + 1)"
            frame.tail += "[0]"
        else:
            raise RefusedError(f"it is indexed by `{text}`")
        self.wrap(use, node, frame)

    def session(self, use: Use) -> str:
        source, session = use.value.source, use.value.session
        if source is not None:
            return session_of(use.module, source)
        if session.startswith("?") and use.function is not None:
            return self.given(use, use.function, session[1:])
        return session

    def given(self, use: Use, function: Function, name: str) -> str:
        """The session that a function is given from now on, beside the query that its parameter takes."""
        sites = self.project.queries.to_be_given(function, name)
        if sites is None:
            raise RefusedError("no session is at hand where it runs")
        session = sites[0][1].rpartition(".")[2]
        if (use.module.path, function.node.start) in self.given_sessions:
            return session
        self.given_sessions[use.module.path, function.node.start] = function.name
        first = function.node.params[1 if function.is_method else 0]
        class_ = "sqlalchemy.ext.asyncio.AsyncSession" if use.value.is_async else "sqlalchemy.orm.Session"
        self.draft(use).insert(first.start, f"{session}: {self.spelled(use, class_)}, ")
        for site, written in sites:
            module = site.unit.module
            edit = insert_argument(module, site.call, written, first=True)
            self.drafts.setdefault(module.path, OpenEdits(module)).replace(edit.start, edit.end, edit.text)
        return session

    def bulk(self, use: Use, call: o.Call) -> None:
        """`update()` and `delete()`."""
        module, draft = use.module, self.draft(use)
        source = use.value.source
        if source is None:
            self.bulk_of_held(use, call)
            return
        assert isinstance(call.func, o.Attribute)
        self.opened[module.path, source.start] = f"{self.spelled(use, f'sqlalchemy.{use.method}')}("
        synchronize = call.argument("synchronize_session", 0 if use.method == "delete" else 1)
        values = call.argument("values", 0) if use.method == "update" else None
        options = ""
        if synchronize is not None:
            options = f".execution_options(synchronize_session={module.slice(synchronize.value)})"
        frame = _Frame(f"{self.session(use)}.execute(", tail="" if use.discarded else ".rowcount")
        if values is None:
            frame.suffix = options
            self.wrap(use, call, frame)
            return
        if synchronize is not None:
            for edit in _without(module, values, synchronize):
                draft.replace(edit.start, edit.end, edit.text)
        self.rename(use, call.func, "values")
        draft.replace(values.start, value_start(module.text, values), "")
        frame.suffix = options
        self.wrap(use, call, frame, keeps=True)

    def bulk_of_held(self, use: Use, call: o.Call) -> None:
        """`posts.update(values)`, where `posts` is a query: a statement of its own under the same conditions."""
        module, draft, function = use.module, self.draft(use), use.function
        held = None if function is None else held_query(module, function.scope, call)
        if held is None or not use.value.session:
            raise RefusedError(f"`{use.method}()` of a query held in a name")
        source, conditions = held
        statement = f"{self.spelled(use, f'sqlalchemy.{use.method}')}({on_one_line(module, source.args[0])})"
        for condition in conditions:
            assert isinstance(condition.func, o.Attribute)
            method = "filter_by" if condition.func.attr == "filter_by" else "where"
            statement += f".{method}({', '.join(on_one_line(module, arg) for arg in condition.args)})"
        values = call.given("values", 0) if use.method == "update" else None
        synchronize = call.given("synchronize_session", 0 if use.method == "delete" else 1)
        if values is not None:
            statement += f".values({on_one_line(module, values)})"
        if synchronize is not None:
            statement += f".execution_options(synchronize_session={module.slice(synchronize)})"
        tail = "" if use.discarded else ".rowcount"
        before, behind = self.awaiting(use, tail)
        opening = draft.insert(call.start, f"{before}{use.value.session}.execute(")
        draft.replace(call.start, call.end, statement)
        closing = draft.insert(call.end, f"){behind}{tail}")
        draft.wrapped.append((call.start, opening, closing))

    def get(self, use: Use, call: o.Call) -> None:
        """`db.query(Model).get(key)`, which becomes `db.get(Model, key)`."""
        module, draft, source = use.module, self.draft(use), use.value.source
        assert source is not None
        more = ""
        inner = call.func
        while isinstance(inner, o.Attribute) and isinstance(inner.value, o.Call) and inner.value is not source:
            step = inner.value
            inner = step.func
            if not isinstance(inner, o.Attribute) or (step.start, step.end) == (source.start, source.end):
                break
            self.done.add((module.path, step.start, step.end))
            arguments = module.text[step.open : step.end - 1].strip().rstrip(",")
            match inner.attr:
                case "options":
                    more = f", options=[{arguments}]{more}"
                case "populate_existing":
                    more = f", populate_existing=True{more}"
                case "with_for_update" if not arguments:
                    more = f", with_for_update=True{more}"
                case _:
                    raise RefusedError(f"`get()` after `{inner.attr}()`")
        model, key = source.args[0], call.args[0]
        start = value_start(module.text, key)
        if "#" in module.text[model.end : start] or more.count("options=") > 1:
            raise RefusedError("`get()` is called too far away from `query()`")
        before, behind = self.awaiting(use, "")
        self.done.add((module.path, source.start, -1))
        draft.replace(source.start, source.open, f"{before}{self.session(use)}.get(")
        draft.replace(model.end, start, ", ")
        draft.insert(key.end, more)
        draft.insert(call.end, behind)

    def awaiting(self, use: Use, tail: str) -> tuple[str, str]:
        """What goes before and behind a call that is awaited."""
        if not use.value.is_async:
            return "", ""
        return ("(await ", ")") if tail or is_continued(use.node, use.parent) else ("await ", "")

    # --- layout ------------------------------------------------------------------------------------

    def wrap(self, use: Use, node: o.Call | o.Subscript | None, frame: _Frame, *, keeps: bool = False) -> None:
        """Put a frame around a statement, in place of the method `node` that ran it, unless that stays (`keeps`).

        Without a node the statement itself is framed, as it is where a query is iterated.
        """
        module, draft = use.module, self.draft(use)
        text, whole = module.text, node or use.node
        inner = use.node if node is None else _receiver(node)
        before, behind = self.awaiting(use, frame.tail)
        end = frame.end + behind + frame.tail
        cut = whole.end if node is None or keeps else _cut(module, node)
        if isinstance(inner, o.NamedExpr) and frame.suffix and not keeps:
            # What is named is the statement without the suffix.
            draft.insert(whole.start, before + frame.start)
            draft.replace(cut, whole.end, frame.suffix + end)
            return
        if whole.start < inner.start and not keeps:
            # The statement has parentheses of its own: they become those of the call.
            draft.insert(whole.start, before + frame.start[:-1])
            draft.insert(inner.end, self.link(module, inner, frame.suffix))
            draft.replace(cut, whole.end, end[1:])
            return
        fluent = _FLUENT.search(text, inner.start, cut) is not None
        opened = _opened(text, whole.start, whole.end) if fluent else None
        if opened is not None:
            start, stop = opened
            gap = " " if start and (text[start - 1].isalnum() or text[start - 1] == "_") else ""
            draft.insert(start, gap + before + frame.start[:-1])
            draft.replace(cut, whole.end, self.link(module, inner, frame.suffix))
            draft.insert(stop, end[1:])
            return
        indent = indentation_at(text, whole.start)
        if fluent and text[line_start(text, whole.start) : whole.start] == indent:
            self.block(draft, whole, cut, inner, before, frame, end)
            return
        opening = draft.insert(whole.start, before + frame.start)
        draft.replace(cut, whole.end, frame.suffix)
        closing = draft.insert(whole.end, end)
        if (
            not use.in_string
            and "\n" not in text[whole.start : whole.end]
            and "\r" not in text[whole.start : whole.end]
        ):
            draft.wrapped.append((whole.start, opening, closing))

    def block(
        self, draft: OpenEdits, whole: o.Node, cut: int, inner: o.Node, before: str, frame: _Frame, end: str
    ) -> None:
        """A statement of several lines, set in by one level within its frame."""
        module = draft.module
        text, unit = module.text, indent_unit(module)
        line = newline(text) + indentation_at(text, whole.start)
        draft.insert(whole.start, before + frame.start + line + unit)
        at = line_end(text, whole.start)
        while at < cut:
            at = at + (2 if text.startswith("\r\n", at) else 1)
            inside = any(start < at <= stop for start, stop in module.outline.strings)
            if at < cut and not inside and line_end(text, at) > at:
                draft.insert(at, unit)
            at = line_end(text, at)
        suffix = self.link(module, inner, frame.suffix)
        draft.replace(cut, whole.end, suffix.replace(line, line + unit))
        draft.insert(whole.end, line + end)

    def link(self, module: Module, inner: o.Node, suffix: str) -> str:
        """One more method of a statement: on a line of its own where the others are."""
        links = list(_FLUENT.finditer(module.text, inner.start, inner.end))
        return newline(module.text) + links[-1][0][:-1] + suffix if suffix and links else suffix


def _receiver(node: o.Call | o.Subscript) -> o.Node:
    """What a method is called on, or what is sliced."""
    if isinstance(node, o.Subscript):
        return node.value
    assert isinstance(node.func, o.Attribute)
    return node.func.value


def _is_result(use: Use) -> bool:
    """Whether a use is what its function returns: an annotation tells."""
    return use.kind == "annotation" and use.function is not None and use.node is use.function.node.returns


def _annotation_nodes(annotation: o.Node) -> Iterator[o.Node]:
    """The nodes of an annotation, those inside quotes included."""
    for node in o.walk(annotation):
        parsed = parse_annotation(node) if isinstance(node, o.String) else None
        yield from o.walk(parsed) if parsed is not None else (node,)


def _call(node: o.Node) -> o.Call:
    assert isinstance(node, o.Call)
    return node


def _cut(module: Module, node: o.Node) -> int:
    """Where the last link of a chain begins: behind what stands before its dot or bracket."""
    text = module.text
    if isinstance(node, o.Subscript):
        return _bracket(module, node)
    func = o.called(node)
    assert isinstance(func, o.Attribute)
    dot = text.rindex(".", 0, func.attr_start)
    return len(text[:dot].rstrip())


def _opened(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The offsets of a parenthesis that holds an expression and nothing else, and behind the one that closes it."""
    before = len(text[:start].rstrip()) - 1
    if before < 0 or text[before] != "(":
        return None
    behind = re.compile(r"\s*\)").match(text, end)
    if behind is None:
        return None
    head = text[:before].rstrip(" \t")
    word = re.search(r"\w+$", head[-32:])
    if word is not None and not keyword.iskeyword(word[0]):
        return None
    if head[-1:] in (")", "]", "}", "'", '"'):
        return None
    return before, behind.end()


def _bracket(module: Module, node: o.Subscript) -> int:
    """The offset of the bracket that opens a subscript, which parentheses may stand before."""
    return module.text.index("[", node.value.end)


def _bounds(text: str) -> tuple[str, str]:
    """What stands before and after the colon of a slice."""
    colons = [i for i, char in enumerate(text) if char == ":"]
    if len(colons) != 1:
        raise RefusedError(f"it is sliced by `{text}`")
    low, high = text[: colons[0]].strip(), text[colons[0] + 1 :].strip()
    if low.startswith("-") or high.startswith("-") or not (low or high):
        raise RefusedError(f"it is sliced by `{text}`")
    return low, high


def _without(module: Module, kept: o.Arg, gone: o.Arg) -> Iterator[Edit]:
    """The second of two arguments goes, with the comma between them."""
    if gone.start > kept.start:
        if "#" in module.text[kept.end : gone.start]:
            raise RefusedError("a comment stands between the arguments of `update()`")
        yield Edit(module.path, kept.end, gone.end, "")
    else:
        yield Edit(module.path, gone.start, kept.start, "")
