"""Which names mean what: Python's scoping rules over an outline.

All offsets are characters into the file's text, end exclusive. Type parameters (PEP 695) are not in
the outline and so do not shadow anything here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import attrgetter
from typing import Any, Protocol

from msgspec import Struct, field

from fapi_lint.outline import nodes as o


class File(Protocol):
    """What the fixes need to know of a file. A dotted `module_name` (or `name`, as `project.Module` has it) and
    an `is_package`, where there, serve to resolve relative imports; it and `first_party`, the names of the
    application's packages, to tell first-party modules."""

    @property
    def path(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def outline(self) -> o.Outline: ...

    def __hash__(self) -> int: ...


class Scope(Struct):
    """What one scope binds. `kind` is `"module"`, `"class"` or `"function"` (lambdas and comprehensions too)."""

    kind: str
    bound: set[str] = field(default_factory=set)
    globals: set[str] = field(default_factory=set)
    nonlocals: set[str] = field(default_factory=set)

    @property
    def own(self) -> set[str]:
        return self.bound - self.globals - self.nonlocals


BINDS_NOTHING = frozenset(
    [o.Name, o.Attribute, o.Arg, o.Call, o.String, o.Subscript, o.Collection, o.Operation, o.Compare, o.ExprStatement]
)
"""The commonest nodes that bind no name themselves."""


def scope_of(kind: str, statements: Iterable[Any], params: Iterable[o.Param] = ()) -> Scope:
    """The scope of a block: the names that its statements bind, nested functions and classes left out."""
    scope = Scope(kind, {param.name for param in params})
    bound = scope.bound
    stack: list[Any] = list(statements)
    while stack:
        node = stack.pop()
        if type(node) in BINDS_NOTHING:
            stack.extend(o.children(node))
            continue
        match node:
            case o.FunctionDef() | o.ClassDef():
                bound.add(node.name)
                continue
            case o.Lambda():
                continue
            case o.Assign():
                for target in node.targets:
                    bound.update(target_names(target))
            case o.AnnAssign():
                # In a class, an annotation alone binds nothing.
                if node.value is not None or kind != "class":
                    bound.update(target_names(node.target))
            case o.AugAssign() | o.For() | o.NamedExpr():
                bound.update(target_names(node.target))
            case o.WithItem(target=target) if target is not None:
                bound.update(target_names(target))
            case o.Handler() | o.TypeStatement():
                bound.add(node.name)
            case o.Case():
                bound.update(node.names)
            case o.Import() | o.ImportFrom():
                bound.update(local_name(node, alias) for alias in node.names)
            case o.Simple(keyword="global"):
                scope.globals.update(node.names)
            case o.Simple(keyword="nonlocal"):
                scope.nonlocals.update(node.names)
            case o.Simple(keyword="del"):
                for part in node.parts:
                    bound.update(target_names(part))
        stack.extend(o.children(node))
    bound.discard("")
    return scope


def target_names(target: Any) -> Iterator[str]:
    """The names that an assignment to `target` binds."""
    match target:
        case o.Name():
            yield target.id
        case o.Starred():
            yield from target_names(target.value)
        case o.Collection():
            for item in target.items:
                yield from target_names(item)


def local_name(statement: o.Import | o.ImportFrom, alias: o.Alias) -> str:
    """The name that an import binds: `a` for `import a.b`; empty for a star."""
    if alias.asname:
        return alias.asname
    name = alias.name.partition(".")[0] if isinstance(statement, o.Import) else alias.name
    return "" if name == "*" else name


def scopes_at(outline: o.Outline, at: int) -> list[Scope]:
    """The scopes other than the module's that code at an offset sees, outermost first."""
    scopes: list[Scope] = []
    block: tuple[Any, ...] = outline.body
    while True:
        around = list(_containing(block, at))
        inside = next((node for node in around if type(node) in _DEFINITIONS and node.body_start <= at), None)
        if inside is None:
            break
        scopes = [scope for scope in scopes if scope.kind != "class"]
        scope, block = _inside(inside)
        scopes.append(scope)
    for node in around:
        if isinstance(node, o.Lambda) and node.body.start <= at:
            scopes.append(Scope("function", {param.name for param in node.params}))
        elif isinstance(node, o.Comprehension):
            scopes.append(comprehension_scope(node))
    return scopes


def locals_at(outline: o.Outline, at: int) -> set[str]:
    """The names that do not mean the module's binding in code at an offset."""
    names: set[str] = set()
    for scope in scopes_at(outline, at):
        names -= scope.globals
        names |= scope.own
    return names


def functions_at(outline: o.Outline, at: int) -> Iterator[tuple[o.FunctionDef, tuple[Any, ...]]]:
    """The functions in whose bodies an offset is, with the bodies, outermost first."""
    block: tuple[Any, ...] = outline.body
    while True:
        around = _containing(block, at)
        inside = next((node for node in around if type(node) in _DEFINITIONS and node.body_start <= at), None)
        if inside is None:
            return
        block = _inside(inside)[1]
        if isinstance(inside, o.FunctionDef):
            yield inside, block


_DEFINITIONS = (o.FunctionDef, o.ClassDef)


@lru_cache(maxsize=128)  # Fixes ask about many places of one class.
def _inside(node: o.FunctionDef | o.ClassDef) -> tuple[Scope, tuple[Any, ...]]:
    """The scope of a function's or class's own body, and the body."""
    body = node.body
    if isinstance(node, o.FunctionDef):
        return scope_of("function", body, node.params), body
    return scope_of("class", body), body


def _containing(block: tuple[Any, ...], at: int) -> Iterator[Any]:
    """The nodes around an offset, outermost first; bodies of functions and classes are not entered."""
    last = bisect_right(block, at, key=attrgetter("outer_start"))
    stack: list[Any] = [block[last - 1]] if last else []
    while stack:
        node = stack.pop()
        if not node.outer_start <= at <= node.end:
            continue
        yield node
        if type(node) not in _DEFINITIONS:
            stack += o.children(node)[::-1]
        elif node.body_start > at:
            stack += reversed(o.header(node))


def comprehension_scope(node: o.Comprehension) -> Scope:
    return Scope("function", {name for part in node.generators for name in target_names(part.target)})
