"""Lists the generic changes of terraform/ that no policy notices, in docs/survivors.md.

Run from the root: python benchmarks/survivors.py [--check]. With --check nothing is written; the exit code says whether
the list was made from the tree, the policies and the bounds as they are now.

A change is made on the resolved values of one resource (see mutants.py), without another run of core.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from dependence import Dependence, record_dependence
from mutants import mutants
from survivors_page import Row, render_page

from prodgate import Configuration
from prodgate.criteria import Criteria
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import load_policies
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.policy import POLICIES

ROOT: Final = Path(__file__).resolve().parents[1]
PAGE: Final = ROOT / "docs" / "survivors.md"
#: This policy looks for credentials in every value of every resource; no change here writes one.
READS_ALL: Final = "PG_SEC_3"
#: Modules beside this one that make the list.
MAKERS: Final = ("dependence.py", "mutants.py", "survivors.py", "survivors_page.py")
Key = tuple[str, str, str]


def main() -> int:
    """Write the page, or check whether it is current; return the exit code."""
    criteria = load_criteria(ROOT / "criteria.toml").criteria
    digest = _digest(criteria)
    if "--check" in sys.argv[1:]:
        current = PAGE.is_file() and digest in PAGE.read_text("utf-8")
        print("current" if current else f"{PAGE.name}: was made from other files; run tox -e survivors")
        return 0 if current else 1
    load_policies([ROOT / "policies"])
    rows = count_survivors(evaluate(ROOT / "terraform"), criteria)
    PAGE.write_text(render_page(rows, digest), "utf-8")
    made, survived = sum(row.made for row in rows), sum(row.survived for row in rows)
    print(f"{made - survived} of {made} changes are noticed ({100 * (made - survived) / made:.1f} %)")
    return 0


def count_survivors(tree: Configuration, criteria: Criteria) -> list[Row]:
    """Make every change, judge it, and count by type, place and operator."""
    chosen = [policy for id_, policy in sorted(POLICIES.items()) if id_ != READS_ALL]
    made: Counter[Key] = Counter()
    survived: Counter[Key] = Counter()
    for key, noticed in _changes(record_dependence(tree, chosen, criteria)):
        made[key] += 1
        survived[key] += not noticed
    return [Row(*key, made=made[key], survived=survived[key]) for key in sorted(made)]


def _changes(dependence: Dependence) -> Iterator[tuple[Key, bool]]:
    """Yield what is changed, and whether some policy notices."""
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


def _digest(criteria: Criteria) -> str:
    """Return what the page was made from: the tree without comments, the policies, the bounds."""
    content = sha256()
    for path in sorted((ROOT / "terraform").rglob("*")):
        if path.suffix in (".tf", ".tfvars") and ".terraform" not in path.parts:
            lines = (line.strip() for line in path.read_text("utf-8").splitlines())
            stated = "\n".join(line for line in lines if line and not line.startswith("#"))
            content.update(f"{path.relative_to(ROOT)}\n{stated}\n".encode())
    for path in (*sorted((ROOT / "policies").glob("*.py")), *(ROOT / "benchmarks" / name for name in MAKERS)):
        content.update(path.read_bytes())
    content.update("\n".join(f"{id_} {criteria[id_].bound}" for id_ in sorted(criteria)).encode())
    return content.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
