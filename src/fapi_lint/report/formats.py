"""The output formats by name; a format's module is imported when it is used first."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from msgspec import Struct

from fapi_lint.report.model import Report
from fapi_lint.report.shared import Style


class Format(Struct, frozen=True):
    """An output format: call it with a report to get its text."""

    module: str
    is_text: bool = False
    """Whether people read it, so that colour and width matter and the summary belongs to it."""

    def __call__(self, report: Report, *, color: bool = False, width: int = 80) -> str:
        module = import_module(f"fapi_lint.report.{self.module}")
        text: str = module.render(report, Style(color, width)) if self.is_text else module.render(report)
        return text


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "full": Format("full", is_text=True),
        "concise": Format("concise", is_text=True),
        "grouped": Format("grouped", is_text=True),
        "json": Format("json_list"),
        "json-lines": Format("json_lines"),
        "github": Format("github"),
        "gitlab": Format("gitlab"),
        "junit": Format("junit"),
        "sarif": Format("sarif"),
        "rdjson": Format("rdjson"),
    }
)
