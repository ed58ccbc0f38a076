"""The code of a module, block by block: functions, and what stands outside of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Function, Scope
from fapi_lint.project.words import mentions, needles


class Code(Struct, eq=False):
    """A function's own statements, or a module's, with what resolves their names."""

    module: Module
    function: Function | None
    scope: Scope
    body: Iterable[o.Node]
    coroutines: frozenset[str] = frozenset()
    """The nested `async def` functions in reach."""


def codes(module: Module, *words: frozenset[bytes]) -> Iterator[Code]:
    """The code of a module, block by block: functions that mention one of the words, and what is outside functions."""
    for scope in outer_scopes(module.scope):
        yield Code(module, None, scope, [s for s in scope.body if not isinstance(s, (o.FunctionDef, o.ClassDef))])
    for function in module.scope.all_functions():
        yield from _function_codes(function, words)


def _function_codes(
    function: Function, words: tuple[frozenset[bytes], ...], coroutines: frozenset[str] = frozenset()
) -> Iterator[Code]:
    if not mentions(function.node, *words, needles(coroutines)):
        return
    # A scope that is already there serves; another one is not kept, so that bodies need not stay in memory.
    scope = function.__dict__.get("scope") or Scope.of_function(function)
    coroutines |= {nested.name for nested in scope.functions if nested.node.is_async}
    yield Code(function.module, function, scope, scope.body, coroutines)
    for nested in scope.all_functions():
        yield from _function_codes(nested, words, coroutines)


def outer_scopes(scope: Scope) -> Iterator[Scope]:
    """A module's scope and those of its classes."""
    yield scope
    for class_ in scope.classes:
        yield from outer_scopes(class_.scope)
