"""A session that a handler opens, taken as a parameter instead."""

from __future__ import annotations

import re

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Edit, Fix, Refusal, RefusedError, fix_or_refusal
from fapi_lint.fix.text import indentation_at, line_start, newline, next_line, remove_statement
from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.opened_sessions import OpenedSession
from fapi_lint.project.inference.type import iterated
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External, Function


def inject_session(project: Project, opened: OpenedSession) -> Fix | Refusal:
    """The fix that has FastAPI give the handler its session; why that cannot be."""
    return fix_or_refusal(_Injection(project, opened).fix)


class _Injection:
    def __init__(self, project: Project, opened: OpenedSession) -> None:
        self.project = project
        self.opened = opened
        self.handler = opened.handler
        self.module: Module = opened.module
        self.made = FixBuilder()

    def fix(self) -> Fix:
        """Raises RefusedError."""
        dependency = self.project.opened_sessions.dependency(self.opened)
        if dependency is None:
            raise RefusedError("no dependency is known that does nothing but give a session like it")
        found = self.block()
        if found is None:
            raise RefusedError("it is not the `with` block of the handler, nor closed by its `finally`")
        name, edits = found
        params = self.handler.node.params
        if any(param.name == name or param.kind in ("*", "**") for param in params):
            raise RefusedError(f"the handler cannot take a parameter `{name}`")
        if self.has_another():
            raise RefusedError("the handler has another session, and would be given the same one")
        if self.is_called():
            raise RefusedError(f"`{self.handler.name}` is called elsewhere too")
        self.made.add(*edits, *self.inserted(*self.parameter(name, dependency)))
        opener = o.dotted(self.opened.call.func).partition(".")[0]
        if at := self.patched(opener):
            raise RefusedError(f"a test puts something in place of `{opener}` ({at})")
        self.made.forget(self.module, self.opened.call.func)
        return self.made.fix(f"Take `{name}` from `{dependency.name}`, which closes it after the response")

    def has_another(self) -> bool:
        """Whether the handler takes or opens several sessions: FastAPI gives one to all who ask in a request."""
        types, handler = self.project.types, self.handler
        given = (types.of_parameter(handler, param) for param in handler.node.params)
        opened = [each for each in self.project.opened_sessions.all if each.handler is handler]
        return len(opened) > 1 or any(self.project.sessions.kind(type_) is not None for type_ in given)

    def is_called(self) -> bool:
        text_after = (
            site.module.text[site.start + len(self.handler.name) :].lstrip()[:1]
            for site in self.project.references.of(self.handler).sites
            if site.start != self.handler.node.name_start or site.module is not self.module
        )
        return self.handler.parent is not None or any(character == "(" for character in text_after)

    def patched(self, name: str) -> str:
        """Where a test replaces what opens the session, as in `monkeypatch.setattr(users, "SessionLocal", fake)`."""
        replaced = re.compile(rf"""["'](?:[\w.]+\.)?{name}["']|\.{name}\s*=(?!=)""")
        for module in self.project.tests.modules:
            if name in module.text and (match := replaced.search(module.text)):
                return module.where(match.start())
        return ""

    # --- the body ----------------------------------------------------------------------------------

    def block(self) -> tuple[str, list[Edit]] | None:
        """What the session is called, and the edits that leave only what is done with it."""
        body = self.handler.scope.body
        for index, statement in enumerate(body):
            if isinstance(statement, o.With) and len(statement.items) == 1:
                item = statement.items[0]
                if item.value.start == self.opened.call.start and isinstance(item.target, o.Name):
                    edits = self.unwrapped(statement, statement.body, item.end, statement.end)
                    return None if edits is None else (item.target.id, edits)
            if isinstance(statement, o.Assign) and statement.value.start == self.opened.call.start:
                following = body[index + 1] if index + 1 < len(body) else None
                target = statement.targets[0]
                if len(statement.targets) == 1 and isinstance(target, o.Name) and isinstance(following, o.Try):
                    return self.tried(target.id, statement, following)
        return None

    def tried(self, name: str, assignment: o.Assign, block: o.Try) -> tuple[str, list[Edit]] | None:
        """`db = SessionLocal()` and `try: … finally: db.close()`."""
        if block.handlers or block.orelse or len(block.final) != 1:
            return None
        closing = block.final[0]
        value = closing.value if isinstance(closing, o.ExprStatement) else None
        call = value.value if isinstance(value, o.Await) else value
        if not isinstance(call, o.Call) or o.dotted(call.func) != f"{name}.close" or call.args:
            return None
        if self.module.text[assignment.end : block.start].strip():
            return None
        edits = self.unwrapped(block, block.body, block.start, block.body[-1].end)
        if edits is None:
            return None
        rest = self.module.text[block.body[-1].end : closing.start]
        if "#" in rest:
            return None
        end = Edit(self.module.path, block.body[-1].end, block.end, "")
        return name, [remove_statement(self.module, assignment), *edits, end]

    def unwrapped(self, block: o.Node, body: tuple[o.Stmt, ...], header: int, end: int) -> list[Edit] | None:
        """A block's statements in place of the block: its header goes and its lines move to the left."""
        text, path = self.module.text, self.module.path
        first = body[0]
        start = first.outer_start
        colon = text.index(":", header)
        behind = next_line(text, colon)
        if behind > start or text[colon + 1 : behind].strip():
            return None
        outer, inner = indentation_at(text, block.start), indentation_at(text, start)
        if not inner.startswith(outer) or text[line_start(text, block.start) : block.start].strip():
            return None
        width = len(inner) - len(outer)
        edits = [Edit(path, line_start(text, block.start), behind, "")]
        at = behind
        while at < end:
            inside = any(low < at <= high for low, high in self.module.outline.strings)
            if not inside and text[at : at + len(inner)] == inner:
                edits.append(Edit(path, at, at + width, ""))
            elif not inside and text[at : next_line(text, at)].strip() and not text[at:].lstrip(" \t").startswith("#"):
                return None
            at = next_line(text, at)
        return edits

    # --- the parameter -----------------------------------------------------------------------------

    def parameter(self, name: str, dependency: Function) -> tuple[str, bool]:
        """How the parameter is written, in the application's own style, and whether it has a default."""
        at = self.handler.node.start
        alias = self.project.opened_sessions.alias(dependency)
        source = alias.module if alias is not None else dependency.module
        if source is not self.module and self.module in self.project.imports.reachable([source]):
            raise RefusedError(f"importing `{(alias or dependency).name}` there would be circular")
        if alias is not None:
            return f"{name}: {self.spelled(alias.module, alias.name, at)}", False
        given = iterated(self.project.types.returned(dependency))
        if given is None or not isinstance(given.symbol, External):
            raise RefusedError(f"nobody can tell what `{dependency.name}` yields")
        package = "sqlalchemy.ext.asyncio" if given.name == "AsyncSession" else "sqlalchemy.orm"
        class_ = self.made.spell(self.module, f"{package}.{given.name}", at)
        depends = self.made.spell(self.module, "fastapi.Depends", at)
        return f"{name}: {class_} = {depends}({self.spelled(dependency.module, dependency.name, at)})", True

    def spelled(self, module: Module, name: str, at: int) -> str:
        return name if module is self.module else self.made.spell(self.module, f"{module.name}.{name}", at)

    def inserted(self, parameter: str, has_default: bool) -> list[Edit]:
        """The parameter behind those that it must follow."""
        node, path = self.handler.node, self.module.path
        before = [param for param in node.params if has_default or (param.default is None and param.kind != "keyword")]
        if not before:
            if node.params:
                return [Edit(path, node.params[0].start, node.params[0].start, f"{parameter}, ")]
            return [Edit(path, node.close, node.close, parameter)]
        last, text = before[-1], self.module.text
        end = newline(text)
        lead = text[line_start(text, last.start) : last.start]
        if lead.strip():
            return [Edit(path, last.end, last.end, f", {parameter}")]
        following = next_line(text, last.end)
        if "#" not in text[last.end : following]:
            return [Edit(path, last.end, last.end, f",{end}{lead}{parameter}")]
        comma = [] if text.startswith(",", last.end) else [Edit(path, last.end, last.end, ",")]
        return [*comma, Edit(path, following, following, f"{lead}{parameter},{end}")]
