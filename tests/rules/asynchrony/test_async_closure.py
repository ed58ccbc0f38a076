"""The fix of FAPI501, 502 and 505: what shares a session becomes asynchronous together, or not at all."""

from __future__ import annotations

import textwrap

import pytest

from fapi_lint.config.versions import Bounds, Versions, parse_constraint
from fapi_lint.testing import findings, fixed

CODES = ["FAPI501", "FAPI502", "FAPI505"]
DB = """\
from collections.abc import Iterator

from sqlalchemy import create_engine
from sqlalchemy.orm import Session, sessionmaker

engine = create_engine("postgresql+psycopg://db/app")
SessionLocal = sessionmaker(engine)


def get_db() -> Iterator[Session]:
    with SessionLocal() as db:
        yield db
"""
ASYNC_DB = """\
from collections.abc import AsyncIterator

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

engine = create_async_engine("postgresql+psycopg://db/app")
SessionLocal = async_sessionmaker(engine, expire_on_commit=False)


async def get_db() -> AsyncIterator[AsyncSession]:
    async with SessionLocal() as db:
        yield db
"""
HEAD = """\
from sqlalchemy import select
from sqlalchemy.orm import Session
from app.db import SessionLocal, engine, get_db
from app.models import User
"""
ASYNC_HEAD = """\
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from app.db import SessionLocal, engine, get_db
from app.models import User
"""
MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
"""


def app(code: str, **others: str) -> dict[str, str]:
    more = {path.replace("__", "/") + ".py": textwrap.dedent(text) for path, text in others.items()}
    return {"app/db.py": DB, "app/models.py": MODELS, "app/work.py": HEAD + textwrap.dedent(code), **more}


def converted(code: str, **others: str) -> str:
    """What becomes of a module that works with the session of the application."""
    after = fixed(app(code, **others), CODES, unsafe=True)
    assert after["app/db.py"] == ASYNC_DB
    return after["app/work.py"].removeprefix(ASYNC_HEAD)


def refusal(code: str, **others: str) -> str:
    """Why nothing changes: one reason for the whole closure."""
    files = app(code, **others)
    found = [f for f in findings(files, CODES) if f.path == "app/db.py"]
    assert all(f.fix is None for f in found)
    assert fixed(files, CODES, unsafe=True)["app/db.py"] == DB
    (reason,) = {f.message.partition(" (no fix: ")[2].removesuffix(")") for f in found}
    return reason


GET = """
def get(db: Session, id: int) -> User | None:
    return db.get(User, id)
"""


def test_calls_are_awaited_up_to_the_callers() -> None:
    code = """
    def get(db: Session, id: int) -> User | None:
        return db.get(User, id)


    def name(db: Session, id: int) -> str:
        return get(db, id).name
    """
    assert converted(code) == textwrap.dedent(
        """
        async def get(db: AsyncSession, id: int) -> User | None:
            return await db.get(User, id)


        async def name(db: AsyncSession, id: int) -> str:
            return (await get(db, id)).name
        """
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("db.execute(select(User)).scalars().all()", "(await db.execute(select(User))).scalars().all()"),
        ("(db.execute(select(User))).scalars()", "(await db.execute(select(User))).scalars()"),
        ("db.scalars(select(User))[0]", "(await db.scalars(select(User)))[0]"),
        ("not get(db, 1)", "not await get(db, 1)"),
        ("get(db, 1) or get(db, 2)", "await get(db, 1) or await get(db, 2)"),
        ("1 if get(db, 1) else 2", "1 if await get(db, 1) else 2"),
        ('f"{get(db, 1)} {get(db, 2).name!r}"', 'f"{await get(db, 1)} {(await get(db, 2)).name!r}"'),
        ("[get(db, i).name for i in range(3)]", "[(await get(db, i)).name for i in range(3)]"),
        ("{i: get(db, i) for i in range(3)}", "{i: await get(db, i) for i in range(3)}"),
        ("[u for u in db.scalars(select(User))]", "[u for u in await db.scalars(select(User))]"),
        ("any(u.name for u in db.scalars(select(User)))", "any(u.name for u in await db.scalars(select(User)))"),
        ("sorted(get(db, i).name for i in (1, 2))", "sorted([(await get(db, i)).name for i in (1, 2)])"),
        ("print(*db.scalars(select(User)))", "print(*await db.scalars(select(User)))"),
        ("get(db, get(db, 1).id)", "await get(db, (await get(db, 1)).id)"),
        ("db.delete(get(db, 1))", "await db.delete(await get(db, 1))"),
        ("db.connection().execute(1).all()", "(await (await db.connection()).execute(1)).all()"),
        ("(db.add(User()), db.expunge(1), db.commit())", "(db.add(User()), db.expunge(1), await db.commit())"),
        ("[x for x in db.dirty if db.is_modified(x)] or db.flush()", None),
    ],
)
def test_await_in_expressions(before: str, after: str | None) -> None:
    after = after or before.replace("db.flush", "await db.flush")
    found = converted(GET + f"\n\ndef work(db: Session):\n    return {before}\n")
    assert found.endswith(f"\n\nasync def work(db: AsyncSession):\n    return {after}\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "with SessionLocal() as db:\n        db.commit()",
            "async with SessionLocal() as db:\n        await db.commit()",
        ),
        (
            "with SessionLocal.begin() as db:\n        db.add(1)",
            "async with SessionLocal.begin() as db:\n        db.add(1)",
        ),
        (
            "with Session(engine) as db:\n        pass",
            "async with AsyncSession(engine, expire_on_commit=False) as db:\n        pass",
        ),
        ("db = SessionLocal()\n    db.close()", "db = SessionLocal()\n    await db.close()"),
        (
            "with SessionLocal() as db, db.begin():\n        db.add(1)",
            "async with SessionLocal() as db, db.begin():\n        db.add(1)",
        ),
        (
            "with engine.begin() as connection:\n        connection.execute(select(User))",
            "async with engine.begin() as connection:\n        await connection.execute(select(User))",
        ),
        (
            "for db in get_db():\n        db.commit()",
            "async for db in get_db():\n        await db.commit()",
        ),
        ("db = next(get_db())\n    db.commit()", "db = await anext(get_db())\n    await db.commit()"),
        (
            "User.metadata.create_all(bind=engine)",
            "async with engine.begin() as connection:\n        await connection.run_sync(User.metadata.create_all)",
        ),
        (
            "with engine.begin() as c:\n        User.metadata.create_all(c, checkfirst=True)",
            "async with engine.begin() as c:\n        await c.run_sync(User.metadata.create_all, checkfirst=True)",
        ),
        ("with SessionLocal() as db:\n        with db.no_autoflush:\n            db.add(1)", None),
    ],
)
def test_blocks(before: str, after: str | None) -> None:
    after = after or before.replace("with S", "async with S")
    code = f"\ndef work() -> None:\n    {before}\n"
    found = fixed(app(code), CODES, unsafe=True)
    assert found["app/db.py"] == ASYNC_DB
    assert found["app/work.py"].endswith(f"\nasync def work() -> None:\n    {after}\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "for user in db.scalars(select(User).execution_options(yield_per=9)):\n        yield user",
            "async for user in await db.stream_scalars(select(User).execution_options(yield_per=9)):\n"
            "        yield user",
        ),
        (
            "query = select(User).execution_options(yield_per=9)\n    return [id for (id,) in db.execute(query)]",
            "query = select(User).execution_options(yield_per=9)\n    "
            "return [id async for (id,) in await db.stream(query)]",
        ),
        (
            "return sum(u.id for u in db.scalars(select(User), execution_options={'stream_results': True}))",
            "return sum([u.id async for u in await db.stream_scalars(select(User), "
            "execution_options={'stream_results': True})])",
        ),
        ("return db.scalars(select(User).execution_options(yield_per=9)).all()", None),
    ],
)
def test_rows_that_are_streamed(before: str, after: str | None) -> None:
    code = f"\n\ndef work(db: Session):\n    {before}\n"
    if after is None:
        assert "`db.scalars()` streams its rows, and no `for` iterates over them right there" in refusal(code)
    else:
        assert converted(code).endswith(f"async def work(db: AsyncSession):\n    {after}\n")


def test_a_function_that_a_fixture_gives() -> None:
    conftest = """
        import pytest
        from app.db import SessionLocal
        from app.work import get


        @pytest.fixture
        def db():
            with SessionLocal() as session:
                yield session


        @pytest.fixture
        def load(db):
            def one(id):
                return get(db, id)

            return one
        """
    test = "def test_it(load):\n    assert load(1) != load(2)\n"
    found = fixed(app(GET, tests__conftest=conftest, tests__test_it=test), CODES, unsafe=True)
    assert "async def one(id):\n        return await get(db, id)\n\n    return one\n" in found["tests/conftest.py"]
    assert "async def test_it(load):\n    assert await load(1) != await load(2)\n" in found["tests/test_it.py"]
    test = "from app.other import work\n\ndef test_it(load):\n    work(load)\n"
    assert "`one` is passed to `work()`" in refusal(GET, tests__conftest=conftest, tests__test_it=test)


def test_metadata_is_no_object_of_the_application() -> None:
    code = """
        class Manager:
            def create_all(self):
                with engine.begin() as connection:
                    User.metadata.create_all(connection)


        def work(manager: Manager):
            manager.create_all()
        """
    found = converted(code)
    assert "    async def create_all(self):" in found
    assert "await connection.run_sync(User.metadata.create_all)" in found
    assert "    await manager.create_all()" in found


ROWS = """
def rows(db: Session):
    for user in db.scalars(select(User)):
        yield user.name


