"""How routes are declared, and what is no route."""

from __future__ import annotations

import pytest

from fapi_lint.project.project import Project
from fapi_lint.testing import application

HEAD = "from fastapi import APIRouter, FastAPI\nrouter = APIRouter()\n"


def labels(project: Project) -> list[str]:
    return [route.label for route in project.routes.all]


@pytest.mark.parametrize(
    ("declaration", "expected"),
    [
        ('@router.get("/x")\ndef f(): ...', "GET /x"),
        ('@router.post(path="/x")\ndef f(): ...', "POST /x"),
        ('@router.api_route("/x", methods=["PUT", "patch"])\ndef f(): ...', "PUT|PATCH /x"),
        ('@router.api_route("/x")\ndef f(): ...', "GET /x"),
        ('def f(): ...\nrouter.add_api_route("/x", f, methods=["DELETE"])', "DELETE /x"),
        ('def f(): ...\nrouter.post("/x")(f)', "POST /x"),
        ('def f(): ...\ng = router.post("/x")(f)', "POST /x"),
        ('if DEBUG:\n    @router.get("/x")\n    def f(): ...', "GET /x"),
        ('class Users:\n    @router.get("/x")\n    def f(self): ...', "GET /x"),
        ('def make(r: APIRouter):\n    @r.get("/x")\n    def f(): ...', "GET /x"),
        ('def make():\n    r = APIRouter(prefix="/p")\n    @r.get("/x")\n    def f(): ...\n    return r', "GET /p/x"),
        ('def make():\n    return APIRouter(prefix="/p")\nr = make()\n@r.get("/x")\ndef f(): ...', "GET /p/x"),
        ('@protected(router.get, "/x", ["scope"])\ndef f(): ...', "GET /x"),
        ('app = FastAPI()\n@app.get("/x")\ndef f(): ...\napp = Middleware(app)', "GET /x"),
        ('def add(app):\n    @app.get("/x")\n    def f(): ...\nadd(APIRouter(prefix="/p"))', "GET /p/x"),
        ('import app.models\napp = FastAPI()\n@app.get("/x")\ndef f(): ...', "GET /x"),
        (
            'from fastapi_utils.inferring_router import InferringRouter as Infers\nr = Infers(prefix="/p")\n'
            '@r.get("/x")\ndef f(): ...',
            "GET /p/x",
        ),
        ('V = "/v1"\n@router.get(f"{V}/{{id}}")\ndef f(id): ...', "GET /v1/{id}"),
        ('@router.get(V + "/x")\ndef f(): ...', "GET …/x"),
        ('class Own(APIRouter): ...\nown = Own(prefix="/p")\n@own.get("/x")\ndef f(): ...', "GET /p/x"),
        (
            "class Api:\n    def __init__(self):\n        self.router = APIRouter()\n        self.add()\n"
            '    def add(self):\n        self.router.add_api_route("/x", self.f)\n    def f(self): ...',
            "GET /x",
        ),
    ],
)
def test_declarations(declaration: str, expected: str) -> None:
    project = application({"app/main.py": HEAD + declaration})
    assert labels(project) == [expected]
    route = project.routes.all[0]
    assert route.handler is not None
    assert route.handler.name == "f"


@pytest.mark.parametrize(
    "use",
    [
        '@app.post("/invoices", callbacks=described.routes)\ndef create_invoice(): ...',
        'users = APIRouter(callbacks=described.routes)\n@users.post("/invoices")\ndef create_invoice(): ...',
        'documented = FastAPI(webhooks=described)\n@app.post("/invoices")\ndef create_invoice(): ...',
    ],
)
def test_what_others_serve_is_no_route(use: str) -> None:
    described = 'app = FastAPI()\ndescribed = APIRouter()\n@described.post("{$callback_url}/paid")\ndef paid(): ...\n'
    assert labels(application({"app/main.py": f"{HEAD}{described}{use}"})) == ["POST /invoices"]


@pytest.mark.parametrize(
    "text",
    [
        'import requests\n@requests.get("/x")\ndef f(): ...',
        'from flask import Flask\napp = Flask(__name__)\n@app.get("/x")\ndef f(): ...',
        'from starlette.applications import Starlette\nrouter = Starlette()\n@router.get("/x")\ndef f(): ...',
        'from unittest import mock\n@mock.patch("app.main.x")\ndef f(): ...',
        'def f(router):\n    @router.get("/x")\n    def g(): ...',
        'def f(router):\n    @router.get("/x")\n    def g(): ...\nf(Client())',
        'from fastapi import APIRouter\nrouter = APIRouter()\n@router.websocket("/x")\nasync def f(socket): ...',
        'def f(client, router):\n    return client.get("/x")(1)',
    ],
)
def test_look_alikes(text: str) -> None:
    assert application({"app/main.py": text}).routes.all == []


