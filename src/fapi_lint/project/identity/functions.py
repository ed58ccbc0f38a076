"""What the functions of libraries and of Python do with identifiers: copy, count, parse, and make text of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity import outside
from fapi_lint.project.identity.cells import Cell, Fact, Parse, join, listed, record
from fapi_lint.project.identity.methods import HANDING_ON, LOGGING, USING_ANY
from fapi_lint.project.identity.passing import arguments, hand_on
from fapi_lint.project.identity.sql import in_sql
from fapi_lint.project.symbols import External, Scope

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

# fmt: off
_COMPARING = frozenset(["max", "min"])
_TAKING = _COMPARING | {"next", "anext"}
_ITERATING = _TAKING | frozenset([
    "list", "set", "tuple", "frozenset", "sorted", "reversed", "iter", "chain", "enumerate", "zip", "groupby",
    "fromkeys", "sum",
])
_OF_NUMBERS = frozenset([
    "range", "abs", "float", "hex", "round", "divmod", "bin", "chr", "pow", "oct", "Decimal",
])
_COUNTING = frozenset([
    "itertools.count", "random.randint", "random.randrange", "random.getrandbits", "secrets.randbelow", "time.time",
    "time.time_ns", "time.monotonic_ns",
])
_JSON = frozenset([
    "dumps", "dump", "JSONResponse", "encode", "send_json", "publish",
])
# fmt: on
_DIGITS = re.compile(r"""(['"])-?\d+\1""")
_TELLING = _JSON | {"isinstance", "HTTPException", "TypeAdapter"}
"""Of what may be used with anything: what tells something of it."""


def apply(flow: Flow, scope: Scope, call: o.Call, callee: External) -> Cell | None:
    """What a call of the function gives, and what it joins."""
    name, args = callee.name, call.args
    dotted, package = callee.dotted, callee.package
    if dotted == "builtins.int" or (package == "uuid" and name == "UUID"):
        return _parse(flow, scope, call, "int" if package == "builtins" else "uuid")
    if dotted in ("builtins.map", "builtins.filter") and len(args) == 2:
        return _mapped(flow, scope, call, name)
    if dotted == "builtins.getattr" and len(args) > 1:
        return _attribute(flow, scope, args[0].value, args[1].value)
    if (name in USING_ANY or name in LOGGING or package in USING_ANY) and name not in _TELLING:
        for arg in args:
            flow.run(scope, arg.value)
        return None
    values = arguments(flow, scope, call)
    value = values[0] if values else None
    given = outside.given(flow, scope, call, callee)
    if given is not None:
        return given
    if callee.is_orm:
        return in_sql(flow, scope, call, callee, values)
    if name == "isinstance" and len(args) == 2:
        if flow.resolver.external(scope, args[1].value) == External("builtins.int"):
            flow.fact(value, scope, call, "`isinstance(…, int)`")
            flow.number(scope, args[0].value)
        return None
    if name == "HTTPException":
        for arg, given in zip(args, values, strict=True):
            if isinstance(arg.value, o.Dict):
                flow.dumped(given, scope, arg, "JSON, which does not know UUIDs,", is_json=True)
        return None
    if callee.is_from("typing", "cast"):
        return values[-1]
    if name == "TypeAdapter" and args:
        cell = Cell()
        flow.annotate(cell, scope, args[0].value, "variable")
        return cell
    if name in _ITERATING:
        return _iterated(flow, scope, call, name, values)
    if name in ("copy", "deepcopy"):
        return value
    if dotted == "builtins.dict" or dotted.endswith("defaultdict"):
        return _dict(call, values[dotted.endswith("defaultdict") :])
    if name in _OF_NUMBERS:
        for other in values:
            flow.fact(other, scope, call, f"`{name}()`", is_number=True)
        return listed(Cell(Fact(flow.place(scope, call), "a range", is_number=True))) if name == "range" else None
    if dotted in _COUNTING:
        number = Cell(Fact(flow.place(scope, call), f"`{dotted}()`", is_number=True))
        return listed(number) if name == "count" else number
    if name in _JSON or package in ("json", "jwt", "jose", "redis"):
        for other in values:
            flow.dumped(other, scope, call, f"`{name}`, which does not know UUIDs,", is_json=True)
        return None
    if name in ("asdict", "vars") and args:
        owner = flow.entities.of(scope, args[0].value, flow.objects)
        return value if owner is None else flow.as_dict(owner)
    if name in HANDING_ON:
        hand_on(flow, scope, call)
        return None
    for other in values:
        flow.dumped(other, scope, call, f"`{dotted.removeprefix('builtins.')}`")
    return None


def _attribute(flow: Flow, scope: Scope, expr: o.Expr, name: o.Expr) -> Cell | None:
    """`getattr(user, "id")`, or `getattr(row, column.name)`, which may be any attribute."""
    owner = flow.owner(scope, expr)
    if isinstance(name, o.String):
        return None if owner is None or name.value is None else flow.attribute(owner, name.value)
    if owner is None and not (isinstance(name, o.Attribute) and name.attr in ("name", "key")):
        return None
    cell = Cell()
    flow.attributes.append((cell, owner))
    return cell


def _iterated(flow: Flow, scope: Scope, call: o.Call, name: str, values: list[Cell | None]) -> Cell | None:
    """`list(ids)`, `max(users, key=lambda user: user.id)`, `zip(ids, names)`"""
    plain = [
        _item(value) if arg.star else value for arg, value in zip(call.args, values, strict=True) if not arg.keyword
    ]
    if name in _TAKING and len(plain) > 1:  # max(one, other), next(ids, None)
        held = plain if name in _COMPARING else [_item(plain[0]), *plain[1:]]
    else:
        held = [_item(value) for value in plain]
    first = held[0] if held else None
    key = call.argument("key", 1 if name == "groupby" else None)
    by = (
        first
        if key is None
        else flow.applied(scope, key.value, first, flow.entities.of(scope, call.args[0].value, flow.objects))
    )
    match name:
        case "enumerate":
            counter = Cell(Fact(flow.place(scope, call), "a counter", is_number=True))
            return listed(record(counter, first))
        case "zip":
            return listed(record(*held))
        case "groupby":
            return listed(record(by, listed(first)))
        case "fromkeys":
            cell = Cell().be("dict")
            join(cell.item(), first)
            join(cell.entry(), plain[1] if len(plain) > 1 else None)
            return cell
        case "sum":
            flow.fact(first, scope, call, "`sum()`", is_number=True)
            return None
    if by is not None and (name == "sorted" or name in _COMPARING):
        by.tell("orders", flow.place(scope, call))
    if not any(held):
        return None
    cell = listed(*held)
    return cell.item() if name in _TAKING else cell


def _item(value: Cell | None) -> Cell | None:
    return None if value is None else value.item()


def _dict(call: o.Call, values: list[Cell | None]) -> Cell:
    """`dict(pairs, name=value)`"""
    cell = Cell().be("dict")
    for arg, value in zip(call.args[len(call.args) - len(values) :], values, strict=True):
        if arg.keyword:
            join(cell.part(arg.keyword), value)
        elif value is not None:
            if not value.has("list"):
                join(cell, value)
            if not value.has("dict"):
                join(cell.item(), value.item().part("0"))
                join(cell.entry(), value.item().part("1"))
    return cell


def _parse(flow: Flow, scope: Scope, call: o.Call, to: str) -> Cell | None:
    if len(call.args) != 1 or call.args[0].star or call.args[0].keyword not in ("", "hex"):
        for value in arguments(flow, scope, call):
            flow.fact(value, scope, call, f"`{scope.module.slice(call)}`")
        return None
    inner = flow.value(scope, call.args[0].value)
    cell = Cell()
    if to == "int" and _DIGITS.search(scope.module.slice(call.args[0].value)):
        flow.fact(cell, scope, call, f"`{scope.module.slice(call)}`", is_number=True)
    parse = Parse(scope.module, scope, call.func, call, to, inner)
    cell.tell("parses", parse)
    if inner is not None:
        inner.tell("parsed", parse)
        if to == "uuid":
            flow.parsed_uuids.append((inner, cell))
    return cell


def _mapped(flow: Flow, scope: Scope, call: o.Call, name: str) -> Cell | None:
    function, items = call.args[0].value, flow.value(scope, call.args[1].value)
    item = None if items is None else items.item()
    symbol = flow.resolver.resolve(scope, function)
    if name == "map" and symbol == External("builtins.int"):
        cell = Cell()
        cell.tell("parses", Parse(scope.module, scope, function, None, "int", item))
        return listed(cell)
    class_ = flow.entities.of(scope, call.args[1].value, flow.objects)
    found = flow.applied(scope, function, item, class_)
    if name == "filter":
        return items
    return None if found is None else listed(found)
