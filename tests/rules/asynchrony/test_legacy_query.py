"""FAPI503: `session.query(…)`."""

from __future__ import annotations

import textwrap
from typing import Any

import pytest

from fapi_lint.config.versions import Versions, parse_constraint
from fapi_lint.testing import findings, fixed

MODELS = """\
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
HEAD = """\
from sqlalchemy import func
from sqlalchemy.orm import Session, aliased, scoped_session, sessionmaker
from app import models
from app.models import User
SessionLocal = sessionmaker()
registry = scoped_session(SessionLocal)
"""


def rows(body: str) -> list[int]:
    """Rows below the head."""
    files = {"app/models.py": MODELS, "app/work.py": HEAD + textwrap.dedent(body)}
    return [f.row - HEAD.count("\n") for f in findings(files, "FAPI503")]


@pytest.mark.parametrize(
    "body",
    [
        "def work(db: Session):\n    return db.query(User).all()",
        "def work(db: Session, cls):\n    return db.query(cls).all()",
        "def work(db):\n    return db.query(User).filter(User.id == 1).first()",
        "def work(db):\n    return db.query(User.id)",
        "def work(db):\n    return db.query(models.User)",
        "def work(db):\n    return db.query(func.count(User.id)).scalar()",
        "def work(db):\n    return db.query(aliased(User))",
        "def work(self):\n    return self.db.query(User)",
        "def work():\n    return SessionLocal().query(1)",
        "def work():\n    return registry.query(1)",
        "def work():\n    with SessionLocal() as db:\n        return [x for x in db.query(1)]".replace(
            "\n        ", " "
        ),
    ],
)
def test_reported(body: str) -> None:
    assert rows(body) == [2]


def test_a_session_that_only_callers_tell() -> None:
    body = """\
        def get_or_create(session, model, **given):
            found = session.query(model).filter_by(**given).first()
            return found or model(**given)
        def work(db: Session):
            return get_or_create(db, User, id=1)
    """
    assert rows(body) == [2]
    text = fixed({"app/models.py": MODELS, "app/work.py": HEAD + textwrap.dedent(body)}, "FAPI503", unsafe=True)
    assert "session.scalars(select(model).filter_by(**given).limit(1)).first()" in text["app/work.py"]


@pytest.mark.parametrize(
    "body",
    [
        "def work(db, cls):\n    return db.query(cls)",
        "def work(client):\n    return client.query('select 1')",
        "class Client:\n    def query(self, *args): ...\ndef work(client: Client):\n    return client.query(User)",
        "import bigquery\ndef work(client: bigquery.Client):\n    return client.query(User)",
        "import bigquery\ndef work():\n    return bigquery.query(User)",
        "async def work(client):\n    return await client.query(User)",
        "def work(request):\n    return request.query['x'], request.query.get(User)",
        "def query(x): ...\ndef work():\n    return query(User)",
    ],
)
def test_look_alikes(body: str) -> None:
    assert not rows(body)


def test_one_finding_per_call() -> None:
    body = """\
    def taken(db: Session) -> bool:
        return db.query(
            db.query(User).filter_by(id=1).exists()
        ).scalar()
    """
    assert rows(body) == [2, 3]


def test_tests_and_revisions_are_not_the_application() -> None:
    text = HEAD + "def work(db: Session):\n    return db.query(User)\n"
    files = {"app/models.py": MODELS, "tests/test_user.py": text, "alembic/versions/1.py": text}
    assert not findings(files, "FAPI503")


# --- the fix -----------------------------------------------------------------------------------------

SCHEMA = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    posts: Mapped[list["Post"]] = relationship(back_populates="author")


class Post(Base):
    __tablename__ = "posts"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped[User] = relationship(back_populates="posts")
"""
IMPORTS = """\
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload
from app.models import Post, User


"""


def converted(body: str) -> str:
    """A module after the fix, without the imports that it begins with."""
    files = {"app/models.py": SCHEMA, "app/work.py": IMPORTS + textwrap.dedent(body)}
    return fixed(files, "FAPI503", unsafe=True)["app/work.py"].removeprefix(IMPORTS)


