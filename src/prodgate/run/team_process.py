"""The process that imports and runs a team's facts, policies and checks; ``team.py`` starts it.

It has its own copies of facts and criteria, and no network; it writes only to a temporary folder. A team's code that
changes the gate's code changes it here only: this process sends the comparisons, and the gate compares again.
"""

import argparse
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from ..aws import actions
from ..aws.account import WORKERS, Account
from ..aws.answers import Absent, Unread, Unreadable
from ..aws.recording import to_plain
from ..checks import Check
from ..facts import Fact, Facts
from ..facts.observers import OBSERVERS, import_all, observe_all
from ..findings import Concluded
from ..judgement import describe, open_judgement
from ..processes.output import inert_output
from ..processes.sandbox import confine, end_when_killed
from ..processes.sources import read_sources_only
from ..sections.project import load_facts, load_policies
from ..semantics.comparisons import compares_several
from ..semantics.secret_places import REDACTOR
from ..semantics.unresolved import Unresolved
from ..terraform.policy import POLICIES, Policy
from ..terraform.resources import recorded_reads
from . import pytest_plugin
from .boundary import (
    Answer,
    Configured,
    Judge,
    Observe,
    Task,
    Telling,
    Told,
    ToldCriterion,
    encode_conclusion,
    harden,
    tell_comparisons,
    thaw,
)
from .planning import FOLDERS

#: Added to the message of an error when the sandbox refused something.
CONFINED: Final = "; judges have no network, start no program and write no file: let an observer ask, or read a file"
#: Seconds of processor time that judging may take.
CPU: Final = 1800
#: Options of pytest: it loads no installed plugin, and writes nothing.
_OPTIONS: Final = (
    "-c", str(Path(__file__).with_name("judging.ini")), "--import-mode=importlib", "--disable-plugin-autoload",
    "-p", "no:cacheprovider", "-p", "no:terminal", "--assert=plain", "-p", "prodgate.run.pytest_plugin", "--capture=no",
    "--continue-on-collection-errors",
)  # fmt: skip


