"""Imports: how objects are spelled, and where imports are placed and dropped."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from fapi_lint.fix.edit import DropsImport, Edit, NeedsImport
from fapi_lint.fix.imports import ImportConflict, Spelling, place, spell
from fapi_lint.fix.splice import Draft, apply
from fapi_lint.outline import nodes as o

PATH = "/srv/app/models/post.py"


class Module(Draft, frozen=True):
    module_name: str = "app.models.post"
    is_package: bool = False
    first_party: frozenset[str] = frozenset()


def parse(text: str, path: str = PATH) -> Module:
    draft = Draft.parse(path, text)
    assert draft.outline.failure is None, (text, draft.outline.failure)
    return Module(path, text, draft.outline)


def need(module: str, name: str = "", alias: str = "", **options: bool) -> NeedsImport:
    return NeedsImport(PATH, module, name, alias, **options)


def fixed(text: str, *needs: NeedsImport, drops: str = "", edits: tuple[Edit, ...] = (), path: str = PATH) -> str:
    """The text after placing, which must parse, and change no more when done again."""
    gone = [DropsImport(path, name) for name in drops.split()]
    placed = place(parse(text, path), edits, needs, gone)
    after = apply(text, [*placed, *edits])
    assert place(parse(after, path), (), needs, [drop for drop in gone if drop.name not in after]) == []
    return after


def spelled(text: str, target: str, at: str = "HERE", **options: object) -> Spelling:
    return spell(parse(text), target, text.index(at), **options)  # type: ignore[arg-type]


# --- spell -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("imports", "target", "text"),
    [
        ("from sqlalchemy.orm import relationship", "sqlalchemy.orm.relationship", "relationship"),
        ("from sqlalchemy.orm import relationship as rel", "sqlalchemy.orm.relationship", "rel"),
        ("import sqlalchemy as sa", "sqlalchemy.String", "sa.String"),
        ("import sqlalchemy.orm", "sqlalchemy.orm.relationship", "sqlalchemy.orm.relationship"),
        ("import sqlalchemy.orm as so", "sqlalchemy.orm.relationship", "so.relationship"),
        ("from sqlalchemy import orm", "sqlalchemy.orm.relationship", "orm.relationship"),
        ("import fastapi", "fastapi.status", "fastapi.status"),
        ("from starlette import status", "fastapi.status", "status"),
        ("from sqlalchemy.types import String", "sqlalchemy.String", "String"),
        ("from .user import User", "app.models.user.User", "User"),
        ("from . import user", "app.models.user.User", "user.User"),
        ("from ..core import config", "app.core.config.settings", "config.settings"),
        ("import uuid", "uuid", "uuid"),
        ("import datetime as dt\nfrom datetime import datetime", "datetime.datetime", "datetime"),
        ("try:\n    from a import b\nexcept ImportError:\n    b = None", "a.b", "b_"),
    ],
)
def test_an_import_that_is_there_is_used(imports: str, target: str, text: str) -> None:
    found = spelled(f"{imports}\nHERE\n", target)
    if text == "b_":  # rebound in the handler
        assert found.needs
    else:
        assert found == Spelling(text)


@pytest.mark.parametrize(
    ("source", "target", "text", "alias"),
    [
        ("HERE", "fastapi.status", "status", ""),
        ("import sqlalchemy as sa\nHERE", "sqlalchemy.orm.relationship", "relationship", ""),
        ("import sqlalchemy.orm\nHERE", "sqlalchemy.dialects.postgresql.UUID", "UUID", ""),
        ("def f():\n    from fastapi import status\ndef g():\n    HERE", "fastapi.status", "status", ""),
        ("def f(status):\n    HERE", "fastapi.status", "http_status", "http_status"),
        ("from fastapi import status\ndef f(status):\n    HERE", "fastapi.status", "http_status", "http_status"),
        (
            "from fastapi import status\ndef f():\n    HERE\n    status = 1",
            "fastapi.status",
            "http_status",
            "http_status",
        ),
        (
            "from fastapi import status\nclass A:\n    status = 1\n    HERE",
            "fastapi.status",
            "http_status",
            "http_status",
        ),
        ("from fastapi import status\nx = [HERE for status in y]", "fastapi.status", "http_status", "http_status"),
        ("from fastapi import status\nx = lambda status: HERE", "fastapi.status", "http_status", "http_status"),
        ("from a import Enum\nHERE", "sqlalchemy.Enum", "SAEnum", "SAEnum"),
        ("from a import User\nHERE", "app.models.user.User", "UserModel", "UserModel"),
        ("HERE\nfrom fastapi import status", "fastapi.status", "status", ""),
    ],
)
def test_a_missing_or_hidden_import_is_needed(source: str, target: str, text: str, alias: str) -> None:
    module, _, name = target.rpartition(".")
    assert spelled(source + "\n", target) == Spelling(text, (need(module, name, alias),))


@pytest.mark.parametrize(
    "source",
    [
        "from fastapi import status\nclass A:\n    status = 1\n    def f(self):\n        HERE",
        "from fastapi import status\ndef f():\n    global status\n    HERE",
        "from fastapi import status\ndef f(status): ...\ndef g():\n    HERE",
        "from fastapi import status\ndef f(status=HERE): ...",
        "from fastapi import status\n@d(HERE)\ndef f(status): ...",
        "def f():\n    HERE\nfrom fastapi import status",
        "class A:\n    from x import status\n    def f(self):\n        HERE\nfrom fastapi import status",
    ],
)
def test_scopes_that_do_not_hide(source: str) -> None:
    assert spelled(source + "\n", "fastapi.status") == Spelling("status")


def test_type_checking_imports_count_for_annotations_only() -> None:
    source = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.u import User\nHERE\n"
    assert spelled(source, "app.u.User", type_checking=True) == Spelling("User")
    assert spelled(source, "app.u.User") == Spelling("User", (need("app.u", "User"),))
    assert spelled("HERE\n", "app.u.User", type_checking=True).needs == (need("app.u", "User", type_checking=True),)


# --- place: adding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "needs", "after"),
    [
        ("", [need("uuid", "UUID")], "from uuid import UUID\n"),
        ('"""Doc."""', [need("uuid", "UUID")], '"""Doc."""\n\nfrom uuid import UUID\n'),
        (
            '"""Doc."""\n\n\nclass A: ...\n',
            [need("uuid", "UUID")],
            '"""Doc."""\n\nfrom uuid import UUID\n\n\nclass A: ...\n',
        ),
        ("x = 1\n", [need("uuid")], "import uuid\n\nx = 1\n"),
        ("def f(): ...\n", [need("uuid")], "import uuid\n\n\ndef f(): ...\n"),
        ("# only\n# comments", [need("uuid")], "# only\n# comments\nimport uuid\n"),
        (
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 1\n",
            [need("uuid")],
            "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nimport uuid\n\nx = 1\n",
        ),
        ("# License\n\nx = 1\n", [need("uuid")], "# License\n\nimport uuid\n\nx = 1\n"),
        (
            "from __future__ import annotations\n\nx = 1\n",
            [need("uuid")],
            "from __future__ import annotations\n\nimport uuid\n\nx = 1\n",
        ),
        ("import os\n", [need("os", "path")], "import os\nfrom os import path\n"),
        ("from a import b, d\n", [need("a", "c")], "from a import b, c, d\n"),
        ("from a import b, d  # why\n", [need("a", "e")], "from a import b, d, e  # why\n"),
        ("from a import d, b\n", [need("a", "c")], "from a import d, b, c\n"),
        ("from a import (b, d)\n", [need("a", "c")], "from a import (b, c, d)\n"),
        (
            "from a import (\n    b,  # about b\n    # over d\n    d,\n)\n",
            [need("a", "c"), need("a", "a"), need("a", "e")],
            "from a import (\n    a,\n    b,  # about b\n    c,\n    # over d\n    d,\n    e,\n)\n",
        ),
        (
            "from a import (\n    b,\n    d  # last\n)\n",
            [need("a", "e")],
            "from a import (\n    b,\n    d,  # last\n    e\n)\n",
        ),
        ("from a import (b,\n               c)\n", [need("a", "d")], "from a import (b,\n               c, d)\n"),
        ("from a import b, \\\n    d\n", [need("a", "c")], "from a import b, c, \\\n    d\n"),
        (
            "from a import CONST, Class, func\n",
            [need("a", "B"), need("a", "OTHER"), need("a", "a")],
            "from a import CONST, OTHER, B, Class, a, func\n",
        ),
        ("from a import b, C\n", [need("a", "D")], "from a import b, C, D\n"),
        ("from a import C, b\r\n", [need("a", "D")], "from a import C, D, b\r\n"),
        ("from a import b  # noqa: F401\n", [need("a", "c")], "from a import b  # noqa: F401\nfrom a import c\n"),
        ("from a import *\n", [need("a", "c")], "from a import *\nfrom a import c\n"),
        ("from a import b\n", [need("a", "c", "d")], "from a import b\nfrom a import c as d\n"),
        ("from a import b, x as y\n", [need("a", "c", "d")], "from a import b, c as d, x as y\n"),
        (
            "import os\nimport sys\n\nfrom fastapi import APIRouter\n\nfrom app.db import Base\n",
            [need("re"), need("sqlalchemy", "String"), need("app.core", "x"), need("datetime", "datetime")],
            "import os\nimport re\nimport sys\nfrom datetime import datetime\n\nfrom fastapi import APIRouter\n"
            "from sqlalchemy import String\n\nfrom app.core import x\nfrom app.db import Base\n",
        ),
        (
            "from fastapi import APIRouter\n\nx = 1\n",
            [need("re"), need("app.core", "y"), need("typing", "Any")],
            "import re\nfrom typing import Any\n\nfrom fastapi import APIRouter\n\nfrom app.core import y\n\nx = 1\n",
        ),
        (
            "from __future__ import annotations\nimport os\nfrom fastapi import status\nfrom app.x import y\n",
            [need("sqlalchemy", "String"), need("re")],
            "from __future__ import annotations\nimport os\nimport re\nfrom fastapi import status\n"
            "from sqlalchemy import String\nfrom app.x import y\n",
        ),
        (
            "from __future__ import annotations\nfrom app.x import y\n",
            [need("typing", "TYPE_CHECKING")],
            "from __future__ import annotations\n\nfrom typing import TYPE_CHECKING\n\nfrom app.x import y\n",
        ),
        (
            "from __future__ import annotations\nfrom app.x import y\nfrom fastapi import status\n",
            [need("uuid")],
            "from __future__ import annotations\nimport uuid\nfrom app.x import y\nfrom fastapi import status\n",
        ),
        (
            "from __future__ import annotations; from app.x import y\n",
            [need("uuid")],
            "from __future__ import annotations; from app.x import y\n\nimport uuid\n",
        ),
        (
            "from zz import a\nfrom bb import c\n",
            [need("dd", "e")],
            "from zz import a\nfrom bb import c\nfrom dd import e\n",
        ),
        (
            "# about os\nimport os\n# about sys\nimport sys\n",
            [need("re"), need("abc")],
            "# about os\nimport abc\nimport os\nimport re\n# about sys\nimport sys\n",
        ),
        ("from .user import User\n", [need("app.models.tag", "Tag")], "from .tag import Tag\nfrom .user import User\n"),
        ("from .user import User\n", [need("app.models.user", "Role")], "from .user import Role, User\n"),
        (
            "import app.db\n",
            [need("app.models.tag", keep=True)],
            "import app.db\nimport app.models.tag  # noqa: F401\n",
        ),
        ("import a; x = 1\n", [need("b")], "import a; x = 1\nimport b\n"),
        ("import a; from m import (\n    b,\n)\n", [need("aa")], "import a; from m import (\n    b,\n)\nimport aa\n"),
        ("import b; from m import (\n    c,\n)\n", [need("a")], "import a\nimport b; from m import (\n    c,\n)\n"),
        ("from m import (a\n    , c)\n", [need("m", "d")], "from m import (a\n    , c, d)\n"),
        ("from m import (a\n    , c)\n", [need("m", "b")], "from m import (a\n    , b, c)\n"),
        ("from m import (a  # a, b\n    , c)\n", [need("m", "b")], "from m import (a  # a, b\n    , b, c)\n"),
        ("from m import (a\n    ,)\n", [need("m", "b")], "from m import (a\n    , b,)\n"),
    ],
)
def test_adding(before: str, needs: list[NeedsImport], after: str) -> None:
    assert fixed(before, *needs) == after


def test_needs_that_are_met_change_nothing() -> None:
    source = "import sqlalchemy as sa\nfrom fastapi import status as http\nfrom .user import User\nimport a.b\n"
    needs = [
        need("sqlalchemy", "", "sa"),
        need("fastapi", "status", "http"),
        need("app.models.user", "User"),
        need("a.b"),
    ]
    assert place(parse(source), (), needs, ()) == []


def test_a_line_that_would_be_too_long_is_broken() -> None:
    names = [f"name_number_{index}" for index in range(6)]
    source = f"from package import {', '.join(names[:-1])}\n"
    lines = "".join(f"    {name},\n" for name in names)
    assert fixed(source, need("package", names[-1])) == f"from package import (\n{lines})\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "import os\n\nx = 1\n",
            "import os\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app.u import User\n\nx = 1\n",
        ),
        ("import typing\n", "import typing\n\nif typing.TYPE_CHECKING:\n    from app.u import User\n\n"),
        (
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
            "    from app.t import Tag\n    from app.z import Z\n",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
            "    from app.t import Tag\n    from app.u import User\n    from app.z import Z\n",
        ),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.u import Role\n",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from app.u import Role, User\n",
        ),
        (
            "import typing as t\nif t.TYPE_CHECKING:\n    pass\n",
            "import typing as t\nif t.TYPE_CHECKING:\n    from app.u import User\n    pass\n",
        ),
        ("from app.u import User\n", "from app.u import User\n"),
        (
            "",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app.u import User\n",
        ),
    ],
)
def test_type_checking(before: str, after: str) -> None:
    assert fixed(before, need("app.u", "User", type_checking=True)).rstrip() == after.rstrip()


def test_a_name_that_is_exchanged_stays_on_a_line_that_loses_the_rest() -> None:
    source = "from m import a; from n import b\nx = 1\n"
    edits = place(parse(source), (), [need("m", "c")], [DropsImport(PATH, name) for name in ("a", "b")])
    assert apply(source, edits) == "from m import c\nx = 1\n"


def test_a_guarded_import_moves_out_when_needed_at_run_time() -> None:
    source = "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from app.u import User\n\nx = 1\n"
    assert fixed(source, need("app.u", "User")) == "from app.u import User\n\nx = 1\n"


@pytest.mark.parametrize(
    "source",
    ["status = 1\n", "from x import status\n", "def status(): ...\n", "for status in x: ...\n", "import status\n"],
)
def test_conflicts(source: str) -> None:
    with pytest.raises(ImportConflict, match="status"):
        place(parse(source), (), [need("fastapi", "status")], ())


def test_two_needs_of_one_name_conflict() -> None:
    with pytest.raises(ImportConflict):
        place(parse(""), (), [need("a", "x"), need("b", "x")], ())


# --- place: dropping -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "drops", "after"),
    [
        ("import a\nx = 1\n", "a", "x = 1\n"),
        ("import a\n\n\nx = 1\n", "a", "x = 1\n"),
        ("import a, b\nb\n", "a", "import b\nb\n"),
        ("import a, b\na\n", "b", "import a\na\n"),
        ("from m import a, b, c\na, c\n", "b", "from m import a, c\na, c\n"),
        ("from m import (a, b)\na\n", "b", "from m import (a)\na\n"),
        ("from m import (a, b,)\na\n", "b", "from m import (a,)\na\n"),
        ("from m import (\n    a,\n    b,\n)\na\n", "b", "from m import (\n    a,\n)\na\n"),
        ("from m import (\n    a,\n    b\n)\na\n", "b", "from m import (\n    a\n)\na\n"),
        ("from m import (\n    a,  # noqa: E501\n    b,\n)\nb\n", "a", "from m import (\n    b,\n)\nb\n"),
        ("from m import (\n    a,  # why\n    b,\n)\nb\n", "a", "from m import (\n    # why\n    b,\n)\nb\n"),
        ("from m import (a,\n    b, c)\nb\n", "a c", "from m import (\n    b)\nb\n"),
        ("from m import (a,\n    b, c)\na\n", "b", "from m import (a,\n    c)\na\n"),
        ("from m import (\n    a,\n    b,\n)\nx = 1\n", "a b", "x = 1\n"),
        ("import a; import b\nb\n", "a", "import b\nb\n"),
        ("import a; import b\na\n", "b", "import a\na\n"),
        ("import a; import b\nx = 1\n", "a b", "x = 1\n"),
        ("from m import (a  # why\n    , b)\nb\n", "a", "from m import ( # why\n    b)\nb\n"),
        ("from m import (a\n    , b  # why\n)\na\n", "b", "from m import (a\n     # why\n)\na\n"),
        ("from m import (  # who\n    a,  # why\n)\nx = 1\n", "a", "# who\n# why\nx = 1\n"),
        ("from m import (\n    a,  # noqa\n)\nx = 1\n", "b", "from m import (\n    a,  # noqa\n)\nx = 1\n"),
        ("import a  # why\nx = 1\n", "a", "# why\nx = 1\n"),
        ("import a  # type: ignore\nx = 1\n", "a", "x = 1\n"),
        ("import os\n\nfrom m import a\n\nx = os\n", "a", "import os\n\nx = os\n"),
        ("import os\n\nfrom m import a\n\n\nclass A: os\n", "a", "import os\n\n\nclass A: os\n"),
        ("import os\r\nfrom m import a\r\nos\r\n", "a", "import os\r\nos\r\n"),
        ("from m import a as b\na = 1\n", "b", "a = 1\n"),
        ('from m import User\n"""About User."""\n', "User", '"""About User."""\n'),
        ('from m import User\nx = f("no User here")\n', "User", 'x = f("no User here")\n'),
        ('from m import User\nx = relationship("User")\n', "User", 'x = relationship("User")\n'),
        ("from m import a\ndef f(a): return a\n", "a", "def f(a): return a\n"),
        (
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from m import A\n\nx = 1\n",
            "A",
            "x = 1\n",
        ),
        (
            "from typing import TYPE_CHECKING, Any\n\nif TYPE_CHECKING:\n    from m import A\n\nx: Any = 1\n",
            "A",
            "from typing import Any\n\nx: Any = 1\n",
        ),
        (
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from m import A\nelse:\n    A = 1\n",
            "B",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from m import A\nelse:\n    A = 1\n",
        ),
    ],
)
def test_dropping(before: str, drops: str, after: str) -> None:
    assert fixed(before, drops=drops) == after


@pytest.mark.parametrize(
    "source",
    [
        "import a\na.b\n",
        "import a\ndef f():\n    return a\n",
        'from m import a\n__all__ = ["a"]\n',
        'from m import a\nx: "a"\n',
        'from m import a\nx = cast("list[a]", y)\n',
        'from m import a\nx = TypeAdapter("a")\n',
        'from m import a\nx = f("m.a")\n',
        "from m import a  # noqa: F401\n",
        "from m import a  # noqa\n",
        "from m import a as a\n",
        "import a.b\n",
        "from m import *\n",
        "try:\n    import a\nexcept ImportError:\n    pass\n",
        "from m import a\nx = []  # type: list[a]\n",
    ],
)
def test_what_is_kept(source: str) -> None:
    assert fixed(source, drops="a") == source


@pytest.mark.parametrize(
    ("body", "after"),
    [
        ("import os\n\n    return os.x", "return y"),
        ('"""About."""\n    import os\n\n    return os.x', '"""About."""\n\n    return y'),
        ("import os, sys\n    return os.x, sys", "import sys\n    return y, sys"),
        ("import sys\n    import os\n    from os import path\n    return os.x", None),
        ("import os\n    return os.x, os.z", "import os\n    return y, os.z"),
        ("import os  # noqa: F401\n    return os.x", "import os  # noqa: F401\n    return y"),
        ("if a:\n        import os\n    return os.x", "if a:\n        import os\n    return y"),
    ],
)
def test_dropping_from_functions(body: str, after: str | None) -> None:
    text = f"import a\n\n\ndef f():\n    {body}\n\n\ndef g():\n    import os\n    return os\n"
    after = after or "import sys\n    from os import path\n    return y"
    start = text.index("os.x")
    expected = f"import a\n\n\ndef f():\n    {after}\n\n\ndef g():\n    import os\n    return os\n"
    edits = (Edit(PATH, start, start + 4, "y"),)
    placed = place(parse(text), edits, (), [DropsImport(PATH, "os")])
    assert apply(text, [*placed, *edits]) == expected


def test_nothing_is_dropped_from_a_package() -> None:
    source = "from .user import User\n"
    assert fixed(source, drops="User", path="/srv/app/models/__init__.py") == source


def test_uses_are_those_after_the_edits() -> None:
    source = "from m import a, b\nx = a\n"
    edit = Edit(PATH, source.rindex("a"), source.rindex("a") + 1, "c(b)")
    assert fixed(source, drops="a b", edits=(edit,)) == "from m import b\nx = c(b)\n"


@pytest.mark.parametrize(
    ("use", "moves"),
    [("x: 'User'", True), ("x: list['User | None']", True), ("x: User", False), ("x: 'User' = User", False)],
)
def test_a_guarded_drop_moves_what_quoted_annotations_use(use: str, moves: bool) -> None:
    source = parse(f"from app.user import Post, User\n\n{use}\ny = Post\n")
    edits = place(source, (), (), [DropsImport(PATH, "User", guard=True)])
    guarded = "if TYPE_CHECKING:\n    from app.user import User\n" in apply(source.text, edits)
    assert guarded is moves
    assert bool(edits) is moves


def test_an_import_comes_into_the_place_of_a_group_that_goes() -> None:
    before = "from os import path\nfrom uuid import uuid4\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"
    need = NeedsImport(PATH, "re", "compile")
    after = fixed(before, need, drops="path uuid4")
    assert after == "from re import compile\n\nfrom fastapi import FastAPI\n\napp = FastAPI()\n"


def test_packages_of_the_application_are_first_party_in_its_tests() -> None:
    source = "from fastapi.testclient import TestClient\n\nfrom app.main import app\n\napp\n"
    draft = parse(source, "/srv/tests/test_post.py")
    module = Module(draft.path, source, draft.outline, "tests.test_post", first_party=frozenset(["app", "tests"]))
    needs = [NeedsImport(draft.path, "httpx", "AsyncClient"), NeedsImport(draft.path, "tests.posts", "make_post")]
    after = apply(source, place(module, (), needs, [DropsImport(draft.path, "TestClient")]))
    assert after == (
        "from httpx import AsyncClient\n\nfrom app.main import app\nfrom tests.posts import make_post\n\napp\n"
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from app.user import User\n\n\n", "from typing import TYPE_CHECKING\n\n{}\n\n"),
        ("import os\n\nfrom app.user import User\n\n\n", "import os\nfrom typing import TYPE_CHECKING\n\n{}\n\n"),
        (
            "from app.user import User\n\nfrom .post import Post\n\n\n",
            "from typing import TYPE_CHECKING\n\nfrom .post import Post\n\n{}\n\n",
        ),
    ],
)
def test_groups_that_go_leave_no_blank_lines(before: str, after: str) -> None:
    use = "def f(user: 'User'):\n    return os, Post\n"
    edits = place(parse(before + use), (), (), [DropsImport(PATH, "User", guard=True)])
    guarded = "if TYPE_CHECKING:\n    from app.user import User\n"
    assert apply(before + use, edits) == after.format(guarded) + use


def test_a_need_and_a_drop_of_one_name_exchange_the_import() -> None:
    source = "from pydantic import BaseModel, BaseSettings\nclass S(BaseSettings, BaseModel): ...\n"
    assert fixed(source, need("pydantic_settings", "BaseSettings"), drops="BaseSettings") == (
        "from pydantic import BaseModel\nfrom pydantic_settings import BaseSettings\n"
        "class S(BaseSettings, BaseModel): ...\n"
    )


# --- generated -------------------------------------------------------------------------------------

MODULES = ["os", "re", "uuid", "fastapi", "pydantic", "sqlalchemy", "sqlalchemy.orm", "app.core", "app.db"]
NAMES = ["ALPHA", "BETA", "Cat", "Dog", "eel", "fox", "gnu"]


@st.composite
def imports(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    """A sorted import block in a random style, and what it imports; names are made unique with their module."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    chosen = draw(st.lists(st.sampled_from(MODULES), unique=True, max_size=5))
    chosen.sort(key=MODULES.index)
    found: list[tuple[str, str]] = []
    groups: dict[int, list[str]] = {}
    for module in chosen:
        own = draw(st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=4))
        own.sort(key=NAMES.index)
        names = [unique(module, name) for name in own]
        found += [(module, name) for name in names]
        style = draw(st.sampled_from(["plain", "one-line", "block"]))
        if style == "plain":
            statement = f"from {module} import {', '.join(names)}"
        elif style == "one-line":
            statement = f"from {module} import ({', '.join(names)})"
        else:
            comma = draw(st.sampled_from([",", ""]))
            statement = f"from {module} import ({end}    " + f",{end}    ".join(names) + f"{comma}{end})"
        section = 0 if module in ("os", "re", "uuid") else 2 if module.startswith("app") else 1
        groups.setdefault(section, []).append(statement)
    blocks = [end.join(groups[key]) + end for key in sorted(groups)]
    head = draw(st.sampled_from(["", f'"""Doc."""{end}{end}', f"# Comment{end}{end}"]))
    tail = f"{end}{end}def f():{end}    return 1  # end{end}"
    return head + end.join(blocks) + (tail if blocks or not head else tail.removeprefix(end)), found


