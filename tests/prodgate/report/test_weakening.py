"""What became weaker of criteria, waivers and judges, each kind as a row, and a changed verdict, which is
reported once, by names alone."""

import dataclasses
import json
import socket
from collections.abc import Iterator
from dataclasses import is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, strategies as st

from prodgate.aws import sessions
from prodgate.commands import sending
from prodgate.criteria import Criteria, Criterion
from prodgate.evidence import runs
from prodgate.evidence.runs import Run
from prodgate.findings import Outcome
from prodgate.quantities import Bound, Quantity
from prodgate.report import weakening
from prodgate.report.notice import SUBJECT, make_notice
from prodgate.report.weakening import EFFECTS, Yardstick, list_compared, weigh
from prodgate.sections.criteria_file import LAYER_KEYS, CriteriaFile, Requirement, parse_criteria
from prodgate.waivers import Waiver
from tests.prodgate.rehearsal.emulated import Account
from tests.servers import Handler, serving

from ..conftest import Gate
from ..sample_run import ABOUT, CRITERIA, forge, judge, move
from ..samples import finding as made_finding
from .samples import criterion, failing, finding, run, waiver

STATED = criterion("c", require=">= 4 d", layers=("static", "live"), confidence=Quantity.parse("95 %"))


def yardstick(
    *criteria: Criterion, waivers: tuple[Waiver, ...] = (), sections: dict[str, Any] | None = None, **fields: Any
) -> Yardstick:
    stated = CriteriaFile(path=Path("criteria.toml"), system="shop", criteria=Criteria({c.id: c for c in criteria}))
    return Yardstick(name="x", stated=replace(stated, **sections or {}), waivers=waivers, **fields)


def stating(**fields: Any) -> Yardstick:
    return yardstick(replace(STATED, **fields))


def accepting(**fields: Any) -> Yardstick:
    return yardstick(STATED, waivers=(waiver(**{"covers": "c", **fields}),))


def in_sections(**sections: Any) -> Yardstick:
    return yardstick(STATED, sections=sections)


def judged_by(*names: str, **fields: Any) -> Yardstick:
    return yardstick(STATED, judges={"static": frozenset((name, "c") for name in names)}, **fields)


def parsed(text: str) -> Yardstick:
    return Yardstick(name="x", stated=parse_criteria(f"{text}\n{TABLE}", Path("criteria.toml")))


