"""The types of expressions, as far as annotations and assignments tell them for sure.

A value whose assignments disagree, or one of which is unknown, is unknown: None. Nothing is guessed from names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, union_members
from fapi_lint.project.asynchrony import signatures
from fapi_lint.project.generics import Generics
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Binding, Class, External, Function, Member, Scope, Symbol, Variable
from fapi_lint.project.traversal import paths, statements

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_STANDARD = frozenset(["typing", "typing_extensions", "collections", "contextlib", "builtins"])
_ORM = ("sqlalchemy", "sqlmodel")
_ITERABLES = frozenset(
    ["AsyncGenerator", "AsyncIterator", "AsyncIterable", "Generator", "Iterator", "Iterable", "list", "Sequence"]
)
_WRAPPERS = frozenset(["Annotated", "Optional", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly"])
_MANAGERS = frozenset(["AsyncContextManager", "ContextManager"])
_TRANSPARENT = frozenset(["staticmethod", "classmethod", "abstractmethod", "override", "final", "deprecated"])
"""Decorators that leave alone what a call of the function gives."""
_REGISTERING = frozenset(
    ["get", "post", "put", "patch", "delete", "head", "options", "trace", "api_route", "websocket"]
) | {
    "on_event",
    "middleware",
    "exception_handler",
}
"""Decorators of FastAPI's routers and applications, which give the function back as it is."""


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


NO_VARIABLES: Mapping[str, Type] = {}

Callee: TypeAlias = External | Class | Function | LibraryMethod | Type
"""What is called: a foreign name, a class, a function, a library's method, or an instance."""


def canonical(symbol: External) -> External:
    """One name for what a library exports under several."""
    if symbol.package in _STANDARD:
        return External(f"typing.{symbol.name.removeprefix('Abstract')}")
    if symbol.package in _ORM:
        return External(f"{symbol.package}.{symbol.name}")
    return symbol


def _standard(name: str, *args: Type | None) -> Type:
    return Type(External(f"typing.{name}"), args)


def _orm(name: str, *args: Type | None) -> Type:
    return Type(External(f"sqlalchemy.{name}"), args)


def coroutine(result: Type | None) -> Type:
    """What the call of an `async def` gives."""
    return _standard("Coroutine", result)


