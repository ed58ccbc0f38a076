from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Applicability, Edit, Fix
from fapi_lint.fix.field import make_field
from fapi_lint.fix.text import insert_argument, replace, replace_argument_value
from fapi_lint.outline import nodes as o
from fapi_lint.project.column_types import generic_type, is_unsized_string, python_type, registered_types
from fapi_lint.project.entity import nearest
from fapi_lint.project.mapped import Column, Table, written_type
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External, Variable
from fapi_lint.project.values import Located
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place


@rule("FAPI207", "unsized-string", fix=Applicability.UNSAFE, preference="Database Models")
def unsized_string(project: Project, _: Project) -> Iterator[Finding]:
    """A string column has no length.

    The database then takes texts of any size into a column that was made for a name or a code, and some
    databases (MySQL, Oracle) cannot create it at all. It may be written as `String`, `String()`, `Unicode` or
    `VARCHAR`, follow from `Mapped[str]` alone, or be a `str` in a SQLModel. Long texts belong in a `Text` column.

    Foreign keys inherit their type, and a `type_annotation_map` may give `str` a length: neither is reported.
    A type that an alias defines is reported once, there.

    Bad:
        ```python app/models/tag.py
        from sqlalchemy import String
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"

            name: Mapped[str] = mapped_column(String, unique=True)
            color: Mapped[str]
        ```
        ```python app/db/base_class.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, func
        from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


        class Base(DeclarativeBase):
            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```

    Good:
        The other files stay as they are.

        ```python app/models/tag.py
        from sqlalchemy import String
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"

            name: Mapped[str] = mapped_column(String(255), unique=True)
            color: Mapped[str] = mapped_column(String(255))
        ```

    Fix safety:
        Unsafe, because it alters the schema: a migration is needed, and rows with longer texts must be dealt with.
        The length is the `max_length` of the field of the same name in the resource's Create, Update or Base
        schema, else the setting `string-length`.

    Options:
        `conventions.string-length`, `conventions.schema-suffixes`, `exempt`
    """
    reported: set[Place] = set()
    for column in project.models.columns:
        name = f"{column.owner.name}.{column.name}"
        written = column.type_arg and generic_type(project, column.type_arg)
        place = written.place if written is not None else column.place
        if place in reported or not project.is_judged(project.by_path[place.path]):
            continue
        if _is_unsized(column, project) and not project.settings.is_exempt("FAPI207", name):
            reported.add(place)
            made, length = FixBuilder(), _length(column, project)
            if written is not None:
                _size(made, written, length)
            else:
                _size_column(made, column, project, length)
            yield Finding(place, f"String column `{name}` has no length", _fix(made, name, length))
    for table in project.models.tables:
        for finding in _in_table(table, project):
            if finding.at not in reported:
                reported.add(finding.at)
                yield finding


def _is_unsized(column: Column, project: Project) -> bool:
    if column.made_by is not None or not project.purposes.is_application(column.module):
        return False
    models = [
        model
        for model in project.models.users_of(column.owner)
        if model.columns.get(column.name) is column and not model.is_view
    ]
    if not models:
        return False
    if column.type_arg is not None:
        return is_unsized_string(project, generic_type(project, column.type_arg))
    if column.is_foreign_key or any(arg.star for call in column.calls for arg in getattr(call.expr, "args", ())):
        return False
    if column.call is None and any("__table__" in c.scope.bindings for model in models for c in model.ancestors):
        return False
    python = python_type(project, column.scope, column.mapped_type)
    if project.models.is_sqlmodel(column.owner):
        sized = any(_argument(column, keyword) for keyword in ("max_length", "sa_column"))
        return not sized and python in (External("builtins.str"), External("pydantic.EmailStr"))
    if python != External("builtins.str"):
        return False
    return all(known and is_unsized_string(project, known) for known in registered_types(project, column))


def _argument(column: Column, keyword: str) -> bool:
    """Whether any call that describes the column passes the keyword."""
    return any(isinstance(call.expr, o.Call) and call.expr.argument(keyword) for call in column.calls)


def _in_table(table: Table, project: Project) -> Iterator[Finding]:
    if not project.purposes.is_application(table.module) or table.is_view:
        return
    for column in table.columns:
        type_ = written_type(project, Located(column, table.variable.scope))
        written = type_ and generic_type(project, type_)
        name = f"{table.name or table.variable.name}.{table.column_name(column)}"
        if written is None or not is_unsized_string(project, written):
            continue
        if not project.settings.is_exempt("FAPI207", name):
            made, length = FixBuilder(), project.settings.conventions.string_length
            _size(made, written, length)
            yield Finding(written.place, f"String column `{name}` has no length", _fix(made, name, length))


def _length(column: Column, project: Project) -> int:
    """The longest `max_length` that the resource's input schemas give a field of this name, else the setting.

    A default that is longer still must fit.
    """
    suffixes = project.settings.conventions.schema_suffixes
    limits = [
        field.limit("max_length")
        for model in project.models.users_of(column.owner)
        for suffix in (suffixes.create, suffixes.update, suffixes.base)
        for schema in nearest(model.module, project.schemas.by_name.get(model.name + suffix, ()))
        if (field := schema.fields.get(column.name)) is not None
    ]
    length = max((limit for limit in limits if limit), default=project.settings.conventions.string_length)
    for keyword in ("default", "server_default"):
        default = column.argument(keyword)
        symbol = project.resolver.resolve(default.scope, default.expr) if default is not None else None
        text = symbol.value if isinstance(symbol, Variable) else default and default.expr
        if isinstance(text, o.String) and text.value is not None:
            length = max(length, len(text.value))
    return length


def _size(made: FixBuilder, written: Located, length: int) -> None:
    """The length becomes an argument of the type where it is written."""
    file, expr = written.scope.module, written.expr
    given = expr.argument("length", 0) if isinstance(expr, o.Call) else None
    if given is not None:
        made.add(replace_argument_value(file, given, str(length)))
    elif isinstance(expr, o.Call):
        made.add(insert_argument(file, expr, str(length), first=True))
    else:
        made.add(replace(file, expr, f"{file.slice(expr)}({length})"))


def _size_column(made: FixBuilder, column: Column, project: Project, length: int) -> None:
    """A column whose type follows from its annotation gets a written one; a SQLModel's field gets a `max_length`."""
    file, at = column.module, column.statement.start
    if project.models.is_sqlmodel(column.owner):
        argument = f"max_length={length}"
        if column.calls:
            call = column.calls[0]
            assert isinstance(call.expr, o.Call)
            made.add(insert_argument(call.scope.module, call.expr, argument))
        elif isinstance(column.statement, o.AnnAssign):
            make_field(made, file, column.statement, "sqlmodel", argument)
        return
    argument = f"{made.spell(file, 'sqlalchemy.String', at)}({length})"
    if column.call is None:
        end = column.statement.end
        made.add(Edit(file.path, end, end, f" = {made.spell(file, 'sqlalchemy.orm.mapped_column', at)}({argument})"))
        return
    first = column.call.positional[0].value if column.call.positional else None
    symbol = project.resolver.resolve(column.scope, first)
    named = isinstance(symbol.value if isinstance(symbol, Variable) else first, o.String)
    made.add(insert_argument(file, column.call, argument, index=int(named)))


def _fix(made: FixBuilder, name: str, length: int) -> Fix | None:
    title = f"Give `{name}` the length {length}: this alters the schema, a migration is needed"
    return made.fix(title) if made.edits else None