@dataclass(slots=True)
class Serving:
    """Answers the gate's requests, and holds the facts, checks and configurations that they name."""

    telling: Telling
    task: Task
    confined: Sequence[str] = ()
    """What the sandbox enforces, and what it could not, in words."""
    lost: dict[str, str] = field(default_factory=dict)
    """File -> why it could not be loaded."""
    checks: dict[str, tuple[Check, pytest.Item]] = field(default_factory=dict)
    facts: Facts = field(default_factory=Facts)
    own: list[Fact] = field(default_factory=list)
    """Facts of the team's kinds; the gate names one by its index."""
    configurations: list[Any] = field(default_factory=list)
    offered: bool = False
    waiting: Judge | Observe | None = None
    """A request that was received, and that a check or an observer must still answer."""

    # ── Importing and offering

    def import_modules(self) -> None:
        """Import the team's facts and policies."""
        broken: dict[Path, str] = {}
        load_facts(self.task.root, broken)
        load_policies(self.task.folders, broken, only=self.task.policies)
        for id_ in [each.id for each in POLICIES.values() if each.file in broken]:
            del POLICIES[id_]  # a file that failed halfway judges nothing
        self.lost |= {str(path): f"{why}{CONFINED * ('PermissionError' in why)}" for path, why in broken.items()}

    def offer(self, mistakes: Sequence[str] = ()) -> None:
        """Send the gate all policies and checks, with the mistakes found in them."""
        self.offered = True
        self.telling.tell(
            "offered",
            policies=[_describe_policy(each) for each in POLICIES.values()],
            checks=[_describe_check(check) for check, _ in self.checks.values()],
            lost=self.lost,
            confined=list(self.confined),
            mistakes=[*mistakes, *_find_foreign()],
            observes=bool(_list_own_observers()),
            reads={service: list(names) for service, names in actions.READS.items()},
        )

    def serve(self) -> None:
        """Answer requests until there are no more."""
        while (request := self.next_request()) is not None:
            if isinstance(request, Observe):
                self.observe(request.about)
            elif request.name in self.checks:
                self.waiting = request
                _, item = self.checks[request.name]
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
                if self.waiting is request:  # a fixture failed or skipped
                    self.waiting = None
                    self.answer_unjudged(
                        request, f"{request.name} was not judged: it is skipped, or its fixtures can't be made"
                    )
            else:
                self.judge(request, POLICIES[request.name].judge if request.name in POLICIES else _refuse)

    def next_request(self) -> Judge | Observe | None:
        """Store each configuration that arrives; return the next other request, or None at the end."""
        if (waiting := self.waiting) is not None:
            self.waiting = None
            return waiting
        while isinstance(request := self.telling.receive(), Configured):
            self.configurations.append(harden(thaw(request.frozen)))
        following: Judge | Observe | None = request
        return following

    def serve_check(self, check: Check, fixtures: Mapping[str, Any]) -> None:
        """Judge subject after subject by one check, whose fixtures are made, until the gate asks for something else."""
        while (request := self.next_request()) is not None:
            if not isinstance(request, Judge) or request.name != check.name:
                self.waiting = request
                return
            self.judge(request, partial(_call, check, fixtures))

    # ── Observing

    def observe(self, about: Mapping[str, Any]) -> None:
        """Run the team's observers, whose questions the gate answers, and send it a description of their facts."""
        asking = _Asking(self.telling)
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="calls") as pool:
            account = Account(**about, calls=asking, pool=pool, declared=asking.declared, files=asking.files)
            observers = _list_own_observers()
            with ThreadPoolExecutor(1) as thread:
                seen = thread.submit(observe_all, account, observers)
                seen.add_done_callback(lambda _: self.telling.tell("observed"))
                asking.hear()
                self.facts = seen.result()
        self.own = list(self.facts.known)
        kinds = {kind for every in observers.values() for kind in every} | {type(each) for each in self.own}
        kinds |= {check.kind for check, _ in self.checks.values() if not _is_of_gate(check.kind)}
        self.telling.tell(
            "facts",
            subjects=[_describe_fact(each) for each in self.own],
            kinds=[self._describe_kind(each) for each in kinds],
        )

    def _describe_kind(self, kind: type[Fact]) -> dict[str, Any]:
        return {
            "kind": _name_kind(kind),
            "facts": [number for number, fact in enumerate(self.own) if isinstance(fact, kind)],
            "unreadable": self.facts.why_unreadable(kind),
            "sources": sorted(self.facts.sources(kind)),
        }

    # ── Judging

    def judge(self, request: Judge, judge: Callable[[Any, Any], object]) -> None:
        """Judge one subject, and tell the gate how that ended."""
        telling, told = self.telling, 0
        with recorded_reads() as reads, open_judgement(goes_on=request.goes_on) as judgement:

            def locate() -> Iterator[tuple[str, str]]:
                nonlocal told
                new = reads[told:]
                told += len(new)
                return ((getattr(read, "address", ""), path) for read, path in new)

            telling.about, telling.locate = request.number, lambda: tuple(locate())
            # these lists send each entry to the gate as it comes
            judgement.doubts, judgement.set_aside = Told("doubt"), Told("aside")
            ended = _run(judge, request.name, self._find_subject(request), request.criterion, judgement.doubt)
            telling.tell("ended", **ended)
            telling.locate = tuple

    def answer_unjudged(self, request: Judge, reason: str) -> None:
        """Tell the gate that a subject was not judged."""
        self.telling.about = request.number
        self.telling.tell("ended", how="concluded", outcome="undetermined", reason=reason)

    def _find_subject(self, request: Judge) -> Any:
        if isinstance(subject := request.subject, bytes):
            return harden(thaw(subject))
        if isinstance(subject, int):
            return self.own[subject]
        number, place = subject  # place -1 is the configuration itself
        configuration = self.configurations[number]
        return configuration if place < 0 else (*configuration.resources, *configuration.providers)[place]


def _run(
    judge: Callable[[Any, Any], object], name: str, subject: Any, criterion: Any, doubt: Callable[[str], None]
) -> dict[str, Any]:
    """Return how a judge ended; after an exception that is no conclusion, the subject is undetermined."""
    try:
        returned = judge(subject, ToldCriterion.of(criterion))
    except Concluded as concluded:
        return {"how": "concluded", **encode_conclusion(concluded.conclusion)}
    except Unresolved as unclear:
        return {"how": "unresolved", "reason": str(unclear)}
    except (pytest.skip.Exception, pytest.xfail.Exception, pytest.fail.Exception) as interruption:
        reason = f"was not judged: {describe(interruption)}"
    except BaseException as bug:  # noqa: BLE001  a judge of any team may raise anything, also to end the process
        reason = f"{name} failed: {type(bug).__name__}: {describe(bug)}{CONFINED * isinstance(bug, PermissionError)}"
    else:
        if returned is not None:
            doubt(f"{name} returned a {type(returned).__name__}; it must return nothing")
        return {"how": "returned"}
    return {"how": "concluded", "outcome": "undetermined", "reason": reason}


def _call(check: Check, fixtures: Mapping[str, Any], subject: Any, criterion: Any) -> object:
    function: Callable[..., object] = check.function
    return function(**{check.takes_fact: subject, check.takes_criterion: criterion}, **fixtures)


