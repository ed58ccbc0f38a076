"""Comments that are meant to suppress findings, but not by the syntax for that.

Ruff warns of a `# noqa` of this kind; here those count that name rules of ours, or none and no other tool.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from msgspec import Struct

from .file import LineIndex
from .suppressions import Suppression, parse

# A "#" begins another part of a comment; that of "#123" does not.
_PART = re.compile(r"#(?!\d)(?:[^#\r\n]|#(?=\d))*")
_ADDRESSED = re.compile(r"#[ \t]*fapi[-_ ]?lint(?P<colon>[ \t]*:|\b)[ \t]*(?P<word>[a-z-]*)(?P<rest>.*)", re.IGNORECASE)
_NOQA = re.compile(r"#[ \t]*(?P<word>no[-_]qa|[a-z]+)[ \t]*(?P<rest>.*)", re.IGNORECASE)
_SENTENCE = re.compile(r"[,;.!?](?:[ \t]+(?!noqa)[a-z][^:]*)?", re.IGNORECASE)
_OTHERS = re.compile(r"[A-Z]+[0-9]+")
_WORDS = ("ignore", "ignore-file", "ignore-line", "ignore-next-line", "noqa", "disable", "off", "skip", "skip-file")


class Misspelt(Struct, frozen=True):
    """Such a comment; `row` counts from 1, `message` tells what to write."""

    row: int
    message: str


def misspelt(text: str, spans: Iterable[tuple[int, int]], rules: Mapping[str, str]) -> Iterator[Misspelt]:
    """Those in the comments of a text that have the given spans; `rules` are the codes of all rules by their names."""
    prefixes = "|".join(sorted({code.rstrip("0123456789") for code in rules.values()}))
    code = re.compile(rf"({prefixes})[-_ ]?(\d{{3}})(?!\d)", re.IGNORECASE)
    begins = re.compile(rf"[\s,:;=(\[]*(?:{prefixes})[-_ ]?(?:\d|$)", re.IGNORECASE)
    lines: LineIndex | None = None
    for span in spans:
        directives = {each.start: each for each in parse(text, [span])}
        for part in _PART.finditer(text, *span):
            said, directive = part[0].rstrip(), directives.get(part.start())
            after = said[directive.end - part.start() :] if directive else ""
            codes = ["".join(found).upper() for found in code.findall(said)]
            if _ADDRESSED.match(said):
                written = _ignore(said, codes) if directive is None or begins.match(after) else ""
            else:
                written = _noqa(said, directive, after, codes, begins, rules)
            if written:
                lines = lines or LineIndex(text)
                does = f"`{said}` suppresses {_suppressed(directive)}"
                yield Misspelt(lines.position(part.start())[0], f"{does}: write `{written}`")


def _suppressed(directive: Suppression | None) -> str:
    if directive is None:
        return "nothing"
    return ", ".join(code.code for code in directive.codes) + " only" if directive.codes else "every rule"


def _ignore(said: str, codes: list[str]) -> str:
    """What a comment addressed to us should say that is no directive, or has codes behind it. Empty for prose."""
    match = _ADDRESSED.match(said)
    assert match is not None
    word, has_list = match["word"].lower(), match["rest"].startswith("[")
    near = get_close_matches(word, _WORDS, 1, 0.7)
    if not (has_list or (codes or near if match["colon"] else word in _WORDS)):
        return ""
    is_file = near and word.startswith(("ignore-f", "skip-f"))
    listed = f"[{', '.join(codes) or 'CODE'}]" if codes or has_list else ""
    return f"# fapi-lint: ignore{'-file' if is_file else ''}{listed}"


def _noqa(
    said: str,
    directive: Suppression | None,
    after: str,
    codes: list[str],
    begins: re.Pattern[str],
    rules: Mapping[str, str],
) -> str:
    """What a comment should say that is much like a `noqa` and names rules of ours, but not as one does."""
    match = _NOQA.match(said)
    if match is None or not get_close_matches(match["word"].lower(), ["noqa"], 1, 0.7):
        return ""
    if directive is None and match["word"].lower() == "noqa":
        if _SENTENCE.fullmatch(match["rest"]) and not _OTHERS.search(match["rest"]):
            return "# noqa"
        if named := rules.get(match["rest"].lstrip(": \t").partition(" ")[0].rstrip(",")):
            return f"# noqa: {named}"
    if not begins.match(after if directive else match["rest"]):
        return ""
    others = [each.code for each in directive.codes if each.code not in codes] if directive else []
    return f"# noqa: {', '.join([*others, *codes]) or 'CODE'}"
