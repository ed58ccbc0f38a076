"""Lines that fixes made too long."""

from __future__ import annotations

import pytest

from fapi_lint.fix.lines import fitted, line_length
from fapi_lint.testing import application

CASES = [
    (
        "    raise HTTPException(status_code=status.HTTP_404_NOT_FOUND, detail='There is none')\n",
        "    raise HTTPException(\n        status_code=status.HTTP_404_NOT_FOUND, detail='There is none'\n    )\n",
    ),
    (
        "async def get_posts(db: AsyncSession, first: int = 0, *, last: int = 10) -> dict[str, list[Post]]:\n"
        "    pass\n",
        "async def get_posts(\n    db: AsyncSession, first: int = 0, *, last: int = 10\n) -> dict[str, list[Post]]:\n"
        "    pass\n",
    ),
    (
        "def get(db: Session, first: int = 0, last: int = 100, tag: str | None = None, author: int = 1): ...\n",
        "def get(\n    db: Session,\n    first: int = 0,\n    last: int = 100,\n    tag: str | None = None,\n"
        "    author: int = 1,\n): ...\n",
    ),
    (
        "return [Post.model_validate(post) for post in (await db.scalars(select(Post))).all() if post]\n",
        "return [\n    Post.model_validate(post)\n    for post in (await db.scalars(select(Post))).all()\n"
        "    if post\n]\n",
    ),
    (
        "post = (await db.scalars(select(Post).where(Post.id == key).options(selectinload(Post.author)))).first()\n",
        "post = (\n    await db.scalars(\n        select(Post)\n        .where(Post.id == key)\n"
        "        .options(selectinload(Post.author))\n    )\n).first()\n",
    ),
    (
        "return await page(db, query.order_by(Post.id).options(\n"
        "    selectinload(Post.author), selectinload(Post.tags)\n"
        "), number, size, how_many_there_are_on_a_page=10, whether_to_count=True)\n",
        "return await page(\n    db,\n    query.order_by(Post.id).options(\n        selectinload(Post.author),"
        " selectinload(Post.tags)\n    ),\n    number,\n    size,\n    how_many_there_are_on_a_page=10,\n"
        "    whether_to_count=True,\n)\n",
    ),
]


@pytest.mark.parametrize(("text", "after"), CASES)
def test_long_lines_are_broken(text: str, after: str) -> None:
    limit = 70
    assert fitted("", f"x = 1\n{text}y = 2\n", limit) == f"x = 1\n{after}y = 2\n"
    assert fitted("", after, limit) == after


@pytest.mark.parametrize(
    "text",
    [
        "call(" + "a" * 40 + ", " + "b" * 40 + ")  # why\n",
        'call("' + "a" * 80 + '")\n'.replace("(", "").replace(")", ""),
        "call(lambda a, b: " + "a" * 60 + ")\n",
        "name = " + "a" * 90 + "\n",
        "return call(" + "a" * 40 + "), " + "b" * 40 + "\n",
        "call('''\n" + "a" * 90 + "''')\n",
        "broken(" + "a" * 90 + ", b\n",
    ],
)
def test_what_stays_as_it_is(text: str) -> None:
    assert fitted("", text, 70) == text


def test_only_what_has_changed() -> None:
    text = "call(" + "a" * 40 + ", " + "b" * 40 + ")\n"
    assert fitted(text, text + "x = 1\n", 70) == text + "x = 1\n"


def test_the_length_that_is_configured() -> None:
    assert line_length(application({"a.py": ""})) == 120
    assert line_length(application({"a.py": "", "pyproject.toml": "[tool.ruff]\nline-length = 100\n"})) == 100
