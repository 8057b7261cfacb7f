"""The gate's side of a team's judges: it asks their process, compares again what that says, and judges policies."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from types import SimpleNamespace
from typing import Any, Final

from ..aws.account import WORKERS, Account
from ..aws.actions import READS, reads
from ..aws.answers import Absent, Unreadable
from ..aws.recording import revive
from ..checks import Check
from ..criteria import SEVERITIES, Criterion, UsageError
from ..evidence.journal import Journal
from ..facts import Fact, Facts
from ..findings import Concluded, Conclusion, Finding, Outcome
from ..judgement import Doubt, describe, is_going_on, record_doubt, record_set_aside
from ..layers import BUILT
from ..processes.child import end_group
from ..processes.sandbox import hide_memory
from ..sections.bundled import BUNDLED, is_bundled
from ..sections.judges import WrittenJudge, read_judges
from ..sections.project import Project, load_policies, policy_files
from ..semantics.unresolved import Unresolved
from ..terraform.policy import POLICIES, Policy, apply
from ..terraform.resources import Configuration, Resource, note_reads
from .boundary import (
    Answer,
    BoundaryError,
    Calling,
    Configured,
    EndedError,
    Judge,
    Observe,
    Task,
    decode,
    decode_conclusion,
    decode_doubt,
    freeze,
)
from .children import describe_end, make_command, read_limit
from .inputs import take_fixity

#: Lines that judging one subject may take.
MOST_LINES: Final = 100_000
#: Seconds in which the process must end after the last request.
GRACE: Final = 5.0
#: The layer whose facts are made by observers, a team's own among them.
OBSERVING: Final = "live"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TeamFact(Fact):
    """A fact of a kind that a team declares, of which the gate knows its name and place."""

    place: str
    number: int


class RemoteJudge:
    """A policy or check of a team, called as if it were a function of this process."""

    def __init__(self, team: Team, name: str, said: Mapping[str, Any]) -> None:
        self.team, self.__name__, self.__module__ = team, name, str(said["module"])
        self.__doc__ = str(said["doc"])
        self.__code__ = SimpleNamespace(co_filename=str(said["file"]), co_firstlineno=int(said["line"]))
        self.several = bool(said["several"])

    def __call__(self, subject: Any, criterion: Criterion) -> None:
        """Judge a subject. Raises how the judge ended."""
        __tracebackhide__ = True
        self.team.judge(self.__name__, subject, criterion)


@dataclass(slots=True, kw_only=True)
class Offer:
    """The judges that the process offers."""

    policies: Sequence[Policy] = ()
    checks: Sequence[Check] = ()
    lost: Mapping[Path, str] = field(default_factory=dict)
    """Why files can't be loaded."""
    mistakes: Sequence[str] = ()
    observes: bool = False


