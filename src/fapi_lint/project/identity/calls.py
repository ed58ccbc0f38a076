"""What calls do with identifiers: those of the application's functions and classes, SQLAlchemy's, and others'."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.asking import sent
from fapi_lint.project.identity.cells import Cell, Fact, Parse, join
from fapi_lint.project.identity.passing import (
    arguments,
    by_keyword,
    construct,
    is_literal,
    pass_to,
    records,
    validate,
)
from fapi_lint.project.identity.sql import in_sql, row
from fapi_lint.project.symbols import Class, External, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

# fmt: off
_CHAINING = frozenset([
    "filter", "where", "having", "options", "join", "outerjoin", "select_from", "group_by", "limit", "offset",
    "distinct", "with_for_update", "execution_options", "returning", "on_conflict_do_nothing", "add_columns",
    "correlate", "union", "union_all", "prefix_with", "populate_existing", "subquery", "scalar_subquery", "cte",
    "unique", "as_scalar", "yield_per", "all", "first", "one", "one_or_none", "scalar_one",
    "scalar_one_or_none", "fetchall", "fetchone", "partitions", "mappings", "with_entities",
    "with_only_columns", "on_conflict_do_update", "join_from", "tuples",
])
_COLUMN_RESULTS = frozenset([
    "label", "desc", "asc", "nulls_last", "nulls_first", "nullslast", "nullsfirst", "distinct",
])
_COLUMN_TESTS = frozenset([
    "in_", "not_in", "notin_", "is_", "isnot", "is_not", "between", "is_distinct_from", "isnot_distinct_from",
    "__eq__", "eq", "ne", "any_", "all_",
])
_TEXT_TESTS = frozenset([
    "like", "ilike", "notlike", "notilike", "startswith", "endswith", "regexp_match", "op", "concat",
])
_ADDING = frozenset([
    "append", "add", "insert", "appendleft", "remove", "discard", "index",
])
_UNITING = frozenset([
    "extend", "update", "union", "difference", "intersection", "issubset", "issuperset", "copy",
])
_SAVING = frozenset([
    "refresh", "expunge", "add_all", "delete", "flush", "commit", "merge", "expire",
])
_LOGGING = frozenset([
    "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "bind", "print", "echo",
])
_HANDING_ON = frozenset([
    "add_task", "run_in_threadpool", "to_thread", "partial", "run_sync", "submit", "call_soon",
])
_QUEUING = frozenset([
    "delay", "apply_async", "send", "kiq", "enqueue", "s", "si", "send_with_options",
])
_COPYING = frozenset([
    "list", "set", "tuple", "frozenset", "sorted", "reversed", "iter", "next", "max", "min", "deepcopy",
    "anext",
])
_USING_ANY = frozenset([
    "logging", "fastapi", "pytest", "loguru", "pydantic",
    "str", "repr", "hash", "bool", "print", "len", "format", "id", "type", "any", "all", "callable", "getattr",
    "hasattr", "HTTPException", "jsonable_encoder", "isinstance", "setattr", "Depends", "url_for",
    "url_path_for", "quote", "gather", "patch", "object", "raises", "ValueError", "KeyError", "RuntimeError",
    "LookupError", "Exception", "TypeError", "PermissionError", "field", "Response", "RedirectResponse",
    "contextmanager", "suppress", "noload",
])
_OF_NUMBERS = frozenset([
    "range", "sum", "abs", "float", "hex", "round", "divmod", "bin", "chr", "pow", "oct", "Decimal",
])
_COUNTING = frozenset([
    "itertools.count", "random.randint", "random.randrange", "random.getrandbits", "secrets.randbelow", "time.time",
    "time.time_ns", "time.monotonic_ns",
])
_JSON = frozenset([
    "dumps", "dump", "JSONResponse", "encode", "send_json", "publish",
])
# fmt: on
_UNTOLD = Cell()
"""Stands for what the name of a method does not tell."""
Method: TypeAlias = "Callable[[Flow, Scope, o.Call, o.Attribute], Cell | None]"


def called(flow: Flow, scope: Scope, call: o.Call) -> Cell | None:
    """The set of what a call gives, and what the call joins: once, whoever asks."""
    if call not in flow.calls:
        flow.calls[call] = _follow(flow, scope, call)
    return flow.calls[call]


def _follow(flow: Flow, scope: Scope, call: o.Call) -> Cell | None:
    func, types = call.func, flow.project.types
    if isinstance(func, o.Attribute):
        methods = _METHODS.get(func.attr, ())
        if methods and func.attr in flow.project.methods and isinstance(types.callee(scope, func), Function):
            methods = ()  # A method of the application's own tells more than its name.
        for method in methods:
            found = method(flow, scope, call, func)
            if found is not _UNTOLD:
                return found
    callee = types.callee(scope, func)
    if not isinstance(func, o.Attribute) and not isinstance(callee, (External, Class, Function)):
        symbol = flow.resolver.resolve(scope, func)
        callee = symbol if isinstance(symbol, (External, Class, Function)) else None
    if isinstance(callee, Function):
        pass_to(flow, scope, call, callee, is_bound=isinstance(func, o.Attribute) and callee.is_method)
        return flow.returned(callee)
    if isinstance(callee, Class):
        construct(flow, scope, call, callee)
        return None
    if isinstance(callee, External):
        return _foreign(flow, scope, call, callee)
    meant = flow.project.model_attributes.of(scope, func)
    if meant is not None and meant.classes:  # self.model(…)
        for class_ in sorted(meant.classes, key=lambda class_: (class_.module.path, class_.node.start)):
            construct(flow, scope, call, class_)
        return None
    _unknown(flow, scope, call, func.attr if isinstance(func, o.Attribute) else o.dotted(func))
    return None


# --- methods ---------------------------------------------------------------------------------------


def _chain(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    values = arguments(flow, scope, call)
    return row(call, values) if func.attr in ("with_entities", "with_only_columns") else receiver


def _select(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    if func.attr == "update" and not _is_statement(flow, scope, call):
        return _UNTOLD
    flow.value(scope, func.value)
    return row(call, arguments(flow, scope, call))


def _order(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    values = arguments(flow, scope, call)
    if len(values) == 1 and values[0] is not None:
        values[0].root.orders.append(flow.place(scope, func))
    return receiver


def _by_keyword(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    owner = flow.entities.of(scope, func.value, flow.objects)
    if owner is None and func.attr != "filter_by":
        return _UNTOLD
    return by_keyword(flow, scope, call, owner, flow.value(scope, func.value))


def _column_test(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    for value in arguments(flow, scope, call):
        join(receiver, None if value is None else value.item())
    return None


def _receiver(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    return flow.value(scope, func.value)


def _text_test(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    flow.fact(flow.value(scope, func.value), scope, call, f"`.{func.attr}()`, which is for text,")
    return _use(flow, scope, call, func)


def _execute(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    values = arguments(flow, scope, call)
    if len(values) > 1:
        records(flow, values[1], flow.entities.of(scope, call.args[0].value, flow.objects))
    first = values[0] if values else flow.value(scope, func.value)
    if first is not None and func.attr.startswith("s") and "0" in first.root.parts:
        return first.part("0")
    return first


def _bulk(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    values = arguments(flow, scope, call)
    if len(values) > 1:
        records(flow, values[1], flow.entities.class_named(scope, call.args[0].value))
    return None


def _view(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    if receiver is None or call.args:
        return _UNTOLD
    if func.attr == "values":
        return receiver
    if func.attr == "keys":
        return receiver.key()
    cell = Cell()
    join(cell.part("0"), receiver.key())
    join(cell.part("1"), receiver)
    return cell


def _pop(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    if not call.args:
        return _UNTOLD
    receiver = flow.value(scope, func.value)
    values = arguments(flow, scope, call)
    if isinstance(call.args[0].value, o.String) or receiver is None:
        return None
    if not isinstance(call.args[0].value, o.Number):
        join(receiver.key(), values[0])
    return join(receiver, values[1]) if len(values) > 1 else receiver


def _add(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    if flow.entities.of(scope, func.value, flow.objects) is not None:
        return _UNTOLD
    receiver = flow.value(scope, func.value)
    for value in arguments(flow, scope, call)[-1:]:
        join(receiver, value)
    return None


def _unite(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    for value in arguments(flow, scope, call):
        join(receiver, value)
    return receiver


def _validate(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    schema = flow.entities.class_named(scope, func.value) if call.args else None
    if schema is None:
        return _UNTOLD
    validate(flow, scope, call, schema)
    return None


def _stripped(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`part.strip()` is still that part."""
    flow.value(scope, func)
    return None if call.args else flow.value(scope, func.value)


