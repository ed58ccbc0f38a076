"""The outline's spans against LibCST's own positions, and what happens to text that does not parse."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import libcst as cst
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from libcst.metadata import MetadataWrapper, PositionProvider

from fapi_lint.outline import nodes as o
from fapi_lint.outline.build import build
from fapi_lint.outline.compact import compact
from fapi_lint.source.file import LineIndex


def outline(text: str) -> o.Outline:
    return o.decode(build(text))


def spans_of_libcst(text: str) -> dict[type, set[tuple[int, int]]]:
    """Spans by kind of node, as LibCST's provider has them."""
    wrapper = MetadataWrapper(cst.parse_module(text))
    positions = wrapper.resolve(PositionProvider)
    lines = LineIndex(text)
    found: dict[type, set[tuple[int, int]]] = {}
    for node, place in positions.items():
        if place.end.line > lines.count:  # a block ends behind a line end that the file may lack
            continue
        start = lines.offset(place.start.line, place.start.column + 1)
        end = lines.offset(place.end.line, place.end.column + 1)
        found.setdefault(type(node), set()).add((start, end))
    return found


SAME = {
    o.Call: (cst.Call,),
    o.Attribute: (cst.Attribute,),
    o.Subscript: (cst.Subscript,),
    o.Lambda: (cst.Lambda,),
    o.Await: (cst.Await,),
    o.IfExp: (cst.IfExp,),
    o.Dict: (cst.Dict,),
    o.NamedExpr: (cst.NamedExpr,),
    o.Compare: (cst.Comparison,),
    o.Operation: (cst.UnaryOperation, cst.BinaryOperation, cst.BooleanOperation),
    o.String: (cst.SimpleString, cst.ConcatenatedString, cst.FormattedString),
    o.Number: (cst.Integer, cst.Float, cst.Imaginary),
    o.Comprehension: (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp),
    o.Yield: (cst.Yield,),
    o.Return: (cst.Return,),
    o.Raise: (cst.Raise,),
    o.Import: (cst.Import,),
    o.ImportFrom: (cst.ImportFrom,),
    o.Alias: (cst.ImportAlias,),
    o.Decorator: (cst.Decorator,),
}


def assert_same_spans(text: str) -> None:
    found = outline(text)
    assert found.failure is None, found.failure
    theirs = spans_of_libcst(text)
    all_nodes = list(o.walk(*found.body))
    names = theirs.get(cst.Name, set())
    for node in all_nodes:
        assert 0 <= node.start <= node.end <= len(text), node
        if isinstance(node, o.Name):
            assert text[node.start : node.end] == node.id
            assert (node.start, node.end) in names, (node, text[node.start : node.end])
        elif isinstance(node, o.Attribute):
            assert text[node.attr_start : node.end] == node.attr
        elif isinstance(node, o.Call):
            assert text[node.open - 1] == "("
            assert text[node.end - 1] == ")"
        elif isinstance(node, (o.FunctionDef, o.ClassDef)):
            assert text[node.name_start :].startswith(node.name)
            assert text.startswith(("def", "async", "class"), node.start)
            first = node.body[0]
            assert node.body_start == getattr(first, "outer_start", first.start)
            if isinstance(node, o.FunctionDef) or node.close >= 0:
                assert text[node.close] == ")"
        elif isinstance(node, o.Param):
            assert text[node.start :].startswith(node.name)
    for ours, kinds in SAME.items():
        expected = {span for kind in kinds for span in theirs.get(kind, set())}
        mine = {(node.start, node.end) for node in all_nodes if type(node) is ours}
        if ours is o.Attribute:  # module names of imports are text in the outline
            assert mine <= expected
            continue
        if ours is o.String:  # concatenated literals are one node
            whole = theirs.get(cst.ConcatenatedString, set())
            inside = {s for s in expected if any(w != s and w[0] <= s[0] and s[1] <= w[1] for w in whole)}
            expected, mine = expected - inside, mine - inside
        if ours is o.Alias:  # LibCST has no alias for a star
            mine = {(start, end) for start, end in mine if text[start:end] != "*"}
        if ours is o.Decorator:
            # LibCST's span takes the line end in.
            assert {start for start, _ in mine} == {start for start, _ in expected}
            continue
        assert mine == expected, (ours, sorted(mine ^ expected), [text[a:b] for a, b in sorted(mine ^ expected)])


