"""Builders: what they insert or remove, and that nothing else changes."""

from __future__ import annotations

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.fix import text as t
from fapi_lint.fix.splice import Draft, apply
from fapi_lint.outline import nodes as o


def parse(text: str) -> Draft:
    file = Draft.parse("/app/a.py", text)
    assert file.outline.failure is None, (text, file.outline.failure)
    return file


def first(file: Draft, kind: type) -> o.Node:
    return next(node for node in o.walk(*file.outline.body) if isinstance(node, kind))


def the_call(text: str) -> tuple[Draft, o.Call]:
    file = parse(text)
    call = first(file, o.Call)
    assert isinstance(call, o.Call)
    return file, call


def the_class(text: str, name: str = "A") -> tuple[Draft, o.ClassDef]:
    file = parse(text)
    found = [n for n in o.walk(*file.outline.body) if isinstance(n, o.ClassDef) and n.name == name]
    return file, found[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(n=1)"),
        ("f( )", "f(n=1)"),
        ("f(\n)", "f(n=1)"),
        ("f(a)", "f(a, n=1)"),
        ("f(a, )", "f(a, n=1, )"),
        ("f(a, **k)", "f(a, n=1, **k)"),
        ("f(**k)", "f(n=1, **k)"),
        ("f(**k, **j)", "f(n=1, **k, **j)"),
        ("f(*a)", "f(*a, n=1)"),
        ("f(\n    a,\n    b=2,\n)", "f(\n    a,\n    b=2,\n    n=1,\n)"),
        ("f(\n    a,\n    b=2\n)", "f(\n    a,\n    b=2,\n    n=1\n)"),
        ("f(\n    a,\n    b=2)", "f(\n    a,\n    b=2,\n    n=1)"),
        ("f(\n    a,  # one\n    b=2  # two\n)", "f(\n    a,  # one\n    b=2,  # two\n    n=1\n)"),
        ("f(\n    a,  # one, two\n)", "f(\n    a,  # one, two\n    n=1,\n)"),
        ("f(\n\ta,\n\t**k,\n)", "f(\n\ta,\n\tn=1,\n\t**k,\n)"),
        ("f(x for x in y)", "f((x for x in y), n=1)"),
        ("f((x) for x in y)", "f(((x) for x in y), n=1)"),
        ("f((x for x in y))", "f((x for x in y), n=1)"),
        ("f(\n  # c\n)", "f(\n  # c\n  n=1,\n)"),
        ("f(\n    a, b\n)", "f(\n    a, b, n=1\n)"),
        ("f(a,\r\n  b)", "f(a,\r\n  b,\r\n  n=1)"),
        ("f(\n    a={\n        1: 2,\n    },\n)", "f(\n    a={\n        1: 2,\n    },\n    n=1,\n)"),
        ("f((a))", "f((a), n=1)"),
    ],
)
def test_insert_argument_at_end(before: str, after: str) -> None:
    file, call = the_call(before)
    assert apply(before, [t.insert_argument(file, call, "n=1")]) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()", "f(n)"),
        ("f(a, b)", "f(n, a, b)"),
        ("f(\n    a,\n)", "f(\n    n,\n    a,\n)"),
        ("f(x for x in y)", "f(n, (x for x in y))"),
    ],
)
def test_insert_argument_first(before: str, after: str) -> None:
    file, call = the_call(before)
    assert apply(before, [t.insert_argument(file, call, "n", first=True)]) == after


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("f(a)", 0, "f()"),
        ("f(a, )", 0, "f()"),
        ("f(a, b=1)", 0, "f(b=1)"),
        ("f(a, b=1)", 1, "f(a)"),
        ("f(a, b,)", 1, "f(a,)"),
        ("f(\n    a,\n    b=2,\n)", 1, "f(\n    a,\n)"),
        ("f(\n    a,\n    b=2)", 1, "f(\n    a)"),
        ("f(\n    a,  # noqa\n    b=2,\n)", 0, "f(\n    b=2,\n)"),
        ("f(\n    # about a\n    a,  # one\n    b=2,\n)", 0, "f(\n    # about a\n    # one\n    b=2,\n)"),
        ("f(\n    a, b,\n    c\n)", 1, "f(\n    a,\n    c\n)"),
        ("f(a,\r\n  b)", 1, "f(a)"),
        ("f(*a, **k)", 1, "f(*a)"),
    ],
)
def test_remove_argument(before: str, index: int, after: str) -> None:
    file, call = the_call(before)
    assert apply(before, [t.remove_argument(file, call, call.args[index])]) == after


