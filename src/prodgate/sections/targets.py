"""Where the system that is judged runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ..criteria import UsageError, suggest

_SCHEMES: Final = ("rehearsal", "aws")
_AWS: Final = re.compile(r"aws://(?:(?P<profile>[\w.+=,-]+)@)?(?P<region>[a-z]{2}(-[a-z]+)+-\d)")
#: Where the rehearsal account is.
_REHEARSAL_REGION: Final = "ap-northeast-1"


@dataclass(frozen=True, slots=True)
class Target:
    """A system to judge. ``url`` is ``rehearsal://``, ``aws://profile@region`` or ``aws://region``."""

    url: str

    @property
    def rehearsal(self) -> bool:
        """Whether this is the embedded rehearsal, whose evidence can never support a promotion."""
        return self.url.startswith("rehearsal:")

    @property
    def profile(self) -> str:
        """The profile of AWS's configuration; empty for the credentials that the environment holds, as in CI."""
        match = _AWS.fullmatch(self.url)
        return (match and match["profile"]) or ""

    @property
    def region(self) -> str:
        """The region that the system runs in."""
        match = _AWS.fullmatch(self.url)
        return match["region"] if match else _REHEARSAL_REGION


def parse_target(url: str) -> Target:
    """Read a target. Raises UsageError that says what to write."""
    scheme = url.partition(":")[0]
    if "://" not in url or scheme not in _SCHEMES:
        hint = "" if scheme in _SCHEMES else suggest(scheme, _SCHEMES)
        raise UsageError(f"target {url!r}: is not a target; write rehearsal:// or aws://PROFILE@REGION{hint}")
    if scheme == "aws" and not _AWS.fullmatch(url):
        raise UsageError(f"target {url!r}: names no profile and region; write e.g. aws://prod@ap-northeast-1")
    if scheme == "rehearsal" and url != "rehearsal://":
        raise UsageError(f"target {url!r}: has more than the scheme; write rehearsal://")
    return Target(url)


def parse_account(url: str, unlike: str) -> Target:
    """Read the account that ``--via`` names; ``unlike`` says why the rehearsal is none. Raises UsageError."""
    target = parse_target(url)
    if target.rehearsal:
        raise UsageError(f"--via {url}: is the rehearsal, {unlike}; write aws://PROFILE@REGION")
    return target
