"""What names mean: the scopes that bind them, and the things they are bound to."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.traversal import assigned, statements

if TYPE_CHECKING:
    from fapi_lint.project.module import Module


class External(Struct, frozen=True):
    """Something that no file of the application defines, by the dotted name it is imported under."""

    dotted: str

    @property
    def package(self) -> str:
        """The top-level package: `sqlalchemy` of `sqlalchemy.orm.relationship`."""
        return self.dotted.partition(".")[0]

    @property
    def name(self) -> str:
        """The last component: `relationship` of `sqlalchemy.orm.relationship`."""
        return self.dotted.rpartition(".")[2]

    @property
    def is_orm(self) -> bool:
        """Whether it is SQLAlchemy's, or SQLModel's, which passes on much of that."""
        return self.package in ("sqlalchemy", "sqlmodel")

    def is_from(self, package: str, *names: str) -> bool:
        """Whether this is one of `names` of `package`, wherever inside the package it was imported from.

        Libraries re-export: `sqlalchemy.Column`, `sqlalchemy.schema.Column` and
        `sqlalchemy.sql.schema.Column` are one class.
        """
        return self.package == package and self.name in names


class Namespace(Struct, frozen=True):
    """A folder of the application without `__init__.py`, used as a package (PEP 420)."""

    folder: str
    dotted: str


class Definition(Struct, eq=False, dict=True):
    """A class or function of the application."""

    module: Module
    node: o.ClassDef | o.FunctionDef
    parent: Class | Function | None
    enclosing: Scope
    """The scope that the statement runs in: bases and decorators are resolved there."""

    @property
    def name(self) -> str:
        return self.node.name

    @property
    def body_text(self) -> str:
        return self.module.text[self.node.body_start : self.node.end]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.module.name}.{self.name}>"


class Class(Definition, eq=False, dict=True):
    """A class of the application. `parent` is the class or function that it is defined in."""

    node: o.ClassDef

    @cached_property
    def scope(self) -> Scope:
        """The names that the class body binds."""
        return Scope.of_class(self)

    @property
    def methods(self) -> list[Function]:
        return [function for function in self.scope.functions if function.parent is self]

    @cached_property
    def attribute_assignments(self) -> dict[str, list[tuple[Function, o.Node]]]:
        """The statements in the methods that assign to an attribute of the object, by the attribute's name."""
        found: dict[str, list[tuple[Function, o.Node]]] = {}
        for method in self.methods:
            if not method.node.params:
                continue
            instance = method.node.params[0].name
            for target, node in _targets(method.node.body):
                if isinstance(target, o.Attribute) and isinstance(target.value, o.Name) and target.value.id == instance:
                    found.setdefault(target.attr, []).append((method, node))
        return found


class Function(Definition, eq=False, dict=True):
    """A function or method of the application, nested ones included."""

    node: o.FunctionDef

    @cached_property
    def scope(self) -> Scope:
        """The names that the body binds, parameters included. Decodes the body and keeps it."""
        return Scope.of_function(self)

    @property
    def is_method(self) -> bool:
        return isinstance(self.parent, Class)

    @property
    def decorator_names(self) -> frozenset[str]:
        """The last names of its decorators, called or not: `fixture` of `@pytest.fixture(scope="module")`."""
        return frozenset(o.last_name(decorator.func) for decorator in self.node.decorators)

    @property
    def is_static(self) -> bool:
        """Whether a method takes neither the object nor the class."""
        return "staticmethod" in self.decorator_names


class Variable(Struct, frozen=True, eq=False):
    """A name bound by assignment: `name: annotation = value`, either part may be missing."""

    module: Module
    name: str
    scope: Scope
    node: o.Node
    """The assigned target."""
    annotation: o.Expr | None = None
    value: o.Expr | None = None


class Parameter(Struct, frozen=True, eq=False):
    """A parameter of a function."""

    function: Function
    node: o.Param


class Member(Struct, frozen=True, eq=False):
    """An attribute of a class of the application; `owner` is the class that defines it."""

    owner: Class
    name: str
    definition: Symbol | None = field(default=None)


Symbol: TypeAlias = "External | Namespace | Module | Class | Function | Variable | Parameter | Member"


