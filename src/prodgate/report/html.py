"""The report as one self-contained page: no script, no request, the same bytes for the same run."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from ..criteria import Criterion
from ..evidence.artifacts import UNREADABLE, describe_flaw, load_json
from ..evidence.runs import Run
from ..facts.attested.records import Attestation
from ..findings import Finding, NotObserved, Outcome
from ..layers.attested.facts import RECORD
from ..sealing.standing import UNSEALED, SealState
from ..sections.e2e import SAMPLE
from ..sections.load import read_load_terms
from ..verdict import Verdict
from .catalogue import FILES, Catalogue, keep_words
from .drawing import Words
from .grouping import (
    batches,
    by_criterion,
    gaps,
    headlines,
    is_partial as speaks_of_a_part,
    layer_states,
    name_invented,
    tally,
    worst_first,
)
from .history import MARKS, Night, list_trends
from .pages import render_page
from .permissions import permission_parts
from .view import (
    GIVEN,
    WORST_FIRST,
    all_findings,
    citations,
    criterion_rows,
    evidence_rows,
    find_orphans,
    find_zone,
    is_alone,
    judged_again,
    list_controls,
    list_reach,
    name_uncommitted,
    notes,
    observed_account,
    other_facts,
    requirements,
    waiver_rows,
)
from .weakening import list_compared

# ── Parts of single layers


def make_parts(run: Run, verdict: Verdict, words: Words) -> dict[str, Any]:
    """Return the part of each layer by its name in the template; None, or nothing, for one that left nothing."""
    parts: dict[str, Any] = {"load": [], "self_test": None, "browser": None, "rollout": None, "dags": None}
    left = [event.get("layer") for event in (*run.facts, *run.unreadable)]
    if "load" in left:
        from .load import load_blocks, self_test  # noqa: PLC0415

        parts |= {"load": load_blocks(run, words), "self_test": self_test(run)}
    if "e2e" in left:
        from .browser import browser_part  # noqa: PLC0415

        parts["browser"] = browser_part(run, verdict)
    if "rollout" in left:
        from .rollout import rollout_part  # noqa: PLC0415

        parts["rollout"] = rollout_part(run)
    if "dags" in left:
        from .dags import dags_part  # noqa: PLC0415

        parts["dags"] = dags_part(run, words)
    return parts


# ── Circumstances beside the verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The facts of a run that a reader needs before the findings."""

    environment: str
    """The Terraform root; empty when none is stated."""
    caller: str
    """The ARN that AWS says the gate has; empty when no account was asked, and where its answer can't be read."""
    caller_problem: str
    """Why the answer of AWS can't be read; empty where it can, or where no account was asked."""
    when: tuple[str, ...]
    """From its begin to its end, in UTC and by another clock; its begin alone for a run that was cut off."""
    inputs: int
    """How many files and variables decided, those of the judges among them."""
    layers: int
    """How many layers were asked."""
    left_out: tuple[str, ...]
    not_asked: tuple[str, ...]
    """Layers without criteria."""
    undetermined: int
    """Questions without an answer that stand in the way."""
    deferred: int
    """Questions that only production can answer."""


def describe_circumstances(run: Run, verdict: Verdict) -> Circumstances:
    """Return what the first screen says of a run."""
    caller, problem = _find_caller(run)
    return Circumstances(
        environment=run.criteria.terraform_root,
        caller=caller,
        caller_problem=problem,
        when=tuple(dict.fromkeys(_tell_times(run))),  # a schedule may go by UTC
        inputs=sum(len(run.about.get(kind) or ()) for kind in ("inputs", "judges", "included")),
        layers=len(verdict.scope.layers - verdict.scope.undeclared),
        left_out=verdict.scope.left_out(),
        not_asked=verdict.scope.not_asked(),
        undetermined=sum(r.outcome is Outcome.UNDETERMINED and not r.deferred for r in verdict.rulings),
        deferred=verdict.deferred,
    )


