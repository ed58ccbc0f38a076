"""FAPI108: functions of services end in `_service`."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings, fixed

SERVICE = "app/services/user.py"


def names(text: str, path: str = SERVICE, settings: Settings | None = None) -> list[tuple[str, int]]:
    return [found.at for found in findings({path: text}, "FAPI108", settings=settings)]


@pytest.mark.parametrize(
    "text",
    [
        "def create_user(): ...",
        "async def create_user(): ...",
        "@lru_cache\ndef create_user(): ...",
        "@contextmanager\ndef create_user(): ...",
        "if PRO:\n    def create_user(): ...",
    ],
)
def test_public_functions_are_reported(text: str) -> None:
    assert len(names(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "def create_user_service(): ...",
        "def _create_user(): ...",
        "def main(): ...",
        "class Users:\n    def create(self): ...",
        "def create_user_service():\n    def nested(): ...",
        "from app.users import create_user",
        "from fastapi import APIRouter\nrouter = APIRouter()\n@router.get('/users')\ndef users(): ...",
        "from celery import shared_task\n@shared_task\ndef send(): ...",
        "import pytest\n@pytest.fixture\ndef user(): ...",
        "from sqlalchemy import event\n@event.listens_for(User, 'before_insert')\ndef stamp(): ...",
    ],
)
def test_look_alikes_are_silent(text: str) -> None:
    assert names(text) == []


@pytest.mark.parametrize("path", ["app/crud/user.py", "app/services.py", "tests/services/helpers.py"])
def test_other_places_are_silent(path: str) -> None:
    assert names("def create_user(): ...", path) == []


def test_it_is_reported_at_the_def_of_a_decorated_function() -> None:
    assert names("import functools\n\n@functools.cache\ndef users(): ...\n") == [(SERVICE, 4)]


def test_decorators_and_what_they_register_are_no_services() -> None:
    text = """
def command(name):
    def register(handler):
        HANDLERS[name] = handler
        return handler
    return register


def logged(function):
    return function


@command("start")
def start(): ...


@logged
def stop(): ...


@logged
def help_(): ...


def run():
    stop(help_())
"""
    assert [row for _, row in names(text)] == [18, 22, 25]
    after = fixed({SERVICE: text}, "FAPI108", unsafe=True)[SERVICE]
    assert "stop_service(help_service())" in after


def test_overloads_are_reported_once() -> None:
    text = "@overload\ndef user(a: int): ...\n@overload\ndef user(a: str): ...\ndef user(a): ..."
    assert names(text) == [(SERVICE, 2)]


def test_conventions_and_exemptions() -> None:
    conventions = Conventions(service_folders=("logic",), service_suffix="_action")
    assert names("def a(): ...\ndef b_action(): ...", "app/logic/user.py", Settings(conventions=conventions))
    assert names("def a(): ...", settings=Settings(conventions=conventions)) == []
    assert names("def send(): ...", settings=Settings(exempt={"FAPI108": ("se*",)})) == []


def test_references_follow() -> None:
    files = {
        SERVICE: "def create_user(): ...\n",
        "app/services/__init__.py": "from app.services.user import create_user\n\n__all__ = ['create_user']\n",
        "app/api/users.py": "from app import services\n\n\ndef create_user():\n    return services.create_user()\n",
        "tests/test_users.py": "def test_it(mocker):\n    mocker.patch('app.services.user.create_user')\n",
    }
    assert fixed(files, "FAPI108", unsafe=True) == {
        SERVICE: "def create_user_service(): ...\n",
        "app/services/__init__.py": (
            "from app.services.user import create_user_service\n\n__all__ = ['create_user_service']\n"
        ),
        "app/api/users.py": (
            "from app import services\n\n\ndef create_user():\n    return services.create_user_service()\n"
        ),
        "tests/test_users.py": "def test_it(mocker):\n    mocker.patch('app.services.user.create_user_service')\n",
    }


def test_entry_points_follow() -> None:
    files = {
        "app/services/__init__.py": "from app.services.mail import send\n\n__all__ = ['send']\n",
        "app/services/mail.py": "def send() -> None: ...\n\n\ndef send_all() -> None: ...\n",
        "pyproject.toml": '[project.scripts]\nsend = "app.services.mail:send"\nall = "app.services.mail:send_all"\n',
        "Dockerfile": 'CMD ["python", "-c", "import app.services; app.services.send()"]\n',
    }
    after = fixed(files, "FAPI108", unsafe=True)
    assert after["pyproject.toml"] == (
        '[project.scripts]\nsend = "app.services.mail:send_service"\nall = "app.services.mail:send_all_service"\n'
    )
    assert "app.services.send_service()" in after["Dockerfile"]


def test_functions_of_one_name_in_several_modules() -> None:
    files = {
        SERVICE: "def get(): ...\n",
        "app/services/item.py": "def get(): ...\n",
        "app/api/items.py": "from app.services import item, user\n\nfound = item.get(), user.get(), {}.get\n",
    }
    after = fixed(files, "FAPI108", unsafe=True)
    assert after["app/api/items.py"].endswith("found = item.get_service(), user.get_service(), {}.get\n")


def test_a_taken_name_is_the_reason_for_no_fix() -> None:
    files = {SERVICE: "def create_user(): ...\ndef create_user_service(): ...\n"}
    (found,) = findings(files, "FAPI108")
    assert found.fix is None
    assert found.message.endswith("(no fix: `create_user_service` means something else in app.services.user)")


def test_a_folder_of_whole_applications_holds_no_services() -> None:
    files = {
        "services/orders/app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        "services/orders/app/utils.py": "def helper(): ...\n",
        "services/orders/app/services/order.py": "def find(): ...\n",
    }
    assert [found.path for found in findings(files, "FAPI108")] == ["services/orders/app/services/order.py"]
