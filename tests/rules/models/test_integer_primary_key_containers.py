"""What containers hold is followed into them and out again: a calculation with it stands in the way of UUIDs."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.testing import findings

MODELS = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Post(Base):
    __tablename__ = "post"
    slug: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int]
"""
HEAD = """
import json
from collections import Counter, defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain, groupby
from typing import NamedTuple, TypedDict

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.models import Post, User

seen = {}


@dataclass
class Box:
    ids: list[int]


class Row(NamedTuple):
    id: int
    name: str


class Typed(TypedDict):
    id: int


class Holder:
    def __init__(self):
        self.ids = []

    def show(self):
        for one in self.ids:
            print(one + 1)


"""


def application(body: str) -> dict[str, str]:
    """`body` is what a function does that has `db`, `users` and `name`; more functions may follow an empty line."""
    first, _, rest = body.partition("\n\n")
    function = "def run(db: Session, users: list[User], name: str):\n" + textwrap.indent(first, "    ")
    return {"app/models.py": MODELS, "app/work.py": f"{HEAD}{function}\n\n\n{rest}\n"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(
            'rows = [{"id": user.id, "name": user.name} for user in users]\nfor row in rows:\n    print(row["id"] + 1)',
            id="list_of_dicts",
        ),
        pytest.param(
            "rows = [(user.name, user.id) for user in users]\nfor name, id in rows:\n    print(id + 1)",
            id="list_of_tuples",
        ),
        pytest.param(
            "rows = {user.name: user.id for user in users}\nfor id in rows.values():\n    print(id + 1)",
            id="dict_values",
        ),
        pytest.param(
            "rows = {user.name: user.id for user in users}\nfor name, id in rows.items():\n    print(id + 1)",
            id="dict_items",
        ),
        pytest.param(
            "rows = {user.id: user.name for user in users}\nfor id in rows:\n    print(id + 1)",
            id="dict_keys",
        ),
        pytest.param(
            "rows = {user.id: user.name for user in users}\nfor id in rows.keys():\n    print(id + 1)",
            id="dict_keys2",
        ),
        pytest.param(
            "rows = defaultdict(list)\n"
            "for user in users:\n"
            "    rows[user.name].append(user.id)\n"
            "for name, ids in rows.items():\n"
            "    for id in ids:\n"
            "        print(id + 1)",
            id="dict_of_lists",
        ),
        pytest.param(
            'rows = {"id": users[0].id}\nfor id in rows.values():\n    print(id + 1)',
            id="dict_values_str",
        ),
        pytest.param(
            'show([{"id": user.id} for user in users])\n'
            "\n"
            "def show(rows):\n"
            "    for row in rows:\n"
            '        print(row["id"] + 1)',
            id="list_passed",
        ),
        pytest.param(
            "names = {user.name: user.id for user in users}\n"
            "show([user.id for user in users])\n"
            "\n"
            "def show(ids: list[int]):\n"
            "    for one in ids:\n"
            "        print(one + 1)",
            id="later_list",
        ),
        pytest.param(
            "show([user.id for user in users])\n"
            "names = {user.name: user.id for user in users}\n"
            "\n"
            "def show(ids):\n"
            "    for one in ids:\n"
            "        print(one + 1)",
            id="before_list",
        ),
        pytest.param("json.dumps([user.id for n, user in enumerate(users)])", id="enumerate"),
        pytest.param("json.dumps([user.id for n, user in zip(name, users)])", id="zip"),
        pytest.param("for n, user in enumerate(filter(None, users)):\n    json.dumps(user.id)", id="enumerate_for"),
        pytest.param("json.dumps([user.id for _, user in db.execute(select(Post, User))])", id="row_of_two"),
        pytest.param("rows = db.query(Post, User).all()\nfor post, user in rows:\n    json.dumps(user.id)", id="rows"),
        pytest.param("post, user = db.query(Post, User).first()\njson.dumps(user.id)", id="one_row"),
        pytest.param("json.dumps([row.User.id for row in db.execute(select(Post, User))])", id="attribute_of_row"),
        pytest.param(
            "pages = [[user.id for user in users]]\nfor page in pages:\n    for one in page:\n        print(one + 1)",
            id="nested_list",
        ),
        pytest.param(
            "by = {user.name: user.id for user in users}\nprint(by[name] + 1)",
            id="dict_index",
        ),
        pytest.param(
            "by = {user.name: user.id for user in users}\nprint(max(by.values()) + 1)",
            id="max_values",
        ),
        pytest.param(
            'by = {user.name: {"id": user.id} for user in users}\nprint(by[name]["id"] + 1)',
            id="dict_of_dict",
        ),
        pytest.param(
            'by = {user.name: {"id": user.id} for user in users}\nfor one in by.values():\n    print(one["id"] + 1)',
            id="dict_of_dict2",
        ),
        pytest.param(
            "rows = sorted([(user.id, user.name) for user in users], key=lambda row: row[1])\n"
            "for id, _ in rows:\n"
            "    print(id + 1)",
            id="sorted_rows",
        ),
        pytest.param(
            "ids = [user.id for user in users]\nfor one, user in zip(ids, users):\n    print(one + 1)",
            id="zip",
        ),
        pytest.param(
            "ids = [user.id for user in users]\nfor index, one in enumerate(ids):\n    print(one + 1)",
            id="enumerate",
        ),
        pytest.param(
            "gone = {user.id for user in users} - {user.id for user in users}\nfor one in gone:\n    print(one + 1)",
            id="sets",
        ),
        pytest.param(
            "a = {user.id for user in users}\n"
            "b = {user.id for user in users}\n"
            "c = a - b\n"
            "for one in c:\n"
            "    print(one + 1)",
            id="sets2",
        ),
        pytest.param(
            "a = [user.id for user in users]\nb = [3]\nfor one in b + a:\n    print(one + 1)",
            id="plus",
        ),
        pytest.param(
            "for one, group in groupby(users, key=lambda user: user.id):\n    print(one + 1)",
            id="groupby",
        ),
        pytest.param(
            "for one in chain([user.id for user in users], [user.id for user in users]):\n    print(one + 1)",
            id="chain",
        ),
        pytest.param(
            "first, *rest = [user.id for user in users]\nprint(first + 1)",
            id="unpack",
        ),
        pytest.param(
            "first, *rest = [user.id for user in users]\nprint(rest[0] + 1)",
            id="unpack2",
        ),
        pytest.param(
            "first, second = [user.id for user in users]\nprint(second + 1)",
            id="unpack3",
        ),
        pytest.param(
            "first, second = users[0].id, users[1].id\nprint(second + 1)",
            id="unpack4",
        ),
        pytest.param(
            "by = {}\n"
            "for user in users:\n"
            "    by.setdefault(user.name, []).append(user.id)\n"
            "for ids in by.values():\n"
            "    for one in ids:\n"
            "        print(one + 1)",
            id="setdefault",
        ),
        pytest.param(
            "box = Box(ids=[user.id for user in users])\nfor one in box.ids:\n    print(one + 1)",
            id="box",
        ),
        pytest.param(
            "rows = [Row(user.id, user.name) for user in users]\nfor id, name in rows:\n    print(id + 1)",
            id="namedtuple",
        ),
        pytest.param(
            "rows = [Row(user.id, user.name) for user in users]\nprint(rows[0][0] + 1)",
            id="namedtuple2",
        ),
        pytest.param(
            "rows = [Row(user.id, user.name) for user in users]\nprint(rows[0].id + 1)",
            id="namedtuple3",
        ),
        pytest.param(
            "ids = [user.id for user in users]\nfor one in ids[1:]:\n    print(one + 1)",
            id="slice",
        ),
        pytest.param(
            "ids = [user.id for user in users]\nprint(ids.pop() + 1)",
            id="pop",
        ),
        pytest.param(
            "ids = [user.id for user in users]\nprint(ids.pop(0) + 1)",
            id="pop0",
        ),
        pytest.param(
            "ids = deque(user.id for user in users)\nprint(ids.popleft() + 1)",
            id="deque",
        ),
        pytest.param(
            "ids = [user.id for user in users]\nfor index in range(3):\n    print(ids[index] + 1)",
            id="index",
        ),
        pytest.param(
            "ids = [user.id for user in users]\nprint(ids[-1] + 1)",
            id="last",
        ),
        pytest.param("print(next(user.id for user in users) + 1)", id="next"),
        pytest.param("print(sum(user.id for user in users))", id="sum"),
        pytest.param(
            "ids = [user.id for user in users]\nprint(sum(ids))",
            id="sum2",
        ),
        pytest.param("print(sum(map(lambda user: user.id, users)))", id="mapped"),
        pytest.param(
            "ids = db.scalars(select(User.id)).all()\nfor one in ids:\n    print(one + 1)",
            id="scalars",
        ),
        pytest.param(
            "for one in db.scalars(select(User.id)):\n    print(one + 1)",
            id="scalars_direct",
        ),
        pytest.param(
            "stmt = select(User.id)\nfor one in db.execute(stmt).scalars():\n    print(one + 1)",
            id="scalars_stmt",
        ),
        pytest.param("print(db.scalar(select(User.id)) + 1)", id="scalar"),
        pytest.param("print(db.execute(select(User.id)).scalar_one() + 1)", id="scalar_one"),
        pytest.param("print(db.execute(select(User.id)).first()[0] + 1)", id="first"),
        pytest.param("print(db.scalars(select(User.id)).first() + 1)", id="scalars_first"),
        pytest.param(
            "for row in db.execute(select(User.id, User.name)):\n    print(row.id + 1)",
            id="rows",
        ),
        pytest.param(
            "for row in db.execute(select(User.id, User.name)):\n    print(row[0] + 1)",
            id="rows0",
        ),
        pytest.param(
            "for id, name in db.execute(select(User.id, User.name)).all():\n    print(id + 1)",
            id="rows_unpack",
        ),
        pytest.param(
            "for (id,) in db.execute(select(User.id)).all():\n    print(id + 1)",
            id="rows_one",
        ),
        pytest.param(
            'for row in db.execute(select(User.id.label("x"), User.name)):\n    print(row.x + 1)',
            id="label",
        ),
        pytest.param(
            'for row in db.execute(select(User.id, User.name)).mappings():\n    print(row["id"] + 1)',
            id="mappings",
        ),
        pytest.param(
            "for row in db.query(User.id).all():\n    print(row[0] + 1)",
            id="query",
        ),
        pytest.param(
            "for row in db.query(User.id):\n    print(row.id + 1)",
            id="query_id",
        ),
        pytest.param("print(db.query(User.id).filter(User.name == name).scalar() + 1)", id="query_scalar"),
        pytest.param(
            "found = dict(db.query(User.name, User.id).all())\nprint(found[name] + 1)",
            id="query_dict",
        ),
        pytest.param(
            "print(db.execute(insert(User).values(name=name).returning(User.id)).scalar_one() + 1)", id="returning"
        ),
        pytest.param(
            "sub = select(User.id, User.name).subquery()\ndb.execute(select(User).where(sub.c.id + 1 == 3))",
            id="subquery",
        ),
        pytest.param("db.execute(select(Post).where(Post.number.in_(select(User.id))))", id="subquery_in"),
        pytest.param(
            "ids = [user.id for user in users]\ndb.execute(select(Post).where(Post.number.in_(ids)))",
            id="in_list",
        ),
        pytest.param(
            "if 3 in [user.id for user in users]:\n    pass",
            id="in_op",
        ),
        pytest.param(
            "for row in db.execute(statement()):\n"
            "    print(row[0] + 1)\n"
            "\n"
            "def statement():\n"
            "    return select(User.id)",
            id="stmt_helper",
        ),
        pytest.param(
            "for one in db.scalars(statement()):\n    print(one + 1)\n\ndef statement():\n    return select(User.id)",
            id="stmt_helper_scalars",
        ),
        pytest.param(
            "show(select(User.id))\n\ndef show(stmt):\n    for one in db.scalars(stmt):\n        print(one + 1)",
            id="stmt_param",
        ),
        pytest.param(
            "for one in ids_of(users):\n"
            "    print(one + 1)\n"
            "\n"
            "def ids_of(users: list[User]):\n"
            "    return [user.id for user in users]",
            id="returned_list",
        ),
        pytest.param(
            "for one in sorted(ids_of(users)):\n"
            "    print(one + 1)\n"
            "\n"
            "def ids_of(users: list[User]):\n"
            "    return {user.id for user in users}",
            id="returned_set",
        ),
        pytest.param(
            "for one in ids_of(users):\n"
            "    print(one + 1)\n"
            "\n"
            "def ids_of(users: list[User]):\n"
            "    for user in users:\n"
            "        yield user.id",
            id="generator",
        ),
        pytest.param(
            "for one in ids_of(users):\n"
            "    print(one + 1)\n"
            "\n"
            "def ids_of(users: list[User]) -> Iterator[int]:\n"
            "    for user in users:\n"
            "        yield user.id",
            id="generator_typed",
        ),
        pytest.param(
            "with one_of(users) as one:\n"
            "    print(one + 1)\n"
            "\n"
            "@contextmanager\n"
            "def one_of(users: list[User]):\n"
            "    yield users[0].id",
            id="context",
        ),
        pytest.param(
            "show(*[user.id for user in users])\n\ndef show(*ids: int):\n    for one in ids:\n        print(one + 1)",
            id="star_args",
        ),
        pytest.param(
            "show(users[0].id, users[1].id)\n\ndef show(*ids):\n    print(ids[0] + 1)",
            id="star_args2",
        ),
        pytest.param(
            "show(*[user.id for user in users])\n\ndef show(one, other):\n    print(other + 1)",
            id="star_params",
        ),
        pytest.param(
            'show(id=users[0].id)\n\ndef show(**values):\n    print(values["id"] + 1)',
            id="kwargs",
        ),
        pytest.param(
            'values = {"id": users[0].id}\nshow(**values)\n\ndef show(id):\n    print(id + 1)',
            id="kwargs_dict",
        ),
        pytest.param(
            "one, other = both(users)\n"
            "print(other + 1)\n"
            "\n"
            "def both(users: list[User]) -> tuple[str, int]:\n"
            "    return users[0].name, users[0].id",
            id="return_tuple",
        ),
        pytest.param(
            'row: Typed = {"id": users[0].id}\nprint(row["id"] + 1)',
            id="typed_dict",
        ),
        pytest.param(
            "by = {user.name: user.id for user in users}\nprint(by.get(name) + 1)",
            id="dict_get",
        ),
        pytest.param(
            "by = {}\nprint(by.get(name, users[0].id) + 1)",
            id="dict_get_default",
        ),
        pytest.param(
            "by = {}\nby.update({user.name: user.id for user in users})\nprint(by[name] + 1)",
            id="update",
        ),
        pytest.param(
            "ids = []\nids.extend(user.id for user in users)\nprint(ids[0] + 1)",
            id="extend",
        ),
        pytest.param(
            "ids = []\nids += [user.id for user in users]\nprint(ids[0] + 1)",
            id="iadd",
        ),
        pytest.param(
            "seen[name] = users[0].id\nfor one in seen.values():\n    print(one + 1)",
            id="attr_dict",
        ),
        pytest.param(
            "holder = Holder()\nholder.ids.append(users[0].id)\nholder.show()",
            id="cls_attr",
        ),
        pytest.param(
            "match users[0].id:\n    case one if one % 2:\n        pass",
            id="match",
        ),
        pytest.param(
            "pairs = [(user.id, other.id) for user in users for other in users]\nprint([a - b for a, b in pairs])",
            id="compr_nested",
        ),
        pytest.param(
            "by = {user.name: user.id for user in users}\nprint([value + 1 for key, value in by.items()])",
            id="dict_compr_items",
        ),
        pytest.param("print([one + 1 for one in filter(None, [user.id for user in users])])", id="filter"),
        pytest.param(
            "ids = deepcopy([user.id for user in users])\nprint(ids[0] + 1)",
            id="deepcopy",
        ),
        pytest.param(
            "pair = (users[0].id, name)\nprint(pair[0] + 1)",
            id="tuple_index",
        ),
        pytest.param(
            "ids = [user.id for user in users] or []\nprint(ids[0] + 1)",
            id="or_list",
        ),
        pytest.param(
            "ids = [user.id for user in users] if users else []\nprint(ids[0] + 1)",
            id="if_list",
        ),
        pytest.param(
            "seen = dict.fromkeys(user.id for user in users)\nprint([one + 1 for one in seen])",
            id="fromkeys",
        ),
        pytest.param(
            'payload = {"users": [{"id": user.id} for user in users]}\n'
            'for one in payload["users"]:\n'
            '    print(one["id"] + 1)',
            id="dump",
        ),
        pytest.param("print([one + 1 for one in Counter(user.id for user in users)])", id="counter"),
        pytest.param(
            'row = {**{"id": users[0].id}, "name": name}\nprint(row["id"] + 1)',
            id="merged",
        ),
        pytest.param(
            'row = {"id": users[0].id} | {"name": name}\nprint(row["id"] + 1)',
            id="merged_or",
        ),
        pytest.param(
            'row = {"id": users[0].id}\nfor key, value in row.items():\n    print(value + 1)',
            id="items_of_str",
        ),
        pytest.param(
            'by = {user.name: user.id for user in users}\nprint(by["bob"] + 1)',
            id="const_of_compr",
        ),
        pytest.param(
            "ids = []\nothers = [user.id for user in users]\nids += others\nprint(ids[0] + 1)",
            id="iadd_of_a_name",
        ),
    ],
)
def test_a_calculation_with_what_was_in_a_container(body: str) -> None:
    (found,) = findings(application(body), "FAPI201")
    assert found.fix is None
    assert "its values go where a UUID may not fit: " in found.message


