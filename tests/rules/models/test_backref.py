"""FAPI205: what is found, what is written, and that the mappers do not see a difference."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from executed import BASE, relationships

from fapi_lint.testing import findings, fixed

HEAD = """\
import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey, Integer, Table, and_
from sqlalchemy.orm import Mapped, backref, foreign, mapped_column, relationship

from app.db.base_class import Base
"""
USER = "\n\nclass User(Base):\n    __tablename__ = 'users'\n\n    id = Column(Integer, primary_key=True)\n"
POST = (
    "\n\nclass Post(Base):\n    __tablename__ = 'posts'\n\n    id = Column(Integer, primary_key=True)\n"
    "    author_id = Column(ForeignKey('users.id'), nullable=False)\n"
    "    editor_id = Column(ForeignKey('users.id'))\n"
)
HUB = "import app.models.post\nimport app.models.user\n"


def application(user: str, post: str) -> dict[str, str]:
    return {
        "app/db/base_class.py": BASE,
        "app/db/base.py": HUB,
        "app/models/user.py": HEAD + USER + user,
        "app/models/post.py": HEAD + POST + post,
    }


def small(post: str, user: str = "") -> dict[str, str]:
    """Two models with a single foreign key between them."""
    files = application(user, post)
    files["app/models/post.py"] = files["app/models/post.py"].replace(
        "    editor_id = Column(ForeignKey('users.id'))\n", ""
    )
    return files


def assert_same(files: dict[str, str], *imports: str) -> dict[str, str]:
    """Fix, execute both, compare; the answer is the fixed application."""
    imports = imports or ("app.db.base",)
    after = fixed(files, "FAPI205")
    assert "backref" not in "".join(after.values()).replace("Mapped, backref, foreign", "")
    assert relationships(after, *imports) == relationships(files, *imports)
    return after


def reason(files: dict[str, str]) -> str:
    """Why there is no fix."""
    [found] = findings(files, "FAPI205")
    assert found.fix is None
    return found.message.partition("(no fix: ")[2].removesuffix(")")


def test_the_finding_is_at_the_argument() -> None:
    files = small("    author = relationship(\n        'User',\n        backref='posts',\n    )\n")
    [found] = findings(files, "FAPI205")
    row = files["app/models/post.py"].split("\n").index("        backref='posts',") + 1
    assert (found.at, found.column) == (("app/models/post.py", row), 9)


def test_the_written_side_follows_the_style_of_its_class() -> None:
    user = "    name: Mapped[str]\n"
    after = assert_same(small("    author = relationship('User', backref='posts')\n", user))
    assert "    posts: Mapped[list['Post']] = relationship(back_populates='author')\n" in after["app/models/user.py"]
    assert "if TYPE_CHECKING:\n    from app.models.post import Post\n" in after["app/models/user.py"]
    after = assert_same(small("    author = relationship('User', backref='posts')\n"))
    assert "    posts = relationship('Post', back_populates='author')\n" in after["app/models/user.py"]
    assert "TYPE_CHECKING" not in after["app/models/user.py"]


def test_a_scalar_side_is_optional_if_the_key_is_nullable() -> None:
    post = "    title: Mapped[str]\n"
    user = "    posts = relationship('Post', backref='author', foreign_keys='Post.author_id')\n"
    edited = "    edited = relationship('Post', backref='editor', foreign_keys='Post.editor_id')\n"
    after = assert_same(application(user + edited, post))["app/models/post.py"]
    assert (
        "author: Mapped['User'] = relationship(\n        back_populates='posts', foreign_keys='Post.author_id'" in after
    )
    assert "editor: Mapped['User | None'] = relationship(" in after


def test_many_backrefs_land_in_one_class_in_order() -> None:
    post = "".join(
        f"    {name} = relationship('User', foreign_keys=[{name}_id], backref='{name}_posts')\n"
        for name in ("author", "editor")
    )
    for index in range(12):
        post += f"    k{index}_id = Column(ForeignKey('users.id'))\n"
        post += f"    k{index} = relationship('User', foreign_keys=k{index}_id, backref='r{index}')\n"
    after = assert_same(application("", post))["app/models/user.py"]
    written = [line.split(" = ")[0].strip() for line in after.splitlines() if "= relationship(" in line]
    assert written == ["author_posts", "editor_posts", *(f"r{index}" for index in range(12))]


def test_comments_of_a_backref_call_move_with_its_arguments() -> None:
    post = """\
    author = relationship(
        'User',
        backref=backref(
            'posts',  # what they wrote
            cascade='all, delete-orphan',  # noqa: E501
        ),  # the writer
    )
