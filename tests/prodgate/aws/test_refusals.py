"""What AWS refuses is a mistake of whoever asked; what is ours stays a bug."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError, NoCredentialsError

from prodgate.aws.refusals import refusals_are_mistakes
from prodgate.criteria import UsageError

DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "Publish")


@pytest.mark.parametrize(("raised", "words"), [(DENIED, "not you"), (NoCredentialsError(), "credentials")])
def test_a_refusal_says_who_was_asked_why_and_what_to_do(raised: Exception, words: str) -> None:
    with (
        pytest.raises(UsageError, match=rf"^sns: .*{words}.*; ask for the right$"),
        refusals_are_mistakes("sns", "ask for the right"),
    ):
        raise raised


def test_a_bug_stays_one() -> None:
    with pytest.raises(KeyError), refusals_are_mistakes("sns", "ask for the right"):
        raise KeyError("ours")
