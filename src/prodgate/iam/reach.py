"""Who can become whom, and who reaches administrator: ways that are allowed, step by step, over any number of hops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from .abilities import Abilities
from .account import Account, Principal
from .hops import Hop, list_all_hops
from .truth import Doubt

_Ways = dict[str, tuple[Hop, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a principal can reach."""

    principal: Principal
    administrator: bool | Doubt
    paths: tuple[tuple[Hop, ...], ...]
    """Ways to administrator, each by its hops: one for each first hop that leads there."""


def find_reach(account: Account) -> tuple[Reach, ...]:
    """Return what each principal of an account can reach."""
    abilities = {one.arn: Abilities(one, account) for one in account.principals}
    return judge_reach(account, abilities, list_all_hops(abilities, account))


def judge_reach(
    account: Account, abilities: dict[str, Abilities], hops: dict[str, tuple[Hop, ...]]
) -> tuple[Reach, ...]:
    """Return what each principal can reach by hops that are known."""
    certain = {arn: [hop for hop in each if not hop.doubts] for arn, each in hops.items()}
    ways = _find_ways(abilities, certain)
    maybe = _find_ways(abilities, {arn: list(each) for arn, each in hops.items()}, perhaps=True)
    return tuple(_judge(one, account, ways, maybe, certain) for one in abilities.values())


def _find_ways(
    abilities: dict[str, Abilities], hops: dict[str, list[Hop]], *, perhaps: bool = False
) -> dict[str, tuple[Hop, ...]]:
    """Return the shortest way to administrator of each principal that has one; empty where it is one already."""
    ways: dict[str, tuple[Hop, ...]] = {}
    for arn, one in abilities.items():
        if one.everything is True or (perhaps and isinstance(one.everything, Doubt)):
            ways[arn] = ()
    for arn, each in hops.items():
        last = next((hop for hop in each if hop.target is None), None)
        if arn not in ways and last is not None:
            ways[arn] = (last,)
    while True:
        found = {
            arn: min(((hop, *ways[hop.target]) for hop in each if hop.target in ways), key=len, default=None)
            for arn, each in hops.items()
            if arn not in ways
        }
        new = {arn: way for arn, way in found.items() if way is not None}
        if not new:
            return ways
        ways |= new


def _judge(abilities: Abilities, account: Account, ways: _Ways, maybe: _Ways, certain: dict[str, list[Hop]]) -> Reach:
    principal = abilities.principal
    if principal.arn in ways:
        paths = tuple(_list_paths(certain[principal.arn], ways))
        return Reach(principal=principal, administrator=True, paths=paths)
    if principal.arn not in maybe and not account.gaps:
        return Reach(principal=principal, administrator=False, paths=())
    reasons = {reason for hop in maybe.get(principal.arn, ()) for reason in hop.doubts} | set(account.gaps)
    if isinstance(abilities.everything, Doubt):
        reasons |= abilities.everything.reasons
    return Reach(principal=principal, administrator=Doubt(frozenset(reasons)), paths=())


def _list_paths(hops: list[Hop], ways: dict[str, tuple[Hop, ...]]) -> Iterator[tuple[Hop, ...]]:
    for hop in hops:
        if hop.target is None or hop.target in ways:
            yield (hop, *(ways[hop.target] if hop.target else ()))
