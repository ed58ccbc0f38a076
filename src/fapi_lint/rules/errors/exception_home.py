from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.project.exceptions import ExceptionClass
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI601", "exception-home", preference="Error Handling")
def exception_home(exception: ExceptionClass, project: Project) -> Iterator[Finding]:
    """A custom exception is defined outside of `core/exceptions.py`, or is not called `…Exception`.

    Whoever writes a handler looks for the application's exceptions in one place, and tells them from other classes
    by their name. Exceptions whose name starts with an underscore, and those inside of functions, are a module's own
    business.

    Bad:
        ```python app/services/quota.py
        class QuotaExceeded(Exception):
            pass
        ```

    Good:
        ```python app/core/exceptions.py
        class QuotaExceededException(Exception):
            pass
        ```

    Options:
        `conventions.exceptions-file`, `conventions.exception-suffix`, `exempt`.
    """
    name = exception.name
    if name.startswith("_"):
        return
    home, suffix = project.settings.conventions.exceptions_file, project.settings.conventions.exception_suffix
    homes = tuple(filter(None, (home,) if isinstance(home, str) else home))
    wrong = []
    if homes and not project.purposes.is_file(exception.module, homes):
        wrong.append(f"is defined outside of {' and '.join(f'`{each}`' for each in homes)}")
    if not name.endswith(suffix):
        wrong.append(f"is not called `…{suffix}`")
    if wrong:
        yield Finding(exception.place, f"Exception `{name}` {' and '.join(wrong)}", name=name)
