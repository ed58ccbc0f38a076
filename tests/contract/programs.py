"""The programs: what each does in `main()`, and what its models have besides the common ones."""

from __future__ import annotations

DATABASE = """\
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("sqlite:///data.db")
SessionLocal = sessionmaker(bind=engine)


def get_db() -> Iterator[Session]:
    db = SessionLocal()
    try:
        yield db
    finally:
        db.close()
"""
MODELS = """\
from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.ext.associationproxy import association_proxy
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, column_property, mapped_column, relationship, validates


class Base(DeclarativeBase):
    @classmethod
    def find(cls, db: Session, id: int):
        return db.query(cls).filter(cls.id == id).first()


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    age: Mapped[int | None]
    posts: Mapped[list["Post"]] = relationship(back_populates="author", order_by="Post.id")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(20))
    views: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped["User"] = relationship(back_populates="posts")
    tags: Mapped[list["Tag"]] = relationship(secondary=post_tags, order_by="Tag.id")


class Tag(Base):
    __tablename__ = "tags"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
"""
HEAD = """\
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Session, joinedload, selectinload

from app.db import SessionLocal, get_db
from app.models import Post, Tag, User


"""

HOLDER = """
class Holder:
    def __init__(self, db: Session) -> None:
        self.db = db

    def name(self, id: int):
        return self.db.query(User).get(id).name


"""

