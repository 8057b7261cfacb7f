"""The boundary before a team's judges: whatever comes over the pipe, the gate compares for itself, and ends."""

import json
import math
import os
import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal
from importlib import import_module
from io import FileIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

import prodgate.facts as kinds
from prodgate import Criterion
from prodgate.aws import actions
from prodgate.aws.account import Account
from prodgate.aws.answers import Unread, Unreadable
from prodgate.checks import Check
from prodgate.criteria import UsageError
from prodgate.estimates import Estimate
from prodgate.evidence.journal import NAME, Journal, load
from prodgate.facts import Fact, Facts
from prodgate.facts.live.databases import Deletable
from prodgate.findings import Finding, Outcome
from prodgate.quantities import UNITS, Bound, Quantity
from prodgate.run import team as teams
from prodgate.run.boundary import LONGEST, Calling, decode, encode, freeze, thaw
from prodgate.run.judging import judge
from prodgate.run.planning import plan_judges
from prodgate.run.team import Offer, RemoteJudge, Team, judge_by_policies, leave_unjudged
from prodgate.semantics.unresolved import Assumed
from prodgate.terraform.policy import apply
from prodgate.terraform.resources import REDACTED, UNKNOWN, Configuration, Resource

from ..samples import criterion
from .gated import CHECK, HEADER, opened, write as write_project

KEPT = criterion("kept", bound=Bound.parse(">= 30 d"))
ABOUT = {"file": "x.py", "line": 1, "module": "x", "doc": "Is it kept?", "several": False}
ENDED = {"word": "ended", "about": 1, "how": "returned"}
ENOUGH = {"word": "require", "about": 1, "observed": {"magnitude": "30", "unit": "d"}, "samples": None}


# ── Lines


@contextmanager
def scripted(data: bytes) -> Iterator[Team]:
    """Yield a process that wrote ``data``, and then closed its pipe."""
    ended: Any = SimpleNamespace(wait=lambda _: 0)
    with (
        FileIO(os.devnull, "wb") as requests,
        FileIO(os.memfd_create("lines"), "w+b") as lines,
        pytest.MonkeyPatch.context() as patched,
    ):
        patched.setattr(teams, "end_group", lambda *_: None)
        patched.setattr(teams, "reads", lambda *_: None)
        lines.write(data)
        lines.seek(0)
        yield Team(ended, Calling(requests, lines, 5.0))


def hear(data: bytes, stated: Criterion = KEPT) -> Finding:
    """Judge a fact by a judge whose process wrote ``data``; return its first fault."""
    with scripted(data) as team:
        check = Check(
            criterion=stated.id, remedy="r", measures="time", population=1, kind=Fact, takes_fact="subject",
            takes_criterion="criterion", fixtures=(), function=RemoteJudge(team, "test_it", ABOUT),
        )  # fmt: skip
        found, *_ = judge(check, stated, Facts((Fact(subject="it"),)), layer="static", fixtures={})
    return found


def write(*lines: object) -> bytes:
    return b"".join(each if isinstance(each, bytes) else json.dumps(each).encode() + b"\n" for each in lines)


NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([10**400, -1, 0, 1e308, math.nan, math.inf]))
TEXTS = st.text(max_size=20) | st.sampled_from(["30", "NaN", "-Infinity", "1E+999999999", "1E-999999999", "x" * 9999])
PLAIN = st.none() | st.booleans() | NUMBERS | TEXTS
QUANTITIES = st.fixed_dictionaries({"magnitude": TEXTS | PLAIN, "unit": st.sampled_from([*UNITS, "x"]) | PLAIN})
ESTIMATES = st.fixed_dictionaries({each.name: QUANTITIES | PLAIN for each in fields(Estimate)})
VALUES = (
    QUANTITIES
    | ESTIMATES
    | st.recursive(
        PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=6
    )
)
WORDS = st.sampled_from(
    ["require", "hold", "exclude", "cover", "doubt", "aside", "ended", "offered", "pages", "observed", "", "__init__"]
)
MEMBERS = st.fixed_dictionaries(
    {"word": WORDS, "about": st.sampled_from([1, 1, 1, 1, 0, 2, "1", None])},
    optional=dict.fromkeys(("observed", "samples", "ok", "expected", "held", "aspect", "premise", "found", "reason", "reads", "words", "needs", "how", "outcome"), VALUES),
)  # fmt: skip
SOUND = st.sampled_from(
    [
        ENOUGH,
        {**ENOUGH, "about": 2},
        {**ENOUGH, "observed": {"magnitude": "7", "unit": "d"}},
        {"word": "hold", "about": 1, "ok": True, "expected": "a", "observed": "b", "held": "", "aspect": "", "premise": False},
        {"word": "hold", "about": 1, "ok": False, "expected": "a", "observed": "b", "held": "", "aspect": "", "premise": True},
        {"word": "exclude", "about": 1, "found": [], "expected": "a", "observed": "{}"},
        {"word": "exclude", "about": 1, "found": ["x"], "expected": "a", "observed": "{}"},
        {"word": "aside", "about": 1, "reason": "not needed"},
        {"word": "ended", "about": 1, "how": "concluded", "outcome": "satisfied"},
        {"word": "ended", "about": 1, "how": "concluded", "outcome": "waived"},
        {"word": "ended", "about": 1, "how": "concluded", "outcome": "not-applicable", "reason": "mine"},
        {"word": "ended", "about": 1, "how": "unresolved"},
    ]
)  # fmt: skip
GARBAGE = st.binary(max_size=40).map(lambda data: data + b"\n")
LINES = st.lists(SOUND, max_size=3) | st.lists(SOUND | MEMBERS | VALUES | GARBAGE, max_size=6)


def holds(line: Any) -> bool | None:
    """Whether a line may say something that the gate finds to hold; None for what says nothing for or against."""
    if not isinstance(line, dict) or line.get("about") != 1:
        return False
    match line["word"]:
        case "require":
            with suppress(Exception):
                seen = decode(line["observed"])
                return seen.is_within(KEPT.bound) if isinstance(seen, Estimate) else KEPT.bound.admits(seen)  # type: ignore[union-attr,arg-type]
        case "hold":
            return line.get("ok") is True
        case "exclude":
            return line.get("found") in ([], {}, "")
        case "aside":
            return None
    return False


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(LINES)
def test_no_line_makes_a_judge_hold_that_compared_nothing_here(lines: Sequence[Any]) -> None:
    heard = lines[
        : next(
            (at for at, each in enumerate(lines) if isinstance(each, dict) and each.get("word") == "ended"), len(lines)
        )
    ]
    found = hear(write(*lines, ENDED))
    compared = [told for each in heard if (told := holds(each)) is not None]
    if found.outcome is Outcome.SATISFIED:
        assert compared
        assert all(compared)
    assert found.outcome is not Outcome.WAIVED
    assert len(str(found)) < LONGEST * 2


