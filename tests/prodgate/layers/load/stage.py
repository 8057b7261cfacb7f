"""A project, a site and a generator for tests of the load layer."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prodgate.facts import Facts
from prodgate.layers import BUILT
from prodgate.layers.layer import LayerContext
from prodgate.load.profile import Profile
from tests.prodgate.facts.load.load_records import cell, record
from tests.prodgate.layers.context import layer_context, observe_and_recall

CRITERIA = """
system = "shop"

[rehearsal]
site = "sample"

[load]
locustfile = "readers.py"
hosts = ["www.shop.example"]
resolves_to = ["203.0.113.0/24"]
most = { rate = "500 /s", duration = "10 min" }

[load.steady]
rate = "100 /s"
duration = "40 s"
timeout = "2 s"

[load.surge]
rate = "400 /s"
duration = "12 s"

[load.deploy]
rate = "100 /s"
duration = "40 s"

[criteria.latency-p95]
statement = { en = "Fast.", ja = "速い。" }
why = "Readers leave."
require = "< 200 ms"
source = "X-1"
layers = ["load"]

[criteria.error-rate]
statement = { en = "Right.", ja = "正しい。" }
why = "Readers leave."
require = "< 0.1 %"
source = "X-1"
layers = ["load"]
"""
REAL = "aws://prod@ap-northeast-1"


@dataclass
class Made:
    """Stands for the generator: records its requests, and answers with a made record."""

    asked: list[tuple[Profile, str, Mapping[str, Any]]] = field(default_factory=list)
    ok: Mapping[str, Any] = field(default_factory=lambda: {"ok": True, "reason": ""})
    meanwhile: Callable[[str], None] = lambda _name: None
    changes: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Differences in the record of a profile."""
    other: Mapping[str, Any] = field(
        default_factory=lambda: {
            "planned": 4000,
            "sent": 4000,
            "not_sent": 0,
            "unsent": [],
            "seconds": [cell(second, {1300: 100}) for second in range(40)],
        }
    )

    def self_test(self, **_given: Any) -> Mapping[str, Any]:
        return self.ok

    def run_load(self, profile: Profile, host: str, **given: Any) -> Mapping[str, Any]:
        self.asked.append((profile, host, given))
        other = {"host": given["other_host"], **self.other} if given["other_host"] else None
        made = record(profile.name, profile=profile.to_json() | {"workers": given["workers"]}, other=other)
        made |= self.changes.get(profile.name, {})
        given["directory"].mkdir(parents=True)
        (given["directory"] / "record.json").write_text(json.dumps(made), "utf-8")
        self.meanwhile(profile.name)
        return made


@dataclass
class OwnSite:
    """Stands for the rehearsal's site."""

    access_log: Path
    url: str = "http://127.0.0.1:8123"
    deployed: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)
    """Set when both builds were in place once."""

    def deploy(self, build: str) -> None:
        self.deployed.append(build)
        if len(self.deployed) > 1:
            self.done.set()


def deployed(own: OwnSite) -> None:
    assert own.done.wait(120)


def observation(shop: Path, target: str = "rehearsal://", **changes: Any) -> LayerContext:
    return layer_context(shop, "load", target, **changes)


def observed(context: LayerContext) -> Facts:
    return observe_and_recall(BUILT["load"], context)
