"""What happens to something synchronous that is passed to a call, or given to a function in another way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.decorators import Decorating, keywords_handed_on
from fapi_lint.project.asynchrony.flow import Kind
from fapi_lint.project.asynchrony.roles import Role
from fapi_lint.project.asynchrony.surroundings import leaf, parameter
from fapi_lint.project.asynchrony.threads import runner
from fapi_lint.project.dependencies import MARKERS
from fapi_lint.project.inference import signatures
from fapi_lint.project.inference.type import LibraryMethod, Type
from fapi_lint.project.symbols import Class, External, Function, Scope
from fapi_lint.project.traversal import Parents

if TYPE_CHECKING:
    from fapi_lint.project.asynchrony.reader import Reader

_HARMLESS = MARKERS | frozenset(
    ["bool", "callable", "cast", "hasattr", "id", "isinstance", "print", "repr", "str", "type"]
)
_LISTENED: dict[Role, Kind] = {
    Role.ENGINE: "sync_engine",
    Role.SESSION: "sync_session",
    Role.CONNECTION: "sync_connection",
}
"""What events are sent to: the synchronous half of what is asynchronous."""


def given_by_keyword(reader: Reader, scope: Scope, target: o.Subscript, node: o.Node) -> None:
    """`kwargs["db"] = SessionLocal()` in a wrapper: for each of the functions that it is put around."""
    wrapper, key, given = reader.part.function, target.items[0], reader.types.of(scope, node)
    decorating = reader.flow.project.decorators.by_wrapper(wrapper) if wrapper is not None else None
    if wrapper is None or decorating is None or not isinstance(key, o.String) or given is None:
        reader.obstacle(node, f"`{reader.module.slice(node)}` is put into `{reader.module.slice(target)}`")
        return
    for use in keywords_handed_on(wrapper, o.dotted(target.value), decorating):
        reader.obstacle(use, f"`{reader.module.slice(use)}`, with a session in it, is handed to something else")
    _hand_on(reader, decorating, key.value or "", given, node)


def _hand_on(reader: Reader, decorating: Decorating, name: str | int, given: Type, node: o.Node) -> None:
    """What a wrapper passes by name or position to each of the functions that it is put around."""
    role = reader.flow.role(given)
    for function, _ in reader.flow.project.decorators.decorated(decorating):
        reader.join(function)
        params = enumerate(function.node.params)
        param = next((param for index, param in params if name in (param.name, index)), None)
        if param is None or param.kind[:1] == "*":
            text = f"has no `{name}`" if isinstance(name, str) else "takes it in another way"
            reader.obstacle(node, f"`{function.name}`, which is given it by a decorator, {text}")
        elif role is not None:
            _give(reader, function, param, given, role, node)


def argument(reader: Reader, scope: Scope, role: Role, call: o.Call, arg: o.Arg, above: Parents) -> None:
    """Something synchronous passed to a call."""
    callee = reader.types.callee(scope, call.func)
    called, first = leaf(call.func), 0
    if reader.part.function is not None:
        decorating = reader.flow.project.decorators.by_wrapper(reader.part.function)
        given = reader.types.of(scope, arg.value)
        if decorating is not None and given is not None and any(each.node is call for each in decorating.calls):
            _hand_on(reader, decorating, arg.keyword or call.args.index(arg), given, arg.value)
            return
    thread = runner(reader.flow.project.resolver, scope, call)
    if thread is not None:
        callee, first = reader.types.callee(scope, call.args[thread].value), thread + 1
    if called in ("create_all", "drop_all") and role in (Role.ENGINE, Role.CONNECTION):
        statement = above[0] if above is not None else None
        if not isinstance(statement, o.ExprStatement):
            reader.obstacle(call, f"`{called}()` is part of an expression")
        else:
            reader.change("create_all" if role is Role.ENGINE else "run_sync", call, above)
        return
    if isinstance(callee, External):
        if called in signatures.LISTENING and role in _LISTENED and callee.is_orm:
            reader.change(_LISTENED[role], arg.value, None)
        elif not _constructs(callee) and callee.name not in _HARMLESS:
            reader.obstacle(call, _passed(reader, role, call, arg))
        return
    if called == "add_task" and call.args:
        callee, first = reader.types.callee(scope, call.args[0].value), 1
    if isinstance(callee, Type) and callee.is_standard("type"):
        callee = _own_class(reader, callee) or callee
    if isinstance(callee, Function):
        _passed_to(reader, callee, call, arg, first, role, scope)
    elif isinstance(callee, Class):
        init = reader.flow.project.resolver.class_member(callee, "__init__")
        reader.join(callee)
        if isinstance(init, Function):
            _passed_to(reader, init, call, arg, first, role, scope)
        elif not any(reader.flow.carries(reader.types.attribute(Type(callee), name)) for name in callee.scope.bindings):
            reader.obstacle(call, _passed(reader, role, call, arg))
    elif isinstance(callee, Type) and reader.flow.role(callee) is Role.MAKER:
        return
    elif isinstance(callee, LibraryMethod) and _keeps(reader, callee):
        assert isinstance(call.func, o.Attribute)
        origin = reader.flow.origin(scope, call.func.value)
        if origin is not None:
            reader.join(origin)
    elif not isinstance(callee, LibraryMethod) or reader.flow.role(callee.receiver) is None:
        reader.obstacle(call, _passed(reader, role, call, arg))


def _constructs(callee: External) -> bool:
    return callee.is_orm and callee.name in (*signatures.MAKERS, *signatures.SYNC_SESSIONS)


def _own_class(reader: Reader, cls: Type) -> Class | None:
    """What `cls(…)` makes in a class method, where no subclass is made in another way."""
    class_ = cls.arg.symbol if cls.arg is not None else None
    if not isinstance(class_, Class):
        return None
    project = reader.flow.project
    others = (other for other in project.classes if other is not class_ and "__init__" in other.scope.bindings)
    return None if any(class_ in project.resolver.mro(other) for other in others) else class_


def _keeps(reader: Reader, method: LibraryMethod) -> bool:
    """`current.set(session)` of a `ContextVar[Session]`, which gives it back as it is."""
    return (method.owner, method.name) == ("ContextVar", "set") and reader.flow.role(method.receiver.arg) is not None


def _passed(reader: Reader, role: Role, call: o.Call, arg: o.Arg) -> str:
    func = " ".join(reader.module.slice(call.func).split())
    return f"`{reader.module.slice(arg.value)}` is passed to `{func}()`, which may need a synchronous {role.value}"


def _passed_to(
    reader: Reader, function: Function, call: o.Call, arg: o.Arg, first: int, role: Role, scope: Scope
) -> None:
    """A function of the application is called with something synchronous."""
    reader.join(function)
    if reader.flow.sessions.is_callback(function):
        reader.obstacle(call, f"`{function.name}` is called by SQLAlchemy too, with a synchronous session")
        return
    param = parameter(function, call, arg, first)
    if param is None:
        written = reader.module.slice(arg.value)
        reader.obstacle(call, f"`{function.name}` takes `{written}` among other arguments, and may need it synchronous")
        return
    given = reader.types.of(scope, arg.value) or reader.type_of(scope, arg.value)
    _give(reader, function, param, given, role, call)


def _give(reader: Reader, function: Function, param: o.Param, given: Type | None, role: Role, node: o.Node) -> None:
    """A parameter is given something synchronous, whether its annotation tells or not."""
    if reader.flow.role(reader.types.of_parameter(function, param)):
        return
    unknown = param.annotation is None or leaf(param.annotation) == "Any"
    if unknown and given is not None:
        reader.flow.assume(function, param, given)
    else:
        text = f"`{param.name}` of `{function.name}` is given a {role.value}, which its annotation denies"
        reader.obstacle(node, text)
