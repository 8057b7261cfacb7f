"""The process of one layer: observe (or recall), conclude, and let pytest judge every policy and check.

Started by the run as ``python -m prodgate.run.layer_process``; a layer that dies takes nothing else with it. It imports
no code of a team: that runs in a process of its own (``team_process.py``), which this one asks.
"""

import argparse
import os
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Self

import pytest

from ..criteria import Criteria, UsageError
from ..evidence import journal
from ..evidence.artifacts import redact_logs
from ..evidence.runs import read
from ..facts import Facts
from ..facts.observers import import_all
from ..layers import BUILT, Layer
from ..layers.layer import LayerContext
from ..processes.ending import describe_missing, describe_refusal, print_failure
from ..processes.lifeline import end_group_with_parent
from ..processes.output import inert_output
from ..sections.bundled import is_bundled
from ..sections.criteria_file import narrow
from ..sections.project import Project, load_policies, open_project, policy_files
from ..sections.targets import parse_target
from ..semantics.secret_places import REDACTOR
from . import pytest_plugin
from .team import OBSERVING, Team, leave_unjudged, list_own_files, open_team, register_offer

#: Options of pytest: it loads these plugins only. Others could change a judgement, and take a second to load.
_OPTIONS = (
    "-c", str(Path(__file__).with_name("judging.ini")), "--import-mode=importlib",
    "--disable-plugin-autoload", "--noconftest", "-p", "no:cacheprovider", "--assert=plain",
    "-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin", "-p", "pytest_html.fixtures",
    "-p", "prodgate.run.pytest_plugin", "-p", "prodgate.run.technical_log",
    "--continue-on-collection-errors", "--self-contained-html", "-q", "--no-header", "--tb=short",
)  # fmt: skip
#: Nice value of a layer that computes beside one that is starting programs.
_YIELDING: Final = 5
#: pytest's exit codes that mean every item was judged: all passed, some failed, none there.
_JUDGED = (0, 1, 5)


@dataclass(frozen=True, slots=True)
class Citations:
    """The digests of the evidence from which the facts of one layer were made, for findings to cite."""

    facts: Facts
    stored: Sequence[Mapping[str, Any]]
    """``fact`` events of the layer."""

    @classmethod
    def of(cls, layer: str, facts: Facts, kept: journal.Journal) -> Self:
        """Return the citations of what a layer has observed by now."""
        events = journal.load(kept.path).events
        return cls(facts, [event for event in events if event["event"] == "fact" and event.get("layer") == layer])

    def find(self, judged: type | str) -> tuple[str, ...]:
        """Return the digests behind the facts of a kind, or behind what the layer concludes under a name."""
        sources = self.facts.sources(judged)
        return self._digests(event for event in self.stored if sources & {event["kind"], event["subject"]})

    def find_about(self, subjects: Collection[str]) -> tuple[str, ...]:
        """Return the digests of evidence about some subjects."""
        return self._digests(event for event in self.stored if event["subject"] in subjects)

    def _digests(self, events: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(event["digest"] for event in events))


def main(arguments: list[str]) -> int:
    """Run one layer; return 0 when every check was judged."""
    with inert_output(REDACTOR.redact):  # its output goes to the logs of a run, and to the page of a pipeline
        return _run(arguments)


def _run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="prodgate.run.layer_process")
    parser.add_argument("layer")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--criteria", type=Path, required=True)
    parser.add_argument("--recall", action="store_true", help="judge the facts in the run again, observe nothing")
    parser.add_argument("--observe-only", action="store_true", help="keep the facts, judge nothing")
    parser.add_argument("--account", type=int, help="the line on which copies of the rehearsal's account are to be had")
    parser.add_argument("--gate", type=int, help="where a byte lets it begin, once it has imported what it needs")
    parser.add_argument("--yielding", action="store_true", help="leave the processors to what is beside it")
    given = parser.parse_args(arguments)
    if given.yielding:
        os.nice(_YIELDING)
    _end_with_parent()
    if given.account is not None:
        os.set_inheritable(given.account, False)  # a child that inherited it would keep the account's copies alive
    layer, project = BUILT[given.layer], _place_in_cell(open_project(given.criteria), given.run)
    import_all(f"prodgate.facts.{layer.name}")
    layer.import_judging()
    at = replace(_make_context(given.run, project, layer.name), shared_account=given.account)
    if given.gate is not None and not _pass_gate(given.gate, layer.name):
        return 0
    try:
        return _observe_and_judge(layer, at, project, recall=given.recall, judge=not given.observe_only)
    except UsageError as error:
        at.journal.write("broken", layer=layer.name, reason=str(error))
        print(error, file=sys.stderr)  # noqa: T201  the run shows what its layers print
        return 0
    except OSError as error:
        print_failure([describe_refusal(error)])
        return 3
    finally:
        redact_logs(given.run / "logs" / given.layer)


def _pass_gate(gate: int, layer: str) -> bool:
    """Import what observes, and wait for a byte; return False if the run ended instead."""
    with suppress(ImportError):  # the code that needs it says what is missing
        import_module(f"prodgate.layers.{layer}.observing")
    with os.fdopen(gate, "rb", 0) as opened:
        return bool(opened.read(1))


