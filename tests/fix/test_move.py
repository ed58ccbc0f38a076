"""Renaming modules: what follows, what stays, and what is refused."""

from __future__ import annotations

import pytest

from fapi_lint.fix.edit import Fix, Refusal
from fapi_lint.fix.move import rename_module
from fapi_lint.fix.planner import apply, plan
from fapi_lint.testing import application
from fapi_lint.testing.harness import ROOT

USERS = {"app/__init__.py": "", "app/services/__init__.py": "", "app/services/users.py": "def find(): ...\n"}


def offered(files: dict[str, str], path: str, stem: str) -> Fix | Refusal:
    project = application(files)
    return rename_module(project, project.by_path[f"{ROOT}/{path}"], stem)


def renamed(files: dict[str, str], path: str = "app/services/users.py", stem: str = "user") -> dict[str, str]:
    """The files that are other ones afterwards, by their new paths."""
    project = application(files)
    fix = rename_module(project, project.by_path[f"{ROOT}/{path}"], stem)
    assert isinstance(fix, Fix), fix
    edits = plan([fix], project.file).edits
    after = {}
    for file in (*project.by_path, *project.text_files.by_path):
        to = fix.moves[0].of(file)
        text = apply(project.file(file).text, edits.get(file, ()))
        if to != file or file in edits:
            after[to.removeprefix(ROOT + "/")] = text
    return after


def used(text: str, path: str = "app/main.py") -> str:
    """A file that uses the module, afterwards; unchanged if nothing in it is."""
    return renamed(USERS | {path: text}).get(path, text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("import app.services.users\n", "import app.services.user\n"),
        ("import os, app.services.users as u\n", "import os, app.services.user as u\n"),
        (
            "import app.services.users\n\napp.services.users.find()\n",
            "import app.services.user\n\napp.services.user.find()\n",
        ),
        ("from app.services.users import find\n", "from app.services.user import find\n"),
        ("from app.services.users import *\n", "from app.services.user import *\n"),
        (
            "class Post(Base):\n    user: Mapped['app.services.users.User'] = relationship()\n",
            "class Post(Base):\n    user: Mapped['app.services.user.User'] = relationship()\n",
        ),
        ("from app.services import users as u\n\nu.find()\n", "from app.services import user as u\n\nu.find()\n"),
        ("from app.services import users\n\nusers.find()\n", "from app.services import user\n\nuser.find()\n"),
        ("from .services import users\n\nusers.find()\n", "from .services import user\n\nuser.find()\n"),
        ("from .services.users import find\n", "from .services.user import find\n"),
        (
            "from app import services\n\nservices.users.find()\n",
            "from app import services\n\nservices.user.find()\n",
        ),
        (
            "def f():\n    from app.services import users\n\n    return users.find()\n",
            "def f():\n    from app.services import user\n\n    return user.find()\n",
        ),
        (
            "def f():\n    import app.services.users as users\n\n    return users.find()\n",
            "def f():\n    import app.services.user as user\n\n    return user.find()\n",
        ),
    ],
)
def test_imports_follow(before: str, after: str) -> None:
    assert used(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('patch("app.services.users.find")\n', 'patch("app.services.user.find")\n'),
        ('monkeypatch.setattr("app.services.users.find", 1)\n', 'monkeypatch.setattr("app.services.user.find", 1)\n'),
        ('import_module("app.services.users")\n', 'import_module("app.services.user")\n'),
        ('logging.getLogger("app.services.users")\n', 'logging.getLogger("app.services.user")\n'),
        ('uvicorn.run("app.services.users:find")\n', 'uvicorn.run("app.services.user:find")\n'),
        ('open("app/services/users.py")\n', 'open("app/services/user.py")\n'),
        ("# See app/services/users.py.\n", "# See app/services/user.py.\n"),
        ('x: "list[app.services.users.find]"\n', 'x: "list[app.services.user.find]"\n'),
    ],
)
def test_strings_follow(before: str, after: str) -> None:
    assert used(before) == after


@pytest.mark.parametrize(
    "text",
    [
        '__tablename__ = "users"\n',
        "users = []\n",
        "from app.api import users\n",
        'router = APIRouter(prefix="/users")\n',
        'x = "services.users"\n',
        'patch("other.services.users.find")\n',
        'open("other/users.py")\n',
        "def f(users):\n    return users.find()\n",
    ],
)
def test_other_users_stay(text: str) -> None:
    assert used(text) == text


@pytest.mark.parametrize(
    "user",
    [
        "def f(user):\n    return users.find(user)\n",
        "user = users.find()\n",
        "[users.find(user) for user in range(3)]\n",
    ],
)
def test_the_old_name_stays_where_the_new_one_means_something_else(user: str) -> None:
    assert used(f"from app.services import users\n\n{user}") == f"from app.services import user as users\n\n{user}"


def test_exports_follow_their_name() -> None:
    path = "app/services/__init__.py"
    assert used('from . import users\n\n__all__ = ["users"]\n', path) == 'from . import user\n\n__all__ = ["user"]\n'


def test_relative_imports_in_the_file_itself_stay() -> None:
    files = USERS | {
        "app/services/users.py": "from . import posts\nfrom .posts import x\n",
        "app/services/posts.py": "",
    }
    assert renamed(files) == {"app/services/user.py": "from . import posts\nfrom .posts import x\n"}


