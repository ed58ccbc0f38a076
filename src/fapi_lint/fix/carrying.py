"""Arguments of a relationship that move to another model, spelled for that place.

In strings SQLAlchemy knows classes, tables and its own functions by name:
https://docs.sqlalchemy.org/en/20/orm/basic_relationships.html#late-evaluation-of-relationship-arguments
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct, field

from fapi_lint.fix.edit import NeedsImport, RefusedError
from fapi_lint.fix.imports import spell
from fapi_lint.fix.text import on_one_line, quote, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class, External, Function, Variable
from fapi_lint.project.values import Located

_REGISTRY_ARGUMENTS = frozenset(
    ["secondary", "primaryjoin", "secondaryjoin", "foreign_keys", "remote_side", "order_by"]
)
"""Arguments that may be strings, which SQLAlchemy evaluates among its classes and tables."""
_IN_STRINGS = frozenset(
    ["and_", "or_", "not_", "func", "text", "desc", "asc", "cast", "literal", "null", "true", "false", "foreign"]
)
"""Names of SQLAlchemy that such strings know."""


class Carrier(Struct):
    """Spells the arguments of a relationship of `source` for a statement of `target` at the offset `at`."""

    project: Project
    source: Model
    target: Model
    at: int
    needs: list[NeedsImport] = field(default_factory=list)
    """The imports that the spelled arguments take in the target's file."""

    def columns(self, paths: list[str]) -> str:
        """Columns for `foreign_keys` and `remote_side`: by their bare names where all stand above, else as a string."""
        above = {c.name for c in self.target.own_columns if c.statement.start < self.at}
        own = [path.partition(".")[2] for path in paths if path.partition(".")[0] == self.target.name]
        if len(own) == len(paths) and above.issuperset(own):
            return f"[{', '.join(own)}]"
        return quote(self.target.module, paths[0] if len(paths) == 1 else f"[{', '.join(paths)}]")

    def carried(self, name: str, located: Located) -> str:
        """An argument as it reads in the other model."""
        expr: Any = located.expr
        if isinstance(expr, o.Lambda) and not expr.params and name in _REGISTRY_ARGUMENTS:
            expr = expr.body
        if name == "secondary":
            return self.secondary(located)
        if name not in _REGISTRY_ARGUMENTS or isinstance(expr, o.String):
            return self.verbatim(expr, located)
        if o.dotted(expr) in ("True", "False", "None"):
            return o.dotted(expr)
        if name in ("foreign_keys", "remote_side"):
            items = expr.items if isinstance(expr, o.Collection) else (expr,)
            return self.columns([self.evaluated(item, located) for item in items])
        return quote(self.target.module, self.evaluated(expr, located))

    def secondary(self, located: Located) -> str:
        """The table by its variable where that stands above in the same file, else by its name."""
        module = self.target.module
        expr: Any = located.expr
        variable = self.project.resolver.resolve(located.scope, expr)
        if isinstance(expr, o.String):
            return self.verbatim(expr, located)
        if (
            isinstance(variable, Variable)
            and variable.scope.is_module
            and variable.module is module
            and variable.node.start < self.at
            and variable.name not in self.target.class_.scope.bindings
        ):
            return variable.name
        name = self.project.pairings.secondary_name(located)
        if name is None or not all(part.isidentifier() for part in name.split(".")):
            raise RefusedError("the name of the secondary table is not certain")
        if not self.project.pairings.shares_metadata(variable, self.source):
            raise RefusedError("the secondary table may belong to other metadata than the models")
        return quote(module, name)

    def verbatim(self, expr: o.Expr, located: Located) -> str:
        """An expression as it is written, with what it needs imported into the other file."""
        module = located.scope.module
        edits = []
        for node in _outer_names(expr):
            symbol = self.project.resolver.resolve(located.scope, node)
            if isinstance(symbol, External) and symbol.package == "builtins":
                continue
            if o.dotted(node) in ("True", "False", "None"):
                continue
            if not isinstance(symbol, External):
                raise RefusedError(f"{o.dotted(node) or 'an expression'} means something in {module.name} only")
            if self.target.module is not module:
                spelling = spell(self.target.module, symbol.dotted, self.at)
                self.needs += spelling.needs
                edits.append(replace(module, node, spelling.text))
        return on_one_line(module, expr, edits)

    def evaluated(self, expr: o.Expr, located: Located) -> str:
        """An expression as SQLAlchemy evaluates it in a string: classes, tables and its own functions by name."""
        module = located.scope.module
        edits = [replace(module, node, text) for node, text in self.qualified(expr, located)]
        return on_one_line(module, expr, edits)

    def qualified(self, expr: o.Expr, located: Located) -> Iterator[tuple[o.Node, str]]:
        """What must be written differently in a string, outermost names first."""
        resolver, models = self.project.resolver, self.project.models
        if any(isinstance(node, (o.Lambda, o.Comprehension, o.NamedExpr)) for node in o.walk(expr)):
            raise RefusedError("an argument holds more than a string can")
        for node in _outer_names(expr):
            head = node
            while isinstance(head, o.Attribute):
                symbol = resolver.resolve(located.scope, head)
                known = isinstance(symbol, External) and symbol.name in _IN_STRINGS
                if known or isinstance(symbol, (Class, Variable)):
                    break
                head = head.value
            symbol = resolver.resolve(located.scope, head)
            own = o.dotted(head)
            if own in ("True", "False", "None"):
                continue
            if located.scope.is_class and own in self.source.columns and own in located.scope.bindings:
                yield head, f"{self.source.name}.{own}"
            elif own == "cls" and isinstance(located.scope.owner, Function):
                yield head, self.source.name
            elif isinstance(symbol, Class) and symbol in models.by_class:
                if len(self.project.pairings.namesakes(models.by_class[symbol])) > 1:
                    raise RefusedError(f"several models are called {symbol.name}")
                yield head, symbol.name
            elif isinstance(symbol, External) and symbol.package == "sqlalchemy" and symbol.name in _IN_STRINGS:
                yield head, symbol.name
            elif isinstance(symbol, Variable):
                name = self.project.pairings.secondary_name(Located(head, located.scope))
                if (
                    name is None
                    or not name.isidentifier()
                    or not self.project.pairings.shares_metadata(symbol, self.source)
                ):
                    raise RefusedError(f"{own} cannot be written in a string")
                yield head, name
            else:
                raise RefusedError(f"{own or 'an expression'} cannot be written in a string")


def _outer_names(expr: o.Node) -> Iterator[o.Expr]:
    """The names and dotted names of an expression, each as long as it is."""
    pending: list[Any] = [expr]
    while pending:
        node = pending.pop()
        if isinstance(node, o.Name) or (isinstance(node, o.Attribute) and o.dotted(node)):
            yield node
        else:
            pending += o.children(node)
