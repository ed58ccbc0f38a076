"""What a word means wherever it stands in a file.

It is looked for in the text first; only the nodes around a hit are visited, and only then does the resolver say what
the name means there.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.resolve import Resolver
from fapi_lint.project.search import places
from fapi_lint.project.symbols import Class, External, Function, Namespace, Parameter, Scope, Symbol, Variable

Key: TypeAlias = tuple[str, bool]
"""What sites are kept by: the path of the module that defines something, and whether that module itself is meant."""

_PATH_BEFORE = re.compile(r"(?:\w+\.)+$")
_DOTTED = re.compile(r"\w+(?:\.\w+)*[.:]\w+")
_GENERIC_BUILTINS = frozenset(["list", "dict", "set", "frozenset", "tuple", "type"])
_BY_STRING = frozenset(["getattr", "setattr", "hasattr", "delattr", "object", "spy"])
"""Functions that take an object and the name of an attribute: `patch.object`, `mocker.spy`, `monkeypatch.setattr`."""
_TAKE_PATHS = ("import_module", "__import__", "import_string", "patch", "setattr")
"""Functions that take the path of a module in a string."""
_REBUILDS = frozenset(["update_forward_refs", "model_rebuild"])
"""Pydantic's methods whose keywords are names that annotations use."""


class Site(Struct, frozen=True):
    """One place of a word in a file."""

    module: Module
    start: int
    bare: bool = False
    """It is a name of its own (not after a dot, not in a string), which other bindings around it could capture."""
    local: bool = False
    """It is the name under which its file knows the thing, or an entry of `__all__` for that name."""
    binds: bool = False
    """It is the name that an import takes and, without an `as`, binds."""


class Word(Struct):
    """The uses of one word in the whole application, by what they mean."""

    sites: dict[Key, list[Site]] = field(default_factory=dict)
    obstacles: dict[Key, list[str]] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)
    """What may mean any definition of that name."""
    unclear_modules: list[str] = field(default_factory=list)
    """What may mean any module of that name."""
    strings: list[Site] = field(default_factory=list)


class _Block(Struct, eq=False):
    """A scope of Python around a use: `kind` is `"module"`, `"class"`, `"function"` or `"inner"` (a lambda or
    comprehension, which linked scopes leave out)."""

    kind: str
    scope: Scope
    parent: _Block | None
    span: tuple[int, int]
    hidden: frozenset[str] = frozenset()
    """Names that lambdas, comprehensions and `except … as` bind around here."""
    binds: bool = False
    """The word is bound here."""
    declared: str = ""
    """`"global"` or `"nonlocal"` where the word is declared so."""
    imports: list[tuple[o.Import | o.ImportFrom, o.Alias]] = field(default_factory=list)
    """The imports that bind the word here."""

    def inner(self, node: o.Node, names: Iterable[str], word: str) -> _Block:
        bound = frozenset(names)
        span = (node.start, node.end)
        return _Block("inner", self.scope, self, span, self.hidden | bound, word in bound)

    @property
    def statement_block(self) -> _Block:
        """The block that statements and walrus targets bind in."""
        block = self
        while block.kind == "inner" and block.parent is not None:
            block = block.parent
        return block


