from __future__ import annotations

import re
from collections.abc import Iterator

from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place

_TEMPLATE = re.compile(r"{%-? |{{ ?cookiecutter")


@rule("FAPI000", "syntax-error", preference="Engine")
def syntax_error(module: Module, project: Project) -> Iterator[Finding]:
    """The file cannot be read as Python; the others are still checked.

    A file that does not parse, is not text in its declared encoding or cannot be opened contributes nothing to
    the picture of the application. This is reported whatever is selected, unless it is ignored. Templates that end in
    `.py` belong in `extend-exclude`.

    Bad:
        ```python app/broken.py
        def get_user(:
            pass
        ```

    Good:
        ```python app/broken.py
        def get_user() -> None:
            pass
        ```
    """
    failure = module.outline.failure
    if failure is not None:
        lines = module.source.lines
        row = min(failure.row, lines.count)
        start = lines.offset(row, min(failure.column, len(lines.line(row)) + 1))
        hint = "; a template? Then leave it out with `extend-exclude`" if _TEMPLATE.search(module.text) else ""
        message = failure.message.removeprefix("cannot be read: ")
        what = "Cannot be read" if message != failure.message else "Cannot be read as Python"
        yield Finding(at=Place(module.path, start, start), message=f"{what}: {message}{hint}")
