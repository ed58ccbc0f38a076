"""What the methods of a session give and do: they run statements, write what has changed, and load anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model
from fapi_lint.project.objects.links import ANY, BELOW, Path
from fapi_lint.project.objects.origins import UNKNOWN, Objects, Origin, Result, Statement, Values, either, first
from fapi_lint.project.objects.places import names_of

if TYPE_CHECKING:
    from fapi_lint.project.objects.calls import Calls

_RUNS = frozenset(["execute", "scalars", "scalar", "stream", "stream_scalars", "exec"])


class SessionCalls:
    """The sessions of one function."""

    def __init__(self, calls: Calls) -> None:
        self.calls = calls
        self.walk = calls.walk
        self.objects = calls.objects
        self.project = calls.project
        self.scope = calls.scope

    def call(self, node: o.Call, func: o.Attribute, is_awaited: bool) -> Values | None:
        """What a method of a session gives; None if it is none."""
        name, walk = func.attr, self.walk
        if name in _RUNS and node.args and not node.args[0].star:
            return self.run(node, func, is_awaited)
        if name in ("get", "get_one") and len(node.args) > 1:
            return self.get(node, func, is_awaited)
        if name == "query" and node.args:
            models = tuple(self.calls.model(arg.value) for arg in node.args)
            if any(models):
                self.calls.arguments(node)
                return frozenset([Statement(models, frozenset(), is_query=True)])
            return None
        if name in ("refresh", "expire") and node.args:
            self.refresh(node, func, is_awaited)
            return UNKNOWN
        if name in ("commit", "flush") and not node.args and self.may_be_session(func.value):
            self.flush(node, func, is_awaited)
            return UNKNOWN
        if name in ("rollback", "expire_all") and self.may_be_session(func.value):
            known = {
                value.origin for values in walk.state.names.values() for value in values if isinstance(value, Objects)
            }
            walk.state.gone |= {(each, ANY) for each in known if each.kind != "new" or walk.facts(each).is_persistent}
        if name == "expire_all" and self.may_be_session(func.value):
            for origin, at in self.drops(node, func, is_awaited):
                walk.set_facts(origin, walk.facts(origin).expired(at))
            return UNKNOWN
        if name in ("add", "add_all", "delete", "expunge") and self.may_be_session(func.value):
            arguments = self.calls.arguments(node)
            if name == "delete" and len(arguments) == 1:
                self.delete(node, func, arguments[0][1])
            return UNKNOWN
        if name == "run_sync":
            for inner in o.walk(*(arg.value for arg in node.args)):
                if isinstance(inner, o.Name):
                    self.calls.lose(walk.state.names.get(inner.id, UNKNOWN))
            return UNKNOWN
        return None

    def get(self, node: o.Call, func: o.Attribute, is_awaited: bool) -> Values | None:
        model = self.calls.model(node.args[0].value)
        if model is None:
            return None
        self.calls.arguments(node)
        is_async = self.is_async(func.value, is_awaited)
        origin = self.objects.places.origin("get", self.walk, node, model, is_async)
        options = node.given("options")
        loaded: frozenset[Path] | None = frozenset()
        if options is not None:
            items = options.items if isinstance(options, o.Collection) else (options,)
            loaded = self.objects.links.options(self.scope, items)
        loaded = frozenset([(BELOW,)]) if loaded is None else loaded
        self.calls.loads(origin, loaded)
        if node.argument("populate_existing") is not None:
            self.populate(node.args[1].value, model, loaded)
        return frozenset([Objects(origin)])

    def populate(self, key: o.Node, model: Model, loaded: frozenset[Path]) -> None:
        """`get(Post, post.id, populate_existing=True)` loads what the name holds already."""
        for value in self.walk.value(key.value) if isinstance(key, o.Attribute) else ():
            if isinstance(value, Objects) and not value.path and self.objects.model_of(value) is model:
                self.walk.set_facts(value.origin, self.walk.facts(value.origin).populated(loaded))

    def run(self, node: o.Call, func: o.Attribute, is_awaited: bool) -> Values | None:
        statements = [value for value in self.walk.value(node.args[0].value) if isinstance(value, Statement)]
        if not statements:
            self.written(node, func, is_awaited)
            return None
        statement = replace(either(statements), is_query=False)
        entities = statement.entities
        is_async = self.is_async(func.value, is_awaited)
        result = self.calls.executed(statement, node.args[0].value, is_async=is_async)
        if func.attr == "scalar":
            return first(Result(result.row, is_scalar=True))
        scalar = func.attr in ("scalars", "stream_scalars") or (func.attr == "exec" and len(entities) == 1)
        return frozenset([Result(result.row, scalar)])

    # --- what is written -----------------------------------------------------------------------------

    def written(self, node: o.Call, func: o.Attribute, is_awaited: bool) -> None:
        """`execute(delete(Comment).where(…))`"""
        call: o.Node = node.args[0].value
        while isinstance(call, o.Call) and isinstance(call.func, o.Attribute) and isinstance(call.func.value, o.Call):
            call = call.func.value
        if not isinstance(call, o.Call) or not call.args:
            return
        symbol = self.project.resolver.external(self.scope, call.func)
        if symbol is not None and symbol.is_orm and symbol.name in ("delete", "update"):
            model = self.calls.model(call.args[0].value)
            if model is not None:
                self.rows(model, node, func, is_awaited)

    def rows(self, model: Model, node: o.Call, func: o.Attribute, is_awaited: bool) -> None:
        """A statement deletes or updates rows, whatever collections hold them."""
        walk = self.walk
        walk.summary.rows.append((model, self.place(node, func, is_awaited)))
        for origin, at in self.drops(node, func, is_awaited):
            facts = walk.facts(origin)
            walk.set_facts(origin, facts.wrote(facts.writes.statement(model, at)))

    def delete(self, node: o.Call, func: o.Attribute, values: Values) -> None:
        """Deleting an object reads its collections, which may hold what a statement has deleted or taken away."""
        for value in values:
            if isinstance(value, Objects) and not value.many:
                model = self.objects.model_of(value)
                if model is not None:
                    self.walk.state.deleted.add(model)
                at = self.objects.places.delete(self.walk, node, self.walk.module.slice(func.value))
                self.objects.stale.delete(self.walk, value.origin, value.path, self.walk.facts(value.origin), at)

    def refresh(self, node: o.Call, func: o.Attribute, is_awaited: bool) -> None:
        names = node.given("attribute_names", 1)
        for value in self.walk.value(node.args[0].value):
            if not isinstance(value, Objects):
                continue
            facts = self.walk.facts(value.origin)
            if names is not None:
                items = names.items if isinstance(names, o.Collection) else ()
                paths = [(*value.path, item.value) for item in items if isinstance(item, o.String) and item.value]
                gone = {(value.origin, path[-1]) for path in paths if not value.path}
                self.walk.state.gone -= gone
                if func.attr == "expire":
                    self.walk.state.gone |= gone
                    self.walk.set_facts(value.origin, facts.wrote(facts.writes.load(frozenset(paths))))
                elif not paths:
                    self.walk.make_opaque(value)
                else:
                    self.walk.set_facts(value.origin, facts.load(*paths))
            elif not value.path:
                self.walk.state.gone = {each for each in self.walk.state.gone if each[0] is not value.origin}
                if func.attr == "expire":
                    self.walk.state.gone.add((value.origin, ANY))
                self.walk.state.forget(value.origin)
                at = self.place(node, func, is_awaited, value.origin)
                self.walk.set_facts(value.origin, facts.refreshed(at) if func.attr == "refresh" else facts.expired(at))
            elif func.attr == "refresh":
                self.walk.set_facts(value.origin, facts.wrote(facts.writes.load(frozenset([(*value.path, BELOW)]))))

    def flush(self, node: o.Call, func: o.Attribute, is_awaited: bool) -> None:
        walk, summary = self.walk, self.walk.summary
        expires = func.attr == "commit" and self.objects.expires and self.is_async(func.value, is_awaited)
        summary.expires |= expires
        summary.flush = summary.flush or self.place(node, func, is_awaited)
        pending = self.pending()
        summary.rows += [(model, self.place(node, func, is_awaited)) for model in pending]
        for origin, at in self.drops(node, func, is_awaited):
            facts = walk.facts(origin)
            facts = facts.expired(at) if expires else facts.flushed(at)
            for model, own in pending.items():
                if origin not in own and not expires:
                    facts = facts.wrote(facts.writes.statement(model, at))
            walk.set_facts(origin, facts)
        self.walk.state.deleted.clear()
        walk.state.gone |= walk.state.computed
        walk.state.computed.clear()

    def pending(self) -> dict[Model, set[Origin]]:
        """The models of which a flush writes rows that collections may not hold, with the objects that are written."""
        state, links = self.walk.state, self.objects.links
        found: dict[Model, set[Origin]] = {model: set() for model in state.deleted}
        for origin, facts in state.facts.items():
            model = origin.model
            if model is None:
                continue
            keys = {link.key for link in links.of(model).values() if link.key}
            is_moved = any(len(path) == 1 and path[0] in keys for path in facts.writes.changed)
            if is_moved or (origin.kind == "new" and not facts.is_persistent and origin in state.handed):
                found.setdefault(model, set()).add(origin)
        return found

    def held(self) -> list[Origin]:
        """The origins of all objects that a session may have, those of parameters included."""
        facts, handed = self.walk.state.facts, self.walk.state.handed
        found = [each for each in facts if each.kind != "new" or each in handed or facts[each].is_persistent]
        return list({**dict.fromkeys(found), **dict.fromkeys(self.walk.summary.params.values())})

    def drops(self, node: o.Call, func: o.Attribute, is_awaited: bool) -> list[tuple[Origin, Origin]]:
        """All origins, with the place after which their objects have to be loaded anew."""
        session, is_async = self.walk.module.slice(func.value), self.is_async(func.value, is_awaited)
        names, places = names_of(self.walk), self.objects.places
        return [(each, places.drop(self.walk, node, session, is_async, each, names)) for each in self.held()]

    def place(self, node: o.Call, func: o.Attribute, is_awaited: bool, origin: Origin | None = None) -> Origin:
        """The place after which an object has to be loaded anew."""
        session, is_async = self.walk.module.slice(func.value), self.is_async(func.value, is_awaited)
        return self.objects.places.drop(self.walk, node, session, is_async, origin, names_of(self.walk))

    def is_async(self, receiver: o.Node, is_awaited: bool) -> bool:
        return is_awaited or self.project.sessions.kind(self.project.types.of(self.scope, receiver)) == "async"

    def may_be_session(self, receiver: o.Node) -> bool:
        found = self.project.types.of(self.scope, receiver)
        return found is None or self.project.sessions.kind(found) is not None