class Search:
    """One word in one file: visits what stands around the places where the text holds it."""

    def __init__(self, resolver: Resolver, module: Module, word: str) -> None:
        self.resolver = resolver
        self.module = module
        self.word = word
        self.offsets = list(places(module.text, word))
        self.root = _Block("module", module.scope, None, (0, len(module.text)))
        self.names: list[tuple[int, _Block]] = []
        """Where the word is a name of its own, bound or used."""
        self.bound: set[int] = set()
        """Which of those bind it."""
        self.known: list[tuple[int, Symbol | None]] = []
        """Where it is an attribute, a part of a dotted string or the foreign half of `import … as`, and its meaning."""
        self.takes: set[int] = set()
        """Where imports take and bind it by its own name."""
        self.exported: list[int] = []
        self.strings: list[int] = []
        self.unclear: list[int] = []
        self.unclear_modules: list[int] = []
        self.visit_hit(module.outline.body)

    # --- what the finds mean -----------------------------------------------------------------------

    def collect(self, word: Word) -> None:
        """Add what was found to the uses of the word."""
        meanings: dict[_Block, Symbol | None] = {}
        for start, block in self.names:
            binder = self.binder(block)
            if binder not in meanings:
                meanings[binder] = self.meaning(binder)
                self.check_imports(binder, meanings[binder], word)
            if binder.kind == "class" and start not in self.bound:
                # Until the class body binds the name, code in it sees the one outside.
                assert block.parent is not None
                outside = self.meaning(self.binder(block.parent))
                self.hinder(word, outside, "a class body binds the name too", start)
            self.add(word, start, meanings[binder], bare=True)
        for start, symbol in self.known:
            self.add(word, start, symbol, bare=False)
        for start in self.exported:
            self.add(word, start, self.meaning(self.root), bare=False, local=True)
        word.strings.extend(Site(self.module, start) for start in self.strings)
        word.unclear.extend(map(self.looked_up, self.unclear))
        word.unclear_modules.extend(map(self.looked_up, self.unclear_modules))

    def looked_up(self, start: int) -> str:
        return f"it may be looked up by name at run time ({self.module.where(start)})"

    def captures(self, starts: Sequence[int]) -> bool:
        """Whether the word is a name of the module, or of a block around one of these places."""
        for _, block in self.names:
            binder = self.binder(block)
            if binder.kind == "module" or any(binder.span[0] <= start < binder.span[1] for start in starts):
                return True
        return False

    def add(self, word: Word, start: int, symbol: Symbol | None, *, bare: bool, local: bool = False) -> None:
        key = _key(symbol, self.word)
        if key is not None:
            site = Site(self.module, start, bare, bare or local, start in self.takes)
            word.sites.setdefault(key, []).append(site)

    def hinder(self, word: Word, symbol: Symbol | None, reason: str, start: int) -> None:
        key = _key(symbol, self.word)
        if key is not None:
            where = self.module.where(start)
            word.obstacles.setdefault(key, []).append(f"{reason} ({where})")

    def check_imports(self, binder: _Block, symbol: Symbol | None, word: Word) -> None:
        """All the imports that bind the name in one block must change together, and so mean one definition."""
        imported = [(alias.start, self.imported(statement, alias)) for statement, alias in binder.imports]
        meanings = [meaning for _, meaning in imported] + [symbol]
        for start, meaning in imported:
            if binder.kind == "class":
                self.hinder(word, meaning, "it is imported into a class", start)
            elif any(other is not meaning for other in meanings):
                for each in meanings:
                    self.hinder(word, each, "the name is bound to different things", start)

    def binder(self, block: _Block) -> _Block:
        """The block whose binding the word means in `block`."""
        current: _Block | None = block
        while current is not None:
            if current.declared == "global":
                return self.root
            if current.binds and not current.declared and (current.kind != "class" or current is block):
                return current
            current = current.parent
        return self.root

    def meaning(self, binder: _Block) -> Symbol | None:
        if binder.kind == "module":
            return self.resolver.member(self.module, self.word)
        return self.imported(*binder.imports[-1]) if binder.imports else None

    def imported(self, statement: o.Import | o.ImportFrom, alias: o.Alias) -> Symbol | None:
        if isinstance(statement, o.Import):
            return self.resolver.find_module(alias.name if alias.asname else self.word, self.module)
        return self.member(self.resolver.import_source(self.module, statement), alias.name)

    def member(self, symbol: Symbol | None, name: str) -> Symbol | None:
        """`symbol.name`, where `symbol` is a module."""
        return self.resolver.attribute(symbol, name) if isinstance(symbol, (Module, Namespace)) else None

    # --- statements --------------------------------------------------------------------------------

    def hits(self, start: int, end: int) -> list[int]:
        first = bisect_left(self.offsets, start)
        return self.offsets[first : bisect_left(self.offsets, end, first)]

    def visit_hit(self, statements: Sequence[Any]) -> None:
        """The statements of the module with a hit in them, found without looking at all others."""
        latest = -1
        for offset in self.offsets:
            index = bisect_right(statements, offset, key=attrgetter("outer_start")) - 1
            if index > latest:
                latest = index
                self.visit(statements[index], self.root)

    def visit_all(self, nodes: Iterable[Any], block: _Block, annotation: bool = False) -> None:
        for node in nodes:
            self.visit(node, block, annotation)

    def visit(self, node: Any, block: _Block, annotation: bool = False) -> None:
        """`annotation`: strings in the node are forward references."""
        if node is None:
            return
        first = bisect_left(self.offsets, node.outer_start)
        if first == len(self.offsets) or self.offsets[first] >= node.end:
            return
        visitor = _VISITORS.get(type(node))
        if visitor is not None:
            visitor(self, node, block, annotation)
            return
        inside = annotation and isinstance(node, (o.Operation, o.Collection, o.Starred, o.Other))
        self.visit_all(o.children(node), block, inside)

    def bind(self, start: int, block: _Block) -> None:
        block = block.statement_block
        block.binds = True
        self.bound.add(start)
        self.names.append((start, block))

    def bind_between(self, start: int, end: int, block: _Block) -> None:
        """A binding without a node of its own, the last hit of a span."""
        hits = self.hits(start, end)
        if hits:
            self.bind(hits[-1], block)

    def target(self, node: Any, block: _Block) -> None:
        match node:
            case o.Name():
                if node.id == self.word:
                    self.bind(node.start, block)
            case o.Collection():
                for item in node.items:
                    self.target(item, block)
            case o.Starred():
                self.target(node.value, block)
            case _:
                self.visit(node, block)

    def function_def(self, node: o.FunctionDef, block: _Block, annotation: bool) -> None:
        self.visit_all(node.decorators, block)
        if node.name == self.word:
            self.bind(node.name_start, block)
        for param in node.params:
            self.visit(param.annotation, block, True)
            self.visit(param.default, block)
        self.visit(node.returns, block, True)
        scope = block.scope
        if self.hits(node.body_start, node.end):
            scope = next(function.scope for function in scope.functions if function.node is node)
        body = _Block("function", scope, block, (node.start, node.end), block.hidden)
        self.params(node.params, body)
        if scope is not block.scope:
            self.visit_all(scope.body, body)

    def params(self, params: Iterable[o.Param], block: _Block) -> None:
        for param in params:
            if param.name == self.word:
                block.binds = True
                self.names.append((param.start, block))

    def class_def(self, node: o.ClassDef, block: _Block, annotation: bool) -> None:
        self.visit_all(node.decorators, block)
        if node.name == self.word:
            self.bind(node.name_start, block)
        self.visit_all(node.bases, block)
        if self.hits(node.body_start, node.end):
            class_ = next(class_ for class_ in block.scope.classes if class_.node is node)
            body = _Block("class", class_.scope, block, (node.start, node.end), block.hidden)
            self.visit_all(node.body, body)

    def assign(self, node: o.Assign, block: _Block, annotation: bool) -> None:
        for target in node.targets:
            self.target(target, block)
        self.value(node.value, node.targets, block)

    def ann_assign(self, node: o.AnnAssign, block: _Block, annotation: bool) -> None:
        if node.value is None and block.kind == "class" and isinstance(node.target, o.Name):
            pass  # binds nothing, and the attribute keeps its name
        else:
            self.target(node.target, block)
        self.visit(node.annotation, block, True)
        is_alias = o.dotted(node.annotation).rpartition(".")[2] == "TypeAlias"
        self.value(node.value, (node.target,), block, is_alias)

    def aug_assign(self, node: o.AugAssign, block: _Block, annotation: bool) -> None:
        self.target(node.target, block)
        self.value(node.value, (node.target,), block)

    def value(self, value: o.Expr | None, targets: Iterable[o.Expr], block: _Block, annotation: bool = False) -> None:
        """What is assigned; in `__all__`, strings are names of this module."""
        if block.kind != "module" or not any(o.dotted(target).partition(".")[0] == "__all__" for target in targets):
            self.visit(value, block, annotation)
            return
        for node in o.walk(value):
            if isinstance(node, o.String) and node.value == self.word:
                self.exported.extend(self.hits(node.start, node.end))
            elif isinstance(node, o.Attribute):
                self.visit(node, block)

    def for_(self, node: o.For, block: _Block, annotation: bool) -> None:
        self.target(node.target, block)
        self.visit(node.iter, block)
        self.visit_all((*node.body, *node.orelse), block)

    def with_(self, node: o.With, block: _Block, annotation: bool) -> None:
        for item in node.items:
            self.visit(item.value, block)
            if item.target is not None:
                self.target(item.target, block)
        self.visit_all(node.body, block)

    def handler(self, node: o.Handler, block: _Block, annotation: bool) -> None:
        self.visit(node.exception, block)
        if node.name == self.word:
            start = node.start if node.exception is None else node.exception.end
            self.bind_between(start, node.body[0].start, block)
        self.visit_all(node.body, block)

    def case(self, node: o.Case, block: _Block, annotation: bool) -> None:
        self.visit_all(node.parts, block)
        if self.word in node.names:
            self.bind_between(node.start, node.body[0].start, block)
        self.visit_all(node.body, block)

    def type_statement(self, node: o.TypeStatement, block: _Block, annotation: bool) -> None:
        if node.name == self.word:
            self.bind(self.hits(node.start, node.end)[0], block)
        self.visit(node.value, block, True)

    def simple(self, node: o.Simple, block: _Block, annotation: bool) -> None:
        if self.word in node.names:
            block.declared = node.keyword if block.kind != "module" else ""
            self.names.extend((start, block) for start in self.hits(node.start, node.end))
        self.visit_all(node.parts, block)

    def imports(self, node: o.Import, block: _Block, annotation: bool) -> None:
        for alias in node.names:
            binds_first = not alias.asname and alias.name.partition(".")[0] == self.word
            if alias.asname == self.word:
                self.bind(alias.end - len(self.word), block)
            elif binds_first:
                self.bind(alias.start, block)
                if alias.name == self.word:
                    self.takes.add(alias.start)
            if alias.asname == self.word or binds_first:
                block.imports.append((node, alias))
            self.module_path(alias.name, 0, alias.start, alias.start + len(self.word) if binds_first else alias.start)

    def import_from(self, node: o.ImportFrom, block: _Block, annotation: bool) -> None:
        if node.module and node.names:
            written = self.module.text.find(node.module, node.start + len("from"), node.names[0].start)
            self.module_path(node.module, node.level, written, node.start)
        for alias in node.names:
            if alias.name == self.word and alias.asname:
                self.known.append((alias.start, self.imported(node, alias)))
            if (alias.asname or alias.name) == self.word:
                start = alias.end - len(self.word)
                self.bind(start, block)
                block.imports.append((node, alias))
                if not alias.asname:
                    self.takes.add(start)

    def module_path(self, path: str, level: int, written: int, begin: int) -> None:
        """The parts of a dotted name in an import that are the word, from `begin` on; `written` is where it stands."""
        for part in re.finditer(r"\w+", path):
            if part[0] != self.word or written + part.start() < begin:
                continue
            prefix = o.ImportFrom(0, 0, path[: part.end()], level, ())
            if self.module.text.startswith(path, written):
                self.known.append((written + part.start(), self.resolver.import_source(self.module, prefix)))
            else:  # with spaces or a line end inside
                self.unclear_modules.append(begin)

    # --- expressions -------------------------------------------------------------------------------

    def name(self, node: o.Name, block: _Block, annotation: bool) -> None:
        if node.id == self.word:
            self.names.append((node.start, block))

    def attribute(self, node: o.Attribute, block: _Block, annotation: bool) -> None:
        if node.attr == self.word:
            self.known.append((node.attr_start, self.member(self.resolve(node.value, block), self.word)))
        self.visit(node.value, block)

    def resolve(self, node: o.Expr, block: _Block) -> Symbol | None:
        if o.dotted(node).partition(".")[0] in block.hidden:
            return None
        if isinstance(node, o.Call):
            return self.loaded(node, block.scope)
        symbol = self.resolver.resolve(block.scope, node)
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
            return self.loaded(symbol.value, symbol.scope) or symbol
        return symbol

    def loaded(self, call: o.Call, scope: Scope) -> Symbol | None:
        """The module of `import_module("…")`."""
        path = call.given("name", 0)
        if not isinstance(path, o.String) or not path.value:
            return None
        function = self.resolver.external(scope, call.func)
        if function is None or function.name not in ("import_module", "importorskip"):
            return None
        return self.resolver.find_module(path.value, self.module)

    def named_expr(self, node: o.NamedExpr, block: _Block, annotation: bool) -> None:
        self.target(node.target, block)
        self.visit(node.value, block)

    def lambda_(self, node: o.Lambda, block: _Block, annotation: bool) -> None:
        self.visit_all((param.default for param in node.params), block)
        inside = block.inner(node, (param.name for param in node.params), self.word)
        self.params(node.params, inside)
        self.visit(node.body, inside)

    def comprehension(self, node: o.Comprehension, block: _Block, annotation: bool) -> None:
        self.visit(node.generators[0].iter, block)
        targets = o.walk(*(part.target for part in node.generators))
        names = [target.id for target in targets if isinstance(target, o.Name)]
        inside = block.inner(node, names, self.word)
        for index, part in enumerate(node.generators):
            self.visit(part.target, inside)
            if index:
                self.visit(part.iter, inside)
            self.visit_all(part.ifs, inside)
        self.visit_all(node.items, inside)

    def subscript(self, node: o.Subscript, block: _Block, annotation: bool) -> None:
        self.visit(node.value, block, annotation)
        generic = o.dotted(node.value).rpartition(".")[2]
        if generic == "Annotated":
            self.visit(node.items[0], block, annotation)
            self.visit_all(node.items[1:], block)
        elif generic == "Literal":
            self.visit_all(node.items, block)
        elif _is_namespace(node.value):
            for item in node.items:
                self.string(item, block, by_name=True) if isinstance(item, o.String) else self.visit(item, block)
        else:
            forward = any(isinstance(item, o.String) for item in node.items) and self.is_generic(node.value, block)
            self.visit_all(node.items, block, annotation or forward)

    def is_generic(self, node: o.Expr, block: _Block) -> bool:
        """Whether strings in a subscript of this are types: `list["User"]`, `Page["User"]`, not `data["User"]`."""
        symbol = self.resolve(node, block)
        if isinstance(symbol, External):
            return symbol.name in _GENERIC_BUILTINS or symbol.name[:1].isupper()
        return isinstance(symbol, Class)

    def call(self, node: o.Call, block: _Block, annotation: bool) -> None:
        self.visit(node.func, block)
        function = o.dotted(node.func)
        last = node.func.attr if isinstance(node.func, o.Attribute) else function
        for index, arg in enumerate(node.args):
            if arg.keyword == self.word and last in _REBUILDS:
                self.names.append((arg.start, block))
            if last in _REBUILDS and isinstance(arg.value, o.Dict):  # _types_namespace={"UserRead": UserRead}
                keys = [key for key in arg.value.keys if isinstance(key, o.String) and key.value == self.word]
                self.names.extend((hit, block) for key in keys for hit in self.hits(key.start, key.end))
                self.visit_all([*(key for key in arg.value.keys if key not in keys), *arg.value.values], block)
            elif isinstance(arg.value, o.String) and arg.value.value == self.word and index and not arg.keyword:
                self.named_attribute(node.args[index - 1].value, arg.value, last, block)
            elif block.kind == "module" and function.startswith("__all__."):
                self.value(arg.value, (node.func,), block)
            else:
                forward = (last in ("cast", "ForwardRef") and index == 0) or (
                    last == "TypeVar" and (arg.keyword == "bound" or (index > 0 and not arg.keyword))
                )
                self.visit(arg.value, block, forward)

    def named_attribute(self, owner: o.Expr, string: o.String, function: str, block: _Block) -> None:
        """`getattr(module, "name")`, `patch.object(module, "name")`: an object, then the name of an attribute."""
        if function == "cast":
            return
        symbol = self.resolve(owner, block)
        if isinstance(symbol, (Module, Namespace)):
            self.known.extend((start, self.member(symbol, self.word)) for start in self.hits(string.start, string.end))
        elif function not in _BY_STRING:
            self.string(string, block)
        elif o.dotted(owner) not in ("self", "cls") and (
            isinstance(owner, o.Call)
            if symbol is None
            else isinstance(symbol, Parameter) and symbol.node.annotation is None
        ):
            self.string(string, block, by_name=True)

    def string_literal(self, node: o.String, block: _Block, annotation: bool) -> None:
        if annotation and node.value is not None:
            self.forward_reference(node, block)
        else:
            self.string(node, block)

    def forward_reference(self, node: o.String, block: _Block) -> None:
        """The text of a quoted annotation, where offsets are exact however the literal is written."""
        text = self.module.text
        for hit in self.hits(node.start, node.end):
            path = _PATH_BEFORE.search(text, node.start, hit)
            if path is None:
                self.names.append((hit, block))
            else:
                owner = path[0].rstrip(".")
                # SQLAlchemy finds `Mapped["app.models.user.User"]` by its module, without an import.
                found = self.resolve(_dotted_name(owner), block) or self.resolver.find_module(owner, self.module)
                self.known.append((hit, self.member(found, self.word)))

    def string(self, node: o.String, block: _Block, *, by_name: bool = False) -> None:
        """A string that is no type. `by_name`: its value is the name of something, looked up at run time."""
        if node.value is None:
            self.visit_all(node.parts, block)
            hits = self.hits(node.start, node.end)
            self.unclear.extend(hit for hit in hits if self.ends_built_path(node, hit))
            if node.parts and any(word in self.module.text for word in _TAKE_PATHS):
                self.unclear_modules.extend(hit for hit in hits if self.module.text[hit - 2 : hit] == "}.")
        elif node.value == self.word:
            at_run_time = by_name or "__getattr__" in self.module.scope.bindings
            (self.unclear if at_run_time else self.strings).extend(self.hits(node.start, node.end))
        elif node.value == f".{self.word}":
            self.unclear.extend(self.hits(node.start, node.end))
            below = self.resolver.import_source(self.module, o.ImportFrom(0, 0, self.word, 1, ()))
            self.known.extend((hit, below) for hit in self.hits(node.start, node.end))
        elif _DOTTED.fullmatch(node.value):
            self.path(node)

    def ends_built_path(self, node: o.String, hit: int) -> bool:
        """`f"{package}.name"`"""
        text = self.module.text
        after = text[hit + len(self.word) : hit + len(self.word) + 1]
        return bool(node.parts) and text[hit - 2 : hit] == "}." and after in ("'", '"')

    def path(self, node: o.String) -> None:
        """A dotted string, as `patch("app.services.user.create_user")` has it; the last part may follow a colon."""
        assert node.value is not None
        start = self.module.text.find(node.value, node.start, node.end)
        symbol: Symbol | None = None
        known = False
        for part in re.finditer(r"\w+", node.value):
            first = part.start() == 0
            symbol = self.resolver.find_module(part[0], self.module) if first else self.member(symbol, part[0])
            if part[0] == self.word and (key := _key(symbol, self.word)) is not None:
                known = True
                if start >= 0:
                    self.known.append((start + part.start(), symbol))
                else:  # the literal is written in pieces
                    (self.unclear_modules if key[1] else self.unclear).append(node.start)
            if symbol is None:
                break
        if symbol is None and not known and start >= 0 and node.value.endswith(self.word):
            self.strings.append(start + len(node.value) - len(self.word))


