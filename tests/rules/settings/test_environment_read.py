from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings, fixed

CONFIG = """
    from pydantic_settings import BaseSettings, SettingsConfigDict

    class Settings(BaseSettings):
        DATABASE_URL: str
        TOKEN_MINUTES: int = 30
        DEBUG: bool = False
        OPTIONAL: str | None = None
        model_config = SettingsConfigDict(env_file=".env", case_sensitive=True)

    settings = Settings()
"""


def after(text: str, config: str = CONFIG) -> str:
    return fixed({"app/core/config.py": config, "app/a.py": text}, "FAPI701", unsafe=True)["app/a.py"]


@pytest.mark.parametrize(
    ("read", "rows"),
    [
        ('os.environ["X"]', [4]),
        ('os.environ.get("X", "y")', [4]),
        ('os.getenv("X")', [4]),
        ('environ["X"]', [4]),
        ('"X" in os.environ', [4]),
        ("os.getenv(name)", [4]),
        ('os.environ.get("asgi.scope") or os.environ.get("X")', [4, 4]),
        ('os.environ.setdefault("X", "y")', []),
        ("{**os.environ}", []),
        ("os.environ.copy()", []),
        ("subprocess.run(env=os.environ)", []),
        ('scope.environ.get("asgi.scope")', []),
        ('environment["X"]', []),
        ('env("X")', [4]),
        ('ENV["X"] or ENV.get("Y")', [4, 4]),
    ],
)
def test_reads(read: str, rows: list[int]) -> None:
    imports = "import os, subprocess; from os import environ, getenv as env; ENV = os.environ"
    text = f"{imports}\n\nname = environment = scope = subprocess\nx = {read}\n"
    assert [f.row for f in findings({"app/core/config.py": "", "app/a.py": text}, "FAPI701")] == rows


def test_the_import_of_another_name_goes_with_it() -> None:
    assert after('from os import getenv as env\n\nx = env("DATABASE_URL")\n') == (
        "from app.core.config import settings\n\nx = settings.DATABASE_URL\n"
    )


def test_parameters_called_environ_and_writes_are_silent() -> None:
    text = """
        import os

        def application(environ, start):
            return environ["PATH_INFO"]

        os.environ["X"] = "y"
        del os.environ["X"]
    """
    assert findings({"app/core/config.py": "", "app/a.py": text}, "FAPI701") == []


def test_defaults_of_parameters_and_bodies_of_functions() -> None:
    text = """
        import os

        def f(a=os.getenv("A")):
            def g():
                return os.environ["B"]
    """
    assert [f.row for f in findings({"app/core/config.py": "", "app/a.py": text}, "FAPI701")] == [4, 6]


@pytest.mark.parametrize(
    "path",
    [
        "app/core/config.py",
        "alembic/env.py",
        "scripts/seed.py",
        "tests/conftest.py",
        "app/core/config/db.py",
        "gunicorn.conf.py",
        "docker/gunicorn_conf.py",
        "noxfile.py",
        "hatch_build.py",
        ".github/actions/tag/main.py",
    ],
)
def test_where_it_may_be_read(path: str) -> None:
    assert findings({path: 'import os\nx = os.environ["X"]\n'}, "FAPI701") == []


def test_a_file_for_a_tool_may_be_tested() -> None:
    files = {"hatch_build.py": 'import os\nx = os.environ["X"]\n', "tests/test_build.py": "import hatch_build\n"}
    assert findings({"app/core/config.py": "", **files}, "FAPI701") == []


def test_a_plugin_of_pytest_may_read_it() -> None:
    text = 'import os\nimport pytest\n\n\n@pytest.fixture\ndef token():\n    return os.environ["TOKEN"]\n'
    assert findings({"app/core/config.py": "", "app/testing/plugin.py": text}, "FAPI701") == []


