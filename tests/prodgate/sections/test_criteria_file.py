"""The criteria file, in one or several files: it is validated completely, any content is valid or refused, and
each mistake is one line that names its file."""

import dataclasses
import os
import re
import shutil
import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from prodgate.commands.check_command import baseline
from prodgate.criteria import LAYERS, SEVERITIES, CriteriaError, Criterion, UsageError
from prodgate.evidence import artifacts, runs
from prodgate.iam.goals import Goal, Uses
from prodgate.run.inputs import find_inputs
from prodgate.sections import includes
from prodgate.sections.attested import parse_attestation
from prodgate.sections.criteria_file import CriteriaFile, find_number, list_secrets, load_criteria, parse_criteria
from prodgate.sections.goals import read_goals
from prodgate.sections.includes import BASELINE, extend, list_areas, merge
from prodgate.sections.load import read_load_terms
from prodgate.sections.project import BUNDLED, open_project
from prodgate.sections.toml_text import parse_toml, read_text
from prodgate.sections.waivers_file import load_waivers, parse_waivers
from prodgate.terraform.policy import Policy, apply
from prodgate.terraform.resources import Configuration, Resource
from tests.prodgate.conftest import Gate
from tests.repositories import git
from tests.trees import write_tree

from ..sample_run import ABOUT, CRITERIA
from ..samples import criterion

FILE = Path("criteria.toml")
VALID = """
system = "shop"

[terraform]
root = "terraform"

[requirements]
OPS-2 = { asks = "Backups are kept", layers = ["static"] }

[criteria.backup-retention]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
require = ">= 30 d"
source = "OPS-2"
layers = ["static"]

[criteria.alarm-threshold]
statement = { en = "The alarm follows.", ja = "従う。" }
why = "It must."
require = "<= {backup-retention}"
source = "OPS-2"
layers = ["load", "static"]
confidence = "95 %"
decides = "bound"
samples = 299
window = "30 d"
rate = "100 /s"
needs = "production"
applicability = "where-present"
baseline = true
"""
#: Another criterion, to which a row adds a key.
NEW = """
[criteria.new]
statement = "It is mw1.tiny."
why = "It must be."
source = "OPS-2"
layers = ["live"]
"""


def test_a_valid_file_is_read_whole() -> None:
    stated = parse_criteria(VALID, FILE)
    assert (stated.system, stated.terraform_root) == ("shop", "terraform")
    first, second = stated.criteria.values()
    assert (first.id, str(first.bound), first.population, first.samples) == ("backup-retention", ">= 30 d", 1, 1)
    assert (str(second.bound), second.layers) == ("<= 30 d", ("static", "load"))
    assert (str(second.confidence), second.decides, second.samples, str(second.window)) == (
        "95 %",
        "bound",
        299,
        "30 d",
    )
    assert (str(read_load_terms(second).rate), read_load_terms(first).rate) == ("100 /s", None)
    assert second.needs_production
    assert second.where_present
    assert second.baseline
    assert stated.requirements[0].layers == ("static",)


def test_criteria_know_what_is_asked_of_the_site() -> None:
    stated = load_criteria(Path(__file__).parents[3] / "criteria.toml")
    site = "https://www.nba-news.example"
    assert stated.criteria["cdn-distribution"].asked == (
        site, f"GET {site}/api/health", f"POST {site}/api/stories/latest/applause",
        f"GET {site}/api/applause/{{key}}", "ANY https://nba-news.example",
    )  # fmt: skip
    hosts = "[load]\nhosts = ['shop.example']\nresolves_to = ['*.example']\nmost = { rate = '1 /s', duration = '9 s' }"
    text = f"{VALID}\n{hosts}\n[load.steady]\nrate = '1 /s'\nduration = '1 s'\n"
    assert parse_criteria(text, FILE).criteria["alarm-threshold"].asked == ("https://shop.example",)
    assert parse_criteria(VALID, FILE).criteria["alarm-threshold"].asked == ()


