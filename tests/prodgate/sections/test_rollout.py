"""[rollout] says how a deployment is watched; each mistake is one line that says what to write."""

from __future__ import annotations

import tomllib

import pytest

from prodgate.sections.rollout import parse_rollout_section, rollout_mistakes

VALID = """
rate = "50 /s"
timeout = "2 s"
limit = "1 h"
reads = ["/", "/api/stories?page=1"]
write = "/api/applause"
written = "/api/applause/{key}"

[rehearsal]
rate = "100 /s"
speed = 30
"""
LOAD = {"most": {"rate": "200 /s"}}


def test_a_valid_section_is_read_whole() -> None:
    table = tomllib.loads(VALID)
    assert list(rollout_mistakes(table, LOAD)) == []
    section = parse_rollout_section(table)
    assert (str(section.watching.rate), str(section.watching.limit), section.speed) == ("50 /s", "1 h", 30)
    assert (str(section.rehearsal.rate), str(section.rehearsal.timeout)) == ("100 /s", "2 s")


def test_what_is_not_said_has_a_default() -> None:
    section = parse_rollout_section({})
    assert (str(section.rehearsal.limit), section.reads, section.write, section.written) == ("2 h", ("/",), "", "")


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        ("timeout", "time_out", "rollout.time_out: is not a key; did you mean 'timeout'?"),
        ('"50 /s"', '"50 s"', "rollout.rate: is '50 s'; write a rate, e.g. '50 /s'"),
        ('"50 /s"', '"201 /s"', "rollout.rate: is '201 /s'; load.most allows '200 /s'"),
        ('"100 /s"', '"201 /s"', "rollout.rehearsal.rate: is '201 /s'; load.most allows '200 /s'"),
        ('"1 h"', '"0 s"', "rollout.limit: is '0 s'; write more than nothing"),
        ('"/", ', '"stories", ', "rollout.reads: 'stories' is no path; write e.g. '/api/stories?page=1'"),
        ('"/api/applause"', '"/a b"', "rollout.write: '/a b' is no path"),
        ("/{key}", "", "rollout.written: '/api/applause' reads no write back; state write as well"),
        ('write = "/api/applause"', "", "rollout.written: '/api/applause/{key}' reads no write back"),
        ("/{key}", "/{key} ", "rollout.written: '/api/applause/{key} ' is no path"),
        ('["/", "/api/stories?page=1"]', "[]", "rollout.reads: is []; write a list of paths"),
        ("speed = 30", "speed = 0", "rollout.rehearsal.speed: is 0; write a whole number from 1 to 3,600"),
        ("speed = 30", "speed = true", "rollout.rehearsal.speed: is True; write a whole number"),
        ("speed = 30", "fast = 3", "rollout.rehearsal.fast: is not a key"),
    ],
)
def test_one_mistake_is_one_line_that_says_what_to_write(before: str, after: str, mistake: str) -> None:
    assert before in VALID
    (line,) = rollout_mistakes(tomllib.loads(VALID.replace(before, after, 1)), LOAD)
    assert line.startswith(mistake)


@pytest.mark.parametrize(
    ("section", "mistake"),
    [([], "rollout: is []; write [rollout]"), ({"rehearsal": 3}, "rollout.rehearsal: is 3; write {")],
)
def test_what_is_no_section_is_refused(section: object, mistake: str) -> None:
    (line,) = rollout_mistakes(section, LOAD)
    assert line.startswith(mistake)
