import pytest

from prodgate.report.rows import MANY, make_rows

from .samples import failing

NAMES = [f"module.api[{n % 3}].aws_cloudwatch_log_group.this[{n}]" for n in range(MANY)]


def test_few_findings_are_told_in_full_and_in_their_order() -> None:
    few = [failing(subject=name) for name in NAMES[: MANY - 1]]
    assert [(row.finding, row.subject, row.place) for row in make_rows(few)] == [
        (each, each.subject, each.where[0]) for each in few
    ]


def test_many_findings_say_once_what_their_names_and_files_begin_with() -> None:
    many = [failing(subject=name, where=(f"modules/service-{n % 3}.tf:{n}",)) for n, name in enumerate(NAMES)]
    rows = list(make_rows(many))
    assert [row.subject for row in rows[:3]] == ["module.api[0].aws_cloudwatch_log_group.this[0]", "…[3]", "…[6]"]
    assert [row.place for row in rows[:3]] == ["modules/service-0.tf:0", "…:3", "…:6"]
    assert rows[7].subject == "module.api[1].aws_cloudwatch_log_group.this[1]"
    assert sorted(row.finding.subject for row in rows) == sorted(NAMES)


@pytest.mark.parametrize("name", ["short[{}]", "no-joint-{}", ":{}", "[", ""])
def test_what_shares_no_long_beginning_is_told_in_full(name: str) -> None:
    names = [name.format(n) for n in range(MANY)]
    assert [row.subject for row in make_rows([failing(subject=each) for each in names])] == names


def test_the_same_name_twice_is_told_twice() -> None:
    many = [
        failing(subject="module.api.aws_ecs_service.this[0]", where=(f"modules/a-service.tf:{n}",)) for n in range(MANY)
    ]
    assert {row.subject for row in make_rows(many)} == {"module.api.aws_ecs_service.this[0]"}
