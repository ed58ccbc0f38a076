from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.builder import FixBuilder
from fapi_lint.fix.edit import Applicability, Edit, Fix, Refusal
from fapi_lint.fix.statement import call_lines
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
    if not project.purposes.is_application(model.module):
        return
    missing = project.timestamps.missing(model)
    parents = (project.models.by_class[base] for base in model.ancestors[1:] if base in project.models.by_class)
    if not missing or any(project.timestamps.missing(parent) for parent in parents):
        return
    message = f"Model `{model.name}` has no {' and no '.join(f'`{name}`' for name in missing)}"
    yield Finding.of(model.place, message, _fix(model, missing, project), model.name)


def _fix(model: Model, missing: list[str], project: Project) -> Fix | Refusal:
    if other := project.timestamps.by_another_name(model, missing):
        return Refusal(f"`{other}` seems to say that under another name")
    mixin, file, node = project.timestamps.mixin, model.module, model.class_.node
    made = FixBuilder()
    if mixin is not None and len(missing) == 2 and node.bases and project.timestamps.may_take_mixin(model):
        is_here = mixin.module is file
        if not is_here or mixin.node.end <= node.start:
            name = mixin.name if is_here else made.spell(file, f"{mixin.module.name}.{mixin.name}", node.start)
            made.add(Edit(file.path, node.bases[0].start, node.bases[0].start, f"{name}, "))
            return made.fix(f"Give `{model.name}` the timestamps of `{mixin.name}`: a migration is needed")
    if project.models.is_sqlmodel(model.class_):
        return Refusal("its attributes are arguments of `__init__`, too")
    lines = [line for name in missing for line in _column(made, model, name, project)]
    made.add(insert_into_class_body(file, node, lines, after=_anchor(model, project), first=True))
    return made.fix(f"Add {' and '.join(f'`{name}`' for name in missing)} to `{model.name}`: a migration is needed")


def _column(made: FixBuilder, model: Model, name: str, project: Project) -> list[str]:
    """The lines of a timestamp's column."""
    file, node = model.module, model.class_.node

    def spelled(target: str) -> str:
        return made.spell(file, target, node.body_start)

    now = f"{spelled('sqlalchemy.func')}.now()"
    arguments = [f"{spelled('sqlalchemy.DateTime')}(timezone=True)", f"server_default={now}"]
    if name == project.timestamps.names[1]:
        arguments.append(f"onupdate={now}")
    if project.models.is_dataclass(model.class_):
        arguments.append("init=False")
    if project.models.has_mapped_columns:
        type_ = f"{spelled('sqlalchemy.orm.Mapped')}[{spelled('datetime.datetime')}]"
        head = f"{name}: {type_} = {spelled('sqlalchemy.orm.mapped_column')}("
    else:
        head = f"{name} = {spelled('sqlalchemy.Column')}("
        arguments.append("nullable=False")
    return call_lines(file, head, arguments, indentation_at(file.text, node.start) + indent_unit(file))


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
