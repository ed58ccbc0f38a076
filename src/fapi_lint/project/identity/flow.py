"""Where identifiers flow: what is assigned, passed, returned or compared is joined into one set.

The order of statements and the branches taken do not matter, and neither does who calls a function: what may meet
anywhere is one set. So nothing is missed that names and types let see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.answers import is_answered, is_text_of_key
from fapi_lint.project.identity.asking import as_text, asked
from fapi_lint.project.identity.calls import called
from fapi_lint.project.identity.cells import Cell, Fact, join, listed, record
from fapi_lint.project.identity.outside import from_environment
from fapi_lint.project.identity.places import Places
from fapi_lint.project.model_attributes import Meant
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable

_STATEMENTS = frozenset(["select", "query", "delete", "update"])
_OF_NUMBERS = frozenset(["bit_length", "to_bytes", "real", "imag", "numerator", "denominator", "as_integer_ratio"])
_CONNECTIONS = frozenset(["Request", "HTTPConnection", "WebSocket"])
UNITING = frozenset(["+", "-", "|", "&", "^"])
"""What is also done with collections."""
_OF_DIGITS = frozenset(["isdigit", "isnumeric", "isdecimal"])
_OF_TEXT = frozenset(["strip", "lower", "upper", "isdigit", "isnumeric", "isdecimal", "zfill", "encode", "replace"])


class Flow(Places):
    """The sets of identifiers of an application, as far as its functions have been walked through."""

    def bind(self, scope: Scope, target: o.Node, value: Cell | None) -> None:
        """What an assignment to a target does."""
        if isinstance(target, o.Name):
            if target.id in self._bound:
                self._bound[target.id] = join(self._bound[target.id], value)
            elif value is not None:
                join(self._named(scope, target), value)
        elif isinstance(target, o.Attribute):
            join(self.value(scope, target), value)
        elif isinstance(target, o.Subscript):
            container = self.value(scope, target.value)
            if self._is_cookie(scope, target.value):
                self.dumped(value, scope, target, "a session cookie, which does not know UUIDs,", is_json=True)
            index = target.items[0]
            if isinstance(index, o.String) and index.value is not None:
                join(None if container is None else container.part(index.value), value)
            elif container is not None:
                if not isinstance(index, o.Number) and not container.has("list"):
                    join(container.be("dict").item(), self.value(scope, index))
                join(container.entry(), value)
        elif isinstance(target, o.Collection):
            self._unpack(scope, target, value)

    def _unpack(self, scope: Scope, target: o.Collection, value: Cell | None) -> None:
        """`name, *ids = row`"""
        has_star = False
        for index, item in enumerate(target.items):
            if isinstance(item, o.Starred):
                has_star = True
                self.bind(scope, item.value, None if value is None else listed(value.item()))
            else:
                self.bind(scope, item, None if value is None else value.item() if has_star else value.part(str(index)))

    def _is_cookie(self, scope: Scope, expr: o.Node) -> bool:
        """Whether an expression is `request.session`, which is JSON."""
        if not isinstance(expr, o.Attribute) or expr.attr != "session":
            return False
        type_ = self.project.types.of(scope, expr.value)
        return type_ is not None and isinstance(type_.symbol, External) and type_.symbol.name in _CONNECTIONS

    def value(self, scope: Scope, expr: o.Node | None) -> Cell | None:
        """The set that an expression's value belongs to; None for what is no identifier."""
        visit = _VISITORS.get(type(expr))
        return None if visit is None else visit(self, scope, expr)

    def _text_of_key(self, scope: Scope, expr: o.Name | o.Subscript) -> Cell | None:
        if not self.is_test(scope) or not is_text_of_key(self, scope, expr):
            return None
        cell = Cell()
        cell.tell("read", (scope.module, expr))
        return cell

    def is_test(self, scope: Scope) -> bool:
        return self.project.purposes.of(scope.module) == "test"

    def run(self, scope: Scope, expr: o.Node | None) -> None:
        """What an expression does whose value nobody takes: names and constants do nothing."""
        kind = type(expr)
        if kind is not o.Name and kind is not o.Number and not (isinstance(expr, o.String) and not expr.parts):
            self.value(scope, expr)

    def _named(self, scope: Scope, expr: o.Name) -> Cell | None:
        text = self._text_of_key(scope, expr)
        if text is not None:
            return text
        if expr.id in self._bound:
            return self._bound[expr.id]
        key = (scope, expr.id)
        if key not in self._names:
            self._names[key] = self._find_named(scope, expr)
        return self._names[key]

    def _find_named(self, scope: Scope, expr: o.Name) -> Cell | None:
        found = scope.lookup(expr.id)
        if found is None:
            return None
        where, bindings = found
        node = bindings[0].node
        if isinstance(node, o.Param) and isinstance(where.owner, Function):
            return self.parameter(where.owner, node)
        if isinstance(node, o.Alias):
            symbol = self.resolver.resolve(where, expr)
            return self.variable(symbol.scope, symbol.name) if isinstance(symbol, Variable) else None
        if bindings[0].definition is not None:
            return None
        if isinstance(where.owner, Class) and where.owner in self.mapping:
            return self.attribute(where.owner, expr.id)
        return self.variable(where, expr.id)

    def _attribute(self, scope: Scope, expr: o.Attribute) -> Cell | None:
        if expr.attr in self.names:
            meant = self.meant(scope, expr.value)
            if meant is not None:
                return self.of_models(scope, expr.value, meant, expr.attr)
        owner = self.owner(scope, expr.value)
        if owner is not None and expr.attr == "__dict__":
            return self.as_dict(owner)
        if owner is not None:
            found = self.attribute(owner, expr.attr)
            if found is not None or self.entities.attribute(owner, expr.attr) is not None:
                self.run(scope, expr.value)  # `db.get(User, user_id).email`
                return found
        table = self._table_column(scope, expr)
        if table is not None:
            return table
        receiver = self.value(scope, expr.value)
        if owner is not None:
            return None
        if receiver is not None and expr.attr in receiver.root.parts:
            return receiver.part(expr.attr)
        if expr.attr == "_mapping":
            return receiver  # of a row
        if receiver is not None and expr.attr in ("c", "columns") and receiver.has("list"):
            return receiver.item()  # of a subquery
        if expr.attr == "value" and isinstance(expr.value, o.Attribute) and self._is_enum(scope, expr.value.value):
            return receiver
        if isinstance(expr.value, o.Attribute) and expr.value.attr == "state":
            return self.argument(None, expr.attr)  # request.state.user_id
        if expr.attr == "environ" and self.resolver.external(scope, expr) == External("os.environ"):
            return from_environment(self, scope, expr)
        if expr.attr == "lastrowid":
            return Cell(Fact(self.place(scope, expr), "`.lastrowid`", is_number=True))
        if expr.attr in _OF_NUMBERS or expr.attr in _OF_TEXT:
            is_number = expr.attr in _OF_NUMBERS or expr.attr in _OF_DIGITS
            self.fact(receiver, scope, expr, f"`.{expr.attr}`, which a UUID does not have,", is_number=is_number)
            return None
        if expr.attr in self.names:
            symbol = self.resolver.resolve(scope, expr)
            if not isinstance(symbol, (External, Variable)):
                cell = Cell()
                cell.tell("loose", (expr.attr, scope.module.place(expr)))
                self.loose_cells.append(cell)
                if self._is_untyped(scope, expr.value):
                    self.untyped_cells.append(cell)
                return cell
        if scope.module in self.parsing and self.entities.of(scope, expr.value, self.objects) is None:
            return self.argument(scope.module, expr.attr)
        return None

    def _is_untyped(self, scope: Scope, expr: o.Node) -> bool:
        """Whether an expression is a parameter without an annotation: what the application gives it may be a model."""
        found = scope.lookup(expr.id) if isinstance(expr, o.Name) else None
        node = found[1][0].node if found is not None else None
        return isinstance(node, o.Param) and node.annotation is None

    def _is_enum(self, scope: Scope, expr: o.Node) -> bool:
        class_ = self.entities.class_named(scope, expr)
        return class_ is not None and any(base.name.endswith("Enum") for base in self.resolver.foreign(class_))

    def of_models(self, scope: Scope, expr: o.Node, meant: Meant, name: str = "") -> Cell | None:
        """An attribute of the models that an expression may name, or their primary key."""
        if not meant.classes:
            self.unknown_class(scope, expr)
        cell: Cell | None = None
        for class_ in sorted(meant.classes, key=lambda class_: (class_.module.path, class_.node.start)):
            keys = self.project.models.by_class[class_].primary_keys
            cell = join(cell, self.attribute(class_, name or (keys[0].name if len(keys) == 1 else "")))
        return cell

    def unknown_class(self, scope: Scope, expr: o.Node) -> None:
        text = f"`{scope.module.slice(expr)}`, through which keys of any model are compared,"
        self.unknown_classes.append(Fact(scope.module.place(expr), text))

    def statement_for(self, scope: Scope, expr: o.Node | None, depth: int = 0) -> tuple[o.Node, Meant] | None:
        """What `select(self.model).where(…)` selects, and which models it may name."""
        match expr:
            case o.Call(func=func, args=(first, *_)) if o.dotted(func).rpartition(".")[2] in _STATEMENTS:
                meant = self.project.model_attributes.of(scope, first.value)
                return None if meant is None else (first.value, meant)
            case o.Call(func=o.Attribute(attr=attr, value=value)):
                if attr in _STATEMENTS and expr.args:
                    meant = self.project.model_attributes.of(scope, expr.args[0].value)
                    return None if meant is None else (expr.args[0].value, meant)
                return self.statement_for(scope, value, depth)
            case o.Await(value=value):
                return self.statement_for(scope, value, depth)
            case o.Name(id=name) if depth < 4:
                where, bindings = scope.lookup(name) or (scope, [])
                found = (self.statement_for(where, binding.value, depth + 1) for binding in bindings)
                return next((one for one in found if one is not None), None)
        return None

    def owner(self, scope: Scope, expr: o.Node) -> Class | None:
        """The class whose attributes an expression has, as an instance or as the class itself."""
        if not isinstance(expr, o.Name) or expr.id in self.objects:
            return self._find_owner(scope, expr)
        key = (scope, expr.id)
        if key not in self._owners:
            self._owners[key] = self._find_owner(scope, expr)
        return self._owners[key]

    def _find_owner(self, scope: Scope, expr: o.Node) -> Class | None:
        named = self.entities.class_named(scope, expr)
        return named if named is not None else self.entities.of(scope, expr, self.objects)

    def meant(self, scope: Scope, expr: o.Node) -> Meant | None:
        """The models that an expression may name which is no name of one."""
        if not isinstance(expr, o.Name):
            return self.project.model_attributes.of(scope, expr)
        key = (scope, expr.id)
        if key not in self._meant:
            self._meant[key] = self.project.model_attributes.of(scope, expr)
        return self._meant[key]

    def _table_column(self, scope: Scope, expr: o.Attribute) -> Cell | None:
        """`post_tags.c.post_id`"""
        if not (isinstance(expr.value, o.Attribute) and expr.value.attr in ("c", "columns")):
            return None
        symbol = self.resolver.resolve(scope, expr.value.value)
        if isinstance(symbol, Variable):
            cell = self.variable(symbol.scope, symbol.name)
            return cell.root.parts.get(expr.attr)
        owner = self.owner(scope, expr.value.value)
        return None if owner is None else self.attribute(owner, expr.attr)

    def _number(self, scope: Scope, expr: o.Number) -> Cell:
        text = f"the number `{scope.module.slice(expr)}`"
        return Cell(Fact(scope.module.place(expr), text, is_number=True, literal=expr.value))

    def _string(self, scope: Scope, expr: o.String) -> Cell | None:
        if expr.value is not None:
            written = scope.module.slice(expr)
            is_short = len(written) < 40 and "\n" not in written
            return Cell(Fact(scope.module.place(expr), f"the text `{written}`" if is_short else "a text"))
        text = scope.module.text
        if expr.parts and self.is_test(scope):
            asked(self, scope, expr)
        for part in expr.parts:
            rest = text[part.end : part.end + 2].lstrip()
            if rest[:1] == ":" and rest[1:2] != "}":
                self.fact(self.value(scope, part), scope, expr, "a format that is for numbers or text")
            else:
                self.run(scope, part)
        return None

    def _subscript(self, scope: Scope, expr: o.Subscript) -> Cell | None:
        text = self._text_of_key(scope, expr)
        if text is not None:
            return text
        container = self.value(scope, expr.value)
        index = expr.items[0]
        if isinstance(index, o.String):
            if index.value is None:
                self.value(scope, index)
                return None
            return container.part(index.value) if container is not None else None
        key = None if isinstance(index, o.Number) else self.value(scope, index)
        if container is None or isinstance(index, o.Other):  # a slice
            return listed(container.item()) if container is not None and container.has("tuple") else container
        if isinstance(index, o.Number):
            return container.part(str(index.value))
        self.keyed.append((container, key))
        return container.entry()

    def _dict(self, scope: Scope, expr: o.Dict) -> Cell:
        cell = Cell().be("dict")
        for key, value in zip(expr.keys, expr.values, strict=True):
            if isinstance(key, o.String) and key.value is not None:
                join(cell.part(key.value), self.value(scope, value))
            elif key is None:
                self.spread_to(self.value(scope, value), cell.part)
            else:
                join(cell.item(), self.value(scope, key))
                join(cell.entry(), self.value(scope, value))
            self._keep_function(scope, value)
        return cell

    def _collection(self, scope: Scope, expr: o.Collection) -> Cell:
        values = [self.value(scope, item) for item in expr.items]
        for item in expr.items:
            self._keep_function(scope, item)
        has_star = any(isinstance(item, o.Starred) for item in expr.items)
        # A list of names and identifiers is a row.
        if not has_star and (expr.kind == "tuple" or any(value is not None and value.is_other for value in values)):
            return record(*values)
        pairs = zip(expr.items, values, strict=True)
        return listed(*(value.item() if value and isinstance(item, o.Starred) else value for item, value in pairs))

    def _keep_function(self, scope: Scope, item: o.Node) -> None:
        """A function stands in a table, from where nobody sees it called: what it takes and gives goes anywhere."""
        function = self.resolver.resolve(scope, item) if isinstance(item, (o.Name, o.Attribute)) else None
        if isinstance(function, Function):
            text = f"`{function.name}`, which is kept to be called from elsewhere,"
            for cell in (self.returned(function), *(self.parameter(function, each) for each in function.node.params)):
                self.dumped(cell, scope, item, text)

    def _compare(self, scope: Scope, expr: o.Compare) -> None:
        for operand in expr.operands:
            if isinstance(operand, o.Call) and o.dotted(operand.func) == "getattr" and len(operand.args) > 1:
                name = operand.args[1].value
                is_other = isinstance(name, o.String) and name.value not in self.names
                if not is_other and self.project.model_attributes.of(scope, operand.args[0].value) is not None:
                    self.unknown_class(scope, operand)
        values = [self.value(scope, operand) for operand in expr.operands]
        if len(values) == 2 and expr.operators[0] in ("==", "!=", "in", "not in") and self.is_test(scope):
            pairs = list(zip(expr.operands, reversed(expr.operands), strict=True))
            for operand, other in pairs[:1] if expr.operators[0].endswith("in") else pairs:
                if is_answered(self, scope, other) and not self._is_of_class(scope, operand):
                    for value in as_text(self, scope, operand, _key(other), is_expected=True):
                        for cell in value.inside(set()):
                            cell.tell("answers", self.place(scope, expr))
                    return
        for left_, right_ in zip(expr.operands, expr.operands[1:], strict=False):
            if isinstance(right_, o.Number):
                self.number(scope, left_)
        for operator, left, right in zip(expr.operators, values, values[1:], strict=False):
            if left is None or right is None:
                continue
            join(left, right.item() if operator in ("in", "not in") else right)

    def number(self, scope: Scope, expr: o.Expr) -> None:
        """A test takes what an answer has under a name for a number: `response.json()["id"] > 0`."""
        if isinstance(expr, o.Subscript) and self.is_test(scope) and is_text_of_key(self, scope, expr):
            self.numbered.setdefault(_key(expr), self.place(scope, expr))

    def _is_of_class(self, scope: Scope, expr: o.Node) -> bool:
        """Whether an expression is an attribute of a class, which SQL compares: `User.id`."""
        return isinstance(expr, o.Attribute) and self.entities.class_named(scope, expr.value) is not None

    def _operation(self, scope: Scope, expr: o.Operation) -> Cell | None:
        values = [self.value(scope, operand) for operand in expr.operands]
        if expr.operator == "or":
            result: Cell | None = None
            for value in values:
                result = join(result, value)
            return result
        if expr.operator in ("and", "not") or (len(values) == 1 and expr.operator == "~"):
            return values[-1] if expr.operator == "and" else None
        if expr.operator == "%" and isinstance(expr.operands[0], o.String):
            if "%d" in (expr.operands[0].value or "") or "%0" in (expr.operands[0].value or ""):
                self.dumped(values[1], scope, expr, "a format that is for numbers")
            return None
        if any(self.is_collection(operand) for operand in expr.operands):
            return join(values[0], values[-1])
        if len(values) == 1 and isinstance(expr.operands[0], o.Number):
            return values[0]
        for value in values:
            if value is not None and not isinstance(expr.operands[0], o.String):
                self.fact(value, scope, expr, "a calculation", is_number=True)
        return join(values[0], values[-1]) if expr.operator in UNITING else None

    def is_collection(self, expr: o.Node) -> bool:
        if isinstance(expr, o.Call):
            return o.dotted(expr.func) in ("set", "list", "frozenset", "sorted", "tuple")
        return isinstance(expr, (o.Collection, o.Comprehension))

    def _comprehension(self, scope: Scope, expr: o.Comprehension) -> Cell | None:
        with self.within(scope, expr):
            values = [self.value(scope, item) for item in expr.items]
        if expr.kind != "dict":
            return None if values[0] is None else listed(values[0])
        cell = Cell().be("dict")
        join(cell.item(), values[0])
        join(cell.entry(), values[1])
        return cell

    @contextmanager
    def within(self, scope: Scope, expr: o.Comprehension) -> Iterator[None]:
        """Where the names of a comprehension hold what it runs through."""
        bound, objects = self._bound, self.objects
        self._bound, self.objects = dict(bound), dict(objects)
        try:
            for generator in expr.generators:
                value = self.value(scope, generator.iter)
                names = [node.id for node in o.walk(generator.target) if isinstance(node, o.Name)]
                self._bound |= {name: Cell() for name in names}
                self.objects |= dict.fromkeys(names) | self.entities.targets(scope, generator, self.objects)
                self.bind(scope, generator.target, None if value is None else value.item())
                for condition in generator.ifs:
                    self.value(scope, condition)
            yield
        finally:
            self._bound, self.objects = bound, objects

    def _lambda(self, scope: Scope, expr: o.Lambda) -> None:
        self.applied(scope, expr, None)

    def applied(self, scope: Scope, function: o.Expr, given: Cell | None, class_: Class | None = None) -> Cell | None:
        if not isinstance(function, o.Lambda):
            symbol = self.resolver.resolve(scope, function)
            if not isinstance(symbol, Function) or not symbol.node.params:
                return None
            join(self.parameter(symbol, symbol.node.params[0]), given)
            return self.returned(symbol)
        names = [param.name for param in function.params]
        bound, objects = self._bound, self.objects
        self._bound = bound | {name: Cell() for name in names}
        self.objects = objects | dict.fromkeys(names, None)
        if names:
            join(self._bound[names[0]], given)
            self.objects[names[0]] = class_
        found = self.value(scope, function.body)
        self._bound, self.objects = bound, objects
        return found

    def _if_exp(self, scope: Scope, expr: o.IfExp) -> Cell | None:
        self.run(scope, expr.test)
        return join(self.value(scope, expr.body), self.value(scope, expr.orelse))

    def _named_expr(self, scope: Scope, expr: o.NamedExpr) -> Cell | None:
        value = self.value(scope, expr.value)
        self.bind(scope, expr.target, value)
        return value

    def _yield(self, scope: Scope, expr: o.Yield) -> None:
        value = self.value(scope, expr.value)
        if isinstance(scope.owner, Function) and value is not None:
            returned = self.returned(scope.owner)
            join(returned.item(), value)
            join(returned, value)  # where it is a fixture, a dependency or a context manager

    def _inner(self, scope: Scope, expr: o.Await | o.Starred) -> Cell | None:
        return self.value(scope, expr.value)

    def _other(self, scope: Scope, expr: o.Other) -> None:
        for part in expr.parts:
            self.value(scope, part)


def _key(expr: o.Node) -> str:
    """The `id` of `data["id"]`."""
    index = expr.items[0] if isinstance(expr, o.Subscript) else None
    return (index.value or "") if isinstance(index, o.String) else ""


_VISITORS: dict[type, Callable[[Flow, Scope, Any], Cell | None]] = {
    o.Name: Flow._named,
    o.Attribute: Flow._attribute,
    o.Number: Flow._number,
    o.String: Flow._string,
    o.Subscript: Flow._subscript,
    o.Dict: Flow._dict,
    o.Collection: Flow._collection,
    o.Compare: Flow._compare,
    o.Operation: Flow._operation,
    o.Comprehension: Flow._comprehension,
    o.Lambda: Flow._lambda,
    o.IfExp: Flow._if_exp,
    o.NamedExpr: Flow._named_expr,
    o.Yield: Flow._yield,
    o.Await: Flow._inner,
    o.Starred: Flow._inner,
    o.Other: Flow._other,
    o.Call: called,
}
