from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus

from fapi_lint.fix.edit import Applicability, Edit, Fix
from fapi_lint.fix.text import insert_keyword, quote
from fapi_lint.project.http import HttpCall
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule

_PARAMETERS = ("status_code", "detail", "headers")
_REWORDED = {
    413: ("Request Entity Too Large", "Content Too Large"),
    414: ("Request-URI Too Long", "URI Too Long"),
    416: ("Requested Range Not Satisfiable", "Range Not Satisfiable"),
    422: ("Unprocessable Entity", "Unprocessable Content"),
}
"""Phrases of `http.HTTPStatus` before Python 3.13 and since."""


@rule("FAPI407", "http-exception-form", fix=Applicability.SAFE, preference="Response Pattern")
def http_exception_form(made: HttpCall, project: Project) -> Iterator[Finding]:
    """An `HTTPException` does not say `status_code=` and `detail=`.

    With keywords it can be read what is status, text and headers, and with a detail the client is told more than the
    status line does. Subclasses with an `__init__` of their own, and what reaches the exception through `*args` or
    `**kwargs`, are left alone, and so are tests.

    Bad:
        ```python app/api/deps.py
        from fastapi import HTTPException, status


        def require(name: str | None) -> str:
            if name is None:
                raise HTTPException(status.HTTP_401_UNAUTHORIZED)
            if not name.isalpha():
                raise HTTPException(status.HTTP_400_BAD_REQUEST, f"No name: {name}")
            return name
        ```

    Good:
        ```python app/api/deps.py
        from fastapi import HTTPException, status


        def require(name: str | None) -> str:
            if name is None:
                raise HTTPException(status_code=status.HTTP_401_UNAUTHORIZED, detail="Unauthorized")
            if not name.isalpha():
                raise HTTPException(status_code=status.HTTP_400_BAD_REQUEST, detail=f"No name: {name}")
            return name
        ```

    Fix safety:
        Safe: a missing detail becomes the phrase that Starlette answers without one. Where the status is not known,
        or its phrase depends on the version of Python (413, 414, 416 and 422 were reworded in 3.13) and the project
        allows both, the detail has to be written by hand.
    """
    if made.kind != "exception" or made.is_super or not made.is_plain:
        return
    if not project.purposes.is_application(made.module) or any(arg.star == "*" for arg in made.call.args):
        return
    given = {arg.keyword for arg in made.call.args} | set(_PARAMETERS[: len(made.call.positional)])
    unseen = made.call.has_double_star
    missing = [name for name in _PARAMETERS[:2] if name not in given and not unseen]
    if not missing and not made.call.positional:
        return
    wrong = ["positional arguments"] if made.call.positional else []
    wrong += [f"no `{name}`" for name in missing]
    edits, reason = _edits(made, missing)
    unnamed = [*_PARAMETERS[: len(made.call.positional)], *missing]
    title = "Name the arguments" if made.call.positional else "Write the `detail` that is sent anyway"
    verb, lacks = ("name", "not added") if made.call.positional else ("pass", "no fix")
    yield Finding(
        at=made.module.place(made.call),
        message=f"`{made.class_.name}` with {' and '.join(wrong)}: {verb} {' and '.join(f'`{n}=`' for n in unnamed)}"
        + (f" ({lacks}: {reason})" if reason else ""),
        fix=Fix(title, Applicability.SAFE, edits) if edits else None,
    )


def _edits(made: HttpCall, missing: list[str]) -> tuple[tuple[Edit, ...], str]:
    """What names the arguments and adds the detail, and why something stays missing."""
    call, path = made.call, made.module.path
    names = zip(_PARAMETERS, call.positional, strict=False)
    edits = [Edit(path, arg.start, arg.start, f"{name}=") for name, arg in names]
    if not missing:
        return tuple(edits), ""
    if missing[0] == "status_code":
        return tuple(edits), "nothing says which status is meant"
    phrase = _phrase(made.status_value, made.project)
    if phrase is None:
        return tuple(edits), "the phrase of the status is not known"
    detail = f"detail={quote(made.module, phrase)}"
    if len(call.args) == 1 and call.positional:
        # One edit, for two at one place would be in each other's way.
        arg = call.args[0]
        return (Edit(path, arg.start, arg.end, f"status_code={made.module.slice(arg)}, {detail}"),), ""
    return (*edits, insert_keyword(made.module, call, detail, after=("status_code",))), ""


def _phrase(status: int | None, project: Project) -> str | None:
    """The detail that Starlette gives an exception without one."""
    if status in _REWORDED:
        old, new = _REWORDED[status]
        python = project.versions.python
        return new if python.at_least(3, 13) else old if python.is_below(3, 13) else None
    return next((known.phrase for known in HTTPStatus if known == status), None)
