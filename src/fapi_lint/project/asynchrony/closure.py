"""What becomes asynchronous together: everything that shares a session, with all that calls it, or nothing of it.

A function that awaits must be awaited by its callers, up to what FastAPI, pytest or `asyncio.run` calls. Where that
is impossible, the closure stays as it is, and the obstacle says where and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from msgspec import Struct, field

from fapi_lint.outline import nodes as o
from fapi_lint.project.asynchrony.awaiting import ENTERING, Convertible
from fapi_lint.project.asynchrony.callers import Callers
from fapi_lint.project.asynchrony.decorators import Decorating
from fapi_lint.project.asynchrony.flow import Change, Key, Kind, Obstacle, Part, SessionFlow
from fapi_lint.project.asynchrony.strays import possible
from fapi_lint.project.graph import DisjointSets
from fapi_lint.project.grouping import grouped
from fapi_lint.project.symbols import Class, Function

if TYPE_CHECKING:
    from fapi_lint.project.asynchrony.session_uses import SessionUse
    from fapi_lint.project.project import Project

AWAITING = frozenset(
    ["await", "enter", "iterate", "anext", "stream", "collect", "create_all", "run_sync", "method", "dynamic"]
)

_FIRST = 2
"""The rank of what another fix does first."""
_IN_TEST = 3
"""The rank of queries of tests, which only the conversion asks to be rewritten."""
_SOURCES = frozenset(["engine", "maker", "session"])


class Closure(Struct, eq=False, weakref=True):
    """Parts of an application that are converted together. With an obstacle, none of them is."""

    obstacle: Obstacle | None = None
    where: str = ""
    """The path and row of the obstacle."""
    queries: list[Obstacle] = field(default_factory=list)
    """The `session.query` of tests, if these are all that is in the way."""
    shared: list[Obstacle] = field(default_factory=list)
    """The sessions that tests share with `TestClient`, if these are all that is in the way."""
    functions: dict[Function, None] = field(default_factory=dict)
    """What becomes `async def`; with an obstacle that another fix removes, what will once it has."""
    parts: list[Part] = field(default_factory=list)
    """What touches a synchronous session."""
    changes: list[Change] = field(default_factory=list)
    """Everything else that changes, calls of the functions included."""


class AsyncClosures:
    """The closures of an application over its synchronous sessions."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.flow = SessionFlow(project)
        self.callers = Callers(project, self.flow)
        self.sets = self.flow.sets
        self.convertible = Convertible(project)
        self.obstacles: dict[Key, Obstacle] = {}
        """The first obstacle of each set."""
        self.awaiting: dict[Function, None] = {}
        """What has to become a coroutine, or is one."""
        self._calls: dict[Function, list[Change]] = {}
        """The calls of each that change."""
        self._called_by: dict[Function, list[Function]] = {}
        self._overriding: dict[Function, list[Function]] = {}
        self._decorating: dict[Function, Decorating] = {}
        """The decorators that become asynchronous, by the functions that their names mean."""
        self._collect()

    # --- answers -----------------------------------------------------------------------------------

    def of(self, key: Key) -> Closure | None:
        """The closure that a function, or something else that shares a session, is part of."""
        return self._closures.get(self.sets.find(key))

    def of_holder(self, function: Function) -> Closure | None:
        """The closure that the class of a method is part of, because its objects hold a session."""
        return self.of(function.parent) if isinstance(function.parent, Class) else None

    def touches(self, function: Function) -> bool:
        """Whether a function works with a synchronous session."""
        part = self.flow.parts.get(function)
        return part is not None and part.touches

    @cached_property
    def outlives_tests(self) -> bool:
        """Whether a fixture that serves more than one test works with a synchronous session, which has another form."""
        if self.project.versions.sqlalchemy.is_below(1, 4):
            return False
        fixtures = self.project.fixtures
        functions = (part.function for part in self.flow.parts.values() if part.touches and part.function is not None)
        return any(fixtures.is_fixture(f) and fixtures.broad_scope(f) is not None for f in functions)

    def of_use(self, use: SessionUse) -> Closure | None:
        """The closure that a place of FAPI502 is part of."""
        path, at = use.module.path, use.node.start
        around = (part for part in self._parts_of.get(path, ()) if _holds(part, at))
        part = self._changing.get((path, at)) or next(around, None)
        return None if part is None else self.of(part.key)

    @cached_property
    def _parts_of(self) -> dict[str, list[Part]]:
        return grouped((part.module.path, part) for part in self.flow.parts.values())

    @cached_property
    def _changing(self) -> dict[tuple[str, int], Part]:
        """The first part with a change at a place of its file."""
        found: dict[tuple[str, int], Part] = {}
        for part in self.flow.parts.values():
            for change in part.changes:
                found.setdefault((part.module.path, change.node.start), part)
        return found

    @cached_property
    def _closures(self) -> dict[Key, Closure]:
        """The closures by the sets of what is in them."""
        roots = {self.sets.find(part.key) for part in self.flow.parts.values() if part.touches}
        roots |= {self.sets.find(function) for function in self.awaiting}
        together = DisjointSets()
        for callee, callers in self._called_by.items():
            for caller in callers:
                one, other = self.sets.find(callee), self.sets.find(caller)
                if one not in self.obstacles and other not in self.obstacles:
                    together.join(one, other)
        found: dict[Key, Closure] = {}
        whole: dict[Key, Closure] = {}
        for root in roots:
            obstacle = self.obstacles.get(root)
            if obstacle is not None:
                where = obstacle.module.where(obstacle.node.start)
                found[root] = Closure(obstacle, where, self._queries_with(obstacle), self._shared_with(obstacle))
                continue
            found[root] = whole.setdefault(together.find(root), Closure())
        for part in self.flow.parts.values():
            if part.touches:
                closure = found[self.sets.find(part.key)]
                closure.parts.append(part)
                closure.changes.extend(part.changes)
        for function in self.awaiting:
            closure = found[self.sets.find(function)]
            closure.changes.extend(self._calls.get(function, ()))
            if not function.node.is_async:
                closure.functions[function] = None
        for closure in found.values():
            if closure.obstacle is not None and not _lasts(closure.obstacle):
                closure.functions = self._waiting
        return found

    @cached_property
    def _waiting(self) -> dict[Function, None]:
        """What becomes `async def` once other fixes have removed what is in the way."""
        touching = (part.function for part in self.flow.parts.values() if part.function is not None and part.touches)
        queue = [function for function in touching if self._obstacle_of(function) is not None]
        found = self._with_callers(queue, lambda each: each not in self._followed or self._stays(each))
        return {function: None for function in found if not function.node.is_async}

    def _shared_with(self, obstacle: Obstacle) -> list[Obstacle]:
        """What takes an asynchronous test client together with an obstacle, if that does."""
        parts = self.flow.parts.values() if obstacle.is_shared else ()
        return [other for part in parts for other in part.obstacles if other.is_shared]

    def _queries_with(self, obstacle: Obstacle) -> list[Obstacle]:
        """What is rewritten together with an obstacle, if that is a query of a test."""
        if _rank(obstacle)[0] != _IN_TEST:
            return []
        return [o for part in self._kept_by.get(obstacle, ()) for o in part.obstacles if _rank(o)[0] == _IN_TEST]

    @cached_property
    def _kept_by(self) -> dict[Obstacle, list[Part]]:
        """The parts that stay as they are, by the obstacle."""
        obstacles = ((self._obstacle_of(part.key), part) for part in self.flow.parts.values())
        return grouped((obstacle, part) for obstacle, part in obstacles if obstacle is not None)

    # --- collecting --------------------------------------------------------------------------------

    def _collect(self) -> None:
        for part in self.flow.parts.values():
            if part.touches:
                for obstacle in part.obstacles:
                    self.hinder(part.key, obstacle)
                self._check_purpose(part)
        for function in self._sending:
            self._check(function)
        queue = [function for function in self._sending if not self._stays(function)]
        while queue:
            function = queue.pop()
            if function in self.awaiting:
                continue
            self.awaiting[function] = None
            self._check(function)
            if self._stays(function):
                continue
            queue.extend(self._joined(function))
            queue.extend(self._follow(function))
            queue.extend(self._wrapped(function))
        self._check_with()
        self._check_decorated()
        self._spread()
        self._adopt()
        self._followed = self.awaiting
        self.awaiting = self._still_awaiting()
        while self._check_decorated():
            self._spread()
            self.awaiting = self._still_awaiting()

    @cached_property
    def _sending(self) -> list[Function]:
        """The functions that await something of their own, once their sessions are asynchronous."""
        parts = (part for part in self.flow.parts.values() if any(change.kind in AWAITING for change in part.changes))
        return [part.function for part in parts if part.function is not None]

    def _obstacle_of(self, key: Key) -> Obstacle | None:
        return self.obstacles.get(self.sets.find(key))

    def _stays(self, function: Function) -> bool:
        """Whether it is kept as it is by what no other fix removes: who calls it does not matter then."""
        obstacle = self._obstacle_of(function)
        return obstacle is not None and _lasts(obstacle)

    def hinder(self, key: Key, obstacle: Obstacle) -> None:
        """Keep a set as it is. What must be done first, and the first place, is what to tell."""
        root = self.sets.find(key)
        known = self.obstacles.get(root)
        if known is None or _rank(obstacle) < _rank(known):
            self.obstacles[root] = obstacle

    def _check_purpose(self, part: Part) -> None:
        purpose = self.project.purposes.of(part.module)
        if purpose in ("migration", "script") and not isinstance(part.key, Function):
            node = part.changes[0].node if part.changes else part.module.outline.body[0]
            self.hinder(part.key, Obstacle(part.module, node, f"a {purpose} stays synchronous"))

    def _check(self, function: Function) -> None:
        """See whether a function can become a coroutine function."""
        if function.node.is_async:
            return
        found = self.convertible.hindrance(function)
        if found is not None:
            self.hinder(function, Obstacle(function.module, *found))

    def _joined(self, function: Function) -> Iterator[Function]:
        """The methods that a caller cannot tell from this one, because one overrides the other.

        And `__exit__` of an `__enter__`, or the other way round: `async with` calls neither of them.
        """
        owner = function.parent
        if not isinstance(owner, Class):
            return
        others = list(self.callers.overrides(function))
        if function.name in ENTERING:
            (name,) = ENTERING.keys() - {function.name}
            beside = self.project.resolver.class_member(owner, name)
            if isinstance(beside, Function):
                others.append(beside)
            else:
                self.hinder(function, Obstacle(function.module, function.node, f"`{owner.name}` has no `{name}`"))
        for other in others:
            self._overriding.setdefault(function, []).append(other)
            self._join(function, other)
            yield other

    def _join(self, one: Key, other: Key) -> None:
        known = [self._obstacle_of(key) for key in (one, other)]
        self.sets.join(one, other)
        for obstacle in known:
            if obstacle is not None:
                self.hinder(one, obstacle)

    def _follow(self, function: Function) -> Iterable[Function]:
        """The functions that call this one, and so become coroutines too."""
        decorating = self.project.decorators.by_wrapper(function)
        if decorating is not None:
            return self._follow_wrapper(decorating)
        if function.node.is_async:
            return []  # Whoever calls it knows what to do with a coroutine.
        found = []
        for use in self.callers.of(function):
            if use.obstacle is not None:
                self.hinder(function, use.obstacle)
            if use.change is not None:
                self._calls.setdefault(function, []).append(use.change)
            if use.caller is not None:
                self._called_by.setdefault(function, []).append(use.caller)
                found.append(use.caller)
        return found

    def _follow_wrapper(self, decorating: Decorating) -> list[Function]:
        """A wrapper that awaits something of its own makes a coroutine function of all that it is put around."""
        if decorating.wrapper not in self._sending:
            return []
        found = [function for function, _ in self.project.decorators.decorated(decorating)]
        self._called_by.setdefault(decorating.wrapper, []).extend(found)
        return found

    def _wrapped(self, function: Function) -> Iterator[Function]:
        """The wrappers around a function, which call it."""
        for decorating in self.project.decorators.on(function):
            wrapper = decorating.wrapper
            for call in decorating.calls:
                if call.in_thread or not isinstance(call.parents[0], o.Await):
                    kind: Kind = "unthread" if call.in_thread else "await"
                    change = Change(kind, wrapper.module, call.node, call.parents)
                    self._calls.setdefault(function, []).append(change)
            self._called_by.setdefault(function, []).append(wrapper)
            self._join(function, wrapper)
            for node in possible(self.flow, wrapper):
                text = f"nobody can tell whether `{wrapper.module.slice(node)}` is a session"
                self.hinder(wrapper, Obstacle(wrapper.module, node, text))
            if decorating.function not in self._decorating:
                self._decorating[decorating.function] = decorating
                for obstacle in self.callers.undecorating(decorating.function):
                    self.hinder(wrapper, obstacle)
            yield wrapper

    def _check_decorated(self) -> bool:
        """Whether a wrapper turns out to be put around something that it cannot await."""
        found = False
        for decorating in self._decorating.values():
            wrapper, name = decorating.wrapper, decorating.function.name
            if wrapper not in self.awaiting or self._obstacle_of(wrapper) is not None:
                continue
            for function, decorator in self.project.decorators.decorated(decorating):
                if function.node.is_generator:
                    reason = "yields"
                elif self.project.decorators.of(function, decorator) is not decorating:
                    reason = "is decorated in another way"
                elif not function.node.is_async and function not in self.awaiting:
                    reason = "stays synchronous"
                elif (obstacle := self._obstacle_of(function)) is not None:
                    reason = f"stays synchronous: {obstacle.text} ({obstacle.module.where(obstacle.node.start)})"
                else:
                    continue
                text = f"`@{name}` is put on `{function.name}` too, which {reason}"
                self.hinder(wrapper, Obstacle(function.module, decorator, text))
                found = True
        return found

    def _check_with(self) -> None:
        """A `with` of several things becomes `async with` if all of them do."""
        own = ((part.key, change) for part in self.flow.parts.values() for change in part.changes)
        calls = ((function, change) for function, changes in self._calls.items() for change in changes)
        entered = grouped(
            ((change.module.path, change.parents[0].start), (key, change))
            for key, change in chain(own, calls)
            if change.kind == "enter"
        )
        for found in entered.values():
            statement = found[0][1].parents[0]
            if isinstance(statement, o.With) and len({c.node.start for _, c in found}) < len(statement.items):
                for key, change in found:
                    text = "a `with` enters both what becomes asynchronous and what does not"
                    self.hinder(key, Obstacle(change.module, statement, text))

    def _spread(self) -> None:
        """What cannot be awaited by one of its callers stays as it is."""
        callees = grouped(
            (self.sets.find(caller), callee) for callee, callers in self._called_by.items() for caller in callers
        )
        pending = list(self.obstacles)
        while pending:
            root = pending.pop()
            obstacle = self.obstacles[root]
            for callee in callees.get(root, ()):
                known = self._obstacle_of(callee)
                if known is None or (_lasts(obstacle) and not _lasts(known)):
                    self.obstacles[self.sets.find(callee)] = obstacle
                    pending.append(self.sets.find(callee))

    def _adopt(self) -> None:
        """Functions that take a session nobody is seen to give them go with the application's."""
        touching = [part for part in self.flow.parts.values() if part.touches]
        making = [part for part in touching if any(change.kind in _SOURCES for change in part.changes)]
        own = {part for part in touching if self.project.purposes.is_application(part.module)}
        sources = [self.sets.find(part.key) for part in making if part in own]
        known = {self.sets.find(part.key) for part in making}
        # Whoever gives the others their session, it is one of the application's.
        given = (part for part in touching if part in own and self.sets.find(part.key) not in known)
        obstacles = (self._obstacle_of(part.key) for part in given)
        first = next((o for o in chain(self.flow.loose, obstacles) if o is not None), None)
        if first is not None:
            for root in sources:
                if root not in self.obstacles:
                    self.hinder(root, first)
        main = next((root for root in sources if root not in self.obstacles), None)
        for part in touching:
            root = self.sets.find(part.key)
            if root in known or root in self.obstacles:
                continue
            if main is not None:
                self.sets.join(root, main)
                main = self.sets.find(main)
            elif sources:
                self.obstacles[root] = self.obstacles[sources[0]]
        if main is None:
            self._spread()

    def _still_awaiting(self) -> dict[Function, None]:
        """What has to become a coroutine function once what cannot be converted is left out."""
        return self._with_callers(self._sending, lambda function: self._obstacle_of(function) is not None)

    def _with_callers(self, start: Iterable[Function], is_left_out: Callable[[Function], bool]) -> dict[Function, None]:
        """Functions with all that call or override them, however indirectly, up to those that are left out."""
        found: dict[Function, None] = {}
        queue = list(start)
        while queue:
            function = queue.pop()
            if function not in found and not is_left_out(function):
                found[function] = None
                queue.extend(self._called_by.get(function, ()))
                queue.extend(self._overriding.get(function, ()))
        return found


def _holds(part: Part, at: int) -> bool:
    """Whether a place is in a function, or in what stands in its way."""
    own = [(part.function.node.outer_start, part.function.node.end)] if part.function is not None else []
    spans = [*own, *((obstacle.node.start, obstacle.node.end) for obstacle in part.obstacles)]
    return any(start <= at < end for start, end in spans)


def _lasts(obstacle: Obstacle) -> bool:
    """Whether no other fix removes it."""
    return _rank(obstacle)[0] < _FIRST


def _rank(obstacle: Obstacle) -> tuple[int, str, int]:
    """What lasts comes before what another fix removes, and who calls a function before what is in it."""
    rank = 0 if isinstance(obstacle.node, o.Decorator) else 1
    if obstacle.is_shared:
        rank = _IN_TEST + 1
    if obstacle.text.startswith("first "):
        rank = _IN_TEST if obstacle.text.endswith("by hand") else _FIRST
    return rank, obstacle.module.path, obstacle.node.start