class Team:
    """The process that imports a team's modules, and the state of the questions to it."""

    def __init__(self, process: subprocess.Popen[bytes], calling: Calling) -> None:
        self._process, self._calling = process, calling
        self.confined: Sequence[str] = ()
        """What the sandbox enforces, and what it could not, in words."""
        self._gone = ""
        self._number = 0
        self._kinds: dict[str, type[TeamFact]] = {}
        self._configurations: list[_Known] = []

    # ── What there is

    @cached_property
    def offer(self) -> Offer:
        """The offer of the process. Raises UsageError where there is none, or one that the gate can't use."""
        try:
            said = self._calling.read()
            if said["word"] != "offered":
                raise BoundaryError(f"wrote {said['word']!r} before it listed its judges")
            self.confined = [*map(str, said["confined"])]
            for service, operations in said["reads"].items():
                reads(service, *(each for each in operations if each not in READS.get(service, ())))
            return Offer(
                policies=[self._read_policy(each) for each in said["policies"]],
                checks=[self._read_check(each) for each in said["checks"]],
                lost={Path(path): str(why) for path, why in said["lost"].items()},
                mistakes=[*map(str, said["mistakes"])],
                observes=bool(said["observes"]),
            )
        except Exception as error:  # what a team's process writes may be anything
            raise UsageError(f"{self._explain(error)}; mend the modules of the project") from error

    def _read_policy(self, said: Mapping[str, Any]) -> Policy:
        return Policy(
            id=str(said["id"]),
            criterion=str(said["criterion"]),
            resources=tuple(map(str, said["resources"])),
            remedy=str(said["remedy"]),
            judge=RemoteJudge(self, str(said["id"]), said),
            population=int(said["population"]),
            required=bool(said["required"]),
            severity=next((each for each in SEVERITIES if each == said["severity"]), ""),
        )

    def _read_check(self, said: Mapping[str, Any]) -> Check:
        return Check(
            criterion=str(said["criterion"]),
            remedy=str(said["remedy"]),
            measures=str(said["measures"]),
            population=int(said["population"]),
            function=RemoteJudge(self, str(said["name"]), said),
            kind=self.find_kind(str(said["kind"])),
            takes_fact="subject",
            takes_criterion="criterion",
            fixtures=(),
        )

    def find_kind(self, name: str) -> type[Fact]:
        """Return a kind of the gate that this layer observes, by its name; any other name is a kind of the team's."""
        module, _, qualified = name.partition(":")
        kind = getattr(sys.modules.get(module), qualified, None) if f"{module}.".startswith("prodgate.facts.") else None
        if isinstance(kind, type) and issubclass(kind, Fact):
            return kind
        if name not in self._kinds:
            self._kinds[name] = type(qualified.rpartition(".")[2], (TeamFact,), {"__slots__": ()})
        return self._kinds[name]

    # ── Observing

    def observe(self, account: Account) -> Facts:
        """Return the facts of the team's observers, whose questions are answered here, as far as they may ask."""
        if not self.offer.observes:
            return Facts()
        try:
            self._send(Observe({"id": account.id, "region": account.region, "now": account.now}))
            until = monotonic() + self._calling.limit
            with ThreadPoolExecutor(WORKERS, thread_name_prefix="team") as threads:
                while (said := self._calling.read(until))["word"] != "observed":
                    threads.submit(self._answer, account, said, int(said["number"]))
            self._send(None)
            return self._read_facts(self._calling.read())
        except Exception as error:  # noqa: BLE001  what a team's process writes may be anything
            reason = self._explain(error)
            return Facts(unreadable=dict.fromkeys(self._kinds.values(), reason))

    def _answer(self, account: Account, said: Mapping[str, Any], number: int) -> None:
        """Answer one question of an observer."""
        try:
            value: Any
            if said["word"] == "pages":
                value = account.calls.pages(
                    said["service"], said["operation"], said["region"], revive(said["parameters"]), whole=said["whole"]
                )
            elif said["word"] in ("declared", "files"):
                value = getattr(account, said["word"])(said["name"])
            else:
                value = Unreadable(f"{said['word']!r} is no question that the gate answers")
        except (Absent, Unreadable) as error:
            value = error
        except Exception as bug:  # noqa: BLE001  whatever it is, who asks must not wait for ever
            value = Unreadable(f"{type(bug).__name__}: {describe(bug)}")
        self._send(Answer(number, value))

    def _read_facts(self, said: Mapping[str, Any]) -> Facts:
        known: list[Fact] = []
        unreadable: dict[type, str] = {}
        made_of: dict[type | str, frozenset[str]] = {}
        for each in said["kinds"]:
            kind: Any = self.find_kind(str(each["kind"]))
            if not issubclass(kind, TeamFact):
                continue  # the gate observes its own
            for number in each["facts"]:
                subject, place = map(str, said["subjects"][number])
                known.append(kind(subject=subject, place=place, number=number))
            made_of[kind] = frozenset(map(str, each["sources"]))
            if reason := str(each["unreadable"]):
                unreadable[kind] = reason
        return Facts(known, unreadable, made_of)

    # ── Judging

    def judge(self, name: str, subject: Any, criterion: Criterion) -> None:
        """Let a judge of the team judge a subject, and compare here what it says it compared. Raises how it ended."""
        __tracebackhide__ = True
        self._number += 1
        sent, addresses = self._freeze(subject)
        try:
            self._send(Judge(self._number, name, criterion, sent, is_going_on()))
            until = monotonic() + self._calling.limit
            for _ in range(MOST_LINES):
                if (said := self._calling.read(until))["word"] == "ended":
                    break
                self._repeat(said, addresses, criterion)
            else:
                raise BoundaryError(f"compared more than {MOST_LINES:,} times")
            self._follow(said, addresses)
        except Exception as error:  # noqa: BLE001  what a team's process writes may be anything
            _end(f"{name} was not judged: {self._explain(error)}")
        if said.get("how") == "unresolved":
            raise Unresolved("", str(said.get("reason", "")))
        if said.get("how") != "returned":
            raise Concluded(_read_end(said, criterion))

    def _freeze(self, subject: Any) -> tuple[Any, Mapping[str, Resource]]:
        """Return a subject as it is sent, and what may be read beside it, by address.

        A configuration goes once; a resource is a place in it.
        """
        if isinstance(subject, TeamFact):
            return subject.number, {}
        if not isinstance(subject, Configuration | Resource):
            return freeze(subject), {}
        whole = subject if isinstance(subject, Configuration) else subject.configuration
        number = next((at for at, each in enumerate(self._configurations) if each.whole is whole), -1)
        if number < 0:
            number = len(self._configurations)
            self._configurations.append(_Known.of(whole))
            self._send(Configured(freeze(whole)))
        known = self._configurations[number]
        return (number, known.places.get(id(subject), -1)), known.addresses

    def _repeat(self, said: Mapping[str, Any], addresses: Mapping[str, Resource], criterion: Criterion) -> None:
        """Compare by the gate's own criterion what a line says was observed."""
        if self._follow(said, addresses):
            return
        match said["word"]:
            case "doubt":
                record_doubt(decode_doubt(said, criterion))
            case "aside":
                record_set_aside(str(said.get("reason", "")))
            case word:
                _compare(word, said, criterion)

    def _follow(self, said: Mapping[str, Any], addresses: Mapping[str, Resource]) -> bool:
        """Note what was read; return whether a line is about another subject, which is a doubt."""
        if said.get("about") != self._number:
            record_doubt(Doubt(reason="something was compared for a subject that was judged before; compare in time"))
            return True
        note_reads((addresses[address], str(path)) for address, path in said.get("reads", ()) if address in addresses)
        return False

    # ── The process

    def close(self) -> None:
        """Stop asking. Raises UsageError if a judge compares something after its end."""
        if self._gone:  # what it still writes belongs to what it was ended for
            return
        self._calling.requests.close()
        with suppress(EndedError):
            try:
                said = self._calling.read(monotonic() + GRACE)
            except BoundaryError as error:
                self._explain(error)
            else:
                raise UsageError(
                    f"a judge of the project wrote {said['word']!r} after it had ended; compare before it ends"
                )

    def forget(self) -> None:
        """Let its policies be applied no more."""
        for policy in [each for each in POLICIES.values() if getattr(each.judge, "team", None) is self]:
            del POLICIES[policy.id]

    def _send(self, value: Any) -> None:
        if self._gone:
            raise BoundaryError(self._gone)
        self._calling.send(value)

    def _explain(self, error: Exception) -> str:
        """Return why there is no answer, and ask nothing more of a process that broke the rules."""
        if not self._gone:
            ended = describe_end(code) if (code := _poll(self._process)) is not None else ""
            said = str(error) if isinstance(error, BoundaryError) else f"wrote what makes no sense: {describe(error)}"
            self._gone = ended or said
            if not ended:
                end_group(self._process, 0)
        return f"the process of the project's own judges {self._gone}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A configuration that the process has."""

    whole: Configuration
    addresses: Mapping[str, Resource]
    places: Mapping[int, int]
    """A resource, by its id in memory -> its place."""

    @classmethod
    def of(cls, whole: Configuration) -> _Known:
        """Return the places of a configuration."""
        every = (*whole.resources, *whole.providers)
        return cls(
            whole=whole,
            addresses={each.address: each for each in every},
            places={id(each): place for place, each in enumerate(every)},
        )


