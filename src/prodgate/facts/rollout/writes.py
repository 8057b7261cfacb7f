"""Whether what readers wrote while a deployment was carried out is there when it is over, once each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...aws.answers import Unread
from ...estimates import Estimate, exact_count
from .. import Fact
from .requests import why_unsound
from .watched import require_format


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AcknowledgedWrites(Fact):
    """Writes that the site answered with success during a deployment; ``subject`` says of which."""

    wrong: Estimate
    """How many were not there afterwards, or more than once; says which builds had acknowledged them."""


def write_facts(record: Mapping[str, Any], during: str) -> Iterator[AcknowledgedWrites]:
    """Yield what became of the writes of a watch. Raises Unreadable for a record of another version."""
    require_format(record)
    subject, stream = f"writes during {during}", record["stream"]
    why = (record["silent"] or "no requests were sent") if stream is None else why_unsound(stream)
    if why or stream is None:
        yield AcknowledgedWrites.unread(subject, why)
        return
    told = stream.get("writes")
    if told is None:
        yield AcknowledgedWrites.unread(subject, _why_not_read(stream["plan"]))
        return
    yield AcknowledgedWrites(subject=subject, wrong=_count_wrong(told) if told["acknowledged"] else _NOTHING)


_NOTHING: Any = Unread("no write was acknowledged; look why each of them failed")


def _why_not_read(plan: Mapping[str, Any]) -> str:
    if not plan["write"]:
        return "nothing was written; state [rollout] write = a path that takes an Idempotency-Key"
    return "nothing was read back; state [rollout] written = the path of one write, with {key} for its key"


def _count_wrong(told: Mapping[str, Any]) -> Estimate:
    lines = [f"{told[what]:,} {what}" for what in ("lost", "doubled") if told[what]]
    if told["first"]:
        one = told["first"][0]
        by = f" by build {one['build']}" if one["build"] else ""
        lines.append(f"the first acknowledged{by} after {one['at']:.1f} s")
    lines.append(f"{told['again']:,} were sent again when it was over")
    return exact_count(
        told["lost"] + told["doubled"],
        samples=told["acknowledged"],
        unfinished=f"{told['unread']:,} writes could not be read back: {told['why']}" if told["unread"] else "",
        detail="; ".join(lines),
        of="writes",
    )
