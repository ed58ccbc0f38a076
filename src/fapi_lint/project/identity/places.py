"""The places where identifiers are, and what annotations say of them: columns, parameters, fields, variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation, union_members
from fapi_lint.project.column_types import is_integer_type, python_type
from fapi_lint.project.identity.cells import Bound, Cell, Dump, Fact, TypeName, containing, join
from fapi_lint.project.identity.entities import DICTS, Entities
from fapi_lint.project.identity.hooks import join_annotation
from fapi_lint.project.identity.sql_text import sqlite_places
from fapi_lint.project.mapped import Column
from fapi_lint.project.model_attributes import Meant
from fapi_lint.project.module import Module
from fapi_lint.project.symbols import Class, External, Function, Scope, Symbol, Variable
from fapi_lint.project.value_types import ValueType, value_type
from fapi_lint.project.values import Located
from fapi_lint.source.place import Place

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

_NUMERIC = frozenset(["ge", "gt", "le", "lt", "multiple_of"])
# fmt: off
_LISTS = frozenset([
    "list", "List", "set", "Set", "frozenset", "FrozenSet", "tuple", "Tuple", "Sequence", "MutableSequence", "Iterable",
    "Iterator", "Collection", "AbstractSet", "MutableSet", "Generator", "AsyncIterable", "AsyncIterator",
    "AsyncGenerator", "deque", "Deque", "KeysView", "ValuesView", "Select", "Query", "Result", "ScalarResult",
    "InstrumentedList",
])
# fmt: on
_NO_VALUES = frozenset(["Callable", "Literal", "type", "Type", "ClassVar"])
# fmt: off
_OTHERS = frozenset([
    "builtins.bool", "builtins.float", "builtins.bytes", "datetime.datetime", "datetime.date", "datetime.time",
    "datetime.timedelta", "decimal.Decimal", "pathlib.Path",
])
# fmt: on
_PARAMETERS = frozenset(["Path", "Query", "Body", "Form", "Header", "Cookie", "Field"])


class Places:
    """The sets that places belong to, each made when it is first asked for."""

    def __init__(self, project: Project, names: frozenset[str]) -> None:
        """`names` are those of the attributes that hold keys and references to them."""
        self.project = project
        self.resolver = project.resolver
        self.entities = Entities(project)
        self.names = names
        self._others = _OTHERS if project.identifiers.uuid_keys else _OTHERS | {"builtins.str"}
        self.mapping = frozenset(project.models.mapping_classes)
        self.objects: dict[str, Class | None] = {}
        """The classes of the names that comprehensions and lambdas bind."""
        self._bound: dict[str, Cell | None] = {}
        self._names: dict[tuple[Scope, str], Cell | None] = {}
        """What names hold where they are used. Classes of objects and models that names stand for are kept likewise."""
        self._owners: dict[tuple[Scope, str], Class | None] = {}
        self._meant: dict[tuple[Scope, str], Meant | None] = {}
        self.calls: dict[o.Call, Cell | None] = {}
        self._variables: dict[tuple[Scope, str], Cell] = {}
        self.tables: dict[tuple[Scope, str], Cell] = {}
        """What the variables that hold a `Table` hold."""
        self._parameters: dict[tuple[Function, str], Cell] = {}
        self._returns: dict[Function, Cell] = {}
        self._attributes: dict[tuple[Class, str], Cell | None] = {}
        self._columns: dict[Column, Cell] = {}
        self._aliases: dict[tuple[Module, str], Cell] = {}
        self.aliases: dict[Cell, str] = {}
        """What names for types stand for, and these names."""
        self.linked: set[tuple[Class, Class]] = set()
        """Schemas, and what has the same attributes."""
        self.parsed_uuids: list[tuple[Cell, Cell]] = []
        """What holds identifiers as text, and what holds them after `UUID(…)`."""
        self.dumps: list[Dump] = []
        self.loose_cells: list[Cell] = []
        self.untyped_cells: list[Cell] = []
        """Those of them that are attributes of parameters without annotations."""
        self.swallowed: list[tuple[str, Fact, Cell]] = []
        """What is passed under the name of a key to a function that takes any keywords."""
        self.asked: dict[str, list[Cell]] = {}
        """What tests put into paths, by the part of the path before: the `x` of `f"/users/{x}"` by `users`."""
        self.numbered: dict[str, Place] = {}
        """Where tests have numbers in JSON under the names of keys and references to them, by name."""
        self.sockets: list[tuple[Function, str]] = []
        """The functions that websockets call, and the names in their paths."""
        self.raw: list[tuple[Cell, Fact]] = []
        """What is known to hold text or numbers, and whatever is in that."""
        self.rows: list[tuple[Cell | None, Class]] = []
        """Dicts of which models are made, whatever is in them."""
        self._arguments: dict[tuple[Module | None, str], Cell] = {}
        self._dicts: dict[Class, Cell] = {}
        self._tuples: dict[Class, Cell] = {}
        self._kinds: dict[Class, str] = {}
        self.keyed: list[tuple[Cell, Cell | None]] = []
        """What is read by a key or an index, and that: if it is a dict, a key of it."""
        self.scalars: list[tuple[Cell, Cell]] = []
        """Rows, and what the values of their only or first columns become."""
        self.spreads: list[tuple[Cell, Callable[[str], Cell | None]]] = []
        """Dicts of `**values`, and what each of these becomes by its name."""
        self.attributes: list[tuple[Cell, Class | None]] = []
        """What may be any attribute of an object of a class, or of any model: `getattr(row, column.name)`."""
        self.unknown_classes: list[Fact] = []
        """Comparisons of keys with a class of which nothing is known."""
        self.unknown_references: list[Place] = []
        """Foreign keys to tables that are not known."""

    @cached_property
    def is_on_sqlite(self) -> bool:
        """Whether some database is SQLite, in which a UUID is 32 hexadecimal digits."""
        return next(sqlite_places(self.project), None) is not None

    # --- places ------------------------------------------------------------------------------------

    def column(self, column: Column) -> Cell:
        cell = self._columns.get(column)
        if cell is None:
            cell = self._columns[column] = Cell()
            cell.tell("columns", column)
            self.annotate(cell, column.scope, column.mapped_type, "column")
            type_ = value_type(self.project, column)
            if self._is_json(column, type_):
                text = f"`{column.owner.name}.{column.name}`, which is JSON and does not know UUIDs,"
                self.dumps.append(Dump(cell, Fact(column.place, text), is_json=True))
            elif type_ is not None and type_.name in self._others and not column.foreign_keys:
                cell.is_other = self.project.purposes.of(column.module) != "migration"
            self._array(cell, column.type_arg)
        return cell

    def _array(self, cell: Cell, type_: Located | None) -> None:
        """`ARRAY(Integer)`"""
        if type_ is None or not isinstance(type_.expr, o.Call) or not o.dotted(type_.expr.func).endswith("ARRAY"):
            return
        items = type_.expr.given("item_type", 0)
        if items is not None and is_integer_type(self.project, Located(items, type_.scope)):
            cell.be("list").item().tell("arrays", Located(items, type_.scope))

    def _is_json(self, column: Column, type_: ValueType | None) -> bool:
        annotation = parse_annotation(column.mapped_type)
        if isinstance(annotation, o.Subscript) and o.dotted(annotation.value).rpartition(".")[2] in DICTS:
            return True
        return type_ is not None and type_.name in ("typing.Any", "builtins.dict")

    def parameter(self, function: Function, param: o.Param) -> Cell:
        key = (function, param.name)
        cell = self._parameters.get(key)
        if cell is None:
            cell = self._parameters[key] = Cell()
            cell.tell("slots", key)
            scope = function.enclosing
            if param.annotation is not None:
                if param.kind == "*":
                    cell.be("list")
                inner = cell.item() if param.kind == "*" else cell.be("dict").entry() if param.kind == "**" else cell
                self.annotate(inner, scope, param.annotation, "parameter")
            if param.default is not None:
                self.default(cell, scope, param.default)
            for marker in self.project.dependencies.markers(function, param):
                dependency = self.resolver.resolve(marker.scope, marker.dependency)
                if isinstance(dependency, Function) and (
                    names_type(self.project, scope, param.annotation, "int")
                    or names_type(self.project, dependency.enclosing, dependency.node.returns, "int")
                ):
                    join(cell, self.returned(dependency))
            fixture = self.project.fixtures.given(function, param)
            if fixture is not None:
                join(cell, self.returned(fixture))
        return cell

    @cached_property
    def parsing(self) -> set[Module]:
        """The modules that read command lines by `argparse`."""
        return {module for module in self.project.modules if ".add_argument(" in module.text}

    def argument(self, module: Module | None, name: str) -> Cell:
        """What an argument of a command line that a module reads holds, or an attribute of a request's `state`."""
        return self._arguments.setdefault((module, name), Cell())

    def default(self, cell: Cell, scope: Scope, value: o.Expr) -> None:
        """What stands behind the `=` of a parameter or a field."""
        if self.project.dependencies.marker(scope, value) is not None:
            return
        if isinstance(value, o.Call) and o.dotted(value.func).rpartition(".")[2] in _PARAMETERS:
            self.bounds(cell, scope, value)
            given = value.argument("default", 0)
            value_ = given.value if given is not None else None
            if isinstance(value_, (o.Number, o.String)):
                join(cell, self.value(scope, value_))
            return
        join(cell, self.value(scope, value))

    def bounds(self, cell: Cell, scope: Scope, call: o.Call) -> None:
        cell.tell("bounds", *(Bound(scope.module, call, arg) for arg in call.args if arg.keyword in _NUMERIC))

    def variable(self, scope: Scope, name: str) -> Cell:
        key = (scope, name)
        cell = self._variables.get(key)
        if cell is None:
            cell = self._variables[key] = Cell()
        return cell

    def returned(self, function: Function) -> Cell:
        cell = self._returns.get(function)
        if cell is None:
            cell = self._returns[function] = Cell()
            if function.node.returns is not None:
                self.annotate(cell, function.enclosing, function.node.returns, "return")
        return cell

    def attribute(self, owner: Class, name: str) -> Cell | None:
        """The attribute of a class's instances."""
        key = (owner, name)
        if key not in self._attributes:
            self._attributes[key] = self._find_attribute(owner, name)
        return self._attributes[key]

    def _find_attribute(self, owner: Class, name: str) -> Cell | None:
        models, schemas = self.project.models, self.project.schemas
        for ancestor in self.resolver.mro(owner):
            if not isinstance(ancestor, Class):
                continue
            if ancestor is not owner and (ancestor, name) in self._attributes:
                return self._attributes[ancestor, name]
            if owner in self.mapping:
                found = next((c for c in models.columns_of(ancestor) if c.name == name), None)
                if found is not None:
                    return self.column(found)
            binding = next(iter(ancestor.scope.bindings.get(name, ())), None)
            if binding is None:
                continue
            if isinstance(binding.definition, Function):
                return self.returned(binding.definition)
            if ancestor is not owner:
                return self.attribute(ancestor, name)
            cell = Cell()
            if binding.annotation is not None:
                is_field = owner in schemas.by_class
                settings = any(isinstance(b, External) and b.name == "BaseSettings" for b in self.resolver.mro(owner))
                cell.tell("slots", (owner, name))
                self.annotate(cell, owner.scope, binding.annotation, "field" if is_field else "variable")
                if settings:
                    cell.tell("facts", Fact(owner.module.place(binding.annotation), "a setting that holds an integer"))
            if binding.value is not None and owner not in models.by_class:
                self.default(cell, owner.scope, binding.value)
            return cell
        schema = schemas.by_class.get(owner)
        if schema is not None and schema.is_root and name == "root":
            return self._root(owner)
        return None if owner in models.by_class or schema is not None else Cell()

    def _root(self, owner: Class) -> Cell:
        """What a `RootModel[dict[int, str]]` holds."""
        cell = Cell()
        for class_ in self.resolver.mro(owner):
            if not isinstance(class_, Class):
                continue
            for base in class_.node.bases:
                if isinstance(base.value, o.Subscript):
                    self.annotate(cell, class_.enclosing, base.value.items[0], "field")
        return cell

    def as_dict(self, class_: Class) -> Cell:
        """What `model_dump()` and `asdict()` give: the attributes of an object, and of those in it, by name."""
        cell = self._dicts.get(class_)
        if cell is None:
            cell = self._dicts[class_] = Cell().be("dict").be("record")
            for owner in self.resolver.mro(class_):
                for name, bindings in owner.scope.bindings.items() if isinstance(owner, Class) else ():
                    if bindings[0].annotation is not None and bindings[0].definition is None:
                        inner = self.entities.attribute(class_, name)
                        held = self.as_dict(inner) if inner is not None else self.attribute(class_, name)
                        join(cell.part(name), held)
            self.attributes.append((cell.entry(), class_))
        return cell

    def as_tuple(self, class_: Class) -> Cell:
        """What a named tuple is when it is iterated, unpacked or read by an index."""
        cell = self._tuples.get(class_)
        if cell is None:
            cell = self._tuples[class_] = Cell().be("tuple")
            fields = (statement.target for statement in class_.node.body if isinstance(statement, o.AnnAssign))
            for index, field in enumerate(fields):
                join(cell.part(str(index)), self.attribute(class_, o.dotted(field)))
        return cell

    def is_named_tuple(self, class_: Class) -> bool:
        return self._kind_of(class_) == "tuple"

    def slot(self, owner: Class | Function, name: str) -> Cell | None:
        """An attribute or a parameter, if it has been asked for."""
        return self._attributes.get((owner, name)) if isinstance(owner, Class) else self._parameters.get((owner, name))

    def methods(self) -> Iterator[tuple[Function, dict[str, o.Param]]]:
        """The methods with parameters that have been asked for."""
        for function in {function for function, _ in self._parameters}:
            if function.is_method:
                yield function, {param.name: param for param in function.node.params}

    def holding(self, roots: set[Cell]) -> set[Cell]:
        """The roots of some sets, and of the containers that these are in."""
        cells = (*self._parameters.values(), *self._returns.values(), *self._attributes.values())
        return containing(roots, (cell for cell in cells if cell is not None))

    def concerned(self, roots: set[Cell]) -> set[Function]:
        """The functions that take values of some sets, or return them."""
        taken = ((function, cell) for (function, _), cell in self._parameters.items())
        return {function for function, cell in (*taken, *self._returns.items()) if cell.root in roots}

    def holders(self, roots: set[Cell], functions: set[Function]) -> set[str]:
        """The names that values of some sets go through: functions, the classes made of them, and attributes."""
        makers = (function.parent for function in functions if function.name == "__init__")
        owners = {parent.name for parent in makers if isinstance(parent, Class)}
        held = (*self._attributes.items(), *self._arguments.items())
        attributes = {name for (_, name), cell in held if cell is not None and cell.root in roots}
        return ({function.name for function in functions} | owners | attributes) - {"__init__", "get"}

    # --- annotations -------------------------------------------------------------------------------

    def annotate(self, cell: Cell, scope: Scope, annotation: o.Node | None, kind: str, depth: int = 0) -> None:
        """What an annotation says of a place, and of the parts of what is there."""
        self._annotate(cell, scope, annotation, kind, depth)
        cell.is_other = self._is_other(cell)

    def _annotate(self, cell: Cell, scope: Scope, annotation: o.Node | None, kind: str, depth: int) -> None:
        match parse_annotation(annotation):
            case o.Name() | o.Attribute() as name if not is_none(name):
                symbol = self.resolver.resolve(scope, name)
                if isinstance(symbol, Variable) and symbol.value is not None and symbol.scope.is_module:
                    join(cell, self.alias(symbol, depth))
                    return
                kind_of = self._kind_of(symbol) if isinstance(symbol, Class) else None
                if isinstance(symbol, Class) and kind_of in ("record", "tuple"):
                    join(cell, self.as_dict(symbol) if kind_of == "record" else self.as_tuple(symbol))
                    return
                cell.tell("type_names", TypeName(scope.module, scope, name, symbol, kind))
            case o.Subscript() as generic:
                self._annotate_generic(cell, scope, generic, kind, depth)
            case o.Operation(operator="|") as union:
                self._annotate_union(cell, scope, union_members(union), kind, depth)
            case o.Call() as call:
                symbol = self.resolver.external(scope, call.func)
                if symbol is not None:
                    cell.tell("type_names", TypeName(scope.module, scope, call, symbol, kind))

    def _is_other(self, cell: Cell) -> bool:
        """Whether what an annotation has told of a place leaves no doubt that no identifiers are there."""
        names: list[TypeName] = cell.told("type_names")
        return bool(names) and not (cell.near or cell.parts) and all(self._are_others(each.symbol) for each in names)

    def _are_others(self, symbol: Symbol | None) -> bool:
        """Whether values of a type are never identifiers: text is, where keys are UUIDs."""
        if isinstance(symbol, External):
            return symbol.dotted in self._others
        return isinstance(symbol, Class) and self._kind_of(symbol) == "other"

    def _kind_of(self, class_: Class) -> str:
        """What objects of a class are: `"record"` or `"tuple"` by its base, `"other"` if they have attributes only."""
        if class_ not in self._kinds:
            schema, bases = self.project.schemas.by_class.get(class_), self.resolver.foreign(class_)
            names = {base.name for base in bases}
            is_other = class_ in self.project.models.by_class or (schema is not None and not schema.is_root)
            self._kinds[class_] = (
                "record" if "TypedDict" in names
                else "tuple" if "NamedTuple" in names
                else "other" if is_other or any(name.endswith("Enum") for name in names)
                else ""
            )  # fmt: skip
        return self._kinds[class_]

    def _annotate_union(self, cell: Cell, scope: Scope, members: list[o.Node], kind: str, depth: int) -> None:
        if any(_is_any(member) for member in members):
            return
        uuids = [m for m in members if self.resolver.resolve(scope, m) == External("uuid.UUID")]
        for index, member in enumerate(members):
            if not uuids or member in uuids or not isinstance(member, (o.Name, o.Attribute)) or is_none(member):
                self.annotate(cell, scope, member, kind, depth)
                continue
            is_behind = uuids[0].start < member.start
            spare = (members[index - 1].end, member.end) if is_behind else (member.start, members[index + 1].start)
            symbol = self.resolver.resolve(scope, member)
            cell.tell("type_names", TypeName(scope.module, scope, member, symbol, kind, spare))

    def _annotate_generic(self, cell: Cell, scope: Scope, generic: o.Subscript, kind: str, depth: int) -> None:
        name = o.dotted(generic.value).rpartition(".")[2]
        items = generic.items
        if name in DICTS and len(items) == 2:
            cell.be("dict")
            self.annotate(cell.item(), scope, items[0], kind, depth)
            self.annotate(cell.entry(), scope, items[1], kind, depth)
        elif name in ("tuple", "Tuple") and not (len(items) == 2 and isinstance(items[1], o.Other)):
            cell.be("tuple")
            for index, item in enumerate(items):
                self.annotate(cell.part(str(index)), scope, item, kind, depth)
        elif name in _LISTS:
            self.annotate(cell.be("list").item(), scope, items[0], kind, depth)
        elif name in _NO_VALUES or isinstance(self.resolver.resolve(scope, generic.value), Class):
            return
        elif name == "Annotated":
            self.annotate(cell, scope, items[0], kind, depth)
            for item in items[1:]:
                if isinstance(item, o.Call) and o.dotted(item.func).rpartition(".")[2] in _PARAMETERS:
                    self.bounds(cell, scope, item)
                elif isinstance(item, o.Call):
                    join_annotation(self, cell, scope, item)
        elif name == "Union":
            self._annotate_union(cell, scope, list(items), kind, depth)
        elif not any(_is_any(item) for item in items):
            for item in items:
                self.annotate(cell, scope, item, kind, depth)

    def alias(self, symbol: Variable, depth: int) -> Cell:
        """What a name for a type stands for: everything annotated with it is of one type."""
        key = (symbol.module, symbol.name)
        cell = self._aliases.get(key)
        if cell is None:
            cell = self._aliases[key] = Cell()
            self.aliases[cell] = symbol.name
            value = symbol.value
            if isinstance(value, o.Call) and o.dotted(value.func).endswith("NewType") and len(value.args) == 2:
                value = value.args[1].value
            if depth < 8 and not isinstance(value, o.Call):
                self.annotate(cell, symbol.scope, value, "alias", depth + 1)
        return cell

    # --- facts -------------------------------------------------------------------------------------

    def fact(self, cell: Cell | None, scope: Scope, node: o.Node, text: str, *, is_number: bool = False) -> None:
        if cell is not None:
            cell.tell("facts", Fact(scope.module.place(node), text, is_number))

    def dumped(
        self, cell: Cell | None, scope: Scope, node: o.Node, text: str, *, is_item: bool = False, is_json: bool = False
    ) -> None:
        """Something is done to a set and to all that is in it: a `Dump`."""
        if cell is not None:
            self.dumps.append(Dump(cell, Fact(scope.module.place(node), text), is_item, is_json))

    def spread_to(self, cell: Cell | None, target: Callable[[str], Cell | None]) -> None:
        """`**values`: what is in a dict, as far as that is known later, is what the target gives for each name."""
        if cell is not None:
            self.spreads.append((cell, target))

    def spread(self) -> None:
        """Join what names tell only now that they are known.

        What is in a dict of `**values` is what that is handed on as; an object that is made a dict may be of any
        subclass.
        """
        for cell, target in list(self.spreads):
            for name, part in cell.named():
                join(part, target(name))
        for container, key in self.keyed:
            if container.has("dict"):
                join(container.item(), key)
        for row, value in self.scalars:
            join(value, row.root.parts.get("0", row))
        bases: dict[Class, list[Cell]] = {}
        for (owner, name), held in list(self._attributes.items()) if self._dicts else ():
            if owner not in bases:
                mro = self.resolver.mro(owner)[1:]
                bases[owner] = [self._dicts[base] for base in mro if isinstance(base, Class) and base in self._dicts]
            for dumped in bases[owner]:
                join(dumped.part(name), held)

    def spread_dumps(self) -> None:
        """Let the sets inside of those that were dumped know the first reason, once it is known what is inside."""
        seen: set[Cell] = set()
        for cell, fact in self.raw:
            roots = {inner.root for inner in cell.inside(set())} if self.rows else set()
            for row, class_ in self.rows:
                if row is not None and row.root in roots:
                    self._tell_keys(class_, fact)
        dumps = sorted(self.dumps, key=lambda dump: self.rank(dump.fact))
        for cell, fact, is_item, _ in dumps:
            found = [cell]
            if is_item:
                found = [cell.entry(), *(part for _, part in cell.named())]
            for inner in (each for top in found for each in top.inside(seen)):
                inner.tell("facts", fact)
        seen = set()
        for dump in dumps if self.attributes else ():
            within = {inner.root for inner in dump.cell.inside(seen)} if dump.is_json else ()
            for attribute, owner in self.attributes if within else ():
                # Where known columns are in the same set, not all that is there comes from everywhere.
                if attribute.root in within and not attribute.columns:
                    self._tell_keys(owner, dump.fact)

    def _tell_keys(self, class_: Class | None, fact: Fact) -> None:
        """What is done to all the attributes of a class, or of all models."""
        models, schemas = self.project.models, self.project.schemas
        if class_ in schemas.by_class and class_ not in models.by_class:
            for name in schemas.by_class[class_].fields:
                if (held := self.attribute(class_, name)) is not None:
                    held.tell("facts", fact)
        for model in models.all if class_ is None else models.users_of(class_):
            for column in model.columns.values():
                if column.is_primary_key or column.is_foreign_key:
                    self.column(column).tell("facts", fact)

    def rank(self, fact: Fact) -> tuple[bool, str, int]:
        """The order of facts as reasons: those in the application come first."""
        module = self.project.by_path[fact.place.path]
        return not self.project.purposes.is_application(module), fact.place.path, fact.place.start

    def place(self, scope: Scope, node: o.Node) -> Place:
        return scope.module.place(node)

    def value(self, scope: Scope, expr: o.Node | None) -> Cell | None:
        """The set that an expression's value belongs to; None for what is no identifier."""
        raise NotImplementedError

    def applied(self, scope: Scope, function: o.Expr, given: Cell | None, class_: Class | None = None) -> Cell | None:
        """What a function, by its name or a lambda, gives for a value; `class_` is that of an object that it takes."""
        raise NotImplementedError


def names_type(project: Project, scope: Scope, annotation: o.Node | None, *types: str) -> bool:
    """Whether an annotation names one of some builtin types, alone or among others."""
    meant, wanted = parse_annotation(annotation), [External(f"builtins.{type_}") for type_ in types]
    names = (node for node in o.walk(meant) if isinstance(node, (o.Name, o.Attribute))) if meant is not None else ()
    return any(python_type(project, scope, name) in wanted for name in names)


def _is_any(annotation: o.Node) -> bool:
    """A union with `Any` is `Any`."""
    return o.dotted(annotation).rpartition(".")[2] in ("Any", "object")
