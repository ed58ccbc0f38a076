"""Where an `await` can stand, and which functions can become coroutines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fapi_lint.outline import nodes as o
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External, Function, Scope
from fapi_lint.project.traversal import paths

_CONSUMERS = frozenset(["list", "tuple", "set", "frozenset", "sorted", "sum", "min", "max", "dict"])
"""Builtins that take all there is: what they are given may as well be a list."""
_TRANSPARENT = frozenset(["staticmethod", "classmethod", "abstractmethod", "override", "final", "deprecated"])
_MANAGERS = frozenset(["contextmanager", "asynccontextmanager"])
_AWARE = frozenset(["backoff", "freezegun", "mock", "respx", "stamina", "tenacity", "time_machine", "unittest"])
"""Packages whose decorators serve coroutine functions as well."""
_SYNCHRONOUS = {
    "celery": "Celery",
    "click": "Click",
    "dramatiq": "Dramatiq",
    "huey": "Huey",
    "sqlalchemy": "SQLAlchemy",
    "typer": "Typer",
}
"""Packages that call what they decorate, and know nothing of coroutines."""
_BASES = frozenset(["abc", "builtins", "typing", "typing_extensions", "pydantic", "dataclasses", "enum"])
"""Packages whose classes call none of the methods that applications give to a subclass."""
_MAPPING = frozenset(["DeclarativeBase", "DeclarativeBaseNoMeta", "MappedAsDataclass"])
_XUNIT = frozenset(
    f"{kind}_{what}" for kind in ("setup", "teardown") for what in ("module", "class", "function", "method")
)
"""What pytest calls by its name, and never awaits."""


ENTERING = {"__enter__": "__aenter__", "__exit__": "__aexit__"}
"""What `with` calls, and what `async with` calls instead."""
_CALLED = frozenset(["__call__", *ENTERING])
"""Special methods that may be coroutines, under another name."""


def hindrance(node: o.Node, parents: Sequence[o.Node], scope: Scope) -> str | None:
    """Why the value of `node`, evaluated in `scope` inside of `parents` (innermost first), cannot be awaited there."""
    inner: o.Node = node
    depth = 0
    for position, parent in enumerate(parents):
        if isinstance(parent, o.Lambda):
            return "inside of a lambda"
        if isinstance(parent, (o.Param, o.FunctionDef)):
            return "in the header of a function"
        if isinstance(parent, o.Comprehension) and not _is_first_iterable(parent, node):
            depth += 1
            if parent.kind == "generator" and not is_consumed(parent, parents[position + 1 :]):
                return "inside of a generator expression"
        inner = parent
    if depth > 1:
        return "inside of nested comprehensions"
    if not isinstance(scope.owner, Function):
        return "in the body of a class" if isinstance(inner, o.ClassDef) or scope.is_class else "at module level"
    return None


def generators_around(node: o.Node, parents: Sequence[o.Node]) -> list[o.Comprehension]:
    """The generator expressions that an `await` makes asynchronous, and that may as well be lists."""
    return [
        parent
        for parent in parents
        if isinstance(parent, o.Comprehension) and parent.kind == "generator" and not _is_first_iterable(parent, node)
    ]


def _is_first_iterable(comprehension: o.Comprehension, node: o.Node) -> bool:
    """Whether a node is evaluated before the comprehension runs."""
    first = comprehension.generators[0].iter
    return first.start <= node.start < first.end


def is_consumed(generator: o.Expr, parents: Sequence[o.Node]) -> bool:
    """Whether a generator is exhausted where it stands: unpacked, or the only argument of what takes all."""
    if parents and isinstance(parents[0], o.Assign) and parents[0].value is generator:
        return all(isinstance(target, o.Collection) for target in parents[0].targets)
    if len(parents) < 2 or not isinstance(parents[0], o.Arg) or not isinstance(parents[1], o.Call):
        return False
    call = parents[1]
    if len(call.args) != 1 or call.args[0].keyword or call.args[0].star:
        return False
    if isinstance(call.func, o.Attribute):
        return call.func.attr == "join" and isinstance(call.func.value, o.String)
    return isinstance(call.func, o.Name) and call.func.id in _CONSUMERS


_RUNNING = re.compile(r"\brun(?:_until_complete)?\(")
_LOOPS = frozenset(["anyio", "asyncio", "trio", "uvloop"])


class Convertible(Part):
    """Says which functions of an application cannot become `async def`, and why."""

    def hindrance(self, function: Function, *, any_scope: bool = False) -> tuple[o.Node, str] | None:
        """The node that stands in the way, and a clause: "`x` is a property".

        With `any_scope`, fixtures that outlive a test are none of it.
        """
        node, name = function.node, function.name
        purpose = self.project.purposes.of(function.module)
        if purpose in ("migration", "script"):
            return node, f"`{name}` is part of a {purpose}, which stays synchronous"
        if self.project.sessions.is_callback(function):
            return node, f"`{name}` is called by SQLAlchemy itself, with a synchronous session"
        if function.is_method and name.startswith("__") and name.endswith("__") and name not in _CALLED:
            return node, f"`{name}` cannot be a coroutine"
        if purpose == "test" and name in _XUNIT:
            return node, f"`{name}` is called by pytest, which does not await it"
        for decorator in node.decorators:
            reason = self._decorator(function, decorator, any_scope=any_scope)
            if reason is not None:
                return decorator, reason
        if isinstance(function.parent, Class):
            foreign = self._foreign_base(function.parent)
            if foreign is not None:
                return node, f"`{function.parent.name}` inherits from `{foreign}`, which may call `{name}`"
        for call in self._loops(function):
            return call, f"`{name}` runs an event loop of its own"
        return self._generator(function) if node.is_generator else None

    def _loops(self, function: Function) -> Iterator[o.Call]:
        """`asyncio.run(work())`, which no coroutine can call."""
        body = function.body_text
        for call, _ in paths(function.scope.body, o.Call) if _RUNNING.search(body) else ():
            symbol = self.project.resolver.external(function.scope, call.func)
            is_loop = isinstance(call.func, o.Attribute) and call.func.attr == "run_until_complete"
            if is_loop or (symbol is not None and symbol.package in _LOOPS and symbol.name == "run"):
                yield call

    def _decorator(self, function: Function, decorator: o.Decorator, *, any_scope: bool) -> str | None:
        types, func = self.project.types, decorator.func
        written = function.module.slice(func)
        routes = self.project.routes.by_handler.get(function, ())
        if types.decoration.is_route_decorator(function, decorator) or any(
            route.decorator is decorator for route in routes
        ):
            return None
        decorating = self.project.decorators.of(function, decorator)
        if decorating is not None:
            generates = f"`@{written}` calls the generator `{function.name}`" if function.node.is_generator else None
            return decorating if isinstance(decorating, str) else generates
        symbol = self.project.resolver.external(function.enclosing, func)
        if symbol is not None:
            if (
                symbol.name in _TRANSPARENT | _MANAGERS
                or symbol.package in _AWARE
                or symbol.is_from("functools", "wraps")
            ):
                return None
            if symbol.package in ("pytest", "pytest_asyncio"):
                return None if any_scope else self._fixture(function)
            if symbol.name in ("property", "cached_property", "hybrid_property"):
                return f"`{function.name}` is a property"
        owner = types.of(function.enclosing, func.value) if isinstance(func, o.Attribute) else None
        made_by = symbol if owner is None else owner.symbol
        if isinstance(made_by, External) and made_by.package in _SYNCHRONOUS:
            return f"`{function.name}` is called by {_SYNCHRONOUS[made_by.package]}, which does not await it"
        return f"nobody can tell what `@{written}` does with `{function.name}` as a coroutine"

    def _fixture(self, function: Function) -> str | None:
        given, tests = self.project.fixtures.broad_scope(function), self.project.tests
        if given is None:
            return None
        if isinstance(given.value, o.String) and tests.marker == "asyncio" and not tests.runs_all(function.module):
            return None  # It and all that is asynchronous runs in one event loop.
        return f"the fixture `{function.name}` outlives the event loop of a test"

    def _foreign_base(self, class_: Class) -> str | None:
        """A foreign class that the class inherits from and that may have its own idea of its methods."""
        resolver = self.project.resolver
        if class_ in self.project.models.by_class:
            return None  # What maps it calls no methods of it.
        for base in resolver.mro(class_):
            if isinstance(base, External) and base.package not in _BASES and base.name not in _MAPPING:
                return base.name
            if isinstance(base, Class) and len(resolver.bases(base)) < sum(
                not (arg.keyword or arg.star) for arg in base.node.bases
            ):
                return "a class that is not known"
        return None

    def _generator(self, function: Function) -> tuple[o.Node, str] | None:
        """`yield from`, and a generator's result, have no place in an asynchronous generator."""
        text = function.module.text
        for node, _ in paths(function.scope.body, o.Yield, o.Return):
            if isinstance(node, o.Return) and node.value is not None:
                return node, f"the generator `{function.name}` returns a value"
            if isinstance(node, o.Yield) and text[node.start : node.end].split()[:2] == ["yield", "from"]:
                return node, f"`{function.name}` yields from another generator"
        return None
