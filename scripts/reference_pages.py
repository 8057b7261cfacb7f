"""Generated pages of the site: policies, checks, the API, attacks, the resources that rehearsals create.

They state the same as `prodgate explain`, from the same source, so that nobody has to maintain them.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

import api_reference
import attacks_page
import fsbp_page
import policies_page

from prodgate.checks import Check
from prodgate.commands.explaining import load_checks, pick_examples
from prodgate.commands.tracing import list_built_in
from prodgate.criteria import LAYERS, Criteria, Criterion
from prodgate.rehearsal.adapters import ADAPTERS
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import load_policies
from prodgate.terraform.policy import POLICIES, Policy

ROOT = Path(__file__).parents[1]
#: The subject of an area's policies, by the middle of their ids.
AREAS = {
    "API": "APIs", "AUTH": "Signing in", "COST": "Cost", "DEP": "Deployment", "EDGE": "Edge", "ENC": "Encryption",
    "ENV": "Environment", "EVID": "Evidence", "IAM": "Identity and permissions", "MAIL": "Mail", "NET": "Network",
    "OBS": "Observability", "PIPE": "Pipelines", "REC": "Recovery", "RUN": "Containers and machines", "SEC": "Secrets",
    "SIZE": "Sizing", "WATCH": "Detection",
}  # fmt: skip


def pages() -> Mapping[str, str]:
    """Return the text of each page by its path from the top of the site."""
    criteria = load_criteria(ROOT / "criteria.toml").criteria
    load_policies((ROOT / "policies",))
    policies = sorted((p for p in POLICIES.values() if p.file.parent == ROOT / "policies"), key=policies_page.in_order)
    made = {f"docs/reference/policies/{area.lower()}.md": text for area, text in _by_area(policies, criteria)}
    broken: dict[Path, str] = {}
    checks = list(load_checks(ROOT, broken))
    if broken:
        raise ImportError(f"a page without these would say too little: {broken}")
    made |= {f"docs/reference/checks/{layer}.md": text for layer, text in _by_layer(checks, criteria)}
    return {
        **made,
        "docs/api.md": api_reference.page(),
        "docs/attacks.md": attacks_page.page(),
        "docs/fsbp.md": fsbp_page.page(),
        "docs/policies.md": policies_page.page(),
        "docs/reference/policies/README.md": _contents("Policies by area", made, "policies"),
        "docs/reference/checks/README.md": _contents("Checks by layer", made, "checks"),
        "docs/reference/rehearsal-types.md": _rehearsal_types(),
        "docs/reference/criteria.md": _criteria(),
        "docs/decisions/README.md": _decisions(),
    }


def _area(policy: Policy) -> str:
    return policy.id.split("_")[1]


def _by_area(policies: Iterable[Policy], criteria: Criteria) -> Iterator[tuple[str, str]]:
    for area, group in groupby(policies, _area):
        lines = [f"# {AREAS[area]}: what policies ask", ""]
        for policy in group:
            lines += [*_policy(policy, criteria[policy.criterion]), ""]
        yield area, "\n".join(lines)


def _policy(policy: Policy, criterion: Criterion) -> Iterator[str]:
    yield from (f"## {policy.id}", "", policy.statement, "")
    if policy.why:
        yield from (policy.why, "")
    yield from _asked(criterion, policy.remedy, policy.severity)
    yield f"- applies to {', '.join(f'`{each}`' for each in policy.resources) or 'the whole configuration'}"
    titles = ("Before, which violates it:", "After:")
    for title, text in zip(titles, pick_examples(policy, (ROOT / "policies" / "examples",)), strict=True):
        if text:
            yield from ("", title, "", "```hcl", text, "```")


def _asked(criterion: Criterion, remedy: str, severity: str = "") -> Iterator[str]:
    """Return the criterion and its bound: the part that a policy and a check have in common."""
    yield f"- criterion `{criterion.id}`: {criterion.statement}"
    yield f"- because: {criterion.why}"
    if criterion.bound:
        yield f"- decided by `{criterion.bound}`"
    if said := remedy or criterion.remedy:
        yield f"- remedy: {said}"
    if severity or criterion.severity:
        yield f"- severity: {severity or criterion.severity}"
    yield f"- asked by {', '.join((criterion.source, *criterion.controls))}"


def _by_layer(checks: Iterable[Check], criteria: Criteria) -> Iterator[tuple[str, str]]:
    asked = sorted(checks, key=lambda check: (_layer(check), check.criterion, check.name))
    for layer, group in groupby(asked, _layer):
        lines = [f"# Checks of the {layer} layer", ""]
        for check in group:
            lines += [f"## {check.name}", "", check.question, ""]
            lines += [check.why, ""] if check.why else []
            lines += [*_asked(criteria[check.criterion], check.remedy), f"- asks for `{check.kind.__name__}`", ""]
        yield layer, "\n".join(lines)


def _layer(check: Check) -> str:
    """Return the layer whose facts a check requests."""
    return check.kind.__module__.removeprefix("prodgate.facts.").partition(".")[0]


def _contents(title: str, made: Mapping[str, str], folder: str) -> str:
    rows = [
        f"- [{text.splitlines()[0].removeprefix('# ')}]({Path(path).name}): {text.count(f'{chr(10)}## ')}"
        for path, text in made.items()
        if f"/{folder}/" in path
    ]
    return "\n".join([f"# {title}", "", "Each with why it matters, who asks for it, and what to do.", "", *rows, ""])


def _criteria() -> str:
    """Return what ``prodgate criteria`` lists."""
    parts = ["# Every criterion that comes with the gate", "", "`prodgate criteria` prints the same.", ""]
    for layer, group in groupby(list_built_in(LAYERS), lambda each: (each["layer"], each["needs"])):
        parts += [
            f"## {layer[0]}",
            "",
            f"Needs {layer[1]}.",
            "",
            "| criterion | bound | statement | judged by |",
            "|---|---|---|---|",
        ]
        for each in group:
            bound, judges = f"{each['bound']}", ", ".join(each["judges"])
            taken = f'{bound}; `extends = "{each["extends"]}"`' if each["extends"] else bound
            parts.append(f"| `{each['id']}` | {taken} | {each['statement']} | {judges} |".replace("\n", " "))
        parts.append("")
    return "\n".join(parts)


def _rehearsal_types() -> str:
    rows = [f"- `{each}`" for each in sorted(ADAPTERS)]
    said = (
        "A rehearsal creates resources of these types in an emulated account. One of another type is named in the "
        "report, and what depends on it is undetermined ([the layer of accounts](../live.md#on-a-rehearsal))."
    )
    return "\n".join(["# What a rehearsal can create", "", said, "", *rows, ""])


def _decisions() -> str:
    files = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    rows = [f"- [{file.read_text('utf-8').splitlines()[0].removeprefix('# ')}]({file.name})" for file in files]
    return "\n".join(["# Decisions", "", "What somebody will question, and why it is as it is.", "", *rows, ""])
