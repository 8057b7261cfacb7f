"""Lists the generic changes of terraform/ that no policy notices, in docs/survivors.md.

Run from the root: python benchmarks/survivors.py [--check]. With --check nothing is written; the exit code says whether
the list was made from the tree, the policies and the bounds as they are now.

A change is made on the resolved values of one resource (see mutants.py), without another run of core. Which findings
read what is recorded once, so that only those are judged again that could come out differently.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from mutants import Mutant, mutants
from survivors_page import Row, page

from prodgate import Configuration, Resource
from prodgate.criteria import Criteria
from prodgate.criteria_file import load
from prodgate.findings import Finding, Outcome
from prodgate.project import load_policies
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.policy import POLICIES, Policy, apply

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "survivors.md"
#: Reads every value of every resource, for credentials; no change here writes one.
READS_ALL: Final = frozenset({"PG_SEC_3"})
BAD: Final = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)


class Recorded(dict[str, Any]):
    """The values of a resource, which note who reads which of them."""

    def __init__(self, address: str, values: Mapping[str, Any], reads: set[tuple[str, str]]) -> None:
        super().__init__(values)
        self.address, self.reads = address, reads

    def get(self, key: str, default: Any = None) -> Any:
        """Return a value, and note its name."""
        self.reads.add((self.address, key))
        return super().get(key, default)

    def __getitem__(self, key: str) -> Any:
        self.reads.add((self.address, key))
        return super().__getitem__(key)

    def items(self) -> Any:
        """Return everything, and note that everything was read."""
        self.reads.update((self.address, key) for key in self)
        return super().items()


class Watched(Configuration):
    """A configuration that notes which types were asked for."""

    asked: set[str]

    def of(self, *types: str) -> tuple[Resource, ...]:
        """Return the resources of some types, and note the types."""
        self.asked.update(types)
        return super().of(*types)


@dataclass(frozen=True, slots=True)
class Judged:
    """One application of a policy to one subject, on the tree as it is."""

    policy: Policy
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Dependence:
    """What hangs on what: (address, argument) -> judgements, type -> policies that ask for resources of it."""

    on_values: Mapping[tuple[str, str], list[Judged]]
    on_types: Mapping[str, set[str]]


def main() -> int:
    """Write the page, or check whether it is current; return the exit code."""
    criteria = load(ROOT / "criteria.toml").criteria
    load_policies([ROOT / "policies"])
    digest = _digest(criteria)
    if "--check" in sys.argv[1:]:
        current = PAGE.is_file() and digest in PAGE.read_text("utf-8")
        print("current" if current else f"{PAGE}: was made from other files; run tox -e survivors")
        return 0 if current else 1
    rows = measured(evaluate(ROOT / "terraform"), criteria)
    PAGE.write_text(page(rows, digest), "utf-8")
    noticed, made = sum(row.made - row.survived for row in rows), sum(row.made for row in rows)
    print(f"{noticed} of {made} changes are noticed ({100 * noticed / made:.1f} %); survivors are in {PAGE}")
    return 0


def measured(tree: Configuration, criteria: Criteria) -> list[Row]:
    """Make every change, judge it, and count by type, place and operator."""
    chosen = [policy for id_, policy in sorted(POLICIES.items()) if id_ not in READS_ALL]
    dependence = _recorded(tree, chosen, criteria)
    made: Counter[tuple[str, str, str]] = Counter()
    survived: Counter[tuple[str, str, str]] = Counter()
    for key, noticed in _all(tree, dependence, chosen, criteria):
        made[key] += 1
        survived[key] += not noticed
    return [Row(*key, made=made[key], survived=survived[key]) for key in sorted(made)]


def _all(
    tree: Configuration, dependence: Dependence, chosen: list[Policy], criteria: Criteria
) -> Iterator[tuple[tuple[str, str, str], bool]]:
    others = _others(tree)
    for resource in [one for one in tree.resources if one.mode == "managed"]:
        for mutant in mutants(resource, others):
            key = resource.type, mutant.path, mutant.operator
            yield key, _notices(tree, resource, mutant, dependence, criteria)
    for resource in [one for one in tree.resources if one.mode == "managed"]:
        concerned = [policy for policy in chosen if policy.id in dependence.on_types.get(resource.type, ())]
        yield (resource.type, "", "remove resource"), _misses(tree, resource, concerned, criteria)
