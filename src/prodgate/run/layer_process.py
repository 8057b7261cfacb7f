"""The process of one layer: observe (or recall), conclude, and let pytest judge every policy and check.

Started by the run as ``python -m prodgate.run.layer_process``; a layer that dies takes nothing else with it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from ..criteria import Criteria, UsageError
from ..evidence import journal
from ..evidence.runs import read
from ..facts import Facts
from ..layers import BUILT
from ..layers.layer import Layer, LayerContext
from ..processes.ending import describe_missing, describe_refusal, print_failure
from ..processes.lifeline import end_with_parent
from ..processes.sources import read_sources_only
from ..sections.cells import read_cell
from ..sections.moments import narrow
from ..sections.project import Project, load_facts, load_policies, open_project
from ..sections.targets import parse_target
from . import pytest_plugin
from .citations import Citations
from .integrity import CHANGED_CRITERIA, Fingerprint, describe_criteria, find_changes, take_fingerprint
from .planning import FOLDERS
from .preloading import import_for_layer
from .unloaded import find_late, find_unobserved, forget_policies, leave_unjudged
from .watching import watch_judgements

#: What pytest is always given: what else is installed has no say in a judgement, and takes a second to load.
_OPTIONS = (
    "-c", str(Path(__file__).with_name("judging.ini")), "--import-mode=importlib",
    "--disable-plugin-autoload", "-p", "no:cacheprovider", "--assert=plain",
    "-p", "pytest_metadata.plugin", "-p", "pytest_html.plugin", "-p", "pytest_html.fixtures",
    "-p", "prodgate.run.pytest_plugin", "-p", "prodgate.run.technical_log",
    "--continue-on-collection-errors", "--self-contained-html", "-q", "--no-header", "--tb=short",
)  # fmt: skip
#: The layer whose facts are made by observers, a team's own among them.
OBSERVING: Final = "live"
#: pytest's exit codes that mean every item was judged: all passed, some failed, none there.
_JUDGED = (0, 1, 5)


def main(arguments: list[str]) -> int:
    """Run one layer; return 0 when every check was judged."""
    parser = argparse.ArgumentParser(prog="prodgate.run.layer_process")
    parser.add_argument("layer")
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--criteria", type=Path, required=True)
    parser.add_argument("--recall", action="store_true", help="judge the facts in the run again, observe nothing")
    parser.add_argument("--observe-only", action="store_true", help="keep the facts, judge nothing")
    parser.add_argument("--account", type=int, help="the line on which copies of the rehearsal's account are to be had")
    given = parser.parse_args(arguments)
    _end_with_parent()
    if given.account is not None:
        os.set_inheritable(given.account, False)  # in a child, it would keep copies alive
    import_for_layer(given.layer)
    watch_judgements()
    layer, project = BUILT[given.layer], _place_in_cell(open_project(given.criteria), given.run)
    read_sources_only(project.root, FOLDERS)
    at = replace(_make_context(given.run, project, layer.name), shared_account=given.account)
    try:
        return _observe_and_judge(layer, at, project, recall=given.recall, judge=not given.observe_only)
    except UsageError as error:
        at.journal.write("broken", layer=layer.name, reason=str(error))
        print(error, file=sys.stderr)  # noqa: T201  the run shows what its layers print
        return 0
    except OSError as error:
        print_failure([describe_refusal(error)])
        return 3


def _observe_and_judge(layer: Layer, at: LayerContext, project: Project, *, recall: bool, judge: bool) -> int:
    """Let code of the team in, observe and judge. Raises UsageError when it changes the gate's own."""
    sound, told = take_fingerprint(), describe_criteria(at.stated.criteria)
    broken: dict[Path, str] = {}
    policies = load_policies(project.policy_folders(), broken)
    _refuse_replaced(broken, project)
    forget_policies(broken)
    lost: dict[Path, str] = {}
    load_facts(project.root, lost)
    unread = _leave_unobserved(layer, at, lost)
    facts = _recall(layer, at.run) if recall else _observe(layer, at)
    facts = replace(facts, unreadable={**facts.unreadable, **unread})
    if not judge:
        return 0
    _refuse_changes(sound)
    _conclude(layer, facts, at)
    if layer.judges_policies:
        stated = project.stated.criteria
        for file in leave_unjudged(at.journal, layer.name, broken, _ask(layer, at), at.project, stated=stated):
            at.journal.write("broken", layer=layer.name, reason=broken[file])
    code = _judge(layer, facts, at, project, policies if layer.judges_policies else frozenset(), lost)
    _refuse_changes(sound)
    if late := find_late(lost, at.project):
        raise UsageError("\n".join(f"{lost[path]}; it was loaded later, unasked" for path in sorted(late)))
    if describe_criteria(at.stated.criteria) != told:
        raise UsageError(CHANGED_CRITERIA)
    return code


