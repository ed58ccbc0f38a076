"""Where a new import line goes: the import block of a file with its groups, sections and order."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeAlias

from fapi_lint.fix.bindings import ImportStatement, is_type_checking, module_name
from fapi_lint.fix.edit import Edit, NeedsImport
from fapi_lint.fix.names import File
from fapi_lint.fix.statement import by_type, natural
from fapi_lint.fix.text import begins_line, indent_unit, line_of, line_start, next_line
from fapi_lint.outline import nodes as o

FUTURE, STDLIB, THIRD_PARTY, FIRST_PARTY, RELATIVE = range(5)

_CODING = re.compile(r"#.*?coding[:=]")


class Line(NamedTuple):
    """What the order of an import depends on; `module` as written, with its dots."""

    section: int
    is_from: bool
    module: str
    first: str

    @property
    def root(self) -> str:
        return self.module.partition(".")[0]


LineKey: TypeAlias = Callable[[Line], Any]
Group: TypeAlias = list[tuple[Line, ImportStatement]]


def _module_key(line: Line) -> Any:
    name = line.module.lstrip(".")
    return len(name) - len(line.module), natural(name), by_type(line.first)


_ORDERS: tuple[LineKey, ...] = (
    lambda line: (line.section, line.is_from, _module_key(line)),
    lambda line: (line.section, _module_key(line)),
    lambda line: (line.is_from, _module_key(line)),
    _module_key,
)


class _Part(NamedTuple):
    """Lines to insert. Rank 0 joins the group above, 1 is a group after it, 2 one before the next, 3 joins that."""

    offset: int
    rank: int
    section: int
    order: Any
    text: str


class Layout:
    """New lines for a file's import block, collected with `add` and given out by `insertions`."""

    def __init__(self, file: File, edits: Sequence[Edit]) -> None:
        """`edits` are what else changes in the file."""
        self.file = file
        self.text = file.text
        self.edits = edits
        self.parts: list[_Part] = []
        self.guarded: list[tuple[Line, str]] = []
        self.guard = next(
            (
                node
                for node in file.outline.body
                if isinstance(node, o.If) and is_type_checking(node.test) and begins_line(self.text, node.body[0].start)
            ),
            None,
        )
        self.groups = self.grouped(self._top_level())
        futures = [node for group in self.groups for line, node in group if line.section == FUTURE]
        self.first = self.behind(file.outline.body, futures[-1]) if futures else 0
        """Where the first statement may go: nothing but the docstring stands before `from __future__ import …`."""

    def _top_level(self) -> Sequence[Any]:
        body = self.file.outline.body
        stop = next((i for i, node in enumerate(body) if isinstance(node, (o.FunctionDef, o.ClassDef))), len(body))
        return body[:stop]

    def grouped(self, block: Sequence[Any]) -> list[Group]:
        """The import statements of a block; a blank line or another statement ends a group."""
        groups: list[Group] = []
        last = -1
        for node in block:
            if not isinstance(node, (o.Import, o.ImportFrom)):
                last = -1
                continue
            between = self.text[last : node.start] if last >= 0 else ""
            lines = re.split(r"\r\n?|\n", between)[1:-1]
            if last < 0 or any(not line.strip() for line in lines):
                groups.append([])
            groups[-1].append((self.line(node), node))
            last = node.end
        return groups

    def line(self, node: ImportStatement) -> Line:
        if isinstance(node, o.Import):
            module = node.names[0].name
            return Line(self.section(module), False, module, "")
        module = "." * node.level + node.module
        return Line(self.section(module), True, module, node.names[0].name)

    def section(self, module: str) -> int:
        root = module.partition(".")[0]
        if not root:
            return RELATIVE
        if root == "__future__":
            return FUTURE
        if root in sys.stdlib_module_names:
            return STDLIB
        name = module_name(self.file)
        own = name.partition(".")[0] == root if name else root in self.file.path.split(os.sep)[:-1]
        own = own or root in getattr(self.file, "first_party", ())
        return FIRST_PARTY if own else THIRD_PARTY

    # --- adding ----------------------------------------------------------------------------------

    def add(self, need: NeedsImport, module: str, text: str, guard: str) -> None:
        """A new statement `text` for `need`; `guard` is the condition of a TYPE_CHECKING block to be made."""
        line = Line(self.section(module), bool(need.name), module, need.name)
        if not need.type_checking:
            self.put(line, text, self.groups, self.file.outline.body, "")
        elif self.guard is None:
            self.guarded.append((line, text))
        else:
            body = self.guard.body
            indent = self.text[line_start(self.text, body[0].start) : body[0].start]
            groups = self.grouped(body)
            if groups:
                self.put(line, text, groups, body, indent)
            else:
                start = line_start(self.text, body[0].start)
                self.parts.append(_Part(start, 3, 0, _ORDERS[0](line), _indent(text, indent)))

    def put(self, line: Line, text: str, groups: list[Group], block: Sequence[Any], indent: str) -> None:
        """A new statement among the groups of a block."""
        text = _indent(text, indent)
        key = self.order(groups)
        group = self.group_for(line, groups)
        if group is not None:
            following = None
            if key is not None and _is_sorted(group, key):
                index = next((i for i, (other, _) in enumerate(group) if key(other) > key(line)), len(group))
                following = index == 0
                anchor = group[0 if following else index - 1][1]
            else:
                near = [node for other, node in group if other.root == line.root]
                near = near or [node for other, node in group if other.section == line.section]
                anchor = near[-1] if near else group[-1][1]
            if following:
                offset, rank = max(line_of(self.text, block, anchor)[0], self.first), 3
            else:
                offset, rank = self.behind(block, anchor), 0
            order = (key or _ORDERS[0])(line)
            self.parts.append(_Part(offset, rank, 0, order, text))
            return
        before = [group for group in groups if max(other.section for other, _ in group) <= line.section]
        order = _ORDERS[0](line)
        if before:
            offset = self.behind(block, before[-1][-1][1])
            self.parts.append(_Part(offset, 1, line.section, order, text))
        elif groups:
            offset = line_of(self.text, block, groups[0][0][1])[0]
            rank = 2 if offset >= self.first else 1
            self.parts.append(_Part(max(offset, self.first), rank, line.section, order, text))
        else:
            self.parts.append(_Part(-1, 1, line.section, order, text))

    def behind(self, block: Sequence[Any], statement: ImportStatement) -> int:
        """Where the line after that of a statement begins."""
        return next_line(self.text, line_of(self.text, block, statement)[1])

    def group_for(self, line: Line, groups: list[Group]) -> Group | None:
        """The group that the line belongs to: of its own package, of its section, or the only one there is."""
        own = [group for group in groups if any(other.section == line.section for other, _ in group)]
        near = [group for group in own if any(other.root == line.root for other, _ in group)]
        if own:
            return (near or own)[-1]
        if len(groups) == 1 and len({other.section for other, _ in groups[0]} - {FUTURE}) > 1:
            return groups[0]
        return None

    def order(self, groups: list[Group]) -> LineKey | None:
        """The order that all groups keep, else one that some keep."""
        for key in _ORDERS:
            if all(_is_sorted(group, key) for group in groups):
                return key
        return next((key for key in _ORDERS if any(_is_sorted(g, key) and len(g) > 1 for g in groups)), None)

    # --- the outcome -----------------------------------------------------------------------------

    def insertions(self, guard: str) -> list[Edit]:
        """One insertion for every offset, with the blank lines between groups."""
        if self.guarded:
            last = self.behind(self.file.outline.body, self.groups[-1][-1][1]) if self.groups else -1
            unit = indent_unit(self.file)
            body = "".join(_indent(text, unit) for _, text in sorted(self.guarded, key=lambda g: _ORDERS[0](g[0])))
            self.parts.append(_Part(last, 1, RELATIVE + 1, (), f"if {guard}:\n{body}"))
        edits = []
        for offset in sorted({part.offset for part in self.parts}):
            parts = sorted(part for part in self.parts if part.offset == offset)
            edits.append(self.at_top(parts) if offset < 0 else self.insertion(offset, parts))
        return edits

    def insertion(self, offset: int, parts: list[_Part]) -> Edit:
        text = ""
        if offset == len(self.text) and not self.text.endswith(("\n", "\r")):
            text = "\n"
        for index, part in enumerate(parts):
            before = parts[index - 1] if index else None
            fresh = before is None or (before.rank, before.section) != (part.rank, part.section)
            if part.rank == 1 and fresh:
                text += "\n"
            if before is not None and before.rank == 2 and fresh:
                text += "\n"
            text += part.text
        if parts[-1].rank == 2:
            text += "\n"
        if parts[-1].rank == 1 and not self.blank_at(offset):
            text += "\n"
        return Edit(self.file.path, offset, offset, text)

    def blank_at(self, offset: int) -> bool:
        return not self.text[offset : next_line(self.text, offset)].strip()

    def at_top(self, parts: list[_Part]) -> Edit:
        """The first imports of a file: after the docstring, or after the comments at the top."""
        offset, lead = self.top()
        sections: dict[int, str] = {}
        for part in parts:
            sections[part.section] = sections.get(part.section, "") + part.text
        text = lead + "\n".join(sections.values())
        behind = max((e.end for e in self.edits if not e.text and e.start <= offset < e.end), default=offset)
        rest = self.text[behind:]
        if rest.strip() and not self.blank_at(behind):
            body = [node for node in self.file.outline.body if node.outer_start >= behind]
            definition = body and isinstance(body[0], (o.FunctionDef, o.ClassDef))
            text += "\n\n" if definition else "\n"
        return Edit(self.file.path, offset, offset, text)

    def top(self) -> tuple[int, str]:
        """Where the first import goes, and the text that must stand before it."""
        text, body = self.text, self.file.outline.body
        first = body[0] if body else None
        if isinstance(first, o.ExprStatement) and isinstance(first.value, o.String) and first.value.value is not None:
            offset = next_line(text, first.end)
            return offset, "\n" if text[:offset].endswith(("\n", "\r")) else "\n\n"
        stop = len(text) if first is None else line_start(text, first.outer_start)
        header = keep = 0
        while header < stop:
            line = text[header : next_line(text, header)]
            header = next_line(text, header)
            # A comment right above the first statement belongs to it, but for a shebang and an encoding.
            if not line.strip() or line.startswith("#!") or _CODING.match(line) or first is None:
                keep = header
        lead = "\n" if keep and not text[:keep].endswith(("\n", "\r")) else ""
        return keep, lead


def _indent(text: str, indent: str) -> str:
    return "".join(f"{indent}{line}\n" for line in text.split("\n"))


def _is_sorted(group: Group, key: LineKey) -> bool:
    keys = [key(line) for line, _ in group]
    return keys == sorted(keys)