TABLE = '[criteria.c]\nstatement = "It holds."\nwhy = "It must."\nsource = "X-1"\nlayers = ["static"]\n'
#: Before, after, and what is weaker; each must be stronger the other way round.
WEAKER = {
    "bound": (stating(), stating(bound=Bound.parse(">= 1 s")), "criterion c: require >= 4 d -> >= 1 s"),
    "bound, turned": (
        stating(bound=Bound.parse("< 200 ms")), stating(bound=Bound.parse("<= 0.2 s")), "criterion c: require < 200 ms -> <= 0.2 s",
    ),
    "bound, one of more": (
        stating(bound=Bound.parse("== 'a'")), stating(bound=Bound.parse("one of 'b', 'a'")),
        "criterion c: require == 'a' -> one of 'b', 'a'",
    ),
    "bound, exactly": (
        stating(bound=Bound.parse("== 4 d")), stating(bound=Bound.parse(">= 3 d")), "criterion c: require == 4 d -> >= 3 d",
    ),
    "a check that is not asked": (
        in_sections(), in_sections(without={"PG_REC_5": "It is a cache."}),
        "section without.PG_REC_5 none -> It is a cache.",
    ),
    "confidence": (stating(), stating(confidence=None), "criterion c: confidence 95 % -> none"),
    "samples": (stating(samples=300), stating(), "criterion c: samples 300 -> 1"),
    "population": (stating(), stating(population=0), "criterion c: population 1 -> 0"),
    "window": (
        stating(window=Quantity.parse("2 d")), stating(window=Quantity.parse("30 h")), "criterion c: window 2 d -> 30 h",
    ),
    "decides": (stating(decides="bound"), stating(), "criterion c: decides bound -> point"),
    "where present": (stating(), stating(where_present=True), "criterion c: applicability where-present no -> yes"),
    "some subjects": (stating(), stating(some_subjects=True), "criterion c: applicability some-subjects none -> yes"),
    "needs production": (stating(), stating(needs_production=True), "criterion c: needs production no -> yes"),
    "a layer": (stating(), stating(layers=("static",)), "criterion c: layers static, live -> static"),
    "rate": (
        stating(layer_keys={"rate": "100 /s"}), stating(layer_keys={"rate": "1 /s"}), "criterion c: rate 100 /s -> 1 /s",
    ),
    "people": (
        stating(layer_keys={"attested_by": 2}), stating(), "criterion c: attested_by 2 -> none",
    ),
    "a goal": (
        stating(layer_keys={"goals": [{"cannot": ["s3:*"]}]}), stating(), "criterion c: goals cannot s3:* -> none",
    ),
    "a document": (
        stating(layer_keys={"document": {"path": "a.md"}}), stating(), "criterion c: document path a.md -> none",
    ),
    "a criterion": (stating(), yardstick(), "criterion c: removed"),
    "two keys": (
        stating(samples=9), stating(population=0), "criterion c: population 1 -> 0; samples 9 -> 1",
    ),
    "a waiver": (stating(), accepting(), "waiver W-7: added"),
    "a waiver, prolonged": (
        accepting(), accepting(expires=date(2027, 1, 9)), "waiver W-7: expires 2026-12-31 -> 2027-01-09",
    ),
    "a waiver, earlier": (
        accepting(), accepting(opened=date(2026, 10, 9)), "waiver W-7: opened 2026-11-01 -> 2026-10-09",
    ),
    "a waiver of more": (accepting(), accepting(most=2), "waiver W-7: most 1 -> 2"),
    "a waiver, wider": (
        accepting(subject="aws_a.b"), accepting(subject="aws_*"), "waiver W-7: subject aws_a.b -> aws_*",
    ),
    "a waiver of any fault": (accepting(aspect="a"), accepting(), "waiver W-7: aspect a -> none"),
    "a waiver of worse": (accepting(observed="3 d"), accepting(observed="1 d"), "waiver W-7: observed 3 d -> 1 d"),
    "a requirement": (
        in_sections(requirements=(Requirement("X-1", "It holds.", ("static",)),)), in_sections(), "requirement X-1: removed",
    ),
    "a layer of a requirement": (
        in_sections(requirements=(Requirement("X-1", "It holds.", ("static", "live")),)),
        in_sections(requirements=(Requirement("X-1", "It holds.", ("static",)),)),
        "requirement X-1: layers static, live -> static",
    ),
    "a bound of a requirement": (
        in_sections(requirements=(Requirement("X-1", "It holds.", ("static",), {"c": {"require": "< 200 ms"}}),)),
        in_sections(requirements=(Requirement("X-1", "It holds.", ("static",)),)),
        "requirement X-1: bounds c require < 200 ms -> none",
    ),
    "an exemption": (in_sections(), in_sections(exempt=("src/*",)), "section repository.exempt none -> src/*"),
    "older facts": (
        parsed('system = "s"\nfacts.max_age = { live = "1 d" }'), parsed('system = "s"'), "section facts.max_age.live 1 d -> 30 d",
    ),
    "a network without TLS": (
        parsed('system = "s"\nsite.networks = ["10.0.0.0/8"]'),
        parsed('system = "s"\nsite.networks = ["10.0.0.0/8", "172.16.0.0/12"]'),
        "section site.networks 10.0.0.0/8 -> 10.0.0.0/8, 172.16.0.0/12",
    ),
    "a judge": (judged_by("A", "B"), judged_by("A"), "judge B of c: removed"),
}  # fmt: skip
#: What can't be ordered: it is said, either way round, and never as weaker.
CHANGED = {
    "bound of another kind": (stating(), stating(bound=Bound.parse("< 4 d")), "criterion c: require >= 4 d -> < 4 d"),
    "bound that went": (stating(), stating(bound=None), "criterion c: require >= 4 d -> none"),
    "another document": (
        stating(layer_keys={"document": {"path": "a.md"}}), stating(layer_keys={"document": {"path": "b.md"}}),
        "criterion c: document path a.md -> path b.md",
    ),
    "what is waived": (accepting(), accepting(covers="d"), "waiver W-7: covers c -> d"),
    "another pattern": (accepting(subject="abc*"), accepting(subject="*xyz"), "waiver W-7: subject abc* -> *xyz"),
    "the account": (in_sections(account="1" * 12), in_sections(account="2" * 12), f"section account {'1' * 12} -> {'2' * 12}"),
    "the moment": (
        in_sections(), in_sections(moments={"c": "before"}), "section moments.c none -> before",
    ),
    "a judge's file": (
        judged_by(files={"policies/a.py": "1"}), judged_by(files={"policies/a.py": "2"}), "file policies/a.py: changed",
    ),
    "a helper": (judged_by(files={"policies/_help.py": "1"}), judged_by(), "file policies/_help.py: removed"),
    "a bundled file": (
        judged_by(), judged_by(files={"policies/a.py": "1"}, replaced=frozenset({"policies/a.py"})),
        "file policies/a.py: replaces the bundled one",
    ),
}  # fmt: skip
SILENT = {
    "words": (
        stating(),
        stating(wording="It is so.", wording_ja="", why="It must.", remedy="Mend it.", controls=("A",), severity="low"),
    ),
    "the same time": (stating(), stating(bound=Bound.parse(">= 96 h"))),
    "a waiver's people": (accepting(), accepting(owner="kato", approver="ito", reason="It is known.")),
    "texts for people": (
        judged_by(),
        judged_by(files={"policies/README.md": "1", "dags/a.py": "2", "tests/conftest.py": "3"}),
    ),
    "a file whose judges are named": (judged_by("A"), judged_by("A", files={"suites/static/test_a.py": "1"})),
    "a layer that was not judged": (judged_by("A"), yardstick(STATED, judges={"live": frozenset()})),
}


