"""What the calls in a function give and do: statements, functions of the application, schemas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec.structs import replace

from fapi_lint.outline import nodes as o
from fapi_lint.project.dependencies import MARKERS
from fapi_lint.project.inference import signatures
from fapi_lint.project.inference.type import LibraryMethod
from fapi_lint.project.mapped import Model
from fapi_lint.project.objects.links import ANY, BELOW, Path, left_out
from fapi_lint.project.objects.origins import (
    EMPTY,
    UNKNOWN,
    Facts,
    Objects,
    Origin,
    Other,
    Record,
    Result,
    Statement,
    Value,
    Values,
    first,
    many,
    one,
)
from fapi_lint.project.objects.sessions import SessionCalls
from fapi_lint.project.symbols import Class, External, Function

if TYPE_CHECKING:
    from fapi_lint.project.objects.walk import Walk

# fmt: off
NO_ROWS = frozenset([
    "subquery", "cte", "alias", "scalar_subquery", "exists", "lateral", "union", "union_all", "intersect", "except_",
    "count", "with_only_columns", "from_statement", "with_entities", "delete", "update", "values", "value", "statement",
    "as_scalar", "label", "add_columns", "add_column", "add_entity", "from_self", "scalars", "yield_per", "paginate",
])
ONE = frozenset(["first", "one", "one_or_none", "fetchone", "scalar_one", "scalar_one_or_none", "scalar", "next"])
ALL = frozenset(["all", "fetchall", "fetchmany", "partitions"])
_OF_DICTS = frozenset(["get", "items", "pop", "values"])
_KEEPING = frozenset(["list", "sorted", "set", "tuple", "reversed", "iter", "aiter", "frozenset", "filter", "cast"])
_GROWING = frozenset(["append", "extend", "add", "insert", "update"])
_PICKING = frozenset(["next", "anext", "min", "max", "choice"])
_VALIDATING = frozenset(["model_validate", "from_orm", "parse_obj", "validate_python", "validate"])
_CALLING = frozenset(["map", "filter", "sorted", "min", "max", "groupby", "reduce"])
"""What calls a function with the items of something."""
_DEFERRING = frozenset(["add_task", "partial", "submit", "run_in_threadpool", "to_thread", "run_sync", "call_soon"])
"""What calls a function with the arguments that follow it."""
_REGISTERING = signatures.LISTENING | MARKERS
"""What is told to call a function, with nothing of this one's."""
_FILLING = ("super", "setattr", "__dict__", "__init__")
"""What may set any attribute in an `__init__()`."""
TEMPLATES = frozenset(["TemplateResponse", "render", "render_template"])
_DUMPING = frozenset(["model_dump", "dict", "jsonable_encoder"])
_HARMLESS = frozenset(["len", "bool", "print", "str", "repr", "isinstance", "type", "id", "hash", "any", "all", "sum"])
# fmt: on


