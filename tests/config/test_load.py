from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.config.load import ConfigError, Loaded, json_schema, load
from fapi_lint.config.settings import Conventions, SchemaSuffixes, Settings
from fapi_lint.config.toml import to_dict, to_toml


def loaded(folder: Path, text: str) -> Settings:
    (folder / "fapi-lint.toml").write_text(text)
    return load(folder).settings


def test_the_nearest_configuration_counts(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text('[tool.fapi-lint]\nselect = ["FAPI2"]\n')
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.black]\n")
    outer = Loaded(Settings(select=("FAPI2",)), tmp_path / "pyproject.toml", tmp_path)
    assert load(inner) == load(inner / "new.py") == outer

    (tmp_path / "a" / "pyproject.toml").write_text("[tool.fapi-lint]\n")
    assert load(inner) == Loaded(Settings(), tmp_path / "a" / "pyproject.toml", tmp_path / "a")
    (tmp_path / "a" / "fapi-lint.toml").write_text('ignore = ["FAPI4"]\n')
    assert load(inner) == Loaded(Settings(ignore=("FAPI4",)), tmp_path / "a" / "fapi-lint.toml", tmp_path / "a")
    assert load(inner, isolated=True) == Loaded(Settings())


def test_a_named_configuration(tmp_path: Path) -> None:
    (tmp_path / "fapi-lint.toml").write_text('select = ["FAPI2"]\n')
    other = tmp_path / "other.toml"
    other.write_text("string-length = 1\n[conventions]\n")
    with pytest.raises(ConfigError, match=r"other\.toml: unknown key"):
        load(tmp_path, other)
    other.write_text("[conventions]\nstring-length = 1\n")
    assert load(tmp_path, other) == Loaded(Settings(conventions=Conventions(string_length=1)), other)
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path, tmp_path / "none.toml")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    with pytest.raises(ConfigError, match=r"has no table \[tool\.fapi-lint\]"):
        load(tmp_path, tmp_path / "pyproject.toml")


def test_a_part_of_a_table_leaves_the_rest_as_it_is(tmp_path: Path) -> None:
    settings = loaded(tmp_path, '[conventions.schema-suffixes]\nresponse = "Out"\nin-db = "Stored"\n')
    assert settings == Settings(conventions=Conventions(schema_suffixes=SchemaSuffixes(response="Out", in_db="Stored")))
    assert settings.conventions.schema_suffixes.by_role()["response"] == "Out"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('slect = ["FAPI2"]', 'unknown key "slect"; did you mean "select"?'),
        ("zzz = 1", 'unknown key "zzz"'),
        (
            "[tool.fapi-lint]\nselect = []",
            'unknown key "tool": [tool.fapi-lint] is for pyproject.toml, here its keys stand at the top',
        ),
        ("extend_select = []", 'unknown key "extend_select"; did you mean "extend-select"?'),
        (
            "[conventions.schema-suffixes]\nrespnse = 'R'",
            'unknown key "conventions.schema-suffixes.respnse"; did you mean "response"?',
        ),
        ('service_sufix = ""', 'unknown key "service_sufix"; did you mean "conventions.service-suffix"?'),
        ('select = "FAPI2"', 'select must be a list of strings, not "FAPI2"'),
        ("select = [1]", "select.0 must be a string, not 1"),
        ('conventions.string-length = "255"', 'conventions.string-length must be a whole number, not "255"'),
        ("conventions.string-length = 0", "conventions.string-length must be at least 1"),
        ("string-length = 80", 'unknown key "string-length"; did you mean "conventions.string-length"?'),
        ('respect-gitignore = "no"', 'respect-gitignore must be true or false, not "no"'),
        (
            "conventions.exceptions-file = 1",
            "conventions.exceptions-file must be a string or a list of strings, not 1",
        ),
        (
            'conventions.exceptions-file = ["a.py", 3]',
            'conventions.exceptions-file must be a string or a list of strings, not ["a.py", 3]',
        ),
        ("conventions.string-length = 80.0", "conventions.string-length must be a whole number, not 80.0"),
        ("conventions.string-length = true", "conventions.string-length must be a whole number, not true"),
        ("conventions = 1", "conventions must be a table, not 1"),
        ("exempt = 2024-01-01", 'exempt must be a table, not "2024-01-01"'),
        (
            'response-model = "key"',
            "response-model must be 'keyword' or 'keyword-or-annotation', not \"key\"",
        ),
    ],
)
def test_faults(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value) == f"{tmp_path / 'fapi-lint.toml'}: {message}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('model-folders = ["app/models"]', 'model-folders must be names of folders, not "app/models"'),
        (
            'settings-file = "app.config"',
            'settings-file must be the end of a path, as in core/config.py, not "app.config"',
        ),
        (
            'exceptions-file = ["./a.py"]',
            'exceptions-file must be the end of a path, as in core/config.py, not "./a.py"',
        ),
        ('model-registry = "base"', 'model-registry must be the end of a path to a file, as in db/base.py, not "base"'),
        ('schema-suffixes.in-db = "In DB"', 'schema-suffixes.in-db must be the end of a name, not "In DB"'),
        ('schema-synonyms."" = "base"', 'schema-synonyms must be about parts of names, not ""'),
        ('service-suffix = "-service"', 'service-suffix must be the end of a name, not "-service"'),
        ('handler-verbs.many = ""', 'handler-verbs.many must be a name, not ""'),
        ('created-at = "1st"', 'created-at must be a name, not "1st"'),
    ],
)
def test_texts_that_would_match_nothing_or_be_no_python(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"conventions.{text}")
    assert str(caught.value) == f"{tmp_path / 'fapi-lint.toml'}: conventions.{message}"


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, "slect = []\nignore = 1\n")
    assert len(caught.value.messages) == len(str(caught.value).splitlines()) == 2