def reasons(body: str, **options: Any) -> list[str]:
    """Why nothing is rewritten."""
    files = {"app/models.py": SCHEMA, "app/work.py": IMPORTS + textwrap.dedent(body)}
    found = findings(files, "FAPI503", **options)
    assert all(f.fix is None for f in found)
    return sorted({f.message.partition(" (no fix: ")[2].removesuffix(")") for f in found})


EXPRESSIONS = {
    # what runs a query
    "db.query(User).all()": "db.scalars(select(User)).all()",
    "db.query(User).first()": "db.scalars(select(User).limit(1)).first()",
    "db.query(User).one()": "db.scalars(select(User)).one()",
    "db.query(User).one_or_none()": "db.scalars(select(User)).one_or_none()",
    "db.query(User.id).all()": "db.execute(select(User.id)).all()",
    "db.query(User.id, User.name).first()": "db.execute(select(User.id, User.name).limit(1)).first()",
    "db.query(User, Post.id).join(Post, Post.author_id == User.id).all()": (
        "db.execute(select(User, Post.id).join(Post, Post.author_id == User.id)).unique().all()"
    ),
    "db.query(User.id).scalar()": "db.execute(select(User.id)).scalar_one_or_none()",
    "db.query(User).filter(User.id == 1).scalar()": (
        "db.execute(select(User).where(User.id == 1)).scalar_one_or_none()"
    ),
    "db.query(func.count(User.id)).scalar()": "db.scalar(select(func.count(User.id)))",
    "db.query(func.max(User.id)).group_by(User.name).scalar()": (
        "db.execute(select(func.max(User.id)).group_by(User.name)).scalar_one_or_none()"
    ),
    "db.query(User).get(x)": "db.get(User, x)",
    "db.query(User).get((x, 1))": "db.get(User, (x, 1))",
    "db.query(User).get(ident = (x))": "db.get(User, (x))",
    "db.query(Post).join(User).filter_by(name=(x)).all()": (
        "db.scalars(select(Post).join(User).where(User.name == (x))).all()"
    ),
    "db.query(User).yield_per((5)).all()": "db.scalars(select(User).execution_options(yield_per=(5))).all()",
    "db.query(User).update(({'name': 'x'}))": "db.execute(update(User).values(({'name': 'x'}))).rowcount",
    "db.query(User).options(selectinload(User.posts)).populate_existing().get(ident=x)": (
        "db.get(User, x, options=[selectinload(User.posts)], populate_existing=True)"
    ),
    "db.query(User).count()": "db.scalar(select(func.count()).select_from(User))",
    "db.query(User).filter_by(name=x).count()": "db.scalar(select(func.count()).select_from(User).filter_by(name=x))",
    "db.query(User).join(User.posts).count()": (
        "db.scalar(select(func.count()).select_from(select(User).join(User.posts).subquery()))"
    ),
    "db.query(User.name).distinct().count()": (
        "db.scalar(select(func.count()).select_from(select(User.name).distinct().subquery()))"
    ),
    "db.query(User).filter_by(id=1).delete()": "db.execute(delete(User).filter_by(id=1)).rowcount",
    "db.query(User).delete(synchronize_session=False)": (
        "db.execute(delete(User).execution_options(synchronize_session=False)).rowcount"
    ),
    "db.query(User).update({'name': x})": "db.execute(update(User).values({'name': x})).rowcount",
    "db.query(User).update(values={User.name: x}, synchronize_session='fetch')": (
        "db.execute(update(User).values({User.name: x}).execution_options(synchronize_session='fetch')).rowcount"
    ),
    # iteration
    "list(db.query(User))": "list(db.scalars(select(User)))",
    "[u for u in db.query(User).order_by(User.id)]": "[u for u in db.scalars(select(User).order_by(User.id))]",
    "{id: name for id, name in db.query(User.id, User.name)}": (
        "{id: name for id, name in db.execute(select(User.id, User.name))}"
    ),
    "x in db.query(User)": "x in db.scalars(select(User))",
    "[*db.query(User)]": "[*db.scalars(select(User))]",
    "db.query(User)[2:x]": "db.scalars(select(User).slice(2, x)).all()",
    "db.query(User)[:x]": "db.scalars(select(User).limit(x)).all()",
    "db.query(User)[0]": "db.scalars(select(User).limit(1)).all()[0]",
    "db.query(User)[x]": "db.scalars(select(User).slice(x, x + 1)).all()[0]",
    # steps
    "db.query(User).filter(User.id == x, User.name != '').offset(1).limit(2).all()": (
        "db.scalars(select(User).where(User.id == x, User.name != '').offset(1).limit(2)).all()"
    ),
    "db.query(User).with_entities(User.id).all()": "db.execute(select(User).with_only_columns(User.id)).all()",
    "db.query(User).options(joinedload(User.posts)).with_entities(User).all()": (
        "db.scalars(select(User).options(joinedload(User.posts)).with_only_columns(User)).unique().all()"
    ),
    "db.query(User).options(joinedload(User.posts)).with_entities(User.id).all()": (
        "db.execute(select(User).options(joinedload(User.posts)).with_only_columns(User.id)).all()"
    ),
    "db.query(User.id).add_columns(User.name).all()": "db.execute(select(User.id).add_columns(User.name)).all()",
    "db.query(User).populate_existing().yield_per(5).all()": (
        "db.scalars(select(User).execution_options(populate_existing=True).execution_options(yield_per=5)).all()"
    ),
    "db.query(Post).join(User).filter_by(name=x or 'a').all()": (
        "db.scalars(select(Post).join(User).where(User.name == (x or 'a'))).all()"
    ),
    # duplicates, which `Query` takes out
    "db.query(User).join(User.posts).all()": "db.scalars(select(User).join(User.posts)).unique().all()",
    "db.query(User).join(User.posts).first()": "db.scalars(select(User).join(User.posts).limit(1)).first()",
    "db.query(User).options(joinedload(User.posts)).first()": (
        "db.scalars(select(User).options(joinedload(User.posts)).limit(1)).unique().first()"
    ),
    "db.query(Post).options(joinedload(Post.author)).all()": (
        "db.scalars(select(Post).options(joinedload(Post.author))).all()"
    ),
    "db.query(Post).join(Post.author).all()": "db.scalars(select(Post).join(Post.author)).all()",
    "db.query(Post).join(User).filter(User.name == x).one()": (
        "db.scalars(select(Post).join(User).where(User.name == x)).one()"
    ),
    "db.query(User).filter(User.id == Post.author_id).all()": (
        "db.scalars(select(User).where(User.id == Post.author_id)).unique().all()"
    ),
    "db.query(User).filter(User.posts.any(Post.id == x)).all()": (
        "db.scalars(select(User).where(User.posts.any(Post.id == x))).all()"
    ),
    "db.query(User).join(User.posts).distinct().all()": "db.scalars(select(User).join(User.posts).distinct()).all()",
    # statements within statements
    "db.query(db.query(User).filter_by(id=1).exists()).scalar()": (
        "db.scalar(select(select(User).filter_by(id=1).exists()))"
    ),
    "db.query(User).filter(User.id.in_(db.query(Post.author_id))).all()": (
        "db.scalars(select(User).where(User.id.in_(select(Post.author_id)))).all()"
    ),
    "db.query(User.id).filter(User.id == db.query(func.max(Post.id)).as_scalar()).all()": (
        "db.execute(select(User.id).where(User.id == select(func.max(Post.id)).scalar_subquery())).all()"
    ),
    "db.query(User).union(db.query(User).filter_by(id=1)).all()": (
        "db.scalars(select(User).from_statement(select(User).union(select(User).filter_by(id=1)))).all()"
    ),
    "db.execute(db.query(User.id).statement)": "db.execute(select(User.id))",
    "db.query(aliased(User)).all()": "db.scalars(select(aliased(User))).all()",
}


