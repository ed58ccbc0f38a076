"""What the names of methods tell of identifiers: those of SQLAlchemy, of containers, of schemas, of loggers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeAlias

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity import outside
from fapi_lint.project.identity.cells import Cell, join, listed, record
from fapi_lint.project.identity.passing import (
    arguments,
    by_keyword,
    hand_on,
    pass_to,
    records,
    spread,
    table_rows,
    validate,
)
from fapi_lint.project.identity.sql import CHAINING, ROWS, SCALARS, row, scalar, table_of
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

# fmt: off
_OF_COLUMNS = frozenset(["with_entities", "with_only_columns", "returning"])
_COLUMN_RESULTS = frozenset([
    "label", "desc", "asc", "nulls_last", "nulls_first", "nullslast", "nullsfirst", "distinct",
    "_asdict",
])
_MEMBERSHIP_TESTS = frozenset(["in_", "not_in", "notin_", "any_", "all_"])
_COLUMN_TESTS = frozenset([
    "is_", "isnot", "is_not", "between", "is_distinct_from", "isnot_distinct_from",
    "__eq__", "eq", "ne",
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
LOGGING = frozenset([
    "debug", "info", "warning", "warn", "error", "exception", "critical", "log", "bind", "print", "echo",
])
HANDING_ON = frozenset([
    "add_task", "run_in_threadpool", "to_thread", "partial", "run_sync", "submit", "call_soon",
])
_QUEUING = frozenset([
    "delay", "apply_async", "send", "kiq", "enqueue", "s", "si", "send_with_options",
])
USING_ANY = frozenset([
    "logging", "fastapi", "pytest", "loguru", "pydantic",
    "str", "repr", "hash", "bool", "print", "len", "format", "id", "type", "any", "all", "callable", "getattr",
    "hasattr", "HTTPException", "jsonable_encoder", "isinstance", "setattr", "Depends", "url_for",
    "url_path_for", "quote", "gather", "patch", "object", "raises", "ValueError", "KeyError", "RuntimeError",
    "LookupError", "Exception", "TypeError", "PermissionError", "field", "Response", "RedirectResponse",
    "contextmanager", "suppress", "noload", "writerow", "writerows",
])
# fmt: on
UNTOLD = Cell()
"""Stands for what the name of a method does not tell."""
Method: TypeAlias = "Callable[[Flow, Scope, o.Call, o.Attribute], Cell | None]"


def _chain(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    values = arguments(flow, scope, call)
    if func.attr in _OF_COLUMNS and any(values):
        return row(call, values)
    for value in values if func.attr.startswith("union") else ():
        join(receiver, value)
    return receiver


def _row(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`query.first()`, `result.one()`"""
    receiver = _chain(flow, scope, call, func)
    return None if receiver is None else receiver.item()


