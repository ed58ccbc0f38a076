"""Where the application refers to a class, function or module: everything that a rename must touch, or cannot.

All uses of one word are found at once and kept, by what they mean.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Class, Function, Parameter
from fapi_lint.project.word_uses import Search, Site, Word

if TYPE_CHECKING:
    from fapi_lint.project.project import Project

Definition: TypeAlias = Class | Function
_F_STRING = re.compile(r"""[fF](?P<quote>["'])(?P<text>[^"'\\]*)(?P=quote)""")
_INTERPOLATED = re.compile(r"\{[^{}]*\}")
_INSTANCES = ("self", "cls")
_NAMESPACES = ("globals", "vars")
_WORD_CHARACTERS = bytes(
    code if code >= 128 or chr(code).isalnum() or chr(code) == "_" else ord(" ") for code in range(256)
)


class _BuiltName(Struct, frozen=True):
    """One place that looks up a member of a module, any module if it is None, by a name that matches a pattern."""

    sighting: Sighting
    owner: Module | None
    pattern: re.Pattern[str]


class References(Struct):
    """The places that mean one definition.

    `obstacles` say why they may not be all, or cannot change together; `strings` are strings that spell the name and
    are not known to mean it.
    """

    sites: list[Site] = field(default_factory=list)
    obstacles: list[str] = field(default_factory=list)
    strings: list[Site] = field(default_factory=list)


class ReferenceIndex(Part):
    """Finds references."""

    @cached_property
    def _mentions(self) -> dict[bytes, list[Module]]:
        found: dict[bytes, list[Module]] = {}
        for module in self.project.modules:
            text = module.text.encode("utf-8", "surrogatepass")
            for word in set(text.translate(_WORD_CHARACTERS).split()):
                found.setdefault(word, []).append(module)
        return found

    def mentioning(self, word: str) -> Sequence[Module]:
        """The modules whose text holds a word, comments and strings included."""
        return self._mentions.get(word.encode("utf-8", "surrogatepass"), ())

    def sightings(self, word: str) -> Iterator[Sighting]:
        """The nodes around the places where any file has a word; what they mean is to be asked."""
        for module in self.mentioning(word):
            yield from search(module, word)

    def of(self, definition: Definition) -> References:
        """The references to a class or function that is defined at module level."""
        word = self._word(definition.name)
        key = (definition.module.path, False)
        obstacles = [*word.obstacles.get(key, ()), *word.unclear, *self._built(definition)]
        return References(word.sites.get(key, []), obstacles, word.strings)

    def _built(self, definition: Definition) -> Iterator[str]:
        """Where a definition may be looked up by a name that is put together."""
        for built in self._built_names:
            owner = built.owner
            if built.pattern.fullmatch(definition.name) and (
                owner is None or self.project.resolver.member(owner, definition.name) is definition
            ):
                where = built.sighting.scope.module.where(built.sighting.node.start)
                yield f"it may be looked up by a name that is put together ({where})"

    @cached_property
    def _built_names(self) -> list[_BuiltName]:
        return list(_find_built_names(self.project))

    def of_module(self, module: Module) -> References:
        """The references to a module, by the last part of its dotted name."""
        word = self._word(module.parts[-1])
        key = (module.path, True)
        return References(word.sites.get(key, []), [*word.obstacles.get(key, ()), *word.unclear_modules])

    @kept
    def _word(self, name: str) -> Word:
        word = Word()
        for module in self.mentioning(name):
            if module.outline.failure is not None:
                where = module.where(module.text.find(name))
                reason = f"it may be meant in a file that does not parse ({where})"
                word.unclear.append(reason)
                word.unclear_modules.append(reason)
            Search(self.project.resolver, module, name).collect(word)
        return word

    def collision(self, references: References, name: str) -> Module | None:
        """A module where references called `name` would meet something else that bears that name."""
        resolver = self.project.resolver
        bare = grouped((site.module, site.start) for site in references.sites if site.bare)
        for module, starts in bare.items():
            if self.is_taken(module, starts, name):
                return module
        for module in self._receivers(bare):
            if module not in bare and resolver.member(module, name) is not None:
                return module
        return None

    def is_taken(self, module: Module, starts: Sequence[int], name: str) -> bool:
        """Whether a name means something already at these places of a file, or in the file as a whole."""
        resolver = self.project.resolver
        if resolver.member(module, name) is not None:
            return True
        return module in self.mentioning(name) and Search(resolver, module, name).captures(starts)

    def _receivers(self, modules: Iterable[Module]) -> Iterator[Module]:
        """The modules that import everything from these, or from one that does."""
        seen = set(modules)
        stack = list(seen)
        while stack:
            for receiver in self._star_importers.get(stack.pop(), ()):
                if receiver not in seen:
                    seen.add(receiver)
                    stack.append(receiver)
                    yield receiver

    @cached_property
    def _star_importers(self) -> dict[Module, list[Module]]:
        modules, source = self.project.modules, self.project.resolver.import_source
        found = ((source(module, star), module) for module in modules for star in module.scope.stars)
        return grouped((taken, module) for taken, module in found if isinstance(taken, Module))


def _find_built_names(project: Project) -> Iterator[_BuiltName]:
    for module in project.modules:
        if "getattr(" not in module.text and "globals()" not in module.text and "vars(" not in module.text:
            continue
        for sighting in search(module, "getattr", *_NAMESPACES):
            found = _looked_up(sighting)
            pattern = None if found is None else _pattern(module, found[1])
            if found is None or pattern is None:
                continue
            owner = module if found[0] is None else project.resolver.resolve(sighting.scope, found[0])
            if isinstance(owner, Module):
                yield _BuiltName(sighting, owner, pattern)
            elif isinstance(owner, Parameter) and owner.node.annotation is None and owner.node.name not in _INSTANCES:
                yield _BuiltName(sighting, None, pattern)


def _looked_up(sighting: Sighting) -> tuple[o.Expr | None, o.Expr] | None:
    """The object whose attribute is looked up, the module itself if None, and the expression of its name."""
    node = sighting.node
    if isinstance(node, o.Call) and o.dotted(node.func) == "getattr" and len(node.args) > 1:
        return node.args[0].value, node.args[1].value
    if isinstance(node, o.Subscript) and isinstance(node.value, o.Call) and len(node.items) == 1:
        call = node.value
        if o.dotted(call.func) in _NAMESPACES:
            return call.args[0].value if call.args else None, node.items[0]
    return None


def _pattern(module: Module, expr: o.Expr) -> re.Pattern[str] | None:
    """What the names that an expression makes look like; None if it is a literal or may make any name."""
    if isinstance(expr, o.Operation) and expr.operator == "+":
        pieces = [each.value or "" if isinstance(each, o.String) else None for each in expr.operands]
    elif isinstance(expr, o.String) and expr.parts and (written := _F_STRING.fullmatch(module.slice(expr))):
        texts = _INTERPOLATED.split(written["text"])
        pieces = [piece for text in texts for piece in (text, None)][:-1]
    else:
        return None
    if not any(pieces):
        return None
    return re.compile("".join(r"\w*" if piece is None else re.escape(piece) for piece in pieces))
