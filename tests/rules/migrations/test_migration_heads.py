from __future__ import annotations

import pytest

from fapi_lint.testing import findings


def revision(name: str, after: str, more: str = "") -> str:
    return f"revision = {name!r}\ndown_revision = {after}\n{more}\n\ndef upgrade(): ...\n"


def found(*revisions: tuple[str, str], folder: str = "alembic/versions", more: str = "") -> list[str]:
    files = {f"{folder}/{name}.py": revision(name, after, more) for name, after in revisions}
    result = findings(files, "FAPI902")
    assert all(f.row == 1 for f in result)
    return [f.path.rpartition("/")[2].removesuffix(".py") for f in result]


@pytest.mark.parametrize(
    ("revisions", "expected"),
    [
        ([("a", "None"), ("b", "'a'"), ("c", "'b'")], []),
        ([("a", "None"), ("b", "'a'"), ("c", "'a'")], ["b", "c"]),
        ([("a", "None"), ("b", "'a'"), ("c", "'a'"), ("d", "('b', 'c')")], []),
        ([("a", "None"), ("b", "None")], ["a", "b"]),
        ([("a", "'gone'"), ("b", "'a'")], ["a"]),
        ([("a", "'b'"), ("b", "'a'")], ["a", "b"]),
        ([("a", "None"), ("b", "('a', 'd')"), ("c", "'b'"), ("d", "'c'"), ("e", "'d'")], ["b", "c", "d"]),
        ([("a", "None"), ("b", "previous()"), ("c", "'a'")], []),
    ],
)
def test_histories(revisions: list[tuple[str, str]], expected: list[str]) -> None:
    assert found(*revisions) == expected


def test_labelled_branches_are_meant() -> None:
    assert found(("a", "None"), ("b", "'a'"), ("c", "'a'"), more="branch_labels = ('x',)") == []
    assert found(("a", "None"), ("b", "'a'"), ("c", "'a'"), more="branch_labels = None") == ["b", "c"]


def test_databases_have_histories_of_their_own() -> None:
    files = {
        "migrations/versions/postgresql/a.py": revision("a", "None"),
        "migrations/versions/sqlite/b.py": revision("b", "None"),
        "migrations/versions/sqlite/c.py": revision("c", "'b'"),
    }
    assert findings(files, "FAPI902") == []


def test_a_history_may_cross_folders() -> None:
    files = {
        "alembic/versions/2024/a.py": revision("a", "None"),
        "alembic/versions/2025/b.py": revision("b", "'a'"),
        "alembic/versions/2025/c.py": revision("c", "'b'"),
    }
    assert findings(files, "FAPI902") == []
