"""Measures each policy on 1,000 and on 2,000 subjects, and lists the slowest, with their growth.

Run from the root: python benchmarks/policy_speed.py [--subjects N] [PG_ID …]. The subjects are copies of those in the
policy's own example, each copy with names of its own. It judges nothing: the exit code is 0 whatever the figures.
"""

import argparse
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from crowds import crowd

from prodgate.criteria import Criterion
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import load_policies
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.policy import POLICIES, Policy, apply
from prodgate.terraform.resources import Resource

REPOSITORY = Path(__file__).resolve().parents[1]
EXAMPLES = REPOSITORY / "policies" / "examples"
SHOWN = 20
_VARIABLE = re.compile(r'^variable\s+"(\w+)"', re.M)
_ROOT = """
resource "terraform_data" "later" {{}}

module "example" {{
  source = "./example"{arguments}
}}
"""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Processor seconds of one policy on some subjects and on half as many."""

    policy: str
    half: float
    whole: float

    @property
    def growth(self) -> float:
        """How many times as long twice the subjects took; 2 is linear, 4 quadratic."""
        return self.whole / max(self.half, 1e-9)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the measurements, the slowest first; return 0."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--subjects", type=int, default=2000)
    parser.add_argument("policies", nargs="*")
    options = parser.parse_args(arguments)
    load_policies([REPOSITORY / "policies"])
    criteria = load_criteria(REPOSITORY / "criteria.toml").criteria
    chosen = [POLICIES[id_] for id_ in options.policies or sorted(POLICIES)]
    found = [_measure(policy, criteria, options.subjects) for policy in chosen]
    for one in sorted(found, key=lambda each: -each.whole)[:SHOWN]:
        print(f"{one.policy:12} {one.whole:7.2f} s on {options.subjects:,}, {one.growth:4.1f} times half as many")
    print(f"{sum(one.whole for one in found):.1f} s for all {len(found)} policies")
    return 0


def _measure(policy: Policy, criteria: Mapping[str, Criterion], subjects: int) -> Measurement:
    resources = _read_example(policy.id)
    half, whole = (_time(policy, resources, criteria[policy.criterion], each) for each in (subjects // 2, subjects))
    return Measurement(policy.id, half, whole)


def _read_example(id_: str) -> Sequence[Resource]:
    """Return the resources of an example; its variables stay without values."""
    with tempfile.TemporaryDirectory() as directory:
        root, text = Path(directory), (EXAMPLES / f"{id_}.tf").read_text("utf-8")
        call = "".join(f"\n  {name} = terraform_data.later.id" for name in _VARIABLE.findall(text))
        (root / "example").mkdir()
        (root / "example" / "main.tf").write_text(text, "utf-8")
        (root / "main.tf").write_text(_ROOT.format(arguments=call), "utf-8")
        return evaluate(root).resources


def _time(policy: Policy, resources: Sequence[Resource], criterion: Criterion, subjects: int) -> float:
    configuration = crowd(policy, resources, subjects)
    begun = time.process_time()
    for _ in apply(policy, configuration, criterion):
        pass
    return time.process_time() - begun


if __name__ == "__main__":
    sys.exit(main())
