"""Which files to read: the walk over folders, and the root of the application that a path belongs to."""

from __future__ import annotations

import os
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches

from msgspec import Struct

from .ignore import IgnorePatterns
from .place import folders_above

DEFAULT_EXCLUDE: tuple[str, ...] = (
    ".bzr", ".direnv", ".eggs", ".fapi_lint_cache", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints",
    ".mypy_cache", ".nox", ".pants.d", ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv",
    ".vscode", "__pycache__", "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules",
    "site-packages", "venv",
)  # fmt: skip
"""Ruff's default `exclude`, our cache, and `__pycache__`, which never holds source."""

# A folder with one of these is a root even where it is a package as well.
_PROJECT_MARKERS = ("fapi-lint.toml", "pyproject.toml", ".git")
_WEAK_MARKERS = ("setup.py", "setup.cfg", "requirements.txt")
# One that often stands beside the sources, below the project that they are part of: it counts where nothing else does.
_WEAKEST_MARKER = "alembic.ini"


class Problem(Struct, frozen=True, order=True):
    """A path that could not be walked, and why, for people. The path is absolute."""

    path: str
    message: str


class Discovery(Struct, frozen=True):
    """The files to read, absolute, sorted, each once; and the problems met on the way."""

    files: list[str]
    problems: list[Problem]


def discover(
    paths: Iterable[str | os.PathLike[str]],
    *,
    exclude: Sequence[str] = DEFAULT_EXCLUDE,
    extend_exclude: Sequence[str] = (),
    root: str | os.PathLike[str] | None = None,
    respect_gitignore: bool = True,
    unsaved: Iterable[str] = (),
) -> Discovery:
    """The Python files (`*.py`) that `paths` stand for.

    A file that is named itself is in, whatever it is called and whatever excludes it; so is a folder that is
    named itself. Below a folder: patterns of `exclude` and `extend_exclude` are those of a .gitignore in
    `root` (the working folder by default); .gitignore files count, from the root of the repository down, and
    `.git/info/exclude`; virtual environments (folders with a `pyvenv.cfg`) are skipped. Links to files are
    followed, links to folders are not. Files that are `unsaved` count as if they were in their folders already.
    Never raises for what is on disk: missing paths and unreadable folders are in the answer's `problems`.
    """
    files: set[str] = set()
    problems: set[Problem] = set()
    base = os.path.join(os.path.abspath(root or os.curdir), "")
    excluded = _Ignores(IgnorePatterns([*exclude, *extend_exclude]), base)
    new: dict[str, list[str]] = {}
    for path in unsaved:
        if path.endswith(".py") and not os.path.lexists(path):
            new.setdefault(os.path.dirname(path), []).append(path)
    for path in map(os.path.abspath, paths):
        if os.path.isdir(path):
            files.update(_walk(path, excluded, respect_gitignore, problems, new))
        elif os.path.exists(path):
            files.add(path)
        else:
            problems.add(Problem(path, f"does not exist{_neighbour(path)}"))
    return Discovery(sorted(files), sorted(problems))


def _neighbour(path: str) -> str:
    """What may have been meant by a path where nothing is, as the end of a sentence."""
    folder, name = os.path.split(path)
    try:
        close = get_close_matches(name, os.listdir(folder), 1, 0.75)
    except OSError:
        return ""
    return f"; did you mean {close[0]}?" if close else ""


def twins(paths: Iterable[str]) -> frozenset[str]:
    """Those of the paths that lead to the same file as another one: links, and what they lead to."""
    paths = list(paths)
    if not any(map(os.path.islink, paths)):
        return frozenset()
    by_file: dict[str, list[str]] = {}
    for path in paths:
        by_file.setdefault(os.path.realpath(path), []).append(path)
    return frozenset(path for same in by_file.values() if len(same) > 1 for path in same)


def find_root(path: str | os.PathLike[str], baseline: str = "") -> str:
    """The folder of the application that a file or folder belongs to. Absolute; the path need not exist.

    The nearest folder, from the path upwards, with a file called `baseline`, which was recorded for what is in it; else
    the nearest with a configuration or the mark of a project; but never the root of the file system or the home folder.
    `requirements.txt` and its like do not make a root of a Python package, for a package often holds its own. Without
    any mark, outside of any package: the folder itself; of a file, the working folder if it is in it and that may be a
    root, else the folder of the file.
    """
    path = os.path.abspath(path)
    start = path if os.path.isdir(path) else os.path.dirname(path)
    folders = _folders_up(start)
    for folder in folders if baseline else ():
        if os.path.isfile(os.path.join(folder, baseline)):
            return folder
    for folder in folders:
        if _holds(folder, _PROJECT_MARKERS if _is_package(folder) else _PROJECT_MARKERS + _WEAK_MARKERS):
            return folder
    for folder in folders:
        if not _is_package(folder) and _holds(folder, (_WEAKEST_MARKER,)):
            return folder
    if os.getcwd() in folders:
        # What stands beside a folder may be anything, unless the folder is part of a package.
        packages = [folder for folder in folders[: folders.index(os.getcwd())] if _is_package(folder)]
        start = os.getcwd() if not os.path.isdir(path) else packages[-1] if packages else start
    while _is_package(start):
        start = os.path.dirname(start)
    return start


