"""The changes between two runs, and what is worse: neither a vanished subject nor a smaller run is a fix."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from ...criteria import Criterion
from ...evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ...evidence.runs import Run
from ...findings import Finding, Outcome
from ...quantities import Bound, Quantity, UnitError
from ...sealing.standing import SealState, read_state
from ...verdict import WEIGHT, Decision, Verdict
from ...waivers import Waiver
from ..catalogue import ENGLISH, Catalogue, keep_finding
from ..grouping import verdict_text
from ..pages import render_page
from ..summary import LIMIT, code_span, compared_paragraphs, fit_lines, prose
from ..text import one_line
from ..view import all_findings, find_worst
from ..weakening import WEAKER, list_changes, list_compared, of_run, render_value, weigh

# ── Findings from one run to the next

#: Criterion, layer, check and subject: what a finding is about.
Subject = tuple[str, str, str, str]
#: Subject of a finding, and the aspect of it: together the question that the finding answers.
Key = tuple[Subject, str]

#: Kinds of change, the worst first; the catalogue says what they are called.
KINDS: Final = ("new", "vanished", "unaccounted", "unknown", "still", "waived", "fixed")

#: Outcomes of a fault, accepted or not.
_FAILED: Final = (Outcome.NOT_SATISFIED, Outcome.WAIVED)
#: Parts of a subject that differ in each run: the name of a run, and a port of a rehearsal.
_PASSING: Final = re.compile(r"\d{4}-\d\d-\d\dT\d{6}Z-[0-9a-f]{7}|(?<=//127\.0\.0\.1:)\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One finding before and after; None in a run that has none for its subject."""

    before: Finding | None
    after: Finding | None

    @property
    def finding(self) -> Finding:
        """The finding after, or the one before where there is none any more."""
        found = self.after or self.before
        if found is None:
            raise ValueError("a change has neither a before nor an after")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes of findings by kind, each finding in at most one list."""

    new: list[Change] = field(default_factory=list)
    """Not satisfied now, and not known to be before."""
    vanished: list[Change] = field(default_factory=list)
    """Not satisfied before; its layer was judged again, and no finding is about the subject any more."""
    unaccounted: list[Change] = field(default_factory=list)
    """Not satisfied before; now not applicable, undetermined, or of a layer that was left out."""
    unknown: list[Change] = field(default_factory=list)
    """Answered before, undetermined now."""
    still: list[Change] = field(default_factory=list)
    """Not satisfied in both."""
    waived: list[Change] = field(default_factory=list)
    """Not satisfied before, waived now."""
    fixed: list[Change] = field(default_factory=list)
    """Not satisfied before, satisfied now."""


def pair_findings(before: Verdict, after: Verdict) -> list[Change]:
    """Return each finding of two runs with the one that answers the same in the other, those of the later run first.

    A fault of which the later run says nothing, though it judged the subject, is held against what it says of it.
    """
    old, new = _by_key(before), _by_key(after)
    pairs = {key: Change(before=old.get(key), after=finding) for key, finding in new.items()}
    said: dict[Subject, list[Finding]] = {}
    for (subject, _), finding in new.items():
        said.setdefault(subject, []).append(finding)
    for key, finding in old.items():
        if key not in new:
            _pair_alone(finding, said.get(key[0], []), key, pairs)
    return list(pairs.values())


def _pair_alone(finding: Finding, rows: Collection[Finding], key: Key, pairs: dict[Key, Change]) -> None:
    """Pair a finding whose name the later run lacks, if its subject was judged again."""
    blamed = [row for row in rows if row.outcome in _FAILED and pairs[find_key(row)].before is None]
    if blamed and finding.outcome in _FAILED and not finding.aspect:  # its aspects had no names then
        same = next((row for row in blamed if row.observed == finding.observed), blamed[0])
        pairs[find_key(same)] = Change(before=finding, after=same)
        return
    now = next((row for row in rows if row.outcome not in (*_FAILED, Outcome.SATISFIED)), None)
    held = replace(finding, outcome=Outcome.SATISFIED, reason="", remedy="") if rows else None
    if finding.outcome in _FAILED or not rows:
        pairs[key] = Change(before=finding, after=now or held)


def sort_changes(pairs: Collection[Change], judged: Collection[str]) -> Changes:
    """Return the changes by kind; ``judged`` are the layers of the later run."""
    found = Changes()
    for pair in pairs:
        if kind := _classify(pair, judged):
            getattr(found, kind).append(pair)
    return found


def find_subject(finding: Finding) -> Subject:
    """Return what a finding is about, the same in each run."""
    return (finding.criterion, finding.layer, finding.check, _PASSING.sub("(any)", finding.subject))


def find_key(finding: Finding) -> Key:
    """Return what a finding answers, the same in each run."""
    return find_subject(finding), _PASSING.sub("(any)", finding.aspect)


def _by_key(verdict: Verdict) -> dict[Key, Finding]:
    """Return findings by what they answer; the worst one if a check made several about a subject."""
    found: dict[Key, Finding] = {}
    for finding in all_findings(verdict):
        key = find_key(finding)
        known = found.get(key, finding)
        found[key] = known if known.outcome is find_worst((known.outcome, finding.outcome)) else finding
    return found


def _classify(pair: Change, judged: Collection[str]) -> str:
    """Return the kind of a change; nothing for one that is not worth a word."""
    then, now = pair.before and pair.before.outcome, pair.after and pair.after.outcome
    failed = then is Outcome.NOT_SATISFIED
    if now is Outcome.NOT_SATISFIED:
        return "still" if failed else "new"
    if failed and now is None:
        return "vanished" if pair.finding.layer in (*judged, "") else "unaccounted"
    if failed:
        return {Outcome.SATISFIED: "fixed", Outcome.WAIVED: "waived"}.get(now or Outcome.UNDETERMINED, "unaccounted")
    answered = then in (Outcome.SATISFIED, Outcome.WAIVED, Outcome.NOT_APPLICABLE)
    return "unknown" if answered and now is Outcome.UNDETERMINED else ""


# ── Conditions of the two runs

#: Layers whose figures depend on the machine that measured them.
MEASURED: Final = ("load", "e2e", "dags", "rollout")
#: Versions that say which machine it was.
_MACHINE: Final = ("platform", "processors")


def describe_conditions(before: Run, after: Run) -> Iterator[str]:
    """Yield in what the two runs are not alike: target, versions, layers, a run that was cut off."""
    for name in ("system", "target", "rehearsal", "moment"):
        old, new = before.about.get(name), after.about.get(name)
        if (old or "") != (new or ""):
            yield f"{name}: {render_value(old)} -> {render_value(new)}"
    yield from _compare_tables("version of ", before.about.get("versions", {}), after.about.get("versions", {}))
    yield from _describe_judges(before, after)
    for verb, layers in (
        ("no longer judged", before.scope.layers - after.scope.layers),
        ("judged for the first time", after.scope.layers - before.scope.layers),
    ):
        if layers:
            yield f"layers {verb}: {', '.join(sorted(layers))}"
    for name, run in (("earlier", before), ("later", after)):
        if again := run.about.get("judged_again"):
            yield f"the {name} run judges the facts of another again: {again}"
        if run.finished is None:
            yield f"the {name} run was cut off: {run.path.name}"


def _compare_tables(prefix: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield f"{prefix}{name}: {render_value(before.get(name))} -> {render_value(after.get(name))}"


def _describe_judges(before: Run, after: Run) -> Iterator[str]:
    """Name changed policies and checks; bundled ones also change with the version of the gate."""
    old, new = before.about.get("judges", {}), after.about.get("judges", {})
    if changed := sorted(name for name in {**old, **new} if old.get(name) != new.get(name)):
        more = f" and {len(changed) - 5:,} more" if len(changed) > 5 else ""
        yield f"policies and checks that changed: {', '.join(changed[:5])}{more}"


def find_hindrances(before: Run, after: Run) -> dict[str, tuple[str, ...]]:
    """Return, for each layer, why what it measured in the two runs can't be compared; none where nothing hinders."""
    target = tuple(
        _compare_tables("", *({key: run.about.get(key) for key in ("target", "rehearsal")} for run in (before, after)))
    )
    machine = tuple(_compare_machines(before, after))
    layers = before.scope.layers | after.scope.layers
    found = {layer: (*target, *(machine if layer in MEASURED else ())) for layer in layers}
    return {layer: reasons for layer, reasons in found.items() if reasons}


