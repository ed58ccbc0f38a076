"""Logging in, and what a token is good for."""

from __future__ import annotations

import pytest
from api import PASSWORD, Api, unique


def test_logging_in_answers_a_bearer_token(api: Api) -> None:
    ann = api.sign_up()
    token = api.post("/auth/login", {"email": ann.user["email"], "password": PASSWORD}, 200)
    assert set(token) == {"access_token", "token_type"}
    assert token["token_type"] == "bearer"


@pytest.mark.parametrize("known", [True, False], ids=["wrong password", "unknown email"])
def test_a_refused_login_does_not_tell_what_was_wrong(api: Api, known: bool) -> None:
    email = api.sign_up().user["email"] if known else f"{unique('nobody')}@example.com"
    refused = api.call("POST", "/auth/login", 401, json={"email": email, "password": "wrong horse"})
    assert refused.json() == {"detail": "Incorrect email or password"}
    assert refused.headers["WWW-Authenticate"] == "Bearer"


def test_logging_in_needs_a_password(api: Api) -> None:
    (error,) = api.refused("POST", "/auth/login", 422, {"email": "ann@example.com"})
    assert (error["type"], error["loc"]) == ("missing", ["body", "password"])


def test_a_token_tells_who_one_is(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    assert ann.get("/auth/me") == ann.user
    assert bob.get("/auth/me") == bob.user


def test_every_login_gives_a_token_that_holds(api: Api) -> None:
    ann = api.sign_up()
    for headers in (ann.headers, api.log_in(ann.user["email"])):
        assert Api(api.client, headers).get("/auth/me") == ann.user


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Basic YW5uOng="}], ids=["none", "another scheme"])
def test_no_token(api: Api, headers: dict[str, str]) -> None:
    assert Api(api.client, headers).refused("GET", "/auth/me", 401) == "Not authenticated"


@pytest.mark.parametrize("token", ["x", "a.b", "...", "bm9ib2R5.0"])
def test_a_token_that_nobody_gave_out(api: Api, token: str) -> None:
    stranger = Api(api.client, {"Authorization": f"Bearer {token}"})
    assert stranger.refused("GET", "/auth/me", 401) == "Could not validate credentials"


def test_a_forged_signature(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    payload = ann.headers["Authorization"].rpartition(".")[0]
    signature = bob.headers["Authorization"].rpartition(".")[2]
    forger = Api(api.client, {"Authorization": f"{payload}.{signature}"})
    assert forger.refused("GET", "/auth/me", 401) == "Could not validate credentials"


def test_the_token_of_someone_who_has_left(api: Api) -> None:
    ann = api.sign_up()
    ann.delete(ann.path)
    assert ann.refused("GET", "/auth/me", 401) == "Could not validate credentials"
    assert ann.refused("POST", "/posts", 401, {"title": "a", "body": "b"}) == "Could not validate credentials"
    api.refused("POST", "/auth/login", 401, {"email": ann.user["email"], "password": PASSWORD})
