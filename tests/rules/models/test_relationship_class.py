"""FAPI208: classes given to relationships, and the imports that can go with them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from executed import BASE, relationships

from fapi_lint.testing import findings, fixed

USER = """\
from sqlalchemy import Column, Integer

from app.db.base_class import Base


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
"""
POST = """\
from sqlalchemy import Column, ForeignKey, Integer
from sqlalchemy.orm import Mapped, relationship

from app.db.base_class import Base
from app.models.user import User  # the writer


class Post(Base):
    __tablename__ = "posts"

    id = Column(Integer, primary_key=True)
    author_id = Column(ForeignKey("users.id"))
{body}"""
AUTHOR = "    author = relationship(User)\n"
HUB = {"app/db/base.py": "import app.models.post\nimport app.models.user\n"}
IMPORT = "from app.models.user import User"


def application(body: str, more: dict[str, str] | None = None) -> dict[str, str]:
    return {
        "app/db/base_class.py": BASE,
        "app/models/user.py": USER,
        "app/models/post.py": POST.format(body=body),
        **(more or {}),
    }


def post_after(files: dict[str, str], *entries: str) -> str:
    """The module of posts after the fix; what the entries load is configured before and after."""
    after = fixed(files, "FAPI208")
    for entry in entries:
        assert relationships(after, entry) == relationships(files, entry)
    return after["app/models/post.py"]


def test_the_import_goes_where_the_hub_loads_the_class() -> None:
    after = post_after(application(AUTHOR, HUB), "app.db.base")
    assert 'author = relationship("User")' in after
    assert IMPORT not in after


@pytest.mark.parametrize(
    "more",
    [
        {},
        HUB | {"app/main.py": "from fastapi import FastAPI\nfrom app.models.post import Post\n"},
        HUB | {"tests/test_post.py": "from app.models.post import Post\n"},
        {"app/db/base.py": "import app.models.post\n"},
    ],
)
def test_the_import_stays_where_nothing_else_is_sure_to_load_the_class(more: dict[str, str]) -> None:
    after = post_after(application(AUTHOR, more), "app.models.post")
    assert 'author = relationship("User")' in after
    assert IMPORT in after


def test_the_import_stays_for_other_uses() -> None:
    for use in (
        "    author = relationship(User, foreign_keys=[author_id], order_by=User.id)\n",
        "    author: Mapped[User] = relationship(User)\n",
    ):
        assert IMPORT in post_after(application(use, HUB), "app.db.base")
    assert (
        post_after(
            application("    author = relationship(User, primaryjoin='Post.author_id == User.id')\n", HUB)
        ).count(IMPORT)
        == 0
    )


def test_the_import_moves_for_annotations() -> None:
    body = """\
    author: Mapped["User"] = relationship(argument=User)
    mine: Mapped["User"] = relationship(User, viewonly=True)
"""
    after = post_after(application(body, HUB), "app.db.base")
    assert f"if TYPE_CHECKING:\n    {IMPORT}" in after
    assert 'relationship(argument="User")' in after
    evaluated = body + "\n\nclass PostOut(BaseModel):\n    author: 'User'\n"
    assert f"\n{IMPORT}" in post_after(application(evaluated, HUB))


def test_a_package_on_the_way_keeps_loading_it() -> None:
    files = application(
        AUTHOR.replace("User", "models.User"), {"app/models/__init__.py": "from app.models.user import User\n"}
    )
    files["app/models/post.py"] = files["app/models/post.py"].replace(
        f"{IMPORT}  # the writer", "from app import models"
    )
    after = post_after(files)
    assert 'author = relationship("User")' in after
    assert "from app import models" not in after


@pytest.mark.parametrize(
    "body",
    [
        '    author = relationship("User")\n',
        "    author = relationship(lambda: User)\n",
        '    author: Mapped["User"] = relationship()\n',
        "    author = relationship(aliased)\n",
    ],
)
def test_strings_and_callables_are_fine(body: str) -> None:
    assert findings(application(body, HUB), "FAPI208") == []


def test_classes_that_one_registry_maps() -> None:
    text = """
        from sqlalchemy import Column, ForeignKey, Integer
        from sqlalchemy.orm import registry, relationship

        maps = registry()
        Base = maps.generate_base()

        @maps.mapped
        class User:
            __tablename__ = "users"
            id = Column(Integer, primary_key=True)

        class Post(Base):
            __tablename__ = "posts"
            id = Column(Integer, primary_key=True)
            author_id = Column(ForeignKey("users.id"))
            author = relationship({target})
    """
    before, after = ({"app/models.py": text.replace("{target}", target)} for target in ("User", '"User"'))
    assert fixed(before, "FAPI208") == fixed(after, "FAPI208")


def test_a_name_that_two_models_bear_has_no_fix() -> None:
    files = application(AUTHOR, HUB | {"app/models/other.py": USER.replace('"users"', '"others"')})
    [found] = findings(files, "FAPI208")
    assert found.fix is None
    assert "several models are called `User`" in found.message


def test_a_model_that_gets_its_table_from_fastapi_users() -> None:
    text = """
        from fastapi_users.db import SQLAlchemyBaseUserTableUUID
        from sqlalchemy.orm import DeclarativeBase, relationship

        class Base(DeclarativeBase): ...
        class User(SQLAlchemyBaseUserTableUUID, Base): ...

        class Post(Base):
            __tablename__ = "posts"
            author = relationship(User)
    """
    assert 'author = relationship("User")' in fixed({"app/models.py": text}, "FAPI208")["app/models.py"]
