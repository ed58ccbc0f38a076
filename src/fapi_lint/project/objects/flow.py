"""Where mapped objects go in an application: summaries of functions, put together along the calls and dependencies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TypeAlias, TypeVar

from msgspec import field
from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, only_member
from fapi_lint.project.kept import kept
from fapi_lint.project.mapped import Model
from fapi_lint.project.objects.doubts import Doubts
from fapi_lint.project.objects.links import BELOW, Link, Links, Path, is_loaded
from fapi_lint.project.objects.origins import UNKNOWN, Facts, Objects, Origin, Record, Statement, Value, Values, either
from fapi_lint.project.objects.places import Places, names_of, session_at
from fapi_lint.project.objects.serialisation import Serialisation
from fapi_lint.project.objects.stale import StaleReads
from fapi_lint.project.objects.summary import Read, Summary
from fapi_lint.project.objects.walk import Walk
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable
from fapi_lint.project.words import mentions, needles
from fapi_lint.source.place import Place

_PROPERTIES = frozenset(["property", "cached_property", "hybrid_property"])
_REFRESHING = needles(["refresh"])
_CONTAINERS = frozenset(["list", "List", "Sequence", "Iterable", "set", "Set", "Collection", "tuple", "Tuple"])
Key = TypeVar("Key")
Classes: TypeAlias = "tuple[tuple[str, Class], ...]"
Statements: TypeAlias = "tuple[tuple[str, Statement], ...]"

_DEPTH = 12
"""How many attributes are followed one after the other: what calls itself, or many others, adds some at each step."""


class ObjectFlow(Part):
    """All summaries of an application, and the reads of which the origin is known."""

    reads: dict[tuple[Origin, Path, Origin | None, bool, bool], Read] = field(default_factory=dict)
    """Reads that may emit a query, by what is read of what, and whether something unknown, or one of two branches, may
    have loaded it."""
    _summaries: dict[tuple[Function, Class | None, Classes, Statements], Summary] = field(default_factory=dict)
    _passed: dict[tuple[object, ...], Statement] = field(default_factory=dict)
    places: Places = field(default_factory=Places)
    unreadable: set[Origin] = field(default_factory=set)
    """Queries with options that are not known."""
    _injected: set[Function] = field(default_factory=set)
    _reading: set[tuple[Origin, Path]] = field(default_factory=set)

    @cached_property
    def links(self) -> Links:
        return self.project.links

    serialisation = cached_property(Serialisation)
    stale = cached_property(StaleReads)
    doubts = cached_property(Doubts)

    @cached_property
    def expires(self) -> bool:
        """Whether a commit of an asynchronous session expires its objects: no maker says otherwise."""
        return not self.project.says("expire_on_commit")

    # --- summaries -----------------------------------------------------------------------------------

    def summary(
        self, function: Function, receiver: Class | None = None, classes: Classes = (), statements: Statements = ()
    ) -> Summary:
        """`classes` are the models that parameters stand for, `statements` what they are given to execute."""
        receiver = receiver or self._only_receiver(function)
        key = (function, receiver, classes, statements)

        def found() -> Summary:
            walk = Walk(self, function, receiver, dict(classes), dict(statements))
            summary = self._summaries[key] = walk.run()
            self.serialisation.respond(walk, summary)
            return summary

        # A function that calls itself sees an empty summary.
        return self.project.descent.once(self._summaries, key, found, meanwhile=Summary(function))

    def receiver(self, walk: Walk, function: Function, node: o.Call) -> Class | None:
        """The class of the instance that a method is called on, if that says which model `self.model` is."""
        func, owner = node.func, function.parent
        if not isinstance(func, o.Attribute) or not isinstance(owner, Class) or owner in self.project.models.by_class:
            return None
        type_ = self.project.types.of(walk.scope, func.value)
        found = type_.symbol if type_ is not None and isinstance(type_.symbol, Class) else None
        if isinstance(func.value, o.Call) and o.dotted(func.value.func) == "super":
            found = walk.function.parent if isinstance(walk.function.parent, Class) else None
        if walk.receiver is not None and found is walk.function.parent:
            found = walk.receiver
        return None if found is None or self.project.model_attributes.own(found) is None else found

    def _only_receiver(self, function: Function) -> Class | None:
        """The class of a method that nothing inherits, if it says which model `self.model` is."""
        owner, attributes = function.parent, self.project.model_attributes
        if not isinstance(owner, Class) or owner in self.project.models.by_class or attributes.families.get(owner):
            return None
        return None if attributes.own(owner) is None else owner

    def inject(self, function: Function) -> None:
        """Put together what a handler or dependency does with the objects that its dependencies give it."""
        if function in self._injected:
            return
        self._injected.add(function)
        summary = self.summary(function)
        if summary.params:
            walk = Walk(self, function)
            given = self._given(walk, function)
            for param in function.node.params:
                origin = summary.params.get(param.name)
                if origin is not None and self.project.dependencies.injected(function, param):
                    self.doubts.passed(walk, param, summary, origin, given.get(param.name, UNKNOWN))
            if given:
                self._bind(walk, summary, given, None)

    def injected(self, function: Function) -> tuple[Values, Walk]:
        """What a function returns when FastAPI calls it."""
        summary = self.summary(function)
        walk = Walk(self, function)
        return self._bind(walk, summary, self._given(walk, function), None), walk

    def _given(self, walk: Walk, function: Function) -> dict[str, Values]:
        given: dict[str, Values] = {}
        for param in function.node.params:
            dependency = self.dependency(function, param)
            if dependency is not None and dependency is not function and self.summary(dependency).gives_values:
                values, inner = self.injected(dependency)
                walk.state.facts.update(inner.state.facts)
                walk.state.given.update(inner.state.given)
                given[param.name] = values
        return given

    def dependency(self, function: Function, param: o.Param) -> Function | None:
        """The function whose result FastAPI passes for a parameter."""
        return self.project.dependencies.function_of(self.project.dependencies.injected(function, param))

    def parameter(self, walk: Walk, param: o.Param) -> Values:
        """What a parameter is at the beginning: objects of unknown origin, where it may be mapped objects at all."""
        function = walk.function
        if param.kind in ("*", "**"):
            return UNKNOWN
        model, is_many = None, False
        if isinstance(function.parent, Class) and param is function.node.params[0] and not function.is_static:
            model = self.project.models.by_class.get(function.parent)
            if model is None:
                return UNKNOWN
        elif param.annotation is not None:
            shape = self._annotated(function.enclosing, param.annotation)
            if shape is None:
                return UNKNOWN
            model, is_many = shape
        elif param.default is not None and not is_none(param.default) and self.dependency(function, param) is None:
            return UNKNOWN
        origin = Origin("parameter", function.module, function, param, model)
        walk.summary.params[param.name] = origin
        return frozenset([Objects(origin, (), is_many)])

    def _annotated(self, scope: Scope, annotation: o.Node) -> tuple[Model | None, bool] | None:
        member, is_many = only_member(annotation), False
        if isinstance(member, o.Subscript) and member.items:
            name = o.dotted(member.value).rpartition(".")[2]
            if name not in ("Annotated", "Optional") and name not in _CONTAINERS:
                return None
            shape = self._annotated(scope, member.items[0])
            return None if shape is None else (shape[0], name in _CONTAINERS or shape[1])
        symbol = self.project.resolver.resolve(scope, member)
        if isinstance(symbol, Variable) and symbol.value is not None and isinstance(symbol.value, o.Subscript):
            return self._annotated(symbol.scope, symbol.value)
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
            # What a type variable stands for is told by the caller.
            return (None, is_many) if o.dotted(symbol.value.func).endswith("TypeVar") else None
        if isinstance(symbol, External) and (symbol.is_from("typing", "Any") or symbol.is_from("builtins", "object")):
            return None, is_many
        model = self.project.models.of(symbol)
        return None if model is None else (model, is_many)

    def apply(self, walk: Walk, function: Function, node: o.Call, arguments: list[tuple[o.Arg, Values]]) -> Values:
        """What a call of a function of the application does and gives."""
        params = [param for param in function.node.params if param.kind not in ("*", "**", "keyword")]
        is_bound = isinstance(node.func, o.Attribute) or function.name == "__call__"
        if function.is_method and not function.is_static and params and is_bound:
            params = params[1:]
        decorated = not self.project.types.decoration.is_transparent(function)
        given: dict[str, Values] = {}
        written: dict[str, o.Expr] = {}
        for index, (arg, values) in enumerate(arguments):
            if arg.star or (not arg.keyword and (decorated or index >= len(params))):
                walk.calls.lose(values)
                if mentions(function.node, _REFRESHING):
                    walk.state.gone |= {(value.origin, BELOW) for value in values if isinstance(value, Objects)}
            else:
                name = arg.keyword or params[index].name
                given[name], written[name] = values, arg.value
        if function is walk.function:
            for value in frozenset().union(*given.values()):
                if isinstance(value, Objects):
                    walk.recursion.called(value, walk.module.place(node))
        found = ((name, walk.models.named(expr)) for name, expr in written.items())
        classes = tuple((name, class_) for name, class_ in found if class_ in self.project.models.by_class)
        statements = tuple(self._statements(walk, given, written))
        summary = self.summary(function, self.receiver(walk, function, node), classes, statements)
        for name, origin in summary.params.items():
            if name in written:
                self.doubts.passed(walk, written[name], summary, origin, given[name])
        return self._bind(walk, summary, given, node)

    def _statements(
        self, walk: Walk, given: dict[str, Values], written: dict[str, o.Expr]
    ) -> Iterator[tuple[str, Statement]]:
        """The statements that a call passes; what they lack is added where they are passed."""
        for name, values in given.items():
            statements = [value for value in values if isinstance(value, Statement)]
            if not statements or len(statements) < len(values):
                continue
            value = either(statements)
            passed = value.passed or (walk, written[name])
            key = (passed[0].module.path, passed[1].start, value.entities, value.loaded, value.is_query)
            yield name, self._passed.setdefault(key, replace(value, passed=passed))

    def pass_on(self, walk: Walk, summary: Summary, given: dict[str, tuple[o.Node, Values]]) -> None:
        """What something does that calls a function with these arguments, some time."""
        for name, origin in summary.params.items():
            if name in given:
                self.doubts.passed(walk, given[name][0], summary, origin, given[name][1])
        self._bind(walk, summary, {name: values for name, (_, values) in given.items()}, None)

    def _bind(self, walk: Walk, summary: Summary, given: dict[str, Values], node: o.Call | None) -> Values:
        """Apply a summary to the objects that are passed."""
        bound: dict[Origin, list[Objects]] = {}
        before = dict(walk.state.facts)
        for name, origin in summary.params.items():
            objects = [value for value in given.get(name, ()) if isinstance(value, Objects)]
            bound[origin] = objects
            for value in objects:
                facts = before.get(value.origin, Facts())
                for read in list(summary.reads.get(origin, {}).values()):
                    path = value.path + read.path
                    changed = facts.then(self._moved(walk, summary, node, value, read.facts), value.path)
                    if read.deleted is not None:
                        self.stale.delete(walk, value.origin, path, changed, read.deleted)
                    else:
                        self.read(walk, value.origin, path, changed, read.place, read.obstacle, read.beside)
                change = summary.facts.get(origin)
                if change is not None:
                    change = self._moved(walk, summary, node, value, change)
                    if change.writes.is_read_anew and not value.path:
                        walk.state.forget(value.origin)
                    walk.set_facts(value.origin, walk.facts(value.origin).then(change, value.path))
        if node is not None and (summary.flush is not None or summary.rows):
            self._flushed(walk, summary, node, [value.origin for values in bound.values() for value in values])
        for origin, facts in summary.facts.items():
            if origin.kind != "parameter":
                walk.set_facts(origin, facts)
                walk.state.handed.add(origin)
        for (origin, path), values in summary.given.items():
            values = frozenset(new for value in values for new in self._substituted(value, bound))
            for owner in bound.get(origin, [Objects(origin)]):
                walk.state.give(owner.origin, owner.path + path, values)
        return frozenset(value for own in summary.values for value in self._substituted(own, bound))

    def _moved(self, walk: Walk, summary: Summary, node: o.Call | None, passed: Objects, change: Facts) -> Facts:
        """What a function did to a parameter, as it is for the object that is passed."""
        model = passed.origin.model
        if passed.origin.kind == "new" and not walk.facts(passed.origin).is_persistent:
            change = change.wrote(change.writes.inserted())
        writes = change.writes
        places = [*writes.places, *(at for _, at in writes.rows), *([change.dropped] if change.dropped else [])]
        if node is None or model is None or all(at.model is not None for at in places):
            return change
        # A function that takes any object is no place to load what one model has.
        names = names_of(walk)
        at = {}
        for place in places:
            session = session_at(walk, summary.function, node, place.session)
            at[place] = self.places.drop(walk, node, session, place.is_async, passed.origin, names)
        dropped = None if change.dropped is None else at[change.dropped]
        return replace(change, dropped=dropped, writes=writes.moved(at))

    def _flushed(self, walk: Walk, summary: Summary, node: o.Call, passed: list[Origin]) -> None:
        """What a call writes also concerns objects that are not passed."""
        own, names, drop = walk.summary, names_of(walk), self.places.drop
        others = [origin for origin in walk.calls.session.held() if origin not in passed]
        for model, inner in summary.rows:
            session = session_at(walk, summary.function, node, inner.session)
            own.rows.append((model, drop(walk, node, session, inner.is_async)))
            for origin in others:
                at, facts = drop(walk, node, session, inner.is_async, origin, names), walk.facts(origin)
                walk.set_facts(origin, facts.wrote(facts.writes.statement(model, at)))
        if summary.flush is not None:
            is_async, session = summary.flush.is_async, session_at(walk, summary.function, node, summary.flush.session)
            own.expires |= summary.expires
            own.flush = own.flush or drop(walk, node, session, is_async)
            for origin in others:
                at, facts = drop(walk, node, session, is_async, origin, names), walk.facts(origin)
                walk.set_facts(origin, facts.expired(at) if summary.expires else facts.flushed(at))

    def _substituted(self, value: Value, bound: dict[Origin, list[Objects]]) -> Iterator[Value]:
        if isinstance(value, Objects) and value.origin in bound:
            for passed in bound[value.origin]:
                if len(passed.path) + len(value.path) > _DEPTH:
                    yield from UNKNOWN
                    continue
                yield Objects(passed.origin, passed.path + value.path, value.many or (passed.many and not value.path))
            if not bound[value.origin]:
                yield from UNKNOWN
        elif isinstance(value, Record):
            fields = tuple(
                (name, frozenset(new for inner in values for new in self._substituted(inner, bound)))
                for name, values in value.fields
            )
            yield Record(fields, value.many)
        else:
            yield value

    # --- attributes ------------------------------------------------------------------------------------

    def read(
        self,
        walk: Walk,
        origin: Origin,
        path: Path,
        facts: Facts,
        place: Place,
        obstacle: str | None = None,
        beside: frozenset[str] | None = None,
    ) -> None:
        """Note that the last attribute of a path is read."""
        if len(path) > _DEPTH:
            return
        if walk.state.given and (origin, path) not in self._reading:
            self._reading.add((origin, path))
            try:
                for length in range(1, len(path)):
                    for value in walk.state.given.get((origin, path[:length]), ()):
                        if isinstance(value, Objects):
                            given = walk.facts(value.origin)
                            self.read(walk, value.origin, value.path + path[length:], given, place, obstacle, beside)
            finally:
                self._reading.discard((origin, path))
        self.stale.read(origin, path, facts, place)
        member = self._member(origin.model, path)
        if member is None:
            self._below(walk, origin, path, facts, place)
        elif isinstance(member, Function):
            self._call(walk, origin, path[:-1], facts, member, place)
        elif isinstance(member, tuple):
            for length in range(1, len(member) + 1):
                self.read(walk, origin, (*path[:-1], *member[:length]), facts, place, obstacle)
        elif origin.kind == "parameter":
            walk.recursion.seen.append((origin, path))
            if not is_loaded(path, facts.surely):
                read = Read(origin, path, facts, place, obstacle, beside=beside)
                _note(walk.summary.reads.setdefault(origin, {}), (path, facts), read)
        elif member and origin.model is not None and facts.may_lack(path) and self._may_load(origin, path, facts):
            walk.recursion.seen.append((origin, path))
            is_doubtful = not facts.lacks(path)
            key = (origin, path, facts.dropped, facts.is_opaque, is_doubtful)
            _note(self.reads, key, Read(origin, path, facts, place, obstacle, is_doubtful=is_doubtful, beside=beside))

    def _may_load(self, origin: Origin, path: Path, facts: Facts) -> bool:
        """Whether a link that is not loaded loads when it is read: an eager one does of objects that no query gave."""
        links = self.links_of(origin, path)
        is_eager = bool(links) and links[-1].is_eager
        return not is_eager or (origin.kind == "new" and not facts.writes.is_read_anew)

    def _below(self, walk: Walk, origin: Origin, path: Path, facts: Facts, place: Place) -> None:
        """What only a subclass has of the model that is queried is loaded when it is read."""
        model = self.walk(origin, path[:-1])
        owner = None if model is None else self.links.below(model).get(path[-1])
        may_be = origin.kind == "parameter" or facts.may_lack(path)
        # Options that are not seen may load columns, not what a subclass leads to.
        if owner is None or not may_be or (origin in self.unreadable and path[-1] in owner.columns):
            return
        assert model is not None
        text = f"`{path[-1]}` is read, which a query for `{model.name}` does not load of each `{owner.name}`"
        self.doubts.add(walk.function, place, text)

    @kept
    def _member(self, model: Model | None, path: Path) -> bool | Function | Path | None:
        """What the last attribute of a path is: a link that loads when it is read (or may be one), a column that an
        UPDATE leaves out of date (False), the body of a property, what a proxy reads; None if nothing of these."""
        if model is None:
            return True
        links: list[Link] = []
        owner: Model | None = model
        for index, name in enumerate(path):
            link = self.links.of(owner).get(name)
            if link is None:
                if owner is None or index < len(path) - 1:
                    return None
                return False if name in self.stale.volatile.columns(owner) else self.property_of(owner, name)
            links.append(link)
            owner = link.target
        if not links[-1].is_lazy:
            return True if links[-1].is_eager and len(links) == 1 else None
        is_back = len(links) > 1 and links[-1].many is False
        if is_back and (links[-2].many is True or (links[-1].key and not links[-2].key)):
            # The object that the collection, or the one on the other side, belongs to is there.
            return None if links[-1].target is (links[-3].target if len(links) > 2 else model) else True
        return True

    def _call(
        self, walk: Walk, origin: Origin, path: Path, facts: Facts, method: Function, place: Place | None = None
    ) -> Values:
        if method is walk.function and place is not None:
            walk.recursion.called(Objects(origin, path), place)
        summary = self.summary(method)
        own = next(iter(summary.params.values()), None)
        if own is None:
            return UNKNOWN
        for read in list(summary.reads.get(own, {}).values()):
            changed = facts.then(read.facts, path)
            self.read(walk, origin, path + read.path, changed, read.place, read.obstacle, read.beside)
        bound = {own: [Objects(origin, path)]}
        return frozenset(value for inner in summary.values for value in self._substituted(inner, bound))

    def attribute(self, walk: Walk, owner: Objects, name: str) -> Values:
        """The value of an attribute of mapped objects."""
        path = (*owner.path, name)
        model = self.model_of(owner)
        if len(path) > _DEPTH:
            return UNKNOWN
        if model is None:
            if owner.origin.model is not None:
                return UNKNOWN
            return frozenset([Objects(owner.origin, path, None)])
        link = self.links.of(model).get(name)
        if link is not None:
            return UNKNOWN if link.is_column else frozenset([Objects(owner.origin, path, link.many)])
        method = self.property_of(model, name)
        if isinstance(method, Function):
            return self._call(walk, owner.origin, owner.path, walk.facts(owner.origin), method)
        if isinstance(method, tuple):
            links = self.links_of(owner.origin, (*owner.path, *method))[len(owner.path) :]
            if len(links) == len(method) and links[-1].target is not None:
                many = any(link.many for link in links) or (None if any(link.many is None for link in links) else False)
                return frozenset([Objects(owner.origin, (*owner.path, *method), many)])
        return UNKNOWN

    def method(
        self, walk: Walk, owner: Objects, name: str, node: o.Call, arguments: list[tuple[o.Arg, Values]]
    ) -> Values:
        model = self.model_of(owner)
        member = None if model is None else self.project.resolver.class_member(model.class_, name)
        if isinstance(member, Function) and member.is_method:
            if member is walk.function:
                walk.recursion.called(owner, walk.module.place(node))
            summary = self.summary(member)
            given: dict[str, Values] = {arg.keyword: values for arg, values in arguments if arg.keyword}
            positional = [values for arg, values in arguments if not arg.keyword and not arg.star]
            names = [param.name for param in member.node.params]
            given.update(zip(names, [frozenset([owner]), *positional], strict=False))
            return self._bind(walk, summary, given, node)
        return UNKNOWN

    def property_of(self, model: Model, name: str) -> Function | Path | None:
        """The body of a property, or what an `association_proxy("keywords", "keyword")` reads."""
        for ancestor in model.ancestors:
            for binding in ancestor.scope.bindings.get(name, ()):
                if isinstance(binding.definition, Function):
                    if not _PROPERTIES.isdisjoint(binding.definition.decorator_names):
                        return binding.definition
                elif isinstance(binding.value, o.Call) and binding.value.args:
                    first = binding.value.args[0].value
                    proxy = o.dotted(binding.value.func).rpartition(".")[2] == "association_proxy"
                    if proxy and isinstance(first, o.String) and first.value:
                        attr = binding.value.given("attr", 1)
                        more = o.text(attr)
                        return (first.value, more) if more else (first.value,)
        return None

    def link(self, owner: Objects, name: str) -> Link | None:
        return self.links.of(self.model_of(owner)).get(name)

    def model_of(self, value: Objects) -> Model | None:
        return self.walk(value.origin, value.path)

    def walk(self, origin: Origin, path: Path) -> Model | None:
        """The model that a path leads to."""
        model = origin.model
        for name in path:
            link = self.links.of(model).get(name)
            model = None if link is None else link.target
        return model

    def links_of(self, origin: Origin, path: Path) -> tuple[Link, ...]:
        found, model = [], origin.model
        for name in path:
            link = self.links.of(model).get(name)
            if link is None:
                break
            found.append(link)
            model = link.target
        return tuple(found)


def _note(reads: dict[Key, Read], key: Key, read: Read) -> None:
    """The first read of its kind, unless a later one goes on and on."""
    if key not in reads or (read.beside is not None and reads[key].beside is None):
        reads[key] = read
