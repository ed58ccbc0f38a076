"""Assignments of a class body, or a dict, as a call: `class Config:` becomes `model_config = ConfigDict(…)`."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from itertools import pairwise

from fapi_lint.fix.edit import Edit
from fapi_lint.fix.names import File
from fapi_lint.fix.statement import line_limit
from fapi_lint.fix.text import indent_unit, indentation_at, line_end, newline, next_line
from fapi_lint.outline import nodes as o
from fapi_lint.project.config_class import ConfigClass, ObstacleError, Setting

_LINE_END = re.compile(r"\r\n?|\n")
_SEMICOLON = re.compile(r"[ \t]*;[ \t]*")
_LAST_LINE = re.compile(r"(?:\r\n?|\n)[ \t]*\Z")


def config_to_call(config: ConfigClass, settings: Iterable[Setting], callee: str) -> Edit:
    """`model_config = callee(…)` with settings in place of a `class Config`.

    Comments stay where they are; what fits onto one line is set on one.
    """
    file, node, head = config.schema.module, config.class_.node, f"model_config = {callee}"
    arguments: dict[int, str] = {}
    first: list[str] = []
    for setting in settings:
        if setting.statement is None:
            first.append(f"{setting.key}={setting.text}")
        else:
            text = setting.text or _assigned_text(file, setting.statement)
            arguments[setting.statement.start] = f"{setting.key}={text}"
    text, lead, statements = file.text, indentation_at(file.text, node.start), node.body
    end = _end(text, node, lead)
    colon = text.index(":", node.close if node.close >= 0 else node.name_start)
    gaps = [text[colon + 1 : statements[0].start]]
    gaps += [text[one.end : other.start] for one, other in pairwise(statements)]
    gaps.append(text[statements[-1].end : end])

    line = f"{head}({', '.join([*first, *arguments.values()])})"
    one_line = not _LINE_END.search(line) and len(lead) + len(line) <= line_limit(text)
    if one_line and not any("#" in gap for gap in gaps):
        return Edit(file.path, node.start, node.end, line)

    is_block = _LINE_END.search(gaps[0]) is not None
    between = newline(text) + (indentation_at(text, statements[0].start) if is_block else lead + indent_unit(file))
    whole = f"{head}(" + (gaps[0] if is_block else between)
    for argument in first:
        whole += f"{argument},{between}"
    for statement, gap in zip(statements, gaps[1:], strict=True):
        argument = arguments.get(statement.start, "")
        gap = _SEMICOLON.sub("" if _LINE_END.search(gap) else between, gap) if gap.lstrip().startswith(";") else gap
        if argument:
            whole += f"{argument},{gap}"
        elif _LINE_END.match(gap) or not gap:
            whole = _LAST_LINE.sub("", whole) + gap
        else:
            whole += gap.lstrip()
    return Edit(file.path, node.start, end, whole.rstrip() + newline(text) + lead + ")")


def dict_to_call(file: File, entries: o.Dict, callee: str) -> list[Edit]:
    """`{"key": value}` becomes `callee(key=value)`. Raises ObstacleError."""
    text, path = file.text, file.path
    edits = [Edit(path, entries.start, entries.start + 1, f"{callee}(")]
    for key, value in zip(entries.keys, entries.values, strict=True):
        if key is None:
            continue  # `**more` is written the same way
        name = o.text(key)
        if name is None or not name.isidentifier() or keyword.iskeyword(name):
            raise ObstacleError("a key is no name")
        colon = text.index(":", key.end, value.start)
        if text[key.end : colon].strip():
            raise ObstacleError("a key stands in parentheses, or a comment behind it")
        rest = text[colon + 1 : value.start]
        edits.append(Edit(path, key.start, colon + 1 + len(rest) - len(rest.lstrip(" ")), f"{name}="))
    return [*edits, Edit(path, entries.end - 1, entries.end, ")")]


def _assigned_text(file: File, statement: o.Assign | o.AnnAssign) -> str:
    """The text of what is assigned, fit to be an argument: parentheses kept, those of a bare tuple added."""
    before = statement.targets[0] if isinstance(statement, o.Assign) else statement.annotation
    start = file.text.index("=", before.end) + 1
    value = file.text[start : statement.end].strip().removeprefix("\\").strip()
    bare = isinstance(statement.value, o.Collection) and statement.value.kind == "tuple" and value[:1] != "("
    return f"({value})" if bare else value


def _end(text: str, node: o.ClassDef, lead: str) -> int:
    """Where the class ends, with the comment behind its last statement and the comments of its body that follow."""
    end = line_end(text, node.end)
    if not text[node.end : end].strip():
        end = node.end
    line = next_line(text, end)
    while line < len(text):
        stop = line_end(text, line)
        comment = text[line:stop]
        if not (comment.lstrip().startswith("#") and len(indentation_at(text, line)) > len(lead)):
            break
        end, line = stop, next_line(text, line)
    return end
