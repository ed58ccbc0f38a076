"""FAPI403: bare integers where the application answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.config.versions import Versions, parse_constraint
from fapi_lint.testing import findings, fixed

CODE = "FAPI403"


def rows(text: str, path: str = "app/main.py", **others: str) -> list[int]:
    return [found.row for found in findings({path: text, **others}, CODE)]


def fix(text: str, fastapi: str = "") -> str:
    versions = Versions(fastapi=parse_constraint(fastapi))
    return fixed({"app/main.py": text}, CODE, versions=versions)["app/main.py"]


@pytest.mark.parametrize(
    "text",
    [
        "from fastapi import HTTPException\nraise HTTPException(404)",
        'from fastapi import HTTPException\nraise HTTPException(detail="x", status_code=404)',
        "from fastapi.exceptions import HTTPException as Problem\nraise Problem(404)",
        "from starlette.exceptions import HTTPException\nERROR = HTTPException(404)",
        "import fastapi\nraise fastapi.HTTPException(404)",
        "from fastapi.responses import JSONResponse\nx = JSONResponse({}, 409)",
        "from starlette.responses import RedirectResponse\nx = RedirectResponse('/', status_code=303)",
        "from fastapi import Response\ndef f(response: Response): response.status_code = 201",
        "from fastapi import Response\ndef f():\n response = Response(); response.status_code = 201",
        "from fastapi.templating import Jinja2Templates\nt = Jinja2Templates('t')\n"
        "def f(r): return t.TemplateResponse(r, '404.html', status_code=404)",
        "from fastapi import HTTPException\nclass E(HTTPException):\n"
        "    def __init__(self): super().__init__(status_code=404)",
        "from fastapi import HTTPException\nclass E(HTTPException):\n"
        "    def __init__(self, detail, status_code): ...\nraise E('x', 404)",
        "from fastapi import APIRouter\nr = APIRouter()\ndef f(): ...\nr.add_api_route('/', f, status_code=200)",
        "from fastapi import FastAPI\napp = FastAPI()\nK = {'status_code': 204}\n@app.get('/', **K)\ndef f(): ...",
    ],
)
def test_fires(text: str) -> None:
    assert len(rows(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "t = templates()\ndef f(r): return t.TemplateResponse(r, '404.html', status_code=404)",
        "import httpx\ndef f(r: httpx.Response):\n    r.status_code = 200\n    return r.status_code == 200",
        "import requests\nr = requests.Response()\nr.status_code = 404",
        "from httpx import Response\nx = Response(404)",
        "from fastapi import HTTPException\nraise HTTPException(499)",
        "from fastapi import HTTPException, status\nraise HTTPException(status.HTTP_404_NOT_FOUND)",
        "from fastapi import HTTPException\nfrom http import HTTPStatus\nraise HTTPException(HTTPStatus.NOT_FOUND)",
        "from fastapi import HTTPException\ndef f(code): raise HTTPException(code)",
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/', responses={404: {}})\ndef f(): ...",
        "from fastapi import FastAPI\napp = FastAPI()\n@app.exception_handler(404)\ndef f(): ...",
        "from fastapi import Response\nx = Response(b'', media_type='x')",
        "class HTTPException(Exception): ...\nraise HTTPException(404)",
    ],
)
def test_look_alikes(text: str) -> None:
    assert rows(text) == []


def test_tests_are_left_alone() -> None:
    text = "from fastapi import HTTPException\nraise HTTPException(404)"
    assert rows(text, "tests/test_users.py") == rows(text, "app/conftest.py") == []


def test_both_branches_of_a_condition() -> None:
    text = "from fastapi import HTTPException\ndef f(x): raise HTTPException(404 if x else 403)"
    assert len(rows(text)) == 2
    assert "status.HTTP_404_NOT_FOUND if x else status.HTTP_403_FORBIDDEN" in fix(text)
    assert "x or status.HTTP_404_NOT_FOUND" in fix("from fastapi import HTTPException\nraise HTTPException(x or 404)")


@pytest.mark.parametrize(
    ("fastapi", "name"),
    [
        ("", "HTTP_422_UNPROCESSABLE_ENTITY"),
        (">=0.115", "HTTP_422_UNPROCESSABLE_ENTITY"),
        (">=0.116.2", "HTTP_422_UNPROCESSABLE_CONTENT"),
        ("==0.120.0", "HTTP_422_UNPROCESSABLE_CONTENT"),
    ],
)
def test_names_follow_the_lowest_version(fastapi: str, name: str) -> None:
    assert f"status.{name})" in fix("from fastapi import HTTPException\nraise HTTPException(422)\n", fastapi)


def test_a_local_called_status_and_the_style_of_the_file() -> None:
    text = """
        from fastapi import HTTPException
        def f():
            status = "draft"
            raise HTTPException(404, status)
        """
    after = fix(text)
    assert "from fastapi import HTTPException\nfrom fastapi import status as http_status\n" in after
    assert "HTTPException(http_status.HTTP_404_NOT_FOUND, status)" in after
    text = "from starlette.status import HTTP_200_OK\nfrom fastapi import Response\nx = Response(None, 404)\n"
    after = fix(text)
    assert "from starlette.status import HTTP_200_OK, HTTP_404_NOT_FOUND\n" in after
    assert "Response(None, HTTP_404_NOT_FOUND)" in after


@given(
    st.sampled_from([200, 201, 204, 400, 404, 418, 500]),
    st.sampled_from(
        ["{}", "status_code={}", "status_code = {},  # why", "\n    {}  # why\n", "\n    status_code=({}),\n"]
    ),
)
def test_any_formatting(code: int, argument: str) -> None:
    text = f"from fastapi import HTTPException, status\nx = HTTPException({argument.format(code)}\n)\n"
    after = fix(text)
    (name,) = [word for word in after.replace("(", " ").replace(")", " ").split() if f"HTTP_{code}" in word]
    constant = name.rstrip(",").removeprefix("status_code=")
    assert after == text.replace(str(code), constant)
