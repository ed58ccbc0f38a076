"""What comes from outside the application: JSON, the environment, command lines, and text that is taken apart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.cells import Cell, Dump, Fact, Parse, join
from fapi_lint.project.symbols import External, Function, Scope

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow

_JSON_PACKAGES = frozenset(["json", "orjson", "ujson", "simplejson", "jwt", "jose"])
_READING = frozenset(["loads", "load", "decode"])
_PATTERNS = frozenset(["compile", "findall", "finditer", "fullmatch", "match", "search"])
_DIGITS = re.compile(r"\\d|\[0-9\]")
_BYTES = "bytes, of which `UUID()` makes nothing,"
# fmt: off
REDIS = frozenset([
    "smembers", "sscan_iter", "srandmember", "spop", "zrange", "zrevrange", "zrangebyscore", "lrange", "lpop", "rpop",
    "mget", "hget", "hmget", "hgetall", "hkeys", "hvals", "scan_iter",
])
# fmt: on
"""Methods of clients of Redis that give what was kept as text."""
_PATH_PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")


def raw(flow: Flow, scope: Scope, node: o.Node, text: str, *, is_number: bool = False) -> Cell:
    """What is known to hold text or numbers, and whatever is in that."""
    cell, fact = Cell(), Fact(flow.place(scope, node), text, is_number)
    flow.raw.append((cell, fact))
    flow.dumps.append(Dump(cell, fact))
    return cell


def from_json(flow: Flow, scope: Scope, node: o.Node) -> Cell:
    return raw(flow, scope, node, "JSON, in which a UUID is text,")


def from_environment(flow: Flow, scope: Scope, node: o.Node) -> Cell:
    return raw(flow, scope, node, "an environment variable that holds an integer", is_number=True)


def split(flow: Flow, scope: Scope, call: o.Call) -> Cell | None:
    """`slug.rsplit("-", 1)`, `key.split(b":")`"""
    first = call.args[0].value if call.args else None
    if isinstance(first, o.String) and scope.module.slice(first)[0] in "bB":
        return raw(flow, scope, call, _BYTES, is_number=True)
    if not isinstance(first, o.String) or first.value != "-":
        return None
    return raw(flow, scope, call, "a split at `-`, of which a UUID has four,", is_number=True)


def from_redis(flow: Flow, scope: Scope, call: o.Call) -> Cell | None:
    """`redis.smembers("online")`, unless clients decode what they get."""
    if any("decode_responses" in module.text for module in flow.project.modules):
        return None
    return raw(flow, scope, call, _BYTES, is_number=True)


def given(flow: Flow, scope: Scope, call: o.Call, callee: External) -> Cell | None:
    """What a function of a library gives that reads it from outside."""
    package, name = callee.package, callee.name
    if package in _JSON_PACKAGES and name in _READING:
        return from_json(flow, scope, call)
    if package == "base64" and name.endswith("decode"):
        return raw(flow, scope, call, _BYTES, is_number=True)
    if callee.dotted == "os.getenv":
        return from_environment(flow, scope, call)
    if package == "re" and name in _PATTERNS and call.args:
        pattern = call.args[0].value
        if _DIGITS.search(scope.module.slice(pattern)):
            return raw(flow, scope, call, "a pattern for digits", is_number=True)
    return None


def cast(flow: Flow, scope: Scope, call: o.Call) -> Cell | None:
    """`config("ADMIN_ID", cast=int)`"""
    to = call.argument("cast")
    if to is None or flow.resolver.external(scope, to.value) != External("builtins.int"):
        return None
    return raw(flow, scope, call, "a setting that holds an integer", is_number=True)


# --- command lines ---------------------------------------------------------------------------------


def add_argument(flow: Flow, scope: Scope, call: o.Call) -> None:
    """`parser.add_argument("--user-id", type=int)` of `argparse`."""
    names = [arg.value.value or "" for arg in call.positional if isinstance(arg.value, o.String)]
    named = call.argument("dest")
    long = [name for name in names if name.startswith("--")] or names
    name = (named.value.value or "") if named is not None and isinstance(named.value, o.String) else ""
    if name or long:
        cell = flow.argument(scope.module, name or long[0].lstrip("-").replace("-", "_"))
        if call.argument("nargs") is not None:
            cell = cell.item()
        _option(flow, scope, call, cell)


def join_decorators(flow: Flow, function: Function) -> None:
    """What decorators tell of parameters: options of a command by `click`, and the path of a websocket."""
    for decorator in function.node.decorators:
        call = decorator.value
        if not isinstance(call, o.Call) or not isinstance(call.func, o.Attribute):
            continue
        texts = [arg.value.value or "" for arg in call.positional if isinstance(arg.value, o.String)]
        if call.func.attr in ("argument", "option"):
            for param in function.node.params:
                if param.name in (text.lstrip("-").replace("-", "_").lower() for text in texts):
                    _option(flow, function.enclosing, call, flow.parameter(function, param))
        elif call.func.attr == "websocket" and texts:
            flow.sockets += ((function, name) for name in names_in_path(texts[0]))


def names_in_path(path: str) -> list[str]:
    """The names of the parameters in a path: `/users/{user_id:int}`."""
    return _PATH_PARAMETER.findall(path)


def _option(flow: Flow, scope: Scope, call: o.Call, cell: Cell) -> None:
    type_, default = call.argument("type"), call.argument("default")
    if type_ is not None and flow.resolver.external(scope, type_.value) == External("builtins.int"):
        cell.tell("parses", Parse(scope.module, scope, type_.value, None, "int", None))
    elif type_ is not None and "int" in o.dotted(getattr(type_.value, "func", type_.value)).lower():
        flow.fact(cell, scope, type_.value, f"the type `{scope.module.slice(type_.value)}`", is_number=True)
    if default is not None:
        join(cell, flow.value(scope, default.value))
