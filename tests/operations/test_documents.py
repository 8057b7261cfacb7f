"""The operations documents agree with the criteria and the Terraform."""

import re
from pathlib import Path

import pytest

from prodgate import Criterion
from prodgate.quantities import Quantity
from prodgate.sections.attested import read_terms
from prodgate.sections.project import open_project
from prodgate.semantics.markdown import find_sections, has_section
from prodgate.terraform.evaluate import evaluate

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "operations"
STATED = open_project(ROOT / "criteria.toml").stated
ASKING = {id_: each for id_, each in STATED.criteria.items() if "attested" in each.layers}
ALARMS = ("aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm")

pytestmark = [pytest.mark.once, pytest.mark.xdist_group("production")]


@pytest.mark.parametrize(("objective", "criterion"), [("RTO", "restore-time"), ("RPO", "recovery-point-age")])
def test_the_plan_promises_what_the_criteria_require(objective: str, criterion: str) -> None:
    text = (FOLDER / "disaster-recovery.md").read_text("utf-8")
    (row,) = re.findall(rf"^\| {objective}: [^|]+\| ([^|]+) \| `([\w-]+)` \|$", text, re.MULTILINE)
    bound = STATED.criteria[criterion].bound
    assert (Quantity.parse(row[0]).base, row[1]) == (bound.limit.base, criterion)


def sections_of_alarms() -> list[str]:
    """Every alarm that a section of the runbook covers, once for each mention."""
    alarms = (FOLDER / "runbook.md").read_text("utf-8").split("\n## Alarms\n")[1].split("\n## ")[0]
    return [
        name
        for heading in re.findall(r"^### (.+)$", alarms, re.MULTILINE)
        for name in re.findall(r"`([^`]+)`", heading)
    ]


def test_every_alarm_has_its_section_and_every_section_its_alarm() -> None:
    configuration = evaluate(ROOT / STATED.terraform_root, var_files=[ROOT / each for each in STATED.var_files])
    declared = sorted(each.text("alarm_name") for each in configuration.resources if each.type in ALARMS)
    assert len(declared) > 50
    assert sorted(sections_of_alarms()) == declared


def test_every_section_of_an_alarm_says_something() -> None:
    text = (FOLDER / "runbook.md").read_text("utf-8")
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= set(find_sections(text))


@pytest.mark.parametrize("criterion", ASKING.values(), ids=list(ASKING))
def test_every_criterion_names_a_document_that_is_linked_from_the_front_page(criterion: Criterion) -> None:
    asked = read_terms(criterion)
    document, sections = Path(asked.document), asked.sections
    headings = tuple(re.findall(r"^#+ (.+)$", (ROOT / document).read_text("utf-8"), re.MULTILINE))
    assert sections
    assert all(has_section(headings, each) for each in sections)
    assert f"({document.name})" in (FOLDER / "README.md").read_text("utf-8")


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target, _, heading in (link.partition("#") for link in re.findall(r"\]\(([^):]+)\)", path.read_text("utf-8"))):
        file = path.parent / target if target else path
        assert file.is_file(), target
        names = {
            each.lower().replace(" ", "-") for each in re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
        }
        assert not heading or heading in names, f"{target}#{heading}"


def test_who_is_called_can_be_called() -> None:
    text = (FOLDER / "incidents.md").read_text("utf-8").split("## Who is called")[1].split("\n## ")[0]
    rows = re.findall(r"^\| (?!role|---)[^|]+\| ([^|]+) \|", text, re.MULTILINE)
    assert len(rows) > 4
    assert all("@" in row or "pager" in row or "console" in row for row in rows)