def test_two_decorators_are_two_routes() -> None:
    project = application({"app/main.py": HEAD + '@router.get("/a")\n@router.get("/b")\ndef f(): ...'})
    assert labels(project) == ["GET /a", "GET /b"]
    (routes,) = project.routes.by_handler.values()
    assert len(routes) == 2


def test_prefixes_across_files() -> None:
    project = application(
        {
            "app/__init__.py": "",
            "app/users.py": """
                from fastapi import APIRouter
                r = APIRouter(prefix="/users")
                @r.get("/{id}")
                def f(): ...
                """,
            "app/api.py": """
                from fastapi import APIRouter
                from app import users
                api = APIRouter()
                api.include_router(users.r, prefix="/v1")
                api.include_router(router=users.r, prefix="/v2")
                """,
            "app/main.py": """
                from fastapi import FastAPI
                from app.api import api
                def create_app() -> FastAPI:
                    app = FastAPI()
                    app.include_router(api, prefix="/api")
                    return app
                """,
        }
    )
    (route,) = project.routes.all
    assert route.full_paths == ("/api/v1/users/{id}", "/api/v2/users/{id}")


def test_a_router_that_includes_itself() -> None:
    project = application({"app/main.py": HEAD + 'router.include_router(router)\n@router.get("/x")\ndef f(): ...'})
    assert labels(project) == ["GET /x"]


def test_arguments_through_shared_keywords() -> None:
    text = HEAD + (
        'SHARED = {"status_code": 204}\n@router.get("/x", **SHARED)\ndef f(): ...\n'
        '@router.get("/y", **make())\ndef g(): ...\n'
    )
    seen, unseen = application({"app/main.py": text}).routes.all
    assert seen.argument("status_code") is not None
    assert not seen.has_unknown_arguments
    assert unseen.argument("status_code") is None
    assert unseen.has_unknown_arguments


@pytest.mark.parametrize(
    ("wrapper", "accepts"),
    [("method, path, **kwargs", True), ("method, path, status_code=200", True), ("method, path", False)],
)
def test_what_a_wrapper_passes_on(wrapper: str, accepts: bool) -> None:
    text = HEAD + f'def protected({wrapper}): ...\n@protected(router.get, "/x")\ndef f(): ...'
    (route,) = application({"app/main.py": text}).routes.all
    assert route.is_wrapped
    assert route.accepts("status_code") is accepts


@pytest.mark.parametrize(
    "loop",
    [
        "for each in (users.r, posts.r):\n    app.include_router(each, prefix='/api')\n",
        "for module in [users, posts]:\n    app.include_router(module.r, prefix='/api')\n",
        "ALL = [users.r, posts.r]\nfor each in ALL:\n    app.include_router(prefix='/api', router=each)\n",
        "for prefix, each in {'/api': users.r, '/' + 'api': posts.r}.items():\n"
        "    app.include_router(each, prefix=prefix)\n",
        "ALL = [{'router': users.r, 'at': '/api'}, {'router': posts.r, 'at': '/api'}]\nfor each in ALL:\n"
        "    app.include_router(each['router'], prefix=each['at'])\n",
        "def register(app: FastAPI):\n    for each, at in [(users.r, '/api'), (posts.r, '/api')]:\n"
        "        app.include_router(each, prefix=at)\n",
    ],
)
def test_routers_included_in_a_loop(loop: str) -> None:
    text = 'from fastapi import APIRouter\nr = APIRouter()\n@r.get("/x")\ndef f(): ...\n'
    main = f"from fastapi import FastAPI\nfrom app import posts, users\napp = FastAPI()\n{loop}"
    project = application({"app/users.py": text, "app/posts.py": text, "app/main.py": main})
    assert labels(project) == ["GET /api/x", "GET /api/x"]


def test_routers_of_an_unknown_loop() -> None:
    text = 'for each in load():\n    router.include_router(each)\n@router.get("/x")\ndef f(): ...\n'
    assert labels(application({"app/main.py": HEAD + text})) == ["GET /x"]


@pytest.mark.parametrize("made", ["Users().r", "make().r", "[Users().r][0]", "(users or Users()).r"])
def test_the_router_of_an_object_that_is_made_on_the_spot(made: str) -> None:
    text = f"""class Users:
    def __init__(self):
        self.r = APIRouter()
        self.r.add_api_route("/x", self.f)
    def f(self): ...
app = FastAPI()
app.include_router({made}, prefix="/api")
"""
    known = made == "Users().r"
    assert labels(application({"app/main.py": HEAD + text})) == ["GET /api/x" if known else "GET /x"]
