"""``prodgate check``: judging Terraform by policies alone, as it is, or by what it makes worse than a revision."""

import argparse
import json
import math
import os
import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..criteria import SEVERITIES, Criteria, Criterion, Scope, UsageError, find_severity, rank_severity
from ..evidence.standing import find_unasked
from ..facts import Facts
from ..findings import Finding, Outcome
from ..layers.static.repository import EVALUATES
from ..report.diff.comparison import Worsening, find_worse
from ..report.placing import follow_verdict, place_verdict, place_worsening
from ..report.summary import compared_lines
from ..report.view import value_origin, verdict_to_json
from ..report.weakening import Yardstick, list_compared
from ..run.planning import plan_judges
from ..run.revisions import Revision, checked_out, find_top
from ..run.team import judge_by_policies
from ..run.weakness import hold_against_base, take_yardstick
from ..sections.criteria_file import CriteriaFile
from ..sections.goals import read_goals
from ..sections.judges import WrittenJudge
from ..sections.project import Project, find_folders, load_bundled, load_policies
from ..terraform.diagnostics import TerraformError
from ..terraform.evaluate import Given, open_configurations
from ..terraform.moves import find_renamed, follow_moves, read_moves
from ..terraform.policy import POLICIES, Policy, apply, tell_how_to_know
from ..terraform.resources import Configuration
from ..terraform.sources import find_other_roots
from ..verdict import Decision, Verdict, decide
from ..waivers import Waiver
from .explaining import explain_shortly
from .opening import open_stated, print_progress, read_waivers, refuse_unknown
from .output import say, write

# ── Judging a configuration, by a team's criteria or by good practice for any team

STATIC: Final = Scope(layers=frozenset({"static"}))
#: The verdict on what declares nothing.
NOTHING: Final = Verdict(decision=Decision.INSUFFICIENT, scope=STATIC, rulings=(), waivers=())


def baseline(criteria: Criteria) -> Criteria:
    """Return the criteria that are good practice for any team, asked only where there is something to ask about."""
    return Criteria(
        {
            id_: replace(
                criterion,
                layers=("static",),
                population=0,
                where_present=True,
                bound=criterion.baseline_bound or criterion.bound,
            )
            for id_, criterion in criteria.items()
            if criterion.baseline and "static" in criterion.layers
        }
    )


def judge_configurations(
    configurations: Iterable[Configuration],
    policies: Iterable[Policy],
    criteria: Criteria,
    waivers: Sequence[Waiver] = (),
    *,
    whole: bool,
    judged_elsewhere: Sequence[Finding] | None = None,
) -> Verdict:
    """Judge configurations by the policies whose criteria are given.

    ``whole`` says that the configurations are a whole system, so that what is missing from them counts;
    ``judged_elsewhere`` are the findings of a team's policies, which are not run in this process.
    """
    chosen = [policy for policy in policies if policy.criterion in criteria]
    findings = [f for each in configurations for f in _findings(each, chosen, criteria, whole)]
    findings += judged_elsewhere or ()
    if whole:
        answered = {EVALUATES, *(policy.criterion for policy in chosen), *(f.criterion for f in findings)}
        findings += _find_unjudged(criteria, answered)
    found = {finding.criterion for finding in findings}
    asked = {criterion for criterion in criteria if whole or criterion in found}
    judged = {id_: criteria[id_] for id_ in sorted(asked) if "static" in criteria[id_].layers}
    return decide(judged, findings, waivers, datetime.now(UTC), STATIC)


def _findings(
    configuration: Configuration, policies: Iterable[Policy], criteria: Criteria, whole: bool
) -> Iterator[Finding]:
    for gap in configuration.gaps:
        yield _evaluation(gap.subject, Outcome.UNDETERMINED, gap.reason, str(gap.position or ""))
    if whole and configuration.complete and EVALUATES in criteria:
        yield _evaluation(configuration.root, Outcome.SATISFIED)
    for policy in policies:
        expected = policy if whole else replace(policy, population=0)
        yield from apply(expected, configuration, criteria[policy.criterion])


