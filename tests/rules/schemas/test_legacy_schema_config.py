"""FAPI302: `class Config` becomes the `model_config` that Pydantic makes of it."""

from __future__ import annotations

import textwrap
import warnings
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fapi_lint.config.versions import Bounds, Versions
from fapi_lint.fix.edit import Applicability
from fapi_lint.testing import findings, fixed
from fapi_lint.testing.harness import Found

PATH = "app/schemas/user.py"
TWO = Versions(pydantic=Bounds(lowest=(2, 7)))


def found(text: str) -> list[Found]:
    return findings({PATH: text}, "FAPI302", versions=TWO)


def after(text: str, unsafe: bool = False) -> str:
    return fixed({PATH: text}, "FAPI302", unsafe=unsafe, versions=TWO)[PATH]


def schema(body: str, header: str = "class Config:") -> str:
    return (
        "from pydantic import BaseModel\n\n\nclass User(BaseModel):\n    name: str\n\n"
        f"    {header}\n{textwrap.indent(textwrap.dedent(body), ' ' * 8)}"
    )


def config_of(text: str) -> dict[str, Any]:
    """What Pydantic itself makes of the last class of a file."""
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(textwrap.dedent(text), names)
    return dict(names["User"].model_config)


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        (schema("extra = 'forbid'\n"), Versions()),
        (schema("orm_mode = True\n"), Versions(pydantic=Bounds((1, 10), (2,)))),
        (schema("orm_mode = True\n").replace("pydantic import", "pydantic.v1 import"), TWO),
        ("class User:\n    class Config:\n        extra = 'forbid'\n", TWO),
        ("from pydantic_settings import BaseSettings\nclass S(BaseSettings):\n    class Config:\n        x = 1\n", TWO),
        (
            "from pydantic import BaseModel\nclass A(BaseModel):\n    model_config = {'title': 'A'}\n",
            TWO,
        ),
        (
            "from pydantic import BaseModel\nclass A(BaseModel):\n    Config: str\n",
            TWO,
        ),
    ],
)
def test_what_is_no_legacy_config(text: str, versions: Versions) -> None:
    assert findings({PATH: text}, "FAPI302", versions=versions) == []


@pytest.mark.parametrize(("setting", "count"), [("from_attributes", 1), ("orm_mode", 0)])
def test_the_version_is_seen_in_settings(setting: str, count: int) -> None:
    text = schema(f"{setting} = True\n")
    assert len(findings({PATH: text}, "FAPI302", versions=Versions())) == count


@pytest.mark.parametrize("code", ["from pydantic import field_validator", "values = user.model_dump(mode='json')"])
def test_the_version_is_seen_elsewhere(code: str) -> None:
    files = {PATH: schema("extra = 'forbid'\n"), "app/a.py": f"{code}\n"}
    assert [f.at for f in findings(files, "FAPI302")] == [(PATH, 7)]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("allow_population_by_field_name = True", "populate_by_name=True"),
        ("orm_mode: bool = True", "from_attributes=True"),
        ("schema_extra = {'example': {}}", "json_schema_extra={'example': {}}"),
        ("keep_untouched = (int,)", "ignored_types=(int,)"),
        ("keep_untouched = int, str", "ignored_types=(int, str)"),
        ("smart_union = True", ""),
        ("copy_on_model_validation = 'none'\nfrozen = True", "frozen=True"),
        ("allow_mutation = True", ""),
        ("orm_mode = False\nfrom_attributes = True", "from_attributes=True"),
        ("alias_generator = lambda name: name.title()", "alias_generator=lambda name: name.title()"),
        ("title = (\n    'A'\n)", None),
        ("pass", ""),
    ],
)
def test_settings_get_their_new_names(old: str, new: str | None) -> None:
    result = after(schema(old + "\n"))
    if new is None:
        assert "    model_config = ConfigDict(\n        title=(\n            'A'\n        ),\n    )\n" in result
    else:
        assert result.endswith(f"\n\n    model_config = ConfigDict({new})\n")
    assert "import BaseModel, ConfigDict" in result


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("allow_mutation = False", "frozen=True"),
        ("max_anystr_length = LIMIT", "str_max_length=LIMIT"),
        ("anystr_strip_whitespace = True", "str_strip_whitespace=True"),
        ("validate_all = True", "validate_default=True"),
    ],
)
def test_what_becomes_stricter_is_unsafe(old: str, new: str) -> None:
    text = schema(old + "\n")
    (finding,) = found(text)
    assert finding.fix is not None
    assert finding.fix.applicability is Applicability.UNSAFE
    assert new.partition("=")[0] in finding.fix.title
    assert old.partition(" ")[0] in finding.message
    assert after(text) == text
    assert f"ConfigDict({new})" in after(text, unsafe=True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (schema("fields = {'a': 'b'}\n"), "nothing in place of `fields`"),
        (schema("title = 'a'\n").replace("class Config", "class Config[T: int]"), "type parameters"),
        (schema("getter_dict = Getter\n"), "nothing in place of `getter_dict`"),
        (schema("allow_mutation = MUTABLE\n"), "not literal"),
        (schema("@staticmethod\ndef json_schema_extra(schema): ...\n"), "method `json_schema_extra`"),
        (schema("json_schema_extra = staticmethod(change)\n"), "has a method"),
        (schema('"""Strict."""\nextra = "forbid"\n'), "docstring"),
        (schema("if STRICT:\n    extra = 'forbid'\n"), "more than settings"),
        (schema("a = 'x'\ntitle = a\n"), "`a` would mean something else"),
        (schema("extra = 'forbid'\n") + "\n    model_config = {}\n", "refuses both"),
        (schema("extra = 'forbid'\n", "class Config(Base):"), "cannot be seen"),
        (schema("extra = 'forbid'\n") + "\nprint(User.Config.extra)\n", "user.py:10 refers to it"),
        (
            schema("extra = 'forbid'\n") + "\n    def f(self) -> str:\n        return self.Config.extra\n",
            "refers to it",
        ),
    ],
)
def test_what_cannot_be_replaced_says_why(text: str, reason: str) -> None:
    (finding,) = found(text)
    assert finding.fix is None
    assert reason in finding.message


