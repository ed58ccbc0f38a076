"""`fapi-lint init`: what it sees, what it writes, and what it leaves alone."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from command_line import Run, write

from fapi_lint.config.load import load

MODEL = """
from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.core.base import Base


class {name}(Base):
    __tablename__ = "{table}"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    created: Mapped[datetime]
    updated: Mapped[datetime]
"""
SCHEMA = """
from pydantic import BaseModel


class {name}Create(BaseModel):
    name: str


class {name}Read(BaseModel):
    id: int
    name: str
"""
ROUTES = """
from fastapi import APIRouter

from app.dto.{table} import {name}Create, {name}Read

router = APIRouter(prefix="/{table}s")


@router.get("/")
async def list_{table}s() -> list[{name}Read]: ...


@router.post("/")
async def add_{table}(body: {name}Create) -> {name}Read: ...
"""
SERVICE = "def find_{table}() -> None: ...\n\n\ndef make_{table}() -> None: ...\n"


@pytest.fixture
def team(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An application of a team with other conventions."""
    write(
        tmp_path,
        {"app/core/base.py": "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase): ...\n"},
    )
    imports = []
    for name in ("User", "Post", "Comment"):
        table = name.lower()
        files = {
            f"app/entities/{table}.py": MODEL,
            f"app/dto/{table}.py": SCHEMA,
            f"app/http/{table}.py": ROUTES,
            f"app/services/{table}.py": SERVICE,
        }
        write(tmp_path, {path: text.format(name=name, table=table) for path, text in files.items()})
        imports.append(f"from app.entities.{table} import {name}\n")
    settings = (
        "from pydantic_settings import BaseSettings\n\n\nclass Settings(BaseSettings):\n    debug: bool = False\n"
    )
    errors = "".join(f"class {name}Error(Exception): ...\n" for name in ("Taken", "Missing", "Locked"))
    write(tmp_path, {"app/core/models.py": "".join(imports), "app/settings.py": settings, "app/errors.py": errors})
    write(tmp_path, {"app/core/counts.py": "".join(imports) + "\n\ndef count() -> int: ...\n"})
    monkeypatch.chdir(tmp_path)
    return tmp_path


PYPROJECT = '# ours\n[project]\nname = "team"\ndependencies = ["fastapi>=0.110", "sqlalchemy==2.0.30"]  # keep\n'
EXPECTED = {
    "response-model": "keyword-or-annotation",
    "conventions": {
        "service-suffix": "",
        "model-folders": ["entities"],
        "schema-folders": ["dto"],
        "api-folders": ["http"],
        "model-registry": "core/models.py",
        "settings-file": "app/settings.py",
        "exceptions-file": "app/errors.py",
        "exception-suffix": "Error",
        "string-length": 80,
        "created-at": "created",
        "updated-at": "updated",
        "schema-suffixes": {"response": "Read"},
        "handler-verbs": {"create": "add", "many": "list"},
    },
}


def test_it_writes_what_it_sees(team: Path, run: Run) -> None:
    write(team, {"pyproject.toml": PYPROJECT})
    ran = run("init")
    assert ran.code == 0
    text = (team / "pyproject.toml").read_text()
    assert text.startswith(PYPROJECT + "\n[tool.fapi-lint]\n")
    assert tomllib.loads(text)["tool"]["fapi-lint"] == EXPECTED
    assert "# 3 schemas end in Read, none in Response.\n" in text
    assert "Wrote pyproject.toml: 15 settings other than the default.\n" in ran.out
    assert 'conventions.created-at = "created": 3 models have created, none created_at\n' in ran.out
    assert "3 models, 6 schemas, 6 routes" in ran.err
    assert "fastapi >=0.110, sqlalchemy ==2.0.30" in ran.err
    assert load(team).settings.conventions.created_at == "created"
    assert run("--select", "FAPI106,FAPI108,FAPI204,FAPI401").code == 1  # `created` has no server default.