def test_the_file_of_the_settings_is_known_by_what_it_defines() -> None:
    read = 'import os\nx = os.environ["X"]\n'
    files = {"app/env.py": f"{read}from pydantic_settings import BaseSettings\nclass S(BaseSettings): ...\n"}
    assert findings(files, "FAPI701") == []
    assert [f.path for f in findings({**files, "app/config.py": read}, "FAPI701")] == ["app/config.py"]
    assert findings({"app/config.py": read}, "FAPI701") == []
    assert findings({"app/config/__init__.py": read}, "FAPI701") == []
    assert (
        findings({"app/db.py": read + 'from starlette.config import Config\nconfig = Config(".env")\n'}, "FAPI701")
        == []
    )
    dynaconf = read + 'from dynaconf import Dynaconf\nsettings = Dynaconf(envvar_prefix="APP")\n'
    assert findings({"app/dyn.py": dynaconf}, "FAPI701") == []
    settings = Settings(conventions=Conventions(settings_file="env.py"))
    assert findings({"app/env.py": read}, "FAPI701", settings=settings) == []


def test_neighbours_in_the_package_of_the_settings() -> None:
    files = {
        "app/settings/models.py": "from pydantic_settings import BaseSettings\nclass S(BaseSettings): ...\n",
        "app/settings/sources/files.py": 'import os\nx = os.environ["X"]\n',
    }
    assert findings(files, "FAPI701") == []


def test_folders_above_the_project_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fapi_lint.testing.harness.ROOT", "/home/config")
    files = {"app/core/config.py": CONFIG, "app/a.py": 'import os\nx = os.environ["X"]\n'}
    assert [f.row for f in findings(files, "FAPI701")] == [2]


def test_fix_takes_the_field() -> None:
    text = """
        import os

        url = os.environ["DATABASE_URL"]
        other = os.getenv("OPTIONAL", "x")  # why
    """
    assert (
        after(text)
        == """
from app.core.config import settings

url = settings.DATABASE_URL
other = settings.OPTIONAL  # why
"""
    )


def test_fix_takes_settings_that_a_function_keeps() -> None:
    kept = """@lru_cache
    def get_settings() -> Settings:
        return Settings()
    """
    config = CONFIG.replace("settings = Settings()", kept).replace("\n", "\n    from functools import lru_cache\n", 1)
    text = 'import os\n\nurl = os.environ["DATABASE_URL"]\n'
    line = "from app.core.config import get_settings\n\nurl = get_settings().DATABASE_URL\n"
    assert after(text, config) == line
    files = {"app/core/config.py": config.replace("@lru_cache", ""), "app/a.py": text}
    assert [f.fix for f in findings(files, "FAPI701")] == [None]
    files = {
        "app/__init__.py": "",
        "app/core/__init__.py": "",
        "app/core/config/__init__.py": "from .base import get_settings\n\nsettings = get_settings()\n",
        "app/core/config/base.py": config,
        "app/a.py": text,
    }
    line = "from app.core.config import settings\n\nurl = settings.DATABASE_URL\n"
    assert fixed(files, "FAPI701", unsafe=True)["app/a.py"] == line
    files["app/core/config/__init__.py"] = "from .provider import settings\n"
    files["app/core/config/provider.py"] = "from .base import get_settings\n\nsettings = get_settings()\n"
    assert fixed(files, "FAPI701", unsafe=True)["app/a.py"] == line


def test_fix_takes_the_place_of_a_conversion() -> None:
    assert after('import os\nx = int(os.getenv("TOKEN_MINUTES", "30"))\nos.abort()\n') == (
        "import os\n\nfrom app.core.config import settings\n\nx = settings.TOKEN_MINUTES\nos.abort()\n"
    )


