"""Lists the generic changes of terraform/ that no policy notices: the measured hole of the static layer.

Run from the root: python benchmarks/survivors.py.

A change applies to the resolved values of one resource (see mutants.py), without another run of core: it does not
travel on to what is computed from it. Most survivors are matters of taste or cost, and some are caught by Terraform,
AWS, the live layer or Checkov. Counts are of instances: a block with `for_each` counts once for each.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from dependence import Dependence, record_dependence
from mutants import mutants

from prodgate import Configuration
from prodgate.criteria import Criteria
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import load_policies
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.policy import POLICIES

ROOT: Final = Path(__file__).resolve().parents[1]
#: This policy looks for credentials in every value of every resource; no change here writes one.
READS_ALL: Final = "PG_SEC_3"
Key = tuple[str, str, str]


def main() -> None:
    """Print what survives, by type, place and operator."""
    criteria = load_criteria(ROOT / "criteria.toml").criteria
    load_policies([ROOT / "policies"])
    made, survived = count_survivors(evaluate(ROOT / "terraform"), criteria)
    for key in sorted(survived):
        print(f"{' '.join(key)}: {survived[key]} of {made[key]}")
    noticed = made.total() - survived.total()
    print(f"{noticed} of {made.total()} changes are noticed ({100 * noticed / made.total():.1f} %)")


def count_survivors(tree: Configuration, criteria: Criteria) -> tuple[Counter[Key], Counter[Key]]:
    """Make every change and judge it; return how many were made and how many survived."""
    chosen = [policy for id_, policy in sorted(POLICIES.items()) if id_ != READS_ALL]
    made: Counter[Key] = Counter()
    survived: Counter[Key] = Counter()
    for key, noticed in _changes(record_dependence(tree, chosen, criteria)):
        made[key] += 1
        survived.update(() if noticed else (key,))
    return made, survived


def _changes(dependence: Dependence) -> Iterator[tuple[Key, bool]]:
    """Yield each change, and whether some policy notices it."""
    managed = [resource for resource in dependence.tree.resources if resource.mode == "managed"]
    others = _others(dependence.tree)
    for resource in managed:
        for mutant in mutants(resource, others):
            argument = mutant.path.partition(".")[0]
            key = resource.type, mutant.path, mutant.operator
            yield key, dependence.notices(resource, argument, mutant.values)
    for resource in managed:
        yield (resource.type, "(itself)", "remove resource"), dependence.misses(resource)


def _others(tree: Configuration) -> Mapping[str, list[str]]:
    """Return, for the ARN of each resource, the ARNs of the others of its type."""
    arns: dict[str, list[str]] = {}
    for resource in tree.resources:
        arn = resource.values.get("arn")
        if isinstance(arn, str):
            arns.setdefault(resource.type, []).append(arn)
    return {arn: [other for other in same if other != arn] for same in arns.values() for arn in same}


if __name__ == "__main__":
    main()
