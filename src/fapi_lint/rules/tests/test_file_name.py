from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.fix.move import rename_module
from fapi_lint.project.project import Project
from fapi_lint.project.test_files import TestFile
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place


@rule("FAPI801", "test-file-name", fix=Applicability.UNSAFE, preference="Testing")
def test_file_name(file: TestFile, project: Project) -> Iterator[Finding]:
    """A file with tests is not called `test_*.py`, or is not below `tests/`.

    pytest collects by the names of files: tests in `user_checks.py` never run, and nobody is told. `*_test.py` is
    collected as well, but one spelling keeps the tests of a folder together. Tests outside of `tests/` are shipped
    with the application and do not see its fixtures. A file holds tests if pytest would take functions of it for
    tests and nothing else refers to them; fixtures, and functions of the application that happen to begin with
    `test_`, do not count.

    Bad:
        ```python tests/user_checks.py
        def test_user() -> None:
            assert True
        ```

    Good:
        ```python tests/test_user_checks.py
        def test_user() -> None:
            assert True
        ```

    Fix safety:
        Unsafe: tests that have never run may fail. The file gets another name in its folder, and imports, strings and
        paths in other files follow. No fix is offered where the name is taken, or where `python_files` in the
        configuration of pytest asks for other names. Nothing is moved to another folder, where other fixtures would
        count.

    Options:
        `conventions.test-folders`, `exempt`.
    """
    at = Place(file.module.path, 0, 0)
    if file.is_named_so:
        folders = " or ".join(f"`{folder}/`" for folder in project.settings.conventions.test_folders)
        yield Finding(at, f"File with tests is not below {folders}", name=file.stem)
        return
    message = f"File with tests is not called `{file.better_stem}.py`"
    renamed: Fix | Refusal = Refusal("`python_files` in the configuration of pytest asks for other names")
    if not project.test_files.other_names_are_configured:
        renamed = rename_module(project, file.module, file.better_stem)
    yield Finding.of(at, message, renamed, file.stem)
