from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.project.fixtures import Fixture
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI804", "fixture-home", preference="Testing")
def fixture_home(fixture: Fixture, project: Project) -> Iterator[Finding]:
    """A fixture that several test files use is defined outside of a `conftest.py`.

    pytest finds fixtures in `conftest.py` by itself. One that is imported looks unused to linters, shadows its own
    import in every parameter, and is set up once for each importing file instead of once for a session. A file of
    fixtures that a `conftest.py` imports, or loads with `pytest_plugins`, serves as a part of it.

    Bad:
        ```python tests/helpers.py
        import pytest


        @pytest.fixture
        def token() -> str:
            return "token"
        ```
        ```python tests/test_login.py
        from tests.helpers import token


        def test_login(token: str) -> None:
            assert token
        ```
        ```python tests/test_logout.py
        from tests.helpers import token


        def test_logout(token: str) -> None:
            assert token
        ```

    Good:
        ```python tests/conftest.py
        import pytest


        @pytest.fixture
        def token() -> str:
            return "token"
        ```
        ```python tests/test_login.py
        def test_login(token: str) -> None:
            assert token
        ```
        ```python tests/test_logout.py
        def test_logout(token: str) -> None:
            assert token
        ```

    Options:
        `conventions.test-folders`, `exempt`.
    """
    if len(fixture.users) < 2 or fixture.function in project.fixtures.provided:
        return
    message = f"Fixture `{fixture.name}` is used by {len(fixture.users)} test files, but not defined in a `conftest.py`"
    yield Finding(fixture.place, message, name=fixture.name)