def test_the_enumeration_of_extras_goes() -> None:
    text = schema("extra = Extra.forbid\n").replace("BaseModel\n", "BaseModel, Extra\n", 1)
    assert after(text).startswith("from pydantic import BaseModel, ConfigDict\n")
    assert after(text).endswith('    model_config = ConfigDict(extra="forbid")\n')


def test_the_base_that_pydantic_had_goes() -> None:
    text = schema("title = 'A'\n", "class Config(BaseConfig):").replace("BaseModel\n", "BaseConfig, BaseModel\n", 1)
    assert after(text).startswith("from pydantic import BaseModel, ConfigDict\n")


def test_comments_stay() -> None:
    text = schema(
        """\
        # above
        orm_mode = True  # objects of the ORM
        smart_union = True  # never needed

        extra = "forbid"
        # below
        """,
        "class Config:  # noqa: D106",
    )
    assert after(text + "\n    age: int\n").partition("\n\n    ")[2] == textwrap.dedent(
        """\
        model_config = ConfigDict(  # noqa: D106
                # above
                from_attributes=True,  # objects of the ORM
                # never needed

                extra="forbid",
                # below
            )

            age: int
        """
    )


def test_the_class_of_a_parent_goes_last() -> None:
    text = """\
        from pydantic import BaseModel


        class Base(BaseModel):
            name: str

            class Config:
                orm_mode = True


        class User(Base):
            class Config(Base.Config):
                extra = "forbid"
        """
    assert [f.fix is None for f in found(text)] == [True, False]
    result = after(text)
    assert "model_config = ConfigDict(from_attributes=True)" in result
    assert 'class User(Base):\n    model_config = ConfigDict(extra="forbid")\n' in result
    assert config_of(result) == {"from_attributes": True, "extra": "forbid"}


def test_plain_base_classes_are_merged() -> None:
    text = """\
        from pydantic import BaseModel


        class Shared:
            extra = "forbid"
            frozen = True


        class User(BaseModel):
            name: str

            class Config(Shared):
                frozen = False
        """
    result = after(text)
    assert 'model_config = ConfigDict(extra="forbid", frozen=False)' in result
    assert config_of(result) == config_of(text)


def test_one_line_and_semicolons() -> None:
    text = "from pydantic import BaseModel\n\nclass A(BaseModel):\n    class Config: extra = 'forbid'; frozen = True\n"
    assert after(text).endswith("    model_config = ConfigDict(extra='forbid', frozen=True)\n")


SETTINGS = st.lists(
    st.sampled_from(
        [
            "extra = 'forbid'",
            "title = (\n    'A'\n    'B'\n)",
            "frozen: bool = True",
            "json_schema_extra = {\n    # an example\n    'example': {'a': [1, 2]},\n}",
            "use_enum_values = not False",
            "str_max_length = \\\n    10",
            "ignored_types = int, str",
        ]
    ),
    min_size=1,
    unique=True,
)


@settings(max_examples=40, deadline=None)
@given(
    SETTINGS,
    st.lists(st.sampled_from(["", "  # comment", "\n# own line", "\n"]), min_size=7, max_size=7),
    st.sampled_from(["class Config:", "class Config :  # why", "class Config():", "class Config(object):\n"]),
    st.sampled_from(["", "\n    age: int = 1\n", "\n\nLIMIT = 1\n"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_any_layout_keeps_settings_and_comments(
    lines: list[str], behind: list[str], header: str, rest: str, newline: str
) -> None:
    body = "\n".join(setting + comment for setting, comment in zip(lines, behind, strict=False))
    text = (schema(body + "\n", header) + rest).replace("\n", newline)
    result = after(text)
    assert "class Config" not in result
    assert result.count("#") == text.count("#")
    assert result.endswith(rest.replace("\n", newline))
    assert config_of(result) == config_of(text)
