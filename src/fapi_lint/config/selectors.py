"""Which rules the selectors of the configuration and of the command line mean: those to run, to fix, to leave out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path

from .load import ConfigError, suggestion
from .settings import Settings


def validate_codes(
    settings: Settings,
    known_codes: Collection[str],
    path: Path | None = None,
    *,
    prefix: str = "",
    names: Mapping[str, str] | None = None,
    without_names: Collection[str] = (),
) -> None:
    """ConfigError if a setting names a rule that does not exist; `path` is the file to blame.

    `prefix` stands before the name of the setting, as it does on the command line; `names` are the names of rules with
    their codes, for those who write the one in place of the other. The rules `without_names` are about nothing that
    has a name which `exempt` could leave alone.
    """
    known = [*known_codes, "ALL"]
    families = dict.fromkeys(code[:-2] for code in known_codes)
    used: list[tuple[str, Iterable[str]]] = [
        ("select", settings.select or ()),
        ("extend-select", settings.extend_select),
        ("ignore", settings.ignore),
        ("fixable", settings.fixable),
        ("unfixable", settings.unfixable),
        *((f'per-file-ignores."{pattern}"', codes) for pattern, codes in settings.per_file_ignores.items()),
        ("exempt", settings.exempt),
    ]
    codes = names or {}
    messages = [
        f'{prefix}{key}: there is no rule "{selector}"'
        + (
            f'; the code of that is "{codes[selector]}"'
            if selector in codes
            else _nearest(selector.upper(), known, families)
        )
        for key, selectors in used
        for selector in selectors
        if not _matching(selector, known)
    ]
    messages += [
        f'{prefix}exempt: no names are exempt from "{selector}": use a comment, `per-file-ignores` or `ignore`'
        for selector in settings.exempt
        if (matching := _matching(selector, known)) and all(code in without_names for code in matching)
    ]
    if messages:
        raise ConfigError(messages, path)


def _nearest(selector: str, known: Iterable[str], families: Iterable[str]) -> str:
    """The end of the message: a rule that is spelt much like this, or the family that it begins with."""
    return suggestion(selector, [*known, *(family for family in families if selector.startswith(family))])


_ALWAYS = frozenset({"FAPI000"})


def rule_set(
    settings: Settings,
    known: Mapping[str, bool],
    *,
    select: Iterable[str] | None = None,
    extend_select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> frozenset[str]:
    """The codes of the rules to run, of those known (code to whether it is on by default).

    As in ruff, a more specific selector wins over a less specific one, and of two equal ones the ignoring
    one. The keyword arguments are those of the command line: they are applied to what the settings select,
    and so win over them. Also as in ruff, a file that does not parse is told of whatever is selected, unless that
    is ignored: nothing else was looked for in it.
    """
    default = frozenset(code for code, on in known.items() if on)
    chosen = _choose(default, known, settings.select, settings.extend_select, settings.ignore, always=_ALWAYS)
    return _choose(chosen, known, select, extend_select, ignore, always=_ALWAYS)


def fixable_set(
    settings: Settings,
    known: Iterable[str],
    *,
    fixable: Iterable[str] | None = None,
    unfixable: Iterable[str] = (),
) -> frozenset[str]:
    """The codes of the rules whose fixes may be applied; keyword arguments as for `rule_set`."""
    known = list(known)
    chosen = _choose(frozenset(), known, settings.fixable, (), settings.unfixable)
    return _choose(chosen, known, fixable, (), unfixable)


def per_file_ignores(settings: Settings, known: Iterable[str], root: Path) -> Callable[[str], frozenset[str]]:
    """A function from the absolute path of a file to the codes not to report there."""
    if not settings.per_file_ignores:
        return lambda path: frozenset()

    from pathspec import GitIgnoreSpec

    known = list(known)
    entries = [
        (
            GitIgnoreSpec.from_lines([re.sub(r"^!?(?:\.(?=/))?", "", pattern)]),
            not pattern.startswith("!"),
            frozenset(code for selector in selectors for code in _matching(selector, known)),
        )
        for pattern, selectors in settings.per_file_ignores.items()
    ]

    def ignored(path: str) -> frozenset[str]:
        try:
            relative = Path(path).relative_to(root).as_posix()
        except ValueError:  # Elsewhere; patterns without a slash can match.
            relative = Path(path).as_posix()
        return frozenset().union(
            *(codes for spec, expected, codes in entries if bool(spec.match_file(relative)) is expected)
        )

    return ignored


def _choose(
    chosen: frozenset[str],
    known: Iterable[str],
    select: Iterable[str] | None,
    extend_select: Iterable[str],
    ignore: Iterable[str],
    *,
    always: frozenset[str] = frozenset(),
) -> frozenset[str]:
    selectors = [
        *((selector, True) for selector in (*(select or ()), *extend_select)),
        *((selector, False) for selector in ignore),
    ]
    # From the least specific to the most specific one, and the ignoring one last.
    selectors.sort(key=lambda item: (0 if item[0] == "ALL" else len(item[0]), not item[1]))
    verdicts = dict.fromkeys(chosen if select is None else chosen & always, True)
    for selector, verdict in selectors:
        verdicts.update(dict.fromkeys(_matching(selector, known), verdict))
    return frozenset(code for code, verdict in verdicts.items() if verdict)


def _matching(selector: str, known: Iterable[str]) -> list[str]:
    if selector == "ALL":
        return list(known)
    return [code for code in known if selector and code.startswith(selector)]
