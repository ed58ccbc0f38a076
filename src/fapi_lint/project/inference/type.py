"""What inference finds: types and the methods of libraries, and what follows from a type by itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct

from fapi_lint.project.inference import signatures
from fapi_lint.project.symbols import Class, External, Function

_STANDARD = frozenset(["typing", "typing_extensions", "collections", "contextlib", "builtins"])
ITERATORS = frozenset(["AsyncGenerator", "AsyncIterator", "AsyncIterable", "Generator", "Iterator", "Iterable"])
ITERABLES = ITERATORS | {"list", "Sequence"}
MANAGERS = frozenset(["AsyncContextManager", "ContextManager"])


class Type(Struct, frozen=True):
    """An instance of a class, with the class's type arguments; None for an argument that is unknown."""

    symbol: External | Class
    args: tuple[Type | None, ...] = ()

    @property
    def name(self) -> str:
        return self.symbol.name

    def is_standard(self, *names: str) -> bool:
        """Whether this is one of the standard library's generic types."""
        return isinstance(self.symbol, External) and self.symbol.package == "typing" and self.symbol.name in names

    @property
    def arg(self) -> Type | None:
        """The argument that matters: what a coroutine returns, what a generator yields or a manager gives."""
        if not self.args:
            return None
        return self.args[-1] if self.is_standard("Coroutine") else self.args[0]


class LibraryMethod(Struct, frozen=True):
    """A method of a foreign class, reached through an instance: `receiver.name`."""

    receiver: Type
    owner: str
    """The name of the class that defines it, where the receiver's own class is the application's."""
    name: str

    @property
    def is_coroutine(self) -> bool:
        return self.name in signatures.COROUTINES.get(self.owner, ())


Callee: TypeAlias = External | Class | Function | LibraryMethod | Type
"""What is called: a foreign name, a class, a function, a library's method, or an instance."""


def canonical(symbol: External) -> External:
    """One name for what a library exports under several."""
    if symbol.package in _STANDARD:
        return External(f"typing.{symbol.name.removeprefix('Abstract')}")
    if symbol.is_orm:
        return External(f"{symbol.package}.{symbol.name}")
    return symbol


def standard(name: str, *args: Type | None) -> Type:
    """One of the standard library's generic types."""
    return Type(External(f"typing.{name}"), args)


def orm(name: str) -> Type:
    """An instance of a class of SQLAlchemy."""
    return Type(External(f"sqlalchemy.{name}"))


def coroutine(result: Type | None) -> Type:
    """What the call of an `async def` gives."""
    return standard("Coroutine", result)


def iterated(type_: Type | None) -> Type | None:
    """What a `for` or `async for` binds."""
    return type_.arg if type_ is not None and type_.is_standard(*ITERABLES) else None


def awaited(type_: Type | None) -> Type | None:
    """What an `await` gives."""
    if type_ is None:
        return None
    if type_.is_standard("Coroutine", "Awaitable"):
        return type_.arg
    if isinstance(type_.symbol, External) and type_.name in signatures.AWAITED:
        return orm(signatures.AWAITED[type_.name])
    return None


def agreed(types: Iterable[Type | None]) -> Type | None:
    """The one type that all of them are."""
    found: Type | None = None
    for type_ in types:
        if type_ is None or (found is not None and type_ != found):
            return None
        found = type_
    return found


def with_self(type_: Type | None, class_: Class) -> Type | None:
    """`Self` in what a method of a class gives, put in place."""
    if type_ is None:
        return None
    if type_.is_standard("Self"):
        return Type(class_)
    if type_.args:
        return Type(type_.symbol, tuple(with_self(arg, class_) for arg in type_.args))
    return type_
