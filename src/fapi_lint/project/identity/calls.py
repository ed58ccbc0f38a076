"""What calls do with identifiers: those of the application's functions and classes, of libraries, and unknown ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity import functions, outside
from fapi_lint.project.identity.asking import sent
from fapi_lint.project.identity.cells import Cell, join
from fapi_lint.project.identity.methods import METHODS, UNTOLD
from fapi_lint.project.identity.passing import by_keyword, construct, is_literal, pass_to
from fapi_lint.project.symbols import Class, External, Function, Scope, Variable

if TYPE_CHECKING:
    from fapi_lint.project.identity.flow import Flow


def called(flow: Flow, scope: Scope, call: o.Call) -> Cell | None:
    """The set of what a call gives, and what the call joins: once, whoever asks."""
    if call not in flow.calls:
        flow.calls[call] = _follow(flow, scope, call)
    return flow.calls[call]


def _follow(flow: Flow, scope: Scope, call: o.Call) -> Cell | None:
    func, types = call.func, flow.project.types
    if isinstance(func, o.Attribute):
        methods = METHODS.get(func.attr, ())
        if methods and func.attr in flow.project.methods and isinstance(types.callee(scope, func), Function):
            methods = ()  # A method of the application's own tells more than its name.
        for method in methods:
            found = method(flow, scope, call, func)
            if found is not UNTOLD:
                return found
    made = flow.project.factories.made_by(scope, func)
    if made is not None:
        keywords = tuple(arg for arg in call.args if arg.keyword or arg.star)  # What stands first is how many.
        by_keyword(flow, scope, o.Call(call.start, call.end, call.func, keywords, call.open), made, None)
        return None
    callee = types.callee(scope, func)
    if not isinstance(func, o.Attribute) and not isinstance(callee, (External, Class, Function)):
        symbol = flow.resolver.resolve(scope, func)
        callee = symbol if isinstance(symbol, (External, Class, Function)) else None
    if isinstance(callee, Function):
        pass_to(flow, scope, call, callee, is_bound=isinstance(func, o.Attribute) and callee.is_method)
        return flow.returned(callee)
    if isinstance(callee, Class):
        construct(flow, scope, call, callee)
        return flow.as_tuple(callee) if flow.is_named_tuple(callee) else None
    if not isinstance(callee, (Class, Function)):
        known = outside.cast(flow, scope, call) or _new_type(flow, scope, call)
        if known is not None:
            return known
    if isinstance(callee, External):
        return functions.apply(flow, scope, call, callee)
    meant = flow.project.model_attributes.of(scope, func)
    if meant is not None and meant.classes:  # self.model(…)
        for class_ in sorted(meant.classes, key=lambda class_: (class_.module.path, class_.node.start)):
            construct(flow, scope, call, class_)
        return None
    _unknown(flow, scope, call, func.attr if isinstance(func, o.Attribute) else o.dotted(func))
    receiver = flow.value(scope, func.value) if isinstance(func, o.Attribute) and func.attr == "get" else None
    return None if receiver is None else receiver.entry()  # It may turn out to be a dict.


def _new_type(flow: Flow, scope: Scope, call: o.Call) -> Cell | None:
    """`UserId(1)`, where `UserId = NewType("UserId", int)`."""
    symbol = flow.resolver.resolve(scope, call.func) if len(call.args) == 1 else None
    made = symbol.value if isinstance(symbol, Variable) else None
    if not isinstance(symbol, Variable) or not isinstance(made, o.Call) or not o.dotted(made.func).endswith("NewType"):
        return None
    return join(flow.alias(symbol, 0), flow.value(scope, call.args[0].value))


def _unknown(flow: Flow, scope: Scope, call: o.Call, name: str) -> None:
    flow.run(scope, call.func)
    held = [arg.keyword or o.dotted(arg.value).rpartition(".")[2] for arg in call.args]
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
        text = f"`{name or 'a call'}`, of which nothing is known,"
        flow.dumped(value, scope, call, text)
        if isinstance(arg.value, o.Subscript) and not is_literal(arg.value.items[0]):  # f(values[name])
            flow.dumped(flow.value(scope, arg.value.value), scope, call, text, is_item=True)