def test_what_any_team_is_asked_may_be_less_than_what_is_asked_here() -> None:
    text = VALID.replace("baseline = true", 'baseline = "<= 60 d"').replace("The alarm follows.", "Within {limit}.")
    _, second = parse_criteria(text.replace("従う。", "{limit}以内に。"), FILE).criteria.values()
    assert (second.baseline, str(second.bound), str(second.baseline_bound)) == (True, "<= 30 d", "<= 60 d")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("baseline = true", 'baseline = "7 days"', "baseline: "),
        ("baseline = true", 'baseline = ">= 0 d"', "baseline: is '>= 0 d'; "),
        ('system = "shop"', "", "criteria.toml: system: names no system"),
        ('system = "shop"', 'sistem = "shop"', "criteria.toml: sistem: is not a section; did you mean 'system'?"),
        ('root = "terraform"', "root = 3", "terraform.root: is 3; write the path"),
        ('root = "terraform"', 'rot = "terraform"', "terraform.rot: is not a key; did you mean 'root'?"),
        ('root = "terraform"', 'var_files = "x"', "terraform.var_files: is 'x'; write a list of paths"),
        ('[terraform]', '[account]\nid = 12\n[terraform]', 'account.id: is 12; write twelve digits in quotes, e.g. "123456789012"'),
        ('[terraform]', '[account]\nid = 123456789012\n[terraform]', 'account.id: is 123456789012; write twelve digits in quotes'),
        ('[terraform]', '[account]\nid = "123456789012"\nexempts = []\n[terraform]', "account.exempts: is not a key; did you mean 'exempt'?"),
        ('[terraform]', '[account]\nid = "123456789012"\nexempt = "x"\n[terraform]', "account.exempt: is 'x'; write a list of names or ARNs"),
        ('[terraform]', '[account]\nid = "123456789012"\nzones = ["eu-west-1"]\n[terraform]', "account.zones: is ['eu-west-1']; write the availability zones"),
        ('[terraform]', '[account]\nid = "123456789012"\nzones = ["eu-west-1a", "eu-west-1a"]\n[terraform]', "write the availability zones, each once"),
        ('[terraform]', '[terraform]\nsource = 3', "terraform.source: is 3; write the path"),
        (">= 30 d", "30 d", "criteria.backup-retention.require: '30 d' has no comparator; write e.g. '< 30 d'"),
        (">= 30 d", ">= 30 dy", "criteria.backup-retention.require: 'dy' is not a unit; did you mean 'd'?"),
        ("{backup-retention}", "{backup-retenton}", "names no criterion that states a limit; did you mean 'backup-retention'"),
        ('why = "They', 'wy = "They', "criteria.backup-retention.wy: is not a key; did you mean 'why'?"),
        ('why = "They are needed."', "", "criteria.backup-retention.why: is missing"),
        ('source = "OPS-2"\nlayers = ["static"]', 'source = "OPS-3"\nlayers = ["static"]', "source: 'OPS-3' is not a requirement"),
        ('OPS-2"\nlayers = ["static"]', 'OPS-2"\nlayers = ["statik"]', "'statik' is not a layer; did you mean 'static'?"),
        ('OPS-2"\nlayers = ["static"]', 'OPS-2"\nlayers = []', "criteria.backup-retention.layers: is empty"),
        ('OPS-2"\nlayers = ["static"]', 'OPS-2"\nlayers = [3]', "criteria.backup-retention.layers: is [3]; write a list of texts"),
        ("samples = 299", "remedy = 299", "criteria.alarm-threshold.remedy: is 299; write a text"),
        ("samples = 299", 'samples = "299"', "criteria.alarm-threshold.samples: is '299'; write a whole number"),
        ("samples = 299", "samples = true", "criteria.alarm-threshold.samples: is True; write a whole number"),
        ("samples = 299", "samples = -1", "criteria.alarm-threshold.samples: is -1; write a number from 1 to"),
        ('confidence = "95 %"\n', "", "confidence: is missing; decides = 'bound' needs"),
        ('rate = "100 /s"', 'rate = "30 d"', "criteria.alarm-threshold.rate: is '30 d'; write a rate, e.g. '100 /s'"),
        ('"<= {backup-retention}"', '"== {backup-retention}"', "criteria.alarm-threshold.decides: is 'bound'; require a limit that orders"),
        ('[terraform]', '[load]\nhosts = []\n[terraform]', "criteria.toml: load: holds no profile; write [load.steady]"),
        ('window = "30 d"', 'window = "30 %"', "criteria.alarm-threshold.window: is '30 %'; write a time, e.g. '30 d'"),
        ('window = "30 d"', 'window = "-30 d"', "criteria.alarm-threshold.window: is '-30 d'; write more than nothing"),
        ('"bound"', '"bounds"', "criteria.alarm-threshold.decides: is 'bounds'; write 'point' or 'bound'"),
        ('ja = "保持する。"', 'jp = "保持する。"', 'criteria.backup-retention.statement: has en, jp; write a text, or { en = "…", ja = "…" }'),
        ('"Backups are kept."', '"Kept for {window}."', "criteria.backup-retention.statement: has '{window}', and no window is stated; state it"),
        ('["load", "static"]', '["static"]', "alarm-threshold.window: changes nothing, as only live, load, e2e, dags, rollout read it; add such a layer"),
        ('["load", "static"]', '["static"]', "alarm-threshold.needs: changes nothing, as only live, load, e2e, dags, rollout, attested read it"),
        ('["load", "static"]', '["static", "live"]', "alarm-threshold.rate: changes nothing, as only load read it; add such a layer, or drop it"),
        ('decides = "bound"\n', "", "alarm-threshold.confidence: changes nothing without decides = 'bound'; write that, too, or drop this key"),
        ('decides = "bound"\n', 'decides = "point"\n', "alarm-threshold.confidence: changes nothing without decides = 'bound'"),
        ('confidence = "95 %"\ndecides = "bound"\n', 'disturbances = "4 s"\n', "alarm-threshold.disturbances: changes nothing without confidence; write that, too"),
        ("baseline = true", f"{NEW}samples = 7", "new.samples: changes nothing without require; write that, too, or drop this key"),
        ("baseline = true", f"{NEW}require = \"== 'mw1.tiny'\"", "new.statement: says 'mw1.tiny', and == 'mw1.tiny' is asked; write '{limit}'"),
        ('"Backups are kept."', '"Kept for {limt}."', "backup-retention.statement: has '{limt}', which stands for no number; did you mean 'limit'?"),
        ('"Backups are kept."', '"Kept for at most {limit}."', "backup-retention.statement: says 'at most {limit}', and >= 30 d is asked; write '{limit}'"),
        ('"保持する。"', '"{limit}以内保持する。"', "backup-retention.statement: says '{limit}以内', and >= 30 d is asked; write"),
        ("The alarm follows.", "The alarm never waits.", "alarm-threshold.statement: says 'never', and <= 30 d is asked; write '{limit}'"),
        ('">= 30 d"', '">= 30 d"\nremedy = "Wait two days."', "backup-retention.remedy: has 'two days', which is untrue once require is another"),
        ("baseline = true", 'baseline = "<= 60 d"', "criteria.alarm-threshold.statement: lacks '{limit}', and baseline asks for another number"),
        ("criteria.backup-retention]", "criteria.Backup_Retention]", "is not a kebab-case id"),
        ('asks = "Backups are kept", ', "", "requirements.OPS-2: is {'layers': ['static']}; write"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line_that_says_what_to_write(before: str, after: str, message: str) -> None:
    assert before in VALID
    with pytest.raises(CriteriaError) as refused:
        parse_criteria(VALID.replace(before, after, 1), FILE)
    assert message in str(refused.value)
    assert all(line.startswith("criteria.toml: ") for line in str(refused.value).splitlines())


@pytest.mark.parametrize(
    ("stated", "english", "japanese"),
    [
        ('"Backups are kept."', "Backups are kept.", ""),
        ('{ en = "Backups are kept." }', "Backups are kept.", ""),
        ('{ ja = "保持する。" }', "保持する。", "保持する。"),
    ],
)
def test_a_statement_in_one_language_suffices(stated: str, english: str, japanese: str) -> None:
    text = VALID.replace('{ en = "Backups are kept.", ja = "保持する。" }', stated)
    criterion = parse_criteria(text, FILE).criteria["backup-retention"]
    assert (criterion.statement, criterion.statement_ja) == (english, japanese)


@pytest.mark.parametrize(
    ("require", "said"),
    [
        ('"<= 1 h"', ("Kept for 1 hour.", "1 時間保持する。")),
        ('">= 24 h"', ("Kept for 24 hours.", "24 時間保持する。")),
        ('"< {alarm-threshold}"', ("Kept for 2.5 s.", "2.5 秒保持する。")),
        ("\"one of 'a', 'b'\"", ("Kept for a or b.", "a か b保持する。")),
    ],
)
def test_a_statement_gives_the_number_that_is_asked(require: str, said: tuple[str, str]) -> None:
    text = VALID.replace('">= 30 d"', require).replace("{backup-retention}", "2.5 s").replace("Backups are k", "K")
    text = text.replace("Kept.", "Kept for {limit}.").replace('"保持', '"{limit}保持')
    criterion = parse_criteria(text, FILE).criteria["backup-retention"]
    assert (criterion.statement, criterion.statement_ja) == said


def test_a_statement_gives_every_number_that_the_criterion_states() -> None:
    said = "{samples} of {rate} for {window} at {confidence} but for {disturbances}"
    text = VALID.replace("samples = 299", 'samples = 2995\npopulation = 2\ndisturbances = "4 s"')
    text = text.replace("The alarm follows.", said).replace("従う。", "{population} 件、{window}間")
    second = parse_criteria(text, FILE).criteria["alarm-threshold"]
    assert second.statement == "2,995 of 100 /s for 30 days at 95 % but for 4 s"
    assert second.statement_ja == "2 件、30 日間"


#: Sentences with a number of their own, at the end.
OWN_NUMBERS = (
    "for thirty days", "for 30 days", "at least 30 d", "in a 30-day window", "within the last year", "on 99.9 % of days",
    "for a day", "for half an hour", "in three copies", "in 7 copies", "in at least one copy", "IN AT LEAST 30",
    "for `30 days`", "for twenty-four hours", "at least twice", "at least weekly", "in a dozen runs", "of 10k", "at 2x",
    "for 200ms", "for $500", "within a third of its life", "in more than a second", "in exactly one place",
    "for ３０ days", "in 24/7", "at last-30-days", "三十日", "３０日", "99.9 %", "９９．９％", "二十分以内", "1 年以内",
    "一年以内", "半年間", "三台", "十分間", "五倍", "2 回", "１時間", "百回", "10 人",
)  # fmt: skip
#: Names that contain a number, and words that only look so.
NAMES = (
    "in S3 and EC2", "by TLS 1.2", "over TLS 1.2 or 1.3", "with HTTP 200", "and answers 404 or 410", "without 5xx",
    "at p95", "as the 95th percentile", "in Route 53", "on ports 443 and 80", "by OAuth 2", "by SHA-256", "as `nba-2`",
    "over HTTP/2", "on mw1.medium", "in us-east-1", "and no two of them alike", "with a two-factor login", "zone by zone",
    "with a second factor", "and listens", "often", "day-to-day", "and the good ones last", "per second",
    "Route 53 に登録", "95 パーセンタイル", "404 または 410 を返す", "ポート 443 と 80", "同一日", "第三者", "一時停止",
    "十分な余裕", "IPv6 で", "一致する", "TLS 1.2 以降", "日次",
)  # fmt: skip


@pytest.mark.parametrize("text", OWN_NUMBERS)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_number_of_its_own_is_refused_in_a_statement(text: str, language: str) -> None:
    stated = VALID.replace({"en": "are kept.", "ja": "保持する。"}[language], f"are kept {text}.")
    with pytest.raises(
        CriteriaError, match=r"backup-retention\.statement: has '.+', a number of its own; write '\{limit\}'"
    ):
        parse_criteria(stated, FILE)
    assert parse_criteria(stated, FILE, kept=True).criteria  # of a run that was made before


@pytest.mark.parametrize("text", NAMES)
def test_a_name_that_holds_a_number_is_none(text: str) -> None:
    assert not find_number(f"They are kept {text}.")


@pytest.mark.parametrize("stated", ['""', '"-"', "{}", "{ en = 3 }", '{ en = "Kept.", ja = "" }'])
def test_a_statement_that_says_nothing_is_refused(stated: str) -> None:
    with pytest.raises(CriteriaError, match=r"backup-retention\.statement: "):
        parse_criteria(VALID.replace('{ en = "Backups are kept.", ja = "保持する。" }', stated), FILE)


def test_all_mistakes_are_said_at_once() -> None:
    broken = VALID.replace(">= 30 d", "30 d").replace("samples = 299", "samples = -1").replace('system = "shop"', "")
    with pytest.raises(CriteriaError) as refused:
        parse_criteria(broken, FILE)
    assert len(str(refused.value).splitlines()) >= 3


@pytest.mark.parametrize("text", ["", 'system = "shop"', "system = 3\ncriteria = 4", "[criteria]\nx = 3"])
def test_a_file_without_criteria_is_refused(text: str) -> None:
    with pytest.raises(CriteriaError):
        parse_criteria(text, FILE)


def test_broken_toml_names_the_line() -> None:
    with pytest.raises(CriteriaError, match=r"criteria\.toml: is not TOML: .*line 2"):
        parse_criteria("system = 'x'\n= 3", FILE)


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with pytest.raises(CriteriaError, match=r"cannot be read: No such file or directory; name another file"):
        load_criteria(tmp_path / "criteria.toml")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(CriteriaError, match="is not UTF-8"):
        load_criteria(tmp_path / "binary.toml")


def test_an_unknown_criterion_is_answered_with_the_nearest() -> None:
    with pytest.raises(CriteriaError, match="no criterion 'backup-retenton'; did you mean 'backup-retention'?"):
        parse_criteria(VALID, FILE).criteria["backup-retenton"]


def test_our_own_criteria_answer_every_requirement_in_every_layer_it_names() -> None:
    stated = load_criteria(Path(__file__).parents[3] / "criteria.toml")
    for requirement in stated.requirements:
        answered = {layer for c in stated.criteria.values() if c.source == requirement.id for layer in c.layers}
        assert answered == set(requirement.layers), requirement.id
    assert {layer for r in stated.requirements for layer in r.layers} == set(LAYERS)


# ── Secrets that the file refers to

BARE = """system = "shop"

[criteria.works]
statement = { en = "Works.", ja = "動く。" }
why = "Else it does not."
source = "X-1"
layers = ["live"]

"""
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/reader-AbCdEf"


def read(text: str) -> tuple[str, ...]:
    return list_secrets(parse_criteria(BARE + text, Path("criteria.toml"), {}))


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("", ()),
        (
            f"""[e2e]
base_url = "https://www.shop.example"
health = "/health"
[e2e.pages]
front = {{ path = "/", regions = ["main"] }}
[e2e.credentials]
reader = {{ user = "secret:{ARN}#user", password = "secret:{ARN}#password" }}
other = {{ user = "env:OTHER", password = "secret:shop/other" }}
""",
            (ARN, "shop/other"),
        ),
        (
            """[rollout.migrations]
tool = "alembic"
folder = "migrations"
database = "secret:shop/database"
task = "shop-migration"
""",
            ("shop/database",),
        ),
        (
            """[airflow]
version = "3.0.6"
url = "https://airflow.shop.example"
token = "secret:shop/airflow"
[dags.collect]
cron = "0 2 * * *"
timezone = "Asia/Tokyo"
data = { database = "secret:shop/database", table = "t", source = "s", slot = "a", written = "w", rows = "r", sources = ["x"] }
[dags.clean]
cron = "0 3 * * *"
timezone = "Asia/Tokyo"
data = { prefix = "s3://bucket/raw/{source}/", sources = ["x"] }
""",
            ("shop/airflow", "shop/database"),
        ),
    ],
)
def test_secrets_are_listed_wherever_one_is_referred_to(text: str, secrets: tuple[str, ...]) -> None:
    assert read(text) == secrets