def test_files_that_are_no_toml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"fapi-lint\.toml: is not TOML: .* line 2"):
        loaded(tmp_path, "select = []\nignore\n")
    (tmp_path / "fapi-lint.toml").write_bytes(b"# x\n# \xff\n")
    with pytest.raises(ConfigError, match=r"is not UTF-8 .*line 2"):
        load(tmp_path)
    (tmp_path / "fapi-lint.toml").unlink()
    (tmp_path / "pyproject.toml").write_text("[project\n")  # Broken, but no business of ours.
    assert load(tmp_path).settings == Settings()
    (tmp_path / "pyproject.toml").write_text("[tool.fapi-lint\n")
    with pytest.raises(ConfigError, match=r"pyproject\.toml: is not TOML"):
        load(tmp_path)
    (tmp_path / "pyproject.toml").write_text('tool = "fapi-lint"\n')
    assert load(tmp_path).path is None
    (tmp_path / "pyproject.toml").write_text("tool.fapi-lint = 3\n")
    with pytest.raises(ConfigError, match=r"\[tool\.fapi-lint\] must be a table, not 3"):
        load(tmp_path)


def test_a_table_by_the_name_of_the_package_is_not_passed_over(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.fapi_lint]\nselect = ["FAPI2"]\n')
    with pytest.raises(ConfigError, match=r"has a table \[tool\.fapi_lint\], which nothing reads: it is \[tool\.fapi-"):
        load(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project.entry-points."fapi_lint.rules"]\nour = "rules"\n')
    assert load(tmp_path).path is None


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "fapi-lint.toml").write_bytes(b'\xef\xbb\xbfselect = ["FAPI2"]\r\n')
    assert load(tmp_path).settings.select == ("FAPI2",)


