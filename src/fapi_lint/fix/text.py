"""Text builders for rules: small edits that keep formatting, comments and line ends.

Every builder takes a file and nodes of its outline and returns an `Edit` in the coordinates of
`file.text`. Text to insert is written with `\\n` and without outer indentation; the builder
indents it and uses the line ends of the file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeAlias, TypeGuard

from fapi_lint.fix.edit import Edit, RefusedError
from fapi_lint.fix.names import File
from fapi_lint.outline import nodes as o

_LINE_END = re.compile(r"\r\n?|\n")
_INDENT = re.compile(r"[ \t\f]*")
_HEAD = re.compile(r"(?<=[\s(\[{,=:])[rRbBuUfFtT]{0,2}(['\"])")
"""How string literals begin: not an apostrophe inside a word."""
_REST_OF_LINE = re.compile(r"(?:[^\r\n\\#]|\\(?:\r\n?|\n)?)*+(?:#[^\r\n]*)?")
"""What may stand behind the last statement of a line."""
_PRAGMA = re.compile(r"#\s*(noqa|type:\s*ignore|pyright:|mypy:|pragma:|pylint:|nosec|fapi-lint\s*:)", re.IGNORECASE)

Definition: TypeAlias = o.FunctionDef | o.ClassDef


# --- lines -----------------------------------------------------------------------------------------


def line_start(text: str, offset: int) -> int:
    """Offset of the first character of the line that holds `offset`."""
    newline = text.rfind("\n", 0, offset)
    return max(newline, text.rfind("\r", newline + 1, offset)) + 1


def line_end(text: str, offset: int) -> int:
    """Offset of the line end at or after `offset`: behind the last character of the line."""
    found = _LINE_END.search(text, offset)
    return found.start() if found else len(text)


def next_line(text: str, offset: int) -> int:
    """Offset of the line after the one that holds `offset`; the length of the text on the last line."""
    found = _LINE_END.search(text, offset)
    return found.end() if found else len(text)


def line_of(text: str, block: Sequence[Any], stmt: Any) -> tuple[int, int]:
    """Where the line of a statement begins and where it ends, with all that semicolons and backslashes join to it.

    `block` are the statements among which it stands.
    """
    first, last = _joined(text, block, stmt)
    found = _REST_OF_LINE.match(text, last.end)
    assert found is not None
    return line_start(text, first.outer_start), found.end()


def begins_line(text: str, offset: int) -> bool:
    """Whether a statement begins its line: it follows no colon, no semicolon and no backslash."""
    start = line_start(text, offset)
    if text[start:offset].strip():
        return False
    end = _line_before(text, start)
    return not text.endswith("\\", 0, max(end, 0)) or "#" in text[line_start(text, end) : end]


def indentation_at(text: str, offset: int) -> str:
    """The white space at the beginning of the line that holds `offset`."""
    found = _INDENT.match(text, line_start(text, offset))
    return found[0].replace("\f", "") if found else ""


@lru_cache(maxsize=64)  # Every fix of a file asks for it.
def newline(text: str) -> str:
    """The line end that most lines of a text have; `\\n` for a text without any."""
    crlf = text.count("\r\n")
    counts = {"\n": text.count("\n") - crlf, "\r\n": crlf, "\r": text.count("\r") - crlf}
    return max(counts, key=counts.__getitem__)


def indent_unit(file: File) -> str:
    """One level of indentation as the file has it; four spaces for a file without any."""
    for node in o.walk(*file.outline.body):
        for block in _blocks(node):
            inner = indentation_at(file.text, block[0].outer_start)
            outer = indentation_at(file.text, node.start)
            if len(inner) > len(outer) and inner.startswith(outer):
                return inner[len(outer) :]
    return "    "


def is_pragma(comment: str) -> bool:
    """Whether a comment is there for a tool (noqa, type: ignore, …) and so goes with the code it stands beside."""
    return _PRAGMA.match(comment) is not None


# --- expressions -----------------------------------------------------------------------------------


def replace(file: File, node: o.Node, text: str) -> Edit:
    """`text` in place of a node; parentheses around the node stay."""
    return Edit(file.path, node.start, node.end, text)


def replace_argument_value(file: File, arg: o.Arg, text: str) -> Edit:
    """`text` as the value of an argument; keyword and star stay, parentheses only where a comment is in them."""
    start, value = value_start(file.text, arg), arg.value
    if "#" in file.text[start : value.start] + file.text[value.end : arg.end]:
        return replace(file, value, text)
    return Edit(file.path, start, arg.end, text)


def value_start(text: str, arg: o.Arg) -> int:
    """Where the value of an argument begins, with the parentheses around it."""
    if arg.keyword:
        return _skip(text, text.index("=", arg.start + len(arg.keyword)) + 1)
    return _skip(text, arg.start + len(arg.star)) if arg.star else arg.start


def on_one_line(file: File, node: o.Node, edits: Sequence[Edit] = ()) -> str:
    """The text of an expression with edits made in it, its lines joined.

    Raises RefusedError where comments or strings of several lines stand in it.
    """
    text = file.text[node.start : node.end]
    if any(node.start <= start and end <= node.end for start, end in file.outline.strings):
        raise RefusedError("an argument holds a string of several lines")
    for edit in sorted(edits, reverse=True):
        text = text[: edit.start - node.start] + edit.text + text[edit.end - node.start :]
    if _LINE_END.search(text) is None:
        return text
    if "#" in text:
        raise RefusedError("an argument holds comments")
    text = re.sub(r"\s*[\r\n]\s*", " ", text)
    return re.sub(r",? ([\])}])", r"\1", re.sub(r"([\[({]) ", r"\1", text))


def insert_argument(file: File, call: o.Call, argument: str, *, first: bool = False, index: int | None = None) -> Edit:
    """`argument` (`"value"`, `"name=value"`) as a new argument of a call.

    It goes to the front with `first`, before the argument that is now at `index`, else to the end but before a
    closing `**kwargs`.
    """
    text, args = file.text, call.args
    argument = argument.replace("\n", newline(text))
    if not args:
        return _first_of_empty(file, call, argument)
    if len(args) == 1 and _is_bare_generator(args[0]):
        inner = f"({text[args[0].start : args[0].end]})"
        both = f"{argument}, {inner}" if first else f"{inner}, {argument}"
        return Edit(file.path, args[0].start, args[0].end, both)
    if index is None:
        index = len(args)
        while index and args[index - 1].star == "**":
            index -= 1
    if first or index == 0:
        start = args[0].start
        between = "," + newline(text) + indentation_at(text, start) if _opens_line(text, start) else ", "
        return Edit(file.path, start, start, argument + between)
    previous = args[index - 1]
    if not _opens_line(text, previous.start):
        return Edit(file.path, previous.end, previous.end, f", {argument}")
    following = args[index].start if index < len(args) else call.end - 1
    fresh = newline(text) + indentation_at(text, previous.start) + argument
    end = line_end(text, previous.end)
    if following < end:  # the next argument or the parenthesis stands on the same line
        return Edit(file.path, previous.end, previous.end, "," + fresh if index == len(args) else f", {argument}")
    comma = _comma(text, previous.end, following)
    if comma is not None and comma < end:
        return Edit(file.path, end, end, fresh + ",")
    if comma is not None:
        return Edit(file.path, previous.end, previous.end, f", {argument}")
    return Edit(file.path, previous.end, end, "," + text[previous.end : end] + fresh)


def insert_keyword(file: File, call: o.Call, argument: str, *, after: Sequence[str]) -> Edit:
    """`argument` (`"name=value"`) behind those of the keywords `after` that are there, or the positional arguments."""
    index = sum(1 for arg in call.args if not arg.keyword and arg.star != "**")
    for position, arg in enumerate(call.args):
        if arg.keyword in after:
            index = position + 1
    return insert_argument(file, call, argument, index=index)


def insert_entry(file: File, mapping: o.Dict, entry: str) -> Edit:
    """`entry` (`'"key": value'`) as the last of a dict display, before a closing `**others`."""
    entries = []
    for key, value in zip(mapping.keys, mapping.values, strict=True):
        start = file.text.rindex("**", mapping.start, value.start) if key is None else key.start
        entries.append(o.Arg(start, value.end, value, "", "**" if key is None else ""))
    # Between its brackets a dict is laid out as a call is.
    as_call = o.Call(mapping.start, mapping.end, mapping, tuple(entries), mapping.start + 1)
    return insert_argument(file, as_call, entry)


def remove_argument(file: File, call: o.Call, arg: o.Arg) -> Edit:
    """An argument goes, with its comma, and with its line where it is alone on it. Comments stay, but for pragmas.

    ValueError if it is no argument of the call.
    """
    text = file.text
    index = next((i for i, other in enumerate(call.args) if other.start == arg.start), -1)
    if index < 0:
        raise ValueError("not an argument of this call")
    last = index == len(call.args) - 1
    following = call.end - 1 if last else call.args[index + 1].start
    before = call.args[index - 1].end if index else call.open
    comma = _comma(text, arg.end, following)
    behind = arg.end if comma is None else comma + 1
    end = line_end(text, behind)
    if _opens_line(text, arg.start) and following >= end:
        return _without_lines(file, arg.start, behind, end)
    if last and not text[before : arg.start].strip(" \t,") and comma is None:
        return Edit(file.path, before, arg.end, "")
    if last and not text[before : arg.start].strip() and not text[behind:following].strip():
        return Edit(file.path, before, following, "")
    if last and not text[before : arg.start].strip().strip(",") and not text[arg.end : behind].strip(", "):
        return Edit(file.path, before, behind - (comma is not None and index > 0), "")
    if not last and end < following:
        return Edit(file.path, len(text[: arg.start].rstrip(" \t")), behind, "")
    if not last and not text[behind:following].strip():
        return Edit(file.path, arg.start, following, "")
    return Edit(file.path, arg.start, behind, "")


def remove_arguments(file: File, call: o.Call, gone: Collection[o.Arg]) -> list[Edit]:
    """Several arguments of a call go, each as by `remove_argument`; neighbours with no comment between go as one."""
    starts = {arg.start for arg in gone}
    args: list[o.Arg] = []
    runs: list[int] = []
    for arg in call.args:
        is_next = arg.start in starts and runs and runs[-1] == len(args) - 1
        if is_next and "#" not in file.text[args[-1].end : arg.start]:
            args[-1] = o.Arg(args[-1].start, arg.end, arg.value, "", "")
            continue
        if arg.start in starts:
            runs.append(len(args))
        args.append(arg)
    merged = o.Call(call.start, call.end, call.func, tuple(args), call.open)
    return [remove_argument(file, merged, args[index]) for index in runs]


def remove_class_keywords(file: File, class_def: o.ClassDef, gone: Collection[o.Arg]) -> list[Edit]:
    """Keywords of the header of a class go, each as by `remove_argument`."""
    opened = file.text.index("(", class_def.name_start)
    name = o.Name(class_def.name_start, opened, class_def.name)
    header = o.Call(class_def.name_start, class_def.close + 1, name, class_def.bases, opened)
    return remove_arguments(file, header, gone)


def quote(file: File, string: str) -> str:
    """A string literal for `string` in the quotes that the file prefers (the other ones where that saves escapes)."""
    mark, other = ("'", '"') if _prefers_single_quotes(file.text) else ('"', "'")
    if mark in string and other not in string:
        mark = other
    body = string.encode("unicode_escape").decode() if not string.isprintable() else string.replace("\\", "\\\\")
    return mark + body.replace(mark, "\\" + mark) + mark


@lru_cache(maxsize=64)
def _prefers_single_quotes(text: str) -> bool:
    heads = _HEAD.findall(text)
    return heads.count("'") > heads.count('"')


def _first_of_empty(file: File, call: o.Call, argument: str) -> Edit:
    text = file.text
    inside = text[call.open : call.end - 1]
    if not inside.strip():
        return Edit(file.path, call.open, call.end - 1, argument)
    # Nothing but comments: the argument goes onto a line of its own after them.
    indent = indentation_at(text, call.open + len(inside.rstrip()))
    if indent == indentation_at(text, call.open):
        indent += indent_unit(file)
    end = call.open + len(inside.rstrip())
    return Edit(file.path, end, end, newline(text) + indent + argument + ",")


def _is_bare_generator(arg: o.Arg) -> bool:
    value = arg.value
    return isinstance(value, o.Comprehension) and value.kind == "generator" and arg.start == value.start


def _comma(text: str, start: int, end: int) -> int | None:
    """Offset of the first comma of a span outside of comments."""
    while start < end:
        if text[start] == ",":
            return start
        start = line_end(text, start) if text[start] == "#" else start + 1
    return None


def _skip(text: str, offset: int) -> int:
    while text[offset].isspace() or text[offset] == "\\":
        offset += 1
    return offset


def _opens_line(text: str, offset: int) -> bool:
    return not text[line_start(text, offset) : offset].strip()


# --- statements ------------------------------------------------------------------------------------


def insert_statement_after(file: File, stmt: o.Node, lines: Sequence[str]) -> Edit:
    """New lines behind a statement and what shares its line, at the same indentation.

    A one-line suite (`if x: pass`) becomes a block. ValueError if the statement is none of the file's.
    """
    block, _, header = _block_of(file, stmt)
    if header is not None:
        return _expanded(file, header, block, lines, len(block))
    start, end = line_of(file.text, block, stmt)
    return Edit(file.path, end, end, _indented(file, lines, indentation_at(file.text, start), before=True))


def insert_before(file: File, stmt: o.Node, lines: Sequence[str]) -> Edit:
    """New lines before a statement (its decorators too) and what shares its line; see `insert_statement_after`."""
    block, _, header = _block_of(file, stmt)
    if header is not None:
        return _expanded(file, header, block, lines, 0)
    start, _ = line_of(file.text, block, stmt)
    return Edit(file.path, start, start, _indented(file, lines, indentation_at(file.text, start), before=False))


def insert_into_class_body(
    file: File,
    class_def: o.ClassDef,
    lines: Sequence[str],
    *,
    after: o.Node | None = None,
    first: bool = False,
) -> Edit:
    """New lines in the body of a class: behind the statement `after`, at the front (behind the docstring) with
    `first`, else at the end. A body of nothing but `pass` or `...` is replaced. A blank line sets them
    off from a docstring and from functions."""
    text, body = file.text, class_def.body
    one_line = not begins_line(text, class_def.body_start)
    documented = _is_docstring(body[0])
    rest = body[1:] if documented else body
    if len(rest) == 1 and _is_placeholder(rest[0]) and after is None:
        if one_line and not documented:
            start = len(text[: class_def.body_start].rstrip(" \t\f\r\n\\"))
            inner = indentation_at(text, class_def.start) + indent_unit(file)
            return Edit(file.path, start, rest[0].end, _indented(file, lines, inner, before=True))
        if not one_line:
            inner = indentation_at(text, rest[0].start)
            return Edit(
                file.path,
                rest[0].start,
                rest[0].end,
                _indented(file, lines, inner, before=True).lstrip("\r\n")[len(inner) :],
            )
    # What it comes after may be in an `if` of the body.
    anchor = after and next(stmt for stmt in body if stmt.start <= after.start < stmt.end)
    if anchor is None:
        if first and not documented:
            return insert_before(file, body[0], [*lines, ""] if _is_definition(body[0]) else lines)
        anchor = body[0] if first else body[-1]
    is_last = anchor.start == body[-1].start
    fresh = list(lines)
    if (
        fresh
        and fresh[0]
        and (
            (documented and anchor is body[0])
            or _is_definition(anchor)
            or fresh[0].lstrip().startswith(("def ", "async def ", "class ", "@"))
        )
    ):
        fresh.insert(0, "")
    following = body[[stmt.start for stmt in body].index(anchor.start) + 1] if not is_last else None
    if _is_definition(following) and next_line(text, anchor.end) == line_start(text, following.outer_start):
        fresh.append("")
    return insert_statement_after(file, anchor, fresh)


def remove_statement(file: File, stmt: o.Node) -> Edit:
    """A statement goes, with its decorators and its lines. A block that would be empty keeps a `pass`.

    Comments stay, but for pragmas on the line. ValueError if the statement is none of the file's.
    """
    text = file.text
    block, index, header = _block_of(file, stmt)
    start, end = stmt.outer_start, stmt.end
    if len(block) == 1 and (header is not None or block[0].start != file.outline.body[0].start):
        return Edit(file.path, start, end, "pass")
    first, last = _joined(text, block, stmt)
    if first.start != last.start or header is not None:
        if last.start != stmt.start:
            return Edit(file.path, start, block[index + 1].outer_start, "")
        return Edit(file.path, block[index - 1].end, end, "")
    return _without_lines(file, start, end, line_end(text, end))


def remove_statements(file: File, node: o.ClassDef, gone: Sequence[o.Node]) -> list[Edit]:
    """Statements of a class body go, in runs, as by `remove_statement`; a body that would be empty keeps a `pass`."""
    starts = {stmt.start for stmt in gone}
    edits, run = [], []
    for stmt in node.body:
        if stmt.start in starts:
            run.append(stmt)
        if run and (stmt.start not in starts or stmt is node.body[-1]):
            edits += _without_run(file, run, is_all=len(run) == len(node.body))
            run = []
    return edits


def _without_run(file: File, run: Sequence[Any], *, is_all: bool) -> list[Edit]:
    """Edits for neighbouring statements: one for all, unless comments or other statements stand between them."""
    text = file.text
    last = Edit(file.path, run[-1].start, run[-1].end, "pass") if is_all else None
    end = next_line(text, run[-1].end)
    gaps = [text[one.end : other.start] for one, other in pairwise(run)] + [text[run[-1].end : end]]
    if any(gap.strip().removeprefix(";") for gap in gaps) or not _opens_line(text, run[0].start):
        rest = run[:-1] if last is not None else run
        edits = _without_overlaps(file, [remove_statement(file, stmt) for stmt in rest])
        return edits + ([last] if last is not None else [])
    if last is not None:
        return [Edit(file.path, run[0].start, run[-1].end, "pass")]
    return [_without_lines(file, run[0].start, run[-1].end, line_end(text, run[-1].end))]


def _without_overlaps(file: File, edits: Sequence[Edit]) -> list[Edit]:
    """Removals in order, as one where statements that share a line each take the semicolon between them."""
    found: list[Edit] = []
    for edit in edits:
        if found and edit.start < found[-1].end:
            before = file.text[: found[-1].start].rstrip(" \t")
            start = len(before) - 1 if before.endswith(";") else found[-1].start
            edit = Edit(file.path, start, edit.end, "")
            found.pop()
        found.append(edit)
    return found


def blank_lines_after(text: str, start: int, end: int) -> int:
    """Where a removal of the lines `[start, end)` should end so that no blank line is doubled."""
    above = _line_before(text, start)
    if start and text[line_start(text, above) : above].strip():
        return end
    following = next_line(text, end)
    while end < len(text) and not text[end:following].strip():
        end, following = following, next_line(text, following)
        if start:
            break
    return end


def _line_before(text: str, start: int) -> int:
    """Offset of the end of the line before the one that starts at `start`."""
    return start - (2 if text.endswith("\r\n", 0, start) else 1)


def _without_lines(file: File, start: int, end: int, stop: int) -> Edit:
    """The lines of `[start, end)` go; a comment between `end` and the line's end `stop` stays unless a pragma."""
    text = file.text
    hash_ = text.find("#", end, stop)
    if hash_ >= 0 and not is_pragma(text[hash_:stop]):
        return Edit(file.path, start, hash_, "")
    first, behind = line_start(text, start), next_line(text, stop)
    if behind == len(text):
        while first and not text[(above := line_start(text, _line_before(text, first))) : first].strip():
            first = above
    return Edit(file.path, first, blank_lines_after(text, first, behind), "")


