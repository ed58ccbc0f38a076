"""The singulars of the nouns that paths and modules are named after."""

from __future__ import annotations

import pytest

from fapi_lint.project.nouns import is_plural, singular, singulars


@pytest.mark.parametrize(
    ("word", "one"),
    [
        ("users", "user"),
        ("categories", "category"),
        ("movies", "movie"),
        ("hoodies", "hoodie"),
        ("wolves", "wolf"),
        ("addresses", "address"),
        ("boxes", "box"),
        ("purchases", "purchase"),
        ("warehouses", "warehouse"),
        ("statuses", "status"),
        ("campuses", "campus"),
        ("censuses", "census"),
        ("lenses", "lens"),
        ("heroes", "hero"),
        ("photos", "photo"),
        ("menus", "menu"),
        ("emojis", "emoji"),
        ("user_heroes", "user_hero"),
    ],
)
def test_plurals(word: str, one: str) -> None:
    assert singular(word) == one
    assert is_plural(word)


@pytest.mark.parametrize(
    "word", ["status", "address", "basis", "campus", "news", "sms", "lens", "menu", "people_data", "clothes"]
)
def test_what_is_no_plural(word: str) -> None:
    assert not is_plural(word)
    assert singulars(word) == []


def test_all_that_a_plural_may_be_made_of() -> None:
    assert singulars("mangoes") == ["mangoe", "mango"]
