"""What a module does with sessions: where it makes and names them, queries through them, and forgets to await."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.asynchrony.awaiting import generators_around
from fapi_lint.project.asynchrony.blocks import Code, codes, outer_scopes
from fapi_lint.project.asynchrony.fate import Fate, fate, fate_of_local
from fapi_lint.project.asynchrony.surroundings import is_root_shadowed, leaf
from fapi_lint.project.inference import signatures
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Class, External, Function, Scope
from fapi_lint.project.traversal import Parents, ancestors, assigned, paths
from fapi_lint.project.words import needles
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.asynchrony.sessions import Sessions

_ENGINES = frozenset(["create_engine", "engine_from_config"])
_CONSTRUCTORS = _ENGINES | signatures.MAKERS.keys() | signatures.SYNC_SESSIONS
_PLAIN = ("bool", "int", "float", "str", "bytes", "list", "dict", "set", "frozenset", "tuple", "List", "Dict")


class SessionUse(Struct, frozen=True, eq=False):
    """A place that commits the application to synchronous sessions."""

    module: Module
    node: o.Node
    form: Literal["engine", "maker", "session", "annotation", "alias"]
    name: str
    """The function called, or the class named, as the library or the application calls it."""

    @property
    def place(self) -> Place:
        return self.module.place(self.node)


class _FoundCall(Struct, frozen=True, eq=False):
    module: Module
    function: Function | None
    """The innermost function around the call; None at module level."""
    call: o.Call

    @property
    def place(self) -> Place:
        return self.module.place(self.call)


class QueryCall(_FoundCall, frozen=True, eq=False):
    """A `session.query(…)`."""


class DroppedCoroutine(_FoundCall, frozen=True, eq=False):
    """A call whose coroutine is surely never awaited."""

    fate: Fate
    parent: o.Node
    """The node right around the call."""
    inside_generator: bool
    """Within a generator expression, which an `await` would make asynchronous."""


class Facts(Struct, frozen=True):
    """What a module holds of each kind."""

    uses: list[SessionUse] = field(default_factory=list)
    queries: list[QueryCall] = field(default_factory=list)
    dropped: list[DroppedCoroutine] = field(default_factory=list)


class FactsReader:
    """Reads one module of the application for all facts."""

    def __init__(self, sessions: Sessions, module: Module) -> None:
        self.sessions = sessions
        self.project = sessions.project
        self.types = self.project.types
        self.module = module
        self.facts = Facts()
        self.constructors = _CONSTRUCTORS | sessions.session_classes | module.scope.renamed(_CONSTRUCTORS)
        self.annotated = signatures.SYNC_SESSIONS | (self.constructors - _CONSTRUCTORS)
        text = module.text
        self.constructs = any(name in text for name in self.constructors)
        self.coroutines = sessions.coroutine_names
        self.renamed = module.scope.renamed(self.coroutines)
        words = self.renamed | self.constructors if self.constructs else self.renamed
        self.words = [sessions.coroutine_words, needles(words | {"query"} if ".query" in text else words)]

    def read(self) -> Facts:
        if self.constructs:
            self.aliases()
            for function in self.module.scope.all_functions():
                self.signature(function)
        for code in codes(self.module, *self.words):
            if self.constructs and code.function is not None:
                for nested in code.scope.all_functions():
                    self.signature(nested)
            for node, parents in paths(code.body, o.Call, o.AnnAssign):
                if type(node) is o.Call:
                    self.call(code, node, parents)
                elif self.constructs:
                    self.annotation(code.scope, node.annotation, code.function)
        return self.facts

    def call(self, code: Code, node: o.Call, parents: Parents) -> None:
        name = leaf(node.func)
        if name == "query":
            self.query(code, node, parents)
        if name in self.constructors:
            self.construction(code, node, parents)
        if name in self.coroutines or name in self.renamed or name in code.coroutines:
            self.coroutine(code, node, parents)

    # --- constructions -----------------------------------------------------------------------------

    def construction(self, code: Code, node: o.Call, parents: Parents) -> None:
        callee = self.types.callee(code.scope, node.func)
        form: Literal["engine", "maker", "session"]
        if isinstance(callee, External) and callee.is_orm and callee.name in _CONSTRUCTORS:
            if callee.name in _ENGINES:
                form = "engine"
                if self.is_wrapped(code, parents):
                    return
            elif callee.name in signatures.MAKERS:
                form = "maker"
                made = self.types.calls.result(callee, code.scope, node)
                if made is None or self.sessions.kind(made.arg) != "sync":
                    return
            else:
                form = "session"
        elif isinstance(callee, Class) and self.sessions.kind(callee) == "sync":
            form = "session"
        else:
            return
        if not self.sessions.is_callback(code.function):
            self.facts.uses.append(SessionUse(self.module, node, form, callee.name))

    def is_wrapped(self, code: Code, parents: Parents) -> bool:
        """`AsyncEngine(create_engine(…))`."""
        for parent in ancestors(parents):
            if isinstance(parent, o.Call):
                callee = self.types.callee(code.scope, parent.func)
                return isinstance(callee, External) and callee.is_from("sqlalchemy", "AsyncEngine")
            if not isinstance(parent, o.Arg):
                return False
        return False

    # --- annotations -------------------------------------------------------------------------------

    def aliases(self) -> None:
        """`SessionDep = Annotated[Session, …]`, at the top level and in class bodies."""
        for scope in outer_scopes(self.module.scope):
            for bindings in scope.bindings.values():
                for binding in bindings:
                    value = binding.value
                    if isinstance(value, o.Subscript) and self.project.resolver.external(scope, value.value) is None:
                        continue
                    if isinstance(value, (o.Name, o.Attribute, o.Subscript, o.Operation)):
                        self.annotation(scope, value, None, "alias")

    def signature(self, function: Function) -> None:
        for param in function.node.params:
            if param.annotation is not None:
                self.annotation(function.enclosing, param.annotation, function)
        if function.node.returns is not None:
            self.annotation(function.enclosing, function.node.returns, function)

    def annotation(
        self,
        scope: Scope,
        expr: o.Expr,
        function: Function | None,
        form: Literal["annotation", "alias"] = "annotation",
    ) -> None:
        text = self.module.slice(expr)
        if any(name in text for name in self.annotated):
            found = self.named(scope, expr)
            if found is not None and not self.sessions.is_callback(function):
                node, name = found
                self.facts.uses.append(SessionUse(self.module, node, form, name))

    def named(self, scope: Scope, expr: o.Node) -> tuple[o.Node, str] | None:
        """The first synchronous session class that a type expression names itself, not through an alias.

        A union with something else (`Session | AsyncSession`) takes either and decides nothing.
        """
        union = self.project.resolver.union_members(scope, expr)
        members = [member for member in union if not is_none(member)]
        found = [self.named_by_member(scope, member) for member in members]
        return found[0] if found and all(found) else None

    def named_by_member(self, scope: Scope, member: o.Node) -> tuple[o.Node, str] | None:
        if isinstance(member, (o.Name, o.Attribute)):
            symbol = self.project.resolver.named(scope, member)
            if isinstance(symbol, (External, Class)) and self.sessions.kind(symbol) == "sync":
                return member, symbol.name
            return None
        parts: Iterable[o.Node] = ()
        if isinstance(member, o.Subscript):
            name = self.project.resolver.foreign_name(scope, member.value)
            arguments = () if name == "Literal" else member.items[:1] if name == "Annotated" else member.items
            parts = (member.value, *arguments)
        elif isinstance(member, o.Collection):
            parts = member.items
        return next((found for part in parts if (found := self.named(scope, part))), None)

    # --- queries -----------------------------------------------------------------------------------

    def query(self, code: Code, node: o.Call, parents: Parents) -> None:
        if self.sessions.is_query(code.scope, node, parents):
            self.facts.queries.append(QueryCall(self.module, code.function, node))

    # --- coroutines --------------------------------------------------------------------------------

    def coroutine(self, code: Code, node: o.Call, parents: Parents) -> None:
        if parents is None or type(parents[0]) is o.Await:
            return
        found = fate(node, parents, code.scope)
        if found in (Fate.AWAITED, Fate.HANDED_ON) or is_root_shadowed(node.func, parents):
            return
        if found is Fate.RETURNED and not self.promises_value(code.function):
            return
        if not self.types.calls.gives_coroutine(code.scope, node):
            return
        if found is Fate.ASSIGNED:
            found = self.fate_of_assigned(code, parents)
            if found not in (Fate.DROPPED, Fate.MISUSED):
                return
        inside_generator = bool(generators_around(node, tuple(ancestors(parents))))
        self.facts.dropped.append(
            DroppedCoroutine(self.module, code.function, node, found, parents[0], inside_generator)
        )

    def promises_value(self, function: Function | None) -> bool:
        """Whether a function is an `async def` annotated to return something that is surely no coroutine."""
        if function is None or not function.node.is_async or function.node.returns is None:
            return False
        if is_none(function.node.returns):
            return True
        promised = self.types.of_annotation(function.enclosing, function.node.returns)
        return promised is not None and (isinstance(promised.symbol, Class) or promised.is_standard(*_PLAIN))

    def fate_of_assigned(self, code: Code, parents: Parents) -> Fate:
        while parents is not None:
            statement, parents = parents
            if isinstance(statement, (o.Assign, o.AnnAssign)):
                target = assigned(statement)[0]
                assert isinstance(target, o.Name)
                return fate_of_local(target.id, statement, parents, code.scope)
        return Fate.HANDED_ON
