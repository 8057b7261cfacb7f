"""An argument is left to AWS where nothing is written, and nobody knows where nothing says what is written."""

import pytest
from policies.unset import is_unset

from prodgate import Resource, Unknown, Unresolved

LATER = Unknown("is decided later")


def _environment(value: object, references: dict[str, tuple[str, ...]]) -> Resource:
    kind = "aws_mwaa_environment"
    return Resource(address=f"{kind}.a", type=kind, name="a", values={"class": value}, references=references)


@pytest.mark.parametrize(
    ("value", "references", "unset"),
    [
        (None, {}, True),
        ("mw1.small", {"class": ()}, False),
        (LATER, {"class": ("aws_x.y",)}, False),
        (None, {"class": ()}, True),
    ],
)
def test_what_is_written_is_set(value: object, references: dict[str, tuple[str, ...]], unset: bool) -> None:
    assert is_unset(_environment(value, references), "class") is unset


def test_of_what_names_nothing_that_can_be_followed_nobody_knows() -> None:
    with pytest.raises(Unresolved):
        is_unset(_environment(LATER, {}), "class")
