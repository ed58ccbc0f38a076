"""`fapi-lint server`, as an editor sees it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from editor import Editor, connected
from lsprotocol import types

from fapi_lint.cli import main

USER = """\
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import Base


class User(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
"""
POST = """\
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import Base


class Post(Base):
    __tablename__ = "posts"

    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    author: Mapped["User"] = relationship(doc="\U0001f600", backref="posts")
"""
PAIRED = POST.replace('backref="posts"', 'back_populates="posts"')
ROW = POST.splitlines().index('    author: Mapped["User"] = relationship(doc="\U0001f600", backref="posts")')
LIMITS = "LIMIT = 10  # noqa: FAPI205\n"
FILES = {
    "fapi-lint.toml": 'select = ["FAPI000", "FAPI001", "FAPI205"]\n',
    "app/__init__.py": "",
    "app/models/__init__.py": "",
    "app/models/base.py": "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
    "app/models/user.py": USER,
    "app/models/post.py": POST,
    "app/limits.py": LIMITS,
}


@pytest.fixture
def app(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def in_editor(app: Path, session: Callable[[Editor], Awaitable[None]]) -> None:
    async def run() -> None:
        async with connected(app) as editor:
            await session(editor)

    asyncio.run(run())


def codes(diagnostics: list[types.Diagnostic]) -> list[str | int | None]:
    return [diagnostic.code for diagnostic in diagnostics]


def test_findings_of_an_open_file_are_diagnostics_in_the_units_of_the_editor(app: Path) -> None:
    async def session(editor: Editor) -> None:
        editor.open(app / "app/models/post.py")
        (found,) = await editor.diagnostics(app / "app/models/post.py")
        line = POST.splitlines()[ROW]
        column = line.index("backref") + 1  # The smiley before it is two units of UTF-16.
        assert found.range.start == types.Position(ROW, column)
        assert found.range.end == types.Position(ROW, column + len('backref="posts"'))
        assert found.code == "FAPI205"
        assert found.code_description is not None
        assert found.code_description.href.endswith("/rules/backref/")
        assert found.severity is types.DiagnosticSeverity.Warning
        assert found.source == "fapi-lint"

    in_editor(app, session)


def test_a_fix_changes_the_files_that_it_has_to_open_or_not(app: Path) -> None:
    async def session(editor: Editor) -> None:
        post, user = app / "app/models/post.py", app / "app/models/user.py"
        editor.open(post)
        await editor.diagnostics(post)
        assert await editor.actions(post, ROW - 1) == []
        action, _ = await editor.actions(post, ROW)
        assert action.title == "FAPI205: Write User.posts out, and name it with back_populates"
        assert action.kind == types.CodeActionKind.QuickFix
        assert action.is_preferred
        assert action.diagnostics is not None
        assert codes(list(action.diagnostics)) == ["FAPI205"]
        texts = editor.applied(action)
        assert texts[post] == PAIRED
        assert 'posts: Mapped[list["Post"]] = relationship(back_populates="author")' in texts[user]
        editor.edit(post, texts[post])
        assert await editor.diagnostics(post) == []

    in_editor(app, session)


def test_a_finding_can_be_suppressed_where_it_is(app: Path) -> None:
    async def session(editor: Editor) -> None:
        post = app / "app/models/post.py"
        editor.open(post, POST.replace("__tablename__", "# \U0001f600\r\n    __tablename__"))
        await editor.diagnostics(post)
        _, action = await editor.actions(post, ROW + 1)
        assert action.title == "FAPI205: Suppress it here with a comment"
        assert action.edit is None
        text = editor.applied(await editor.resolved(action))[post]
        assert text == editor.texts[post].replace('backref="posts")', 'backref="posts")  # noqa: FAPI205')
        editor.edit(post, text)
        assert await editor.diagnostics(post) == []
        assert (await editor.resolved(action)).edit is None, "there is nothing to suppress any more"

    in_editor(app, session)


def test_what_is_not_saved_counts_for_other_files_too(app: Path) -> None:
    async def session(editor: Editor) -> None:
        post, base = app / "app/models/post.py", app / "app/models/base.py"
        editor.open(post)
        assert codes(await editor.diagnostics(post)) == ["FAPI205"]
        editor.open(base)
        editor.edit(base, "class Base:\n    pass\n")  # Nothing is mapped any more.
        while codes(await editor.diagnostics(post)):
            pass
        editor.close(base)
        assert codes(await editor.diagnostics(post)) == ["FAPI205"], "as it is on the disk"

    in_editor(app, session)


def test_a_file_that_does_not_parse_is_one_error(app: Path) -> None:
    async def session(editor: Editor) -> None:
        post = app / "app/models/post.py"
        editor.open(post, POST + "def\n")
        (found,) = await editor.diagnostics(post)
        assert (found.code, found.severity) == ("FAPI000", types.DiagnosticSeverity.Error)
        assert found.range.start.line == len(POST.splitlines())
        editor.edit(post, POST)
        assert codes(await editor.diagnostics(post)) == ["FAPI205"]

    in_editor(app, session)


@pytest.mark.parametrize("text", ["# coding: nonsense\n", "# coding: latin-1\nX = '\u20ac'\n", "X = '\0'\n"])
def test_a_text_that_cannot_be_saved_as_it_says_is_told(app: Path, text: str) -> None:
    async def session(editor: Editor) -> None:
        editor.open(app / "app/limits.py", text)
        assert all(code == "FAPI000" for code in codes(await editor.diagnostics(app / "app/limits.py")))
        editor.edit(app / "app/limits.py", LIMITS)
        assert codes(await editor.diagnostics(app / "app/limits.py")) == ["FAPI001"]

    in_editor(app, session)


def test_all_safe_fixes_of_a_file_are_one_action_on_request(app: Path) -> None:
    async def session(editor: Editor) -> None:
        limits = app / "app/limits.py"
        editor.open(limits, LIMITS + "# \U0001f600\nMORE = 1  # noqa: FAPI205\nLAST = 2\n")
        assert codes(await editor.diagnostics(limits)) == ["FAPI001", "FAPI001"]
        (action,) = await editor.actions(limits, 0, "source.fixAll")
        assert action.kind == "source.fixAll.fapi-lint"
        assert editor.applied(action) == {limits: "LIMIT = 10\n# \U0001f600\nMORE = 1\nLAST = 2\n"}
        assert [each.kind for each in await editor.actions(limits, 0)] == [types.CodeActionKind.QuickFix]
        assert await editor.actions(limits, 0, "source.organizeImports") == []

    in_editor(app, session)


def test_fixes_that_touch_other_files_are_left_out_of_all(app: Path) -> None:
    async def session(editor: Editor) -> None:
        post = app / "app/models/post.py"
        editor.open(post)
        editor.open(app / "app/models/user.py")
        assert await editor.actions(post, ROW, "source.fixAll.fapi-lint") == []

    in_editor(app, session)


def test_a_configuration_that_cannot_be_used_is_told_once_until_it_is_mended(app: Path) -> None:
    async def session(editor: Editor) -> None:
        post, settings = app / "app/models/post.py", app / "fapi-lint.toml"
        settings.write_text('selct = ["FAPI205"]\n', encoding="utf-8")
        editor.open(post)
        assert await editor.diagnostics(post) == []
        assert 'did you mean "select"?' in await editor.message()
        assert editor.watched == [types.WORKSPACE_DID_CHANGE_WATCHED_FILES]
        editor.edit(post, f"{POST}\n")
        assert await editor.diagnostics(post) == []
        settings.write_text(FILES["fapi-lint.toml"], encoding="utf-8")
        editor.changed_on_disk(settings)
        assert codes(await editor.diagnostics(post)) == ["FAPI205"]
        settings.write_text("select = 1\n", encoding="utf-8")
        editor.changed_on_disk(settings)
        assert await editor.diagnostics(post) == []
        assert "select" in await editor.message(), "the next message, and not the first one again"

    in_editor(app, session)


def test_files_that_are_excluded_or_closed_have_no_findings(app: Path) -> None:
    async def session(editor: Editor) -> None:
        (app / "fapi-lint.toml").write_text(f'{FILES["fapi-lint.toml"]}exclude = ["limits.py"]\n', encoding="utf-8")
        limits, post = app / "app/limits.py", app / "app/models/post.py"
        editor.open(limits)
        editor.open(post)
        assert await editor.diagnostics(limits) == []
        assert codes(await editor.diagnostics(post)) == ["FAPI205"]
        editor.close(post)
        assert await editor.diagnostics(post) == []

    in_editor(app, session)


def test_without_pygls_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pygls", None)
    with pytest.raises(SystemExit) as exit_:
        main(["server"])
    assert exit_.value.code == 2
    assert "pip install 'pygls>=2'" in capsys.readouterr().err
