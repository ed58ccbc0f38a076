from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix, Refusal
from fapi_lint.fix.imports import Spelling
from fapi_lint.fix.mapped import MappedTypes
from fapi_lint.fix.mapped_relationship import spell_relationship
from fapi_lint.outline import nodes as o
from fapi_lint.project.annotation import is_none, parse_annotation, union_members
from fapi_lint.project.class_body import ColumnOrder
from fapi_lint.project.mapped import Column, Relationship, allows_none
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class, External, Scope, Variable
from fapi_lint.project.value_types import value_type
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI210", "mapped-annotation", fix=Applicability.SAFE, preference="Database Models")
def mapped_annotation(project: Project, _: Project) -> Iterator[Finding]:
    """A relationship or `mapped_column` has no `Mapped[…]`, or one that contradicts `nullable=`.

    Without the annotation, type checkers take the attribute for anything at all. With `nullable=True` beside
    `Mapped[str]`, the database holds NULLs that the code believes impossible; with `nullable=False` beside
    `Mapped[str | None]`, the code guards against what cannot be.

    Bad:
        ```python app/models/post.py
        import uuid

        from sqlalchemy import ForeignKey, String
        from sqlalchemy.orm import Mapped, mapped_column, relationship

        from app.db.base_class import Base
        from app.models.user import User


        class Post(Base):
            __tablename__ = "post"

            title = mapped_column(String(80), nullable=False)
            subtitle: Mapped[str] = mapped_column(String(80), nullable=True)
            author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))

            author = relationship("User")

            def is_by(self, user: User) -> bool:
                return self.author_id == user.id
        ```
        ```python app/models/user.py
        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"
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

        ```python app/models/post.py
        import uuid

        from sqlalchemy import ForeignKey, String
        from sqlalchemy.orm import Mapped, mapped_column, relationship

        from app.db.base_class import Base
        from app.models.user import User


        class Post(Base):
            __tablename__ = "post"

            title: Mapped[str] = mapped_column(String(80), nullable=False)
            subtitle: Mapped[str | None] = mapped_column(String(80), nullable=True)
            author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"))

            author: Mapped["User"] = relationship("User")

            def is_by(self, user: User) -> bool:
                return self.author_id == user.id
        ```

    Fix safety:
        Safe: tables and relationships stay as they are. Where an annotation and `nullable=` contradict each other,
        SQLAlchemy follows `nullable=`, so the annotation changes. A relationship becomes `Mapped["X"]`,
        `Mapped["X | None"]` or `Mapped[list["X"]]` by its foreign key; where that, or the type of a column,
        is not certain, there is no fix.

    Options:
        `exempt`
    """
    if not project.models.has_mapped_columns:
        return
    types = MappedTypes(project)
    for class_ in project.models.mapping_classes:
        if not project.is_judged(class_.module) or not project.purposes.is_application(class_.module):
            continue
        if project.models.is_sqlmodel(class_):
            continue
        attributes: list[Column | Relationship] = [*project.models.columns_of(class_)]
        attributes += project.models.relationships_of(class_)
        order = ColumnOrder(project, class_)
        for attribute in sorted(attributes, key=lambda attribute: attribute.statement.start):
            yield from _check(attribute, project, types, order)


def _check(
    attribute: Column | Relationship, project: Project, types: MappedTypes, order: ColumnOrder
) -> Iterator[Finding]:
    name = f"{attribute.owner.name}.{attribute.name}"
    if _is_missing(attribute, project):
        fix = _annotate(attribute, project, types, order)
        message = f"`{name}` has no `Mapped[…]`"
    elif isinstance(attribute, Column) and (nullable := _contradiction(attribute, project)) is not None:
        fix = _follow(attribute, nullable, types)
        message = f"`{name}` has `nullable={nullable}`, and its annotation says otherwise"
    else:
        return
    yield Finding.of(attribute.place, message, fix, name)


def _is_missing(attribute: Column | Relationship, project: Project) -> bool:
    """Whether SQLAlchemy's own function makes the attribute, and no annotation stands before it."""
    if attribute.call is None or not isinstance(attribute.statement, o.Assign):
        return False
    symbol = project.resolver.external(attribute.scope, attribute.call.func)
    return symbol is not None and symbol.is_from("sqlalchemy", "mapped_column", "relationship", "relation")


