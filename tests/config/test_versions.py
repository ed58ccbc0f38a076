from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from fapi_lint.config.versions import Bounds, Versions, parse_constraint, read_versions


@pytest.mark.parametrize(
    ("constraint", "lowest", "below"),
    [
        ("", None, None),
        ("*", None, None),
        (">=0.110", (0, 110), None),
        (">= 1.4, < 2", (1, 4), (2,)),
        (">=1.4 <2.0", (1, 4), (2, 0)),
        (">=1.4,<2,!=1.4.7", (1, 4), (2,)),
        ("==2.*", (2,), (3,)),
        ("~=2.0.1", (2, 0, 1), (2, 1)),
        ("~=2.1", (2, 1), (3,)),
        ("<2", None, (2,)),
        (">=2.0.0b1", (2, 0, 0), None),
        ("^0.110.2", (0, 110, 2), (0, 111)),
        ("^2", (2,), (3,)),
        ("^0.0.3", (0, 0, 3), (0, 0, 4)),
        ("^0.0", (0, 0), (0, 1)),
        ("~1.2.3", (1, 2, 3), (1, 3)),
        ("~1", (1,), (2,)),
        ("^1.0 || ^2.0", None, None),
        ("^1.0||^2.0", None, None),
        (">=2,<1", None, None),
    ],
)
def test_constraints(constraint: str, lowest: tuple[int, ...] | None, below: tuple[int, ...] | None) -> None:
    assert parse_constraint(constraint) == Bounds(lowest, below)


releases = st.lists(st.integers(0, 3), min_size=1, max_size=3)
clauses = st.builds(
    lambda operator, release: operator + ".".join(map(str, release)),
    st.sampled_from([">=", ">", "<", "<=", "==", "!=", "~="]),
    releases,
).filter(lambda clause: not clause.startswith("~=") or "." in clause)


@given(st.lists(clauses, max_size=3).map(",".join), releases, releases)
def test_what_is_known_is_what_pep_440_says(constraint: str, release: list[int], asked: list[int]) -> None:
    bounds = parse_constraint(constraint)
    allowed, version = SpecifierSet(constraint), Version(".".join(map(str, release)))
    if version in allowed:
        asked_version = Version(".".join(map(str, asked)))
        # An exact answer for each allowed version, unless the constraint contradicts itself.
        assert not bounds.at_least(*asked) or version >= asked_version
        assert not bounds.is_below(*asked) or version < asked_version


def test_a_pin_is_known_exactly() -> None:
    pin = parse_constraint("==1.10")
    assert (pin.at_least(1, 10), pin.at_least(1, 10, 0), pin.at_least(1, 10, 1)) == (True, True, False)
    assert (pin.is_below(1, 10), pin.is_below(1, 10, 1), pin.is_below(2)) == (False, True, True)


def test_nothing_is_known_without_a_bound() -> None:
    assert not Bounds().at_least(1)
    assert not Bounds().is_below(1)
    assert Bounds(below=(2, 0)).is_below(2)


FILES = {
    "setup.cfg": "[options]\npython_requires = >=3.11,<4\n",
    "requirements.txt": "# web\n-r base.txt\nFastAPI[all]>=0.110.0,<1 # why\nhttpx\npydantic-settings==2.1\n",
    "requirements/base.txt": 'SQLAlchemy[asyncio] ~= 2.0.1 ; python_version > "3"\n',
    "requirements-dev.txt": "pydantic==1.10.2 \\\n    --hash=sha256:abc\nhttpx==0.26.0 --hash=sha256:abc\n",
    "requirements/test.in": "Pytest_Asyncio~=0.23.0\n",
}
EXPECTED = Versions(
    fastapi=Bounds((0, 110, 0), (1,)),
    sqlalchemy=Bounds((2, 0, 1), (2, 1)),
    pydantic=Bounds((1, 10, 2), (1, 10, 2, 1)),
    httpx=Bounds((0, 26, 0), (0, 26, 0, 1)),
    pytest_asyncio=Bounds((0, 23, 0), (0, 24)),
    python=Bounds((3, 11), (4,)),
)
PEP_621 = """
[project]
requires-python = ">=3.11,<4"
dependencies = ["fastapi>=0.110.0,<1", "sqlalchemy (~=2.0.1)", "pydantic @ git+https://example.org/x@2.0"]
[project.optional-dependencies]
client = ["httpx==0.26.0"]
[dependency-groups]
dev = [{include-group = "x"}, "Pydantic==1.10.2", "pytest-asyncio~=0.23.0"]
"""
POETRY = """
[tool.poetry.dependencies]
python = "^3.11"
fastapi = ">=0.110.0,<1"
SQLAlchemy = {version = "~2.0.1", extras = ["asyncio"]}
pydantic = "1.10.2"
[tool.poetry.group.dev.dependencies]
httpx = "0.26.0"
pytest-asyncio = "~0.23.0"
"""
SETUP_CFG = """
[options]
python_requires = ~=3.11
install_requires =
    fastapi>=0.110.0,<1
    sqlalchemy~=2.0.1
[options.extras_require]
all =
    pydantic==1.10.2
    httpx==0.26.0
    pytest-asyncio~=0.23.0
"""


