"""A drill of a canary sees the result of each run, takes its own dead letters, and leaves everything else alone."""

import json
import re
from contextlib import nullcontext
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest

from prodgate.aws.answers import Absent, Unread, Unreadable
from prodgate.canaries.cleanup import UNDO
from prodgate.canaries.drill import (
    FOLDER,
    KIND,
    CanaryDrill,
    CanaryRun,
    Place,
    drill_canary,
    find_latest_drill,
    mentions,
)
from prodgate.criteria import UsageError
from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import Journal
from prodgate.facts.dags.failures import KilledOrFailed, canary_facts
from prodgate.findings import Undetermined
from tests.prodgate.canaries.fake import DAG, FakeAirflow
from tests.prodgate.rehearsal.emulated import ACCOUNT, REGION, Account
from tests.prodgate.sample_run import ABOUT, CRITERIA, move

pytestmark = pytest.mark.xdist_group("emulator")
QUEUE, TOPIC = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dead", f"arn:aws:sns:{REGION}:{ACCOUNT}:failures"
PLACE = Place(dag_id=DAG, target="rehearsal://", queue=QUEUE, topic=TOPIC)


@pytest.fixture
def account(account: Account) -> Account:
    """An account with a queue of dead letters, and a topic for failures."""
    account("sqs").create_queue(QueueName="dead")
    account("sns").create_topic(Name="failures")
    return account


def url(account: Account) -> str:
    return account("sqs").get_queue_url(QueueName="dead")["QueueUrl"]


def airflow(account: Account, **stated: Any) -> FakeAirflow:
    return FakeAirflow(account, url(account), TOPIC, **stated)


def drilled(
    account: Account, made: Any, told: list[str] | None = None, patience: float = 20, delivery: float = 0
) -> CanaryDrill:
    tell = (told if told is not None else []).append
    return drill_canary(made, account, PLACE, tell, patience=patience, delivery=delivery)


def by_mode(drill: CanaryDrill) -> dict[str, CanaryRun]:
    return {one.mode: one for one in drill.tried}


def waiting(account: Account) -> list[str]:
    found = account("sqs").receive_message(QueueUrl=url(account), MaxNumberOfMessages=10).get("Messages", [])
    return [one["Body"] for one in found]


def test_each_mode_ends_as_it_must_and_nothing_is_left(account: Account) -> None:
    drill = drilled(account, airflow(account), delivery=20)
    seen = by_mode(drill)
    assert drill.flaws == ()
    assert drill.left == ()
    assert [(seen[mode].state, seen[mode].tries) for mode in ("retry", "fail", "kill")] == [
        ("success", 2), ("failed", 2), ("failed", 2),
    ]  # fmt: skip
    assert (seen["retry"].dead_letter, seen["retry"].notice) == (None, None)
    for mode in ("fail", "kill"):
        assert (seen[mode].dead_letters, seen[mode].notices) == (1, 1)
        assert seen[mode].letter_names == seen[mode].notice_names == ("dag", "run", "task")
        assert 0 <= (seen[mode].dead_letter or 0) < 20
    assert waiting(account) == []
    assert [one.rpartition("/")[2] for one in account("sqs").list_queues()["QueueUrls"]] == ["dead"]
    assert account("sns").list_subscriptions()["Subscriptions"] == []


@pytest.mark.slow
@pytest.mark.parametrize("late", ["letter", "notice"])
def test_what_comes_late_is_waited_for(account: Account, late: str) -> None:
    assert drilled(account, airflow(account, late=late), delivery=20).flaws == ()


def test_messages_of_others_stay_and_can_be_seen_at_once(account: Account) -> None:
    other = json.dumps({"dag_id": DAG, "run_id": "prodgate-fail-1234567890ab", "tasks": ["act"]})
    for body in (other, "not JSON"):
        account("sqs").send_message(QueueUrl=url(account), MessageBody=body)
    drilled(account, airflow(account), delivery=20)
    assert sorted(waiting(account)) == sorted([other, "not JSON"])


@pytest.mark.parametrize(
    ("stated", "flaw"),
    [
        ({"letters": {"fail": 1}}, "kill: no dead letter of the run ID"),
        ({"notices": frozenset({"kill"})}, "fail: no notice of the run ID"),
        ({"letters": {"fail": 1, "kill": 1, "retry": 1}}, "retry: a dead letter of the run ID"),
        ({"letters": {"fail": 2, "kill": 1}}, "fail: 2 dead letters of the run ID"),
        ({"states": {"kill": "success"}}, "kill: the run ID is success, and must be failed"),
        ({"states": {"retry": "failed"}}, "retry: the run ID is failed, and must be success"),
        ({"states": {"fail": "running"}}, "fail: the run ID had not ended after"),
    ],
)
def test_what_goes_wrong_is_said(account: Account, stated: dict[str, Any], flaw: str) -> None:
    drill = drilled(account, airflow(account, **stated))
    assert [one for one in drill.flaws if re.sub(r"prodgate-\w+-\w{12}", "ID", one).startswith(flaw)]