def _log(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`log.info("user %d", user.id)`"""
    first = call.args[0].value if call.args else None
    if isinstance(first, o.String) and "%d" in (first.value or ""):
        for value in arguments(flow, scope, call):
            flow.dumped(value, scope, call, "a format that is for numbers")
        return None
    return _use(flow, scope, call, func)


def _from_json(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`TypeAdapter(list[int]).validate_json(raw)`"""
    return flow.value(scope, func.value)


def _dump(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`data.model_dump()`; with `mode="json"`, there is nothing but text."""
    owner = flow.entities.of(scope, func.value, flow.objects)
    if owner not in flow.project.schemas.by_class:
        return _UNTOLD
    assert owner is not None
    mode = call.argument("mode")
    return None if mode is not None else flow.as_dict(owner)


def _hand_on(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    _handed_on(flow, scope, call)
    return None


def _queue(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    target = flow.resolver.resolve(scope, func.value)
    if not isinstance(target, Function):
        return _UNTOLD
    pass_to(flow, scope, call, target, is_bound=False)
    for value in arguments(flow, scope, call) if _is_foreign_task(flow, target) else ():
        flow.fact(value, scope, call, "a task queue, which may not carry UUIDs,")
    return None


def _format(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    if not isinstance(func.value, o.String):
        return _UNTOLD
    for value in arguments(flow, scope, call) if ":" in (func.value.value or "") else ():
        flow.fact(value, scope, call, "a format that is for numbers or text")
    return None


def _use(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """Whatever is passed, nothing becomes of it."""
    for arg in call.args:
        flow.run(scope, arg.value)
    return None


def _is_statement(flow: Flow, scope: Scope, call: o.Call) -> bool:
    symbol = flow.resolver.external(scope, call.func)
    return symbol is not None and symbol.package in ("sqlalchemy", "sqlmodel")


def _get(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`session.get(Model, id)`, `query(Model).get(id)`, `mapping.get(key)`"""
    args = call.args
    if len(args) > 1 and not args[0].keyword:
        first = args[0].value
        model = flow.entities.class_named(scope, first)
        if model is not None and model in flow.project.models.by_class:
            join(_primary_key(flow, model), flow.value(scope, args[1].value))
            return None
        meant = flow.project.model_attributes.of(scope, first)
        if meant is not None:
            join(flow.of_models(scope, first, meant), flow.value(scope, args[1].value))
            return None
        if flow.project.sessions.kind(flow.project.types.of(scope, func.value)) is not None:
            flow.unknown_class(scope, first)
    if not args or args[0].star:
        return _UNTOLD
    owner = flow.entities.of(scope, func.value, flow.objects)
    if owner is not None and owner in flow.project.models.by_class and len(args) == 1:
        if flow.resolver.class_member(owner, "get") is not None:
            return _UNTOLD
        join(_primary_key(flow, owner), flow.value(scope, args[0].value))
        return None
    found = flow.statement_for(scope, func.value) if len(args) == 1 else None
    if found is not None:
        join(flow.of_models(scope, *found), flow.value(scope, args[0].value))
        return None
    receiver = None if owner is not None else flow.value(scope, func.value)
    if receiver is None or isinstance(flow.project.types.callee(scope, func), Function):
        return _UNTOLD
    first = args[0].value
    if isinstance(first, o.String) and first.value is not None:
        return receiver.part(first.value)
    if receiver.root.keys is None:
        return _UNTOLD
    join(receiver.key(), flow.value(scope, first))
    return receiver


def _primary_key(flow: Flow, model: Class) -> Cell | None:
    keys = flow.project.models.by_class[model].primary_keys
    return flow.column(keys[0]) if len(keys) == 1 else None


def _handed_on(flow: Flow, scope: Scope, call: o.Call) -> None:
    """`add_task(f, x)`: a function and its arguments."""
    target = flow.resolver.resolve(scope, call.args[0].value) if call.args else None
    if isinstance(target, Function):
        pass_to(flow, scope, call, target, is_bound=target.is_method, skip=1)
        return
    for value in arguments(flow, scope, call):
        flow.fact(value, scope, call, "a function that is not known")


def _is_foreign_task(flow: Flow, function: Function) -> bool:
    for decorator in function.node.decorators:
        value = decorator.value.func if isinstance(decorator.value, o.Call) else decorator.value
        owner = value.value if isinstance(value, o.Attribute) else value
        type_ = flow.project.types.of(function.enclosing, owner)
        if type_ is None or not isinstance(type_.symbol, Class):
            return True
    return not function.node.decorators


def _by_name(*rules: tuple[Iterable[str], Method]) -> dict[str, list[Method]]:
    found: dict[str, list[Method]] = {}
    for names, method in rules:
        for name in names:
            found.setdefault(name, []).append(method)
    return found


_METHODS = _by_name(
    (_CHAINING, _chain),
    (("query", "select", "delete", "insert", "update"), _select),
    (("order_by",), _order),
    (("filter_by", "values", "update"), _by_keyword),
    (_COLUMN_TESTS, _column_test),
    (_COLUMN_RESULTS, _receiver),
    (_TEXT_TESTS, _text_test),
    (("get", "get_one"), _get),
    (("scalar", "scalars", "execute", "exec", "stream", "stream_scalars"), _execute),
    (("bulk_insert_mappings", "bulk_update_mappings"), _bulk),
    (("keys", "values", "items"), _view),
    (("pop", "setdefault"), _pop),
    (_ADDING, _add),
    (_UNITING, _unite),
    (("model_validate", "from_orm", "parse_obj"), _validate),
    (("model_dump", "dict"), _dump),
    (("validate_json", "validate_python", "validate_strings"), _from_json),
    (("strip", "lstrip", "rstrip"), _stripped),
    (_LOGGING, _log),
    (_HANDING_ON, _hand_on),
    (_QUEUING, _queue),
    (("format",), _format),
    (_SAVING | _USING_ANY | {"add"}, _use),
)
"""What the name of a method may tell: the first that is not `_UNTOLD` does."""


# --- others' ---------------------------------------------------------------------------------------


def _foreign(flow: Flow, scope: Scope, call: o.Call, callee: External) -> Cell | None:
    name, args = callee.name, call.args
    dotted, package = callee.dotted, callee.package
    if dotted == "builtins.int" or (package == "uuid" and name == "UUID"):
        return _parse(flow, scope, call, "int" if package == "builtins" else "uuid")
    if dotted in ("builtins.map", "builtins.filter") and len(args) == 2:
        return _mapped(flow, scope, call, name)
    values = arguments(flow, scope, call)
    value = values[0] if values else None
    if package in ("sqlalchemy", "sqlmodel"):
        return in_sql(flow, scope, call, callee, values)
    if name == "isinstance" and len(args) == 2:
        if flow.resolver.external(scope, args[1].value) == External("builtins.int"):
            flow.fact(value, scope, call, "`isinstance(…, int)`")
        return None
    if name == "HTTPException":
        for arg, given in zip(args, values, strict=True):
            if isinstance(arg.value, o.Dict):
                flow.dumped(given, scope, arg, "JSON, which does not know UUIDs,")
        return None
    if callee.is_from("typing", "cast"):
        return values[-1]
    if name == "TypeAdapter" and args:
        cell = Cell()
        flow.annotate(cell, scope, args[0].value, "variable")
        return cell
    if name in _COPYING:
        _sort(flow, scope, call, value)
        for arg, other in zip(args[1:], values[1:], strict=True):
            join(value, None if arg.keyword in ("key", "reverse") else other)
        return None if value is None else value.item()
    if name == "enumerate":
        cell = Cell()
        cell.part("0").facts.append(Fact(flow.place(scope, call), "a counter", is_number=True))
        join(cell.part("1"), None if value is None else value.item())
        return cell
    if name == "zip":
        cell = Cell()
        for index, other in enumerate(values):
            join(cell.part(str(index)), None if other is None else other.item())
        return cell
    if dotted == "builtins.dict" or dotted.endswith("defaultdict"):
        cell = Cell()
        cell.is_dict = True
        for arg, other in zip(args, values, strict=True):
            join(cell.part(arg.keyword), other) if arg.keyword else None
        return cell
    if dotted == "builtins.dict.fromkeys":
        cell = Cell()
        cell.is_dict = True
        join(cell.key(), None if value is None else value.item())
        return cell
    if name in _OF_NUMBERS:
        for other in values:
            flow.fact(other, scope, call, f"`{name}()`", is_number=True)
        return Cell(Fact(flow.place(scope, call), "a range", is_number=True)) if name == "range" else None
    if dotted in _COUNTING:
        return Cell(Fact(flow.place(scope, call), f"`{dotted}()`", is_number=True))
    if name in _JSON or package in ("json", "jwt", "jose", "redis"):
        for other in values:
            flow.dumped(other, scope, call, f"`{name}`, which does not know UUIDs,")
        return None
    if name == "asdict" and args:
        owner = flow.entities.of(scope, args[0].value, flow.objects)
        return value if owner is None else flow.as_dict(owner)
    if name in _USING_ANY or name in _LOGGING or package in _USING_ANY:
        return None
    if name in _HANDING_ON:
        _handed_on(flow, scope, call)
        return None
    for other in values:
        flow.dumped(other, scope, call, f"`{dotted.removeprefix('builtins.')}`")
    return None


def _sort(flow: Flow, scope: Scope, call: o.Call, value: Cell | None) -> None:
    """`max(ids)`, `sorted(users, key=lambda user: user.id)`"""
    if o.dotted(call.func) not in ("sorted", "max", "min"):
        return
    by = call.argument("key")
    if by is not None:
        class_ = flow.entities.of(scope, call.args[0].value, flow.objects)
        value = flow.applied(scope, by.value, None if value is None else value.item(), class_)
    if value is not None:
        value.root.orders.append(flow.place(scope, call))


def _last_name(expr: o.Expr) -> str:
    return o.dotted(expr).rpartition(".")[2]


def _parse(flow: Flow, scope: Scope, call: o.Call, to: str) -> Cell | None:
    if len(call.args) != 1 or call.args[0].star or call.args[0].keyword not in ("", "hex"):
        for value in arguments(flow, scope, call):
            flow.fact(value, scope, call, f"`{scope.module.slice(call)}`")
        return None
    inner = flow.value(scope, call.args[0].value)
    cell = Cell()
    parse = Parse(scope.module, scope, call.func, call, to, inner)
    cell.parses.append(parse)
    if inner is not None:
        inner.root.parsed.append(parse)
        if to == "uuid":
            flow.parsed_uuids.append((inner, cell))
    return cell


def _mapped(flow: Flow, scope: Scope, call: o.Call, name: str) -> Cell | None:
    function, items = call.args[0].value, flow.value(scope, call.args[1].value)
    item = None if items is None else items.item()
    symbol = flow.resolver.resolve(scope, function)
    if name == "map" and symbol == External("builtins.int"):
        cell = Cell()
        cell.parses.append(Parse(scope.module, scope, function, None, "int", item))
        return cell
    if isinstance(symbol, Function) and symbol.node.params:
        join(flow.parameter(symbol, symbol.node.params[0]), item)
        return flow.returned(symbol) if name == "map" else items
    flow.value(scope, function)
    return items if name == "filter" else None


def _unknown(flow: Flow, scope: Scope, call: o.Call, name: str) -> None:
    flow.run(scope, call.func)
    held = [arg.keyword or _last_name(arg.value) for arg in call.args]
    model = None
    if isinstance(call.func, o.Attribute) and not flow.names.isdisjoint(held):
        model = flow.project.model_attributes.of_library(scope, call.func.value)
    fine = sent(flow, scope, call) if flow.is_test(scope) else ()
    values = [
        None if arg.value in fine or (model is None and is_literal(arg.value)) else flow.value(scope, arg.value)
        for arg in call.args
    ]
    for arg, attribute, value in zip(call.args, held, values, strict=True):
        if model is not None and attribute in flow.names:
            # `crud_posts.get(db, id=id)` of a library: what it compares with the key is a key.
            join(flow.attribute(model, attribute), value)
        text, is_item = f"`{name or 'a call'}`, of which nothing is known,", isinstance(arg.value, o.Subscript)
        flow.dumped(value, scope, call, text, is_item=is_item)
