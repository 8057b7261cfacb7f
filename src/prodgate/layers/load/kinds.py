"""The kinds of evidence that the load layer stores, and the kinds of fact in each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...facts import Fact
from ...facts.load.changes import LoadChange
from ...facts.load.runs import CacheableResponse, DeployUnderLoad, RequestLoad, Standstill, SteadyLoad, SurgeLoad
from ...facts.load.server_view import ServerView

#: The record of one run, with what else was observed of it.
RECORD: Final = "load"
#: The same of the last good run, to compare with.
BEFORE: Final = "load-before"
#: What a real account answered about the minutes of the runs.
ACCOUNT: Final = "load-account"
#: The result of the generator's self-test.
SELF_TEST: Final = "load-self-test"
#: Profile -> the kinds of fact in its run.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    "steady": (SteadyLoad, RequestLoad, Standstill, CacheableResponse, ServerView),
    "surge": (SurgeLoad, Standstill),
    "deploy": (DeployUnderLoad,),
    "compare": (LoadChange,),
}
#: Kinds of fact that must be there; a build to compare with need not.
REQUIRED: Final = tuple(kind for name, kinds in KINDS.items() if name != "compare" for kind in kinds)

#: Profiles that are judged from their first request on: the beginning is what they are about.
JUDGED_FROM_THE_START: Final = ("surge",)

#: Profile -> the criteria that limit its latency and its failures; far beyond those a run ends early.
LIMITED_BY: Final[Mapping[str, tuple[str, str]]] = {
    "steady": ("latency-p95", "error-rate"),
    "surge": ("surge-served", ""),
    "compare": ("latency-p95", ""),
}
