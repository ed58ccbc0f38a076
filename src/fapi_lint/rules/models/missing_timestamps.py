from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Edit, Fix, NeedsImport, Refusal
from fapi_lint.fix.imports import Spelling, spell
from fapi_lint.fix.statement import line_limit
from fapi_lint.fix.text import indent_unit, indentation_at, insert_into_class_body
from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI203", "missing-timestamps", fix=Applicability.UNSAFE, preference="Required Fields")
def missing_timestamps(model: Model, project: Project) -> Iterator[Finding]:
    """A model has no `created_at` or no `updated_at`, neither itself nor from a base.

    When a row was made and last changed is the first question about wrong data, and cannot be answered afterwards.
    Views, `Table(…)`s, models of migrations and models with a base that cannot be seen are left alone; a model
    that inherits from one that is reported is not reported again.

    Bad:
        ```python app/db/base_class.py
        from sqlalchemy.orm import DeclarativeBase


        class Base(DeclarativeBase):
            pass
        ```
        ```python app/db/base.py
        from app.db.base_class import Base as Base
        from app.models.user import User as User
        ```
        ```python app/models/user.py
        import uuid

        from sqlalchemy import String
        from sqlalchemy.dialects.postgresql import UUID
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            name: Mapped[str] = mapped_column(String(255), nullable=False)
        ```

    Good:
        The other files stay as they are.

        ```python app/models/user.py
        import uuid
        from datetime import datetime

        from sqlalchemy import DateTime, String, func
        from sqlalchemy.dialects.postgresql import UUID
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            name: Mapped[str] = mapped_column(String(255), nullable=False)
            created_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now()
            )
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```

    Fix safety:
        Unsafe: the table gets new columns, so a migration has to be generated. If the application has one mixin of
        both columns, or one that most models use, it becomes a base of the model, if objects are made as before. Else
        the model gets columns of its own, with `init=False` in a dataclass. There is no such fix for SQLModel classes,
        whose attributes are arguments of `__init__`, and none where a column called `created` or the like says it.

    Options:
        `conventions.created-at`, `conventions.updated-at`, `exempt`.
    """
    if not project.purposes.is_application(model.module) or project.settings.is_exempt("FAPI203", model.name):
        return
    missing = project.timestamps.missing(model)
    parents = (project.models.by_class[base] for base in model.ancestors[1:] if base in project.models.by_class)
    if not missing or any(project.timestamps.missing(parent) for parent in parents):
        return
    message = f"Model `{model.name}` has no {' and no '.join(f'`{name}`' for name in missing)}"
    yield Finding.of(model.place, message, _fix(model, missing, project))


def _fix(model: Model, missing: list[str], project: Project) -> Fix | Refusal:
    if other := project.timestamps.by_another_name(model, missing):
        return Refusal(f"`{other}` seems to say that under another name")
    mixin, file, node = project.timestamps.mixin, model.module, model.class_.node
    if mixin is not None and len(missing) == 2 and node.bases and project.timestamps.may_take_mixin(model):
        name = spell(file, f"{mixin.module.name}.{mixin.name}", node.start)
        if mixin.module is file:
            name = Spelling(mixin.name)
        if mixin.module is not file or mixin.node.end <= node.start:
            edit = Edit(file.path, node.bases[0].start, node.bases[0].start, f"{name.text}, ")
            title = f"Give `{model.name}` the timestamps of `{mixin.name}`: a migration is needed"
            return Fix(title, Applicability.UNSAFE, (edit,), name.needs)
    if project.models.is_sqlmodel(model.class_):
        return Refusal("its attributes are arguments of `__init__`, too")
    lines: list[str] = []
    needs: tuple[NeedsImport, ...] = ()
    for name_ in missing:
        fresh, needed = _column(model, name_, project)
        lines += fresh
        needs += needed
    title = f"Add {' and '.join(f'`{name}`' for name in missing)} to `{model.name}`: a migration is needed"
    edit = insert_into_class_body(file, node, lines, after=_anchor(model, project), first=True)
    return Fix(title, Applicability.UNSAFE, (edit,), tuple(dict.fromkeys(needs)))


def _column(model: Model, name: str, project: Project) -> tuple[list[str], tuple[NeedsImport, ...]]:
    """The lines of a timestamp's column, and the imports they need."""
    file, node = model.module, model.class_.node
    at = node.body_start
    type_, now = spell(file, "sqlalchemy.DateTime", at), spell(file, "sqlalchemy.func", at)
    arguments = [f"{type_.text}(timezone=True)", f"server_default={now.text}.now()"]
    if name == project.timestamps.names[1]:
        arguments.append(f"onupdate={now.text}.now()")
    if project.models.is_dataclass(model.class_):
        arguments.append("init=False")
    needs = type_.needs + now.needs
    if project.models.has_mapped_columns:
        mapped, made = spell(file, "sqlalchemy.orm.Mapped", at), spell(file, "sqlalchemy.orm.mapped_column", at)
        python = spell(file, "datetime.datetime", at)
        head = f"{name}: {mapped.text}[{python.text}] = {made.text}("
        needs += python.needs + mapped.needs + made.needs
    else:
        made = spell(file, "sqlalchemy.Column", at)
        head = f"{name} = {made.text}("
        arguments.append("nullable=False")
        needs += made.needs
    line = f"{head}{', '.join(arguments)})"
    unit = indent_unit(file)
    if len(indentation_at(file.text, node.start) + unit + line) <= line_limit(file.text):
        return [line], needs
    return [head, f"{unit}{', '.join(arguments)}", ")"], needs


def _anchor(model: Model, project: Project) -> o.Node | None:
    """The last column, or what the table is called: relationships and methods come behind."""
    starts = {column.place.start for column in project.models.columns_of(model.class_)}
    last = None
    for statement in model.class_.node.body:
        is_column = any(statement.start <= start < statement.end for start in starts)
        names = statement.targets if isinstance(statement, o.Assign) else ()
        is_special = any(isinstance(name, o.Name) and name.id.startswith("__") for name in names)
        if isinstance(statement, (o.Assign, o.AnnAssign)) and (is_column or is_special):
            last = statement
    return last