"""
    after = assert_same(small(post))
    assert "        back_populates='posts',  # the writer\n" in after["app/models/post.py"]
    assert "    # what they wrote\n    posts = relationship(" in after["app/models/user.py"]


def test_secondary_is_a_name_where_the_variable_is_elsewhere() -> None:
    table = (
        "\n\nliked = Table('liked_posts', Base.metadata, Column('user_id', ForeignKey('users.id'), primary_key=True),"
        " Column('post_id', ForeignKey('posts.id'), primary_key=True))\n"
    )
    files = small("    fans = relationship('User', secondary=liked, backref='likes')\n")
    files["app/models/post.py"] = files["app/models/post.py"].replace(POST[:8], table + POST[:8])
    after = assert_same(files)
    assert "likes = relationship('Post', back_populates='fans', secondary='liked_posts')" in after["app/models/user.py"]


def test_a_secondary_table_that_is_called_like_the_relationship() -> None:
    table = (
        "\n\nfriends = Table('friends', Base.metadata, Column('left_id', ForeignKey('users.id'), primary_key=True),"
        " Column('right_id', ForeignKey('users.id'), primary_key=True))\n"
    )
    joins = "primaryjoin='User.id == friends.c.left_id', secondaryjoin='User.id == friends.c.right_id'"
    user = f"    friends = relationship('User', secondary=friends, {joins}, backref='admirers')\n"
    files = application(user, "")
    files["app/models/user.py"] = files["app/models/user.py"].replace(USER[:8], table + USER[:8])
    after = assert_same(files)["app/models/user.py"]
    assert "friends = relationship('User', secondary=friends," in after
    assert "secondary='friends'" in after


def test_the_module_of_backref_goes_where_nothing_else_needs_it() -> None:
    files = small("    author = relationship('User', backref=orm.backref('posts', lazy='selectin'))\n")
    files["app/models/post.py"] = "from sqlalchemy import orm\n" + files["app/models/post.py"]
    assert "import orm" not in assert_same(files)["app/models/post.py"]


def test_lists_are_spelled_as_the_file_does() -> None:
    user = "    name: Mapped[str]\n    tags: Mapped[%s['Tag']] = relationship()\n"
    for spelled in ("list", "List"):
        files = small("    author = relationship('User', backref='posts')\n", user % spelled)
        files["app/models/user.py"] = "from typing import List\n" + files["app/models/user.py"]
        assert f"posts: Mapped[{spelled}['Post']]" in fixed(files, "FAPI205")["app/models/user.py"]


@pytest.mark.parametrize(
    ("place", "after"),
    [
        ("app/models/post.py", "'blog.liked_posts'"),
        ("app/models/user.py", "liked"),
        ("app/links.py", "'blog.liked_posts'"),
    ],
)
def test_secondary_in_metadata_with_a_schema(place: str, after: str) -> None:
    table = (
        "\n\nliked = Table('liked_posts', Base.metadata, Column('user_id', ForeignKey('blog.users.id')),"
        " Column('post_id', ForeignKey('blog.posts.id')))\n"
    )
    files = small("    fans = relationship('User', secondary=liked, backref='likes')\n")
    files = {path: text.replace("ForeignKey('users", "ForeignKey('blog.users") for path, text in files.items()}
    files["app/db/base_class.py"] = "from sqlalchemy import MetaData\n" + BASE.replace(
        "pass", "metadata = MetaData(schema='blog')"
    )
    rest = files.get(place, HEAD).removeprefix(HEAD)
    files[place] = HEAD + table + rest
    if place != "app/models/post.py":
        name = place.removesuffix(".py").replace("/", ".")
        files["app/models/post.py"] = f"from {name} import liked\n" + files["app/models/post.py"]
    text = assert_same(files)["app/models/user.py"]
    assert f"likes = relationship('Post', back_populates='fans', secondary={after})" in text


def test_an_expression_becomes_a_string_with_qualified_names() -> None:
    join = "sa.and_(User.id == foreign(author_id), id > 3)"
    files = small(f"    author = relationship('User', primaryjoin={join}, backref='posts')\n")
    files["app/models/post.py"] = files["app/models/post.py"].replace(HEAD, HEAD + "from app.models.user import User\n")
    after = assert_same(files)["app/models/user.py"]
    assert "'and_(User.id == foreign(Post.author_id), Post.id > 3)'" in after
    files = small("    author = relationship('User', primaryjoin=somewhere(author_id), backref='posts')\n")
    assert reason(files) == "somewhere cannot be written in a string"


def test_options_of_the_other_side_bring_their_imports() -> None:
    ordered = "    author = relationship('User', backref=backref('posts', collection_class=ordering_list('id')))\n"
    files = small(ordered)
    imported = "from sqlalchemy.ext.orderinglist import ordering_list\n"
    files["app/models/post.py"] = imported + files["app/models/post.py"]
    after = fixed(files, "FAPI205")["app/models/user.py"]
    assert imported in after
    assert (
        "    posts = relationship(\n        'Post', back_populates='author', collection_class=ordering_list('id')"
        in after
    )
    files["app/models/post.py"] = files["app/models/post.py"].replace(imported, "def ordering_list(name): ...\n")
    assert reason(files) == "ordering_list means something in app.models.post only"


def test_a_mixin_of_one_model_has_its_other_side_written() -> None:
    mixin = (
        "from sqlalchemy.orm import declared_attr\n\n\nclass Owned:\n    @declared_attr\n    def owner_id(cls):\n"
        "        return Column(ForeignKey('users.id'))\n\n    @declared_attr\n    def owner(cls):\n"
        "        return relationship('User', foreign_keys=[cls.owner_id], backref='owned')\n"
    )
    files = application("", "")
    post = files["app/models/post.py"].replace("class Post(Base)", "class Post(Owned, Base)")
    files["app/models/post.py"] = post.replace(HEAD, HEAD + mixin)
    after = assert_same(files)
    assert (
        "owned = relationship('Post', back_populates='owner', foreign_keys='Post.owner_id')"
        in after["app/models/user.py"]
    )
    second = "\n\nclass Page(Owned, Base):\n    __tablename__ = 'pages'\n    id = Column(Integer, primary_key=True)\n"
    files["app/models/post.py"] += second
    assert reason(files) == "several models inherit `Owned`"


@pytest.mark.parametrize(
    ("post", "user", "why"),
    [
        ("    author = relationship('User', backref=NAME)\n", "", "the name of the backref is computed"),
        ("    author = relationship('User', backref='posts', **MORE)\n", "", "not all arguments of the relationship"),
        (
            "    author = relationship('User', backref=backref('posts', **MORE))\n",
            "",
            "not all arguments of `backref()`",
        ),
        ("    author = relationship('Usr', backref='posts')\n", "", "the related model is not certain"),
        ("    author = relationship('User', backref='posts')\n", "    posts = []\n", "`User` has `posts` already"),
        ("    author = relationship('User', backref='class')\n", "", '"class" cannot be written as an attribute'),
        (
            "    author = relationship('User', backref='ForeignKey')\n",
            "    boss_id = Column(ForeignKey('users.id'))\n",
            "`ForeignKey` means something else in the body of `User`",
        ),
    ],
)
def test_what_is_not_certain_has_no_fix(post: str, user: str, why: str) -> None:
    assert reason(small(post, user)).startswith(why)


def test_two_keys_and_no_hint_have_no_fix() -> None:
    files = application("", "    author = relationship('User', backref='posts')\n")
    assert reason(files) == "several foreign keys join `Post` and `User`"


def test_a_model_that_is_not_loaded_with_the_other_has_no_fix() -> None:
    files = small("    author = relationship('User', backref='posts')\n")
    files["app/main.py"] = "from fastapi import FastAPI\n\nfrom app.models.user import User\n\napp = FastAPI()\n"
    assert reason(files).startswith("`app.models.post` is not imported everywhere `app.models.user` is")
    files["app/main.py"] += "\nfrom app.db import base\n"
    assert_same(files)


def test_revisions_and_other_backrefs_are_left_alone() -> None:
    files = small("    note = Column(sa.String(10), comment='backref')  # backref='x'\n")
    files["alembic/versions/1.py"] = files["app/models/post.py"] + "    user = relationship('User', backref='x')\n"
    assert findings(files, "FAPI205") == []


def test_inheritance() -> None:
    people = """

