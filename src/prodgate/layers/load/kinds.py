"""What the load layer keeps as evidence, and the kinds of fact that are made of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from ...facts import Fact
from ...facts.load.changes import LoadChange
from ...facts.load.runs import CacheableResponse, DeployUnderLoad, SteadyLoad, SurgeLoad
from ...facts.load.server_view import ServerView

#: Kind of the evidence that holds the record of one run, with what else was seen of it.
RECORD: Final = "load"
#: Kind of the evidence that holds the same of the last good run, to compare with.
BEFORE: Final = "load-before"
#: Kind of the evidence that holds what a real account answered about the minutes of the runs.
ACCOUNT: Final = "load-account"
#: Kind of the evidence that says how the generator did in its self-test.
SELF_TEST: Final = "load-self-test"
#: Kinds of fact that are made of the run of each profile.
KINDS: Final[Mapping[str, tuple[type[Fact], ...]]] = {
    "steady": (SteadyLoad, CacheableResponse, ServerView),
    "surge": (SurgeLoad,),
    "deploy": (DeployUnderLoad,),
    "compare": (LoadChange,),
}
#: Kinds without which load is not judged. There need not be anything to compare with.
REQUIRED: Final = tuple(kind for name, kinds in KINDS.items() if name != "compare" for kind in kinds)

#: Profile -> the criteria whose limits its readers have to be kept within: of latency, and of failures.
LIMITED_BY: Final[Mapping[str, tuple[str, str]]] = {
    "steady": ("latency-p95", "error-rate"),
    "surge": ("surge-served", ""),
    "compare": ("latency-p95", ""),
}
