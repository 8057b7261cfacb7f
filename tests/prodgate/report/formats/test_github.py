import re

import pytest

from prodgate.report.formats.github import MOST, render_github
from prodgate.report.formats.source import Source

from .conftest import go, hostile, insufficient, many

#: A workflow command as the runner reads it: its name, its properties and the rest of the line.
COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:]*)(?:,[a-z]+=[^,:]*)*)::(.*)")


def annotations(source: Source) -> list[tuple[str, dict[str, str], str]]:
    found = []
    for line in render_github(source).removesuffix("\n").split("\n"):
        match = COMMAND.fullmatch(line)
        assert match, line
        named = dict(each.split("=", 1) for each in match[2].split(","))
        found.append((match[1], named, match[3]))
    return found


@pytest.mark.parametrize("number", [0, 1, 8, 9, 10, 11, 500])
def test_no_more_of_a_kind_than_github_keeps_and_the_rest_is_counted(number: int) -> None:
    found = annotations(many(number))
    errors = [each for each in found if each[0] == "error"]
    assert len(errors) <= MOST
    if number > MOST - 1:
        assert errors[-1][2] == f"and {number - (MOST - 2):,} more; the report of the run has them all"
    else:
        assert not any("more; the report" in each[2] for each in found)


def test_each_outcome_has_a_level_of_its_own(source: Source) -> None:
    found = annotations(source)
    assert {each[0] for each in found} == {"error", "warning", "notice"}
    assert all(sum(each[0] == level for each in found) <= MOST for level in ("error", "warning", "notice"))
    first = next(each for each in found[1:] if each[0] == "error")
    assert first[1] == {"file": "terraform/modules/database/main.tf", "line": "41", "title": "backup-retention"}
    assert "Remedy: Set backup_retention_period" in first[2]
    assert any("waived by W-7" in each[2] for each in found if each[0] == "notice")
    assert any("only production can answer" in each[2] for each in found if each[0] == "notice")


@pytest.mark.parametrize(
    ("made", "level", "decision"),
    [(go(), "notice", "GO"), (many(1), "error", "NO-GO"), (insufficient(), "warning", "INSUFFICIENT EVIDENCE")],
)
def test_the_verdict_comes_first(made: Source, level: str, decision: str) -> None:
    (kind, named, message), *_ = annotations(made)
    assert (kind, named["title"]) == (level, f"prod-gate%3A {decision}")
    assert decision in message


def test_hostile_texts_make_no_command_of_their_own() -> None:
    found = annotations(hostile())
    assert len(found) == 1 + 1 + 1 + 1
    assert not any("\r" in each[2] or "%0" in each[2] for each in found)
    assert "%25b" in found[1][2]