SNIPPETS = [
    "f\"{x!r:>{width}} {y = } {'nested'} {z:%Y-%m-%d}\"",
    "f'{f\"{f'{x}'}\"}'",
    "f'{x:{y}.{z}}' 'a' r\"b\"",
    "f'''{\n  a  # comment with a and x\n  + x\n}'''",
    "f'{{literal}} {d[\"k\"]} {lambda_(x)}'",
    "match x:\n    case {'a': 1, **rest} if rest: pass\n"
    "    case [A(b=c), *_, (d)] | e.f: pass\n    case -1 | 'a' | None: pass\n    case _: pass",
    "match = 1; type = 2; case = match\ntype(match)\nprint(case, type)",
    "match (x, y):\n    case (a, b) as c: pass\n    case A() | B(): pass",
    "if (n := len(a)) > 10: print(n)",
    "@a.b(c)\n@d\nasync def f(x, /, y: int = 1, *args: int, z=(2), **kw: str) -> 'T': return await g(x)",
    "class A(B, *C, metaclass=M, **D):\n    x: int = 1",
    "print(*a, b, *c, d=e, **f, g=h)",
    "lambda x=(1), *a, y=2, **k: (x, y)",
    "[x async for x in y if await z if w]\n{k: v for k, v in m}\n{*a, b}\nx = *a, b",
    "def f[T: int, *Ts, **P](x: T) -> T: return x\nclass A[T = int]: pass\ntype X[T] = list[T]",
    "x = 1; y = 2;\nz = 3",
    "x = 1 + \\\n    2\nassert x, \\\n  y",
    "# x = y\nx = y  # y and x again\n# z",
    "a[1:2, ::3, ..., :]\na[b:c:d]\na[*b]\na[()]",
    "x -= -1\nx += +1\nx *= (2)\nx **= -2\nx >>= ~y\nx //= - y",
    "not a\na not in b\na is not b is c\na < b <= c != d",
    "x = ((a)).b((c))(d)[(e)]\n((f))()\n(g.h)",
    "x = (yield)\n",
    "def f():\n    x = yield (a, b)\n    yield from (c)\n    return (yield)",
    "try:\n    a\nexcept* (B, C) as d:\n    e\nelse:\n    f\nfinally:\n    g",
    "try: a\nexcept B: c\nexcept: d",
    "with (a as b, c as d): e\nwith (a), b as (c): d\nasync def f():\n"
    "    async with a: pass\n    async for x, y in z: pass\n    else: w",
    "from . import a\nfrom .. import b as c\nfrom .d.e import (f, g as h,)\n"
    "from ... import i\nimport j.k as l, m . n\nfrom o import *",
    "global_ = 1\ndef f():\n    global g, h\n    def i():\n        nonlocal_ = 1",
    "del a, b[c], (d)\nassert (a), b\nraise A from B\nraise (C)",
    "0xFF + 1_000 + 1.5e3 + 2j + 0b1 + .5 + 5.\n1if x else 2or 3",
    "'a' \"b\" '''c\nd''' f'{e}'\n('a'\n 'b')\nu'x'",
    "x = {\n  'a': 1,  # a\n  **b,\n}\ny = {1, 2}\nz = {}",
    "for x, *y in (1, 2), 3: pass\nwhile x: break\nelse: continue_",
    "if a: b\nelif c: d\nelse: e\nif f:\n    g\nelse:\n    if h: i",
    "x = a if b else c if d else (e)\ny = (a if b else c).d",
    "x: (int)\ny: list[int] = (1)\nself.x: int = 2",
    "a = b = c, d = e\n(a), [b, *c] = d",
    "f(x for x in y)\nf((x for x in y))\nf((x) for x in (y))\nf(a, (x for x in y))",
    "print((yield_), (), [], (1,), (1, 2))",
    "é = ñ\nλ(é)\n'日本'.x",
    "async def f():\n    return [await x for x in y], (await z)",
    "def f() -> -1: ...\ndef g() -> (-a): ...",
    "x = a @ b @ (c)\n@(d)\ndef f(): ...",
    "async def async_(): await await_(async_)",
    "None_ = None; True_ = not True",
    "return_ = 1\nimport_ = from_ = lambda: lambda_\nin_ = 1 in in_",
    "x = a.b . c\ny = (a\n  # note .c\n  .b\n)",
    "try:\n    x\nexcept A, B:\n    y",
    "x = t'{a} {b!r}'",
]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("snippet", SNIPPETS)
def test_spans_are_those_of_libcst(snippet: str, end: str) -> None:
    text = snippet.replace("\n", end) + end
    if snippet.startswith("x = t'"):
        assert outline(text).failure is None
        return
    assert_same_spans(text)


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_spans_in_a_nested_block_without_final_line_end(snippet: str) -> None:
    lines = "\n".join("\t" + line for line in snippet.rstrip().split("\n"))
    if "'''" in snippet or "import *" in snippet or snippet.startswith("x = t'"):
        return
    assert_same_spans(f"# {snippet.splitlines()[0]}\nasync def wrapper():\n{lines}")


