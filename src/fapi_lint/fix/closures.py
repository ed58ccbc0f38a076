"""The fix for what becomes asynchronous together, made once for all findings of a closure."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from fapi_lint.fix.async_client import clients_first
from fapi_lint.fix.asynchrony import Conversion
from fapi_lint.fix.edit import Fix, Refusal
from fapi_lint.fix.select_first import queries_first
from fapi_lint.project.asynchrony.closure import Closure
from fapi_lint.project.project import Project

_MADE: WeakKeyDictionary[Closure, Fix | Refusal] = WeakKeyDictionary()


def make_async(project: Project, closure: Closure) -> Fix | Refusal:
    """The fix that makes a closure asynchronous; why that cannot be. The findings of a closure share it."""
    if closure not in _MADE:
        refused = _refused(project, closure)
        ahead = Conversion(project, closure).loaded() if refused and (closure.queries or closure.shared) else None
        if isinstance(ahead, Refusal):  # Then nothing is made ready.
            _MADE[closure] = ahead
        elif refused is not None and closure.queries:
            _MADE[closure] = queries_first(project, closure, refused)
        elif refused is not None and closure.shared:
            _MADE[closure] = clients_first(project, closure, refused)
        else:
            _MADE[closure] = refused or Conversion(project, closure).fix()
    return _MADE[closure]


def _refused(project: Project, closure: Closure) -> Refusal | None:
    if project.versions.sqlalchemy.is_below(2, 0):
        return Refusal("`async_sessionmaker` is new in SQLAlchemy 2.0")
    if closure.obstacle is None and not closure.functions and all(c.kind == "class" for c in closure.changes):
        return Refusal("nobody is seen to give it a session")
    return None if closure.obstacle is None else Refusal(f"{closure.obstacle.text} ({closure.where})")