def _observe_and_judge(layer: Layer, at: LayerContext, project: Project, *, recall: bool, judge: bool) -> int:
    """Observe and judge; a team's own modules do so in a process of their own."""
    load_policies(project.policy_folders(), only=_list_bundled(project))
    with open_team(project, layer.name, policies=judge, suites=judge) as team:
        observes = layer.name == OBSERVING  # then the team's process decides what is asked of the account
        if team and observes:
            _take_offer(layer, at, project, team)
        at = replace(at, observe_more=team.observe if team else None)
        facts = _recall(layer, at) if recall else _observe(layer, at)
        if not judge:
            return 0
        if team and not observes:  # meanwhile it has imported its modules
            _take_offer(layer, at, project, team)
        _conclude(layer, facts, at)
        return _judge(layer, facts, at, project, team)


def _list_bundled(project: Project) -> list[Path]:
    """Return the files of policies that come with the gate, and that no file of the project stands in for."""
    return [file for file in policy_files(project.policy_folders()) if is_bundled(file)]


def _take_offer(layer: Layer, at: LayerContext, project: Project, team: Team) -> None:
    """Let a team's policies be applied, and leave undetermined what can't be loaded. Raises UsageError."""
    lost = register_offer(team, project, layer.name)
    if team.confined:
        at.note(layer.name, f"the project's own judges had {', '.join(team.confined)}")
    stated = project.stated.criteria
    untold = leave_unjudged(at.journal, layer.name, lost, _ask(layer, at), at.project, stated=stated)
    facts = {file for file in untold if (project.root / "facts") in file.parents}
    for file in sorted(untold):
        if file not in facts or (layer.name == OBSERVING and facts == lost.keys()):
            at.journal.write("broken", layer=layer.name, reason=lost[file])
            at.progress(lost[file])
        elif layer.name == OBSERVING:  # each check that asks for what it observes is lost, too, and undetermined
            at.note(layer.name, lost[file])


def _observe(layer: Layer, at: LayerContext) -> Facts:
    try:
        facts = layer.observe(at)
    except ModuleNotFoundError as error:
        if missing := describe_missing(error):
            raise UsageError(missing) from None
        raise
    at.journal.write("observed", layer=layer.name)  # without it, there may be facts that nobody wrote down
    return facts


def _place_in_cell(project: Project, run: Path) -> Project:
    """Let the account that criteria speak of be that of the run's cell, where it is of one. Raises UsageError."""
    about = read(run).about
    return project.place_in(about.get("cell", ""), about["target"])


def _make_context(run: Path, project: Project, layer: str) -> LayerContext:
    """Return the context of a layer; one that only observes for others has all criteria."""
    found = read(run)
    about, moment = found.about, found.scope.moment
    return LayerContext(
        run=run,
        target=parse_target(about["target"]),
        project=project.root,
        stated=narrow(project.stated, moment if layer in about["layers"] else ""),
        journal=journal.Journal.of(run, str(about.get("cell") or "")),
        progress=_print_progress,
        load_allowed=about.get("load_allowed", ""),
        attack_allowed=about.get("attack_allowed", ""),
        load_record=about.get("load_record", ""),
        moment=found.scope.when,
    )


def _end_with_parent() -> None:
    """End this layer with the run, which holds the other end of standard input open as long as it lives."""
    lifeline = os.dup(sys.stdin.fileno())
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    end_group_with_parent(lifeline)


def _recall(layer: Layer, at: LayerContext) -> Facts:
    kept = read(at.run)
    events = [event for event in (*kept.facts, *kept.unreadable) if event["layer"] == layer.name]
    return layer.recall(at.run, events, at.observe_more)


def _conclude(layer: Layer, facts: Facts, context: LayerContext) -> None:
    conclusions, citations = layer.conclude(facts, context), Citations.of(layer.name, facts, context.journal)
    for check, criterion in conclusions:
        context.journal.record_planned(layer.name, check, criterion)
    for (check, _), findings in conclusions.items():
        cited = citations.find(check) or citations.find_about({finding.subject for finding in findings})
        context.journal.record_started(layer.name, check, evidence=cited)
        for finding in findings:
            context.journal.record_finding(finding)
        context.journal.record_finished(layer.name, check, len(findings))


def _ask(layer: Layer, context: LayerContext) -> Criteria:
    """Return the criteria that ask something of a layer."""
    stated = context.stated.criteria
    return Criteria({id_: criterion for id_, criterion in stated.items() if layer.name in criterion.layers})


def _judge(layer: Layer, facts: Facts, context: LayerContext, project: Project, team: Team | None) -> int:
    asked = _ask(layer, context)
    policies, checks = list_own_files(project, layer.name)
    policies = (*policies, *_list_bundled(project)) if layer.judges_policies else ()
    judging = pytest_plugin.Judging(
        layer=layer.name,
        criteria=asked,
        facts=facts,
        journal=context.journal,
        cite=Citations.of(layer.name, facts, context.journal).find,
        files=frozenset((*policies, *checks)),
        checks=team.offer.checks if team else (),
        unasked=frozenset(project.stated.criteria) - frozenset(asked),
    )
    context.progress(f"{layer.name}: judging")
    files = [*sorted(policies), *(file for folder in layer.folders for file in project.suite_files(folder))]
    if not files:  # pytest would look for some by itself
        context.journal.write("collected", layer=layer.name)
        return 0
    report = context.run / "logs" / f"{layer.name}.html"
    options = [*_OPTIONS, f"--rootdir={project.root}", f"--html={report}"]
    code = pytest.main([*options, *map(str, files)], plugins=[judging])
    if code not in _JUDGED:
        reason = f"judging ended with pytest's exit code {int(code)}; see logs/{layer.name}.txt"
        context.journal.write("broken", layer=layer.name, reason=reason)
    return 0 if code in _JUDGED else int(code)


def _print_progress(step: str) -> None:
    print(step, file=sys.stderr, flush=True)  # noqa: T201  the run shows what its layers print


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