def _scalar(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`result.scalar_one()`"""
    receiver = _chain(flow, scope, call, func)
    return None if receiver is None else scalar(flow, receiver.item())


def _select(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    if func.attr == "update" and not _is_statement(flow, scope, call):
        return UNTOLD
    flow.value(scope, func.value)
    return row(call, arguments(flow, scope, call))


def _order(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    values = arguments(flow, scope, call)
    if len(values) == 1 and values[0] is not None:
        values[0].tell("orders", flow.place(scope, func))
    return receiver


def _by_keyword(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    owner = flow.entities.of(scope, func.value, flow.objects)
    table = None if owner is not None else table_of(flow, scope, func.value)
    if table is not None:
        for arg in call.args:
            value = flow.value(scope, arg.value)
            if arg.keyword:
                join(table.part(arg.keyword), value)
            else:
                table_rows(table, value)
        return None
    if owner is None and func.attr != "filter_by" and flow.statement_for(scope, func.value) is None:
        return UNTOLD
    return by_keyword(flow, scope, call, owner, flow.value(scope, func.value))


def _column_test(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    for value in arguments(flow, scope, call):
        if value is not None and func.attr in _MEMBERSHIP_TESTS:
            value = scalar(flow, value.item())
        join(receiver, value)
    return None


def _receiver(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    return flow.value(scope, func.value)


def _window(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`func.lag(User.id).over(partition_by=User.team_id)`"""
    arguments(flow, scope, call)
    return flow.value(scope, func.value)


def _text_test(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    flow.fact(flow.value(scope, func.value), scope, call, f"`.{func.attr}()`, which is for text,")
    return _use(flow, scope, call, func)


def _execute(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    values = arguments(flow, scope, call)
    if len(values) > 1:
        records(flow, values[1], flow.entities.of(scope, call.args[0].value, flow.objects))
        table_rows(table_of(flow, scope, call.args[0].value), values[1])
    first = values[0] if values else flow.value(scope, func.value)
    if first is None:
        return None
    if func.attr == "scalar":
        return scalar(flow, first.item())
    is_of_scalars = "scalars" in func.attr or (func.attr == "exec" and "1" not in first.item().root.parts)
    return listed(scalar(flow, first.item())) if is_of_scalars else first


def _bulk(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    values = arguments(flow, scope, call)
    if len(values) > 1:
        records(flow, values[1], flow.entities.class_named(scope, call.args[0].value))
    return None


def _from_select(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`insert(Copy).from_select(["name"], …)`, which calls the default of a key once for all rows."""
    owner = flow.entities.of(scope, func.value, flow.objects)
    model = None if owner is None else flow.project.models.by_class.get(owner)
    named = call.args[0].value.items if call.args and isinstance(call.args[0].value, o.Collection) else ()
    for key in model.primary_keys if model is not None else ():
        if key.name not in [o.text(name) or o.last_name(name) for name in named]:
            flow.fact(flow.column(key), scope, call, "`from_select()`, which has one new key for all rows,")
    return _use(flow, scope, call, func)


def _view(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    if receiver is None or call.args:
        return UNTOLD
    if func.attr == "keys":
        return listed(receiver.item())
    entry = receiver.entry()
    return listed(entry if func.attr == "values" else record(receiver.item(), entry))


def _pop(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    values = arguments(flow, scope, call)
    if receiver is None:
        return None
    if not values:
        return receiver.entry() if func.attr == "pop" else None
    key = call.args[0].value
    found = receiver.part(key.value) if isinstance(key, o.String) and key.value is not None else receiver.entry()
    if not isinstance(key, o.Number):
        flow.keyed.append((receiver, values[0]))
    return join(found, values[1]) if len(values) > 1 else found


def _add(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    if flow.entities.of(scope, func.value, flow.objects) is not None:
        return UNTOLD
    receiver = flow.value(scope, func.value)
    for value in arguments(flow, scope, call)[-1:]:
        if receiver is not None:
            join(receiver.be("list").item(), value)
    return None


def _unite(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    receiver = flow.value(scope, func.value)
    for value in arguments(flow, scope, call):
        join(receiver, value)
    return receiver


def _update(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`hero.sqlmodel_update(data, update={"team_id": x})`"""
    owner = flow.entities.of(scope, func.value, flow.objects)
    if owner is None:
        return UNTOLD
    for arg in call.args:
        flow.value(scope, arg.value)
        spread(flow, scope, arg.value, owner)
        if isinstance(arg.value, o.Dict):
            by_keyword(flow, scope, o.Call(call.start, call.end, call.func, (arg,), call.open), owner, None)
    return None


def _validate(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    schema = flow.entities.class_named(scope, func.value) if call.args else None
    if schema is None:
        return UNTOLD
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


def _read_json(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`await request.json()`; what tests read is another matter."""
    if flow.is_test(scope) or flow.entities.of(scope, func.value, flow.objects) is not None:
        return UNTOLD
    return outside.from_json(flow, scope, call)


def _split(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    found = outside.split(flow, scope, call)
    flow.run(scope, func.value)
    return UNTOLD if found is None else found


def _find(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`PATTERN.search(text)` is what the pattern is for."""
    receiver = flow.value(scope, func.value)
    return UNTOLD if receiver is None else receiver


def _redis(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`redis.lrange("queue", 0, -1)`, and `redis.get("key")` of what is known to be a client."""
    type_ = flow.project.types.of(scope, func.value) if func.attr == "get" else None
    symbol = None if type_ is None else type_.symbol
    if func.attr == "get" and not (isinstance(symbol, External) and "redis" in symbol.package.partition(".")[0]):
        return UNTOLD
    found = outside.from_redis(flow, scope, call)
    flow.run(scope, func.value)
    return UNTOLD if found is None else found


def _add_argument(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    outside.add_argument(flow, scope, call)
    return None


def _dump(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`data.model_dump()`; with `mode="json"`, there is nothing but text."""
    owner = flow.entities.of(scope, func.value, flow.objects)
    if owner not in flow.project.schemas.by_class:
        return UNTOLD
    assert owner is not None
    mode = call.argument("mode")
    return None if mode is not None else flow.as_dict(owner)


def _hand_on(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    hand_on(flow, scope, call)
    return None


def _queue(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    target = flow.resolver.resolve(scope, func.value)
    if not isinstance(target, Function):
        return UNTOLD
    pass_to(flow, scope, call, target, is_bound=False)
    for value in arguments(flow, scope, call) if _is_foreign_task(flow, target) else ():
        flow.dumped(value, scope, call, "a task queue, which may not carry UUIDs,")
    return None


def _format(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    if not isinstance(func.value, o.String):
        return UNTOLD
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
    return symbol is not None and symbol.is_orm


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
        if model is None and flow.project.sessions.kind(flow.project.types.of(scope, func.value)) is not None:
            flow.unknown_class(scope, first)
    if not args and _is_context(flow, scope, func):
        return flow.value(scope, func.value)
    if not args or args[0].star:
        return UNTOLD
    owner = flow.entities.of(scope, func.value, flow.objects)
    receiver = flow.value(scope, func.value)
    if receiver is not None and receiver.has("dict"):
        owner = None
    if owner is not None and owner in flow.project.models.by_class and len(args) == 1:
        if flow.resolver.class_member(owner, "get") is not None:
            return UNTOLD
        join(_primary_key(flow, owner), flow.value(scope, args[0].value))
        return None
    found = flow.statement_for(scope, func.value) if len(args) == 1 else None
    if found is not None:
        join(flow.of_models(scope, *found), flow.value(scope, args[0].value))
        return None
    if owner is not None or receiver is None or isinstance(flow.project.types.callee(scope, func), Function):
        return UNTOLD
    first = args[0].value
    if isinstance(first, o.String) and first.value is not None:
        return receiver.part(first.value)
    if not receiver.has("dict"):
        return UNTOLD
    join(receiver.item(), flow.value(scope, first))
    for arg in args[1:]:
        join(receiver.entry(), flow.value(scope, arg.value))
    return receiver.entry()


def _set(flow: Flow, scope: Scope, call: o.Call, func: o.Attribute) -> Cell | None:
    """`current_user_id.set(user.id)` of a context variable."""
    if len(call.args) != 1 or not _is_context(flow, scope, func):
        return UNTOLD
    join(flow.value(scope, func.value), flow.value(scope, call.args[0].value))
    return None


def _is_context(flow: Flow, scope: Scope, func: o.Attribute) -> bool:
    symbol = flow.resolver.resolve(scope, func.value) if isinstance(func.value, (o.Name, o.Attribute)) else None
    made = symbol.value if isinstance(symbol, Variable) else None
    return isinstance(made, o.Call) and o.dotted(made.func).endswith("ContextVar")


def _primary_key(flow: Flow, model: Class) -> Cell | None:
    keys = flow.project.models.by_class[model].primary_keys
    return flow.column(keys[0]) if len(keys) == 1 else None


def _is_foreign_task(flow: Flow, function: Function) -> bool:
    for decorator in function.node.decorators:
        task = decorator.func
        owner = task.value if isinstance(task, o.Attribute) else task
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


METHODS = _by_name(
    (CHAINING, _chain),
    (ROWS, _row),
    (SCALARS, _scalar),
    (("query", "select", "delete", "insert", "update"), _select),
    (("order_by",), _order),
    (("filter_by", "values", "update"), _by_keyword),
    (_COLUMN_TESTS | _MEMBERSHIP_TESTS, _column_test),
    (_COLUMN_RESULTS, _receiver),
    (("over", "within_group"), _window),
    (_TEXT_TESTS, _text_test),
    (outside.REDIS | {"get"}, _redis),
    (("get", "get_one"), _get),
    (("set",), _set),
    (("scalar", "scalars", "execute", "exec", "stream", "stream_scalars"), _execute),
    (("bulk_insert_mappings", "bulk_update_mappings"), _bulk),
    (("from_select",), _from_select),
    (("keys", "values", "items"), _view),
    (("pop", "setdefault"), _pop),
    (_ADDING, _add),
    (_UNITING, _unite),
    (("model_validate", "from_orm", "parse_obj"), _validate),
    (("sqlmodel_update",), _update),
    (("model_dump", "dict"), _dump),
    (("validate_json", "validate_python", "validate_strings"), _from_json),
    (("json", "receive_json"), _read_json),
    (("split", "rsplit", "partition", "rpartition"), _split),
    (("findall", "finditer", "fullmatch", "match", "search", "group", "groups"), _find),
    (("add_argument",), _add_argument),
    (("strip", "lstrip", "rstrip"), _stripped),
    (LOGGING, _log),
    (HANDING_ON, _hand_on),
    (_QUEUING, _queue),
    (("format",), _format),
    (_SAVING | USING_ANY | {"add"}, _use),
)
"""What the name of a method may tell: the first that is not `UNTOLD` does."""
