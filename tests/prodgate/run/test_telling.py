"""How far a run is: each line with its time, who waits for whom, and a word when nobody has said anything for long."""

from __future__ import annotations

import argparse
import sys
import threading
from contextlib import suppress

import pytest

from prodgate.cli import _parser
from prodgate.commands.opening import choose_progress
from prodgate.run import publishing
from prodgate.run import telling as module
from prodgate.run.telling import Telling, reminding

ROUNDS = [[("static", "live"), ("dags",)], [("load",)], [("rollout",)]]


class Run:
    """A run whose clock a test moves."""

    def __init__(self, rounds: list[list[tuple[str, ...]]] = ROUNDS) -> None:
        self.now, self.lines = 1000.0, list[str]()
        self.telling = Telling(rounds, self.lines.append, clock=lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.telling.remind()


def test_each_line_says_when_and_each_layer_how_long_it_took() -> None:
    run = Run()
    with run.telling.during("static"):
        run.now += 7.6
        run.telling.say("static: judging")
        run.telling.say("")
        run.now += 90
    assert run.lines == ["   0 s  static: starting", "   8 s  static: judging", "1 m 38 s  static: took 1 m 38 s"]


def test_the_order_names_who_comes_after_whom_and_nothing_where_nobody_waits() -> None:
    assert Run().telling.describe_order() == "layers: static then live, dags; after them load; after them rollout"
    assert Run([[("static",)]]).telling.describe_order() == ""
    assert Run([[("live",), ("e2e",)]]).telling.describe_order() == ""
    assert Run([]).telling.describe_order() == ""


def test_a_long_silence_says_what_goes_since_when_and_who_waits() -> None:
    run = Run()
    with run.telling.during("static"), run.telling.during("dags"):
        run.wait(29)
        run.wait(10)
    assert run.lines[2] == "  39 s  still at work: static for 39 s, dags for 39 s; live, load, rollout wait"
    with run.telling.during("rollout"):
        run.wait(40)
    assert run.lines[-2].endswith("still at work: rollout for 40 s; live, load wait")


def test_whoever_speaks_is_not_reminded_and_nobody_is_when_nothing_goes() -> None:
    run = Run()
    with run.telling.during("static"):
        for _ in range(9):
            run.wait(20)
            run.telling.say("static: judging")
    run.wait(4000)
    assert not [line for line in run.lines if "still at work" in line]


def test_one_that_waits_alone_waits_and_a_layer_that_fails_is_over() -> None:
    run = Run([[("live",)], [("load",)]])
    with suppress(OSError), run.telling.during("live"):
        run.wait(31)
        raise OSError("gone")
    assert run.lines[1].endswith("still at work: live for 31 s; load waits")
    assert run.lines[2].endswith("live: took 31 s")


def test_reminding_begins_and_ends_with_its_block(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.06)
    said = threading.Event()
    lines: list[str] = []

    def hear(line: str) -> None:
        lines.append(line)
        if "still at work" in line:
            said.set()

    telling = Telling([[("static",)]], hear)
    with telling.during("static"), reminding(telling):
        assert said.wait(120)
    assert "static: took " in lines[-1]
    assert not [thread for thread in threading.enumerate() if thread.name == "reminding"]


@pytest.mark.parametrize("command", [["run"], ["observe"], ["judge", "runs/a"]])
def test_a_quiet_command_says_nothing_on_the_way(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for options, said in (([], "static: judging\n"), (["--quiet"], "")):
        args: argparse.Namespace = _parser().parse_args([*command, *options])
        choose_progress(args)("static: judging")
        captured = capsys.readouterr()
        assert (captured.out, captured.err) == ("", said)


@pytest.mark.parametrize(
    ("terminal", "settings", "painted"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": ""}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_colour_is_for_terminals_of_those_who_want_it(
    terminal: bool, settings: dict[str, str], painted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal, raising=False)
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert publishing._has_colour() is painted
