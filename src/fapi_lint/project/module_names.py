"""What the file names of modules say: their case, and the noun of the domain that they are named after."""

from __future__ import annotations

import os
import re
from functools import cached_property

from fapi_lint.project.module import Module
from fapi_lint.project.nouns import singular, singulars, snake_words
from fapi_lint.project.part import Part

_WORD_STARTS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|\W+")
_GENERIC = frozenset(
    re.findall(
        r"\w+",
        """
        actions aliases annotations args assets bases builders callbacks choices classes clients commons configs
        constants constructors converters decorators defaults definitions dependencies deps details encoders enums
        errors events exceptions extensions factories features fields filters fixtures flags formats formatters
        functions generators generics guards handlers helpers hooks includes integrations interfaces internals
        jobs keys libs limits listeners literals loaders mappers mappings methods metrics mixins names objects
        operations operators options outputs params parsers patterns permissions pipelines plugins primitives
        processors properties protocols providers queries registries relationships requests resolvers responses
        results routers routes rules scopes selectors serializers sessions settings signals sources states
        statistics strategies strings structures subscribers tables tasks templates tests tools transforms
        triggers types utilities utils validators values variables views widgets workers
        """,
    )
)
"""Plurals that say what kind of thing is in a module and name no resource, unless a class bears the singular."""
_VERBS = frozenset(
    [
        "add", "check", "clean", "create", "delete", "fetch", "get", "notify", "purge", "remove", "reset",
        "send", "update",
    ]
)  # fmt: skip
_DOUBTFUL = re.compile(r"(?:is|ics|os|aas)$|^\w{1,3}$|^[^aeiouy]+$")
"""Endings of plurals and of other words, such as `emojis` and `tennis`, and words that may be an abbreviation, such as
`sqs` and `ads`: a class with the singular tells them apart."""
_PLURAL_AFTER_ALL = frozenset(
    ["metrics", "topics", "clinics", "mechanics", "characteristics", "videos", "photos", "logos", "repos"]
)


class ModuleNames(Part):
    """The names of an application's files."""

    def noun(self, module: Module) -> tuple[str, str] | None:
        """The plural noun that a module is called after and the name with the singular in its place, if any."""
        stem = os.path.basename(module.path).removesuffix(".py")
        words = stem.split("_")
        kinds = 0
        while kinds < len(words) and words[-1 - kinds] in self._layers:
            kinds += 1
        end = len(words) - kinds
        if not end or not words[end - 1]:
            return None
        noun = words[end - 1]
        does = words[0] in _VERBS or any(f.name.startswith(f"{words[0]}_") for f in module.scope.functions)
        if end > 1 and does:
            return None  # `purge_exports.py`: what it does, and not a noun.
        one = self._singular(noun, module)
        if one is None:
            return None
        return noun, "_".join([*words[: end - 1], one, *words[end:]])

    def _singular(self, noun: str, module: Module) -> str | None:
        """The singular of a noun that is a plural here."""
        forms = singulars(noun)
        if noun in self.project.settings.conventions.uncountable_nouns or not forms:
            return None
        classes = [class_.name.lower() for class_ in module.scope.classes]
        own = {word for class_ in module.scope.classes for word in snake_words(class_.name)}
        if any(noun in name for name in classes) and own.isdisjoint(forms):
            return None  # `class UserPreferences`: one thing.
        if noun in _GENERIC and not {*forms} & {*classes}:
            return None
        known = next((form for form in forms if form in own or form in self._class_words), None)
        if known is None and _DOUBTFUL.search(noun) and noun not in _PLURAL_AFTER_ALL:
            return None
        return known or forms[0]

    @cached_property
    def _class_words(self) -> frozenset[str]:
        """The names of all classes, in lower case."""
        return frozenset(class_.name.lower() for class_ in self.project.classes)

    @cached_property
    def _layers(self) -> frozenset[str]:
        """What names of files may end with besides the noun: `users_service`."""
        conventions = self.project.settings.conventions
        folders = (*conventions.model_folders, *conventions.schema_folders, *conventions.service_folders)
        return frozenset([*folders, *map(singular, folders)])


def is_snake_case(name: str) -> bool:
    return name == name.lower() and re.fullmatch(r"\w+", name) is not None


def snake_case(name: str) -> str:
    """The name in snake_case: `dateHelpers` is `date_helpers`."""
    words = _WORD_STARTS.sub("_", name.strip()).lower()
    leading = len(name) - len(name.lstrip("_"))
    return "_" * leading + re.sub(r"_+", "_", words).strip("_")
