"""The outcome of a canary drill: plain values that are kept as evidence and read back unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

#: What a canary may be told to do: fail once and then succeed, fail for good, kill its own process.
MODES: Final = ("retry", "fail", "kill")
#: Those whose run must end as failed, and leave a dead letter and a notice.
FAILING: Final = ("fail", "kill")
#: Version of the record's format.
FORMAT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryRun:
    """One run of a canary."""

    mode: str
    run_id: str = ""
    """Empty when it could not be triggered."""
    state: str = ""
    """The last state that Airflow reported; empty when the run was never seen."""
    tries: int = 0
    """How often its task was tried."""
    dead_letter: float | None = None
    """Seconds from the run's end (its trigger, if it has not ended) to the first message in the queue that names it;
    None when there is none."""
    dead_letters: int = 0
    letter_names: tuple[str, ...] = ()
    """Which of ``dag``, ``run`` and ``task`` the message names."""
    notice: float | None = None
    """The same for the first notification."""
    notices: int = 0
    notice_names: tuple[str, ...] = ()
    reason: str = ""
    """Why its end is unknown, where it could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryDrill:
    """A drill: every mode once."""

    dag_id: str
    target: str
    """URL of the target."""
    queue: str
    topic: str
    """ARNs of the dead-letter queue and of the topic."""
    started: str
    """In ISO form, UTC."""
    tried: tuple[CanaryRun, ...]
    left: tuple[str, ...] = ()
    """What could not be undone, and why."""

    @property
    def flaws(self) -> tuple[str, ...]:
        """What went wrong, in words."""
        return tuple(f"{one.mode}: {words}" for one in self.tried for words in _find_flaws(one))

    def to_json(self) -> dict[str, Any]:
        """Return the record as JSON values."""
        return {"format": FORMAT, **asdict(self)}


def from_json(stored: Mapping[str, Any]) -> CanaryDrill:
    """Return the record that ``to_json`` wrote. Raises ValueError for one of another form."""
    if stored.get("format") != FORMAT:
        raise ValueError(f"a record of form {stored.get('format')!r}; this version reads {FORMAT}")
    fields = {name: value for name, value in stored.items() if name != "format"}
    tuples = ("letter_names", "notice_names")
    tried = tuple(CanaryRun(**{**one, **{name: tuple(one[name]) for name in tuples}}) for one in fields["tried"])
    return CanaryDrill(**{**fields, "tried": tried, "left": tuple(fields["left"])})


def _find_flaws(one: CanaryRun) -> list[str]:
    failing = one.mode in FAILING
    meant = "failed" if failing else "success"
    found = [one.reason] if one.reason else []
    if one.state != meant:
        found.append(f"the run {one.run_id or 'that was never made'} is {one.state or 'not seen'}, and must be {meant}")
    if one.mode == "retry" and one.state == meant and one.tries < 2:
        found.append(f"the run {one.run_id} succeeded at its first try, and must fail once")
    for what, seconds in (("dead letter", one.dead_letter), ("notice", one.notice)):
        if failing and seconds is None:
            found.append(f"no {what} of the run {one.run_id}")
    if not failing and one.dead_letters:
        found.append(f"a dead letter of the run {one.run_id}, which failed once only")
    if failing and one.dead_letters > 1:
        found.append(f"{one.dead_letters} dead letters of the run {one.run_id}")
    return found