def test_features_keep_kinds_apart_by_the_names_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    for name in ("User", "Post", "Comment"):
        table = name.lower()
        texts = {"schemas": SCHEMA, "views": ROUTES.replace("app.dto.{table}", "app.{table}.schemas")}
        files = {f"app/{table}/{kind}.py": text.format(name=name, table=table) for kind, text in texts.items()}
        exceptions = f"class {name}Exception(Exception): ...\n"
        files[f"app/{table}/service.py"] = SERVICE.format(table=table)  # Files like that take no suffix.
        write(tmp_path, {**files, f"app/{table}/__init__.py": "", f"app/{table}/exceptions.py": exceptions})
    monkeypatch.chdir(tmp_path)
    assert run("init").code == 0
    conventions = tomllib.loads((tmp_path / "fapi-lint.toml").read_text())["conventions"]
    assert conventions["api-folders"] == ["views"]
    assert conventions.keys().isdisjoint({"schema-folders", "service-suffix"})
    assert conventions["exceptions-file"] == "exceptions.py"
    assert run("--select", "FAPI103,FAPI601").code == 0


def test_a_package_of_exceptions_is_named_as_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    files = {f"app/exceptions/{name.lower()}.py": f"class {name}Exception(Exception): ...\n" for name in ("Io", "Net")}
    write(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    assert run("init").code == 0
    settings = tomllib.loads((tmp_path / "fapi-lint.toml").read_text())
    assert settings == {"conventions": {"exceptions-file": "app/exceptions/"}}
    assert run("--select", "FAPI601").code == 0
    write(tmp_path, {"app/deps.py": "class OtherException(Exception): ...\n"})
    assert "is defined outside of `app/exceptions/`" in run("--select", "FAPI601").out


@pytest.mark.parametrize("beside", ["class Repository: ...\n", "def read() -> None: ...\n"])
def test_what_lies_beside_other_things_is_no_home_of_its_kind(team: Path, run: Run, beside: str) -> None:
    """Work with all models is no registry, and what a repository raises makes no file of exceptions of it."""
    hub = team / "app/core/models.py"
    hub.write_text(hub.read_text() + "\n\ndef everything() -> tuple[object, ...]:\n    return User, Post, Comment\n")
    (team / "app/errors.py").unlink()
    errors = "\n\n".join(f"class {name}Error(Exception): ...\n" for name in ("Io", "Net"))
    write(team, {"app/core/repository.py": f"{errors}\n\n{beside}"})
    assert run("init").code == 0
    conventions = tomllib.loads((team / "fapi-lint.toml").read_text())["conventions"]
    assert "model-registry" not in conventions
    assert "exceptions-file" not in conventions


def test_it_writes_a_file_of_its_own_without_a_pyproject(team: Path, run: Run) -> None:
    assert run("init").code == 0
    assert tomllib.loads((team / "fapi-lint.toml").read_text()) == EXPECTED


def test_what_is_there_is_never_changed(team: Path, run: Run) -> None:
    write(team, {"pyproject.toml": PYPROJECT})
    run("init")
    before = (team / "pyproject.toml").read_bytes()
    ran = run("init")
    assert ran.code == 2
    assert ran.err == f"error: {team / 'pyproject.toml'}: has a table [tool.fapi-lint] already; nothing was written\n"
    assert (team / "pyproject.toml").read_bytes() == before
    write(team, {"fapi-lint.toml": ""})
    assert "fapi-lint.toml: is there already" in run("init").err


def test_nothing_is_written_when_it_is_only_asked(team: Path, run: Run) -> None:
    write(team, {"pyproject.toml": PYPROJECT})
    ran = run("init", "--dry-run", "--quiet")
    assert (ran.code, ran.err) == (0, "")
    assert tomllib.loads(ran.out)["tool"]["fapi-lint"] == EXPECTED
    ran = run("init", "--diff")
    assert ran.code == 1
    assert "+++ b/pyproject.toml\n" in ran.out
    assert "+[tool.fapi-lint]\n" in ran.out
    assert (team / "pyproject.toml").read_text() == PYPROJECT


def test_line_ends_stay(team: Path, run: Run) -> None:
    write(team, {"pyproject.toml": PYPROJECT.rstrip("\n").replace("\n", "\r\n")})
    run("init")
    raw = (team / "pyproject.toml").read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > 20


@pytest.mark.parametrize("text", ["tool = { other = 1 }\n", "broken ="])
def test_a_file_that_takes_no_table_is_named(team: Path, run: Run, text: str) -> None:
    write(team, {"pyproject.toml": text})
    ran = run("init")
    assert ran.code == 2
    assert f"error: {team / 'pyproject.toml'}: cannot take a table [tool.fapi-lint]" in ran.err
    assert (team / "pyproject.toml").read_text() == text


def test_where_the_defaults_fit_it_says_so(app: Path, run: Run) -> None:
    (app / "fapi-lint.toml").unlink()
    ran = run("init")
    assert "0 settings other than the default" in ran.out
    assert tomllib.loads((app / "fapi-lint.toml").read_text()) == {}
    assert "No versions of packages are declared" in ran.err


def test_a_folder_inside_of_an_application(team: Path, run: Run) -> None:
    write(team, {"pyproject.toml": PYPROJECT})
    ran = run("init", "app", "--dry-run")
    assert f"warning: {team / 'app'} becomes an application of its own: what else is in {team} is not read" in ran.err
    assert "warning" not in run("init", "--dry-run").err


def test_a_folder_that_is_not_there(app: Path, run: Run) -> None:
    assert run("init", "nowhere").code == 2


def test_without_python_there_is_nothing_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.chdir(tmp_path)
    ran = run("init")
    assert ran.code == 2
    assert "holds no Python files to look at; nothing was written" in ran.err
    assert not (tmp_path / "fapi-lint.toml").exists()


TWO = """
from fastapi import APIRouter
from pydantic import BaseModel

router = APIRouter()


class UserOut(BaseModel):
    id: int


class PostOut(BaseModel):
    id: int


class PostCreate(BaseModel):
    title: str


@router.get("/users/{user_id}", response_model=UserOut)
async def get_user(user_id: int): ...


@router.get("/posts", response_model=list[PostOut])
async def get_posts(): ...
"""


def test_what_stands_before_all_handlers_is_no_verb(team: Path, run: Run) -> None:
    for path in (team / "app" / "http").iterdir():
        noun = path.stem
        text = path.read_text().replace("def list_", "def api_").replace("def add_", "def api_create_")
        one = f'@router.get("/{{{noun}_id}}")\nasync def api_get_{noun}({noun}_id: int) -> {noun.title()}Read: ...\n'
        path.write_text(f"{text}\n\n{one}")
    assert "handler-verbs" not in run("init", "--dry-run").out


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("", "", {"response": "Out"}),
        ("list[PostOut]", "list[str]", None),
        ("class PostCreate", "class TagResponse", None),
        ("PostOut", "PostRead", None),
    ],
)
def test_two_schemas_make_a_convention_if_nothing_speaks_against_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, old: str, new: str, expected: dict[str, str] | None
) -> None:
    write(tmp_path, {"app/main.py": TWO.replace(old, new) if old else TWO})
    monkeypatch.chdir(tmp_path)
    assert run("init").code == 0
    written = tmp_path / "fapi-lint.toml"
    table = tomllib.loads(written.read_text()) if written.exists() else {}
    assert table.get("conventions", {}).get("schema-suffixes") == expected


@pytest.mark.parametrize(("folder", "expected"), [("logic", ["logic"]), ("crud", None), ("core", None)])
def test_business_logic_is_known_by_the_sessions_that_it_is_given(
    team: Path, run: Run, folder: str, expected: list[str] | None
) -> None:
    text = "from sqlalchemy.ext.asyncio import AsyncSession\n\n\nasync def find_{0}(db: AsyncSession) -> None: ...\n"
    for table in ("user", "post", "comment"):
        (team / f"app/services/{table}.py").unlink()
        write(team, {f"app/{folder}/{table}.py": text.format(table)})
    assert run("init").code == 0
    conventions = tomllib.loads((team / "fapi-lint.toml").read_text())["conventions"]
    assert conventions.get("service-folders") == expected
    assert conventions.get("service-suffix") == (None if expected is None else "")
