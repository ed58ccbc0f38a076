from __future__ import annotations

import pytest

from fapi_lint.testing import Found, findings, fixed

B = "from app.a import A\n\n\nclass B:\n    pass\n\n\nmade = A()\n"
MAIN = {"app/main.py": "import app.b\nimport app.a\n"}


def cycles(a: str, b: str = B, **others: str) -> list[Found]:
    more = {f"app/{name.replace('__', '/')}.py": text for name, text in others.items()}
    return findings({**MAIN, "app/a.py": a, "app/b.py": b, **more}, "FAPI109")


USE = "\n\nclass A:\n    made = None\n\n\ndef use(b: B) -> list[B]:\n    return [b]\n"


@pytest.mark.parametrize(
    ("a", "expected"),
    [
        ("from app.b import B\n\n\nclass A(B): ...\n", 1),
        ("import app.b\n\n\nclass A: ...\n", 1),
        ("from app import b\n\n\nclass A: ...\n", 1),
        ("from . import b\n\n\nclass A: ...\n", 1),
        ("class A: ...\n\n\nfrom app.b import B\n", 1),
        ("from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app.b import B\n\n\nclass A: ...\n", 0),
        ("class A:\n    def b(self):\n        from app.b import B\n        return B\n", 0),
        ("try:\n    from app.b import B\nexcept ImportError:\n    B = None\n\n\nclass A: ...\n", 0),
        ("try:\n    from app.b import B\nexcept ValueError:\n    B = None\n\n\nclass A: ...\n", 1),
        ("from app.c import B\n\n\nclass A: ...\n", 0),
    ],
)
def test_cycles(a: str, expected: int) -> None:
    assert len(cycles(a, c="B = 1\n")) == expected


def test_a_package_and_its_own_modules_are_no_cycle() -> None:
    files = {
        "app/models/__init__.py": "from app.models.user import User\nfrom app.models import post\n",
        "app/models/user.py": "from app.models import base\nfrom app.models.post import Post\n\nclass User: ...\n",
        "app/models/post.py": "import app.models\n\nclass Post: ...\n",
        "app/models/base.py": "",
    }
    assert findings(files, "FAPI109") == []


def test_a_package_that_names_its_own_modules_in_full() -> None:
    files = {
        "app/users/__init__.py": "from app.users import model\nfrom app.users.manager import Manager\n",
        "app/users/manager.py": "from app.users import model\n\nclass Manager(model.User): ...\n",
        "app/users/model.py": "class User: ...\n",
    }
    assert findings(files, "FAPI109") == []
    files["app/users/__init__.py"] = "from app.users.manager import Manager\nmodel = Manager.model\n"
    assert len(findings(files, "FAPI109")) == 1


def test_one_finding_for_modules_that_all_import_each_other() -> None:
    (found,) = cycles("import app.b\nimport app.c\n\nclass A: ...\n", c="import app.d\n", d="import app.b\n")
    assert found.message.startswith("Import cycle: app.a -> app.b -> app.a; 2 more modules take part")
    assert found.at == ("app/b.py", 1)


def test_noqa_on_the_row_of_the_import() -> None:
    assert cycles("import app.b\n\n\nclass A: ...\n", B.replace("import A\n", "import A  # noqa: FAPI109\n")) == []


def test_the_import_that_can_go_is_reported() -> None:
    (found,) = cycles("from app.b import B\n" + USE)
    assert found.at == ("app/a.py", 1)
    after = fixed({**MAIN, "app/a.py": "from app.b import B\n" + USE, "app/b.py": B}, "FAPI109")
    assert 'def use(b: "B") -> "list[B]":' in after["app/a.py"]
    assert "if TYPE_CHECKING:\n    from app.b import B\n" in after["app/a.py"]


def test_a_module_that_nothing_uses() -> None:
    (found,) = cycles("import app.b\n\n\nclass A: ...\n", "import app.a\n\nmade = app.a.A()\n")
    assert found.message.endswith("(no fix: the module itself is used)")
    (found,) = cycles("import app.b\n\nuse = app.b\n", "import app.a\n")
    assert found.message.endswith("(no fix: nothing uses it, but it may be there to be loaded)")