def is_partial(run: Run, verdict: Verdict) -> bool:
    """Whether the verdict of a run is a GO for only a part of the system."""
    return speaks_of_a_part(verdict, str(run.about.get("moment") or ""))


def _tell_times(run: Run) -> Iterator[str]:
    """Yield when it ran: in UTC, and by the clock that the stated schedules go by, else by that of the gate."""
    yield _tell_span(run, UTC, "UTC")
    airflow = run.criteria.airflow
    named = {section.declared.schedule.timezone for section in airflow.dags.values()} if airflow else set()
    offset = str(run.about.get("utc_offset", ""))
    if len(named) == 1:
        yield _tell_span(run, ZoneInfo(name := named.pop()), name)
    elif zone := find_zone(offset):
        yield _tell_span(run, zone, offset)


def _tell_span(run: Run, zone: tzinfo, name: str) -> str:
    begin = run.started.astimezone(zone)
    if run.finished is None:
        return f"{begin:%Y-%m-%d %H:%M:%S} {name}"
    end = run.finished.astimezone(zone)
    day = "" if end.date() == begin.date() else f"{end:%Y-%m-%d} "
    return f"{begin:%Y-%m-%d %H:%M:%S} – {day}{end:%H:%M:%S} {name}"


def _find_caller(run: Run) -> tuple[str, str]:
    """Return who AWS says the gate is, and why its answer can't be read."""
    for fact in run.facts_of("live", "answers"):
        if str(fact.get("subject", "")).startswith("sts "):
            try:
                return _read_caller(load_json(run.path, str(fact["digest"]))), ""
            except UNREADABLE as error:
                return "", describe_flaw(error)
    return "", ""


def _read_caller(answers: Any) -> str:
    asked = (call for call in answers["calls"] if call["operation"] == "GetCallerIdentity" and call.get("pages"))
    return next((str(call["pages"][0]["Arn"]) for call in asked), "")


# ── What a rehearsal made up


def list_made_up(run: Run, verdict: Verdict, words: Words) -> list[tuple[str, str]]:
    """Return (layer, what was made up there) for each layer that a rehearsal asked; nothing for a real target."""
    if not verdict.scope.rehearsal:
        return []
    telling: Mapping[str, Callable[[], Iterable[str]]] = {
        "static": lambda: [
            words("made-up-static", engine=_source(run, "static", "configuration") or words("not-recorded"))
        ],
        "live": lambda: [words("made-up-live", account=observed_account(run) or words("not-recorded"))],
        "load": lambda: [words(f"made-up-load{_whose_site(run)}")],
        "e2e": lambda: [words(f"made-up-e2e{_whose_site(run)}", browser=_find_browser(run, words))],
        "dags": lambda: _tell_schedules(run, words),
        "rollout": lambda: [words("made-up-rollout", speed=_find_speed(run, words))],
        "attested": lambda: [words("made-up-attested")],
    }
    return [(layer, text) for layer, tell in telling.items() if layer in verdict.scope.layers for text in tell()]


def _whose_site(run: Run) -> str:
    """Return the ending of keys for texts about the site: only the sample site is called the sample site."""
    stated = run.criteria.rehearsal
    return "" if stated is None or stated.site == SAMPLE else "-own"


def _find_browser(run: Run, words: Words) -> str:
    from ..layers.e2e.facts import VISITS  # noqa: PLC0415  no run without a browser needs it

    return _source(run, "e2e", VISITS) or words("not-recorded")


def _source(run: Run, layer: str, kind: str) -> str:
    return next((str(fact.get("source", "")) for fact in run.facts_of(layer, kind)), "")


def _tell_schedules(run: Run, words: Words) -> Iterator[str]:
    airflow = run.criteria.airflow
    yield words("made-up-dags")
    if airflow and airflow.rehearsal:
        for dag, cron in airflow.rehearsal.crons.items():
            stated = airflow.dags[dag].declared.schedule.cron if dag in airflow.dags else "–"
            yield words("made-up-schedule", dag=dag, cron=cron, stated=stated)


