from __future__ import annotations

import textwrap

import pytest

from fapi_lint.project.path_match import may_meet
from fapi_lint.testing import findings, fixed

PATH = "app/api/tags.py"
HEAD = "from fastapi import APIRouter, Depends\n\nrouter = APIRouter()\n\n\n"
ONE = '@router.get("/tags/{tag_id}")\ndef get_tag(tag_id): ...\n'
MANY = '@router.get("/tags")\ndef get_tags(): ...\n'
CREATE = '@router.post("/tags")\ndef create_tag(): ...\n'
UPDATE = '@router.put("/tags/{tag_id}")\ndef update_tag(tag_id): ...\n'
DELETE = '@router.delete("/tags/{tag_id}")\ndef delete_tag(tag_id): ...\n'


def files(*blocks: str) -> dict[str, str]:
    return {PATH: HEAD + "\n\n".join(blocks)}


def late(*blocks: str) -> list[str]:
    return [f.message.split("`")[1] for f in findings(files(*blocks), "FAPI105")]


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ([ONE, MANY, CREATE, UPDATE, DELETE], []),
        ([ONE, CREATE, DELETE], []),
        ([MANY, ONE, CREATE], ["get_tag"]),
        ([ONE, CREATE, MANY, UPDATE], ["get_tags"]),
        ([DELETE, UPDATE, CREATE], ["update_tag"]),
        ([ONE, '@router.get("/health")\ndef health(): ...\n', MANY], []),
        ([DELETE.replace("tag", "user"), ONE, MANY], []),  # another resource
        ([MANY, ONE.replace("router", "other")], []),  # another router
    ],
)
def test_order(blocks: list[str], expected: list[str]) -> None:
    blocks = ["other = APIRouter()\n", *blocks, '@other.get("/users/{user_id}")\ndef get_user(user_id): ...\n']
    assert late(*blocks) == expected


def test_routes_of_other_routers_do_not_hinder() -> None:
    other = 'admin = APIRouter(prefix=PREFIX)\n\n\n@admin.get("/{path:path}")\ndef serve(path: str): ...\n'
    (found,) = findings(files(MANY, other, ONE), "FAPI105")
    assert found.fix is not None


def test_the_message_tells_the_order() -> None:
    (found,) = findings(files(MANY, ONE), "FAPI105")
    assert found.message.startswith(
        "Handler `get_tag` (one) comes after `get_tags` (many): one, many, create, update, delete"
    )


def test_blocks_take_each_others_places() -> None:
    after = fixed(files("# Everybody.\n" + MANY, "LIMIT = 10\n", CREATE, "# Only one.\n" + ONE), "FAPI105")
    assert after[PATH] == HEAD + "\n\n".join(["# Only one.\n" + ONE, "LIMIT = 10\n", "# Everybody.\n" + MANY, CREATE])


def test_bodies_keep_their_comments_and_the_last_line_its_end() -> None:
    many = '@router.get("/tags")\nasync def get_tags():  # all\n    return []\n    # Nothing more.\n'
    after = fixed({PATH: HEAD + many + "\n\n" + ONE.rstrip("\n")}, "FAPI105")
    assert after[PATH] == HEAD + ONE + "\n\n" + many.rstrip("\n")


def test_methods_of_a_controller() -> None:
    text = HEAD + "class Tags:\n" + textwrap.indent("# All.\n" + MANY + "\n" + ONE, "    ")
    after = fixed({PATH: text}, "FAPI105")
    assert after[PATH] == HEAD + "class Tags:\n" + textwrap.indent(ONE + "\n# All.\n" + MANY, "    ")


@pytest.mark.parametrize(
    ("blocks", "reason"),
    [
        ([MANY, '@router.get("/tags/search")\ndef search(): ...\n', ONE], "may match the same request"),
        ([MANY, "# ---- one ----\n", ONE], "section"),
        ([MANY, "# Only one.\n\n" + ONE], "section"),
        ([MANY, "def found(tag_id): ...\n", ONE.replace("tag_id)", "tag_id=Depends(found))")], "`found` would be used"),
        ([MANY, "handlers = [get_tags]\n", ONE], "`get_tags` would be used"),
        ([MANY, "Id = int\n", ONE.replace("(tag_id)", '(tag_id: "Id")')], "`Id` would be used"),
        ([MANY, "router.include_router(APIRouter())\n", ONE], "a router is included"),
        (["if True:\n    " + MANY.replace("\n", "\n    ") + "\n", ONE], "defined unconditionally"),
    ],
)
def test_what_is_not_moved(blocks: list[str], reason: str) -> None:
    (found,) = findings(files(*blocks), "FAPI105")
    assert found.fix is None
    assert reason in found.message


def test_routes_that_cannot_meet_do_not_hinder() -> None:
    between = '@router.post("/tags/search")\ndef search(): ...\n\n\n@router.get("/tags/{a}/{b}")\ndef pair(a, b): ...\n'
    (found,) = findings(files(MANY, between, ONE), "FAPI105")
    assert found.fix is not None


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("/users", "/users", True),
        ("/users", "/users/", False),
        ("/users/{id}", "/users/me", True),
        ("/users/{id:int}", "/users/me", False),
        ("/users/{id:int}", "/users/7", True),
        ("/users/{id:uuid}", "/users/search", False),
        ("/users/{id}", "/users/", False),
        ("/users/{id}", "/users/{id}/posts", False),
        ("/{a}/posts", "/users/{b}", True),
        ("/files/{name:path}", "/files/a/b", True),
        ("…/users", "/posts", True),
        ("/{name}:copy", "/users", True),
    ],
)
def test_paths(one: str, other: str, expected: bool) -> None:
    assert may_meet(one, other) is may_meet(other, one) is expected


def test_tests_are_left_alone() -> None:
    assert findings({"tests/app.py": HEAD + MANY + "\n\n" + ONE}, "FAPI105") == []
