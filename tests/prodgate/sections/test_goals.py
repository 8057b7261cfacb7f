"""Goals as criteria state them: read whole, and each mistake said in one line."""

from pathlib import Path

import pytest

from prodgate.criteria import CriteriaError
from prodgate.iam.goals import Goal, Uses
from prodgate.sections.criteria_file import parse_criteria

TEXT = """
system = "shop"
[criteria.keys-kept]
statement = "Keys are kept."
why = "It matters."
source = "X-1"
layers = {layers}
goals = [{goals}]
{more}
"""


def parse(goals: str, layers: str = '["static"]', more: str = "") -> tuple[Goal, ...]:
    text = TEXT.format(goals=goals, layers=layers, more=more)
    return parse_criteria(text, Path("criteria.toml")).criteria["keys-kept"].goals


def test_goals_are_read_whole() -> None:
    (goal,) = parse(
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
    (either,) = parse(
        '{ cannot = ["a:B"], unless = [{ Bool = { a = ["true"] }, Null = { b = ["true"] } }, { Bool = { c = ["true"] } }] }'
    )
    assert str(either) == "* cannot a:B on * unless Bool a true & Null b true | Bool c true"
    assert [each.may for each in parse('{ can = ["administrator"] }, { cannot = ["administrator"] }')] == [True, False]


def test_what_grants_nothing_is_asked_of_all() -> None:
    (goal,) = parse('{ idle = "none", except = ["role/old"] }')
    assert (goal.grants, str(goal)) == (True, "* but role/old cannot hold a statement that grants nothing")


def test_what_is_used_is_read_whole() -> None:
    stated = (
        'code = ["dags"], workflows = ["A_ROLE"], services = ["mwaa"], quiet = ["x"], also = { "s3:Get*" = "a job" }'
    )
    (goal,) = parse(f'{{ uses = {{ {stated} }}, principals = ["role/a"] }}')
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
    with pytest.raises(CriteriaError) as said:
        parse(goals)
    assert mistake in str(said.value)


def test_goals_are_judged_by_two_layers_and_bound_nothing() -> None:
    goal = '{ cannot = ["a:B"] }'
    with pytest.raises(CriteriaError, match="are judged by the layers static and live alone"):
        parse(goal, layers='["static", "load"]')
    with pytest.raises(CriteriaError, match="is read by the layer static alone"):
        parse('{ uses = { code = ["x"] }, principals = ["*"] }', layers='["static", "live"]')
    with pytest.raises(CriteriaError, match="goals hold or do not"):
        parse(goal, more='require = "<= 1 s"')
