"""A JSON text that two readers may read in two ways is read by none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prodgate.semantics.json_texts import DuplicateKeyError, read_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
def test_what_holds_each_key_once_is_read_as_anybody_reads_it(value: object) -> None:
    text = json.dumps(value)
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('{"a": 1, "a": 2}', "a"),
        ('{"a": 1, "a": 1}', "a"),
        ('{"b": {"c": [{"d": 1}, {"e": 1, "e": 1}]}}', "e"),
        ('{"\\u0061": 1, "a": 2}', "a"),
        ('[{"x": {}, "y": 1, "x": null}]', "x"),
        ('{"": 1, "": 2}', ""),
    ],
)
def test_a_key_that_stands_there_twice_is_named(text: str, key: str) -> None:
    with pytest.raises(DuplicateKeyError, match=f"holds the key '{key}' twice in one object") as refused:
        read_json(text)
    assert refused.value.key == key


@pytest.mark.parametrize("text", ['{"a": 1, "A": 2}', '{"a": {"a": {"a": 1}}}', '[{"a": 1}, {"a": 2}]'])
def test_the_same_letters_in_another_place_are_another_key(text: str) -> None:
    assert read_json(text) == json.loads(text)
