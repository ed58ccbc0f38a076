"""What names mean across files: layouts, imports of every kind, inheritance."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from fapi_lint.outline import nodes as o
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class, External, Function, Namespace, Symbol
from fapi_lint.testing import application, harness
from fapi_lint.testing.harness import ROOT


def module(project: Project, path: str) -> Module:
    return project.by_path[f"{ROOT}/{path}"]


def meaning(files: Mapping[str, str], path: str, name: str) -> Symbol | None:
    """What the value of `name = …` in `path` resolves to."""
    project = application(files)
    scope = module(project, path).scope
    return project.resolver.resolve(scope, scope.bindings[name][-1].value)


def defined_in(symbol: object) -> str:
    assert isinstance(symbol, (Class, Function))
    return symbol.module.path.removeprefix(ROOT + "/")


USER = {"app/models/user.py": "class User: ...\n"}


@pytest.mark.parametrize(
    "code",
    [
        "from app.models.user import User\nx = User",
        "from app.models.user import User as Account\nx = Account",
        "from app.models import user\nx = user.User",
        "import app.models.user\nx = app.models.user.User",
        "import app.models.user as u\nx = u.User",
        "from .models.user import User\nx = User",
        "from .models import user\nx = user.User",
        "from . import models\nx = models.user.User",
        "from app.models.user import *\nx = User",
        "from app.models.user import User\nAlias = User\nx = Alias",
        "try:\n    from app.models.user import User\nexcept ImportError:\n    User = None\nx = User",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.models.user import User\nx = 'User'",
        "from app.models.user import User\nx = 'User'",
    ],
)
@pytest.mark.parametrize("packages", [True, False], ids=["packages", "namespaces"])
def test_every_way_to_import(code: str, packages: bool) -> None:
    files = {**USER, "app/main.py": code + "\n"}
    if packages:
        files |= {"app/__init__.py": "", "app/models/__init__.py": ""}
    assert defined_in(meaning(files, "app/main.py", "x")) == "app/models/user.py"


def test_re_exports_are_followed() -> None:
    files = {
        **USER,
        "app/__init__.py": "",
        "app/models/__init__.py": "from .user import *\n",
        "app/main.py": "from app.models import User\nx = User\n",
    }
    assert defined_in(meaning(files, "app/main.py", "x")) == "app/models/user.py"


def test_star_imports_respect_all() -> None:
    files = {
        "app/names.py": "__all__ = ['Public']\nclass Public: ...\nclass Hidden: ...\n",
        "app/main.py": "from app.names import *\nx = Hidden\ny = Public\n",
    }
    assert meaning(files, "app/main.py", "x") is None
    assert defined_in(meaning(files, "app/main.py", "y")) == "app/names.py"


@pytest.mark.parametrize(
    ("text", "dotted"),
    [
        ("from pydantic import *\nx = BaseModel", "pydantic.BaseModel"),
        ("from pydantic import *\nx = int", "builtins.int"),
        ("from sqlalchemy import *\nfrom sqlalchemy.orm import *\nx = Column", "sqlalchemy.Column"),
        ("from app.compat import BaseModel\nx = BaseModel", "pydantic.v1.BaseModel"),
        ("from app import compat\nx = compat.BaseModel", "pydantic.v1.BaseModel"),
        ("from app.compat import Own\nx = Own", None),
        ("from pydantic import *\nfrom sqlalchemy import *\nx = Column", None),
    ],
)
def test_star_imports_of_one_foreign_package(text: str, dotted: str | None) -> None:
    stars = "try:\n    from pydantic.v1 import *\nexcept ImportError:\n    from pydantic import *\nclass Own: ...\n"
    symbol = meaning({"app/compat.py": stars, "app/main.py": text + "\n"}, "app/main.py", "x")
    assert (symbol.dotted if isinstance(symbol, External) else None) == dotted


@pytest.mark.parametrize(
    "exports",
    [
        "__all__ = []\n__all__ += ['User']",
        "__all__ = []\nif True:\n    __all__.append('User')",
        "__all__ = [*user.__all__]",
        "__all__ = user.__all__ + []",
        "__all__ = []\n__all__ = [*__all__, 'User']",
    ],
)
def test_what_is_computed_is_not_taken_for_all_there_is(exports: str) -> None:
    package = f"from app.models import user\nfrom app.models.user import *\n{exports}\n"
    files = {**USER, "app/models/__init__.py": package, "app/main.py": "from app.models import *\nx = User\n"}
    assert defined_in(meaning(files, "app/main.py", "x")) == "app/models/user.py"


def test_import_circles_end() -> None:
    files = {"app/a.py": "from app.b import name\nx = name\n", "app/b.py": "from app.a import name\n"}
    assert meaning(files, "app/a.py", "x") is None


@pytest.mark.parametrize("root", ["", "src/", "backend/", "backend/src/"])
def test_layouts(root: str) -> None:
    files = {
        f"{root}shop/__init__.py": "",
        f"{root}shop/models.py": "class User: ...\n",
        f"{root}shop/main.py": "from shop.models import User\nx = User\n",
    }
    assert defined_in(meaning(files, f"{root}shop/main.py", "x")) == f"{root}shop/models.py"
    assert module(application(files), f"{root}shop/models.py").name == "shop.models"


def test_two_applications_keep_to_themselves() -> None:
    files = {}
    for name in ("one", "two"):
        files |= {
            f"{name}/app/__init__.py": "",
            f"{name}/app/models.py": "class User: ...\n",
            f"{name}/app/main.py": "from app.models import User\nx = User\n",
        }
    for name in ("one", "two"):
        assert defined_in(meaning(files, f"{name}/app/main.py", "x")) == f"{name}/app/models.py"


def test_applications_of_a_repository_share_a_package() -> None:
    files = {
        "libs/common/shared/__init__.py": "class Shared: ...\n",
        "libs/common/twice/__init__.py": "class Twice: ...\n",
        "services/one/twice/__init__.py": "",
        "services/two/app/main.py": "import shared, twice\nx = shared.Shared\ny = twice.Twice\n",
    }
    assert defined_in(meaning(files, "services/two/app/main.py", "x")) == "libs/common/shared/__init__.py"
    assert meaning(files, "services/two/app/main.py", "y") == External("twice.Twice")


def test_a_folder_does_not_hide_a_library() -> None:
    files = {
        "alembic/env.py": "from alembic import op\nimport redis\nx = op.add_column\ny = redis.Redis\n",
        "app/redis/client.py": "import redis\nimport types\nx = redis.Redis\ny = types.MappingProxyType\n",
        "app/types.py": "",
        "app/redis/types.py": "",
    }
    assert meaning(files, "alembic/env.py", "x") == External("alembic.op.add_column")
    assert meaning(files, "alembic/env.py", "y") == External("redis.Redis")
    assert meaning(files, "app/redis/client.py", "x") == External("redis.Redis")
    assert meaning(files, "app/redis/client.py", "y") == External("types.MappingProxyType")


def test_a_local_name_wins() -> None:
    files = {
        "app/main.py": """
            from fastapi import status

            def handler(status: str) -> None:
                x = status
        """
    }
    project = application(files)
    (handler,) = module(project, "app/main.py").scope.functions
    found = project.resolver.resolve(handler.scope, handler.scope.bindings["x"][0].value)
    assert not isinstance(found, External)


def test_a_variable_that_is_made_of_itself_is_followed_once() -> None:
    code = "def last(node):\n    step = node\n    while step.next:\n        step = step.next\n    return step.value\n"
    project = application({"app/nodes.py": code})
    scope = project.functions[0].scope
    returned = scope.body[-1]
    assert isinstance(returned, o.Return)
    assert project.resolver.resolve(scope, returned.value) is None


def test_names_of_a_class_body_are_not_seen_in_its_methods() -> None:
    files = {
        "app/main.py": """
            from fastapi import status

            class Handler:
                status = "ready"

                def run(self) -> None:
                    x = status
        """
    }
    project = application(files)
    (handler,) = module(project, "app/main.py").scope.classes
    (run,) = handler.methods
    assert project.resolver.external(run.scope, run.scope.bindings["x"][0].value) == External("fastapi.status")


def test_inheritance_across_files() -> None:
    files = {
        "app/base.py": "from sqlalchemy.orm import DeclarativeBase\nclass BaseModel(DeclarativeBase): ...\n",
        "app/mixins.py": "class Timestamps: ...\n",
        "app/user.py": (
            "from app import base\nfrom app.mixins import Timestamps\nclass User(Timestamps, base.BaseModel): ...\n"
        ),
    }
    project = application(files)
    (user,) = module(project, "app/user.py").scope.classes
    names = [c.name for c in project.resolver.mro(user)]
    assert names == ["User", "Timestamps", "BaseModel", "DeclarativeBase"]


def test_circular_inheritance_ends() -> None:
    project = application({"app/a.py": "class A(B): ...\nclass B(A): ...\n"})
    first = project.classes[0]
    assert {c.name for c in project.resolver.mro(first)} == {"A", "B"}


@pytest.mark.parametrize(
    "code",
    [
        "from sqlalchemy.orm import declarative_base\nBase = declarative_base()\nclass User(Base): ...\n",
        "from sqlalchemy.orm import registry\nBase = registry().generate_base()\nclass User(Base): ...\n",
        "import sqlalchemy as sa\nclass Base(sa.orm.DeclarativeBase): ...\nclass User(Base): ...\n",
        "from sqlalchemy.orm import as_declarative\n@as_declarative()\nclass Base: ...\nclass User(Base): ...\n",
    ],
)
def test_declarative_bases(code: str) -> None:
    project = application({"app/models.py": code})
    user = project.classes[-1]
    assert user.name == "User"
    assert project.models.is_declarative(user)


@pytest.mark.parametrize(
    ("more", "name"),
    [
        ({}, "app.models.user"),
        ({"tests/test_user.py": "import backend.app.models.user\n"}, "backend.app.models.user"),
        ({"backend/app/cli.py": "from models import user\n"}, "app.models.user"),
    ],
)
def test_names_start_where_imports_start(more: dict[str, str], name: str) -> None:
    files = {"backend/app/models/user.py": "", "backend/app/main.py": "from app.models import user\n"}
    assert module(application(files | more), "backend/app/models/user.py").name == name


@pytest.mark.parametrize("top", ["src", "app"])
def test_a_folder_that_is_imported_itself_is_no_root(top: str) -> None:
    files = {
        f"{top}/main.py": f"from {top}.models.user import User\n",
        f"{top}/models/__init__.py": "",
        f"{top}/models/user.py": "class User: ...\n",
    }
    assert module(application(files), f"{top}/models/user.py").name == f"{top}.models.user"
    files[f"{top}/main.py"] = "from models.user import User\n"
    assert module(application(files), f"{top}/models/user.py").name == "models.user"


def test_a_method_is_not_there_before_its_definition() -> None:
    code = "class View:\n    @get(response=list[int])\n    def list(self): ...\n\n    again = list\n"
    project = application({"app/view.py": code})
    (view,), (method,) = project.classes, project.classes[0].methods
    resolver, scope = project.resolver, view.scope
    (decorator,) = method.node.decorators
    (name,) = [n for n in o.walk(decorator.value) if isinstance(n, o.Name) and n.id == "list"]
    assert resolver.resolve(scope, name) == External("builtins.list")
    (value,) = [binding.value for binding in scope.bindings["again"]]
    assert isinstance(resolver.resolve(scope, value), Function)


@pytest.mark.parametrize(("root", "is_known"), [("/srv/work/api", False), ("/srv/work", True), ("/srv", True)])
def test_the_folders_above_the_project_are_no_packages(root: str, is_known: bool) -> None:
    importing = harness.module("/srv/work/api/main.py", "from work import api\n")
    resolver = Project([importing], root=root).resolver
    assert isinstance(resolver.find_module("work", importing), Namespace) == is_known
