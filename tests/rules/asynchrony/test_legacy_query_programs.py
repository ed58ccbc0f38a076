"""FAPI503: programs made of `Query` at random, run before and after their conversion on a real database."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fapi_lint.testing import findings, fixed

sqlalchemy = pytest.importorskip("sqlalchemy")
pytest.importorskip("psycopg")

MODELS = """\
from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table
from sqlalchemy.orm import DeclarativeBase, relationship


class Base(DeclarativeBase):
    pass


post_tags = Table(
    "post_tags",
    Base.metadata,
    Column("post_id", ForeignKey("posts.id"), primary_key=True),
    Column("tag_id", ForeignKey("tags.id"), primary_key=True),
)


class User(Base):
    __tablename__ = "users"
    id = Column(Integer, primary_key=True)
    name = Column(String(20))
    age = Column(Integer)
    posts = relationship("Post", back_populates="author")
    devices = relationship("Device", lazy="joined")


class Device(Base):
    __tablename__ = "devices"
    id = Column(Integer, primary_key=True)
    owner_id = Column(ForeignKey("users.id"))


class Post(Base):
    __tablename__ = "posts"
    id = Column(Integer, primary_key=True)
    title = Column(String(20))
    views = Column(Integer)
    author_id = Column(ForeignKey("users.id"))
    author = relationship("User", back_populates="posts")
    tags = relationship("Tag", secondary=post_tags)


class Tag(Base):
    __tablename__ = "tags"
    id = Column(Integer, primary_key=True)
    name = Column(String(20))
    views = Column(Integer)
"""
HEAD = """\
from sqlalchemy import and_, desc, func, or_, text
from sqlalchemy.orm import Query, Session, aliased, contains_eager, joinedload, selectinload

from app.models import Device, Post, Tag, User