@pytest.mark.parametrize(
    ("before", "indices", "after"),
    [
        ("f(a, b)", (0, 1), "f()"),
        ("f(a, b, c)", (1, 2), "f(a)"),
        ("f(a, b, c)", (0, 1), "f(c)"),
        ("f(a, b, c)", (0, 2), "f(b)"),
        ("f(\n    a,\n    b,\n    c,\n)", (1, 2), "f(\n    a,\n)"),
        ("f(\n    a,\n    b,  # about b\n    c,\n)", (1, 2), "f(\n    a,\n    # about b\n)"),
    ],
)
def test_remove_arguments(before: str, indices: tuple[int, ...], after: str) -> None:
    file, call = the_call(before)
    assert apply(before, t.remove_arguments(file, call, [call.args[index] for index in indices])) == after


ARGUMENTS = ["a", "(b)", "c.d(1, 2)", "'e,)'", "k=1", "m=(2)", "n={'x': [1, 2]}", "**o"]


@st.composite
def calls(draw: st.DrawFn) -> str:
    arguments = draw(st.lists(st.sampled_from(ARGUMENTS), unique=True, max_size=6))
    arguments.sort(key=ARGUMENTS.index)
    end = draw(st.sampled_from(["\n", "\r\n"]))
    breaks = draw(st.sampled_from(["none", "all", "some"]))
    parts = []
    commented = False
    for index, argument in enumerate(arguments):
        broken = breaks == "all" or commented or (breaks == "some" and draw(st.booleans()))
        lead = end + draw(st.sampled_from(["", f"    # own {index}{end}"])) + "    " if broken else " " * (index > 0)
        last = index == len(arguments) - 1
        comma = "," if not last or draw(st.booleans()) else ""
        commented = breaks == "all" and draw(st.booleans())
        parts.append(lead + argument + comma + (f"  # trailing {index}" if commented else ""))
    close = end if breaks == "all" or commented else ""
    return f"x = f({''.join(parts)}{close}){end}"


def shape(call: ast.Call) -> tuple[list[str], list[tuple[str | None, str]]]:
    keywords = [(keyword.arg, ast.unparse(keyword.value)) for keyword in call.keywords]
    return [ast.unparse(arg) for arg in call.args], keywords


def shape_of(text: str) -> tuple[list[str], list[tuple[str | None, str]]]:
    statement = ast.parse(text).body[0]
    assert isinstance(statement, ast.Assign)
    assert isinstance(statement.value, ast.Call)
    return shape(statement.value)


@given(calls())
def test_inserting_adds_one_argument_and_keeps_comments(source: str) -> None:
    file, call = the_call(source)
    after = apply(source, [t.insert_argument(file, call, "new=0")])
    old, new = shape_of(source), shape_of(after)
    assert new[0] == old[0]
    assert sorted(map(str, new[1])) == sorted([*map(str, old[1]), str(("new", "0"))])
    assert [k for k in new[1] if k[0] != "new"] == old[1]
    assert re.findall("#.*", after) == re.findall("#.*", source)


@given(calls(), st.data())
def test_removing_takes_one_argument_and_keeps_comments(source: str, data: st.DataObject) -> None:
    file, call = the_call(source)
    if not call.args:
        return
    index = data.draw(st.integers(0, len(call.args) - 1))
    after = apply(source, [t.remove_argument(file, call, call.args[index])])
    (args, keywords), new = shape_of(source), shape_of(after)
    both = [*args, *keywords]
    del both[index]
    assert [*new[0], *new[1]] == both
    assert re.findall("#.*", after) == re.findall("#.*", source)