def _find_unjudged(criteria: Criteria, judged: Container[str]) -> Iterator[Finding]:
    """Say which static criteria policies alone can't answer."""
    for criterion in criteria.values():
        if "static" in criterion.layers and criterion.id not in judged:
            yield Finding(
                criterion=criterion.id,
                check="policies",
                layer="static",
                subject="(no policy)",
                outcome=Outcome.UNDETERMINED,
                reason="no policy judges it",
                remedy="Judge the whole project, with its suites: prodgate run --only static",
            )


def _evaluation(subject: str, outcome: Outcome, reason: str = "", place: str = "") -> Finding:
    return Finding(
        criterion=EVALUATES,
        check="terraform",
        layer="static",
        subject=subject,
        outcome=outcome,
        reason=reason,
        remedy=(tell_how_to_know(reason) or "Judge a plan.json of your pipeline, where the answer is known.")
        if reason
        else "",
        where=(place,) if place else (),
    )


# ── The command

#: What a reason says of the subject before it names the cause, which other subjects share.
_BEFORE_CAUSE: Final = re.compile(r"^.*?(?:is decided by |comes from |(?=is decided later))")
_BLOCKING: Final = (Outcome.NOT_SATISFIED, Outcome.UNDETERMINED)


@dataclass(frozen=True, slots=True)
class Form:
    """The form of a verdict on the output, and its subject."""

    subject: str
    as_json: bool = False
    explains: bool = False
    """Whether to say why each finding matters."""
    compared: Sequence[Mapping[str, Any]] = ()
    """Criteria, waivers and the like that are weaker than on another branch, in the form that runs keep."""
    notes: Sequence[str] = ()
    """The same in lines."""


def show(verdict: Verdict, form: Form) -> int:
    """Show a verdict on what a subject declares, and return the exit code."""
    if form.as_json:
        _print_json({**verdict_to_json(verdict), "compared": form.compared})
        return verdict.decision.exit_code
    _print_findings(verdict, form)
    counts = ", ".join(f"{sum(f.outcome is o for f in verdict.findings)} {o}" for o in Outcome)
    say(f"{verdict.decision} for what {form.subject} declares: {counts}")
    _print_end(verdict, form)
    return verdict.decision.exit_code


def show_worse(found: Worsening, form: Form, *, since: str) -> int:
    """Show what is worse than at a revision, and the fate of what failed there; return the exit code."""
    verdict = found.verdict
    if form.as_json:
        kinds = {"fixed": found.fixed, "hidden": found.hidden, "gone": found.gone, "admitted": found.admitted}
        rows = {name: [finding.to_json() for finding in each] for name, each in kinds.items()}
        named = {"since": since, "standing": found.standing, "compared": form.compared}
        _print_json({**verdict_to_json(verdict), **named, **rows})
        return verdict.decision.exit_code
    _print_findings(verdict, form)
    _print_mended("worse, and waived", found.admitted)
    _print_mended("fixed", found.fixed)
    _print_mended("waived, not applicable or not known now (which is not fixed)", found.hidden)
    _print_mended("gone (which is not fixed)", found.gone)
    counts = ", ".join(f"{sum(f.outcome is o for f in verdict.blocking)} {o}" for o in _BLOCKING)
    mended = f"{len(found.admitted)} waived; {len(found.fixed)} fixed, {found.standing} as before"
    say(f"{verdict.decision} for what changed in {form.subject} since {since}: newly {counts}, {mended}")
    _print_end(verdict, form)
    return verdict.decision.exit_code


