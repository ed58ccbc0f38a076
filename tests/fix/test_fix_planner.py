"""Edits applied and fixes composed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix, Move, NeedsImport
from fapi_lint.fix.imports import ImportConflict
from fapi_lint.fix.planner import LostComment, apply, edits_of, plan, verify
from fapi_lint.fix.splice import Draft

FILES = {
    "a.py": "import os\n\nx = one\ny = two\n",
    "b.py": "z = three\n",
}


def files(path: str) -> Draft:
    return Draft.parse(path, FILES[path])


def fix(*edits: Edit, needs: tuple[NeedsImport, ...] = (), drops: tuple[DropsImport, ...] = ()) -> Fix:
    return Fix("a fix", Applicability.SAFE, edits, needs, drops)


def edit(path: str, old: str, new: str) -> Edit:
    start = FILES[path].index(old)
    return Edit(path, start, start + len(old), new)


def insertion(path: str, before: str, new: str) -> Edit:
    start = FILES[path].index(before)
    return Edit(path, start, start, new)


@st.composite
def disjoint(draw: st.DrawFn) -> tuple[str, list[Edit]]:
    text = draw(st.text(max_size=40))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), unique=True, max_size=8)))
    spans = zip(cuts[::2], cuts[1::2], strict=False)
    edits = [Edit("a.py", start, end, draw(st.text(max_size=5))) for start, end in spans]
    return text, draw(st.permutations(edits))


@given(disjoint())
def test_apply_is_editing_from_the_end(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    expected = text
    for each in sorted(edits, reverse=True):
        expected = expected[: each.start] + each.text + expected[each.end :]
    assert apply(text, edits) == expected


@given(disjoint())
def test_plan_composes_disjoint_fixes(case: tuple[str, list[Edit]]) -> None:
    text, edits = case
    fixes = [fix(each) for each in edits]
    planned = plan(fixes, lambda path: Draft.parse(path, ""))
    assert planned.applied + planned.deferred == sorted(planned.applied + planned.deferred) or planned.deferred
    assert sorted([*planned.applied, *planned.deferred]) == list(range(len(fixes)))
    chosen = [edits[index] for index in planned.applied]
    assert sorted(planned.edits.get("a.py", ())) == sorted(chosen)
    assert apply(text, planned.edits.get("a.py", ())) == apply(text, chosen)


PLACES = st.tuples(st.integers(0, 9), st.integers(0, 3), st.sampled_from("xy"), st.booleans())


@given(st.lists(PLACES, max_size=12))
def test_plan_chooses_the_first_of_those_that_touch(places: list[tuple[int, int, str, bool]]) -> None:
    edits = [
        Edit("a.py", start, start + length, text, stackable and not length) for start, length, text, stackable in places
    ]
    planned = plan([fix(each) for each in edits], lambda path: Draft.parse(path, ""))

    def touch(one: Edit, other: Edit) -> bool:
        if one == other or (one.stackable and other.stackable):
            return False
        room = 0 if one.start < one.end and other.start < other.end else 1
        return one.start < other.end + room and other.start < one.end + room

    chosen: list[Edit] = []
    for each in edits:
        if not any(touch(each, other) for other in chosen):
            chosen.append(each)
    assert [edits[index] for index in planned.applied] == chosen


@pytest.mark.parametrize(
    "edits", [[Edit("a", 0, 2, ""), Edit("a", 1, 3, "")], [Edit("a", 2, 9, "")], [Edit("a", 2, 1, "")]]
)
def test_apply_refuses_what_overlaps_or_leaves_the_text(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        apply("abc", edits)


def test_insertions_at_one_offset_keep_their_order_and_come_before_a_replacement() -> None:
    assert apply("ab", [Edit("a", 1, 2, "X"), Edit("a", 1, 1, "1"), Edit("a", 1, 1, "2")]) == "a12X"


def test_fixes_are_atomic_across_files() -> None:
    first = fix(edit("a.py", "one", "1"))
    second = fix(edit("a.py", "one", "uno"), edit("b.py", "three", "tres"))
    third = fix(edit("b.py", "three", "3"))
    planned = plan([first, second, third], files)
    assert (planned.applied, planned.deferred, planned.refused) == ([0, 2], [1], {})
    assert planned.edits == {"a.py": (edit("a.py", "one", "1"),), "b.py": (edit("b.py", "three", "3"),)}


@pytest.mark.parametrize(
    "second",
    [
        insertion("a.py", "x =", "other\n"),
        Edit("a.py", 9, 11, ""),  # ends where the first one inserts
        edit("a.py", "x = one", ""),
    ],
)
def test_what_touches_an_insertion_waits(second: Edit) -> None:
    first = insertion("a.py", "x =", "new\n")
    assert plan([fix(first), fix(second)], files).deferred == [1]
    assert plan([fix(second), fix(first)], files).deferred == [1]


def test_identical_edits_are_shared() -> None:
    shared = insertion("a.py", "x =", "new\n")
    planned = plan([fix(shared), fix(shared, edit("a.py", "two", "2"))], files)
    assert planned.applied == [0, 1]
    assert planned.edits["a.py"] == (shared, edit("a.py", "two", "2"))


def test_a_fix_that_several_findings_share_is_decided_on_once() -> None:
    shared = fix(edit("a.py", "one", "1"))
    planned = plan([shared, fix(edit("a.py", "one", "2")), shared], files)
    assert (planned.applied, planned.deferred) == ([0, 2], [1])


def test_imports_are_placed_once_for_all_fixes() -> None:
    needs = tuple(NeedsImport("a.py", "uuid", name) for name in ("UUID", "uuid4"))
    fixes = [
        fix(edit("a.py", "one", "UUID"), needs=needs[:1], drops=(DropsImport("a.py", "os"),)),
        fix(edit("a.py", "two", "uuid4"), needs=needs),
    ]
    planned = plan(fixes, files)
    assert planned.applied == [0, 1]
    after = apply(FILES["a.py"], planned.edits["a.py"])
    assert after == "from uuid import UUID, uuid4\n\nx = UUID\ny = uuid4\n"
    assert list(planned.edits["a.py"]) == sorted(planned.edits["a.py"])


def test_edits_of_one_fix() -> None:
    one = fix(edit("b.py", "three", "os"), edit("a.py", "one", "1"), needs=(NeedsImport("b.py", "os"),))
    assert edits_of(one, files) == (
        edit("a.py", "one", "1"),
        Edit("b.py", 0, 0, "import os\n\n"),
        edit("b.py", "three", "os"),
    )


def test_a_conflict_with_the_file_is_refused() -> None:
    bad = fix(edit("a.py", "one", "1"), edit("b.py", "three", "3"), needs=(NeedsImport("a.py", "m", "x"),))
    with pytest.raises(ImportConflict):
        edits_of(bad, files)
    planned = plan([bad, fix(edit("b.py", "three", "3"))], files)
    assert planned.applied == [1]
    assert list(planned.refused) == [0]
    assert "cannot import x" in planned.refused[0]
    assert list(planned.edits) == ["b.py"]


def test_a_conflict_between_fixes_waits() -> None:
    fixes = [fix(needs=(NeedsImport("b.py", module, "T"),)) for module in ("m", "n")]
    planned = plan(fixes, files)
    assert (planned.applied, planned.deferred, planned.refused) == ([0], [1], {})


def test_an_import_in_the_way_of_another_fix_waits() -> None:
    fixes = [
        fix(edit("a.py", "import os\n\n", "pass\n")),
        fix(edit("a.py", "two", "2"), needs=(NeedsImport("a.py", "re"),)),
    ]
    planned = plan(fixes, files)
    assert sorted([*planned.applied, *planned.deferred]) == [0, 1]
    assert verify(FILES["a.py"], apply(FILES["a.py"], planned.edits["a.py"])) is None


def test_verify() -> None:
    assert verify("x = 1\n", "y = 2\n") is None
    failure = verify("x = 1\n", "y = (\n")
    assert failure is not None
    assert failure.row >= 1
    assert verify("x = (\n", "y = (\n") is None


def test_stackable_insertions_stand_at_one_offset_in_the_order_of_their_fixes() -> None:
    at = len("import os\n\nx = one")
    lines = [Edit("a.py", at, at, f"\n{name} = 1", stackable=True) for name in ("b", "a")]
    planned = plan([*map(fix, lines), fix(Edit("a.py", at, at, "\nc = 1"))], files)
    assert (planned.applied, planned.deferred) == ([0, 1], [2])
    assert apply(FILES["a.py"], planned.edits["a.py"]) == "import os\n\nx = one\nb = 1\na = 1\ny = two\n"


# --- moves -----------------------------------------------------------------------------------------


def moving(path: str, to: str, *edits: Edit) -> Fix:
    return Fix("a move", Applicability.UNSAFE, edits, moves=(Move(path, to),))


def test_a_move_and_edits_of_the_same_file_go_together() -> None:
    planned = plan([moving("/a.py", "/c.py", edit("a.py", "one", "1")), fix(edit("a.py", "two", "2"))], files)
    assert planned.moves == (Move("/a.py", "/c.py"),)
    assert apply(FILES["a.py"], planned.edits["a.py"]) == "import os\n\nx = 1\ny = 2\n"


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("/b.py", "/c.py"),  # one place for two
        ("/a.py", "/d.py"),  # two places for one
        ("/c.py", "/e.py"),  # a place that gets free only then
        ("/b.py", "/a.py"),
    ],
)
def test_moves_that_cross_wait(path: str, to: str) -> None:
    planned = plan([moving("/a.py", "/c.py"), moving(path, to)], files)
    assert planned.moves == (Move("/a.py", "/c.py"),)
    assert planned.deferred == [1]


def test_a_file_waits_for_its_folder() -> None:
    planned = plan([moving("/p", "/q"), moving("/p/a.py", "/p/b.py"), moving("/r/a.py", "/r/b.py")], files)
    assert planned.applied == [0, 2]


def test_two_fixes_may_want_the_same_move() -> None:
    planned = plan([moving("/a.py", "/c.py"), moving("/a.py", "/c.py")], files)
    assert (planned.applied, planned.moves) == ([0, 1], (Move("/a.py", "/c.py"),))


def test_who_imports_from_a_module_waits_until_it_has_moved() -> None:
    needing = fix(edit("a.py", "one", "User"), needs=(NeedsImport("a.py", "app.models.users", "User"),))
    assert plan([moving("/app/models/users.py", "/app/models/user.py"), needing], files).applied == [0]
    assert plan([needing, moving("/app/models/users.py", "/app/models/user.py")], files).applied == [0]


def test_what_a_move_touches() -> None:
    move = Move("/app/old", "/app/new")
    assert move.of("/app/old/a.py") == "/app/new/a.py"
    assert move.of("/app/old") == "/app/new"
    assert move.of("/app/older.py") == "/app/older.py"


def test_a_fix_whose_own_edits_overlap_is_none() -> None:
    edits = (Edit("a.py", 0, 5, ""), Edit("a.py", 4, 4, "x"))
    with pytest.raises(ValueError, match="overlap"):
        Fix("Do two things at one place", Applicability.SAFE, edits)
    Fix("Do two things", Applicability.SAFE, (edits[0], edits[0], Edit("a.py", 5, 5, "x"), Edit("b.py", 4, 4, "x")))


def test_a_fix_that_loses_a_comment_is_refused() -> None:
    texts = {"c.py": "x = [\n    1,  # why\n    '# not',  # noqa: E501\n]\n"}

    def file(path: str) -> Draft:
        return Draft.parse(path, texts[path])

    def replaced(new: str) -> Fix:
        return fix(Edit("c.py", 4, len(texts["c.py"]) - 1, new))

    with pytest.raises(LostComment, match="# why"):
        edits_of(replaced("[1]"), file)
    assert plan([replaced("[1]")], file).refused == {0: "the comment `# why` would be lost"}
    assert plan([replaced("[1]  # why")], file).applied == [0]
