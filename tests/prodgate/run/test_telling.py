"""The progress of a run: each line with its time, the waiting layers, and a heartbeat after a long silence."""

import argparse
import sys
import threading
from contextlib import suppress

import pytest

from prodgate.cli import _parser
from prodgate.commands.opening import choose_progress, choose_status
from prodgate.processes.progress import MOMENTARY
from prodgate.run import publishing, running as module
from prodgate.run.running import Telling, reminding

ROUNDS = [[("static", "live"), ("dags",)], [("load",)], [("rollout",)]]


class Run:
    """A run whose clock a test moves."""

    def __init__(self, rounds: list[list[tuple[str, ...]]] = ROUNDS, *, terminal: bool = False, **takes: float) -> None:
        self.now, self.lines, self.shown = 1000.0, list[str](), list[str]()
        status = self.shown.append if terminal else None
        self.telling = Telling(rounds, self.lines.append, clock=lambda: self.now, takes=takes, status=status)

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


def test_what_is_of_the_moment_is_shown_on_a_terminal_in_place_and_left_out_of_a_log() -> None:
    for terminal, lines, shown in (
        (False, ["   0 s  rehearsal: planning"], []),
        (True, [], ["0 s  rehearsal: planning", "0 s  rehearsal: 58 of 580"]),
    ):
        run = Run(terminal=terminal)
        run.telling.say("rehearsal: planning")
        run.telling.say(f"rehearsal: 58 of 580{MOMENTARY}")
        assert (run.lines, run.shown) == (lines, shown)


def test_a_layer_that_begins_says_how_long_all_of_it_still_takes() -> None:
    run = Run(static=20, live=10, dags=100, load=70, rollout=80)
    with run.telling.during("static"), run.telling.during("dags"):
        run.now += 120  # longer than ever before: nothing is left of it
    with run.telling.during("live"):
        run.now += 4
    with run.telling.during("load"):
        pass
    starts = [line for line in run.lines if "starting" in line]
    assert starts[0] == "   0 s  static: starting, about 4 m 10 s to go"
    assert starts[2] == "2 m 0 s  live: starting, about 2 m 40 s to go"
    assert starts[3].endswith("load: starting, about 2 m 30 s to go")
    run.now += 200
    with run.telling.during("rollout"):
        run.wait(90)
    assert run.lines[-2].endswith("still at work: rollout for 1 m 30 s")  # longer than ever: nobody knows
    shown = Run(terminal=True, static=20, live=10, dags=100, load=70, rollout=80)
    shown.telling.say("checkov: scanning")
    assert shown.shown == ["0 s, about 4 m 10 s to go  checkov: scanning"]


def test_who_does_not_know_how_long_one_layer_takes_says_nothing_of_the_whole() -> None:
    run = Run(static=20)
    with run.telling.during("static"):
        pass
    assert run.lines[0] == "   0 s  static: starting"


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
        assert choose_status(args) is None  # what is said here goes to no terminal
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


def test_a_terminal_shows_one_line_in_place_of_the_one_before(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "20")
    show = choose_status(_parser().parse_args(["run"]))
    assert show
    show("static: waiting for Checkov")
    show("")
    assert capsys.readouterr().err == "\r\x1b[Kstatic: waiting for\r\x1b[K"
    assert choose_status(_parser().parse_args(["run", "--quiet"])) is None
    monkeypatch.setenv("TERM", "dumb")
    assert choose_status(_parser().parse_args(["run"])) is None