CONVERTED: dict[str, tuple[str, str]] = {
    "methods of Query": (
        """
def main():
    with SessionLocal() as db:
        print(db.query(User).get(1).name, db.query(User).get(99), db.query(User).count())
        print(db.query(User).filter_by(name="a").order_by(User.id.desc()).first().id)
        print(db.query(db.query(User).filter(User.name == "z").exists()).scalar())
        print(db.query(func.max(User.age)).scalar(), db.query(User.name).filter(User.id == 3).scalar())
        print(dict(db.query(User.id, User.name).all()), [row[0] for row in db.query(Tag.id)])
        for error, name in ((NoResultFound, "z"), (MultipleResultsFound, "a")):
            try:
                db.query(User).filter(User.name == name).one()
            except error:
                print(name)
        match db.query(User).count():
            case 5 if db.query(Tag).count() == 3:
                print("five")
        first, second, *_ = db.query(User).order_by(User.id)
        print(first.id, second.id, [u.id for u in db.query(User).order_by(User.id)[1:3]])
""",
        "",
    ),
    "pages": (
        """
def paginate(query, page: int, size: int = 2):
    return query.count(), [user.id for user in query.offset(page * size).limit(size).all()]


def search(db: Session, **filters):
    query = db.query(User)
    for key, value in filters.items():
        query = query.filter(getattr(User, key) == value)
    return query.order_by(User.id)


def main():
    with SessionLocal() as db:
        print([paginate(search(db), page) for page in range(3)], paginate(search(db, name="a", age=40), 0))
""",
        "",
    ),
    "changes in bulk": (
        """
def main():
    with SessionLocal() as db:
        user = db.get(User, 1)
        print(db.query(User).filter(User.name == "a").update({User.age: 5}), user.age)
        print(db.query(Tag).filter(Tag.id > 2).delete(synchronize_session="fetch"))
        db.bulk_insert_mappings(Tag, [{"name": "o"}, {"name": "p"}])
        db.execute(insert(Tag).values(name="q"))
        db.commit()
        print(user.age, [tuple(row) for row in db.execute(text("select id, name from tags order by id"))])
""",
        "",
    ),
    "relationships": (
        """
def describe(post):
    return post.title, post.author.name, [tag.name for tag in post.tags]


def main():
    with SessionLocal() as db:
        print(describe(db.query(Post).get(3)), list(map(describe, db.query(Post).order_by(Post.id).limit(2))))
        for user in db.query(User).options(joinedload(User.posts)).order_by(User.id):
            print({post.id: [tag.id for tag in post.tags] for post in user.posts})
        posts = db.query(Post).all()
        posts.sort(key=lambda post: (post.author.name, post.id))
        print([post.id for post in posts])
""",
        "",
    ),
    "relationships that are written": (
        """
def main():
    with SessionLocal() as db:
        post = db.get(Post, 1)
        post.tags = [db.get(Tag, 2)]
        post.author = db.get(User, 5)
        post.tags.append(Tag(name="w"))
        db.commit()
        print([tag.name for tag in post.tags], [other.id for other in post.author.posts])
        user = db.get(User, 1)
        print(len(user.posts))
        db.add(Post(title="n", author_id=1))
        db.delete(user.posts[0])
        db.commit()
        print([post.title for post in user.posts])
""",
        "",
    ),
    "new objects": (
        """
from app.models import Line


def main():
    with SessionLocal() as db:
        line = Line(price=2, user_id=2)
        db.add(line)
        db.commit()
        print(line.user.name)
        line = db.query(Line).first()
        line.price = 3
        db.commit()
        print(line.total, line.user.id)
""",
        """

class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    price: Mapped[int] = mapped_column()
    total: Mapped[int] = column_property(price * 2)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user: Mapped["User"] = relationship(lazy="joined")
""",
    ),
    "schemas": (
        """
from pydantic import BaseModel, ConfigDict, field_validator


class TagOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    name: str


class PostOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    title: str
    author: str
    tags: list[TagOut]

    @field_validator("author", mode="before")
    @classmethod
    def named(cls, value):
        return getattr(value, "name", value)


def main():
    with SessionLocal() as db:
        print(PostOut.model_validate(db.get(Post, 3)))
        post = Post(title="n", author_id=1)
        db.add(post)
        db.commit()
        db.refresh(post)
        print(PostOut.model_validate(post))
""",
        "",
    ),
    "generic CRUD": (
        """
from typing import Any, Generic, TypeVar

Model = TypeVar("Model")


class CRUDBase(Generic[Model]):
    def __init__(self, model: type[Model]) -> None:
        self.model = model

    def get(self, db: Session, id: Any) -> Model | None:
        return db.query(self.model).filter(self.model.id == id).first()

    def create(self, db: Session, **values: Any) -> Model:
        row = self.model(**values)
        db.add(row)
        db.commit()
        db.refresh(row)
        return row

    def remove(self, db: Session, *, id: int) -> Model:
        row = db.query(self.model).get(id)
        db.delete(row)
        db.commit()
        return row


class CRUDUser(CRUDBase[User]):
    def remove(self, db: Session, *, id: int) -> User:
        print("removing")
        return super().remove(db, id=id)


user = CRUDUser(User)


def main():
    db = SessionLocal()
    made = user.create(db, name="new")
    print(made.id, user.get(db, made.id).name, user.remove(db, id=made.id).name, user.get(db, made.id))
    print(User.find(db, 2).name, Tag.find(db, 99))
    db.close()
""",
        "",
    ),
    "a unit of work": (
        """
class UnitOfWork:
    def __init__(self, factory=SessionLocal) -> None:
        self.factory = factory

    def __enter__(self):
        self.session = self.factory()
        return self

    def __exit__(self, kind, value, traceback) -> None:
        if kind is not None:
            self.session.rollback()
        self.session.close()


def main():
    for error in (None, ValueError):
        try:
            with UnitOfWork() as uow:
                uow.session.get(User, 1).name = str(error)
                uow.session.flush()
                if error is not None:
                    raise error
                uow.session.commit()
        except ValueError:
            print("rolled back")
""",
        "",
    ),
    "transactions": (
        """
from contextlib import contextmanager


@contextmanager
def transaction():
    db = SessionLocal()
    try:
        yield db
        db.commit()
    except KeyError:
        db.rollback()
    finally:
        db.close()


def main():
    with transaction() as db:
        db.add(Tag(id=50, name="kept"))
    with transaction() as db:
        db.add(Tag(name="lost"))
        db.flush()
        raise KeyError
    with SessionLocal() as db:
        try:
            with db.begin_nested():
                db.execute(insert(Tag).values(id=50, name="twice"))
        except IntegrityError:
            print("twice")
        nested = db.begin_nested()
        db.add(Tag(id=51, name="gone"))
        nested.rollback()
        db.commit()
        print([tag.id for tag in db.query(Tag).order_by(Tag.id)])
""",
        "",
    ),
    "a decorator that commits": (
        """
import functools


def transactional(function):
    @functools.wraps(function)
    def wrapper(db, *args, **kwargs):
        try:
            result = function(db, *args, **kwargs)
            db.commit()
            return result
        except LookupError:
            db.rollback()
            return None

    return wrapper


@transactional
def rename(db: Session, id: int, name: str):
    db.query(User).get(id).name = name
    if name == "bad":
        raise LookupError
    return name


def main():
    with SessionLocal() as db:
        print(rename(db, 1, "new"), rename(db, 2, "bad"))
""",
        "",
    ),
    "sessions that are hard to see": (
        """
from contextvars import ContextVar

current: ContextVar[Session] = ContextVar("current")


class Lazy:
    def __init__(self) -> None:
        self._db = None

    @property
    def db(self):
        if self._db is None:
            self._db = SessionLocal()
        return self._db

    def close(self) -> None:
        self.db.close()


class GetUser:
    def __init__(self, db: Session) -> None:
        self.db = db

    def __call__(self, id: int):
        return self.db.query(User).get(id)


def count(db=None):
    db = db or SessionLocal()
    found = db.query(User).count()
    db.close()
    return found


def show(db: Session) -> None:
    get, number = GetUser(db), 2
    print(get(number).name, GetUser(db)(3).name)


def main():
    lazy = Lazy()
    current.set(lazy.db)
    print(current.get().query(Tag).count(), count())
    show(lazy.db)
    lazy.close()
""",
        "",
    ),
    "generators": (
        """
def users(db: Session, size: int = 2):
    last = 0
    while found := db.query(User).filter(User.id > last).order_by(User.id).limit(size).all():
        for user in found:
            yield user
        last = found[-1].id


def age(db: Session, id: int):
    return db.get(User, id).age or 0


def main():
    with SessionLocal() as db:
        print(list(user.id for user in users(db)), [user.name for user in users(db, 3)])
        for number, user in enumerate([user for user in users(db) if user.age]):
            print(number, user.id)
        print(sum(age(db, id) for id in (1, 2)), sorted(age(db, id) for id in (4, 2)), {age(db, 1): age(db, 4)})
        print(10 < age(db, 2) < age(db, 1), age(db, 3) or f"{age(db, 4):>4}", not age(db, 3))
""",
        "",
    ),
    "repositories and their fakes": (
        """
from abc import ABC, abstractmethod


class Repository(ABC):
    @abstractmethod
    def get(self, id: int): ...

    def must(self, id: int):
        found = self.get(id)
        if found is None:
            raise LookupError(id)
        return found


class SqlRepository(Repository):
    def __init__(self, session: Session) -> None:
        self.session = session

    def get(self, id: int):
        return self.session.query(User).filter_by(id=id).one_or_none()


class FakeRepository(Repository):
    def __init__(self) -> None:
        self.users = {7: User(name="fake")}

    def get(self, id: int):
        return self.users.get(id)


def work(repository: Repository, id: int) -> None:
    try:
        print(repository.must(id).name)
    except LookupError as error:
        print(error)


def main():
    with SessionLocal() as db:
        for id in (1, 99):
            work(SqlRepository(db), id)
    for id in (7, 8):
        work(FakeRepository(), id)
""",
        "",
    ),
    "an application": (
        """
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException
from fastapi.testclient import TestClient

from app.db import engine

app = FastAPI()


class Service:
    def __init__(self, db: Session = Depends(get_db)) -> None:
        self.db = db

    def titles(self, user: User):
        return [post.title for post in self.db.query(Post).filter(Post.author == user).order_by(Post.id)]


def current(id: int, db: Session = Depends(get_db)) -> User:
    user = db.query(User).filter(User.id == id).first()
    if user is None:
        raise HTTPException(404, "nobody")
    return user


def audit(name: str) -> None:
    with SessionLocal() as db:
        db.add(Tag(name=name))
        db.commit()


@app.post("/{id}")
def read(tasks: BackgroundTasks, user: User = Depends(current), service: Service = Depends()):
    tasks.add_task(audit, user.name)
    return service.titles(user), len(user.posts)


@app.on_event("shutdown")
def stop() -> None:
    engine.dispose()


def main():
    with TestClient(app) as client:
        print([client.post(f"/{id}").text for id in (1, 2, 99)])
""",
        "",
    ),
}

