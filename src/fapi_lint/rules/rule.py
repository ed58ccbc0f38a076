"""What a rule is: a short generator over one kind of thing in the application."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from msgspec import Struct

from fapi_lint.fix.edit import Applicability, Fix, Refusal
from fapi_lint.project.project import Project
from fapi_lint.source.place import Place

Check = Callable[[Any, Project], Iterable["Finding"]]

DOCUMENTATION = "https://fapi-lint.readthedocs.io/rules"
UNCHANGED = "The other files stay as they are."
"""What a Good example says that shows only what differs from the Bad one."""


class Finding(Struct, frozen=True):
    """One violation. `message` says what is wrong there and, without a `fix`, why none is offered if one could be."""

    at: Place
    message: str
    fix: Fix | None = None
    name: str | None = None
    """What it is about is called so: the setting `exempt` may leave it alone."""

    @classmethod
    def of(cls, at: Place, message: str, fix: Fix | Refusal | None, name: str | None = None) -> Finding:
        """A violation with its fix, or with the reason why there is none."""
        if isinstance(fix, Refusal):
            return cls(at, f"{message} (no fix: {fix.reason})", name=name)
        return cls(at, message, fix, name)


class Rule(Struct, frozen=True, eq=False):
    """A registered rule. `subject` is the kind of thing that `check` is called with, once each."""

    code: str
    name: str
    fix: Applicability | None
    """The best fix the rule can offer; a finding may come with a weaker one, or none."""
    preference: str
    """The heading of the preference it enforces."""
    default: bool
    subject: type
    check: Check
    documentation: str = ""
    """The address of its page, where it is no rule of ours."""

    @property
    def docstring(self) -> str:
        return inspect.getdoc(self.check) or ""

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.docstring.partition("\n")[0]

    @property
    def plugin(self) -> str:
        """The package or module that brings the rule; empty for a rule of ours."""
        origin = self.check.__module__.partition(".")[0]
        return "" if origin == __name__.partition(".")[0] else origin

    @property
    def url(self) -> str:
        """The address of its page; empty if it has none."""
        return self.documentation if self.plugin else f"{DOCUMENTATION}/{self.name}/"

    def examples(self, section: str) -> dict[str, str]:
        """The files of the `Bad` or `Good` section, path to text. Empty if there is no such section.

        A Good example that says so has the files of the Bad one that it does not show.
        """
        match = re.search(rf"^{section}:\n(.*?)(?=^\w[\w ]*:(?:\n| )|\Z)", self.docstring, re.MULTILINE | re.DOTALL)
        if match is None:
            return {}
        found = self.examples("Bad") if section == "Good" and UNCHANGED in match[1] else {}
        for fence in re.finditer(r"^( *)```(?:\w+) (\S+)\n(.*?)^\1```", match[1], re.MULTILINE | re.DOTALL):
            indent = len(fence[1])
            found[fence[2]] = "".join(line[indent:] or "\n" for line in fence[3].splitlines(keepends=True))
        return found

    @property
    def together_with(self) -> frozenset[str]:
        """Other rules that fire on the Bad example too, as the docstring's `Together with:` line says."""
        match = re.search(r"^Together with: (.*)$", self.docstring, re.MULTILINE)
        return frozenset(re.findall(r"[A-Z]+\d{3}", match[1])) if match else frozenset()


def rule(
    code: str,
    name: str,
    *,
    fix: Applicability | None = None,
    preference: str,
    default: bool = True,
    url: str = "",
) -> Callable[[Check], Check]:
    """Register a rule. The annotation of the function's first parameter picks the subject.

    `fix` is the best applicability that the rule offers; `default` is False for rules that are off until selected;
    `url` is the page of a rule that a plugin brings. TypeError if the function has not two parameters, or the first of
    them no annotation.
    """

    def register(check: Check) -> Check:
        parameters = list(inspect.signature(check).parameters)
        if len(parameters) != 2:
            raise TypeError(f"{code} ({name}): a rule has two parameters, what it is about and the project")
        subject = typing.get_type_hints(check).get(parameters[0])
        if subject is None:
            raise TypeError(f"{code} ({name}): the first parameter of a rule is annotated with what the rule is about")
        check.rule = Rule(code, name, fix, preference, default, subject, check, url)  # type: ignore[attr-defined]
        return check

    return register


def rules_in(module: object) -> Iterator[Rule]:
    """The rules that a Python module defines."""
    for value in vars(module).values():
        found = getattr(value, "rule", None)
        if isinstance(found, Rule) and found.check.__module__ == module.__name__:  # type: ignore[attr-defined]
            yield found
