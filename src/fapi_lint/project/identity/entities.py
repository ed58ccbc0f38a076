"""Which objects of the application's classes expressions hold: instances, or queries and collections of them.

An instance, a query for instances and a list of them are not told apart: an attribute of a class is only asked of
instances, and what a query or a list can do is no attribute of a mapped class.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation
from fapi_lint.project.identity.sql import CHAINING, ROWS, SCALARS
from fapi_lint.project.inference.type import ITERABLES, Type
from fapi_lint.project.pairing import backref_name
from fapi_lint.project.symbols import Binding, Class, Function, Scope, Variable
from fapi_lint.project.traversal import paths

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

Names: TypeAlias = Mapping[str, "Class | None"]
"""What the names of comprehensions and lambdas hold, which no scope knows."""

_STATEMENTS = frozenset(["select", "query", "delete", "update", "insert", "aliased", "with_polymorphic"])
_SELECTING = _STATEMENTS | {"with_entities", "with_only_columns"}
_EXECUTING = frozenset(["scalars", "scalar", "execute", "exec", "merge", "stream", "stream_scalars", "from_statement"])
_COLLECTING = frozenset(
    ["list", "sorted", "set", "tuple", "next", "iter", "reversed", "frozenset", "anext", "deepcopy"]
)
_KEEPING = frozenset(
    [
        *CHAINING,
        *ROWS,
        *SCALARS,
        *_EXECUTING,
        "order_by",
        "filter_by",
        "get",
        "get_one",
        "pop",
        "copy",
        "values",
        "setdefault",
    ]
)
"""What a query gives, or a list, that has the same objects."""
_VALIDATING = frozenset(["model_validate", "parse_obj", "from_orm", "construct", "model_construct"])
_ENDING = frozenset(["model_dump", "dict", "json", "count", "exists", "keys", "items", "model_dump_json"])
# fmt: off
_GENERIC = frozenset([
    "Optional", "Union", "Annotated", "Mapped", "DynamicMapped", "Query", "Select", "Result", "ScalarResult",
    "list", "List", "set", "Set", "Sequence", "Iterable", "Collection", "Page", "type", "Type",
    "Iterator", "AsyncIterator", "Generator", "AsyncGenerator",
])
# fmt: on
DICTS = frozenset(["dict", "Dict", "Mapping", "MutableMapping", "defaultdict", "DefaultDict", "OrderedDict"])
"""Of these, what stands under the keys is told of; iterating gives keys, which have no attributes."""
_DEEP = 4
_HOLDING = ITERABLES | {"set", "frozenset", "deque"}
"""Types that hold objects: what is known of a list is known of what is in it."""


class Entities:
    """Infers the classes of objects, from annotations, queries and what functions return."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.resolver = project.resolver
        self.descent = project.descent
        self._variables: dict[tuple[Scope, str], Class | None] = {}
        self._returned: dict[Function, Class | None] = {}
        self._attributes: dict[tuple[Class, str], Class | None] = {}
        self.unions: dict[tuple[Class, Class], None] = {}
        """Classes of which it is not told apart which one an object is."""

    def of(self, scope: Scope, expr: o.Node | None, names: Names) -> Class | None:
        """The class of the objects that an expression is or holds."""
        match expr:
            case o.Name():
                if expr.id in names:
                    return names[expr.id]
                found = scope.lookup(expr.id)
                return None if found is None else self._variable(found[0], expr.id, found[1])
            case o.Attribute():
                return self._attribute(scope, expr, names)
            case o.Call():
                return self._call(scope, expr, names)
            case o.Await() | o.Starred() | o.NamedExpr() | o.Subscript():
                return self.of(scope, expr.value, names)
            case o.IfExp():
                return self._first(self.of(scope, part, names) for part in (expr.body, expr.orelse))
            case o.Operation(operator="or" | "and"):
                return self._first(self.of(scope, part, names) for part in reversed(expr.operands))
            case o.Collection(kind="list" | "set"):
                return self._first(self.of(scope, item, names) for item in expr.items)
            case o.Dict():
                return self._first(self.of(scope, value, names) for value in expr.values)
            case o.Comprehension():
                inner = dict(names)
                for generator in expr.generators:
                    inner.update(self.targets(scope, generator, inner))
                return self.of(scope, expr.items[-1], inner)
        return None

    def targets(self, scope: Scope, generator: o.Generator, names: Names) -> dict[str, Class | None]:
        """The classes of the objects that a generator of a comprehension binds to names."""
        if isinstance(generator.target, o.Name):
            return {generator.target.id: self.of(scope, generator.iter, names)}
        items = generator.target.items if isinstance(generator.target, o.Collection) else ()
        return {
            item.id: self._at(scope, generator.iter, index, names)
            for index, item in enumerate(items)
            if isinstance(item, o.Name)
        }

    def _at(self, scope: Scope, expr: o.Node, index: int, names: Names) -> Class | None:
        """The class of the objects at an index of what iterating gives: `enumerate(users)`, `users.items()`, rows."""
        match expr:
            case o.Call(func=o.Attribute(attr="items", value=held)) if index == 1:
                return self.of(scope, held, names)
            case o.Call(func=o.Name(id="enumerate"), args=(first, *_)) if index == 1:
                return self.of(scope, first.value, names)
            case o.Call(func=o.Name(id="zip"), args=args) if index < len(args):
                return self.of(scope, args[index].value, names)
        return self._in_row(scope, expr, index)

    def _in_row(self, scope: Scope, expr: o.Node | None, index: int, depth: int = 0) -> Class | None:
        """The class at an index of the rows of `select(User, Post)`, executed or not."""
        match expr:
            case o.Await(value=value):
                return self._in_row(scope, value, index, depth)
            case o.Name(id=name) if depth < _DEEP and (found := scope.lookup(name)) is not None:
                return self._in_row(found[0], found[1][0].value, index, depth + 1)
            case o.Call(func=func, args=args) if o.last_name(func) in _SELECTING:
                return self.class_named(scope, args[index].value) if index < len(args) else None
            case o.Call(func=func, args=args):
                name = o.last_name(func)
                if args and (name in _EXECUTING or name in _COLLECTING):
                    return self._in_row(scope, args[0].value, index, depth)
                if isinstance(func, o.Attribute) and name not in _ENDING:
                    return self._in_row(scope, func.value, index, depth)
        return None

    def _first(self, found: Iterable[Class | None]) -> Class | None:
        return next((class_ for class_ in found if class_ is not None), None)

    def class_named(self, scope: Scope, expr: o.Node | None) -> Class | None:
        """The class that an expression is itself: `User`, `models.User`, `aliased(User)` by its variable."""
        symbol = self.resolver.resolve(scope, expr) if isinstance(expr, (o.Name, o.Attribute)) else None
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call) and symbol.value.args:
            made = symbol.value.func
            if o.dotted(made).rpartition(".")[2] == "aliased":
                symbol = self.resolver.resolve(symbol.scope, symbol.value.args[0].value)
        return symbol if isinstance(symbol, Class) else None

    # --- names -------------------------------------------------------------------------------------

    def _variable(self, scope: Scope, name: str, bindings: list[Binding]) -> Class | None:
        def found() -> Class | None:
            return self._first(self._binding(scope, binding) for binding in bindings)

        return self.descent.once(self._variables, (scope, name), found, None)

    def _binding(self, scope: Scope, binding: Binding) -> Class | None:
        statement = binding.statement
        if isinstance(binding.node, o.Param):
            return self._parameter(scope.owner, binding.node) if isinstance(scope.owner, Function) else None
        if binding.annotation is not None:
            return self.in_annotation(scope, binding.annotation)
        if isinstance(statement, o.For) and statement.target is binding.node:
            return self.of(scope, statement.iter, {})
        if isinstance(statement, (o.For, o.Assign)):
            found = self._unpacked(scope, statement, binding.node)
            if found is not None:
                return found
        if isinstance(statement, o.WithItem):
            type_ = self.project.types.of(scope, binding.node)
            return type_.symbol if type_ is not None and isinstance(type_.symbol, Class) else None
        if binding.value is not None and binding.definition is None:
            return self.of(scope, binding.value, {})
        if isinstance(binding.node, o.Alias):
            symbol = self.resolver.resolve(scope, o.Name(0, 0, binding.node.asname or binding.node.name))
            if isinstance(symbol, Variable) and symbol.scope is not scope:
                return self._variable(symbol.scope, symbol.name, symbol.scope.bindings.get(symbol.name, []))
        return None

    def _unpacked(self, scope: Scope, statement: o.For | o.Assign, name: o.Node) -> Class | None:
        """`user, post = find(1), find(2)`, `for key, user in users.items()`"""
        targets = statement.targets if isinstance(statement, o.Assign) else [statement.target]
        for target in targets:
            if not isinstance(target, o.Collection) or name not in target.items:
                continue
            index = target.items.index(name)
            match statement:
                case o.Assign(value=o.Collection(items=items)) if len(items) == len(target.items):
                    return self.of(scope, items[index], {})
                case o.Assign(value=o.Call(func=o.Attribute(attr="first" | "one" | "one_or_none")) as row):
                    return self._in_row(scope, row, index)
                case o.For(iter=iterable):
                    return self._at(scope, iterable, index, {})
        return None

    def _parameter(self, function: Function, param: o.Param) -> Class | None:
        if param.annotation is not None:
            return self.in_annotation(function.enclosing, param.annotation)
        type_ = self.project.types.of_parameter(function, param)
        if type_ is not None:
            return type_.symbol if isinstance(type_.symbol, Class) else None
        marker = self.project.dependencies.marker(function.enclosing, param.default)
        if marker is not None:
            symbol = self.resolver.resolve(marker.scope, marker.dependency)
            return self.returned(symbol) if isinstance(symbol, Function) else None
        fixture = self.project.fixtures.given(function, param)
        return None if fixture is None else self.returned(fixture)

    def in_annotation(self, scope: Scope, annotation: o.Node | None) -> Class | None:
        """The class that an annotation names first, through containers and aliases; what it unites is known then."""
        found: tuple[Class, o.Node | None] | None = None
        ahead: list[tuple[Scope, o.Node | None, o.Node | None]] = [(scope, annotation, None)]
        seen: set[Variable] = set()
        while ahead:
            scope, annotation, around = ahead.pop()
            if found is not None and (around is None or around is not found[1]):
                continue
            match parse_annotation(annotation):
                case o.Name() | o.Attribute() as name:
                    symbol = self.resolver.resolve(scope, name)
                    if isinstance(symbol, Variable) and symbol not in seen:
                        seen.add(symbol)
                        ahead.append((symbol.scope, symbol.value, around))
                    elif isinstance(symbol, Class) and found is None:
                        found = symbol, around
                    elif isinstance(symbol, Class) and found is not None and symbol is not found[0]:
                        self.unions[found[0], symbol] = None
                case o.Subscript() as generic:
                    wrapper, named = self.resolver.resolve(scope, generic.value), o.dotted(generic.value)
                    items = generic.items
                    if isinstance(wrapper, Class):
                        ahead.append((scope, generic.value, around))
                    elif named.rpartition(".")[2] == "Union":
                        ahead.extend((scope, item, around or generic) for item in reversed(items))
                    elif named.rpartition(".")[2] in _GENERIC:
                        ahead.extend((scope, item, around) for item in reversed(items[:2]))
                    elif named.rpartition(".")[2] in DICTS and len(items) == 2:
                        ahead.append((scope, items[1], around))
                case o.Operation(operator="|") as union:
                    ahead.extend((scope, operand, around or union) for operand in reversed(union.operands))
        return None if found is None else found[0]

    # --- attributes and calls ----------------------------------------------------------------------

    def _attribute(self, scope: Scope, expr: o.Attribute, names: Names) -> Class | None:
        owner = self.of(scope, expr.value, names) or self.class_named(scope, expr.value)
        if owner is not None:
            return self.attribute(owner, expr.attr)
        named = self.project.models.by_name.get(expr.attr, ())
        if len(named) == 1 and self.resolver.resolve(scope, expr) is None:
            return named[0].class_  # of a row of several
        return self._typed(self.project.types.of(scope, expr))

    def _typed(self, type_: Type | None) -> Class | None:
        while type_ is not None and type_.is_standard(*_HOLDING):
            type_ = type_.arg
        return type_.symbol if type_ is not None and isinstance(type_.symbol, Class) else None

    def attribute(self, owner: Class, name: str) -> Class | None:
        """The class of an attribute's objects: by relationship, backref, annotation or assignment."""
        key = (owner, name)
        return self.descent.once(self._attributes, key, lambda: self._find_attribute(owner, name), None)

    def _find_attribute(self, owner: Class, name: str) -> Class | None:
        model = self.project.models.by_class.get(owner)
        if model is not None:
            relationship = model.relationships.get(name)
            if relationship is not None:
                target = relationship.target_model
                return None if target is None else target.class_
            for ancestor in model.ancestors:
                if (ancestor, name) in self._backrefs:
                    return self._backrefs[ancestor, name]
        member = self.resolver.class_member(owner, name)
        if isinstance(member, Function):
            decorators = {o.dotted(d.value).rpartition(".")[2] for d in member.node.decorators}
            return self.returned(member) if decorators & {"property", "cached_property"} else None
        for base in self.resolver.mro(owner):
            if isinstance(base, Class):
                for binding in base.scope.bindings.get(name, ()):
                    if binding.annotation is not None:
                        return self.in_annotation(base.scope, binding.annotation)
        return self._typed(self.project.types.attribute(Type(owner), name))

    @cached_property
    def _backrefs(self) -> dict[tuple[Class, str], Class]:
        found: dict[tuple[Class, str], Class] = {}
        for relationship in self.project.models.relationships:
            name, target = backref_name(relationship), relationship.target_model
            if name is not None and target is not None:
                found[target.class_, name] = relationship.owner
        return found

    def _call(self, scope: Scope, call: o.Call, names: Names) -> Class | None:
        func = call.func
        name = func.attr if isinstance(func, o.Attribute) else o.dotted(func)
        if isinstance(func, o.Name) and name.endswith("insert"):  # Dialects have one of their own.
            called = self.resolver.external(scope, func)
            name = called.name if called is not None else name
        first = call.args[0].value if call.args and not call.args[0].star else None
        if name in _STATEMENTS and first is not None:
            return self.class_named(scope, first) or self.of(scope, first, names) if len(call.args) == 1 else None
        if isinstance(func, o.Attribute):
            if name in ("get", "get_one", "get_or_404") and first is not None and len(call.args) > 1:
                named = self.class_named(scope, first)
                if named is not None:
                    return named
            if name in _EXECUTING and first is not None:
                return self.of(scope, first, names)
            if name in _VALIDATING:
                return self.class_named(scope, func.value)
            if name in _ENDING:
                return None
        elif name in _COLLECTING and first is not None:
            return self.of(scope, first, names)
        elif name == "filter" and len(call.args) == 2:
            return self.of(scope, call.args[1].value, names)
        owner = self.of(scope, func.value, names) if isinstance(func, o.Attribute) else None
        if owner is not None:
            assert isinstance(func, o.Attribute)
            method = self.resolver.class_member(owner, func.attr)
            if isinstance(method, Function):
                return self.returned(method)
            return owner if name in _KEEPING else None
        made = self.project.factories.made_by(scope, func)
        if made is not None:
            return made
        callee = self.project.types.callee(scope, func)
        if isinstance(callee, Class):
            return callee
        return self.returned(callee) if isinstance(callee, Function) else None

    def returned(self, function: Function) -> Class | None:
        """The class of the objects that a function returns or yields."""
        return self.descent.once(self._returned, function, lambda: self._find_returned(function), None)

    def _find_returned(self, function: Function) -> Class | None:
        if function.node.returns is not None:
            found = self.in_annotation(function.enclosing, function.node.returns)
            if found is not None or function.node.returns is None:
                return found
        scope = function.scope
        values = [node.value for node, _ in paths(scope.body, o.Return, o.Yield)]
        return self._first(self.of(scope, value, {}) for value in values if value is not None and not is_none(value))


def is_exception(project: Project, class_: Class) -> bool:
    """Whether a class is an exception, by a foreign base that is called so."""
    return any(base.name.endswith(("Exception", "Error")) for base in project.resolver.foreign(class_))
