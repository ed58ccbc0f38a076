"""All rules, found by walking the package: a rule is registered by being there."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from fapi_lint import rules
from fapi_lint.report.model import RuleInfo
from fapi_lint.rules.rule import Rule, rules_in


@cache
def all_rules() -> dict[str, Rule]:
    """Every rule by its code, in the order of the codes. Raises ValueError if two share a code or a name."""
    found: dict[str, Rule] = {}
    names: set[str] = set()
    for info in pkgutil.walk_packages(rules.__path__, rules.__name__ + "."):
        if info.ispkg:
            continue
        for rule in rules_in(importlib.import_module(info.name)):
            if rule.code in found or rule.name in names:
                raise ValueError(f"{info.name}: rule {rule.code} ({rule.name}) exists already")
            found[rule.code] = rule
            names.add(rule.name)
    return dict(sorted(found.items()))


def rule_info(rule: Rule) -> RuleInfo:
    """What reports and `fapi-lint rule` say about a rule."""
    return RuleInfo(
        code=rule.code,
        name=rule.name,
        summary=rule.summary,
        preference=rule.preference,
        fix=rule.fix.value if rule.fix is not None else "none",
        default=rule.default,
        explanation=rule.docstring,
        url=rule.url,
    )
