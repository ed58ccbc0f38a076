"""The outline's vocabulary: a file's statements and expressions without trivia, with spans.

Every node is a frozen msgspec struct with `start` and `end`: character offsets into the file's
text, end exclusive, without the node's own parentheses. Nodes know one file's facts and nothing
about any other file. A function's body stays encoded until somebody asks for it: most bodies are
never looked at twice, and a million lines of decoded nodes would not fit in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

import msgspec

T = TypeVar("T")


class Node(msgspec.Struct, frozen=True, array_like=True, gc=False, eq=False):
    """A span of the file: character offsets, end exclusive."""

    start: int
    end: int

    @property
    def outer_start(self) -> int:
        """Where it begins with all that belongs to it: at the first decorator of a definition."""
        return self.start


# --- expressions -----------------------------------------------------------------------------------


class Name(Node, tag=1, frozen=True):
    id: str


class Attribute(Node, tag=2, frozen=True):
    value: Expr
    attr: str

    @property
    def attr_start(self) -> int:
        """Offset of the attribute's name."""
        return self.end - len(self.attr)


class Arg(Node, tag=3, frozen=True):
    """An argument of a call or a base of a class. `star` is `""`, `"*"` or `"**"`."""

    value: Expr
    keyword: str
    star: str


class Call(Node, tag=4, frozen=True):
    """`open` is the offset after the opening parenthesis; `end - 1` is the closing one."""

    func: Expr
    args: tuple[Arg, ...]
    open: int

    def argument(self, keyword: str, position: int | None = None) -> Arg | None:
        """The argument passed as `keyword`, or at `position` (from 0) when no star precedes it."""
        for index, arg in enumerate(self.args):
            if arg.keyword == keyword or (index == position and not arg.keyword and not arg.star):
                return arg
            if arg.star == "*":
                position = None
        return None

    def given(self, keyword: str, position: int | None = None) -> Expr | None:
        """The value of that argument."""
        argument = self.argument(keyword, position)
        return None if argument is None else argument.value

    @property
    def positional(self) -> tuple[Arg, ...]:
        return tuple(arg for arg in self.args if not arg.keyword and not arg.star)

    @property
    def has_double_star(self) -> bool:
        return any(arg.star == "**" for arg in self.args)


class String(Node, tag=5, frozen=True):
    """A string literal, implicit concatenation included. `value` is None for bytes and f-strings."""

    value: str | None
    parts: tuple[Expr, ...] = ()
    """What an f-string interpolates."""


class Number(Node, tag=6, frozen=True):
    """`value` is the integer, None for floats, imaginary numbers and what does not fit into 64 bits."""

    value: int | None


class Subscript(Node, tag=7, frozen=True):
    value: Expr
    items: tuple[Expr, ...]


class Collection(Node, tag=8, frozen=True):
    """A list, tuple or set display; `kind` is `"list"`, `"tuple"` or `"set"`."""

    kind: str
    items: tuple[Expr, ...]


class Dict(Node, tag=9, frozen=True):
    """`keys[i]` is None for `**values[i]`."""

    keys: tuple[Expr | None, ...]
    values: tuple[Expr, ...]


class Operation(Node, tag=10, frozen=True):
    """A unary (one operand), binary or boolean operation; `operator` as it is written."""

    operator: str
    operands: tuple[Expr, ...]


class Compare(Node, tag=11, frozen=True):
    """`operators[i]` stands between `operands[i]` and `operands[i + 1]`."""

    operators: tuple[str, ...]
    operands: tuple[Expr, ...]


class Await(Node, tag=12, frozen=True):
    value: Expr


class Lambda(Node, tag=13, frozen=True):
    params: tuple[Param, ...]
    body: Expr


class IfExp(Node, tag=14, frozen=True):
    body: Expr
    test: Expr
    orelse: Expr


class Starred(Node, tag=15, frozen=True):
    value: Expr


class NamedExpr(Node, tag=16, frozen=True):
    target: Expr
    value: Expr


class Generator(Node, tag=17, frozen=True):
    """One `for target in iter if …` of a comprehension."""

    target: Expr
    iter: Expr
    ifs: tuple[Expr, ...]
    is_async: bool


class Comprehension(Node, tag=18, frozen=True):
    """`kind` is `"list"`, `"set"`, `"dict"` or `"generator"`; `items` is the element, or key and value."""

    kind: str
    items: tuple[Expr, ...]
    generators: tuple[Generator, ...]


class Yield(Node, tag=19, frozen=True):
    value: Expr | None


class Other(Node, tag=20, frozen=True):
    """Anything else (slices, ellipsis), with the expressions inside it."""

    parts: tuple[Expr, ...]