@pytest.mark.parametrize(
    ("lines", "outcome", "says"),
    [
        ((ENOUGH, ENDED), Outcome.SATISFIED, ""),
        (({**ENOUGH, "observed": {"magnitude": "29", "unit": "d"}}, ENOUGH, ENDED), Outcome.NOT_SATISFIED, ""),
        ((ENDED,), Outcome.UNDETERMINED, "ended without comparing anything"),
        (({**ENOUGH, "about": 7}, ENOUGH, ENDED), Outcome.UNDETERMINED, "a subject that was judged before"),
        ((ENOUGH, {"word": "hold", "about": 1, "ok": True}, ENDED), Outcome.UNDETERMINED, "hold() could not compare"),
        ((ENOUGH, {"word": "cover", "about": 1, "observed": [1]}, ENDED), Outcome.UNDETERMINED, "could not compare"),
        ((ENOUGH, {"word": "waive", "about": 1}, ENDED), Outcome.UNDETERMINED, "wrote 'waive', which is no comparison"),
        ((ENOUGH, {"word": "doubt", "about": 1, "reason": "dark"}, ENDED), Outcome.UNDETERMINED, "dark"),
        ((ENOUGH, {"word": "doubt", "about": 1}, ENDED), Outcome.UNDETERMINED, ""),
        ((ENOUGH, {**ENDED, "how": "unresolved", "reason": "later"}), Outcome.UNDETERMINED, "later"),
        ((ENOUGH, {**ENDED, "how": "concluded"}), Outcome.UNDETERMINED, "its result can't be read"),
        ((ENOUGH, {**ENDED, "how": "gladly"}), Outcome.UNDETERMINED, "its result can't be read"),
        ((ENOUGH, {**ENDED, "about": 2}), Outcome.UNDETERMINED, "a subject that was judged before"),
        ((ENOUGH, {**ENDED, "reads": 7}), Outcome.UNDETERMINED, "wrote what makes no sense"),
        ((ENOUGH,), Outcome.UNDETERMINED, "ended before it had answered"),
        ((ENOUGH, b"{\n"), Outcome.UNDETERMINED, "which is no line of a judge"),
        ((ENOUGH, b"[" * 100_000 + b"\n"), Outcome.UNDETERMINED, "which is no line of a judge"),
        ((ENOUGH, b'{"word": ' + b"9" * 9999 + b"}\n"), Outcome.UNDETERMINED, "which is no line of a judge"),
        ((ENOUGH, b"x" * (LONGEST + 1)), Outcome.UNDETERMINED, "wrote a line of more than"),
        (({**ENOUGH, "observed": {"magnitude": "1E+999999999", "unit": "d"}}, ENDED), Outcome.UNDETERMINED, "compare"),
    ],
)  # fmt: skip
def test_what_is_said_is_no_more_than_what_it_shows(lines: tuple[object, ...], outcome: Outcome, says: str) -> None:
    found = hear(write(*lines))
    assert (found.outcome, says in found.reason) == (outcome, True), found.reason


JUDGES = st.fixed_dictionaries(
    {"name": TEXTS, "id": TEXTS, "kind": TEXTS | st.sampled_from(["prodgate.facts:Facts", "x:Own", "prodgate.cli:main"])},
    optional=dict.fromkeys(("criterion", "remedy", "measures", "population", "resources", "required", "several", "file", "line", "module", "doc"), VALUES),
)  # fmt: skip
OFFERS = st.fixed_dictionaries(
    {"word": st.sampled_from(["offered", "observed", "facts", "pages", "declared"])},
    optional={
        "policies": st.lists(JUDGES, max_size=2) | VALUES, "checks": st.lists(JUDGES, max_size=2) | VALUES,
        "kinds": st.lists(st.fixed_dictionaries({"kind": TEXTS, "facts": VALUES}), max_size=2) | VALUES,
        **dict.fromkeys(("lost", "confined", "mistakes", "observes", "reads", "number", "subjects", "name"), VALUES),
    },
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(OFFERS, max_size=4))
def test_whatever_is_offered_and_observed_is_used_or_refused(lines: Sequence[Any]) -> None:
    with scripted(write(*lines)) as team, suppress(UsageError):
        assert team.offer.checks is not None
    about: Any = SimpleNamespace(id="1", region="r", now=None, declared=lambda _: {}, calls=None)
    with scripted(write(*lines)) as team:
        team.__dict__["offer"] = Offer(observes=True)
        team.find_kind("x:Own")
        facts = team.observe(about)
    assert not any(type(each).__module__.startswith("prodgate.facts") for each in facts.known)


def test_an_exemption_and_what_production_must_show_are_for_the_criterion_to_allow() -> None:
    exempt = {**ENDED, "how": "concluded", "outcome": "not-applicable", "reason": "mine", "words": ["reason"]}
    later = {"word": "doubt", "about": 1, "reason": "no traffic", "needs": "production"}
    assert hear(write(exempt)).outcome is Outcome.UNDETERMINED
    assert hear(write({**exempt, "outcome": "undetermined", "needs": "production"})).needs == ""
    assert hear(write(later, ENDED), criterion("kept", needs_production=True)).outcome is Outcome.UNDETERMINED