def _leave_unobserved(layer: Layer, at: LayerContext, lost: Mapping[Path, str]) -> Mapping[type, str]:
    """Return why kinds of fact are not observed, by the modules of a team that can't be loaded.

    Raises UsageError for one of which nobody can tell what it would have observed, in the layer that observers are of.
    """
    unread, untold = find_unobserved(lost, at.project)
    if layer.name == OBSERVING:
        if untold:
            raise UsageError("\n".join(lost[path] for path in sorted(untold)))
        for why in lost.values():
            at.note(layer.name, why)
    return unread


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
    if not (name := about.get("cell")):
        return project
    return replace(project, stated=replace(project.stated, account=read_cell(name, about["target"]).account))


def _make_context(run: Path, project: Project, layer: str) -> LayerContext:
    """Return what a layer works with; one that only observes for others is asked all that is stated."""
    about = read(run).about
    moment = str(about.get("moment") or "")
    return LayerContext(
        run=run,
        target=parse_target(about["target"]),
        project=project.root,
        stated=narrow(project.stated, moment if layer in about["layers"] else ""),
        journal=journal.Journal.of(run, str(about.get("cell") or "")),
        progress=_print_progress,
        load_allowed=about.get("load_allowed", ""),
        attack_allowed=about.get("attack_allowed", ""),
        moment=moment,
    )


def _end_with_parent() -> None:
    """End this layer with the run, which holds the other end of standard input open as long as it lives."""
    lifeline = os.dup(sys.stdin.fileno())
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    end_with_parent(lifeline, lambda: os.killpg(os.getpgrp(), signal.SIGTERM))


def _recall(layer: Layer, run: Path) -> Facts:
    kept = read(run)
    return layer.recall(run, [event for event in (*kept.facts, *kept.unreadable) if event["layer"] == layer.name])


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


def _refuse_replaced(broken: Mapping[Path, str], project: Project) -> None:
    """Raise UsageError for a broken module in the place of one of the gate's: other layers judge by that one, too."""
    replaced = {project.root / name for name in project.list_replaced()}
    if whys := [why for path, why in broken.items() if path in replaced]:
        raise UsageError("\n".join(whys))


def _ask(layer: Layer, context: LayerContext) -> Criteria:
    """Return the criteria that ask something of a layer."""
    stated = context.stated.criteria
    return Criteria({id_: criterion for id_, criterion in stated.items() if layer.name in criterion.layers})


def _judge(  # noqa: PLR0917  as _observe_and_judge knows it
    layer: Layer,
    facts: Facts,
    context: LayerContext,
    project: Project,
    policies: frozenset[Path],
    lost: Mapping[Path, str],
) -> int:
    asked = _ask(layer, context)
    judging = pytest_plugin.Judging(
        layer=layer.name,
        criteria=asked,
        facts=facts,
        journal=context.journal,
        cite=Citations.of(layer.name, facts, context.journal).find,
        policy_files=policies,
        root=project.root,
        unasked=frozenset(project.stated.criteria) - frozenset(asked),
        lost=lost,
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


def _refuse_changes(sound: Fingerprint) -> None:
    """Raise UsageError when code of a team has changed the gate's own."""
    if changed := find_changes(sound):
        raise UsageError(f"{', '.join(changed)}: was changed by a module of the project; leave the gate's code alone")


def _print_progress(step: str) -> None:
    print(step, file=sys.stderr, flush=True)  # noqa: T201  the run shows what its layers print


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