class Param(Node, tag=21, frozen=True):
    """`kind` is `"positional"`, `"normal"`, `"*"`, `"keyword"` or `"**"`; the span covers name to default."""

    name: str
    annotation: Expr | None
    default: Expr | None
    kind: str


# --- statements ------------------------------------------------------------------------------------


class ExprStatement(Node, tag=40, frozen=True):
    value: Expr


class Assign(Node, tag=41, frozen=True):
    """`a = b = value` has two targets."""

    targets: tuple[Expr, ...]
    value: Expr


class AnnAssign(Node, tag=42, frozen=True):
    target: Expr
    annotation: Expr
    value: Expr | None


class AugAssign(Node, tag=43, frozen=True):
    target: Expr
    operator: str
    value: Expr


class Return(Node, tag=44, frozen=True):
    value: Expr | None


class Raise(Node, tag=45, frozen=True):
    exc: Expr | None
    cause: Expr | None


class Alias(Node, tag=46, frozen=True):
    """One name of an import: dotted as written; `asname` is empty without `as`."""

    name: str
    asname: str


class Import(Node, tag=47, frozen=True):
    names: tuple[Alias, ...]


class ImportFrom(Node, tag=48, frozen=True):
    """`level` counts the leading dots; a star import has one alias called `*`."""

    module: str
    level: int
    names: tuple[Alias, ...]


class Simple(Node, tag=49, frozen=True):
    """pass, break, continue, del, assert, global, nonlocal: the keyword, the expressions, the names."""

    keyword: str
    parts: tuple[Expr, ...]
    names: tuple[str, ...] = ()


class If(Node, tag=50, frozen=True):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class For(Node, tag=51, frozen=True):
    target: Expr
    iter: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]
    is_async: bool


class While(Node, tag=52, frozen=True):
    test: Expr
    body: tuple[Stmt, ...]
    orelse: tuple[Stmt, ...]


class Handler(Node, tag=53, frozen=True):
    exception: Expr | None
    name: str
    body: tuple[Stmt, ...]


class Try(Node, tag=54, frozen=True):
    body: tuple[Stmt, ...]
    handlers: tuple[Handler, ...]
    orelse: tuple[Stmt, ...]
    final: tuple[Stmt, ...]


class WithItem(Node, tag=55, frozen=True):
    value: Expr
    target: Expr | None


class With(Node, tag=56, frozen=True):
    items: tuple[WithItem, ...]
    body: tuple[Stmt, ...]
    is_async: bool


class Case(Node, tag=57, frozen=True):
    """`parts` are the expressions of the pattern and its guard; `names` what the pattern binds."""

    parts: tuple[Expr, ...]
    names: tuple[str, ...]
    body: tuple[Stmt, ...]


class Match(Node, tag=58, frozen=True):
    subject: Expr
    cases: tuple[Case, ...]


class TypeStatement(Node, tag=59, frozen=True):
    """`type name = value` (PEP 695)."""

    name: str
    value: Expr


class Decorator(Node, tag=60, frozen=True):
    """The span starts at `@`."""

    value: Expr

    @property
    def func(self) -> Expr:
        """What it names: `router.get` of `@router.get("/users")`."""
        return called(self.value)


class FunctionDef(Node, tag=61, frozen=True):
    """`start` is `async` or `def`; the decorators stand before it."""

    name: str
    name_start: int
    params: tuple[Param, ...]
    close: int
    """Offset of the parenthesis that closes the parameters."""
    returns: Expr | None
    decorators: tuple[Decorator, ...]
    is_async: bool
    is_generator: bool
    """A `yield` stands in the body (nested functions left out)."""
    body_start: int
    """Offset of the first statement of the body."""
    raw: msgspec.Raw

    @property
    def body(self) -> tuple[Stmt, ...]:
        """The statements, decoded anew at every access: keep them while you need them."""
        return _BODY.decode(self.raw)

    @property
    def outer_start(self) -> int:
        return self.decorators[0].start if self.decorators else self.start

    def param(self, name: str) -> Param | None:
        return next((param for param in self.params if param.name == name), None)


class ClassDef(Node, tag=62, frozen=True):
    """`bases` holds the keywords too (`table=True`); `close` is the closing parenthesis, or -1."""

    name: str
    name_start: int
    bases: tuple[Arg, ...]
    close: int
    decorators: tuple[Decorator, ...]
    body_start: int
    body: tuple[Stmt, ...]

    @property
    def outer_start(self) -> int:
        return self.decorators[0].start if self.decorators else self.start


Expr: TypeAlias = (
    Name
    | Attribute
    | Call
    | String
    | Number
    | Subscript
    | Collection
    | Dict
    | Operation
    | Compare
    | Await
    | Lambda
    | IfExp
    | Starred
    | NamedExpr
    | Comprehension
    | Yield
    | Other
)
Stmt: TypeAlias = (
    ExprStatement
    | Assign
    | AnnAssign
    | AugAssign
    | Return
    | Raise
    | Import
    | ImportFrom
    | Simple
    | If
    | For
    | While
    | Try
    | With
    | Match
    | TypeStatement
    | FunctionDef
    | ClassDef
)