@pytest.mark.parametrize(
    "body",
    [
        "names = {user.id: 1 for user in users}\nprint(max(names.values()) + 1)",
        "names = {user.name: len(user.name) for user in users}\nprint(max(names.values()) + 1, users[0].id)",
        "rows = [(user.id, 1) for user in users]\nprint([number + 1 for _, number in rows])",
        "rows = [{'id': user.id, 'age': 3} for user in users]\nprint([row['age'] + 1 for row in rows])",
        "for index, one in enumerate(user.id for user in users):\n    print(index + 1)",
        "for one, number in zip([user.id for user in users], [1]):\n    print(number + 1)",
        "ids = [user.id for user in users] + [user.id for user in users]\nprint(ids)",
        "rows = [[user.name, user.id] for user in users]\nprint(rows[0])",
        "for id, number in db.execute(select(User.id, Post.number)):\n    print(number + 1)",
        "data = {'id': users[0].id}\nshow(**data, number=1)\n\ndef show(id, number):\n    print(number + 1)",
        "seen[users[0].id] = 1\nseen[users[0].id] += 1",
    ],
)
def test_a_calculation_with_something_else(body: str) -> None:
    (found,) = findings(application(body), "FAPI201")
    assert found.fix is not None, found.message


WRAPPERS = {
    "list": ["[{}]", "[{} for _ in range(2)]", "list([{}])", "sorted([{}])", "deepcopy([{}])", "[{}] + [{}]"],
    "tuple": ["({}, name)", "(name, {})[::-1]", "tuple([{}, name])"],
    "set": ["{{{}}}", "frozenset([{}])"],
    "dict": ["{{'key': {}}}", "{{name: {}}}", "dict(key={})", "{{**{{'key': {}}}}}", "{{'key': {}}} | {{}}"],
    "keys": ["{{{}: name}}", "dict.fromkeys([{}])"],
    "call": ["same({})", "(lambda value: value)({})", "({} or None)", "({} if name else None)"],
}
READERS = {
    "list": ["{}[0]", "{}[-1]", "{}.pop()", "next(iter({}))", "[one for one in {}][0]", "max({})", "first({})"],
    "tuple": ["{}[0]", "[one for one in {}][0]", "first({})"],
    "set": ["{}.pop()", "next(iter({}))", "[one for one in {}][0]", "sorted({})[0]", "first({})"],
    "dict": [
        "{}['key']", "{}[name]", "{}.get('key')", "{}.get(name)", "{}.pop('key')", "next(iter({}.values()))",
        "[one for _, one in {}.items()][0]", "list({}.values())[0]",
    ],
    "keys": ["next(iter({}))", "list({})[0]", "[one for one in {}.keys()][0]", "[one for one, _ in {}.items()][0]"],
    "call": ["{}", "same({})"],
}  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """A key of a user, put into containers and taken out of them again."""
    kinds = draw(st.lists(st.sampled_from(sorted(WRAPPERS)), min_size=1, max_size=4))
    made = "users[0].id"
    for kind in kinds:
        made = draw(st.sampled_from(WRAPPERS[kind])).format(made, made)
    for kind in reversed(kinds):
        made = draw(st.sampled_from(READERS[kind])).format(f"({made})")
    return made


@settings(max_examples=60, deadline=None)
@given(expressions())
def test_a_calculation_with_what_went_through_any_containers(expression: str) -> None:
    body = (
        f"print({expression} + 1)\n\n"
        "def same(value):\n    return value\n\n\n"
        "def first(values):\n    for one in values:\n        return one\n"
    )
    (found,) = findings(application(body), "FAPI201")
    assert found.fix is None, expression