@pytest.mark.parametrize("before", EXPRESSIONS)
def test_expression(before: str) -> None:
    after = converted(f"def work(db: Session, x):\n    found = {before}\n    return found\n")
    one_line = "".join(line.strip() for line in after.splitlines()[1:-1])
    assert one_line == f"found = {EXPRESSIONS[before]}"


def test_rows_of_a_recursive_sub_query() -> None:
    code = """
    def work(db: Session, x):
        tree = db.query(Post.id, Post.author_id).filter(Post.id == x).cte("tree", recursive=True)
        post = aliased(Post)
        tree = tree.union_all(db.query(post.id, post.author_id).join(tree, post.author_id == tree.c.id))
        return [row.id for row in db.query(tree)]
    """
    assert "[row.id for row in db.execute(select(tree))]" in converted(textwrap.dedent(code))


def test_rowcount_only_where_somebody_looks() -> None:
    assert converted("def work(db: Session):\n    db.query(User).delete()\n") == (
        "def work(db: Session):\n    db.execute(delete(User))\n"
    )


def test_layout_of_a_chain_in_parentheses() -> None:
    body = """\
    def work(db: Session):
        return (
            db.query(User)
            .filter(User.id == 1)  # the first one
            .order_by(User.id)
            .first()
        )
    """
    assert converted(body) == textwrap.dedent("""\
    def work(db: Session):
        return db.scalars(
            select(User)
            .where(User.id == 1)  # the first one
            .order_by(User.id)
            .limit(1)
        ).first()
    """)