# ── Values


def quantities() -> st.SearchStrategy[Quantity]:
    sizes = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6)
    return st.builds(Quantity, sizes, st.sampled_from([*UNITS]))


@given(
    quantities()
    | st.text()
    | st.builds(
        Estimate,
        value=quantities(), low=quantities(), high=quantities(), samples=st.integers(), effective=st.integers(),
        confidence=quantities(), of=st.text(), settles=st.text(), unfinished=st.text(), detail=st.text(),
        spell=st.floats(allow_nan=False),
    )
)  # fmt: skip
def test_what_was_observed_comes_over_as_it_was(observed: Quantity | str | Estimate) -> None:
    assert decode(json.loads(json.dumps(encode(observed)))) == observed


@pytest.mark.parametrize("observed", [None, True, b"x", [3], Decimal(3), object(), Fact])
def test_nothing_else_is_compared(observed: object) -> None:
    with pytest.raises(TypeError, match="can't be compared"):
        decode(encode(observed))


def list_kinds(parent: type[Fact] = Fact) -> Iterator[type[Fact]]:
    for each in parent.__subclasses__():
        yield each
        yield from list_kinds(each)


def is_public(kind: type[Fact]) -> bool:
    return getattr(sys.modules[kind.__module__], kind.__name__, None) is kind


def test_every_kind_of_fact_comes_over_with_what_could_not_be_observed() -> None:
    for module in pkgutil.walk_packages(kinds.__path__, "prodgate.facts."):
        import_module(module.name)
    own = [each for each in list_kinds() if each.__module__.startswith("prodgate.facts.") and is_public(each)]
    assert len(own) > 100
    for kind in own:
        there = thaw(freeze(kind.unread("it", "denied")))
        assert type(there) is kind
        assert {name.name: there.peek(name.name) for name in fields(kind)} == {
            name.name: Unread("denied") for name in fields(kind)
        } | {"subject": "it"}


def test_a_configuration_comes_over_with_what_is_not_known_of_it() -> None:
    assumed = Assumed("arn:aws:sns:eu:0:x", {"account"}, "is not stated")
    values = {"a": UNKNOWN, "b": [{"c": REDACTED}], "d": assumed, "e": {"f": (1, None)}}
    queue = Resource(address="aws_sqs_queue.q", type="aws_sqs_queue", name="q", values=values)
    there = thaw(freeze(Configuration(root=".", engine="none", resources=[queue])))
    (found,) = there.resources
    held = found.search()
    assert found.configuration is there
    assert (held["a"] is UNKNOWN, held["b"][0]["c"] is REDACTED) == (True, True)
    assert (held["d"], held["d"].what, held["d"].reason) == (assumed, assumed.what, assumed.reason)
    assert held["e"] == {"f": (1, None)}


# ── Processes that do what they may not

