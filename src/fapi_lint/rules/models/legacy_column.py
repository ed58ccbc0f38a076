from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix, Refusal
from fapi_lint.fix.mapped import MappedTypes
from fapi_lint.fix.text import insert_argument, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.class_body import ColumnOrder, names_used_as_columns_only
from fapi_lint.project.mapped import Column, allows_none
from fapi_lint.project.project import Project
from fapi_lint.project.value_types import value_type
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI209", "legacy-column", fix=Applicability.SAFE, preference="Database Models")
def legacy_column(project: Project, _: Project) -> Iterator[Finding]:
    """A mapped class declares a column with `Column(…)` instead of `mapped_column(…)`.

    Type checkers know nothing of the values of such an attribute, and whether it may be None stands nowhere.
    `Mapped[…] = mapped_column(…)` says both, and SQLAlchemy 2.0 checks it. A mixin's columns count where a
    mapped class inherits them; columns of a `Table(…)` are right as they are, and projects on SQLAlchemy 1
    are not reported.

    Bad:
        ```python app/models/tag.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, Column, DateTime, String, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"

            id = Column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            name = Column(String(50), nullable=False)  # as shown
            color = Column(String(7))
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```
        ```python app/db/base_class.py
        from sqlalchemy.orm import DeclarativeBase


        class Base(DeclarativeBase):
            pass
        ```

    Good:
        The other files stay as they are.

        ```python app/models/tag.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, String, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            name: Mapped[str] = mapped_column(String(50), nullable=False)  # as shown
            color: Mapped[str | None] = mapped_column(String(7))
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```

    Fix safety:
        Safe: the table stays as it is. A column that may be NULL becomes `Mapped[X | None]`, because `Mapped[X]`
        would add NOT NULL. Nothing is offered where the Python type is not certain (types of other packages, or of
        the application's own that convert values), in dataclasses, where an attribute becomes an argument of
        `__init__`, where the class body uses the column as an object that `mapped_column()` is not, and where
        the table's columns would change their order.

    Options:
        `exempt`
    """
    if not project.models.has_mapped_columns:
        return
    types = MappedTypes(project)
    for class_ in project.models.mapping_classes:
        if not project.is_judged(class_.module):
            continue
        columns = [column for column in project.models.columns_of(class_) if _is_legacy(column, project)]
        names = {column.name for column in columns}
        usable = names_used_as_columns_only(project, class_, names)
        order = ColumnOrder(project, class_)
        ordered = names if order.is_kept(frozenset(usable)) else set()
        for column in columns:
            name = f"{class_.name}.{column.name}"
            fix = _fix(column, project, types)
            if column.name not in usable:
                fix = Refusal("the class body uses it as a `Column`")
            elif column.name not in ordered or not order.is_kept(frozenset([column.name])):
                fix = Refusal("the columns of the table would change their order")
            message = f"`{name}` is a `Column` instead of `Mapped[…] = mapped_column(…)`"
            yield Finding.of(column.place, message, fix, name)


def _is_legacy(column: Column, project: Project) -> bool:
    """An attribute that `sqlalchemy.Column` makes, not one of the application's functions."""
    if column.call is None or column.made_by is not None or isinstance(column.statement, o.FunctionDef):
        return False
    if not project.purposes.is_application(column.module) or project.models.is_sqlmodel(column.owner):
        return False
    symbol = project.resolver.external(column.scope, column.call.func)
    return symbol is not None and symbol.is_from("sqlalchemy", "Column")


def _fix(column: Column, project: Project, types: MappedTypes) -> Fix | Refusal:
    file, statement, call = column.module, column.statement, column.call
    assert call is not None
    assert not isinstance(statement, o.FunctionDef)
    wrapper = None if statement.value is call else statement.value
    options = [] if wrapper is None else _deferred(column, wrapper, project)
    if options is None:
        return Refusal("something is wrapped around it")
    users = project.models.users_of(column.owner)
    if any(project.models.is_dataclass(class_) for class_ in (column.owner, *(model.class_ for model in users))):
        return Refusal("in a dataclass it would become an argument of `__init__`")
    optional = allows_none(column)
    if optional is None:
        return Refusal("whether it may be NULL is not certain")
    maker = types.spell(column.owner, "sqlalchemy.orm.mapped_column")
    edits = [replace(file, call.func, maker.text)]
    needs = maker.needs
    if isinstance(wrapper, o.Call):
        edits += [
            Edit(file.path, wrapper.start, call.start, ""),
            insert_argument(file, call, ", ".join(options)),
            Edit(file.path, call.end, wrapper.end, ""),
        ]
    if isinstance(statement, o.AnnAssign):
        if column.mapped_type is None or column.annotated:
            return Refusal("its annotation is no plain `Mapped[…]`")
        if column.argument("nullable") is None and project.pairings.is_nullable(column) != optional:
            return Refusal("its annotation and the database differ on NULL")
    elif len(statement.targets) > 1:
        return Refusal("it has several names")
    elif statement.targets[0].start != statement.start:
        return Refusal("its name stands in parentheses")
    else:
        type_ = value_type(project, column)
        if type_ is None:
            return Refusal("the Python type of its values is not certain")
        mapped = types.mapped(column.owner, type_, optional=optional)
        if mapped is None:
            return Refusal("the name of its Python type means something else here")
        end = statement.targets[0].end
        edits.append(Edit(file.path, end, end, f": {mapped.text}"))
        needs += mapped.needs
    gone = [call.func] + ([wrapper.func] if isinstance(wrapper, o.Call) else [])
    drops = tuple(DropsImport(file.path, func.id) for func in gone if isinstance(func, o.Name))
    title = f"Declare `{column.owner.name}.{column.name}` with `Mapped[…] = mapped_column(…)`"
    return Fix(title, Applicability.SAFE, tuple(edits), needs, drops)


def _deferred(column: Column, wrapper: o.Expr | None, project: Project) -> list[str] | None:
    """What `deferred(Column(…), group="x")` says, as arguments of `mapped_column()`; None if it is something else."""
    file, call = column.module, column.call
    if not isinstance(wrapper, o.Call) or call is None or wrapper.args[0].value is not call:
        return None
    symbol = project.resolver.external(column.scope, wrapper.func)
    if symbol is None or not symbol.is_from("sqlalchemy", "deferred"):
        return None
    options = wrapper.args[1:]
    around = file.text[wrapper.start : call.start] + file.text[call.end : wrapper.end]
    if "#" in around or any(arg.keyword not in ("group", "raiseload") for arg in options):
        return None
    return ["deferred=True", *(f"deferred_{arg.keyword}={file.slice(arg.value)}" for arg in options)]
