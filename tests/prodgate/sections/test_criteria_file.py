"""The criteria file is validated whole, and each mistake is one line that says what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.criteria import LAYERS, CriteriaError
from prodgate.sections.criteria_file import load_criteria, parse_criteria

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
layers = ["live", "static"]
confidence = "95 %"
decides = "bound"
samples = 299
window = "30 d"
rate = "100 /s"
needs = "production"
applicability = "where-present"
baseline = true
"""


def test_a_valid_file_is_read_whole() -> None:
    stated = parse_criteria(VALID, FILE)
    assert (stated.system, stated.terraform_root) == ("shop", "terraform")
    first, second = stated.criteria.values()
    assert (first.id, str(first.bound), first.population, first.samples) == ("backup-retention", ">= 30 d", 1, 1)
    assert (str(second.bound), second.layers) == ("<= 30 d", ("static", "live"))
    assert (str(second.confidence), second.decides, second.samples, str(second.window)) == (
        "95 %",
        "bound",
        299,
        "30 d",
    )
    assert (str(second.rate), first.rate) == ("100 /s", None)
    assert second.needs_production
    assert second.where_present
    assert second.baseline
    assert stated.requirements[0].layers == ("static",)


def test_what_any_team_is_asked_may_be_less_than_what_is_asked_here() -> None:
    stated = parse_criteria(VALID.replace("baseline = true", 'baseline = "<= 60 d"'), FILE)
    _, second = stated.criteria.values()
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
        ('[terraform]', '[account]\nid = 12\n[terraform]', 'account: is {\'id\': 12}; write [account] with id = "123456789012"'),
        ('[terraform]', '[account]\nid = 123456789012\n[terraform]', 'account: is {\'id\': 123456789012}; write [account] with id = "123456789012"'),
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
