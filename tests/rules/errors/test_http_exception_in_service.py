from __future__ import annotations

import pytest

from fapi_lint.config.settings import Conventions, Settings
from fapi_lint.testing import findings

RAISES = """
    from fastapi import HTTPException

    def get(name):
        if name:
            raise HTTPException(404, name)
        raise ValueError
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("app/services/user.py", [6]),
        ("app/signal/service.py", [6]),
        ("app/users/user_service.py", [6]),
        ("app/users/services.py", [6]),
        ("app/api/deps.py", []),
        ("app/core/service_status.py", []),
        ("tests/services/helpers.py", []),
    ],
)
def test_where_services_are(path: str, expected: list[int]) -> None:
    found = findings({path: RAISES}, "FAPI603")
    assert [f.row for f in found] == expected
    assert all(f.message.endswith(": raise an exception of the application, which a handler answers") for f in found)


@pytest.mark.parametrize("path", ["app/users/service.py", "app/users/user_logic.py"])
def test_files_are_known_by_the_folders_whatever_functions_end_in(path: str) -> None:
    conventions = Conventions(service_suffix="", service_folders=("services", "logic"))
    assert findings({path: RAISES}, "FAPI603", settings=Settings(conventions=conventions))


def test_subclasses_and_instances() -> None:
    files = {
        "app/core/exceptions.py": "from starlette.exceptions import HTTPException\nclass Gone(HTTPException): ...\n",
        "app/services/a.py": """
            import fastapi
            from app.core.exceptions import Gone

            missing = fastapi.HTTPException(404)

            class Service:
                async def get(self):
                    raise Gone(410)

                async def find(self):
                    raise missing
        """,
    }
    one, other = findings(files, "FAPI603")
    assert (one.row, other.row) == (9, 12)
    assert one.message.startswith("A service raises `Gone`, an `HTTPException`: ")
    assert other.message.startswith("A service raises `missing`, an `HTTPException`: ")


@pytest.mark.parametrize(
    ("raised", "rows"),
    [
        ("HTTPException(404) if known else KeyError()", [3]),
        ("KeyError() if HTTPException else ValueError()", []),
        ("missing('x')", [3]),
        ("found('x')", []),
    ],
)
def test_what_is_made_elsewhere_and_one_of_two(raised: str, rows: list[int]) -> None:
    made = "from fastapi import HTTPException\ndef missing(what):\n    return HTTPException(404, what)\n"
    service = f"from app.made import HTTPException, found, missing\ndef get(known):\n    raise {raised}\n"
    files = {"app/made.py": f"{made}def found(what):\n    return KeyError(what)\n", "app/services/a.py": service}
    assert [each.row for each in findings(files, "FAPI603")] == rows


def test_dependencies_belong_to_a_request() -> None:
    files = {
        "app/services/auth.py": """
            from typing import Annotated
            from fastapi import Depends, HTTPException

            TokenDep = Annotated[str, Depends(scheme)]

            def current(token: str = Depends(scheme)):
                raise HTTPException(401)

            def active(token: TokenDep):
                raise HTTPException(401)

            def admin(user):
                raise HTTPException(403)

            class Allowed:
                def __call__(self, user):
                    raise HTTPException(403)

            def plain(user):
                raise HTTPException(403)
        """,
        "app/api/a.py": """
            from fastapi import Depends
            from app.services.auth import Allowed, admin

            def handler(user=Depends(admin), ok=Depends(Allowed())): ...
        """,
    }
    assert [f.row for f in findings(files, "FAPI603")] == [21]


@pytest.mark.parametrize(
    ("use", "rows"),
    [
        ("def handler(db: SessionDep):\n    return get_user(db)\n", [7]),
        ("def handler(user=Depends(get_user)):\n    return get_user(user)\n", []),
        ("def handler(): ...\n", []),
    ],
)
def test_what_is_handed_its_session_by_a_handler_is_no_dependency(use: str, rows: list[int]) -> None:
    files = {
        "app/services/user.py": """
            from typing import Annotated
            from fastapi import Depends, HTTPException

            SessionDep = Annotated[str, Depends(get_db)]
            def get_user(db: SessionDep):
                raise HTTPException(404)
        """,
        "app/api/a.py": f"from fastapi import Depends\nfrom app.services.user import SessionDep, get_user\n{use}",
    }
    assert [f.row for f in findings(files, "FAPI603")] == rows


def test_a_file_with_routes_is_no_service() -> None:
    files = {
        "app/routes/self_service.py": "from fastapi import APIRouter\nrouter = APIRouter()\n"
        + RAISES.replace("\n    ", "\n")
    }
    assert findings(files, "FAPI603") == []
