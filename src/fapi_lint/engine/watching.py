"""What the answer of a run depends on, for those who wait until it changes."""

from __future__ import annotations

import os

from msgspec import Struct

from fapi_lint.engine.run import Run
from fapi_lint.source.place import folders_of
from fapi_lint.source.text_files import find_text_files, stamps


class Basis(Struct, frozen=True):
    """What a run depends on: `state` stays the same as long as nothing changes in `folders` that matters."""

    state: object
    folders: frozenset[str]
    """The folders of the files that matter and those on the way to them, absolute."""


def basis_of(run: Run) -> Basis:
    """The files that a run reads, those that it finds them by, and the code of plugins."""
    state: list[object] = []
    folders: set[str] = set()
    for application in run.applications:
        root, config = application.root, application.config
        files = run.everything(application)
        others = [*find_text_files(root, files), os.path.join(root, application.settings.baseline)]
        configs = [str(config)] if config else []
        state.append((application.files, application.known.state, stamps([*files, *others, *configs])))
        folders.update(folders_of(files, root), map(os.path.dirname, [*files, *configs]))
    return Basis(state, frozenset(folders))
