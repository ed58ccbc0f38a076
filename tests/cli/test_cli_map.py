"""`fapi-lint map`: resources and what they lack, and the graph of the modules."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import jsonschema
import pytest
from command_line import ROOT, Run, write

ITEM = {
    "type": "object",
    "required": ["name", "path", "row"],
    "additionalProperties": False,
    "properties": {"name": {"type": "string"}, "path": {"type": "string"}, "row": {"type": "integer", "minimum": 1}},
}
ITEMS = {"type": "array", "items": ITEM}
SCHEMA = {
    "type": "object",
    "required": ["root", "resources", "other_routes"],
    "properties": {
        "other_routes": ITEMS,
        "resources": {
            "type": "array",
            "items": {
                "required": ["name", "model", "is_link", "schemas", "services", "routes", "tests", "missing"],
                "properties": {
                    "model": {"anyOf": [ITEM, {"type": "null"}]},
                    "schemas": ITEMS,
                    "services": ITEMS,
                    "routes": ITEMS,
                    "tests": ITEMS,
                    "missing": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
}


@pytest.fixture
def reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "reference"
    shutil.copytree(ROOT / "fixtures" / "reference_app", folder, ignore=shutil.ignore_patterns("*cache*"))
    monkeypatch.chdir(folder)
    return folder


def test_one_row_for_each_resource(reference: Path, run: Run) -> None:
    ran = run("map")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[0].split() == ["Resource", "Model", "Schemas", "Services", "Routes", "Tests", "Missing"]
    rows = {line.split()[0]: line.split()[1:] for line in lines[1:] if line and line[0].islower()}
    assert rows["comment"] == ["Comment", "Base", "Create", "Response", "4", "3", "1"]
    assert rows["tag"] == ["Tag", "Base", "Response", "2", "1", "-", "tests"]
    assert lines[-2:] == ["4 resources, 1 of them incomplete.", "2 routes belong to no resource."]
    assert all(len(line) <= 80 for line in lines)
    assert "\x1b" not in ran.out
    coloured = run("map", "--color", "always").out
    assert "\x1b[1mResource " in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == ran.out, "a terminal shows what a pipe gets"


def test_as_json(reference: Path, run: Run) -> None:
    found = run("map", "--output-format", "json").json
    jsonschema.validate(found, SCHEMA)
    user = next(resource for resource in found["resources"] if resource["name"] == "user")
    assert user["model"]["path"] == "app/models/user.py"
    assert {"name": "create_user_service", "path": "app/services/user_service.py"}.items() <= {
        key: value
        for item in user["services"]
        if item["name"] == "create_user_service"
        for key, value in item.items()
        if key != "row"
    }.items()
    assert "POST /api/v1/users" in [route["name"].rstrip("/") for route in user["routes"]]
    assert user["missing"] == []


def test_what_is_missing(reference: Path, run: Run) -> None:
    (reference / "app/services/comment_service.py").unlink()
    (reference / "app/schemas/post.py").unlink()
    write(reference, {"app/models/badge.py": MODEL, "app/broken.py": "def broken(:\n"})
    ran = run("map", "--output-format", "json")
    missing = {resource["name"]: resource["missing"] for resource in ran.json["resources"]}
    assert missing["comment"] == ["services"]
    assert missing["post"] == ["schemas"]
    assert missing["badge"] == ["schemas", "services", "routes", "tests"]
    assert missing["user_badge"] == []
    assert "app/broken.py cannot be read" in ran.err
    assert "(a link)" in run("map").out


def test_what_serves_a_resource_without_naming_it(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of a feature tells what its services are about, and a path what a test is."""
    write(tmp_path, FEATURES)
    monkeypatch.chdir(tmp_path)
    (found,) = run("map", "--output-format", "json").json["resources"]
    parts = {part: [item["name"] for item in found[part]] for part in ("schemas", "services", "tests")}
    assert parts == {"schemas": ["BookDTO"], "services": ["find"], "tests": ["test_lending"]}
    assert found["model"]["path"] == "app/books/entities.py"


