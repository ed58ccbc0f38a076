"""Requests that meet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from api import PASSWORD, Api, names, unique

T = TypeVar("T")


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def test_one_of_those_who_want_an_email_gets_it(api: Api) -> None:
    body = {"email": f"{unique('race')}@example.com", "full_name": "Race", "password": PASSWORD}
    answers = at_once([lambda: api.client.post("/users", json=body).status_code] * 4)
    assert Counter(answers) == {201: 1, 409: 3}


def test_readers_see_the_same(api: Api) -> None:
    ann = api.sign_up()
    post = ann.write_post(tags=[unique("read")])
    ann.comment_on(post)

    def read() -> Any:
        return api.get(f"/posts/{post['id']}"), api.get(f"/posts/{post['id']}/comments")

    first, *others = at_once([read] * 8)
    assert first[0] == post
    assert others == [first] * 7


def test_nobody_is_taken_for_someone_else(api: Api) -> None:
    people = [api.sign_up(name) for name in ("ann", "bob", "cid", "dan")]
    seen = at_once([lambda person=person: person.get("/auth/me") for person in people * 3])  # type: ignore[misc]
    assert seen == [person.user for person in people] * 3


def test_no_comment_is_lost(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    post = ann.write_post()
    written = at_once([lambda who=who: who.comment_on(post) for who in (ann, bob) * 4])  # type: ignore[misc]
    listed = api.get(f"/posts/{post['id']}/comments")
    assert len(listed) == 8
    assert sorted(listed, key=lambda comment: str(comment["id"])) == sorted(written, key=lambda c: str(c["id"]))


def test_posts_written_at_once_keep_their_own_tags(api: Api) -> None:
    people = [api.sign_up(name) for name in ("ann", "bob")]
    wanted = [[unique("one")], [unique("other"), unique("third")]]
    posts = at_once(
        [lambda p=person, t=tags: p.write_post(tags=t) for person, tags in zip(people, wanted, strict=True)]  # type: ignore[misc]
    )
    assert [names(post["tags"]) for post in posts] == [sorted(tags) for tags in wanted]
    assert [post["author"] for post in posts] == [person.user for person in people]


def test_changes_of_different_fields_both_hold(api: Api) -> None:
    ann = api.sign_up()
    path = f"/posts/{ann.write_post()['id']}"
    at_once([lambda: ann.put(path, {"title": "Changed"}), lambda: ann.put(path, {"published": True})])
    post = api.get(path)
    assert (post["title"], post["body"], post["published"]) == ("Changed", "World", True)
