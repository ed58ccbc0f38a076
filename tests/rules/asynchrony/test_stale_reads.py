"""What is read after a write: the same values before and after a conversion, on a real database."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fapi_lint.testing import application, fixed

MODELS = """\
from datetime import datetime

from sqlalchemy import Computed, ForeignKey, func
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    posts: Mapped[list["Post"]] = relationship(back_populates="author")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    words: Mapped[int] = mapped_column(default=0)
    pages: Mapped[int] = mapped_column(Computed("words / 100"))
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author: Mapped["User | None"] = relationship(back_populates="posts")
    comments: Mapped[list["Comment"]] = relationship(back_populates="post")
    notes: Mapped[list["Note"]] = relationship(cascade="all, delete-orphan")


class Comment(Base):
    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
    post: Mapped["Post | None"] = relationship(back_populates="comments")


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int | None] = mapped_column(ForeignKey("posts.id"))
"""
DATABASE = """\
import os

from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker

engine = create_engine(os.environ["DATABASE_URL"])
SessionLocal = sessionmaker(engine)
"""
HEAD = """\
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.models import Comment, Note, Post, User


"""
WORK = """\
def get_post(db: Session, key: int):
    return db.get(Post, key)


def save(session: Session, item):
    session.add(item)
    session.commit()


def assign(db: Session, post: Post, values: dict):
    for name, value in values.items():
        setattr(post, name, value)
    db.commit()
    return post


def edited(db: Session, key: int):
    post = get_post(db, key)
    post.title = "edited"
    db.commit()
    return post.updated_at is not None, post.title


def longer(db: Session, key: int):
    post = get_post(db, key)
    post.words += 500
    db.flush()
    return post.pages


def moved(db: Session, key: int):
    post = get_post(db, key)
    before = post.author.name
    post.author_id = 2
    db.commit()
    return before, post.author.name


def assigned(db: Session, key: int):
    post = assign(db, get_post(db, key), {"author_id": 2, "title": "assigned"})
    return post.author.name, post.title, post.updated_at is not None


def made(db: Session, key: int):
    post = Post(title="made", author_id=1)
    save(db, post)
    return post.author.name, len(post.comments)


def all_edited(db: Session, key: int):
    posts = db.scalars(select(Post)).all()
    for post in posts:
        post.title += "!"
    db.commit()
    return [(post.title, post.updated_at is not None) for post in posts]


def cleared(db: Session, key: int):
    post = get_post(db, key)
    before = len(post.comments)
    db.execute(delete(Comment).where(Comment.post_id == key))
    db.commit()
    return before, len(post.comments)


def counted(db: Session, key: int):
    post = get_post(db, key)
    return len(post.comments), len(post.notes)


def remove(db: Session, post: Post):
    db.execute(update(Note).where(Note.post_id == post.id).values(post_id=None))
    db.execute(delete(Comment).where(Comment.post_id == post.id).execution_options(synchronize_session=False))
    db.delete(post)
    db.commit()


def removed(db: Session, key: int):
    remove(db, get_post(db, key))
    return db.scalar(select(func.count(Note.id))), db.scalar(select(func.count(Comment.id)))
"""
RUN = """\
import asyncio, inspect, os
from sqlalchemy import create_engine
from sqlalchemy.orm import Session
from app import db, models, work

plain = create_engine(os.environ["DATABASE_URL"])

async def call(function):
    session = db.SessionLocal()
    try:
        answer = function(session, 1)
        return await answer if inspect.isawaitable(answer) else answer
    except Exception as error:
        return type(error).__name__
    finally:
        closing = session.close()
        if inspect.isawaitable(closing):
            await closing

async def main():
    for name, function in vars(work).items():
        if inspect.isfunction(function) and "key" in function.__code__.co_varnames and name != "get_post":
            models.Base.metadata.drop_all(plain)
            models.Base.metadata.create_all(plain)
            with Session(plain) as session:
                ann, bob = models.User(name="Ann"), models.User(name="Bob")
                session.add_all([ann, bob])
                session.flush()
                comments, notes = [models.Comment(), models.Comment()], [models.Note(), models.Note()]
                session.add(models.Post(title="first", author=ann, comments=comments, notes=notes))
                session.commit()
            print(name, await call(function))

asyncio.run(main())
"""
EXPECTED = """\
edited (True, 'edited')
longer 5
moved ('Ann', 'Bob')
assigned ('Bob', 'assigned', True)
made ('Ann', 0)
all_edited [('first!', True)]
cleared (2, 0)
counted (2, 2)
removed (2, 0)
"""


def files(work: str) -> dict[str, str]:
    return {"app/__init__.py": "", "app/models.py": MODELS, "app/db.py": DATABASE, "app/work.py": HEAD + work}


def run(folder: Path, texts: dict[str, str], database: str) -> str:
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN],
        cwd=folder,
        env={"DATABASE_URL": database, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return done.stdout + done.stderr


def test_a_conversion_keeps_what_is_read_after_a_write(tmp_path: Path, new_database: Callable[[str], str]) -> None:
    pytest.importorskip("psycopg")
    database = new_database("stale")
    before = files(WORK)
    after = fixed(before, "FAPI502", unsafe=True)
    assert "async def removed(" in after["app/work.py"]
    assert run(tmp_path / "before", before, database) == EXPECTED
    assert run(tmp_path / "after", after, database) == EXPECTED


ASYNC = """\
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

SessionLocal = async_sessionmaker(create_async_engine("postgresql+psycopg://"), expire_on_commit=False)


async def work(db: AsyncSession, key: int):
    post = await db.get(Post, key)
"""


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("post.title = 'x'; await db.commit(); return post.updated_at", ["Post.updated_at"]),
        ("post.words += 1; await db.flush(); return post.pages", ["Post.pages"]),
        ("setattr(post, key, 1); await db.commit(); return post.updated_at", ["Post.updated_at"]),
        ("post.title = 'x'; await db.commit(); return post.title", []),
        ("post.title = 'x'; return post.updated_at", []),
        ("await db.commit(); return post.updated_at", []),
        ("post.title = 'x'; await db.commit(); await db.refresh(post); return post.updated_at", []),
        ("post.title = 'x'; await db.commit(); await db.refresh(post, ['updated_at']); return post.updated_at", []),
        ("post = Post(); post.title = 'x'; db.add(post); await db.commit(); return post.updated_at", []),
    ],
)
def test_asynchronous_code_that_surely_fails(code: str, expected: list[str]) -> None:
    lines = "".join(f"    {line}\n" for line in code.split("; "))
    loads = application(files(ASYNC + lines)).lazy_loads.all
    assert [load.name for load in loads] == expected