@pytest.mark.parametrize(("before", "after", "said"), WEAKER.values(), ids=WEAKER)
def test_what_asks_for_less_is_weaker(before: Yardstick, after: Yardstick, said: str) -> None:
    assert weigh(before, after) == {"weaker": [said], "changed": [], "stronger": []}
    back = weigh(after, before)
    assert (len(back["stronger"]), back["weaker"], back["changed"]) == (1, [], [])


@pytest.mark.parametrize(("before", "after", "said"), CHANGED.values(), ids=CHANGED)
def test_what_is_in_no_order_is_changed(before: Yardstick, after: Yardstick, said: str) -> None:
    assert weigh(before, after) == {"weaker": [], "changed": [said], "stronger": []}
    back = weigh(after, before)
    assert (len(back["changed"]), back["weaker"], back["stronger"]) == (1, [], [])


@pytest.mark.parametrize(("before", "after"), SILENT.values(), ids=SILENT)
def test_what_asks_for_the_same_says_nothing(before: Yardstick, after: Yardstick) -> None:
    assert not any({**weigh(before, after), "and back": weigh(after, before)["weaker"]}.values())


def test_every_key_that_has_an_order_is_one() -> None:
    """A renamed key would be in no order, and be reported as changed only."""
    known = {
        weakening._WRITTEN.get(name, name)
        for name in (*names(Criterion), *names(Waiver), *names(Requirement), *LAYER_KEYS)
    }
    assert {*weakening._CRITERION, *weakening._WAIVER, *weakening._REQUIREMENT} <= known
    sections = {hint: get_args(each) or (each,) for hint, each in get_type_hints(CriteriaFile).items()}
    keys = {
        f"{name}.{key}"
        for name, types in sections.items()
        for each in types
        if is_dataclass(each)
        for key in names(each)
    }
    assert {*weakening._SECTION} <= keys | {weakening._WRITTEN.get(name, name) for name in names(CriteriaFile)}