def work(db: Session):
    return {}
"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("list(rows(db))", "[item async for item in rows(db)]"),
        ("sorted(rows(db))[0]", "sorted([item async for item in rows(db)])[0]"),
        ("','.join(rows(db))", "','.join([item async for item in rows(db)])"),
        ("zip(rows(db), (1, 2))", None),
    ],
)
def test_all_that_a_generator_gives(before: str, after: str | None) -> None:
    if after is None:
        assert "`rows()` is neither iterated nor entered there" in refusal(ROWS.format(before))
    else:
        assert converted(ROWS.format(before)).endswith(f"async def work(db: AsyncSession):\n    return {after}\n")


def test_methods_of_models() -> None:
    code = """
        from app.models import Base
        from sqlalchemy.orm import Mapped, mapped_column


        class Pet(Base):
            __tablename__ = "pets"
            id: Mapped[int] = mapped_column(primary_key=True)

            def save(self, db: Session) -> "Pet":
                db.add(self)
                db.commit()
                return self


        def work(db: Session):
            return Pet().save(db)
        """
    found = converted(code)
    assert "    async def save(self, db: AsyncSession)" in found
    assert "return await Pet().save(db)" in found


def test_a_method_that_is_looked_up_by_its_name() -> None:
    code = """
        class Repository:
            def __init__(self, db: Session) -> None:
                self.db = db

            def one(self, id: int) -> User | None:
                return self.db.get(User, id)


        def work(db: Session):
            return getattr(Repository(db), "one")(1)
        """
    assert "`one` is passed to `getattr()`, which may not await it" in refusal(code)


def test_engines_by_model() -> None:
    code = """
        from sqlalchemy.orm import sessionmaker

        Maker = sessionmaker(binds={User: engine}, join_transaction_mode="create_savepoint")


        def work():
            with Maker() as db:
                db.commit()
        """
    found = converted(code)
    assert 'async_sessionmaker(binds={User: engine}, join_transaction_mode="create_savepoint", expire_' in found
    assert "`engine` is put into a collection" in refusal(code.replace("binds={User: engine}", "info={User: engine}"))


def test_a_session_of_an_object_that_nobody_knows() -> None:
    code = """
        class Service:
            def __init__(self, db: Session) -> None:
                self.db = db


        def work(service: Service):
            service.db.commit()


        def other(service):
            service.db.commit()
        """
    assert "nobody can tell whether `service.db` is a session (app/work.py:" in refusal(code)


def test_what_events_are_sent_to() -> None:
    text = """
        from sqlalchemy import event
        from sqlalchemy.orm import sessionmaker


        @event.listens_for(Session, "before_flush")
        def audit(session, context, instances):
            session.add(User())


        def work(db: Session):
            @event.listens_for(db, "after_commit")
            def done(session):
                print(session.new)

            with engine.connect() as connection:
                event.listen(connection, "commit", print)
            db.commit()
        """
    found = converted(text)
    assert '@event.listens_for(Session, "before_flush")\ndef audit(' in found
    assert '@event.listens_for(db.sync_session, "after_commit")\n    def done(' in found
    assert 'event.listen(connection.sync_connection, "commit", print)' in found


def test_a_generator_that_is_streamed() -> None:
    text = """
        from fastapi import APIRouter, Depends
        from fastapi.responses import StreamingResponse

        router = APIRouter()


        def lines(db: Session):
            for user in db.scalars(select(User)):
                yield user.name


        @router.get("/")
        def export(db: Session = Depends(get_db)):
            return StreamingResponse(lines(db), media_type="text/csv")
        """
    found = converted(text)
    assert "async def lines(db: AsyncSession):\n    for user in await db.scalars(select(User)):" in found
    assert "async def export(db: AsyncSession = Depends(get_db)):\n    return StreamingResponse(lines(db)," in found


def test_what_cannot_be_loaded_is_told_with_its_place() -> None:
    models = MODELS.replace(
        "\n\nclass User",
        """

class Pet(Base):
    __tablename__ = "pets"
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    owner: Mapped["User"] = relationship()


class User""",
    ).replace("import ", "import relationship, ", 1)
    text = """
        def work(db: Session):
            pet = Pet(owner_id=1)
            db.add(pet)
            if db.commit() is None:
                return pet.owner.name
        """
    text = "from app.models import Pet\n" + textwrap.dedent(text)
    reason = "`Pet.owner` must be loaded at app/work.py:10: the object cannot be loaded anew there"
    assert refusal(text, app__models=models) == reason


def test_a_generator_that_is_unpacked() -> None:
    found = converted(GET + "\n\ndef work(db: Session):\n    a, b = (get(db, i) for i in (1, 2))\n")
    assert "a, b = [await get(db, i) for i in (1, 2)]" in found


def test_what_is_awaited_already_was_annotated_wrongly() -> None:
    text = """
        async def names(db: Session) -> list[str]:
            async with db.begin():
                return (await db.scalars(select(User.name))).all()
        """
    assert converted(text) == textwrap.dedent(text).replace("Session", "AsyncSession")


def test_what_awaits_nothing_stays_a_plain_function() -> None:
    assert "\ndef add(db: AsyncSession) -> None:\n    db.add(User())" in converted(
        "\ndef add(db: Session) -> None:\n    db.add(User())\n"
    )


def test_untyped_parameters_are_followed() -> None:
    code = """
    def rename(db, id):
        db.get(User, id).name = ""
        db.commit()


    def work():
        with SessionLocal() as session:
            rename(session, 1)
    """
    found = converted(code)
    assert 'async def rename(db, id):\n    (await db.get(User, id)).name = ""\n    await db.commit()' in found
    assert "        await rename(session, 1)" in found


def test_a_session_maker_as_the_annotation_of_a_session() -> None:
    code = """
    def rename(db: SessionLocal) -> None:
        db.commit()


    def work(db: Session) -> None:
        rename(db)
    """
    assert converted(code) == textwrap.dedent(
        """
        async def rename(db: SessionLocal) -> None:
            await db.commit()


        async def work(db: AsyncSession) -> None:
            await rename(db)
        """
    )


