from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.testing import findings, fixed

HEAD = "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\nclass Settings(BaseSettings):\n    A: str\n"


def after(body: str, head: str = HEAD) -> str:
    return fixed({"app/core/config.py": head + body}, "FAPI703")["app/core/config.py"].removeprefix(head)


def rows(text: str) -> list[int]:
    return [f.row for f in findings({"app/core/config.py": text}, "FAPI703")]


@pytest.mark.parametrize(
    "body",
    [
        "    model_config = SettingsConfigDict()\n",
        "    model_config: SettingsConfigDict = SettingsConfigDict(env_file='.env')\n",
        "    model_config = SHARED\n",
        "    model_config = Other.model_config | {'extra': 'ignore'}\n",
    ],
)
def test_configured(body: str) -> None:
    assert rows(HEAD + body) == []


def test_missing_is_spelled_out_behind_the_fields() -> None:
    assert after("\n    def url(self) -> str:\n        return self.A\n") == (
        "\n    model_config = SettingsConfigDict(env_file=None, case_sensitive=False)\n"
        "\n    def url(self) -> str:\n        return self.A\n"
    )


@pytest.mark.parametrize(
    ("header", "expected", "config"),
    [
        ('(BaseSettings, env_prefix="A_")', "(BaseSettings)", 'env_prefix="A_"'),
        (
            '(BaseSettings, env_prefix="A_", metaclass=M, env_file=FILE)',
            "(BaseSettings, metaclass=M)",
            'env_prefix="A_", env_file=FILE',
        ),
        ('(\n    BaseSettings,\n    env_file=".env",\n)', "(\n    BaseSettings,\n)", 'env_file=".env"'),
        ("(BaseSettings, env_file=A)", "(BaseSettings, env_file=A)", "case_sensitive=False"),
    ],
)
def test_keywords_of_the_class_become_settings(header: str, expected: str, config: str) -> None:
    head = HEAD.replace("(BaseSettings)", header)
    assert fixed({"app/core/config.py": head}, "FAPI703")["app/core/config.py"] == (
        HEAD.replace("(BaseSettings)", expected) + f"\n    model_config = SettingsConfigDict({config})\n"
    )


def test_comments_of_the_class_stay() -> None:
    body = """
    class Config:  # how
        # where from
        env_file = ".env"  # and why
        env_file_encoding = (
            "utf-8"
        )
        protected_namespaces = "a_", "b_"
        # the end
"""
    assert (
        after(body)
        == """
    model_config = SettingsConfigDict(  # how
        # where from
        env_file=".env",  # and why
        env_file_encoding=(
            "utf-8"
        ),
        protected_namespaces=("a_", "b_"),
        # the end
    )
"""
    )


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("    class Config: env_file = '.env'\n", "    model_config = SettingsConfigDict(env_file='.env')\n"),
        ("    class Config:\n        pass\n", "    model_config = SettingsConfigDict()\n"),
        ("    model_config = {'env_file': '.env'}\n", "    model_config = SettingsConfigDict(env_file='.env')\n"),
        (
            "    model_config = {**{'title': 'x'}, 'extra':\n      'x'}\n",
            "    model_config = SettingsConfigDict(**{'title': 'x'}, extra=\n      'x')\n",
        ),
    ],
)
def test_other_forms(body: str, expected: str) -> None:
    assert after(body) == expected


def test_a_config_that_inherits_goes_first() -> None:
    text = HEAD + "    class Config:\n        env_file = '.env'\n\n\n"
    text += "class Own(Settings):\n    class Config(Settings.Config):\n        env_prefix: str = 'own_'\n"
    assert fixed({"app/core/config.py": text}, "FAPI703")["app/core/config.py"] == (
        f"{HEAD}    model_config = SettingsConfigDict(env_file='.env')\n\n\n"
        "class Own(Settings):\n    model_config = SettingsConfigDict(env_prefix='own_')\n"
    )


def test_config_dict_of_pydantic() -> None:
    head = "from pydantic import ConfigDict\nfrom pydantic_settings import BaseSettings\n\n\n"
    head += "class S(BaseSettings):\n    A: str\n"
    assert after("    model_config = ConfigDict(extra='x')\n", head) == (
        "from pydantic_settings import BaseSettings, SettingsConfigDict\n\n\nclass S(BaseSettings):\n    A: str\n"
        "    model_config = SettingsConfigDict(extra='x')\n"
    )