def test_layout_of_a_chain_in_an_argument() -> None:
    body = """\
    def work(db: Session):
        return sorted(
            db.query(User)
            .filter(
                User.id == 1,
            )
            .all()
        )
    """
    assert converted(body) == textwrap.dedent("""\
    def work(db: Session):
        return sorted(
            db.scalars(
                select(User)
                .where(
                    User.id == 1,
                )
            ).all()
        )
    """)


def test_layout_of_a_statement_in_parentheses() -> None:
    body = """\
    def work(db: Session):
        return (
            db.query(User)
            .filter(User.id == 1)
        ).one()
    """
    assert converted(body) == textwrap.dedent("""\
    def work(db: Session):
        return db.scalars(
            select(User)
            .where(User.id == 1)
        ).one()
    """)


def test_long_lines_are_broken_but_not_in_strings() -> None:
    body = """\
    def work(db: Session):
        print(f"There are {db.query(User).filter(User.id > 3).count()} users in this application now")
        return db.query(User).filter(User.id > 3).filter(User.name != "").first()
    """
    assert converted(body) == textwrap.dedent("""\
    def work(db: Session):
        print(f"There are {db.scalar(select(func.count()).select_from(User).where(User.id > 3))} users in this application now")
        return db.scalars(
            select(User).where(User.id > 3).where(User.name != "").limit(1)
        ).first()
    """)  # noqa: E501


def test_over_statements_and_branches() -> None:
    body = """\
    def work(db: Session, name=None):
        query = db.query(User)
        if name:
            query = query.filter(User.name == name)
        total = query.count()
        for user in query.order_by(User.id):
            print(user)
        query = query.all()
        return query, total
    """
    assert converted(body) == textwrap.dedent("""\
    def work(db: Session, name=None):
        query = select(User)
        if name:
            query = query.where(User.name == name)
        total = db.scalar(select(func.count()).select_from(query.subquery()))
        for user in db.scalars(query.order_by(User.id)):
            print(user)
        query = db.scalars(query).all()
        return query, total
    """)


def test_over_functions_and_files() -> None:
    caller = """\
from sqlalchemy.orm import Session
from app import work


def first(session: Session):
    return work.narrowed(work.chosen(session), 3).first()
"""
    files = {
        "app/models.py": SCHEMA,
        "app/work.py": """\
from sqlalchemy.orm import Query, Session
from app.models import User


def chosen(db: Session) -> "Query[User]":
    return db.query(User)


def narrowed(query: Query, id: int) -> Query:
    return query.filter(User.id > id)
""",
        "app/caller.py": caller,
        "tests/test_work.py": caller.replace("narrowed", "chosen").replace("work.chosen(session), 3", "session"),
    }
    found = findings(files, "FAPI503")
    assert [f.fix.title for f in found if f.fix] == [
        "Replace `query()` by `select()`, executed in 2.0 style, in 1 query of 3 files; "
        "`chosen()`, `narrowed()` return a `Select`"
    ]
    after = fixed(files, "FAPI503", unsafe=True)
    assert (
        after["app/work.py"]
        == """\
from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from app.models import User


def chosen(db: Session) -> "Select[tuple[User]]":
    return select(User)


def narrowed(query: Select, id: int) -> Select:
    return query.where(User.id > id)
"""
    )
    assert "session.scalars(work.chosen(session).limit(1)).first()" in after["tests/test_work.py"]