def _is_definition(node: Any) -> TypeGuard[o.FunctionDef | o.ClassDef]:
    return isinstance(node, (o.FunctionDef, o.ClassDef))


def _is_docstring(node: Any) -> bool:
    return isinstance(node, o.ExprStatement) and isinstance(node.value, o.String) and node.value.value is not None


def _is_placeholder(node: Any) -> bool:
    return (isinstance(node, o.Simple) and node.keyword == "pass") or (
        isinstance(node, o.ExprStatement) and isinstance(node.value, o.Other) and not node.value.parts
    )


def _blocks(node: Any) -> list[tuple[Any, ...]]:
    """The suites directly inside a statement; the `elif` of an `if` is a statement of its own, not a suite."""
    found: list[tuple[Any, ...]] = []
    for name in ("body", "orelse", "final"):
        block = getattr(node, name, ())
        if isinstance(block, tuple) and block:
            found.append(block)
    for name in ("handlers", "cases"):
        found += [part.body for part in getattr(node, name, ())]
    return found


def _block_of(file: File, stmt: Any) -> tuple[tuple[Any, ...], int, Any]:
    """The block that holds a statement, its index there, and where a one-line suite begins (else None)."""
    pending = [file.outline.body]
    while pending:
        block = pending.pop()
        index = bisect_right(block, stmt.start, key=lambda node: node.start) - 1
        if index < 0:
            continue
        other = block[index]
        if type(other) is type(stmt) and (other.start, other.end) == (stmt.start, stmt.end):
            header = None if begins_line(file.text, block[0].outer_start) else block[0].outer_start
            return block, index, header
        if stmt.end <= other.end:
            pending += _blocks(other)
    raise ValueError("not a statement of this file")


