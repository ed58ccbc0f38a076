"""Where a module-level name occurs in a file, and whether anything uses it."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, NamedTuple, TypeAlias

from fapi_lint.fix.bindings import bindings
from fapi_lint.fix.names import File, Scope, comprehension_scope, local_name, scope_of
from fapi_lint.outline import nodes as o

Kind: TypeAlias = Literal["code", "annotation", "all", "other-string"]

_GENERICS = frozenset(
    [
        "Mapped", "DynamicMapped", "WriteOnlyMapped", "Optional", "Union", "List", "Sequence", "Iterable",
        "Type", "list", "set", "tuple", "type",
    ]
)  # fmt: skip
"""Subscripts whose strings are forward references wherever they stand."""
_BY_NAME = frozenset(["relationship", "Relationship", "backref", "ForeignKey", "association_proxy"])
"""Calls whose strings SQLAlchemy looks up in its own registry, not among the module's names."""


class Occurrence(NamedTuple):
    """One place where a name stands: the span of the identifier alone, inside quotes for strings."""

    start: int
    end: int
    kind: Kind


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
        self.places = [match.start() for match in re.finditer(re.escape(name), file.text)]
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

    def is_in(self, node: Any) -> bool:
        """Whether the name stands anywhere in the text of a node."""
        start = node.outer_start if isinstance(node, (o.FunctionDef, o.ClassDef)) else node.start
        index = bisect_left(self.places, start)
        return index < len(self.places) and self.places[index] < node.end

    def visit(self, node: Any, scopes: tuple[Scope, ...], annotation: bool) -> None:
        if node is None or not self.is_in(node):
            return
        match node:
            case o.Name():
                if node.id == self.name and self.is_global(scopes):
                    self.add(node.start, "code")
            case o.FunctionDef() | o.ClassDef():
                self.definition(node, scopes)
            case o.Lambda():
                self.visit_all((param.default for param in node.params), scopes, False)
                scope = Scope("function", {param.name for param in node.params})
                self.visit(node.body, (*scopes, scope), annotation)
            case o.Comprehension():
                self.comprehension(node, scopes)
            case o.Param():
                self.visit(node.annotation, scopes, True)
                self.visit(node.default, scopes, False)
            case o.Call():
                self.call(node, scopes)
            case o.Subscript():
                self.subscript(node, scopes, annotation)
            case o.AnnAssign():
                self.visit(node.target, scopes, False)
                self.visit(node.annotation, scopes, True)
                alias = o.dotted(node.annotation).rpartition(".")[2] == "TypeAlias"
                self.value(node.value, (node.target,), scopes, alias)
            case o.Assign():
                self.visit_all(node.targets, scopes, False)
                self.value(node.value, node.targets, scopes, False)
            case o.AugAssign():
                self.visit(node.target, scopes, False)
                self.value(node.value, (node.target,), scopes, False)
            case _:
                self.itself(node, scopes, annotation)
                nested = annotation and isinstance(node, (o.Operation, o.Collection, o.Starred, o.Other))
                self.visit_all(o.children(node), scopes, nested)

    def itself(self, node: Any, scopes: tuple[Scope, ...], annotation: bool) -> None:
        """What a node says or binds by itself, without the nodes inside it."""
        match node:
            case o.String():
                self.string(node, scopes, annotation)
            case o.Import() | o.ImportFrom():
                self.imported(node, scopes)
            case o.Handler(name=self.name):
                header = node.body[0].start if node.body else node.end
                self.bind(node, scopes, node.exception.end if node.exception else node.start, header)
            case o.Case() if self.name in node.names:
                self.bind(node, scopes, node.start, node.body[0].start if node.body else node.end)
            case o.TypeStatement(name=self.name):
                self.bind(node, scopes, node.start, node.value.start)
            case o.Simple(keyword="global") if self.name in node.names:
                self.bind(node, (), node.start, node.end)

    def comprehension(self, node: o.Comprehension, scopes: tuple[Scope, ...]) -> None:
        self.visit(node.generators[0].iter, scopes, False)
        inner = (*scopes, comprehension_scope(node))
        for index, part in enumerate(node.generators):
            self.visit(part.target, inner, False)
            if index:
                self.visit(part.iter, inner, False)
            self.visit_all(part.ifs, inner, False)
        self.visit_all(node.items, inner, False)

    def subscript(self, node: o.Subscript, scopes: tuple[Scope, ...], annotation: bool) -> None:
        self.visit(node.value, scopes, annotation)
        generic = o.dotted(node.value).rpartition(".")[2]
        if generic == "Annotated" and node.items:
            self.visit(node.items[0], scopes, annotation)
            self.visit_all(node.items[1:], scopes, False)
        else:
            inside = annotation or generic in _GENERICS
            self.visit_all(node.items, scopes, inside and generic != "Literal")

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
        for node in o.walk(value):
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


def used(file: File, name: str) -> bool:
    """Whether anything but imports uses a module-level name: code, annotations, `__all__`, or a string that may be
    an expression with the name in it. Docstrings, prose and SQLAlchemy's own look-ups by name do not count."""
    if any(occurrence.kind != "other-string" for occurrence in uses(file, name)):
        return True
    word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    stack: list[Any] = list(file.outline.body)
    while stack:
        node = stack.pop()
        if isinstance(node, o.ExprStatement) and isinstance(node.value, o.String) and not node.value.parts:
            continue
        if isinstance(node, o.Call) and o.dotted(node.func).rpartition(".")[2] in _BY_NAME:
            stack += [arg for arg in node.args if not isinstance(arg.value, o.String)]
            continue
        if isinstance(node, o.String) and node.value and word.search(node.value) and _is_expression(node.value):
            return True
        stack += o.children(node)
    return re.search(rf"#\s*type:[^\r\n]*(?<!\w){re.escape(name)}(?!\w)", file.text) is not None


@lru_cache(maxsize=256)  # The fixes of one rule ask the same of a file again and again.
def uses(file: File, name: str) -> list[Occurrence]:
    imports = [b.statement for b in bindings(file)]
    return [
        found
        for found in occurrences(file, name)
        if found.kind != "other-string" and not any(s.start <= found.start < s.end for s in imports)
    ]


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
