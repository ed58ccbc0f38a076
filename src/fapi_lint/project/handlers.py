"""Handlers of CRUD routes: what each does with which resource, going by methods and paths.

`/users` and `/users/{user_id}` are CRUD; `/login`, `/users/me` and `/users/{user_id}/activate` are not. A path
is one of a resource if a model or schemas are called like it, or if the items below it are read or changed.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Literal, TypeAlias

from msgspec import Struct

from fapi_lint.outline import nodes as o
from fapi_lint.project.grouping import grouped
from fapi_lint.project.module import Module
from fapi_lint.project.nouns import is_plural, plural, singular, singulars, snake_words
from fapi_lint.project.part import Part
from fapi_lint.project.routes import Route, path_key
from fapi_lint.project.symbols import Class, Function, Scope

Kind: TypeAlias = Literal["one", "many", "create", "update", "delete"]

ORDER: tuple[Kind, ...] = ("one", "many", "create", "update", "delete")
_ON_COLLECTION: dict[str, Kind] = {"GET": "many", "POST": "create"}
_ON_ITEM: dict[str, Kind] = {"GET": "one", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_PATH = re.compile(r"(?:^|/)(?P<noun>[A-Za-z][\w-]*)(?P<item>/\{[^{}/]*\})?/?$")
_SYNONYMS: dict[Kind, frozenset[str]] = {
    "one": frozenset(["get", "detail", "details", "read", "fetch", "find", "load", "retrieve", "show", "view"]),
    "many": frozenset(["get", "read", "fetch", "find", "index", "list", "load", "retrieve", "show", "view"]),
    "create": frozenset(["create", "add", "insert", "make", "new", "post", "register", "save", "store", "write"]),
    "update": frozenset(
        ["update", "change", "edit", "modify", "partial", "partially", "patch", "put", "replace", "save"]
    ),
    "delete": frozenset(["delete", "del", "destroy", "drop", "erase", "remove"]),
}
"""Verbs that mean the same; a handler that begins with any other word does something else."""
_PLACEHOLDERS = frozenset(["all", "item", "items", "list", "many", "multi", "one", "single"])
"""Words that stand where the resource should."""
_MAY_CHANGE = frozenset(["save", "store", "write"])
"""Verbs of a POST that may as well change what is there, if there is only one."""
_RELATING = frozenset(["from", "into", "to"])
_LISTS = frozenset(["list", "List", "Sequence"])


class Operation(Struct, frozen=True):
    """What a handler does: `kind`, and the noun of the resource in singular: `user`, `user_role`."""

    kind: Kind
    noun: str
    written: str
    """The noun as the path has it."""
    route: Route

    @property
    def one(self) -> list[str]:
        """The words of the noun for one."""
        return self.noun.split("_")

    @property
    def many(self) -> list[str]:
        """The words of the noun for several, spelled as in the path."""
        return (self.written if is_plural(self.written) else plural(self.noun)).split("_")


class Disorder(Struct, frozen=True):
    """The handlers of one resource in source order; `late` is the first that should stand before another."""

    handlers: list[Function]
    late: Function
    before: Function


class Handlers(Part):
    """The handlers of an application's CRUD routes."""

    @cached_property
    def operations(self) -> dict[Function, Operation]:
        """What the handlers of CRUD routes in judged files do, in file and source order.

        Those with several meanings are left out.
        """
        found = {}
        for handler, routes in self.project.routes.by_handler.items():
            if not self.project.is_judged(handler.module):
                continue
            operations = [operation for route in routes if (operation := self._operation(route)) is not None]
            if operations and len({(operation.kind, operation.noun) for operation in operations}) == 1:
                found[handler] = operations[0]
        return found

    def out_of_order(self, module: Module) -> list[Disorder]:
        """The resources whose handlers a file does not define in order, by what comes too late first."""
        operations = ((handler, self.operations[handler]) for handler in self.of(module))
        groups = grouped(((each.enclosing, done.route.router, done.noun), each) for each, done in operations)
        found = []
        for handlers in groups.values():
            ranks = [self.rank(handler) for handler in handlers]
            late = next((at for at in range(1, len(ranks)) if ranks[at] < max(ranks[:at])), None)
            if late is not None:
                before = next(handler for handler in handlers if self.rank(handler) > ranks[late])
                found.append(Disorder(handlers, handlers[late], before))
        return found

    def rank(self, handler: Function) -> int:
        """Where the handler of a CRUD route stands among those of its resource."""
        return ORDER.index(self.operations[handler].kind)

    def of(self, module: Module) -> list[Function]:
        """The handlers of CRUD routes in a judged file, those inside of functions and classes too, in source order."""
        return sorted(self._by_module.get(module, ()), key=lambda handler: handler.node.start)

    @cached_property
    def _by_module(self) -> dict[Module, list[Function]]:
        return grouped((handler.module, handler) for handler in self.operations)

    def expected_name(self, handler: Function) -> str | None:
        """What the handler of a CRUD route should be called; None if it is, or does something else."""
        return self._expected.get(handler)

    def rivals(self, handler: Function) -> list[Function]:
        """Other handlers beside it that should bear the same name."""
        same = self._wanting[handler.enclosing, self._expected[handler]]
        return [other for other in same if other is not handler]

    @cached_property
    def have_templates(self) -> bool:
        """Whether the application renders templates, which may look up routes by the names of handlers."""
        return any("Jinja2Templates(" in module.text for module in self.project.modules)

    @cached_property
    def _wanting(self) -> dict[tuple[Scope, str], list[Function]]:
        return grouped(((handler.enclosing, expected), handler) for handler, expected in self._expected.items())

    # --- routes ------------------------------------------------------------------------------------

    def _operation(self, route: Route) -> Operation | None:
        methods = [method for method in route.methods if method != "HEAD"]
        found = {parsed for path in route.full_paths if (parsed := _PATH.search(path.replace("//", "/")))}
        nouns = {("_".join(snake_words(match["noun"])), bool(match["item"])) for match in found}
        if len(methods) != 1 or len(nouns) != 1 or len(found) < len(route.full_paths):
            return None
        (written, on_item) = nouns.pop()
        kind = (_ON_ITEM if on_item else _ON_COLLECTION).get(methods[0])
        if kind is None or (kind == "many" and not is_plural(written)):
            return None  # GET /user and GET /profile answer one thing that needs no key
        known = next((noun for noun in singulars(written) or [written] if self._is_known(noun)), None)
        if known is None and not (is_plural(written) and (on_item or self.project.routes.is_collection(route))):
            return None
        return Operation(kind, known or singular(written), written, route)

    def _is_known(self, noun: str) -> bool:
        """Whether a model or schemas are called so."""
        return self.project.resources.is_resource("".join(word.title() for word in noun.split("_")))

    # --- names -------------------------------------------------------------------------------------

    @cached_property
    def _expected(self) -> dict[Function, str]:
        found = {}
        for handler, operation in self.operations.items():
            name = self._name(handler, operation)
            if name is not None and name != handler.name:
                found[handler] = name
        return found

    def _name(self, handler: Function, operation: Operation) -> str | None:
        verbs = self._verbs(operation)
        name = handler.name if handler.name.islower() else "_".join(snake_words(handler.name))
        words = name.strip("_").split("_")
        if words[0] == "api" and len(words) > 1:
            words = words[1:]
        one, many = operation.one, operation.many
        for verb in verbs:
            about = name.removeprefix(f"{verb}_")
            if about != name and about not in _PLACEHOLDERS:
                # Any noun will do; but `get_user` must not answer several.
                return self._renumbered(operation, verb, about.split("_")) or name
        if words[0] in ("partial", "partially") and words[1:2] == ["update"]:
            words = words[1:]
        if operation.kind not in ("one", "many") and not _RELATING.isdisjoint(words):
            return None  # `add_user_to_team` makes no user.
        if operation.kind == "create" and words[0] in _MAY_CHANGE and not self._is_of_several(operation):
            return None  # `POST /profile` that saves it.
        wanted = many if operation.kind == "many" else one
        if words[0] in _SYNONYMS[operation.kind]:
            rest = words[1:]
            if set(rest) <= _PLACEHOLDERS or rest[:-1] in (one, many):
                rest = wanted if not rest or rest[-1] in _PLACEHOLDERS else rest
            elif operation.kind in ("one", "many"):
                rest = _with(rest, one, many, wanted)
        elif (
            words in (one, many)
            or (words[0] == "all" and words[1:] == many)
            or (words[-1] in _SYNONYMS[operation.kind] and words[:-1] in (one, many))
        ):
            rest = wanted  # `users`, `all_users`, `user_create`
        else:
            return None
        return "_".join([verbs[0], *rest])

    def _is_of_several(self, operation: Operation) -> bool:
        """Whether there may be more of what a path is about than one."""
        return is_plural(operation.written) or self.project.routes.is_collection(operation.route)

    def _renumbered(self, operation: Operation, verb: str, rest: list[str]) -> str | None:
        """The name with the noun in the right number, where it ends with the other one and the answer tells."""
        one, many = operation.one, operation.many
        answers = self._answers_list(operation.route)
        if one == many or answers is None or operation.kind not in ("one", "many"):
            return None
        if operation.kind == "many" and answers and rest == one:
            return "_".join([verb, *many])
        if operation.kind == "one" and not answers and rest == many:
            return "_".join([verb, *one])
        return None

    def _verbs(self, operation: Operation) -> list[str]:
        """The verbs of which a handler begins with one."""
        verbs = self.project.settings.conventions.handler_verbs
        if operation.route.methods != ("PATCH",):
            return [getattr(verbs, operation.kind)]
        by_path = self.project.routes.by_path
        beside = [route for path in operation.route.full_paths for route in by_path.get(path_key(path), ())]
        return [verbs.patch, verbs.update] if any("PUT" in route.methods for route in beside) else [verbs.update]

    def _answers_list(self, route: Route) -> bool | None:
        """Whether a route answers with a list, by its response model; None where that is not known."""
        located = route.argument("response_model")
        if located is None:
            return None
        if isinstance(located.expr, o.Subscript):
            return o.dotted(located.expr.value).rpartition(".")[2] in _LISTS or None
        symbol = self.project.resolver.resolve(located.scope, located.expr)
        return False if isinstance(symbol, Class) and not any(map(is_plural, snake_words(symbol.name))) else None


def _with(words: list[str], one: list[str], many: list[str], wanted: list[str]) -> list[str]:
    """The words with the noun in the wanted number."""
    for noun in (one, many):
        for at in range(len(words)):
            if words[at : at + len(noun)] == noun:
                return [*words[:at], *wanted, *words[at + len(noun) :]]
    return words