class Binding(Struct, frozen=True, eq=False):
    """One statement that binds a name.

    `node` is the alias of an import, a `ClassDef`, a `FunctionDef`, a `Param`, or the assigned target.
    """

    node: o.Node
    statement: o.Node
    value: o.Expr | None = None
    annotation: o.Expr | None = None
    type_checking: bool = False
    """Under `if TYPE_CHECKING:`."""
    conditional: bool = False
    """Under any other `if`, `try`, `for`, `while`, `with` or `match`."""
    definition: Class | Function | None = None


class Scope(Struct, eq=False):
    """The bindings of one block of code. `parent` is where a name is looked up next."""

    module: Module
    owner: Class | Function | None
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    classes: list[Class] = field(default_factory=list)
    functions: list[Function] = field(default_factory=list)
    stars: list[o.ImportFrom] = field(default_factory=list)
    body: tuple[o.Stmt, ...] = ()
    outer_names: frozenset[str] = frozenset()
    """Names declared `global` or `nonlocal`."""

    @classmethod
    def of_module(cls, module: Module) -> Scope:
        scope = cls(module, None, None, body=module.outline.body)
        _Collector(scope).statements(scope.body)
        return scope

    @classmethod
    def of_class(cls, owner: Class) -> Scope:
        scope = cls(owner.module, owner, owner.enclosing, body=owner.node.body)
        _Collector(scope).statements(scope.body)
        return scope

    @classmethod
    def of_function(cls, owner: Function) -> Scope:
        # The names of a class body are not visible inside its methods.
        parent: Scope | None = owner.enclosing
        while parent is not None and parent.is_class:
            parent = parent.parent
        scope = cls(owner.module, owner, parent, body=owner.node.body)
        for param in owner.node.params:
            scope.bind(param.name, Binding(param, param, value=param.default, annotation=param.annotation))
        _Collector(scope).statements(scope.body)
        for name in scope.outer_names:
            scope.bindings.pop(name, None)
        return scope

    def bind(self, name: str, binding: Binding) -> None:
        """Add a binding. Most names have one, and a list that never grows has no room to spare."""
        if name in self.bindings:
            self.bindings[name].append(binding)
        else:
            self.bindings[name] = [binding]

    @property
    def is_class(self) -> bool:
        return isinstance(self.owner, Class)

    @property
    def is_module(self) -> bool:
        return self.owner is None

    @property
    def function(self) -> Function | None:
        """The function that this is the block of."""
        return self.owner if isinstance(self.owner, Function) else None

    def lookup(self, name: str) -> tuple[Scope, list[Binding]] | None:
        """The nearest scope that binds `name`, with its bindings in source order."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.bindings.get(name)
            if found:
                return scope, found
            scope = scope.parent
        return None

    def renamed(self, names: Collection[str]) -> frozenset[str]:
        """What imports that rename one of these call it here."""
        return frozenset(
            name
            for name, bindings in self.bindings.items()
            for alias in (binding.node for binding in bindings)
            if isinstance(alias, o.Alias) and alias.asname and alias.name.rpartition(".")[2] in names
        )

    def all_functions(self) -> Iterable[Function]:
        """Every function at or below this scope, except those inside functions."""
        yield from self.functions
        for class_ in self.classes:
            yield from class_.scope.all_functions()

    def all_classes(self) -> Iterable[Class]:
        """Every class at or below this scope, except those inside functions."""
        for class_ in self.classes:
            yield class_
            yield from class_.scope.all_classes()


class _Collector:
    """Walks the statements of one block, not those of nested functions and classes."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.type_checking = False
        self.conditional = False

    def bind(
        self,
        name: str,
        node: o.Node,
        statement: o.Node,
        *,
        value: o.Expr | None = None,
        annotation: o.Expr | None = None,
        definition: Class | Function | None = None,
    ) -> None:
        self.scope.bind(
            name, Binding(node, statement, value, annotation, self.type_checking, self.conditional, definition)
        )

    def target(self, target: o.Node, statement: o.Node, value: o.Expr | None) -> None:
        if isinstance(target, o.Name):
            self.bind(target.id, target, statement, value=value)
        elif isinstance(target, o.Collection):
            for item in target.items:
                self.target(item, statement, None)
        elif isinstance(target, o.Starred):
            self.target(target.value, statement, None)

    def nested(self, *blocks: Iterable[o.Stmt]) -> None:
        outer, self.conditional = self.conditional, True
        for block in blocks:
            self.statements(block)
        self.conditional = outer

    def statements(self, statements: Iterable[o.Stmt]) -> None:
        module = self.scope.module
        for statement in statements:
            if module.has_named_expressions and module.text.find(":=", statement.start, statement.end) >= 0:
                self.named(statement)
            handler = _HANDLERS.get(type(statement))
            if handler is not None:
                handler(self, statement)

    def named(self, statement: o.Stmt) -> None:
        """`if (user := find()) is None:` binds a name, too."""
        for expr in _expressions(statement):
            for node in o.walk(expr):
                if isinstance(node, o.NamedExpr):
                    self.target(node.target, node, node.value)

    def class_def(self, node: o.ClassDef) -> None:
        definition = Class(self.scope.module, node, self.scope.owner, self.scope)
        self.scope.classes.append(definition)
        self.bind(node.name, node, node, definition=definition)

    def function_def(self, node: o.FunctionDef) -> None:
        definition = Function(self.scope.module, node, self.scope.owner, self.scope)
        self.scope.functions.append(definition)
        self.bind(node.name, node, node, definition=definition)

    def imports(self, node: o.Import) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.partition(".")[0], alias, node)

    def import_from(self, node: o.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "*":
                self.scope.stars.append(node)
            else:
                self.bind(alias.asname or alias.name, alias, node)

    def assign(self, node: o.Assign) -> None:
        for target in node.targets:
            self.target(target, node, node.value)

    def ann_assign(self, node: o.AnnAssign) -> None:
        if isinstance(node.target, o.Name):
            self.bind(node.target.id, node.target, node, value=node.value, annotation=node.annotation)

    def type_statement(self, node: o.TypeStatement) -> None:
        self.bind(node.name, node, node, value=node.value)

    def simple(self, node: o.Simple) -> None:
        if node.keyword in ("global", "nonlocal"):
            self.scope.outer_names |= frozenset(node.names)

    def if_(self, node: o.If) -> None:
        if o.dotted(node.test).rpartition(".")[2] == "TYPE_CHECKING":
            outer, self.type_checking = self.type_checking, True
            self.statements(node.body)
            self.type_checking = outer
            self.statements(node.orelse)
        else:
            self.nested(node.body, node.orelse)

    def for_(self, node: o.For) -> None:
        self.target(node.target, node, None)
        self.nested(node.body, node.orelse)

    def while_(self, node: o.While) -> None:
        self.nested(node.body, node.orelse)

    def try_(self, node: o.Try) -> None:
        self.nested(node.body, node.orelse, *(handler.body for handler in node.handlers), node.final)

    def with_(self, node: o.With) -> None:
        for item in node.items:
            if item.target is not None:
                self.target(item.target, item, None)
        self.nested(node.body)

    def match(self, node: o.Match) -> None:
        for case in node.cases:
            for name in case.names:
                self.bind(name, case, node)
            self.nested(case.body)


def _targets(body: Iterable[o.Stmt]) -> Iterator[tuple[o.Node | None, o.Node]]:
    """What the statements of a body assign to, each with the statement or the item of `with`."""
    for statement in statements(body):
        yield from ((target, statement) for target in assigned(statement))
        if isinstance(statement, o.With):
            yield from ((item.target, item) for item in statement.items)


def _expressions(statement: o.Stmt) -> Iterable[o.Node]:
    """What a statement evaluates itself, without the statements inside it."""
    match statement:
        case o.FunctionDef() | o.ClassDef() | o.Try():
            return ()
        case o.If() | o.While():
            return (statement.test,)
        case o.For():
            return (statement.iter,)
        case o.With():
            return (item.value for item in statement.items)
        case o.Match():
            return (statement.subject,)
    return (statement,)


_HANDLERS: dict[type, Callable[[_Collector, Any], None]] = {
    o.ClassDef: _Collector.class_def,
    o.FunctionDef: _Collector.function_def,
    o.Import: _Collector.imports,
    o.ImportFrom: _Collector.import_from,
    o.Assign: _Collector.assign,
    o.AnnAssign: _Collector.ann_assign,
    o.TypeStatement: _Collector.type_statement,
    o.Simple: _Collector.simple,
    o.If: _Collector.if_,
    o.For: _Collector.for_,
    o.While: _Collector.while_,
    o.Try: _Collector.try_,
    o.With: _Collector.with_,
    o.Match: _Collector.match,
}
