"""LibCST's native parser, with nodes that cost little.

`libcst.native` makes every node by looking its class up in the module `libcst`. The classes there are frozen
dataclasses that check what they are given, and importing them takes a quarter of a second; an outline needs no more
than their fields. So while a text is parsed, `libcst` is a module whose classes are bare namespaces of the same names:
parsing takes about a third less time, and LibCST's own Python code is not loaded at all.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

_NOTHING = "".format
"""Takes any arguments, and costs less than anything else that can be called."""
_TRIVIA = (
    "AssignEqual", "Comma", "Comment", "Dot", "EmptyLine", "LeftCurlyBrace", "LeftSquareBracket", "Newline",
    "ParenthesizedWhitespace", "RightCurlyBrace", "RightParen", "RightSquareBracket", "Semicolon",
    "SimpleWhitespace", "TrailingWhitespace",
)  # fmt: skip
"""What the text between two leaves is made of, which an outline has no use for."""


class ParserSyntaxError(Exception):
    """A text is not Python. `raw_line` counts from 1, `raw_column` from 0, in characters; both are 0 if unknown."""

    def __init__(self, message: str, *, raw_line: int = 0, raw_column: int = 0, **_: Any) -> None:
        super().__init__(message)
        self.message = message
        self.raw_line = raw_line
        self.raw_column = raw_column


class _Node(SimpleNamespace):
    """A node with the fields that the parser gives it: it leaves out those that are None."""

    annotation = asname = asynchronous = bound = cause = conversion = default = exc = finalbody = format_spec = None
    guard = inner_for_in = keyword = lower = lpar = module = msg = name = orelse = pattern = rest = returns = None
    second_colon = star = star_arg = star_kwarg = step = type = type_parameters = upper = value = None


def _folder() -> Path:
    """Where LibCST is installed, found without importing it."""
    spec = find_spec("libcst")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("No module named 'libcst'", name="libcst")
    return Path(spec.origin).parent


def _stand_in() -> ModuleType:
    """A `libcst` with classes of all names that stand in the real one.

    Were they made when they are first asked for, Python code would run inside of the parser, and the parser does not
    survive a Ctrl-C that is noticed there.
    """
    module = ModuleType("libcst")
    for name in set(re.findall(r"\b[A-Z]\w+", (_folder() / "__init__.py").read_text(encoding="utf-8"))):
        setattr(module, name, type(name, (_Node,), {}))
    vars(module).update(dict.fromkeys(_TRIVIA, _NOTHING))
    vars(module).update(ParserSyntaxError=ParserSyntaxError, MaybeSentinel=_Node(DEFAULT=None))
    return module


@contextmanager
def _named_libcst(module: ModuleType) -> Iterator[None]:
    """Let `module` be what `import libcst` gives."""
    own = sys.modules.get("libcst")
    sys.modules["libcst"] = module
    try:
        yield
    finally:
        if own is None:
            del sys.modules["libcst"]
        else:
            sys.modules["libcst"] = own


def _load_native() -> Any:
    """The native parser, without the package around it."""
    if "libcst" in sys.modules:
        return importlib.import_module("libcst.native")
    package = ModuleType("libcst")
    package.__path__ = [str(_folder())]
    with _named_libcst(package):
        native = importlib.import_module("libcst.native")
    del sys.modules["libcst.native"]  # Whoever imports the whole package finds it there anew.
    return native


def _parse(native: Any, text: str) -> Any:
    return native.parse_module(text, encoding="utf-8")


_native = _load_native()
_parse_quickly = FunctionType(_parse.__code__, {"__builtins__": {"__import__": _NOTHING}})
"""`_parse`, with builtins in which importing does nothing.

For every node the parser imports `libcst` anew: Python calls the `__import__` of the frame that called the parser, and
then takes the module from `sys.modules`, whatever the call gave (CPython's `PyImport_Import`). On Python 3.11 that is a
sixth of the time.
"""
cst: Any = _stand_in()
"""The node classes: the same names, and the same fields, as in LibCST."""


def parse_module(text: str) -> Any:
    """The syntax tree of a text, in the classes of `cst`. Raises ParserSyntaxError.

    Other threads do not meet the stand-in: the parser holds the GIL, and filling a namespace runs no Python code.
    """
    with _named_libcst(cst):
        return _parse_quickly(_native, text)


if type(parse_module("")) is not cst.Module:  # A LibCST that takes its classes from elsewhere.
    import libcst as cst
    from libcst import ParserSyntaxError, parse_module  # type: ignore[assignment]