PATCHED = """
from prodgate import quantities, criteria, judgement
from prodgate.run import boundary
quantities.Bound.admits = lambda *_: True
criteria.note_comparison = lambda *_: None
judgement.record_comparison = lambda *_: None
"""
QUICK = """
@check("quick", remedy="r", measures="time")
def test_quick(it: Deletable, criterion: Criterion) -> None:
    '''Is it quick?'''
    {}
"""
SLOW = "criterion.require(Quantity.seconds(2))"
#: A fork is refused where the system can; elsewhere its comparisons are heard.
FORKED = Outcome.UNDETERMINED if sys.platform == "linux" else Outcome.NOT_SATISFIED
#: What a check does -> how it is judged. The bound is less than 1 s; each of these makes it look so at its end.
LIES = {
    "patched": (f"try: {SLOW}\n    finally: return", Outcome.NOT_SATISFIED),
    "swallowed": (f"try: {SLOW}\n    except BaseException: criterion.require(Quantity.seconds(0))", Outcome.NOT_SATISFIED),
    "another_bound": ("object.__setattr__(criterion, 'bound', None); criterion.hold(True, expected='a', observed='b'); criterion.require(Quantity.seconds(2))", Outcome.NOT_SATISFIED),
    "the_plain_method": ("Criterion.require(criterion, Quantity.seconds(0))", Outcome.UNDETERMINED),
    "a_fork": (f"""import os
    if (pid := os.fork()) == 0:
        try: {SLOW}
        finally: os._exit(0)
    os.waitpid(pid, 0)
    criterion.require(Quantity.seconds(0))""", FORKED),
    "a_thread": ("""import threading
    started = threading.Thread(target=lambda: criterion.require(Quantity.seconds(2)))
    started.start(); started.join()
    criterion.require(Quantity.seconds(0))""", Outcome.NOT_SATISFIED),
    "not_bound": ("""try: criterion.hold(False, expected='a')
    except TypeError: criterion.require(Quantity.seconds(0))""", Outcome.UNDETERMINED),
    "no_list": ("""try: criterion.exclude((1 / 0 for _ in 'a'), expected='a')
    except ZeroDivisionError: criterion.require(Quantity.seconds(0))""", Outcome.UNDETERMINED),
    "a_satisfied_end": ("""from prodgate.findings import Concluded, Conclusion, Outcome
    raise Concluded(Conclusion(outcome=Outcome.SATISFIED))""", Outcome.UNDETERMINED),
    "truth": ("criterion.require(Quantity.seconds(0))", Outcome.SATISFIED),
}  # fmt: skip


@pytest.fixture(scope="module")
def lied(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Sequence[Finding]]:
    """Return the findings of checks in a process that changed the gate's own code."""
    text = (
        HEADER
        + PATCHED
        + "".join(QUICK.replace("test_quick", f"test_{name}").format(body) for name, (body, _) in LIES.items())
    )
    with opened(tmp_path_factory.mktemp("lied"), {"suites/static/test_lies.py": text}) as (project, team):
        stated, facts = project.stated.criteria["quick"], Facts((Deletable(subject="it", protected=True),))
        return {each.name: list(judge(each, stated, facts, layer="static", fixtures={})) for each in team.offer.checks}


@pytest.mark.parametrize("name", LIES)
def test_what_a_process_does_to_its_copy_of_the_gate_changes_nothing(
    lied: Mapping[str, Sequence[Finding]], name: str
) -> None:
    assert [each.outcome for each in lied[f"test_{name}"]] == [LIES[name][1]], lied[f"test_{name}"]


ENDING = """
@policy("TEAM_1", criterion="answers", resources=("aws_sqs_queue",), remedy="r")
def queues_are_named(queue: Resource, criterion: Criterion) -> None:
    '''Queues have a name.'''
    criterion.hold(queue.text("name") == "q", expected="a", observed="b")
    {}
"""
TREE = Configuration(
    root=".",
    engine="none",
    resources=[Resource(address="aws_sqs_queue.q", type="aws_sqs_queue", name="q", values={"name": "q"})],
)


def judge_twice(root: Path, does: str) -> list[Finding]:
    """Judge a queue twice by a policy that does something at its end."""
    with opened(root, {"policies/team.py": HEADER + ENDING.format(does)}) as (project, team):
        (policy,) = team.offer.policies
        team._calling.limit = 2.0
        return [found for _ in range(2) for found in apply(policy, TREE, project.stated.criteria["answers"])]


