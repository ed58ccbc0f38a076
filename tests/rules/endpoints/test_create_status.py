"""FAPI402: a POST that creates says 201."""

from __future__ import annotations

import pytest

from fapi_lint.testing import findings, fixed

CODE = "FAPI402"
HEAD = """from fastapi import APIRouter, Response, status
from fastapi.responses import HTMLResponse, JSONResponse
router = APIRouter(prefix="/users")
"""
SCHEMAS = "from pydantic import BaseModel\nclass UserCreate(BaseModel): ...\nclass UserResponse(BaseModel): ...\n"
ITEM = '@router.put("/{id}")\ndef update_user(id: int): ...\n'


def fires(text: str) -> bool:
    return bool(findings({"app/main.py": HEAD + text}, CODE))


@pytest.mark.parametrize(
    "text",
    [
        '@router.post("")\ndef create_user(): ...\n',
        '@router.post("/filters")\ndef create_search_filter(): ...\n',
        '@router.post("")\ndef register_user(): ...\n' + ITEM,
        '@router.post("/")\ndef add(): ...\n' + ITEM,
        '@router.post("")\ndef add_user(): ...\n' + SCHEMAS,
        '@router.post("/orders")\ndef place(): ...\n@router.get("/orders/{order_id}")\ndef get_order(): ...\n',
        SCHEMAS + '@router.post("")\ndef invite(body: UserCreate): ...\n',
        SCHEMAS + '@router.post("/{id}/users")\ndef invite(id: int, body: UserCreate): ...\n',
        '@router.post("/wallet")\ndef createWallet(): ...\n',
        'def create_user(): ...\nrouter.add_api_route("", create_user, methods=["POST"])',
    ],
)
def test_fires(text: str) -> None:
    assert fires(text)


@pytest.mark.parametrize(
    "text",
    [
        '@router.post("", status_code=200)\ndef create_user(): ...\n',
        '@router.post("", status_code=status.HTTP_202_ACCEPTED)\ndef create_user(): ...\n',
        '@router.post("", **make())\ndef create_user(): ...\n',
        '@router.put("")\ndef create_user(): ...\n',
        '@router.post("")\ndef create_or_update_user(): ...\n',
        '@router.api_route("", methods=["POST", "PUT"])\ndef create_user(): ...\n',
        '@router.post("/login")\ndef create_access_token(): ...\n',
        '@router.post("/token")\ndef create_session(): ...\n',
        '@router.post("/search")\ndef search_users(): ...\n' + ITEM,
        '@router.post("")\ndef search_users(): ...\n' + ITEM,
        '@router.post("")\ndef bulk_create_users(): ...\n' + ITEM,
        '@router.post("/bulk")\ndef create_users(): ...\n',
        SCHEMAS + '@router.post("")\ndef invite(body: UserResponse): ...\n',
        SCHEMAS + '@router.post("")\ndef validate_user(body: UserCreate): ...\n',
        SCHEMAS + '@router.post("/orders")\ndef order(user: UserCreate): ...\n',
        SCHEMAS + '@router.post("/user")\ndef keep(user: UserCreate): ...\n',
        '@router.post("")\ndef read_users(): ...\n' + ITEM,
        '@router.post("/scan")\ndef scan(): ...\n@router.get("/scan/{code}")\ndef scanned(code: str): ...\n',
        '@router.post("")\ndef create_user(response: Response):\n    response.status_code = 201\n',
        '@router.post("")\ndef create_user(response: Response):\n    made(response, "/users/1")\n\n\n'
        "def made(response: Response, where: str):\n    response.status_code = 201\n",
        '@router.post("")\ndef create_user():\n    return JSONResponse({}, status_code=201)\n',
        '@router.post("")\ndef create_user() -> JSONResponse: ...\n',
        '@router.post("", response_class=HTMLResponse)\ndef create_user(): ...\n',
    ],
)
def test_look_alikes(text: str) -> None:
    assert not fires(text)


def test_tests_are_left_alone() -> None:
    assert not findings({"tests/app.py": HEAD + '@router.post("")\ndef create_user(): ...\n'}, CODE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('router.post("")', 'router.post("", status_code=status.HTTP_201_CREATED)'),
        (
            'router.post("", response_model=None, tags=["users"])',
            'router.post("", response_model=None, status_code=status.HTTP_201_CREATED, tags=["users"])',
        ),
        (
            'router.post(\n    "",\n    tags=["users"],  # all\n)',
            'router.post(\n    "",\n    status_code=status.HTTP_201_CREATED,\n    tags=["users"],  # all\n)',
        ),
        ('router.post(tags=[], path="")', 'router.post(tags=[], path="", status_code=status.HTTP_201_CREATED)'),
    ],
)
def test_where_the_argument_goes(before: str, after: str) -> None:
    text = HEAD + f"@{before}\ndef create_user(): ...\n"
    assert fixed({"app/main.py": text}, CODE, unsafe=True)["app/main.py"] == text.replace(before, after)


@pytest.mark.parametrize(("parameters", "offered"), [("method, path, **kwargs", True), ("method, path", False)])
def test_wrappers(parameters: str, offered: bool) -> None:
    text = HEAD + f'def protected({parameters}): ...\n@protected(router.post, "")\ndef create_user(): ...\n'
    (found,) = findings({"app/main.py": text}, CODE)
    assert (found.fix is not None) is offered
