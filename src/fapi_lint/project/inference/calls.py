"""Calls: what they run, and what they give."""

from __future__ import annotations

from fapi_lint.outline import nodes as o
from fapi_lint.project.inference import libraries, signatures
from fapi_lint.project.inference.aspect import Aspect
from fapi_lint.project.inference.type import Callee, LibraryMethod, Type, coroutine, with_self
from fapi_lint.project.kept import kept
from fapi_lint.project.symbols import Class, External, Function, Scope, Symbol


class Calls(Aspect):
    """The calls of an application."""

    def type_of(self, scope: Scope, call: o.Call) -> Type | None:
        """What a call gives."""
        receiver = self._receiver(scope, call.func)
        return self._result(self._callee(scope, call.func, receiver), scope, call, receiver)

    # --- what is called ----------------------------------------------------------------------------

    def callee(self, scope: Scope, func: o.Node) -> Callee | None:
        """What a call of `func` runs."""
        return self._callee(scope, func, self._receiver(scope, func))

    def _receiver(self, scope: Scope, func: o.Node) -> Type | None:
        """What a method is called on; asked for once a call, for to ask twice is to ask 2ⁿ times along a chain of n."""
        func = _unsubscripted(func)
        return self.types.of(scope, func.value) if isinstance(func, o.Attribute) and not _is_super(func.value) else None

    def _callee(self, scope: Scope, func: o.Node, receiver: Type | None) -> Callee | None:
        func = _unsubscripted(func)
        if isinstance(func, o.Attribute):
            if _is_super(func.value):
                assert isinstance(func.value, o.Call)
                return self._inherited(scope, func.value, func.attr)
            if receiver is not None:
                return self.method(receiver, func.attr)
        symbol = self.named(scope, func)
        if isinstance(symbol, (External, Class, Function)):
            return symbol
        return self.types.held(symbol) if isinstance(func, o.Attribute) else self.types.of(scope, func)

    def named(self, scope: Scope, expr: o.Node) -> Symbol | None:
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

    def function(self, callee: Callee | None) -> Function | None:
        """The function of the application that a call runs, the `__call__` of an instance too."""
        if isinstance(callee, Type) and isinstance(callee.symbol, Class):
            callee = self.method(callee, "__call__")
        return callee if isinstance(callee, Function) else None

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
            for base in self.resolver.foreign(receiver.symbol):
                if base.name in signatures.COROUTINES:
                    return LibraryMethod(receiver, base.name, name)
        return self.types.attribute(receiver, name)

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

    # --- what it gives -----------------------------------------------------------------------------

    def result(self, callee: Callee | None, scope: Scope, call: o.Call) -> Type | None:
        """What a call gives that is known to run `callee`."""
        return self._result(callee, scope, call, self._receiver(scope, call.func))

    def _result(self, callee: Callee | None, scope: Scope, call: o.Call, receiver: Type | None) -> Type | None:
        if isinstance(callee, Class):
            made = self.types.project.factories.made(callee)
            return Type(made) if made is not None else Type(callee, self.types.generics.made(scope, callee, call))
        if isinstance(callee, Function):
            return self._of_receiver(callee, scope, call, receiver) or self._returned(callee)
        if isinstance(callee, External):
            return libraries.result(self.types, callee, scope, call)
        if isinstance(callee, LibraryMethod):
            return libraries.method_result(callee)
        if isinstance(callee, Type) and isinstance(callee.symbol, Class):
            function = self.function(callee)
            return None if function is None else self.types.returned(function)
        return None if callee is None else libraries.instance_result(callee)

    def _returned(self, function: Function) -> Type | None:
        result = self.types.returned(function)
        return with_self(result, function.parent) if isinstance(function.parent, Class) else result

    def _of_receiver(self, method: Function, scope: Scope, call: o.Call, receiver: Type | None) -> Type | None:
        """What a method gives whose annotation names a type variable of its class, or `Self`."""
        owner, returns = method.parent, method.node.returns
        if not isinstance(owner, Class) or returns is None or method.node.is_generator:
            return None
        variables = self.types.generics.variables(owner)
        if not variables and "Self" not in method.module.slice(returns):
            return None
        instance = self._instance(scope, call.func, receiver)
        if instance is None or not self.types.decoration.is_transparent(method):
            return None
        known = self.types.generics.arguments(instance, owner)
        result = self.types.of_annotation(method.enclosing, returns, known)
        if isinstance(instance.symbol, Class):
            result = with_self(result, instance.symbol)
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
        symbol = self.named(scope, func.value)
        return Type(symbol) if isinstance(symbol, Class) else None

    # --- coroutines --------------------------------------------------------------------------------

    def gives_coroutine(self, scope: Scope, call: o.Call) -> bool:
        """Whether a call surely gives a coroutine, which runs only when it is awaited."""
        callee = self.callee(scope, call.func)
        if isinstance(callee, LibraryMethod):
            return callee.is_coroutine
        function = self.function(callee)
        if function is None or not self.types.decoration.makes_coroutine(function):
            return False
        return not self._is_overridden(function)

    @kept
    def _is_overridden(self, method: Function) -> bool:
        """Whether a subclass has the method without `async`: then the receiver's class does not tell."""
        owner, families = method.parent, self.types.project.model_attributes.families
        below = (owner, *families.get(owner, ())) if isinstance(owner, Class) else ()
        return any(not other.node.is_async for class_ in below for other in class_.methods if other.name == method.name)


def _unsubscripted(func: o.Node) -> o.Node:
    """What a call names: `sessionmaker` of `sessionmaker[AsyncSession](…)`."""
    return func.value if isinstance(func, o.Subscript) else func


def _is_super(expr: o.Node) -> bool:
    return isinstance(expr, o.Call) and o.dotted(expr.func) == "super"
