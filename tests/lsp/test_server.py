"""`fapi-lint server`, as an editor sees it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from editor import Editor, connected
from lsprotocol import types

from fapi_lint.cli import main
from fapi_lint.lsp.progress import LongCheck

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


def in_editor(app: Path, session: Callable[[Editor], Awaitable[None]], *can: types.ClientCapabilities) -> None:
    async def run() -> None:
        async with connected(app, *can) as editor:
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
        assert action.title == "FAPI205: Write `User.posts` out, and name it with `back_populates`"
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


def test_a_misspelt_suppression_is_told_where_it_is(app: Path) -> None:
    async def session(editor: Editor) -> None:
        editor.open(app / "app/limits.py", "LIMIT = 10  # noqa: fapi205\n")
        (found,) = await editor.diagnostics(app / "app/limits.py")
        assert found.message == "`# noqa: fapi205` suppresses nothing: write `# noqa: FAPI205`"
        assert found.range == types.Range(types.Position(0, 0), types.Position(0, 27))

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


def test_a_broken_configuration_silences_its_own_application_only(
    app: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    other = tmp_path_factory.mktemp("other")
    (other / "fapi-lint.toml").write_text('select = ["FAPI001"]\n', encoding="utf-8")
    (other / "limits.py").write_text(LIMITS.replace("FAPI205", "FAPI999"), encoding="utf-8")

    async def session(editor: Editor) -> None:
        inside, outside = app / "app/limits.py", other / "limits.py"
        editor.open(inside)
        assert codes(await editor.diagnostics(inside)) == ["FAPI001"]
        editor.open(outside)
        assert codes(await editor.diagnostics(outside)) == ["FAPI001"]
        (other / "fapi-lint.toml").write_text("selct = []\n", encoding="utf-8")
        editor.changed_on_disk(other / "fapi-lint.toml")
        while codes(await editor.diagnostics(outside)):
            pass
        assert str(other / "fapi-lint.toml") in await editor.message()
        editor.edit(inside, f"{LIMITS}MORE = 1\n")
        assert codes(await editor.diagnostics(inside)) == ["FAPI001"]

    in_editor(app, session)


def test_a_file_is_renamed_only_by_editors_that_can(app: Path) -> None:
    (app / "fapi-lint.toml").write_text('select = ["FAPI102"]\n', encoding="utf-8")
    users = app / "app/models/users.py"
    users.write_text(USER, encoding="utf-8")
    (app / "app/models/user.py").unlink()

    async def with_renames(editor: Editor) -> None:
        editor.open(users)
        assert codes(await editor.diagnostics(users)) == ["FAPI102"]
        action, _ = await editor.actions(users, 0)
        assert action.edit is not None
        assert action.edit.document_changes is not None
        renamed = action.edit.document_changes[-1]
        assert isinstance(renamed, types.RenameFile)
        assert (renamed.old_uri, renamed.new_uri) == (users.as_uri(), (app / "app/models/user.py").as_uri())

    async def without(editor: Editor) -> None:
        editor.open(users)
        assert codes(await editor.diagnostics(users)) == ["FAPI102"]
        assert await editor.actions(users, 0) == []

    in_editor(app, with_renames)
    in_editor(app, without, types.ClientCapabilities())


def test_files_that_come_and_go(app: Path) -> None:
    async def session(editor: Editor) -> None:
        post, user, new = (app / f"app/models/{name}.py" for name in ("post", "user", "comment"))
        editor.open(post)
        assert [f.code for f in await editor.diagnostics(post)] == ["FAPI205"]
        assert len(await editor.actions(post, ROW)) == 2, "a fix and a suppression"
        user.unlink()
        editor.changed_on_disk(user)
        (found,) = await editor.diagnostics(post)
        assert "(no fix: " in found.message, "nothing is known of the other side any more"
        editor.open(user, USER)  # Not saved.
        assert await editor.diagnostics(user) == []
        (found,) = await editor.diagnostics(post)
        assert "(no fix: " not in found.message
        editor.open(new, POST.replace("Post", "Comment").replace("posts", "comments"))
        assert codes(await editor.diagnostics(new)) == ["FAPI205"], "of a file that is not on the disk yet"

    in_editor(app, session)


def test_no_fix_is_offered_over_a_file_that_has_changed_unseen(app: Path) -> None:
    async def session(editor: Editor) -> None:
        post, user = app / "app/models/post.py", app / "app/models/user.py"
        editor.open(post)
        await editor.diagnostics(post)
        assert "FAPI205: Write `User.posts` out" in (await editor.actions(post, ROW))[0].title
        user.write_text(f"\n\nLIMIT = 1\n{USER}", encoding="utf-8")  # The editor does not tell.
        assert [action.title for action in await editor.actions(post, ROW)] == [
            "FAPI205: Suppress it here with a comment"
        ]
        editor.changed_on_disk(user)
        await editor.diagnostics(post)
        action, _ = await editor.actions(post, ROW)
        assert editor.applied(action)[user].startswith("\n\nLIMIT = 1\nfrom typing import TYPE_CHECKING\n")

    in_editor(app, session)


def test_while_somebody_types_only_the_last_text_is_told_about(app: Path) -> None:
    async def session(editor: Editor) -> None:
        limits = app / "app/limits.py"
        editor.open(limits)
        await editor.diagnostics(limits)
        for number in range(50):
            editor.edit(limits, f"{LIMITS}x = {number}\n" * number)
        assert len(await editor.diagnostics(limits)) == 49
        assert editor.pending(limits) == 0

    in_editor(app, session)


class _Client:
    """What a check sees of a server, and what it shows by it."""

    def __init__(self, *, can: bool = True, answers_after: float = 0.0) -> None:
        self.answers_after = answers_after
        self.answered = False
        self.client_capabilities = types.ClientCapabilities(
            window=types.WindowClientCapabilities(work_done_progress=can)
        )
        self.work_done_progress = self
        self.shown: list[object] = []

    async def create_async(self, token: str) -> None:
        self.shown.append("create")
        if self.answers_after:
            await asyncio.sleep(self.answers_after)
            self.answered = True

    def begin(self, token: str, value: object) -> None:
        self.shown.append(value)

    report = end = begin


def test_a_check_that_takes_long_shows_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LongCheck, "PATIENCE", 0.0)

    async def check(client: _Client) -> list[object]:
        async with LongCheck(client) as progress:  # type: ignore[arg-type]
            for done in (1, 2, 4):
                await asyncio.to_thread(progress, done, 4)
                await asyncio.sleep(0.01)
        await asyncio.sleep(2 * client.answers_after)
        assert client.answered == bool(client.answers_after), "it was not cancelled"
        return client.shown

    assert asyncio.run(check(_Client())) == [
        "create",
        types.WorkDoneProgressBegin("fapi-lint", message="1 of 4 files", percentage=25),
        types.WorkDoneProgressReport(message="2 of 4 files", percentage=50),
        types.WorkDoneProgressReport(message="checking", percentage=100),
        types.WorkDoneProgressEnd(),
    ]
    assert asyncio.run(check(_Client(can=False))) == []
    assert asyncio.run(check(_Client(answers_after=0.1))) == ["create"], "the editor answered when it was over"
    monkeypatch.setattr(LongCheck, "PATIENCE", 60.0)
    assert asyncio.run(check(_Client())) == [], "it was done before anybody had to wait"


def test_the_server_ends_with_its_editor_also_in_the_middle_of_a_check(app: Path) -> None:
    (app / "slow_rules.py").write_text("import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(60)\n")
    (app / "fapi-lint.toml").write_text('plugins = ["slow_rules"]\n')

    async def session(editor: Editor) -> None:
        editor.open(app / "app/limits.py")
        while not (app / "begun").exists():
            await asyncio.sleep(0.05)

    begin = time.monotonic()
    in_editor(app, session)
    assert time.monotonic() - begin < 50


def test_without_pygls_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pygls", None)
    with pytest.raises(SystemExit) as exit_:
        main(["server"])
    assert exit_.value.code == 2
    assert "pip install 'pygls>=2'" in capsys.readouterr().err
