"""Posts and the tags on them."""

from __future__ import annotations

from typing import Any

import pytest
from api import Api, names, unique

KEYS = {"id", "title", "body", "published", "author", "tags", "created_at", "updated_at"}
TAG_KEYS = {"id", "name", "created_at", "updated_at"}


def test_writing_a_post_answers_it_with_its_author(api: Api) -> None:
    ann = api.sign_up()
    post = ann.write_post(title="Hello", body="World", published=True)
    assert set(post) == KEYS
    assert (post["title"], post["body"], post["published"]) == ("Hello", "World", True)
    assert post["author"] == ann.user
    assert api.get(f"/posts/{post['id']}") == post


def test_a_post_is_a_draft_without_tags_unless_it_says_otherwise(api: Api) -> None:
    post = api.sign_up().write_post()
    assert (post["published"], post["tags"]) == (False, [])


def test_writing_needs_a_token(api: Api) -> None:
    assert api.refused("POST", "/posts", 401, {"title": "a", "body": "b"}) == "Not authenticated"


@pytest.mark.parametrize("missing", ["title", "body"])
def test_a_post_needs_a_title_and_a_body(api: Api, missing: str) -> None:
    body = {"title": "a", "body": "b"}
    del body[missing]
    (error,) = api.sign_up().refused("POST", "/posts", 422, body)
    assert (error["type"], error["loc"]) == ("missing", ["body", missing])


@pytest.mark.parametrize("wrong", [{"published": "perhaps"}, {"tags": "news"}, {"title": 1}])
def test_a_post_is_validated(api: Api, wrong: dict[str, Any]) -> None:
    errors = api.sign_up().refused("POST", "/posts", 422, {"title": "a", "body": "b", **wrong})
    assert [error["loc"] for error in errors] == [["body", *wrong]]


def test_tags_are_lower_case_sorted_and_there_once(api: Api) -> None:
    web, news = unique("web"), unique("news")
    post = api.sign_up().write_post(tags=[web, news.title(), news])
    assert names(post["tags"]) == [news, web]
    assert all(set(tag) == TAG_KEYS for tag in post["tags"])


def test_posts_share_their_tags(api: Api) -> None:
    ann, bob, name = api.sign_up(), api.sign_up("bob"), unique("shared")
    first, second = ann.write_post(tags=[name]), bob.write_post(tags=[name.upper()])
    assert first["tags"] == second["tags"]


def test_posts_are_listed_from_the_newest(api: Api) -> None:
    ann = api.sign_up()
    posts = [ann.write_post(title=f"Number {number}") for number in range(3)]
    page = api.get("/posts", limit=3)
    assert set(page) == {"items", "total", "skip", "limit"}
    assert page["items"] == posts[::-1]
    assert (page["skip"], page["limit"]) == (0, 3)


def test_the_total_counts_what_no_page_shows(api: Api) -> None:
    ann = api.sign_up()
    before = api.get("/posts", limit=1)["total"]
    for _ in range(3):
        ann.write_post()
    page = api.get("/posts", limit=1)
    assert (page["total"], len(page["items"])) == (before + 3, 1)


def test_pages_of_posts_do_not_overlap(api: Api) -> None:
    ann, name = api.sign_up(), unique("paged")
    posts = [ann.write_post(title=f"Number {number}", tags=[name]) for number in range(5)]
    pages = [api.get("/posts", tag=name, skip=skip, limit=2) for skip in (0, 2, 4, 6)]
    assert [len(page["items"]) for page in pages] == [2, 2, 1, 0]
    assert [post for page in pages for post in page["items"]] == posts[::-1]
    assert {page["total"] for page in pages} == {5}


def test_posts_by_tag(api: Api) -> None:
    ann, name = api.sign_up(), unique("tag")
    tagged = ann.write_post(tags=[name, unique("other")])
    ann.write_post(tags=[unique("another")])
    assert api.get("/posts", tag=name.upper()) == {"items": [tagged], "total": 1, "skip": 0, "limit": 20}