def _annotate(
    attribute: Column | Relationship, project: Project, types: MappedTypes, order: ColumnOrder
) -> Fix | Refusal:
    """`Mapped[…]` for an attribute without."""
    statement, class_ = attribute.statement, attribute.owner
    assert isinstance(statement, o.Assign)
    if statement.value is not attribute.call:
        return Refusal("something is wrapped around it")
    if len(statement.targets) > 1:
        return Refusal("it has several names")
    if statement.targets[0].start != statement.start:
        return Refusal("its name stands in parentheses")
    users = project.models.users_of(class_)
    if any(project.models.is_dataclass(found) for found in [class_, *(model.class_ for model in users)]):
        return Refusal("in a dataclass it would become an argument of `__init__`")
    if isinstance(attribute, Relationship):
        mapped: Spelling | str | None = spell_relationship(project, attribute, types)
    else:
        type_, optional = value_type(project, attribute), allows_none(attribute)
        if type_ is None:
            return Refusal("the Python type of its values is not certain")
        if optional is None:
            return Refusal("whether it may be NULL is not certain")
        unnoted = [c.name for c in project.models.columns_of(class_) if isinstance(c.statement, o.Assign)]
        if not order.is_kept(frozenset([attribute.name])) or not order.is_kept(frozenset(unnoted)):
            return Refusal("the columns of the table would change their order")
        mapped = types.mapped(class_, type_, optional=optional)
    if mapped is None:
        return Refusal("the name of its Python type means something else here")
    if isinstance(mapped, str):
        return Refusal(mapped)
    end = statement.targets[0].end
    edit = Edit(class_.module.path, end, end, f": {mapped.text}")
    return Fix(f"Annotate `{class_.name}.{attribute.name}`", Applicability.SAFE, (edit,), mapped.needs)


def _contradiction(column: Column, project: Project) -> bool | None:
    """What `nullable=` says, if the annotation surely says something else."""
    said = o.dotted(column.call.given("nullable")) if column.call is not None else ""
    if said not in ("True", "False") or column.mapped_type is None:
        return None
    members = union_members(column.mapped_type)
    optional = any(is_none(m) for m in project.resolver.union_members(column.scope, column.mapped_type))
    if not optional and not all(_is_plain(member, column.scope, project) for member in members):
        return None
    return said == "True" if optional != (said == "True") else None


def _is_plain(node: o.Node, scope: Scope, project: Project) -> bool:
    """A class, with or without arguments, or `Annotated` by its alias: nothing that may stand for an optional."""
    if is_none(node):
        return False
    symbol = project.resolver.resolve(scope, node.value if isinstance(node, o.Subscript) else node)
    if isinstance(symbol, Variable) and isinstance(symbol.value, o.Subscript):
        wrapper, first = project.resolver.external(symbol.scope, symbol.value.value), symbol.value.items[0]
        named = wrapper is not None and wrapper.name == "Annotated"
        return named and all(_is_plain(member, symbol.scope, project) for member in union_members(first))
    standard = ("builtins", "datetime", "decimal", "uuid")
    return isinstance(symbol, Class) or (isinstance(symbol, External) and symbol.package in standard)


def _follow(column: Column, nullable: bool, types: MappedTypes) -> Fix | Refusal:
    """The annotation says what the column is."""
    file, written = column.module, column.mapped_type
    parsed = parse_annotation(written)
    assert written is not None
    if parsed is None or file.slice(parsed) != file.slice(parsed).strip("'\""):
        return Refusal("its annotation is not plain text")
    old, drops = file.slice(parsed), ()
    quoted = parsed is not written or isinstance(column.annotation, o.String)
    if nullable:
        new = Spelling(f"{old} | None") if quoted else types.optional(column.owner, Spelling(old))
    else:
        members = [member for member in union_members(parsed) if not is_none(member)]
        if len(members) == 1 and isinstance(members[0], o.Subscript) and len(union_members(parsed)) == 1:
            drops = (DropsImport(file.path, o.dotted(members[0].value)),)  # type: ignore[assignment]
            members = [item for item in members[0].items if not is_none(item)]
            if len(members) > 1:
                return Refusal("its annotation is a union of several types")
        new = Spelling(" | ".join(file.slice(member) for member in members))
    edit = Edit(file.path, parsed.start, parsed.end, new.text)
    title = f"Let the annotation of `{column.owner.name}.{column.name}` follow `nullable={nullable}`"
    return Fix(title, Applicability.SAFE, (edit,), new.needs, drops)
