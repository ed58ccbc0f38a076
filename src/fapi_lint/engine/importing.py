"""Importing the modules of plugins, from the folder of a configuration or from wherever Python finds them.

Applications checked in one run may each have a module of the same name, and a module may change between two runs
of one process: so what was imported from such a folder is forgotten before the next import from one.
"""

from __future__ import annotations

import importlib
import os
import pkgutil
import sys
from collections.abc import Iterable
from hashlib import blake2b
from pathlib import Path
from types import ModuleType

_added: list[str] = []
"""What this module added to `sys.path`."""
_imported: dict[str, str] = {}
"""The modules that were imported for plugins, and the folder of the configuration at that time."""


def search(folder: str) -> None:
    """Make modules in the folder importable, if one is given, and forget those of the last one."""
    for name, origin in _imported.items():
        module = sys.modules.get(name)
        if module is not None and _is_local(module, origin):
            del sys.modules[name]
    _imported.clear()
    for path in _added:
        if path in sys.path:
            sys.path.remove(path)
    _added.clear()
    if folder and folder not in sys.path:
        sys.path.append(folder)  # Not first: it may hold a `types.py`.
        _added.append(folder)
    importlib.invalidate_caches()


def import_all(name: str, folder: str) -> list[ModuleType]:
    """The module, and all below it if it is a package."""
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # Nobody asked for files in their repository.
    before = set(sys.modules)
    try:
        module = importlib.import_module(name)
        below = pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}.")
        return [module, *(importlib.import_module(info.name) for info in below)]
    finally:
        sys.dont_write_bytecode = writes
        _imported.update((name, folder) for name in set(sys.modules) - before)


def state_of(modules: Iterable[ModuleType]) -> str:
    """A digest of the code of modules, and of what they imported from the folder of the configuration."""
    neighbours = [
        module
        for name, folder in _imported.items()
        if (module := sys.modules.get(name)) is not None and _is_local(module, folder)
    ]
    digest = blake2b(digest_size=8)
    for file in sorted({getattr(module, "__file__", None) or "" for module in [*modules, *neighbours]} - {""}):
        digest.update(file.encode("utf-8", "surrogatepass"))
        digest.update(blake2b(Path(file).read_bytes()).digest())
    return digest.hexdigest()


def _is_local(module: ModuleType, folder: str) -> bool:
    """Whether a module was found in the folder itself, not in a virtual environment that stands there."""
    start = os.path.join(folder, module.__name__.partition(".")[0])
    file = getattr(module, "__file__", None)
    found = [file] if file else list(getattr(module, "__path__", ()))
    return bool(folder) and any(path == start or path.startswith((start + os.sep, start + ".")) for path in found)
