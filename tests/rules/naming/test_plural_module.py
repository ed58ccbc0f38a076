"""FAPI102: files of models, schemas and services are named in singular."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings, fixed


def places(files: dict[str, str], settings: Settings | None = None) -> list[tuple[str, int]]:
    return [found.at for found in findings(files, "FAPI102", settings=settings)]


@pytest.mark.parametrize(
    ("path", "better"),
    [
        ("app/models/users.py", "app/models/user.py"),
        ("app/schemas/categories.py", "app/schemas/category.py"),
        ("app/services/users_service.py", "app/services/user_service.py"),
        ("app/services/order_items.py", "app/services/order_item.py"),
        ("app/models/addresses.py", "app/models/address.py"),
        ("app/models/statuses.py", "app/models/status.py"),
        ("app/models/boxes.py", "app/models/box.py"),
        ("app/models/people.py", "app/models/person.py"),
        ("app/models/heroes.py", "app/models/hero.py"),
        ("app/models/shop/orders.py", "app/models/shop/order.py"),
        ("app/services/api/notifications.py", None),
        ("app/api/services/notifications.py", "app/api/services/notification.py"),
    ],
)
def test_plurals_are_renamed(path: str, better: str | None) -> None:
    files = {path: "x = 1\n"}
    assert places(files) == ([(path, 1)] if better else [])
    assert fixed(files, "FAPI102", unsafe=True) == {better or path: "x = 1\n"}


@pytest.mark.parametrize(("plural", "one"), [("todos", "todo"), ("ads", "ad"), ("emojis", "emoji"), ("menus", "menu")])
def test_a_class_tells_that_a_noun_is_a_plural(plural: str, one: str) -> None:
    path = f"app/services/{plural}.py"
    files = {path: "x = 1\n", "app/entities.py": f"class {one.title()}: ...\n"}
    assert fixed(files, "FAPI102", unsafe=True).keys() == {f"app/services/{one}.py", "app/entities.py"}
    assert places({"app/services/tennis.py": "x = 1\n", **files}) == [(path, 1)]


@pytest.mark.parametrize(
    "path",
    [
        "app/models/user.py",
        "app/models/news.py",
        "app/models/status.py",
        "app/models/address.py",
        "app/models/series.py",
        "app/models/analysis.py",
        "app/models/analytics.py",
        "app/models/campus.py",
        "app/models/access.py",
        "app/services/sms.py",
        "app/services/aws.py",
        "app/services/ads.py",
        "app/services/cors.py",
        "app/services/kubernetes.py",
        "app/services/saas.py",
        "app/services/sqs.py",
        "app/services/utils.py",
        "app/services/helpers.py",
        "app/services/url_constructors.py",
        "app/models/mixins.py",
        "app/models/types.py",
        "app/models/enums.py",
        "app/schemas/generics.py",
        "app/schemas/responses.py",
        "app/schemas/schemas.py",
        "app/models/__init__.py",
        "app/api/v1/endpoints/users.py",
        "app/routers/users.py",
        "app/core/exceptions.py",
        "app/users.py",
        "tests/services/test_users.py",
        "tests/models/users.py",
        "alembic/models/users.py",
        "app/services/send_emails.py",
    ],
)
def test_other_names_are_silent(path: str) -> None:
    assert places({path: "x = 1\n"}) == []


@pytest.mark.parametrize(
    ("path", "text", "reported"),
    [
        ("app/models/tasks.py", "class Task: ...\n", True),
        ("app/models/tasks.py", "class Mixin: ...\n", False),
        ("app/schemas/actions.py", "class FlowCreate: ...\n", False),
        ("app/schemas/events.py", "class Event: ...\nclass EventCreate: ...\n", True),
        ("app/models/preferences.py", "class UserPreferences: ...\n", False),
        ("app/models/preferences.py", "class UserPreference: ...\n", True),
        ("app/services/mobygames.py", "class MobyGamesClient: ...\n", False),
        ("app/services/purge_exports.py", "def purge_old_exports(): ...\n", False),
        ("app/services/exports.py", "def purge_exports(): ...\n", True),
    ],
)
def test_what_is_defined_tells_nouns_of_the_domain(path: str, text: str, reported: bool) -> None:
    assert bool(places({path: text})) == reported


def test_classes_tell_the_singular() -> None:
    files = {"app/models/leaves.py": "class Leave: ...\n"}
    assert fixed(files, "FAPI102", unsafe=True) == {"app/models/leave.py": "class Leave: ...\n"}


def test_models_schemas_and_services_of_one_noun_go_together() -> None:
    files = {
        "app/models/users.py": "class User: ...\n",
        "app/schemas/users.py": "class UserBase: ...\n",
        "app/services/users.py": "from app.models.users import User\nfrom app.schemas.users import UserBase\n",
        "app/main.py": "from app.models import users\nfrom app.services import users as s\n\nusers.User\ns\n",
    }
    assert fixed(files, "FAPI102", unsafe=True) == {
        "app/models/user.py": "class User: ...\n",
        "app/schemas/user.py": "class UserBase: ...\n",
        "app/services/user.py": "from app.models.user import User\nfrom app.schemas.user import UserBase\n",
        "app/main.py": "from app.models import user\nfrom app.services import user as s\n\nuser.User\ns\n",
    }


def test_a_taken_name_is_told() -> None:
    (found,) = findings({"app/models/users.py": "", "app/models/user.py": ""}, "FAPI102")
    assert found.message.endswith("(no fix: there is a `user.py` already)")
    assert found.fix is None


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"app/models/users.py": "class {{ name }}:\n"}, "it does not parse"),
        (
            {"app/models/users.py": "x = 1\n", "app/main.py": "import os\nfrom app.models import users {% if x %}\n"},
            "it may be meant in a file that does not parse (app/main.py:2)",
        ),
    ],
)
def test_what_does_not_parse_cannot_follow(files: dict[str, str], reason: str) -> None:
    (found,) = [found for found in findings(files, ["FAPI000", "FAPI102"]) if found.code == "FAPI102"]
    assert found.fix is None
    assert reason in found.message


def test_settings() -> None:
    files = {
        "app/models/users.py": "",
        "app/tables/users.py": "",
        "app/models/kudoz.py": "",
        "app/models/premises.py": "",
    }
    conventions = Conventions(model_folders=("tables",), uncountable_nouns=("premises",))
    assert places(files, Settings(conventions=conventions)) == [("app/tables/users.py", 1)]
    assert (
        places({"app/models/premises.py": ""}, Settings(conventions=Conventions(uncountable_nouns=("premises",)))) == []
    )
    assert places({"app/models/users.py": ""}, Settings(exempt={"FAPI102": ("users",)})) == []