# ── Criteria that anything or nothing satisfies

SENSIBLE = """
system = "shop"

[requirements]
OPS-2 = { asks = "Backups are kept", layers = ["static"] }

[criteria.kept]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
source = "OPS-2"
layers = ["static"]
"""


def refuse(lines: str) -> str:
    with pytest.raises(CriteriaError) as refused:
        parse_criteria(lines, Path("criteria.toml"))
    told = str(refused.value)
    assert all(line.startswith("criteria.toml: ") for line in told.splitlines())
    return told


@pytest.mark.parametrize(
    ("bound", "message"),
    [
        (">= -5 %", "is '>= -5 %'; everything satisfies that, since a ratio is not negative; write a limit above 0"),
        (">= 0 %", "everything satisfies that"),
        (">= 0", "write a limit above 0, or '> 0'"),
        (">= -0.0 s", "everything satisfies that"),
        ("> -1", "everything satisfies that"),
        ("<= 300 %", "everything satisfies that; write a limit of at most 100 %"),
        ("< 101 %", "everything satisfies that"),
        ("> 100 %", "nothing satisfies that"),
        (">= 100.1 %", "nothing satisfies that"),
        ("== 150 %", "nothing satisfies that"),
        ("< 0 s", "nothing satisfies that, since a time is not negative"),
        ("<= -5 ms", "nothing satisfies that"),
        ("== -1", "nothing satisfies that, since a count is not negative"),
        ("< 0 USD", "nothing satisfies that"),
        ("<= 99999999 d", "everything satisfies that; write a limit below 36500 d"),
        ("<= 36500 d", "everything satisfies that; write a limit below 36500 d"),
        ("<= 9999999999999", "everything satisfies that; write a limit below 1000000000000"),
        (f"<= {'9' * 31}", "is not a number with a unit"),
        (f"<= 1.{'0' * 31} s", "is not a number with a unit"),
        (f"<= {'9' * 5000} s", "is 5,005 characters long"),
        ("< nan s", "is not a number with a unit"),
        ("< inf", "is not a number with a unit"),
        ("<= 1e3", "is not a unit"),
        ("<= ３０ d", "is not a number with a unit"),
        ("== ''", "'' is no text that anything has"),
        ("one of 'a', ' '", "' ' is no text that anything has"),
        ("one of 'a', '\u200b'", "is no text that anything has"),
        ("one of 'a', 'a'", "names a text twice"),
        ("", "has no comparator"),
    ],
)
def test_a_bound_must_be_one_that_something_keeps_and_something_breaks(bound: str, message: str) -> None:
    told = refuse(f'{SENSIBLE}require = "{bound}"\n')
    assert told.startswith("criteria.toml: criteria.kept.require: ")
    assert message in told


@pytest.mark.parametrize("bound", ["<= 100 %", "> 99 %", "== 0", "> 0", "<= 0 s", "<= 0.1", ">= 30 d", "== 'none'"])
def test_a_sensible_bound_is_kept(bound: str) -> None:
    assert str(parse_criteria(f'{SENSIBLE}require = "{bound}"\n', Path("c")).criteria["kept"].bound) == bound


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('window = "-30 d"', "window: is '-30 d'; write more than nothing, e.g. '30 d'"),
        ('window = "0 s"', "window: is '0 s'; write more than nothing"),
        ('window = "99999999 d"', "window: is '99999999 d', which is more than anybody means"),
        ('rate = "0 /s"', "rate: is '0 /s'; write more than nothing"),
        ('confidence = "500 %"', "confidence: is '500 %'; write at least 50 % and at most 99.9999 %"),
        ('confidence = "0 %"', "confidence: is '0 %'"),
        ('confidence = "100 %"', "confidence: is '100 %'"),
        ('confidence = "0.001 %"', "confidence: is '0.001 %'"),
        ('confidence = "-95 %"', "confidence: is '-95 %'"),
        ('confidence = "99.99999999999 %"', "confidence: is '99.99999999999 %'"),
        ('confidence = "0.95"', "confidence: is '0.95'; write a ratio, e.g. '95 %'"),
        ("samples = 0", "samples: is 0; write a number from 1 to 1,000,000,000"),
        ("samples = 9000000000000", "samples: is 9,000,000,000,000; write a number from 1"),
        ("population = -1", "population: is -1; write a number from 0 to 1,000,000"),
        ("population = 2000000", "population: is 2,000,000"),
        ("population = 1.5", "population: is 1.5; write a whole number"),
        ('controls = ["AC-2", "AC-2"]', "controls: names 'AC-2' twice; write each once"),
        ('controls = [" "]', "controls: ' ' says nothing"),
        ('remedy = ""', "remedy: is '', which says nothing"),
    ],
)
def test_a_value_that_means_nothing_is_refused(line: str, message: str) -> None:
    assert f"criteria.kept.{message}" in refuse(f"{SENSIBLE}{line}\n")


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ('"Backups are kept."', '" "', "criteria.kept.statement: "),
        ('"Backups are kept."', '"\\u200b\\u2060"', "criteria.kept.statement: "),
        ('"Backups are kept."', '"…"', "criteria.kept.statement: "),
        ('"保持する。"', '"\\u3164"', "criteria.kept.statement: "),
        ('"They are needed."', '""', "criteria.kept.why: is '', which says nothing; write why it must hold"),
        ('"They are needed."', '"tbd"', "criteria.kept.why: is 'tbd', which says nothing"),
        ('"Backups are kept"', '"-"', "requirements.OPS-2.asks: is '-', which says nothing"),
        ('source = "OPS-2"\nlayers = ["static"]', 'source = "OPS-2"\nlayers = ["static", "static"]', "names 'static' twice"),
        ('source = "OPS-2"\nlayers = ["static"]', 'source = "OPS-2"\nlayers = [["static"]]', "write a list of texts"),
        ('source = "OPS-2"\nlayers = ["static"]', 'source = "OPS-2"\nlayers = [{}]', "write a list of texts"),
        ('"Backups are kept", layers = ["static"]', '"Backups are kept", layers = 3', "write a list of texts"),
    ],
)  # fmt: skip
def test_a_text_that_says_nothing_is_refused(before: str, after: str, message: str) -> None:
    assert before in SENSIBLE
    assert message in refuse(SENSIBLE.replace(before, after, 1))


# ── [evidence]

NIGHTLY = "MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="  # RFC 8032, test 1
DEPLOY = "MCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw="  # test 2


def parse(section: str) -> object:
    return parse_criteria(CRITERIA + section, Path("criteria.toml")).evidence


def test_signers_are_read() -> None:
    text = f"""
[evidence]
signers = [
  {{ name = "nightly", key = "{NIGHTLY}" }},
  {{ name = "deploy", key = '''
-----BEGIN PUBLIC KEY-----
{DEPLOY}
-----END PUBLIC KEY-----
''', kms = "awskms:///alias/prodgate-evidence" }},
]"""
    stated = parse_criteria(CRITERIA + text, Path("criteria.toml")).evidence
    assert [(each.name, each.key, each.kms) for each in stated.signers] == [
        ("nightly", NIGHTLY, ""),
        ("deploy", DEPLOY, "awskms:///alias/prodgate-evidence"),
    ]
    found = stated.find_signer(stated.signers[1].keyid)
    assert found.name == "deploy"
    assert stated.find_signer("") is None


def test_nobody_signs_where_nothing_is_stated() -> None:
    assert parse_criteria(CRITERIA, Path("criteria.toml")).evidence.signers == ()
    assert parse_criteria(CRITERIA + "[evidence]\n", Path("criteria.toml")).evidence.signers == ()


def one(**keys: str) -> str:
    given = {"name": '"nightly"', "key": f'"{NIGHTLY}"', **keys}
    return "{ " + ", ".join(f"{key} = {value}" for key, value in given.items() if value) + " }"