def _find_speed(run: Run, words: Words) -> str:
    from ..layers.rollout.kinds import WATCH  # noqa: PLC0415  no run without a deployment needs it

    for fact in run.facts_of("rollout", WATCH):
        try:
            return f"{int(load_json(run.path, str(fact['digest']))['speed']):,}"
        except UNREADABLE as error:
            return f"{words('can-not-be-read')} {describe_flaw(error)}"
    return words("not-recorded")


# ── What people attest


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRow:
    """A record as the page shows it."""

    criterion: str
    file: str
    outcome: Outcome
    digest: str
    """Of the evidence that holds its text."""
    problem: str = ""
    """Why it can't be read; then there is nothing else."""
    statement: str = ""
    people: tuple[str, ...] = ()
    when: datetime | None = None
    """None for a record that is as old as the rehearsal."""
    until: datetime | None = None
    seen: tuple[tuple[str, str], ...] = ()
    """Documents, each with its digest; runs and links, without."""
    rehearsed: bool = False


def record_rows(run: Run, verdict: Verdict) -> tuple[RecordRow, ...]:
    """Return the records of the criteria that a run asked for, in the order of the criteria."""
    outcomes = {each.criterion.id: each.outcome for each in verdict.rulings if each.layer == "attested"}
    rows = [row for row in _read_rows(run, outcomes) if row.criterion in outcomes]
    places = list(outcomes)
    return tuple(sorted(rows, key=lambda row: places.index(row.criterion)))


def _read_rows(run: Run, outcomes: dict[str, Outcome]) -> Iterator[RecordRow]:
    for event in run.facts_of("attested", RECORD):
        digest, file = str(event.get("digest", "")), str(event.get("subject", ""))
        criterion = file.rpartition("/")[2].removesuffix(".toml")
        outcome = outcomes.get(criterion, Outcome.UNDETERMINED)
        unusable = partial(RecordRow, criterion=criterion, file=file, digest=digest, outcome=outcome)
        try:
            yield _row(_make_fact(run, digest), outcome, digest)
        except NotObserved as unread:
            yield unusable(problem=unread.conclusion.reason)
        except UNREADABLE as error:
            yield unusable(problem=describe_flaw(error))


def _make_fact(run: Run, digest: str) -> Attestation:
    from ..layers.attested.facts import make_attestation  # noqa: PLC0415  no run without records needs it

    return make_attestation(load_json(run.path, digest))


def _row(fact: Attestation, outcome: Outcome, digest: str) -> RecordRow:
    record = fact.record
    return RecordRow(
        criterion=fact.criterion,
        file=fact.subject,
        outcome=outcome,
        digest=digest,
        statement=record.statement,
        people=tuple(str(each) for each in (record.by, record.second) if each),
        when=record.when,
        until=record.valid_until,
        seen=(*record.documents.items(), *((each, "") for each in (*record.runs, *record.links))),
        rehearsed=record.rehearsal,
    )


def render_html(
    run: Run, verdict: Verdict, seal: SealState = UNSEALED, *, language: str = "en", nights: Sequence[Night] = ()
) -> str:
    """Return the report of a run in one language, with the nights before it. Pure: the same give the same bytes."""
    catalogue, reach = Catalogue(language), list_reach(verdict)
    run, verdict = (run, verdict) if language == "en" else keep_words(run, verdict, catalogue)
    trends, undrawn = list_trends(nights)
    return render_page(
        "report.html.j2",
        reach=reach,
        **_words(catalogue),
        **_make_context(run, verdict),
        run=run,
        verdict=verdict,
        seal=seal,
        **make_parts(run, verdict, catalogue.text),
        made_up=list_made_up(run, verdict, catalogue.text),
        records=record_rows(run, verdict),
        permissions=permission_parts(run),
        nights=nights,
        marks=MARKS,
        trends=trends,
        undrawn=undrawn,
    )


