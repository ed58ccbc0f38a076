"""Valid code that hardly anybody writes: every rule survives it, and so does every fix."""

from __future__ import annotations

import pytest

from fapi_lint.engine.registry import all_rules
from fapi_lint.testing import fixed

IMPORTS = """
import os
from typing import Annotated, Any, ClassVar, Generic, Literal, Optional, TypeVar, Union

import pytest
import sqlalchemy as sa
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Path, Query, status
from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic_settings import BaseSettings
from sqlalchemy import Column, ForeignKey, Integer, String, Table, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, declared_attr, mapped_column, relationship, sessionmaker

PATH, ARGS, KWARGS, T = "/users", (), {}, TypeVar("T")
router = APIRouter()
app = FastAPI()
SessionLocal = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


def get_db():
    with SessionLocal() as db:
        yield db
"""
ODD = {
    "annotations": """
__all__: list[str]
nothing: "no type at all" = 1
dots: ... = 2
number: 3 = 3
def show(user_id: "the key of a user", db: "a session" = Depends(get_db), *args: "what else", **more: 5) -> "nothing":
    inner: "some text"
    x: lambda: 1 = None
    return db.get(User, user_id)
class Odd(BaseModel):
    a: "not a type"
    b: 1
    c: Annotated
    d: Annotated[()]
    e: Optional
    f: Union[()]
    g: "Optional[]"
    h: Literal[()] = None
    i: ClassVar = 1
    j: Field() = None
    k: (int, str)
    l: [int]
    m: {"a": int}
    n: str | "User" | None
    o: "str | "
    p: lambda: int
    q: int if ARGS else str
""",
    "routes": """
@router.get
def bare(): ...
@router.get()
def no_path(): ...
@router.get(*ARGS)
def starred(): ...
@router.get(**KWARGS)
def double_starred(): ...
@router.get(path=PATH)
def named(): ...
@router.get(PATH + "/{user_id}" f"{PATH}", *ARGS, status_code=200, response_model=None, **KWARGS)
def joined(user_id, /, a=(b := 1), *, c: int, **d): ...
@router.post("/a", status_code="201", response_model=[User])
@router.put("/a", status_code=int("200"), response_model=list)
async def stacked(a: int = Depends(), b=Depends(lambda: 1), c=Depends(get_db()), d: Annotated[int, Depends] = 1): ...
@router.api_route("/b", methods={"GET", "POST"})
@(lambda f: f)
@ARGS[0]
async def decorated(): return (yield)
router.get("/c")(lambda: 1)
router.get("/d", status_code=200)(bare)
app.add_api_route("/e", bare, methods=KWARGS)
app.add_api_route(endpoint=lambda: 1, path="/f")
app.include_router(router, prefix=PATH)
app.include_router(router=router, **KWARGS)
app.include_router(APIRouter())
app.include_router(*ARGS)
app.include_router()
for method in ("get", "post"):
    @getattr(router, method)("/g")
    def made(): ...
class View:
    @router.get("/h")
    def handler(self=1, db: Session = Depends(get_db)): return db.query(User).all()
    router = router
    @router.delete("/i/{user_id}")
    @staticmethod
    def delete(user_id: int): raise HTTPException(*ARGS, **KWARGS)
if ARGS:
    @router.get("/j")
    def twice(): raise HTTPException
else:
    @router.get("/j")
    def twice(): raise HTTPException(404) from None
raise HTTPException(status_code=404 if ARGS else 500)
""",
    "models": """
class Keys(Base):
    __tablename__ = f"{PATH}_keys"
    __table_args__ = (*ARGS, {**KWARGS})
    id = Column()
    a = Column(*ARGS)
    b = Column(**KWARGS)
    c = d = Column("c", Integer, primary_key=True)
    e, f = Column(String()), Column(String(length=None))
    g: Mapped = mapped_column(ForeignKey())
    h: Mapped[()] = mapped_column(ForeignKey(User.id), ForeignKey("user" ".id"))
    i: "Mapped[no type]" = mapped_column()
    j: Mapped["int"] = mapped_column(ForeignKey(User))
    k: Mapped[Optional["str"]] = mapped_column(String(*ARGS), default=lambda: 1)
    l = relationship()
    m = relationship(*ARGS)
    n = relationship(lambda: User, backref=lambda: 1)
    o = relationship(argument="User", back_populates=PATH)
    p = relationship("no.such.Thing", secondary="nothing", backref="p" "q")
    q: Mapped[list] = relationship(User.__name__, backref=None)
    r: Mapped["list[Nobody]"] = relationship(foreign_keys="[Keys.h, Keys.j]")
    s = relationship("User", backref=sa.orm.backref(*ARGS))
    @declared_attr
    def t(cls): return Column(Integer)
    @declared_attr.directive
    def __mapper_args__(cls): return KWARGS
    created_at = updated_at = Column(sa.DateTime, default=sa.func.now)
class Keys(Base):
    __tablename__ = "again"
    __abstract__ = not ARGS
    id: Mapped[int] = mapped_column(primary_key=bool(ARGS))
class Inside(Base, *ARGS, metaclass=type, **KWARGS):
    class Config: orm_mode = True
    class Inside(Base): id = Column(Integer, primary_key=True)
def make(base=Base):
    class Made(base):
        __tablename__ = "made"
        id = Column(Integer, primary_key=True)
    return Made
table = Table()
table = Table("t", *ARGS)
table = Table("t", Base.metadata, Column("id", primary_key=True), *[Column(n) for n in ARGS])
Dynamic = type("Dynamic", (Base,), {"__tablename__": "dynamic"})
User.extra = Column(Integer)
User.__table__.c.id
""",
    "schemas": """
class Empty(BaseModel): pass
class Odd(BaseModel, frozen=True, **KWARGS):
    model_config = ARGS or ConfigDict(**KWARGS)
    class Config(BaseModel.Config, *ARGS): a, b = 1, 2
    x: str = Field(..., *ARGS, **KWARGS)
    y: str = Field(max_length=...)
    z: list[str] = [*ARGS]
    x: int
    if ARGS:
        w: str
    else:
        w: int
    def __class_getitem__(cls, item): return cls
    model_config["extra"] = "forbid"
class Generic1(BaseModel, Generic[T]): items: list[T]
class Root(RootModel): root: dict[str, "Root"]
class UserCreate(Odd["a"], Generic1[int, str], Empty, Odd): pass
class UserUpdate(UserCreate, UserUpdate): id: "UserUpdate"
UserOut = UserResponse = UserCreate
class UserSchema((lambda: BaseModel)()): name: str = None
class Settings(BaseSettings):
    a: str = os.environ["A"]
    b = os.getenv()
    secret: str = "s3cret" "more"
settings = Settings(**os.environ)
password, token = "hunter2", f"{PATH}"
""",
    "statements": """
global PATH
def f(db: Session):
    global router
    nonlocal_ = [*db.query(), *db.query(*ARGS), db.query(User, User.id).filter(*ARGS).filter_by(**KWARGS)]
    for db.info["x"], *rest in db.query(User).all(): break
    else: continue_ = 1
    with db as other, SessionLocal() as (a, b), db.begin(): other.query(User)[0]
    with (open("x") as x, db.begin_nested()): pass
    while (row := db.query(User).first()) is not None: db.delete(row); db.commit()
    try: db.execute()
    except* (ValueError, TypeError) as error: db.rollback()
    match db.query(User).get(1):
        case User(id=1, name=str() as n) | User(id=2, name=n): pass
        case {"id": 1, **rest}: pass
        case [1, *_, -1.5] | "a" | None | sa.x: pass
        case _ if db.query(User).count(): pass
    del db.info, rest
    assert db.query(User).one_or_none(), f"{db.query(User).all()!r:>{10}}"
    return lambda db=db, *a, **k: db.query(User).all() if a else (yield db)
async def g():
    async with SessionLocal() as db, db.begin(): await db
    async for x in db.stream(select(User)): await x
    return [await y async for y in x if await y], {**KWARGS, "a": await g()}, (z for z in await g())
def h(): yield from h(); return h
class A:
    def __init__(this, db): this.db: Session = db; this.a = this.b = this.db
    def __call__(self): return self.db.query(User).all
    __getattr__ = lambda self, name: self
    async def __aenter__(self): return self
print(*ARGS, sep="") ; x = y = z = (yield_ := 1)
x[1:2, ..., *ARGS], (y, *z), [w, [v]] = 1, (2, 3), [4, [5]]
x @= y; x **= z; not x; -x; +x; ~x; x if y else z; x < y <= z != x; x is not y not in z
0x1F, 1_000, 1j, 1e5, b"bytes" rb"raw", r"\\raw" "joined" f"{x}" f"{x=!s:{y}}", ...
""",
    "tests": """
@pytest.fixture
def client(): ...
@pytest.fixture()
async def session(request, *args, **kwargs): yield request.param
@pytest.fixture(name="named" "joined", scope=lambda **k: "module", params=ARGS)
def _(): return client
@pytest.mark.asyncio
@pytest.mark.parametrize(*ARGS)
@pytest.mark.parametrize("a,b", [(1, 2), pytest.param(3, marks=pytest.mark.asyncio)], indirect=ARGS)
async def test_it(client, a=1, *, b): assert (await client.get(f"/users/{a}")).json()["id"] == b
class TestAll:
    pytestmark = pytest.mark.asyncio
    async def test_one(self): ...
    @staticmethod
    async def test_two(): ...
    def setup_method(self): self.client = client
async def test_three():
    async def test_four(): ...
""",
}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("path", ["app/main.py", "app/models/thing.py", "tests/test_thing.py", "alembic/env.py"])
def test_odd_code_is_survived(name: str, path: str) -> None:
    files = {path: IMPORTS + ODD[name], "app/__init__.py": ""}
    assert fixed(files, list(all_rules()), unsafe=True)
