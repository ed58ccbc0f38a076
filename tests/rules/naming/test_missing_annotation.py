"""FAPI110: which functions lack type hints, and where `-> None` is evident."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings, fixed


def messages(text: str, path: str = "app/core/tools.py") -> list[str]:
    return [found.message for found in findings({path: text}, "FAPI110")]


def after(text: str, path: str = "app/core/tools.py") -> str:
    return fixed({path: text}, "FAPI110")[path]


@pytest.mark.parametrize(
    "text",
    [
        "def f() -> int: return 1\n",
        "def f(a: int, /, b: int, *args: int, c: int = 1, **kwargs: int) -> int: return 1\n",
        "f = lambda x: x\n",
        "class A:\n    def f(self) -> None: ...\n    @classmethod\n    def g(cls, x: int) -> None: ...\n",
        "class A:\n    def __init__(this, x: int) -> None: ...\n",
        "def f(cls) -> str:\n    return cls.__name__\n",
        "from typing import no_type_check\n\n@no_type_check\ndef f(a, b): ...\n",
        "from typing import overload\n\n@overload\ndef f(a: int) -> int: ...\n@overload\n"
        "def f(a: str) -> str: ...\ndef f(a):\n    return a\n",
    ],
)
def test_what_needs_no_hint(text: str) -> None:
    assert messages(text) == []


@pytest.mark.parametrize(
    "path",
    [
        "tests/tools.py",
        "alembic/env.py",
        "scripts/seed.py",
        "app/test_tools.py",
        "app/_vendor/croniter/croniter.py",
        "app/wallets/lightning_pb2_grpc.py",
    ],
)
def test_folders_that_need_no_hints(path: str) -> None:
    assert messages("def f(x): return x\n", path) == []


def test_the_folders_are_configurable() -> None:
    files = {"tests/tools.py": "def f(x): return x\n", "scripts/seed.py": "def f(x): return x\n"}
    settings = Settings(conventions=Conventions(unannotated_folders=("scripts",)))
    assert [found.at for found in findings(files, "FAPI110", settings=settings)] == [("tests/tools.py", 1)]


def test_names_can_be_exempt() -> None:
    settings = Settings(exempt={"FAPI110": ("_*",)})
    assert findings({"app/a.py": "def _f(x): return x\n"}, "FAPI110", settings=settings) == []


def test_one_finding_names_everything() -> None:
    assert messages("def f(a, b: int, *args, c=1, **kwargs): return a\n") == [
        "`f` has no type hint for `a`, `*args`, `c`, `**kwargs` and its result (no fix: which one is not evident)"
    ]
    assert messages("def f(a): print(a)\n") == ["`f` has no type hint for `a` and its result"]
    assert messages("def f(a, b) -> int: return a\n") == [
        "`f` has no type hint for `a`, `b` (no fix: which one is not evident)"
    ]
    assert messages("class A:\n    @staticmethod\n    def f(a) -> int: ...\n") == [
        "`f` has no type hint for `a` (no fix: which one is not evident)"
    ]


def test_the_reason_says_what_the_doubt_is() -> None:
    head = "from fastapi import APIRouter\nfrom library import task\n\nrouter = APIRouter()\n\n\n"
    route = '@router.delete("/{key}")\nasync def delete(key: int):\n    await forget(key)\n'
    (message,) = messages(head + route)
    assert message.endswith("(no fix: FastAPI would take it for the response model)")
    (message,) = messages(head + route.replace("await", "return await"))
    assert message.endswith("(no fix: which one is not evident)")
    (message,) = messages(head + "@task\ndef clean():\n    print(1)\n")
    assert message.endswith("(no fix: a decorator may read it)")
    (message,) = messages(head + "@task\ndef clean():\n    raise NotImplementedError\n")
    assert message.endswith("(no fix: which one is not evident)")


def test_the_row_is_that_of_def() -> None:
    text = "import functools\n\n\n@functools.cache\ndef f(\n    a,\n) -> int:\n    return 1\n"
    assert [found.at for found in findings({"app/a.py": text}, "FAPI110")] == [("app/a.py", 5)]


def test_nested_functions_count_once() -> None:
    text = """\
        def outer() -> object:
            class Inner:
                def method(self):
                    return 1

            def wrapper(*args):
                def innermost(x): return x
                return innermost

            return wrapper
        """
    found = findings({"app/a.py": text}, "FAPI110")
    assert [(f.row, f.message.split("`")[1]) for f in found] == [(3, "method"), (6, "wrapper"), (7, "innermost")]


@pytest.mark.parametrize(
    "head",
    ["def f()", "async def f()", "def f(\n    a: int,\n)", "@staticmethod\ndef f()", "def f (a: str = ')')"],
)
@pytest.mark.parametrize(
    "body",
    [
        "    print(1)\n",
        "    if x:\n        return\n    print(1)\n",
        "    return None\n",
        "    return  # nothing\n",
        '    """Says what it will\n    return to its caller."""\n    def g() -> int: return 1\n    g()\n',
        "    def g() -> int:\n        return 1\n    g()\n",
        "    if x:\n        raise ValueError\n    print(1)\n",
        "    returned = 1\n",
    ],
)
def test_nothing_is_returned(head: str, body: str) -> None:
    assert after(f"{head}:\n{body}") == f"{head} -> None:\n{body}"


@pytest.mark.parametrize(
    "text",
    [
        "def f(): return 1\n",
        "def f():\n    return(\n        1\n    )\n",
        "def f():\n    if x: return 1\n    return\n",
        "def f():\n    x = 1; return x\n",
        "def f():\n    yield\n",
        "async def f():\n    for x in y: yield x\n",
        "def f():\n    raise NotImplementedError\n",
        "def f():\n    print(1)\n    raise ValueError\n",
        "def f(): ...\n",
        "def f():\n    pass\n",
        'def f():\n    """To be overridden."""\n',
        "from registry import task\n\n@task\ndef f():\n    print(1)\n",
        "from contextlib import contextmanager\n\n@contextmanager\ndef f():\n    yield\n",
        "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n@router.get('/')\ndef f():\n    print(1)\n",
        "from fastapi import APIRouter\n\nrouter = APIRouter()\n\ndef f():\n    print(1)\n\n"
        "router.add_api_route('/', f)\n",
    ],
)
def test_nothing_is_annotated_in_doubt(text: str) -> None:
    assert messages(text)
    assert after(text) == text


def test_nobody_reads_what_a_websocket_returns() -> None:
    head = "from fastapi import APIRouter\n\nrouter = APIRouter()\n\n"
    text = f"{head}@router.websocket('/')\nasync def f():\n    print(1)\n"
    assert after(text) == text.replace("f():", "f() -> None:")


def test_methods_of_plain_classes() -> None:
    text = """\
        class A(Exception):
            def __init__(self):
                pass

            def clear(self):
                self.x = 1

            @property
            def x(self) -> int:
                return 1

            @x.setter
            def x(self, value: int):
                self.y = value
        """
    assert after(text).count("-> None") == 3


def test_overriding_follows_the_base() -> None:
    text = """\
        class A:
            def stub(self): ...

            def clear(self):
                self.x = 1

            def count(self):
                self.x = 1


        class B(A):
            def stub(self):
                self.x = 1

            def clear(self):
                self.x = 2

            def count(self):
                return 1
        """
    assert after(text).count("-> None") == 2
    assert after(text).count("def clear(self) -> None") == 2


def test_foreign_bases_may_expect_results() -> None:
    text = """\
        from framework import Handler


        class A(Handler):
            def __init__(self):
                self.x = 1

            def handle(self):
                self.x = 2
        """
    assert after(text).count("-> None") == 1
    assert "def handle(self):" in after(text)


@given(
    st.sampled_from(["()", "( )", "(a: int)", "(\n    a: int,  # )\n    b: str = ')',\n)", "(*, a: int = (1))"]),
    st.sampled_from([":", " :", ":  # noqa: D103"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_the_annotation_stands_behind_the_parenthesis(params: str, colon: str, newline: str) -> None:
    text = f"def f{params}{colon}\n    print(1)\n".replace("\n", newline)
    assert after(text) == f"def f{params} -> None{colon}\n    print(1)\n".replace("\n", newline)


@pytest.mark.parametrize(
    ("name", "body", "result"),
    [
        ("__str__", "return self.name", "str"),
        ("__repr__", "return f'<{self.name}>'", "str"),
        ("__len__", "return len(self.items)", "int"),
        ("__hash__", "return hash(self.name)", "int"),
        ("__bool__", "return bool(self.items)", "bool"),
        ("__init__", "self.items = []", "None"),
        ("__eq__", "return self.name == other.name and not self.gone", "bool"),
        ("__eq__", "return NotImplemented if other is None else other", None),
        ("__eq__", "return expression(self, other)", None),
        ("__iter__", "return iter(self.items)", None),
        ("__getitem__", "return self.items[0]", None),
        ("name", "return self.items[0]", None),
    ],
)
def test_python_asks_for_the_results_of_special_methods(name: str, body: str, result: str | None) -> None:
    head = f"class A:\n    def {name}(self{', other: object' * (name == '__eq__')})"
    arrow = "" if result is None else f" -> {result}"
    assert after(f"{head}:\n        {body}\n") == f"{head}{arrow}:\n        {body}\n"


@pytest.mark.parametrize(
    "text",
    [
        "def __str__(self): return 1\n",
        "class A:\n    str = 1\n    def __str__(self): return ''\n",
        "from registry import task\n\nclass A:\n    @task\n    def __str__(self): return ''\n",
        "from sqlalchemy.ext.hybrid import Comparator\n\nclass A(Comparator):\n"
        "    def __eq__(self, other: object): return self.x == other\n",
    ],
)
def test_what_only_looks_like_a_special_method(text: str) -> None:
    assert after(text) == text
