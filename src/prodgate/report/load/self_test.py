"""The load generator's self-test: what it measured of a server with known behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ...evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ...evidence.runs import Run
from ...layers.load.kinds import SELF_TEST
from .scales import latency_text

_TENTHS: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """Whether the generator measured what was there."""

    ok: bool
    reason: str
    """Why it is not believed; empty when it is."""
    rows: tuple[tuple[str, str, str], ...] = ()
    """(what was measured, what the generator told, what was true)."""


def self_test(run: Run) -> SelfTest | None:
    """Return the self-test of the load layer; None for a run without one."""
    facts = run.facts_of("load", SELF_TEST)
    if not facts:
        return None
    try:
        data = load_json(run.path, str(facts[-1].get("digest", "")))
        compared = {str(key): value for key, value in data.items() if _is_comparison(value)}
        rows = tuple(
            (key, _render_value(value["told"]), _render_value(value["truth"])) for key, value in compared.items()
        )
        return SelfTest(ok=data["ok"] is True, reason=str(data["reason"]), rows=rows)
    except UNREADABLE as error:
        return SelfTest(ok=False, reason=describe_flaw(error))


def _is_comparison(value: Any) -> bool:
    return isinstance(value, Mapping) and {"told", "truth"} <= set(value)


def _render_value(value: Any) -> str:
    """Return a count as it is, and seconds, which are never whole by chance, as a latency."""
    return latency_text(round(value * _TENTHS)) if isinstance(value, float) else str(value)