def test_the_session_is_given_with_the_query() -> None:
    body = """\
    def paginated(session: Session, query, limit: int = 10):
        return query.limit(limit).all(), query.count()


    def work(db: Session):
        query = db.query(User)
        return paginated(db, query)
    """
    after = converted(body)
    assert "session.scalars(query.limit(limit)).all(),session.scalar(" in "".join(after.split())
    reassigned = body.replace("    return query.limit", "    session = Session()\n        return query.limit")
    assert reasons(reassigned) == ["`session` may be another session where it runs (app/work.py:8)"]


def test_the_session_is_that_of_the_object() -> None:
    body = """\
    class Users:
        model: type[User]

        def __init__(self, db: Session):
            self.db = db

        def chosen(self):
            return self.db.query(self.model)


    def work(db: Session):
        users = Users(db)
        return users.chosen().all()
    """
    assert converted(body).splitlines()[-1] == "    return users.db.scalars(users.chosen()).all()"


def test_asynchronous_sessions_are_awaited() -> None:
    body = """\
    async def work(db: AsyncSession):
        for user in db.query(User):
            db.query(Post).filter_by(author_id=user.id).delete()
        return db.query(User).first(), db.query(User).get(1).name
    """
    head = "from sqlalchemy.ext.asyncio import AsyncSession\n"
    assert converted(head + textwrap.dedent(body)).removeprefix(head) == textwrap.dedent("""\
    async def work(db: AsyncSession):
        for user in await db.scalars(select(User)):
            await db.execute(delete(Post).filter_by(author_id=user.id))
        return (await db.scalars(select(User).limit(1))).first(), (await db.get(User, 1)).name
    """)


def test_names_that_are_taken() -> None:
    files = {
        "app/models.py": SCHEMA,
        "app/work.py": """\
from sqlalchemy.orm import Session
from app.models import User


def delete(db: Session, id: int):
    db.query(User).filter(User.id == id).delete()


def work(db: Session, select: bool):
    return db.query(User).all()
""",
    }
    assert (
        fixed(files, "FAPI503", unsafe=True)["app/work.py"]
        == """\
from sqlalchemy import delete as sqlalchemy_delete
from sqlalchemy import select as sqlalchemy_select
from sqlalchemy.orm import Session
from app.models import User


def delete(db: Session, id: int):
    db.execute(sqlalchemy_delete(User).where(User.id == id))


def work(db: Session, select: bool):
    return db.scalars(sqlalchemy_select(User)).all()
"""
    )


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        ("return helper(db.query(User))", "it is handed to `helper()`"),
        ("db.kept = db.query(User)", "it is kept in `db.kept`"),
        ("return [db.query(User)]", "it is kept in a collection"),
        ("query = db.query(User)\n    if query: pass", "its truth is asked for, which a `select()` does not have"),
        ("return db.query(User).from_self().all()", "`from_self()` has no equal that could be written here"),
        ("return db.query(User).paginate(1)", "`paginate()` is not known of a `select()`"),
        ("return db.query(User).join('posts').all()", "`join()` by names, tuples or several targets is gone"),
        ("return db.query(x).all()", "it is not certain whether entities or columns are selected"),
        (
            "return db.query(Post).join(User).filter_by(author_id=1).all()",
            "`User` does not have what `filter_by()` names",
        ),
        ("return db.query(User).session", "`.session` is not known of a `select()`"),
        ("return (db.query)(User).all()", "`query` stands in parentheses"),
        ("return (db.query(User).all)()", "`all` stands in parentheses"),
        ("return (db.query(User)).all()", None),
        ("query = db.query(User)\n    return lambda: query.all()", None),
        ("query = Session().query(User)\n    return query.all()", "no session is at hand where it runs"),
        ("query = db.query(User)\n    db = x\n    return query.all()", "`db` may be another session where it runs"),
        ("query = db.query(User) if x else []\n    return query.all()", "`query.all()` may be no query"),
        ("query = db.query(User)\n    query.delete()", "`delete()` of a query held in a name"),
        (
            "key = 1\n    query = db.query(User).filter(User.id == key)\n    key = 2\n    query.first()\n"
            "    query.delete()",
            "`delete()` of a query held in a name",
        ),
        ("return db.query(User).order_by(User.id.desc()).distinct().all()", None),
        ("return db.query(User.name).distinct().order_by(User.name.desc()).all()", None),
        ("return db.query(User.name).distinct().with_entities(User.id).order_by(User.name).all()", "`distinct()` adds"),
        ("return db.query(User).order_by(Post.id).distinct().all()", "`distinct()` adds what it is ordered by"),
        ("return db.query(User.name).distinct().order_by(User.id).all()", "`distinct()` adds what it is ordered by"),
        ("return db.query(func.max(User.id)).exists()", "`exists()` would ask for rows of what is computed"),
    ],
)
def test_refused(statements: str, reason: str | None) -> None:
    body = f"def work(db: Session, x):\n    {statements}\n"
    if reason is None:
        assert "query(" not in converted(body)
    else:
        assert [found.startswith(reason) for found in reasons(body)] == [True]


