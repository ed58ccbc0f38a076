"""Where synchronous sessions go: from engine to maker to session, from function to function, into attributes.

What shares a session is joined to one set: it can become asynchronous together, or not at all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import parse_annotation
from fapi_lint.project.asynchrony.blocks import Code
from fapi_lint.project.asynchrony.relationships import dynamic_names, lazy_relationships
from fapi_lint.project.asynchrony.roles import ASYNC_CLASSES, Role, carried, role_of
from fapi_lint.project.asynchrony.starting import Starting
from fapi_lint.project.asynchrony.strays import asked, is_stray
from fapi_lint.project.graph import DisjointSets
from fapi_lint.project.inference.assuming import AssumingTypes
from fapi_lint.project.inference.type import Type, agreed, iterated, orm
from fapi_lint.project.module import Module
from fapi_lint.project.search import other_names, places
from fapi_lint.project.symbols import Class, External, Function, Parameter, Scope, Variable
from fapi_lint.project.traversal import Parents, assigned, blocks

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

# fmt: off
Kind: TypeAlias = Literal[
    "await", "enter", "manager", "reenter", "iterate", "stream", "collect", "anext", "run", "class", "engine", "maker",
    "session", "sync_engine", "sync_session", "sync_connection", "create_all", "run_sync", "method", "dynamic",
    "unthread", "at_start", "at_once",
]
# fmt: on
Key: TypeAlias = Hashable
"""A function, a class that holds a session, or the path and name of a variable or statement of a module."""

SEEDS = frozenset(
    [
        *("create_engine", "engine_from_config", "scoped_session", "create_session", "object_session", "Transaction"),
        *ASYNC_CLASSES,
    ]
)


class Change(Struct, frozen=True, eq=False):
    """Something to be written otherwise; `parents` are the nodes around it, innermost first."""

    kind: Kind
    module: Module
    node: o.Node
    parents: tuple[o.Node, ...] = ()
    detail: tuple[str, ...] = ()
    """For a dynamic relationship, the session and the method that executes the query."""


class Obstacle(Struct, frozen=True, eq=False):
    """What keeps a session synchronous: "`db` is passed to `paginate()`"."""

    module: Module
    node: o.Node
    text: str
    is_shared: bool = False
    """Whether a test client that runs in the loop of the test removes it."""


class Part(Struct, eq=False):
    """A function, or a statement outside of functions, and what it does with sessions."""

    key: Key
    module: Module
    function: Function | None
    scope: Scope
    changes: list[Change] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    unclear: list[Obstacle] = field(default_factory=list)
    """What may work with a session of the application, and nobody can tell."""
    touches: bool = False
    """Whether anything synchronous is in it."""


class SessionFlow:
    """Reads the parts of an application that mention sessions, until nothing new turns up."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.sessions = project.sessions
        self.sets = DisjointSets()
        self.parts: dict[Key, Part] = {}
        self.types = AssumingTypes(project)
        self.starting = Starting(project)
        self.dynamic = dynamic_names(project)
        self.other_names = other_names(project.modules)
        self.words: set[str] = set(SEEDS | project.sessions.session_classes | self.dynamic)
        self.fresh_words: set[str] = set(self.words)
        self.touched: dict[Function, None] = {}
        self.dirty: dict[Function, None] = {}
        self.producers: dict[Function, None] = {}
        self._given_to_tests: dict[str, list[Function]] = {}
        """The fixtures among the producers, by what tests call them."""
        self.loose: list[Obstacle] = []
        """What no asynchronous session of the application would survive."""
        self.loose += [Obstacle(*found) for found in lazy_relationships(project)]
        for class_ in project.factories.with_sessions:
            text = f"`{class_.name}` of factory_boy adds what it makes to a synchronous session"
            self.loose.append(Obstacle(class_.module, class_.node, text))
        self._unknown: list[Obstacle] = []
        """What is surely a session, and nobody can tell which."""
        self._statements: dict[tuple[Module, int], tuple[o.Node, Class | None]] = {}
        """Those outside of functions that are still to be read; with the class, if one annotates its attribute."""
        self._read()

    def role(self, type_: Type | None) -> Role | None:
        return role_of(self.sessions, type_)

    def carries(self, type_: Type | None) -> bool:
        return carried(self.sessions, type_)

    # --- reading -----------------------------------------------------------------------------------

    def _read(self) -> None:
        from fapi_lint.project.asynchrony.reader import Reader

        for module in self.project.modules:
            for name in module.scope.renamed(SEEDS):
                self.add_word(name)
        for word in list(self.words):
            self._add_other_names(word)
        while self.fresh_words or self.dirty:
            while self.fresh_words:
                self._spread()
            dirty, self.dirty = self.dirty, {}
            for function in dirty:
                self.parts[function] = Reader(self, function.module).function(function)
            statements, self._statements = self._statements, {}
            for (module, start), (statement, owner) in statements.items():
                key = module.path, start
                if key not in self.parts:
                    self.parts[key] = Reader(self, module).statement(key, statement)
                    if owner is None:
                        for name in _names_bound(statement):
                            self.sets.join(key, (module.path, name))
                    elif self.parts[key].touches:
                        self.sets.join(key, owner)
            if not self.fresh_words and not self.dirty:
                for function in list(self.touched):
                    self.wrapped_instance(function)
                    self.wrapped_parameters(function)
                for function in list(self.touched):
                    self.fixture_parameters(function)
                if not self.fresh_words and not self.dirty:
                    self._strays()
        for function in [key for key in self.parts if isinstance(key, Function) and self.sessions.is_callback(key)]:
            del self.parts[function]  # SQLAlchemy calls them with synchronous sessions, whatever the application has.
        self.loose += self._unknown
        self.loose += [obstacle for part in self.parts.values() for obstacle in part.unclear]

    def _strays(self) -> None:
        """What nobody is seen to give its session: it is one of the application's, if a parameter takes it."""
        self._unknown = []
        for code, func, above in self._asked:
            if not is_stray(self, code, func, above):
                continue
            taken = self.project.resolver.resolve(code.scope, func.value)
            if isinstance(taken, Parameter) and taken.node.annotation is None and taken.node.kind[:1] != "*":
                self.assume(taken.function, taken.node, orm("Session"))
            else:
                text = f"nobody can tell whose session `{' '.join(code.module.slice(func.value).split())}` is"
                self._unknown.append(Obstacle(code.module, func, text))

    @cached_property
    def _asked(self) -> list[tuple[Code, o.Attribute, Parents]]:
        return list(asked(self))

    def add_word(self, word: str) -> None:
        if word not in self.words:
            self.words.add(word)
            self.fresh_words.add(word)
            self._add_other_names(word)

    def _add_other_names(self, word: str) -> None:
        for other in self.other_names.get(word, ()):
            self.add_word(other)

    def _spread(self) -> None:
        """Look at everything that mentions one of the fresh words."""
        words, self.fresh_words = self.fresh_words, set()
        hits: dict[Module, list[int]] = {}
        for word in sorted(words):
            for module in self.project.references.mentioning(word):
                if word not in SEEDS or word not in self._foreign_seeds(module):
                    hits.setdefault(module, []).extend(places(module.text, word))
        for module in sorted(hits, key=lambda module: module.path):
            self._mentioned(module, sorted(hits[module]))

    def _foreign_seeds(self, module: Module) -> frozenset[str]:
        """Words that stand for SQLAlchemy's classes elsewhere, and for something else in this file."""
        if "sqlalchemy" in module.text or "sqlmodel" in module.text:
            return frozenset()
        known = module.scope.bindings.keys()
        own = {n for n in SEEDS & known if isinstance(self.project.resolver.member(module, n), External)}
        return SEEDS - own if not module.scope.stars else frozenset()

    def _mentioned(self, module: Module, hits: list[int]) -> None:
        def has(start: int, end: int) -> bool:
            index = bisect_left(hits, start)
            return index < len(hits) and hits[index] < end

        for statement in _statements_outside(module.outline.body):
            if has(statement.start, statement.end) and not isinstance(statement, (o.Import, o.ImportFrom)):
                self._statements[module, statement.start] = statement, None
                self._bound_by(module.scope, statement)
        for class_ in module.scope.all_classes():
            if has(class_.node.outer_start, class_.node.end):
                for name, bindings in class_.scope.bindings.items():
                    if any(isinstance(b.statement, (o.AnnAssign, o.Assign)) for b in bindings):
                        self._held(class_, name)
                for statement in class_.node.body:
                    if isinstance(statement, o.AnnAssign) and has(statement.start, statement.end):
                        self._statements[module, statement.start] = statement, class_
        for function in module.scope.all_functions():
            if has(function.node.outer_start, function.node.end):
                self.touch(function)
                if self.sessions.is_callback(function) and function.parent is None:
                    for decorator in function.node.decorators:  # @event.listens_for(engine, "connect")
                        self._statements[module, decorator.start] = decorator, None

    def touch(self, function: Function) -> None:
        """Read a function, once more if it has been read."""
        self.touched[function] = None
        self.dirty[function] = None
        self.fixture_parameters(function)
        if isinstance(function.parent, Class):
            for name in (*function.parent.attribute_assignments, function.name):  # Which may be a property.
                self._held(function.parent, name)
        if function not in self.producers and self.carries(self.given_by(function)):
            self.producers[function] = None
            word = self.fixtures.get(function, function.name)
            if function in self.fixtures:
                self._given_to_tests.setdefault(word, []).append(function)
            self.add_word(word)
        if function.module.text.find("def ", function.node.body_start, function.node.end) >= 0:
            for nested in function.scope.all_functions():
                self.touch(nested)

    def _held(self, class_: Class, name: str) -> None:
        if self.role(self.types.attribute(Type(class_), name)):
            self.add_word(name)

    def _bound_by(self, scope: Scope, statement: o.Node) -> None:
        for name in _names_bound(statement):
            node = o.Name(statement.start, statement.end, name)
            if self.carries(self.types.of(scope, node)) or self.carries(self.types.of_annotation(scope, node)):
                self.add_word(name)

    def hold(self, tail: str, type_: Type) -> bool:
        """`request.state.db` holds a session wherever it is read; False if it may hold something else as well."""
        self.add_word(tail.rpartition(".")[2])
        return self.types.hold(tail, type_)

    def held(self, dotted: str) -> Type | None:
        """The session that `request.state.db` holds."""
        return self.types.in_state(dotted)

    def assume(self, function: Function, param: o.Param, type_: Type) -> None:
        """A parameter without annotation is given a session."""
        if self.types.assumed(function, param.name) == type_:
            return
        self.types.assume(function, param.name, type_)
        self.touch(function)
        if isinstance(function.parent, Class):
            for method in function.parent.methods:
                self.touch(method)

    def wrapped_instance(self, function: Function) -> None:
        """`def wrapper(self, *args)` is called with the instances whose methods are decorated: one that is like all."""
        decorating = self.project.decorators.by_wrapper(function)
        param = next(iter(function.node.params), None)
        if decorating is None or param is None or param.kind[:1] == "*" or param.annotation is not None:
            return
        owners = dict.fromkeys(method.parent for method, _ in self.project.decorators.decorated(decorating))
        classes = [owner for owner in owners if isinstance(owner, Class)]
        names = {
            node.attr
            for node in o.walk(*function.node.body)
            if isinstance(node, o.Attribute) and node.attr in self.words
        }
        if len(classes) < len(owners) or not classes or not names:
            return
        held = [{name: self.role(self.types.attribute(Type(class_), name)) for name in names} for class_ in classes]
        if any(each != held[0] for each in held) or not any(held[0].values()):
            return
        for class_ in classes:
            self.sets.join(function, class_)
        self.assume(function, param, Type(classes[0]))

    def wrapped_parameters(self, function: Function) -> None:
        """`def wrapper(db, *args)` is called with what the functions take that it is put around."""
        for decorating in self.project.decorators.on(function):
            wrapper, decorated = decorating.wrapper, self.project.decorators.decorated(decorating)
            for index, param in enumerate(wrapper.node.params):
                if param.kind not in ("positional", "normal") or param.annotation is not None:
                    continue
                taken = [f.node.params[index] if index < len(f.node.params) else None for f, _ in decorated]
                pairs = zip(decorated, taken, strict=True)
                given = agreed(self.types.of_parameter(f, p) if p is not None else None for (f, _), p in pairs)
                if given is not None and self.role(given) is Role.SESSION:
                    for other, _ in decorated:
                        self.sets.join(wrapper, other)
                    self.assume(wrapper, param, given)

    # --- fixtures ----------------------------------------------------------------------------------

    @cached_property
    def fixtures(self) -> dict[Function, str]:
        """What tests call the fixtures."""
        return {fixture.function: fixture.name for fixture in self.project.fixtures.all}

    def fixture_parameters(self, function: Function) -> None:
        """The parameters of a test or fixture are what fixtures of their names give."""
        if self.project.purposes.of(function.module) != "test":
            return
        if function not in self.fixtures and not function.name.startswith("test"):
            return
        for param in function.node.params:
            for fixture in self._given_to_tests.get(param.name, ()):
                if fixture is function:
                    continue
                self.sets.join(function, fixture)
                result = self.given_by(fixture)
                given = iterated(result) if fixture.node.is_generator else result
                if given is not None and param.annotation is None:
                    self.assume(function, param, given)

    def given_by(self, function: Function) -> Type | None:
        """What a function gives; pytest takes that from a fixture as if it were not decorated."""
        fixture = function in self.fixtures
        return self.types.undecorated(function) if fixture else self.types.returned(function)

    # --- names -------------------------------------------------------------------------------------

    def origin(self, scope: Scope, expr: o.Node) -> Key | None:
        """What binds a name: a variable of a module, a function that gives sessions, the function it is local to."""
        if isinstance(expr, o.Name):
            found = scope.lookup(expr.id)
            if found is not None and isinstance(found[0].owner, Function):
                definition = found[1][-1].definition
                return definition if definition in self.producers else found[0].owner
        symbol = self.project.resolver.named(scope, expr)
        if isinstance(symbol, Variable):
            return symbol.module.path, symbol.name
        return symbol if isinstance(symbol, Function) and symbol in self.producers else None

    def class_named(self, scope: Scope, expr: o.Node | None) -> External | None:
        """The synchronous class of SQLAlchemy's that an expression names."""
        expr = parse_annotation(expr)
        if isinstance(expr, o.Name) and _is_local(scope, expr.id):
            return None
        symbol = self.project.resolver.named(scope, expr)
        found = isinstance(symbol, External) and symbol.is_orm and symbol.name in ASYNC_CLASSES
        return symbol if found and isinstance(symbol, External) else None


def _is_local(scope: Scope, name: str) -> bool:
    """Whether a function binds a name itself, otherwise than by an import."""
    found = scope.lookup(name)
    return (
        found is not None
        and isinstance(found[0].owner, Function)
        and not any(isinstance(binding.node, o.Alias) for binding in found[1])
    )


def _names_bound(statement: o.Node) -> Iterator[str]:
    if isinstance(statement, o.TypeStatement):
        yield statement.name
    yield from (target.id for target in assigned(statement) if isinstance(target, o.Name))


def _statements_outside(body: Iterable[o.Node]) -> Iterator[o.Node]:
    """The simple statements and headers of a module's own code, those of functions and classes left out."""
    for statement in body:
        if isinstance(statement, (o.If, o.Try)):
            # What stands under a condition binds names of its own.
            for block in blocks(statement):
                yield from _statements_outside(block)
        elif not isinstance(statement, (o.FunctionDef, o.ClassDef)):
            yield statement
