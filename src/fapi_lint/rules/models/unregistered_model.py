from __future__ import annotations

import os
from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Edit, Fix, NeedsImport
from fapi_lint.fix.exports import export, exported, keeps_unused_imports
from fapi_lint.fix.imports import bindings
from fapi_lint.outline import nodes as o
from fapi_lint.project.models import Model
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI211", "unregistered-model", fix=Applicability.SAFE, preference="Migrations (Alembic)")
def unregistered_model(model: Model, project: Project) -> Iterator[Finding]:
    """A mapped class is not imported where Alembic looks for models.

    Autogenerate compares the database with the tables that have been loaded. A model that nothing loads gets no
    table, and one that is loaded only because another model happens to import it is proposed to be dropped
    once that import goes. So `db/base.py` imports them all; where an application has no such file, a model must
    be loaded by alembic's `env.py` in one way or another: by name, by a package that imports its modules, by a walk.

    Abstract classes have no table, and models of tests, scripts and revisions are not migrated: none is reported.

    Bad:
        ```python app/db/base.py
        # Import all models here so Alembic can detect them
        from app.db.base_class import Base  # noqa: F401
        from app.models.user import User  # noqa: F401
        ```
        ```python app/db/base_class.py
        from sqlalchemy.orm import DeclarativeBase


        class Base(DeclarativeBase):
            pass
        ```
        ```python app/models/user.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```
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

    Good:
        ```python app/db/base.py
        # Import all models here so Alembic can detect them
        from app.db.base_class import Base  # noqa: F401
        from app.models.tag import Tag  # noqa: F401
        from app.models.user import User  # noqa: F401
        ```
        ```python app/db/base_class.py
        from sqlalchemy.orm import DeclarativeBase


        class Base(DeclarativeBase):
            pass
        ```
        ```python app/models/user.py
        import uuid
        from datetime import datetime

        from sqlalchemy import UUID, DateTime, func
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"

            id: Mapped[uuid.UUID] = mapped_column(UUID(as_uuid=True), primary_key=True, default=uuid.uuid4)
            created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
            updated_at: Mapped[datetime] = mapped_column(
                DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
            )
        ```
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
        Safe: the hub imports one module more. The import is kept from unused-import removal by `__all__` where the
        hub has one, else by `# noqa: F401`. Where it would close an import cycle, none is offered.

    Options:
        `conventions.model-registry`
    """
    if not project.purposes.is_application(model.module) or project.settings.is_exempt("FAPI211", model.name):
        return
    hub = project.registration.missing_from(model)
    if hub is None:
        return
    where = os.path.relpath(hub.path, project.root) if project.root else hub.path
    message = f"`{model.name}` is not imported by {where}: Alembic does not see its table"
    if hub in project.purposes.environments:
        message = f"`{model.name}` is not loaded by {where}: Alembic does not see its table"
    fix, reason = _register(model.module, hub, where, project)
    yield Finding(at=model.place, message=message + reason, fix=fix)


def _register(module: Module, hub: Module, where: str, project: Project) -> tuple[Fix | None, str]:
    """The import of a module's models in the hub, the way it imports others; or why there is none."""
    imports = project.imports
    if module in imports.leading_to(hub):
        return None, f" (no fix: {where} is loaded by this module, importing it there would close a cycle)"
    loaded = {model.module for model in project.models.all}
    examples = [link for link in imports.of(hub) if link.target in loaded and link.target is not hub]
    if not examples and hub in project.purposes.environments:
        return None, f" (no fix: {where} imports no model itself)"
    names = [model.name for model in project.models.all if model.module is module]
    taken = {binding.name for binding in bindings(hub)}
    if taken & set(names):
        return None, f" (no fix: {where} has another {', '.join(sorted(taken & set(names)))})"
    collection = exported(hub)
    keep = collection is None and not keeps_unused_imports(hub)
    by_module = [link for link in examples if _names_module(link.statement, link.alias.name, link.target)]
    if len(by_module) * 2 > len(examples):
        statement = by_module[0].statement
        package, _, name = module.name.rpartition(".")
        if isinstance(statement, o.Import) or not package:
            needs = [NeedsImport(hub.path, module.name, keep=not keeps_unused_imports(hub))]
            collection = None
        else:
            needs = [NeedsImport(hub.path, package, name, keep=keep)]
        names = [name]
    else:
        needs = [NeedsImport(hub.path, module.name, name, keep=keep) for name in names]
    edits: list[Edit] = export(hub, collection, names) if collection is not None else []
    listed = ", ".join(f"`{name}`" for name in names)
    return Fix(f"Import {listed} in {where}", Applicability.SAFE, tuple(edits), tuple(needs)), ""


def _names_module(statement: o.Import | o.ImportFrom, name: str, target: Module) -> bool:
    """Whether an import names the module, not something in it."""
    return isinstance(statement, o.Import) or (name == target.parts[-1] and not statement.module.endswith("." + name))