@pytest.mark.parametrize(
    "read",
    [
        'os.getenv("UNKNOWN")',
        'os.getenv("database_url")',
        'os.getenv("DEBUG") == "1"',
        'os.getenv("TOKEN_MINUTES")',
        'float(os.getenv("TOKEN_MINUTES"))',
        '"DATABASE_URL" in os.environ',
    ],
)
def test_no_fix_where_the_settings_do_not_have_the_same(read: str) -> None:
    text = f"import os\nx = {read}\n"
    found = findings({"app/core/config.py": CONFIG, "app/a.py": text}, "FAPI701")
    assert [f.fix for f in found] == [None]


def test_no_fix_in_what_the_settings_import() -> None:
    config = CONFIG.replace("\n", "\n    from app.a import x\n", 1)
    files = {"app/core/config.py": config, "app/a.py": 'import os\nx = os.environ["DATABASE_URL"]\n'}
    assert [f.fix for f in findings(files, "FAPI701")] == [None]


def test_prefixes_and_aliases() -> None:
    config = """
        from pydantic import AliasChoices, AliasPath, Field
        from pydantic_settings import BaseSettings, SettingsConfigDict

        class Settings(BaseSettings):
            url: str
            name: str = Field("x", validation_alias="TITLE")
            bucket: str = Field(validation_alias=AliasChoices("BUCKET", "S3_BUCKET"))
            first: str = Field(validation_alias=AliasPath("HOSTS", 0))
            model_config = SettingsConfigDict(env_prefix="app_")

        settings = Settings()
    """
    for variable, name in {"APP_URL": "url", "TITLE": "name", "BUCKET": "bucket", "S3_BUCKET": "bucket"}.items():
        assert f"settings.{name}" in after(f'import os\nx = os.environ["{variable}"]\n', config)
    for variable in ("URL", "APP_NAME", "APP_TITLE", "HOSTS"):
        assert "settings" not in after(f'import os\nx = os.environ["{variable}"]\n', config)


@pytest.mark.parametrize(
    "statement", ["lang = sys.argv[1]", "if not KEY:\n    sys.exit(1)", "args = parser.parse_args()"]
)
def test_a_program_reads_what_it_likes(statement: str) -> None:
    text = f'import os\nimport sys\n\nKEY = os.environ["KEY"]\n{statement}\n'
    assert findings({"tools/translate.py": text}, "FAPI701") == []
    assert len(findings({"tools/translate.py": text, "app/main.py": "import tools.translate\n"}, "FAPI701")) == 1
    assert len(findings({"tools/translate.py": f"{text}\napp = FastAPI()\n"}, "FAPI701")) == 1


def test_tasks_of_a_task_runner() -> None:
    assert findings({"tasks.py": 'import os\nfrom invoke import task\n\nx = os.environ["X"]\n'}, "FAPI701") == []


def test_what_only_a_function_does_makes_no_program() -> None:
    text = 'import os\nimport sys\n\nKEY = os.environ["KEY"]\n\ndef main() -> None:\n    sys.exit(1)\n'
    assert len(findings({"app/cli.py": text}, "FAPI701")) == 1


def test_the_program_that_a_module_also_is() -> None:
    text = 'import os\n\nif __name__ == "__main__":\n    run(os.environ["CHANGES"])\n'
    assert findings({"app/watcher.py": text}, "FAPI701") == []


@pytest.mark.parametrize(
    ("annotation", "read", "expected"),
    [
        ("Optional[str] = None", 'os.getenv("X") or "y"', 'settings.X or "y"'),
        ("Union[str, None] = None", 'os.environ["X"]', "settings.X"),
        ("Optional[int] = None", 'int(os.environ["X"])', 'int(os.environ["X"])'),
        ("Union[str, int] = 1", 'os.environ["X"]', 'os.environ["X"]'),
    ],
)
def test_optional_fields_of_typing(annotation: str, read: str, expected: str) -> None:
    config = f"""
        from typing import Optional, Union
        from pydantic_settings import BaseSettings

        class Settings(BaseSettings):
            X: {annotation}

        settings = Settings()
    """
    assert after(f"import os\n\nx = {read}\n", config).endswith(f"x = {expected}\n")
