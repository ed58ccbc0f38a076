"""What every kind of class that the model knows has in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Protocol, TypeVar

from fapi_lint.project.module import Module
from fapi_lint.project.part import Part
from fapi_lint.project.symbols import Class, External
from fapi_lint.source.place import Place


class _HasName(Protocol):
    name: str


_Named = TypeVar("_Named", bound=_HasName)


class ClassEntity(Part):
    """A class of the application that is more than a class: a model, a schema, an exception."""

    class_: Class

    @property
    def name(self) -> str:
        return self.class_.name

    @property
    def module(self) -> Module:
        return self.class_.module

    @property
    def place(self) -> Place:
        """The class's name."""
        return self.module.name_place(self.class_.node)

    @cached_property
    def ancestors(self) -> tuple[Class, ...]:
        """The class and the classes of the application that it inherits from, nearest first."""
        return tuple(self.project.resolver.own(self.class_))

    @cached_property
    def foreign(self) -> list[External]:
        """The classes of libraries that it inherits, nearest first."""
        return self.project.resolver.foreign(self.class_)

    def inherited(self, written_in: Callable[[Class], Iterable[_Named]]) -> dict[str, _Named]:
        """What is written in the class and its ancestors by name, the nearest of each name."""
        found: dict[str, _Named] = {}
        for ancestor in self.ancestors:
            for each in written_in(ancestor):
                found.setdefault(each.name, each)
        return found

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.module.name}.{self.name}>"


_Entity = TypeVar("_Entity", bound=ClassEntity)


def nearest(module: Module, namesakes: Iterable[_Entity]) -> list[_Entity]:
    """Of several classes of one name, those that share the most folders with a file.

    A repository may hold several applications, an application several versions.
    """
    found = list(namesakes)
    most = max((each.module.closeness(module) for each in found), default=0)
    return [each for each in found if each.module.closeness(module) == most]
