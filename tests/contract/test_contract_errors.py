"""Requests that are wrong whatever the data is, and what the application says of itself."""

from __future__ import annotations

import re

import pytest
from api import Api

INTERFACE = {
    ("POST", "/auth/login"),
    ("GET", "/auth/me"),
    ("GET", "/users"),
    ("POST", "/users"),
    ("GET", "/users/{}"),
    ("PUT", "/users/{}"),
    ("DELETE", "/users/{}"),
    ("GET", "/posts"),
    ("POST", "/posts"),
    ("GET", "/posts/{}"),
    ("PUT", "/posts/{}"),
    ("DELETE", "/posts/{}"),
    ("GET", "/posts/{}/comments"),
    ("POST", "/posts/{}/comments"),
    ("DELETE", "/comments/{}"),
    ("GET", "/tags"),
}


@pytest.mark.parametrize("path", ["/users/x-y", "/posts/x-y", "/posts/x-y/comments"])
def test_an_id_of_no_known_form(api: Api, path: str) -> None:
    (error,) = api.refused("GET", path, 422)
    assert error["loc"][0] == "path"
    assert error["input"] == "x-y"


@pytest.mark.parametrize("path", ["/users", "/posts", "/tags"])
@pytest.mark.parametrize("params", ["limit=0", "limit=101", "limit=many", "skip=-1", "skip=none"])
def test_bounds_of_a_page(api: Api, path: str, params: str) -> None:
    (error,) = api.refused("GET", f"{path}?{params}", 422)
    assert error["loc"] == ["query", params.partition("=")[0]]


@pytest.mark.parametrize("path", ["/users", "/posts", "/tags"])
def test_the_largest_page(api: Api, path: str) -> None:
    api.get(path, limit=100, skip=0)


def test_an_unknown_path(api: Api) -> None:
    assert api.refused("GET", "/nothing", 404) == "Not Found"


@pytest.mark.parametrize(("method", "path"), [("DELETE", "/users"), ("PUT", "/posts"), ("GET", "/auth/login")])
def test_a_method_that_is_not_there(api: Api, method: str, path: str) -> None:
    assert api.refused(method, path, 405) == "Method Not Allowed"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"'], ids=["nothing", "half", "list", "text"])
def test_a_body_that_is_no_object(api: Api, content: bytes) -> None:
    answer = api.call("POST", "/users", 422, content=content).json()
    assert {error["loc"][0] for error in answer["detail"]} == {"body"}


def test_the_description_of_the_interface(api: Api) -> None:
    """Every route of the contract is described, with its parameters and the schema of its answer."""
    root = api.client.base_url.copy_with(path="/openapi.json")
    document = api.call("GET", str(root), 200).json()
    described = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path.removeprefix("/api/v1").rstrip("/")))
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert described >= INTERFACE
