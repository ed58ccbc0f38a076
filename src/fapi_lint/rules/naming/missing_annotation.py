from __future__ import annotations

from collections.abc import Iterator

from fapi_lint.fix.edit import Applicability, Edit, Fix, Refusal
from fapi_lint.project.hints import missing_parameters, nested_functions
from fapi_lint.project.project import Project
from fapi_lint.project.symbols import Function
from fapi_lint.rules.rule import Finding, rule


@rule("FAPI110", "missing-annotation", fix=Applicability.SAFE, preference="What to AVOID")
def missing_annotation(function: Function, project: Project) -> Iterator[Finding]:
    """A function lacks the type hint of a parameter or of its result.

    Type checkers do not look into a function without type hints, editors cannot complete what it takes and returns,
    and FastAPI neither validates nor documents what it is not told. Methods and nested functions count, and so do
    `*args` and `**kwargs`; `self`, `cls` and lambdas do not, nor do copies of libraries (`_vendor/`) and generated code
    (`*_pb2.py`). One finding per function names what is missing.

    Bad:
        ```python app/core/counter.py
        class Counter:
            def __init__(self, start: int):
                self.count = start

            def add(self, *steps: int):
                for step in steps:
                    self.count += step
        ```

    Good:
        ```python app/core/counter.py
        class Counter:
            def __init__(self, start: int) -> None:
                self.count = start

            def add(self, *steps: int) -> None:
                for step in steps:
                    self.count += step
        ```

    Fix safety:
        Safe: adds `-> None` to functions that evidently return nothing. Nothing is added to route handlers, where
        FastAPI would take it for the response model, under decorators that may read it, to stubs and to
        functions that always raise, and to methods where a base class or a subclass may return something. Special
        methods get the type that Python asks for: `__str__`, `__len__`, `__hash__` and the like, and `__eq__` where
        it returns nothing but truth values.

    Options:
        `conventions.unannotated-folders`, `exempt`.
    """
    if not project.hints.are_needed(function.module):
        return
    for each in (function, *nested_functions(function)):
        node = each.node
        missing = [f"`{name}`" for name in missing_parameters(each)]
        lacks_result = node.returns is None
        if not (missing or lacks_result) or project.hints.are_elsewhere(each):
            continue
        what = " and ".join(filter(None, [", ".join(missing), "its result" if lacks_result else ""]))
        fix = _returns(each, project) if lacks_result else Refusal("which one is not evident")
        message = f"`{each.name}` has no type hint for {what}"
        yield Finding.of(each.module.header_place(node), message, fix, each.name)


def _returns(function: Function, project: Project) -> Fix | Refusal:
    result = project.hints.evident_result(function)
    if result is None:
        return Refusal(project.hints.doubt(function))
    behind = function.node.close + 1
    edit = Edit(function.module.path, behind, behind, f" -> {result}")
    return Fix(f"Annotate `{function.name}` with `-> {result}`", Applicability.SAFE, (edit,))
