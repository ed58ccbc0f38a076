"""`Mapped[…]`: how the types of mapped attributes are written in a file."""

from __future__ import annotations

from msgspec import Struct, field

from fapi_lint.fix.bindings import bindings
from fapi_lint.fix.imports import Spelling, spell, spell_uuid
from fapi_lint.outline import nodes as o
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class
from fapi_lint.project.value_types import ValueType


class MappedTypes(Struct, dict=True):
    """Writes types into class bodies; what a file calls something is looked up once."""

    project: Project
    _spelled: dict[tuple[str, str], Spelling] = field(default_factory=dict)

    def mapped(self, class_: Class, type_: ValueType, *, optional: bool) -> Spelling | None:
        """`Mapped[X]` or `Mapped[X | None]` in the body of a class; None where `X` cannot be written there.

        SQLAlchemy evaluates the annotation even under `from __future__ import annotations`.
        """
        inner = self.value(class_, type_)
        if inner is None:
            return None
        if optional:
            inner = self.optional(class_, inner)
        outer = self.spell(class_, "sqlalchemy.orm.Mapped")
        return Spelling(f"{outer.text}[{inner.text}]", outer.needs + inner.needs)

    def value(self, class_: Class, type_: ValueType) -> Spelling | None:
        """A type in the body of a class; None where its name means something else there."""
        if isinstance(type_.name, str):
            module, _, name = type_.name.rpartition(".")
            if module == "builtins" and (name in self._names(class_) or name in class_.module.scope.bindings):
                return None
            outer = Spelling(name) if module == "builtins" else self.spell(class_, type_.name)
        else:
            root = o.dotted(type_.name.expr).partition(".")[0]
            if type_.name.scope.module is not class_.module or not root or root in self._names(class_):
                return None
            outer = Spelling(class_.module.slice(type_.name.expr))
        items = [self.value(class_, item) for item in type_.items]
        known = [item for item in items if item is not None]
        if len(known) < len(items):
            return None
        text = f"{outer.text}[{', '.join(item.text for item in known)}]" if known else outer.text
        return Spelling(text, outer.needs + tuple(need for item in known for need in item.needs))

    def optional(self, class_: Class, inner: Spelling) -> Spelling:
        """`X | None`, or `Optional[X]` where the project runs on Python 3.9 or the file says it so."""
        if self._says_optional(class_.module):
            outer = self.spell(class_, "typing.Optional")
            return Spelling(f"{outer.text}[{inner.text}]", outer.needs + inner.needs)
        return Spelling(f"{inner.text} | None", inner.needs)

    @kept
    def _says_optional(self, file: Module) -> bool:
        python = self.project.versions.python
        if python.lowest is None:
            return any(binding.target == "typing.Optional" for binding in bindings(file))
        return not python.at_least(3, 10)

    def spell(self, class_: Class, target: str) -> Spelling:
        """`spell` for the body of a class: as at module level, unless the class hides that name."""
        file, key = class_.module, (class_.module.path, target)
        if key not in self._spelled:
            self._spelled[key] = _spell(file, target, class_.node.start)
        found = self._spelled[key]
        hides = found.text.partition(".")[0] in self._names(class_)
        return _spell(file, target, class_.node.body_start) if hides else found

    @kept
    def _names(self, class_: Class) -> frozenset[str]:
        """The names that mean attributes in the body of a class; an annotation alone binds nothing."""
        return frozenset(
            name
            for name, found in class_.scope.bindings.items()
            if any(b.value is not None or not isinstance(b.statement, o.AnnAssign) for b in found)
        )


def _spell(file: Module, target: str, at: int) -> Spelling:
    module, _, name = target.rpartition(".")
    return spell_uuid(file, name, at) if module == "uuid" else spell(file, target, at)