def _key(symbol: Symbol | None, name: str) -> Key | None:
    """What sites that mean a symbol called `name` are kept by; None if it is nothing that is renamed."""
    if isinstance(symbol, (Class, Function)):
        return (symbol.module.path, False) if symbol.parent is None and symbol.name == name else None
    return (symbol.path, True) if isinstance(symbol, Module) and symbol.parts[-1] == name else None


def _is_namespace(node: o.Expr) -> bool:
    """`globals()`, `vars(…)` or `….__dict__`."""
    if isinstance(node, o.Call):
        return o.dotted(node.func) in ("globals", "vars", "locals")
    return isinstance(node, o.Attribute) and node.attr == "__dict__"


def _dotted_name(path: str) -> o.Expr:
    """The expression of a dotted name; its spans mean nothing."""
    first, *rest = path.split(".")
    node: o.Expr = o.Name(0, 0, first)
    for part in rest:
        node = o.Attribute(0, 0, node, part)
    return node


_VISITORS: dict[type, Callable[[Search, Any, _Block, bool], None]] = {
    o.FunctionDef: Search.function_def,
    o.ClassDef: Search.class_def,
    o.Assign: Search.assign,
    o.AnnAssign: Search.ann_assign,
    o.AugAssign: Search.aug_assign,
    o.For: Search.for_,
    o.With: Search.with_,
    o.Handler: Search.handler,
    o.Case: Search.case,
    o.TypeStatement: Search.type_statement,
    o.Simple: Search.simple,
    o.Import: Search.imports,
    o.ImportFrom: Search.import_from,
    o.Name: Search.name,
    o.Attribute: Search.attribute,
    o.NamedExpr: Search.named_expr,
    o.Lambda: Search.lambda_,
    o.Comprehension: Search.comprehension,
    o.Subscript: Search.subscript,
    o.Call: Search.call,
    o.String: Search.string_literal,
}
