"""SQL that is text, rows and objects as a whole: what a UUID does not go with there."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

MODELS = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
"""
HEAD = """
import json

from sqlalchemy import String, cast, insert, select, text
from sqlalchemy.orm import Session

from app.models import Post, User


def run(db: Session, user: User, ids: str, URL="{url}"):
"""


def reason(code: str, url: str = "postgresql://host/app") -> str:
    """What stands in the way of the keys of users and posts; empty if nothing does."""
    work = HEAD.replace("{url}", url) + f"    {code}\n"
    found = findings({"app/models.py": MODELS, "app/work.py": work}, "FAPI201")
    assert len(found) == 2
    return "; ".join(f.message.partition("(no fix: ")[2] for f in found if f.fix is None)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("db.execute(text(f'SELECT name FROM users WHERE id = {user.id}'))", "text that is put together"),
        ("db.execute(text(f'DELETE FROM users ' f'WHERE id IN ({ids})'))", "text that is put together"),
        ("db.execute(text('SELECT name FROM users WHERE id = %s' % user.id))", "text that is put together"),
        ("db.execute(text('SELECT name FROM users WHERE id = {id}'.format(id=user.id)))", "text that is put together"),
        ("db.execute(text('UPDATE posts SET author_id = 1'))", "a number"),
        ("db.execute(text('INSERT INTO posts (id, author_id) VALUES (:id, 7)'), {'id': 1})", "a number"),
        ("db.execute(text('INSERT INTO users VALUES (:id)'), {'id': user.id})", "a row without a key"),
        ("db.execute(text(\"INSERT INTO users (name) VALUES ('a')\"))", "a row without a key"),
        ("db.execute(text('INSERT INTO users (name) SELECT title FROM drafts'))", "a row without a key"),
        ("db.execute(text('SELECT name FROM users WHERE id = ANY(CAST(:ids AS int[]))'))", "a cast"),
        ("db.execute(text('SELECT name FROM users WHERE id = :id::bigint'))", "a cast"),
        ("db.execute(text('SELECT max(u.id) FROM users u'))", "a function of numbers"),
        ("db.execute(text('SELECT name FROM users WHERE id % 2 = 0'))", "a calculation"),
        ("db.execute(text(\"SELECT nextval('users_id_seq')\"))", "`users_id_seq`, the sequence of integers"),
        ("db.execute(insert(Post).from_select(['author_id'], select(User.id)))", "one new key for all rows"),
        ("json.dumps([dict(r._mapping) for r in db.execute(text('SELECT u.id FROM users u'))])", "`dumps`"),
        ("json.dumps({c.name: getattr(user, c.name) for c in user.__table__.columns})", "`dumps`"),
        ("json.dumps({k: v for k, v in user.__dict__.items() if k[0] != '_'})", "`dumps`"),
        ("json.dumps(getattr(user, 'id'))", "`dumps`"),
        ("json.dumps([r[1] for r in db.execute(text('SELECT name, id AS key FROM users'))])", "`dumps`"),
    ],
)
def test_what_a_uuid_does_not_go_with(code: str, said: str) -> None:
    assert said in reason(code)


BOUND = "db.execute(text('SELECT name FROM users WHERE id = :id'), {'id': user.id})"
READ = "db.execute(text('SELECT * FROM users'))"
INSERTED = "db.execute(text('INSERT INTO users (id, name) VALUES (:id, :name)'), {'id': user.id})"
AS_TEXT = "db.execute(select(User.name).where(cast(User.id, String) == ids))"


@pytest.mark.parametrize("code", [BOUND, READ, INSERTED, AS_TEXT])
def test_sqlite_has_uuids_as_text(code: str) -> None:
    """PostgreSQL has a type for them, in statements of every kind."""
    assert "SQLite" in reason(code, "sqlite:///app.db")
    assert reason(code) == ""