class Calls:
    """The calls of one function."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.objects = walk.objects
        self.project = walk.project
        self.scope = walk.scope
        self.session = SessionCalls(self)

    def call(self, node: o.Call, *, is_awaited: bool = False) -> Values:
        func = node.func
        if isinstance(func, o.Attribute):
            if func.attr in _GROWING and isinstance(func.value, o.Attribute):
                receiver = self.walk.attribute(func.value, grows=True)
            else:
                receiver = self.walk.value(func.value)
            if Other("unknown") in receiver and func.attr in self.objects.doubts.names:
                self.objects.doubts.method(self.walk, func)
            known = [value for value in receiver if not isinstance(value, Other)]
            if known and all(isinstance(value, Objects) and value.origin.model is None for value in known):
                # A parameter without annotation may be anything, a session too.
                given = self.session.call(node, func, is_awaited)
                if given is not None:
                    return given
            if known:
                found: set[Value] = set()
                for value in receiver - EMPTY:
                    found |= self.method(node, func, value, is_awaited)
                return frozenset(found)
            if receiver == EMPTY and isinstance(func.value, o.Name):
                self.added(func.value.id, EMPTY, self.arguments(node))
                return UNKNOWN
            given = self.session.call(node, func, is_awaited)
            if given is not None:
                return given
        return self.function_call(node, is_awaited)

    # --- methods of values that are known ------------------------------------------------------------

    def method(self, node: o.Call, func: o.Attribute, value: Value, is_awaited: bool) -> Values:
        if isinstance(value, Statement):
            return self.statement_method(node, func, value)
        if isinstance(value, Result):
            self.arguments(node)
            return self.result_method(func.attr, value)
        if isinstance(value, Objects):
            return self.object_method(node, func, value)
        if isinstance(value, Record) and not value.many and func.attr not in _OF_DICTS:
            return self.function_call(node, is_awaited)  # A method of the schema that it is made by, if it is one.
        self.arguments(node)
        if isinstance(value, Record) and not value.many:
            if func.attr in ("get", "pop") and node.args:
                key = node.args[0].value
                return value.get(key.value if isinstance(key, o.String) and key.value else ANY)
            inner: Values = frozenset().union(*(values for _, values in value.fields))
            if func.attr == "values":
                return many(inner)
            if func.attr == "items":
                return frozenset([Record((("0", UNKNOWN), ("1", inner)), many=True)])
        return UNKNOWN

    def statement_method(self, node: o.Call, func: o.Attribute, value: Statement) -> Values:
        self.arguments(node)
        name = func.attr
        if name == "options":
            loaded = self.objects.links.options(self.scope, [arg.value for arg in node.args if not arg.star])
            if loaded is None or any(arg.star for arg in node.args):
                loaded = frozenset([(BELOW,)])
            return frozenset([replace(value, loaded=value.loaded | loaded)])
        if value.is_query and (name in ONE or name in ALL or name == "get"):
            result = self.executed(value, func.value, is_async=False)
            if name == "get":
                return one(frozenset([result]))
            return self.result_method("first" if name == "scalar" else name, result)
        if name in NO_ROWS:
            return UNKNOWN
        return frozenset([value])

    def executed(self, statement: Statement, carrier: o.Node, *, is_async: bool) -> Result:
        """The rows of a statement that is executed; `carrier` is the expression that options can be added to."""
        walk, carrier = statement.passed or (self.walk, carrier)
        row: list[Objects | None] = []
        for index, model in enumerate(statement.entities):
            if model is None:
                row.append(None)
                continue
            origin = self.objects.places.origin("query", walk, carrier, model, is_async, index)
            self.loads(origin, statement.loaded, near=self.near(model, statement.entities))
            walk.state.gone |= {(origin, name) for name in left_out(walk.scope, model, carrier)}
            row.append(Objects(origin))
        return Result(tuple(row), is_scalar=statement.is_query and len(row) == 1)

    def near(self, model: Model, entities: Iterable[Model | None]) -> frozenset[Path]:
        """The links of a row's object to what is in the same row, as in `select(Post, User).join(Post.author)`."""
        others = [other for other in entities if other is not model]
        links = self.objects.links.of(model).items() if others else ()
        return frozenset((name,) for name, link in links if link.key and link.target in others)

    def loads(self, origin: Origin, loaded: frozenset[Path], *, near: frozenset[Path] = frozenset()) -> None:
        """What a query loads by its options, of which some may not be known."""
        again, is_opaque = loaded - {(BELOW,)}, (BELOW,) in loaded
        if is_opaque:
            self.objects.unreadable.add(origin)
        self.walk.set_facts(origin, Facts(again, again, near, is_persistent=True, is_opaque=is_opaque))

    def result_method(self, name: str, value: Result) -> Values:
        if name in ("scalars", "unique", "yield_per", "tuples", "freeze"):
            return frozenset([Result(value.row, value.is_scalar or name == "scalars")])
        if name in ("scalar_one", "scalar_one_or_none", "scalar"):
            return first(Result(value.row, is_scalar=True))
        if name in ONE:
            return first(value)
        if name in ALL:
            return many(first(value))
        return UNKNOWN

    def object_method(self, node: o.Call, func: o.Attribute, value: Objects) -> Values:
        arguments = self.arguments(node)
        growing = func.attr in _GROWING
        if growing and value.many and value.path:
            for _, values in arguments[-1:]:
                self.walk.state.give(value.origin, value.path, values)
            facts = self.walk.facts(value.origin)
            if value.origin.kind == "new" and not facts.is_persistent and len(value.path) == 1:
                self.walk.set_facts(value.origin, facts.load(value.path))  # A new object has a collection of its own.
        if growing and isinstance(func.value, o.Name) and value.many and not value.path:
            self.added(func.value.id, frozenset([value]), arguments)
            return UNKNOWN
        if value.many:
            return one(frozenset([value])) if func.attr == "pop" else frozenset([value]) | UNKNOWN
        return self.objects.method(self.walk, value, func.attr, node, arguments)

    def added(self, name: str, before: Values, arguments: list[tuple[o.Arg, Values]]) -> None:
        """`found.append(post)`: the list holds posts from now on."""
        for _, values in arguments[-1:]:
            self.walk.state.names[name] = before | many(values)

    def model(self, node: o.Node) -> Model | None:
        return self.project.models.of(self.walk.models.named(node))

    # --- functions and classes -------------------------------------------------------------------------

    def function_call(self, node: o.Call, is_awaited: bool) -> Values:
        if isinstance(node.func, (o.Call, o.Subscript)):
            self.walk.value(node.func)
        made = self.walk.models.shared(node.func) or self.walk.models.own(node.func)
        callee = made or self.project.types.callee(self.scope, node.func)
        if isinstance(callee, External):
            return self.foreign(node, callee, is_awaited)
        validated = self.validated(node)
        if validated is not None:
            return validated
        if isinstance(callee, Class):
            return self.constructed(node, callee)
        arguments = self.arguments(node)
        function = self.project.types.function(callee)
        if function is not None:
            function = self.dispatched(node, function)
        if function is not None:
            return self.objects.apply(self.walk, function, node, arguments)
        is_unseen = isinstance(node.func, o.Attribute) and node.func.attr in TEMPLATES
        if isinstance(callee, LibraryMethod) and not (is_awaited or is_unseen):
            return UNKNOWN
        if callee is None and isinstance(node.func, (o.Subscript, o.Call)):
            is_unseen = True
        for _, values in arguments:
            if is_unseen:
                self.objects.doubts.handed(self.walk, node, values)
            self.lose(values)
        return UNKNOWN

    def dispatched(self, node: o.Call, method: Function) -> Function | None:
        """What `self.method()` runs: the receiver's own; None where subclasses have theirs, and it may be any."""
        func, inside = node.func, self.walk.function
        if not isinstance(func, o.Attribute) or not isinstance(inside.parent, Class) or not inside.node.params:
            return method
        if o.dotted(func.value) != inside.node.params[0].name:
            return method
        if self.walk.receiver is not None:
            found = self.project.resolver.class_member(self.walk.receiver, func.attr)
            return found if isinstance(found, Function) else None
        below = self.project.model_attributes.families.get(inside.parent, ())
        return None if any(func.attr in class_.scope.bindings for class_ in below) else method

    def foreign(self, node: o.Call, callee: External, is_awaited: bool) -> Values:
        validated = self.validated(node)
        if validated is not None:
            return validated
        if callee.is_orm and callee.name == "select":
            self.arguments(node)
            return frozenset(
                [Statement(tuple(self.model(arg.value) for arg in node.args), frozenset(), is_query=False)]
            )
        arguments = self.arguments(node)
        values = [given for _, given in arguments]
        if callee.package in ("builtins", "typing", "random"):
            if callee.name in _KEEPING and values:
                kept = values[-1] if callee.name in ("filter", "cast") else values[0]
                return kept if callee.name == "cast" else many(one(kept))
            if callee.name in _PICKING and values:
                return one(values[0]) | (values[1] if len(values) > 1 else frozenset())
            if callee.name == "dict" and node.args and all(arg.keyword for arg in node.args):
                return frozenset([Record(tuple((arg.keyword, given) for arg, given in arguments))])
            if callee.name == "enumerate" and values:
                return frozenset([Record((("0", UNKNOWN), ("1", one(values[0]))), many=True)])
            if callee.name == "zip":
                return frozenset([Record(tuple((str(i), one(given)) for i, given in enumerate(values)), many=True)])
            if callee.name in ("getattr", "setattr", "hasattr") and len(node.args) > 1:
                return self.by_name(node, callee.name, values)
            if callee.name in _HARMLESS:
                return UNKNOWN
        if callee.name == "gather":
            return frozenset([Record(tuple((str(index), given) for index, given in enumerate(values)))])
        if is_awaited or callee.is_orm:
            for given in values:
                self.lose(given)
        return UNKNOWN

    def by_name(self, node: o.Call, function: str, values: list[Values]) -> Values:
        """`getattr(post, "tags")` and its like."""
        name = node.args[1].value
        for value in values[0]:
            if not isinstance(value, Objects):
                continue
            if not isinstance(name, o.String) or not name.value:
                if function == "getattr":
                    self.objects.doubts.named(self.walk, node, value)
                    self.lose(frozenset([value]))
                elif function == "setattr":
                    self.walk.assignments.changed(value, ANY)
            elif function == "setattr":
                self.walk.assignments.set_attribute(value, name.value, node, values[-1])
            else:
                return self.walk.read(value, name.value, node)
        return UNKNOWN

    def validated(self, node: o.Call) -> Values | None:
        """`PostResponse.model_validate(post)` reads what the schema names; None if the call is no such thing."""
        func = node.func
        if not isinstance(func, o.Attribute) or func.attr not in _VALIDATING or not node.args:
            return None
        schema: o.Node = func.value
        if isinstance(schema, o.Call) and schema.args and o.dotted(schema.func).rpartition(".")[2] == "TypeAdapter":
            schema = schema.args[0].value
        arguments = self.arguments(node)
        if not self.objects.serialisation.is_schema(self.scope, schema):
            return None
        classes = self.project.schemas.named_in(self.scope, schema)
        self.objects.doubts.serialised(self.walk, node.args[0].value, arguments[0][1], classes)
        self.objects.serialisation.read(self.walk, arguments[0][1], self.scope, schema)
        return UNKNOWN

    def constructed(self, node: o.Call, class_: Class) -> Values:
        model = self.project.models.by_class.get(class_)
        arguments = self.arguments(node)
        if model is None:
            return self.objects.serialisation.construct(self.walk, class_, node.func, arguments)
        links = self.objects.links.of(model)
        origin = self.objects.places.origin("new", self.walk, node, model, False)
        loaded: set[Path] = {(link.name,) for link in links.values() if link.is_column}
        near: set[Path] = set()
        own = next((method for method in class_.methods if method.name == "__init__"), None)
        made = "" if own is None else own.body_text
        opaque = self.project.models.is_dataclass(class_) or any(word in made for word in _FILLING)
        for arg, values in arguments:
            if arg.star and not self.is_dump(arg.value):
                opaque = True
            if arg.keyword in links:
                loaded.add((arg.keyword, BELOW))
                self.walk.state.given[origin, (arg.keyword,)] = values
                if links[arg.keyword].many is False and any(isinstance(value, Objects) for value in values):
                    near.add((arg.keyword,))
            elif arg.keyword and isinstance(arg.value, o.Attribute):
                targets = {self.objects.model_of(v) for v in self.walk.value(arg.value.value) if isinstance(v, Objects)}
                near |= {(name,) for name, link in links.items() if link.key == arg.keyword and link.target in targets}
        if not any(arg.star for arg in node.args):  # Without a key there is nothing to load.
            given = {arg.keyword for arg in node.args}
            near |= {(name,) for name, link in links.items() if link.key and given.isdisjoint((name, link.key))}
        self.walk.set_facts(origin, Facts(frozenset(loaded), near=frozenset(near), is_opaque=opaque))
        if own is not None:
            self.objects.method(self.walk, Objects(origin), "__init__", node, arguments)
        return frozenset([Objects(origin)])

    def is_dump(self, node: o.Node) -> bool:
        """`**data` with `data = post_in.model_dump()`: plain data, to which nothing is added later."""
        if isinstance(node, o.Name):
            bindings = self.scope.bindings.get(node.id, ())
            added = f"{node.id}[" in self.walk.module.slice(self.walk.function.node)
            return bool(bindings) and not added and all(b.value is not None and _is_dump(b.value) for b in bindings)
        return _is_dump(node)

    def arguments(self, node: o.Call) -> list[tuple[o.Arg, Values]]:
        found = {
            index: (arg, self.walk.value(arg.value))
            for index, arg in enumerate(node.args)
            if not isinstance(arg.value, o.Lambda)
        }
        for index, arg in enumerate(node.args):
            if isinstance(arg.value, o.Lambda):
                self.walk.lambda_(arg.value, self.items(node, found.values()))
                found[index] = arg, UNKNOWN
            elif isinstance(arg.value, (o.Name, o.Attribute)):
                self.callback(node, index, found)
        for _, values in found.values():
            self.walk.assignments.hand(values)
        return [found[index] for index in range(len(node.args))]

    def items(self, node: o.Call, arguments: Iterable[tuple[o.Arg, Values]]) -> Values:
        """What a function is called with that is given to a call: `sorted(posts, key=…)`, `posts.sort(key=…)`."""
        name = o.dotted(node.func).rpartition(".")[2]
        if name == "sort" and isinstance(node.func, o.Attribute):
            return one(self.walk.value(node.func.value))
        if name in _CALLING:
            return one(frozenset().union(*(values for arg, values in arguments if not arg.keyword)))
        return UNKNOWN

    def callback(self, node: o.Call, index: int, arguments: dict[int, tuple[o.Arg, Values]]) -> None:
        """A function that is given to a call: `map(count, posts)`, `tasks.add_task(count, post)`."""
        expr = node.args[index].value
        if isinstance(expr, o.Name) and expr.id in self.walk.state.names:
            return
        function = self.project.resolver.resolve(self.scope, expr)
        if not isinstance(function, Function):
            return
        summary = self.objects.summary(function)
        if not summary.reads:
            return
        params = [param.name for param in function.node.params]
        others = [found for other, found in sorted(arguments.items()) if other > index and not found[0].keyword]
        name = o.dotted(node.func).rpartition(".")[2]
        if params and name in _CALLING | {"sort"}:
            rest = [found for other, found in arguments.items() if other != index]
            self.objects.pass_on(self.walk, summary, {params[0]: (expr, self.items(node, rest))})
        elif name in _DEFERRING:
            given: dict[str, tuple[o.Node, Values]] = {
                p: (arg.value, values) for p, (arg, values) in zip(params, others, strict=False)
            }
            self.objects.pass_on(self.walk, summary, given)
            if name == "partial" and any(
                p not in given and origin in summary.reads for p, origin in summary.params.items()
            ):
                self.objects.doubts.referred(self.walk, expr, summary)  # What calls it gives the rest.
        elif name not in _REGISTERING:
            self.objects.doubts.referred(self.walk, expr, summary)

    def lose(self, values: Iterable[Value]) -> None:
        """Something unknown has the objects: it may load them."""
        for value in values:
            if isinstance(value, Objects):
                self.walk.make_opaque(value)
            elif isinstance(value, Record):
                for _, inner in value.fields:
                    self.lose(inner)


def _is_dump(node: o.Node) -> bool:
    """`**post_in.model_dump()`: plain data."""
    return isinstance(node, o.Call) and o.dotted(node.func).rpartition(".")[2] in _DUMPING
