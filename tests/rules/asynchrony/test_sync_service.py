"""FAPI505: services that take or hold a session and are not `async def`."""

from __future__ import annotations

import textwrap

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings

HEAD = """\
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session
"""
PATH = "app/services/user_service.py"


def names(body: str, path: str = PATH, settings: Settings | None = None) -> list[str]:
    found = findings({path: HEAD + textwrap.dedent(body)}, "FAPI505", settings=settings)
    return [f.message.split("`")[1] for f in found]


def test_functions() -> None:
    body = """
    def typed(db: Session): ...
    def quoted(db: "Session | None"): ...
    def queried(db, cls):
        return db.query(cls)
    def written(db, item):
        db.add(item)
        db.commit()
    def asynchronous_result(session: AsyncSession):
        return session.execute(1)

    async def fine(db: Session): ...
    def adds_only(session: AsyncSession, item):
        session.add(item)
    def no_session(name): ...
    def other(connection, item):
        connection.add(item)
    def _private(db: Session): ...
    """
    assert names(body) == ["typed", "quoted", "written", "asynchronous_result"]


def test_an_untyped_parameter_that_is_queried_for_a_model() -> None:
    model = """\
    from sqlalchemy.orm import DeclarativeBase
    class Base(DeclarativeBase): ...
    class User(Base):
        __tablename__ = "users"
    """
    service = "from app.models import User\ndef find(db, name):\n    return db.query(User).filter_by(name=name)\n"
    assert [f.row for f in findings({"app/models.py": model, PATH: service}, "FAPI505")] == [2]


def test_methods() -> None:
    body = """
    class UserService:
        def __init__(self, db: Session) -> None:
            self.db = db

        def uses(self): return self.db.get(1)
        def uses_through(self): return self._helper()
        def _helper(self): return self.db
        def takes(self, other: Session): ...
        @staticmethod
        def static(other: Session): ...

        async def fine(self): return self.db
        def no_use(self): return 1
        @property
        def bind(self): return self.db.bind
        def __len__(self): return self.db.count()


    class Child(UserService):
        def inherited(self): return self.db
    """
    assert names(body) == ["uses", "uses_through", "takes", "static", "inherited"]


def test_only_in_folders_of_services() -> None:
    body = "def typed(db: Session): ...\n"
    assert names(body, "app/crud/user.py") == []
    assert names(body, "tests/services/user.py") == []
    crud = Settings(conventions=Conventions(service_folders=("crud",)))
    assert names(body, "app/crud/user.py", crud) == ["typed"]


def test_callbacks_are_synchronous_by_design() -> None:
    body = """
    async def work(session: AsyncSession):
        await session.run_sync(rebuild)
    def rebuild(session: Session): ...
    """
    assert names(body) == []


def test_exempt() -> None:
    assert names("def typed(db: Session): ...\n", settings=Settings(exempt={"FAPI505": ("typ*",)})) == []


def test_a_method_tells_why_the_session_of_its_object_stays() -> None:
    body = """
    class UserService:
        def __init__(self, db: Session) -> None:
            self.db = db

        def get(self):
            return self.db.prepare()

        def through(self):
            return self.get()
    """
    found = findings({PATH: HEAD + textwrap.dedent(body)}, "FAPI505")
    assert len(found) == 2
    assert all("`self.db.prepare` has no asynchronous form" in each.message for each in found)
