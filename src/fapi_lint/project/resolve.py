"""From a name in one file to what it means in the application.

Nothing here guesses: what cannot be resolved is None, and what the application does not define is
`External` with the dotted name it was imported under.
"""

from __future__ import annotations

import builtins
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation, union_members
from fapi_lint.project.descent import Descent
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import (
    Binding,
    Class,
    External,
    Function,
    Member,
    Namespace,
    Parameter,
    Scope,
    Symbol,
    Variable,
)
from fapi_lint.source.place import folders_above

_KNOWN_PACKAGES = frozenset(
    [
        "alembic", "aiohttp", "anyio", "asyncpg", "boto3", "celery", "click", "fastapi", "fastapi_users",
        "httpx", "jinja2", "jose", "jwt", "langchain", "openai", "passlib", "psycopg", "psycopg2", "pydantic",
        "pydantic_settings", "pymongo", "pytest", "pytest_asyncio", "redis", "requests", "rich", "sentry_sdk",
        "slowapi", "socketio", "sqladmin", "sqlalchemy", "sqlalchemy_utils", "sqlmodel", "starlette", "stripe",
        "structlog", "typer", "typing_extensions", "uvicorn",
    ]
)  # fmt: skip
"""Third-party packages that applications like to name a folder after."""


class Resolver:
    """Resolves imports, names and class hierarchies over all modules of an application."""

    def __init__(self, modules: Iterable[Module], roots: Iterable[str] = ()) -> None:
        """`roots` are folders that imports may start from."""
        self.by_path: dict[str, Module] = {module.path: module for module in modules}
        above = {folder for root in roots for folder in folders_above(os.path.dirname(root))}
        self._folders = _folders_of(self.by_path) - above  # What those are called depends on the machine.
        self._packages = {module.folder: module for module in self.by_path.values() if module.is_package}
        self._files = {path.removesuffix(".py"): module for path, module in self.by_path.items()}
        self._files |= self._packages  # A package comes before a file of the same name.
        self._names = {os.path.basename(base) for base in (*self._folders, *self._files)}
        self._roots = self._import_roots(roots)
        self._roots = self._used_roots(roots)
        self._member_cache: dict[tuple[str, str], Symbol | None] = {}
        self._mro_cache: dict[Class, tuple[Class | External, ...]] = {}
        self._name_cache: dict[tuple[Scope, str], Symbol | None] = {}
        self._active: set[tuple[str, str]] = set()
        self._descent = Descent()
        self._followed: set[tuple[Scope, str]] = set()
        for module in self.by_path.values():
            module.name = self._name_of(module)
        own = frozenset(module.name.partition(".")[0] for module in self.by_path.values()) - _KNOWN_PACKAGES
        for module in self.by_path.values():
            module.first_party = own

    # --- modules -----------------------------------------------------------------------------------

    def _import_roots(self, given: Iterable[str]) -> list[str]:
        """The given folders, `src` below them, and the parents of the outermost packages; deepest first."""
        sources = {os.path.join(root, "src") for root in given} & self._folders
        parents = {os.path.dirname(folder) for folder in self._packages}
        return _deepest_first({*given, *sources, *(folder for folder in parents if not self._inside_package(folder))})

    def _used_roots(self, given: Iterable[str]) -> list[str]:
        """The roots as imports bear them out; deepest first.

        An import may start from a folder that no package is in: `backend`, for its plain folder `app`. And a folder
        that holds packages is no root if it is imported itself, and nothing starts from it: `app`, for `app/models`.
        """
        imported = {
            (module.folder, top)
            for module in self.by_path.values()
            for statement in module.outline.body
            for top in _absolute_tops(statement)
            if top in self._names
        }
        used: dict[str, set[str]] = {}
        for folder, top in imported:
            root = self._find_root(folder, top)
            if root is not None and (base := os.path.join(root, top)) in self._folders:
                used.setdefault(root, set()).add(base)
        bases = set().union(*used.values())
        borne_out = used.keys() & self._roots
        outside = {root for root in (*self._roots, *used) if bases.isdisjoint(folders_above(root))}
        return _deepest_first({*given, *borne_out, *outside})

    def _inside_package(self, folder: str) -> bool:
        return any(ancestor in self._packages for ancestor in folders_above(folder))

    def _name_of(self, module: Module) -> str:
        path = module.path
        base = module.folder
        while os.path.dirname(base) in self._packages:
            base = os.path.dirname(base)
        outermost = os.path.dirname(base) if base in self._packages else base
        root = next((root for root in self._roots if _is_below(outermost, root)), outermost)
        parts = os.path.relpath(path, root).removesuffix(".py").split(os.sep)
        return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)

    def find_module(self, dotted: str, importer: Module) -> Module | Namespace | None:
        """The module or namespace folder that an absolute import of `dotted` in `importer` loads."""
        return self._find_from(importer.folder, dotted)

    @kept
    def _find_from(self, folder: str, dotted: str) -> Module | Namespace | None:
        root = self._root_for(folder, dotted.partition(".")[0])
        return None if root is None else self._at(os.path.join(root, *dotted.split(".")), dotted)

    def _at(self, base: str, dotted: str) -> Module | Namespace | None:
        module = self._files.get(base)
        if module is not None:
            return module
        return Namespace(base, dotted) if base in self._folders else None

    @kept
    def _root_for(self, folder: str, top: str) -> str | None:
        return self._find_root(folder, top)

    def _find_root(self, folder: str, top: str) -> str | None:
        if top not in self._names:
            return None
        foreign = top in _KNOWN_PACKAGES or top in sys.stdlib_module_names
        for root in self._roots:
            parent = os.path.dirname(root) if os.path.basename(root) == "src" else root
            if not _is_below(folder, parent):
                continue
            base = os.path.join(root, top)
            if base in self._packages or (not foreign and (base in self._files or base in self._folders)):
                return root
        if foreign:
            return None
        found = None
        for ancestor in folders_above(folder):
            base = os.path.join(ancestor, top)
            if (base in self._files or base in self._folders) and not self._inside_package(ancestor):
                found = ancestor
        if found is None:  # A package that several applications of a repository share: `libs/common/common_errors`.
            shared = [root for root in self._roots if os.path.join(root, top) in self._packages]
            return shared[0] if len(shared) == 1 else None
        return found

    def import_source(self, module: Module, node: o.ImportFrom) -> Module | Namespace | External | None:
        """What stands after `from`."""
        if not node.level:
            return self.find_module(node.module, module) or External(node.module)
        folder = module.folder
        for _ in range(node.level - 1):
            folder = os.path.dirname(folder)
        parts = node.module.split(".") if node.module else []
        return self._at(os.path.join(folder, *parts), node.module)

    def submodule(self, package: Module | Namespace, name: str) -> Module | Namespace | None:
        folder = package.folder if isinstance(package, Namespace) or package.is_package else None
        if folder is None:
            return None
        dotted = package.dotted if isinstance(package, Namespace) else package.name
        return self._at(os.path.join(folder, name), f"{dotted}.{name}")

    # --- names -------------------------------------------------------------------------------------

    def member(self, module: Module, name: str) -> Symbol | None:
        """What `module.name` is: a name that the module binds, imports by star, or a submodule."""
        key = (module.path, name)
        if key in self._member_cache:
            return self._member_cache[key]
        if key in self._active:
            return None
        return self._descent.step(key, lambda: self._find_member(module, name))

    def _find_member(self, module: Module, name: str) -> Symbol | None:
        key = (module.path, name)
        self._active.add(key)
        try:
            symbol: Symbol | None = None
            bindings = module.scope.bindings.get(name)
            if bindings:
                symbol = self.binding(module.scope, name, bindings)
            if symbol is None:
                symbol = self._star_member(module, name) or self.submodule(module, name)
        finally:
            self._active.discard(key)
        self._member_cache[key] = symbol
        return symbol

    def _star_member(self, module: Module, name: str) -> Symbol | None:
        for star in module.scope.stars:
            source = self.import_source(module, star)
            if not isinstance(source, Module):
                continue
            exported = source.exports
            if (name in exported) if exported is not None else not name.startswith("_"):
                found = self.member(source, name)
                if found is not None:
                    return found
        return None

    def star_externals(self, module: Module) -> Iterator[External]:
        """The foreign modules that a module imports everything from."""
        for star in module.scope.stars:
            source = self.import_source(module, star)
            if isinstance(source, External):
                yield source

    def binding(self, scope: Scope, name: str, bindings: list[Binding]) -> Symbol | None:
        """The meaning of a name with these bindings: a definition or import wins over an assignment."""
        for found in reversed(bindings):
            if found.definition is not None:
                return found.definition
        imports = [b for b in bindings if isinstance(b.node, o.Alias)]
        for found in sorted(imports, key=lambda b: b.type_checking):
            symbol = self._imported(scope.module, found)
            if symbol is not None:
                return symbol
        last = bindings[-1]
        if isinstance(last.node, o.Alias):
            return None
        if isinstance(last.node, o.Param):
            return Parameter(scope.owner, last.node) if isinstance(scope.owner, Function) else None
        return Variable(scope.module, name, scope, last.node, last.annotation, last.value)

    def _imported(self, module: Module, found: Binding) -> Symbol | None:
        alias = found.node
        assert isinstance(alias, o.Alias)
        if isinstance(found.statement, o.Import):
            dotted = alias.name if alias.asname else alias.name.partition(".")[0]
            return self.find_module(dotted, module) or External(dotted)
        assert isinstance(found.statement, o.ImportFrom)
        source = self.import_source(module, found.statement)
        if source is None:
            return None
        return self.attribute(source, alias.name)

    def attribute(self, symbol: Symbol, name: str) -> Symbol | None:
        """What `symbol.name` is."""
        if isinstance(symbol, External):
            return External(f"{symbol.dotted}.{name}")
        if isinstance(symbol, Module):
            return self.member(symbol, name) or self._from_foreign_star(symbol, name)
        if isinstance(symbol, Namespace):
            found = self.submodule(symbol, name)
            if found is None and symbol.dotted.partition(".")[0] in _KNOWN_PACKAGES:
                return External(f"{symbol.dotted}.{name}")
            return found
        if isinstance(symbol, Class):
            return self.class_member(symbol, name)
        return None

    def class_member(self, class_: Class, name: str) -> Member | Class | Function | None:
        """The attribute `name` of a class, own or inherited from a class of the application."""
        for base in self.own(class_):
            bindings = base.scope.bindings.get(name)
            if bindings:
                return bindings[-1].definition or Member(base, name, self.binding(base.scope, name, bindings))
        return None

    def resolve(self, scope: Scope, expr: o.Node | None) -> Symbol | None:
        """What an expression made of names, attributes and quoted names means in `scope`.

        A variable that is only another name for something (`Base = declarative.Base`) is followed.
        """
        if type(expr) is not o.Name:
            return self._follow(self._resolve(scope, expr))
        key = (scope, expr.id)
        if key in self._name_cache:
            return self._name_cache[key]
        symbol = self._follow(self._resolve(scope, expr))
        # In the middle of a cycle, a name may mean less than it does; in a class, it depends on where it stands.
        if not self._active and not self._followed and not (scope.is_class and expr.id in scope.bindings):
            self._name_cache[key] = symbol
        return symbol

    def _follow(self, symbol: Symbol | None) -> Symbol | None:
        """What a variable that is only another name for something stands for; `node = node.next` is none."""
        for _ in range(8):
            if not (isinstance(symbol, Variable) and isinstance(symbol.value, (o.Name, o.Attribute))):
                break
            key = (symbol.scope, symbol.name)
            if key in self._followed:
                break
            self._followed.add(key)
            try:
                target = self._resolve(symbol.scope, symbol.value)
            finally:
                self._followed.discard(key)
            if target is None or target is symbol:
                break
            symbol = target
        return symbol

    def named(self, scope: Scope, expr: o.Node | None) -> Symbol | None:
        """What an expression names itself: a variable that is another name for something is the variable."""
        return self._resolve(scope, expr)

    def _resolve(self, scope: Scope, expr: o.Node | None) -> Symbol | None:
        if isinstance(expr, o.Name):
            found = scope.lookup(expr.id)
            if found is None:
                if (known := self._star_member(scope.module, expr.id)) is not None:
                    return known
                if hasattr(builtins, expr.id):
                    return External(f"builtins.{expr.id}")
                return self._from_foreign_star(scope.module, expr.id)
            where, bindings = found
            if where.is_module:
                return self.member(where.module, expr.id)
            if where.is_class and where.parent is not None and _is_ahead(bindings[0], expr):
                return self._resolve(where.parent, expr)
            return self.binding(where, expr.id, bindings)
        if isinstance(expr, o.Attribute):
            value = self.resolve(scope, expr.value)
            return None if value is None else self.attribute(value, expr.attr)
        if isinstance(expr, o.String):
            return self._resolve(scope, parse_annotation(expr))
        return None

    def _from_foreign_star(self, module: Module, name: str) -> External | None:
        """`from sqlalchemy import *`: what else would bind the name, if no other package is imported from like that?"""
        stars = list(self.star_externals(module))
        return External(f"{stars[0].dotted}.{name}") if len({star.package for star in stars}) == 1 else None

    def external(self, scope: Scope, expr: o.Node | None) -> External | None:
        """What an expression names, if no file of the application defines it; None too if nobody can tell."""
        symbol = self.resolve(scope, expr)
        return symbol if isinstance(symbol, External) else None

    def made_by(self, symbol: Symbol | None) -> Symbol | None:
        """What is called to make what a variable holds: `HTTPBearer` of `bearer = HTTPBearer()`; else the same."""
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
            return self.resolve(symbol.scope, symbol.value.func)
        return symbol

    def is_from(self, scope: Scope, expr: o.Node | None, package: str, *names: str) -> bool:
        """Whether an expression means one of these of a library, or a call of one: `Column`, `Column(…)`."""
        symbol = self.external(scope, o.called(expr))
        return symbol is not None and symbol.is_from(package, *names)

    def foreign_name(self, scope: Scope, expr: o.Node | None) -> str:
        """The last name of what a library has that an expression means, or calls; empty for anything else."""
        symbol = self.external(scope, o.called(expr))
        return "" if symbol is None else symbol.name

    def union_members(self, scope: Scope, annotation: o.Node | None) -> Iterator[o.Node]:
        """The members of a union however it is written: `X | None`, `Optional[X]`, `Union[X, None]`."""
        for member in union_members(annotation):
            wrapper = self.foreign_name(scope, member.value) if isinstance(member, o.Subscript) else ""
            if not isinstance(member, o.Subscript) or wrapper not in ("Optional", "Union"):
                yield member
                continue
            for item in member.items:
                yield from self.union_members(scope, item)
            if wrapper == "Optional":
                yield o.Name(member.start, member.end, "None")

    # --- classes -----------------------------------------------------------------------------------

    def bases(self, class_: Class) -> list[Class | External]:
        """The resolved bases; `Generic[T]`-like subscripts count as their value. Unresolved ones are left out."""
        found: list[Class | External] = []
        for base in class_.node.bases:
            if base.keyword or base.star:
                continue
            value = base.value.value if isinstance(base.value, o.Subscript) else base.value
            symbol = self.resolve(class_.enclosing, value)
            if isinstance(symbol, (Class, External)):
                if symbol is not class_:
                    found.append(symbol)
            else:
                found += self.made_bases(class_.enclosing, value)
        remade = self.remade(class_)
        return found if remade is None else [*found, remade]

    def made_bases(self, scope: Scope, expr: o.Node) -> Iterator[Class | External]:
        """A base that a call makes, by the function's name, and what that inherits in turn.

        `declarative_base(cls=Model)`, `registry().generate_base()`
        """
        symbol = self.resolve(scope, expr) if not isinstance(expr, o.Call) else None
        call, where = (symbol.value, symbol.scope) if isinstance(symbol, Variable) else (expr, scope)
        if not isinstance(call, o.Call):
            return
        generated = isinstance(call.func, o.Attribute) and call.func.attr == "generate_base"
        made = External("sqlalchemy.orm.declarative_base") if generated else self.external(where, call.func)
        if made is None:
            return
        yield made
        inherited = self.resolve(where, call.given("cls"))
        if isinstance(inherited, Class):
            yield inherited

    def remade(self, class_: Class) -> External | None:
        """What makes a declarative base of a class under its own name: `Base = declarative_base(cls=Base)`."""
        for binding in class_.enclosing.bindings.get(class_.name, ()):
            if isinstance(binding.value, o.Call) and o.dotted(binding.value.given("cls")) == class_.name:
                return External("sqlalchemy.orm.declarative_base")
        return None

    def mro(self, class_: Class) -> tuple[Class | External, ...]:
        """The class and its ancestors, nearest first; cycles are cut."""
        cached = self._mro_cache.get(class_)
        if cached is not None:
            return cached
        self._mro_cache[class_] = (class_,)
        lines = [self.mro(base) if isinstance(base, Class) else (base,) for base in self.bases(class_)]
        self._mro_cache[class_] = (class_, *_merge(lines))
        return self._mro_cache[class_]

    def own(self, symbol: object) -> list[Class]:
        """The classes of the application that a class is, or inherits, nearest first."""
        return [base for base in self.mro(symbol) if isinstance(base, Class)] if isinstance(symbol, Class) else []

    def foreign(self, symbol: Symbol | None) -> list[External]:
        """The classes of libraries that a class is, or inherits, nearest first."""
        if isinstance(symbol, External):
            return [symbol]
        return [base for base in self.mro(symbol) if isinstance(base, External)] if isinstance(symbol, Class) else []

    def is_subclass(self, class_: Class, base: Class | str) -> bool:
        """Whether `class_` is or inherits `base`: a class of the application or a dotted foreign name."""
        return any(
            ancestor is base or (isinstance(ancestor, External) and ancestor.dotted == base)
            for ancestor in self.mro(class_)
        )

    def are_related(self, one: Class, other: Class) -> bool:
        """Whether one of two classes of the application is, or inherits, the other."""
        return self.is_subclass(one, other) or self.is_subclass(other, one)