class Failure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Why a file has no statements: the message, and the row and column (from 1) where it happened."""

    message: str
    row: int
    column: int


class Outline(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One file's facts."""

    body: tuple[Stmt, ...] = ()
    suppressions: tuple[tuple[int, int], ...] = ()
    """Spans of the comments that may suppress a finding."""
    multiline: tuple[tuple[int, int], ...] = ()
    """Spans of the simple statements and compound headers that cross a line end."""
    strings: tuple[tuple[int, int], ...] = ()
    """Spans of the string literals that cross a line end."""
    failure: Failure | None = None


_BODY: msgspec.msgpack.Decoder[tuple[Stmt, ...]] = msgspec.msgpack.Decoder(tuple[Stmt, ...])
_OUTLINE: msgspec.msgpack.Decoder[Outline] = msgspec.msgpack.Decoder(Outline)


def decode(data: bytes) -> Outline:
    """The outline that `build.encode_outline` wrote. Raises `msgspec.DecodeError` for anything else."""
    return _OUTLINE.decode(data)


_NODES = {
    "Expr": "(node.{0},)",
    "Expr | None": "_one(node.{0})",
    "tuple[Expr | None, ...]": "_some(node.{0})",
    "tuple[Stmt, ...]": "node.{0}",
}
"""How to get at the nodes in a field, by its annotation; those of tuples of other nodes are tuples of nodes too."""
_PLAIN = frozenset(["int", "str", "bool", "int | None", "str | None", "tuple[str, ...]", "msgspec.Raw"])
"""The annotations of fields that hold no nodes."""


def _one(node: Node | None) -> tuple[Node, ...]:
    return () if node is None else (node,)


def _some(nodes: tuple[Node | None, ...]) -> tuple[Node, ...]:
    return tuple(node for node in nodes if node is not None)


def _reader(kind: type[Node]) -> Callable[[Any], tuple[Any, ...]]:
    """A function for the nodes directly inside a kind of node: reading known fields is several times faster than
    looking at all of them."""
    fields = {name: text for name, text in kind.__annotations__.items() if text not in _PLAIN}
    if kind is FunctionDef:
        fields["body"] = "tuple[Stmt, ...]"
    parts = [_NODES.get(text, "node.{0}").format(name) for name, text in fields.items()]
    reader: Callable[[Any], tuple[Any, ...]] = eval(f"lambda node: {' + '.join(parts) or '()'}")
    return reader


_KINDS: list[type[Node]] = [Node, *Node.__subclasses__()]
_READERS = {kind: _reader(kind) for kind in _KINDS}


def children(node: Node) -> tuple[Any, ...]:
    """The nodes directly inside `node`, in source order as far as the fields are; bodies included."""
    return _READERS[type(node)](node)


OWN_CHILDREN: Mapping[type[Node], Callable[[Any], tuple[Any, ...]]] = {
    **_READERS,
    FunctionDef: lambda node: (*node.params, *_one(node.returns), *node.decorators),
    ClassDef: lambda node: (*node.bases, *node.decorators),
    Import: lambda node: (),
    ImportFrom: lambda node: (),
}
"""By the kind of a node, what gives the nodes directly inside it but for names of imports and the bodies of functions
and classes, which are scopes of their own."""


def header(node: FunctionDef | ClassDef) -> tuple[Any, ...]:
    """What the block around a definition evaluates: decorators, bases or parameters, the return annotation."""
    if isinstance(node, ClassDef):
        return *node.decorators, *node.bases
    return *node.decorators, *node.params, *_one(node.returns)


def walk(*nodes: Node | None) -> Iterator[Any]:
    """Every node at or below `nodes`, parents first."""
    stack: list[Any] = [node for node in reversed(nodes) if node is not None]
    while stack:
        node = stack.pop()
        yield node
        stack += _READERS[type(node)](node)[::-1]


def called(node: T) -> T | Expr:
    """What a call calls; of any other expression, itself."""
    return node.func if isinstance(node, Call) else node


def text(node: Any) -> str | None:
    """The text of a string literal, as far as it is one."""
    return node.value if isinstance(node, String) else None


def last_name(node: Any) -> str:
    """`c` of `a.b.c` and of `f().c`, `a` of `a`; else an empty string."""
    return node.attr if isinstance(node, Attribute) else node.id if isinstance(node, Name) else ""


def dotted(node: Any) -> str:
    """`a.b.c` for nested attributes of a name, else an empty string."""
    parts: list[str] = []
    while isinstance(node, Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))