def test_imports_under_other_names_are_followed() -> None:
    crud = HEAD + GET + "\n\nfrom app.db import get_db as fresh\n"
    code = """
    from app.crud import get as get_user, fresh as session_of
    from app.db import SessionLocal as Local


    def work():
        with Local() as db:
            get_user(db, 1)
        for db in session_of():
            db.commit()
    """
    after = fixed(app(code, app__crud=crud), CODES, unsafe=True)
    assert after["app/db.py"] == ASYNC_DB
    assert after["app/work.py"].endswith(
        """
async def work():
    async with Local() as db:
        await get_user(db, 1)
    async for db in session_of():
        await db.commit()
"""
    )


def test_sessions_held_by_objects() -> None:
    code = """
    class Users:
        def __init__(self, db: Session) -> None:
            self.db = db

        def all(self):
            return self.db.scalars(select(User)).all()

        def first(self):
            return self.all()[0]


    class Others(Users):
        def all(self):
            return []


    def work(users: Users):
        return users.first()
    """
    found = converted(code)
    assert "    def __init__(self, db: AsyncSession) -> None:" in found
    assert "    async def all(self):\n        return (await self.db.scalars(select(User))).all()" in found
    assert "    async def first(self):\n        return (await self.all())[0]" in found
    assert "    async def all(self):\n        return []" in found
    assert "async def work(users: Users):\n    return await users.first()" in found


OWN_CLASS = """\
class Repository:
    def __init__(self, session: Session) -> None:
        self.session = session

    @classmethod
    def of(cls, session: Session) -> "Repository":
        return cls(session)

    def get(self, id: int) -> User | None:
        return self.session.get(User, id)


class Users(Repository):
    pass


def work(db: Session) -> User | None:
    return Users.of(db).get(1)
"""


def test_objects_that_their_class_makes() -> None:
    after = converted(OWN_CLASS)
    assert "    def of(cls, session: AsyncSession)" in after
    assert "    return await Users.of(db).get(1)\n" in after
    own = "    def __init__(self, session: Session, limit: int = 1) -> None:\n        self.session = session\n"
    code = OWN_CLASS.replace("class Users(Repository):\n    pass\n", f"class Users(Repository):\n{own}")
    assert "`session` is passed to `cls()`, which may need a synchronous session" in refusal(code)


def test_context_managers_of_the_application() -> None:
    code = """
    from contextlib import contextmanager

    @contextmanager
    def scope():
        with SessionLocal() as db:
            yield db

    def work():
        with scope() as db:
            db.commit()
    """
    found = converted(code)
    assert "from contextlib import asynccontextmanager\n" in found
    assert "@asynccontextmanager\nasync def scope():\n    async with SessionLocal() as db:" in found
    assert "    async with scope() as db:\n        await db.commit()" in found


OPENED = """
from contextlib import contextmanager

db_context = contextmanager(get_db)


def save() -> None:
    with db_context() as db:
        db.commit()
"""


def test_a_context_manager_made_of_a_dependency() -> None:
    elsewhere = (
        "from app.work import db_context as opened\n\ndef save():\n    with opened() as db:\n        db.commit()\n"
    )
    files = fixed(app(OPENED, app__other=elsewhere), CODES, unsafe=True)
    after = files["app/work.py"].removeprefix(HEAD)
    assert after == OPENED.replace("contextmanager", "asynccontextmanager").replace(
        "def save", "async def save"
    ).replace("with db_", "async with db_").replace("db.commit", "await db.commit")
    assert "async def save():\n    async with opened() as db:\n        await db.commit()\n" in files["app/other.py"]
    reason = refusal(OPENED + "\n\ndef show(stack):\n    return stack.enter_context(db_context())\n")
    assert reason.startswith("`get_db()` is neither iterated nor entered there")
    assert refusal(OPENED + "\nshow(db_context)\n").startswith("`get_db` is passed to `show()`")


def test_routes_dependencies_and_background_tasks() -> None:
    code = """
    from typing import Annotated
    from fastapi import APIRouter, BackgroundTasks, Depends

    router = APIRouter()
    SessionDep = Annotated[Session, Depends(get_db)]

    def audit(id: int) -> None:
        with SessionLocal() as db:
            db.commit()

    def get_user(id: int, db: SessionDep):
        return db.get(User, id)

    @router.get("/users/{id}", response_model=int)
    def read(tasks: BackgroundTasks, user: User = Depends(get_user), db: Session = Depends(get_db)):
        tasks.add_task(audit, user.id)
        db.commit()
        return 1
    """
    found = converted(code)
    assert "SessionDep = Annotated[AsyncSession, Depends(get_db)]" in found
    assert "async def audit(id: int) -> None:\n    async with SessionLocal() as db:" in found
    assert "async def get_user(id: int, db: SessionDep):\n    return await db.get(User, id)" in found
    assert "async def read(tasks: BackgroundTasks, user: User = Depends(get_user), db: AsyncSession" in found
    assert "    tasks.add_task(audit, user.id)\n    await db.commit()" in found


def test_tests_and_fixtures() -> None:
    test = """
    import pytest
    from app.db import SessionLocal
    from app.work import get


    @pytest.fixture
    def db():
        with SessionLocal() as db:
            yield db


    @pytest.mark.parametrize("id", [1])
    def test_get(db, id):
        assert get(db, id) is None


    def test_nothing():
        assert True
    """
    after = fixed(app(GET, tests__test_work=test), CODES, unsafe=True)
    assert after["tests/test_work.py"] == textwrap.dedent(
        """
        import pytest
        import pytest_asyncio
        from app.db import SessionLocal
        from app.work import get


        @pytest_asyncio.fixture
        async def db():
            async with SessionLocal() as db:
                yield db


        @pytest.mark.parametrize("id", [1])
        @pytest.mark.asyncio
        async def test_get(db, id):
            assert await get(db, id) is None


        def test_nothing():
            assert True
        """
    )


def test_a_patched_function_gets_an_asynchronous_mock() -> None:
    test = """
    from unittest.mock import patch

    def test_get():
        with patch("app.work.get", return_value=None):
            pass
    """
    assert "async def get" in converted(GET, tests__test_work=test)


def test_dynamic_relationships() -> None:
    models = MODELS + textwrap.dedent(
        """

        class Post(Base):
            __tablename__ = "posts"

            id: Mapped[int] = mapped_column(primary_key=True)
            author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            author = relationship("User", backref=backref("posts", lazy="dynamic"))
        """
    )
    code = """
    def work(db: Session, user: User):
        user.posts.append(1)
        first = user.posts.order_by("id").first()
        return [post for post in user.posts], user.posts.filter_by(id=1).all(), user.posts.count(), first
    """
    files = {
        **app(code),
        "app/models.py": "from sqlalchemy import ForeignKey\n"
        + models.replace("mapped_column\n", "backref, mapped_column, relationship\n", 1),
    }
    found = fixed(files, CODES, unsafe=True)["app/work.py"]
    assert '    first = (await db.scalars(user.posts.order_by("id").limit(1).statement)).first()' in found
    assert "[post for post in await db.scalars(user.posts.statement)]" in found
    assert "(await db.scalars(user.posts.filter_by(id=1).statement)).all()" in found
    assert "await db.scalar(select(func.count()).select_from(user.posts.statement.subquery()))" in found
    assert "    user.posts.append(1)\n" in found


@pytest.mark.parametrize("lazy", ["", "lazy='selectin'", "lazy=True"])
def test_a_relationship_of_the_same_name_is_not_dynamic(lazy: str) -> None:
    models = MODELS + textwrap.dedent(
        f"""

        class Post(Base):
            __tablename__ = "posts"

            id: Mapped[int] = mapped_column(primary_key=True)
            author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
            author = relationship("User", backref=backref("posts", lazy="dynamic"))
            tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"))


        class Tag(Base):
            __tablename__ = "tags"

            id: Mapped[int] = mapped_column(primary_key=True)
            posts: Mapped[list["Post"]] = relationship({lazy})
        """
    )
    code = """
    def work(db: Session):
        tag = db.scalars(select(Tag).options(selectinload(Tag.posts))).one()
        return tag.posts, {}
    """
    head = "from app.models import Tag\nfrom sqlalchemy.orm import selectinload\n"

    def made(rest: str) -> str:
        files = {
            **app(code.replace("{}", rest)),
            "app/models.py": "from sqlalchemy import ForeignKey\n"
            + models.replace("mapped_column\n", "backref, mapped_column, relationship\n", 1),
        }
        files["app/work.py"] = head + files["app/work.py"]
        return fixed(files, CODES, unsafe=True)["app/work.py"]

    assert "async def work(db: AsyncSession):" in made("1")
    assert "async def work" not in made("db.get(User, 1).posts")


