"""What another layer of the gate observed, and whether it says something about the release that is judged.

An observation is kept as ``{"layer", "run", "target", "commit", "facts": [{"kind", "subject", "at", "digest",
"value"}, …]}``: the facts of one layer in one run, each with the digest of the evidence that it was taken from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

#: What follows the commit of a run whose files differed from it.
CHANGED: Final = "+changes"
#: Characters of a commit that are shown.
_SHOWN: Final = 12


def why_unfit(seen: Mapping[str, Any], commit: str, *, before: datetime | None, now: datetime, most: timedelta) -> str:
    """Return why an observation says nothing about a release; empty when it does.

    ``before`` is when the deployment of the commit began, if it has; ``most`` is the greatest age of what was observed.
    """
    own = seen["commit"]
    if not commit or commit.endswith(CHANGED):
        return _describe_unknown(commit)
    if own != commit:
        return f"{seen['run']} is of {_describe_commit(own)}, and {shorten(commit)} is to be released"
    first, last = min(_list_times(seen)), max(_list_times(seen))
    if before is not None and last >= before:
        said = f"the {seen['layer']} layer of {seen['run']} observed it at {last:%H:%M:%S}"
        return f"{said}, after the deployment had begun at {before:%Y-%m-%d %H:%M:%S} UTC"
    if now - first > most:
        return f"{seen['run']} observed it {(now - first) / timedelta(days=1):,.1f} d ago; that is too old"
    return ""


def values_of(seen: Mapping[str, Any], kind: str) -> list[Any]:
    """Return the values of one kind in an observation."""
    return [fact["value"] for fact in seen["facts"] if fact["kind"] == kind]


def shorten(commit: str) -> str:
    """Return a commit as a person would write it."""
    return commit[:_SHOWN]


def _list_times(seen: Mapping[str, Any]) -> Iterator[datetime]:
    yield from (datetime.fromisoformat(fact["at"]) for fact in seen["facts"])


def _describe_unknown(commit: str) -> str:
    if not commit:
        return "no commit is known of what is judged; run the gate in its repository"
    return f"files differ from commit {shorten(commit)}, so that nothing was observed of what is in it; commit them"


def _describe_commit(commit: str) -> str:
    if not commit:
        return "no known commit"
    return f"commit {shorten(commit)}" + (" with uncommitted files" if commit.endswith(CHANGED) else "")
