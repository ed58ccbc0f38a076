"""Functions that run when a process starts, before any request comes in, or as tasks besides the requests."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import field

from fapi_lint.outline import nodes as o
from fapi_lint.project.part import Part
from fapi_lint.project.search import Sighting, search
from fapi_lint.project.symbols import Class, Function

_MAKES = re.compile(r"\b(?:APIRouter|FastAPI)\(")
_TASKS = frozenset(["actor", "command", "cron", "on_event", "periodic_task", "scheduled_job", "shared_task", "task"])
"""What decorators are called that hand a function to a queue, a scheduler, a command line or the start."""
_AT_START = frozenset(["lifespan", "on_startup", "on_shutdown"])
"""Arguments of an application that it calls when it starts or stops."""

_BY_WITH = frozenset(["__aenter__", "__aexit__", "__enter__", "__exit__", "__init__"])
_LATER = frozenset(["add_job", "add_task", "BackgroundTask", "Process", "Thread"])
"""What is called with a function that it runs by itself, when the response is on its way or at any time."""


class Start(Part):
    """Tells what only runs at the start, by following the names of functions to their callers.

    Whatever may be a function by its name is taken for it, so that what is found to run at the start does.
    """

    _known: dict[Function, bool] = field(default_factory=dict)

    def runs(self, function: Function) -> bool:
        """Whether nothing calls the function but statements at module level, however indirectly."""
        # Functions that call each other are judged by their other callers.
        return self.project.descent.once(self._known, function, lambda: self._judge(function), meanwhile=True)

    def _judge(self, function: Function) -> bool:
        if function.name.startswith("__"):
            return isinstance(function.parent, Class) and self._is_run_by_with(function.parent, function.name)
        if isinstance(function.parent, Function):
            return False
        if function in self.project.routes.by_handler or function in self.project.dependencies:
            return False
        if any(o.dotted(each.func).endswith("middleware") for each in function.node.decorators):
            return False
        if _MAKES.search(function.module.text, function.node.body_start, function.node.end):
            return True  # What makes routers does so before they answer anything.
        uses = [use for use in self._uses(function) if use.scope.owner is not function]
        if not _TASKS.isdisjoint(function.decorator_names):
            return not any(use.call for use in uses)
        return bool(uses) and all(self._is_early(use, function.name) for use in uses)

    def _is_run_by_with(self, class_: Class, method: str) -> bool:
        """Whether a method enters, makes or leaves objects of a class that only `with` at the start makes."""
        uses = list(self._uses(class_)) if method in _BY_WITH else []
        return bool(uses) and all(
            use.call is not None and isinstance(use.parents[-2], o.WithItem) and self._is_early(use, class_.name)
            for use in uses
        )

    def _uses(self, function: Function | Class) -> Iterator[Sighting]:
        """Where the function or class, or something of its name that nobody knows, is used."""
        modules = filter(self.project.purposes.is_application, self.project.references.mentioning(function.name))
        for sighting in (sighting for module in modules for sighting in search(module, function.name)):
            node = sighting.node
            if isinstance(node, o.Attribute) and node.attr == function.name:
                meant = self.project.resolver.resolve(sighting.scope, node)
                if not isinstance(meant, (Class, Function)) or meant is function:
                    yield sighting
            elif isinstance(node, o.Name) and self.project.resolver.resolve(sighting.scope, node) is function:
                yield sighting

    def _is_early(self, use: Sighting, name: str) -> bool:
        if use.call is not None:
            if _is_let_go(use):
                return True
            caller = use.scope.owner
            return self.runs(caller) if isinstance(caller, Function) else True
        if any(isinstance(above, o.Arg) and above.keyword in _AT_START for above in use.parents):
            return True
        if isinstance(use.parent, o.Arg) and isinstance(call := use.parents[-2], o.Call):
            return o.dotted(call.func).rpartition(".")[2] in _LATER
        # `self.run = other.run`, in either direction: uses of the name are followed anyway.
        named = (use.parent.value, *use.parent.targets) if isinstance(use.parent, o.Assign) else ()
        return len(named) == 2 and all(o.dotted(expr).rpartition(".")[2] == name for expr in named)


def _is_let_go(use: Sighting) -> bool:
    """Whether a call makes the coroutine of a task that nothing waits for: `asyncio.create_task(work())`."""
    if len(use.parents) < 4:
        return False
    statement, call, _, _ = use.parents[-4:]
    return (
        isinstance(statement, o.ExprStatement)
        and isinstance(call, o.Call)
        and o.dotted(call.func).rpartition(".")[2] in ("create_task", "ensure_future")
    )
