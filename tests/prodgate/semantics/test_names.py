"""When two names are one person's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.semantics.names import names_same_person


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Souza", "ana souza"),
        ("Ana Souza", "Souza, Ana"),
        ("Ana Souza", "Ána  Souza"),
        ("Ana Souza", "Ana\u200b Souza"),
        ("Ana Souza", "Ana Souza <ana@example.com>"),
        ("Ana Souza <ana@example.com>", "Ana Souza <ana@example.org>"),
        ("Ana Souza <ana@example.com>", "A. S. <ANA+ops@example.com>"),
        ("Ana Souza ana@example.com", "Ana Souza"),
        ("ana@example.com", "Ana <ana@example.com>"),
        ("Zoë", "Zoe\u0308"),
        ("山田 太郎", "山田太郎"),
    ],
)
def test_one_person_stays_one(one: str, other: str) -> None:
    assert names_same_person(one, other)
    assert names_same_person(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana Souza", "Ken Ito"),
        ("Ana Souza", "Ana Costa"),
        ("ana@example.com", "ken@example.com"),
        ("Ana <ana@example.com>", "Ken <ken@example.com>"),
        ("platform@example.com", "security@example.com"),
    ],
)
def test_two_people_stay_two(one: str, other: str) -> None:
    assert not names_same_person(one, other)


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_order_plays_no_part(one: str, other: str) -> None:
    assert names_same_person(one, other) == names_same_person(other, one)
    assert names_same_person(one, one)