@pytest.mark.parametrize(
    ("does", "says"),
    [
        ("import os; os._exit(0)", "ended before it had answered"),
        ("import os; os._exit(3)", "ended with exit code 3"),
        ("import os; os.abort()", "died of SIGABRT"),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)",
            "took more processor time than it is given; judge less at once",
        ),
        ("import os; os.closerange(3, 99)", ""),
        ("import time; time.sleep(600)", "did not answer within 2 s"),
        ("while True: criterion.hold(True, expected='a', observed='a')", ""),
    ],
)
def test_a_process_that_ends_or_never_does_has_judged_nothing(tmp_path: Path, does: str, says: str) -> None:
    found = judge_twice(tmp_path, does)
    assert [(each.outcome, says in each.reason) for each in found] == [(Outcome.UNDETERMINED, True)] * 2, found


def test_a_process_takes_its_policies_with_it(tmp_path: Path) -> None:
    project = write_project(tmp_path, {"policies/team.py": HEADER + ENDING.format("")})
    judges = plan_judges(project, {"static"})["static"]
    first, again = (judge_by_policies([TREE], project, judges) for _ in range(2))
    assert [(each.check, each.outcome) for each in first] == [("TEAM_1", Outcome.SATISFIED)]
    assert first == again


@pytest.mark.parametrize("does", ["import socket; socket.create_connection(('127.0.0.1', 9))", "open('x', 'w')"])
def test_a_judge_is_told_why_the_system_refuses_it(tmp_path: Path, does: str) -> None:
    assert all("judges have no network, start no program" in each.reason for each in judge_twice(tmp_path, does))


LATE = """import threading, time
    def tell(): time.sleep(1); criterion.hold(False, expected='a', observed='b')
    threading.Thread(target=tell).start()"""


def test_what_is_compared_when_nobody_asks_any_more_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="wrote 'hold' after it had ended; compare before it ends"):
        judge_twice(tmp_path, LATE)


# ── Observers

OBSERVES = "from prodgate import Criterion, check\nfrom prodgate.facts import Fact\nfrom prodgate.facts.observers import observes, reads\nfrom dataclasses import dataclass\n"
KIND = "@dataclass(frozen=True, slots=True, kw_only=True, repr=False)\nclass {0}(Fact):\n    seen: str\n"
SEES = KIND + "@observes({0})\ndef observe_{0}(account):\n    {1}\n"
GROUPS = "account.list('autoscaling', 'DescribeAutoScalingGroups', 'AutoScalingGroups')"
LIVE = {
    "facts/groups.py": OBSERVES
    + "reads('autoscaling', 'DescribeAutoScalingGroups')\n"
    + SEES.format("Group", f"return (Group(subject=row['ARN'], seen=str(row['At'].year)) for row in {GROUPS})")
    + SEES.format("Undeclared", "yield Undeclared(subject='u', seen=str(account.get('kafka', 'ListClusters')))")
    + SEES.format("Changing", "yield Changing(subject='c', seen=str(account.get('sqs', 'DeleteQueue')))")
    + SEES.format("Broken", "yield Broken(subject='b', seen=1 / 0)")
    + SEES.format("Partly", "yield Partly(subject='p', seen=account.attempt(account.get, 'kafka', 'ListClusters'))")
    + SEES.format("Tree", "yield Tree(subject=next(iter(account.declared('aws_sqs_queue'))), seen=account.files('x')['y'])"),
    "facts/theirs.py": OBSERVES + "from prodgate.facts.live.databases import Deletable\n"
    "class Mine(Deletable):\n    pass\n@observes(Mine)\ndef observe_mine(account):\n    return ()\n",
    "facts/wrong.py": OBSERVES + KIND.format("Wrong") + "1 / 0\n",
    "suites/live/test_own.py": OBSERVES
    + "from facts.groups import *\n"
    + "".join(
        CHECK.replace("Deletable", kind).replace("test_it", f"test_{kind}").replace("it.protected", "it.seen == '2026'")
        for kind in ("Group", "Undeclared", "Changing", "Broken", "Partly", "Tree")
    ),
    "suites/live/test_wrong.py": OBSERVES + "from facts.wrong import Wrong\n" + CHECK.replace("Deletable", "Wrong"),
}  # fmt: skip