@given(calls())
def test_inserting_and_removing_again_keeps_the_call(source: str) -> None:
    file, call = the_call(source)
    once = apply(source, [t.insert_argument(file, call, "new=0")])
    file, call = the_call(once)
    added = call.argument("new")
    assert added is not None
    assert shape_of(apply(once, [t.remove_argument(file, call, added)])) == shape_of(source)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f(a=(1))", "f(a=x)"),
        ("f(a = 1)", "f(a = x)"),
        ("f(\n  a=1 + 2,\n)", "f(\n  a=x,\n)"),
        ("f(**(k))", "f(**x)"),
        ("f(a)", "f(x)"),
    ],
)
def test_replace_argument_value(before: str, after: str) -> None:
    file, call = the_call(before)
    assert apply(before, [t.replace_argument_value(file, call.args[0], "x")]) == after


def test_replace_keeps_parentheses() -> None:
    source = "x = (a + b)"
    file = parse(source)
    assert apply(source, [t.replace(file, first(file, o.Operation), "c")]) == "x = (c)"


CLASS_BODIES = [
    ("class A: pass\n", "class A:\n    n = 1\n"),
    ("class A: ...", "class A:\n    n = 1"),
    ("class A:\n    pass\n", "class A:\n    n = 1\n"),
    ("class A: x = 1; y = 2\nz = 1\n", "class A:\n    x = 1\n    y = 2\n    n = 1\nz = 1\n"),
    ('class A:\n    """Doc."""\n', 'class A:\n    """Doc."""\n\n    n = 1\n'),
    ('class A: """Doc."""\n', 'class A:\n    """Doc."""\n\n    n = 1\n'),
    ("class B:\n\tclass A:\n\t\tx = 1\n\n\ty = 2\n", "class B:\n\tclass A:\n\t\tx = 1\n\t\tn = 1\n\n\ty = 2\n"),
    (
        "class A:\r\n    def f(self):\r\n        return 1\r\n",
        "class A:\r\n    def f(self):\r\n        return 1\r\n\r\n    n = 1\r\n",
    ),
    ("class A:\n    x = 1;\n", "class A:\n    x = 1;\n    n = 1\n"),
    ("class A:\n    x = (\n  1); y = 2\n", "class A:\n    x = (\n  1); y = 2\n    n = 1\n"),
    ("class A:\n    x = 1 \\\n  ; y = 2 \\\n ;\n", "class A:\n    x = 1 \\\n  ; y = 2 \\\n ;\n    n = 1\n"),
    ("class A: \\\n  x = 1\n", "class A:\n    x = 1\n    n = 1\n"),
    ("class A:\n    # c \\\n    x = 1\n", "class A:\n    # c \\\n    x = 1\n    n = 1\n"),
    ("class A:\n    x = 1,  # c\n", "class A:\n    x = 1,  # c\n    n = 1\n"),
    ("def f():\n  class A:\n    x = 1", "def f():\n  class A:\n    x = 1\n    n = 1"),
]


@pytest.mark.parametrize(("before", "after"), CLASS_BODIES)
def test_insert_into_class_body_at_end(before: str, after: str) -> None:
    file, node = the_class(before)
    assert apply(before, [t.insert_into_class_body(file, node, ["n = 1"])]) == after
    assert parse(after)


def test_insert_into_class_body_first_and_after() -> None:
    source = 'class A:\n    """D"""\n\n    x = 1\n    y = 2\n    def f(self): ...\n'
    file, node = the_class(source)
    assert apply(source, [t.insert_into_class_body(file, node, ["n = 1"], first=True)]) == source.replace(
        "    x = 1", "    n = 1\n\n    x = 1"
    )
    assert apply(source, [t.insert_into_class_body(file, node, ["n = 1"], after=node.body[1])]) == source.replace(
        "    y = 2", "    n = 1\n    y = 2"
    )
    assert apply(source, [t.insert_into_class_body(file, node, ["n = 1"], after=node.body[2])]) == source.replace(
        "    y = 2\n", "    y = 2\n    n = 1\n\n"
    )


