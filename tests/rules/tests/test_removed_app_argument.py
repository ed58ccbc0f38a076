from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.testing import findings, fixed

HEAD = "from httpx import AsyncClient\n\n"


def after(text: str) -> str:
    return fixed({"tests/test_a.py": text}, "FAPI805")["tests/test_a.py"]


def test_in_the_style_of_the_file() -> None:
    assert after('import httpx\nc = httpx.AsyncClient(app=app, base_url="")\n') == (
        'import httpx\nc = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="")\n'
    )
    assert after(f"{HEAD}c = AsyncClient(\n    base_url='',\n    app=(\n        app\n    ),  # it\n)\n") == (
        "from httpx import ASGITransport, AsyncClient\n\n"
        "c = AsyncClient(\n    base_url='',\n    transport=ASGITransport(app=(\n        app\n    )),  # it\n)\n"
    )


def test_a_transport_is_enough() -> None:
    assert (
        after(f"{HEAD}c = AsyncClient(app=app, transport=transport)\n")
        == f"{HEAD}c = AsyncClient(transport=transport)\n"
    )


def test_inside_of_functions_and_the_row_of_the_argument() -> None:
    text = f"{HEAD}def f():\n    async def g():\n        return AsyncClient(\n            app=app)\n"
    assert [f.row for f in findings({"tests/test_a.py": text}, "FAPI805")] == [6]


@pytest.mark.parametrize(
    "text",
    [
        "from httpx import ASGITransport, AsyncClient\nc = AsyncClient(transport=ASGITransport(app=app))\n",
        "import httpx\nfrom app.clients import AsyncClient\nc = AsyncClient(app=app)\n",
        "import httpx\nfrom httpx_ws import AsyncClient\nc = AsyncClient(app=app)\n",
        f"{HEAD}c = AsyncClient(base_url='', headers=dict(app=app))\n",
    ],
)
def test_other_clients_and_arguments(text: str) -> None:
    assert findings({"tests/test_a.py": text}, "FAPI805") == []


def test_old_versions_have_no_other_way() -> None:
    text = f"{HEAD}c = AsyncClient(app=app)\n"
    assert findings({"a.py": text}, "FAPI805", versions=Versions(httpx=Bounds((0, 23), (0, 27)))) == []
    assert len(findings({"a.py": text}, "FAPI805", versions=Versions(httpx=Bounds((0, 23), (0, 28))))) == 1


@given(
    value=st.sampled_from(
        ["app", "app.main.app", "create_app(\n        1\n    )", "(app)", "app if x else y", "lambda s: s"]
    ),
    before=st.sampled_from(
        ["", "base_url='http://t', ", "\n    base_url='http://t',\n    ", "  # it\n    timeout=1,  # s\n    "]
    ),
    behind=st.sampled_from(["", ",", ", follow_redirects=True", ",\n    **more,\n", "  # last\n"]),
    equals=st.sampled_from(["=", " = "]),
)
def test_any_layout_means_the_same(value: str, before: str, behind: str, equals: str) -> None:
    call = ast.parse(after(f"{HEAD}c = AsyncClient({before}app{equals}{value}{behind})\n")).body[-1]
    wanted = ast.parse(f"c = AsyncClient({before}transport=ASGITransport(app={value}){behind})\n").body[-1]
    assert ast.dump(call) == ast.dump(wanted)


def test_a_client_under_another_name() -> None:
    text = "from httpx import AsyncClient as Client\n\nc = Client(app=app)\n"
    assert [found.row for found in findings({"tests/conftest.py": text}, "FAPI805")] == [3]