def _print_findings(verdict: Verdict, form: Form) -> None:
    """Print all that blocks: by resource, the worst first, then what is not known, by its cause.

    A remedy, and why something matters, is said where a check first asks for it.
    """
    criteria = {ruling.criterion.id: ruling.criterion for ruling in verdict.rulings}
    by_resource: dict[str, list[Finding]] = {}
    by_cause: dict[str, list[Finding]] = {}
    for finding in sorted(_merge_instances(verdict.blocking), key=lambda each: rank_severity(each, criteria)):
        if finding.outcome is Outcome.NOT_SATISFIED:
            by_resource.setdefault(finding.subject, []).append(finding)
        else:
            by_cause.setdefault(_BEFORE_CAUSE.sub("", finding.reason) or str(finding), []).append(finding)
    explained: set[tuple[str, str]] = set()
    for found in sorted(
        by_resource.values(), key=lambda found: [*(rank_severity(each, criteria) for each in found), math.inf]
    ):
        if several := len(found) > 1:
            say(f"{found[0].subject}: {len(found)} {Outcome.NOT_SATISFIED}")
        for finding in found:
            _print_finding(finding, criteria, explained, form)
        if several:
            say("")
    for cause, found in sorted(by_cause.items(), key=lambda each: len(each[1]), reverse=True):
        if len(found) == 1:
            _print_finding(found[0], criteria, explained, form)
        else:
            _print_cause(cause, found)


