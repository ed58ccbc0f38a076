"""Eager loading added to a query, a `get()`, or after a refresh: `.options(selectinload(Post.comments))`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Edit, Refusal, RefusedError
from fapi_lint.fix.imports import spell
from fapi_lint.fix.text import (
    indent_unit,
    indentation_at,
    insert_argument,
    insert_before,
    insert_statement_after,
    line_end,
    line_start,
    newline,
)
from fapi_lint.outline import nodes as o
from fapi_lint.project.grouping import grouped
from fapi_lint.project.mapped import Model
from fapi_lint.project.module import Module
from fapi_lint.project.nouns import singular
from fapi_lint.project.objects.lazy_loads import LazyLoad
from fapi_lint.project.objects.links import Link, Path, is_loaded
from fapi_lint.project.objects.origins import Origin
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External
from fapi_lint.project.traversal import statements
from fapi_lint.source.place import Place

_WIDTH = 100
"""What a line of a query should not exceed."""


class Unloadable(Refusal, frozen=True):
    """Why something cannot be loaded where its object comes from."""

    load: LazyLoad


class _Step(Struct, eq=False):
    """A link to load, with what follows it."""

    link: Link
    is_needed: bool = False
    """Not loaded yet: else it is only passed through."""
    following: dict[str, _Step] | None = None
    repeats: bool = False
    """The same follows it, and so on."""


def eager_edits(project: Project, loads: Sequence[LazyLoad]) -> FixBuilder | Unloadable:
    """What loads all of these where the objects come from, in asynchronous code; the reason if one cannot be loaded."""
    by_origin = grouped((load.origin, load) for load in loads)
    made = FixBuilder()
    for origin, group in by_origin.items():
        try:
            edits = _Loading(project, origin, made).edits_for(group)
        except RefusedError as refused:
            return Unloadable(str(refused), group[0])
        for edit in edits:
            other = next((each for each in made.edits if _is_same_place(each, edit)), None)
            if other is not None and origin.kind == "refresh":
                # Several objects are loaded anew behind one statement.
                del made.edits[other]
                edit = replace(other, text=other.text + edit.text)
            made.add(edit)
    return made


class _Loading:
    """The edits at one origin."""

    def __init__(self, project: Project, origin: Origin, made: FixBuilder) -> None:
        self.project = project
        self.origin = origin
        self.module: Module = origin.module
        self.made = made

    def edits_for(self, loads: Iterable[LazyLoad]) -> list[Edit]:
        """Raises RefusedError."""
        steps: dict[str, _Step] = {}
        columns: dict[str, None] = {}
        for load in loads:
            if load.obstacle is not None:
                raise RefusedError(load.obstacle)
            if self.origin.kind == "refresh" and self.is_within(load.read):
                raise RefusedError("it is read in the same statement")
            if load.column:
                columns[load.column] = None
            else:
                _add(steps, load)
        return self.edits(steps, list(columns))

    def edits(self, steps: dict[str, _Step], columns: Sequence[str]) -> list[Edit]:
        node = self.origin.node
        if self.origin.kind == "refresh":
            return self.after(steps, columns)
        if self.origin.kind == "delete":
            return self.before(steps)
        options = self.options(steps)
        if isinstance(node, o.Call) and self.origin.kind == "get":
            given = node.given("options")
            if given is None and self.is_plain(node):
                return self.selected(node, options)
            if given is None:
                text = self.listed("options=[", options, "]", node.end - 1)
                return [insert_argument(self.module, node, text)]
            if isinstance(given, o.Collection):
                return [_into_list(given, self.module.path, options)]
            raise RefusedError("its options are not written as a list there")
        return self.chained(node, options)

    def is_within(self, read: Place) -> bool:
        """Whether the statement at the origin reads something itself, before anything behind it is run."""
        statement = _statement(self.origin)
        if statement is None or read.path != self.module.path:
            return False
        return statement.start <= read.start and read.end <= statement.end

    def is_plain(self, node: o.Call) -> bool:
        """`db.get(User, id)` of a synchronous session."""
        model, path = self.origin.model, o.dotted(node.func).rpartition(".")[2]
        if self.origin.is_async or path != "get" or model is None or len(model.primary_keys) != 1:
            return False
        if len(node.args) != 2 or any(arg.keyword or arg.star for arg in node.args):
            return False
        return "#" not in self.module.text[node.args[0].end : node.args[1].start]

    def selected(self, node: o.Call, options: Sequence[str]) -> list[Edit]:
        """`db.scalar(select(User).where(User.id == id).options(…))`: `get()` loads nothing for what the session has."""
        assert isinstance(node.func, o.Attribute)
        assert self.origin.model is not None
        model, key, path = node.args[0], node.args[1], self.module.path
        session = self.project.types.of(self.origin.function.scope, node.func.value)
        is_sqlmodel = (
            session is not None and isinstance(session.symbol, External) and session.symbol.package == "sqlmodel"
        )
        select = self.made.spell(self.module, f"{'sqlmodel' if is_sqlmodel else 'sqlalchemy'}.select", node.start)
        column = f"{self.module.slice(model)}.{self.origin.model.primary_keys[0].name}"
        simple = isinstance(key.value, (o.Name, o.Attribute, o.Call, o.Subscript, o.Number, o.String))
        opening, closing = ("", ")") if simple else ("(", "))")
        start = node.func.attr_start
        return [
            Edit(path, start, start + len("get"), "scalar"),
            Edit(path, model.start, model.start, f"{select}("),
            Edit(path, model.end, key.start, f").where({column} == {opening}"),
            Edit(path, key.end, key.end, self.listed(f"{closing}.options(", options, ")", node.end - 1)),
        ]

    def chained(self, node: o.Node, options: Sequence[str]) -> list[Edit]:
        """`.options(…)` behind a statement; one that is there takes them in."""
        call: o.Node = node
        while isinstance(call, o.Call) and isinstance(call.func, o.Attribute):
            if call.func.attr == "options" and call.args:
                return [insert_argument(self.module, call, ", ".join(options))]
            call = call.func.value
        text, path = self.module.text, self.module.path
        added = self.listed(".options(", options, ")", node.end)
        if isinstance(node, o.Call) and isinstance(node.func, o.Attribute):
            dot = text.rindex(".", node.func.value.end, node.func.attr_start)
            indent = text[line_start(text, dot) : dot]
            if not indent.strip():
                added = newline(text) + indent + self.listed(".options(", options, ")", dot, is_alone=True)
        if isinstance(node, (o.Name, o.Attribute, o.Call, o.Subscript)):
            return [Edit(path, node.end, node.end, added)]
        return [Edit(path, node.start, node.start, "("), Edit(path, node.end, node.end, ")" + added)]

    def listed(self, before: str, options: Sequence[str], after: str, at: int, *, is_alone: bool = False) -> str:
        """The options in their brackets, on lines of their own where the line would become too long."""
        text = self.module.text
        end, outer = newline(text), indentation_at(text, at)
        inner, joined = outer + indent_unit(self.module), ", ".join(options)
        line = outer if is_alone else text[line_start(text, at) : line_end(text, at)]
        rest = 0 if self.origin.is_async or is_alone else len("(await )")
        if len(line) + len(before + joined + after) + rest <= _WIDTH:
            return before + joined + after
        if len(inner + joined) > _WIDTH:
            joined = f",{end}{inner}".join(options) + ","
        return f"{before}{end}{inner}{joined}{end}{outer}{after}"

    def before(self, steps: dict[str, _Step]) -> list[Edit]:
        """Collections forgotten before the object is deleted, so that it is deleted with what they hold by then."""
        origin = self.origin
        statement = _statement(origin)
        if statement is None or not origin.session or not origin.variable:
            raise RefusedError("what is deleted there has no name")
        names = ", ".join(f'"{name}"' for name in steps)
        return [insert_before(self.module, statement, [f"{origin.session}.expire({origin.variable}, [{names}])"])]

    def after(self, steps: dict[str, _Step], columns: Sequence[str]) -> list[Edit]:
        """The object loaded anew behind what dropped or changed what it has.

        A `refresh()` that is there stays: it loads the columns, and one that names relationships loads only those.
        """
        origin = self.origin
        statement = _statement(origin)
        if statement is None or not origin.session or not origin.variable or origin.model is None:
            raise RefusedError("the object cannot be loaded anew there")
        each = self.free_name("item", "each") if origin.is_many else origin.variable
        if _meets_again(origin.model, steps):
            return self.behind(statement, self.for_each(each, self.one_by_one(each, steps, columns)))
        names = [f'"{name}"' for name in [*columns, *(name for name, step in steps.items() if step.is_needed)]]
        if not any(step.following or step.repeats or _leads_up(step.link) for step in steps.values()):
            line = f"await {origin.session}.refresh({each}, [{', '.join(names)}])"
        else:
            keys = origin.model.primary_keys
            if len(keys) != 1:
                raise RefusedError("what has to be loaded anew has no single key")
            # What is deferred is dropped, too.
            links = self.project.lazy_loads.objects.links.of(origin.model)
            steps = {**steps, **{n: _Step(link) for n, link in links.items() if link.is_column and n not in steps}}
            line = (
                f"await {origin.session}.get({self.model(origin.model)}, {each}.{keys[0].name}, "
                f"options=[{', '.join(self.options(steps))}], populate_existing=True)"
            )
        return self.behind(statement, self.for_each(each, [line]))

    def behind(self, statement: o.Node, lines: list[str]) -> list[Edit]:
        """Lines behind a statement, or behind the one that returns or raises if there is no object."""
        named: list[Edit] = []
        if isinstance(statement, o.Return):
            assert statement.value is not None
            named = [Edit(self.module.path, statement.start, statement.value.start, f"{self.origin.variable} = ")]
        if self.origin.is_optional:
            check = _check_after(self.origin, statement)
            if check is None:
                lines = [
                    f"if {self.origin.variable} is not None:",
                    *(indent_unit(self.module) + line for line in lines),
                ]
            statement = check or statement
        if named:
            lines = [*lines, f"return {self.origin.variable}"]
        return [*named, insert_statement_after(self.module, statement, lines)]

    def for_each(self, each: str, lines: list[str]) -> list[str]:
        """Lines for the one object, or for each of several."""
        if not self.origin.is_many:
            return lines
        return [f"for {each} in {self.origin.variable}:", *(indent_unit(self.module) + line for line in lines)]

    def free_name(self, *names: str, around: Sequence[str] = ()) -> str:
        """The first name for a variable that means nothing yet where the origin is, nor in the loops around."""
        scope = self.origin.function.scope
        free = [name for name in names if name not in around and scope.lookup(name) is None]
        if not free:
            raise RefusedError(f"no name is free for what a loop takes there: `{names[0]}` is taken")
        return free[0]

    def one_by_one(
        self, owner: str, steps: dict[str, _Step], columns: Sequence[str] = (), around: Sequence[str] = ()
    ) -> list[str]:
        """A `refresh()` for each object on the way, which leaves alone what the others have loaded."""
        names = [f'"{name}"' for name in [*columns, *(name for name, step in steps.items() if step.is_needed)]]
        lines = [f"await {self.origin.session}.refresh({owner}, [{', '.join(names)}])"] if names else []
        for name, step in steps.items():
            if step.is_needed and _leads_up(step.link):
                raise RefusedError(f"a `refresh()` does not load `{name}`, which leads to its own model")
            if step.repeats:
                raise RefusedError(f"there is no end to what is read by `{name}`")
            if not step.following:
                continue
            path, head = f"{owner}.{name}", ""
            if step.link.many:
                names = [*([singular(name)] if singular(name) != name else []), "item", "each", f"each_{name}"]
                each = self.free_name(*names, around=(*around, owner))
                path, head = each, f"for {each} in {path}:"
            elif not self.is_always_there(step.link):
                head = f"if {path} is not None:"
            inner = self.one_by_one(path, step.following, around=(*around, owner))
            lines += [head, *(indent_unit(self.module) + line for line in inner)] if head else inner
        return lines

    def is_always_there(self, link: Link) -> bool:
        """Whether a link to one object surely leads to one: its column cannot be null."""
        column = link.source.columns.get(link.key)
        return column is not None and not self.project.pairings.is_nullable(column)

    # --- options -----------------------------------------------------------------------------------

    def options(self, steps: dict[str, _Step]) -> list[str]:
        return [self.option(step) for step in steps.values()]

    def option(self, step: _Step) -> str:
        text = self.call(step)
        following = step.following or {}
        while len(following) == 1:
            (step,) = following.values()
            text += "." + self.call(step, chained=True)
            following = step.following or {}
        if following:
            text += f".options({', '.join(self.options(following))})"
        return text

    def call(self, step: _Step, *, chained: bool = False) -> str:
        function = "selectinload" if step.is_needed else "defaultload"
        if step.link.is_column:
            function = "undefer"
        if not chained:
            function = self.made.spell(self.module, f"sqlalchemy.orm.{function}", self.origin.node.start)
        depth = ", recursion_depth=-1" if step.repeats and step.is_needed else ""
        return f"{function}({self.model(step.link.source)}.{step.link.name}{depth})"

    def model(self, model: Model) -> str:
        """How a model is written at the origin: as the function or the file names it already, else with an import."""
        named = self.project.lazy_loads.named_in(self.origin.function).get(model.class_)
        if named is not None:
            return named
        if model.class_.parent is not None or not model.module.name:
            raise RefusedError(f"`{model.name}` cannot be named there")
        spelled = spell(self.module, f"{model.module.name}.{model.name}", self.origin.node.start)
        if spelled.needs and self.module in self.project.imports.reachable([model.module]):
            raise RefusedError(f"importing `{model.name}` there would be circular")
        return self.made.write(spelled)


def _check_after(origin: Origin, statement: o.Node) -> o.If | None:
    """The `if user is None: raise …` that follows a statement."""
    name, blocks = origin.variable, [origin.function.scope.body]
    for block in blocks:
        for one, other in pairwise(block):
            if one.start == statement.start and isinstance(other, o.If) and not other.orelse:
                test = " ".join(origin.module.slice(other.test).split())
                leaves = isinstance(other.body[-1], (o.Raise, o.Return))
                return other if leaves and test in (f"not {name}", f"{name} is None", f"{name} == None") else None
        for each in block:
            blocks += [getattr(each, field) for field in ("body", "orelse", "final") if getattr(each, field, ())]
    return None


def _leads_up(link: Link) -> bool:
    """Whether a link to one object leads to the same model, which `refresh()` does not load without a query."""
    return link.many is False and link.target is link.source


def _meets_again(model: Model, steps: dict[str, _Step]) -> bool:
    """Whether loading all anew at once comes to an object twice, and the second time drops what the first loaded."""
    if not any(step.following for step in steps.values()):
        return False
    wanted: dict[Model, set[frozenset[str]]] = {model: {frozenset(steps)}}
    pending = list(steps.values())
    while pending:
        step = pending.pop()
        following = step.following or {}
        if step.link.target is not None:
            wanted.setdefault(step.link.target, set()).add(frozenset(following))
        pending += following.values()
    return any(len(names) > 1 for names in wanted.values())


def _is_same_place(one: Edit, other: Edit) -> bool:
    return one.path == other.path and one.start == one.end == other.start == other.end


def _add(steps: dict[str, _Step], load: LazyLoad) -> None:
    """A path joins those that share its beginning."""
    names: Path = tuple(link.name for link in load.path)
    for index, link in enumerate(load.path):
        step = steps.setdefault(link.name, _Step(link))
        if index == len(load.path) - 1 or (link.is_lazy and not is_loaded(names[: index + 1], load.loaded)):
            step.is_needed = True
        step.repeats |= load.repeats and index == len(load.path) - 1
        if step.following is None:
            step.following = {}
        steps = step.following


def _into_list(node: o.Collection, path: str, options: Sequence[str]) -> Edit:
    text = ", ".join(options)
    if not node.items:
        return Edit(path, node.end - 1, node.end - 1, text)
    return Edit(path, node.items[-1].end, node.items[-1].end, f", {text}")


def _statement(origin: Origin) -> o.Node | None:
    """The innermost statement around the origin, if its function goes on behind it."""
    found = None
    for statement in statements(origin.function.scope.body):
        if statement.start <= origin.node.start and origin.node.end <= statement.end:
            found = statement
    kinds = (o.ExprStatement, o.Assign, o.AnnAssign, *((o.Return,) if origin.is_received else ()))
    if found is None or origin.module.text[found.end :].lstrip(" \t").startswith(";"):
        return None  # What follows on the same line would be run before.
    return found if isinstance(found, kinds) else None