@pytest.mark.parametrize(
    ("signers", "why"),
    [
        ("3", "evidence.signers: is 3; write [{ name ="),
        ("[]", "evidence.signers: is []; write [{ name ="),
        ('["nightly"]', "evidence.signers[1]: is 'nightly'; write { name ="),
        (f"[{one(name='')}]", 'evidence.signers[1].name: is missing; write e.g. name = "nightly"'),
        (f"""[{one(name='" "')}]""", "evidence.signers[1].name: is ' '; write who signs"),
        (f"[{one(key='')}]", "evidence.signers[1].key: is missing; write e.g. key ="),
        (f"[{one(key='7')}]", "evidence.signers[1].key: is 7; write the public key"),
        (f"""[{one(key='"keys/nightly.pub"')}]""", "evidence.signers[1].key: is no public key; write what openssl"),
        (
            f"""[{one(key='"-----BEGIN PRIVATE KEY-----"')}]""",
            "evidence.signers[1].key: is a private key, which others must never see; make another one",
        ),
        (f"""[{one(kms='"alias/x"')}]""", "evidence.signers[1].kms: is 'alias/x'; write e.g. 'awskms:///alias/"),
        (f"""[{one(kms='"awskms://host/alias/x"')}]""", "evidence.signers[1].kms: is 'awskms://host/alias/x'"),
        (f"""[{one(keys='"x"')}]""", "evidence.signers[1].keys: is not a key; did you mean"),
        (
            f"[{one()}, {one(key=f'{chr(34)}{DEPLOY}{chr(34)}')}]",
            "evidence.signers[2].name: is 'nightly', as that of signer 1",
        ),
        (f"""[{one()}, {one(name='"deploy"')}]""", "evidence.signers[2].key: is that of signer 1, too"),
    ],
)
def test_nonsense_is_refused_with_what_to_write(signers: str, why: str) -> None:
    with pytest.raises(CriteriaError, match=re.escape(why)):
        parse(f"[evidence]\nsigners = {signers}\n")


def test_other_keys_are_refused() -> None:
    with pytest.raises(CriteriaError, match=r"evidence\.signer: is not a key; did you mean 'signers'"):
        parse("[evidence]\nsigner = []\n")


# ── Goals

WITH_GOALS = """
system = "shop"
[criteria.keys-kept]
statement = "Keys are kept."
why = "It matters."
source = "X-1"
layers = {layers}
goals = [{goals}]
{more}
"""


def parse_goals(goals: str, layers: str = '["static"]', more: str = "") -> tuple[Goal, ...]:
    text = WITH_GOALS.format(goals=goals, layers=layers, more=more)
    return read_goals(parse_criteria(text, Path("criteria.toml")).criteria["keys-kept"])


def test_goals_are_read_whole() -> None:
    (goal,) = parse_goals(
        '{ cannot = ["kms:Delete*"], principals = ["role/*"], except = ["role/a"], resources = ["arn:aws:kms:*:*:key/*"], '
        'unless = { Bool = { "aws:MultiFactorAuthPresent" = ["true"] } } }'
    )
    assert not goal.may
    assert goal.speaks_of("arn:aws:iam::111122223333:role/b")
    assert not goal.speaks_of("arn:aws:iam::111122223333:role/a")
    assert not goal.speaks_of("arn:aws:iam::111122223333:user/b")
    assert str(goal) == (
        "role/* but role/a cannot kms:Delete* on arn:aws:kms:*:*:key/* unless Bool aws:MultiFactorAuthPresent true"
    )
    (either,) = parse_goals(
        '{ cannot = ["a:B"], unless = [{ Bool = { a = ["true"] }, Null = { b = ["true"] } }, { Bool = { c = ["true"] } }] }'
    )
    assert str(either) == "* cannot a:B on * unless Bool a true & Null b true | Bool c true"
    assert [each.may for each in parse_goals('{ can = ["administrator"] }, { cannot = ["administrator"] }')] == [
        True,
        False,
    ]


def test_what_grants_nothing_is_asked_of_all() -> None:
    (goal,) = parse_goals('{ idle = "none", except = ["role/old"] }')
    assert (goal.grants, str(goal)) == (True, "* but role/old cannot hold a statement that grants nothing")


def test_what_is_used_is_read_whole() -> None:
    stated = (
        'code = ["dags"], workflows = ["A_ROLE"], services = ["mwaa"], quiet = ["x"], also = { "s3:Get*" = "a job" }'
    )
    (goal,) = parse_goals(f'{{ uses = {{ {stated} }}, principals = ["role/a"] }}')
    assert goal.uses == Uses(
        code=("dags",), workflows=("A_ROLE",), services=("mwaa",), quiet=("x",), also=(("s3:Get*", "a job"),)
    )
    assert str(goal) == "role/a can do what is used, and no more"


@pytest.mark.parametrize(
    ("goals", "mistake"),
    [
        ("", "goals: holds none"),
        ('"kms:*"', "goals 1: is 'kms:*'; write a table"),
        ('{ principals = ["*"] }', "write one of can, cannot, idle, uses"),
        ('{ can = ["a:B"], uses = { code = ["x"] } }', "write one of can, cannot, idle, uses"),
        ('{ idle = "some" }', "goals 1.idle: is 'some'; write 'none'"),
        ('{ idle = "none", principals = ["outside"] }', "goals 1.principals: 'outside' holds no statements"),
        ('{ idle = "none", resources = ["*"] }', "goals 1.resources: is not for what grants nothing"),
        ("{ uses = {} }", "goals 1.uses: is {}; say what uses it"),
        ('{ uses = { code = ["x"] } }', "goals 1.principals: name those that use it"),
        ('{ uses = { code = ["x"] }, principals = ["outside"] }', "goals 1.principals: name those that use it"),
        (
            '{ uses = { code = ["x"] }, principals = ["*"], resources = ["*"] }',
            "goals 1.resources: is not for what is used",
        ),
        ('{ uses = { code = "x" }, principals = ["*"] }', "goals 1.uses.code: is 'x'; write a list of texts"),
        ('{ uses = { code = ["../x"] }, principals = ["*"] }', "'../x' is not below the criteria file"),
        ('{ uses = { codes = ["x"] }, principals = ["*"] }', "did you mean 'code'"),
        ('{ uses = { services = ["ec3"] }, principals = ["*"] }', "'ec3' is not known; write one of mwaa"),
        ('{ uses = { also = { "s3:GetObject" = "" } }, principals = ["*"] }', "write actions, each with what uses it"),
        (
            '{ uses = { also = { GetObject = "it" } }, principals = ["*"] }',
            "goals 1.uses.also: 'GetObject' is no action",
        ),
        ('{ can = ["a:B"], cannot = ["a:B"] }', "write one of can, cannot, idle, uses"),
        ('{ cannot = "kms:*" }', "goals 1.cannot: is 'kms:*'; write a list of texts"),
        ("{ cannot = [] }", "goals 1.cannot: is []; write a list of texts"),
        ('{ cannot = ["ScheduleKeyDeletion"] }', "is no action"),
        ('{ cannot = ["a:B"], except = ["*"] }', "goals 1.except: '*' leaves out everybody"),
        ('{ cannot = ["a:B"], principal = ["*"] }', "did you mean 'principals'"),
        ('{ cannot = ["a:B"], resources = ["key/*"] }', "is not written as an ARN"),
        ('{ cannot = ["a:B", "administrator"] }', "'administrator' stands alone"),
        ('{ cannot = ["administrator"], resources = ["*"] }', "'administrator' stands alone"),
        ('{ cannot = ["administrator"], principals = ["outside"] }', "'administrator' stands alone"),
        ('{ cannot = ["a:B"], principals = ["outside", "role/*"] }', "'outside' stands alone"),
        ('{ can = ["a:B"], principals = ["outside"] }', "'outside' stands alone"),
        ('{ cannot = ["a:B"], unless = { StringIs = { a = ["b"] } } }', "operator StringIs is not known"),
        ('{ cannot = ["a:B"], unless = { StringEquals = { a = "b" } } }', "unless.StringEquals.a: is 'b'"),
        ('{ cannot = ["a:B"], unless = ["a"] }', "unless 1: is 'a'; write conditions as a policy does"),
        ('{ cannot = ["a:B"], unless = "a" }', "unless: is 'a'; write conditions as a policy does"),
        ('{ cannot = ["a:B"], unless = [] }', "unless: holds none; write at least one table"),
        ('{ cannot = ["a:B"], unless = [{}] }', "unless 1: states no condition, and would leave out everything"),
        (
            '{ cannot = ["a:B"], unless = [{ Null = { a = ["true"] } }, { N = { a = ["b"] } }] }',
            "unless 2: the condition operator N is",
        ),
    ],
)
def test_a_mistake_is_said(goals: str, mistake: str) -> None:
    with pytest.raises(CriteriaError, match=re.escape(mistake)):
        parse_goals(goals)


def test_goals_are_judged_by_two_layers_and_bound_nothing() -> None:
    goal = '{ cannot = ["a:B"] }'
    with pytest.raises(CriteriaError, match="are judged by the layers static and live alone"):
        parse_goals(goal, layers='["static", "load"]')
    with pytest.raises(CriteriaError, match="is read by the layer static alone"):
        parse_goals('{ uses = { code = ["x"] }, principals = ["*"] }', layers='["static", "live"]')
    with pytest.raises(CriteriaError, match="goals hold or do not"):
        parse_goals(goal, more='require = "<= 1 s"')