def test_isolated_and_a_named_configuration_exclude_each_other(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text("")
    with pytest.raises(ConfigError, match=r"other\.toml: is named by --config, and --isolated uses no"):
        load(tmp_path, tmp_path / "other.toml", isolated=True)


def test_exempt_names() -> None:
    settings = Settings(exempt={"FAPI106": ("Legacy*", "Token")})
    names = ["LegacyUser", "Token", "token", "TokenPair"]
    assert [settings.is_exempt("FAPI106", name) for name in names] == [True, True, False, False]
    assert not settings.is_exempt("FAPI107", "Token")
    assert Settings(exempt={"FAPI1": ("Token",)}).is_exempt("FAPI107", "Token")


words = st.text(st.characters(codec="utf-8"), max_size=8)
lists = st.lists(words, max_size=3).map(tuple)
parts = st.from_regex(r"\w{1,8}", fullmatch=True)
all_settings = st.builds(
    Settings,
    select=st.none() | lists,
    ignore=lists,
    per_file_ignores=st.dictionaries(words, lists, max_size=2),
    respect_gitignore=st.booleans(),
    response_model=st.sampled_from(["keyword", "keyword-or-annotation"]),
    conventions=st.builds(
        Conventions,
        string_length=st.integers(1, 1000),
        exceptions_file=parts | st.lists(parts, max_size=3).map(tuple),
        secret_names=lists,
        schema_suffixes=st.builds(SchemaSuffixes, in_db=parts),
        schema_synonyms=st.dictionaries(parts, st.sampled_from(["base", "in-db"]), max_size=2),
    ),
)


VALIDATOR = jsonschema.Draft202012Validator(json_schema())


@given(all_settings)
def test_settings_survive_being_written(settings: Settings) -> None:
    text = to_toml(settings)
    assert tomllib.loads(text) == to_dict(settings)
    VALIDATOR.validate(to_dict(settings))


@given(all_settings)
def test_settings_survive_being_written_and_read(tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> None:
    file = tmp_path_factory.mktemp("settings") / "fapi-lint.toml"
    file.write_bytes(to_toml(settings).encode())
    assert load(file.parent).settings == settings


def test_the_schema_tells_what_load_tells() -> None:
    schema = json_schema()
    VALIDATOR.check_schema(schema)
    for wrong in ({"slect": []}, {"select": "FAPI2"}, {"conventions": {"string-length": "1"}}):
        with pytest.raises(jsonschema.ValidationError):
            VALIDATOR.validate(wrong)
    for table in (schema, *schema["$defs"].values()):
        for name, key in table["properties"].items():
            assert key.get("description") or "$ref" in key, name
    assert schema["$defs"]["Conventions"]["properties"]["handler-verbs"]["description"].endswith("(FAPI104).")


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        (None, []),
        ('select = ["FAPI2"]\nconventions = { string-length = 80 }\n', ["tomllib"]),
    ],
)
def test_without_a_fault_no_pydantic_is_imported(tmp_path: Path, text: str | None, loaded: list[str]) -> None:
    if text is not None:
        (tmp_path / "fapi-lint.toml").write_text(text)
    program = (
        "import sys; from pathlib import Path; from fapi_lint.config import load, versions;"
        f"load.load(Path({str(tmp_path)!r})); versions.read_versions(Path({str(tmp_path)!r}));"
        "print(sorted({'pydantic', 'tomllib', 'pathspec', 'rich', 'libcst'} & sys.modules.keys()))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout == f"{loaded}\n"


@pytest.mark.parametrize("name", [".fapi-lint.toml", "fapi_lint.toml"])
def test_a_file_by_nearly_the_right_name_is_not_passed_over(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('select = ["FAPI2"]\n')
    (tmp_path / "app").mkdir()
    with pytest.raises(ConfigError, match=rf"{name}: is not read: it is called fapi-lint\.toml"):
        load(tmp_path / "app")
    (tmp_path / "pyproject.toml").write_text('[tool.fapilint]\nselect = ["FAPI2"]\n')
    with pytest.raises(ConfigError, match=r"has a table \[tool\.fapilint\], which nothing reads"):
        load(tmp_path)
    (tmp_path / "fapi-lint.toml").write_text("")
    assert load(tmp_path).path == tmp_path / "fapi-lint.toml"
