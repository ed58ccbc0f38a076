"""What is passed to the application's own functions and classes, and what has attributes of the same names."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.column_types import string_length
from fapi_lint.project.identity.cells import Cell, Fact, join
from fapi_lint.project.identity.entities import is_exception
from fapi_lint.project.symbols import Class, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

_TEXT_OF_UUID = 36


def arguments(flow: Flow, scope: Scope, call: o.Call) -> list[Cell | None]:
    return [flow.value(scope, arg.value) for arg in call.args]


def is_literal(expr: o.Expr) -> bool:
    """Whether an expression is a constant, the set of which is forgotten unless somebody joins it."""
    return isinstance(expr, o.Number) or (isinstance(expr, o.String) and not expr.parts)


def pass_to(flow: Flow, scope: Scope, call: o.Call, function: Function, *, is_bound: bool, skip: int = 0) -> None:
    """Arguments become parameters."""
    params = function.node.params
    if is_bound and not function.is_static:
        params = params[1:]
    plain = [param for param in params if param.kind in ("positional", "normal")]
    index = -skip
    for arg in call.args:
        if index < 0:
            index += 1
            continue
        value = flow.value(scope, arg.value)
        if arg.star == "**":
            owner = dumped_class(flow, scope, arg.value)
            for param in params if owner is not None else ():
                assert owner is not None
                if param.name in flow.project.schemas.by_class[owner].fields:
                    join(flow.parameter(function, param), flow.attribute(owner, param.name))
            flow.spread_to(flow.value(scope, arg.value), partial(_by_name, flow, function))
        elif arg.star:
            item = None if value is None else value.item()
            for param in params:
                if param in plain[max(index, 0) :]:
                    join(flow.parameter(function, param), item)
                elif param.kind == "*":
                    join(flow.parameter(function, param).be("list").item(), item)
            index = len(plain)
        elif arg.keyword:
            cell = _by_name(flow, function, arg.keyword)
            if cell is not None:
                join(cell, value)
            elif value is not None:
                is_known = not params or params[-1].kind != "**"
                text = f"`{arg.keyword}=`, which `{function.name}` does not take," if is_known else ""
                flow.dumped(value, scope, arg, text or f"`**` of `{function.name}`")
                if arg.keyword in flow.names:
                    text = f"`{arg.keyword}`, one of the `**` of `{function.name}`,"
                    flow.swallowed.append((arg.keyword, Fact(flow.place(scope, arg), text), value))
        else:
            star = next((param for param in params if param.kind == "*"), None)
            if index < len(plain):
                join(flow.parameter(function, plain[index]), value)
            elif star is not None:
                join(flow.parameter(function, star).be("list").item(), value)
            else:
                flow.dumped(value, scope, arg, f"an argument that `{function.name}` does not take,")
            index += 1


def _by_name(flow: Flow, function: Function, name: str) -> Cell | None:
    """What a keyword of a call becomes; None where it is lost among all others."""
    named = function.node.param(name)
    if named is not None and named.kind not in ("*", "**"):
        return flow.parameter(function, named)
    rest = function.node.params[-1] if function.node.params else None
    if rest is None or rest.kind != "**" or not _is_only_spread(function, rest):
        return None
    return flow.parameter(function, rest).part(name)


def _is_only_spread(function: Function, rest: o.Param) -> bool:
    """Whether a function does nothing with its `**values` but hand them on as keywords."""
    if rest.annotation is not None and o.dotted(rest.annotation).rpartition(".")[2] not in ("Any", "object"):
        return False
    body = function.module.text[function.node.body_start : function.node.end]
    return len(re.findall(rf"\b{rest.name}\b", body)) == len(re.findall(rf"\*\*{rest.name}\b", body))


def hand_on(flow: Flow, scope: Scope, call: o.Call) -> None:
    """`add_task(f, x)`: a function takes the arguments that follow it."""
    target = flow.resolver.resolve(scope, call.args[0].value) if call.args else None
    if isinstance(target, Function):
        pass_to(flow, scope, call, target, is_bound=target.is_method, skip=1)
        return
    for value in arguments(flow, scope, call):
        flow.dumped(value, scope, call, "a function that is not known")


def construct(flow: Flow, scope: Scope, call: o.Call, class_: Class) -> None:
    """`Model(author_id=x)`, `Schema(id=x)`, `Service(x)`"""
    project = flow.project
    init = flow.resolver.class_member(class_, "__init__")
    if isinstance(init, Function):
        pass_to(flow, scope, call, init, is_bound=True)
        if class_ not in project.models.by_class:
            return
    elif is_exception(project, class_):
        arguments(flow, scope, call)
        return
    fields = _positional(flow, class_)
    schema = project.schemas.by_class.get(class_)
    if schema is not None and schema.is_root:
        fields = ["root"]
    for index, arg in enumerate(call.args):
        if arg.star == "**":
            spread(flow, scope, arg.value, class_)
            flow.spread_to(flow.value(scope, arg.value), partial(flow.attribute, class_))
            if class_ in project.models.by_class:
                flow.rows.append((flow.value(scope, arg.value), class_))
            continue
        value = flow.value(scope, arg.value)
        name = arg.keyword or (fields[index] if index < len(fields) else "")
        if name:
            join(flow.attribute(class_, name), value)
            as_short_text(flow, scope, arg.value, class_, name)


def as_short_text(flow: Flow, scope: Scope, expr: o.Node, owner: Class | None, name: str) -> None:
    """`Log(key=f"user:{user.id}")`, where the column may be too short for the text of a UUID."""
    model = None if owner is None else flow.project.models.by_class.get(owner)
    column = None if model is None else model.columns.get(name)
    held: tuple[o.Expr, ...] = expr.parts if isinstance(expr, o.String) else ()
    if isinstance(expr, o.Call) and len(expr.args) == 1 and o.dotted(expr.func) == "str":
        held = (expr.args[0].value,)
    length = None if column is None or not held else string_length(flow.project, column)
    if length is None or column is None:
        return
    written = len('f""{}') if isinstance(expr, o.String) else len("str()")
    around = expr.end - expr.start - written - sum(part.end - part.start for part in held)
    for part in held if length < _TEXT_OF_UUID + around else ():
        flow.fact(flow.value(scope, part), scope, expr, f"`{column.owner.name}.{name}`, which is too short for a UUID,")


def _positional(flow: Flow, class_: Class) -> list[str]:
    """The fields that arguments without a name are for: of a dataclass those that it inherits come first."""
    found: dict[str, bool] = {}
    for each in reversed(flow.resolver.mro(class_)):
        if isinstance(each, Class) and (each is class_ or flow.project.models.is_dataclass(each)):
            for statement in each.node.body:
                if isinstance(statement, o.AnnAssign) and isinstance(statement.target, o.Name):
                    init = statement.value.argument("init") if isinstance(statement.value, o.Call) else None
                    found[statement.target.id] = init is None or o.dotted(init.value) != "False"
    return [name for name, is_given in found.items() if is_given]


def validate(flow: Flow, scope: Scope, call: o.Call, class_: Class) -> None:
    """`Schema.model_validate(user)`, `Model.model_validate(data, update={"owner_id": x})`"""
    for arg in call.args:
        if isinstance(arg.value, o.Dict):
            by_keyword(flow, scope, o.Call(call.start, call.end, call.func, (arg,), call.open), class_, None)
            continue
        flow.value(scope, arg.value)
        other = flow.entities.of(scope, arg.value, flow.objects)
        if other is not None:
            link(flow, class_, other)
            link(flow, other, class_)


def spread(flow: Flow, scope: Scope, expr: o.Expr, class_: Class) -> None:
    """`**data.model_dump()`: fields of a schema become attributes of the same names."""
    owner = dumped_class(flow, scope, expr)
    if owner is not None:
        link(flow, owner, class_)


def dumped_class(flow: Flow, scope: Scope, expr: o.Node) -> Class | None:
    """The schema whose fields a dict holds: `data.model_dump()`, `data.dict()`, or a name bound to one of them."""
    if isinstance(expr, o.Name):
        found = scope.lookup(expr.id)
        value = found[1][0].value if found is not None else None
        return dumped_class(flow, found[0], value) if found is not None and isinstance(value, o.Call) else None
    if isinstance(expr, o.Call) and isinstance(expr.func, o.Attribute):
        if expr.func.attr in ("model_dump", "dict"):
            owner = flow.entities.of(scope, expr.func.value, flow.objects)
            return owner if owner in flow.project.schemas.by_class else None
        if expr.func.attr == "items":
            return dumped_class(flow, scope, expr.func.value)
    if isinstance(expr, o.Call) and o.dotted(expr.func).endswith("jsonable_encoder") and expr.args:
        owner = flow.entities.of(scope, expr.args[0].value, flow.objects)
        return owner if owner in flow.project.schemas.by_class else None
    return None


def link(flow: Flow, schema: Class, other: Class) -> None:
    """Fields of a schema and attributes of a model, or another schema, of the same names hold the same."""
    pending = [(schema, other)]
    while pending:
        pair = pending.pop()
        schema, other = pair
        if pair in flow.linked or schema not in flow.project.schemas.by_class:
            continue
        flow.linked.add(pair)
        model = flow.project.models.by_class.get(other)
        for field in flow.project.schemas.by_class[schema].fields.values():
            if model is None or field.name in model.columns:
                join(flow.attribute(schema, field.name), flow.attribute(other, field.name))
                continue
            inner = flow.entities.attribute(other, field.name)
            if inner is not None:
                pending += [(named, inner) for named in flow.project.schemas.named_in(field.scope, field.annotation)]


def by_keyword(flow: Flow, scope: Scope, call: o.Call, owner: Class | None, receiver: Cell | None) -> Cell | None:
    """`filter_by(id=x)`, `values(owner_id=x)`, `update({"owner_id": x})`"""
    found = None
    if owner not in flow.project.models.by_class and isinstance(call.func, o.Attribute):
        found = flow.statement_for(scope, call.func.value)
    for arg in call.args:
        if isinstance(arg.value, o.Dict):
            for key, value in zip(arg.value.keys, arg.value.values, strict=True):
                cell = flow.value(scope, value)
                if isinstance(key, o.String) and owner is not None:
                    join(flow.attribute(owner, key.value or ""), cell)
                elif key is not None and not isinstance(key, o.String):
                    join(flow.value(scope, key), cell)
            continue
        value_ = flow.value(scope, arg.value)
        if not arg.keyword and not arg.star:
            records(flow, value_, owner)
        elif found is not None and arg.keyword in flow.names:
            join(flow.of_models(scope, *found, arg.keyword), value_)
        elif owner is not None and arg.keyword:
            join(flow.attribute(owner, arg.keyword), value_)
            as_short_text(flow, scope, arg.value, owner, arg.keyword)
        elif owner is not None and arg.star == "**":
            spread(flow, scope, arg.value, owner)
            flow.spread_to(flow.value(scope, arg.value), partial(flow.attribute, owner))
        elif found is not None and arg.star == "**":
            flow.spread_to(flow.value(scope, arg.value), partial(flow.of_models, scope, *found))
        elif arg.keyword in flow.names and value_ is not None:
            value_.tell("loose", (arg.keyword, flow.place(scope, arg)))
            flow.loose_cells.append(value_)
    return receiver


def table_rows(table: Cell | None, rows: Cell | None) -> None:
    """`insert(post_tags).values(rows)`: dicts with the columns of a `Table`."""
    for name, held in table.named() if table is not None and rows is not None else ():
        assert rows is not None
        if not rows.has("list"):
            join(rows.part(name), held)
        if not rows.has("dict"):
            join(rows.item().part(name), held)


def records(flow: Flow, rows: Cell | None, owner: Class | None) -> None:
    """`insert(User).values(rows)`, `bulk_update_mappings(User, rows)`: dicts with the columns of a model."""
    model = None if owner is None else flow.project.models.by_class.get(owner)
    if model is None or rows is None:
        return
    for name in model.columns:
        held = flow.attribute(model.class_, name)
        if held is not None and not rows.has("list"):
            join(rows.part(name), held)
        if held is not None and not rows.has("dict"):
            join(rows.item().part(name), held)