"""
VALUES = [1, 2, 3, 5, 100]
REFUSED = [
    "would load joined collections one by one",
    "`exists()` would ask for rows of what is computed",
    "does not have what `filter_by()` names",
    "`filter_by()` is about one of several entities",
]
"""What these programs do that stays as it is."""


@dataclass
class Sort:
    """What a program queries: the arguments of `query()`, the steps that fit, and an order that is total."""

    arguments: str
    steps: list[str]
    order: str
    entity: str = ""


def filters(model: str, number: str, name: str) -> list[str]:
    return [
        f".filter({model}.{number} > {{n}})",
        f".filter({model}.{number} != {{n}}, {model}.id < 8)",
        f".filter(or_({model}.id == {{n}}, {model}.{name} == 'b'))",
        f".filter_by({name}='b')",
        f".filter({model}.id.in_([1, {{n}}, 4]))",
        ".filter()",
    ]


USER_STEPS = [
    *filters("User", "age", "name"),
    ".join(User.posts)",
    ".outerjoin(User.posts).filter_by(id={n})",
    ".outerjoin(Post, Post.author_id == User.id)",
    ".filter(User.posts.any(Post.views > {n}))",
    ".filter(User.id == Post.author_id)",
    ".filter(User.id.in_(db.query(Post.author_id).filter(Post.views > {n})))",
    ".filter(db.query(Post).filter(Post.author_id == User.id, Post.views > {n}).exists())",
    ".options(joinedload(User.posts))",
    ".options(selectinload(User.posts))",
    ".populate_existing()",
    ".execution_options(yield_all=True)",
    ".with_for_update(of=User)",
]
POST_STEPS = [
    *filters("Post", "views", "title"),
    ".join(Post.author)",
    ".join(User)",
    ".join(User).filter_by(name='b')",
    ".join(Post.tags).filter_by(id={n}, views=1)",
    ".join(User, Post.author_id == User.id)",
    ".outerjoin(Post.tags)",
    ".options(joinedload(Post.author))",
    ".options(joinedload(Post.tags))",
    ".filter(Post.author.has(User.age > {n}))",
    ".filter(Post.views > db.query(func.min(Post.views)).as_scalar())",
    ".filter(Post.views > db.query(func.min(Post.views)).scalar_subquery())",
    ".autoflush(False)",
]
ENTITIES = [
    Sort("User", USER_STEPS, "User.id", "User"),
    Sort("Post", POST_STEPS, "Post.id", "Post"),
    Sort("Tag", filters("Tag", "views", "name"), "Tag.id.desc()", "Tag"),
]
ROWS = [
    Sort("User.id", filters("User", "age", "name"), "User.id"),
    Sort("User.name, User.id", filters("User", "age", "name"), "desc(User.id)"),
    Sort("User, Post", [".join(Post, Post.author_id == User.id)", ".filter_by(id={n})"], "Post.id, User.id"),
    Sort("Post, User.name", [".join(User)", ".filter(Post.author_id == User.id)"], "Post.id, User.id"),
    Sort("func.count(User.id)", filters("User", "age", "name"), "func.count(User.id)"),
    Sort("func.max(Post.views).label('most')", filters("Post", "views", "title"), "func.max(Post.views)"),
    Sort("Post.title, func.count(Post.id)", [".group_by(Post.title)"], "Post.title"),
    Sort("User.name, func.count(Post.id)", [".outerjoin(User.posts).group_by(User.name)"], "User.name"),
]
ENDS = [
    "return {q}.all()",
    "return {o}.first()",
    "return {q}.one()",
    "return {q}.one_or_none()",
    "return {q}.scalar()",
    "return {q}.count()",
    "return [row for row in {o}]",
    "return list({o})",
    "return {o}[1:3]",
    "return {o}[:2]",
    "return {o}[0]",
    "return {o}.limit({n}).all()",
    "return {o}.offset(1).limit({n}).all()",
    "return {o}.slice(1, 3).all()",
    "return {o}.limit(2).first()",
    "return {o}.limit(3).count()",
    "return db.query({q}.exists()).scalar()",
    "found = []\n    for row in {o}:\n        found.append(row)\n    return found",
    "return {o}.with_entities({e}).all()",
    "return {q}.with_entities(func.count()).scalar()",
    "return {q}.distinct().all()",
    "return {q}.distinct().count()",
    "first, *rest = {o}\n    return first, rest",
    "return db.execute({o}.statement).unique().all()",
]
ENTITY_ENDS = [
    "return {q}.union({p}).all()",
    "return {q}.union_all({p}).all()",
    "return {q}.intersect({p}).count()",
    "return {q}.filter({m}.id == {n}).one_or_none()",
    "return {q}.filter({m}.id == {n}).scalar()",
    "rows = {q}.subquery()\n    return db.query(func.count(rows.c.id)).scalar()",
    "ids = {q}.with_entities({m}.id).cte('ids')\n    return db.query({m}).filter({m}.id.in_(db.query(ids.c.id))).all()",
    "return db.query({m}).get({n})",
    "return db.query({m}).options(selectinload('*')).populate_existing().get(ident={n})",
    "return db.query({m}).from_statement(text('select * from {t} where id < 4 order by id')).all()",
    "return db.query({m}).from_statement(text('select * from {t} where id < :top')).params(top=3).all()",
]
BULK = [
    "changed = {b}.update({{'{c}': {n}}})\n    return changed, {a}",
    "changed = {b}.update({{{m}.{c}: {m}.{c} + 1}}, synchronize_session=False)\n    return changed, {a}",
    "changed = {b}.update(values={{{m}.{c}: 7}}, synchronize_session='fetch')\n    return changed, {a}",
    "{b}.update({{'{c}': {n}}}, False)\n    return {a}",
    "return {b}.delete(), {a}",
    "{b}.delete(synchronize_session='fetch')\n    return {a}",
    "return {b}.delete(False), {a}",
]
TABLES = {"User": ("users", "age", "name"), "Post": ("posts", "views", "title"), "Tag": ("tags", "views", "name")}


@st.composite
def programs(draw: st.DrawFn) -> str:
    """The text of `def work(db): …`, and of what it calls."""
    number = str(draw(st.sampled_from(VALUES)))
    if draw(st.integers(0, 5)) == 0:
        model = draw(st.sampled_from(["Tag", "Post"]))
        table, column, name = TABLES[model]
        steps = draw(st.lists(st.sampled_from(filters(model, column, name)), max_size=2))
        chain = f"db.query({model})" + "".join(steps).format(n=number)
        after = f"db.query({model}.id, {model}.{column}).order_by({model}.id).all()"
        end = draw(st.sampled_from(BULK)).format(b=chain, n=number, m=model, c=column, a=after)
        return f"def work(db: Session):\n    db.query(Post).update({{'views': Post.views}})\n    {end}\n"
    entity = draw(st.booleans())
    sort = draw(st.sampled_from(ENTITIES if entity else ROWS))
    steps = draw(st.lists(st.sampled_from(sort.steps), unique=True, max_size=3))
    if not entity and "group_by" in sort.steps[0]:
        steps = sort.steps
    joins = [step for step in steps if step.startswith((".join", ".outerjoin"))]
    steps = [step for step in steps if step not in joins[1:]]
    steps = [step.format(n=number) for step in steps]
    ends = ENDS + (ENTITY_ENDS if entity else [])
    end = draw(st.sampled_from(ends))
    table = TABLES[sort.entity][0] if entity else ""
    other = f"db.query({sort.arguments}).filter({sort.entity}.id > {number})" if entity else ""
    layout = draw(st.sampled_from(["inline", "lines", "name", "branches", "returned", "given", "loop"]))
    source = f"db.query({sort.arguments})"
    before, after_text, query = "", "", source + "".join(steps)
    match layout:
        case "lines":
            query = "(\n        " + "\n        ".join([source, *steps]) + "\n    )"
        case "name":
            before = f"    query = {source}\n" + "".join(f"    query = query{step}  # more\n" for step in steps)
            query = "query"
        case "branches":
            before = f"    query = {source}\n    if db is not None:\n        query = query{''.join(steps)}\n"
            before += "    elif db:\n        query = query.filter()\n"
            query = "query"
        case "returned":
            after_text = f"def chosen(db: Session) -> Query:\n    return {query}\n\n\n"
            query = "chosen(db)"
        case "given":
            after_text = f"def narrowed(db, query: Query):\n    return query{''.join(steps)}\n\n\n"
            query = f"narrowed(db, query={source})"
        case "loop":
            before = f"    query = {source}\n    for _ in range(1):\n        query = query{''.join(steps)}\n"
            query = "query"
    ordered = f"{query}.order_by({sort.order})"
    if "union" in end or "intersect" in end:
        query = source + "".join(steps)
        before = after_text = ""
    values = {"q": query, "o": ordered, "n": number, "m": sort.entity, "p": other, "t": table, "e": sort.arguments}
    return f"{after_text}def work(db: Session):\n{before}    {end.format(**values)}\n"


@pytest.fixture(scope="module")
def models() -> Iterator[types.ModuleType]:
    module = types.ModuleType("app.models")
    exec(MODELS, module.__dict__)
    saved = {name: sys.modules.get(name) for name in ("app", "app.models")}
    sys.modules |= {"app": types.ModuleType("app"), "app.models": module}
    yield module
    for name, old in saved.items():
        if old is None:
            del sys.modules[name]
        else:
            sys.modules[name] = old


@pytest.fixture(scope="module")
def session(models: Any, new_database: Callable[[str], str]) -> Iterator[Callable[[], Any]]:
    from sqlalchemy import create_engine
    from sqlalchemy.orm import Session

    engine = create_engine(new_database("programs"), connect_args={"options": "-c statement_timeout=30000"})
    models.Base.metadata.create_all(engine)
    with Session(engine) as db:
        tags = [models.Tag(id=i, name=name, views=i) for i, name in enumerate("abb", 1)]
        users = [models.User(id=i, name="abbc"[i % 4], age=i * i % 7) for i in range(1, 6)]
        posts = [
            models.Post(id=i, title="abc"[i % 3], views=i % 4, author=users[i % 3], tags=tags[: i % 4])
            for i in range(1, 10)
        ]
        db.add_all([*tags, *users, *posts, *(models.Device(id=i, owner_id=1 + i % 3) for i in range(1, 7))])
        db.commit()
    yield lambda: Session(engine)
    engine.dispose()


def plain(value: Any) -> Any:
    """A result as something to compare: entities by key and by what is loaded of them."""
    if isinstance(value, (list, tuple)) and not hasattr(value, "_fields"):
        return [plain(item) for item in value]
    if hasattr(value, "_fields"):
        # `select()` names what `Query` has no name for: `count` for `func.count(…)`.
        return [[name for name in value._fields if name not in ("count", "max")], *map(plain, value)]
    if hasattr(value, "_sa_instance_state"):
        return type(value).__name__, value.id, sorted(len(v) for v in vars(value).values() if isinstance(v, list))
    return value


def outcome(text: str, session: Callable[[], Any]) -> Any:
    namespace: dict[str, Any] = {}
    exec(text, namespace)
    with session() as db:
        try:
            found = plain(namespace["work"](db))
            return sorted(found, key=repr) if isinstance(found, list) and ".order_by" not in text else found
        except Exception as error:
            return type(error).__name__


@pytest.mark.filterwarnings("ignore:SELECT statement has a cartesian product")
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(programs(), min_size=8, max_size=8))
def test_converted_programs_do_the_same(models: Any, session: Callable[[], Any], texts: list[str]) -> None:
    files = {"app/models.py": MODELS} | {f"app/work{i}.py": HEAD + text for i, text in enumerate(texts)}
    after = fixed(files, "FAPI503", unsafe=True)
    for path, text in files.items():
        if path == "app/models.py":
            continue
        before = outcome(text, session)
        if before != "NotSupportedError":  # `with_for_update(of=…)` counted, which no database takes.
            assert outcome(after[path], session) == before, after[path]
    refused = findings(after, "FAPI503")
    assert all(any(reason in f.message for reason in REFUSED) for f in refused), refused
