"""What one function or statement does with synchronous sessions: what changes when they become asynchronous."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation, union_members
from fapi_lint.project.asynchrony.awaiting import hindrance
from fapi_lint.project.asynchrony.construction import construct
from fapi_lint.project.asynchrony.flow import Change, Key, Kind, Obstacle, Part
from fapi_lint.project.asynchrony.passing import argument, given_by_keyword
from fapi_lint.project.asynchrony.relationships import chain_of
from fapi_lint.project.asynchrony.roles import STREAMS, Role, Use, streams, use_of
from fapi_lint.project.asynchrony.strays import SURELY
from fapi_lint.project.asynchrony.surroundings import is_override, is_shadowed, is_target, leaf, root
from fapi_lint.project.asynchrony.threads import threaded
from fapi_lint.project.inference import signatures
from fapi_lint.project.inference.type import Type
from fapi_lint.project.symbols import Binding, Class, External, Function, Scope
from fapi_lint.project.traversal import Parents, ancestors, assigned, paths

if TYPE_CHECKING:
    from fapi_lint.project.asynchrony.flow import SessionFlow
    from fapi_lint.project.module import Module

_WORDS = re.compile(r"\w+")
_GIVING = frozenset(["begin", "begin_nested", "connect", "connection", "execution_options", "next"])
"""Methods and builtins whose calls may give something synchronous, whatever it is called."""


class Reader:
    """Reads one part of a module."""

    def __init__(self, flow: SessionFlow, module: Module) -> None:
        self.flow = flow
        self.module = module
        self.types = flow.types
        self.paths: dict[str, Type] = {}
        """Sessions stored in attributes of something unknown: `request.state.db`."""
        self._known: dict[tuple[Scope, str], Type | None] = {}
        self._possible: dict[tuple[Scope, str], bool] = {}
        self._seen: set[tuple[str, int, int]] = set()

    def function(self, function: Function) -> Part:
        """What a function does, its header included and nested functions left out."""
        self.part = Part(function, self.module, function, function.scope)
        header: list[o.Node] = [node for param in function.node.params for node in (param.annotation,) if node]
        header += [function.node.returns] if function.node.returns is not None else []
        for param in function.node.params:
            given = self.types.of_parameter(function, param)
            if self.flow.carries(given):
                self.part.touches = True
                if given is not None and isinstance(given.symbol, Class):
                    self.obstacle(param, f"`{given.name}` is a session class of the application's own")
            elif param.annotation is not None and self._takes_either(function.enclosing, param.annotation):
                self.obstacle(param, f"`{param.name}` takes sessions of either kind")
        for node in header:
            self.annotation(function.enclosing, node)
        for param in function.node.params:
            if param.default is not None:
                self.walk(function.enclosing, [param])
        self.walk(function.scope, function.scope.body)
        return self.part

    def statement(self, key: Key, statement: o.Node) -> Part:
        """What a statement outside of functions does."""
        self.part = Part(key, self.module, None, self.module.scope)
        self.walk(self.module.scope, [statement])
        return self.part

    def _takes_either(self, scope: Scope, annotation: o.Node) -> bool:
        """`Session | AsyncSession`."""
        members = [member for member in union_members(annotation) if not is_none(member)]
        types = [self.types.of_annotation(scope, member) for member in members]
        return len(types) > 1 and any(self.flow.role(type_) for type_ in types)

    # --- walking -----------------------------------------------------------------------------------

    def annotation(self, scope: Scope, expr: o.Node) -> None:
        if isinstance(expr, o.Name) and expr.id not in self.flow.words:
            return
        meant = parse_annotation(expr)
        for node in o.walk(meant):
            if isinstance(node, o.String) and (inner := parse_annotation(node)) is not None and inner is not node:
                self.annotation(scope, inner)
            elif isinstance(node, o.Call):  # within Annotated
                self.walk(scope, [node])
            elif isinstance(node, (o.Name, o.Attribute)) and leaf(node) in self.flow.words:
                if self.flow.class_named(scope, node) is not None:
                    self.change("class", node, None)
                elif self.flow.carries(self.types.of_annotation(scope, node)):
                    self.join(self.flow.origin(scope, node))

    def walk(self, scope: Scope, body: Iterable[o.Node]) -> None:
        concerned: dict[str, bool] = {}
        words = self.flow.words
        for node, above in paths(body, o.Name, o.Attribute, o.Call):
            kind = type(node)
            if kind is o.Call:
                self.call(scope, node, above)
                continue
            name = node if kind is o.Name else node.value
            if type(name) is o.Name:
                # Most names have nothing to do with sessions: nothing more is asked about them.
                known = concerned.get(name.id)
                if known is None:
                    if kind is o.Name and is_target(node, above):
                        continue  # What is on the right is read first: it may say more about the name.
                    known = concerned[name.id] = self.concerns(scope, name)
                if not known and (kind is o.Name or not (node.attr in words or self.paths)):
                    if kind is o.Attribute:
                        self.unsure(scope, node, above)
                    continue
            if kind is o.Attribute:
                self.attribute(scope, node, above)
            elif not is_target(node, above) and not is_shadowed(node.id, above):
                self.reference(scope, node, self.type_of(scope, node), above)

    def concerns(self, scope: Scope, name: o.Name) -> bool:
        """Whether a name stands for something synchronous, or may carry it."""
        return self.may_be(scope, name.id) and (
            name.id in self.flow.words or self.flow.role(self.type_of(scope, name)) is not None
        )

    def may_be(self, scope: Scope, name: str) -> bool:
        """Whether a name may stand for something synchronous, going by the words of what binds it: types cost more."""
        if name in self.flow.words:
            return True
        found = scope.lookup(name)
        if found is None or not isinstance(found[0].owner, Function):
            return False
        where, bindings = found
        known = self._possible.get((where, name))
        if known is not None:
            return known

        def possible() -> bool:
            return any(self._may_bind(where, name, binding) for binding in bindings)

        return self.flow.project.descent.once(self._possible, (where, name), possible, meanwhile=False)

    def _may_bind(self, scope: Scope, name: str, binding: Binding) -> bool:
        if self.types.assumed(scope.owner, name) is not None:
            return True
        parts = [binding.annotation, binding.value]
        if isinstance(binding.statement, o.WithItem):
            parts.append(binding.statement.value)
        elif isinstance(binding.statement, o.For):
            parts.append(binding.statement.iter)
        for part in parts:
            for node, _ in paths((part,), o.Name, o.Attribute, o.String) if part is not None else ():
                kind = type(node)
                if kind is o.Name:
                    if node.id in _GIVING or self._is_variadic(scope, node.id):
                        return True
                    if node.id != name and self.may_be(scope, node.id):
                        return True
                elif kind is o.Attribute:
                    if node.attr in self.flow.words or node.attr in _GIVING:
                        return True
                    if self.paths and o.dotted(node) in self.paths:
                        return True
                elif node.value and not self.flow.words.isdisjoint(_WORDS.findall(node.value)):
                    return True
        return False

    @staticmethod
    def _is_variadic(scope: Scope, name: str) -> bool:
        """Whether a name is `**kwargs`, which may have a session among others."""
        found = scope.lookup(name)
        if found is None or not isinstance(found[0].owner, Function):
            return False
        return any(isinstance(b.node, o.Param) and b.node.kind == "**" for b in found[1])

    def attribute(self, scope: Scope, node: o.Attribute, above: Parents) -> None:
        if node.attr in self.flow.dynamic:
            self.dynamic(scope, node, tuple(ancestors(above)))
        role = self.flow.role(self.type_of(scope, node.value, above))
        if role is not None:
            self.member(scope, role, node, above)
        elif (node.attr in self.flow.words or o.dotted(node) in self.paths) and not (
            is_target(node, above) or is_shadowed(root(node), above)
        ):
            self.reference(scope, node, self.type_of(scope, node), above)
        else:
            self.unsure(scope, node, above)

    def unsure(self, scope: Scope, node: o.Attribute, above: Parents) -> None:
        """A call of something that may be a session of the application, and may be something else."""
        value = node.value
        if not self._is_sent(scope, node, above):
            return
        text = f"nobody can tell whether `{self.module.slice(value)}` is a session"
        if isinstance(value, o.Name) and not is_shadowed(value.id, above) and self._may_be_session(scope, value.id):
            self.obstacle(node, text)
        elif isinstance(value, o.Attribute) and value.attr in self.flow.words and self.types.of(scope, value) is None:
            self.part.unclear.append(Obstacle(self.module, node, text))

    def _is_sent(self, scope: Scope, node: o.Attribute, above: Parents) -> bool:
        """Whether hardly anything but a session has a method that is called: `commit()`, `get(User, id)`."""
        call = above[0] if above is not None else None
        if not isinstance(call, o.Call) or call.func is not node:
            return False
        is_like = use_of(Role.SESSION, node.attr) is Use.AWAITED
        return node.attr in SURELY or (is_like and self.flow.sessions.names_model(scope, call.args))

    def _may_be_session(self, scope: Scope, name: str) -> bool:
        """Whether a name of unknown type is bound to a session among others: `db = db or SessionLocal()`."""
        found = scope.lookup(name) if self.may_be(scope, name) else None
        return found is not None and any(self.flow.role(type_) is Role.SESSION for type_ in self.types.each(*found))

    def reference(self, scope: Scope, node: o.Name | o.Attribute, type_: Type | None, above: Parents) -> None:
        """A name that may stand for something synchronous."""
        parent = above[0] if above is not None else None
        if self.flow.class_named(scope, node) is not None:
            if isinstance(parent, o.Attribute):
                self.obstacle(node, f"`{self.module.slice(parent)}` has no asynchronous form")
            elif not ((isinstance(parent, o.Call) and parent.func is node) or self._is_listened_to(scope, above)):
                self.change("class", node, above)
            return
        role = self.flow.role(type_)
        if role or self.flow.carries(type_) or self._is_producer(scope, node) or self._is_alias(scope, node):
            self.join(self.flow.origin(scope, node))
            if isinstance(node, o.Attribute):
                self._join_holder(scope, node.value)
                if self.flow.held(o.dotted(node)) is not None:
                    self.join(o.dotted(node).partition(".")[2])
            if role is not None and not (isinstance(parent, o.Attribute) and parent.value is node):
                self.bare(scope, role, node, above)

    def _is_listened_to(self, scope: Scope, above: Parents) -> bool:
        """`event.listen(Session, …)`: asynchronous sessions have synchronous ones of that class."""
        arg, rest = above if above is not None else (None, None)
        call = rest[0] if rest is not None else None
        if not isinstance(arg, o.Arg) or not isinstance(call, o.Call) or leaf(call.func) not in signatures.LISTENING:
            return False
        symbol = self.flow.project.resolver.external(scope, call.func)
        return symbol is not None and symbol.is_orm

    def _is_producer(self, scope: Scope, node: o.Node) -> bool:
        return isinstance(self.flow.origin(scope, node), Function)

    def _is_alias(self, scope: Scope, node: o.Node) -> bool:
        return self.flow.carries(self.types.of_annotation(scope, node))

    def _join_holder(self, scope: Scope, value: o.Node) -> None:
        """The object whose attribute a session is: its class, and those of the application above it."""
        holder = self.types.of(scope, value)
        for class_ in self.flow.project.resolver.own(holder and holder.symbol):
            self.join(class_)

    def call(self, scope: Scope, node: o.Call, above: Parents) -> None:
        called = leaf(node.func)
        if not (called in self.flow.words or called in _GIVING or isinstance(node.func, o.Call)) and not self._makes(
            scope, node.func
        ):
            return
        callee = self.types.callee(scope, node.func)
        if isinstance(callee, External) and callee.is_orm:
            construct(self, scope, node, callee, above)
        elif isinstance(callee, Class) and self.flow.sessions.kind(callee) == "sync":
            self.obstacle(node, f"`{callee.name}` is a session class of the application's own")
        role = self.flow.role(self.types.of(scope, node))
        parent = above[0] if above is not None else None
        if role is not None:
            self.part.touches = True
            if not (isinstance(parent, o.Attribute) and parent.value is node):
                self.bare(scope, role, node, above)

    def type_of(self, scope: Scope, expr: o.Node, above: Parents = None) -> Type | None:
        """The type of an expression, if it is one that may have to do with sessions."""
        if isinstance(expr, o.Name):
            if not self.may_be(scope, expr.id):
                return None
            if above is not None and is_shadowed(expr.id, above):
                return None
            key = (scope, expr.id)
            if key not in self._known:
                self._known[key] = self.types.of(scope, expr)
            return self._known[key]
        if isinstance(expr, o.Attribute):
            found = self.paths.get(o.dotted(expr)) or self.flow.held(o.dotted(expr))
            return found or (self.types.of(scope, expr) if expr.attr in self.flow.words else None)
        if isinstance(expr, o.Subscript):
            return self.types.of(scope, expr)
        if isinstance(expr, o.Call):
            func, words = expr.func, self.flow.words
            is_of_holder = isinstance(func, o.Attribute) and leaf(func.value) in words  # `current.get()`
            is_known = is_of_holder or leaf(func) in words or leaf(func) in _GIVING or self._makes(scope, func)
            return self.types.of(scope, expr) if is_known else None
        return None

    def _makes(self, scope: Scope, func: o.Node) -> bool:
        """Whether a parameter is what makes sessions: `def work(factory=SessionLocal)`."""
        return isinstance(func, o.Name) and self.flow.role(self.type_of(scope, func)) is Role.MAKER

    # --- what is done ------------------------------------------------------------------------------

    def member(self, scope: Scope, role: Role, node: o.Attribute, above: Parents) -> None:
        """`session.commit()`, `engine.begin()`."""
        self.part.touches = True
        use = use_of(role, node.attr)
        parent, outer = above if above is not None else (None, None)
        call = parent if isinstance(parent, o.Call) and parent.func is node else None
        written = self.module.slice(node)
        if node.attr == "exec" and role is Role.SESSION and self._is_sqlmodel(scope, node.value):
            use = Use.AWAITED
        if node.attr == "query" and role is Role.SESSION:
            purpose, written = self.flow.project.purposes.of(self.module), " ".join(written.split())
            if purpose in ("application", "test"):
                how = "(FAPI503)" if purpose == "application" else "by hand"
                self.obstacle(node, f"first `{written}()` must become `select()` {how}")
            else:
                self.obstacle(node, f"`{written}()` is part of a {purpose}, which stays synchronous")
        elif use is None:
            known, why = self.type_of(scope, node.value, above), "has no asynchronous form"
            if known is not None and isinstance(known.symbol, External) and known.name == "scoped_session":
                why = "is of a `scoped_session`, which keeps a session for each thread"
            self.obstacle(node, f"`{' '.join(written.split())}` {why}")
        elif use is Use.PLAIN:
            return
        elif use is Use.RUN_SYNC and call is not None and call.args:
            self.change("method", call, outer)
        elif call is None:
            parents = tuple(ancestors(above))
            awaited = threaded(self.flow.project.resolver, scope, node, parents)
            if awaited is None or use in (Use.ENTERED, Use.RUN_SYNC):
                self.obstacle(node, f"`{written}` is handed on uncalled")
            else:
                self.part.changes.append(Change("unthread", self.module, awaited, parents[2:]))
        elif use is not Use.AWAITED and outer is not None and isinstance(outer[0], o.WithItem):
            self.change("enter", outer[0], outer[1])
        elif use is Use.ENTERED:
            self.obstacle(node, f"`{written}()` stands in no `with`")
        elif node.attr == "execution_options" and outer is not None and isinstance(outer[0], o.WithItem):
            self.obstacle(node, f"`{' '.join(written.split())}()` stands in a `with`, and must be awaited")
        elif node.attr in STREAMS and streams(scope, call):
            loop = outer[0] if outer is not None else None
            if outer is not None and isinstance(loop, (o.For, o.Generator)) and loop.iter is call:
                self.change("stream", call, outer)
                self.change("iterate", loop, outer[1])
            else:
                self.obstacle(node, f"`{written}()` streams its rows, and no `for` iterates over them right there")
        else:
            self.change("await", call, outer)

    def _is_sqlmodel(self, scope: Scope, receiver: o.Node) -> bool:
        type_ = self.types.of(scope, receiver)
        return type_ is not None and isinstance(type_.symbol, External) and type_.symbol.package == "sqlmodel"

    def bare(self, scope: Scope, role: Role, node: o.Node, above: Parents) -> None:
        """Something synchronous as a value: entered, bound, passed on."""
        self.part.touches = True
        child, rest = node, above
        while rest is not None:
            parent, rest = rest
            match parent:
                case o.Operation() | o.IfExp() | o.NamedExpr():
                    child = parent
                    continue
                case o.Arg():
                    call = rest[0] if rest is not None else None
                    if isinstance(call, o.Call):
                        argument(self, scope, role, call, parent, rest[1] if rest is not None else None)
                case o.WithItem():
                    self.change("enter", parent, rest)
                case o.Assign() | o.AnnAssign():
                    self.stored(scope, node, parent, child)
                case o.Lambda():
                    if not is_override(ancestors(rest)):
                        self.obstacle(node, f"`{self.module.slice(node)}` is used in a lambda")
                    self.shared(node)
                case o.Yield() | o.Return():
                    if isinstance(node, o.Name) and self.flow.origin(scope, node) not in (None, self.part.key):
                        self.shared(node)
                case o.Param() if role is not Role.MAKER:
                    self.obstacle(node, f"`{self.module.slice(node)}` is the default of a parameter")
                case o.Dict() if self._is_binds(scope, rest):
                    return
                case o.Collection() | o.Dict() | o.Starred() | o.Subscript() | o.Comprehension() | o.Generator():
                    self.obstacle(node, f"`{self.module.slice(node)}` is put into a collection")
                case o.For():
                    self.obstacle(node, f"`{self.module.slice(node)}` is iterated")
            return

    def _is_binds(self, scope: Scope, above: Parents) -> bool:
        """`sessionmaker(binds={User: engine, Event: other})`, which takes asynchronous engines as well."""
        arg, rest = above if above is not None else (None, None)
        call = rest[0] if rest is not None else None
        if not isinstance(arg, o.Arg) or arg.keyword != "binds" or not isinstance(call, o.Call):
            return False
        return self.flow.project.resolver.is_from(scope, call, "sqlalchemy", "sessionmaker", "Session")

    def shared(self, node: o.Node) -> None:
        """A test's own session, given to the application: `TestClient` runs that in another event loop."""
        if "TestClient" in self.module.text and self.flow.project.purposes.of(self.module) == "test":
            text = f"`{self.module.slice(node)}` is shared between the event loops of the test and of `TestClient`"
            self.part.touches = True
            self.part.obstacles.append(Obstacle(self.module, node, text, is_shared=True))

    def stored(self, scope: Scope, node: o.Node, statement: o.Assign | o.AnnAssign, value: o.Node) -> None:
        """A session bound to names and attributes."""
        if statement.value is not value:
            return
        for target in assigned(statement):
            if isinstance(target, o.Attribute):
                if self.flow.held(o.dotted(target)) is None and self.flow.role(self.types.of(scope, target)):
                    self._join_holder(scope, target.value)
                else:
                    self._stored_in_path(scope, target, node)
            elif isinstance(target, o.Subscript) and self._is_variadic(scope, o.dotted(target.value)):
                given_by_keyword(self, scope, target, node)
            elif not isinstance(target, o.Name):
                self.obstacle(node, f"`{self.module.slice(node)}` is put into `{self.module.slice(target)}`")

    def _stored_in_path(self, scope: Scope, target: o.Attribute, node: o.Node) -> None:
        """`request.state.db = SessionLocal()`: fine as long as nobody else reads it."""
        dotted, type_ = o.dotted(target), self.types.of(scope, node)
        tail = dotted.partition(".")[2]
        function = self.part.function
        inside = self.module.text[function.node.start : function.node.end].count(f".{tail}") if function else 0
        everywhere = sum(module.text.count(f".{tail}") for module in self.flow.project.modules)
        if "." in tail and type_ is not None and inside == everywhere:
            self.paths[dotted] = type_
        elif tail.startswith("state.") and tail.count(".") == 1 and type_ is not None and self.flow.hold(tail, type_):
            self.join(tail)
        else:
            self.obstacle(node, f"`{self.module.slice(target)}` is read elsewhere, where its type is not known")

    # --- dynamic relationships ---------------------------------------------------------------------

    def dynamic(self, scope: Scope, node: o.Attribute, parents: tuple[o.Node, ...]) -> None:
        """`user.posts.filter(…)`, which is a query that executes itself."""
        project = self.flow.project
        if isinstance(project.resolver.resolve(scope, node.value), (Class, External)):
            return
        value = project.mapped_values.of(scope, node.value)
        link = None if value is None else project.links.of(value.model).get(node.attr)
        if link is not None and (link.is_lazy or link.is_eager):
            return  # Another model's relationship of that name is the dynamic one.
        found, session = chain_of(node, parents), self.session()
        if found is not None and found[2] == "-":
            return
        if found is None or not session:
            text = f"`{self.module.slice(node)}` is a dynamic relationship, which no asynchronous session loads"
            self.flow.loose.append(Obstacle(self.module, node, text))
        else:
            reason = hindrance(found[0], found[1], self.part.scope)
            if reason is not None:
                self.obstacle(node, f"nothing can be awaited {reason}")
            self.part.changes.append(Change("dynamic", self.module, found[0], found[1], (session, found[2])))

    def session(self) -> str:
        """How the function calls its session."""
        function = self.part.function
        if function is None:
            return ""
        for name, bindings in self.part.scope.bindings.items():
            node = o.Name(bindings[0].node.start, bindings[0].node.end, name)
            if self.flow.role(self.types.of(self.part.scope, node)) is Role.SESSION:
                return name
        if isinstance(function.parent, Class) and function.node.params:
            for name in sorted(self.flow.words):
                if self.flow.role(self.types.attribute(Type(function.parent), name)) is Role.SESSION:
                    return f"{function.node.params[0].name}.{name}"
        return ""

    # --- records -----------------------------------------------------------------------------------

    def join(self, key: Key | None) -> None:
        if key is not None:
            self.part.touches = True
            if key is not self.part.key:
                self.flow.sets.join(self.part.key, key)

    def obstacle(self, node: o.Node, text: str) -> None:
        self.part.touches = True
        self.part.obstacles.append(Obstacle(self.module, node, text))

    def change(self, kind: Kind, node: o.Node, above: Parents) -> None:
        key = (kind, node.start, node.end)
        if key in self._seen:
            return
        self._seen.add(key)
        self.part.touches = True
        parents = tuple(ancestors(above))
        if parents and (isinstance(parents[0], o.Await) or (isinstance(parents[0], o.With) and parents[0].is_async)):
            return  # It is awaited or entered so already, whatever the annotation says.
        if kind in ("await", "enter", "stream", "iterate", "create_all", "run_sync", "method"):
            reason = hindrance(node, parents, self.part.scope)
            elsewhere = self.flow.starting.kind(self.module, parents, self.part.scope) if kind == "create_all" else None
            if elsewhere is not None:
                kind = elsewhere
            elif reason is not None:
                tests = (
                    self.flow.starting.why_not(self.module, parents, self.part.scope) if kind == "create_all" else ""
                )
                self.obstacle(node, f"nothing can be awaited {reason}{tests}")
        self.part.changes.append(Change(kind, self.module, node, parents))