@pytest.mark.parametrize(
    "use",
    [
        "\n\nclass A(B): ...\n",
        USE.replace("return [b]", "return [B()]"),
        USE.replace("def use", "@decorated\ndef use"),
        USE.replace("def use", "router = APIRouter()\n\n\n@router.get('/')\ndef use"),
        USE.replace("    made = None", "    made: B"),
        USE + "\n\n__all__ = ['A', 'B']\n",
        USE.replace("list[B]", 'dict["str", B]'),
        "\n\nclass A: ...\n\n\ndef use(b: B): ...\n\n\nx = Depends(use)\n",
    ],
)
def test_what_something_evaluates_keeps_its_import(use: str) -> None:
    a = "from fastapi import APIRouter, Depends\nfrom app.b import B\n" + use
    (found,) = cycles(a)
    assert found.fix is None
    assert "no fix" in found.message


def test_names_that_others_take_stay() -> None:
    (found,) = cycles("from app.b import B\n" + USE, c="from app.a import B\n")
    assert found.fix is None


def test_a_module_that_nothing_else_loads_stays_loaded() -> None:
    files = {"app/main.py": "import app.a\n", "app/a.py": "from app.b import B\n" + USE, "app/b.py": B}
    (found,) = findings(files, "FAPI109")
    assert found.fix is None


def test_what_a_name_is_used_for_is_told_before_what_loads_its_module() -> None:
    files = {
        "app/a.py": "from app.b import B\n\nmade = B()\n",
        "app/b.py": "from app.a import made\n\n\nclass B:\n    it = made\n",
    }
    (found,) = findings(files, "FAPI109")
    assert found.message.endswith("(no fix: `made` is used at run time)")


def test_tests_are_left_alone() -> None:
    assert findings({"tests/a.py": "import tests.b\n", "tests/b.py": "import tests.a\n"}, "FAPI109") == []


def test_importing_a_module_runs_its_package_first() -> None:
    files = {
        "app/accounts.py": "from app.security.tokens import make\n\n\nclass Account: ...\n",
        "app/security/__init__.py": "from app.security.providers import Provider\n",
        "app/security/providers.py": "from app.accounts import Account\n\n\nclass Provider(Account): ...\n",
        "app/security/tokens.py": "def make(): ...\n",
        "app/main.py": "import app.security\n",
    }
    (finding,) = findings(files, "FAPI109")
    assert "app.accounts -> app.security -> app.security.providers -> app.accounts" in finding.message
    assert finding.fix is None


def test_a_name_that_a_module_takes_from_its_own_package() -> None:
    files = {
        "app/engines/__init__.py": "from app.engines.base import Engine\nfrom app.engines.elastic import Elastic\n",
        "app/engines/base.py": "class Engine: ...\n",
        "app/engines/elastic.py": "from app.engines import Engine\n\n\nclass Elastic(Engine): ...\n",
    }
    (finding,) = findings(files, "FAPI109")
    assert "app.engines -> app.engines.elastic -> app.engines" in finding.message
    for taken in ("from app.engines import base", "from app.engines.base import Engine", "import app.engines"):
        files["app/engines/elastic.py"] = f"{taken}\n"
        assert findings(files, "FAPI109") == []


def test_an_import_stays_where_another_one_loads_the_same_package() -> None:
    files = {
        "app/a.py": "from app.b import B\nfrom app.b.c import C\n\n\ndef f(b: B) -> None:\n    C()\n",
        "app/b/__init__.py": "from app.b.d import D\n\n\nclass B: ...\n",
        "app/b/c.py": "class C: ...\n",
        "app/b/d.py": "from app.a import f\n\n\nclass D:\n    g = f\n",
        "app/main.py": "import app.b\n",
    }
    (finding,) = findings(files, "FAPI109")
    assert finding.fix is None
