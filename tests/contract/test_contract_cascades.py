"""What goes when something else goes, and what stays."""

from __future__ import annotations

from api import Api, unique


def test_a_post_takes_its_comments_along(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    post = ann.write_post()
    comments = [ann.comment_on(post), bob.comment_on(post)]
    ann.delete(f"/posts/{post['id']}")
    for comment in comments:
        bob.refused("DELETE", f"/comments/{comment['id']}", 404)


def test_a_post_leaves_other_posts_and_their_comments(api: Api) -> None:
    ann = api.sign_up()
    post, other = ann.write_post(), ann.write_post(tags=[unique("stays")])
    comment = ann.comment_on(other)
    ann.delete(f"/posts/{post['id']}")
    assert api.get(f"/posts/{other['id']}") == other
    assert api.get(f"/posts/{other['id']}/comments") == [comment]


def test_a_user_takes_posts_along(api: Api) -> None:
    ann, name = api.sign_up(), unique("gone")
    posts = [ann.write_post(tags=[name]) for _ in range(2)]
    ann.delete(ann.path)
    for post in posts:
        api.refused("GET", f"/posts/{post['id']}", 404)
    assert api.get("/posts", tag=name)["total"] == 0


def test_a_user_takes_what_others_wrote_under_those_posts(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    post = ann.write_post(tags=[unique("gone")])
    comment = bob.comment_on(post)
    ann.comment_on(post)
    ann.delete(ann.path)
    bob.refused("DELETE", f"/comments/{comment['id']}", 404)
    assert bob.get("/auth/me") == bob.user


def test_a_user_takes_comments_on_posts_of_others_along(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    post = bob.write_post()
    ann.comment_on(post)
    own = bob.comment_on(post)
    ann.delete(ann.path)
    assert api.get(f"/posts/{post['id']}") == post
    assert api.get(f"/posts/{post['id']}/comments") == [own]


def test_a_user_leaves_the_tags(api: Api) -> None:
    ann, bob, name = api.sign_up(), api.sign_up("bob"), unique("stays")
    ann.write_post(tags=[name])
    post = bob.write_post(tags=[name])
    ann.delete(ann.path)
    assert api.get("/posts", tag=name)["items"] == [post]
