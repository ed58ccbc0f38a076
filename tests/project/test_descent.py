"""Code that leads on and on: what takes a step for every function, router or module, and runs out of nothing."""

from __future__ import annotations

import pytest

from fapi_lint.project.cycles import import_cycles
from fapi_lint.project.identity.entities import Entities
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Function
from fapi_lint.testing import application

MODEL = """
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase): ...


class User(Base):
    __tablename__ = "user"
    id: Mapped[int] = mapped_column(primary_key=True)
"""
LENGTH = 1000


def chain(end: str) -> tuple[Project, Function]:
    """An application with a function that returns what the next one returns, and so on to `end`; the first of them."""
    steps = "".join(f"def f{n}(key):\n    return f{n + 1}(key)\n" for n in range(LENGTH))
    last = f"def f{LENGTH}(key):\n    query = select(User)\n    return {end}\n"
    project = application({"app/main.py": MODEL + "from sqlalchemy import select\n" + steps + last})
    return project, project.functions[0]


def test_what_a_thousand_functions_return() -> None:
    project, first = chain("User()")
    user = project.models.all[0]
    type_ = project.types.returned(first)
    assert type_ is not None
    assert type_.symbol is user.class_
    mapped = project.mapped_values.returned(first)
    assert mapped == (user, "object")
    assert Entities(project).returned(first) is user.class_


def test_a_circle_of_a_thousand_functions_returns_nothing_that_is_known() -> None:
    project, first = chain("f0(key)")
    assert project.types.returned(first) is None
    assert project.mapped_values.returned(first) is None
    assert Entities(project).returned(first) is None


def test_thousands_of_functions_that_return_what_any_other_returns() -> None:
    names = range(3 * LENGTH)
    steps = "".join(
        f"def f{n}(key):\n    return f{(n * 7 + 3) % len(names)}(key) or f{(n * 13 + 5) % len(names)}(key)\n"
        for n in names
    )
    project = application({"app/main.py": MODEL + steps})
    assert Entities(project).returned(project.functions[0]) is None
    assert project.types.returned(project.functions[0]) is None


def test_a_thousand_routers_that_include_each_other() -> None:
    names = range(LENGTH)
    made = "".join(f'r{n} = APIRouter(prefix="/{n}")\n' for n in names)
    included = "".join(f"r{n}.include_router(r{n + 1})\n" for n in names[:-1])
    route = f'@r{LENGTH - 1}.get("/x")\ndef f(): ...\n'
    project = application({"app/main.py": f"from fastapi import APIRouter\n{made}{included}{route}"})
    assert project.routes.all[0].full_paths == ("".join(f"/{n}" for n in names) + "/x",)


@pytest.mark.parametrize("statement", ["from app.m{} import User", "from app.m{} import *"])
def test_a_thousand_modules_that_hand_on_what_they_import(statement: str) -> None:
    files = {f"app/m{n}.py": f"{statement.format(n + 1)}\n" for n in range(LENGTH)}
    files[f"app/m{LENGTH}.py"] = MODEL
    project = application(files)
    first = project.by_path["/application/app/m0.py"]
    assert project.resolver.member(first, "User") is project.models.all[0].class_


def test_a_circle_of_a_thousand_modules_that_import_one_name_from_each_other() -> None:
    project = application({f"app/m{n}.py": f"from app.m{(n + 1) % LENGTH} import User\n" for n in range(LENGTH)})
    assert project.resolver.member(project.modules[0], "User") is None


@pytest.mark.parametrize(
    ("also", "path"),
    [
        ({}, [*range(300), 0]),
        ({7: 5}, [5, 6, 7, 5]),
        ({7: 5, 200: 198, 3: 1}, [1, 2, 3, 1]),
        ({299: 297}, [297, 298, 299, 297]),
    ],
)
def test_the_shortest_cycle_is_shown(also: dict[int, int], path: list[int]) -> None:
    files = {}
    for number in range(300):
        targets = [(number + 1) % 300, *([also[number]] if number in also else [])]
        files[f"app/m{number:03}.py"] = "".join(f"from app.m{target:03} import x\n" for target in targets) + "x = 1\n"
    (cycle,) = import_cycles(application(files))
    assert cycle.path == " -> ".join(f"app.m{number:03}" for number in path)
    assert len(cycle.modules) == 300
