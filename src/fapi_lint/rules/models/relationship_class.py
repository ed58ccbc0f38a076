from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, fix_or_refusal
from fapi_lint.fix.pairing import quote_target
from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Relationship
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class
from fapi_lint.rules.rule import Finding, rule

MESSAGE = "`relationship` is given a class: name it as a string"


@rule("FAPI208", "relationship-class", fix=Applicability.SAFE, preference="What to AVOID")
def relationship_class(relationship: Relationship, project: Project) -> Iterator[Finding]:
    """`relationship(User)` needs the class where its name as a string would do.

    The class has to be imported when the module is, and two models that refer to each other import each other in a
    circle. SQLAlchemy looks a string up when the mappers are configured, when all models are there.

    Bad:
        ```python app/models/user.py
        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"
        ```
        ```python app/models/post.py
        import uuid

        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship

        from app.db.base_class import Base
        from app.models.user import User


        class Post(Base):
            __tablename__ = "post"

            author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), nullable=False)

            author: Mapped["User"] = relationship(User)
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
        ```python app/db/base.py
        from app.db.base_class import Base as Base
        from app.models.post import Post as Post
        from app.models.user import User as User
        ```

    Good:
        The other files stay as they are.

        ```python app/models/post.py
        import uuid
        from typing import TYPE_CHECKING

        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, mapped_column, relationship

        from app.db.base_class import Base

        if TYPE_CHECKING:
            from app.models.user import User


        class Post(Base):
            __tablename__ = "post"

            author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), nullable=False)

            author: Mapped["User"] = relationship("User")
        ```

    Fix safety:
        Safe: SQLAlchemy finds the same class. The import goes, or moves under `if TYPE_CHECKING:` for the
        annotations, if nothing else needs it and the related model is loaded all the same wherever this one is; else
        the argument alone changes.

    Options:
        `exempt`
    """
    if project.purposes.of(relationship.module) == "migration" or relationship.call is None:
        return
    argument = relationship.call.argument("argument", 0)
    if argument is None or not isinstance(argument.value, (o.Name, o.Attribute)):
        return
    symbol = project.resolver.resolve(relationship.scope, argument.value)
    if not isinstance(symbol, Class) or symbol not in project.models.by_class:
        return
    fix = fix_or_refusal(quote_target, relationship, argument, project)
    name = f"{relationship.owner.name}.{relationship.name}"
    yield Finding.of(relationship.module.place(argument.value), MESSAGE, fix, name)