def names(kind: Any) -> list[str]:
    return [each.name for each in dataclasses.fields(kind)]


def test_a_list_that_lost_and_won_is_both() -> None:
    said = weigh(stating(), stating(layers=("static", "dags")))
    assert said["weaker"] == said["stronger"] == ["criterion c: layers static, live -> static, dags"]


bounds = st.builds(
    "{} {}".format,
    st.sampled_from(["<", "<=", "==", ">=", ">"]),
    st.sampled_from(["1 s", "2 s", "1 min", "60 s", "5 %"]),
).map(Bound.parse) | st.sets(st.sampled_from("abc"), min_size=1).map(lambda s: Bound("one of", texts=tuple(sorted(s))))
quantities = st.none() | st.sampled_from(["50 %", "95 %"]).map(Quantity.parse)
layers = st.sets(st.sampled_from(["static", "live", "dags"]), min_size=1).map(lambda found: tuple(sorted(found)))
fields: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "bound": st.none() | bounds,
        "confidence": quantities,
        "samples": st.integers(1, 3),
        "layers": layers,
        "where_present": st.booleans(),
        "some_subjects": st.none() | st.booleans(),
        "layer_keys": st.dictionaries(st.sampled_from(["rate", "attested_by"]), st.integers(1, 2)),
    }
)
criteria = st.dictionaries(st.sampled_from("cd"), fields)
subjects = st.text("ab*?", min_size=1, max_size=4)
waivers = st.dictionaries(
    st.sampled_from("vw"),
    st.fixed_dictionaries(
        {"subject": subjects, "most": st.integers(1, 2), "observed": st.sampled_from(["", "1 s", "9 s", "x"])}
    ),
)


@st.composite
def yardsticks(draw: st.DrawFn) -> Yardstick:
    stated = [criterion(id_, **given) for id_, given in draw(criteria).items()]
    accepted = (waiver(id=id_, covers="c", **given) for id_, given in draw(waivers).items())
    return yardstick(
        *stated,
        waivers=tuple(accepted),
        judges={"static": draw(st.frozensets(st.sampled_from([("A", "c"), ("B", "d")])))},
    )


def places(texts: list[str]) -> set[str]:
    """Return what texts speak of: up to the values, which change places the other way round."""
    return {text.partition(": ")[0] for text in texts}


@given(yardsticks(), yardsticks())
def test_weaker_and_stronger_are_mirrors(one: Yardstick, other: Yardstick) -> None:
    there, back = weigh(one, other), weigh(other, one)
    for effect, turned in zip(EFFECTS, reversed(EFFECTS), strict=True):
        assert places(there[effect]) == places(back[turned])
    assert not any(weigh(one, one).values())


@given(bounds, bounds, st.sampled_from(["0 s", "1 s", "1.5 s", "2 s", "59 s", "60 s", "61 s"]).map(Quantity.parse))
def test_a_bound_implies_another_only_if_no_value_keeps_it_and_breaks_the_other(
    one: Bound, other: Bound, at: Quantity
) -> None:
    if one.dimension == at.dimension and one.implies(other) and one.admits(at):
        assert other.admits(at)


def test_the_same_of_two_others_is_said_once() -> None:
    kept: list[dict[str, Any]] = [
        {"with": "run X", "weaker": ["criterion c: removed"], "changed": [], "stronger": []},
        {"with": "main", "weaker": ["criterion c: removed"], "changed": [], "stronger": []},
        {"with": "run Y", "weaker": [], "changed": [], "stronger": []},
        {"with": "run Z", "problem": "is not a run directory"},
    ]
    assert [(each.others, each.weaker, each.problem) for each in list_compared(kept)] == [
        (("run X", "main"), ("criterion c: removed",), ""),
        (("run Z",), (), "is not a run directory"),
    ]


# ── Where it is said

