"""Which names mean what: Python's scoping rules over an outline, and where a module-level name occurs.

All offsets are characters into the file's text, end exclusive. Type parameters (PEP 695) are not in
the outline and so do not shadow anything here.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from operator import attrgetter
from typing import Any, Literal, NamedTuple, Protocol, TypeAlias

from msgspec import Struct, field

from fapi_lint.outline import nodes as o

Kind: TypeAlias = Literal["code", "annotation", "all", "other-string"]

_GENERICS = frozenset(
    [
        "Mapped", "DynamicMapped", "WriteOnlyMapped", "Optional", "Union", "List", "Sequence", "Iterable",
        "Type", "list", "set", "tuple", "type",
    ]
)  # fmt: skip
"""Subscripts whose strings are forward references wherever they stand."""


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


class Occurrence(NamedTuple):
    """One place where a name stands: the span of the identifier alone, inside quotes for strings."""

    start: int
    end: int
    kind: Kind


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
            scopes.append(_comprehension_scope(node))
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
            stack += reversed(_header(node))


def _header(node: o.FunctionDef | o.ClassDef) -> list[Any]:
    """What a definition evaluates outside of its own scope."""
    parts: list[Any] = list(node.decorators)
    if isinstance(node, o.ClassDef):
        return parts + list(node.bases)
    parts += node.params
    return parts if node.returns is None else [*parts, node.returns]


def _comprehension_scope(node: o.Comprehension) -> Scope:
    return Scope("function", {name for part in node.generators for name in target_names(part.target)})


# --- occurrences -----------------------------------------------------------------------------------


def occurrences(file: File, name: str) -> list[Occurrence]:
    """Every place of a file where an identifier means the module-level binding `name`, in source order.

    `"code"`: names in code and where the name is bound (definitions, imports, `global`).
    `"annotation"`: inside a string that is an annotation. `"all"`: an entry of `__all__`.
    `"other-string"`: any other string that is the name, or a dotted path that ends with it.
    """
    if name not in file.text:
        return []
    return _Search(file, name).run()


class _Search:
    """One walk with a stack of scopes."""

    def __init__(self, file: File, name: str) -> None:
        self.text = file.text
        self.body = file.outline.body
        self.name = name
        self.word = re.compile(rf"(?<![\w.]){re.escape(name)}(?!\w)")
        self.found: set[Occurrence] = set()

    def run(self) -> list[Occurrence]:
        self.visit_all(self.body, (Scope("module"),), False)
        return sorted(self.found)

    def add(self, start: int, kind: Kind) -> None:
        self.found.add(Occurrence(start, start + len(self.name), kind))

    def is_global(self, scopes: tuple[Scope, ...]) -> bool:
        for depth, scope in enumerate(reversed(scopes)):
            if self.name in scope.globals or scope.kind == "module":
                return True
            if scope.kind == "class" and depth > 0:
                continue
            if self.name in scope.own:
                return False
        return True

    def bind(self, node: Any, scopes: tuple[Scope, ...], start: int, end: int) -> None:
        """A binding without a node of its own: the last such word of a span."""
        if not self.is_global(scopes):
            return
        words = list(self.word.finditer(self.text, start, end))
        if words:
            self.add(words[-1].start(), "code")

    def visit_all(self, nodes: Iterable[Any], scopes: tuple[Scope, ...], annotation: bool) -> None:
        for node in nodes:
            self.visit(node, scopes, annotation)

    def visit(self, node: Any, scopes: tuple[Scope, ...], annotation: bool) -> None:
        match node:
            case None:
                return
            case o.FunctionDef() | o.ClassDef():
                self.definition(node, scopes)
                return
            case o.Lambda():
                self.visit_all((param.default for param in node.params), scopes, False)
                scope = Scope("function", {param.name for param in node.params})
                self.visit(node.body, (*scopes, scope), annotation)
                return
            case o.Comprehension():
                self.visit(node.generators[0].iter, scopes, False)
                inner = (*scopes, _comprehension_scope(node))
                for index, part in enumerate(node.generators):
                    self.visit(part.target, inner, False)
                    if index:
                        self.visit(part.iter, inner, False)
                    self.visit_all(part.ifs, inner, False)
                self.visit_all(node.items, inner, False)
                return
            case o.Param():
                self.visit(node.annotation, scopes, True)
                self.visit(node.default, scopes, False)
                return
            case o.Name():
                if node.id == self.name and self.is_global(scopes):
                    self.add(node.start, "code")
            case o.String():
                self.string(node, scopes, annotation)
            case o.Call():
                self.call(node, scopes)
                return
            case o.Subscript():
                self.visit(node.value, scopes, annotation)
                generic = o.dotted(node.value).rpartition(".")[2]
                if generic == "Annotated" and node.items:
                    self.visit(node.items[0], scopes, annotation)
                    self.visit_all(node.items[1:], scopes, False)
                else:
                    inside = annotation or generic in _GENERICS
                    self.visit_all(node.items, scopes, inside and generic != "Literal")
                return
            case o.AnnAssign():
                self.visit(node.target, scopes, False)
                self.visit(node.annotation, scopes, True)
                alias = o.dotted(node.annotation).rpartition(".")[2] == "TypeAlias"
                self.value(node.value, (node.target,), scopes, alias)
                return
            case o.Assign():
                self.visit_all(node.targets, scopes, False)
                self.value(node.value, node.targets, scopes, False)
                return
            case o.AugAssign():
                self.visit(node.target, scopes, False)
                self.value(node.value, (node.target,), scopes, False)
                return
            case o.Import() | o.ImportFrom():
                self.imported(node, scopes)
            case o.Handler(name=self.name):
                header = node.body[0].start if node.body else node.end
                self.bind(node, scopes, node.exception.end if node.exception else node.start, header)
            case o.Case() if self.name in node.names:
                self.bind(node, scopes, node.start, node.body[0].start if node.body else node.end)
            case o.TypeStatement(name=self.name):
                self.bind(node, scopes, node.start, node.value.start)
            case o.Simple() if self.name in node.names:
                if node.keyword == "global":
                    self.bind(node, (), node.start, node.end)
        nested = annotation and isinstance(node, (o.Operation, o.Collection, o.Starred, o.Other))
        self.visit_all(o.children(node), scopes, nested)

    def definition(self, node: o.FunctionDef | o.ClassDef, scopes: tuple[Scope, ...]) -> None:
        self.visit_all(node.decorators, scopes, False)
        if node.name == self.name and self.is_global(scopes):
            self.add(node.name_start, "code")
        body = node.body
        if isinstance(node, o.ClassDef):
            self.visit_all((base.value for base in node.bases), scopes, False)
            self.visit_all(body, (*scopes, scope_of("class", body)), False)
            return
        self.visit_all(node.params, scopes, False)
        self.visit(node.returns, scopes, True)
        self.visit_all(body, (*scopes, scope_of("function", body, node.params)), False)

    def call(self, node: o.Call, scopes: tuple[Scope, ...]) -> None:
        self.visit(node.func, scopes, False)
        function = o.dotted(node.func)
        last = function.rpartition(".")[2]
        for index, arg in enumerate(node.args):
            forward = (last in ("cast", "ForwardRef") and index == 0) or (
                last == "TypeVar" and (arg.keyword == "bound" or (index > 0 and not arg.keyword))
            )
            if function.startswith("__all__.") and len(scopes) == 1:
                self.value(arg.value, (node.func,), scopes, False)
            else:
                self.visit(arg.value, scopes, forward)

    def value(self, value: Any, targets: tuple[Any, ...], scopes: tuple[Scope, ...], alias: bool) -> None:
        """What is assigned: entries of `__all__`, the string of a type alias, or anything else."""
        exported = len(scopes) == 1 and any(o.dotted(target).partition(".")[0] == "__all__" for target in targets)
        if not exported:
            self.visit(value, scopes, alias)
            return
        for node in o.walk(value) if value is not None else ():
            if isinstance(node, o.String) and node.value == self.name:
                self.inside(node, "all")

    def imported(self, node: o.Import | o.ImportFrom, scopes: tuple[Scope, ...]) -> None:
        if not self.is_global(scopes):
            return
        for alias in node.names:
            if local_name(node, alias) == self.name:
                self.add(alias.end - len(self.name) if alias.asname else alias.start, "code")

    def string(self, node: o.String, scopes: tuple[Scope, ...], annotation: bool) -> None:
        if node.value is None:
            return
        if annotation:
            if self.is_global(scopes):
                for found in self.word.finditer(self.text, node.start, node.end):
                    self.add(found.end() - len(self.name), "annotation")
        elif node.value == self.name or node.value.endswith("." + self.name):
            self.inside(node, "other-string")

    def inside(self, node: o.String, kind: Kind) -> None:
        """The last place of the name inside a literal; the literal may spell it with escapes, then there is none."""
        start = self.text.rfind(self.name, node.start, node.end)
        if start >= 0:
            self.add(start, kind)
