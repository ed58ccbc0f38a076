"""What a place in a file is part of."""

from __future__ import annotations

import pytest

from fapi_lint.project.enclosing import enclosing_name
from fapi_lint.testing.harness import module

TEXT = """from .core import here0
import os, here1
@here2
class User(here3):
    name: str = here4
    if here5:
        @here6
        def save(self, here7):
            def inner():
                here8
    alias, other = here9
try:
    LIMIT = here10
except here11:
    async def fallback():
        return here12
router.add_api_route(
    "/users", here13,
)
app.include_router(here14)
with here15:
    pass
# here16
"""
NAMES = {
    0: "from .core",
    1: "",
    2: "User",
    3: "User",
    4: "User.name",
    5: "User",
    6: "User.save",
    7: "User.save",
    8: "User.save",
    9: "User",
    10: "LIMIT",
    11: "",
    12: "fallback",
    13: 'router.add_api_route("/users")',
    14: "app.include_router",
    15: "",
    16: "",
}


@pytest.mark.parametrize(("number", "name"), NAMES.items())
def test_the_definition_around_a_place(number: int, name: str) -> None:
    offset = TEXT.index(f"here{number}")
    assert enclosing_name(module("/application/app.py", TEXT), offset) == name