@pytest.mark.parametrize(
    ("before", "index", "after"),
    [
        ("x = 1\ny = 2\nz = 3\n", 1, "x = 1\nz = 3\n"),
        ("x = 1\n\ny = 2\n\nz = 3\n", 1, "x = 1\n\nz = 3\n"),
        ("x = 1\n\ny = 2\n", 1, "x = 1\n"),
        ("x = 1; y = 2; z = 3\n", 0, "y = 2; z = 3\n"),
        ("x = 1; y = 2; z = 3\n", 1, "x = 1; z = 3\n"),
        ("x = 1; y = 2; z = 3\n", 2, "x = 1; y = 2\n"),
        ("x = 1;\ny = 2\n", 0, "y = 2\n"),
        ("x = 1,\ny = 2\n", 0, "y = 2\n"),
        ("# about x\nx = 1  # why\ny = 2\n", 0, "# about x\n# why\ny = 2\n"),
        ("x = 1  # noqa: E501\ny = 2\n", 0, "y = 2\n"),
        ("@d\n@e\ndef f():\n    pass\n\n\nx = 1\n", 0, "x = 1\n"),
        ("x = 1\r\n\r\ny = 2\r\n\r\nz = 3\r\n", 1, "x = 1\r\n\r\nz = 3\r\n"),
        ("x = 1", 0, ""),
    ],
)
def test_remove_statement(before: str, index: int, after: str) -> None:
    file = parse(before)
    assert apply(before, [t.remove_statement(file, file.outline.body[index])]) == after


@pytest.mark.parametrize("source", ["if a:\n    x = 1\n", "class A: x = 1\n", "def f():\n    x = 1  # c\n"])
def test_removing_the_only_statement_leaves_pass(source: str) -> None:
    file = parse(source)
    after = apply(source, [t.remove_statement(file, first(file, o.Assign))])
    assert after == source.replace("x = 1", "pass")


def test_insert_statement_around() -> None:
    source = "if a:\n    x = 1; y = 2  # c\nelse: z = 3\n"
    file = parse(source)
    statements = [node for node in o.walk(*file.outline.body) if isinstance(node, o.Assign)]
    for target in statements[:2]:
        after = apply(source, [t.insert_statement_after(file, target, ["n = 1"])])
        assert after == source.replace("# c\n", "# c\n    n = 1\n")
        before = apply(source, [t.insert_before(file, target, ["if n:", "    m = 1"])])
        assert before == source.replace("    x", "    if n:\n        m = 1\n    x")
    assert apply(source, [t.insert_statement_after(file, statements[2], ["n = 1"])]) == source.replace(
        "else: z = 3", "else:\n    z = 3\n    n = 1"
    )


@pytest.mark.parametrize(
    ("text", "string", "literal"),
    [
        ("", "a", '"a"'),
        ("x = 'a'\ny = 'b'", "c", "'c'"),
        ("x = 'a'", "it's", '"it\'s"'),
        ('x = """a"""', 'say "hi"', "'say \"hi\"'"),
        ("", "a\\b\n", '"a\\\\b\\n"'),
    ],
)
def test_quote(text: str, string: str, literal: str) -> None:
    assert t.quote(parse(text), string) == literal
    assert ast.literal_eval(literal) == string


def test_a_comment_in_the_parentheses_of_an_argument_stays() -> None:
    source = "f(a=(  # why\n    1), b=(2))\n"
    file = parse(source)
    call = first(file, o.Call)
    edits = [t.replace_argument_value(file, arg, "3") for arg in call.args]
    assert apply(source, edits) == "f(a=(  # why\n    3), b=3)\n"


@pytest.mark.parametrize(
    ("text", "newline"), [("", "\n"), ("a\r\nb\r\nc\n", "\r\n"), ("a\rb\r", "\r"), ("a\nb\r\nc\n", "\n")]
)
def test_newline(text: str, newline: str) -> None:
    assert t.newline(text) == newline


@given(st.text())
def test_quoting_keeps_the_string(string: str) -> None:
    assert ast.literal_eval(t.quote(parse("x = 'a'"), string)) == string


@given(st.text(alphabet="ab \t\n\r\f#", max_size=30), st.data())
def test_lines_partition_the_text(text: str, data: st.DataObject) -> None:
    offset = data.draw(st.integers(0, len(text)))
    start, following = t.line_start(text, offset), t.next_line(text, offset)
    assert start <= offset <= following
    assert not set(text[start : t.line_end(text, offset)]) & set("\r\n") or text[offset - 1 : offset + 1] == "\r\n"
    assert t.indentation_at(text, offset).strip() == ""
