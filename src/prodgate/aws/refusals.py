"""What AWS refuses a command of a person is that person's to change: a mistake, with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..criteria import UsageError


@contextmanager
def refusals_are_mistakes(asked: str, advice: str) -> Iterator[None]:
    """Turn what boto3 raises into UsageError: who was asked, AWS's own words, and what to do."""
    try:
        yield
    except Exception as error:
        if type(error).__module__.startswith("botocore."):  # importing it takes as long as all the rest of a command
            raise UsageError(f"{asked}: {error}; {advice}") from error
        raise