# ── What a requirement states, no criterion undercuts

BOUND_BY = """
system = "shop"

[requirements]
SLO-6 = { asks = "Runs succeed", layers = ["dags"], bounds = { rate = { require = "> 99 %", window = "30 d", samples = 30, confidence = "95 %", population = 2 } } }

[criteria.rate]
statement = "Runs succeed."
why = "They collect."
require = "> 99 %"
window = "30 d"
samples = 30
confidence = "95 %"
decides = "bound"
population = 2
source = "SLO-6"
layers = ["dags"]

[criteria.rehearsed]
statement = "Runs succeed."
why = "They collect."
require = "> {rate}"
source = "SLO-6"
layers = ["dags"]
"""


def test_a_criterion_takes_what_its_requirement_states_of_it() -> None:
    numbers = BOUND_BY[BOUND_BY.index('require = "> 99 %"\nw') : BOUND_BY.index('source = "SLO-6"')]
    taken = parse_criteria(BOUND_BY.replace(numbers, ""), FILE).criteria
    assert taken == parse_criteria(BOUND_BY, FILE).criteria


def test_a_criterion_may_ask_for_more_than_its_requirement() -> None:
    stricter = BOUND_BY.replace('require = "> 99 %"\nwindow = "30 d"', 'require = ">= 99.5 %"\nwindow = "90 d"')
    assert str(parse_criteria(stricter, FILE).criteria["rate"].bound) == ">= 99.5 %"
    assert parse_criteria(stricter, FILE).requirements[0].bounds["rate"]["window"] == "30 d"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('require = "> 99 %"\nw', 'require = "> 9 %"\nw', "criteria.rate.require: is '> 9 %', and SLO-6 asks for '> 99 %'; write that, or what is stricter"),
        ('require = "> 99 %"\nw', 'require = ">= 99 %"\nw', "is '>= 99 %', and SLO-6 asks for '> 99 %'"),
        ('require = "> 99 %"\nw', 'require = "> 99 d"\nw', "is '> 99 d', and SLO-6 asks for '> 99 %'"),
        ('\nwindow = "30 d"', '\nwindow = "7 d"', "criteria.rate.window: is '7 d', and SLO-6 asks for '30 d'"),
        ("\nsamples = 30", "\nsamples = 3", "criteria.rate.samples: is 3, and SLO-6 asks for 30"),
        ('\nconfidence = "95 %"', '\nconfidence = "90 %"', "criteria.rate.confidence: is '90 %', and SLO-6 asks for '95 %'"),
        ('\nconfidence = "95 %"\ndecides = "bound"', '\ndecides = "point"', "criteria.rate.decides: is 'point', and SLO-6 asks for 'bound'"),
        ('confidence = "95 %",', 'decides = "point",', "requirements.SLO-6.bounds.rate.decides: is 'point'; write e.g. 'bound'"),
        ('confidence = "95 %",', 'disturbances = "95 %",', "requirements.SLO-6.bounds.rate.disturbances: is '95 %'"),
        ("\npopulation = 2", "\npopulation = 1", "criteria.rate.population: is 1, and SLO-6 asks for 2"),
        ("bounds = { rate", "bounds = { rat", "requirements.SLO-6.bounds: 'rat' is not a criterion; did you mean 'rate'?"),
        ("bounds = { rate", "bounds = { x = '> 1 %', rehearsed", "requirements.SLO-6.bounds: 'x' is not a criterion; state it, or"),
        ("bounds = {", "bounds = 3, more = {", "requirements.SLO-6: is {"),
        ("bounds = { rate = {", "bounds = { rehearsed = '> 99.5 %', rate = {", "criteria.rehearsed.require: is '> {rate}', and SLO-6 asks for '> 99.5 %'"),
        ("bounds = { rate = {", "bounds = { rehearsed = '> 99 parsec', rate = {", "requirements.SLO-6.bounds.rehearsed.require: 'parsec' is not a unit"),
        ("bounds = { rate = {", "bounds = { rehearsed = 3, rate = {", "requirements.SLO-6.bounds.rehearsed.require: is 3; write e.g. '< 200 ms'"),
        ("population = 2 }", "population = 0 }", "requirements.SLO-6.bounds.rate.population: is 0; write e.g. 2"),
        ("window = \"30 d\",", "window = \"30 %\",", "requirements.SLO-6.bounds.rate.window: "),
        ("window = \"30 d\",", "windw = \"30 d\",", "requirements.SLO-6.bounds.rate.windw: is not a key; did you mean 'window'?"),
    ],
)  # fmt: skip
def test_what_undercuts_a_requirement_is_refused_with_both_values(old: str, new: str, message: str) -> None:
    assert BOUND_BY.count(old) == 1
    assert message in refuse(BOUND_BY.replace(old, new))


def test_who_takes_a_refused_limit_is_not_refused_with_it() -> None:
    both = BOUND_BY.replace("population = 2 } }", "population = 2 }, rehearsed = '> 99 %' }")
    said = refuse(both.replace('require = "> 99 %"\nw', 'require = "> 9 %"\nw'))
    assert "criteria.rate.require" in said
    assert "criteria.rehearsed" not in said


# ── Criteria in several files are the same criteria, and each mistake names its file

TOP = """
system = "shop"
include = ["criteria/*.toml"]

[terraform]
root = "infra"

[requirements]
NET-1 = { asks = "Nothing is open", layers = ["static"] }
OPS-2 = { asks = "Backups are kept", layers = ["static"] }
"""
RECOVERY = """
[criteria.backup-retention]
statement = { en = "Backups are kept.", ja = "保持する。" }
why = "They are needed."
require = ">= 30 d"
source = "OPS-2"
layers = ["static"]
"""
NETWORK = """
[criteria.backup-copies]
statement = { en = "Copies are kept as long.", ja = "同じ期間保持する。" }
why = "A region is lost, too."
require = "{backup-retention}"
source = "OPS-2"
layers = ["static"]

[criteria.ports-closed]
statement = { en = "No port is open.", ja = "開放しない。" }
why = "Scanners find it."
source = "NET-1"
layers = ["static"]
""".replace('"{backup', '">= {backup')


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "shop"
    write_tree(folder, {"criteria.toml": TOP, "criteria/network.toml": NETWORK, "criteria/recovery.toml": RECOVERY})
    monkeypatch.chdir(folder)
    return folder


def unplaced(stated: CriteriaFile) -> CriteriaFile:
    """The statements, without their positions."""
    return dataclasses.replace(stated, path=Path(), included=())


def test_several_files_state_what_one_would(shop: Path) -> None:
    one = TOP.replace('include = ["criteria/*.toml"]\n', "") + NETWORK + RECOVERY
    stated = load_criteria(shop / "criteria.toml")
    assert unplaced(stated) == unplaced(parse_criteria(one, Path("criteria.toml")))
    assert stated.included == ("criteria/network.toml", "criteria/recovery.toml")


def test_criteria_follow_the_requirements_whichever_file_states_them(shop: Path) -> None:
    assert list(load_criteria(Path("criteria.toml")).criteria) == ["ports-closed", "backup-copies", "backup-retention"]
    (shop / "criteria" / "network.toml").rename(shop / "criteria" / "zones.toml")
    assert list(load_criteria(Path("criteria.toml")).criteria) == ["ports-closed", "backup-retention", "backup-copies"]


def test_files_are_read_in_the_order_in_which_they_are_named(shop: Path) -> None:
    named = TOP.replace('"criteria/*.toml"', '"criteria/recovery.toml", "criteria/n*.toml"')
    (shop / "criteria.toml").write_text(named, "utf-8")
    assert load_criteria(Path("criteria.toml")).included == ("criteria/recovery.toml", "criteria/network.toml")
    assert list(load_criteria(Path("criteria.toml")).criteria)[1] == "backup-retention"


TABLES = [*NETWORK.split("\n\n"), RECOVERY, '[account]\nid = "123456789012"', "[repository]\nexempt = ['tests/*']"]
SETTINGS = [text for text in TOP.split("\n\n") if "[requirements]" in text or "[terraform]" in text]


@given(st.lists(st.integers(0, 3), min_size=len(TABLES + SETTINGS), max_size=len(TABLES + SETTINGS)))
def test_however_tables_are_shared_out_they_state_the_same(files: list[int]) -> None:
    texts = dict.fromkeys(range(4), "")
    for table, number in zip([*TABLES, *SETTINGS], files, strict=True):
        texts[number] += f"{table}\n\n"
    included = {f"{number}.toml": texts[number] for number in (1, 2, 3)}
    one = 'system = "shop"\n' + "\n\n".join([*TABLES, *SETTINGS])
    several = parse_criteria(f'system = "shop"\n{texts[0]}', Path("criteria.toml"), included)
    whole = parse_criteria(one, Path("criteria.toml"))
    assert unplaced(several) == unplaced(whole)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        ("[dags.a]\ncron = '@daily'", ("[dags.b]\ncron = '@daily'",)),
        ("[load]\nhosts = ['x']", ("[load.rehearsal]\nsteady = { rate = '1 /s' }",)),
    ],
)
def test_tables_within_a_section_come_together(text: str, shares: tuple[str, ...]) -> None:
    from prodgate.sections.includes import merge

    merged = merge(text, Path("criteria.toml"), {f"{number}.toml": each for number, each in enumerate(shares)})
    assert merged.data == tomllib.loads("\n".join((text, *shares)))
    assert merged.mistakes == ()