def test_a_dead_letter_that_nobody_waits_for_any_more_is_told(account: Account) -> None:
    told: list[str] = []
    drill = drilled(account, airflow(account, letters={"fail": 1}), told)
    assert len(drill.left) == 1
    assert f"in {QUEUE}: it was not there" in drill.left[0]
    assert any("delete it should it come" in line for line in told)


@pytest.mark.parametrize(("until", "left"), [("2020-01-01T00:00:00+00:00", False), ("2999-01-01T00:00:00+00:00", True)])
def test_a_dead_letter_that_is_not_there_may_come_until_its_drill_had_ended(
    account: Account, until: str, left: bool
) -> None:
    with pytest.raises(LookupError, match="may come until 2999") if left else nullcontext():
        UNDO["dead letter"](account, name="of r", queue=QUEUE, run_id="r", until=until)


class Broken(FakeAirflow):
    def __init__(self, *stated: Any, error: Exception, on: str) -> None:
        super().__init__(*stated)
        self.error, self.on = error, on

    def trigger(self, dag_id: str, run_id: str, conf: Any) -> None:
        if self.on == "trigger":
            raise self.error
        super().trigger(dag_id, run_id, conf)

    def runs(self, dag_id: str) -> Any:
        raise self.error


@pytest.mark.parametrize(
    ("on", "error", "reason"),
    [
        ("trigger", Absent("404"), "Airflow knows no DAG 'news_canary'"),
        ("trigger", Unreadable("POST: 403"), "POST: 403"),
        ("runs", Unreadable("GET: 503"), "GET: 503"),
    ],
)
def test_what_can_not_be_read_is_no_verdict(account: Account, on: str, error: Exception, reason: str) -> None:
    drill = drilled(account, Broken(account, url(account), TOPIC, error=error, on=on), patience=0)
    assert all(one.reason.startswith(reason) for one in drill.tried)
    assert drill.flaws
    for fact in canary_facts({**drill.to_json(), "asked": drill.to_json()["started"]}):
        with pytest.raises(Undetermined, match=reason.partition(" ")[0]):
            attrgetter("state")(fact)


def test_a_run_whose_answer_was_lost_is_seen_all_the_same(account: Account) -> None:
    class Deaf(FakeAirflow):
        def trigger(self, dag_id: str, run_id: str, conf: Any) -> None:
            super().trigger(dag_id, run_id, conf)
            raise Unreadable("no answer within 10 s")

    made = Deaf(account, url(account), TOPIC)
    assert drilled(account, made, delivery=20).flaws == ()
    assert sorted(made.modes.values()) == ["fail", "kill", "retry"]


def test_a_queue_that_must_not_be_searched_is_refused(account: Account) -> None:
    sqs = account("sqs")
    sqs.create_queue(QueueName="more")
    policy = json.dumps({"deadLetterTargetArn": f"arn:aws:sqs:{REGION}:{ACCOUNT}:more", "maxReceiveCount": 3})
    sqs.set_queue_attributes(QueueUrl=url(account), Attributes={"RedrivePolicy": policy})
    made = airflow(account)
    with pytest.raises(UsageError, match="has a redrive policy"):
        drilled(account, made)
    assert made.modes == {}


