"""Applications executed for real: what SQLAlchemy's mappers make of their relationships."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
import warnings
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

BASE = """\
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    pass
"""


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports modules of `app` from texts; folders are packages, with or without `__init__.py`."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        base = fullname.replace(".", "/")
        if f"{base}.py" in self.files:
            return importlib.util.spec_from_loader(fullname, self)
        if any(path.startswith(base + "/") for path in self.files):
            return importlib.util.spec_from_loader(fullname, self, is_package=True)
        return None

    def exec_module(self, module: ModuleType) -> None:
        base = module.__name__.replace(".", "/")
        text = self.files.get(f"{base}.py", self.files.get(f"{base}/__init__.py", ""))
        exec(compile(text, base, "exec", dont_inherit=True), module.__dict__)


def relationships(files: Mapping[str, str], *imports: str) -> dict[str, dict[str, Any]]:
    """Every relationship of the application that importing these modules makes, with all that tells it apart."""
    finder = _Finder(files)
    sys.meta_path.insert(0, finder)
    before = set(sys.modules)
    base = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in imports:
                importlib.import_module(name)
            base = importlib.import_module("app.db.base_class").Base
            base.registry.configure()
            return {
                f"{mapper.class_.__name__}.{found.key}": _described(found)
                for mapper in base.registry.mappers
                for found in mapper.relationships
            }
    finally:
        sys.meta_path.remove(finder)
        for name in set(sys.modules) - before:
            if name.partition(".")[0] == "app":
                del sys.modules[name]
        if base is not None:
            base.registry.dispose()


def _described(found: Any) -> dict[str, Any]:
    return {
        "target": found.mapper.class_.__name__,
        "direction": found.direction.name,
        "uselist": found.uselist,
        "secondary": str(found.secondary),
        "primaryjoin": _sql(found.primaryjoin),
        "secondaryjoin": _sql(found.secondaryjoin),
        "pairs": sorted(f"{local}={remote}" for local, remote in found.local_remote_pairs),
        "synchronized": sorted(f"{source}={target}" for source, target in found.synchronize_pairs or ()),
        "remote": sorted(map(str, found.remote_side)),
        "partners": sorted(f"{p.parent.class_.__name__}.{p.key}" for p in found._reverse_property),
        "cascade": sorted(found.cascade),
        "order_by": [str(column) for column in found.order_by or ()],
        "collection": found.collection_class or list,
        **{
            name: getattr(found, name)
            for name in ("lazy", "viewonly", "post_update", "passive_updates", "passive_deletes", "sync_backref")
        },
    }


def _sql(join: Any) -> str:
    """A join as SQL, the sides of its equations in one order."""
    text = "" if join is None else str(join.compile(compile_kwargs={"literal_binds": True}))
    return " AND ".join(" = ".join(sorted(part.split(" = "))) for part in text.split(" AND "))