class Person(Base):
    __tablename__ = 'people'
    __mapper_args__ = {'polymorphic_on': 'kind', 'polymorphic_identity': 'person'}

    id = Column(Integer, primary_key=True)
    kind = Column(sa.String(10))


class Employee(Person):
    __tablename__ = 'employees'
    __mapper_args__ = {'polymorphic_identity': 'employee'}

    id = Column(ForeignKey('people.id'), primary_key=True)
    company_id = Column(ForeignKey('companies.id'))
    company = relationship('Company', backref='employees')


class Guest(Person):
    __mapper_args__ = {'polymorphic_identity': 'guest'}

    host_id = Column(ForeignKey('employees.id'))
    host = relationship('Employee', foreign_keys=[host_id], backref='guests')


class Company(Base):
    __tablename__ = 'companies'

    id = Column(Integer, primary_key=True)
"""
    files = {"app/db/base_class.py": BASE, "app/models/people.py": HEAD + people}
    after = assert_same(files, "app.models.people")["app/models/people.py"]
    assert "    employees = relationship('Employee', back_populates='company')\n" in after
    assert "    guests = relationship('Guest', back_populates='host', foreign_keys='Guest.host_id')\n" in after


def test_an_attribute_of_a_dataclass_would_be_a_field() -> None:
    files = small("    author = relationship('User', backref='posts')\n")
    files["app/db/base_class.py"] = BASE.replace("(DeclarativeBase)", "(MappedAsDataclass, DeclarativeBase)").replace(
        "import DeclarativeBase", "import DeclarativeBase, MappedAsDataclass"
    )
    assert reason(files).startswith("`User` is a dataclass")


# --- any formatting --------------------------------------------------------------------------------

LINK = (
    "\n\nlink = Table('link', Base.metadata, Column('left_id', ForeignKey('posts.id'), primary_key=True),"
    " Column('right_id', ForeignKey('{right}.id'), primary_key=True))\n"
)
FORMS = {
    "many-to-one": (
        "Post",
        ["'User'"],
        [
            {
                "foreign_keys": [
                    "[author_id]",
                    "author_id",
                    "'Post.author_id'",
                    "lambda: [Post.author_id]",
                    "(author_id,)",
                ]
            },
            {"primaryjoin": ["'Post.author_id == User.id'", "'User.id == foreign(Post.author_id)'"]},
        ],
    ),
    "one-to-many": (
        "User",
        ["'Post'", "lambda: sys.modules['app.models.post'].Post"][:1],
        [
            {"foreign_keys": ["'Post.author_id'", "'[Post.author_id]'"]},
            {"primaryjoin": ["'User.id == Post.author_id'", "'and_(User.id == foreign(Post.author_id), Post.id > 3)'"]},
        ],
    ),
    "many-to-many": ("Post", ["'User'"], [{"secondary": ["link", "'link'", "lambda: link"]}]),
    "self many-to-one": (
        "Post",
        ["'Post'", "lambda: Post"],
        [{"remote_side": ["[id]", "id", "'Post.id'", "lambda: Post.id"]}],
    ),
    "self one-to-many": (
        "Post",
        ["'Post'", "lambda: Post"],
        [{}, {"primaryjoin": ["parent_id == id", "'Post.id == Post.parent_id'"]}],
    ),
    "self many-to-many": (
        "Post",
        ["'Post'"],
        [
            {
                "secondary": ["link", "'link'"],
                "primaryjoin": ["id == link.c.left_id", "'Post.id == link.c.left_id'"],
                "secondaryjoin": ["id == link.c.right_id", "lambda: Post.id == link.c.right_id"],
            }
        ],
    ),
}
OPTIONS = {
    "cascade": ["'all'", '"save-update"'],
    "lazy": ["'selectin'", "'raise'"],
    "passive_deletes": ["True", "'all'"],
    "info": ["{'a': (1, 2)}", "dict(a=1)"],
    "doc": ["'it''s \"fine\"'"],
}
FLAGS = {"post_update": ["True"], "passive_updates": ["False"], "viewonly": ["True"], "lazy": ["'joined'"]}


@st.composite
def calls(draw: st.DrawFn) -> tuple[str, str, str]:
    """A form, the model that the relationship stands in, and the statement."""
    form = draw(st.sampled_from(sorted(FORMS)))
    model, targets, hints = FORMS[form]
    arguments = {name: draw(st.sampled_from(texts)) for name, texts in draw(st.sampled_from(hints)).items()}
    flags = draw(st.lists(st.sampled_from(sorted(FLAGS)), unique=True, max_size=2))
    arguments |= {name: draw(st.sampled_from(FLAGS[name])) for name in flags}
    options = draw(st.lists(st.sampled_from(sorted(OPTIONS)), unique=True, max_size=3))
    if "viewonly" in flags:
        options = [name for name in options if name not in ("cascade", "passive_deletes")]
        arguments.pop("passive_updates", None), arguments.pop("post_update", None)
    written = [f"{name}={draw(st.sampled_from(OPTIONS[name]))}" for name in options]
    if "cascade" in options and "passive_deletes" in options:
        written = written[:1]
    if form == "self one-to-many":
        written.append(f"remote_side={draw(st.sampled_from(['[id]', 'id', repr('Post.id'), 'lambda: [Post.id]']))}")
    if form == "many-to-one" and draw(st.booleans()):
        written.append("uselist=False")
    gap, comma, equals = draw(
        st.sampled_from([(", ", "", "="), (",\n            ", ",", "="), ("  , # a, b)\n  ", "", " = ")])
    )
    name = draw(st.sampled_from(["'others'", '"others"', "'oth' 'ers'", "('others')"]))
    if written or draw(st.booleans()):
        # Arguments in parentheses come with comments and line ends of all kinds.
        value = f"backref({gap.join([name, *written])}{comma}{' # end' + chr(10) if draw(st.booleans()) else ''})"
    else:
        value = name
    texts = [f"{key}{equals}{text}" for key, text in {**arguments, "backref": value}.items()]
    texts = draw(st.permutations(texts))
    target = draw(st.sampled_from(targets))
    texts = [*texts, f"argument={target}"] if draw(st.booleans()) else [target, *texts]
    head = draw(st.sampled_from(["", "  # first\n        ", "\n        "]))
    return form, model, f"    other = relationship({head}{gap.join(texts)}{comma})\n"


@settings(max_examples=60, deadline=None)
@given(calls(), st.booleans(), st.booleans(), st.booleans())
def test_the_mappers_see_no_difference(call: tuple[str, str, str], annotated: bool, one_file: bool, crlf: bool) -> None:
    form, model, statement = call
    own = {"User": "", "Post": ""}
    if annotated:
        own = dict.fromkeys(own, "    name: Mapped[str]\n")
    own["Post"] += "    parent_id = Column(ForeignKey('posts.id'))\n" if form.startswith("self") else ""
    own[model] += statement
    files = (
        small(own["Post"], own["User"]) if "foreign_keys" not in statement else application(own["User"], own["Post"])
    )
    table = LINK.format(right="posts" if form.startswith("self") else "users")
    if "many-to-many" in form:
        files["app/models/post.py"] = files["app/models/post.py"].replace(HEAD, HEAD + table)
    if one_file:
        user = files["app/models/user.py"].removeprefix(HEAD)
        files["app/models/post.py"] += user
        files["app/models/user.py"] = "import app.models.post\n"
    if crlf:
        files = {path: text.replace("\n", "\r\n") for path, text in files.items()}
    assert [found.message for found in findings(files, "FAPI205") if found.fix is None] == []
    assert_same(files)