def test_scripts_of_the_application_run_a_loop() -> None:
    code = """
    def main() -> None:
        with SessionLocal() as db:
            db.commit()


    if __name__ == "__main__":
        main()
    """
    found = fixed(app(code), CODES, unsafe=True)["app/work.py"]
    assert "import asyncio\n" in found
    assert 'if __name__ == "__main__":\n    asyncio.run(main())\n' in found


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("key = lambda db: get(db, 1)", "`get()` is called inside of a lambda, where nothing can be awaited"),
        ("def work(x=get(SessionLocal(), 1)): ...", "`get()` is called in the header of a function"),
        ("user = get(SessionLocal(), 1)", "`get()` is called at module level, where nothing can be awaited"),
        ("class A:\n    user = get(1, 1)", "`get()` is called in the body of a class"),
        ("def work(db: Session):\n    return any(get(db, i) for i in [1])", "inside of a generator expression"),
        ("def work(db: Session):\n    return map(get, [db])", "`get` is passed to `map()`, which may not await it"),
        (
            "def work(db: Session):\n    Thread(target=get, args=(db, 1)).start()",
            "`get` is passed to `Thread()`, which may not await it",
        ),
        ("def work(db: Session):\n    return paginate(db, 1)", "`db` is passed to `paginate()`"),
        ("def work(db: Session):\n    db.prepare()", "`db.prepare` has no asynchronous form"),
        (
            "def work(db: Session):\n    return db.query(User).all()",
            "first `db.query()` must become `select()` (FAPI503)",
        ),
        ("class A:\n    @property\n    def user(self):\n        return get(SessionLocal(), 1)", "`user` is a property"),
        ("class A:\n    def __init__(self):\n        get(SessionLocal(), 1)", "`__init__` cannot be a coroutine"),
        ("@queue.task\ndef work():\n    get(SessionLocal(), 1)", "nobody can tell what `@queue.task` does with `work`"),
        (
            "import typer\napp = typer.Typer()\n\n@app.command()\ndef work():\n    get(SessionLocal(), 1)",
            "`work` is called by Typer, which does not await it",
        ),
        (
            "from celery import shared_task\n\n@shared_task\ndef work():\n    get(SessionLocal(), 1)",
            "`work` is called by Celery, which does not await it",
        ),
        (
            "from sqlalchemy import event\n\n"
            "def work():\n    with SessionLocal() as db:\n        nested = db.begin_nested()\n\n"
            "        @event.listens_for(db, 'after_transaction_end')\n"
            "        def restart(session, transaction):\n            nonlocal nested\n"
            "            nested = db.begin_nested()\n",
            "`restart` is called by SQLAlchemy, which does not await it",
        ),
        ("registry = scoped_session(SessionLocal)", "`scoped_session()` keeps a session for each thread"),
        (
            "def work():\n    registry.remove()\n\nregistry = scoped_session(SessionLocal)",
            "`registry.remove` is of a `scoped_session`, which keeps a session for each thread",
        ),
        ("def work(db: Session):\n    yield from get(db, 1)", "`work` yields from another generator"),
        ("with SessionLocal() as db:\n    pass", "nothing can be awaited at module level"),
        (
            "def work():\n    with open('x') as f, SessionLocal() as db:\n        pass",
            "a `with` enters both what becomes",
        ),
        ("class T(Thread):\n    def run(self):\n        get(SessionLocal(), 1)", "`T` inherits from `Thread`"),
    ],
)
def test_refused_with_the_place(code: str, reason: str) -> None:
    head = (
        "\nfrom threading import Thread\nfrom lib import paginate, queue\nfrom sqlalchemy.orm import scoped_session\n"
    )
    found = refusal(head + GET + "\n\n" + code + "\n")
    assert reason in found
    assert "(app/work.py:" in found


def test_other_files_that_stay_synchronous() -> None:
    script = "from app.work import get\nfrom app.db import SessionLocal\n\ndef main():\n    get(SessionLocal(), 1)\n"
    assert "`main` is part of a script, which stays synchronous (scripts/seed.py:4)" in refusal(
        GET, scripts__seed=script
    )
    test = (
        "import app.work\n\ndef test_x(monkeypatch):\n    monkeypatch.setattr(app.work, 'get', lambda db, id: None)\n"
    )
    assert "a test puts something in place of `get`" in refusal(GET, tests__test_x=test)


def test_an_independent_closure_is_converted() -> None:
    jobs = """
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session
    from lib import queue

    worker_engine = create_engine("postgresql+psycopg://db/app")

    @queue.task
    def work():
        with Session(worker_engine) as db:
            clean(db)

    def clean(db: Session):
        db.commit()
    """
    files = app(GET, app__jobs=jobs)
    after = fixed(files, CODES, unsafe=True)
    assert after["app/jobs.py"] == files["app/jobs.py"]
    assert after["app/db.py"] == ASYNC_DB


def test_run_sync_callbacks_stay() -> None:
    code = """
    def load(session: Session):
        return session.execute(select(User)).all()


    async def work(db):
        return await db.run_sync(load)
    """
    found = fixed(app(code), CODES, unsafe=True)["app/work.py"]
    assert "def load(session: Session):\n    return session.execute" in found


@pytest.mark.parametrize(
    ("before", "after", "title"),
    [
        ("'postgresql+asyncpg://db/x', pool_pre_ping=True", None, ""),
        ("'sqlite+aiosqlite://', poolclass=StaticPool", None, ""),
        ("'postgresql+psycopg://db/x', poolclass=QueuePool", "'postgresql+psycopg://db/x'", ""),
        ("'postgresql://db/x'", None, "; the URL must name an async driver"),
        ("settings.URL, echo=True", None, "; the URL must name an async driver"),
        ("os.getenv('URL', 'postgresql+psycopg://db/x')", None, ""),
    ],
)
def test_engines(before: str, after: str | None, title: str) -> None:
    head = "import os\nfrom lib import settings\nfrom sqlalchemy import QueuePool, StaticPool, create_engine\n\n"
    files = {"app/db.py": f"{head}engine = create_engine({before})\n"}
    (found,) = findings(files, "FAPI502")
    assert found.fix is not None
    assert ("; the URL must name an async driver" in found.fix.title) == bool(title)
    text = fixed(files, CODES, unsafe=True)["app/db.py"]
    assert f"engine = create_async_engine({after or before})\n" in text


def test_an_engine_of_several_statements_is_converted_as_a_whole_or_not() -> None:
    one = 'engine = create_engine("postgresql+psycopg://db/app")\n'
    either = f"if LOCAL:\n    {one}else:\n    {one}"
    for work, is_free in (("db.commit()", True), ("db.query(User).all()", False)):
        work = f"def save(db: Session = Depends(get_db)) -> None:\n    {work}\n"
        files = {**app(work), "app/db.py": DB.replace(one, either)}
        fixes = {f.fix for f in findings(files, CODES) if f.path == "app/db.py"}
        assert len(fixes) == 1
        assert (None not in fixes) == is_free


def test_methods_that_only_the_synchronous_session_has() -> None:
    code = """
    def names() -> list[str]:
        with SessionLocal() as db:
            return list(db.scalars(select(User.name)))


    def load(db: Session, users: list[User]) -> None:
        db.bulk_save_objects(users)
        db.bulk_insert_mappings(
            User,
            [{"name": name} for name in names()],  # again
        )
    """
    after = fixed(app(code), CODES, unsafe=True)["app/work.py"]
    assert after == ASYNC_HEAD.replace(
        "AsyncSession\n", "AsyncSession\nfrom sqlalchemy.orm import Session\n"
    ) + textwrap.dedent(
        """
        async def names() -> list[str]:
            async with SessionLocal() as db:
                return list(await db.scalars(select(User.name)))


        async def load(db: AsyncSession, users: list[User]) -> None:
            await db.run_sync(Session.bulk_save_objects, users)
            await db.run_sync(
                Session.bulk_insert_mappings,
                User,
                [{"name": name} for name in await names()],  # again
            )
        """
    )
    assert refusal("def work(db: Session, users):\n    users.each(db.bulk_save_objects)").startswith(
        "`db.bulk_save_objects` is handed on uncalled"
    )


