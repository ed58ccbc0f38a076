"""Singular and plural of the nouns that paths, modules and handlers are named after."""

from __future__ import annotations

import re

_UNCOUNTABLE = frozenset(
    """always analytics auth aws barracks chaos clothes cors cosmos crossroads css data devops diagnostics dns
    economics electronics equipment ethics goods gps headquarters https information ios jeans jenkins js keras
    kubernetes kudos logistics means media metadata news nodejs ops pandas pants physics politics postgres
    premises prometheus redis robotics saas scissors series settings sms species staff statistics stats
    status thanks tls trousers windows""".split()  # noqa: SIM905
)
_REGULAR = """brownie cache calorie cookie cpu excuse gpu hoodie menu movie pie selfie sku smoothie submenu tie
    zombie""".split()  # noqa: SIM905
"""Words whose plural looks as if it were that of another word."""
_IRREGULAR = {word: f"{word}s" for word in _REGULAR} | dict(
    pair.split(":")
    for pair in """alias:aliases analysis:analyses atlas:atlases bias:biases canvas:canvases child:children
    criterion:criteria diagnosis:diagnoses echo:echoes foot:feet gas:gases hero:heroes hypothesis:hypotheses
    index:indices knife:knives lens:lenses man:men matrix:matrices person:people potato:potatoes quiz:quizzes
    shelf:shelves thesis:theses tomato:tomatoes tooth:teeth vertex:vertices wife:wives wolf:wolves
    woman:women""".split()  # noqa: SIM905
)
_SINGULARS = {plural: singular for singular, plural in _IRREGULAR.items()}
_PLURAL_ENDINGS = (
    (re.compile(r"(?<=[^aeiou])ies$"), "y"),
    (re.compile(r"(?<=ss)es$|(?<=sh)es$|(?<=ch)es$|(?<=x)es$|(?<=zz)es$"), ""),
    (re.compile(r"(?<=[bcilnprstx]u)ses$"), "s"),
    (re.compile(r"(?<!si)(?<=[^su])s$|(?<=eu)s$"), ""),
)
"""Categories, boxes, statuses, users; not address, status or basis."""


def singular(word: str) -> str:
    """One of what a word means, if it is plural: `categories` is `category`. Of `user_roles` the last part counts."""
    head, last = _split(word)
    if last in _UNCOUNTABLE or last in _IRREGULAR:
        return word
    if last in _SINGULARS:
        return head + _SINGULARS[last]
    for ending, replacement in _PLURAL_ENDINGS:
        stem = ending.sub(replacement, last)
        if stem != last and len(stem) > 1:
            return head + stem
    return word


def singulars(word: str) -> list[str]:
    """What a plural may be made of, the likeliest first: `canvases` has been canvas or canvase. Empty without one."""
    forms = dict.fromkeys([singular(word), word.removesuffix("s"), word.removesuffix("es")])
    forms.pop(word, None)
    return list(forms) if is_plural(word) else []


def plural(word: str) -> str:
    """Several of what a singular word means: `category` is `categories`."""
    head, last = _split(word)
    if last in _UNCOUNTABLE:
        return word
    if last in _IRREGULAR:
        return head + _IRREGULAR[last]
    if re.search(r"[^aeiou]y$", last):
        return f"{head}{last[:-1]}ies"
    return word + ("es" if re.search(r"(?:s|x|z|ch|sh)$", last) else "s")


def is_plural(word: str) -> bool:
    return singular(word) != word


def snake_words(name: str) -> list[str]:
    """The words of a name or of a part of a path, in lower case: `user`, `roles` of `userRoles` and `user-roles`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+", "_", name).strip("_").lower().split("_")


def _split(word: str) -> tuple[str, str]:
    head, separator, last = word.rpartition("_")
    return head + separator, last