def _compare_machines(before: Run, after: Run) -> Iterator[str]:
    """Yield in what the machines that measured differ; a run that judges the facts of another does not name theirs."""
    measured = [str(run.about.get("judged_again") or run.path.name) for run in (before, after)]
    if measured[0] == measured[1] and "judged_again" in {**before.about, **after.about}:
        return  # they are the same figures
    for run, name in zip((before, after), measured, strict=True):
        if "judged_again" in run.about:
            yield f"{run.path.name} judges what {name} measured, and does not name its machine"
    old, new = before.about.get("versions", {}), after.about.get("versions", {})
    yield from _compare_tables("", *({key: each.get(key) for key in _MACHINE} for each in (old, new)))


def find_other_profile(before: Run, then: Finding, after: Run, now: Finding) -> str:
    """Say why two findings of the load layer rest on loads that can't be compared; nothing when they can."""
    from ...facts.load.soundness import find_other_load, why_not_comparable  # noqa: PLC0415  as below

    try:
        one, other = _read_record(before, then), _read_record(after, now)
        if not one or not other:
            return ""
        late = (why_not_comparable(one["record"]), why_not_comparable(other["record"]))
        return "; ".join(filter(None, (*find_other_load(one, other), *late)))
    except UNREADABLE as error:
        return f"the record of the load can't be read: {describe_flaw(error)}"


