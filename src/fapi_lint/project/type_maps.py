"""Which Python types stand for which SQL types, going by the bases of a model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fapi_lint.outline import nodes as o
from fapi_lint.project.resolve import Resolver
from fapi_lint.project.symbols import Class, Variable
from fapi_lint.project.values import Located


def type_maps(resolver: Resolver, ancestors: Iterable[Class]) -> Iterator[Located]:
    """What is passed or assigned as `type_annotation_map` to the bases of a model and their registries."""
    for class_ in ancestors:
        for binding in class_.scope.bindings.get("type_annotation_map", ()):
            if binding.value is not None:
                yield Located(binding.value, class_.scope)
        makers: list[Located] = [
            Located(binding.value, class_.scope)
            for binding in class_.scope.bindings.get("registry", ())
            if binding.value is not None
        ]
        makers += [Located(base.value, class_.enclosing) for base in class_.node.bases]
        makers += [Located(decorator.value, class_.enclosing) for decorator in class_.node.decorators]
        for maker in makers:
            yield from _passed_map(resolver, maker)


def _passed_map(resolver: Resolver, maker: Located, depth: int = 0) -> Iterator[Located]:
    """The `type_annotation_map` of a registry, or of a base or decorator that it or a function makes."""
    symbol = resolver.resolve(maker.scope, maker.expr)
    if isinstance(symbol, Variable) and symbol.value is not None and depth < 8:
        yield from _passed_map(resolver, Located(symbol.value, symbol.scope), depth + 1)
    elif isinstance(maker.expr, o.Call):
        arg = maker.expr.given("type_annotation_map")
        if arg is not None:
            yield Located(arg, maker.scope)
        yield from _passed_map(resolver, Located(maker.expr.func, maker.scope), depth + 1)
    elif isinstance(maker.expr, o.Attribute) and depth < 8:
        yield from _passed_map(resolver, Located(maker.expr.value, maker.scope), depth + 1)