class Answers:
    """Calls as an account answers them that knows one operation."""

    def pages(self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool) -> Any:
        if refusal := actions.find_refusal(service, operation, parameters):
            raise Unreadable(refusal)
        assert (region, whole) == ("eu-west-1", True)
        rows = [{"ARN": f"arn:{year}", "At": datetime(year, 1, 1, tzinfo=UTC)} for year in (2026, 2025)]
        return [{"AutoScalingGroups": [row]} for row in rows]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Team, Facts, Mapping[str, Sequence[Finding]]]]:
    """Return a team's observations, and what its checks find in them."""
    known = dict(actions.READS)
    try:
        with (
            opened(tmp_path_factory.mktemp("live"), LIVE, "live") as (project, team),
            ThreadPoolExecutor(4) as pool,
        ):
            account = Account(
                id="1", region="eu-west-1", now=datetime.now(UTC), calls=Answers(), pool=pool,
                declared=lambda type_: {f"{type_}.q": {}}, files=lambda folder: {"y": f"{folder}, 2026"[3:]},
            )  # fmt: skip
            checks, stated = team.offer.checks, project.stated.criteria["answers"]
            facts = team.observe(account)
            yield (
                team,
                facts,
                {each.name: list(judge(each, stated, facts, layer="live", fixtures={})) for each in checks},
            )
    finally:
        actions.READS.clear()
        actions.READS.update(known)


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("Group", [("arn:2026", "satisfied", ""), ("arn:2025", "not-satisfied", "")]),
        ("Tree", [("aws_sqs_queue.q", "satisfied", "")]),
        ("Partly", [("p", "undetermined", "kafka.ListClusters: is not declared; write reads(")]),
        ("Undeclared", [("(Undeclared)", "undetermined", "kafka.ListClusters: is not declared; write reads(")]),
        ("Changing", [("(Changing)", "undetermined", "sqs.DeleteQueue: may change something")]),
        ("Broken", [("(Broken)", "undetermined", "ZeroDivisionError")]),
    ],
)
def test_an_observer_sees_what_it_may_see(
    live: tuple[Team, Facts, Mapping[str, Sequence[Finding]]], kind: str, found: Sequence[tuple[str, str, str]]
) -> None:
    there = live[2][f"test_{kind}"]
    assert [(each.subject, str(each.outcome)) for each in there] == [each[:2] for each in found]
    assert all(says in each.reason for each, (_, _, says) in zip(there, found, strict=True)), there


def test_a_team_observes_no_kind_of_the_gate(live: tuple[Team, Facts, Mapping[str, Sequence[Finding]]]) -> None:
    assert live[0].offer.mistakes == [
        "facts.theirs.observe_mine: observes Mine, which is the gate's Deletable; make a kind of your own, derived from "
        "Fact, and check that"
    ]
    assert not any(isinstance(each, Deletable) for each in live[1].known)


# ── What can't be loaded


def test_what_can_not_be_loaded_is_named_with_its_cause(
    live: tuple[Team, Facts, Mapping[str, Sequence[Finding]]], tmp_path: Path
) -> None:
    lost = {path.name: why for path, why in live[0].offer.lost.items()}
    assert lost.keys() == {"wrong.py", "test_wrong.py"}
    assert "facts/wrong.py: can't be loaded: ZeroDivisionError: division by zero; mend the module" in lost["wrong.py"]
    assert lost["test_wrong.py"].endswith(lost["wrong.py"])
    broken = live[0].offer.lost
    journal = Journal(tmp_path / NAME)
    assert {each.name for each in leave_unjudged(journal, "live", broken, {"answers"}, tmp_path)} == {"wrong.py"}
    (found,) = [event for event in load(journal.path).events if event["event"] == "finding"]
    assert (found["check"], found["subject"], found["outcome"]) == ("test_it", "(module)", "undetermined")
    assert leave_unjudged(journal, "live", broken, {"others"}, tmp_path) == broken.keys()
    assert {each.name for each in leave_unjudged(journal, "live", broken, (), tmp_path, stated=["answers"])} == {
        "wrong.py"
    }