def test_a_query_in_a_nested_function_is_one_of_its_own() -> None:
    body = "def work(db: Session):\n    def inner():\n        return db.query(User).all()\n    return inner\n"
    assert "return db.scalars(select(User)).all()" in converted(body)


def test_a_function_that_is_handed_on_stays() -> None:
    body = "def chosen(db: Session):\n    return db.query(User)\n\n\nwork = [chosen]\n"
    assert reasons(body) == ["`chosen` is used without being called (app/work.py:10)"]


def test_a_function_that_is_imported_under_another_name() -> None:
    files = {
        "app/models.py": SCHEMA,
        "app/work.py": IMPORTS + "def chosen(db: Session):\n    return db.query(User)\n",
        "app/caller.py": "def work(db):\n    from app.work import chosen as users\n    return users(db).all()\n",
    }
    after = fixed(files, "FAPI503", unsafe=True)["app/caller.py"]
    assert after.endswith("    return db.scalars(users(db)).all()\n")


def test_a_function_that_is_given_something_else_stays() -> None:
    body = """\
    def work(db: Session):
        return run(db, db.query(User)), run(db, [])


    def run(db, rows):
        return list(rows)
    """
    assert reasons(body) == ["`run()` is given something else than a query (app/work.py:7)"]


def test_versions() -> None:
    body = "def work(db: Session):\n    return db.query(User).all()\n"
    old = Versions(sqlalchemy=parse_constraint(">=1.3.15"))
    assert reasons(body, versions=old) == [
        "SQLAlchemy 1.3, which the project allows, has no `select()` of entities (app/work.py:7)"
    ]
    files = {"app/models.py": SCHEMA, "app/work.py": IMPORTS + body}
    assert findings(files, "FAPI503", versions=Versions(sqlalchemy=parse_constraint("==1.3.15"))) == []
    early = Versions(sqlalchemy=parse_constraint("~=1.4.0"))
    after = fixed(files, "FAPI503", unsafe=True, versions=early)["app/work.py"]
    assert after.endswith("    return db.execute(select(User)).scalars().all()\n")


@pytest.mark.parametrize(
    ("hook", "reason"),
    [
        ("maker = sessionmaker(query_cls=Paged)", "a session makes queries of a class of its own"),
        ('maker = sessionmaker(**{"query_cls": Paged})', "a session makes queries of a class of its own"),
        (
            '@event.listens_for(Query, "before_compile", retval=True)\ndef hide(query): ...',
            "a listener changes queries before they are compiled",
        ),
        ("event.listen(Session, 'after_bulk_update', tell)", "a listener waits for bulk changes by queries"),
    ],
)
def test_what_happens_to_all_queries_is_named_where_it_is(hook: str, reason: str) -> None:
    body = "def work(db: Session):\n    return db.query(User).all()\n"
    files = {"app/db.py": f"# a query_cls, before_compile\n{hook}\n", "app/models.py": SCHEMA}
    (finding,) = findings({**files, "app/work.py": IMPORTS + body}, "FAPI503")
    assert finding.message.endswith(f"(no fix: {reason} (app/db.py:2))")
    files["app/db.py"] = f'"""No {hook.split("(")[0]}, no before_compile and no query_cls."""\n'
    assert findings({**files, "app/work.py": IMPORTS + body}, "FAPI503")[0].fix is not None


