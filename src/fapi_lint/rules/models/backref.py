from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, fix_or_refusal
from fapi_lint.fix.pairing import pair_relationship
from fapi_lint.project.mapped import Relationship
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule

MESSAGE = "`backref` hides the other side of the relationship: write it out with `back_populates`"


@rule("FAPI205", "backref", fix=Applicability.SAFE, preference="Relationships")
def backref(relationship: Relationship, project: Project) -> Iterator[Finding]:
    """`backref` declares an attribute on another model, where it cannot be seen.

    Whoever reads the other model does not find the attribute there, nor do type checkers and editors. With
    `back_populates` both sides are written, each in its own model. Revisions of Alembic are left alone.

    Bad:
        ```python app/models/user.py
        from sqlalchemy import String
        from sqlalchemy.orm import Mapped, mapped_column

        from app.db.base_class import Base


        class User(Base):
            __tablename__ = "user"

            name: Mapped[str] = mapped_column(String(255), nullable=False)
        ```
        ```python app/models/post.py
        import uuid
        from typing import TYPE_CHECKING

        from sqlalchemy import ForeignKey
        from sqlalchemy.orm import Mapped, backref, mapped_column, relationship

        from app.db.base_class import Base

        if TYPE_CHECKING:
            from app.models.user import User


        class Post(Base):
            __tablename__ = "post"

            author_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("user.id"), nullable=False)

            author: Mapped["User"] = relationship("User", backref=backref("posts", cascade="all, delete-orphan"))
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

        ```python app/models/user.py
        from typing import TYPE_CHECKING

        from sqlalchemy import String
        from sqlalchemy.orm import Mapped, mapped_column, relationship

        from app.db.base_class import Base

        if TYPE_CHECKING:
            from app.models.post import Post


        class User(Base):
            __tablename__ = "user"

            name: Mapped[str] = mapped_column(String(255), nullable=False)
            posts: Mapped[list["Post"]] = relationship(
                back_populates="author", cascade="all, delete-orphan"
            )
        ```
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

            author: Mapped["User"] = relationship("User", back_populates="posts")
        ```

    Fix safety:
        Safe: the mappers have the same relationships afterwards. The written side says what the generated one took
        over: the arguments of `backref()`, secondary table, joins and foreign keys, viewonly, post_update,
        passive_updates and sync_backref. Where model, attribute, join or the loading of both modules is not certain,
        no fix is offered and the message says why.

    Options:
        `exempt`
    """
    argument = relationship.backref
    if argument is None or project.purposes.of(relationship.module) == "migration":
        return
    fix = fix_or_refusal(pair_relationship, relationship, project)
    name = f"{relationship.owner.name}.{relationship.name}"
    yield Finding.of(relationship.module.place(argument), MESSAGE, fix, name)
