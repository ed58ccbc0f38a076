from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.eager import eager_edits
from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix, Refusal
from fapi_lint.fix.imports import spell
from fapi_lint.fix.text import insert_argument, insert_keyword, replace, replace_argument_value
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.column_types import generic_type, python_type, registered_types, type_class
from fapi_lint.project.mapped import Column
from fapi_lint.project.pairing import column_name
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import External
from fapi_lint.project.values import Located
from fapi_lint.rules.rule import Finding, rule

_TYPES = frozenset(["DateTime", "DATETIME", "TIMESTAMP"])
_CLIENT_DEFAULTS = ("default", "insert_default", "default_factory")
_CLOCKS = frozenset(["now", "utcnow", "today", "time"])


@rule("FAPI204", "timestamp-form", fix=Applicability.UNSAFE, preference="Database Models")
def timestamp_form(column: Column, project: Project) -> Iterator[Finding]:
    """`created_at` or `updated_at` is not a timestamp with time zone that the database sets.

    Without `timezone=True`, nobody knows later which clock a time was read from. A default of the client's
    (`default=func.now()` is one too) is not there for rows that other programs insert. An `updated_at` without
    `onupdate` stays what it was, and a default that is called while the module is imported
    (`default=datetime.now()`) is the time when the program started.

    Columns that hold no `DateTime` are not judged, and a `datetime` of a SQLModel has a time zone since 0.0.45.

    Bad:
        ```python app/models/tag.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            created_at: Mapped[datetime] = mapped_column(DateTime, default=datetime.utcnow)
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now()
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

        from sqlalchemy import UUID, DateTime, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```

    Fix safety:
        Unsafe, because it alters the schema: a migration is needed, and the times that are loaded have a time zone
        then, which cannot be compared with those that have none. What the database computes has to be loaded anew after
        an UPDATE, and is, where asynchronous code is known to read it. SQLModels, and arguments of the `__init__` of
        dataclasses, are only reported.

    Options:
        `conventions.created-at`, `conventions.updated-at`, `exempt`
    """
    conventions = project.settings.conventions
    name = f"{column.owner.name}.{column.name}"
    names = {column.name, column_name(column)}
    if names.isdisjoint((conventions.created_at, conventions.updated_at)) or not _is_judged(column, project):
        return
    wrong = []
    aware = _is_aware(column, project)
    if aware is False:
        wrong.append("has no time zone")
    given = [found for keyword in _CLIENT_DEFAULTS if (found := column.argument(keyword)) is not None]
    default = next((found for found in given if not is_none(found.expr)), None)
    if default is not None and _is_called(default, project):
        wrong.append("defaults to the time when the module was imported")
    elif default is not None and column.argument("server_default") is None:
        wrong.append("gets its default from the client instead of the server")
    updated = column.argument("onupdate") or column.argument("server_onupdate")
    stays = conventions.updated_at in names and updated is None
    if stays:
        wrong.append("has no `onupdate`")
    elif updated is not None and _is_called(updated, project):
        wrong.append("is updated to the time when the module was imported")
    if wrong:
        message = f"`{name}` {' and '.join([', '.join(wrong[:-1]), wrong[-1]] if wrong[1:] else wrong)}"
        yield Finding.of(column.place, message, _fix(column, project, aware is False, stays), name)


def _is_judged(column: Column, project: Project) -> bool:
    """A timestamp of a table in the application, all of whose arguments are seen."""
    if not project.purposes.is_application(column.module) or column.made_by is not None:
        return False
    if column.has_unknown_arguments:
        return False
    models = project.models.users_of(column.owner)
    if not any(model.columns.get(column.name) is column and not model.is_view for model in models):
        return False
    return _has_timestamp(column, project) or (
        python_type(project, column.scope, column.mapped_type) == External("datetime.datetime")
    )


def _is_aware(column: Column, project: Project) -> bool | None:
    """Whether the type has a time zone; None where that cannot be seen."""
    if column.type_arg is None and project.models.is_sqlmodel(column.owner):
        return False if project.versions.sqlmodel.is_below(0, 0, 45) else None  # Since then it has one.
    types = registered_types(project, column) if column.type_arg is None else [generic_type(project, column.type_arg)]
    if not types:
        return False
    if types[0] is None or not _is_timestamp(types[0], project):
        return None
    written = types[0].expr
    given = written.given("timezone", 0) if isinstance(written, o.Call) else None
    if given is None:
        return None if isinstance(written, o.Call) and any(arg.star for arg in written.args) else False
    return {"True": True, "False": False}.get(o.dotted(given))


def _has_timestamp(column: Column, project: Project) -> bool:
    """Whether a type is written in the column, and is SQLAlchemy's own."""
    return column.type_arg is not None and _is_timestamp(generic_type(project, column.type_arg), project)


