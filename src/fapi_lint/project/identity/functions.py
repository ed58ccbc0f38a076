"""What the functions of libraries and of Python do with identifiers: copy, count, parse, and make text of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.cells import Cell, Fact, Parse, join
from fapi_lint.project.identity.methods import HANDING_ON, LOGGING, USING_ANY
from fapi_lint.project.identity.passing import arguments, hand_on
from fapi_lint.project.identity.sql import in_sql
from fapi_lint.project.symbols import External, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

# fmt: off
_COPYING = frozenset([
    "list", "set", "tuple", "frozenset", "sorted", "reversed", "iter", "next", "max", "min", "deepcopy",
    "anext",
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


def apply(flow: Flow, scope: Scope, call: o.Call, callee: External) -> Cell | None:
    """What a call of the function gives, and what it joins."""
    name, args = callee.name, call.args
    dotted, package = callee.dotted, callee.package
    if dotted == "builtins.int" or (package == "uuid" and name == "UUID"):
        return _parse(flow, scope, call, "int" if package == "builtins" else "uuid")
    if dotted in ("builtins.map", "builtins.filter") and len(args) == 2:
        return _mapped(flow, scope, call, name)
    values = arguments(flow, scope, call)
    value = values[0] if values else None
    if callee.is_orm:
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
    if name in USING_ANY or name in LOGGING or package in USING_ANY:
        return None
    if name in HANDING_ON:
        hand_on(flow, scope, call)
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