def test_line_ends_and_tabs_are_kept() -> None:
    body = (
        "def work(db: Session):\n\treturn sorted(\n\t\tdb.query(User)\n\t\t.filter(User.id == 1)\n\t\t.first()\n\t)\n"
    )
    after = (
        "\treturn sorted(\n\t\tdb.scalars(\n\t\t\tselect(User)\n\t\t\t.where(User.id == 1)\n"
        "\t\t\t.limit(1)\n\t\t).first()\n\t)\n"
    )
    files = {"app/models.py": SCHEMA, "app/work.py": (IMPORTS + body).replace("\n", "\r\n")}
    assert fixed(files, "FAPI503", unsafe=True)["app/work.py"].endswith(after.replace("\n", "\r\n"))


HELD = """
def work(db: Session, key: int, data: dict):
    query = db.query(User).{}
    if query.first() is None:
        return 0
    {}
    return query.first()
"""
FIRST = "db.scalars(query.limit(1)).first()"


@pytest.mark.parametrize(
    ("condition", "before", "selected", "after"),
    [
        (
            "filter(User.id == key)",
            "query.update(data, synchronize_session=False)",
            "where(User.id == key)",
            "db.execute(\n        update(User).where(User.id == key).values(data)"
            ".execution_options(synchronize_session=False)\n    )",
        ),
        (
            "filter_by(id=key)",
            "query.delete()",
            "filter_by(id=key)",
            "db.execute(delete(User).filter_by(id=key))",
        ),
        (
            "filter(User.id == key).where(User.id > 1)",
            "print(query.delete(synchronize_session='fetch'))",
            "where(User.id == key).where(User.id > 1)",
            "print(db.execute(\n        delete(User).where(User.id == key).where(User.id > 1)"
            ".execution_options(synchronize_session='fetch')\n    ).rowcount)",
        ),
    ],
)
def test_a_query_that_is_held_and_changed(condition: str, before: str, selected: str, after: str) -> None:
    files = {"app/models.py": MODELS, "app/work.py": HEAD + HELD.format(condition, before)}
    text = fixed(files, "FAPI503", unsafe=True)["app/work.py"].partition("def work")[2]
    expected = HELD.format(selected, after).replace("db.query(User)", "select(User)").replace("query.first()", FIRST)
    assert text == expected.partition("def work")[2]


PAGINATE = """
def paginate(query: Query, page: int) -> list:
    if not query.count():
        return []
    return query.offset(page * 10).limit(10).all()


class Users:
    def __init__(self, db: Session):
        self.db = db

    def page(self, page: int):
        return paginate(self.db.query(User), page=page)


def page(db: Session):
    query = db.query(User)
    return paginate(query, 1)
"""


def test_a_function_that_runs_a_query_is_given_the_session() -> None:
    head = HEAD.replace("Session,", "Query, Session,")
    text = fixed({"app/models.py": MODELS, "app/work.py": head + PAGINATE}, "FAPI503", unsafe=True)["app/work.py"]
    assert (
        text.partition("\n\n")[2]
        == """\
def paginate(db: Session, query: Select, page: int) -> list:
    if not db.scalar(select(func.count()).select_from(query.subquery())):
        return []
    return db.scalars(query.offset(page * 10).limit(10)).all()


class Users:
    def __init__(self, db: Session):
        self.db = db

    def page(self, page: int):
        return paginate(self.db, select(User), page=page)


def page(db: Session):
    query = select(User)
    return paginate(db, query, 1)
"""
    )
    found = findings({"app/models.py": MODELS, "app/work.py": head + PAGINATE}, "FAPI503")
    assert all(each.fix is not None and each.fix.title.endswith("; `paginate()` takes the session") for each in found)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def page(db: Session):\n    query = db", "def page():\n    query = SessionLocal()"),
        ("    if not query", "    db = 1\n    if not query"),
    ],
)
def test_a_function_that_cannot_be_given_the_session(before: str, after: str) -> None:
    code = HEAD.replace("Session,", "Query, Session,") + PAGINATE.replace(before, after)
    found = findings({"app/models.py": MODELS, "app/work.py": code}, "FAPI503")
    assert all("no session is at hand where it runs" in each.message for each in found)


def test_what_is_called_is_a_class() -> None:
    code = """
def get_or_create(db: Session, model, **data):
    found = db.query(model).filter_by(**data).first()
    return found or model(**data)
"""
    files = {"app/models.py": MODELS, "app/work.py": HEAD + code}
    text = fixed(files, "FAPI503", unsafe=True)["app/work.py"]
    assert "found = db.scalars(select(model).filter_by(**data).limit(1)).first()\n" in text