class Types:
    """Infers the types of expressions in the scopes of an application."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.resolver = project.resolver
        self.generics = Generics(self)
        self._returned: dict[Function, Type | None] = {}
        self._attributes: dict[tuple[Class, str], Type | None] = {}
        self._variables: dict[tuple[Scope, str], Type | None] = {}
        self._aliases: dict[tuple[str, Scope, str], Type | None] = {}
        self._assignments: dict[Class, dict[str, list[tuple[Function, o.Node]]]] = {}
        self._overridden: dict[Function, bool] = {}
        self._active: set[Any] = set()
        """What is being inferred."""
        self._circles = 0
        """How often something led back to itself."""

    def assumed(self, function: Function | Class | None, name: str) -> Type | None:
        """The type of a parameter that nothing in its signature tells."""
        return None

    # --- expressions -------------------------------------------------------------------------------

    def of(self, scope: Scope, expr: o.Node | None) -> Type | None:
        """The type of an expression evaluated in `scope`."""
        if isinstance(expr, o.Name):
            return self._name(scope, expr)
        if isinstance(expr, o.Attribute):
            return self._attribute(scope, expr)
        if isinstance(expr, o.Call):
            if isinstance(expr.func, o.Attribute) and expr.func.attr in ("get", "pop", "setdefault") and expr.args:
                given = self._by_keyword(scope, expr.func.value, expr.args[0].value)
                if given is not None:
                    return given
            receiver = self._receiver(scope, expr.func)
            return self._result(self._callee(scope, expr.func, receiver), scope, expr, receiver)
        if isinstance(expr, o.Subscript) and len(expr.items) == 1:
            return self._by_keyword(scope, expr.value, expr.items[0])
        if isinstance(expr, o.Await):
            return self.awaited(self.of(scope, expr.value))
        if isinstance(expr, o.IfExp):
            return self._agreed(scope, (expr.body, expr.orelse))
        if isinstance(expr, o.Operation) and expr.operator in ("or", "and"):
            return self._agreed(scope, expr.operands)
        if isinstance(expr, o.NamedExpr):
            return self.of(scope, expr.value)
        return None

    def _agreed(self, scope: Scope, exprs: Iterable[o.Expr]) -> Type | None:
        """The one type of all expressions, None literals left out."""
        return _same(self.of(scope, expr) for expr in exprs if not is_none(expr))

    def _name(self, scope: Scope, expr: o.Name) -> Type | None:
        found = scope.lookup(expr.id)
        if found is None:
            symbol = self.resolver.resolve(scope, expr)
            return self._variable(symbol.scope, symbol.name) if isinstance(symbol, Variable) else None
        where, bindings = found
        if isinstance(bindings[-1].node, o.Alias):
            symbol = self.resolver.resolve(where, expr)
            return self._variable(symbol.scope, symbol.name) if isinstance(symbol, Variable) else None
        return self._variable(where, expr.id)

    def _variable(self, scope: Scope, name: str) -> Type | None:
        """The type of a name by all the statements of its scope that bind it."""
        key = (scope, name)
        if key in self._variables:
            return self._variables[key]
        if self._is_active(key):
            return None
        is_outermost, circles = not self._active, self._circles
        self._active.add(key)
        try:
            result = self._bound(scope, name)
        finally:
            self._active.discard(key)
        if is_outermost or scope.is_module or scope.is_class or circles == self._circles:
            self._variables[key] = result
        return result

    def _is_active(self, key: object) -> bool:
        """Whether this is being inferred already: in a circle."""
        if key not in self._active:
            return False
        self._circles += 1
        return True

    def _bound(self, scope: Scope, name: str) -> Type | None:
        bindings = [
            b
            for b in scope.bindings.get(name, ())
            if not (is_none(b.value) and b.annotation is None) or self.assumed(scope.owner, name) is not None
        ]
        for binding in bindings:
            if binding.annotation is not None and not isinstance(binding.node, o.Param):
                return self.of_annotation(scope, binding.annotation)
        if scope.is_module and _is_global_elsewhere(scope.module, name):
            return None
        return _same(self._binding(scope, binding) for binding in bindings)

    def _binding(self, scope: Scope, binding: Binding) -> Type | None:
        statement = binding.statement
        if isinstance(binding.node, o.Param):
            return self.of_parameter(scope.owner, binding.node) if isinstance(scope.owner, Function) else None
        if isinstance(statement, o.WithItem) and statement.target is binding.node:
            return self.entered(self.of(scope, statement.value))
        if isinstance(statement, o.For) and statement.target is binding.node:
            return self.iterated(self.of(scope, statement.iter))
        if binding.value is not None and binding.definition is None:
            return self.of(scope, binding.value)
        return None

    def _attribute(self, scope: Scope, expr: o.Attribute) -> Type | None:
        value = self.of(scope, expr.value)
        return self._held(self._symbol(scope, expr)) if value is None else self.attribute(value, expr.attr)

    def _held(self, symbol: Symbol | None) -> Type | None:
        """The type of what a variable or an attribute of a class holds."""
        if isinstance(symbol, Variable):
            return self._variable(symbol.scope, symbol.name)
        if isinstance(symbol, Member):
            return self._class_attribute(symbol.owner, symbol.name)
        return None

    # --- parameters and annotations ----------------------------------------------------------------

    def of_parameter(self, function: Function, param: o.Param) -> Type | None:
        """The type of a parameter inside its function: annotation, `Depends(…)` default, or `self`."""
        if param.kind in ("*", "**"):
            return None
        scope = function.enclosing
        if (assumed := self.assumed(function, param.name)) is not None:
            return assumed
        if param.annotation is not None:
            return self.of_annotation(scope, param.annotation)
        if isinstance(function.parent, Class) and param is function.node.params[0]:
            decorators = {o.dotted(decorator.value) for decorator in function.node.decorators}
            if "classmethod" in decorators or function.name in ("__new__", "__init_subclass__"):
                return _standard("type", Type(function.parent))
            return None if "staticmethod" in decorators else Type(function.parent)
        return self.dependency(scope, param.default)

    def _by_keyword(self, scope: Scope, value: o.Expr, key: o.Expr) -> Type | None:
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
        types = (self.of_parameter(f, param) for f in decorated for param in f.node.params if param.name == key.value)
        return _same(type_ for type_ in types if type_ is not None)

    def dependency(self, scope: Scope, expr: o.Node | None) -> Type | None:
        """What FastAPI injects for `Depends(…)`."""
        if not isinstance(expr, o.Call):
            return None
        marker = self.resolver.external(scope, expr.func)
        arg = expr.argument("dependency", 0)
        if marker is None or marker.package != "fastapi" or marker.name not in ("Depends", "Security") or arg is None:
            return None
        callee = self.callee(scope, arg.value)
        if isinstance(callee, Class):
            return Type(callee)
        result = self.returned(callee) if isinstance(callee, Function) else None
        if result is None:
            return None
        if result.is_standard("Coroutine", "Awaitable") or result.is_standard(*_ITERABLES - {"list", "Sequence"}):
            return result.arg
        return None if result.is_standard(*_MANAGERS) else result

    def of_annotation(
        self, scope: Scope, expr: o.Node | None, variables: Mapping[str, Type] = NO_VARIABLES
    ) -> Type | None:
        """The type that an annotation means, aliases followed; None for a union of several.

        `variables` are type variables that are known.
        """
        members = [member for member in union_members(expr) if not is_none(member)]
        if len(members) != 1:
            return None
        member = members[0]
        if isinstance(member, o.Name) and member.id in variables:
            return variables[member.id]
        if isinstance(member, (o.Name, o.Attribute)):
            return self._annotated_name(scope, member)
        if isinstance(member, o.Subscript):
            return self._annotated_generic(scope, member, variables)
        return None

    def _annotated_name(self, scope: Scope, expr: o.Name | o.Attribute) -> Type | None:
        symbol = self.resolver.resolve(scope, expr)
        if isinstance(symbol, External):
            return Type(canonical(symbol))
        if isinstance(symbol, Class):
            return Type(symbol)
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Call):
            if o.dotted(symbol.value.func).endswith("TypeVar"):
                bound = symbol.value.argument("bound")
                return None if bound is None else self._stands_for(symbol, bound.value)
            # `db: SessionLocal` names what makes the session, and means what it makes.
            made = self._variable(symbol.scope, symbol.name)
            if made is None or not isinstance(made.symbol, External) or made.symbol.package not in _ORM:
                return None
            return made.arg if made.name in signatures.MAKERS else None
        if isinstance(symbol, Variable) and symbol.value is not None:
            return (
                None if len(symbol.scope.bindings.get(symbol.name, ())) > 1 else self._stands_for(symbol, symbol.value)
            )
        return None

    def _stands_for(self, symbol: Variable, expr: o.Expr) -> Type | None:
        """The type of what an alias or a type variable stands for; None if that is made of itself."""
        key = ("alias", symbol.scope, symbol.name)
        if key in self._aliases:
            return self._aliases[key]
        if self._is_active(key):
            return None
        circles = self._circles
        self._active.add(key)
        try:
            result = self.of_annotation(symbol.scope, expr)
        finally:
            self._active.discard(key)
        if circles == self._circles:
            self._aliases[key] = result
        return result

    def _annotated_generic(self, scope: Scope, expr: o.Subscript, variables: Mapping[str, Type]) -> Type | None:
        base = self._annotated_name(scope, expr.value) if isinstance(expr.value, (o.Name, o.Attribute)) else None
        if base is None or not expr.items:
            return None
        is_alias = isinstance(base.symbol, External) and base.symbol.is_from("dishka", "FromDishka")
        if is_alias or base.is_standard(*_WRAPPERS):
            return self.of_annotation(scope, expr.items[0], variables)
        if base.is_standard("Union"):
            return _same(self.of_annotation(scope, item, variables) for item in expr.items if not is_none(item))
        if base.is_standard("Callable"):
            return Type(base.symbol, (self.of_annotation(scope, expr.items[-1], variables),))
        return Type(base.symbol, tuple(self.of_annotation(scope, item, variables) for item in expr.items))

    # --- calls -------------------------------------------------------------------------------------

    def callee(self, scope: Scope, func: o.Node) -> Callee | None:
        """What a call of `func` runs."""
        return self._callee(scope, func, self._receiver(scope, func))

    def _receiver(self, scope: Scope, func: o.Node) -> Type | None:
        """What a method is called on; asked for once a call, for to ask twice is to ask 2ⁿ times along a chain of n."""
        func = _unsubscripted(func)
        return self.of(scope, func.value) if isinstance(func, o.Attribute) and not _is_super(func.value) else None

    def _callee(self, scope: Scope, func: o.Node, receiver: Type | None) -> Callee | None:
        func = _unsubscripted(func)
        if isinstance(func, o.Attribute):
            if _is_super(func.value):
                assert isinstance(func.value, o.Call)
                return self._inherited(scope, func.value, func.attr)
            if receiver is not None:
                return self.method(receiver, func.attr)
        symbol = self._symbol(scope, func)
        if isinstance(symbol, (External, Class, Function)):
            return symbol
        return self._held(symbol) if isinstance(func, o.Attribute) else self.of(scope, func)

    def function(self, callee: Callee | None) -> Function | None:
        """The function of the application that a call runs, the `__call__` of an instance too."""
        if isinstance(callee, Type) and isinstance(callee.symbol, Class):
            callee = self.method(callee, "__call__")
        return callee if isinstance(callee, Function) else None

    def _inherited(self, scope: Scope, super_: o.Call, name: str) -> Callee | None:
        """What `super().name(…)` runs: the method of the nearest class above, unless a foreign class may have it."""
        method = scope.owner
        class_: Symbol | None = method.parent if isinstance(method, Function) else None
        if super_.args:  # super(Class, self)
            class_ = self.resolver.resolve(scope, super_.args[0].value)
        if not isinstance(class_, Class):
            return None
        for base in self.resolver.mro(class_)[1:]:
            if isinstance(base, Class):
                if name in base.scope.bindings:
                    return self.method(Type(base), name)
            elif base.package not in ("abc", "typing", "typing_extensions"):
                return None
        return None

    def _symbol(self, scope: Scope, expr: o.Node) -> Symbol | None:
        """What a dotted name means, if everything that binds it agrees."""
        root = expr
        while isinstance(root, o.Attribute):
            root = root.value
        if not isinstance(root, o.Name):
            return None
        found = scope.lookup(root.id)
        if found is not None and len(found[1]) > 1 and not all(isinstance(b.node, o.Alias) for b in found[1]):
            return None
        if found is not None and isinstance(found[0].owner, Function):
            node = found[1][0].node
            if not isinstance(node, (o.Alias, o.FunctionDef, o.ClassDef)):
                return None
        symbol = self.resolver.resolve(scope, expr)
        if isinstance(symbol, (Function, Class)) and len(symbol.enclosing.bindings.get(symbol.name, ())) > 1:
            return None
        return symbol

    def method(self, receiver: Type, name: str) -> Callee | None:
        """What `receiver.name(…)` runs."""
        if isinstance(receiver.symbol, External):
            if receiver.is_standard("type") and receiver.arg is not None:
                return self.method(receiver.arg, name)
            return LibraryMethod(receiver, receiver.name, name)
        member = self.resolver.class_member(receiver.symbol, name)
        if isinstance(member, Function):
            if len(member.enclosing.bindings.get(name, ())) > 1 or not member.is_method:
                return None
            scope = member.parent.scope if isinstance(member.parent, Class) else member.enclosing
            return None if len(scope.bindings.get(name, ())) > 1 else member
        if isinstance(member, Class):
            return member
        if member is None:
            for ancestor in self.resolver.mro(receiver.symbol):
                if isinstance(ancestor, External) and ancestor.name in signatures.COROUTINES:
                    return LibraryMethod(receiver, ancestor.name, name)
        return self.attribute(receiver, name)

    def result(self, callee: Callee | None, scope: Scope, call: o.Call) -> Type | None:
        """What a call gives."""
        return self._result(callee, scope, call, self._receiver(scope, call.func))

    def _result(self, callee: Callee | None, scope: Scope, call: o.Call, receiver: Type | None) -> Type | None:
        if isinstance(callee, Class):
            return Type(callee, self.generics.made(scope, callee, call))
        if isinstance(callee, Function):
            return self._of_receiver(callee, scope, call, receiver) or _with_self(self.returned(callee), callee)
        if isinstance(callee, External):
            return self._foreign_result(callee, scope, call)
        if isinstance(callee, LibraryMethod):
            return self._method_result(callee)
        if isinstance(callee, Type):
            return self._called_instance(callee)
        return None

    def _of_receiver(self, method: Function, scope: Scope, call: o.Call, receiver: Type | None) -> Type | None:
        """What a method gives whose annotation names a type variable of its class, or `Self`."""
        owner, returns = method.parent, method.node.returns
        if not isinstance(owner, Class) or returns is None or method.node.is_generator:
            return None
        variables = self.generics.variables(owner)
        if not variables and "Self" not in method.module.slice(returns):
            return None
        instance = self._instance(scope, call.func, receiver)
        if instance is None or not all(self.is_transparent(method, decorator) for decorator in method.node.decorators):
            return None
        result = self.of_annotation(method.enclosing, returns, self.generics.arguments(instance, owner))
        if isinstance(instance.symbol, Class):
            result = _with_self(result, method, instance.symbol)
        return coroutine(result) if method.node.is_async else result

    def _instance(self, scope: Scope, func: o.Node, receiver: Type | None) -> Type | None:
        """The object of a call of a method; of a class that it is called on, an instance."""
        if receiver is not None:
            return receiver.arg if receiver.is_standard("type") else receiver
        if not isinstance(func, o.Attribute):
            return None
        if _is_super(func.value):
            owner = scope.owner.parent if isinstance(scope.owner, Function) else None
            return Type(owner) if isinstance(owner, Class) else None
        symbol = self._symbol(scope, func.value)
        return Type(symbol) if isinstance(symbol, Class) else None

    def _foreign_result(self, callee: External, scope: Scope, call: o.Call) -> Type | None:
        if callee.package in _ORM:
            if callee.name in signatures.MAKERS:
                return Type(canonical(callee), (self._made(callee, scope, call),))
            if callee.name in signatures.REGISTRIES:
                maker = call.argument("session_factory", 0)
                made = None if maker is None else self.of(scope, maker.value)
                return Type(canonical(callee), (None if made is None else made.arg,))
            if callee.name in signatures.CONSTRUCTORS:
                return _orm(signatures.CONSTRUCTORS[callee.name])
        first = call.args[0].value if call.args and not call.args[0].star else None
        if callee.dotted in ("builtins.next", "builtins.iter", "builtins.anext", "builtins.aiter"):
            inner = self.of(scope, first)
            if callee.name in ("iter", "aiter"):
                return inner
            item = self.iterated(inner)
            return coroutine(item) if callee.name == "anext" else item
        if callee.is_from("typing", "cast") and len(call.args) == 2:
            return self.of_annotation(scope, first)
        # By convention a capitalised name is a class, and calling it makes an instance.
        if callee.name[:1].isupper() and not callee.name.isupper():
            return Type(canonical(callee))
        return None

    def _made(self, callee: External, scope: Scope, call: o.Call) -> Type | None:
        """The class of the sessions that a maker makes."""
        given = call.argument("class_")
        if given is None:
            default = Type(External(f"{callee.package}.{signatures.MAKERS[callee.name]}"))
            return None if call.has_double_star else default
        symbol = self._symbol(scope, given.value)
        if isinstance(symbol, External):
            return Type(canonical(symbol))
        return Type(symbol) if isinstance(symbol, Class) else None

    def _method_result(self, method: LibraryMethod) -> Type | None:
        key = (method.owner, method.name)
        if method.is_coroutine:
            connection = _orm("AsyncConnection") if key == ("AsyncSession", "connection") else None
            return coroutine(connection)
        if key in signatures.RESULTS:
            return _orm(signatures.RESULTS[key])
        if key in signatures.ENTERED:
            return _standard("ContextManager", _orm(signatures.ENTERED[key]))
        if method.owner in signatures.MAKERS and method.name == "begin":
            return _standard("ContextManager", method.receiver.arg)
        if method.name in ("__anext__", "asend"):
            return coroutine(self.iterated(method.receiver))
        if method.name == "__next__":
            return self.iterated(method.receiver)
        return None

    def _called_instance(self, callee: Type) -> Type | None:
        if isinstance(callee.symbol, Class):
            call = self.function(callee)
            return None if call is None else self.returned(call)
        if callee.symbol.package in _ORM and (callee.name in signatures.MAKERS or callee.name in signatures.REGISTRIES):
            return callee.arg
        if callee.is_standard("type", "Callable"):
            return callee.arg
        return None

    def returned(self, function: Function) -> Type | None:
        """What calling a function gives, decorators and `async` applied: a coroutine, a generator, a value."""
        if function in self._returned:
            return self._returned[function]
        if self._is_active(function):
            return None
        found = self.project.descent.step(self._find_returned, function)
        self._circles += function not in self._returned
        return found

    def _find_returned(self, function: Function) -> Type | None:
        self._active.add(function)
        try:
            result = self._decorated(function)
        finally:
            self._active.discard(function)
        self._returned[function] = result
        return result

    def _decorated(self, function: Function) -> Type | None:
        managing = self._managing(function)
        if managing is None:
            return None
        inner = self._plain(function)
        for _ in range(managing):
            inner = _standard("ContextManager", None if inner is None else self.iterated(inner))
        return inner

    def gives_coroutine(self, scope: Scope, call: o.Call) -> bool:
        """Whether a call surely gives a coroutine, which runs only when it is awaited."""
        callee = self.callee(scope, call.func)
        if isinstance(callee, LibraryMethod):
            return callee.is_coroutine
        function = self.function(callee)
        return function is not None and self.makes_coroutine(function) and not self._is_overridden(function)

    def makes_coroutine(self, function: Function) -> bool:
        """Whether calling the function surely gives a coroutine: `async def` that no decorator changes."""
        node = function.node
        if not node.is_async or node.is_generator:
            return False
        return all(
            self.is_transparent(function, decorator) or self.turns_into_coroutine(function.enclosing, decorator)
            for decorator in node.decorators
        )

    def turns_into_coroutine(self, scope: Scope, decorator: o.Decorator) -> bool:
        """Whether a decorator of the application puts an `async def` in place of what it decorates."""
        value = decorator.value
        symbol = self.resolver.resolve(scope, value.func if isinstance(value, o.Call) else value)
        functions = [symbol] if isinstance(symbol, Function) else []
        for _ in range(2 if isinstance(value, o.Call) else 1):
            functions = [inner for function in functions for inner in _returned_functions(function)]
        return bool(functions) and all(inner.node.is_async and not inner.node.is_generator for inner in functions)

    def _is_overridden(self, method: Function) -> bool:
        """Whether a subclass has the method without `async`: then the receiver's class does not tell."""
        if method not in self._overridden:
            owner = method.parent
            below = (owner, *self.project.model_attributes.families.get(owner, ())) if isinstance(owner, Class) else ()
            self._overridden[method] = any(
                not other.node.is_async for class_ in below for other in class_.methods if other.name == method.name
            )
        return self._overridden[method]

    @cached_property
    def methods(self) -> dict[str, list[Function]]:
        found: dict[str, list[Function]] = {}
        for function in self.project.functions:
            if function.is_method:
                found.setdefault(function.name, []).append(function)
        return found

    def _managing(self, function: Function) -> int | None:
        """How many decorators make a context manager of the function; None if one does what nobody knows."""
        found = 0
        for decorator in function.node.decorators:
            symbol = self._foreign_decorator(function, decorator)
            if symbol is not None and symbol.name in ("asynccontextmanager", "contextmanager"):
                found += 1
            elif not self.is_transparent(function, decorator):
                return None
        return found

    def is_transparent(self, function: Function, decorator: o.Decorator) -> bool:
        symbol = self._foreign_decorator(function, decorator)
        if symbol is not None and (symbol.name in _TRANSPARENT or symbol.is_from("functools", "cache", "lru_cache")):
            return True
        return self.is_route_decorator(function, decorator)

    def _foreign_decorator(self, function: Function, decorator: o.Decorator) -> External | None:
        value = decorator.value.func if isinstance(decorator.value, o.Call) else decorator.value
        return self.resolver.external(function.enclosing, value)

    def is_route_decorator(self, function: Function, decorator: o.Decorator) -> bool:
        """`@router.get(…)` and its like register the function and give it back."""
        func = decorator.value.func if isinstance(decorator.value, o.Call) else decorator.value
        if not isinstance(func, o.Attribute) or func.attr not in _REGISTERING:
            return False
        receiver = self.of(function.enclosing, func.value)
        return receiver is not None and self.is_foreign(receiver, "fastapi", "FastAPI", "APIRouter")

    def is_foreign(self, type_: Type, package: str, *names: str) -> bool:
        """Whether the type is one of these foreign classes, or a subclass in the application."""
        if isinstance(type_.symbol, External):
            return type_.symbol.is_from(package, *names)
        return any(
            isinstance(ancestor, External) and ancestor.is_from(package, *names)
            for ancestor in self.resolver.mro(type_.symbol)
        )

    def undecorated(self, function: Function) -> Type | None:
        """What a call gives if its decorators are left out: what pytest takes from a fixture."""
        return self._plain(function)

    def _plain(self, function: Function) -> Type | None:
        """What a call of the undecorated function gives."""
        node = function.node
        if node.is_generator:
            return self._generator(function)
        if node.returns is not None:
            result = self.of_annotation(function.enclosing, node.returns)
        else:
            result = self._inferred(function)
        return coroutine(result) if node.is_async else result

    def _generator(self, function: Function) -> Type | None:
        node = function.node
        annotated = self.of_annotation(function.enclosing, node.returns)
        if annotated is not None and not annotated.is_standard(*_ITERABLES):
            annotated = None
        item = None if annotated is None else annotated.arg
        if node.returns is None or (annotated is not None and not annotated.args):  # `-> Generator`
            scope = function.scope
            item = _same(self.of(scope, y.value) for y, _ in paths(scope.body, o.Yield))
        return _standard("AsyncIterator" if node.is_async else "Iterator", item)

    def _inferred(self, function: Function) -> Type | None:
        """The type of all `return` statements of a function without return annotation."""
        scope = function.scope
        values = [node.value for node in statements(scope.body) if isinstance(node, o.Return)]
        if not values or not all(values):
            return None
        return self._agreed(scope, [value for value in values if value is not None])

    # --- parts of values ---------------------------------------------------------------------------

    def awaited(self, type_: Type | None) -> Type | None:
        if type_ is None:
            return None
        if type_.is_standard("Coroutine", "Awaitable"):
            return type_.arg
        if isinstance(type_.symbol, External) and type_.name in signatures.AWAITED:
            return _orm(signatures.AWAITED[type_.name])
        return None

    def entered(self, type_: Type | None) -> Type | None:
        """What `with` or `async with` binds."""
        if type_ is None:
            return None
        if type_.is_standard(*_MANAGERS):
            return type_.arg
        if isinstance(type_.symbol, External):
            return type_ if type_.symbol.package in _ORM else None
        for name in ("__aenter__", "__enter__"):
            enter = self.resolver.class_member(type_.symbol, name)
            if isinstance(enter, Function):
                result = _with_self(self.returned(enter), enter, type_.symbol)
                return self.awaited(result) if enter.node.is_async else result
        return type_ if any(isinstance(a, External) and a.package in _ORM for a in self._mro(type_)) else None

    def _mro(self, type_: Type) -> tuple[Class | External, ...]:
        return self.resolver.mro(type_.symbol) if isinstance(type_.symbol, Class) else (type_.symbol,)

    def iterated(self, type_: Type | None) -> Type | None:
        """What a `for` or `async for` binds."""
        return type_.arg if type_ is not None and type_.is_standard(*_ITERABLES) else None

    def attribute(self, type_: Type, name: str) -> Type | None:
        """The type of an attribute's value."""
        if isinstance(type_.symbol, Class):
            return self._generic_attribute(type_, name) or self._class_attribute(type_.symbol, name)
        found = signatures.ATTRIBUTES.get((type_.name, name)) if type_.symbol.package in _ORM else None
        return None if found is None else _orm(found)

    def _generic_attribute(self, type_: Type, name: str) -> Type | None:
        """The type of an attribute whose annotation names a type variable of its class."""
        for base in self._mro(type_):
            if isinstance(base, Class) and self.generics.variables(base):
                annotations = list(self.project.model_attributes.annotations(base, name))
                if annotations:
                    known = self.generics.arguments(type_, base)
                    return _same(self.of_annotation(scope, expr, known) for scope, expr in annotations)
        return None

    def _class_attribute(self, class_: Class, name: str) -> Type | None:
        key = (class_, name)
        if key in self._attributes:
            return self._attributes[key]
        if self._is_active(key):
            return None
        self._active.add(key)
        try:
            result = next((found[0] for base in self._mro(Type(class_)) if (found := self._defined(base, name))), None)
        finally:
            self._active.discard(key)
        self._attributes[key] = result
        return result

    def _defined(self, base: Class | External, name: str) -> tuple[Type | None] | None:
        """The type that a class gives to an attribute, in a tuple; None if the class does not define it."""
        if not isinstance(base, Class):
            return None
        bindings = base.scope.bindings.get(name)
        if bindings:
            for binding in bindings:
                if isinstance(binding.definition, Function):
                    return (self._property(binding.definition) if len(bindings) == 1 else None,)
            if not all(is_none(b.value) and b.annotation is None for b in bindings):
                return (self._variable(base.scope, name),)
        assigned = list(self._assigned(base, name))
        annotated = [type_ for annotation, type_ in assigned if annotation]
        if annotated:
            return (_same(annotated),)
        return (_same(type_ for _, type_ in assigned),) if assigned else None

    def _property(self, function: Function) -> Type | None:
        if len(function.node.decorators) != 1:
            return None
        name = o.dotted(function.node.decorators[0].value).rpartition(".")[2]
        return self._plain(function) if name in ("property", "cached_property") else None

    def assignments(self, class_: Class) -> dict[str, list[tuple[Function, o.Node]]]:
        """The statements in the methods that assign to an attribute of the object, by the attribute's name."""
        if class_ not in self._assignments:
            self._assignments[class_] = _find_assignments(class_)
        return self._assignments[class_]

    def _assigned(self, class_: Class, name: str) -> Iterator[tuple[bool, Type | None]]:
        """The types assigned to `self.name` in the methods, and whether by annotation. None literals are left out."""
        for method, node in self.assignments(class_).get(name, ()):
            if isinstance(node, o.AnnAssign):
                yield True, self.of_annotation(method.scope, node.annotation)
            elif isinstance(node, o.WithItem):
                yield False, self.entered(self.of(method.scope, node.value))
            elif isinstance(node, o.Assign) and not is_none(node.value):
                yield False, self.of(method.scope, node.value)


