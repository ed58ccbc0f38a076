"""The applications' interface as a client sees it: paths, bodies and status codes, identifiers opaque."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

PASSWORD = "correct horse"

_numbers = count(1)


def unique(word: str) -> str:
    """A word that no other test uses, in letters and digits that every collation sorts alike."""
    return f"{word}{uuid4().hex[:8]}{next(_numbers)}"


@dataclass
class Api:
    """Someone who talks to the application; every call says which status it expects."""

    client: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)

    def call(self, method: str, path: str, status: int, **arguments: Any) -> httpx.Response:
        response = self.client.request(method, path, headers=self.headers, **arguments)
        assert response.status_code == status, f"{method} {path}: {response.status_code} {response.text}"
        return response

    def get(self, path: str, status: int = 200, **params: Any) -> Any:
        return self.call("GET", path, status, params=params).json()

    def post(self, path: str, body: Any, status: int = 201) -> Any:
        return self.call("POST", path, status, json=body).json()

    def put(self, path: str, body: Any, status: int = 200) -> Any:
        return self.call("PUT", path, status, json=body).json()

    def delete(self, path: str) -> None:
        """Delete what is there: the answer has no body."""
        assert self.call("DELETE", path, 204).content == b""

    def refused(self, method: str, path: str, status: int, body: Any = None) -> Any:
        """The detail of an error."""
        answer = self.call(method, path, status, json=body).json()
        assert set(answer) == {"detail"}
        return answer["detail"]

    def sign_up(self, name: str = "ann") -> Person:
        """A new user, logged in."""
        body = {"email": f"{unique(name)}@example.com", "full_name": name.title(), "password": PASSWORD}
        user = self.post("/users", body)
        return Person(self.client, self.log_in(body["email"]), user)

    def log_in(self, email: str, password: str = PASSWORD) -> dict[str, str]:
        """The headers that authenticate."""
        token = self.post("/auth/login", {"email": email, "password": password}, 200)
        return {"Authorization": f"Bearer {token['access_token']}"}

    def pages(self, path: str, limit: int) -> Iterator[list[dict[str, Any]]]:
        """Every page of a list, up to the first that is not full."""
        for skip in count(0, limit):
            page = self.get(path, skip=skip, limit=limit)
            yield page
            if len(page) < limit:
                return


@dataclass
class Person(Api):
    """A user with a token."""

    user: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"/users/{self.user['id']}"

    def write_post(self, **changes: Any) -> dict[str, Any]:
        post: dict[str, Any] = self.post("/posts", {"title": "Hello", "body": "World", **changes})
        return post

    def comment_on(self, post: dict[str, Any], body: str = "Nice") -> dict[str, Any]:
        comment: dict[str, Any] = self.post(f"/posts/{post['id']}/comments", {"body": body})
        return comment


def names(tags: list[dict[str, Any]]) -> list[str]:
    return [tag["name"] for tag in tags]