def unique(module: str, name: str) -> str:
    tag = module.replace(".", "")
    return name + (tag.upper() if name.isupper() else tag)


def imported(text: str) -> set[tuple[str, str]]:
    return {
        (node.module or "", alias.name)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


wanted = st.lists(
    st.builds(lambda m, n: (m, unique(m, n)), st.sampled_from(MODULES), st.sampled_from(NAMES)),
    unique=True,
    max_size=5,
)


def without_imports(text: str) -> list[str]:
    tree = ast.parse(text)
    inside = {
        row
        for node in ast.walk(tree)
        if isinstance(node, (ast.ImportFrom, ast.Import))
        for row in range(node.lineno, (node.end_lineno or 0) + 1)
    }
    return [line for row, line in enumerate(text.splitlines(), 1) if row not in inside and line.strip()]


@settings(max_examples=60, deadline=None)
@given(imports(), wanted)
def test_adding_imports_exactly_what_is_needed(
    block: tuple[str, list[tuple[str, str]]], extra: list[tuple[str, str]]
) -> None:
    source, found = block
    after = fixed(source, *(need(module, name) for module, name in extra))
    assert imported(after) == {*found, *extra}
    assert without_imports(after) == without_imports(source)
    assert ("\r\n" in after) == ("\r\n" in source)
    assert after.replace("\r\n", "").count("\r") == 0
    if "\r\n" in source:
        assert "\n" not in after.replace("\r\n", "")
    assert after.endswith(source[source.index("def f") :])


@settings(max_examples=60, deadline=None)
@given(imports(), st.data())
def test_dropping_takes_exactly_what_is_unused(block: tuple[str, list[tuple[str, str]]], data: st.DataObject) -> None:
    source, found = block
    if not found:
        return
    gone = data.draw(st.lists(st.sampled_from(found), unique=True))
    used = data.draw(st.lists(st.sampled_from(found), unique=True))
    source += "".join(f"print({name})\n" for _, name in used)
    after = fixed(source, drops=" ".join(name for _, name in gone))
    assert imported(after) == set(found) - (set(gone) - set(used))
    assert without_imports(after) == without_imports(source)


@settings(max_examples=60, deadline=None)
@given(imports(), wanted, st.data())
def test_adding_and_dropping_at_once(
    block: tuple[str, list[tuple[str, str]]], extra: list[tuple[str, str]], data: st.DataObject
) -> None:
    source, found = block
    gone = data.draw(st.lists(st.sampled_from(found), unique=True)) if found else []
    after = apply(
        source,
        place(
            parse(source),
            (),
            [need(module, name) for module, name in extra],
            [DropsImport(PATH, name) for _, name in gone],
        ),
    )
    assert imported(after) == (set(found) - set(gone)) | set(extra)
    assert without_imports(after) == without_imports(source)


def ruff(folder: Path, *options: str) -> list[dict[str, str]]:
    known = ["--line-length", "120", "--config", "lint.isort.known-first-party=['app']"]
    command = [Path(sys.executable).with_name("ruff"), "check", "--isolated", "--no-cache", "--quiet", *options, *known]
    done = subprocess.run([*command, "--output-format", "json", folder], capture_output=True, text=True, check=False)
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


@settings(max_examples=3, deadline=None, phases=[Phase.generate])
@given(st.lists(st.tuples(imports(), wanted, st.sets(st.integers(0, 20)), st.booleans()), min_size=20, max_size=20))
def test_ruff_finds_sorted_blocks_sorted(
    cases: list[tuple[tuple[str, list[tuple[str, str]]], list[tuple[str, str]], set[int], bool]],
) -> None:
    """Some of the names go, and the first that comes may be for type checkers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, ((source, _), *_) in enumerate(cases):
            (folder / f"m{number}.py").write_text(source.replace("\r\n", "\n"))
        ruff(folder, "--select", "I", "--fix")  # what ruff itself would write, to start from
        before = [(folder / f"m{number}.py").read_text() for number in range(len(cases))]
        for number, ((_, found), extra, gone, guarded) in enumerate(cases):
            needs = [need(m, n, type_checking=guarded and not i) for i, (m, n) in enumerate(extra)]
            drops = [DropsImport(PATH, name) for i, (_, name) in enumerate(found) if i in gone]
            after = apply(before[number], place(parse(before[number]), (), needs, drops))
            (folder / f"m{number}.py").write_text(after)
        for message in ruff(folder, "--select", "I,F811,F404,E402"):
            path = Path(message["filename"])
            pytest.fail(f"{message['message']}\n{before[int(path.stem[1:])]}\n→\n{path.read_text()}")


def test_offsets_of_aliases_are_those_of_the_text() -> None:
    source = "from a import (\n    b as c,  # d\n    e,\n)\n"
    statement = parse(source).outline.body[0]
    assert isinstance(statement, o.ImportFrom)
    assert [source[alias.start : alias.end] for alias in statement.names] == ["b as c", "e"]
