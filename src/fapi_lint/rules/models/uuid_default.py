from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Edit, Fix, NeedsImport
from fapi_lint.fix.imports import spell_uuid
from fapi_lint.fix.text import insert_keyword, replace
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none
from fapi_lint.project.column_types import generic_type, python_type, type_class
from fapi_lint.project.mapped import Column
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class, External
from fapi_lint.project.value_types import value_type
from fapi_lint.project.values import Located, dict_items
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place

_DEFAULTS = ("default", "insert_default", "default_factory", "server_default")
_GENERATED = frozenset(["FetchedValue", "Computed", "DefaultClause", "ColumnDefault", "Sequence", "Identity"])
_TYPES = frozenset(["UUID", "Uuid", "UUIDType", "UNIQUEIDENTIFIER"])


@rule("FAPI202", "uuid-default", fix=Applicability.SAFE, preference="Database Models")
def uuid_default(project: Project, _: Project) -> Iterator[Finding]:
    """A UUID primary key has no default that makes one.

    Whoever adds a row must then think of an identifier, and forgetting it fails as late as the INSERT. Any
    default will do: `uuid.uuid4`, a lambda, `insert_default`, `default_factory`, `server_default`.
    A default that is called while the module is imported (`default=uuid.uuid4()`) gives every row the same key.

    Keys that are foreign keys get their value from what they point at, and those of composite keys are natural:
    neither is reported. An inherited key is reported once, where it is defined.

    Bad:
        ```python app/models/tag.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True)
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
        Safe: the schema stays as it is, and a key that the application sets itself is used as before. In a
        dataclass the default becomes an `insert_default`, which leaves `__init__` alone, and a column that holds
        its UUIDs as text gets text.

    Options:
        `exempt`
    """
    reported: set[Place] = set()
    for column in project.models.columns:
        if not _is_uuid_key(column, project):
            continue
        alias = column.key_alias
        name = f"{column.owner.name}.{column.name}" if alias is None else alias.name
        place = column.place if alias is None else Place(alias.module.path, alias.node.start, alias.node.end)
        given = _default(column, project)
        if place in reported or project.settings.is_exempt("FAPI202", name):
            continue
        called = given is not None and isinstance(given.expr, o.Call) and _is_uuid_call(given, project)
        if given is None or is_none(given.expr):
            reported.add(place)
            yield Finding(place, f"Primary key `{name}` is a UUID without a default", _fix(column, project, given))
        elif called:
            reported.add(place)
            message = f"The default of the primary key `{name}` is called once, at import: every row gets the same"
            yield Finding(place, message, _fix(column, project, given))


def _is_uuid_key(column: Column, project: Project) -> bool:
    """A key that is a UUID, no foreign key, and the whole key of a table in the application."""
    if not column.is_primary_key or column.is_foreign_key or column.made_by is not None:
        return False
    if not project.purposes.is_application(column.module) or column.has_unknown_arguments:
        return False
    written = column.type_arg and type_class(project, generic_type(project, column.type_arg))
    if isinstance(written, External) and written.package in ("sqlalchemy", "sqlalchemy_utils"):
        if written.name not in _TYPES:
            return False
    elif getattr(written, "name", "") != "GUID":  # The recipe of SQLAlchemy's manual, by the name it has there.
        unseen = column.type_arg is not None and not isinstance(written, Class)
        if unseen or not _says_uuid(column, project):
            return False
    return any(
        model.columns.get(column.name) is column and len(model.primary_keys) == 1 and not model.is_view
        for model in project.models.users_of(column.owner)
    )


def _says_uuid(column: Column, project: Project) -> bool:
    """Whether the annotation says that values are UUIDs: the standard library's or Pydantic's."""
    python = python_type(project, column.scope, column.mapped_type)
    return isinstance(python, External) and python.package in ("uuid", "pydantic") and python.name.startswith("UUID")


def _default(column: Column, project: Project) -> Located | None:
    """What gives the column a value when nobody does, None itself only if nothing else does."""
    found: Located | None = None
    for located in column.calls:
        assert isinstance(located.expr, o.Call)
        nested = located.expr.given("sa_column")
        calls = [located.expr] + ([nested] if isinstance(nested, o.Call) else [])
        shared = located.expr.given("sa_column_kwargs")
        items = dict_items(project, located.scope, shared) if shared is not None else {}
        values = [items[keyword] for keyword in _DEFAULTS if items and keyword in items]
        for call in calls:
            values += [Located(arg.value, located.scope) for arg in call.args if arg.keyword in _DEFAULTS]
            for arg in call.positional:
                made = project.resolver.external(located.scope, getattr(arg.value, "func", None))
                if made is not None and made.name in _GENERATED:
                    values.append(Located(arg.value, located.scope))
        if items is None:
            values.append(located)  # A default may stand among what cannot be seen.
        for value in values:
            if found is None or is_none(found.expr):
                found = value
    for keyword in _DEFAULTS if found is None else ():
        found = found or column.argument(keyword)  # Through `**shared`.
    return found


def _is_uuid_call(given: Located, project: Project) -> bool:
    """`uuid.uuid4()`, with or without `str()` around it: not what merely makes a default (`text("…")`)."""
    call = given.expr
    assert isinstance(call, o.Call)
    symbol = project.resolver.external(given.scope, call.func)
    if symbol == External("builtins.str") and len(call.args) == 1 and isinstance(call.args[0].value, o.Call):
        return _is_uuid_call(Located(call.args[0].value, given.scope), project)
    return symbol is not None and symbol.package == "uuid" and symbol.name.startswith("uuid")


def _fix(column: Column, project: Project, given: Located | None) -> Fix | None:
    """The default where the key is declared; a value there takes the place of a useless one."""
    located = next((c for c in reversed(column.calls) if isinstance(c.expr, o.Call)), None)
    if located is None or not isinstance(located.expr, o.Call):
        return None
    call, file = located.expr, located.scope.module
    title = f"Let `{column.name}` default to a new UUID"
    sqlmodel = project.models.is_sqlmodel(column.owner)
    if given is not None:
        arg = next((a for a in call.args if a.value is given.expr), None)
        if arg is None or arg.keyword not in ("default", "insert_default"):
            return None
        if isinstance(given.expr, o.Call):
            inner = project.resolver.external(given.scope, given.expr.func)
            plain = inner is not None and inner.package == "uuid" and not given.expr.args
            text = file.slice(given.expr.func) if plain else f"lambda: {file.slice(given.expr)}"
            keyword = "default_factory" if sqlmodel else arg.keyword
            return _whole(title, Edit(file.path, arg.start, arg.end, f"{keyword}={text}"))
    maker = spell_uuid(file, "uuid4", call.start)
    type_ = None if _says_uuid(column, project) else value_type(project, column)
    text = f"lambda: str({maker.text}())" if type_ is not None and type_.name == "builtins.str" else maker.text
    keyword = "default"
    if sqlmodel:
        keyword = "default_factory"
    elif any(project.models.is_dataclass(model.class_) for model in project.models.users_of(column.owner)):
        keyword = "insert_default"
    if given is not None:
        arg = next(a for a in call.args if a.value is given.expr)
        return _whole(title, replace(file, arg, f"{keyword}={text}"), maker.needs)
    return _whole(title, insert_keyword(file, call, f"{keyword}={text}", after=("primary_key",)), maker.needs)


def _whole(title: str, edit: Edit, needs: tuple[NeedsImport, ...] = ()) -> Fix:
    return Fix(title, Applicability.SAFE, (edit,), needs)