def test_form_feeds_are_white_space() -> None:
    assert_same_spans("x = 1\n\f\ndef f():\n    return x\n\f\nclass A:\n    y = x\n")


def test_this_package() -> None:
    root = Path(o.__file__).parents[1]
    for path in sorted(root.glob("outline/*.py")):
        assert_same_spans(path.read_text())


EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b1", "'s'", '"#"', "1", "2.5", "()", "[]", "{}", "...", "-a", "not_a", 'f"{a}"', "None"]),
    lambda inner: st.one_of(
        st.builds("({})".format, inner),
        st.builds("({}, {})".format, inner, inner),
        st.builds("({}).c".format, inner),
        st.builds("f({}, k={}, *{})".format, inner, inner, inner),
        st.builds("({})[{}:{}]".format, inner, inner, inner),
        st.builds("[{} for b1 in {} if {}]".format, inner, inner, inner),
        st.builds("({} - -{})".format, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("(lambda x={}: {})".format, inner, inner),
        st.builds("{{{}: {}, **a}}".format, inner, inner),
        st.builds("({} not in {} < {})".format, inner, inner, inner),
        st.builds("(\n  {}  # a ( b1 ' \n  and {}\n)".format, inner, inner),
        st.builds("(y := {})".format, inner),
    ),
    max_leaves=12,
)
STATEMENTS = st.one_of(
    st.builds("x = {}".format, EXPRESSIONS),
    st.builds("x: {} = {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("x += {}; pass".format, EXPRESSIONS),
    st.builds("x -= -{}".format, EXPRESSIONS),
    st.builds("@d({})\ndef g(p: {} = {}, *, q) -> {}:\n    return {}".format, *[EXPRESSIONS] * 5),
    st.builds("class C(B, k={}):\n    z = {}".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("if {}: w = {}\nelse:\n    v".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("with {} as s, (t): r".format, EXPRESSIONS),
    st.builds("for o in {}:\n    u({})".format, EXPRESSIONS, EXPRESSIONS),
    st.builds("# {}".format, st.sampled_from(["a", "x = 'y", "(", "def g"])),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(STATEMENTS, max_size=6))
def test_spans_of_generated_programs(statements: list[str]) -> None:
    assert_same_spans("\n".join(statements) + "\n")


def test_bodies_are_decoded_when_asked_for() -> None:
    (function,) = outline("def f():\n    def g():\n        return 1\n").body
    assert isinstance(function, o.FunctionDef)
    (inner,) = function.body
    assert isinstance(inner, o.FunctionDef)
    assert isinstance(inner.body[0], o.Return)
    assert function.body is not function.body


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("x = (\n", 1),
        ("x = 1\ny = = 2\n", 2),
        ("def f(:\n    pass\n", 1),
        ("if x:\npass\n", 2),
        ("x = {{ a }\n", 1),
        ("a b\n", 1),
    ],
)
def test_syntax_errors_say_where(text: str, row: int) -> None:
    failure = outline(text).failure
    assert failure is not None
    assert failure.row >= row
    assert failure.column >= 1
    assert failure.message


@pytest.mark.parametrize(
    ("text", "message", "row", "column"),
    [
        ("def f(:\n    pass\n", "invalid syntax", 1, 7),
        ("def f(a):\n    return (a\n\nx = 3 +\n", "'(' was never closed", 2, 12),
        ("if x:\n    a = 1\n  b = 2\n", "unindent does not match any outer indentation level", 3, 8),
        ("x = 1\nfor x in y\n    pass\n", "expected ':'", 2, 11),
        # The running Python may stumble over what is newer than it, and LibCST reads.
        ("try:\n    pass\nexcept A, B:\n    pass\n\n\n\nx = = 3\n", "invalid syntax", 8, None),
        ("'\\d'\nx = )\n", "unmatched ')'", 2, 5),
    ],
)
def test_syntax_errors_are_told_as_python_tells_them(text: str, message: str, row: int, column: int | None) -> None:
    failure = outline(text).failure
    assert failure is not None
    assert (failure.message, failure.row) == (message, row)
    assert column in (None, failure.column)


@pytest.mark.parametrize("depth", [50, 95, 200, 399, 1000, 100_000])
@pytest.mark.parametrize("pair", ["()", "[]", "{}"])
def test_deep_brackets_work_or_fail(pair: str, depth: int) -> None:
    found = outline(f"x = {pair[0] * depth}1{pair[1] * depth}\n")
    assert (found.failure is None) == bool(found.body)
    if found.failure is not None:
        assert found.failure.row == 1
        assert found.failure.message


@pytest.mark.parametrize("depth", [20, 90, 200, 1000])
def test_deep_blocks_work_or_fail(depth: int) -> None:
    text = "".join(" " * level + "if x:\n" for level in range(depth)) + " " * depth + "pass\n"
    found = outline(text)
    assert (found.failure is None) == bool(found.body)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "-" * 3000 + "1\n",
        "x = " + "1 + " * 3000 + "1\n",
        "x" + ".y" * 3000 + "\n",
        "x = " + "not " * 3000 + "y\n",
        "if a: b\n" + "elif a: b\n" * 2000,
    ],
)
def test_deep_operators_work_or_fail(text: str) -> None:
    found = outline(text)
    assert (found.failure is None) == bool(found.body)