def _is_ahead(binding: Binding, expr: o.Name) -> bool:
    """Whether a method is defined behind the use of a name: the `list` of what decorates `def list(self)`."""
    return isinstance(binding.definition, Function) and expr.start < binding.definition.node.name_start


def _deepest_first(roots: Iterable[str]) -> list[str]:
    return sorted(roots, key=lambda root: (-root.count(os.sep), root))


def _absolute_tops(statement: o.Node) -> list[str]:
    """The first names of what a statement imports absolutely."""
    if isinstance(statement, o.ImportFrom):
        return [] if statement.level else [statement.module.partition(".")[0]]
    if isinstance(statement, o.Import):
        return [alias.name.partition(".")[0] for alias in statement.names]
    return []


def _merge(lines: Iterable[Sequence[Class | External]]) -> Iterator[Class | External]:
    """C3's order where it exists; an ancestor comes after all of its descendants."""
    stacks = [list(reversed(line)) for line in lines if line]
    waiting = Counter(item for stack in stacks for item in stack[:-1])
    done: set[Class | External] = set()
    while stacks:
        head = next((stack[-1] for stack in stacks if not waiting[stack[-1]]), stacks[0][-1])
        yield head
        done.add(head)
        for stack in stacks:
            while stack and stack[-1] in done:
                stack.pop()
                if stack:
                    waiting[stack[-1]] -= 1
        stacks = [stack for stack in stacks if stack]


def _folders_of(paths: Mapping[str, object]) -> set[str]:
    folders: set[str] = set()
    for path in paths:
        for folder in folders_above(os.path.dirname(path)):
            if folder in folders:
                break
            folders.add(folder)
    return folders


def _is_below(folder: str, root: str) -> bool:
    return folder == root or folder.startswith(root if root.endswith(os.sep) else root + os.sep)
