from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix, Refusal, fix_or_refusal
from fapi_lint.fix.pairing import name_other_side
from fapi_lint.project.mapped import Model, Relationship
from fapi_lint.project.pairing import is_open
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place


@rule("FAPI206", "unpaired-back-populates", fix=Applicability.SAFE, preference="Relationships")
def unpaired_back_populates(relationship: Relationship, project: Project) -> Iterator[Finding]:
    """Two sides of a relationship do not name each other with `back_populates`.

    SQLAlchemy refuses a `back_populates` that names nothing. Where only one side names the other, or none does, a
    change on one side is not seen on the other until the next flush and refresh, and both may write the same column.
    A relationship in one direction only is fine, and so is one with `viewonly=True`.

    Bad:
        ```python app/models/user.py
        from typing import TYPE_CHECKING

        from sqlalchemy.orm import Mapped, relationship

        from app.db.base_class import Base

        if TYPE_CHECKING:
            from app.models.post import Post


        class User(Base):
            __tablename__ = "user"

            posts: Mapped[list["Post"]] = relationship("Post")
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

        from sqlalchemy.orm import Mapped, relationship

        from app.db.base_class import Base

        if TYPE_CHECKING:
            from app.models.post import Post


        class User(Base):
            __tablename__ = "user"

            posts: Mapped[list["Post"]] = relationship("Post", back_populates="author")
        ```

    Fix safety:
        Safe: tables and queries stay as they are, and what is set on one side is seen on the other at once. Offered
        where the other side is certain: the one relationship that leads back over the same key.

    Options:
        `exempt`
    """
    if project.purposes.of(relationship.module) == "migration" or not is_open(relationship):
        return
    if relationship.back_populates is None:
        yield from _unnamed(relationship, project)
    elif relationship.back_populates_name is not None and relationship.target_model is not None:
        yield from _misnamed(relationship, relationship.back_populates_name, relationship.target_model, project)


def _misnamed(relationship: Relationship, name: str, target: Model, project: Project) -> Iterator[Finding]:
    """`back_populates` names nothing, or something that does not point back."""
    at = relationship.argument_place("back_populates")
    other = target.relationships.get(name)
    counterparts = project.pairings.counterparts(relationship)
    if other is None:
        if project.pairings.may_have(target, name):
            return
        message = f"`{target.name}` has no relationship `{name}`"
        pointing = [c for c in counterparts if c.back_populates_name in (None, relationship.name)]
        certain = pointing[0] if len(pointing) == len(counterparts) == 1 else None
        why = f"which relationship of `{target.name}` leads back is not certain"
    elif not is_open(other) or other.back_populates_name == relationship.name:
        return
    elif other.back_populates is None:
        message = f"`{target.name}.{name}` does not point back with `back_populates`"
        certain = other if other in counterparts else None
        why = f"`{name}` may not go over the same foreign key"
    elif other.back_populates_name is None:
        return
    else:
        message = f"`{target.name}.{name}` does not point back"
        certain, why = None, f"it names `{other.back_populates_name}`"
    yield _finding(at, message, relationship, certain, why)


def _unnamed(relationship: Relationship, project: Project) -> Iterator[Finding]:
    """Another relationship leads back over the same key, and neither names the other."""
    counterparts = project.pairings.counterparts(relationship)
    if len(counterparts) != 1 or counterparts[0].back_populates is not None:
        return
    other = counterparts[0]
    if project.pairings.counterparts(other) != [relationship]:
        return
    message = f"`{other.owner.name}.{other.name}` is the other side: name it with `back_populates`"
    yield _finding(relationship.place, message, relationship, other, "")


def _finding(at: Place, message: str, relationship: Relationship, other: Relationship | None, why: str) -> Finding:
    """With the fix that lets the two name each other, if `other` is certain and can be written to."""
    fix = Refusal(why) if other is None else fix_or_refusal(_pair, relationship, other)
    return Finding.of(at, message, fix, f"{relationship.owner.name}.{relationship.name}")


def _pair(relationship: Relationship, other: Relationship) -> Fix:
    edits = [
        name_other_side(side, partner.name)
        for side, partner in ((relationship, other), (other, relationship))
        if side.back_populates_name != partner.name
    ]
    names = [f"`{side.owner.name}.{side.name}`" for side in (relationship, other)]
    return Fix(f"Let {' and '.join(names)} name each other", Applicability.SAFE, tuple(edits))