@given(st.text(alphabet="x=1()[]{}:#'\"\n\r\t \\,.*-@fdeflambda", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_gives_an_outline(text: str) -> None:
    found = outline(text)
    assert found.failure is None or not found.body


def test_comments_inside_strings_are_no_suppressions() -> None:
    text = "x = '''\n# noqa\n'''  # noqa\n"
    first, second = text.index("# noqa"), text.rindex("# noqa")
    found = o.decode(build(text, [(first, first + 6), (second, second + 6)]))
    assert found.suppressions == ((second, second + 6),)
    assert found.strings == ((4, text.rindex("'''") + 3),)
    assert found.multiline == ((0, text.rindex("'''") + 3),)


def test_walk_is_in_source_order_for_names() -> None:
    text = "a = b(c, d=e)[f]\nif g: h\nelse: i\n"
    names: list[Any] = [node for node in o.walk(*outline(text).body) if isinstance(node, o.Name)]
    assert [name.id for name in names] == list("abcefghi")
    assert [name.start for name in names] == sorted(name.start for name in names)


def test_compact_outlines_are_the_same_and_share_offsets_and_words() -> None:
    text = "filler = 1\n" * 50 + "@some_name\ndef f(a: some_name = 1) -> some_name:\n    return a\n"
    encoded = build(text)
    one, other = o.decode(encoded), o.decode(encoded)
    known: dict[int | str, int | str] = {}
    for outline in (one, other):
        compact(outline, known)
        assert msgspec.msgpack.encode(outline) == encoded
    for first, second in zip(one.body, other.body, strict=True):
        assert first.start is second.start
        assert first.end is second.end
    mine, theirs = one.body[-1], other.body[-1]
    assert isinstance(mine, o.FunctionDef)
    assert isinstance(theirs, o.FunctionDef)
    assert isinstance(mine.returns, o.Name)
    assert isinstance(theirs.returns, o.Name)
    assert mine.returns.id is theirs.returns.id