def test_a_maker_that_is_configured_later() -> None:
    code = """
    def configure() -> None:
        SessionLocal.configure(bind=engine, autoflush=False)
    """
    assert converted(code).removeprefix(HEAD) == textwrap.dedent(code)


@pytest.mark.parametrize(
    ("options", "is_seen"),
    [
        ('{"pool_size": 5, "pool_pre_ping": True}', True),
        ('{"pool_size": 5}\noptions["pool_recycle"] = 60', True),
        ('{"pool_size": 5}\noptions["creator"] = connect', False),
        ('{"pool_size": 5}\noptions.update(more)', False),
        ('{"pool_size": 5, **more}', False),
        ('{"poolclass": Pool}', False),
        ("load()", False),
    ],
)
def test_options_of_an_engine_in_a_dict(options: str, is_seen: bool) -> None:
    head = f"from lib import Pool, connect, load, more\nfrom sqlalchemy import create_engine\n\noptions = {options}\n"
    files = {"app/db.py": head + 'engine = create_engine("postgresql+psycopg://db/x", **options)\n'}
    (found,) = findings(files, "FAPI502")
    assert (found.fix is not None) is is_seen
    assert ("`**options` may not serve an asynchronous engine" in found.message) is not is_seen


def test_the_requirement_changes() -> None:
    files = {**app(GET), "requirements.txt": "fastapi\nSQLAlchemy>=2.0  # the ORM\nsqlalchemy-utils\n"}
    assert fixed(files, CODES, unsafe=True)["requirements.txt"] == (
        "fastapi\nSQLAlchemy[asyncio]>=2.0  # the ORM\nsqlalchemy-utils\n"
    )


REQUIRED = """
[project.optional-dependencies]
dev = [
    "pytest>=8",{}
]
"""


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("requirements-dev.txt", "mypy\npytest>=8  # runs\npytest-cov\n", None),
        ("requirements.txt", "httpx\r\npytest", "httpx\r\npytest\r\npytest-asyncio"),
        ("requirements.txt", "pytest\npytest_asyncio\n", "pytest\npytest_asyncio\n"),
        ("pyproject.toml", REQUIRED.format(""), REQUIRED.format('\n    "pytest-asyncio",')),
        ("pyproject.toml", "[tool.pytest]\nx = 1\n", "[tool.pytest]\nx = 1\n"),
    ],
)
def test_async_tests_need_a_plugin(path: str, before: str, after: str | None) -> None:
    test = """
    from app.db import SessionLocal
    from app.work import get

    def test_user():
        with SessionLocal() as db:
            assert get(db, 1) is None
    """
    files = {**app(GET), "tests/test_user.py": test, path: before}
    result = fixed(files, CODES, unsafe=True)
    assert "@pytest.mark.asyncio\nasync def test_user():" in result["tests/test_user.py"]
    assert result[path] == (after or before.replace("# runs\n", "# runs\npytest-asyncio\n"))


def test_sqlalchemy_2_is_needed() -> None:
    found = findings(app(GET), CODES, versions=Versions(sqlalchemy=Bounds((1, 4), (2, 0))))
    assert found
    assert all(f.fix is None and "new in SQLAlchemy 2.0" in f.message for f in found)


SHARED = """
import pytest
from app.db import SessionLocal, get_db
from app.main import app
from fastapi.testclient import TestClient

@pytest.fixture
def db():
    with SessionLocal() as db:
        yield db

@pytest.fixture
def client(db):
    app.dependency_overrides[get_db] = lambda: db
    yield TestClient(app)

def test_it(client, db):
    client.get("/")
    db.commit()
"""


def test_a_session_that_two_event_loops_share() -> None:
    """The client of the tests runs in their loop first."""
    after = fixed(app(GET, tests__conftest=SHARED), CODES, unsafe=True)
    assert after["app/db.py"] == ASYNC_DB
    assert (
        after["tests/conftest.py"].partition("\n\n@")[2]
        == """\
pytest_asyncio.fixture
async def db():
    async with SessionLocal() as db:
        yield db

@pytest_asyncio.fixture
async def client(db):
    app.dependency_overrides[get_db] = lambda: db
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client

@pytest.mark.asyncio
async def test_it(client, db):
    await client.get("/")
    await db.commit()
"""
    )


def test_a_session_that_two_event_loops_go_on_sharing() -> None:
    reason = "`db` is shared between the event loops of the test and of `TestClient` (tests/conftest.py:14)"
    test = SHARED + "    login(client)\n"
    assert f"{reason}: `client` is passed on (tests/conftest.py:20)" in refusal(GET, tests__conftest=test)


@pytest.mark.parametrize("test", [SHARED, SHARED + "    assert db.query(User).count() == 1\n"])
def test_tests_stay_as_they_are_where_the_session_does(test: str) -> None:
    """Who calls a function is asked before the tests are made ready."""
    code = GET + "\n    def notify():\n        with SessionLocal() as db:\n            db.get(User, 1)\n"
    patching = 'def test_notify(client, monkeypatch):\n    monkeypatch.setattr(work, "notify", print)\n'
    told = refusal(code, tests__conftest=test, tests__test_notify="from app import work\n\n\n" + patching)
    assert "a test puts something in place of `notify`" in told


def test_tests_stay_as_they_are_where_something_cannot_be_loaded() -> None:
    models = "from sqlalchemy import ForeignKey\nfrom sqlalchemy.orm import relationship\n" + MODELS
    models += """
    posts: Mapped[list["Post"]] = relationship()


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
"""
    code = """
    class Repository:
        def __init__(self, db: Session, model: type) -> None:
            self.db = db
            self.model = model

        def all(self) -> list[User]:
            return list(self.db.scalars(select(self.model)))

    def count(users: Repository) -> int:
        return sum(len(user.posts) for user in users.all())
    """
    reason = refusal(
        "from sqlalchemy import select\n" + textwrap.dedent(code), app__models=models, tests__conftest=SHARED
    )
    assert reason.startswith("nobody can tell where the object comes from that `user.posts` is read of (app/work.py:")


def test_overriding_dependencies_are_converted() -> None:
    test = """
    import pytest
    from app.db import get_db
    from app.main import app
    from fastapi.testclient import TestClient
    from sqlalchemy import create_engine
    from sqlalchemy.orm import sessionmaker

    engine = create_engine("postgresql+psycopg://db/test")
    TestingSession = sessionmaker(autocommit=False, bind=engine)

    def override():
        db = TestingSession()
        try:
            yield db
        finally:
            db.close()

    @pytest.fixture
    def client():
        app.dependency_overrides[get_db] = override
        return TestClient(app)
    """
    after = fixed(app(GET, tests__conftest=test), CODES, unsafe=True)["tests/conftest.py"]
    assert "TestingSession = async_sessionmaker(expire_on_commit=False, bind=engine)\n" in after
    assert "async def override():" in after
    assert "        await db.close()" in after
    assert "@pytest.fixture\ndef client():" in after


