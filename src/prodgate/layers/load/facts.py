"""The kinds of evidence of the load layer, and the facts in stored runs, with the kinds that are in none."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from ...facts import Fact, Facts
from ...facts.load.runs import (
    FACTS_BY_PROFILE,
    CacheableResponse,
    DeployUnderLoad,
    LoadChange,
    RequestLoad,
    Standstill,
    SteadyLoad,
    SurgeLoad,
    compare_with_earlier,
)
from ...facts.load.server_view import BalancerTimes, EntranceCount, ServerView, account_view
from ..observing_layer import StoredEvidence

# ── The kinds of evidence that the load layer stores, and the kinds of fact in each

#: The record of one run, with what else was observed of it.
RECORD: Final = "load"
#: The same of the last good run, to compare with.
BEFORE: Final = "load-before"
#: The responses of a real account about the minutes of the runs.
ACCOUNT: Final = "load-account"
#: The result of the generator's self-test.
SELF_TEST: Final = "load-self-test"
#: Profile -> the kinds of fact in its run.
BY_PROFILE: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    "steady": (SteadyLoad, RequestLoad, Standstill, CacheableResponse, ServerView),
    "surge": (SurgeLoad, Standstill),
    "deploy": (DeployUnderLoad,),
    "compare": (LoadChange,),
}

#: Profiles that are judged from their first request on: the beginning is what they are about.
JUDGED_FROM_THE_START: Final = ("surge",)

#: Profile -> the criteria that limit its latency and its failures; far beyond those a run ends early.
LIMITED_BY: Final[Mapping[str, tuple[str, str]]] = {
    "steady": ("latency-p95", "error-rate"),
    "surge": ("surge-served", ""),
    "compare": ("latency-p95", ""),
}


#: Kinds of fact that must be in a run; a build to compare with need not.
_MEASURED: Final = tuple(kind for name, kinds in BY_PROFILE.items() if name != "compare" for kind in kinds)
_COUNTED: Final = (EntranceCount, BalancerTimes)
#: Kind of evidence -> the kinds of fact that are made of it; each run is one of the same kind.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    RECORD: (*_MEASURED, *BY_PROFILE["compare"], *_COUNTED),
    BEFORE: BY_PROFILE["compare"],
    ACCOUNT: _COUNTED,
}
#: A layer that ends early names what it leaves open: here by kind of fact, since all runs are one kind of evidence.
REQUIRED: Final = ()
#: Kind of evidence that a team's own code measures -> that code, and what counts the same without it.
TEAM: Final = dict.fromkeys(
    (RECORD, BEFORE), "the locustfile; the log of the site counts the requests, too, where it can be read"
)


def facts_of(stored: Iterable[StoredEvidence], unreadable: Mapping[str, str]) -> Facts:
    """Return the facts of stored runs; ``unreadable`` is by the name of a kind of fact."""
    known = tuple(stored)
    runs = {value["record"]["profile"]["name"]: value for kind, value in known if kind == RECORD}
    before = [value for kind, value in known if kind == BEFORE]
    account = next((value for kind, value in known if kind == ACCOUNT), None)
    beside = [fact for run in runs.values() for fact in account_view(run, account)]
    reasons = dict.fromkeys(find_missing(known), "no load was measured in that run")
    named = {kind.__name__: kind for kinds in BY_PROFILE.values() for kind in kinds}
    reasons |= {named[name]: reason for name, reason in unreadable.items() if name in named}
    return Facts((*_make_facts(runs, before), *beside), reasons)


def find_missing(stored: Iterable[StoredEvidence]) -> list[type[Fact]]:
    """Return the required kinds of fact that are in no run."""
    profiles = {value["record"]["profile"]["name"] for kind, value in stored if kind == RECORD}
    made = {kind for name in profiles for kind in BY_PROFILE[name]}
    return [kind for kind in _MEASURED if kind not in made]


def _make_facts(runs: Mapping[str, Mapping[str, Any]], before: Iterable[Mapping[str, Any]]) -> Iterator[Fact]:
    for name, run in runs.items():
        yield from FACTS_BY_PROFILE[name](run)
    for earlier in before:
        if (name := earlier["record"]["profile"]["name"]) in runs:
            yield compare_with_earlier(runs[name], earlier)
