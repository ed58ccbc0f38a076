"""A synchronous test client replaced by httpx's asynchronous one, with everything that uses it."""

from __future__ import annotations

from fapi_lint.fix.asynchrony import Conversion
from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Edit, Fix, Refusal
from fapi_lint.fix.text import indent_unit, indentation_at, newline, remove_argument, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.closure import Closure
from fapi_lint.project.asynchrony.test_clients import ClientUses, client_uses, is_test_client
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Function, Scope

_OF_CLIENT = ("base_url", "cookies", "follow_redirects", "headers")
_OF_TRANSPORT = {"raise_server_exceptions": "raise_app_exceptions", "root_path": "root_path", "client": "client"}


def asynchronous_client(project: Project, sighting: Sighting, call: o.Call) -> Fix | Refusal:
    """The fix that replaces the client that a call makes; why that cannot be."""
    module = sighting.scope.module
    known = {"app", *_OF_CLIENT, *_OF_TRANSPORT}
    if call.argument("app", 0) is None or any(a.star or (a.keyword or "app") not in known for a in call.args):
        return Refusal("it takes arguments that the other does not have")
    uses = client_uses(project, module, sighting.scope, call, tuple(reversed(sighting.parents)))
    if uses.obstacle is not None:
        return Refusal(_told(uses))
    return _Clients(project, uses, sighting.scope).fix()


def clients_first(project: Project, closure: Closure, refused: Refusal) -> Fix | Refusal:
    """The fix for the test clients that keep a closure synchronous; what follows is for the next pass."""
    made, title = FixBuilder(), ""
    for module in dict.fromkeys(obstacle.module for obstacle in closure.shared):
        for sighting in search(module, "TestClient"):
            call = sighting.node
            if not isinstance(call, o.Call) or not is_test_client(project.resolver.resolve(sighting.scope, call.func)):
                continue
            fix = asynchronous_client(project, sighting, call)
            if isinstance(fix, Refusal):
                return Refusal(f"{refused.reason}: {fix.reason}")
            if made.edits.keys().isdisjoint(fix.edits) and not made.touches(fix):  # else after the others
                made.take(fix)
                title = title or fix.title
    return made.fix(f"{title}, before the session becomes asynchronous") if title else refused


def _told(uses: ClientUses) -> str:
    """The obstacle, with its place if that is another one."""
    obstacle = uses.obstacle
    assert obstacle is not None
    if obstacle.module is uses.module and obstacle.node.start == uses.call.start:
        return obstacle.text
    return f"{obstacle.text} ({obstacle.module.where(obstacle.node.start)})"


class _Clients(Conversion):
    def __init__(self, project: Project, uses: ClientUses, scope: Scope) -> None:
        super().__init__(project, Closure(functions=uses.functions, changes=uses.changes))
        self.uses = uses
        self.where_made = scope

    def fix(self) -> Fix:
        uses = self.uses
        for change in uses.changes:
            self.change(change)
        for function in uses.functions:
            self.function(function)
        self.make()
        for module, node in uses.named.values():
            if not self.is_made_generator(module, node):
                self.name(module.path, node)
        # Fixtures that share the event loop of all tests may outlive a test.
        narrowed = {} if self.shares_loop else uses.narrowed
        for function, argument in narrowed.items():
            decorator = next(d.value for d in function.node.decorators if d.start <= argument.start < d.end)
            assert isinstance(decorator, o.Call)
            alone = Edit(function.module.path, decorator.func.end, decorator.end, "")
            more = len(decorator.args) > 1
            self.made.add(remove_argument(function.module, decorator, argument) if more else alone)
        self.requirements()
        title = "Use an `AsyncClient`: the tests run in the event loop, redirects are not followed"
        if narrowed:
            title += ", fixtures are made anew for each test"
        title += self.plugin()
        return self.made.fix(title, first=self.insertions.edits())

    def name(self, path: str, node: o.Expr) -> None:
        """An annotation with the class."""
        module = self.project.by_path[path]
        root = o.dotted(node).partition(".")[0]
        guarded = any(binding.type_checking for binding in module.scope.bindings.get(root, ()))
        self.made.rename(module, node, "httpx.AsyncClient", type_checking=guarded)

    # --- where the client is made ------------------------------------------------------------------

    def make(self) -> None:
        """The new client; a fixture that gives it away at once closes it, too."""
        module, call, given = self.uses.module, self.uses.call, self.uses.given
        fresh = self.constructor()
        self.made.forget(module, call.func)
        if self.uses.running is not None:
            self.enter(self.uses.running, fresh)
            return
        if given is None:
            self.made.add(replace(module, call, fresh))
            return
        function = self.where_made.owner
        assert isinstance(function, Function)
        local = "client" if "client" not in function.scope.bindings else "async_client"
        end, indent, unit = newline(module.text), indentation_at(module.text, given.start), indent_unit(module)
        self.made.add(replace(module, given, f"async with {fresh} as {local}:{end}{indent}{unit}yield {local}"))
        returns = function.node.returns
        if isinstance(given, o.Return) and returns is not None:
            names = "collections.abc.AsyncIterator", "httpx.AsyncClient"
            iterator, client = (self.made.spell(module, name, returns.start) for name in names)
            self.made.add(replace(module, returns, f"{iterator}[{client}]"))

    def enter(self, item: o.WithItem, fresh: str) -> None:
        """`with TestClient(app) as client`, which runs the lifespan of the application."""
        module, app = self.uses.module, self.uses.call.argument("app", 0)
        assert app is not None
        outer = newline(module.text) + indentation_at(module.text, item.start)
        inner, written = outer + indent_unit(module), module.slice(app.value)
        lifespan = f"{written}.router.lifespan_context({written})"
        self.made.add(replace(module, self.uses.call, f"({inner}{lifespan},{inner}{fresh}"))
        self.made.add(Edit(module.path, item.end, item.end, f",{outer})"))

    def is_made_generator(self, module: Module, node: o.Expr) -> bool:
        """Whether an annotation is that of the fixture that will yield what it returned."""
        function = self.where_made.owner
        if not isinstance(self.uses.given, o.Return) or not isinstance(function, Function):
            return False
        if module is not function.module:
            return False
        returns = function.node.returns
        return returns is not None and returns.start <= node.start < returns.end

    def constructor(self) -> str:
        module, call = self.uses.module, self.uses.call
        client, transport = (
            self.made.spell(module, f"httpx.{n}", call.start) for n in ("AsyncClient", "ASGITransport")
        )
        app = call.given("app", 0)
        assert app is not None
        inner = [f"app={module.slice(app)}"]
        outer = []
        for arg in call.args:
            if arg.keyword in _OF_TRANSPORT:
                inner.append(f"{_OF_TRANSPORT[arg.keyword]}={module.slice(arg.value)}")
            elif arg.keyword in _OF_CLIENT:
                outer.append(f"{arg.keyword}={module.slice(arg.value)}")
        if call.argument("base_url") is None:
            # The host that a `TestClient` asks, where it is counted upon: in a URL, or in the hosts that are allowed.
            host = "testserver" if any("testserver" in each.text for each in self.project.modules) else "test"
            outer.insert(0, f'base_url="http://{host}"')
        return f"{client}(transport={transport}({', '.join(inner)}), {', '.join(outer)})"