@pytest.mark.parametrize(
    "override",
    [
        "app.dependency_overrides.update({get_db: override})\n    yield\n    app.dependency_overrides.pop(get_db)",
        "app.dependency_overrides = {get_db: override}\n    yield\n    del app.dependency_overrides[get_db]",
        "monkeypatch.setitem(app.dependency_overrides, get_db, override)\n    yield\n    "
        "assert get_db in app.dependency_overrides",
        "with patch.dict(app.dependency_overrides, {get_db: lambda: db}):\n        yield",
    ],
)
def test_other_ways_to_override_dependencies(override: str) -> None:
    test = f"""
from unittest.mock import patch

import pytest

from app.db import SessionLocal
from app.work import app, get_db


def override():
    with SessionLocal() as db:
        yield db


@pytest.fixture
def db():
    with SessionLocal() as db:
        yield db


@pytest.fixture
def overridden(monkeypatch, db):
    {override}
"""
    code = """
    from fastapi import FastAPI

    app = FastAPI()


    def get_db():
        with SessionLocal() as db:
            yield db
    """
    files = fixed(app(code, tests__conftest=test), CODES, unsafe=True)
    assert "async def get_db():" in files["app/work.py"]
    assert "async def override():" in files["tests/conftest.py"]
    assert "\ndef overridden(" in files["tests/conftest.py"]


def test_titles_and_messages() -> None:
    found = findings(app(GET), CODES)
    assert {f.fix.title for f in found if f.fix is not None} == {
        "Make 2 functions in 2 files asynchronous, with their sessions; objects keep their values after a commit; "
        "SQLAlchemy must be required as `sqlalchemy[asyncio]`"
    }
    assert all(f.fix is not None for f in found)
    assert len({id(f.fix) for f in found}) == 1


@pytest.mark.parametrize(
    ("body", "is_free"),
    [
        ("return {'status': 'ok'}", True),
        ("return HTTPException(404)", True),
        ("return ' '.join(str(x) for x in [1]).upper()", True),
        ("return plain(1)", True),
        ("return requests.get('http://x').json()", False),
        ("time.sleep(1)", False),
        ("subprocess.run(['ls'])", False),
        ("return waits()", False),
        ("return open('x').read()", False),
        ("with lock:\n        return 1", False),
    ],
)
def test_handlers_without_a_session(body: str, is_free: bool) -> None:
    text = f"""\
import subprocess, time
import requests
from fastapi import FastAPI, HTTPException

app = FastAPI()
lock = make_lock()

def plain(x):
    return x

def waits():
    time.sleep(1)

@app.get("/")
def handler():
    {body}
"""
    (found,) = findings({"app/main.py": text}, "FAPI501")
    assert (found.fix is not None) == is_free


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("update(User).values(x).execution_options(synchronize_session=False)", "update(User).values(x)"),
        ("delete(User).execution_options(synchronize_session=False, a=1)", "delete(User).execution_options(a=1)"),
        ("update(User).values(x).execution_options(synchronize_session='fetch')", None),
        ("update(User).values(name=User.name + x).execution_options(synchronize_session=False)", None),
        ("select(User).execution_options(synchronize_session=False)", None),
    ],
)
def test_bulk_changes_are_made_known_to_the_session(before: str, after: str | None) -> None:
    """Commits expire nothing any more, so that nothing else would."""
    code = "def work(db: Session, x):\n    db.execute({})\n    db.commit()\n"
    head = "from sqlalchemy import delete, update\n\n\n"
    assert f"await db.execute({after or before})" in converted(head + code.format(before))


UNIT = """
class Unit:
    session: Session

    def __init__(self, make: sessionmaker = SessionLocal):
        self.make = make

    def __enter__(self):
        self.session = self.make()
        return self

    def __exit__(self, *args):
        self.session.close()


def work(unit: Unit):
    with unit:
        unit.session.commit()
"""
UNIT_HEAD = "\nfrom sqlalchemy.orm import sessionmaker\n\n"


def test_a_unit_of_work() -> None:
    found = converted(UNIT_HEAD + UNIT)
    assert (
        found.partition("class Unit:")[2]
        == """
    session: AsyncSession

    def __init__(self, make: async_sessionmaker = SessionLocal):
        self.make = make

    async def __aenter__(self):
        self.session = self.make()
        return self

    async def __aexit__(self, *args):
        await self.session.close()


async def work(unit: Unit):
    async with unit:
        await unit.session.commit()
"""
    )


def test_a_unit_of_work_that_asks_the_class_above() -> None:
    sub = """

class Sub(Unit):
    def __enter__(self):
        print(1)
        return super().__enter__()

    def __exit__(self, *args):
        super().__exit__(*args)
"""
    other = "\n\nclass {}:\n    def __exit__(self, *args):\n        {}\n"
    other = other.format("Other", "pass") + other.format("More(Other)", "super().__exit__(*args)")
    assert converted(UNIT_HEAD + UNIT + sub + other).partition("class Sub(Unit):")[2] == (
        """
    async def __aenter__(self):
        print(1)
        return await super().__aenter__()

    async def __aexit__(self, *args):
        await super().__aexit__(*args)
"""
        + other
    )


def test_a_method_called_like_a_type_of_annotations() -> None:
    code = """
        class Users:
            def __init__(self, db: Session) -> None:
                self.db = db

            def list(self, names: "list[str]") -> list[User]:
                return self.db.scalars(select(User)).all()

            def all(self) -> list[User]:
                found: list[User] = self.list([])
                return found
        """
    found = converted(code)
    assert 'async def list(self, names: "list[str]") -> list[User]:' in found
    assert "found: list[User] = await self.list([])" in found


def test_relationships_of_classes_mapped_imperatively_may_be_lazy() -> None:
    code = "\n\ndef work(db: Session):\n    db.commit()\n\n\nregistry.map_imperatively(Post, posts{})\n"
    lazy = ", properties={{'user': relationship(User{})}}"
    assert "`Post` is mapped imperatively" in refusal(code.format(lazy.format("")))
    assert "await db.commit()" in converted(code.format(lazy.format(", lazy='selectin'")))
    assert "await db.commit()" in converted(code.format(""))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def other(unit):\n    with unit:\n        pass", "nobody can tell whether `unit` is a `Unit`"),
        ("def other(unit: Unit):\n    print(unit.__enter__)", "`unit.__enter__` is called or passed by its name"),
        ("with Unit():\n    pass", "`Unit` is entered at module level, where nothing can be awaited"),
        ("def other(unit: Unit):\n    with unit, open('x'):\n        pass", "a `with` enters both"),
    ],
)
def test_a_unit_of_work_that_stays(code: str, reason: str) -> None:
    assert reason in refusal(f"{UNIT_HEAD}{UNIT}\n\n{code}\n")


MIDDLEWARE = """
from fastapi import FastAPI, Request

app = FastAPI()


@app.middleware("http")
async def with_session(request: Request, call_next):
    request.state.db = SessionLocal()
    try:
        return await call_next(request)
    finally:
        request.state.db.close()


def of_request(request: Request) -> Session:
    return request.state.db


@app.get("/")
def root(request: Request):
    request.state.db.commit()
"""


def test_a_session_in_the_state_of_requests() -> None:
    found = converted(MIDDLEWARE)
    assert "        await request.state.db.close()\n" in found
    assert "def of_request(request: Request) -> AsyncSession:\n" in found
    assert "async def root(request: Request):\n    await request.state.db.commit()\n" in found


def test_a_state_that_holds_something_else_too() -> None:
    other = MIDDLEWARE + "\n\ndef other(request: Request):\n    request.state.db = engine.connect()\n"
    assert "`request.state.db` is read elsewhere, where its type is not known" in refusal(other)


BROAD = """
import pytest
from app.db import SessionLocal
from app.work import get

@pytest.fixture(scope="session", autouse=True)
def db():
    with SessionLocal() as db:
        yield db

@pytest.fixture
def user(db):
    return get(db, 1)

def test_it(user):
    assert user

def test_get(db):
    get(db, 2)
"""


def test_fixtures_that_outlive_a_test_share_its_loop() -> None:
    found = fixed(app(GET, tests__conftest=BROAD), CODES, unsafe=True)["tests/conftest.py"]
    assert '@pytest_asyncio.fixture(scope="session", loop_scope="session", autouse=True)\nasync def db():' in found
    assert '@pytest_asyncio.fixture(loop_scope="session")\nasync def user(db):' in found
    assert "\ndef test_it(user):" in found
    assert '@pytest.mark.asyncio(loop_scope="session")\nasync def test_get(db):' in found