def _merge_instances(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield findings; of those that fail, all that say the same of instances of one block as one."""
    alike: dict[object, list[Finding]] = {}
    for each in findings:
        failing = each.where and each.outcome is Outcome.NOT_SATISFIED
        told = replace(each, subject="") if failing else each
        alike.setdefault((told.where, told.check, told.aspect, str(told)), []).append(each)
    yield from (replace(found[0], subject=", ".join(each.subject for each in found)) for found in alike.values())


def _print_end(verdict: Verdict, form: Form) -> None:
    """Print what it was judged by that is weaker than before, and how bad it is, where anything blocks."""
    say(*form.notes)
    criteria = {ruling.criterion.id: ruling.criterion for ruling in verdict.rulings}
    for outcome in _BLOCKING:
        found = Counter(rank_severity(f, criteria) for r in verdict.rulings for f in r.findings if f.outcome is outcome)
        if found:
            named = [*SEVERITIES, "of no stated severity"]
            say(f"{outcome} by severity: {', '.join(f'{found[rank]} {named[rank]}' for rank in sorted(found))}")
    for finding in verdict.findings:
        if finding.criterion in criteria and finding.check in criteria[finding.criterion].without:
            say(f"[{finding.check}] {finding.criterion}: {finding.reason}")
    say("This judges declarations alone; it is not a promotion verdict.")


def _print_finding(
    finding: Finding, criteria: Mapping[str, Criterion], explained: set[tuple[str, str]], form: Form
) -> None:
    place = f"{finding.where[0]}: " if finding.where else ""
    severity = find_severity(finding, criteria)
    say(f"{place}{finding.outcome}: [{finding.check}] {severity and f'{severity}: '}{finding}")
    _print_notes((("set in", value_origin(finding)),))
    if (said := (finding.check, finding.remedy)) not in explained:
        explained.add(said)
        _print_notes((("remedy", finding.remedy),))
        if form.explains and finding.criterion in criteria:
            _print_notes(explain_shortly(finding, criteria[finding.criterion], POLICIES))


def _print_cause(cause: str, found: Sequence[Finding]) -> None:
    """Print one cause for which several things are not known, with all that it leaves open."""
    subjects, criteria, origins, remedies = (
        list(dict.fromkeys(filter(None, each)))
        for each in zip(*((f.subject, f.criterion, value_origin(f), f.remedy) for f in found), strict=True)
    )
    counted = f"{len(subjects)} subject{'s' * (len(subjects) > 1)}"
    say(f"{Outcome.UNDETERMINED}: {cause}: {len(found)} findings, {counted}")
    notes = [("on", subjects), ("of", criteria), ("set in", origins), ("remedy", remedies[:1] * (len(remedies) == 1))]
    _print_notes((title, ", ".join(each)) for title, each in notes)


def _print_notes(notes: Iterable[tuple[str, str]]) -> None:
    for title, text in notes:
        if text:
            say(f"    {title}: {text}")


def _print_mended(title: str, findings: Iterable[Finding]) -> None:
    for finding in findings:
        say(f"{title}: [{finding.check}] {finding.criterion} on {finding.subject}")


def _print_json(said: Any) -> None:
    write(json.dumps(said, ensure_ascii=False, indent=2), None)


#: Formats that are not of others.
_OURS: Final = ("text", "json")
#: The effect of a new address on an apply.
_MEANING: Final = "an apply destroys the one and creates the other, with what it holds"

_Judged = tuple[Verdict, Sequence[Configuration]]


@dataclass(frozen=True, slots=True)
class _Yardstick:
    """The criteria, waivers and policies for configurations, the same before and after a change."""

    criteria: Criteria
    waivers: Sequence[Waiver]
    project: Project | None
    judges: Sequence[WrittenJudge]

    def judge(self, configurations: Sequence[Configuration]) -> Verdict:
        """Return the verdict on some configurations."""
        if self.project is None:
            return judge_configurations(configurations, POLICIES.values(), self.criteria, self.waivers, whole=False)
        judged = judge_by_policies(configurations, self.project, self.judges)
        found = [*judged, *find_unasked(self.project.stated, {"static"})]
        if len(configurations) == 1:  # goals are proven of one root, as in a run
            found += _judge_goals(configurations[0], self.project.stated)
        return judge_configurations(configurations, (), self.criteria, self.waivers, whole=True, judged_elsewhere=found)


def _judge_goals(configuration: Configuration, stated: CriteriaFile) -> Iterator[Finding]:
    """Yield what is proven of declared principals, but what they use: code and workflows are not read here."""
    from ..layers.static.judging import judge_goals  # noqa: PLC0415  only a project states goals

    now = datetime.now(UTC).isoformat(timespec="seconds")
    proven = judge_goals(Facts((configuration,)), stated, lambda: now, lambda _: None)
    for (_, criterion), findings in proven.items():
        yield from findings if not any(goal.uses for goal in read_goals(stated.criteria[criterion])) else ()


def check(args: argparse.Namespace) -> int:
    """Judge a Terraform root, module tree or plan.json with the policies; the exit code is the verdict's."""
    yardstick = _read_yardstick(args)
    form = Form(str(args.path), args.json or args.format == "json", args.explain)
    base, reader = _find_base(args.path, args.source), _find_reader(args)
    if args.changed is None:
        form = _hold_against_base(args, yardstick, form)
        verdict = place_verdict(yardstick.judge(_open_all(args, yardstick)), base, reader)
        return show(verdict, form) if args.format in _OURS else _export(verdict, yardstick, args)
    with checked_out(args.changed, args.path) as revision:
        form = _hold_against_base(args, yardstick, form, (str(revision), revision.commit))
        today = _open_all(args, yardstick)
        was, earlier = _judge_earlier(args, yardstick, revision)
        moves = read_moves(args.path, args.modules) if earlier else ()
        for old, new in find_renamed(earlier, today):
            if follow_moves(old, moves) != new:
                print_progress(f"note: {old} is {new} now, and no moved block says so: {_MEANING}")
        found = find_worse(follow_verdict(was, moves), yardstick.judge(today), since=str(revision))
    found = place_worsening(found, base, reader)
    if args.format not in _OURS:
        return _export(found.verdict, yardstick, args)
    return show_worse(found, form, since=str(revision))


def _hold_against_base(
    args: argparse.Namespace, yardstick: _Yardstick, form: Form, named: tuple[str, str] | None = None
) -> Form:
    """Return a form that shows what is weaker than at a revision, or than at the base branch if git knows one."""
    if yardstick.project:
        today = take_yardstick(yardstick.project, {"static": yardstick.judges})
        root, waivers = yardstick.project.root, yardstick.project.waivers
    elif args.waivers:
        today = Yardstick(name="today", stated=None, waivers=tuple(yardstick.waivers))
        root, waivers = args.waivers.parent, args.waivers
    else:
        return form
    found = [*hold_against_base(today, root, waivers, named)]
    lines = [*compared_lines(list_compared(found))]
    lines += [f"note: what is judged by today counts for {named[0]}, too"] if lines and named else []
    if form.as_json or args.format != "text":  # which shows no lines of ours
        for line in lines:
            print_progress(line)
    return replace(form, compared=found, notes=lines)


def _find_base(path: Path, source: Path | None) -> Path:
    """Return what positions of findings are relative to: the directory, or the one that a plan.json was made from."""
    return path if path.is_dir() else source or path.parent


def _find_reader(args: argparse.Namespace) -> Path:
    """Return the folder from which readers of the findings look for files.

    SARIF and annotations of GitHub name files of the repository; everything else is read where the command was started.
    """
    return find_top(args.path) if args.format in ("sarif", "github") else Path.cwd()


def _read_yardstick(args: argparse.Namespace) -> _Yardstick:
    project = open_stated(args) if args.criteria else None
    judges = plan_judges(project, {"static"})["static"] if project else ()
    bundled = load_bundled().criteria
    criteria = project.stated.criteria if project else baseline(bundled)
    waivers = read_waivers(args.waivers, named=True) if args.waivers else ()
    if project is None:
        load_policies(find_folders("policies", None))
        asked = (policy.id for policy in POLICIES.values() if policy.criterion in criteria)
        refuse_unknown(waivers, (*criteria, *asked), args.waivers)
    return _Yardstick(criteria, waivers, project, judges)


def _open_all(args: argparse.Namespace, yardstick: _Yardstick) -> tuple[Configuration, ...]:
    """Return what the path declares today, and say what is not judged."""
    given = Given(args.var_file, args.var, args.modules, workspace=args.workspace)
    try:
        configurations = _open(args.path, given, args.source, yardstick)
    except TerraformError as error:
        raise UsageError(str(error)) from error
    if yardstick.project is None and (own := Path("criteria.toml")).is_file():
        print_progress(f"note: {own} is not asked; --criteria {own} judges by it")
    for other in find_other_roots(args.path.resolve()) if args.path.is_dir() else ():
        print_progress(
            f"not judged: {os.path.relpath(other)} is a root that {args.path} does not call; name it to judge it"
        )
    for note in (each for configuration in configurations for each in configuration.notes):
        print_progress(f"note: {note}")
    return configurations


def _open(path: Path, given: Given, source: Path | None, yardstick: _Yardstick) -> tuple[Configuration, ...]:
    account = yardstick.project.stated.account if yardstick.project else None
    given = replace(given, zones=yardstick.project.stated.zones if yardstick.project else ())
    return open_configurations(path, given=given, source=source, progress=print_progress, account=account)


def _judge_earlier(args: argparse.Namespace, yardstick: _Yardstick, revision: Revision) -> _Judged:
    """Return the verdict on what the path declared at a revision, and that; nothing where that can't be evaluated."""
    path = revision.find(args.path)
    if not revision.holds(path):
        raise UsageError(
            f"--changed: git ignores {args.path}, so that it knows nothing of it at {revision}; "
            "name the directory that it was made from, or leave --changed out"
        )
    print_progress(f"what was declared at {revision}")
    if not path.exists():
        if not args.path.is_dir():
            raise UsageError(f"--changed: {args.path} is not in {revision}; name the directory that it was made from")
        print_progress(f"note: there was no {args.path} at {revision}, so that all of it is new")
        return NOTHING, ()
    var_files, modules = ([_find_given(each, revision) for each in stated] for stated in (args.var_file, args.modules))
    source = _find_given(args.source, revision) if args.source else None
    try:
        earlier = _open(path, Given(var_files, args.var, modules, workspace=args.workspace), source, yardstick)
        return yardstick.judge(earlier), earlier
    except TerraformError as error:
        said = str(error).replace(str(revision.place), str(revision.top))
        print_progress(f"note: what was at {revision} can't be judged, so that all counts as new: {said}")
        return NOTHING, ()


def _find_given(path: Path, revision: Revision) -> Path:
    """Return what stood for a file or folder at a revision; what was not there yet counts for both."""
    found = revision.find(path)
    if path.exists() and not found.exists():
        print_progress(f"note: there was no {path} at {revision}; the one of today counts for both")
        return path
    if not revision.holds(found):
        print_progress(f"note: git has no {path} at {revision}; the one of today counts for both")
    return found


def _export(verdict: Verdict, yardstick: _Yardstick, args: argparse.Namespace) -> int:
    from .kept import render_check  # noqa: PLC0415  what signs and seals takes a tenth of a second to load

    text = render_check(verdict, yardstick.waivers, args.path, args.format)
    write(text, args.output, commands=args.format == "github")
    return verdict.decision.exit_code
