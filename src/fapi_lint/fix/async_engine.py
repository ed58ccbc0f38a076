"""Engines, session makers and sessions made asynchronous: their functions, arguments and URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Edit
from fapi_lint.fix.requirements import driver_beside, requires
from fapi_lint.fix.text import insert_argument, remove_argument, replace, replace_argument_value
from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.flow import Change
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class, External, Scope, Variable
from fapi_lint.project.values import literal_text

_FUNCTIONS = {
    "engine": "sqlalchemy.ext.asyncio.create_async_engine",
    "maker": "sqlalchemy.ext.asyncio.async_sessionmaker",
    "session": "sqlalchemy.ext.asyncio.AsyncSession",
}
SQLMODEL_SESSION = "sqlmodel.ext.asyncio.session.AsyncSession"
_ASYNC_DRIVERS = re.compile(r"\w+\+(?:psycopg|psycopg_async|asyncpg|aiosqlite|aiomysql|asyncmy|aioodbc|oracledb)\b")
_SYNC_URL = re.compile(r"(?:postgres(?:ql)?(?:\+psycopg2)?|sqlite(?:\+pysqlite)?)(?=://)")
_ONLY_ASYNC = frozenset(["aiosqlite", "asyncpg"])
"""Drivers that serve no synchronous engine."""


class Makers:
    """The edits at the calls that make engines, makers and sessions."""

    def __init__(self, project: Project, made: FixBuilder) -> None:
        self.project = project
        self.made = made
        self.names_driver = True
        """Whether all the URLs are known to name an asynchronous driver."""
        self.installs = ""
        """The driver that is needed and that no file requires."""
        self._names: list[str] = []
        """What the URL in hand goes by on its way from the literal to the engine."""

    def change(self, change: Change, scope: Scope) -> None:
        """Make one call asynchronous."""
        call, module = change.node, change.module
        assert isinstance(call, o.Call)
        func = call.func.value if isinstance(call.func, o.Subscript) else call.func
        symbol = self.project.resolver.external(scope, func)
        target = _FUNCTIONS[change.kind]
        if change.kind == "session" and symbol is not None and symbol.package == "sqlmodel":
            target = SQLMODEL_SESSION
        self.made.rename(module, func, target)
        if change.kind == "engine":
            self.engine(change, scope, call)
        else:
            self.keeping(change, call)

    def keeping(self, change: Change, call: o.Call) -> None:
        """Objects keep their values after a commit: reading them anew could not be awaited."""
        module = change.module
        kept, gone = call.argument("expire_on_commit"), call.argument("autocommit")
        if kept is None and gone is not None:
            self.made.add(replace(module, gone, "expire_on_commit=False"))
            return
        if gone is not None:
            self.made.add(remove_argument(module, call, gone))
        if kept is None:
            self.made.add(insert_argument(module, call, "expire_on_commit=False"))
        elif o.dotted(kept.value) != "False":
            self.made.add(replace_argument_value(module, kept, "False"))

    # --- engines -----------------------------------------------------------------------------------

    def engine(self, change: Change, scope: Scope, call: o.Call) -> None:
        pool = call.argument("poolclass")
        if pool is not None and o.dotted(pool.value).rpartition(".")[2] == "QueuePool":
            # The queue that it would be by default is the asynchronous one.
            self.made.add(remove_argument(change.module, call, pool))
            self.made.forget(change.module, pool.value)
        url = call.given("url", 0)
        if url is None or not self.driver(scope, url):
            self.names_driver = False

    def driver(self, scope: Scope, expr: o.Expr) -> bool:
        """Whether a URL surely names an asynchronous driver, or is made to."""
        self._names.clear()
        texts = [each for each in self.texts(scope, expr) if "://" in each[0] or _ASYNC_DRIVERS.match(each[0])]
        if any(_ASYNC_DRIVERS.match(text) for text, _, _ in texts):
            return True
        changed = [where is not None and self._changed(scope, text, where, node) for text, where, node in texts]
        # What has a name may be given another value where the application runs.
        return bool(changed) and all(changed) and not self._names

    def _changed(self, scope: Scope, text: str, where: Scope, node: o.Node) -> bool:
        """Whether a literal is made to name an asynchronous driver."""
        found = _SYNC_URL.match(text)
        driver = self._driver_for(text) if found is not None else None
        if found is None or driver is None or driver[0] == found[0]:
            return False
        literal = where.module.text[node.start : node.end]
        if literal.count(f"{found[0]}://") != 1 or (driver[1] in _ONLY_ASYNC and self._is_shared(scope, where)):
            return False
        start = node.start + literal.index(found[0] + "://")
        self.made.add(Edit(where.module.path, start, start + len(found[0]), driver[0]))
        if driver[1] == "aiosqlite" and not requires(self.project, "aiosqlite"):
            beside = list(driver_beside(self.project, "aiosqlite"))
            self.made.add(*beside)
            self.installs = "" if beside else "aiosqlite"
        return True

    def _driver_for(self, url: str) -> tuple[str, str] | None:
        """The dialect and the package of the asynchronous driver to use."""
        if url.startswith("sqlite"):
            return "sqlite+aiosqlite", "aiosqlite"
        if requires(self.project, "psycopg"):
            return "postgresql+psycopg", "psycopg"
        # asyncpg has options of its own.
        return ("postgresql+asyncpg", "asyncpg") if requires(self.project, "asyncpg") and "?" not in url else None

    def _is_shared(self, scope: Scope, where: Scope) -> bool:
        """Whether anybody else takes the URL: for an engine that stays synchronous, as that of migrations, or to make
        the URL of an asynchronous one, `URL.replace("sqlite://", "sqlite+aiosqlite://")`."""
        own = {scope.module, where.module}
        return any(
            f"{name}.replace(" in module.text or (module not in own and not _has_its_own(module, name))
            for name in self._names
            for module in self.project.references.mentioning(name)
        )

    def texts(self, scope: Scope, expr: o.Expr, depth: int = 0) -> Iterator[tuple[str, Scope | None, o.Node]]:
        """The strings that a URL may be: literals, those behind names, and defaults of environment variables."""
        if depth > 4:
            return
        if isinstance(expr, o.String):
            yield (expr.value if expr.value is not None else literal_text(self.project, scope, expr)), scope, expr
            return
        if isinstance(expr, o.IfExp) or (isinstance(expr, o.Operation) and expr.operator == "or"):
            for each in (expr.body, expr.orelse) if isinstance(expr, o.IfExp) else expr.operands:
                yield from self.texts(scope, each, depth + 1)
            return
        if isinstance(expr, o.Call):
            name = o.dotted(expr.func).rpartition(".")[2]
            if name in ("getenv", "get", "config") and expr.args and isinstance(expr.args[0].value, o.String):
                self._names.append(expr.args[0].value.value or "")
            if name in ("getenv", "get", "config", "Field", "str", "make_url", "build", "URL", "create"):
                for arg in expr.args:
                    if not arg.star and not (name in ("getenv", "get", "config") and arg is expr.args[0]):
                        for text, where, node in self.texts(scope, arg.value, depth + 1):
                            scheme = f"{text}://" if arg.keyword in ("scheme", "drivername") else text
                            yield scheme, None if scheme != text else where, node
            return
        self._names.append(o.last_name(expr))
        symbol = self.project.resolver.resolve(scope, expr)
        if isinstance(symbol, Variable) and symbol.value is not None:
            yield from self.texts(symbol.scope, symbol.value, depth + 1)
        elif isinstance(expr, o.Attribute):
            yield from self.setting(scope, expr, depth)

    def setting(self, scope: Scope, expr: o.Attribute, depth: int) -> Iterator[tuple[str, Scope | None, o.Node]]:
        """The default of a field of a settings class."""
        holder = self.project.types.of(scope, expr.value)
        if holder is None or isinstance(holder.symbol, External):
            return
        owner: Class = holder.symbol
        for binding in owner.scope.bindings.get(expr.attr, ()):
            if binding.value is not None:
                yield from self.texts(owner.scope, binding.value, depth + 1)
            elif binding.definition is not None:
                node = binding.definition.node
                text = owner.module.text[node.start : node.end]
                for found in _ASYNC_DRIVERS.finditer(text):
                    yield found[0], None, node


def _has_its_own(module: Module, name: str) -> bool:
    """Whether a module means a variable of its own by a name wherever it says it."""
    bindings = module.scope.bindings.get(name, ())
    imported = any(isinstance(binding.node, o.Alias) for binding in bindings)
    return bool(bindings) and not imported and f".{name}" not in module.text