@pytest.mark.parametrize(
    ("pin", "is_old"), [("==0.23.5", True), ("<0.24,>=0.21", True), ("~=0.21.1", True), (">=0.23", False), ("", False)]
)
def test_an_old_plugin_knows_no_shared_loop(pin: str, is_old: bool) -> None:
    versions = Versions(pytest_asyncio=parse_constraint(pin))
    found = findings(app(GET, tests__conftest=BROAD), CODES, versions=versions)
    (title,) = {f.fix.title for f in found if f.fix is not None}
    assert ("`loop_scope` needs pytest-asyncio 0.24" in title) == is_old


MAIN = """
from fastapi import FastAPI

app = FastAPI()


@app.get("/health")
async def get_health(): ...
"""


@pytest.mark.parametrize(("pin", "is_old"), [("==7.4.3", True), (">=8.2,<9", False)])
def test_an_old_pytest_takes_an_old_plugin(pin: str, is_old: bool) -> None:
    test = SHARED.replace("@pytest.fixture\ndef db", '@pytest.fixture(scope="session")\ndef db')
    found = findings(
        app(GET, app__main=MAIN, tests__conftest=test), "FAPI803", versions=Versions(pytest=parse_constraint(pin))
    )
    (title,) = {f.fix.title for f in found if f.fix is not None}
    assert ("`loop_scope` needs pytest-asyncio 0.24" in title) == is_old


@pytest.mark.parametrize("dependencies", ["", 'pytest-asyncio = "^1.2"\n'])
def test_a_plugin_that_no_list_can_name(dependencies: str) -> None:
    poetry = f'[tool.poetry.dependencies]\npytest = "^8.4"\n{dependencies}'
    test = "from app.db import SessionLocal\ndef test_it():\n    with SessionLocal() as db:\n        db.commit()\n"
    found = findings({**app(GET, tests__test_it=test), "pyproject.toml": poetry}, CODES)
    (title,) = {f.fix.title for f in found if f.fix is not None}
    assert ("pytest-asyncio must be installed" in title) == (not dependencies)


def test_a_session_that_stays_synchronous_shares_no_loop() -> None:
    test = SHARED.replace("@pytest.fixture\ndef db", '@pytest.fixture(scope="session")\ndef db')
    versions = Versions(sqlalchemy=parse_constraint("==1.3.24"))
    found = findings(app(GET, app__main=MAIN, tests__conftest=test), "FAPI803", versions=versions)
    (fix,) = {f.fix for f in found if f.fix is not None}
    assert not any("loop_scope" in edit.text for edit in fix.edits)


def test_fixtures_of_anyio_do_not() -> None:
    test = BROAD + "\n@pytest.mark.anyio\nasync def test_other(): ...\n"
    assert "the fixture `db` outlives the event loop of a test" in refusal(GET, tests__conftest=test)


def test_transactions_of_a_connection() -> None:
    code = """
def work():
    connection = engine.connect()
    transaction = connection.begin()
    inner = connection.begin_nested()
    inner.commit()
    transaction.rollback()
    connection.close()
"""
    found = converted(code)
    for call in ("begin()", "begin_nested()", "close()"):
        assert f"await connection.{call}\n" in found
    assert "await inner.commit()\n    await transaction.rollback()\n" in found


def test_clients_of_tests_that_will_share_a_loop() -> None:
    test = SHARED.replace("@pytest.fixture\ndef db", '@pytest.fixture(scope="session")\ndef db')
    found = fixed(app(GET, tests__conftest=test), CODES, unsafe=True)["tests/conftest.py"]
    assert '@pytest_asyncio.fixture(loop_scope="session")\nasync def client(db):' in found
    assert '@pytest.mark.asyncio(loop_scope="session")\nasync def test_it(client, db):' in found


def test_clients_that_outlive_a_test_go_on_doing_so_in_a_loop_that_tests_share() -> None:
    test = SHARED.replace("@pytest.fixture\ndef db", '@pytest.fixture(scope="session")\ndef db')
    test = test.replace("@pytest.fixture\ndef client", '@pytest.fixture(scope="module")\ndef client')
    found = fixed(app(GET, tests__conftest=test), CODES, unsafe=True)["tests/conftest.py"]
    assert '@pytest_asyncio.fixture(scope="module", loop_scope="session")\nasync def client(db):' in found


def test_the_title_names_a_test_that_mocks_a_session() -> None:
    def titles(target: str) -> set[str]:
        code = f"from unittest.mock import patch\n\n\ndef test_it():\n    with patch('app.{target}'):\n        pass\n"
        found = findings(app(GET, tests__test_it=code), CODES)
        return {f.fix.title for f in found if f.fix is not None}

    (title,) = titles("work.Session")
    assert title.endswith("; tests that mock a session must be adapted by hand (tests/test_it.py:5)")
    (title,) = titles("work.get")
    assert "mock" not in title


@pytest.mark.parametrize(
    ("read", "told"), [("user.pets", True), ("user.pets()", False), ("User.pets", False), ("self.pets", False)]
)
def test_the_title_names_a_test_that_reads_a_relationship(read: str, told: bool) -> None:
    pet = """

        class Pet(Base):
            __tablename__ = "pets"
            user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
        """
    models = MODELS.replace("import ", "import relationship, ", 1) + "    pets: Mapped[list[Pet]] = relationship()\n"
    code = f"""
        from app.models import User
        from app.work import get


        def test_it(db):
            user = get(db, 1)
            assert {read}
        """
    found = findings(app(GET, app__models=models + textwrap.dedent(pet), tests__test_it=code), CODES)
    (title,) = {f.fix.title for f in found if f.fix is not None}
    assert ("tests that read relationships must load them by hand (tests/test_it.py:8)" in title) == told


@pytest.mark.parametrize(
    ("args", "mocked"),
    [("db, 1", True), ("id=1, db=MagicMock()", True), ("None, MagicMock()", False), ("None, 1", False)],
)
def test_the_title_names_a_test_that_gives_a_mock_for_a_session(args: str, mocked: bool) -> None:
    code = f"""
    from unittest.mock import MagicMock
    from app.work import get


    def test_it():
        db = MagicMock()
        assert get({args})
    """
    found = findings(app(GET, tests__test_it=code), CODES)
    (title,) = {f.fix.title for f in found if f.fix is not None}
    assert ("tests that mock a session must be adapted by hand (tests/test_it.py:8)" in title) == mocked


@pytest.mark.parametrize(("given", "mocked"), [("MagicMock()", True), ("db", False)])
def test_the_title_names_a_test_that_makes_a_service_of_a_mock(given: str, mocked: bool) -> None:
    service = """

    class Users:
        def __init__(self, db: Session):
            self.db = db

        def get(self, id):
            return get(self.db, id)
    """
    code = f"""
    from unittest.mock import MagicMock
    from app.work import Users


    def test_it(db):
        users = Users({given})
        assert users.get(1)
    """
    found = findings(app(GET + textwrap.dedent(service), tests__test_it=code), CODES)
    (title,) = {f.fix.title for f in found if f.fix is not None}
    assert ("tests that mock a session must be adapted by hand (tests/test_it.py:7)" in title) == mocked


STATE = """
from contextvars import ContextVar
from fastapi import FastAPI, Request

app = FastAPI()
current: ContextVar[Session | None] = ContextVar("current", default=None)


class Middleware:
    def __init__(self, app, maker=SessionLocal):
        self.maker = maker

    async def dispatch(self, request: Request, call_next):
        with self.maker() as session:
            current.set(session)
            request.state.db = session
            return await call_next(request)


def of_context():
    session = current.get()
    session.commit()


@app.get("/")
def root(request: Request):
    session = request.state.db
    session.commit()
"""


def test_sessions_that_a_default_a_context_or_a_name_hold() -> None:
    found = converted(STATE)
    assert "current: ContextVar[AsyncSession | None] =" in found
    assert "        async with self.maker() as session:\n" in found
    assert "async def of_context():\n    session = current.get()\n    await session.commit()\n" in found
    assert "    session = request.state.db\n    await session.commit()\n" in found