def _read_record(run: Run, finding: Finding) -> Any:
    """Return the stored load that a finding cites; None when it cites none."""
    from ...layers.load.facts import RECORD  # noqa: PLC0415  no runs without load need it

    stored = {fact["digest"] for fact in run.facts_of("load", RECORD)}
    cited = [digest for digest in finding.evidence if digest in stored]
    return load_json(run.path, cited[0]) if cited else None


# ── Figures that both runs measured

#: An estimate as it is written into a finding.
_ESTIMATE: Final = re.compile(
    r"(?P<value>[^(]+) \((?:(?P<sure>[^(]+) each end: (?P<low>[^–]+)–(?P<high>[^,]+), )?(?P<samples>[\d,]+) [^)]*\)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A measured value with the ends of its interval, which are the value itself where there is none."""

    value: Decimal
    low: Decimal
    high: Decimal
    dimension: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FigureChange:
    """One figure before and after, as findings state it."""

    criterion: str
    layer: str
    subject: str
    before: str
    after: str
    change: str
    """``better``, ``worse``, ``changed``, ``same``, ``within-intervals`` or ``not-compared``."""
    why: str = ""
    """Why they are not compared."""


def read_figure(text: str) -> Figure | None:
    """Read what a finding observed; None for what is not measured.

    >>> read_figure("182 ms (95 % each end: 170–190 ms, 2,995 requests)").high
    Decimal('0.190')
    """
    found = _ESTIMATE.match(text)
    with suppress(UnitError):
        if found is None or found["low"] is None:
            value = Quantity.parse(found["value"] if found else text)
            return Figure(value=value.base, low=value.base, high=value.base, dimension=value.dimension)
        value, high = _parse(found["value"]), _parse(found["high"])
        low = _parse(f"{found['low']} {high.unit}".strip())
        return Figure(value=value.base, low=low.base, high=high.base, dimension=value.dimension)
    return None


def _parse(text: str) -> Quantity:
    """Read a quantity whose number may be infinite. Raises UnitError."""
    number, _, unit = text.partition(" ")
    if number.lstrip("-") == "∞":
        return Quantity(
            Decimal("-Infinity" if number.startswith("-") else "Infinity"), Quantity.parse(f"0 {unit}").unit
        )
    return Quantity.parse(text)


def compare_figures(before: Run, after: Run, pairs: Iterable[Change]) -> Iterator[FigureChange]:
    """Yield every figure with an interval, and every other one that changed, that both runs have."""
    hindrances = find_hindrances(before, after)
    for pair in pairs:
        then, now = pair.before, pair.after
        old, new = read_figure(then.observed if then else ""), read_figure(now.observed if now else "")
        if not (then and now and old and new) or old.dimension != new.dimension:
            continue
        why = "; ".join(hindrances.get(now.layer, ())) or find_other_profile(before, then, after, now)
        change = "not-compared" if why else _judge_change(old, new, now.expected)
        if " each end: " in now.observed or (change != "same" and then.observed != now.observed):
            yield FigureChange(
                criterion=now.criterion,
                layer=now.layer,
                subject=now.subject,
                before=then.observed,
                after=now.observed,
                change=change,
                why=why,
            )


def _judge_change(old: Figure, new: Figure, expected: str) -> str:
    if old.low == old.high == new.low == new.high:
        return "same"
    if old.low <= new.high and new.low <= old.high:
        return "within-intervals"
    comparator = ""
    with suppress(UnitError):
        comparator = Bound.parse(expected).comparator
    if comparator not in ("<", "<=", ">", ">="):
        return "changed"
    lower = new.value < old.value
    return "better" if lower is (comparator in ("<", "<=")) else "worse"


# ── Subjects that came and went


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Subjects that one criterion met in one layer: how many then and now, which came and which went."""

    criterion: str
    layer: str
    before: int
    after: int
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]


def compare_populations(before: Verdict, after: Verdict) -> Iterator[Population]:
    """Yield the populations that changed, in layers that both runs judged."""
    old, new = _subjects(before), _subjects(after)
    for key in dict.fromkeys((*new, *old)):
        then, now = old.get(key, {}), new.get(key, {})
        if then.keys() != now.keys() and key[1] in before.scope.layers & after.scope.layers:
            yield Population(
                criterion=key[0],
                layer=key[1],
                before=len(then),
                after=len(now),
                appeared=tuple(name for name in now if name not in then),
                vanished=tuple(name for name in then if name not in now),
            )


def _subjects(verdict: Verdict) -> dict[tuple[str, str], dict[str, None]]:
    found: dict[tuple[str, str], dict[str, None]] = {}
    for finding in verdict.findings:
        subjects = found.setdefault((finding.criterion, finding.layer), {})
        if finding.check not in ("verdict", finding.layer):
            subjects[finding.subject] = None
    return found


# ── Criteria and waivers

#: A waiver that ends within so much time after the later run is named.
SOON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The change of a criterion or waiver: it is ``added``, ``removed``, ``changed``, ``covering``, ``ended``…"""

    id: str
    kind: str
    detail: str = ""


def compare_waivers(before: Sequence[Waiver], after: Sequence[Waiver], today: date) -> Iterator[Edit]:
    """Yield what happened to waivers until the day of the later run, and which end soon after it."""
    old, new = {w.id: w for w in before}, {w.id: w for w in after}
    yield from _find_edits(old, new, {id_: f"expires {waiver.expires}" for id_, waiver in new.items()})
    for waiver in after:
        left = waiver.expires - today
        if left < timedelta(0):
            yield Edit(id=waiver.id, kind="ended", detail=f"it expired on {waiver.expires}")
        elif left <= SOON:
            yield Edit(id=waiver.id, kind="expiring", detail=f"{left.days} d left, until {waiver.expires}")


def compare_covered(before: Verdict, after: Verdict) -> Iterator[Edit]:
    """Yield which waivers of both runs cover another fault than before, which took the place of the accepted one."""
    then, now = _list_covered(before), _list_covered(after)
    for id_ in sorted(then.keys() & now.keys()):
        come, gone = now[id_].keys() - then[id_].keys(), then[id_].keys() - now[id_].keys()
        if come and gone:
            texts = (", ".join(map(_say_fault, sorted(each))) for each in (gone, come))
            yield Edit(id=id_, kind="covering", detail=" -> ".join(texts))


def _list_covered(verdict: Verdict) -> Mapping[str, Mapping[tuple[str, ...], Finding]]:
    """Return what each waiver covers: by which check, of which subject, which fault."""
    covered: dict[str, dict[tuple[str, ...], Finding]] = {}
    for each in verdict.findings:
        if each.waiver:
            covered.setdefault(each.waiver, {})[each.check, each.subject, each.aspect or each.expected] = each
    return covered


def _say_fault(fault: tuple[str, ...]) -> str:
    check, subject, what = fault
    return f"{check} {subject}" + (f" ({what})" if what else "")


def _find_edits(
    before: Mapping[str, Waiver | Criterion], after: Mapping[str, Waiver | Criterion], details: Mapping[str, str]
) -> Iterator[Edit]:
    yield from (Edit(id=id_, kind="added", detail=details.get(id_, "")) for id_ in after if id_ not in before)
    yield from (Edit(id=id_, kind="removed") for id_ in before if id_ not in after)
    for id_, entry in after.items():
        if id_ in before and (changed := list_changes(before[id_], entry)):
            said = (f"{name} {render_value(old)} -> {render_value(new)}" for name, old, new in changed)
            yield Edit(id=id_, kind="changed", detail="; ".join(said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The differences between two runs."""

    before: Run
    after: Run
    verdicts: tuple[Verdict, Verdict]
    seals: tuple[SealState, SealState]
    """How both are sealed; who signed is what they claim."""
    changes: Changes
    waivers: tuple[Edit, ...]
    figures: tuple[FigureChange, ...]
    populations: tuple[Population, ...]
    criteria: tuple[Edit, ...]
    weighed: Mapping[str, Sequence[str]]
    """Effect -> where the later run asks for less, for something else or for more."""
    conditions: tuple[str, ...]
    """Why the two runs are not alike: target, layers, versions, a run that was cut off."""

    def verdict_texts(self, words: Catalogue = ENGLISH) -> tuple[str, str]:
        """Return both verdicts, each with what it leaves out."""
        (then, now), moments = self.verdicts, [str(run.about.get("moment") or "") for run in (self.before, self.after)]
        return verdict_text(then, moments[0], words), verdict_text(now, moments[1], words)

    @property
    def same_verdict(self) -> bool:
        """Whether both say the same, of as much, and of the same kind of target."""
        then, now = self.verdicts
        return (then.decision, then.scope) == (now.decision, now.scope)


def compare(before: Run, after: Run) -> Comparison:
    """Return what changed from one run to the next; the records of their loads are read."""
    then, now = before.verdict(), after.verdict()
    pairs = pair_findings(then, now)
    return Comparison(
        before=before,
        after=after,
        verdicts=(then, now),
        seals=(read_state(before), read_state(after)),
        changes=sort_changes(pairs, after.scope.layers),
        waivers=(
            *compare_waivers(before.waivers, after.waivers, after.started.date()),
            *compare_covered(then, now),
        ),
        figures=tuple(compare_figures(before, after, pairs)),
        populations=tuple(compare_populations(then, now)),
        criteria=tuple(_find_edits(before.criteria.criteria, after.criteria.criteria, {})),
        weighed=weigh(of_run(before), of_run(after)),
        conditions=tuple(describe_conditions(before, after)),
    )


# ── A comparison as text, Markdown, HTML and JSON

# ── Sections, in the order of reading


def verdict_line(comparison: Comparison) -> str:
    """Return how the verdict changed, in one line."""
    then, now = comparison.verdict_texts()
    return f"verdict: {now}, as before" if comparison.same_verdict else f"verdict: {then} -> {now}"


def seals_line(comparison: Comparison) -> str:
    """Return how both runs are sealed, in one line."""
    then, now = map(str, comparison.seals)
    return f"both {now}" if then == now else f"{then} -> {now}"


def list_sections(comparison: Comparison, words: Catalogue = ENGLISH) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield titles with their entries, the worst first, including titles without entries."""
    yield words.text("diff-weaker"), [words.say(text) for text in comparison.weighed[WEAKER]]
    yield words.text("diff-conditions"), [words.say(condition) for condition in comparison.conditions]
    for kind in KINDS:
        yield words.text(f"diff-{kind}"), [_say_change(each, words) for each in getattr(comparison.changes, kind)]
    yield from (
        (words.text("section-waivers").lower(), [say_edit(edit, words) for edit in comparison.waivers]),
        (words.text("diff-figures"), [_say_figure(figure, words) for figure in comparison.figures]),
        (words.text("diff-criteria"), [say_edit(edit, words) for edit in comparison.criteria]),
        (words.text("diff-populations"), [_say_population(each, words) for each in comparison.populations]),
    )


def _say_change(change: Change, words: Catalogue) -> str:
    finding = change.finding
    return words.text(
        "diff-change",
        place=f"{finding.where[0]}: " if finding.where else "",
        criterion=finding.criterion,
        subject=finding.subject,
        then=_say_outcome(change.before, words),
        now=_say_outcome(change.after, words),
    )


def _say_outcome(finding: Finding | None, words: Catalogue) -> str:
    if finding is None:
        return words.text("diff-not-there")
    kept = keep_finding(finding)
    outcome, seen = words.text(f"outcome-{finding.outcome}"), words.say(kept.observed or kept.reason)
    return f"{outcome} ({seen})" if seen else outcome


def say_edit(edit: Edit, words: Catalogue = ENGLISH) -> str:
    """Say what happened; what a person wrote into a key stays as it was written."""
    if edit.kind == "changed":
        return f"{edit.id}: {edit.detail}"
    said = (words.text(f"diff-edit-{edit.kind}"), words.say(edit.detail))
    return f"{edit.id}: {', '.join(filter(None, said))}"


def _say_figure(figure: FigureChange, words: Catalogue) -> str:
    return words.text(
        "diff-figure",
        criterion=figure.criterion,
        subject=figure.subject,
        before=words.say(figure.before),
        after=words.say(figure.after),
        said=words.text(f"diff-figure-{figure.change}", why=words.say(figure.why)),
    )


def _say_population(found: Population, words: Catalogue) -> str:
    gone = words.text("diff-gone", names=", ".join(found.vanished[:5])) if found.vanished else ""
    come = words.text("diff-come", names=", ".join(found.appeared[:5])) if found.appeared else ""
    count = words.text("diff-population", before=f"{found.before:,}", after=f"{found.after:,}")
    return f"{found.layer} {found.criterion}: {count}{gone}{come}"


# ── JSON


def comparison_to_json(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON values: ``before``, ``after``, ``same_verdict`` and a list for each kind."""
    (then, now), changes = comparison.verdicts, comparison.changes
    return {
        "before": _run(comparison.before, then, comparison.seals[0]),
        "after": _run(comparison.after, now, comparison.seals[1]),
        "same_verdict": comparison.same_verdict,
        "conditions": list(comparison.conditions),
        **{
            kind: [
                {"before": each.before and each.before.to_json(), "after": each.after and each.after.to_json()}
                for each in getattr(changes, kind)
            ]
            for kind in KINDS
        },
        "waivers": [asdict(edit) for edit in comparison.waivers],
        "figures": [asdict(figure) for figure in comparison.figures],
        "criteria": [asdict(edit) for edit in comparison.criteria],
        "yardstick": comparison.weighed,
        "populations": [asdict(population) for population in comparison.populations],
    }


def _run(run: Run, verdict: Verdict, seal: SealState) -> dict[str, Any]:
    return {
        "run": run.path.name,
        "head": run.head,
        "seal": str(seal),
        "verdict": str(verdict.decision),
        "rehearsal": verdict.scope.rehearsal,
        "promotes": verdict.promotes,
        "left_out": list(verdict.scope.left_out()),
    }


# ── Plain text

#: Lines of one kind that the text shows before it counts the rest.
_MOST_LINES: Final = 10


def render_comparison(comparison: Comparison) -> str:
    """Return the comparison as plain text, the worst first, without a line break at the end."""
    runs = f"{comparison.before.path.name} -> {comparison.after.path.name}"
    lines = [runs, verdict_line(comparison), one_line(seals_line(comparison), 400)]
    for title, entries in list_sections(comparison):
        if entries:
            lines += [f"{title}: {len(entries):,}", *(f"  {one_line(entry, 400)}" for entry in entries[:_MOST_LINES])]
            lines += [f"  and {len(entries) - _MOST_LINES:,} more"] if len(entries) > _MOST_LINES else []
    return "\n".join(lines if len(lines) > 3 else [*lines, "nothing changed"])


# ── Markdown

#: Entries of one kind that are listed before the rest is counted.
_MOST: Final = 50


def render_comparison_markdown(comparison: Comparison) -> str:
    """Return Markdown of at most LIMIT bytes, the worst first."""
    return fit_lines(_markdown_lines(comparison), LIMIT)


def _markdown_lines(comparison: Comparison) -> Iterator[str]:
    yield from (
        f"## {prose(verdict_line(comparison))}",
        "",
        f"{code_span(comparison.before.path.name)} → {code_span(comparison.after.path.name)}",
        "",
        prose(seals_line(comparison)),
    )
    for each in list_compared(comparison.after.about.get("compared", ())):
        if kept := [name for name in each.others if name != f"run {comparison.before.path.name}"]:
            yield from ("", *compared_paragraphs([replace(each, others=tuple(kept))]))
    found = [(title, entries) for title, entries in list_sections(comparison) if entries]
    if not found:
        yield from ("", "Nothing changed.")
    for title, entries in found:
        yield from ("", f"### {title}: {len(entries):,}", "")
        yield from (f"- {code_span(entry)}" for entry in entries[:_MOST])
        if len(entries) > _MOST:
            yield f"- and {len(entries) - _MOST:,} more"


# ── A page


def render_comparison_page(comparison: Comparison, language: str = "en") -> str:
    """Return the comparison as a page in one language. The same two runs give the same bytes."""
    words = Catalogue(language)
    texts = comparison.verdict_texts(words)
    return render_page(
        "diff.html.j2",
        t=words.text,
        language=language,
        runs=[*zip((comparison.before, comparison.after), texts, comparison.seals, strict=True)],
        say=words.say,
        decision=comparison.verdicts[1].decision,
        then=texts[0],
        now=texts[1],
        same=comparison.same_verdict,
        sections=[(title, entries) for title, entries in list_sections(comparison, words) if entries],
    )


# ── The faults that one verdict has and the earlier did not, as a verdict of their own

#: Outcomes that don't block.
_QUIET: Final = (Outcome.SATISFIED, Outcome.NOT_APPLICABLE, Outcome.WAIVED)
#: Outcomes that need no waiver.
_UNTOUCHED: Final = (Outcome.SATISFIED, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worsening:
    """The faults that a change added, and the state of those before it."""

    verdict: Verdict
    """The later verdict without what stood in the way before."""
    standing: int
    """How many findings stand in the way as before."""
    fixed: tuple[Finding, ...]
    """Not satisfied before, and satisfied now or failing in fewer ways; as they were."""
    hidden: tuple[Finding, ...]
    """Not satisfied before, and now waived, not applicable or not known; as they were."""
    gone: tuple[Finding, ...]
    """Not satisfied before, and no finding is about the subject any more."""
    admitted: tuple[Finding, ...]
    """Worse, but admitted by a waiver; as they are now."""


def find_worse(before: Verdict, after: Verdict, *, since: str) -> Worsening:
    """Return what is worse in a verdict than in another one by the same criteria; ``since`` names the other.

    Two findings of one check on one subject are two. One that fails in another way than before is undetermined, since
    nobody knows whether that is worse, unless both are further or nearer to one bound.
    """
    old, new = _group(all_findings(before)), _group(all_findings(after))
    rows = [_compare(old.get(key, []), found, since) for key, found in new.items()]
    worse = {known: judged for row in rows for known, judged in row.worse.items()}
    blocking = sum(finding.outcome not in _QUIET for finding in all_findings(after))
    return Worsening(
        verdict=_narrow(after, worse),
        standing=blocking - len(worse),
        fixed=tuple(finding for row in rows for finding in row.fixed),
        hidden=tuple(finding for row in rows for finding in row.hidden),
        gone=tuple(f for key, found in old.items() if key not in new for f in _of(found, Outcome.NOT_SATISFIED)),
        admitted=tuple(finding for row in rows for finding in row.admitted),
    )


@dataclass(slots=True)
class _Row:
    """Changes in one check's findings about one subject: worse ones by identity, and those that fail no more or may."""

    worse: dict[int, Finding] = field(default_factory=dict)
    fixed: list[Finding] = field(default_factory=list)
    hidden: list[Finding] = field(default_factory=list)
    admitted: list[Finding] = field(default_factory=list)


def _group(findings: Iterable[Finding]) -> dict[Subject, list[Finding]]:
    found: dict[Subject, list[Finding]] = {}
    for finding in findings:
        found.setdefault(find_subject(finding), []).append(finding)
    return found


def _of(findings: Iterable[Finding], outcome: Outcome) -> list[Finding]:
    return [finding for finding in findings if finding.outcome is outcome]


def _compare(before: Sequence[Finding], after: Sequence[Finding], since: str) -> _Row:
    row, left, fresh = _Row(), _of(before, Outcome.NOT_SATISFIED), []
    for finding in _of(after, Outcome.NOT_SATISFIED):
        same = next((each for each in left if _describe(each) == _describe(finding)), None)
        if same is None:
            fresh.append(finding)
        else:
            left.remove(same)
    for finding in fresh:
        like = next((each for each in left if each.aspect == finding.aspect), None)
        if like is not None:
            left.remove(like)
        judged = finding if like is None else _weigh(finding, like, since)
        row.worse |= {id(finding): judged} if judged else {}
    open_now = _of(after, Outcome.UNDETERMINED)
    known = len(left) + len(_of(before, Outcome.UNDETERMINED))
    row.worse |= {id(finding): finding for finding in open_now[known:]}
    row.admitted += _of(after, Outcome.WAIVED)[sum(finding.outcome not in _UNTOUCHED for finding in before) :]
    mended = {finding.outcome for finding in after} <= {Outcome.SATISFIED, Outcome.NOT_SATISFIED}
    (row.fixed if mended else row.hidden).extend(left)
    return row


def _describe(finding: Finding) -> str:
    return finding.observed or finding.reason


def _weigh(now: Finding, before: Finding, since: str) -> Finding | None:
    """Return what fails otherwise than before, undetermined unless numbers say that it is worse; None for better."""
    try:
        bound, values = Bound.parse(now.expected), [Quantity.parse(each.observed) for each in (before, now)]
    except UnitError:
        bound, values = Bound("=="), []
    if bound.comparator.startswith((">", "<")) and {value.dimension for value in values} == {bound.dimension}:
        rise = values[1].base - values[0].base
        return now if (rise < 0 if bound.comparator.startswith(">") else rise > 0) else None
    reason = f"did not hold at {since} either, with {_describe(before)}; see whether this is worse"
    return replace(now, outcome=Outcome.UNDETERMINED, reason=reason)


def _narrow(verdict: Verdict, worse: Mapping[int, Finding]) -> Verdict:
    """Return a verdict of what is worse and what does not block."""
    narrowed = [(ruling, _keep(ruling.findings, worse)) for ruling in verdict.rulings]
    outcomes = {finding.outcome for finding in worse.values()}
    decision = Decision.GO if all_findings(verdict) else Decision.INSUFFICIENT
    decision = Decision.INSUFFICIENT if Outcome.UNDETERMINED in outcomes else decision
    return Verdict(
        decision=Decision.NO_GO if Outcome.NOT_SATISFIED in outcomes else decision,
        scope=verdict.scope,
        rulings=tuple(
            replace(ruling, findings=found, outcome=max((f.outcome for f in found), key=WEIGHT.index))
            for ruling, found in narrowed
            if found
        ),
        waivers=_keep(verdict.waivers, worse),
    )


def _keep(findings: Iterable[Finding], worse: Mapping[int, Finding]) -> tuple[Finding, ...]:
    return tuple(worse.get(id(each), each) for each in findings if id(each) in worse or each.outcome in _QUIET)
