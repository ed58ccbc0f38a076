"""Integer identifiers become UUIDs, wherever they are: columns, annotations, constraints, parsing."""

from __future__ import annotations

import uuid
from functools import lru_cache
from weakref import WeakKeyDictionary

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Edit, Fix, Refusal, count
from fapi_lint.fix.imports import Spelling, spell, spell_uuid
from fapi_lint.fix.text import insert_argument, insert_keyword, remove_argument, remove_arguments, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.grouping import grouped
from fapi_lint.project.identity.cells import Cell
from fapi_lint.project.identity.identifiers import Held, Identity
from fapi_lint.project.identity.obstacles import Obstacles
from fapi_lint.project.mapped import Column
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External, Scope
from fapi_lint.project.values import Located
from fapi_lint.source.place import Place

_GENERATORS = frozenset(["Sequence", "Identity"])


class _Made(FixBuilder, kw_only=True):
    """The fix in the making, and the application that it is for."""

    project: Project


_FIXES: WeakKeyDictionary[Identity, Fix] = WeakKeyDictionary()


def uuid_fix(project: Project, held: Held) -> Fix | Refusal:
    """The fix that makes everything of an identity a UUID, or what stands in the way of the identifiers held here.

    Its findings share the fix.
    """
    obstacle = project.obstacles.said(held)
    if obstacle:
        return Refusal(obstacle)
    if held.identity not in _FIXES:
        _FIXES[held.identity] = _find_fix(project, held.identity)
    return _FIXES[held.identity]


def _find_fix(project: Project, identity: Identity) -> Fix:
    obstacles = project.obstacles
    made, cell = _Made(project=project), identity.cell
    if not identity.is_uuid:
        for column in dict.fromkeys(cell.columns):
            is_uuid = project.identifiers.holds_uuids(column)
            if project.purposes.of(column.module) != "migration" and not is_uuid:
                _column(made, column, is_key=column in identity.keys)
        for table, call in cell.table_columns:
            type_ = next((a for a in call.positional[1:] if not Obstacles.is_reference(a.value)), None)
            if type_ is not None:
                _type(made, table.module, Located(type_.value, table.variable.scope))
        for items in cell.arrays:
            _type(made, items.scope.module, items)
    _annotations(made, identity, obstacles)
    bounds = grouped(((bound.module.path, bound.call.start), bound) for bound in cell.bounds)
    for group in bounds.values():
        made.add(*remove_arguments(group[0].module, group[0].call, [bound.arg for bound in group]))
    _parses(made, cell)
    if not identity.is_uuid:
        _numbers(made, identity)
        for file, node in cell.texts:
            made.add(replace(file, node, f"str({file.slice(node)})"))
        for file, node in cell.read:
            made.add(replace(file, node, f"{made.write(_spell_class(file, node.start))}({file.slice(node)})"))
    title = _title(identity, made)
    for column in cell.columns:
        _claim(made, column)
    return made.fix(title)


def _title(identity: Identity, made: _Made) -> str:
    where = count(len({edit.path for edit in made.edits}), "file")
    if identity.is_uuid:
        return f"Type what holds `{identity.name}` as UUID in {where}; requests with anything else are refused"
    keys = [key for key in identity.keys if not made.project.identifiers.holds_uuids(key)]
    names = [f"`{key.owner.name}.{key.name}`" for key in keys]
    what = ", ".join(names) if len(names) < 5 else f"{', '.join(names[:3])} and {len(names) - 3} more keys"
    title = f"Make {what} {'a UUID' if len(names) == 1 else 'UUIDs'} in {where}; existing rows need a data migration"
    if identity.cell.orders:
        title += "; ordering by the key no longer follows creation"
    if identity.cell.answers:
        title += f"; comparisons with JSON need `str(…)` ({_where(made, min(identity.cell.answers))})"
    numbered = made.project.identifiers.flow.numbered
    held = {column.name for column in identity.cell.columns}
    places = sorted(place for name, place in numbered.items() if name in held)
    if places:
        title += f"; JSON in tests has numbers where UUIDs will be ({_where(made, places[0])})"
    return title


def _where(made: _Made, place: Place) -> str:
    return made.project.by_path[place.path].where(place.start)


# --- columns ---------------------------------------------------------------------------------------


def _column(made: _Made, column: Column, *, is_key: bool) -> None:
    """The written type, and for a key where new values come from."""
    if column.type_arg is not None and _writes(column, column.type_arg):
        _type(made, column.type_arg.scope.module, column.type_arg)
    if not is_key:
        return
    located = next((c for c in column.calls if _declares_key(c)), column.calls[0])
    call, scope = located.expr, located.scope
    assert isinstance(call, o.Call)
    nested = call.given("sa_column")
    if isinstance(nested, o.Call):
        call = nested
    _key(made, column, call, scope, needs_type=column.type_arg is None)


def _claim(made: _Made, column: Column) -> None:
    """Keep a fix that would annotate the attribute, by the type that goes, for another pass."""
    statement, call = column.statement, column.call
    if isinstance(statement, o.Assign) and call is not None:
        start, end = statement.start, call.func.end
        made.add(Edit(column.module.path, start, end, column.module.text[start:end]))


def _writes(column: Column, type_: Located) -> bool:
    return any(
        c.expr.start <= type_.expr.start < c.expr.end and c.scope.module is type_.scope.module for c in column.calls
    )


