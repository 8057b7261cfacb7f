"""What a watch saw of a service while it was deployed: its weights, its targets, and the alarms that guard it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ...aws.answers import Unread, Unreadable
from ...quantities import Quantity
from .. import Fact
from .formats import WATCH_FORMAT
from .routes import Route
from .states import OVER, State, read_codedeploy_state, read_ecs_state

#: All of the traffic, in percent, and what a rounding may take from it.
_ALL: Final = 99.99
#: What a declared step and an observed one may differ by.
_ROUNDING: Final = 0.5
#: State of an alarm that would fire if it had to.
_READY: Final = "OK"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WatchedService(Fact):
    """A service while it was deployed; ``subject`` is its ARN."""

    weights_before: str
    """What was wrong with the weights of its target groups before traffic moved; empty if one had all of it."""
    weights_after: str
    """The same when the deployment was over."""
    wrong_steps: str
    """A share that the new tasks got on the way and that nothing declares; empty if there was none."""
    least_healthy: Quantity
    """Healthy targets in the groups that got traffic, at the look that found the fewest."""
    moved_early: str
    """How many of the new targets were not healthy when traffic moved to them; empty if all were."""
    unready_alarms: tuple[str, ...]
    """Alarms that take a deployment back and could not have fired when traffic moved, each with its state."""


def state_of(deployment: Mapping[str, Any]) -> State:
    """Return the state of a deployment in a sample. Raises Unreadable for a status that is not known."""
    if deployment["id"].startswith("arn:"):
        return read_ecs_state(deployment["status"])
    back = deployment["rollback_status"]
    return read_codedeploy_state(deployment, {"status": back} if back else None)


def is_over(sample: Mapping[str, Any], ids: Mapping[str, str]) -> bool:
    """Whether all deployments have ended, and no target has requests left to finish."""
    return all(_is_settled(sample["services"].get(service, {})) for service in ids)


def have_succeeded(sample: Mapping[str, Any], ids: Mapping[str, str]) -> bool:
    """Whether each deployment of a look at which all were over has succeeded. Raises Unreadable."""
    return all(state_of(sample["services"][service]["deployment"]) == State.SUCCEEDED for service in ids)


def _is_settled(seen: Mapping[str, Any]) -> bool:
    try:
        ended = "deployment" in seen and state_of(seen["deployment"]) in OVER
    except Unreadable:
        return False
    return ended and "targets" in seen and not any(states.get("draining") for states in seen["targets"].values())


def require_format(record: Mapping[str, Any]) -> None:
    """Raise Unreadable for the record of a watch that another version wrote."""
    if record.get("format") != WATCH_FORMAT:
        raise Unreadable(f"the watch was recorded in form {record.get('format')!r}, this version reads {WATCH_FORMAT}")


def watched_facts(record: Mapping[str, Any]) -> Iterator[WatchedService]:
    """Yield what the record of a watch says of each service that was deployed. Raises Unreadable."""
    require_format(record)
    for route in map(Route.from_json, record["routes"]):
        if route.service in record["ids"]:
            yield _watched_service(route, record)


def _watched_service(route: Route, record: Mapping[str, Any]) -> WatchedService:
    looks = [_Look.of(route, sample) for sample in record["samples"]]
    moved = _find_move(looks)
    before = looks[:moved] if moved is not None else looks
    return WatchedService(
        subject=route.service,
        weights_before=_weights_before(before),
        weights_after=Unread(record["why"]) if record["why"] else _weights_flaw(_last_weighed(looks)),  # type: ignore[arg-type]  # as of any fact
        wrong_steps=_wrong_steps(route, looks, moved),
        least_healthy=_least_healthy(looks),
        moved_early=_moved_early(looks, moved),
        unready_alarms=_unready_alarms(route, record, moved),
    )


@dataclass(frozen=True, slots=True)
class _Look:
    """One sample, as one service sees it."""

    weights: tuple[Mapping[str, float], ...]
    """By target group, for each rule; empty where they could not be read."""
    targets: Mapping[str, Mapping[str, int]] | None
    desired: int | None

    @classmethod
    def of(cls, route: Route, sample: Mapping[str, Any]) -> _Look:
        seen = sample["services"].get(route.service, {})
        return cls(tuple(seen.get("weights", {}).values()), seen.get("targets"), seen.get("counts", {}).get("desired"))

    def receiving(self) -> frozenset[str]:
        """Return the groups that get traffic by any rule."""
        return frozenset(group for rule in self.weights for group, weight in rule.items() if weight > 0)

    def healthy_in(self, groups: frozenset[str]) -> int | None:
        """Return the healthy targets in some groups; None where they could not be read."""
        if self.targets is None:
            return None
        return sum(states.get("healthy", 0) for group, states in self.targets.items() if group in groups)


def _find_move(looks: Sequence[_Look]) -> int | None:
    """Return the first look at which other groups got traffic than at the first; None when there was none."""
    known = [(at, look.receiving()) for at, look in enumerate(looks) if look.weights]
    return next((at for at, groups in known if groups - known[0][1]), None) if known else None


def _weights_before(before: Sequence[_Look]) -> Any:
    known = [look for look in before if look.weights]
    if not known:
        return Unread("the weights were not seen before traffic moved; begin to watch before the deployment does")
    return next(filter(None, map(_weights_flaw, known)), "")


def _last_weighed(looks: Sequence[_Look]) -> _Look | None:
    return next((look for look in reversed(looks) if look.weights), None)


def _weights_flaw(look: _Look | None) -> str:
    """Return what is wrong with the weights of a look; empty when every rule sends all to one and the same group."""
    if look is None:
        return "no rule leads to its target groups"
    for rule in look.weights:
        if max(rule.values()) < _ALL:
            return "traffic is divided: " + ", ".join(f"{_short(group)} {rule[group]:g} %" for group in sorted(rule))
    if len(groups := look.receiving()) > 1:
        return "its rules do not agree: " + ", ".join(map(_short, sorted(groups)))
    return ""


def _least_healthy(looks: Sequence[_Look]) -> Any:
    counts = [count for look in looks if look.weights and (count := look.healthy_in(look.receiving())) is not None]
    if not counts:
        return Unread("neither weights nor targets could be read while it was deployed")
    return Quantity.of(min(counts))


def _moved_early(looks: Sequence[_Look], moved: int | None) -> Any:
    """Return how many targets of the new group were healthy when traffic moved, if not all that are wanted were.

    They were healthy before if a look before the move says so; else the move came between two looks.
    """
    if moved is None:
        return Unread("traffic was never seen to move from one target group to the other")
    new = looks[moved].receiving() - next(look.receiving() for look in looks if look.weights)
    last = looks[moved - 1] if moved else looks[moved]
    wanted, ready = last.desired, last.healthy_in(new)
    if wanted is None or ready is None:
        return Unread("the new targets could not be read when traffic moved to them")
    if ready >= wanted:
        return ""
    now = looks[moved].healthy_in(new)
    if now is not None and now >= wanted:
        return Unread("the new targets became healthy, and traffic moved, between two looks; look more often: poll")
    return f"{now if now is not None else ready} of {wanted} new targets were healthy"


def _wrong_steps(route: Route, looks: Sequence[_Look], moved: int | None) -> Any:
    """Return a share of the new groups that is neither nothing, nor all, nor a declared step."""
    if moved is None:
        return ""
    if route.steps is None:
        return Unread("in which steps traffic moves is not known: its deployment configuration can't be read")
    old = next(look.receiving() for look in looks if look.weights)
    for rule in (rule for look in looks for rule in look.weights):
        share = sum(weight for group, weight in rule.items() if group not in old)
        if not any(abs(share - step) < _ROUNDING for step in (0.0, *route.steps, 100.0)):
            declared = ", ".join(f"{step:g} %" for step in route.steps) or "all at once"
            return f"{share:g} % went to the new tasks, declared: {declared}"
    return ""


def _unready_alarms(route: Route, record: Mapping[str, Any], moved: int | None) -> Any:
    before, silent = record["samples"][:moved], record["silent_alarms"]
    if not before:
        return Unread("the alarms were not seen before traffic moved")
    if reason := before[-1]["unread"].get("alarms") or silent.get("unreadable"):
        return Unread(reason)
    states = {name: before[-1]["alarms"].get(name, {}).get("state", "missing") for name in route.alarms}
    unready = [f"{name} {state}" for name, state in sorted(states.items()) if state != _READY]
    return (*unready, *(f"{part} without data" for name in route.alarms for part in silent.get(name, ())))


def _short(group: str) -> str:
    return group.split("/")[1] if "/" in group else group
