"""Imports of one file: how an object is written in it (`spell`), and the edits for what it needs or drops (`place`)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from fapi_lint.fix.bindings import Binding, bindings, canonical, rebound
from fapi_lint.fix.edit import NeedsImport
from fapi_lint.fix.names import File, locals_at, scopes_at
from fapi_lint.fix.placing import ImportConflict, place
from fapi_lint.outline import nodes as o

__all__ = ["Binding", "ImportConflict", "Spelling", "bindings", "place", "spell", "spell_member", "spell_uuid"]

_ALIASES = {"fastapi.status": "http_status"}


class Spelling(Struct, frozen=True):
    """How an object is written at one place, and the imports that this takes."""

    text: str
    needs: tuple[NeedsImport, ...] = ()


def spell(file: File, target: str, at: int, *, type_checking: bool = False) -> Spelling:
    """How to write `target` (absolute and dotted: `"sqlalchemy.orm.relationship"`) at an offset of a file.

    An import that is there and visible at `at` is used, whatever its form; else the answer says which one is needed.
    With `type_checking`, for annotations, imports under `if TYPE_CHECKING:` count and a new one goes there. A local,
    parameter or class attribute that hides a name leads to another import or to an alias. A target without a dot is a
    module.
    """
    hidden = locals_at(file.outline, at)
    found = bindings(file)
    others = rebound(file)
    meant = canonical(target)
    options = [
        text
        for binding in found
        if (text := _through(binding, target, meant)) is not None
        and binding.name not in hidden
        and binding.name not in others
        and _available(file, binding, found, at, type_checking)
    ]
    if options:
        return Spelling(min(options, key=lambda text: text.count(".")))
    module, _, name = target.rpartition(".")
    if not module:
        module, name = target, ""
    local = name or module
    foreign = {binding.name for binding in found if binding.meant != meant}
    if local in hidden or local in others or local in foreign:
        local = _alias(target, hidden | others | foreign)
    need = NeedsImport(file.path, module, name, "" if local == (name or module) else local, type_checking=type_checking)
    return Spelling(local, (need,))


def spell_member(file: File, target: str, at: int) -> Spelling:
    """A member of a module: with a new import by way of the module, as `asyncio.run` and `pytest.mark` are written."""
    found = spell(file, target, at)
    if not found.needs:
        return found
    module, _, name = target.rpartition(".")
    whole = spell(file, module, at)
    return Spelling(f"{whole.text}.{name}", whole.needs)


def spell_uuid(file: File, name: str, at: int) -> Spelling:
    """A name of the `uuid` module: with a new import as `uuid.x`, because SQLAlchemy has a `UUID` too."""
    if any(isinstance(b.statement, o.ImportFrom) and b.target.startswith("uuid.") for b in bindings(file)):
        found = spell(file, f"uuid.{name}", at)
        if not found.needs or not found.needs[0].alias:
            return found
    return spell_member(file, f"uuid.{name}", at)


def _available(file: File, binding: Binding, found: Sequence[Binding], at: int, type_checking: bool) -> bool:
    """Whether the import has surely run, under its own meaning, when code at an offset does."""
    if not binding.target or any(b.name == binding.name and b.target != binding.target for b in found):
        # `import a.b` and `import a.c` both bind `a`; the same target twice is fine.
        return False
    statement = binding.statement
    if binding.guard == "typing":
        return type_checking
    if binding.guard == "branch":
        return False
    # The scopes around an offset are dear: they are looked at for imports further down only.
    return statement.end <= at or any(scope.kind == "function" for scope in scopes_at(file.outline, at))


def _through(binding: Binding, target: str, meant: str) -> str | None:
    """The target, which is canonically called `meant`, through a binding, if its attributes are sure to be there."""
    if binding.meant == meant:
        return binding.name
    if not target.startswith(binding.target + "."):
        return None
    rest = target[len(binding.target) + 1 :]
    module = target.rpartition(".")[0]
    loaded = (
        binding.target == module
        if not isinstance(binding.statement, o.Import) or binding.alias.asname
        else binding.alias.name in (module, target)
    )
    return f"{binding.name}.{rest}" if loaded else None


def _alias(target: str, taken: set[str]) -> str:
    """A local name for an object whose own name is taken: `http_status`, `SAEnum`, `UserModel`, `app_user`."""
    module, _, name = target.rpartition(".")
    parts = module.split(".")
    if canonical(target) in _ALIASES:
        alias = _ALIASES[canonical(target)]
    elif name[:1].isupper():
        if parts[0] == "sqlalchemy":
            alias = f"SA{name}"
        elif "models" in parts or parts[-1] == "models":
            alias = f"{name}Model"
        elif "schemas" in parts:
            alias = f"{name}Schema"
        else:
            alias = "".join(word.title() for word in parts[-1].split("_")) + name
    else:
        alias = f"{parts[-1]}_{name}" if module else f"{name}_"
    while alias in taken:
        alias += "_"
    return alias