COMPARED = [
    {
        "with": "run X",
        "weaker": [f"criterion c{n}: removed" for n in range(5)],
        "changed": ["file policies/a.py: changed"],
    },
    {"with": "run Y", "problem": "was changed"},
]


def test_every_report_of_a_run_says_what_is_weaker(run: Path, gate: Gate) -> None:
    judge(run)
    forge(run, compared=COMPARED)
    assert "  weaker than in run X:\n    criterion c0: removed\n" in (said := gate("report", run).out)
    assert "criterion c2: removed\n    … and 2 more: see the report\n" in said
    assert "read what changed since run X:\n    file policies/a.py: changed\n" in said
    assert "not compared with run Y: was changed\n" in said
    summary = (run / "summary.md").read_text("utf-8")
    assert "**Weaker than in `run X`**: `criterion c0: removed`; `criterion c1: removed`" in summary
    page, ja = ((run / name).read_text("utf-8") for name in ("report.html", "report.ja.html"))
    assert "Weaker than in run X." in page
    assert page.count("criterion c") == 5
    assert "実行 X より緩い。" in ja
    assert "基準 c4：削除" in ja
    assert json.loads(gate("report", run, "--json").out)["compared"] == COMPARED


def test_a_promotion_that_nothing_was_held_against_says_so(run: Path, gate: Gate) -> None:
    judge(run)
    forge(run, compared=[])
    nothing = "There is no earlier run of this target, and no base branch"
    assert nothing in " ".join(gate("report", run).out.split())
    forge(run, compared=[], rehearsal=True)
    assert nothing not in " ".join(gate("report", run).out.split())


@pytest.mark.parametrize(
    "broken", [1, [1], [{"with": 1}], [{"with": "x", "weaker": "y"}], [{"with": "x", "problem": []}]]
)
def test_a_run_that_keeps_it_in_another_shape_is_refused(run: Path, gate: Gate, broken: Any) -> None:
    judge(run)
    forge(run, compared=broken)
    assert "compared: is " in gate("report", run, ends=4).err


# ── A changed verdict is reported once, by names alone

#: URL of a webhook, its received messages, and the status of its response.
Hook = tuple[str, list[Any], list[int]]
SECRET = "hooks/T000/B000/x9y8z7secret"


def of(outcome: str, **fields: Any) -> Run:
    seen = failing("c", observed="password=hunter2") if outcome == "not-satisfied" else finding("c", outcome)
    return run([criterion("c", where_present=True)], [seen], layers=("static",), **fields)


def test_a_verdict_that_stays_is_no_news() -> None:
    assert make_notice(of("satisfied"), of("satisfied")) is None
    assert make_notice(of("not-satisfied"), of("not-satisfied")) is None


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("satisfied", "not-satisfied", ["PARTIAL GO -> NO-GO", "newly failing: c"]),
        ("not-satisfied", "satisfied", ["NO-GO -> PARTIAL GO", "fixed: c"]),
        ("satisfied", "undetermined", ["PARTIAL GO -> INSUFFICIENT EVIDENCE", "no longer known: c"]),
        (
            "not-satisfied",
            "undetermined",
            ["NO-GO -> INSUFFICIENT EVIDENCE", "failed before, not known now (not fixed): c"],
        ),
    ],
)
def test_a_changed_verdict_is_told_with_what_changed(before: str, after: str, said: list[str]) -> None:
    lines = make_notice(of(before), of(after)).text.split("\n")
    assert [lines[0].removeprefix("nba-news on aws://prod@ap-northeast-1: "), *lines[2:]] == said


def test_nothing_that_was_observed_is_told() -> None:
    notice = make_notice(of("satisfied"), of("not-satisfied"))
    assert "hunter2" not in notice.text + notice.subject
    assert "aws_rds_cluster" not in notice.text