@pytest.mark.parametrize(
    "code",
    [
        "db.execute(text('SELECT count(*) FROM posts JOIN users ON posts.author_id = users.id'))",
        "db.execute(text('SELECT name FROM others WHERE id = 1'))",
        "print({c.name: getattr(user, c.name) for c in user.__table__.columns})",
        "json.dumps({'name': getattr(user, 'name')})",
        "print(f'could not update users where id = {user.id}')",
        "db.execute(insert(Post).from_select(['id', 'author_id'], select(Post.id, Post.author_id)))",
    ],
)
def test_what_is_fine(code: str) -> None:
    assert reason(code, "sqlite:///app.db") == ""


LOG = """

class Log(Base):
    __tablename__ = "logs"
    slug: Mapped[str] = mapped_column(String(20), primary_key=True)
    key: Mapped[str] = mapped_column(String(40))
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("Log(slug=str(user.id))", "`Log.slug`, which is too short for a UUID,"),
        ("log.slug = f'{user.id}'", "`Log.slug`, which is too short for a UUID,"),
        ("db.execute(update(Log).values(slug=str(user.id)))", "`Log.slug`, which is too short for a UUID,"),
        ("Log(key=f'users:{user.id}')", "`Log.key`, which is too short for a UUID,"),
        ("Log(key=f'u:{user.id}')", ""),
        ("Log(slug=str(user.name), key=str(user.id))", ""),
    ],
)
def test_columns_of_text_for_integers(code: str, said: str) -> None:
    head = "from sqlalchemy import update\nfrom app.models import Log, User\n\n\n"
    work = f"{head}def run(db, user: User, log: Log):\n    {code}\n"
    models = MODELS.replace("import ForeignKey", "import ForeignKey, String") + LOG
    (user, _) = findings({"app/models.py": models, "app/work.py": work}, "FAPI201")
    assert (said in user.message) if said else user.fix is not None


def test_a_sequence_that_has_a_name() -> None:
    models = MODELS.replace("mapped_column(primary_key=True)", "mapped_column(numbers, primary_key=True)")
    models = models.replace("\n\n\nclass User", "\n\n\nnumbers = Sequence('numbers')\n\n\nclass User")
    found = findings({"app/models.py": models.replace("import ForeignKey", "import ForeignKey, Sequence")}, "FAPI201")
    assert found
    assert all("the sequence `numbers`" in each.message for each in found)


def test_arrays_of_identifiers() -> None:
    """Their items become UUIDs too; an array of other integers stays."""
    models = (
        MODELS
        + """

class Group(Base):
    __tablename__ = "groups"
    slug: Mapped[str] = mapped_column(primary_key=True)
    user_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    sizes: Mapped[list[int]] = mapped_column(ARRAY(Integer))
"""
    )
    models = models.replace("import ForeignKey", "import ARRAY, ForeignKey, Integer")
    work = "from app.models import Group, User\n\n\ndef run(user: User):\n    Group(user_ids=[user.id], sizes=[1])\n"
    after = fixed({"app/models.py": models, "app/work.py": work}, "FAPI201", unsafe=True)["app/models.py"]
    assert "user_ids: Mapped[list[uuid.UUID]] = mapped_column(ARRAY(UUID(as_uuid=True)))" in after
    assert "sizes: Mapped[list[int]] = mapped_column(ARRAY(Integer))" in after


def test_what_holds_every_attribute_of_any_model() -> None:
    """A function that takes rows of all models, and a JSON column that holds them."""
    models = (
        MODELS
        + """

class Audit(Base):
    __tablename__ = "audits"
    slug: Mapped[str] = mapped_column(primary_key=True)
    before: Mapped[dict] = mapped_column(JSON)
"""
    )
    work = """
def snapshot(row) -> dict:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def keep(db, user):
    db.add(Audit(before=snapshot(user)))
"""
    found = findings(
        {
            "app/models.py": models.replace("import ForeignKey", "import JSON, ForeignKey"),
            "app/work.py": f"from app.models import Audit\n\n{work}",
        },
        "FAPI201",
    )
    assert len(found) == 2
    assert all("`Audit.before`, which is JSON" in each.message for each in found)
