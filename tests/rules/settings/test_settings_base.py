from __future__ import annotations

import pytest

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.engine.fixing import fix_until_stable
from fapi_lint.engine.registry import all_rules
from fapi_lint.fix.edit import Applicability
from fapi_lint.testing import application, findings, fixed

NEW = Versions(pydantic=Bounds((2, 5)))


def after(text: str) -> str:
    return fixed({"app/core/config.py": text}, "FAPI704", versions=NEW)["app/core/config.py"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "from pydantic import BaseSettings\nB = BaseSettings\n",
            "from pydantic_settings import BaseSettings\nB = BaseSettings\n",
        ),
        (
            "from pydantic import BaseSettings as B\nclass S(B): ...\n",
            "from pydantic_settings import BaseSettings as B\nclass S(B): ...\n",
        ),
        (
            "from pydantic import BaseModel, BaseSettings, Field\n\nx = BaseModel, BaseSettings, Field\n",
            "from pydantic import BaseModel, Field\nfrom pydantic_settings import BaseSettings\n\n"
            "x = BaseModel, BaseSettings, Field\n",
        ),
        (
            "import pydantic\nclass S(pydantic.BaseSettings): ...\n",
            "from pydantic_settings import BaseSettings\nclass S(BaseSettings): ...\n",
        ),
        (
            "try:\n    from pydantic_settings import BaseSettings\nexcept ImportError:  # old\n"
            "    from pydantic import BaseSettings\n\nB = BaseSettings\n",
            "from pydantic_settings import BaseSettings\n\nB = BaseSettings\n",
        ),
    ],
)
def test_fix(text: str, expected: str) -> None:
    assert after(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "from pydantic_settings import BaseSettings\n",
        "from pydantic.v1 import BaseSettings\n",
        "from pydantic import BaseModel  # BaseSettings moved\n",
        "from .pydantic import BaseSettings\n",
        "import pydantic_settings as pydantic\nclass S(pydantic.BaseSettings): ...\n",
    ],
)
def test_other_imports(text: str) -> None:
    assert findings({"app/core/config.py": text}, "FAPI704", versions=NEW) == []


def test_pydantic_1_and_code_for_both() -> None:
    text = "from pydantic import BaseSettings\n"
    for old in (text, "import pydantic\nclass S(pydantic.BaseSettings): ...\n"):
        assert findings({"app/a.py": old}, "FAPI704", versions=Versions(pydantic=Bounds((1, 8), (2,)))) == []
    for module in ("pydantic_settings", "vendored"):
        both = f"try:\n    from {module} import BaseSettings\nexcept ImportError:\n    {text}"
        assert findings({"app/a.py": both}, "FAPI704") == []


@pytest.mark.parametrize("head", ["", '"""Settings."""\n\n', "import os\n\nfrom fastapi import FastAPI\n\n"])
def test_one_import_of_the_package_with_the_fix_of_its_configuration(head: str) -> None:
    imported = "try:\n    from pydantic_settings import BaseSettings\n"
    fallback = "except ImportError:\n    from pydantic import BaseSettings\n"
    settings = "\n\nclass S(BaseSettings):\n    A: str\n\n    class Config:\n        env_file = '.env'\n"
    files = {"app/core/config.py": head + imported + fallback + settings}
    rules = [all_rules()[code] for code in ("FAPI703", "FAPI704")]
    project = application(files, versions=NEW)
    (text,) = fix_until_stable(project, rules, {Applicability.SAFE}).texts.values()
    tail = "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\nclass S(BaseSettings):\n"
    assert text.startswith(head.removesuffix("\n") + tail if "os" in head else head + tail)
