"""The worked example holds, and each fault of a record flips exactly its criterion."""

import errno
import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.testing import Outcome

from .worked_example import RECORDED, Example, copy_example

AWS = "aws://prod@ap-northeast-1"
NOT_SATISFIED, UNDETERMINED = Outcome.NOT_SATISFIED, Outcome.UNDETERMINED
SECOND = '\n[second]\nname = "Rehearsal Reviewer <reviewer@nba-news.example>"\nrole = "Stands for the second person"\n'
DEFERRED = "alarm-thresholds-reviewed"
#: Reviews of what production did, of which a rehearsal has no record.
OF_PRODUCTION = {DEFERRED, "dag-runs-reviewed", "tuned-after-launch"}


def moment(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")


def dated(criterion: str, made: float, ends: float, *, real: bool = True) -> Callable[[Example], None]:
    """Date a record by days from now, and let it count everywhere."""

    def change(example: Example) -> None:
        if real:
            example.record(criterion, "rehearsal = true\n", "")
        example.record(criterion, 'when = "rehearsal"', f"when = {moment(made)}")
        example.record(criterion, 'valid_until = "rehearsal"', f"valid_until = {moment(ends)}")

    return change


def edited(criterion: str, old: str, new: str) -> Callable[[Example], None]:
    return lambda example: example.record(criterion, old, new)


def attested_anew(criterion: str, document: str, old: str, new: str) -> Callable[[Example], None]:
    """Change a document, and record its new digest."""

    def change(example: Example) -> None:
        path = example.root / document
        before = hashlib.sha256(path.read_bytes()).hexdigest()
        example.edit(document, old, new)
        example.record(criterion, before, hashlib.sha256(path.read_bytes()).hexdigest())

    return change


def removed(path: str) -> Callable[[Example], None]:
    return lambda example: (example.root / path).unlink()


def linked(path: str) -> Callable[[Example], None]:
    """Put a link in place of a file, to the same text beside it."""

    def change(example: Example) -> None:
        file = example.root / path
        file.rename(file.with_name("elsewhere.txt"))
        file.symlink_to("elsewhere.txt")

    return change


def piped(path: str) -> Callable[[Example], None]:
    def change(example: Example) -> None:
        (example.root / path).unlink()
        os.mkfifo(example.root / path)

    return change


def copied(source: str, target: str) -> Callable[[Example], None]:
    return lambda example: (example.root / target).write_bytes((example.root / source).read_bytes()) and None


@dataclass(frozen=True)
class Wrong:
    what: str
    criterion: str
    by: Callable[[Example], None]
    says: str
    outcome: Outcome = NOT_SATISFIED
    remedy: str = "prodgate attest "


RUNBOOK = "attestations/runbook.toml"
WRONG = (
    Wrong("missing", "runbook", removed(RUNBOOK), "no attestations/runbook.toml"),
    Wrong("expired", "runbook", dated("runbook", -40, -1), "it expired on "),
    Wrong("older than the bound", "cost-audit", dated("cost-audit", -93, 30), "93.01 d"),
    Wrong("far in the past, with a long life", "runbook", dated("runbook", -4000, 4000), "4000.01 d"),
    Wrong("dated tomorrow", "runbook", dated("runbook", 1, 30), "which is still to come", UNDETERMINED, "Mend attestations/runbook.toml"),
    Wrong("document changed since", "incident-process", lambda example: example.edit("docs/operations/incidents.md", "15 minutes", "16 minutes"), "docs/operations/incidents.md was changed since"),
    Wrong("document gone", "incident-process", removed("docs/operations/incidents.md"), "docs/operations/incidents.md: there is no such file", remedy="Keep docs/operations/incidents.md"),
    Wrong("document is a link", "incident-process", linked("docs/operations/incidents.md"), "docs/operations/incidents.md: it is a link"),
    Wrong("document is a pipe", "incident-process", piped("docs/operations/incidents.md"), "docs/operations/incidents.md: it is no regular file"),
    Wrong("digest of another file", "runbook", edited("runbook", 'sha256 = "', f'sha256 = "{hashlib.sha256(b"other").hexdigest()}"\n#'), "docs/operations/runbook.md was changed since"),
    Wrong("another document", "runbook", edited("runbook", 'path = "docs/operations/runbook.md"', 'path = "docs/operations/README.md"'), "docs/operations/runbook.md was not looked at"),
    Wrong("section without a word", "incident-process", attested_anew("incident-process", "docs/operations/incidents.md", "## Afterwards\n", "## Afterwards\n<!-- later -->\n## Notes\n"), "docs/operations/incidents.md says nothing under 'Afterwards'", remedy="Write that section"),
    Wrong("section gone", "rollback-procedure", attested_anew("rollback-procedure", "docs/operations/rollback.md", "## Database\n", "## Data\n"), "says nothing under 'Database'"),
    Wrong("one person of two", "security-audit", edited("security-audit", SECOND, ""), "one person stands for it", remedy="under [second]"),
    Wrong("the same person twice", "security-audit", edited("security-audit", "Rehearsal Reviewer <reviewer@nba-news.example>", "Rehearsal Lead <lead@nba-news.example>"), "are the same person", remedy="Name another person under [second]"),
    Wrong("the same person in capitals", "security-audit", edited("security-audit", "Rehearsal Reviewer <reviewer@nba-news.example>", "LEAD, Rehearsal"), "are the same person", remedy="Name another person under [second]"),
    Wrong("the same person with an accent", "security-audit", edited("security-audit", "Rehearsal Reviewer <reviewer@nba-news.example>", "R\u00e9hearsal Lead"), "are the same person", remedy="Name another person under [second]"),
    Wrong("the same person at another address", "security-audit", edited("security-audit", "Rehearsal Reviewer <reviewer@", "Rehearsal Lead <other@"), "are the same person", remedy="Name another person under [second]"),
    Wrong("the same address", "security-audit", edited("security-audit", "Rehearsal Reviewer <reviewer@", "Rehearsal Reviewer <lead+2@"), "are the same person", remedy="Name another person under [second]"),
    Wrong("self-approved where one person is enough", "runbook", edited("runbook", "\n[[documents]]", SECOND.replace("Reviewer <reviewer@", "Lead <lead@") + "\n[[documents]]"), "are the same person", remedy="Name another person under [second]"),
    Wrong("about another criterion", "runbook", edited("runbook", 'criterion = "runbook"', 'criterion = "restore-test"'), "it is about 'restore-test', not about this criterion", remedy="Name the file restore-test.toml"),
    Wrong("a run that is not there", "cost-audit", edited("cost-audit", 'valid_until = "rehearsal"', 'valid_until = "rehearsal"\nruns = ["2026-11-24T130000Z-3f2a9c1"]'), "run 2026-11-24T130000Z-3f2a9c1: there is no such run in runs/", remedy="Name a run that ended in GO"),
    Wrong("no run to show for it", "migration-rehearsed-on-staging", dated("migration-rehearsed-on-staging", -1, 20), "no gate run shows it that judged the rollout layer", remedy="--run ID"),
    Wrong("two records", "runbook", copied(RUNBOOK, "attestations/runbook-2.toml"), "speak of the same criterion, and only one can hold", UNDETERMINED, "Keep one of"),
    Wrong("no TOML", "runbook", edited("runbook", "[by]", "[by"), "is not TOML", UNDETERMINED, "Mend attestations/runbook.toml"),
    Wrong("unknown key", "runbook", edited("runbook", "rehearsal = true", "rehearsal = true\nrehersal = true"), "rehersal: is not a key; did you mean 'rehearsal'?", UNDETERMINED, "Mend"),
    Wrong("time without a zone", "runbook", edited("runbook", 'when = "rehearsal"', "when = 2026-11-01T10:00:00"), "when: has no zone", UNDETERMINED, "Mend"),
    Wrong("as old as the rehearsal, and yet for real", "runbook", edited("runbook", "rehearsal = true\n", ""), "in a record that counts elsewhere, too", UNDETERMINED, "Mend"),
    Wrong("document outside of the project", "runbook", edited("runbook", "docs/operations/runbook.md", "../runbook.md"), "write the path of a file inside the project", UNDETERMINED, "Mend"),
    Wrong("a link in place of the record", "runbook", linked(RUNBOOK), "is a link; write the record itself", UNDETERMINED, "Mend"),
    Wrong("a name of another case", "runbook", lambda example: (example.root / RUNBOOK).rename(example.root / "attestations/Runbook.toml") and None, "attestations/Runbook.toml, whose name is another", remedy="Rename attestations/Runbook.toml to attestations/runbook.toml"),
)  # fmt: skip


@pytest.fixture
def example(tmp_path: Path) -> Example:
    return copy_example(tmp_path)


def test_every_record_of_the_worked_example_holds_in_a_rehearsal(example: Example) -> None:
    found = example.judge()
    assert {id_: each.outcome for id_, each in found.items()} == {
        **dict.fromkeys(OF_PRODUCTION, UNDETERMINED), **dict.fromkeys(RECORDED, Outcome.SATISFIED)
    }  # fmt: skip
    assert len(RECORDED) == 10
    assert all("unsigned, made for rehearsals" in found[id_].observed for id_ in RECORDED)
    assert {found[id_].needs for id_ in OF_PRODUCTION} == {"production"}


def test_none_of_them_counts_on_a_real_account(example: Example) -> None:
    found = example.judge(AWS)
    assert {each.outcome for each in found.values()} == {NOT_SATISFIED}
    assert all("made for rehearsals" in found[id_].observed for id_ in RECORDED)
    assert found[DEFERRED].observed == "no attestations/alarm-thresholds-reviewed.toml"


@pytest.mark.parametrize("wrong", WRONG, ids=lambda wrong: wrong.what)
def test_each_way_to_be_wrong_flips_exactly_its_criterion(example: Example, wrong: Wrong) -> None:
    before = example.judge()
    wrong.by(example)
    after = example.judge()
    assert {id_ for id_ in after if after[id_].outcome is not before[id_].outcome} == {wrong.criterion}
    found = after[wrong.criterion]
    assert found.outcome is wrong.outcome
    assert wrong.says in f"{found.observed} {found.reason}"
    assert wrong.remedy in found.remedy
    assert not found.needs


@pytest.mark.parametrize("target", ["rehearsal://", AWS])
def test_a_real_record_counts_everywhere(example: Example, target: str) -> None:
    dated("runbook", -12, 300)(example)
    found = example.judge(target)["runbook"]
    assert found.outcome is Outcome.SATISFIED
    assert found.observed.startswith("12.01 d old, valid until ")
    assert found.observed.endswith("unsigned")
    assert found.where == ("attestations/runbook.toml:1",)


def test_a_record_for_rehearsals_may_be_dated_and_then_ends(example: Example) -> None:
    dated("runbook", -12, 300, real=False)(example)
    assert example.judge()["runbook"].outcome is Outcome.SATISFIED
    assert example.judge(AWS)["runbook"].outcome is NOT_SATISFIED


def test_what_production_alone_can_show_is_judged_in_a_rehearsal_once_it_is_recorded(example: Example) -> None:
    record = (example.root / "attestations" / "cost-audit.toml").read_text("utf-8")
    text = record.replace("cost-audit", DEFERRED).replace(
        f"docs/operations/{DEFERRED}", "docs/operations/alarm-thresholds-review"
    )
    (example.root / "attestations" / f"{DEFERRED}.toml").write_text(text, "utf-8")
    assert example.judge()[DEFERRED].needs == "production"
    dated(DEFERRED, -100, 30)(example)
    found = example.judge()[DEFERRED]
    assert (found.outcome, found.needs) == (NOT_SATISFIED, "")
    assert "says nothing under 'Alarms that fired', 'Alarms that never fired', 'Changes'" in found.observed


def test_what_production_alone_can_show_is_not_put_off_when_its_record_is_illegible(example: Example) -> None:
    (example.root / "attestations" / f"{DEFERRED}.toml").write_text("criterion = 3", "utf-8")
    found = example.judge()[DEFERRED]
    assert (found.outcome, found.needs) == (UNDETERMINED, "")


@pytest.mark.parametrize("path", [RUNBOOK, "docs/operations/runbook.md"])
def test_what_may_not_be_read_is_undetermined(example: Example, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = os.open

    def deny(file: Any, flags: int, *rest: Any, **named: Any) -> int:
        if str(file) == str(example.root / path):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return opened(file, flags, *rest, **named)

    monkeypatch.setattr(os, "open", deny)
    found = example.judge()
    assert {id_ for id_, each in found.items() if each.outcome is UNDETERMINED} == {"runbook", *OF_PRODUCTION}
    assert "cannot be read: Permission denied" in found["runbook"].reason


def test_a_folder_that_is_a_link_leaves_all_undetermined(example: Example) -> None:
    (example.root / "attestations").rename(example.root / "elsewhere")
    (example.root / "attestations").symlink_to("elsewhere")
    found = example.judge()
    assert {(each.outcome, each.needs) for each in found.values()} == {(UNDETERMINED, "")}
    assert {each.reason for each in found.values()} == {
        "attestations: is a link, or stands behind one; name the folder itself"
    }


def test_without_a_folder_all_are_missing(example: Example) -> None:
    for path in (example.root / "attestations").iterdir():
        path.unlink()
    (example.root / "attestations").rmdir()
    assert {id_ for id_, each in example.judge().items() if each.outcome is NOT_SATISFIED} == RECORDED
