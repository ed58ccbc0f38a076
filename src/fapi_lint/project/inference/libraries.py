"""What the functions, classes and methods of libraries give that are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference import signatures
from fapi_lint.project.inference.type import LibraryMethod, Type, canonical, coroutine, iterated, orm, standard
from fapi_lint.project.symbols import Class, External, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.inference.types import Types


def result(types: Types, callee: External, scope: Scope, call: o.Call) -> Type | None:
    """What the call of a function or class of a library gives."""
    if callee.is_orm:
        if callee.name in signatures.MAKERS:
            return Type(canonical(callee), (_made(types, callee, scope, call),))
        if callee.name in signatures.REGISTRIES:
            maker = call.given("session_factory", 0)
            made = None if maker is None else types.of(scope, maker)
            return Type(canonical(callee), (None if made is None else made.arg,))
        if callee.name in signatures.CONSTRUCTORS:
            return orm(signatures.CONSTRUCTORS[callee.name])
    first = call.args[0].value if call.args and not call.args[0].star else None
    if callee.dotted in ("builtins.iter", "builtins.aiter"):
        return types.of(scope, first)
    if callee.dotted == "builtins.next":
        return iterated(types.of(scope, first))
    if callee.dotted == "builtins.anext":
        return coroutine(iterated(types.of(scope, first)))
    if callee.is_from("contextlib", "contextmanager", "asynccontextmanager"):  # get_db_context = contextmanager(get_db)
        function = None if first is None else types.callee(scope, first)
        item = iterated(types.returned(function)) if isinstance(function, Function) else None
        return standard("Callable", standard("ContextManager", item))
    if callee.is_from("typing", "cast") and len(call.args) == 2:
        return types.of_annotation(scope, first)
    # By convention a capitalised name is a class, and calling it makes an instance.
    if callee.name[:1].isupper() and not callee.name.isupper():
        return Type(canonical(callee))
    return None


def _made(types: Types, callee: External, scope: Scope, call: o.Call) -> Type | None:
    """The class of the sessions that a maker makes."""
    given = call.given("class_")
    if given is None:
        default = Type(External(f"{callee.package}.{signatures.MAKERS[callee.name]}"))
        return None if call.has_double_star else default
    symbol = types.calls.named(scope, given)
    if isinstance(symbol, External):
        return Type(canonical(symbol))
    return Type(symbol) if isinstance(symbol, Class) else None


def method_result(method: LibraryMethod) -> Type | None:
    """What the call of a method gives."""
    key = (method.owner, method.name)
    if method.is_coroutine:
        return coroutine(orm("AsyncConnection") if key == ("AsyncSession", "connection") else None)
    if key in signatures.RESULTS:
        return orm(signatures.RESULTS[key])
    if key in signatures.ENTERED:
        return standard("ContextManager", orm(signatures.ENTERED[key]))
    if method.owner in signatures.MAKERS and method.name == "begin":
        return standard("ContextManager", method.receiver.arg)
    if key == ("ContextVar", "get"):
        return method.receiver.arg
    if method.name in ("__anext__", "asend"):
        return coroutine(iterated(method.receiver))
    if method.name == "__next__":
        return iterated(method.receiver)
    return None


def instance_result(callee: Type) -> Type | None:
    """What the call of an instance gives: a session from its maker, an object from its class."""
    assert isinstance(callee.symbol, External)
    is_maker = callee.name in signatures.MAKERS or callee.name in signatures.REGISTRIES
    gives = (is_maker and callee.symbol.is_orm) or callee.is_standard("type", "Callable")
    return callee.arg if gives else None


def attribute(symbol: External, name: str) -> Type | None:
    """The type of an attribute of an instance of a library's class."""
    found = signatures.ATTRIBUTES.get((symbol.name, name)) if symbol.is_orm else None
    return None if found is None else orm(found)
