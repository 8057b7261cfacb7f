"""Print a page of the site: the controls of AWS Foundational Security Best Practices, and the policies that judge each.

python scripts/fsbp_page.py            # tox -e site has it as docs/fsbp.md
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prodgate.criteria import Criteria
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import load_policies
from prodgate.terraform.policy import POLICIES, Policy

ROOT: Final = Path(__file__).parents[1]
SOURCE: Final = ROOT / "scripts" / "fsbp_controls.toml"
CONTROL: Final = "AWS-FSBP:"
HEADER: Final = """# What AWS Foundational Security Best Practices ask

Written by `scripts/fsbp_page.py` from `scripts/fsbp_controls.toml`, `policies/` and `criteria/`. These are
controls that a declaration can answer, in words of our own; those that only a running account shows are not listed.
The list was held to one that others published in December 2025, and to what an account listed of services without use
in September 2026. **{asked} of {all} are asked.** A policy in **bold** is asked of any team by `prodgate check`, the
others where a criteria file says so. It may ask more or less than the control does: `prodgate explain ID` says what.

| control | what it asks | asked of | by |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True)
class Control:
    """One control: its requirement, the types, and why no policy judges it here; empty if one does."""

    id: str
    asks: str
    types: tuple[str, ...]
    because: str = ""


def read_controls() -> tuple[Control, ...]:
    """Return the controls in the order of the file."""
    stated: Mapping[str, list[object]] = tomllib.loads(SOURCE.read_text("utf-8"))
    return tuple(
        Control(id_, str(row[0]), tuple(row[1]) if isinstance(row[1], list) else (), *map(str, row[2:]))
        for id_, row in stated.items()
    )


def find_policies(control: Control, criteria: Criteria) -> tuple[Policy, ...]:
    """Return the policies about one of its types that judge a criterion which names the control."""
    naming = {each.id for each in criteria.values() if CONTROL + control.id in each.controls}
    asking = (each for each in POLICIES.values() if each.criterion in naming and each.file.parent == ROOT / "policies")
    return tuple(sorted((each for each in asking if set(control.types) & set(each.resources)), key=_by_number))


def _by_number(policy: Policy) -> tuple[str, int]:
    area, _, number = policy.id.rpartition("_")
    return area, int(number)


def load() -> Criteria:
    """Return the criteria, with the policies loaded."""
    load_policies((ROOT / "policies",))
    return load_criteria(ROOT / "criteria.toml").criteria


def page() -> str:
    """Return the whole page."""
    criteria, controls = load(), read_controls()
    asked = sum(not each.because for each in controls)
    return HEADER.format(asked=asked, all=len(controls)) + "\n".join(_list_rows(controls, criteria)) + "\n"


def _list_rows(controls: tuple[Control, ...], criteria: Criteria) -> Iterator[str]:
    for each in controls:
        named = [f"**{p.id}**" if criteria[p.criterion].baseline else p.id for p in find_policies(each, criteria)]
        types = ", ".join(f"`{type_}`" for type_ in each.types)
        yield f"| {each.id} | {each.asks} | {types} | {', '.join(named) or f'not asked: {each.because}'} |"


if __name__ == "__main__":
    sys.stdout.write(page())
