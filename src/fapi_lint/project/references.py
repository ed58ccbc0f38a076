"""Where the application refers to a class, function or module: everything that a rename must touch, or cannot.

All uses of one word are found at once and kept, by what they mean.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

from msgspec import Struct, field

from fapi_lint.project.built_names import BuiltName, built_names
from fapi_lint.project.grouping import grouped
from fapi_lint.project.kept import kept
from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Class, Function
from fapi_lint.project.word_uses import Search, Site, Word

Definition: TypeAlias = Class | Function
_WORD_CHARACTERS = bytes(
    code if code >= 128 or chr(code).isalnum() or chr(code) == "_" else ord(" ") for code in range(256)
)


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
    def _built_names(self) -> list[BuiltName]:
        return list(built_names(self.project))

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
