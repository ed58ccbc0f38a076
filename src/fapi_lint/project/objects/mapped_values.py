"""Which expressions are mapped objects for sure, followed back to a query, a constructor or an annotation.

This asks only what an expression is, so that it is much cheaper than `object_flow`, which follows the objects onwards.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, NamedTuple, TypeAlias

from msgspec import field

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, only_member
from fapi_lint.project.inference.type import Type
from fapi_lint.project.mapped import Model
from fapi_lint.project.objects.calls import ALL, NO_ROWS, ONE
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Binding, Class, External, Function, Scope, Variable
from fapi_lint.project.traversal import own_nodes, return_values

_CONTAINERS = frozenset(["list", "List", "Sequence", "Collection", "Iterable", "set", "Set", "AbstractSet"])
_KEEPING = frozenset(["list", "sorted", "reversed"])
_MAKING = frozenset(["model_validate", "from_orm", "parse_obj"])
"""Class methods of SQLModel that make an object, as of Pydantic."""
_RESULTS = frozenset(["scalars", "unique", "yield_per", "tuples"])

Form: TypeAlias = Literal["object", "list", "statement", "query", "rows", "scalars"]


class Mapped(NamedTuple):
    """A value that has to do with a model: its objects, or a statement that selects them."""

    model: Model
    form: Form


class _Same:
    """What a name is that is assigned from itself: whatever its other assignments say."""


_SAME = _Same()
Found: TypeAlias = "Mapped | _Same | None"


class MappedValues(Part):
    """The expressions of an application that are mapped objects."""

    _returned: dict[Function, Found] = field(default_factory=dict)
    _names: dict[tuple[Scope, str], Found] = field(default_factory=dict)
    _active: set[Any] = field(default_factory=set)
    _circles: int = 0
    """How often something led back to itself."""

    def of(self, scope: Scope, expr: o.Node | None) -> Mapped | None:
        """What an expression of a function is; None where that is not certain."""
        found = self._of(scope, expr)
        return found if isinstance(found, Mapped) else None

    def _of(self, scope: Scope, expr: o.Node | None) -> Found:
        match expr:
            case o.Await():
                return self._of(scope, expr.value)
            case o.Name():
                return self._name(scope, expr)
            case o.IfExp():
                return self._one_of(scope, (expr.body, expr.orelse))
            case o.Operation(operator="or"):
                return self._one_of(scope, expr.operands)
            case o.Call():
                return self._call(scope, expr)
            case o.Attribute():
                return self._related(scope, expr)
            case o.Subscript(items=(index,)):
                found = self._of(scope, expr.value)
                is_list = isinstance(found, Mapped) and found.form == "list"
                return self._item(found) if isinstance(index, o.Number) else found if is_list else None
            case o.Comprehension(kind="list", items=(o.Name(id=name),), generators=(source,)):
                if isinstance(source.target, o.Name) and source.target.id == name:
                    return self._several(self._item(self._of(scope, source.iter)))
        return None

    def _one_of(self, scope: Scope, ways: Iterable[o.Node]) -> Found:
        """What all of them are; instead of an object there may be None, and instead of a list `[]`."""
        ways = [way for way in ways if not is_none(way)]
        filled = [way for way in ways if not (isinstance(way, o.Collection) and way.kind == "list" and not way.items)]
        found = self._agreed(self._of(scope, way) for way in filled)
        is_list = isinstance(found, Mapped) and found.form == "list"
        return found if is_list or len(filled) == len(ways) else None

    def _item(self, found: Found) -> Found:
        """What iterating gives."""
        is_many = isinstance(found, Mapped) and found.form in ("list", "scalars", "query")
        return Mapped(found.model, "object") if is_many and isinstance(found, Mapped) else None

    def _several(self, found: Found) -> Found:
        """A list of objects."""
        return Mapped(found.model, "list") if isinstance(found, Mapped) and found.form == "object" else None

    def _related(self, scope: Scope, expr: o.Attribute) -> Found:
        """`post.author`, by the annotation of the relationship."""
        found = self._of(scope, expr.value)
        if not isinstance(found, Mapped) or found.form != "object":
            return None
        known = found.model.relationships.get(expr.attr)
        return None if known is None or known.annotation is None else self._annotated(known.scope, known.annotation)

    def _agreed(self, values: Iterable[Found]) -> Found:
        found: Found = _SAME
        for value in values:
            if value is None or (found is not _SAME and value is not _SAME and value != found):
                return None
            found = found if value is _SAME else value
        return found

    # --- names -------------------------------------------------------------------------------------

    def _name(self, scope: Scope, expr: o.Name) -> Found:
        bindings = scope.bindings.get(expr.id)
        if not bindings or not isinstance(scope.owner, Function):
            return None
        key = (scope, expr.id)
        if key in self._names:
            return self._names[key]
        if key in self._active or self.project.descent.is_broken_off((self, key)):
            self._circles += 1
            return _SAME
        function = scope.owner
        return self.project.descent.step((self, key), lambda: self._find_name(scope, function, expr.id))

    def _find_name(self, scope: Scope, function: Function, name: str) -> Found:
        key = (scope, name)
        circles = self._circles
        self._active.add(key)
        try:
            found = self._agreed(
                self._bound(scope, function, binding) for binding in scope.bindings[name] if not is_none(binding.value)
            )
        finally:
            self._active.discard(key)
        if not self._active or circles == self._circles:
            self._names[key] = found
        return found

    def _bound(self, scope: Scope, function: Function, binding: Binding) -> Found:
        if isinstance(binding.node, o.Param):
            return self._parameter(function, binding.node)
        if binding.annotation is not None:
            return self._annotated(scope, binding.annotation)
        if isinstance(binding.statement, o.For) and binding.statement.target is binding.node:
            return self._item(self._of(scope, binding.statement.iter))
        if binding.value is None or not isinstance(binding.statement, (o.Assign, o.NamedExpr)):
            return None
        if isinstance(binding.value, o.Collection) and not binding.value.items and isinstance(binding.node, o.Name):
            return self._filled(scope, binding.node.id)
        return self._of(scope, binding.value)

    def _filled(self, scope: Scope, name: str) -> Found:
        """What a list that begins empty holds in the end, where it only grows by `append()` and `extend()`."""
        grown: list[Found] = []
        for node in own_nodes(scope.body):
            match node:
                case o.Call(func=o.Attribute(value=o.Name(id=filled), attr=attr), args=(arg,)) if filled == name:
                    given = self._of(scope, arg.value)
                    grown.append(self._several(given if attr == "append" else self._item(given)))
                case o.Attribute(value=o.Name(id=filled), attr=attr) if filled == name:
                    if attr not in ("append", "extend"):
                        return None
                case o.Arg(value=o.Name(id=passed)) | o.AugAssign(target=o.Name(id=passed)) if passed == name:
                    return None
        return self._agreed(grown) if grown else None

    def _parameter(self, function: Function, param: o.Param) -> Found:
        if param.kind in ("*", "**"):
            return None
        if param.annotation is not None:
            return self._annotated(function.enclosing, param.annotation)
        dependencies = self.project.dependencies
        callee = dependencies.function_of(dependencies.marker(function.enclosing, param.default))
        return None if callee is None else self.returned(callee)

    def _annotated(self, scope: Scope, annotation: o.Node, depth: int = 0) -> Found:
        """`Post`, `Post | None`, `list[Post]`, through aliases and `Annotated`."""
        member = only_member(annotation) if depth <= 8 else None
        if isinstance(member, o.Subscript) and member.items:
            wrapper = self.project.resolver.resolve(scope, member.value)
            if not isinstance(wrapper, External):
                return None
            inner = self._annotated(scope, member.items[0], depth + 1)
            if wrapper.name in ("Annotated", "Mapped", "Optional"):
                return inner
            return self._several(inner) if wrapper.name in _CONTAINERS else None
        symbol = self.project.resolver.resolve(scope, member)
        if isinstance(symbol, Variable) and isinstance(symbol.value, o.Subscript):
            return self._annotated(symbol.scope, symbol.value, depth + 1)
        model = self.project.models.of(symbol)
        return None if model is None else Mapped(model, "object")

    # --- calls -------------------------------------------------------------------------------------

    def _call(self, scope: Scope, call: o.Call) -> Found:
        func = call.func
        first = call.args[0].value if call.args and not call.args[0].star else None
        if isinstance(func, o.Attribute):
            receiver = self._of(scope, func.value)
            if receiver is not None:
                return receiver if isinstance(receiver, _Same) else self._method(receiver, func.attr)
            if func.attr in _MAKING:
                return self._entity(scope, func.value, "object")
            found = self._session_call(scope, func.attr, call, first)
            if found is not None:
                return found
        callee = self.project.types.callee(scope, func)
        function = self.project.types.function(callee)
        if function is not None:
            return self.returned(function) or self._typed(self.project.types.of(scope, call))
        if isinstance(callee, Class):
            model = self.project.models.by_class.get(callee)
            return None if model is None else Mapped(model, "object")
        if isinstance(callee, External) and first is not None:
            if callee.name == "select" and callee.is_orm and len(call.args) == 1:
                return self._entity(scope, first, "statement")
            if callee.dotted in {f"builtins.{name}" for name in _KEEPING}:
                return self._several(self._item(self._of(scope, first)))
        return None

    def _typed(self, type_: Type | None) -> Found:
        """What a method gives that says it in type variables: `get() -> T | None`."""
        if type_ is None or type_.is_standard("Coroutine"):
            return None if type_ is None else self._typed(type_.arg)
        if type_.is_standard(*_CONTAINERS):
            return self._several(self._typed(type_.arg))
        model = self.project.models.of(type_.symbol)
        return None if model is None else Mapped(model, "object")

    def _method(self, receiver: Mapped, name: str) -> Found:
        model, form = receiver
        if form == "statement":
            return None if name in NO_ROWS else receiver
        if form == "query":
            if name in ONE or name == "get":
                return Mapped(model, "object")
            return Mapped(model, "list") if name in ALL else None if name in NO_ROWS else receiver
        if form in ("rows", "scalars"):
            if name in _RESULTS:
                return Mapped(model, "scalars" if name == "scalars" else form)
            if name in ("scalar_one", "scalar_one_or_none", "scalar"):
                return Mapped(model, "object")
            if form == "scalars" and name in ONE | ALL:
                return Mapped(model, "object" if name in ONE else "list")
        return None

    def _session_call(self, scope: Scope, name: str, call: o.Call, first: o.Node | None) -> Found:
        if first is None:
            return None
        if name in ("execute", "scalars", "scalar", "exec", "stream", "stream_scalars"):
            found = self._of(scope, first)
            if not isinstance(found, Mapped) or found.form != "statement":
                return None
            if name == "scalar":
                return Mapped(found.model, "object")
            return Mapped(found.model, "scalars" if name in ("scalars", "exec", "stream_scalars") else "rows")
        if name in ("get", "get_one") and len(call.args) > 1:
            return self._entity(scope, first, "object")
        if name == "merge":
            found = self._of(scope, first)
            return found if isinstance(found, Mapped) and found.form == "object" else None
        if name == "returning" and len(call.args) == 1:
            return self._entity(scope, first, "statement")
        return self._entity(scope, first, "query") if name == "query" and len(call.args) == 1 else None

    def _entity(self, scope: Scope, expr: o.Node, form: Form) -> Found:
        root = expr
        while isinstance(root, o.Attribute):
            root = root.value
        if not isinstance(root, o.Name) or root.id in scope.bindings:
            return None
        model = self.project.models.named(scope, expr)
        return None if model is None else Mapped(model, form)

    # --- functions ---------------------------------------------------------------------------------

    def returned(self, function: Function) -> Found:
        """What every `return` of a function gives, or its annotation says."""
        if function not in self._returned:
            step = self.project.descent.step
            found = None if function in self._active else step((self, function), lambda: self._find_returned(function))
            self._circles += function not in self._returned
            return found
        return self._returned[function]

    def _find_returned(self, function: Function) -> Found:
        self._active.add(function)
        try:
            found = self._find(function)
        finally:
            self._active.discard(function)
        self._returned[function] = found
        return found

    def _find(self, function: Function) -> Found:
        if function.node.is_generator or not self.project.types.decoration.is_transparent(function):
            return None
        if function.node.returns is not None:
            annotated = self._annotated(function.enclosing, function.node.returns)
            if annotated is not None:
                return annotated
            is_any = o.dotted(function.node.returns).rpartition(".")[2] in ("Any", "object")
            if not is_any and b"query" not in bytes(function.node.raw) and b"select" not in bytes(function.node.raw):
                return None
        scope = function.scope
        values = return_values(scope.body)
        found = self._agreed(self._of(scope, value) for value in values if value is not None and not is_none(value))
        return None if isinstance(found, _Same) else found
