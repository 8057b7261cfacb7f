"""A document inside of an answer that can't be read in one way is not read at all."""

from __future__ import annotations

import pytest

from prodgate.aws.answers import Unreadable
from prodgate.aws.documents import read_document


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"Principal": "*", "Principal": "x"}', "the policy of b: holds the key 'Principal' twice in one object"),
        ("{", "the policy of b: Expecting property name"),
        ("[" * 100_000, "the policy of b: maximum recursion depth"),
    ],
)
def test_what_is_wrong_with_a_document_is_said(text: str, says: str) -> None:
    with pytest.raises(Unreadable, match=says.replace("[", r"\[")):
        read_document(text, "the policy of b")


def test_a_document_is_read() -> None:
    assert read_document(b'{"a": [1]}', "it") == {"a": [1]}
