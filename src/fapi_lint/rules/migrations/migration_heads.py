from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.project.grouping import grouped
from fapi_lint.project.migrations import Revision
from fapi_lint.project.project import Project
from fapi_lint.rules.rule import Finding, rule
from fapi_lint.source.place import Place


@rule("FAPI902", "migration-heads", preference="Migrations", default=False)
def migration_heads(project: Project, _: Project) -> Iterator[Finding]:
    """Revisions do not form one line: several heads, a missing predecessor, or a cycle.

    `alembic upgrade head` refuses to run with several heads, and fails on revisions that follow one that is not there.
    Each head is reported, unless branches are labelled and so meant to stay apart. A history with an identifier that
    is no literal is left alone.

    Bad:
        ```python alembic/versions/1a_first.py
        revision = "1a"
        down_revision = None


        def upgrade() -> None:
            pass
        ```
        ```python alembic/versions/2a_second.py
        revision = "2a"
        down_revision = "1a"


        def upgrade() -> None:
            pass
        ```
        ```python alembic/versions/2b_other.py
        revision = "2b"
        down_revision = "1a"


        def upgrade() -> None:
            pass
        ```

    Good:
        The other files stay as they are.

        ```python alembic/versions/2b_other.py
        revision = "2b"
        down_revision = "2a"


        def upgrade() -> None:
            pass
        ```
    """
    for history in project.migrations.histories:
        if all(revision.identifier is not None and revision.parents is not None for revision in history):
            yield from _problems(history)


def _problems(history: list[Revision]) -> Iterator[Finding]:
    by_name = {revision.identifier or "": revision for revision in history}
    followed = {parent for revision in history for parent in revision.parents or ()}
    heads = sorted(by_name.keys() - followed)
    cyclic = _in_cycle(by_name)
    for revision in history:
        missing = sorted(set(revision.parents or ()) - by_name.keys())
        if missing:
            yield _at(revision, f"Revision `{revision.identifier}` follows `{missing[0]}`, which does not exist")
        if revision.identifier in cyclic:
            yield _at(revision, f"Revision `{revision.identifier}` follows itself, by way of others")
        if revision.identifier in heads and len(heads) > 1 and not any(other.is_branch for other in history):
            others = ", ".join(f"`{head}`" for head in heads if head != revision.identifier)
            yield _at(revision, f"Revision `{revision.identifier}` is one of several heads, besides {others}")


def _at(revision: Revision, message: str) -> Finding:
    return Finding(at=Place(revision.module.path, 0, 0), message=message)


def _in_cycle(by_name: dict[str, Revision]) -> set[str]:
    before = {name: {p for p in revision.parents or () if p in by_name} for name, revision in by_name.items()}
    after = grouped((parent, name) for name, parents in before.items() for parent in parents)
    ready = [name for name, parents in before.items() if not parents]
    while ready:
        name = ready.pop()
        del before[name]
        for follower in after.get(name, ()):
            before[follower].discard(name)
            if not before[follower]:
                ready.append(follower)
    # What is left is in a cycle, or comes after one.
    while last := before.keys() - set().union(*before.values()):
        for name in last:
            del before[name]
    return set(before)
