"""Accounts: signing up, reading, changing, leaving."""

from __future__ import annotations

from datetime import datetime

import pytest
from api import PASSWORD, Api, unique

KEYS = {"id", "email", "full_name", "is_active", "created_at", "updated_at"}


def sign_up_body(**changes: str) -> dict[str, str]:
    return {"email": f"{unique('new')}@example.com", "full_name": "New", "password": PASSWORD, **changes}


def test_signing_up_answers_the_account(api: Api) -> None:
    body = sign_up_body(full_name="Zoë 漢字")
    user = api.post("/users", body)
    assert set(user) == KEYS
    assert (user["email"], user["full_name"], user["is_active"]) == (body["email"], "Zoë 漢字", True)


def test_times_carry_their_time_zone(api: Api) -> None:
    user = api.sign_up().user
    for key in ("created_at", "updated_at"):
        assert datetime.fromisoformat(user[key]).tzinfo is not None


def test_every_account_has_its_own_id(api: Api) -> None:
    assert len({api.sign_up().user["id"] for _ in range(3)}) == 3


def test_no_answer_tells_the_password(api: Api) -> None:
    ann = api.sign_up()
    answers = [ann.get(ann.path), ann.get("/auth/me"), ann.put(ann.path, {"password": "battery staple"})]
    for user in answers:
        assert set(user) == KEYS


def test_what_only_the_server_decides_is_ignored(api: Api) -> None:
    other = api.sign_up().user
    user = api.post("/users", {**sign_up_body(), "id": other["id"], "is_active": False, "created_at": "2001-01-01"})
    assert user["id"] != other["id"]
    assert user["is_active"] is True
    assert user["created_at"] > other["created_at"]


def test_an_email_is_taken_once(api: Api) -> None:
    body = sign_up_body()
    api.post("/users", body)
    assert api.refused("POST", "/users", 409, body) == f"Email {body['email']} is already registered"
    assert api.refused("POST", "/users", 409, {**body, "full_name": "Else"})


@pytest.mark.parametrize(
    "wrong",
    [{"email": "nobody"}, {"email": None}, {"password": "short"}, {"full_name": None}],
    ids=["no email", "null email", "short password", "no name"],
)
def test_signing_up_validates(api: Api, wrong: dict[str, str]) -> None:
    (error,) = api.refused("POST", "/users", 422, sign_up_body(**wrong))
    assert error["loc"] == ["body", *wrong]


@pytest.mark.parametrize("missing", ["email", "full_name", "password"])
def test_signing_up_needs_every_field(api: Api, missing: str) -> None:
    body = sign_up_body()
    del body[missing]
    (error,) = api.refused("POST", "/users", 422, body)
    assert (error["type"], error["loc"]) == ("missing", ["body", missing])


def test_anyone_reads_an_account(api: Api) -> None:
    ann = api.sign_up()
    assert api.get(ann.path) == ann.user


def test_an_unknown_account(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    bob.delete(bob.path)
    detail = f"User {bob.user['id']} not found"
    assert api.refused("GET", bob.path, 404) == detail
    assert ann.refused("PUT", bob.path, 404, {"full_name": "x"}) == detail
    assert ann.refused("DELETE", bob.path, 404) == detail


def test_accounts_are_listed_from_the_oldest(api: Api) -> None:
    new = [api.sign_up().user for _ in range(3)]
    listed = [user for page in api.pages("/users", 100) for user in page]
    assert listed[-3:] == new
    assert listed == sorted(listed, key=lambda user: user["created_at"])


def test_pages_of_accounts_do_not_overlap(api: Api) -> None:
    for _ in range(5):
        api.sign_up()
    whole = [user for page in api.pages("/users", 100) for user in page]
    in_pages = [user for page in api.pages("/users", 7) for user in page]
    assert in_pages == whole
    assert len({user["id"] for user in whole}) == len(whole)
    assert api.get("/users", skip=1, limit=2) == whole[1:3]


def test_beyond_the_last_account_is_an_empty_page(api: Api) -> None:
    assert api.get("/users", skip=10**6) == []


def test_changing_a_name_changes_nothing_else(api: Api) -> None:
    ann = api.sign_up()
    changed = ann.put(ann.path, {"full_name": "Anna"})
    assert changed == {**ann.user, "full_name": "Anna", "updated_at": changed["updated_at"]}
    assert api.get(ann.path) == changed


def test_updated_at_moves_with_every_change(api: Api) -> None:
    ann = api.sign_up()
    first = ann.put(ann.path, {"full_name": "Anna"})
    second = ann.put(ann.path, {"full_name": "Anne"})
    moments = [datetime.fromisoformat(user["updated_at"]) for user in (ann.user, first, second)]
    assert moments == sorted(set(moments))
    assert second["created_at"] == ann.user["created_at"]


def test_a_change_of_nothing_changes_nothing(api: Api) -> None:
    ann = api.sign_up()
    assert ann.put(ann.path, {}) == ann.user


def test_a_new_password_replaces_the_old_one(api: Api) -> None:
    ann = api.sign_up()
    ann.put(ann.path, {"password": "battery staple"})
    credentials = {"email": ann.user["email"], "password": PASSWORD}
    assert api.refused("POST", "/auth/login", 401, credentials) == "Incorrect email or password"
    assert api.log_in(ann.user["email"], "battery staple")


def test_a_new_email_is_what_one_logs_in_with(api: Api) -> None:
    ann = api.sign_up()
    email = f"{unique('anna')}@example.com"
    assert ann.put(ann.path, {"email": email})["email"] == email
    ann.headers = api.log_in(email)
    assert ann.get("/auth/me")["id"] == ann.user["id"]
    api.refused("POST", "/auth/login", 401, {"email": ann.user["email"], "password": PASSWORD})


def test_nobody_changes_to_an_email_of_another(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    email = bob.user["email"]
    assert ann.refused("PUT", ann.path, 409, {"email": email}) == f"Email {email} is already registered"
    assert api.get(ann.path) == ann.user


@pytest.mark.parametrize("wrong", [{"email": "nobody"}, {"password": "short"}, {"full_name": ""}])
def test_changing_validates(api: Api, wrong: dict[str, str]) -> None:
    ann = api.sign_up()
    (error,) = ann.refused("PUT", ann.path, 422, wrong)
    assert error["loc"] == ["body", *wrong]


def test_only_the_owner_changes_an_account(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    assert api.refused("PUT", ann.path, 401, {"full_name": "x"}) == "Not authenticated"
    assert bob.refused("PUT", ann.path, 403, {"full_name": "x"}) == "Not your account"
    assert api.get(ann.path) == ann.user


def test_only_the_owner_leaves(api: Api) -> None:
    ann, bob = api.sign_up(), api.sign_up("bob")
    assert api.refused("DELETE", ann.path, 401) == "Not authenticated"
    assert bob.refused("DELETE", ann.path, 403) == "Not your account"
    ann.delete(ann.path)
    api.refused("GET", ann.path, 404)


def test_an_email_is_free_again_when_its_owner_has_left(api: Api) -> None:
    ann = api.sign_up()
    ann.delete(ann.path)
    again = api.post("/users", sign_up_body(email=ann.user["email"]))
    assert again["id"] != ann.user["id"]
