"""A fix in the making."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct, field

from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix, NeedsImport
from fapi_lint.fix.imports import Spelling, spell
from fapi_lint.fix.names import File
from fapi_lint.fix.text import replace
from fapi_lint.outline import nodes as o


class FixBuilder(Struct):
    """The edits of a fix, the imports that they need and those that they may leave unused, each once."""

    edits: dict[Edit, None] = field(default_factory=dict)
    needs: dict[NeedsImport, None] = field(default_factory=dict)
    drops: dict[DropsImport, None] = field(default_factory=dict)

    def add(self, *edits: Edit) -> None:
        self.edits.update(dict.fromkeys(edits))

    def write(self, spelling: Spelling) -> str:
        """The text of a spelling, whose imports are needed."""
        self.needs.update(dict.fromkeys(spelling.needs))
        return spelling.text

    def spell(self, file: File, target: str, at: int, *, type_checking: bool = False) -> str:
        """How `target` is written at an offset, by `imports.spell`."""
        return self.write(spell(file, target, at, type_checking=type_checking))

    def forget(self, file: File, expr: o.Node) -> None:
        """What an expression names is perhaps no longer needed."""
        names = (node.id for node in o.walk(expr) if isinstance(node, o.Name))
        self.drops.update((DropsImport(file.path, name), None) for name in names)

    def rename(self, file: File, expr: o.Node, target: str, *, type_checking: bool = False) -> None:
        """`target` in place of what an expression names."""
        self.add(replace(file, expr, self.spell(file, target, expr.start, type_checking=type_checking)))
        self.forget(file, expr)

    def touches(self, fix: Fix) -> bool:
        """Whether another fix changes something at a place that this one changes, too."""
        return any(
            edit.path == its.path and edit.start <= its.end and its.start <= edit.end and edit != its
            for edit in fix.edits
            for its in self.edits
        )

    def take(self, fix: Fix | FixBuilder) -> None:
        """All that another fix does."""
        self.add(*fix.edits)
        self.needs.update(dict.fromkeys(fix.needs))
        self.drops.update(dict.fromkeys(fix.drops))

    def fix(self, title: str, applicability: Applicability = Applicability.UNSAFE, first: Iterable[Edit] = ()) -> Fix:
        """The fix; the edits `first` stand before those at the same place."""
        edits = dict.fromkeys([*first, *self.edits])
        return Fix(title, applicability, tuple(edits), tuple(self.needs), tuple(self.drops))