@pytest.mark.parametrize(
    "files", [FILES, {"pyproject.toml": PEP_621}, {"pyproject.toml": POETRY}, {"setup.cfg": SETUP_CFG}]
)
def test_where_requirements_are_read(tmp_path: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert read_versions(tmp_path) == EXPECTED


def test_several_files_narrow_each_other(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["fastapi>=0.100", "httpx>=0.28"]')
    (tmp_path / "requirements.txt").write_text("fastapi==0.115.2\nhttpx==0.20")
    versions = read_versions(tmp_path)
    assert versions.fastapi == parse_constraint("==0.115.2")
    assert versions.httpx == Bounds()  # They contradict each other.


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", b"[project"),
        ("pyproject.toml", b"project = 3\ntool = []\n"),
        ("pyproject.toml", b"[tool.poetry]\ndependencies = 1\ngroup = {dev = 2}"),
        ("setup.cfg", b"no section"),
        ("requirements.txt", b"\xff\xfe\x00"),
    ],
)
def test_broken_files_say_nothing(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert read_versions(tmp_path) == Versions()


def test_the_requirements_of_the_one_application_in_a_repository(tmp_path: Path) -> None:
    for folder, text in (("backend", "fastapi>=0.110\n"), ("docs", "mkdocs>=1\n")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "requirements.txt").write_text(text)
    assert read_versions(tmp_path).fastapi == Bounds((0, 110))
    (tmp_path / "worker").mkdir()
    (tmp_path / "worker" / "requirements.txt").write_text("sqlalchemy>=2\n")
    assert read_versions(tmp_path) == Versions()
    (tmp_path / "requirements.txt").write_text("fastapi>=0.100\n")
    assert read_versions(tmp_path).fastapi == Bounds((0, 100))


def test_the_requirements_of_the_application_that_a_template_makes(tmp_path: Path) -> None:
    backend = tmp_path / "{{cookiecutter.slug}}" / "backend"
    backend.mkdir(parents=True)
    (backend / "requirements.txt").write_text("fastapi==0.65.2\nSQLAlchemy==1.3.19\n")
    assert read_versions(tmp_path).sqlalchemy == parse_constraint("==1.3.19")
    (tmp_path / "backend").mkdir()
    (tmp_path / "backend" / "requirements.txt").write_text("sqlalchemy>=2\n")
    assert read_versions(tmp_path).sqlalchemy == Bounds((2,))


def test_the_requirements_of_the_repository_count_for_a_folder_without_its_own(tmp_path: Path) -> None:
    (tmp_path / "shop" / ".git").mkdir(parents=True)
    (tmp_path / "shop" / "backend").mkdir()
    (tmp_path / "shop" / "pyproject.toml").write_text('[project]\ndependencies = ["fastapi>=0.110", "httpx<1"]\n')
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["fastapi<0.50"]\n')
    versions = read_versions(tmp_path / "shop" / "backend")
    assert versions == read_versions(tmp_path / "shop")
    assert versions.fastapi == Bounds((0, 110))
    (tmp_path / "shop" / "backend" / "requirements.txt").write_text("fastapi==0.90\n")
    assert read_versions(tmp_path / "shop" / "backend").fastapi == parse_constraint("==0.90")