def _find_assignments(class_: Class) -> dict[str, list[tuple[Function, o.Node]]]:
    """The statements that assign to an attribute of the object, by the attribute's name."""
    found: dict[str, list[tuple[Function, o.Node]]] = {}
    for method in class_.methods:
        if not method.node.params:
            continue
        instance = method.node.params[0].name
        for statement in statements(method.node.body):
            targets: Iterable[tuple[o.Node | None, o.Node]] = ()
            if isinstance(statement, o.Assign):
                targets = [(target, statement) for target in statement.targets]
            elif isinstance(statement, o.AnnAssign):
                targets = [(statement.target, statement)]
            elif isinstance(statement, o.With):
                targets = [(item.target, item) for item in statement.items]
            for target, node in targets:
                if isinstance(target, o.Attribute) and isinstance(target.value, o.Name) and target.value.id == instance:
                    found.setdefault(target.attr, []).append((method, node))
    return found


def _unsubscripted(func: o.Node) -> o.Node:
    """What a call names: `sessionmaker` of `sessionmaker[AsyncSession](…)`."""
    return func.value if isinstance(func, o.Subscript) else func


def _is_super(expr: o.Node) -> bool:
    return isinstance(expr, o.Call) and o.dotted(expr.func) == "super"


def _same(types: Iterable[Type | None]) -> Type | None:
    """The one type that all of them are."""
    found: Type | None = None
    for type_ in types:
        if type_ is None or (found is not None and type_ != found):
            return None
        found = type_
    return found


def _returned_functions(function: Function) -> list[Function]:
    """The nested functions that a function returns by name."""
    scope = function.scope
    names = [
        node.value.id
        for node in statements(scope.body)
        if isinstance(node, o.Return) and isinstance(node.value, o.Name)
    ]
    return [nested for nested in scope.functions if nested.name in names]


def _with_self(type_: Type | None, method: Function, class_: Class | None = None) -> Type | None:
    """`Self` in a method's result put in place."""
    owner = class_ or (method.parent if isinstance(method.parent, Class) else None)
    if type_ is None or owner is None:
        return type_
    if type_.is_standard("Self"):
        return Type(owner)
    if type_.args:
        return Type(type_.symbol, tuple(_with_self(arg, method, owner) for arg in type_.args))
    return type_


def _is_global_elsewhere(module: Module, name: str) -> bool:
    """Whether a function of the module declares the variable `global`, and so may assign it."""
    return "global " in module.text and re.search(rf"\bglobal\b[^\n]*\b{name}\b", module.text) is not None
