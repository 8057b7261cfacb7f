"""What ``prodgate check`` prints: the worst first, why it matters, and what it comes to."""

import json
from datetime import UTC, datetime

import pytest

from prodgate.commands.showing import Form, show
from prodgate.criteria import Scope
from prodgate.findings import Outcome
from prodgate.verdict import Verdict, decide

from .samples import criterion, finding

LOW = criterion("small", severity="low", bound=None, where_present=True, controls=("AWS-FSBP:SQS.1",))
BAD = criterion("grave", severity="critical", bound=None, where_present=True, why="It is lost.")
BARE = criterion("bare", bound=None, where_present=True, source="OUR-3")


def judged(*named: tuple[str, Outcome]) -> Verdict:
    found = [finding(o, criterion=id_, check=f"OUR_{id_}", observed="x", remedy="Mend it.") for id_, o in named]
    stated = {each.id: each for each in (LOW, BAD, BARE)}
    asked = {id_: stated[id_] for id_, _ in named}
    return decide(asked, found, [], datetime(2026, 12, 1, tzinfo=UTC), Scope(layers=frozenset({"static"})))


@pytest.fixture
def verdict() -> Verdict:
    return judged(("small", Outcome.NOT_SATISFIED), ("bare", Outcome.NOT_SATISFIED), ("grave", Outcome.NOT_SATISFIED))


def test_the_worst_comes_first_and_is_counted_by_severity(verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    assert show(verdict, Form("live")) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("]")[0] for line in lines if "[OUR" in line] == [
        "not-satisfied: [OUR_grave", "not-satisfied: [OUR_small", "not-satisfied: [OUR_bare",
    ]  # fmt: skip
    assert lines[-2] == "not-satisfied by severity: 1 critical, 1 low, 1 of no stated severity"
    assert not any("why:" in line for line in lines)


def test_why_it_matters_is_said_where_it_is_asked_for(verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    show(verdict, Form("live", explains=True))
    said = capsys.readouterr().out.split("not-satisfied: ")
    assert said[1].splitlines()[1:] == [
        "    remedy: Mend it.",
        "    why: It is lost.",
        "    severity: critical",
        "    source: OPS-2",
        "    more: prodgate explain grave",
    ]
    assert "    source: AWS-FSBP:SQS.1\n" in said[2]
    assert "severity" not in said[3].split("NO-GO")[0]
    assert "    source: OUR-3\n" in said[3]


def test_machines_are_told_the_severity(verdict: Verdict, capsys: pytest.CaptureFixture[str]) -> None:
    show(verdict, Form("live", as_json=True))
    rows = json.loads(capsys.readouterr().out)["findings"]
    assert {row["criterion"]: row["severity"] for row in rows} == {"grave": "critical", "small": "low", "bare": None}


def test_what_holds_has_no_severity(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(judged(("grave", Outcome.SATISFIED)), Form("live")) == 0
    assert "severity" not in capsys.readouterr().out
