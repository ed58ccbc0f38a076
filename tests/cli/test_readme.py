"""The tables of the README say what the code says. `python docs/build.py`, or this file, writes them."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


def docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_build", ROOT / "docs" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_are_up_to_date() -> None:
    build = docs()
    text = build.README.read_text(encoding="utf-8")
    if build.with_tables(text) != text:
        pytest.fail("run `python docs/build.py`")


if __name__ == "__main__":
    docs().write()
