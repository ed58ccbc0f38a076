"""The import edits of one file: names that join it and names that leave it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain, pairwise
from typing import Any

from msgspec.structs import replace

from fapi_lint.fix.bindings import (
    Binding,
    ImportStatement,
    bindings,
    bindings_by_name,
    canonical,
    is_type_checking,
    module_of,
    package_of,
    rebound,
)
from fapi_lint.fix.edit import DropsImport, Edit, NeedsImport
from fapi_lint.fix.layout import Layout
from fapi_lint.fix.names import File, functions_at, local_name
from fapi_lint.fix.occurrences import used, uses
from fapi_lint.fix.splice import Draft, apply
from fapi_lint.fix.statement import Names, exploded, line_limit, name_order
from fapi_lint.fix.text import blank_lines_after, is_pragma, line_end, line_start, newline, next_line
from fapi_lint.outline import nodes as o

_INDENTED = re.compile(r"^[ \t]+(?:from|import)\s", re.MULTILINE)
_COMMENT = re.compile(r"#[^\r\n]*")


class ImportConflict(Exception):  # noqa: N818
    """An import that cannot be placed: its name means something else in the file, or an edit is in its way."""

    def __init__(self, path: str, name: str, reason: str) -> None:
        super().__init__(path, name, reason)
        self.path = path
        self.name = name
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: cannot import {self.name}: {self.reason}"


def place(file: File, edits: Iterable[Edit], needs: Iterable[NeedsImport], drops: Iterable[DropsImport]) -> list[Edit]:
    """The edits that import what is needed and drop what nothing uses any more, given the file's other edits.

    `edits`, `needs` and `drops` may belong to any files; those of this one count. The answer, in source order, does
    not repeat `edits` and does not overlap them. A need and a drop of one local name exchange the import.
    Raises ImportConflict.
    """
    mine = [edit for edit in edits if edit.path == file.path]
    needed = [need for need in needs if need.path == file.path]
    dropped = {drop.name: drop.guard for drop in sorted(drops) if drop.path == file.path}
    if not needed and not dropped:
        return []
    return _Placer(file, mine).run(needed, dropped)


def check(file: File, edits: Iterable[Edit], needs: Iterable[NeedsImport], drops: Iterable[DropsImport]) -> None:
    """Raise the ImportConflict that `place` would raise for a local name, in a fraction of the time."""
    needed = [need for need in needs if need.path == file.path]
    if needed:
        mine = [edit for edit in edits if edit.path == file.path]
        _Placer(file, mine).missing(needed, {drop.name for drop in drops if drop.path == file.path})


def local_of(need: NeedsImport) -> str:
    """The name that an import binds."""
    return need.alias or need.name or need.module.partition(".")[0]


def target_of(need: NeedsImport) -> str:
    """What that name stands for."""
    if need.name:
        return f"{need.module}.{need.name}"
    return need.module if need.alias else need.module.partition(".")[0]


class _Placer:
    def __init__(self, file: File, edits: Sequence[Edit]) -> None:
        self.file = file
        self.text = file.text
        self.edits = sorted(edits, key=lambda edit: (edit.start, edit.end))
        self.ends = [edit.end for edit in self.edits]  # As edits do not overlap, those are in order too.
        self.gone: set[int] = set()
        """Where the aliases start that go."""
        self.local: dict[int, ImportStatement] = {}
        """The imports in functions that lose a name."""
        self.added: dict[int, list[str]] = {}
        """The names that join imports, by where those start."""
        self.leading: set[int] = set()
        """Where those of them start that a function begins with, and that go."""

    @cached_property
    def found(self) -> list[Binding]:
        return self.left(bindings(self.file))

    @cached_property
    def statements(self) -> dict[int, ImportStatement]:
        return {b.statement.start: b.statement for b in self.found}

    @cached_property
    def after(self) -> Draft:
        """The file with the edits made."""
        return Draft.parse(self.file.path, apply(self.text, self.edits))

    def named(self, local: str) -> list[Binding]:
        """The bindings of a name: to look at all of them for every fix is dear."""
        return self.left(bindings_by_name(self.file).get(local, ()))

    def left(self, found: Iterable[Binding]) -> list[Binding]:
        """The bindings that the edits leave alone."""
        return [b for b in found if not self.covered(b.alias.start, b.alias.end)]

    def covered(self, start: int, end: int) -> bool:
        """Whether an edit changes something there; an insertion at either end does not."""
        index = bisect_right(self.ends, start)
        return index < len(self.ends) and self.edits[index].start < end

    def run(self, needs: list[NeedsImport], drops: dict[str, bool]) -> list[Edit]:
        missing = self.missing(needs, set(drops))
        dropped = drops.keys() - {local_of(need) for need in needs}
        missing += self.moved({name for name in dropped if drops[name]})
        self.drop_local(set(drops))
        blocks = self.drop(dropped, [need for need in missing if need.type_checking])
        layout = Layout(self.file, self.edits)
        guarded = [need for need in missing if need.type_checking]
        guard = ""
        if guarded and layout.guard is None:
            guard, extra = self.type_checking()
            missing += extra
        fresh: dict[tuple[Any, ...], list[NeedsImport]] = {}
        for need in missing:
            host = None if need.keep or not need.name else self.host(need)
            if host is not None:
                self.added.setdefault(host.start, []).append(_spelled(need))
            else:
                alone = not need.name or (need.alias and not self.combines)
                key = (need.module, need.type_checking, need.keep, need if alone else None)
                fresh.setdefault(key, []).append(need)
        for group in fresh.values():
            module = self.relative(group[0].module) if group[0].name else group[0].module
            layout.add(group[0], module, self.written(group, module), guard)
        return self.merge(self.rewrites(blocks), layout.insertions(guard))

    # --- what is needed --------------------------------------------------------------------------

    def missing(self, needs: list[NeedsImport], dropped: set[str]) -> list[NeedsImport]:
        """The needs that no import meets, each once; imports that they replace are marked as gone."""
        others = rebound(self.file)
        wanted: dict[str, NeedsImport] = {}
        plain: dict[str, NeedsImport] = {}
        for need in sorted(needs):
            local, target = local_of(need), target_of(need)
            same = wanted.get(local)
            if same is not None and canonical(target_of(same)) != canonical(target):
                raise ImportConflict(self.file.path, local, f"both {target_of(same)} and {target} are needed")
            if local in others:
                raise ImportConflict(self.file.path, local, "the name is bound in the module")
            self.against_bindings(need, dropped)
            if same is not None:
                need = replace(
                    need,
                    type_checking=need.type_checking and same.type_checking,
                    keep=need.keep or same.keep,
                )
            wanted[local] = need
            if not need.name and not need.alias:
                plain[need.module] = need
        result = [need for need in wanted.values() if need.name or need.alias] + list(plain.values())
        return sorted(need for need in result if not self.met(need))

    def against_bindings(self, need: NeedsImport, dropped: set[str]) -> None:
        local, target = local_of(need), target_of(need)
        for binding in self.named(local):
            if canonical(binding.target) != canonical(target):
                if local not in dropped or binding.guard not in ("", "typing"):
                    raise ImportConflict(
                        self.file.path, local, f"the name is imported from {binding.module or 'elsewhere'}"
                    )
                self.gone.add(binding.alias.start)
            elif binding.guard == "typing" and not need.type_checking:
                self.gone.add(binding.alias.start)

    def met(self, need: NeedsImport) -> bool:
        local, target = local_of(need), canonical(target_of(need))
        plain = not need.name and not need.alias
        return any(
            canonical(binding.target) == target
            and binding.alias.start not in self.gone
            and (not plain or binding.alias.name == need.module)
            and (binding.guard in ("", "try") or (need.type_checking and binding.guard == "typing"))
            for binding in self.named(local)
        )

    def type_checking(self) -> tuple[str, list[NeedsImport]]:
        """How `TYPE_CHECKING` is written here, and the import it takes."""
        for binding in self.found:
            if binding.guard == "" and binding.alias.start not in self.gone:
                if binding.target == "typing.TYPE_CHECKING":
                    return binding.name, []
                if binding.target == "typing" and isinstance(binding.statement, o.Import):
                    return f"{binding.name}.TYPE_CHECKING", []
        if "TYPE_CHECKING" in rebound(self.file):
            raise ImportConflict(self.file.path, "TYPE_CHECKING", "the name is bound in the module")
        return "TYPE_CHECKING", [NeedsImport(self.file.path, "typing", "TYPE_CHECKING")]

    @property
    def combines(self) -> bool:
        """Whether the file writes `from a import b, c as d`."""
        return any(
            isinstance(s, o.ImportFrom) and len(s.names) > 1 and any(alias.asname for alias in s.names)
            for s in self.statements.values()
        )

    def host(self, need: NeedsImport) -> o.ImportFrom | None:
        """A statement that the name can join."""
        guard = "typing" if need.type_checking else ""
        for binding in self.found:
            statement = binding.statement
            if (
                isinstance(statement, o.ImportFrom)
                and binding.guard == guard
                and module_of(self.file, statement) == need.module
                and not self.covered(statement.start, statement.end)
                and not any(alias.name == "*" for alias in statement.names)
                and not _comment_after(self.text, statement, pragma=True)
                and (self.combines or not (need.alias or any(alias.asname for alias in statement.names)))
            ):
                return statement
        return None

    def relative(self, module: str) -> str:
        """The module as the file would write it: relative where all its imports of its own package are."""
        package = package_of(self.file)
        root = module.partition(".")[0]
        froms = [s for s in self.statements.values() if isinstance(s, o.ImportFrom)]
        if (
            not package
            or package.partition(".")[0] != root
            or not any(s.level for s in froms)
            or any(not s.level and s.module.partition(".")[0] == root for s in froms)
        ):
            return module
        base, parts = package.split("."), module.split(".")
        common = 0
        while common < min(len(base), len(parts)) and base[common] == parts[common]:
            common += 1
        return "." * (len(base) - common + 1) + ".".join(parts[common:])

    def written(self, group: list[NeedsImport], module: str) -> str:
        """The new statement, without indentation."""
        need = group[0]
        if not need.name:
            text = f"import {module} as {need.alias}" if need.alias else f"import {module}"
        else:
            key = name_order(self.name_lists()) or str
            names = sorted((_spelled(n) for n in group), key=key)
            text = f"from {module} import {', '.join(names)}"
            room = line_limit(self.text) - (4 if need.type_checking else 0)
            if len(text) > room and not need.keep:
                return exploded(f"from {module} import (", names, "", "\n")
        return text + ("  # noqa: F401" if need.keep else "")

    def name_lists(self) -> list[list[str]]:
        return [[alias.name for alias in s.names] for s in self.statements.values() if isinstance(s, o.ImportFrom)]

    # --- what is dropped -------------------------------------------------------------------------

    def drop(self, names: set[str], guarded: list[NeedsImport]) -> list[o.If]:
        """Mark the imports of unused names as gone; the answer is the TYPE_CHECKING blocks that go whole."""
        own = re.split(r"[/\\]", self.file.path)[-1] == "__init__.py"
        candidates = [
            b for b in self.found if b.name in names and not own and self.droppable(b) and not self.stays_used(b.name)
        ]
        if not candidates and not self.gone:
            return []
        if self.after.outline.failure is not None:
            return []
        self.gone |= {b.alias.start for b in candidates if not used(self.after, b.name)}
        blocks = [] if guarded else [block for block in self.guards() if self.is_empty(block)]
        for root in {o.dotted(block.test).partition(".")[0] for block in blocks}:
            tests = sum(o.dotted(block.test).partition(".")[0] == root for block in blocks)
            if len(uses(self.after, root)) == tests:
                self.gone |= {b.alias.start for b in self.found if b.name == root and self.droppable(b)}
        return blocks

    def drop_local(self, names: set[str]) -> None:
        """Mark the imports of unused names as gone with which functions begin whose bodies the edits change."""
        if not names or _INDENTED.search(self.text) is None:
            return
        around = (found for edit in self.edits for found in functions_at(self.file.outline, edit.start))
        for function, body in {function.start: (function, body) for function, body in around}.values():
            imports = [
                node
                for node in body
                if isinstance(node, (o.Import, o.ImportFrom)) and not self.covered(node.start, node.end)
            ]
            unused = [
                Binding(name, "", statement, alias, "")
                for statement in imports
                for alias in statement.names
                if (name := local_name(statement, alias)) in names and not self.is_used_in(function, imports, name)
            ]
            gone = {binding.alias.start for binding in unused if self.droppable(binding)}
            left = [s for s in body if s not in imports or any(alias.start not in gone for alias in s.names)]
            if not gone or all(map(self.is_removed, left)):
                continue
            self.gone |= gone
            self.local.update({b.statement.start: b.statement for b in unused if b.alias.start in gone})
            self.leading.update(statement.start for statement in imports if statement.start < left[0].start)

    def is_removed(self, statement: o.Stmt) -> bool:
        return any(
            edit.start <= statement.start and statement.end <= edit.end and not edit.text.strip() for edit in self.edits
        )

    def is_used_in(self, function: o.FunctionDef, imports: list[ImportStatement], name: str) -> bool:
        """Whether the body of a function has a word after the edits, but for these imports."""
        start, end = function.body_start, function.end
        inside = [
            replace(edit, start=edit.start - start, end=edit.end - start)
            for edit in self.edits
            if start <= edit.start and edit.end <= end
        ]
        word = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
        after = apply(self.text[start:end], inside)
        return len(word.findall(after)) > sum(len(word.findall(self.text, s.start, s.end)) for s in imports)

    def stays_used(self, name: str) -> bool:
        """Whether the file uses a name where no edit changes it: then there is no need to parse what becomes of it."""
        return any(not self.covered(use.start, use.end) for use in uses(self.file, name))

    def moved(self, names: set[str]) -> list[NeedsImport]:
        """The imports that only quoted annotations use after the edits, to be made again under TYPE_CHECKING."""
        candidates = [b for b in self.found if b.name in names and b.guard == "" and b.target and self.droppable(b)]
        moved = []
        for binding in candidates:
            kinds = {found.kind for found in uses(self.after, binding.name)}
            if kinds == {"annotation"} and isinstance(binding.statement, o.ImportFrom):
                module, _, name = binding.target.rpartition(".")
                alias = binding.alias.asname
                self.gone.add(binding.alias.start)
                moved.append(NeedsImport(self.file.path, module, name, alias, type_checking=True))
        return moved

    def droppable(self, binding: Binding) -> bool:
        """Whether an import may go at all: no guard but TYPE_CHECKING, no side effect asked for, not exported."""
        statement, alias = binding.statement, binding.alias
        if binding.guard not in ("", "typing") or alias.asname == alias.name:
            return False
        if isinstance(statement, o.Import):
            if "." in alias.name and not alias.asname:
                return False
        elif statement.module == "__future__":
            return False
        lines = self.text[line_start(self.text, alias.start) : line_end(self.text, alias.end)]
        lines += (
            _comment_after(self.text, statement) + self.text[statement.start : line_end(self.text, statement.start)]
        )
        return re.search(r"#\s*noqa(?!\s*:)|#\s*noqa\s*:[^#\n]*F401", lines, re.IGNORECASE) is None

    def guards(self) -> list[o.If]:
        return [
            node
            for node in self.file.outline.body
            if isinstance(node, o.If) and is_type_checking(node.test) and not node.orelse
        ]

    def is_empty(self, block: o.If) -> bool:
        return all(isinstance(node, (o.Import, o.ImportFrom)) and self.is_gone(node) for node in block.body)

    def is_gone(self, statement: ImportStatement) -> bool:
        return statement.start not in self.added and all(alias.start in self.gone for alias in statement.names)

    # --- the edits -------------------------------------------------------------------------------

    def rewrites(self, blocks: list[o.If]) -> list[Edit]:
        edits, added = [], self.added
        inside = {node.start for block in blocks for node in block.body}
        lines = [(line_start(self.text, block.start), next_line(self.text, block.end)) for block in blocks]
        key = name_order(self.name_lists())
        for start, statement in sorted({**self.statements, **self.local}.items()):
            removed = [i for i, alias in enumerate(statement.names) if alias.start in self.gone]
            if start in inside or (not removed and start not in added):
                continue
            names = Names(self.text, statement)
            order = key or name_order([[item.text for item in names.items]])
            for name in added.get(start, []):
                names.add(name, order)
            if len(removed) == len(statement.names) and start not in added:
                edits += self.remove_statement(statement, lines)
                continue
            for alias in (statement.names[index] for index in removed):
                text = self.text[alias.start : alias.end]
                names.remove(next(i for i, item in enumerate(names.items) if item.text == text))
            edits.append(
                _trimmed(self.text, Edit(self.file.path, start, statement.end, names.render(line_limit(self.text))))
            )
        edits += [Edit(self.file.path, start, end, "") for start, end in _joined(lines)]
        return edits

    def remove_statement(self, statement: ImportStatement, lines: list[tuple[int, int]]) -> list[Edit]:
        """A whole import goes: with its lines if they hold nothing else."""
        text, path = self.text, self.file.path
        imports = [*self.statements.values(), *self.local.values()]
        first, stop = line_start(text, statement.start), line_end(text, statement.end)
        before, behind = text[first : statement.start], text[statement.end : stop]
        comment = behind.find("#")
        rest = "".join(
            char
            for at, char in enumerate(text[first:stop] if comment < 0 else text[first : statement.end + comment], first)
            if not any(node.start <= at < node.end and self.is_gone(node) for node in imports)
        )
        if ";" in rest and not rest.strip("; \t"):
            lines.append((first, next_line(text, stop)))
            return []
        if ";" in behind[: comment if comment >= 0 else None]:
            end = statement.end + behind.index(";") + 1
            while end < stop and text[end] in " \t":
                end += 1
            if end < stop and text[end] != "#":
                return [Edit(path, statement.start, end, "")]
            if not before.strip():
                lines.append((first, next_line(text, stop)))
                return []
        if before.rstrip(" \t").endswith(";"):
            return [Edit(path, first + before.rindex(";"), statement.end, "")]
        if before.strip():  # `if TYPE_CHECKING: import a`
            return [Edit(path, statement.start, statement.end, "pass")]
        kept = [found for found in _COMMENT.findall(text, statement.start, statement.end) if not is_pragma(found)]
        between = newline(text) + before
        siblings = self.siblings(statement)
        if siblings and statement.start == siblings[-1].start:
            # A guarded block that must not become empty.
            return [Edit(path, statement.start, statement.end, between.join([*kept, "pass"]))]
        if kept:
            return [Edit(path, statement.start, statement.end, between.join(kept))]
        if comment >= 0 and not is_pragma(behind[comment:]):
            return [Edit(path, statement.start, statement.end + comment, "")]
        end = next_line(text, stop)
        while statement.start in self.leading and not text[end : next_line(text, end)].strip():
            end = next_line(text, end)
        lines.append((first, end))
        return []

    def siblings(self, statement: ImportStatement) -> list[ImportStatement] | None:
        """The guarded block of a statement, if it is made of imports only and all of them go."""
        for node in self.file.outline.body:
            if isinstance(node, o.If) and node.start < statement.start < node.end:
                block = node.body if statement.start <= node.body[-1].start else node.orelse
                imports = [s for s in block if isinstance(s, (o.Import, o.ImportFrom))]
                return imports if len(imports) == len(block) and all(map(self.is_gone, imports)) else None
        return None

    def merge(self, edits: list[Edit], insertions: list[Edit]) -> list[Edit]:
        """All edits in order, those that touch made one; blank lines that a removal would double go too."""
        places = {edit.start for edit in insertions}
        widened = []
        for edit in chain.from_iterable(_cut(whole, places) for whole in edits):
            whole_lines = not edit.text and edit.start == line_start(self.text, edit.start)
            if whole_lines and not {edit.start, edit.end} & places and edit.end == line_start(self.text, edit.end):
                edit = replace(edit, end=blank_lines_after(self.text, edit.start, edit.end))
            widened.append(edit)
        merged: list[Edit] = []
        for edit in sorted([*insertions, *widened], key=lambda edit: (edit.start, edit.end)):
            if merged and merged[-1].end == edit.start:
                last = merged.pop()
                edit = Edit(edit.path, last.start, edit.end, last.text + edit.text)
            merged.append(edit)
        for index, edit in enumerate(merged):
            if edit.end > edit.start and edit.start == line_start(self.text, edit.start):
                merged[index] = self.single_spaced(edit)
            if self.covered(edit.start, edit.end):
                raise ImportConflict(self.file.path, "a name", "another edit of the fix is in the way")
        end = newline(self.text)
        return [replace(edit, text=re.sub(r"\r\n|\n", end, edit.text)) for edit in merged]

    def single_spaced(self, edit: Edit) -> Edit:
        """The same edit with one blank line between groups where some of them go."""
        text = re.sub(r"\n{3,}", "\n\n", edit.text)
        if text.startswith("\n") and self.blank_before(edit.start):
            text = text[1:]
        behind = self.text[edit.end : next_line(self.text, edit.end)]
        if text.endswith("\n\n") and behind and not behind.strip():
            text = text[:-1]
        return replace(edit, text=text)

    def blank_before(self, offset: int) -> bool:
        """Whether a line starts here, after a blank one or at the top of the file."""
        lines = re.split(r"\r\n?|\n", self.text[:offset])
        return not lines[-1] and not (lines[-2].strip() if len(lines) > 1 else "")


def _cut(edit: Edit, places: Iterable[int]) -> list[Edit]:
    """A removal in pieces, so that what is inserted inside it has a place between them."""
    if edit.text:
        return [edit]
    bounds = [edit.start, *sorted(place for place in places if edit.start < place < edit.end), edit.end]
    return [replace(edit, start=start, end=end) for start, end in pairwise(bounds)]


def _spelled(need: NeedsImport) -> str:
    return f"{need.name} as {need.alias}" if need.alias else need.name


def _comment_after(text: str, statement: ImportStatement, *, pragma: bool = False) -> str:
    """The comment behind a statement; with `pragma`, only one that is there for a tool."""
    rest = text[statement.end : line_end(text, statement.end)]
    comment = rest[rest.index("#") :] if "#" in rest else ""
    return comment if comment and (not pragma or is_pragma(comment)) else ""


def _joined(lines: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans, those that touch or overlap made one."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(lines):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return joined


def _trimmed(text: str, edit: Edit) -> Edit:
    """The same edit without what it leaves as it is."""
    old, new = text[edit.start : edit.end], edit.text
    head = 0
    while head < min(len(old), len(new)) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < min(len(old), len(new)) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    return Edit(edit.path, edit.start + head, edit.end - tail, new[head : len(new) - tail])