REFUSED: dict[str, tuple[str, str, str]] = {
    "the default of a lambda": (
        "is the default of a parameter",
        "def main():\n    with SessionLocal() as db:\n        print((lambda id, db=db: db.get(User, id).name)(1))\n",
        "",
    ),
    "a property from outside": (
        "whether `self.db` is a session",
        HOLDER + "Holder.first = property(lambda self: self.db.query(User).get(1).name)\n\n\n"
        "def main():\n    with SessionLocal() as db:\n        print(Holder(db).first, Holder(db).name(2))\n",
        "",
    ),
    "a method by its name": (
        "which is not awaited there",
        HOLDER + "def main():\n    with SessionLocal() as db:\n        for name in ['name']:\n"
        "            print(getattr(Holder(db), name)(1))\n",
        "",
    ),
    "a session among arguments": (
        "whether `args[0]` is a session",
        "def commits(function):\n    def wrapper(*args):\n        result = function(*args)\n"
        "        args[0].commit()\n        return result\n\n    return wrapper\n\n\n"
        "@commits\ndef rename(db: Session, name: str):\n    db.query(User).get(1).name = name\n\n\n"
        "def main():\n    with SessionLocal() as db:\n        rename(db, 'new')\n",
        "",
    ),
    "a method caller": (
        "it is kept in a collection",
        "from operator import methodcaller\n\n\ndef main():\n    with SessionLocal() as db:\n"
        "        print(list(map(methodcaller('count'), [db.query(User), db.query(Tag)])))\n",
        "",
    ),
    "an event loop": (
        "runs an event loop of its own",
        "import asyncio\n\n\ndef count():\n    with SessionLocal() as db:\n        return db.query(User).count()\n\n\n"
        "async def later():\n    return count()\n\n\ndef main():\n    print(count(), asyncio.run(later()))\n",
        "",
    ),
    "a generator that cleans up": (
        "may end early",
        "def ids(db: Session):\n    try:\n        for user in db.query(User).order_by(User.id):\n"
        "            yield user.id\n    finally:\n        print('closed')\n\n\n"
        "def main():\n    with SessionLocal() as db:\n        for id in ids(db):\n            break\n"
        "        print(id)\n",
        "",
    ),
    "a template": (
        "may read `posts` of what it is given",
        "class Template:\n    pass\n\n\ndef page(user):\n    return user.name\n\n\n"
        "def main():\n    template = Template()\n    template.render = page\n"
        "    with SessionLocal() as db:\n        print(template.render(user=db.query(User).get(1)))\n",
        "",
    ),
    "a session that nothing is told of": (
        "whose session `state['db']` is",
        "state = {}\n\n\ndef main():\n    state.setdefault('db', None)\n"
        "    if state['db']:\n        print(state['db'].scalar(select(func.count()).select_from(User)))\n",
        "",
    ),
    "an attribute from outside": (
        "is set outside of its class",
        "def main():\n    with SessionLocal() as db:\n        print(db.query(User).get(1).titles)\n",
        "\nUser.titles = association_proxy('posts', 'title')\n",
    ),
    "a validator": (
        "nobody can tell where `checked` is called",
        "from app.models import Line\n\n\ndef main():\n    with SessionLocal() as db:\n"
        "        line = Line(name='n', user_id=1)\n        db.add(line)\n        db.commit()\n"
        "        line = db.query(Line).first()\n        line.name = 'm'\n        print(line.name)\n",
        """

class Line(Base):
    __tablename__ = "lines"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    user: Mapped["User"] = relationship()

    @validates("name")
    def checked(self, key, value):
        return f"{value} of {self.user.name}" if self.user else value
""",
    ),
}
