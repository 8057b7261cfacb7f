"""The search of CloudWatch's logs finds at least everything that the gate takes for a credential."""

from __future__ import annotations

import re

import pytest

from prodgate.facts.live.log_groups import PATTERN
from prodgate.semantics.secret_forms import FORMS, credential_form

CREDENTIALS = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "id AKIA" + "ABCDEFGHIJKLMNOP",
    "ASIA" + "ABCDEFGHIJKLMNOP ",
    "token=ghs_" + "a1B2" * 9,
    "github_pat_" + "a1B2" * 9,
    "xoxb-1234567890-abcdef",
    "https://hooks.slack.com/services/T0/B0/xyz",
    "AIza" + "a1B2c" * 7,
    "Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.SflKxwRJSMeKKF2QT4fwpM",
    "sk_live_" + "a1B2" * 5,
    "postgres://api:correct-horse@db.internal/news",
    "redis://:correct-horse@cache.internal",
    "amqp://user.name+x:p!a$$[w]ord@queue",
]


@pytest.mark.parametrize("text", CREDENTIALS)
def test_whatever_has_a_form_is_found(text: str) -> None:
    assert re.search(PATTERN, text)


def test_every_form_has_an_example_here() -> None:
    assert {credential_form(text) for text in CREDENTIALS} - {""} == FORMS.keys()


def test_the_pattern_is_written_in_what_cloudwatch_knows_of_regular_expressions() -> None:
    assert re.fullmatch(r"[A-Za-z0-9:_#=@/;,\-^$?\[\]{}|\\*+.]+", PATTERN)
    assert "[^" not in PATTERN
    assert len(PATTERN) <= 1022
