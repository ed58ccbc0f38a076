"""FAPI211: which models Alembic does not see, and how they are registered."""

from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings, fixed
from fapi_lint.testing.harness import ROOT

BASE = "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n"


def model(name: str, base: str = "app.db.base_class", extra: str = "") -> str:
    return (
        f"from sqlalchemy.orm import Mapped, mapped_column\n\nfrom {base} import Base\n{extra}\n\n"
        f"class {name}(Base):\n    __tablename__ = '{name.lower()}'\n\n"
        "    id: Mapped[int] = mapped_column(primary_key=True)\n"
    )


def app(**files: str) -> dict[str, str]:
    found = {
        "app/__init__.py": "",
        "app/db/__init__.py": "",
        "app/db/base_class.py": BASE,
        "app/models/__init__.py": "",
        "app/models/tag.py": model("Tag"),
        "app/models/user.py": model("User"),
    }
    return found | {path.replace("__", "/") + ".py": text for path, text in files.items()}


HUB = "from app.db.base_class import Base  # noqa: F401\nfrom app.models.user import User  # noqa: F401\n"
ENV = "from alembic import context\nfrom app.db.base_class import Base\n"


def missing(files: dict[str, str], **options: Settings) -> list[str]:
    return [found.message.partition("`")[2].partition("`")[0] for found in findings(files, "FAPI211", **options)]


@pytest.mark.parametrize(
    ("line", "silent"),
    [
        ("", False),
        ("from app.models.tag import Tag", True),
        ("from app.models import tag", True),
        ("import app.models.tag", True),
        ("from app.models.tag import *", True),
        ("from ..models.tag import Tag", True),
        ("try:\n    import app.models.tag\nexcept ImportError:\n    pass", True),
        ("def load():\n    import app.models.tag", True),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.models.tag import Tag", False),
    ],
)
def test_ways_to_import(line: str, silent: bool) -> None:
    assert missing(app(app__db__base=HUB + line + "\n")) == ([] if silent else ["Tag"])


@pytest.mark.parametrize(
    "init",
    [
        "from app.models.tag import Tag\n",
        "from .tag import *\n",
        "import pkgutil\nfor info in pkgutil.iter_modules(__path__):\n    __import__(f'app.models.{info.name}')\n",
        "from glob import glob\n__all__ = [f for f in glob(__file__ + '/*.py')]\n",
    ],
)
def test_a_package_may_load_its_models(init: str) -> None:
    assert missing(app(app__db__base=HUB) | {"app/models/__init__.py": init}) == []


def test_another_model_does_not_register_one() -> None:
    files = app(app__db__base=HUB, app__models__user=model("User", extra="from app.models.tag import Tag\n"))
    assert missing(files) == ["Tag"]


def test_abstract_classes_views_tests_and_scripts_are_silent() -> None:
    files = app(app__db__base=HUB.replace("user import User", "user import User  # noqa\nimport app.models.tag"))
    files["app/models/totals.py"] = model("Totals") + "    __table_args__ = {'info': {'is_view': True}}\n"
    files["app/models/base.py"] = model("Named").replace("__tablename__ = 'named'", "__abstract__ = True")
    files |= {"tests/models.py": model("Fake"), "scripts/seed.py": model("Seed")}
    assert missing(files) == []


@pytest.mark.parametrize(
    ("env", "silent"),
    [
        (ENV, False),
        (ENV + "from app.models.user import User\n", False),
        (ENV + "import app.models.user, app.models.tag\n", True),
        (ENV + "def load():\n    from app.models import tag, user\n", True),
        (ENV + "import importlib\nfor name in NAMES:\n    importlib.import_module(f'app.models.{name}')\n", True),
        (ENV + "import pkgutil\nfrom app import models\nfor m in pkgutil.walk_packages(models.__path__): m\n", True),
        (ENV + "import os\nfor name in os.path.dirname(__file__).glob('app'): name\n", True),
        (ENV + f"import os\nfor name in os.path.dirname(__file__).glob('{ROOT[1:]}'): name\n", False),
    ],
)
def test_without_a_hub_the_environment_counts(env: str, silent: bool) -> None:
    assert ("Tag" in missing(app() | {"alembic/env.py": env})) is not silent


def test_without_hub_and_environment_nothing_tells() -> None:
    assert missing(app()) == []


def test_the_home_of_the_base_is_no_hub() -> None:
    files = {
        "app/db/base.py": BASE,
        "app/models/tag.py": model("Tag", base="app.db.base"),
        "app/models/user.py": model("User", base="app.db.base"),
    }
    assert missing(files) == []
    env = "from alembic import context\nfrom app.db.base import Base\nimport app.models.user\n"
    assert missing(files | {"alembic/env.py": env}) == ["Tag"]


def test_a_hub_without_models_is_one() -> None:
    assert missing(app(app__db__base="from app.db.base_class import Base  # noqa: F401\n")) == ["Tag", "User"]


def test_several_applications_have_hubs_of_their_own() -> None:
    one = {f"one/{path}": text for path, text in app(app__db__base=HUB).items()}
    two = {f"two/{path}": text for path, text in app().items()}
    assert {found.path for found in findings(one | two, "FAPI211")} == {"one/app/models/tag.py"}


def test_the_registry_is_a_setting() -> None:
    settings = Settings(conventions=Conventions(model_registry="models/registry.py"))
    files = app(app__models__registry="import app.models.user  # noqa: F401\n")
    assert missing(files, settings=settings) == ["Tag"]
    after = fixed(files, "FAPI211", settings=settings)
    assert "import app.models.tag  # noqa: F401\n" in after["app/models/registry.py"]