def test_the_first_run_of_all_is_told_and_a_subject_is_what_sns_takes() -> None:
    notice = make_notice(None, of("satisfied", system="ニュース\n" + "x" * 200))
    assert "no run -> PARTIAL GO" in notice.text
    assert len(notice.subject) <= SUBJECT
    assert notice.subject.isascii()
    assert notice.subject.isprintable()


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook on this machine: its URL, its received messages, and the status of its response."""
    sent: list[Any] = []
    status = [200]

    class Taking(Handler):
        def do_POST(self) -> None:
            sent.append((self.path, self.headers["Content-Type"], json.loads(self.read_body())))
            self.reply(status[0], Location="http://127.0.0.1:9/elsewhere")

    with serving(Taking) as url:
        yield f"{url}/{SECRET}", sent, status


def write(folder: Path, number: int, outcome: str) -> Path:
    """Write a run; a greater number is later."""
    (folder / "criteria.toml").write_text(CRITERIA)
    path = runs.create(folder, ABOUT, folder / "criteria.toml", folder / "none.toml")
    judge(path, made_finding(Outcome(outcome)))
    return move(path, f"{path.name[:10]}T00000{number}Z{path.name[18:]}")


@pytest.fixture
def two(tmp_path: Path) -> list[Path]:
    """A run that is GO, and a later one that is NO-GO."""
    return [write(tmp_path, 1, "satisfied"), write(tmp_path, 3, "not-satisfied")]


def test_a_webhook_is_told_once_and_its_url_is_never_shown(
    two: list[Path],
    hook: Hook,
    monkeypatch: pytest.MonkeyPatch,
    gate: Gate,
) -> None:
    url, sent, _ = hook
    monkeypatch.setenv("CHAT", url)
    out, err = gate("notify", two[1], "--webhook", "env:CHAT")
    ((path, kind, body),) = sent
    assert (path, kind, list(body)) == (f"/{SECRET}", "application/json", ["text"])
    assert body["text"].startswith("shop on rehearsal://: GO -> NO-GO\n")
    assert SECRET not in out + err
    assert body["text"] in out


@pytest.mark.parametrize("changed", [False, True])
def test_a_verdict_is_compared_with_the_last_run_that_can_be_trusted(
    two: list[Path], hook: Hook, monkeypatch: pytest.MonkeyPatch, gate: Gate, changed: bool
) -> None:
    monkeypatch.setenv("CHAT", hook[0])
    between = write(two[0].parent, 2, "not-satisfied")
    if changed:
        (between / "run.json").write_text("{}")
    out = gate("notify", two[1], "--webhook", "env:CHAT").out
    assert len(hook[1]) == changed
    assert ("the verdict is that of the run before; nothing was sent" in out) is not changed


def test_a_run_that_was_changed_is_passed_over_aloud(
    two: list[Path], hook: Hook, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setenv("CHAT", hook[0])
    between = write(two[0].parent, 2, "satisfied")
    (between / "run.json").write_text("{}")
    assert f"{between}: was changed after it was written: " in gate("notify", two[1], "--webhook", "env:CHAT").err
    ((_, _, body),) = hook[1]
    assert f"passed over, since it can't be read or was changed: {between.name}" in body["text"].split("\n")


def test_a_verdict_is_that_of_the_run_that_is_named_where_one_between_was_changed(
    two: list[Path], hook: Hook, monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setenv("CHAT", hook[0])
    older, same = (write(two[0].parent, number, "not-satisfied") for number in (2, 4))
    (two[1] / "run.json").write_text("{}")
    captured = gate("notify", same, "--webhook", "env:CHAT")
    assert captured.out == f"the verdict is that of {older.name}; nothing was sent\n"
    assert [run.name in captured.err for run in (two[1], older)] == [True, False]
    assert hook[1] == []


def test_a_webhook_that_took_it_and_does_not_answer_may_have_sent_it(
    two: list[Path], monkeypatch: pytest.MonkeyPatch, gate: Gate
) -> None:
    monkeypatch.setattr(sending, "LIMIT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("CHAT", f"http://127.0.0.1:{silent.getsockname()[1]}/{SECRET}")
        said = gate("notify", two[1], "--webhook", "env:CHAT", ends=4).err
        asked, _ = silent.accept()
        with asked:
            asked.settimeout(60)
            assert asked.recv(4).startswith(b"POST")
    assert "127.0.0.1 did not answer: TimeoutError; it may have been sent" in said
    assert "nothing was sent" not in said
    assert SECRET not in said


def test_no_topic_is_told_with_the_credentials_of_a_rehearsal(two: list[Path], gate: Gate) -> None:
    topic = "arn:aws:sns:ap-northeast-1:123456789012:verdicts"
    assert (
        "--via rehearsal://: is the rehearsal, where nobody listens; write aws://"
        in gate("notify", two[1], "--topic", topic, "--via", "rehearsal://", ends=4).err
    )


@pytest.mark.parametrize("status", [302, 404, 500])
def test_an_answer_that_is_no_success_is_a_mistake_without_the_url(
    two: list[Path], hook: Hook, status: int, monkeypatch: pytest.MonkeyPatch,
    gate: Gate,
) -> None:  # fmt: skip
    hook[2][0] = status
    monkeypatch.setenv("CHAT", hook[0])
    captured = gate("notify", two[1], "--webhook", "env:CHAT", ends=4)
    assert f"answered {status}" in captured.err
    assert SECRET not in captured.out + captured.err
    assert len(hook[1]) == 1


@pytest.mark.parametrize(
    ("given", "value", "said"),
    [
        (f"https://example.com/{SECRET}", "", "write env:NAME"),
        ("env:", "", "write env:NAME"),
        ("env:CHAT", "", "holds no https:// URL"),
        ("env:CHAT", f"http://example.com/{SECRET}", "holds no https:// URL"),
        ("env:CHAT", f"file:///{SECRET}", "holds no https:// URL"),
        ("env:CHAT", f"https://[{SECRET}", "holds no https:// URL"),
        ("env:CHAT", f"https://example.com:{SECRET}", "holds no https:// URL"),
        ("env:CHAT", f"https://a..b/{SECRET}", "was not reached: HTTP can't carry this URL; nothing was sent"),
        ("env:CHAT", f"http://127.0.0.1:1/{SECRET}", "was not reached: ConnectionRefusedError; nothing was sent"),
    ],
)
def test_what_is_no_webhook_is_refused_and_never_shown(  # noqa: PLR0917  fixtures are named by their place
    two: list[Path],
    given: str,
    value: str,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    gate: Gate,
) -> None:
    monkeypatch.setenv("CHAT", value)
    captured = gate("notify", two[1], "--webhook", given, ends=4)
    assert said in captured.err
    assert SECRET not in captured.out + captured.err


@pytest.mark.parametrize(
    ("way", "said"),
    [(("--webhook", "env:CHAT"), "holds no https:// URL"), (("--topic", "verdicts"), "'verdicts': is no topic")],
)
def test_a_way_that_leads_nowhere_is_refused_on_days_without_news_too(
    way: tuple[str, str], said: str, two: list[Path], gate: Gate
) -> None:
    assert said in gate("notify", write(two[0].parent, 4, "not-satisfied"), *way, ends=4).err


@pytest.mark.xdist_group("emulator")
def test_a_topic_is_told(two: list[Path], account: Account, monkeypatch: pytest.MonkeyPatch, gate: Gate) -> None:
    monkeypatch.setattr(sessions, "open_elsewhere", lambda profile, region: account.clients)
    queue = account("sqs").create_queue(QueueName="told")["QueueUrl"]
    topic = account("sns").create_topic(Name="verdicts")["TopicArn"]
    arn = account("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    account("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    gate("notify", two[1], "--topic", topic)
    (message,) = account("sqs").receive_message(QueueUrl=queue)["Messages"]
    body = json.loads(message["Body"])
    assert (body["Subject"], body["Message"].split("\n")[0]) == (
        "prod-gate: NO-GO (shop)", "shop on rehearsal://: GO -> NO-GO",
    )  # fmt: skip
    assert "sns:Publish" in gate("notify", two[1], "--topic", f"{topic}-of-nobody", ends=4).err
    gate("notify", two[1], "--topic", "verdicts", ends=4)
