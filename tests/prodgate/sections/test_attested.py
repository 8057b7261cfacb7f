"""What criteria ask of records, and the section [attested]."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.criteria import CriteriaError
from prodgate.quantities import Quantity
from prodgate.sections.attested import AttestedSection
from prodgate.sections.criteria_file import parse_criteria

FILE = Path("criteria.toml")
VALID = """
system = "shop"

[attested]
folder = "people/records"
due = "14 d"

[criteria.runbook]
statement = { en = "A runbook exists.", ja = "手順書がある。" }
why = "Somebody is on call."
require = "<= 365 d"
source = "OPS-3"
layers = ["attested"]
document = { path = "docs/runbook.md", sections = ["Alarms"] }
attested_by = 2
shown_by = "rollout"

[criteria.backups]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
require = ">= 30 d"
source = "OPS-2"
layers = ["static"]
"""


def test_what_is_asked_of_a_record_is_read() -> None:
    stated = parse_criteria(VALID, FILE)
    assert stated.attested == AttestedSection(folder="people/records", due=Quantity.days(14))
    runbook, backups = stated.criteria["runbook"], stated.criteria["backups"]
    assert (runbook.attested_by, runbook.document, runbook.sections, runbook.shown_by) == (
        2,
        "docs/runbook.md",
        ("Alarms",),
        "rollout",
    )
    assert (backups.attested_by, backups.document, backups.sections, backups.shown_by) == (1, "", (), "")


def test_records_are_in_attestations_and_due_within_a_month_unless_something_else_is_stated() -> None:
    stated = parse_criteria(
        VALID.replace("[attested]", "").replace('folder = "people/records"', "").replace('due = "14 d"', ""), FILE
    )
    assert stated.attested == AttestedSection(folder="attestations", due=Quantity.days(30))


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('folder = "people/records"', 'foldr = "x"', "attested.foldr: is not a key; did you mean 'folder'?"),
        ('folder = "people/records"', "folder = 3", "attested.folder: is 3; write a folder of the project"),
        ('folder = "people/records"', 'folder = "../records"', "attested.folder: is '../records'; write a folder"),
        ('folder = "people/records"', 'folder = "/records"', "attested.folder: is '/records'; write a folder"),
        ('folder = "people/records"', 'folder = "people/./records"', "attested.folder: is 'people/./records'"),
        ('folder = "people/records"', 'folder = "people//records"', "attested.folder: is 'people//records'"),
        ('due = "14 d"', 'due = "14 MB"', "attested.due: 'MB' is not a unit"),
        ('due = "14 d"', "due = 14", "attested.due: is 14; write a time"),
        ("attested_by = 2", "attested_by = 3", "criteria.runbook.attested_by: is 3; write a number from 1 to 2"),
        ("attested_by = 2", "attested_by = 0", "criteria.runbook.attested_by: is 0; write a number from 1 to 2"),
        ("attested_by = 2", "attested_by = true", "criteria.runbook.attested_by: is True; write a whole number"),
        ('shown_by = "rollout"', 'shown_by = "rolout"', "criteria.runbook.shown_by: 'rolout' is no layer that a run judges; did you mean 'rollout'?"),
        ('shown_by = "rollout"', 'shown_by = "attested"', "criteria.runbook.shown_by: 'attested' is no layer that a run judges"),
        ('path = "docs/runbook.md"', 'path = "../runbook.md"', "criteria.runbook.document.path: is '../runbook.md'; write the path of a file"),
        ('path = "docs/runbook.md"', 'path = "/etc/passwd"', "criteria.runbook.document.path: is '/etc/passwd'"),
        ('path = "docs/runbook.md", ', "", "criteria.runbook.document.path: is None"),
        ('path = "docs/runbook.md"', 'file = "docs/runbook.md"', "criteria.runbook.document.file: is not a key"),
        ('sections = ["Alarms"]', 'sections = "Alarms"', "criteria.runbook.document.sections: is 'Alarms'; write the headings"),
        ('sections = ["Alarms"]', 'sections = ["-"]', "criteria.runbook.document.sections: is ['-']"),
        ('sections = ["Alarms"]', 'sections = ["A", "A"]', "criteria.runbook.document.sections: is ['A', 'A']"),
        ('document = { path = "docs/runbook.md", sections = ["Alarms"] }', 'document = "docs/runbook.md"', "criteria.runbook.document: is 'docs/runbook.md'; write a table"),
        ('require = "<= 365 d"', 'require = ">= 365 d"', "criteria.runbook.require: is '>= 365 d', which bounds no age"),
        ('require = "<= 365 d"', 'require = "<= 365"', "criteria.runbook.require: is '<= 365', which bounds no age"),
        ('require = "<= 365 d"', 'require = "== 1 d"', "criteria.runbook.require: is '== 1 d', which bounds no age"),
        ('require = "<= 365 d"', "require = \"== 'done'\"", "which bounds no age"),
        ('require = "<= 365 d"', 'require = "<= {backups}"', "which bounds no age"),
        ('layers = ["static"]', 'layers = ["static"]\nattested_by = 2', "criteria.backups.attested_by: speaks of a record, and 'attested' is not among the layers"),
        ('layers = ["static"]', 'layers = ["static"]\nshown_by = "load"', "criteria.backups.shown_by: speaks of a record"),
        ('layers = ["static"]', 'layers = ["static"]\ndocument = { path = "a.md" }', "criteria.backups.document: speaks of a record"),
        ('layers = ["static"]', 'layers = ["static", "attested"]', "criteria.backups.require: is '>= 30 d', which bounds no age"),
    ],
)  # fmt: skip
def test_each_mistake_says_what_to_write(before: str, after: str, message: str) -> None:
    assert before in VALID
    with pytest.raises(CriteriaError) as refused:
        parse_criteria(VALID.replace(before, after), FILE)
    assert message in str(refused.value)


def test_a_folder_that_is_no_table_is_a_mistake() -> None:
    with pytest.raises(CriteriaError, match=r"attested: is not a table"):
        parse_criteria("attested = 3\n" + VALID.replace("[attested]", "[load]"), FILE)
