"""[load] says who is put under load and how much of it at most; each mistake is one line that says what to write."""

from __future__ import annotations

import tomllib

import pytest

from prodgate.sections.load import load_mistakes, parse_load_section

VALID = """
locustfile = "load/readers.py"
hosts = ["www.shop.example", "shop.example"]
resolves_to = ["*.cloudfront.net", "203.0.113.0/24"]
workers = 2
most = { rate = "500 /s", duration = "10 min" }

[steady]
rate = "100 /s"
duration = "40 s"
timeout = "2 s"

[surge]
rate = "400 /s"
duration = "0.2 min"
warm_up = "0 s"
returning = "12.5 %"
"""
ONE = {
    "most": {"rate": "1 /s", "duration": "1 s"},
    "steady": {"rate": "1 /s", "duration": "1 s", "warm_up": "0 s"},
}


def test_a_valid_section_is_read_whole() -> None:
    table = tomllib.loads(VALID)
    assert list(load_mistakes(table)) == []
    section = parse_load_section(table)
    assert (section.locustfile, section.hosts, section.workers) == (
        "load/readers.py",
        ("www.shop.example", "shop.example"),
        2,
    )
    assert section.resolves_to == ("*.cloudfront.net", "203.0.113.0/24")
    assert list(section.profiles) == ["steady", "surge"]
    steady, surge = section.profiles.values()
    assert [str(each) for each in (steady.rate, steady.duration, steady.warm_up, steady.timeout)] == [
        "100 /s",
        "40 s",
        "5 s",
        "2 s",
    ]
    assert [str(each.returning) for each in (steady, surge)] == ["0 %", "12.5 %"]
    assert [str(each) for each in (surge.duration, surge.warm_up, surge.timeout)] == ["0.2 min", "0 s", "10 s"]


def test_a_rehearsal_has_profiles_of_its_own() -> None:
    short = {"rate": "1 /s", "duration": "0.5 s", "warm_up": "0 s"}
    section = parse_load_section({**ONE, "rehearsal": {"steady": short}})
    assert [str(each["steady"].duration) for each in (section.profiles, section.rehearsal)] == ["1 s", "0.5 s"]


def test_what_is_left_out_has_a_default() -> None:
    table = tomllib.loads('most = { rate = "9 /s", duration = "9 min" }\n[deploy]\nrate = "9 /s"\nduration = "8 s"')
    assert list(load_mistakes(table)) == []
    section = parse_load_section(table)
    assert (section.locustfile, section.hosts, section.workers) == ("loadtests/locustfile.py", (), 0)


@pytest.mark.parametrize(
    ("before", "after", "mistake"),
    [
        ("hosts =", "host =", "load.host: is not a key; did you mean 'hosts'?"),
        ("[surge]", "[peak]", "load.peak: is not a key; keys are locustfile, hosts"),
        ('"load/readers.py"', "3", "load.locustfile: is 3; write the path of a file"),
        ("workers = 2", "workers = -1", "load.workers: is -1; write a whole number from 0 to 64"),
        ("workers = 2", "port_of_green = 70000", "load.port_of_green: is 70000; write a whole number from 0 to 65535"),
        ("workers = 2", 'release = "../other"', "load.release: is '../other'; write the name of a run"),
        ("workers = 2", "workers = true", "load.workers: is True; write a whole number"),
        ('["www.shop.example", "shop.example"]', '"www.shop.example"', "load.hosts: is 'www.shop.example'; write a list of texts"),
        ('"www.shop.example"', '"https://www.shop.example/"', "load.hosts: 'https://www.shop.example/' is not the name of a host; write e.g. 'www.shop.example'"),
        ('"www.shop.example"', '"localhost:8077"', "load.hosts: 'localhost:8077' is not the name of a host"),
        ("203.0.113.0/24", "203.0.113.9/24", "load.resolves_to: '203.0.113.9/24' is not a network; write e.g. '203.0.113.0/24'"),
        ("203.0.113.0/24", "203.0.113.256", "load.resolves_to: '203.0.113.256' is not a network"),
        ('resolves_to = ["*.cloudfront.net", "203.0.113.0/24"]\n', "", "load.resolves_to: is missing; say where hosts must be"),
        ('most = { rate = "500 /s", duration = "10 min" }\n', "", "load.most: is None; write { rate = "),
        ('"500 /s"', '"500 s"', "load.most.rate: is '500 s'; write a rate, e.g. '100 /s'"),
        ('rate = "500 /s", ', "", "load.most.rate: is missing; write e.g. rate = '100 /s'"),
        ("timeout =", "time_out =", "load.steady.time_out: is not a key; did you mean 'timeout'?"),
        ('"40 s"', "40", "load.steady.duration: is 40; write a time, e.g. '40 s'"),
        ('"40 s"', '"40 sec"', "load.steady.duration: 'sec' is not a unit; did you mean 's'?"),
        ('"40 s"', '"0 s"', "load.steady.duration: is '0 s'; write more than nothing"),
        ('"0 s"', '"-1 s"', "load.surge.warm_up: is '-1 s'; write more than nothing"),
        ('"2 s"', '"2 s"\nreturning = "100 %"', "load.steady.returning: is '100 %'; write less than '100 %'"),
        ('"2 s"', '"2 s"\nuncached = "a quarter"', "load.steady.uncached: "),
        ('"2 s"', '"2 s"\nuncached = "101 %"', "load.steady.uncached: is '101 %'"),
        ('"2 s"', '"2 s"\nreturning = "-1 %"', "load.steady.returning: is '-1 %'; write more than nothing"),
        ('duration = "40 s"\n', "", "load.steady.duration: is missing; write e.g. duration = '40 s'"),
        ('"400 /s"', '"501 /s"', "load.surge.rate: is '501 /s'; load.most allows '500 /s'"),
        ('"40 s"', '"596 s"', "load.steady.duration: is '596 s' after '5 s' of warm-up; load.most allows '10 min' together"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_line_that_says_what_to_write(before: str, after: str, mistake: str) -> None:
    assert before in VALID
    (line,) = load_mistakes(tomllib.loads(VALID.replace(before, after, 1)))
    assert line.startswith(mistake)


@pytest.mark.parametrize(
    ("section", "mistake"),
    [
        ([], "load: is not a table; write [load] with most"),
        ({"most": {"rate": "1 /s", "duration": "1 s"}}, "load: holds no profile; write [load.steady]"),
        ({"most": {"rate": "1 /s", "duration": "1 s"}, "steady": 3}, "load.steady: is 3; write { rate"),
        ({**ONE, "rehearsal": 3}, "load.rehearsal: is 3; write [load.rehearsal]"),
        ({**ONE, "rehearsal": {"stedy": {}}}, "load.rehearsal.stedy: is not a profile; did you mean 'steady'?"),
        (
            {**ONE, "rehearsal": {"surge": {"rate": "9 /s", "duration": "1 s", "warm_up": "0 s"}}},
            "load.rehearsal.surge.rate: is '9 /s'; load.most allows '1 /s'",
        ),
    ],
)
def test_what_is_no_section_is_refused(section: object, mistake: str) -> None:
    (line,) = load_mistakes(section)
    assert line.startswith(mistake)
