"""Relationships as pairs: the side that a `backref` generates, written out where it belongs.

What the written side must say to be the generated one: https://docs.sqlalchemy.org/en/20/orm/backref.html.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from fapi_lint.fix.bindings import bindings
from fapi_lint.fix.carrying import Carrier
from fapi_lint.fix.edit import Applicability, DropsImport, Edit, Fix, RefusedError
from fapi_lint.fix.imports import spell
from fapi_lint.fix.occurrences import occurrences
from fapi_lint.fix.statement import call_lines
from fapi_lint.fix.text import (
    indent_unit,
    indentation_at,
    insert_argument,
    insert_into_class_body,
    is_pragma,
    line_end,
    quote,
    replace_argument_value,
)
from fapi_lint.outline import nodes as o
from fapi_lint.project.mapped import Model, Relationship
from fapi_lint.project.module import Module
from fapi_lint.project.pairing import Direction, Join, backref_name
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Class
from fapi_lint.project.values import Located

_INHERITED = ("viewonly", "post_update", "passive_updates", "sync_backref")
"""What the generated side takes over from the written one, unless `backref()` says otherwise."""
_RESERVED = ("metadata", "registry")


def pair_relationship(relationship: Relationship, project: Project) -> Fix:
    """`backref` becomes `back_populates`, and the generated attribute is written into the other model.

    Raises RefusedError where the written side might differ from the generated one.
    """
    return _Pair(relationship, project).fix()


def name_other_side(relationship: Relationship, name: str) -> Edit:
    """`back_populates="name"` for a relationship that has none, or another one.

    Raises RefusedError where there is no call to write it into, or arguments that are shared.
    """
    call, module = relationship.call, relationship.module
    if call is None:
        raise RefusedError(f"`{relationship.name}` has no call of `relationship`")
    own = call.argument("back_populates")
    if own is not None:
        return replace_argument_value(module, own, quote(module, name))
    if relationship.back_populates is not None:
        raise RefusedError(f"`{relationship.name}` shares its arguments with others")
    return insert_argument(module, call, f"back_populates={quote(module, name)}")


def quote_target(relationship: Relationship, argument: o.Arg, project: Project) -> Fix:
    """The related class by its name; its import goes where something else is sure to load it.

    Raises RefusedError where a string would not find the class.
    """
    module, target, source = relationship.module, relationship.target_model, project.pairings.source(relationship)
    if target is None or source is None or target.registry != source.registry:
        raise RefusedError("the models may not be in one registry")
    if len(project.pairings.namesakes(target)) > 1:
        raise RefusedError(f"several models are called `{target.name}`")
    name = o.dotted(argument.value).partition(".")[0]
    drops = [
        DropsImport(module.path, name, guard=_only_typed(module, name, project))
        for binding in bindings(module)
        if binding.name == name
        and binding.guard == ""
        and project.loading.is_loaded_without(module, binding.alias, target.module)
    ]
    return Fix(
        f"Name `{target.name}` as a string in the relationship",
        Applicability.SAFE,
        (replace_argument_value(module, argument, quote(module, target.name)),),
        drops=tuple(drops),
    )


def _only_typed(module: Module, name: str, project: Project) -> bool:
    """Whether no quoted annotation with this name is evaluated at run time: all stand in models or plain functions."""
    spans = [(model.class_.node.start, model.class_.node.end) for model in project.models.by_module.get(module, ())]
    spans += [(f.node.start, f.node.end) for f in module.scope.functions if not f.node.decorators]
    return all(
        any(start <= found.start < end for start, end in spans)
        for found in occurrences(module, name)
        if found.kind == "annotation"
    )


class _Pair(Struct, dict=True):
    relationship: Relationship
    project: Project

    # --- what is known -----------------------------------------------------------------------------

    @property
    def call(self) -> o.Call:
        assert self.relationship.call is not None
        return self.relationship.call

    @property
    def argument(self) -> o.Arg:
        assert self.relationship.backref is not None
        return self.relationship.backref

    @property
    def module(self) -> Module:
        return self.relationship.module

    @cached_property
    def name(self) -> str:
        name = backref_name(self.relationship)
        if name is None:
            raise RefusedError("the name of the backref is computed")
        if not name.isidentifier() or keyword.iskeyword(name) or name in _RESERVED:
            raise RefusedError(f'"{name}" cannot be written as an attribute')
        return name

    @cached_property
    def source(self) -> Model:
        model = self.project.pairings.source(self.relationship)
        if model is None:
            raise RefusedError(f"several models inherit `{self.relationship.owner.name}`")
        return model

    @cached_property
    def target(self) -> Model:
        model = self.relationship.target_model
        if model is None:
            raise RefusedError("the related model is not certain")
        return model

    @cached_property
    def join(self) -> Join | None:
        return self.project.pairings.join(self.relationship)

    @cached_property
    def options(self) -> list[o.Arg]:
        """The further arguments of `backref("name", …)`."""
        value = self.argument.value
        if not isinstance(value, o.Call):
            return []
        rest = [arg for arg in value.args[1:] if arg.keyword != "name"]
        if value.args[0].keyword not in ("", "name") or any(not arg.keyword for arg in rest):
            raise RefusedError("not all arguments of `backref()` are visible")
        return rest

    @cached_property
    def anchor(self) -> o.Stmt | None:
        """The statement of the other model to write behind: its last relationship, else its last column."""
        body = self.target.class_.node.body
        attributes = [*self.target.own_columns], [*self.target.own_relationships]
        for found in reversed(attributes):
            starts = {attribute.statement.start for attribute in found}
            inside = [statement for statement in body if statement.start in starts]
            plain = [statement for statement in inside if not isinstance(statement, o.FunctionDef)]
            if inside:
                return (plain or inside)[-1]
        return None

    @property
    def at(self) -> int:
        return self.anchor.end if self.anchor is not None else self.target.class_.node.body_start

    @cached_property
    def carrier(self) -> Carrier:
        return Carrier(self.project, self.source, self.target, self.at)

    # --- refusals ----------------------------------------------------------------------------------

    def check(self) -> None:
        """Raise RefusedError for whatever makes the pair uncertain."""
        relationship, source, target = self.relationship, self.source, self.target
        pairings, purposes = self.project.pairings, self.project.purposes
        if relationship.has_unknown_arguments or any(arg.star for arg in self.call.args if arg.star == "*"):
            raise RefusedError("not all arguments of the relationship are visible")
        if relationship.back_populates is not None:
            raise RefusedError("the relationship has `back_populates` too")
        if isinstance(relationship.statement, o.Assign) and len(relationship.statement.targets) > 1:
            raise RefusedError("the relationship has several names")
        if len(relationship.owner.scope.bindings.get(relationship.name, ())) > 1:
            raise RefusedError(f"`{relationship.owner.name}.{relationship.name}` is assigned more than once")
        if purposes.of(source.module) != purposes.of(target.module):
            whose = f"`{source.name}` belongs to the {purposes.of(source.module)}s"
            raise RefusedError(f"{whose}, `{target.name}` does not")
        for model in (source, target):
            if len(pairings.namesakes(model)) > 1:
                raise RefusedError(f"several models are called `{model.name}`")
            if any("concrete" in self.mapper_arguments(ancestor) for ancestor in model.ancestors):
                raise RefusedError(f"`{model.name}` may have concrete inheritance")
        if self.project.models.is_dataclass(target.class_):
            raise RefusedError(f"`{target.name}` is a dataclass, where an attribute would become a field")
        if self.project.models.is_sqlmodel(source.class_) or self.project.models.is_sqlmodel(target.class_):
            raise RefusedError("a SQLModel is involved")
        self.check_name()
        self.check_join()
        if not self.project.loading.comes_with(source.module, target.module):
            raise RefusedError(
                f"`{source.module.name}` is not imported everywhere `{target.module.name}` is, "
                f"and `{target.name}` could not find `{source.name}` then"
            )

    def check_name(self) -> None:
        target = self.target
        classes = {class_ for model in self.project.pairings.lineage(target) for class_ in model.ancestors}
        if any(self.name in class_.scope.bindings for class_ in classes):
            raise RefusedError(f"`{target.name}` has `{self.name}` already")
        made = [r for class_ in classes for r in self.project.pairings.incoming.get((class_, self.name), ())]
        if len(made) > 1:
            raise RefusedError(f"several backrefs make `{target.name}.{self.name}`")
        written = self.name in target.module.slice(target.class_.node)
        if written and any(isinstance(node, o.Name) and node.id == self.name for node in _class_level(target.class_)):
            raise RefusedError(f"`{self.name}` means something else in the body of `{target.name}`")

    def check_join(self) -> None:
        """Without a hint in the relationship, its keys must tell how it joins, or not be able to mislead."""
        given = self.relationship.argument
        explicit = given("foreign_keys") or given("primaryjoin") or given("secondary")
        if self.join is None and explicit is None:
            pairings = self.project.pairings
            keys = [pairings.keys(self.source, self.target), pairings.keys(self.target, self.source)]
            if None not in keys and sum(map(len, keys)) > 1:  # type: ignore[arg-type]
                raise RefusedError(f"several foreign keys join `{self.source.name}` and `{self.target.name}`")
            if any(len({m.table for m in pairings.lineage(model)}) > 1 for model in (self.source, self.target)):
                raise RefusedError("the key is not certain among inherited tables")
        condition = given("primaryjoin")
        if condition is not None and "remote(" in condition.scope.module.slice(condition.expr):
            raise RefusedError("`remote()` in the join would have to change sides")

    @staticmethod
    def mapper_arguments(class_: Class) -> str:
        found = class_.scope.bindings.get("__mapper_args__")
        return class_.module.slice(found[-1].statement) if found else ""

    # --- the other side ----------------------------------------------------------------------------

    def arguments(self) -> list[str]:
        """What the other side is called with, but for its class."""
        given = self.relationship.argument
        options = {arg.keyword: Located(arg.value, self.relationship.scope) for arg in self.options}
        taken = {"secondary": given("secondary")}
        joins = ("primaryjoin", "secondaryjoin")
        for name, taken_from in zip(joins, joins if taken["secondary"] is None else reversed(joins), strict=True):
            taken[name] = given(taken_from)
        taken["foreign_keys"] = given("foreign_keys")
        for name in _INHERITED:
            taken[name] = given(name)
        values = {name: located for name, located in taken.items() if located is not None}
        values.update(options)
        written = [f"back_populates={quote(self.target.module, self.relationship.name)}"]
        return written + [f"{name}={self.carrier.carried(name, located)}" for name, located in values.items()]

    # --- the text ----------------------------------------------------------------------------------

    def annotation(self) -> str | None:
        """`Mapped[…]` for the other side; None where the model does without, or the type is not certain."""
        if not self.is_annotated or self.join is None:
            return None
        direction = self.join.direction.reverse
        options = {arg.keyword: arg.value for arg in self.options}
        uselist = o.dotted(options.get("uselist"))
        lazy = options.get("lazy")
        module, at = self.target.module, self.at
        spelling = spell(module, f"{self.source.module.name}.{self.source.name}", at, type_checking=True)
        text = self.source.name
        if self.source.module is not module and spelling.text != text:
            return None
        if (uselist == "True" and direction is Direction.MANY_TO_ONE) or "collection_class" in options:
            return None
        if self.source.module is not module:
            self.carrier.needs += spelling.needs
        if isinstance(lazy, o.String) and lazy.value in ("dynamic", "write_only"):
            wrapper = "DynamicMapped" if lazy.value == "dynamic" else "WriteOnlyMapped"
            return f"{self.imported(f'sqlalchemy.orm.{wrapper}')}[{quote(module, text)}]"
        mapped = self.imported("sqlalchemy.orm.Mapped")
        if direction is not Direction.MANY_TO_ONE and uselist != "False":
            return f"{mapped}[{self.list_}[{quote(module, text)}]]"
        key = self.join.key
        optional = key is None or direction is Direction.ONE_TO_MANY or self.project.pairings.is_nullable(key)
        if not optional:
            return f"{mapped}[{quote(module, text)}]"
        if self.uses("typing.Optional"):
            return f"{mapped}[{self.imported('typing.Optional')}[{quote(module, text)}]]"
        return f"{mapped}[{quote(module, f'{text} | None')}]"

    @property
    def is_annotated(self) -> bool:
        """Whether the other model writes `Mapped[…]`."""
        attributes = [*self.target.own_columns, *self.target.own_relationships]
        return any(attribute.mapped_type is not None for attribute in attributes)

    @property
    def list_(self) -> str:
        is_old = self.uses("typing.List") and "[list[" not in self.target.module.text
        return self.imported("typing.List") if is_old else "list"

    def uses(self, target: str) -> bool:
        """Whether the other file imports something already."""
        return not spell(self.target.module, target, self.at).needs

    def imported(self, target: str) -> str:
        spelling = spell(self.target.module, target, self.at)
        self.carrier.needs += spelling.needs
        return spelling.text

    def lines(self) -> list[str]:
        """The other side, on one line if it fits."""
        module = self.target.module
        annotation = self.annotation()
        arguments = self.arguments()
        if annotation is None or self.project.pairings.name_classes(module):
            arguments.insert(0, quote(module, self.source.name))
        head = f"{self.name}: {annotation}" if annotation else self.name
        call = f"{head} = {self.imported('sqlalchemy.orm.relationship')}("
        indent = indentation_at(module.text, self.anchor.start) if self.anchor else indent_unit(module)
        return [*self.comments(), *call_lines(module, call, arguments, indent)]

    def comments(self) -> list[str]:
        """The comments inside `backref(…)`: they move with its arguments."""
        value = self.argument.value
        if not isinstance(value, o.Call):
            return []
        text, found = self.module.text, []
        spans = [(arg.start, arg.end) for arg in value.args]
        for start, end in zip([value.open, *(e for _, e in spans)], [*(s for s, _ in spans), value.end], strict=True):
            position = text.find("#", start, end)
            while position >= 0:
                stop = line_end(text, position)
                if not is_pragma(text[position:stop]):
                    found.append(text[position:stop].rstrip())
                position = text.find("#", stop, end)
        return found

    def forward(self) -> Edit:
        """`backref="posts"` becomes `back_populates="posts"`."""
        start = self.argument.start
        value: Any = self.argument.value
        if isinstance(value, o.String):
            return Edit(self.module.path, start, start + len("backref"), "back_populates")
        name = value.argument("name", 0).value
        return Edit(self.module.path, start, self.argument.end, f"back_populates={self.module.slice(name)}")

    def fix(self) -> Fix:
        self.check()
        class_ = self.target.class_.node
        lines = self.lines()
        insertion = insert_into_class_body(
            self.target.module, class_, lines, after=self.anchor, first=self.anchor is None
        )
        drops = []
        if isinstance(self.argument.value, o.Call):
            drops.append(DropsImport(self.module.path, o.dotted(self.argument.value.func).partition(".")[0]))
        return Fix(
            f"Write `{self.target.name}.{self.name}` out, and name it with `back_populates`",
            Applicability.SAFE,
            (self.forward(), replace(insertion, stackable=self.anchor is not None)),
            tuple(dict.fromkeys(self.carrier.needs)),
            tuple(drops),
        )


def _class_level(class_: Class) -> Iterator[o.Node]:
    """What the body of a class evaluates itself: everything but the bodies of its functions."""
    pending: list[Any] = list(class_.node.body)
    while pending:
        node = pending.pop()
        yield node
        pending += o.header(node) if isinstance(node, o.FunctionDef) else o.children(node)