def test_settings_that_all_schemas_have() -> None:
    body = "    class Config:\n        env_file = '.env'\n        json_schema_extra = {'a': 1}\n"
    assert after(body) == "    model_config = SettingsConfigDict(env_file='.env', json_schema_extra={'a': 1})\n"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("    class Config:\n        fields = {'A': {'env': 'B'}}\n", "`fields`"),
        ("    class Config(Base):\n        env_file = '.env'\n", "its base `Base`"),
        ("    class Config:\n        def f(cls): ...\n", "the method `f`"),
        ("    model_config = {**Base.model_config, 'extra': 'x'}\n", "`Base.model_config` may have one of its keys"),
        ("    model_config = {**{'extra': 'x'}, 'extra': 'y'}\n", "it has one of its keys twice"),
        ("    class Config:\n        env_file = 'a'\n        env_prefix = env_file\n", "would mean something else"),
        ("    class Config:\n        allow_population_by_field_name = True\n", "Pydantic 2 ignores"),
        ("    class Config:\n        hide_everything = True\n", "no counterpart"),
        ("    class Config:\n        extra = 'x'\n\n\nCONFIG = Settings.Config\n", "refers to it"),
        ("    model_config = {1: 2}\n", "no name"),
    ],
)
def test_what_is_not_rewritten_and_why(body: str, reason: str) -> None:
    (found,) = findings({"app/core/config.py": HEAD + body}, "FAPI703")
    assert found.fix is None
    assert reason in found.message


def test_inherited_configuration_and_parts() -> None:
    text = """
        from pydantic_settings import BaseSettings, SettingsConfigDict

        class Base(BaseSettings):
            model_config = SettingsConfigDict(env_file=".env")

        class Derived(Base):
            A: str

        class Part(BaseSettings):
            B: str

        class Whole(Part):
            C: str
    """
    assert rows(text) == [13]
    assert rows(f"{text}\n        part = Part()\n") == [10, 13]


def test_projects_on_pydantic_1_and_tests_are_left_alone() -> None:
    text = "from pydantic import BaseSettings\nclass S(BaseSettings):\n    class Config:\n        env_file = '.env'\n"
    assert rows(text) == []
    old = Versions(pydantic=Bounds((1, 10), (2,)))
    assert findings({"app/a.py": HEAD}, "FAPI703", versions=old) == []
    assert findings({"tests/a.py": HEAD}, "FAPI703") == []
    assert [f.row for f in findings({"app/a.py": text}, "FAPI703", versions=Versions(pydantic=Bounds((2,))))] == [2]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["env_file", "extra", "env_prefix", "case_sensitive"]),
            st.sampled_from(["'.env'", "True", "('a', 'b')", "f(\n            1\n        )", "{'a': 1}"]),
            st.sampled_from(["", "  # note", "\n\n        # above the next"]),
            st.sampled_from([" = ", "=", " =  "]),
        ),
        min_size=1,
        max_size=4,
        unique_by=lambda entry: entry[0],
    )
)
def test_any_plain_class_means_the_same_as_a_call(entries: list[tuple[str, str, str, str]]) -> None:
    body = "    class Config:\n" + "".join(f"        {k}{eq}{v}{tail}\n" for k, v, tail, eq in entries)
    statement = ast.parse(HEAD + after(body)).body[-1]
    assert isinstance(statement, ast.ClassDef)
    call = statement.body[-1]
    assert isinstance(call, ast.Assign)
    assert isinstance(call.value, ast.Call)
    assert [(k.arg, ast.dump(k.value)) for k in call.value.keywords] == [
        (key, ast.dump(ast.parse(value, mode="eval").body)) for key, value, *_ in entries
    ]


def test_a_key_that_does_not_stand_alone_stays() -> None:
    for body in (
        "    model_config = {('env_file'): '.env'}\n",
        "    model_config = {'env_file'  # key: value\n: '.env'}\n",
    ):
        assert after(body) == body