def link(target: str) -> Callable[[Path], None]:
    def made(path: Path) -> None:
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    return made


def write(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(text.encode()) and None


@pytest.mark.parametrize(
    ("include", "file", "made", "message"),
    [
        ("3", "", None, "criteria.toml: include: is 3; write a list of files, e.g. include = ["),
        ('"criteria/*.toml"', "", None, "criteria.toml: include: is 'criteria/*.toml'; write a list of files"),
        ('[""]', "", None, "criteria.toml: include: is ['']; write a list of files"),
        ('["criteria/*.tml"]', "", None, "criteria.toml: include: 'criteria/*.tml' matches no file; did you mean"),
        ('["rules/*.yaml"]', "", None, "include: 'rules/*.yaml' matches no file; write a file or a pattern, e.g. include = ["),
        ('["criteria/netwrk.toml"]', "", None, "'criteria/netwrk.toml' matches no file; did you mean 'criteria/network.toml'?"),
        ('["a\\u0000b/*.toml"]', "", None, "criteria.toml: include: holds the control character"),
        ('["../other/*.toml"]', "", None, "criteria.toml: include: '../other/*.toml' leads out of the folder of criteria.toml; write"),
        ('["/etc/*.conf"]', "", None, "criteria.toml: include: '/etc/*.conf' leads out of the folder of criteria.toml; write"),
        ('["criteria/*.toml"]', "criteria/far.toml", link("/etc/hostname"), "'criteria/far.toml' is a link to /etc/hostname, out of the folder of criteria.toml; put the file itself there"),
        ('["criteria/*.toml"]', "criteria/near.toml", link("network.toml"), "is included twice, by 'criteria/*.toml' and by 'criteria/*.toml'; include it once"),
        ('["criteria/*.toml"]', "criteria/gone.toml", link("nowhere.toml"), "criteria.toml: include: 'criteria/gone.toml' is no file; write"),
        ('["criteria/*.toml"]', "criteria/loop.toml", link("loop.toml"), "criteria.toml: include: 'criteria/loop.toml' is no file; write"),
        ('["criteria/*.toml"]', "criteria/pipe.toml", os.mkfifo, "criteria.toml: include: 'criteria/pipe.toml' is no file; write"),
        ('["criteria"]', "", None, "criteria.toml: include: 'criteria' is a folder; write the files in it, e.g. 'criteria/*.toml'"),
        ('["criteria/*"]', "criteria/old", Path.mkdir, "criteria.toml: include: 'criteria/old' is a folder; write the files in it"),
        ('["criteria/*.toml", "criteria/network.toml"]', "", None, "'criteria/network.toml' is included twice, by 'criteria/*.toml' and by 'criteria/network.toml'; include it once"),
        ('["criteria/network.toml", "./criteria//network.toml"]', "", None, "'criteria/network.toml' is included twice, by 'criteria/network.toml' and"),
        ('["criteria.toml"]', "", None, "criteria.toml: include: 'criteria.toml' includes criteria.toml itself; write a pattern that leaves it out"),
        ('["**/*.toml"]', "", None, "criteria.toml: include: '**/*.toml' includes criteria.toml itself; write"),
        ('["criteria/*.toml"]', "criteria/again.toml", link("../criteria.toml"), "includes criteria.toml itself; write"),
        ('["criteria/*.toml"]', "criteria/more.toml", write('include = ["recovery.toml"]'), "criteria/more.toml: include: is ['recovery.toml']; only the criteria file itself includes others, write it there"),
        ('["criteria/*.toml"]', "criteria/back.toml", write('include = ["../criteria.toml"]'), "criteria/back.toml: include: is ['../criteria.toml']; only the criteria file itself"),
        ('["criteria/*.toml"]', "criteria/bom.toml", lambda path: path.write_bytes(b"\xef\xbb\xbf# a"), "criteria/bom.toml: begins with a byte order mark, which TOML does not have; save it as UTF-8 without one"),
        ('["criteria/*.toml"]', "criteria/latin.toml", lambda path: path.write_bytes(b"# caf\xe9"), "criteria/latin.toml: is not UTF-8 text: unexpected end of data at byte 5; save it as UTF-8"),
        ('["criteria/*.toml"]', "criteria/broken.toml", write("a = 1\n= 3"), "criteria/broken.toml: is not TOML: Invalid statement (at line 2, column 1)"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write(RECOVERY), "criteria/twice.toml: criteria.backup-retention: is stated in criteria/recovery.toml, too; state it in one of the two"),
        ('["criteria/*.toml"]', "criteria/part.toml", write("[criteria.ports-closed]\nsamples = 3"), "criteria/part.toml: criteria.ports-closed: is stated in criteria/network.toml, too; state"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write("[requirements]\nOPS-2 = { layers = [] }"), "criteria/twice.toml: requirements.OPS-2: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write('[terraform]\nroot = "other"'), "criteria/twice.toml: terraform.root: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write('terraform = "other"'), "criteria/twice.toml: terraform: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write('system = "other"'), "criteria/twice.toml: system: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/twice.toml", write('[system]\nname = "other"'), "criteria/twice.toml: system: is stated in criteria.toml, too; state it in one"),
        ('["criteria/*.toml"]', "criteria/recovery.toml", write(f"{RECOVERY}sample = 3"), "criteria/recovery.toml: criteria.backup-retention.sample: is not a key; did you mean 'samples'?"),
        ('["criteria/*.toml"]', "criteria/recovery.toml", write(RECOVERY.replace("backup-retention", "backups")), "criteria/network.toml: criteria.backup-copies.require: {backup-retention} names no criterion"),
        ('["criteria/*.toml"]', "criteria/recovery.toml", write(RECOVERY.replace("OPS-2", "OPS-3")), "criteria/recovery.toml: criteria.backup-retention.source: 'OPS-3' is not a requirement"),
        ('["criteria/*.toml"]', "criteria/more.toml", write("[account]\nid = 3"), "criteria/more.toml: account.id: is 3; write twelve digits"),
        ('["criteria/*.toml"]', "criteria/more.toml", write("[waivers.x]\n"), "criteria/more.toml: waivers: is not a section"),
        ('["criteria/*.toml"]', "criteria/more.toml", write("[terraform]\nvar_files = 3"), "criteria/more.toml: terraform.var_files: is 3; write a list of paths"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line_that_names_its_file(
    shop: Path,
    gate: Gate,
    *,
    include: str,
    file: str,
    made: Callable[[Path], object] | None,
    message: str,
) -> None:
    (shop / "criteria.toml").write_text(TOP.replace('["criteria/*.toml"]', include), "utf-8")
    if made:
        made(shop / file)
    told = gate("run", "--only", "static", ends=4).err
    assert message in told
    assert told.count("\n") == 1


def test_an_included_file_that_cannot_be_read_says_so(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> str:
        if path.name == "recovery.toml":
            raise PermissionError(13, "Permission denied")
        return read_text(path)

    monkeypatch.setattr(includes, "read_text", denied)
    with pytest.raises(
        CriteriaError, match=r"^criteria/recovery\.toml: cannot be read: Permission denied; make it read"
    ):
        load_criteria(Path("criteria.toml"))


def test_an_absolute_place_in_a_link_above_the_project_is_no_way_out(shop: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(shop)
    assert (
        load_criteria(tmp_path / "linked" / "criteria.toml").criteria.keys()
        == load_criteria(shop / "criteria.toml").criteria.keys()
    )


def test_a_link_to_a_criteria_file_does_not_move_the_project(shop: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "criteria.toml").symlink_to(shop / "criteria.toml")
    with pytest.raises(CriteriaError, match=r"'criteria/\*\.toml' matches no file"):
        load_criteria(other / "criteria.toml")
    (other / "criteria").symlink_to(shop / "criteria")
    with pytest.raises(CriteriaError, match="out of the folder of criteria.toml; put the file itself there"):
        load_criteria(other / "criteria.toml")
    (other / "criteria").unlink()
    shutil.copytree(shop / "criteria", other / "criteria")
    assert open_project(other / "criteria.toml").root == other


def test_files_behind_links_within_the_folder_are_read_as_a_cluster_mounts_them(shop: Path) -> None:
    (shop / "..data").mkdir()
    for name in ("criteria", "criteria.toml"):
        (shop / name).rename(shop / "..data" / name)
        (shop / name).symlink_to(f"..data/{name}")
    assert len(load_criteria(shop / "criteria.toml").criteria) == 3
    assert open_project(shop / "criteria.toml").root == shop


def test_all_mistakes_of_all_files_are_said_at_once(shop: Path) -> None:
    write_tree(
        shop,
        {
            "criteria.toml": TOP.replace('root = "infra"', "rot = 3"),
            "criteria/more.toml": RECOVERY + "\n[acount]\n",
            "criteria/network.toml": NETWORK.replace('layers = ["static"]', 'layers = ["statik"]'),
        },
    )
    with pytest.raises(CriteriaError) as refused:
        load_criteria(Path("criteria.toml"))
    files = [line.split(": ")[0] for line in str(refused.value).splitlines()]
    assert sorted(set(files)) == [
        "criteria.toml",
        "criteria/more.toml",
        "criteria/network.toml",
        "criteria/recovery.toml",
    ]


def test_a_hidden_file_of_an_editor_is_not_included(shop: Path) -> None:
    (shop / "criteria" / ".#network.toml").symlink_to("someone@somewhere:123")
    assert len(load_criteria(Path("criteria.toml")).included) == 2


def test_a_run_keeps_every_file_and_needs_none_of_them_afterwards(shop: Path) -> None:
    run = runs.create(shop / "runs", ABOUT, Path("criteria.toml"), Path("waivers.toml"))
    before = load_criteria(Path("criteria.toml"))
    kept = {path.read_bytes() for path in (run / artifacts.FOLDER).iterdir()}
    assert {text.encode() for text in (TOP, NETWORK, RECOVERY)} <= kept
    shutil.rmtree(shop / "criteria")
    assert unplaced(runs.read(run).criteria) == unplaced(before)


def test_a_run_by_a_variant_that_includes_the_usual_file_keeps_both(shop: Path) -> None:
    usual = TOP.replace('include = ["criteria/*.toml"]\n', "") + RECOVERY
    write_tree(shop, {"criteria.toml": usual, "strict.toml": f'include = ["criteria.toml"]\n{NETWORK}'})
    run = runs.create(shop / "runs", ABOUT, Path("strict.toml"), Path("waivers.toml"))
    assert unplaced(runs.read(run).criteria) == unplaced(load_criteria(Path("strict.toml")))


def test_a_run_whose_included_criteria_were_changed_is_refused(shop: Path) -> None:
    run = runs.create(shop / "runs", ABOUT, Path("criteria.toml"), Path("waivers.toml"))
    (file,) = (path for path in (run / artifacts.FOLDER).iterdir() if path.read_bytes() == RECOVERY.encode())
    file.write_bytes(RECOVERY.replace("30 d", "1 d").encode())
    with pytest.raises(runs.RunError, match="CHANGED: evidence/"):
        runs.read(run)


def test_criteria_in_no_commit_are_changes(shop: Path) -> None:
    from prodgate.sections.project import open_project

    git(shop, "init", "--quiet")
    git(shop, "add", "criteria.toml", "criteria/network.toml")
    git(shop, "commit", "--quiet", "--message", "criteria")
    (shop / "notes.txt").write_text("in no commit, and no criteria")
    assert find_inputs(open_project(Path("criteria.toml")), {}).commit.endswith("+changes")
    git(shop, "add", "criteria")
    git(shop, "commit", "--quiet", "--message", "all of them")
    assert len(find_inputs(open_project(Path("criteria.toml")), {}).commit) == 40
    (shop / "criteria" / "network.toml").write_text(NETWORK + "\n", "utf-8")
    assert find_inputs(open_project(Path("criteria.toml")), {}).commit.endswith("+changes")


# ── The baseline that a team extends

OWN = """
[criteria.kms-deletion-window]
overrides = true
statement = "Keys wait {limit}."
why = "We restore within two weeks."
require = ">= 14 d"
source = "OURS-1"
layers = ["static"]
"""

PROVEN = "baseline/permissions"


@pytest.fixture
def stated(tmp_path: Path) -> Path:
    return tmp_path / "criteria.toml"


def write_extending(file: Path, extends: str, more: str = "") -> Path:
    file.write_text(f'system = "shop"\nextends = {extends}\n{more}', "utf-8")
    return file


def test_the_whole_baseline_is_every_criterion_that_is_good_practice_for_any_team(stated: Path) -> None:
    found = load_criteria(write_extending(stated, '"baseline"')).criteria
    bundled = load_criteria(BUNDLED / "criteria.toml").criteria
    assert set(found) == {id_ for id_, criterion in bundled.items() if criterion.baseline} != set()
    kept = ("wording", "wording_ja", "why", "remedy", "controls", "window", "samples")
    for id_, taken in found.items():
        origin = bundled[id_]
        assert [getattr(taken, key) for key in kept] == [getattr(origin, key) for key in kept], id_
        assert taken.bound == (origin.baseline_bound or origin.bound)
        assert taken.layers == tuple(layer for layer in origin.layers if layer in ("static", "live"))
        assert (taken.population, taken.where_present) == (0, True)


def test_what_is_taken_over_states_the_number_that_is_asked(stated: Path) -> None:
    inherited = load_criteria(write_extending(stated, '"baseline"')).criteria["backup-retention"]
    checked = baseline(load_criteria(BUNDLED / "criteria.toml").criteria)["backup-retention"]
    said = (
        "Backups of the database are kept for at least 7 days.",
        "データベースのバックアップを少なくとも 7 日間保持する。",
    )
    assert [(one.statement, one.statement_ja) for one in (inherited, checked)] == [said, said]


def test_areas_are_taken_over_one_by_one(stated: Path) -> None:
    found = load_criteria(write_extending(stated, '["baseline/identity", "baseline/recovery"]')).criteria
    assert {criterion.source for criterion in found.values()} == {"baseline/identity", "baseline/recovery"}
    assert set(found) == {*list_areas()["baseline/identity"], *list_areas()["baseline/recovery"]}


def test_a_criterion_that_says_so_stands_in_the_place_of_the_inherited_one(stated: Path) -> None:
    found = load_criteria(write_extending(stated, '["baseline/recovery"]', OWN)).criteria
    own = found["kms-deletion-window"]
    assert (own.statement, own.statement_ja, str(own.bound), own.source) == (
        "Keys wait 14 days.",
        "",
        ">= 14 d",
        "OURS-1",
    )
    assert set(found) == set(list_areas()["baseline/recovery"])


def test_requirements_of_a_team_need_not_name_what_it_takes_over(stated: Path) -> None:
    lines = '[requirements]\nOURS-1 = { asks = "Keys come back", layers = ["static"] }\n'
    assert "backup-retention" in load_criteria(write_extending(stated, '"baseline"', lines + OWN)).criteria


@pytest.mark.parametrize(
    ("extends", "more", "message"),
    [
        ('"basline"', "", "extends: 'basline' is no area; did you mean 'baseline'?"),
        ('["baseline/identiy"]', "", "extends: 'baseline/identiy' is no area; did you mean 'baseline/identity'?"),
        ('["zzz"]', "", "extends: 'zzz' is no area; write 'baseline', or one of baseline/airflow, "),
        ("3", "", "extends: is 3; write 'baseline' or a list of areas, e.g. extends = ["),
        ('["baseline", "baseline/network"]', "", "extends: 'baseline/network' is named twice, or is part of 'baseline'"),
        ('["baseline/network", "baseline/network"]', "", "extends: 'baseline/network' is named twice"),
        ('"baseline"', OWN.replace("overrides = true\n", ""), "criteria.kms-deletion-window: extends takes it over from baseline/recovery, too; write overrides = true in it to"),
        ('"baseline"', OWN.replace("OURS-1", "baseline/recovery"), "criteria.kms-deletion-window.source: 'baseline/recovery' is where extends takes over from; name your own line"),
        ("[]", OWN.replace("OURS-1", "baseline/x").replace("overrides = true\n", ""), "criteria.kms-deletion-window.source: 'baseline/x' is where extends"),
        ('"baseline"', OWN.replace("kms-deletion", "kms-deltion"), "criteria.kms-deltion-window.overrides: extends takes over no criterion of that id; did you mean 'kms-deletion-window'?"),
        ('["baseline/network"]', OWN, "criteria.kms-deletion-window.overrides: extends takes over no criterion of that id; take overrides out, or name its area"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line(stated: Path, extends: str, more: str, message: str) -> None:
    with pytest.raises(CriteriaError) as refused:
        load_criteria(write_extending(stated, extends, more))
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(f"{stated}: ")


def test_an_included_file_extends_nothing(stated: Path) -> None:
    (stated.parent / "more.toml").write_text('extends = "baseline"', "utf-8")
    with pytest.raises(
        CriteriaError, match=r"more\.toml: extends: is 'baseline'; only the criteria file itself extends"
    ):
        load_criteria(write_extending(stated, '"baseline/network"', 'include = ["more.toml"]\n'))


def test_no_file_of_a_project_passes_for_what_is_taken_over(stated: Path) -> None:
    write_tree(stated.parent, {"prodgate:baseline/network.toml": OWN})
    with pytest.raises(CriteriaError, match="is named like what extends takes over; give it another name"):
        load_criteria(write_extending(stated, '"baseline/network"', 'include = ["prodgate*/*.toml"]\n'))


def test_a_run_keeps_what_was_taken_over(stated: Path) -> None:
    run = runs.create(
        stated.parent / "runs", ABOUT, write_extending(stated, '["baseline/network"]'), stated.parent / "waivers.toml"
    )
    (text,) = extend(["baseline/network"], ())[0].values()
    assert text.encode() in {path.read_bytes() for path in (run / artifacts.FOLDER).iterdir()}
    stated.unlink()
    assert set(runs.read(run).criteria.criteria) == set(list_areas()["baseline/network"])


def test_every_area_is_written_out_as_criteria_that_stand_for_themselves() -> None:
    files, mistakes = extend(BASELINE, ())
    assert mistakes == []
    assert {name: tuple(tomllib.loads(text)["criteria"]) for name, text in files.items()} == {
        f"prodgate:{area}.toml": ids for area, ids in list_areas().items() if area != PROVEN
    }


def test_what_is_proven_of_principals_is_taken_over_by_name(stated: Path) -> None:
    assert PROVEN in list_areas()
    found = load_criteria(write_extending(stated, f'["{BASELINE}", "{PROVEN}"]')).criteria
    goals = [goal for criterion in found.values() if criterion.source == PROVEN for goal in read_goals(criterion)]
    assert {goal.actions[0] for goal in goals} >= {"administrator", "cloudtrail:DeleteTrail", "sts:AssumeRole"}
    assert all(read_goals(found[id_]) for id_ in list_areas()[PROVEN])
    assert not any(
        read_goals(criterion) for criterion in load_criteria(write_extending(stated, f'"{BASELINE}"')).criteria.values()
    )


@pytest.mark.parametrize(("population", "outcome"), [(0, "not-applicable"), (1, "undetermined")])
def test_no_policy_asks_for_one_where_there_need_be_none(population: int, outcome: str) -> None:
    def judge(queue: Resource, criterion: Criterion) -> None:
        raise AssertionError

    stated = Policy(
        id="S_1", criterion="c", resources=("aws_sqs_queue",), remedy="r", judge=judge, population=1, required=False
    )
    asked = criterion("c", population=population, where_present=True)
    (found,) = apply(stated, Configuration(root=".", engine="none", resources=[]), asked)
    assert found.outcome == outcome


def test_what_is_asked_of_any_team_says_who_asks_for_it_and_how_bad_it_is() -> None:
    bundled = load_criteria(BUNDLED / "criteria.toml").criteria
    asked = [each for each in bundled.values() if each.baseline]
    assert [each.id for each in asked if each.severity not in SEVERITIES] == []
    sources = {each.id: {control.partition(":")[0] for control in each.controls} for each in asked}
    catalogues = {"AWS-FSBP", "AWS-WA", "CIS-AWS-3.0.0", "OWASP-CICD"}
    assert [id_ for id_, named in sources.items() if not named & catalogues] == ["terraform-evaluates"]


# ── Any content of a user's file is valid, or refused in lines that name the file; nothing else

HERE = Path("given.toml")
Parse = Callable[[str, Path], object]


def _states(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


WHOLE: Final[dict[str, Any]] = {**_states(BUNDLED / "criteria.toml"), "include": []}
for file in sorted((BUNDLED / "criteria").glob("*.toml")):
    for section, tables in _states(file).items():
        kept = dict(list(tables.items())[:4]) if section == "criteria" else tables
        WHOLE.setdefault(section, {}).update(kept)
for line in WHOLE["requirements"].values():
    line["bounds"] = {name: least for name, least in line.get("bounds", {}).items() if name in WHOLE["criteria"]}
WAIVERS: Final = {"waivers": dict(list(_states(BUNDLED / "waivers.toml")["waivers"].items())[:2])}
RECORD: Final = _states(BUNDLED / "attestations" / "restore-record.toml")


def parse_record(text: str, path: Path) -> object:
    return parse_attestation(text, path, datetime(2026, 11, 27, tzinfo=UTC))


FILES: Final[tuple[tuple[Parse, dict[str, Any]], ...]] = (
    (parse_criteria, WHOLE), (parse_waivers, WAIVERS), (parse_record, RECORD)
)  # fmt: skip


def render(value: Any) -> str:
    """Write a value as TOML, tables inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quote(key)} = {render(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(render, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    return _quote(value) if isinstance(value, str) else value.isoformat() if isinstance(value, date) else str(value)


def _quote(text: str) -> str:
    return (
        '"' + "".join(f"\\U{ord(each):08x}" if each in '"\\' or not each.isprintable() else each for each in text) + '"'
    )


def keys(data: Any, at: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place in the tables, by the keys that lead there."""
    inner = [place for key, each in data.items() for place in keys(each, (*at, key))] if isinstance(data, dict) else []
    return [*([at] if at else []), *inner]


def put(data: dict[str, Any], at: tuple[str, ...], value: Any) -> dict[str, Any]:
    key, *rest = at
    return {**data, key: put(data[key], tuple(rest), value) if rest else value}


def _reading(load: Callable[[Path], object]) -> Parse:
    return lambda _, path: load(path)


def parse_any(how: Parse, text: str, path: Path = HERE) -> None:
    """Read a text; only a message may be raised, each line of which names the file."""
    told = ""
    try:
        how(text, path)
    except UsageError as refused:
        told = str(refused)
    assert all(line.startswith((f"{path}: ", "… and ")) for line in told.splitlines())


SCALARS = st.one_of(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=20),
    st.sampled_from(["-30 d", "500 %", "9" * 60 + " d", "< {x}", "<= {", "{", "env:", "secret:#", "s3://", "[", "https://[", "aws://", "0 0 31 2 *", "* * * * * * *", "\u200b", "Europe/..", "/", "::", "999999999 d", "\ud7ff", "٣ d"]),
    st.integers(-(2**63), 2**63 - 1), st.booleans(), st.floats(allow_nan=False, allow_infinity=False), st.dates(),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc-é. ", max_size=5), inner, max_size=3),
)
PLACES = {".".join(at): (how, data, at) for how, data in FILES for at in keys(data)}


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(PLACES)), VALUES)
def test_any_value_at_any_key(place: str, value: Any) -> None:
    how, data, at = PLACES[place]
    parse_any(how, "\n".join(f"{_quote(key)} = {render(each)}" for key, each in put(data, at, value).items()))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=300) | st.text("[]{}=.,\"'#\n a1-", max_size=200).map(str.encode))
@example(b"\xef\xbb\xbfsystem = 'x'")
@example(b"\xff\xfe")
@example(b"system = '\x00'")
@example(b"a = 1979-05-27T99:99:99Z")
@example(b"a = 0001-01-01T00:00:00+23:59")
def test_any_bytes(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "given.toml"
    file.write_bytes(data)
    for load in (load_criteria, load_waivers):
        parse_any(_reading(load), "", file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"a = {'9' * 5000}", "is not TOML: "),
        (f"a = 0x{'f' * 5000}", "a: is a number of more than 64 bits"),
        ("a = 9223372036854775808", "a: is a number of more than 64 bits"),
        (f"a = {'[' * 5000}{']' * 5000}", "is nested more than 16 deep"),
        (f"a = {'[' * 40}{']' * 40}", "a: is nested more than 16 deep"),
        (f"a = {'{a=' * 3000}1{'}' * 3000}", "is nested more than 16 deep"),
        (f"{'a.' * 100_000}a = 1", "has a key of more than 32 parts at line 1"),
        (f"[{'a.' * 30}a]", "is nested more than 16 deep"),
        ("a = nan", "a: is nan; write a number"),
        ("a = -inf", "a: is -inf; write a number"),
        ("a = 1e999", "a: is inf; write a number"),
        ('a = "\\u0000"', "a: holds the control character '\\x00'"),
        ('"a\\u001b" = 1', "holds the control character '\\x1b'"),
        ("\ufeffa = 1", "is not TOML: "),
        ("a = 2026-13-45", "is not TOML: "),
    ],
    ids=lambda value: value[:30],
)
def test_found_texts_are_refused_in_one_line(text: str, message: str) -> None:
    for how in (parse_criteria, parse_waivers, parse_record):
        with pytest.raises(UsageError) as refused:
            how(text, HERE)
        told = str(refused.value)
        assert told.startswith(f"{HERE}: {message}" if not message.startswith(("is nested", "holds")) else f"{HERE}: ")
        assert message in told
        assert "\n" not in told


def test_what_is_no_readable_file_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "large").write_bytes(b"#" * 600_000)
    (tmp_path / "circle").symlink_to("circle")
    places = {
        "pipe": "is no regular file",
        "large": "is larger than 524,288 bytes",
        "circle": "cannot be read|is a link",
        ".": "cannot be read: Is a directory",
    }
    for load in (load_criteria, load_waivers):
        for name, message in places.items():
            with pytest.raises(UsageError, match=message):
                load(tmp_path / name)
        with pytest.raises(UsageError, match="is no regular file"):
            load(Path("/dev/zero"))


def test_a_mistake_that_quotes_a_novel_is_one_line() -> None:
    with pytest.raises(UsageError) as refused:
        parse_criteria(f'system = "x"\n"a\\nb" = 1\n[criteria.x]\nwhy = ["{"x" * 9000}"]\n', HERE)
    assert all(len(line) < 600 for line in str(refused.value).splitlines())
    assert all(line.startswith(f"{HERE}: ") for line in str(refused.value).splitlines())


def test_the_files_that_are_varied_are_valid_as_they_are() -> None:
    assert merge(render_whole := "\n".join(f"{_quote(k)} = {render(v)}" for k, v in WHOLE.items()), HERE, {}).data
    assert parse_criteria(render_whole, HERE)


# ── The meaning of a text


def test_what_one_reader_changes_no_other_sees() -> None:
    text = '[criteria.a]\nlayers = ["static"]\n'
    first = parse_toml(text)
    first["criteria"]["a"]["layers"].append("live")
    first["criteria"]["b"] = {}

    assert parse_toml(text) == {"criteria": {"a": {"layers": ["static"]}}}