def _poll(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit code of a process that closed its pipe, once it has one."""
    try:
        return process.wait(1)
    except subprocess.TimeoutExpired:
        return None


#: The arguments of what compares -> how each is read from a line.
_ARGUMENTS: Final[Mapping[str, Mapping[str, Any]]] = {
    "require": {"observed": decode, "samples": lambda said: None if said is None else int(said)},
    "hold": {
        "ok": lambda said: said is True,
        "expected": str,
        "observed": str,
        "held": str,
        "aspect": str,
        "premise": lambda said: said is True,
    },
    "exclude": {"found": lambda said: [*map(str, said)], "expected": str, "observed": str},
    "cover": {"observed": decode},
}


def _compare(word: str, said: Mapping[str, Any], criterion: Criterion) -> None:
    arguments = _ARGUMENTS.get(word)
    if arguments is None:
        raise BoundaryError(f"wrote {word!r}, which is no comparison")
    try:
        given = {name: read(said[name]) for name, read in arguments.items()}
        getattr(criterion, word)(**given)
    except Concluded:
        pass  # it counts from the moment it is made
    except Exception as error:  # noqa: BLE001  whatever was observed, it was not compared
        record_doubt(Doubt(reason=f"{word}() could not compare: {type(error).__name__}: {describe(error)}"))


def _read_end(said: Mapping[str, Any], criterion: Criterion) -> Conclusion:
    try:
        return decode_conclusion(said, criterion)
    except ValueError as error:
        return Conclusion(outcome=Outcome.UNDETERMINED, reason=f"its result can't be read: {describe(error)}")


def _end(reason: str) -> None:
    raise Concluded(Conclusion(outcome=Outcome.UNDETERMINED, reason=reason)) from None


def list_own_files(project: Project, layer: str) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """Return the files of policies, and of checks, that a project has of its own for a layer.

    The live layer also judges by some policies of the gate, and so by a team's policies that replace them.
    """
    policies = [file for file in policy_files(project.policy_folders()) if not is_bundled(file)]
    if not BUILT[layer].judges_policies:
        policies = [file for file in policies if layer == OBSERVING and (BUNDLED / "policies" / file.name).is_file()]
    suites = [file for folder in BUILT[layer].folders for file in project.suite_files(folder)]
    return tuple(policies), tuple(file for file in suites if not is_bundled(file))


@contextmanager
def open_team(project: Project, layer: str, *, policies: bool, suites: bool) -> Iterator[Team | None]:
    """Start the process of a project's own judges of a layer, and end it with the context; None where it has none.

    Only the live layer's has observers, which observe in any case.
    """
    written, checks = list_own_files(project, layer)
    observes = layer == OBSERVING and (project.root / "facts").is_dir()
    if not ((policies and written) or (suites and checks) or observes):
        yield None
        return
    task = Task(
        layer=layer,
        root=project.root,
        folders=project.policy_folders(),
        policies=written if policies else (),
        suites=checks if suites else (),
    )
    hide_memory()  # this process's memory is a file too, in case nothing else keeps the team's process from files
    with TemporaryDirectory(prefix="prodgate-") as made, _starting(project.root, made) as (process, calling):
        with suppress(BoundaryError):  # if it is gone already, its missing offer shows that
            calling.send(task)
        team = Team(process, calling)
        try:
            yield team
            team.close()
        finally:
            team.forget()


@contextmanager
def _starting(root: Path, writable: str) -> Iterator[tuple[subprocess.Popen[bytes], Calling]]:
    (receives, sends), (hears, tells) = os.pipe(), os.pipe()
    command = make_command("prodgate.run.team_process", str(receives), str(tells))
    with FileIO(sends, "wb") as requests, FileIO(hears, "rb") as lines:
        try:
            process = subprocess.Popen(  # noqa: S603  our own module
                command, cwd=root, env=_close_environment(writable), stdin=subprocess.DEVNULL,
                stdout=2, pass_fds=(receives, tells), start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(receives)
            os.close(tells)
        try:
            yield process, Calling(requests, lines, read_limit())
        finally:
            end_group(process, 0)


#: Variables that a process of judges is given: where programs are, the language and the time zone.
_KEPT: Final = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ")


def _close_environment(writable: str) -> dict[str, str]:
    """Return the environment of a process of judges, without credentials; ``writable`` is the folder of its files."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    python = {"PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    # a thread of OpenBLAS for each of many processors would take all of the memory that it is allowed
    return {**kept, **python, "TMPDIR": writable, "HOME": writable, "OPENBLAS_NUM_THREADS": "1"}


def register_offer(team: Team, project: Project, layer: str) -> Mapping[Path, str]:
    """Let the policies that a team's process offers be applied as the gate's own are; return why files can't be loaded.

    Raises UsageError for judges that nobody could plan, since they are written in no file of judges.
    """
    offer = team.offer
    files = [file for several in list_own_files(project, layer) for file in several if file not in offer.lost]
    written = {(judge.name, judge.criterion) for file in files for judge in read_judges(file, flaws=False).judges}
    judges: Sequence[Policy | Check] = (*offer.policies, *offer.checks)
    mistakes = [
        *offer.mistakes,
        *(
            f"{judge.place}: {judge.name} is in no file of policies or checks; "
            "define it in one, under this name and criterion"
            for judge in judges
            if (judge.name, judge.criterion) not in written
        ),
        *(
            f"{policy.place}: policy id {policy.id!r} is used by {known.place}; take the next free number"
            for policy in offer.policies
            if (known := POLICIES.setdefault(policy.id, policy)) is not policy
        ),
    ]
    if mistakes:
        raise UsageError("\n".join(mistakes))
    return offer.lost


# ── Files that can't be loaded: each judge in them is undetermined; nothing else is


def leave_unjudged(
    journal: Journal,
    layer: str,
    broken: Mapping[Path, str],
    asked: Collection[str],
    root: Path,
    *,
    stated: Collection[str] = (),
) -> frozenset[Path]:
    """Leave undetermined what is written in files that can't be loaded; ``broken`` says why, by file.

    ``asked`` are the criteria of the layer, ``stated`` those of others. Returns the files whose judges
    nobody can name: as far as their text can be read, nothing in them is about any of these criteria.
    """
    untold = set()
    for path, why in broken.items():
        judges = list_written(path)
        for judge in (judge for judge in judges if judge.criterion in asked):
            _record_undetermined(journal, layer, judge, why, root)
        if not {judge.criterion for judge in judges} & {*asked, *stated}:
            untold.add(path)
    return frozenset(untold)


def list_written(path: Path) -> tuple[WrittenJudge, ...]:
    """Return the judges that are written in a file that can't be loaded, as far as anybody can read it."""
    try:
        return read_judges(path, flaws=False).judges
    except (UsageError, OSError):  # then nobody planned anything in it
        return ()


def _record_undetermined(journal: Journal, layer: str, judge: WrittenJudge, why: str, root: Path) -> None:
    journal.record_started(layer, judge.name, judge.place_in(root))
    journal.record_finding(
        Finding(
            criterion=judge.criterion,
            check=judge.name,
            layer=layer,
            subject="(module)",
            outcome=Outcome.UNDETERMINED,
            reason=why,
            remedy="Mend the module; nothing else that is judged depends on it.",
            where=(judge.place_in(root),),
        )
    )
    journal.record_finished(layer, judge.name, 1)


#: Layer that policies answer for.
LAYER: Final = "static"


def judge_by_policies(
    configurations: Sequence[Configuration], project: Project, judges: Iterable[WrittenJudge]
) -> tuple[Finding, ...]:
    """Return what the policies find that are among a project's static judges. Raises UsageError for unusable ones."""
    fixity = take_fixity(project)
    planned = {judge.name: judge for judge in judges if judge.kind == "policy"}
    load_policies(project.policy_folders(), only=[*filter(is_bundled, policy_files(project.policy_folders()))])
    with open_team(project, LAYER, policies=True, suites=False) as team:
        lost = register_offer(team, project, LAYER) if team else {}
        for path, why in lost.items():
            if not {judge.criterion for judge in list_written(path)} & {*project.stated.criteria}:
                raise UsageError(why)
        found = tuple(_judge(configurations, project, planned, lost))
    if changed := fixity.find_changes():
        raise UsageError(f"{changed}: changed while the policies judged; judge files that stay as they are")
    return found


def _judge(
    configurations: Sequence[Configuration],
    project: Project,
    planned: Mapping[str, WrittenJudge],
    lost: Mapping[Path, str],
) -> Iterator[Finding]:
    for judge in planned.values():
        policy, criterion = POLICIES.get(judge.name), project.stated.criteria[judge.criterion]
        if policy is None or policy.criterion != judge.criterion:
            reason = lost.get(judge.file, f"{judge.place}: {judge.name} is gone once its module is loaded")
            yield from (_leave_undetermined(judge, each.root, reason, project) for each in configurations)
        else:
            yield from (finding for each in configurations for finding in apply(policy, each, criterion))


def _leave_undetermined(judge: WrittenJudge, root: str, reason: str, project: Project) -> Finding:
    return Finding(
        criterion=judge.criterion,
        check=judge.name,
        layer=LAYER,
        subject=root,
        outcome=Outcome.UNDETERMINED,
        reason=reason,
        remedy="Mend the module; nothing else that is judged depends on it.",
        where=(judge.place_in(project.root),),
    )