def _refuse(_subject: Any, _criterion: Any) -> None:
    raise LookupError("there is no such judge any more")


@dataclass(slots=True)
class _Asking:
    """Passes the questions of observers to the gate, which answers them."""

    telling: Telling
    _open: dict[int, Future[Any]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        """Have the gate ask AWS."""
        said = {"service": service, "operation": operation, "region": region, "parameters": to_plain(parameters)}
        pages: Sequence[Any] = self._ask("pages", **said, whole=whole)
        return pages

    def declared(self, type_: str) -> Mapping[str, Mapping[str, Any]]:
        """Ask the gate what Terraform declares."""
        found: Mapping[str, Mapping[str, Any]] = self._ask("declared", name=type_)
        return found

    def files(self, folder: str) -> Mapping[str, str]:
        """Ask the gate for the files of a folder."""
        found: Mapping[str, str] = self._ask("files", name=folder)
        return found

    def _ask(self, word: str, **said: Any) -> Any:
        with self._lock:
            number = len(self._open)
            answer = self._open[number] = Future[Any]()
        self.telling.tell(word, number=number, **said)
        value = answer.result()
        if isinstance(value, Absent | Unreadable):
            raise value
        return value

    def hear(self) -> None:
        """Hand each answer to the thread that waits for it, until the gate confirms the line ``observed``."""
        while isinstance(answer := self.telling.receive(), Answer):
            self._open[answer.number].set_result(answer.value)


def _is_of_gate(kind: type) -> bool:
    return kind.__module__.startswith("prodgate.")


def _name_kind(kind: type[Fact]) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"


def _list_own_observers() -> dict[Any, tuple[type[Fact], ...]]:
    return {each: kinds for each, kinds in OBSERVERS.items() if not each.__module__.startswith("prodgate.")}


def _find_foreign() -> Iterator[str]:
    """Yield an error for each kind of the gate that a team's observer claims: the gate would not judge its facts."""
    for observer, kinds in _list_own_observers().items():
        for kind in kinds:
            base = next(
                (each for each in kind.__mro__ if issubclass(each, Fact) and each is not Fact and _is_of_gate(each)),
                None,
            )
            if base is not None:
                yield (
                    f"{observer.__module__}.{observer.__qualname__}: observes {kind.__name__}, which is the gate's "
                    f"{base.__name__}; make a kind of your own, derived from Fact, and check that"
                )


def _describe_fact(fact: Fact) -> list[str]:
    place = ""
    with suppress(AttributeError):
        place = "" if isinstance(seen := fact.peek("place"), Unread) else str(seen)
    return [str(fact.subject), place]


def _describe_judge(function: Any) -> dict[str, Any]:
    return {
        "file": function.__code__.co_filename,
        "line": function.__code__.co_firstlineno,
        "module": function.__module__,
        "doc": function.__doc__,
        "several": compares_several(function),
    }


def _describe_policy(policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "criterion": policy.criterion,
        "resources": list(policy.resources),
        "remedy": policy.remedy,
        "population": policy.population,
        "required": policy.required,
        "severity": policy.severity,
        **_describe_judge(policy.judge),
    }


def _describe_check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "criterion": check.criterion,
        "remedy": check.remedy,
        "measures": check.measures,
        "population": check.population,
        "kind": _name_kind(check.kind),
        **_describe_judge(check.function),
    }


def main(arguments: Sequence[str]) -> int:
    """Answer the gate's requests; return 0."""
    parser = argparse.ArgumentParser(prog="prodgate.run.team_process")
    parser.add_argument("requests", type=int)
    parser.add_argument("lines", type=int)
    given = parser.parse_args(arguments)
    end_when_killed()
    telling = Telling(given.requests, given.lines)
    for descriptor in (given.requests, given.lines):
        os.set_inheritable(descriptor, False)
    with inert_output(REDACTOR.redact):
        task = telling.receive()
        import_all(f"prodgate.facts.{task.layer}")
        tell_comparisons(telling)
        read_sources_only(task.root, FOLDERS)
        own = os.environ["TMPDIR"]
        confined = confine(write=[Path(own)], cpu=CPU, processes=0)
        serving = Serving(telling, task, [each.replace(own, "a folder of its own") for each in confined])
        serving.import_modules()
        if not task.suites:
            serving.offer()
            serving.serve()
            return 0
        options = [*_OPTIONS, f"--rootdir={task.root}"]
        code = pytest.main([*options, *map(str, task.suites)], plugins=[pytest_plugin.Collecting(serving)])
        if not serving.offered:
            serving.offer([f"pytest ended with exit code {int(code)} before it had collected what the project checks"])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