def _folders_up(folder: str) -> list[str]:
    """The folder and those that it is in, but for the root of the file system and the home folder."""
    home = os.path.expanduser("~")
    return [each for each in folders_above(folder) if each not in (home, os.path.dirname(each))]


def _holds(folder: str, names: Iterable[str]) -> bool:
    return any(os.path.exists(os.path.join(folder, name)) for name in names)


def _is_package(folder: str) -> bool:
    return os.path.isfile(os.path.join(folder, "__init__.py"))


def _walk(
    top: str,
    excluded: _Ignores,
    respect_gitignore: bool,
    problems: set[Problem],
    new: Mapping[str, Iterable[str]],
) -> Iterator[str]:
    pending = [(top, _ignores_above(top, problems) if respect_gitignore else None)]
    while pending:
        folder, ignores = pending.pop()
        try:
            with os.scandir(folder) as scan:
                entries = {entry.name: entry for entry in scan}
        except OSError as error:
            problems.add(Problem(folder, f"cannot be read: {error.strerror or error}"))
            continue
        if "pyvenv.cfg" in entries and folder != top:
            continue
        if respect_gitignore:
            ignores = _with_folder(ignores, folder, entries, problems)
        for name, entry in entries.items():
            is_file = name.endswith(".py") and _is_file(entry)
            if not is_file and not entry.is_dir(follow_symlinks=False):
                continue
            path = entry.path
            if excluded.match(path, not is_file) or (ignores and ignores.match(path, not is_file)):
                continue
            if is_file:
                yield path
            else:
                pending.append((path, ignores))
        for path in new.get(folder, ()):
            if not excluded.match(path, False) and not (ignores and ignores.match(path, False)):
                yield path


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # A link that leads to itself; one that leads nowhere is no file either.
        return False


class _Ignores(Struct, frozen=True):
    """The patterns that hold below a folder (which ends with a slash), then those of the folders above."""

    patterns: IgnorePatterns
    folder: str
    above: _Ignores | None = None

    def match(self, path: str, is_folder: bool) -> bool:
        """Whether an absolute path is ignored, if no folder above it is."""
        ignores: _Ignores | None = self
        while ignores is not None:
            # A path that is not in the folder stays absolute, and only patterns without a slash match it.
            relative = path.removeprefix(ignores.folder)
            if os.sep != "/":
                relative = relative.replace(os.sep, "/")
            # The nearest file that has an opinion decides.
            verdict = ignores.patterns.verdict(relative, is_folder)
            if verdict is not None:
                return verdict
            ignores = ignores.above
        return False


def _ignores_above(top: str, problems: set[Problem]) -> _Ignores | None:
    """The patterns of the folders above `top`, up to the root of its repository; none outside of one."""
    folders: list[str] = []
    folder = top
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
        folders.append(folder)
    ignores: _Ignores | None = None
    for folder in reversed(folders):
        try:
            names = set(os.listdir(folder))
        except OSError:  # There are folders that may be passed through but not listed.
            continue
        below = _with_folder(ignores, folder, names, problems)
        # `top` was asked for by name, so patterns that ignore it, or a folder on the way to it, do not count.
        if below is not ignores and not any(
            below.match(step, True) for step in [top, *folders] if below and len(step) > len(folder)
        ):
            ignores = below
    return ignores


def _with_folder(
    ignores: _Ignores | None, folder: str, names: Container[str], problems: set[Problem]
) -> _Ignores | None:
    """`ignores` and the patterns that this folder adds for what is in it."""
    files: list[str] = []
    if ".git" in names:
        ignores = None  # A repository within another is on its own.
        files.append(os.path.join(_git_folder(os.path.join(folder, ".git")), "info", "exclude"))
    if ".gitignore" in names:
        files.append(os.path.join(folder, ".gitignore"))
    for file in files:
        try:
            with open(file, encoding="utf-8-sig", errors="surrogateescape", newline="\n") as stream:
                lines = [line.removesuffix("\n").removesuffix("\r") for line in stream]
        except (FileNotFoundError, IsADirectoryError):
            continue
        except OSError as error:
            problems.add(Problem(file, f"cannot be read: {error.strerror or error}"))
            continue
        if patterns := IgnorePatterns(lines):
            ignores = _Ignores(patterns, os.path.join(folder, ""), ignores)
    return ignores


def _git_folder(dot_git: str) -> str:
    """The folder of `info/exclude`: `.git` itself, or where it leads to in a worktree or a submodule."""
    if os.path.isdir(dot_git):
        return dot_git
    gitdir = os.path.join(os.path.dirname(dot_git), _first_line(dot_git).removeprefix("gitdir:").strip())
    return os.path.join(gitdir, _first_line(os.path.join(gitdir, "commondir")))


def _first_line(file: str) -> str:
    try:
        with open(file, encoding="utf-8", errors="surrogateescape") as stream:
            return stream.readline().rstrip("\n")
    except OSError:
        return ""