def _joined(text: str, block: Sequence[Any], stmt: Any) -> tuple[Any, Any]:
    """The first and the last of the statements that semicolons join to one."""
    first = last = [other.start for other in block].index(stmt.start)
    while first and not begins_line(text, block[first].outer_start):
        first -= 1
    while last + 1 < len(block) and not begins_line(text, block[last + 1].outer_start):
        last += 1
    return block[first], block[last]


def _expanded(file: File, header: int, block: tuple[Any, ...], lines: Sequence[str], at: int) -> Edit:
    """A one-line suite as a block, with lines before (`at` 0) or after its statements."""
    text = file.text
    start = len(text[:header].rstrip(" \t\f\r\n\\"))
    inner = indentation_at(text, header) + indent_unit(file)
    old = [text[stmt.outer_start : stmt.end] for stmt in block]
    fresh = [*lines, *old] if at == 0 else [*old, *lines]
    return Edit(file.path, start, block[-1].end, _indented(file, fresh, inner, before=True))


def _indented(file: File, lines: Sequence[str], indent: str, *, before: bool) -> str:
    """Lines with indentation, each with a line end before it or behind it."""
    end = newline(file.text)
    whole = [part for line in lines for part in line.split("\n")]
    texts = [indent + line if line else "" for line in whole]
    return "".join(end + line if before else line + end for line in texts)
