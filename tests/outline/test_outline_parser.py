"""LibCST's native parser with nodes of our own: the same fields, and nothing of it is seen elsewhere."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
import types
from pathlib import Path

import libcst
import pytest

from fapi_lint.outline import expressions, parser, statements
from fapi_lint.outline import nodes as o
from fapi_lint.outline.build import build

TEXT = "async def f(a: int = 1, *b, **c) -> None:\n    return [x async for x in a[1:] if x] or f'{c!r:>{a}}'\n"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def classes() -> dict[str, type]:
    named = {name: getattr(libcst, name) for name in dir(libcst)}
    return {name: value for name, value in named.items() if dataclasses.is_dataclass(value) and hasattr(value, "visit")}


def test_a_build_does_not_load_the_package() -> None:
    code = "import sys; from fapi_lint.outline.build import build; build('x = 1'); print('libcst' in sys.modules)"
    assert run(code) == "False"


def test_the_package_works_after_a_build() -> None:
    code = (
        "from fapi_lint.outline.build import build; build('x = 1')\n"
        "import libcst, libcst.native\n"
        "print(libcst.parse_module('x = 1').code, callable(libcst.native.parse_module))\n"
        "build('x = 2'); print(libcst.parse_module('x = 2').code)"
    )
    assert run(code) == "x = 1 True\nx = 2"


def test_the_package_is_there_again_after_a_text_that_does_not_parse() -> None:
    with pytest.raises(parser.ParserSyntaxError):
        parser.parse_module("x = = 1\n")
    assert sys.modules["libcst"] is libcst


def test_a_native_parser_that_takes_its_classes_elsewhere(tmp_path: Path) -> None:
    """Then LibCST's own classes serve, and the outline is the same."""
    (tmp_path / "text.py").write_text(TEXT)
    code = (
        "import sys, libcst, libcst.native as native\n"
        "class Native:\n"
        "    @staticmethod\n"
        "    def parse_module(text, encoding):\n"
        "        own, sys.modules['libcst'] = sys.modules['libcst'], libcst\n"
        "        try:\n"
        "            return native.parse_module(text, encoding=encoding)\n"
        "        finally:\n"
        "            sys.modules['libcst'] = own\n"
        "sys.modules['libcst.native'] = Native\n"
        "from fapi_lint.outline import parser\n"
        "from fapi_lint.outline.build import build\n"
        "assert parser.cst is libcst\n"
        f"print(build(open({str(tmp_path / 'text.py')!r}).read()).hex(), b'syntax' in build('x = = 1'))"
    )
    assert run(code) == f"{build(TEXT).hex()} True"


def test_what_the_walk_reads_of_a_node_may_be_left_out() -> None:
    """A field that the parser leaves out where it is None has a default in our nodes too."""
    optional = {
        field.name
        for node in classes().values()
        for field in dataclasses.fields(node)
        if field.default in (None, libcst.MaybeSentinel.DEFAULT)
    }
    walk = "".join(Path(module.__file__).read_text() for module in (expressions, statements))
    read = set(re.findall(r"\b\w+\.([a-z_]+)\b(?!\()", walk))
    assert {name for name in optional & read if not hasattr(parser._Node, name)} == set()


def test_every_operator_is_written_as_libcst_writes_it() -> None:
    bases = (libcst.BaseUnaryOp, libcst.BaseBinaryOp, libcst.BaseBooleanOp, libcst.BaseAugOp, libcst.BaseCompOp)
    operators = {
        name: node for name, node in classes().items() if issubclass(node, bases) and not name.startswith("Base")
    }
    expected = {name: libcst.Module([]).code_for_node(node()).strip() for name, node in operators.items()}
    assert {kind.__name__: text for kind, text in expressions.OPERATORS.items()} == expected


def test_a_lone_surrogate_has_no_value() -> None:
    (statement,) = o.decode(build('x = "\\ud800"\n')).body
    assert isinstance(statement, o.Assign)
    assert isinstance(statement.value, o.String)
    assert statement.value.value is None


def test_nodes_are_named_as_in_libcst() -> None:
    assert classes().keys() <= vars(parser.cst).keys()
    assert isinstance(parser.cst, types.ModuleType)
    assert type(parser.parse_module("x = 1\n").body[0]).__name__ == "SimpleStatementLine"
