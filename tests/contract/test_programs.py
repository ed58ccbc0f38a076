"""Small synchronous programs: converted, they print what they printed before; or they stay, and the reason says why."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from programs import CONVERTED, DATABASE, HEAD, MODELS, REFUSED
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from fapi_lint.testing import findings, fixed

pytest.importorskip("aiosqlite")
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("error:coroutine:RuntimeWarning"),
]

CODES = ["FAPI501", "FAPI502", "FAPI503", "FAPI504", "FAPI505"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What a program prints, and what is in its database then."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def execute(files: Mapping[str, str], name: str) -> str:
        folder = tmp_path / name
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        monkeypatch.chdir(folder)
        monkeypatch.syspath_prepend(str(folder))
        _forget()
        database, models = create_engine("sqlite:///data.db"), importlib.import_module("app.models")
        models.Base.metadata.create_all(database)
        _fill(database, models)
        output = io.StringIO()
        with contextlib.redirect_stdout(output):
            result = importlib.import_module("app.work").main()
            engine = importlib.import_module("app.db").engine
            if inspect.iscoroutine(result):
                asyncio.run(_finish(result, engine))
            elif not inspect.iscoroutinefunction(engine.dispose):
                engine.dispose()
        with database.connect() as connection:
            for table in models.Base.metadata.sorted_tables:
                print(table.name, sorted(map(tuple, connection.execute(table.select()))), file=output)
        database.dispose()
        return output.getvalue()

    yield execute
    _forget()


def _fill(database: Engine, models: Any) -> None:
    with Session(database) as db:
        tags = [models.Tag(id=i, name=name) for i, name in enumerate("xyz", 1)]
        users = [models.User(id=i, name="abcab"[i - 1], age=[30, 20, None, 40, 20][i - 1]) for i in range(1, 6)]
        posts = [
            models.Post(id=i, title=f"p{i}", views=i * 3 % 7, author=users[i % 3], tags=tags[: i % 4])
            for i in range(1, 9)
        ]
        db.add_all([*tags, *users, *posts])
        db.commit()


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
        del sys.modules[name]


async def _finish(result: Any, engine: Any) -> None:
    try:
        await result
    finally:
        await engine.dispose()


def files(code: str, models: str) -> dict[str, str]:
    return {"app/__init__.py": "", "app/db.py": DATABASE, "app/models.py": MODELS + models, "app/work.py": HEAD + code}


@pytest.mark.parametrize("name", CONVERTED)
def test_what_is_converted_does_the_same(run: Any, name: str) -> None:
    code, models = CONVERTED[name]
    before = files(code, models)
    printed = run(before, "before")
    after = fixed(before, CODES, unsafe=True)
    assert "create_async_engine" in after["app/db.py"], findings(after, CODES)
    assert run(after, "after") == printed, after["app/work.py"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_does_the_same(run: Any, name: str) -> None:
    reason, code, models = REFUSED[name]
    before = files(code, models)
    printed = run(before, "before")
    after = fixed(before, CODES, unsafe=True)
    assert after["app/db.py"] == DATABASE
    assert any(reason in finding.message for finding in findings(after, CODES))
    assert run(after, "after") == printed, after["app/work.py"]
