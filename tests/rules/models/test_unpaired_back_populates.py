"""FAPI206: sides that do not name each other, and the many that need not."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from executed import BASE, relationships

from fapi_lint.testing import findings, fixed

FILE = """\
from sqlalchemy import Column, ForeignKey, Integer, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db.base_class import Base

link = Table("link", Base.metadata, Column("a", ForeignKey("users.id")), Column("b", ForeignKey("posts.id")))


class User(Base):
    __tablename__ = "users"

    id = Column(Integer, primary_key=True)
    favourite_id = Column(ForeignKey("posts.id", use_alter=True))
{user}

class Post(Base):
    __tablename__ = "posts"

    id = Column(Integer, primary_key=True)
    author_id = Column(ForeignKey("users.id"))
    editor_id = Column(ForeignKey("users.id"))
{post}"""
POSTS = "    posts = relationship('Post', foreign_keys='Post.author_id'{more})\n"
AUTHOR = "    author = relationship('User', foreign_keys=[author_id]{more})\n"


def application(user: str, post: str) -> dict[str, str]:
    return {"app/db/base_class.py": BASE, "app/models.py": FILE.format(user=user, post=post)}


def messages(user: str, post: str) -> list[str]:
    return [found.message for found in findings(application(user, post), "FAPI206")]


def partners(files: dict[str, str]) -> dict[str, list[str]]:
    return {name: found["partners"] for name, found in relationships(files, "app.models").items()}


@pytest.mark.parametrize("named", ["", ", back_populates='author'"])
def test_one_side_or_none_names_the_other(named: str) -> None:
    files = application(POSTS.format(more=named), AUTHOR.format(more=""))
    assert len(findings(files, "FAPI206")) == (1 if named else 2)
    after = fixed(files, "FAPI206")
    assert partners(after) == {"User.posts": ["Post.author"], "Post.author": ["User.posts"]}


def test_a_wrong_name_is_put_right_where_one_relationship_points_back() -> None:
    files = application(
        POSTS.format(more=", back_populates=(  # which?\n        'autor')"),
        AUTHOR.format(more=", back_populates='posts'"),
    )
    assert [found.message for found in findings(files, "FAPI206")] == [
        "`Post` has no relationship `autor`",
        "`User.posts` does not point back (no fix: it names `autor`)",
    ]
    after = fixed(files, "FAPI206")
    assert partners(after)["User.posts"] == ["Post.author"]
    assert messages(POSTS.format(more=", back_populates='autor'"), "") == [
        "`Post` has no relationship `autor` (no fix: which relationship of `Post` leads back is not certain)"
    ]


def test_a_side_that_names_another_is_left_to_people() -> None:
    user = POSTS.format(more=", back_populates='author'") + POSTS.format(more=", overlaps='posts'").replace(
        "posts =", "texts ="
    )
    assert messages(user, AUTHOR.format(more=", back_populates='texts'")) == [
        "`Post.author` does not point back (no fix: it names `texts`)",
        "`User.texts` does not point back with `back_populates`",
    ]


def test_another_key_is_no_other_side() -> None:
    """By name they look like a pair; the second goes over another key, or over a secondary table."""
    user = "    favourite = relationship('Post', foreign_keys=[favourite_id])\n"
    assert messages(user, AUTHOR.format(more="")) == []
    other = "    author = relationship('User', foreign_keys=[author_id], back_populates='posts')\n"
    [message] = messages("    posts = relationship('Post', secondary=link)\n", other)
    assert message.startswith("`User.posts` does not point back with `back_populates` (no fix: `posts` may not go over")


@pytest.mark.parametrize(
    ("user", "post"),
    [
        (POSTS.format(more=""), ""),
        (POSTS.format(more=", viewonly=True"), AUTHOR.format(more="")),
        (POSTS.format(more=", viewonly=True, back_populates='author'"), AUTHOR.format(more="")),
        (POSTS.format(more=""), AUTHOR.format(more=", viewonly=True")),
        (
            "    common = {'back_populates': 'author'}\n" + POSTS.format(more=", **common"),
            AUTHOR.format(more=", back_populates='posts'"),
        ),
        (POSTS.format(more=", **options()"), AUTHOR.format(more=", back_populates='posts'")),
        (POSTS.format(more=", back_populates=NAME"), AUTHOR.format(more=", back_populates='posts'")),
        (POSTS.format(more=", backref='author'"), ""),
        (
            POSTS.format(more=""),
            "    author = relationship('User', primaryjoin='and_(Post.author_id == User.id, User.id > 1)')\n",
        ),
        (
            POSTS.format(more=", back_populates='writer'"),
            "\nPost.writer = relationship('User', foreign_keys=[Post.author_id])\n",
        ),
        (POSTS.format(more=", back_populates='writer'"), "    writer = make_relationship()\n"),
        (
            "    posts = relationship('Post', secondary=link, back_populates='fans')\n",
            "    fans = relationship('User', secondary='link', back_populates='posts')\n",
        ),
    ],
)
def test_what_is_no_violation_or_not_known(user: str, post: str) -> None:
    assert messages(user, post) == []


def test_shared_arguments_are_seen_through_and_left_alone() -> None:
    common = "    common = {'back_populates': 'author'}\n"
    files = application(common + POSTS.format(more=", **common"), AUTHOR.format(more=""))
    [found] = findings(files, "FAPI206")
    assert files["app/models.py"].split("\n")[found.row - 1].startswith("    posts = ")
    assert partners(fixed(files, "FAPI206"))["Post.author"] == ["User.posts"]
    wrong = application(common.replace("author", "autor") + POSTS.format(more=", **common"), AUTHOR.format(more=""))
    [found] = findings(wrong, "FAPI206")
    assert found.message.endswith("(no fix: `posts` shares its arguments with others)")


def test_both_sides_over_one_secondary_table() -> None:
    files = application(
        "    posts = relationship('Post', secondary=link)\n", "    fans = relationship('User', secondary='link')\n"
    )
    assert partners(fixed(files, "FAPI206")) == {"User.posts": ["Post.fans"], "Post.fans": ["User.posts"]}


def test_a_model_that_refers_to_itself() -> None:
    post = (
        "    parent_id = Column(ForeignKey('posts.id'))\n"
        "    parent = relationship('Post', remote_side=[id])\n    children = relationship('Post')\n"
    )
    assert partners(fixed(application("", post), "FAPI206")) == {
        "Post.parent": ["Post.children"],
        "Post.children": ["Post.parent"],
    }
