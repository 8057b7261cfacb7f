"""Print a page of the site: the policies, the resources and criteria that they judge, and their severity.

python scripts/policies_page.py            # tox -e site has it as docs/policies.md
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from prodgate.criteria import Criteria
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import load_policies
from prodgate.terraform.policy import POLICIES, Policy

ROOT = Path(__file__).parents[1]
CONTROL = "AWS-FSBP:"
HEADER = """# What policies ask of which resources

Written by `scripts/policies_page.py` from `policies/` and `criteria/`. {policies} policies are about
{types} types of resources. `prodgate explain ID` says why each matters, and shows an example of what breaks it and one
that does not.

A type is listed with the policies that give a finding for each resource of it. What they look at besides, such as the
public access block of a bucket, is not listed; a type that is not here is asked nothing. Policies in **bold** are asked
of any team by `prodgate check`, the others where a criteria file says so.
"""
CONTROLS = """
## Controls of AWS Foundational Security Best Practices

The controls that criteria name, and the policies that judge those criteria, or the layers that do. One that is not here
is not answered. A criterion may ask less or more than the control does, or of more services.

| control | criterion | severity | policies |
|---|---|---|---|
"""


def page() -> str:
    """Return the whole page."""
    criteria = load_criteria(ROOT / "criteria.toml").criteria
    load_policies((ROOT / "policies",))
    policies = sorted((p for p in POLICIES.values() if p.file.parent == ROOT / "policies"), key=in_order)
    types = {type_ for policy in policies for type_ in policy.resources}
    parts = [
        HEADER.format(policies=len(policies), types=len(types)),
        "\n".join(_list_types(policies, criteria)),
        "\n## Policies\n",
        "\n".join(_list_policies(policies, criteria)),
    ]
    return "\n".join(parts) + "\n" + CONTROLS + "\n".join(_list_controls(policies, criteria)) + "\n"


def in_order(policy: Policy) -> tuple[str, int]:
    """Return what policies are ordered by: their area, and their number."""
    area, _, number = policy.id.rpartition("_")
    return area, int(number)


def _name(policy: Policy, criteria: Criteria) -> str:
    return f"**{policy.id}**" if criteria[policy.criterion].baseline else policy.id


def _list_types(policies: list[Policy], criteria: Criteria) -> Iterator[str]:
    yield from ("| resources | policies |", "|---|---|")
    whole = [policy for policy in policies if not policy.resources]
    for type_ in sorted({type_ for policy in policies for type_ in policy.resources}):
        asking = [policy for policy in policies if type_ in policy.resources]
        yield f"| `{type_}` | {', '.join(_name(policy, criteria) for policy in asking)} |"
    yield f"| all of them together | {', '.join(_name(policy, criteria) for policy in whole)} |"


def _list_policies(policies: list[Policy], criteria: Criteria) -> Iterator[str]:
    yield from ("| policy | what must hold | criterion | severity |", "|---|---|---|---|")
    for policy in policies:
        criterion = criteria[policy.criterion]
        stated = policy.statement.replace("|", "\\|")
        severity = policy.severity or criterion.severity or "–"
        yield f"| {_name(policy, criteria)} | {stated} | `{criterion.id}` | {severity} |"


def _list_controls(policies: list[Policy], criteria: Criteria) -> Iterator[str]:
    for control in sorted({c for each in criteria.values() for c in each.controls if c.startswith(CONTROL)}):
        for criterion in (each for each in criteria.values() if control in each.controls):
            asking = ", ".join(_name(p, criteria) for p in policies if p.criterion == criterion.id)
            named = f"`{criterion.id}` | {criterion.severity or '–'} | {asking or ', '.join(criterion.layers)}"
            yield f"| {control.removeprefix(CONTROL)} | {named} |"


if __name__ == "__main__":
    sys.stdout.write(page())