@pytest.mark.parametrize(
    ("hub", "after"),
    [
        (
            HUB,
            "from app.db.base_class import Base  # noqa: F401\nfrom app.models.tag import Tag  # noqa: F401\n"
            "from app.models.user import User  # noqa: F401\n",
        ),
        (
            'from app.models.user import User\n\n__all__ = ["User"]\n',
            'from app.models.tag import Tag\nfrom app.models.user import User\n\n__all__ = ["Tag", "User"]\n',
        ),
        (
            'from app.models.user import User\n\n__all__ = (\n    "User",  # people\n    "Base",\n)\n',
            "from app.models.tag import Tag\nfrom app.models.user import User\n\n"
            '__all__ = (\n    "User",  # people\n    "Base",\n    "Tag",\n)\n',
        ),
        (
            "# ruff: noqa: F401\nfrom app.models.user import User\n",
            "# ruff: noqa: F401\nfrom app.models.tag import Tag\nfrom app.models.user import User\n",
        ),
    ],
)
def test_the_import_is_added_in_the_style_of_the_hub(hub: str, after: str) -> None:
    assert fixed(app(app__db__base=hub), "FAPI211")["app/db/base.py"] == after


def test_classes_of_one_module_share_an_import() -> None:
    tags = model("Tag") + model("Label").partition("\n\n\n")[2]
    after = fixed(app(app__db__base=HUB, app__models__tag=tags), "FAPI211")
    assert "from app.models.tag import Label, Tag  # noqa: F401\n" in after["app/db/base.py"]


def test_no_fix_closes_a_cycle() -> None:
    files = app(app__db__base=HUB, app__models__tag=model("Tag", base="app.db.base"))
    (found,) = findings(files, "FAPI211")
    assert found.fix is None
    assert "cycle" in found.message


PACKAGE = Settings(conventions=Conventions(model_registry="models/__init__.py"))
PACKAGE_HUB = {"app/models/__init__.py": "from app.models.user import User  # noqa: F401\n"}
"""The package of the models is their registry."""


def test_a_package_registers_what_is_below_it() -> None:
    after = fixed(app() | PACKAGE_HUB, "FAPI211", settings=PACKAGE)["app/models/__init__.py"]
    assert after == ("from app.models.tag import Tag  # noqa: F401\nfrom app.models.user import User  # noqa: F401\n")


@pytest.mark.parametrize(
    "files",
    [
        {"app__models__tag": model("Tag", extra="from app.models import User\n")},
        {"app__models__tag": model("Tag", extra="from app import models\n")},
        # The service may be what is loaded first.
        {
            "app__models__tag": model("Tag", extra="from app.services.names import name\n"),
            "app__services__names": "from app.models.user import User\n\n\ndef name(user: User) -> str: ...\n",
        },
    ],
)
def test_no_fix_in_a_package_that_the_model_needs(files: dict[str, str]) -> None:
    (found,) = findings(app(**files) | PACKAGE_HUB, "FAPI211", settings=PACKAGE)
    assert found.fix is None
    assert "cycle" in found.message


def test_no_fix_into_a_cycle_that_takes_names() -> None:
    files = app(
        app__db__base=HUB,
        app__models__tag=model("Tag", extra="from app.models.user import User\n"),
        app__models__user=model("User") + "\n\nfrom app.models.tag import Tag\n",
    )
    (found,) = findings(files, "FAPI211")
    assert found.fix is None
    assert "cycle" in found.message


def test_no_fix_over_another_class_of_the_name() -> None:
    hub = HUB + "from app.models.other import Tag  # noqa: F401\n"
    (found,) = findings(app(app__db__base=hub, app__models__other="Tag = 1\n"), "FAPI211")
    assert found.fix is None
    assert "another Tag" in found.message


def test_the_environment_imports_models_as_it_imports_their_base() -> None:
    files = {f"backend/{path}": text for path, text in app().items() if text} | {"backend/alembic/env.py": ENV}
    after = fixed(files, "FAPI211")["backend/alembic/env.py"]
    assert "from app.db.base_class import Base\nfrom app.models.tag import Tag  # noqa: F401\n" in after


def test_the_environment_may_start_its_imports_from_another_folder_than_the_application() -> None:
    # As `alembic` run in `src`, beside tests that import `src.app`.
    files = {f"src/{path}": text.replace("from app.", "from ..") for path, text in app(app__main="").items()}
    files |= {"src/__init__.py": "", "src/migrations/env.py": ENV, "tests/test_main.py": "from src.app import main\n"}
    after = fixed(files, "FAPI211")["src/migrations/env.py"]
    assert "from app.db.base_class import Base\nfrom app.models.tag import Tag  # noqa: F401\n" in after
    assert "src" not in after


def test_an_environment_of_sqlmodel_without_models() -> None:
    model = (
        "from sqlmodel import Field, SQLModel\nclass Tag(SQLModel, table=True):\n    id: int = Field(primary_key=1)\n"
    )
    env = "from alembic import context\nfrom sqlmodel import SQLModel\ntarget_metadata = SQLModel.metadata\n"
    (found,) = findings({"app/models.py": model, "alembic/env.py": env}, "FAPI211")
    assert "no fix" in found.message
    assert findings({"app/models.py": model, "alembic/env.py": env + "import app.models\n"}, "FAPI211") == []