def _words(catalogue: Catalogue) -> dict[str, Any]:
    def statement(criterion: Criterion) -> str:
        if not criterion.statement_ja:
            return catalogue.text("untranslated", statement=criterion.statement)
        return criterion.statement_ja if catalogue.language == "ja" else criterion.statement

    def conditions(criterion: Criterion) -> list[str]:
        return list(_say_conditions(criterion, catalogue))

    other = next(language for language in FILES if language != catalogue.language)
    return {
        "t": catalogue.text,
        "count": catalogue.count,
        "say": catalogue.say,
        "words": catalogue,
        "statement": statement,
        "conditions": conditions,
        "language": catalogue.language,
        "other": other,
        "other_file": FILES[other],
    }


def _say_conditions(criterion: Criterion, words: Catalogue) -> Iterator[str]:
    """Yield under which conditions a criterion is decided, and which controls it serves."""
    rate = read_load_terms(criterion).rate
    rows: tuple[tuple[object, str], ...] = (
        (criterion.samples > 1, words.count("samples", criterion.samples)),
        (criterion.confidence, words.text(f"decides-{criterion.decides}", confidence=criterion.confidence)),
        (criterion.window, words.text("window", window=criterion.window)),
        (rate, words.text("rate", rate=rate)),
        (criterion.needs_production, words.text("production-only-short")),
    )
    yield from (*(line for stated, line in rows if stated), *criterion.controls)


def _make_context(run: Run, verdict: Verdict) -> dict[str, Any]:
    rows = criterion_rows(run, verdict)
    evidence = evidence_rows(run, verdict)
    return {
        **_by_outcome(verdict),
        "about": {**dict.fromkeys(("target", "actor", "commit", "moment", *GIVEN), ""), **run.about},
        "outcomes": WORST_FIRST,
        "uncommitted": name_uncommitted(run.about),
        "compared": list_compared(run.about.get("compared", ())),
        "alone": is_alone(run),
        "account": observed_account(run),
        "judged_again": judged_again(run),
        "notes": notes(run),
        **_describe_verdict(run, verdict),
        "production_only": [r.criterion for r in rows if r.criterion.needs_production and verdict.scope.rehearsal],
        "deferred": verdict.deferred,
        "invented": name_invented(verdict),
        "criteria": {row.criterion.id: row.criterion for row in rows},
        "anchors": {row.criterion.id: f"c{number}" for number, row in enumerate(rows, start=1)},
        "waivers": waiver_rows(run, verdict),
        "requirements": requirements(run, rows),
        "controls": list_controls(rows),
        "orphans": find_orphans(run, verdict, evidence),
        "citations": citations(verdict),
        "evidence": evidence,
        "evidence_anchors": {row.digest: row.anchor for row in reversed(evidence)},
        "evidence_teams": {row.digest: row.team for row in reversed(evidence)},
        "offset": str(run.about.get("utc_offset", "")),
        "other_facts": other_facts(run.about),
    }


def _describe_verdict(run: Run, verdict: Verdict) -> dict[str, Any]:
    top, rest = headlines(verdict)
    return {
        "at": describe_circumstances(run, verdict),
        "partial": is_partial(run, verdict),
        "tally": tally(verdict),
        "headlines": top,
        "more_headlines": rest,
        "layers": layer_states(verdict),
    }


def _by_outcome(verdict: Verdict) -> dict[str, Any]:
    """Return the findings by outcome; the state of a waiver is among them only where it stands in the way."""

    def of(outcome: Outcome, among: list[Finding]) -> list[Finding]:
        return [finding for finding in among if finding.outcome is outcome]

    whole, system = all_findings(verdict), list(verdict.findings)
    return {
        "failing": by_criterion(worst_first(of(Outcome.NOT_SATISFIED, whole), verdict)),
        "unknown": [(gap, batches(gap.findings)) for gap in gaps(of(Outcome.UNDETERMINED, whole))],
        "satisfied": by_criterion(of(Outcome.SATISFIED, system)),
        "excluded": by_criterion(of(Outcome.NOT_APPLICABLE, system)),
    }