def test_posts_by_a_tag_that_nobody_uses(api: Api) -> None:
    assert api.get("/posts", tag=unique("unused")) == {"items": [], "total": 0, "skip": 0, "limit": 20}


def test_an_unknown_post(api: Api) -> None:
    ann = api.sign_up()
    path = f"/posts/{ann.write_post()['id']}"
    ann.delete(path)
    detail = f"Post {path.rpartition('/')[2]} not found"
    assert api.refused("GET", path, 404) == detail
    assert ann.refused("PUT", path, 404, {"title": "x"}) == detail
    assert ann.refused("DELETE", path, 404) == detail


def test_a_change_leaves_what_it_does_not_mention(api: Api) -> None:
    ann, name = api.sign_up(), unique("kept")
    post = ann.write_post(published=True, tags=[name])
    changed = ann.put(f"/posts/{post['id']}", {"title": "Changed"})
    assert changed == {**post, "title": "Changed", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] >= post["updated_at"]
    assert api.get(f"/posts/{post['id']}") == changed


def test_a_post_is_published_and_withdrawn(api: Api) -> None:
    ann = api.sign_up()
    path = f"/posts/{ann.write_post()['id']}"
    assert [ann.put(path, {"published": value})["published"] for value in (True, False)] == [True, False]


def test_new_tags_replace_the_old_ones(api: Api) -> None:
    ann, kept, gone, new = api.sign_up(), unique("kept"), unique("gone"), unique("anew")
    post = ann.write_post(tags=[kept, gone])
    changed = ann.put(f"/posts/{post['id']}", {"tags": [new, kept]})
    assert names(changed["tags"]) == [new, kept]
    assert [tag for tag in post["tags"] if tag["name"] == kept] == changed["tags"][1:]
    assert api.get("/posts", tag=gone)["total"] == 0
    assert api.get("/posts", tag=new)["items"] == [changed]


def test_tags_are_taken_off(api: Api) -> None:
    ann = api.sign_up()
    path = f"/posts/{ann.write_post(tags=[unique('gone')])['id']}"
    assert ann.put(path, {"tags": []})["tags"] == []
    assert api.get(path)["tags"] == []


def test_only_the_author_changes_a_post(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    post = ann.write_post()
    path = f"/posts/{post['id']}"
    assert api.refused("PUT", path, 401, {"title": "x"}) == "Not authenticated"
    assert bob.refused("PUT", path, 403, {"title": "x"}) == "Not your post"
    assert api.get(path) == post


def test_only_the_author_deletes_a_post(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    path = f"/posts/{ann.write_post()['id']}"
    assert api.refused("DELETE", path, 401) == "Not authenticated"
    assert bob.refused("DELETE", path, 403) == "Not your post"
    total = api.get("/posts")["total"]
    ann.delete(path)
    assert api.get("/posts")["total"] == total - 1


def test_a_post_shows_what_its_author_is_called_now(api: Api) -> None:
    ann = api.sign_up()
    path = f"/posts/{ann.write_post()['id']}"
    changed = ann.put(ann.path, {"full_name": "Anna"})
    assert api.get(path)["author"] == changed


def test_a_tag_outlives_its_posts(api: Api) -> None:
    ann, name = api.sign_up(), unique("outlives")
    post = ann.write_post(tags=[name])
    ann.delete(f"/posts/{post['id']}")
    assert api.get("/posts", tag=name)["total"] == 0
    assert ann.write_post(tags=[name])["tags"] == post["tags"]


def test_tags_are_listed_by_name(api: Api) -> None:
    late, early = unique("zz"), unique("aa")
    api.sign_up().write_post(tags=[late, early])
    tags = [tag for page in api.pages("/tags", 100) for tag in page]
    assert all(set(tag) == TAG_KEYS for tag in tags)
    assert names(tags) == sorted(names(tags))
    assert {late, early} <= set(names(tags))


def test_pages_of_tags_do_not_overlap(api: Api) -> None:
    api.sign_up().write_post(tags=[unique("many") for _ in range(6)])
    whole = [tag for page in api.pages("/tags", 100) for tag in page]
    assert [tag for page in api.pages("/tags", 4) for tag in page] == whole