def test_a_context_variable_of_any_type_stays() -> None:
    assert "`session` is passed to `current.set()`" in refusal(STATE.replace("[Session | None]", "", 1))


def test_fixtures_that_tests_do_not_annotate() -> None:
    conftest = "import pytest\nfrom app.work import Unit\n\n\n@pytest.fixture\ndef unit() -> Unit:\n    return Unit()\n"
    test = "def test_it(unit):\n    with unit:\n        unit.save()\n"
    found = fixed(app(f"{UNIT_HEAD}{UNIT}", tests__conftest=conftest, tests__test_it=test), CODES, unsafe=True)
    assert "async def test_it(unit):\n    async with unit:\n" in found["tests/test_it.py"]


def test_factories_of_factory_boy_have_a_synchronous_session() -> None:
    factories = """
    from factory.alchemy import SQLAlchemyModelFactory
    from app.models import User

    class UserFactory(SQLAlchemyModelFactory):
        class Meta:
            model = User
    """
    reason = "`UserFactory` of factory_boy adds what it makes to a synchronous session (tests/factories.py:5)"
    assert reason in refusal(GET, tests__factories=factories)


LAZY = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import relationship


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[User] = relationship()
"""


def test_what_tests_read_is_loaded_too() -> None:
    test = """
    from sqlalchemy import select
    from app.db import SessionLocal
    from app.models import Post

    def test_it():
        with SessionLocal() as db:
            assert db.scalars(select(Post)).one().author.name
    """
    files = {**app(GET, tests__test_it=test), "app/models.py": MODELS + LAZY}
    found = fixed(files, CODES, unsafe=True)["tests/test_it.py"]
    assert "(await db.scalars(select(Post).options(selectinload(Post.author)))).one().author.name" in found
    assert findings({**files, "app/db.py": ASYNC_DB, "tests/test_it.py": found}, "FAPI506") == []


HOLDER = """
class Holder:
    def __init__(self, db: Session) -> None:
        self.db = db

    def one(self):
        return self.db.get(User, 1)

    def __call__(self, id: int):
        return self.db.get(User, id)


"""


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def work(db: Session | None = None):\n    db = db or SessionLocal()\n    db.commit()", "await db.commit()"),
        ("def work(db: Session):\n    return Holder(db)(1).name", "(await Holder(db)(1)).name"),
        ("def work(get: Holder):\n    return get(1).name", "(await get(1)).name"),
        ("def work():\n    current.get().commit()", "await current.get().commit()"),
        (
            "def work(make=SessionLocal):\n    with make() as db:\n        db.commit()",
            "async with make() as db:\n        await db.commit()",
        ),
    ],
)
def test_sessions_that_are_hard_to_see(before: str, after: str) -> None:
    context = "\nfrom contextvars import ContextVar\n\ncurrent: ContextVar[Session] = ContextVar('current')\n"
    found = converted(f"{context}{HOLDER}{before}\n")
    assert "\nasync def work(" in found
    assert after in found


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def work(db: Session):\n    return (lambda id, db=db: db.get(User, id))(1)", "is the default of a parameter"),
        ("def work(db):\n    db = db or SessionLocal()\n    db.commit()", "nobody can tell whether `db` is"),
        ("def work(db: Session):\n    return list(map(Holder(db), [1]))", "`Holder(db)` is passed to `map()`"),
        ("Holder.two = property(lambda self: self.db.get(User, 2))", "whether `self.db` is a session"),
        ("def two(self):\n    return self.db.get(User, 2)\n\n\nHolder.two = two", "whether `self.db` is a session"),
        ("def work(holder: Holder, name: str):\n    return getattr(holder, name)()", "may give `"),
        ("def work(holder: Holder, name: str):\n    f = getattr(holder, f'{name}ne')\n    f()", "may give `one`"),
        ("def work(box):\n    return box['db'].scalars(select(User)).all()", "whose session `box['db']` is"),
        ("class Mixin:\n    def two(self):\n        self.db.query(self.model).all()", "whether `self.db` is a session"),
        ("late = None\n\n\ndef start():\n    global late\n    late = SessionLocal()\n\n\ndef work():\n"
         "    return late.scalars(select(User))", "whose session `late` is"),
        ("def work():\n    with engine.connect().execution_options(a=1) as c:\n        c.commit()", "in a `with`, and"),
        ("def work(user: User):\n    object_session(user).commit()", "gives a synchronous session"),
        ("async def load():\n    Holder(SessionLocal()).one()\n\n\ndef work(db: Session):\n"
         "    db.commit()\n    asyncio.run(load())", "runs an event loop of its own"),
    ],
)  # fmt: skip
def test_sessions_that_nobody_sees(code: str, reason: str) -> None:
    assert reason in refusal(f"\nimport asyncio\nfrom sqlalchemy.orm import object_session\n\n{HOLDER}{code}\n")


def test_who_starts_a_coroutine_goes_on_doing_so() -> None:
    code = "\nimport asyncio\n\n\nasync def load():\n    with SessionLocal() as db:\n        db.commit()\n\n\n"
    found = converted(f"{code}def work():\n    asyncio.run(load())\n")
    assert found.endswith("\n\ndef work():\n    asyncio.run(load())\n")


def test_a_session_that_a_property_opens() -> None:
    code = """
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
    """
    assert "    async def close(self) -> None:\n        await self.db.close()\n" in converted(code)


@pytest.mark.parametrize(
    "value", ["association_proxy('pets', 'id')", "property(lambda self: self.pets[0])", "first", "relationship()"]
)
def test_what_is_added_to_a_model_outside_of_it(value: str) -> None:
    models = f"""from sqlalchemy import ForeignKey
from sqlalchemy.orm import relationship
{MODELS}    pets: Mapped[list["Pet"]] = relationship()


class Pet(Base):
    __tablename__ = "pets"
    id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)


def first(user):
    return user.pets[0]


User.added = {value}
"""
    assert "`User.added` is set outside of its class" in refusal(GET, app__models=models)
    assert "async def get(" in converted(
        GET, app__models=models.replace(f"= {value}", "= property(lambda self: self.id)")
    )


def test_a_parameter_that_nobody_is_seen_to_give() -> None:
    assert "async def work(db):\n    return (await db.scalars(" in converted(
        "\n\ndef work(db):\n    return db.scalars(select(User)).all()\n"
    )


def test_methods_of_a_declarative_base() -> None:
    models = MODELS.replace("    pass\n", "    def save(self, db: Session) -> None:\n        db.commit()\n")
    models = f"from sqlalchemy.orm import Session\n{models}"
    after = fixed(app("def work(db: Session):\n    User().save(db)\n", app__models=models), CODES, unsafe=True)
    assert "    async def save(self, db: AsyncSession)" in after["app/models.py"]
    assert "    await User().save(db)\n" in after["app/work.py"]


@pytest.mark.parametrize(
    ("end", "body", "stays"),
    [
        ("db.close()", "break", False),
        ("print(1)", "print(id)", False),
        ("print(1)", "break", True),
        ("print(1)", "if id:\n            return", True),
    ],
)
def test_generators_that_clean_up(end: str, body: str, stays: bool) -> None:
    code = f"""
def ids(db: Session):
    try:
        for user in db.scalars(select(User)):
            yield user.id
    finally:
        {end}


def work(db: Session):
    for id in ids(db):
        {body}
"""
    if stays:
        assert "the loop over `ids()` may end early" in refusal(code)
    else:
        assert "    async for id in ids(db):\n" in converted(code)


def test_a_mixin_uses_what_is_beside_it() -> None:
    code = "\n\nclass Naming:\n    def name(self):\n        return self.db.get(User, 1).name\n"
    code += f"\n{HOLDER.replace('class Holder:', 'class Holder(Naming):')}"
    assert "    async def name(self):\n        return (await self.db.get(User, 1)).name\n" in converted(code)
