"""`Mapped[…]` of a relationship: one object or many, as SQLAlchemy loads it without the annotation."""

from __future__ import annotations

from fapi_lint.fix.imports import Spelling, spell
from fapi_lint.fix.mapped import MappedTypes
from fapi_lint.fix.text import quote
from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Relationship
from fapi_lint.project.pairing import Direction
from fapi_lint.project.project import Project

_LOADERS = {"dynamic": "DynamicMapped", "write_only": "WriteOnlyMapped"}
_COLLECTIONS = ("list", "set")


def spell_relationship(project: Project, relationship: Relationship, types: MappedTypes) -> Spelling | str:
    """The annotation, or why there is none. The related class is quoted and imported for type checkers only."""
    target, class_ = relationship.target_model, relationship.owner
    if target is None:
        return "the related model is not certain"
    if relationship.has_unknown_arguments:
        return "not all of its arguments are visible"
    many = _is_collection(project, relationship)
    if many is None:
        return "whether it is one object or many is not certain"
    name = Spelling(target.name)
    if target.class_.parent is not None:
        return f"{target.name} stands inside of something else"
    if target.module is not class_.module:
        at = relationship.statement.start
        name = spell(class_.module, f"{target.module.name}.{target.name}", at, type_checking=True)
    if name.text != target.name or target.name in class_.scope.bindings:
        return f"`{target.name}` means something else here"
    loader = relationship.argument("lazy")
    lazy = loader.expr.value if loader is not None and isinstance(loader.expr, o.String) else None
    if loader is not None and lazy is None and o.dotted(loader.expr) not in ("True", "False", "None"):
        return "how it is loaded is not certain"
    outer = types.spell(class_, f"sqlalchemy.orm.{_LOADERS.get(lazy or '', 'Mapped')}")
    quoted = quote(class_.module, target.name)
    needs = outer.needs + name.needs
    if not many:
        if not _may_be_missing(project, relationship):
            return Spelling(f"{outer.text}[{quoted}]", needs)
        inner = types.optional(class_, Spelling(target.name))
        text = (
            quote(class_.module, inner.text)
            if not inner.text.endswith("]")
            else inner.text.replace(f"[{target.name}]", f"[{quoted}]")
        )
        return Spelling(f"{outer.text}[{text}]", needs + inner.needs)
    if lazy in _LOADERS:
        return Spelling(f"{outer.text}[{quoted}]", needs)
    kind = relationship.argument("collection_class")
    collection = "list" if kind is None else o.dotted(kind.expr)
    hidden = collection in class_.scope.bindings or collection in class_.module.scope.bindings
    if collection not in _COLLECTIONS or hidden:
        return "the type of its collection is not certain"
    return Spelling(f"{outer.text}[{collection}[{quoted}]]", needs)


def _is_collection(project: Project, relationship: Relationship) -> bool | None:
    """Whether the relationship holds many objects: as it says, else by the direction of its join."""
    said = relationship.argument("uselist")
    if said is not None:
        return {"True": True, "False": False}.get(o.dotted(said.expr))
    join = project.pairings.join(relationship)
    return None if join is None else join.direction is not Direction.MANY_TO_ONE


def _may_be_missing(project: Project, relationship: Relationship) -> bool:
    """Whether the one object may be None: always, but over a key of its own that is NOT NULL."""
    join = project.pairings.join(relationship)
    if join is None or join.key is None or join.direction is not Direction.MANY_TO_ONE:
        return True
    return project.pairings.is_nullable(join.key)
