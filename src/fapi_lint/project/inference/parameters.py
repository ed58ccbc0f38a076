"""What parameters are inside their function: by annotation, as `self`, or as what FastAPI or pytest gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference.signatures import MAKERS
from fapi_lint.project.inference.type import ITERATORS, MANAGERS, Type, agreed, awaited, iterated, standard
from fapi_lint.project.symbols import Class, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.inference.types import Types


class Parameters:
    """The parameters of an application's functions."""

    def __init__(self, types: Types) -> None:
        self.types = types
        self.project = types.project

    def type_of(self, function: Function, param: o.Param) -> Type | None:
        """The type of a parameter inside its function."""
        if param.kind in ("*", "**"):
            return None
        if (assumed := self.types.assumed(function, param.name)) is not None:
            return assumed
        if param.annotation is not None:
            return self.types.of_annotation(function.enclosing, param.annotation)
        if isinstance(function.parent, Class) and param is function.node.params[0]:
            decorators = {o.dotted(decorator.value) for decorator in function.node.decorators}
            if "classmethod" in decorators or function.name in ("__new__", "__init_subclass__"):
                return standard("type", Type(function.parent))
            return None if "staticmethod" in decorators else Type(function.parent)
        if param.default is None:
            return self._fixture(function, param)
        marker = self.project.dependencies.marker(function.enclosing, param.default)
        if marker is not None:
            return None if marker.dependency is None else self._made(marker.scope, marker.dependency)
        return self._maker(function.enclosing, param.default)

    def _maker(self, scope: Scope, default: o.Expr) -> Type | None:
        """What makes sessions unless another is given: `def __init__(self, maker=SessionLocal)`."""
        type_ = self.types.of(scope, default) if isinstance(default, (o.Name, o.Attribute)) else None
        return type_ if type_ is not None and type_.name in MAKERS else None

    def _fixture(self, function: Function, param: o.Param) -> Type | None:
        """What pytest gives to a test or a fixture."""
        fixture = self.project.fixtures.given(function, param)
        if fixture is None:
            return None
        made = self.types.undecorated(fixture)
        if fixture.node.is_generator:
            return iterated(made)
        return awaited(made) if fixture.node.is_async else made

    def _made(self, scope: Scope, dependency: o.Expr) -> Type | None:
        """What FastAPI injects for `Depends(dependency)`."""
        callee = self.types.callee(scope, dependency)
        if isinstance(callee, Class):
            return Type(callee)
        result = self.types.returned(callee) if isinstance(callee, Function) else None
        if result is None:
            return None
        if result.is_standard("Coroutine", "Awaitable", *ITERATORS):
            return result.arg
        return None if result.is_standard(*MANAGERS) else result

    def of_keyword(self, scope: Scope, value: o.Expr, key: o.Expr) -> Type | None:
        """`kwargs["db"]` in the wrapper of a decorator: what the functions take that it is put around."""
        if not isinstance(value, o.Name) or not isinstance(key, o.String):
            return None
        found = scope.lookup(value.id)
        param = found[1][0].node if found is not None else None
        if found is None or not isinstance(param, o.Param) or param.kind != "**":
            return None
        wrapper = found[0].owner
        decorating = self.project.decorators.by_wrapper(wrapper) if isinstance(wrapper, Function) else None
        if decorating is None:
            return None
        decorated = (function for function, _ in self.project.decorators.decorated(decorating))
        types = (self.type_of(f, param) for f in decorated for param in f.node.params if param.name == key.value)
        return agreed(type_ for type_ in types if type_ is not None)
