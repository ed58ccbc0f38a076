"""Comments under posts."""

from __future__ import annotations

import pytest
from api import Api

KEYS = {"id", "body", "post_id", "author", "created_at", "updated_at"}


def test_a_comment_knows_its_post_and_its_author(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    post = ann.write_post()
    comment = bob.comment_on(post, "Nice")
    assert set(comment) == KEYS
    assert (comment["body"], comment["post_id"]) == ("Nice", post["id"])
    assert comment["author"] == bob.user


def test_comments_are_listed_from_the_oldest(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    post = ann.write_post()
    comments = [bob.comment_on(post), ann.comment_on(post, "Thanks"), bob.comment_on(post, "Bye")]
    assert api.get(f"/posts/{post['id']}/comments") == comments


def test_comments_of_other_posts_are_not_listed(api: Api) -> None:
    ann = api.sign_up()
    post, other = ann.write_post(), ann.write_post()
    ann.comment_on(other)
    assert api.get(f"/posts/{post['id']}/comments") == []


def test_commenting_needs_a_token(api: Api) -> None:
    path = f"/posts/{api.sign_up().write_post()['id']}/comments"
    assert api.refused("POST", path, 401, {"body": "Nice"}) == "Not authenticated"
    assert api.get(path) == []


def test_comments_of_an_unknown_post(api: Api) -> None:
    ann = api.sign_up()
    post = ann.write_post()
    ann.delete(f"/posts/{post['id']}")
    detail = f"Post {post['id']} not found"
    assert api.refused("GET", f"/posts/{post['id']}/comments", 404) == detail
    assert ann.refused("POST", f"/posts/{post['id']}/comments", 404, {"body": "Nice"}) == detail


@pytest.mark.parametrize("body", ["", "x" * 1001, None], ids=["empty", "long", "null"])
def test_a_comment_has_between_1_and_1000_characters(api: Api, body: str | None) -> None:
    ann = api.sign_up()
    (error,) = ann.refused("POST", f"/posts/{ann.write_post()['id']}/comments", 422, {"body": body})
    assert error["loc"] == ["body", "body"]


def test_the_longest_comment_comes_back_whole(api: Api) -> None:
    ann = api.sign_up()
    post, body = ann.write_post(), "é" * 1000
    assert ann.comment_on(post, body)["body"] == body
    assert api.get(f"/posts/{post['id']}/comments")[0]["body"] == body


def test_only_who_wrote_a_comment_deletes_it(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    post = ann.write_post()
    path = f"/comments/{bob.comment_on(post)['id']}"
    assert api.refused("DELETE", path, 401) == "Not authenticated"
    assert ann.refused("DELETE", path, 403) == "Not your comment"
    bob.delete(path)
    assert api.get(f"/posts/{post['id']}/comments") == []


def test_a_comment_is_deleted_once(api: Api) -> None:
    ann = api.sign_up()
    comment = ann.comment_on(ann.write_post())
    ann.delete(f"/comments/{comment['id']}")
    assert ann.refused("DELETE", f"/comments/{comment['id']}", 404) == f"Comment {comment['id']} not found"


def test_the_other_comments_stay(api: Api) -> None:
    ann = api.sign_up()
    post = ann.write_post()
    first, second, third = (ann.comment_on(post, body) for body in ("a", "b", "c"))
    ann.delete(f"/comments/{second['id']}")
    assert api.get(f"/posts/{post['id']}/comments") == [first, third]


def test_a_comment_shows_what_its_author_is_called_now(api: Api) -> None:
    ann = api.sign_up()
    post = ann.write_post()
    ann.comment_on(post)
    changed = ann.put(ann.path, {"full_name": "Anna"})
    assert api.get(f"/posts/{post['id']}/comments")[0]["author"] == changed
