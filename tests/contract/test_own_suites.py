"""What the bundled applications bring along to check themselves: their tests, their migrations, their mappings."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from applications import CONVERTED, LEGACY, REFERENCE, environment, run

Database = Callable[[str], str]

TESTS = {"reference": 23, "legacy": 8, "converted": 8}
"""How many at least: a suite that collects less has lost some."""

ALEMBIC = """
import sys
from alembic.config import main

for command in sys.argv[1:]:
    main(command.split())
"""
"""Several commands of its command line in one process."""

COMPARE = """
import os, sys
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.orm import configure_mappers
from app.db.base import Base

configure_mappers()
with create_engine(os.environ["DATABASE_URL"]).begin() as connection:
    Base.metadata.create_all(connection)
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    difference = compare_metadata(context, Base.metadata)
sys.exit("\\n".join(map(str, difference)) or 0)
"""


def passed(folder: Path, database: str) -> int:
    """How many of an application's own tests pass; one that fails is an error."""
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder, env=environment(database))
    return sum(map(int, re.findall(r"(\d+) passed", done.stdout.splitlines()[-1])))


@pytest.mark.parametrize("name", [REFERENCE, LEGACY, CONVERTED])
def test_its_tests_pass(folder: Callable[[str], Path], new_database: Database, name: str) -> None:
    assert passed(folder(name), new_database(name)) >= TESTS[name]


@pytest.mark.parametrize("name", [REFERENCE])
def test_its_migrations_make_what_its_models_say(
    folder: Callable[[str], Path], new_database: Database, name: str
) -> None:
    commands = "upgrade head", "check", "downgrade base", "upgrade head"
    run("-c", ALEMBIC, *commands, cwd=folder(name), env=environment(new_database(name)))


@pytest.mark.parametrize("name", [LEGACY, CONVERTED])
def test_its_mappings_make_a_sound_schema(folder: Callable[[str], Path], new_database: Database, name: str) -> None:
    """The database has what the models say, and the revisions written by hand still apply to it."""
    env = environment(new_database(name))
    run("-c", COMPARE, cwd=folder(name), env=env)
    run("-c", ALEMBIC, "upgrade heads", cwd=folder(name), env=env)