FEATURES = {
    "app/books/entities.py": "class Book:\n    pass\n",
    "app/books/dto.py": "from pydantic import BaseModel\n\n\nclass BookDTO(BaseModel):\n    title: str\n",
    "app/books/service.py": "def find() -> None: ...\n",
    "app/db.py": """
from sqlalchemy import Column, Table, Uuid
from sqlalchemy.orm import registry

from app.books.entities import Book

mapping = registry()
books = Table("books", mapping.metadata, Column("id", Uuid, primary_key=True))
mapping.map_imperatively(Book, books)
""",
    "tests/test_api.py": 'def test_lending(client):\n    assert client.get(f"/v1/books/{1}/loan")\n',
}
MODEL = """
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base_class import Base


class Badge(Base):
    __tablename__ = "badge"

    id: Mapped[int] = mapped_column(primary_key=True)


class UserBadge(Base):
    __tablename__ = "user_badge"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    badge_id: Mapped[int] = mapped_column(ForeignKey("badge.id"), primary_key=True)
"""
CYCLE = {
    "app/services/one.py": "from app.services.two import two\n\n\ndef one(): ...\n",
    "app/services/two.py": "from app.services import three\n\n\ndef two(): ...\n",
    "app/services/three.py": "import app.services.one\n",
    "app/services/four.py": "from typing import TYPE_CHECKING\n\nfrom app.services.one import one\n",
}


def test_the_graph_in_mermaid(app: Path, run: Run) -> None:
    write(app, CYCLE | {"app/services/__init__.py": ""})
    ran = run("map", "--graph")
    assert ran.code == 0
    assert ran.err == "cycle: app.services.one app.services.three app.services.two\n"
    assert ran.out.startswith("flowchart LR\n")
    assert ran.out.count(" ==> ") == 3
    assert '["app.models"]' in ran.out
    assert ran.out == run("map", "--graph", "mermaid").out
    only = run("map", "--only-cycles", "--graph", "mermaid").out
    assert only.count('["') == 4
    assert "-->" not in only


def test_the_graph_in_dot(app: Path, run: Run) -> None:
    write(app, CYCLE | {"app/services/__init__.py": ""})
    out = run("map", "--graph", "dot").out
    assert out.startswith("digraph modules {\n")
    assert out.endswith("}\n")
    assert out.count("{") == out.count("}")
    assert '  "app.services.one" -> "app.services.two" [color=red, penwidth=2];\n' in out
    assert '  "app.services.four" -> "app.services.one";\n' in out
    assert '  "app.models.user" -> "app.models.base";\n' in out


def test_an_application_without_resources(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("map", "--isolated").out == "0 resources, none of them incomplete.\n"
    assert run("map", "--graph").out == "flowchart LR\n"


@pytest.mark.parametrize("args", [("--only-cycles",), ("--graph", "dot", "--output-format", "json"), ("nowhere",)])
def test_what_cannot_be_asked(app: Path, run: Run, args: tuple[str, ...]) -> None:
    assert run("map", *args).code == 2


def test_applications_of_their_own_are_not_mixed(app: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (app / "app/inner").mkdir()
    (app / "app/inner/fapi-lint.toml").touch()
    write(app, {"app/inner/shop.py": "x = 1\n"})
    ran = run("map", "--graph")
    assert "shop" not in ran.out
    assert ran.err == f"warning: {app / 'app/inner'} is an application of its own, and left out\n"
    write(app, {"around/fapi-lint.toml": "", "around/one/fapi-lint.toml": "", "around/one/only.py": "x = 1\n"})
    monkeypatch.chdir(app / "around")
    ran = run("map", "--graph")
    assert "only" in ran.out, "the folder around it holds nothing itself"
    assert ran.err == ""


def test_modules_of_one_name_are_one_node(app: Path, run: Run) -> None:
    pair = {"app/one.py": "import app.two\n", "app/two.py": "import app.one\n", "app/__init__.py": ""}
    files = {f"{service}/{path}": text for service in ("a", "b") for path, text in pair.items()}
    write(
        app, {**files, "a/pyproject.toml": "", "b/pyproject.toml": "", "fapi-lint.toml": "extend-exclude = ['/app']\n"}
    )
    ran = run("map", "--graph", "dot")
    assert ran.err == "cycle: app.one app.two\n"
    lines = [line.strip() for line in ran.out.splitlines() if "->" in line or "one" in line]
    assert len(lines) == len(set(lines))


@pytest.mark.parametrize("columns", [80, 40])
def test_names_stay_whole_in_a_narrow_terminal(columns: int, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = run("map", str(ROOT / "fixtures" / "legacy_app"), "--no-cache").out.splitlines()
    assert any(line.startswith("audit_entry  AuditEntry ") for line in lines)
    assert {"Services", "CreateUser", "services,"} <= {word for line in lines for word in line.split()}
    assert columns == 40 or all(len(line) <= columns for line in lines)
