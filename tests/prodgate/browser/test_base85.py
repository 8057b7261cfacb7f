"""A text is found in Ascii85 and Base85 wherever it begins, and nothing else is taken for it."""

import base64

import pytest

from prodgate.browser.redacting.base85 import find_certain

SECRET = b"hunter2-of-ana"


@pytest.mark.parametrize("encode", [base64.a85encode, base64.b85encode])
@pytest.mark.parametrize("before", range(8))
@pytest.mark.parametrize("after", range(5))
def test_a_text_is_found_at_every_offset(encode, before: int, after: int) -> None:  # type: ignore[no-untyped-def]
    data = b'"' + encode(b"x" * before + SECRET + b"y" * after) + b'"'
    found = [data[first:last] for (first, last), form in find_certain(data, [SECRET]) if form == SECRET]
    assert found
    rest = data.replace(max(found, key=len), b"")
    assert not list(find_certain(rest, [SECRET]))


def test_what_shares_a_part_alone_is_another_text() -> None:
    assert not list(find_certain(base64.b85encode(b"hunter2-of-bob"), [SECRET]))
    assert not list(find_certain(base64.b85encode(b"hunter"), [b"unt"]))  # fills no group
