from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, DropsImport, Fix
from fapi_lint.fix.imports import spell, spell_member
from fapi_lint.fix.text import insert_before, replace_argument_value
from fapi_lint.outline import nodes as o
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class
from fapi_lint.project.tests import AsyncTest
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI802", "async-test-marker", fix=Applicability.SAFE, preference="Testing")
def async_test_marker(test: AsyncTest, project: Project) -> Iterator[Finding]:
    """An async test has no marker, and nothing else runs it.

    pytest does not await coroutines by itself: without `@pytest.mark.asyncio` the test is skipped or fails. It may also
    be marked by its class or by `pytestmark`, by a hook of a `conftest.py`, or run because the configuration says
    `asyncio_mode = auto`; tests under a decorator of unknown meaning are left alone. A test of a `unittest.TestCase`
    passes without having run, whatever its marker; `IsolatedAsyncioTestCase` awaits it.

    Bad:
        ```python tests/test_health.py
        from httpx import AsyncClient


        async def test_health(client: AsyncClient) -> None:
            response = await client.get("/health")
            assert response.status_code == 200
        ```

    Good:
        ```python tests/test_health.py
        import pytest
        from httpx import AsyncClient


        @pytest.mark.asyncio
        async def test_health(client: AsyncClient) -> None:
            response = await client.get("/health")
            assert response.status_code == 200
        ```

    Fix safety:
        Safe: only tests change. The marker is `anyio` where most tests of the application have that one. A class that
        inherits `unittest.TestCase` itself gets the other base.

    Options:
        `conventions.test-folders`, `exempt`.
    """
    if test.may_run:
        return
    if test.is_of_test_case:
        message = f"Async test `{test.name}` is not run: `unittest.TestCase` does not await it"
        yield Finding(test.place, message, _derived(test, project), test.name)
    else:
        message = f"Async test `{test.name}` has no marker and is not run"
        yield Finding(test.place, message, _marked(test, project), test.name)


def _marked(test: AsyncTest, project: Project) -> Fix:
    module, node = test.module, test.function.node
    spelling = spell_member(module, "pytest.mark", node.outer_start)
    marker = f"@{spelling.text}.{project.tests.marker}"
    edit = insert_before(module, node, [marker])
    return Fix(f"Mark `{test.name}` with `{marker}`", Applicability.SAFE, (edit,), spelling.needs)


def _derived(test: AsyncTest, project: Project) -> Fix | None:
    """The class of a test with the base that awaits, unless it inherits the other one by way of a class in between."""
    class_, module = test.function.parent, test.module
    assert isinstance(class_, Class)
    for base in class_.node.bases:
        symbol = project.resolver.external(class_.enclosing, base.value)
        if symbol is not None and symbol.is_from("unittest", "TestCase"):
            spelling = spell(module, "unittest.IsolatedAsyncioTestCase", base.start)
            return Fix(
                f"Derive `{class_.name}` from `IsolatedAsyncioTestCase`, which awaits its tests",
                Applicability.SAFE,
                (replace_argument_value(module, base, spelling.text),),
                spelling.needs,
                (DropsImport(module.path, o.dotted(base.value).partition(".")[0]),),
            )
    return None
