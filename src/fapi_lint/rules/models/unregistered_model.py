from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.bindings import bindings_by_name
from fapi_lint.fix.edit import Applicability, Fix, NeedsImport, Refusal
from fapi_lint.fix.exports import export, exported, keeps_unused_imports
from fapi_lint.project.mapped import Model
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI211", "unregistered-model", fix=Applicability.SAFE, preference="Migrations")
def unregistered_model(model: Model, project: Project) -> Iterator[Finding]:
    """A mapped class is not imported where Alembic looks for models.

    Autogenerate compares the database with the tables that have been loaded. A model that nothing loads gets no
    table, and one that is loaded only because another model happens to import it is proposed to be dropped
    once that import goes. So `db/base.py` imports them all; where an application has no such file, a model must
    be loaded by alembic's `env.py` in one way or another: by name, by a package that imports its modules, by a walk.

    Abstract classes and views have no table, and models of tests, scripts and revisions are not migrated: none is
    reported.

    Bad:
        ```python app/db/base.py
        # Import all models here so Alembic can detect them
        from app.db.base_class import Base  # noqa: F401
        from app.models.user import User  # noqa: F401
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
        ```python app/models/user.py
        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"
        ```
        ```python app/models/tag.py
        from app.db.base_class import Base


        class Tag(Base):
            __tablename__ = "tag"
        ```

    Good:
        The other files stay as they are.

        ```python app/db/base.py
        # Import all models here so Alembic can detect them
        from app.db.base_class import Base  # noqa: F401
        from app.models.tag import Tag  # noqa: F401
        from app.models.user import User  # noqa: F401
        ```

    Fix safety:
        Safe: the hub imports one module more. The import is kept from unused-import removal by `__all__` where the
        hub has one, else by `# noqa: F401`. Where it would close an import cycle, none is offered.

    Options:
        `conventions.model-registry`, `exempt`
    """
    if not project.purposes.is_application(model.module) or model.is_view:
        return
    hub = project.registration.missing_from(model)
    if hub is None:
        return
    where = hub.shown
    verb = "loaded" if hub in project.purposes.environments else "imported"
    message = f"`{model.name}` is not {verb} by {where}: Alembic does not see its table"
    yield Finding.of(model.place, message, _register(model.module, hub, where, project), model.name)


def _register(module: Module, hub: Module, where: str, project: Project) -> Fix | Refusal:
    """The import of a module's models in the hub, the way it imports others."""
    imports = project.imports
    if imports.closes_cycle(hub, module):
        return Refusal(f"the module loads {where} itself, importing it there would close a cycle")
    cycle = imports.cycle_of(module)
    if any(other in cycle and imports.takes_names_from(other, module) for other in imports.loaded_by.get(module, ())):
        return Refusal("the module is part of an import cycle, where the order of imports matters")
    style = project.registration.style_of(hub)
    if style is not None:
        dotted = style.like.spell(module)
    else:
        neighbours = [link for link in imports.of(hub) if link.target.parts[0] == module.parts[0]]
        if not neighbours and hub in project.purposes.environments:
            return Refusal(f"{where} imports nothing of the application itself")
        dotted = next((name for link in neighbours if (name := link.spell(module)) != module.name), module.name)
    if project.resolver.find_module(dotted, hub) is not module:
        return Refusal("how the module is to be imported there is not certain")
    collection = exported(hub)
    keep = collection is None and not keeps_unused_imports(hub)
    names = [model.name for model in project.models.by_module[module] if model.class_.parent is None]
    if style is not None and style.names_modules:
        package, _, name = dotted.rpartition(".")
        if style.is_plain or not package:
            package, name, collection, keep = dotted, "", None, not keeps_unused_imports(hub)
        needs = [NeedsImport(hub.path, package, name, keep=keep)]
        names = [name or dotted]
    else:
        needs = [NeedsImport(hub.path, dotted, name, keep=keep) for name in names]
    taken = sorted(set(names) & bindings_by_name(hub).keys())
    if taken:
        return Refusal(f"{where} has another {', '.join(taken)}")
    edits = export(hub, collection, names) if collection is not None else []
    title = f"Import {', '.join(f'`{name}`' for name in names)} in {where}"
    return Fix(title, Applicability.SAFE, tuple(edits), tuple(needs))
