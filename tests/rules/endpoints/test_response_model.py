"""FAPI401: routes specify their response model."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Settings
from fapi_lint.config.versions import Versions, parse_constraint
from fapi_lint.fix.edit import Applicability
from fapi_lint.testing import findings, fixed
from fapi_lint.testing.harness import Found

CODE = "FAPI401"
HEAD = """from typing import Any
from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, JSONResponse, ORJSONResponse
from pydantic import BaseModel
class User(BaseModel): ...
router = APIRouter()
"""


def found(text: str, head: str = HEAD, **options: object) -> list[Found]:
    return findings({"app/main.py": head + text}, CODE, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        '@router.get("/")\ndef f(): return {}',
        '@router.get("/")\ndef f(): ...',
        '@router.get("/")\ndef f(x): return x.all()',
        '@router.get("/", response_class=ORJSONResponse)\ndef f(): return {}',
        '@router.get("/", include_in_schema=False)\ndef f(): return {}',
        '@router.get("/", status_code=200)\ndef f(): ...',
        '@router.get("/")\ndef f(x):\n    if x:\n        return Response()\n    return {"x": x}',
        'def list(): ...\n\n\n@router.get("/")\ndef f(): return [User()]',
    ],
)
def test_fires_without_a_fix(text: str) -> None:
    (finding,) = found(text)
    assert finding.fix is None


@pytest.mark.parametrize(
    "text",
    [
        '@router.get("/", response_model=User)\ndef f(): ...',
        '@router.get("/", response_model=None)\ndef f(): ...',
        '@router.get("/", **make())\ndef f(): ...',
        'K = {"response_model": User}\n@router.get("/", **K)\ndef f(): ...',
        '@router.delete("/", status_code=204)\ndef f(): ...',
        '@router.delete("/", status_code=205)\ndef f(): ...',
        'GONE = 204\n@router.delete("/", status_code=GONE)\ndef f(): ...',
        "from http import HTTPStatus\n@router.delete('/', status_code=HTTPStatus.NO_CONTENT.value)\ndef f(): ...",
        "from fastapi import status\n@router.delete('/', status_code=status.HTTP_204_NO_CONTENT)\ndef f(): ...",
        "from http import HTTPStatus\n@router.get('/', status_code=HTTPStatus.NOT_MODIFIED)\ndef f(): ...",
        '@router.head("/")\ndef f(): ...',
        '@router.websocket("/")\nasync def f(socket): ...',
        '@router.get("/", response_class=HTMLResponse)\ndef f(): return ""',
        '@router.get("/")\ndef f() -> JSONResponse: ...',
        '@router.get("/")\ndef f() -> "Response | None": ...',
        '@router.get("/")\ndef f(): return JSONResponse({})',
        '@router.get("/")\ndef f():\n    response = JSONResponse({})\n    return response',
        '@router.get("/")\ndef f(): return templates().TemplateResponse("x.html")',
        '@router.get("/")\nasync def f(): return await oauth.google.authorize_redirect()',
        'def page(): return HTMLResponse("")\n@router.get("/")\ndef f(): return page()',
        'class Zip(Response): ...\n@router.get("/")\ndef f(): return Zip()',
        '@router.get("/")\ndef f(): raise LookupError',
        '@router.get("/")\ndef f():\n    yield 1',
        'pages = APIRouter(default_response_class=HTMLResponse)\n@pages.get("/")\ndef f(): return ""',
    ],
)
def test_look_alikes(text: str) -> None:
    assert not found(text)


def test_the_setting_accepts_an_annotation() -> None:
    settings = Settings(response_model="keyword-or-annotation")
    assert not found('@router.get("/")\ndef f() -> User: ...', settings=settings)
    assert found('@router.get("/")\ndef f(): ...', settings=settings)


def test_routers_that_take_the_annotation_themselves() -> None:
    own = """
class Own(APIRouter):
    def add_api_route(self, path, endpoint, **kwargs):
        kwargs.setdefault("response_model", endpoint.__annotations__["return"])
        super().add_api_route(path, endpoint, **kwargs)
