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


_BINDS_NOTHING = frozenset(
    [o.Name, o.Attribute, o.Arg, o.Call, o.String, o.Subscript, o.Collection, o.Operation, o.Compare, o.ExprStatement]
)
"""The commonest nodes that bind no name themselves."""
_DEFINITIONS = (o.FunctionDef, o.ClassDef)
_SCOPES = (*_DEFINITIONS, o.Lambda)


def scope_of(kind: str, statements: Iterable[Any], params: Iterable[o.Param] = ()) -> Scope:
    """The scope of a block: the names that its statements bind, nested functions and classes left out."""
    scope = Scope(kind, {param.name for param in params})
    for node in binders(statements):
        if kind == "class" and isinstance(node, o.AnnAssign) and node.value is None:
            continue  # There, an annotation alone binds nothing.
        scope.bound.update(bound_by(node))
        match node:
            case o.Import() | o.ImportFrom():
                scope.bound.update(local_name(node, alias) for alias in node.names)
            case o.Simple(keyword="global"):
                scope.globals.update(node.names)
            case o.Simple(keyword="nonlocal"):
                scope.nonlocals.update(node.names)
            case o.Simple(keyword="del"):
                scope.bound.update(name for part in node.parts for name in target_names(part))
    scope.bound.discard("")
    return scope


def binders(statements: Iterable[Any]) -> Iterator[Any]:
    """The nodes of a block that may bind names in its scope: nested functions, classes and lambdas are not entered."""
    stack: list[Any] = list(statements)
    while stack:
        node = stack.pop()
        if type(node) not in _BINDS_NOTHING:
            yield node
        if type(node) not in _SCOPES:
            stack += o.children(node)


def bound_by(node: Any) -> Iterable[str]:
    """The names that a node binds itself, but for those of imports."""
    match node:
        case o.FunctionDef() | o.ClassDef() | o.Handler() | o.TypeStatement():
            return (node.name,)
        case o.Assign():
            return (name for target in node.targets for name in target_names(target))
        case o.AnnAssign() | o.AugAssign() | o.For() | o.NamedExpr() | o.WithItem():
            return target_names(node.target)
        case o.Case():
            return node.names
    return ()


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
    for definition in _definitions_at(outline, at):
        scope, block = _inside(definition)
        scopes = [*(scope for scope in scopes if scope.kind != "class"), scope]
    for node in _containing(block, at):
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
    for definition in _definitions_at(outline, at):
        if isinstance(definition, o.FunctionDef):
            yield definition, _inside(definition)[1]


def _definitions_at(outline: o.Outline, at: int) -> Iterator[o.FunctionDef | o.ClassDef]:
    """The functions and classes in whose bodies an offset is, outermost first."""
    block: tuple[Any, ...] = outline.body
    while True:
        around = _containing(block, at)
        inside = next((node for node in around if type(node) in _DEFINITIONS and node.body_start <= at), None)
        if inside is None:
            return
        yield inside
        block = _inside(inside)[1]


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