def test_a_crowded_queue_is_refused(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prodgate.canaries.drill.MAX_MESSAGES", 1)
    for _ in range(2):
        account("sqs").send_message(QueueUrl=url(account), MessageBody="other")
    with pytest.raises(UsageError, match="holds 2 messages"):
        drilled(account, airflow(account))


def test_an_interruption_leaves_nothing_behind(account: Account) -> None:
    class Interrupted(FakeAirflow):
        def runs(self, dag_id: str) -> Any:
            super().runs(dag_id)
            super().runs(dag_id)
            raise KeyboardInterrupt

    account("sqs").send_message(QueueUrl=url(account), MessageBody="other")
    with pytest.raises(KeyboardInterrupt):
        drilled(account, Interrupted(account, url(account), TOPIC))
    assert waiting(account) == ["other"]
    assert len(account("sqs").list_queues()["QueueUrls"]) == 1
    assert account("sns").list_subscriptions()["Subscriptions"] == []


@pytest.mark.parametrize(
    ("text", "name", "spoken"),
    [
        ('{"run_id": "a__1+00:00"}', "a__1+00:00", True),
        ('{"run_id": "a__1+00:00"}', "a__1", False),
        ("the task act failed.", "act", True),
        ("exactly", "act", False),
        ("act_2, act.3", "act", False),
        ("anything", "", False),
    ],
)
def test_a_name_is_a_word_of_its_own(text: str, name: str, spoken: bool) -> None:
    assert mentions(text, name) is spoken


def facts(**changed: Any) -> KilledOrFailed:
    one: dict[str, Any] = {
        "mode": "kill", "run_id": "r", "state": "failed", "tries": 2, "reason": "", "dead_letter": 1.25, "dead_letters": 1,
        "letter_names": ["dag", "run"], "notice": 0.5, "notices": 1, "notice_names": ["dag", "run", "task"],
    }  # fmt: skip
    times = {"started": "2026-11-01T00:00:00+00:00", "asked": "2026-11-02T00:00:00+00:00"}
    (fact,) = canary_facts({"dag_id": DAG, **times, "tried": [{**one, **changed}]})
    assert isinstance(fact, KilledOrFailed)
    return fact


def test_a_run_that_was_kept_and_told_has_no_flaw() -> None:
    fact = facts()
    assert (fact.unkept, fact.untold, str(fact.dead_letter), str(fact.notice)) == ("", "", "1.25 s", "0.5 s")
    assert fact.subject == "news_canary: kill"


@pytest.mark.parametrize(
    ("changed", "unkept", "untold"),
    [
        ({"dead_letters": 0, "dead_letter": None, "letter_names": []}, "no message", ""),
        ({"dead_letters": 2}, "", ""),
        ({"letter_names": ["dag"]}, "the message does not name the run", ""),
        ({"notices": 0, "notice": None, "notice_names": []}, "", "no notice"),
        ({"notice_names": ["run"]}, "", "the notice does not name the dag and the task"),
        ({"state": "success"}, "the run is success, and had to fail", "the run is success, and had to fail"),
        ({"state": ""}, "the run is not seen, and had to fail", "the run is not seen, and had to fail"),
        (
            {"disturbed": "others computed", "notices": 0, "notice_names": []},
            "",
            Unread("no notice, while others computed; drill again"),
        ),
    ],
)
def test_what_is_wrong_with_a_run_is_said(changed: dict[str, Any], unkept: str, untold: str | Unread) -> None:
    fact = facts(**changed)
    assert (fact.peek("unkept"), fact.peek("untold")) == (unkept, untold)


TARGET = "aws://prod@ap-northeast-1"


def record(dag_id: str) -> dict[str, Any]:
    return CanaryDrill(
        dag_id=dag_id, target=TARGET, queue="q", topic="t", started="2026-11-26T14:00:00+00:00", tried=()
    ).to_json()


def kept(
    folder: Path, name: str, dag_id: str = "canary", *, target: str = TARGET, kind: str = KIND, closed: bool = True
) -> Path:
    """Keep the record of a drill in a directory whose name sorts as ``name`` does."""
    criteria = folder / "criteria.toml"
    folder.mkdir(parents=True, exist_ok=True)
    criteria.write_text(CRITERIA, "utf-8")
    made = runs.create(folder / FOLDER, {**ABOUT, "target": target}, criteria, folder / "waivers.toml")
    path = move(made, f"2026-11-{name}Z-{made.name[-7:]}")
    Journal.of(path).record_fact("live", kind, dag_id, artifacts.store_json(path, record(dag_id)), target)
    if closed:
        runs.close(path)
    return path


def found(folder: Path) -> str:
    drill = find_latest_drill(folder, TARGET)
    return "" if drill is None else str(drill["dag_id"])


def test_without_a_drill_there_is_none(tmp_path: Path) -> None:
    assert found(tmp_path) == ""


def test_the_newest_of_the_target_counts(tmp_path: Path) -> None:
    kept(tmp_path, "01T000000", "older")
    kept(tmp_path, "02T000000", "newer")
    kept(tmp_path, "03T000000", "elsewhere", target="aws://test@ap-northeast-1")
    kept(tmp_path, "04T000000", "alarm", kind="drill")
    assert found(tmp_path) == "newer"
    assert find_latest_drill(tmp_path, TARGET) == {**record("newer"), "tried": [], "left": []}


def test_a_drill_that_was_cut_off_or_changed_is_none(tmp_path: Path) -> None:
    kept(tmp_path, "01T000000", "whole")
    kept(tmp_path, "02T000000", "cut off", closed=False)
    for file in (kept(tmp_path, "03T000000", "changed") / artifacts.FOLDER).glob("*.json.gz"):
        file.write_bytes(b"changed")
    (kept(tmp_path, "04T000000", "broken") / "run.json").write_text("{}", "utf-8")
    assert found(tmp_path) == "whole"