LOADING = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)
    items: Mapped[list["Item"]] = relationship(lazy="joined")


class Item(Base):
    __tablename__ = "items"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
"""
CRUD = """\
from typing import Generic, Type, TypeVar
from sqlalchemy.orm import Session
from app.models import Base, Item, User
T = TypeVar("T", bound=Base)


class CRUD(Generic[T]):
    def __init__(self, model: Type[T]):
        self.model = model

    def all(self, db: Session):
        return db.query(self.model).all()


class Items(CRUD[Item]):
    def of(self, db: Session, owner_id: int):
        return db.query(self.model).filter(Item.owner_id == owner_id).all()


users, items = CRUD[User](User), Items(Item)


def one(db: Session, model, key: int):
    return db.query(model).filter(model.id == key).first()
"""


def test_collections_that_a_class_held_in_a_name_loads_by_a_join() -> None:
    files = {"app/models.py": LOADING, "app/work.py": CRUD}
    text = fixed(files, "FAPI503", unsafe=True)["app/work.py"]
    assert "db.scalars(select(self.model)).unique().all()" in text
    assert "db.scalars(select(model).where(model.id == key).limit(1)).unique().first()" in text
    # Items are of one model, which loads nothing by a join and is the only table.
    assert "db.scalars(select(self.model).where(Item.owner_id == owner_id)).all()" in text
    lazy = fixed({**files, "app/models.py": LOADING.replace('"joined"', '"select"')}, "FAPI503", unsafe=True)
    assert "unique" not in lazy["app/work.py"]


def test_both_sides_of_a_union_stay_together() -> None:
    code = """
def names(db: Session):
    one = db.query(User.id.label("key"))
    other = db.query(User.id.label("key"))
    return [row.key for row in one.union(other).order_by("key")]
"""
    files = {"app/models.py": MODELS, "app/work.py": HEAD + code}
    found = findings(files, "FAPI503")
    assert [each.fix for each in found] == [None, None]
    assert all("what `union()` selects is not certain" in each.message for each in found)


def test_a_condition_by_a_relationship_brings_no_table() -> None:
    code = """
from sqlalchemy.orm import with_parent
from app.models import Item


def of(db: Session, user: User):
    return db.query(Item).filter(with_parent(user, User.items)).all()
"""
    files = {"app/models.py": LOADING.replace('"joined"', '"select"'), "app/work.py": HEAD + code}
    text = fixed(files, "FAPI503", unsafe=True)["app/work.py"]
    assert "db.scalars(select(Item).where(with_parent(user, User.items))).all()" in text


@pytest.mark.parametrize(
    "session", ["(db or SessionLocal())", "(db if db else SessionLocal())", "(s := SessionLocal())"]
)
def test_the_parentheses_of_a_session_stay(session: str) -> None:
    files = {
        "app/models.py": MODELS,
        "app/work.py": f"{HEAD}def work(db: Session):\n    return {session}.query(User).all()\n",
    }
    text = fixed(files, "FAPI503", unsafe=True)["app/work.py"]
    assert text.endswith(f"    return {session}.scalars(select(User)).all()\n")


def test_a_method_of_something_unknown_is_called_like_a_function_that_gives_a_query() -> None:
    code = """
class Users:
    def everybody(self, db: Session):
        return db.query(User)


def work(db: Session, other):
    other.everybody(db)
    return Users().everybody(db).all()
"""
    (found,) = findings({"app/models.py": MODELS, "app/work.py": HEAD + code}, "FAPI503")
    assert found.fix is None
    assert "everybody" in found.message


def test_a_query_that_gets_its_name_where_it_runs() -> None:
    code = """
        def busy(db: Session) -> int:
            if (query := db.query(User)).count() > 1:
                return query.first().id
            return (other := db.query(User)).first().id
    """
    after = converted(code)
    assert "db.scalar(select(func.count()).select_from((query := select(User)).subquery())) > 1:" in after
    assert "return db.scalars(query.limit(1)).first().id" in after
    assert "return db.scalars((other := select(User)).limit(1)).first().id" in after