def test_a_package_moves_with_all_that_is_in_it() -> None:
    files = {
        "app/__init__.py": "",
        "app/apiV1/__init__.py": "from app.apiV1 import users\n",
        "app/apiV1/users.py": "from ..apiV1.posts import x\nfrom . import posts\n",
        "app/apiV1/posts.py": "x = 1\n",
        "app/main.py": "import app.apiV1.users as u\nfrom app import apiV1\n\napiV1.posts.x\n",
        "Makefile": "lint:\n\truff check app/apiV1 app/apiV1/posts.py\n",
    }
    assert renamed(files, "app/apiV1/__init__.py", "api_v1") == {
        "app/api_v1/__init__.py": "from app.api_v1 import users\n",
        "app/api_v1/users.py": "from ..api_v1.posts import x\nfrom . import posts\n",
        "app/api_v1/posts.py": "x = 1\n",
        "app/main.py": "import app.api_v1.users as u\nfrom app import api_v1\n\napi_v1.posts.x\n",
        "Makefile": "lint:\n\truff check app/api_v1 app/api_v1/posts.py\n",
    }


@pytest.mark.parametrize(
    ("path", "before", "after"),
    [
        ("Dockerfile", 'CMD ["uvicorn", "app.main:app"]\n', 'CMD ["uvicorn", "app.server:app"]\n'),
        ("Procfile", "web: uvicorn app.main:app --port 80\n", "web: uvicorn app.server:app --port 80\n"),
        ("pyproject.toml", '[project.scripts]\nrun = "app.main:run"\n', '[project.scripts]\nrun = "app.server:run"\n'),
        (
            "pyproject.toml",
            '[tool.ruff.lint.per-file-ignores]\n"app/main.py" = ["E501"]\n',
            '[tool.ruff.lint.per-file-ignores]\n"app/server.py" = ["E501"]\n',
        ),
        ("docker-compose.yml", "command: python -m app.main\n", "command: python -m app.server\n"),
        ("docker-compose.yml", "- ./app/main.py:/code/app/main.py\n", "- ./app/server.py:/code/app/server.py\n"),
        ("scripts/start.sh", "python /code/app/main.py\n", "python /code/app/server.py\n"),
        ("app/start.sh", "python main.py\n", "python server.py\n"),
        ("setup.cfg", "omit = app/main.py,tests/*\n", "omit = app/server.py,tests/*\n"),
        ("mypy.ini", "[mypy-app.main,app.other]\n", "[mypy-app.server,app.other]\n"),
        ("alembic.ini", "models = app.main\n", "models = app.server\n"),
        ("Makefile", "run:\n\tgunicorn -k x app.main:app\n", "run:\n\tgunicorn -k x app.server:app\n"),
        ("a.yml", "image: app.main-db\n", None),
        ("a.yml", "x: my.app.main\n", None),
        ("a.yml", "x: app.mainly\n", None),
        ("a.yml", "x: other/app/main.py\n", None),
        ("a.yml", "x: main.py\n", None),
        ("a.yml", "branches: [main]\n", None),
    ],
)
def test_text_files_follow(path: str, before: str, after: str | None) -> None:
    files = {"app/__init__.py": "", "app/main.py": "app = 1\n", path: before}
    assert renamed(files, "app/main.py", "server").get(path) == after


@pytest.mark.parametrize(
    ("text", "follows"),
    [("uvicorn main:app\n", True), ("image: main:latest\n", False), ("python -m main\n", True), ("main\n", False)],
)
def test_a_module_without_a_package_is_known_by_its_entry_point(text: str, follows: bool) -> None:
    after = renamed({"main.py": "app = 1\n", "a.sh": text}, "main.py", "server")
    assert after.get("a.sh") == (text.replace("main", "server") if follows else None)


@pytest.mark.parametrize(
    ("files", "stem", "reason"),
    [
        ({}, "class", "`class` could not be imported"),
        ({"app/services/user.py": ""}, "user", "there is a `user.py` already"),
        ({"app/services/user/__init__.py": ""}, "user", "there is a `user.py` already"),
        ({"app/services/__init__.py": "user = 1\n"}, "user", "`user` means something else in `app.services`"),
        (
            {"app/x.py": 'from importlib import import_module\nimport_module(f"app.services.{name}")\n'},
            "user",
            "a name that is put together (app/x.py:2)",
        ),
        (
            {"app/x.py": 'from importlib import import_module\nimport_module("app.services." + name)\n'},
            "user",
            "a name that is put together (app/x.py:2)",
        ),
        (
            {"app/x.py": 'from importlib import import_module\nfind(f"app.services.users:{name}", import_module)\n'},
            "user",
            "a name that is put together (app/x.py:2)",
        ),
        ({"app/x.py": 'patch(f"{BASE}.users")\n'}, "user", "looked up by name at run time (app/x.py:1)"),
        (
            {"app/api/__init__.py": "from app.services import users\n\nuser = users.find()\n"},
            "user",
            "`user` means something else in `app.api`, which others import it from",
        ),
    ],
)
def test_what_would_break_is_refused(files: dict[str, str], stem: str, reason: str) -> None:
    refusal = offered(USERS | files, "app/services/users.py", stem)
    assert isinstance(refusal, Refusal)
    assert reason in refusal.reason


def test_a_walk_over_the_package_is_no_obstacle() -> None:
    walk = 'import pkgutil\nfor x in pkgutil.iter_modules(p):\n    import_module(f"app.services.{x.name}")\n'
    assert renamed(USERS | {"app/x.py": walk}) == {"app/services/user.py": "def find(): ...\n"}


def test_no_module_of_the_standard_library_is_hidden() -> None:
    refusal = offered({"Json.py": ""}, "Json.py", "json")
    assert refusal == Refusal("`json` would hide another module")