own = Own()
"""
    assert not found(own + '@own.get("/")\ndef f() -> User: ...')
    assert found(own + '@own.get("/")\ndef f(): ...')
    own = "from fastapi_utils.inferring_router import InferringRouter\nown = InferringRouter()\n"
    assert not found(own + '@own.get("/")\ndef f() -> User: ...')
    assert found(own + '@own.get("/")\ndef f(): ...')


@pytest.mark.parametrize(
    ("annotation", "model"),
    [("User", "User"), ("list[User]", "list[User]"), ('"User"', "User"), ("None", "None"), ("Any", "Any")],
)
def test_safe_from_the_annotation(annotation: str, model: str) -> None:
    text = HEAD + f'@router.get("/", tags=[])\ndef f() -> {annotation}: ...\n'
    after = fixed({"app/main.py": text}, CODE)["app/main.py"]
    assert after == text.replace('"/", ', f'"/", response_model={model}, ')


@pytest.mark.parametrize(
    ("fastapi", "applicability"),
    [(">=0.100", Applicability.SAFE), (">=0.79", Applicability.UNSAFE), ("<0.89", Applicability.UNSAFE)],
)
def test_old_versions_ignore_the_annotation(fastapi: str, applicability: Applicability) -> None:
    versions = Versions(fastapi=parse_constraint(fastapi))
    (finding,) = found('@router.get("/")\ndef f() -> User: ...', versions=versions)
    assert finding.fix is not None
    assert finding.fix.applicability is applicability


def test_the_title_is_one_line() -> None:
    (finding,) = found('@router.get("/")\ndef f() -> dict[\n    str,  # name\n    User,\n]: ...')
    assert finding.fix is not None
    assert finding.fix.title == "Add `response_model=dict[ str, User, ]`"


def test_what_returns_nothing_is_told_how_to_say_so() -> None:
    (finding,) = found('@router.post("/")\ndef f(x: int):\n    print(x)')
    assert "it returns nothing, which `response_model=None` or the status 204 would say" in finding.message


@pytest.mark.parametrize("annotation", ["'''User'''", '" User "', '"list[" "User]"'])
def test_quotes_that_cannot_go_are_not_copied(annotation: str) -> None:
    (finding,) = found(f'@router.get("/")\ndef f() -> {annotation}: ...')
    assert finding.fix is None
    assert finding.message.endswith("(no fix: the annotation cannot be read)")


def test_another_decorator_may_hide_the_annotation() -> None:
    for annotation, effect in (("User", "is validated and filtered by it"), ("None", "is not validated")):
        (finding,) = found(f'@router.get("/")\n@cached\ndef f() -> {annotation}: ...')
        assert finding.fix is not None
        assert finding.fix.applicability is Applicability.UNSAFE
        assert finding.fix.title == f"Add `response_model={annotation}`: the response {effect}"


@pytest.mark.parametrize(
    "text",
    [
        '@router.get("/")\ndef f() -> "Later": ...\nclass Later(BaseModel): ...',
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from x import Y\n"
        '@router.get("/")\ndef f() -> "Y": ...',
        'class All:\n    def list(self) -> int: ...\n    @router.get("/")\n    def f(self) -> "list[int]": ...',
    ],
)
def test_a_name_must_be_there_for_the_decorator(text: str) -> None:
    (finding,) = found(text)
    assert finding.fix is None
    assert "has no value yet" in finding.message


@pytest.mark.parametrize(
    ("body", "model"),
    [
        ("    return User()", "User"),
        ("    return User.model_validate(x)", "User"),
        ("    user = User(x=1)\n    return user", "User"),
        ("    return [User.model_validate(u) for u in x]", "list[User]"),
        ("    if x:\n        return User()\n    return User.model_validate(x)", "User"),
        ("    with x:\n        return await make(x)", "User"),
        ("    if x:\n        return User()\n    else:\n        raise LookupError", "User"),
        ("    if x:\n        return User()", None),
        ("    if x:\n        return None\n    return User()", None),
        ("    if x:\n        return [User()]\n    return User()", None),
        ("    return x or User()", None),
        ("    for _ in x:\n        return User()", None),
    ],
)
def test_unsafe_where_every_path_returns_one_schema(body: str, model: str | None) -> None:
    text = HEAD + f'async def make(x) -> User: ...\n@router.get("/")\nasync def f(x):\n{body}\n'
    after = fixed({"app/main.py": text}, CODE, unsafe=True)["app/main.py"]
    assert after == (text if model is None else text.replace('get("/"', f'get("/", response_model={model}'))


def test_a_schema_goes_by_the_name_that_the_file_imports() -> None:
    files = {
        "app/__init__.py": "",
        "app/schemas/__init__.py": "from app.schemas.user import User",
        "app/schemas/user.py": "from pydantic import BaseModel\nclass User(BaseModel): ...",
        "app/main.py": "from fastapi import FastAPI\nfrom app.schemas import User as Person\napp = FastAPI()\n"
        '@app.get("/")\ndef f(): return Person()\n',
    }
    after = fixed(files, CODE, unsafe=True)["app/main.py"]
    assert after == files["app/main.py"].replace('"/"', '"/", response_model=Person')


def test_wrappers() -> None:
    passing = 'def protected(method, path, **kwargs): ...\n@protected(router.get, "/")\ndef f() -> User: ...\n'
    text = HEAD + passing
    after = fixed({"app/main.py": text}, CODE, unsafe=True)["app/main.py"]
    assert after == text.replace('"/"', '"/", response_model=User')
    (finding,) = found(passing.replace(", **kwargs", ""))
    assert finding.fix is None
    assert not found(passing.replace(": ...\n@", ": return method(path, response_model=None, **kwargs)\n@"))


def test_no_name_is_bound_in_an_argument() -> None:
    (finding,) = found('@router.get("/")\ndef f() -> (answer := User): ...\n')
    assert finding.fix is None
