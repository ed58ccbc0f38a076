"""What statements do with identifiers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fapi_lint.outline import nodes as o
from fapi_lint.project.identity.asking import set_in_json
from fapi_lint.project.identity.cells import join
from fapi_lint.project.identity.flow import UNITING, Flow
from fapi_lint.project.identity.passing import as_short_text
from fapi_lint.project.symbols import Function, Scope


def follow(flow: Flow, scope: Scope, body: Iterable[Any]) -> None:
    """What the statements of a block do, those of nested functions and classes left out."""
    for statement in body:
        kind = type(statement)
        if kind is o.Assign:
            if flow.is_test(scope) and set_in_json(flow, scope, statement.targets[0], statement.value):
                continue
            value = flow.value(scope, statement.value)
            for target in statement.targets:
                flow.bind(scope, target, value)
                if isinstance(target, o.Attribute):
                    as_short_text(flow, scope, statement.value, flow.owner(scope, target.value), target.attr)
        elif kind is o.AnnAssign:
            _ann_assign(flow, scope, statement)
        elif kind is o.AugAssign:
            _aug_assign(flow, scope, statement)
        elif kind is o.Return:
            if isinstance(scope.owner, Function) and statement.value is not None:
                join(flow.returned(scope.owner), flow.value(scope, statement.value))
        elif kind is o.For:
            value = flow.value(scope, statement.iter)
            flow.bind(scope, statement.target, None if value is None else value.item())
            follow(flow, scope, statement.body)
            follow(flow, scope, statement.orelse)
        elif kind is o.With:
            for item in statement.items:
                value = flow.value(scope, item.value)
                if item.target is not None:
                    flow.bind(scope, item.target, value)
            follow(flow, scope, statement.body)
        elif kind is o.ExprStatement:
            flow.run(scope, statement.value)
        elif kind is o.Raise or kind is o.Simple:
            for child in o.children(statement):
                flow.run(scope, child)
        elif kind is o.If or kind is o.While:
            flow.run(scope, statement.test)
            follow(flow, scope, statement.body)
            follow(flow, scope, statement.orelse)
        elif kind is o.Try:
            follow(flow, scope, statement.body)
            for handler in statement.handlers:
                follow(flow, scope, handler.body)
            follow(flow, scope, statement.orelse)
            follow(flow, scope, statement.final)
        elif kind is o.Match:
            subject = flow.value(scope, statement.subject)
            for case in statement.cases:
                for name in case.names:
                    join(subject, flow.variable(scope, name))
                for part in case.parts:
                    join(subject, flow.value(scope, part))
                follow(flow, scope, case.body)


def _ann_assign(flow: Flow, scope: Scope, statement: o.AnnAssign) -> None:
    value = None if statement.value is None else flow.value(scope, statement.value)
    if isinstance(statement.target, o.Name) and not scope.is_class:
        cell = flow.variable(scope, statement.target.id)
        flow.annotate(cell, scope, statement.annotation, "variable")
        join(cell, value)
    elif isinstance(statement.target, o.Attribute):
        target = flow.value(scope, statement.target)
        if target is not None:
            flow.annotate(target, scope, statement.annotation, "variable")
        join(target, value)


def _aug_assign(flow: Flow, scope: Scope, statement: o.AugAssign) -> None:
    target, value = flow.value(scope, statement.target), flow.value(scope, statement.value)
    if flow.is_collection(statement.value) or (statement.operator in ("|=", "&=", "-=") and value is None):
        join(target, value)
    else:
        flow.fact(target, scope, statement, "a calculation", is_number=True)
        flow.fact(value, scope, statement, "a calculation", is_number=True)
        if statement.operator[:-1] in UNITING:
            join(target, value)