def _declares_key(located: Located) -> bool:
    return isinstance(located.expr, o.Call) and located.expr.argument("primary_key") is not None


def _type(made: _Made, file: Module, located: Located) -> None:
    """`Integer` becomes `UUID(as_uuid=True)`."""
    made.add(replace(file, located.expr, _uuid_type(made, file, located.expr.start)))
    made.forget(file, located.expr)


def _uuid_type(made: _Made, file: Module, at: int) -> str:
    models = made.project.models
    if "Uuid" in made.project.identifiers.uuid_types:
        return made.spell(file, "sqlalchemy.Uuid", at) + "()"
    postgres = spell(file, "sqlalchemy.dialects.postgresql.UUID", at)
    if not postgres.needs or not models.has_mapped_columns:
        return f"{made.write(postgres)}(as_uuid=True)"
    return f"{made.spell(file, 'sqlalchemy.UUID', at)}(as_uuid=True)"


def _key(made: _Made, column: Column, call: o.Call, scope: Scope, *, needs_type: bool) -> None:
    file, project = scope.module, made.project
    is_field = _is_field(project, call, scope)
    keyword, value = "default", made.write(spell_uuid(file, "uuid4", call.start))
    if is_field:
        keyword = "default_factory"
    elif any(project.models.is_dataclass(model.class_) for model in project.models.users_of(column.owner)):
        keyword = "default_factory" if o.dotted(call.given("init")) == "False" else "insert_default"
    default = f"{keyword}={value}"
    fresh = "" if not needs_type or is_field else _uuid_type(made, file, call.start)
    if not call.args:
        made.add(insert_argument(file, call, f"{fresh}, {default}" if fresh else default))
        return
    for arg in call.args:
        if _generates(project, arg.value, scope):
            made.forget(file, arg.value)
            if fresh:
                made.add(replace(file, arg, fresh))
                fresh = ""
            else:
                made.add(remove_argument(file, call, arg))
        elif arg.keyword == "autoincrement" or (arg.keyword in ("default", "insert_default") and is_none(arg.value)):
            made.add(replace(file, arg, default) if default else remove_argument(file, call, arg))
            default = ""
    if fresh:
        named = isinstance(call.args[0].value, o.String) and not call.args[0].keyword
        made.add(
            insert_argument(file, call, fresh, index=1) if named else insert_argument(file, call, fresh, first=True)
        )
    if default:
        made.add(insert_keyword(file, call, default, after=("primary_key",)))


def _is_field(project: Project, call: o.Call, scope: Scope) -> bool:
    symbol = project.resolver.external(scope, call.func)
    return symbol is not None and symbol.name == "Field"


def _generates(project: Project, expr: o.Expr, scope: Scope) -> bool:
    symbol = project.resolver.external(scope, expr.func) if isinstance(expr, o.Call) else None
    return symbol is not None and symbol.package == "sqlalchemy" and symbol.name in _GENERATORS


# --- annotations and parsing -----------------------------------------------------------------------


def _annotations(made: _Made, identity: Identity, obstacles: Obstacles) -> None:
    for type_name in identity.cell.type_names:
        if not obstacles.converts(type_name, identity):
            continue
        file, node = type_name.module, type_name.node
        if type_name.spare is not None:
            made.add(Edit(file.path, *type_name.spare, ""))
        else:
            made.add(replace(file, node, made.write(_spell_class(file, node.start))))
        if isinstance(type_name.symbol, External) and type_name.symbol.package != "builtins":
            made.forget(file, node)


def _spell_class(file: Module, at: int) -> Spelling:
    """`UUID` where the file has nothing to do with tables, which have a `UUID` of their own."""
    if _has_tables(file):
        return spell_uuid(file, "UUID", at)
    found = spell(file, "uuid.UUID", at)
    return spell_uuid(file, "UUID", at) if found.needs and found.needs[0].alias else found


@lru_cache(maxsize=64)
def _has_tables(file: Module) -> bool:
    text = file.text
    return (
        "table=True" in text
        or "primary_key=True" in text
        or ("sqlalchemy" in text and ("Column(" in text or "mapped_column" in text))
    )


def _parses(made: _Made, cell: Cell) -> None:
    """`int(part)` becomes `UUID(part)`; `UUID(x)` becomes `x` where that is a UUID now."""
    for parse in cell.parses:
        if parse.to == "int":
            made.add(replace(parse.module, parse.func, made.write(_spell_class(parse.module, parse.func.start))))
        elif parse.call is not None and parse.inner is not None and parse.inner.root is cell.root:
            inner = parse.call.args[0].value
            text = parse.module.slice(inner)
            if isinstance(inner, (o.Operation, o.IfExp, o.NamedExpr)):
                text = f"({text})"
            made.add(replace(parse.module, parse.call, text))
            made.forget(parse.module, parse.func)


def _numbers(made: _Made, identity: Identity) -> None:
    """What does not exist in tests: `999999` becomes `UUID(int=999999)`, in a path the text of that."""
    obstacles = made.project.obstacles
    for fact in obstacles.numbers_of_nobody(identity):
        file = made.project.by_path[fact.place.path]
        maker = made.write(_spell_class(file, fact.place.start))
        made.add(Edit(file.path, fact.place.start, fact.place.end, f"{maker}(int={fact.literal})"))
    for fact in obstacles.paths_to_nobody(identity):
        assert fact.literal is not None
        made.add(Edit(fact.place.path, fact.place.start, fact.place.end, str(uuid.UUID(int=fact.literal))))