def _is_timestamp(written: Located, project: Project) -> bool:
    symbol = type_class(project, written)
    return isinstance(symbol, External) and symbol.is_from("sqlalchemy", *_TYPES)


def _is_called(given: Located, project: Project) -> bool:
    """`datetime.now()` and the like, which read the clock once."""
    return isinstance(given.expr, o.Call) and _is_clock(given, project)


def _is_clock(given: Located, project: Project) -> bool:
    """The client's clock in any form: `datetime.utcnow`, a call of it, a lambda around it."""
    expr = given.expr.body if isinstance(given.expr, o.Lambda) else given.expr
    symbol = project.resolver.external(given.scope, o.called(expr))
    return symbol is not None and symbol.package in ("datetime", "time") and symbol.name in _CLOCKS


def _fix(column: Column, project: Project, naive: bool, stays: bool) -> Fix | Refusal:
    """All of it at once: type, default and update; or why there is no fix."""
    call, file = column.call, column.module
    users = [model.class_ for model in project.models.users_of(column.owner)]
    is_argument = any(map(project.models.is_dataclass, users)) and column.flag("init") is not False
    if is_argument or project.models.is_sqlmodel(column.owner):
        return Refusal("the attribute is an argument of `__init__`, too")
    if column.annotated:
        return Refusal("its `Annotated` alias says so")
    if call is None:
        return Refusal("there is no call to write it into")
    if any(arg.star for arg in call.args):
        return Refusal("the column shares its arguments with others")
    if column.type_arg is not None and not _has_timestamp(column, project):
        return Refusal("what its type makes of the server's time is not known")
    now = spell(file, "sqlalchemy.func", call.start)
    made = FixBuilder()
    if naive:
        typed = _with_time_zone(made, column)
        if typed is None:
            return Refusal("its type stands elsewhere")
        made.add(typed)
    server, is_computed = column.argument("server_default") is not None, stays
    for arg in call.args:
        if is_none(arg.value):
            continue
        if arg.keyword in _CLIENT_DEFAULTS and not server:
            made.add(replace(file, arg, f"server_default={made.write(now)}.now()"))
        elif arg.keyword == "onupdate" and _is_clock(Located(arg.value, column.scope), project):
            made.add(replace_argument_value(file, arg, f"{made.write(now)}.now()"))
            is_computed = True
        elif arg.keyword in _CLIENT_DEFAULTS and _is_called(Located(arg.value, column.scope), project):
            return Refusal("it has a default of the server, too")
        else:
            continue
        made.forget(file, arg.value)
    made.drops.pop(DropsImport(file.path, now.text.partition(".")[0]), None)
    onupdate = f"onupdate={made.write(now)}.now()" if stays else ""
    if stays and naive and not call.args:  # An empty call has one place only.
        type_ = made.spell(file, "sqlalchemy.DateTime", call.start)
        made.edits = {insert_argument(file, call, f"{type_}(timezone=True), {onupdate}"): None}
    elif stays:
        made.add(insert_keyword(file, call, onupdate, after=("server_default", "default", "insert_default")))
    title = f"Make `{column.owner.name}.{column.name}` a timestamp that the server sets: a migration is needed"
    if naive:
        title += "; values have a time zone, and compare with such only"
    # What the database computes is no longer known after an UPDATE, and asynchronous code cannot load it by reading it.
    anew = project.lazy_loads.if_computed(column) if is_computed else []
    if anew:
        eager = eager_edits(project, anew)
        if isinstance(eager, Refusal):
            return Refusal(f"it is read after an UPDATE, and {eager.reason}")
        made.take(eager)
        title += ", and it is loaded anew where it is read after an UPDATE"
    return made.fix(title)


def _with_time_zone(made: FixBuilder, column: Column) -> Edit | None:
    """The type with `timezone=True`; None where it is not written in the column itself."""
    call, file = column.call, column.module
    assert call is not None
    if column.type_arg is None:
        type_ = made.spell(file, "sqlalchemy.DateTime", call.start)
        named = bool(call.positional) and isinstance(call.positional[0].value, o.String)
        return insert_argument(file, call, f"{type_}(timezone=True)", index=int(named))
    written = column.type_arg.expr
    if not (call.start <= written.start and written.end <= call.end and column.type_arg.scope is column.scope):
        return None
    if not isinstance(written, o.Call):
        is_here = generic_type(column.project, column.type_arg).expr is written
        return replace(file, written, f"{file.slice(written)}(timezone=True)") if is_here else None
    if isinstance(written.func, o.Attribute) and written.func.attr == "with_variant":
        return None
    given = written.argument("timezone", 0)
    if given is not None:
        return replace_argument_value(file, given, "True")
    return insert_argument(file, written, "timezone=True")
