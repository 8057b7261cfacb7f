"""The summary of a run: Markdown that the page of a CI job can hold, and the last lines of the terminal."""

import re
import shlex
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..evidence.runs import Run
from ..findings import Finding, Outcome
from ..processes.output import visible
from ..sealing.standing import UNSEALED, SealState
from ..verdict import NO_FINDING, Decision, Verdict
from .catalogue import ENGLISH
from .grouping import (
    OUTCOMES,
    Batch,
    Headline,
    batches,
    gaps,
    headlines,
    layer_states,
    name_invented,
    tally,
    verdict_text,
)
from .text import one_line, shorten, wrap
from .view import (
    WORST_FIRST,
    all_findings,
    criterion_rows,
    is_alone,
    judged_again,
    list_reach,
    name_uncommitted,
    value_origin,
    waiver_rows,
)
from .weakening import Compared, list_compared

# ── Markdown without markup from outside

#: Bytes kept for the sentence that says what was cut.
_RESERVE: Final = 200

#: Most characters of one cell; the report has the whole.
_CELL: Final = 300

_MARKUP: Final = re.compile(r"([\\`*_\[\]<>#|~@&]|:(?=//))")


def fit_lines(lines: Iterable[str], limit: int) -> str:
    """Return the first lines that fit into ``limit`` bytes, and how many were cut."""
    kept: list[str] = []
    size = cut = 0
    for line in lines:
        size += len(line.encode("utf-8")) + 1
        if size > limit - _RESERVE or cut:
            cut += bool(line)
        else:
            kept.append(line)
    if cut:
        kept += ["", f"**{cut:,} lines were cut here**; the whole is in `report.html` of the run."]
    return "\n".join(kept) + "\n"


def code_span(text: str) -> str:
    """Return a text as a code span, in which nothing is markup; a table cell ends only at its own bar."""
    text = shorten(visible(text), _CELL).replace("|", "\\|")
    if not text.strip():
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(text: str) -> str:
    """Return a text as one line of prose in which nothing is markup."""
    return _MARKUP.sub(r"\\\1", one_line(text, _CELL))


#: Most bytes of a summary: what a comment may hold, a sixteenth of what a step summary may.
LIMIT: Final = 64 * 1024


def render_summary(run: Run, verdict: Verdict, seal: SealState = UNSEALED) -> str:
    """Return Markdown of at most LIMIT bytes, the weightiest rows first; it says how many rows were cut."""
    return fit_lines(_lines(run, verdict, seal), LIMIT)


def _lines(run: Run, verdict: Verdict, seal: SealState) -> Iterator[str]:
    yield f"## {verdict_text(verdict, str(run.about.get('moment') or ''))}"
    yield ""
    target = code_span(str(run.about.get("target", "")))
    yield f"{code_span(run.criteria.system)} on {target}, run {code_span(run.path.name)}."
    if run.finished and run.head:
        yield f"Head of its journal: {code_span(run.head)}."
    yield f"**{prose(str(seal).capitalize())}.**"
    yield from compared_paragraphs(list_compared(run.about.get("compared", ())))
    yield from [ENGLISH.text("compared-nothing")] if is_alone(run) else ()
    yield from _cautions(run, verdict)
    yield ""
    yield from _counts(verdict)
    yield from _failing(verdict)
    yield from _unknown(verdict)
    yield from _waivers(run, verdict)
    yield from _criteria(run, verdict)


#: Changes of one kind that a summary names before it counts the rest.
_MOST_CHANGES: Final = 10


def compared_paragraphs(found: Iterable[Compared]) -> Iterator[str]:
    """Yield what is weaker than before, and what changed in no known order, in paragraphs of one line."""
    for each in found:
        others = " and ".join(map(code_span, each.others))
        if each.problem:
            yield f"Not compared with {others}: {prose(each.problem)}."
        for title, texts in (
            (f"**Weaker than in {others}**", each.weaker),
            (f"Read what changed since {others}", each.changed),
        ):
            if texts:
                more = (
                    f"; and {len(texts) - _MOST_CHANGES:,} more: see the report" if len(texts) > _MOST_CHANGES else ""
                )
                yield f"{title}: {'; '.join(map(code_span, texts[:_MOST_CHANGES]))}{more}."


def _cautions(run: Run, verdict: Verdict) -> Iterator[str]:
    (earlier, observed), named, scope = judged_again(run), name_uncommitted(run.about), verdict.scope
    again = f"the facts are those of run {code_span(earlier)}, observed {prose(observed)}"
    rows: tuple[tuple[object, str], ...] = (
        (earlier, f"**Judged again**: {again}."),
        (run.finished is None, "**The run was cut off**; what it had not finished is undetermined."),
        (not verdict.promotes, "**This is not a promotion verdict.**"),
        (named, f"Not in the commit, and yet judged: {prose(named)}."),
        (scope.when, f"**Partial**: only what must hold {prose(scope.when)} a deployment was asked."),
        (scope.left_out(), f"Left out: {', '.join(scope.left_out())}."),
        (
            scope.not_asked(),
            f"Layers without criteria, so that nothing is asked of them: {', '.join(scope.not_asked())}.",
        ),
    )
    yield from (line for given, line in rows if given)
    yield from (prose(ENGLISH.text(key, said=said)) for key, said in list_reach(verdict))
    for state in layer_states(verdict):
        if state.state == "silent":
            yield f"No answer from {state.layer}: {prose('; '.join(state.reasons))}."


def _counts(verdict: Verdict) -> Iterator[str]:
    counts = tally(verdict)
    yield from (
        f"| {' | '.join(outcome.replace('-', ' ') for outcome in WORST_FIRST)} | only production can answer |",
        "|" + " ---: |" * (len(WORST_FIRST) + 1),
        f"| {' | '.join(str(counts[outcome]) for outcome in WORST_FIRST)} | {verdict.deferred} |",
    )
    if invented := name_invented(verdict):
        yield from ("", ENGLISH.count("of-them-invented", len(invented)))


def _failing(verdict: Verdict) -> Iterator[str]:
    failing = [f for f in all_findings(verdict) if f.outcome is Outcome.NOT_SATISFIED]
    if not failing:
        return
    yield from ("", "### Not satisfied", "", "| Criterion | Observed | Expected | Where | Remedy |", "|" + " --- |" * 5)
    yield from (_batch_row(batch) for batch in batches(failing))


def _batch_row(batch: Batch) -> str:
    first = batch.findings[0]
    more = f" and {len(batch.findings) - 1:,} more" if len(batch.findings) > 1 else ""
    where = f"{code_span(first.where[0])}<br>" if first.where else ""
    cells = (
        f"{code_span(batch.criterion)}<br>{code_span(batch.check)}",
        code_span(first.observed or first.reason),
        code_span(batch.expected),
        f"{where}{code_span(first.subject)}{more}",
        prose(batch.remedy),
    )
    return f"| {' | '.join(cells)} |"


def _unknown(verdict: Verdict) -> Iterator[str]:
    found = gaps(f for f in verdict.blocking if f.outcome is Outcome.UNDETERMINED)
    if not found:
        return
    yield from ("", "### Undetermined", "", "| Reason | Criteria |", "| --- | --- |")
    for gap in found:
        reason = gap.reason or f"{gap.findings[0].reason}, and {len(gap.findings) - 1:,} more findings"
        named = ", ".join(code_span(id_) for id_ in gap.criteria[:20])
        more = f" and {len(gap.criteria) - 20} more" if len(gap.criteria) > 20 else ""
        yield f"| {prose(reason)} | {len(gap.criteria)}: {named}{more} |"


def _waivers(run: Run, verdict: Verdict) -> Iterator[str]:
    if not run.waivers:
        return
    yield from ("", "### Waivers", "", "| Waiver | State | Covers | Owner | Approver | Expires |", "|" + " --- |" * 6)
    for row in waiver_rows(run, verdict):
        state = row.state.observed or row.state.reason or f"covers {len(row.covered)}"
        covers = f"{code_span(row.waiver.covers)} on {code_span(row.waiver.subject)}"
        people = f"{prose(row.waiver.owner)} | {prose(row.waiver.approver)}"
        yield f"| {code_span(row.waiver.id)} | {prose(state)} | {covers} | {people} | {row.waiver.expires} |"


def _criteria(run: Run, verdict: Verdict) -> Iterator[str]:
    yield from ("", "### Criteria", "", "| Criterion | Requirement | Requires | Answers |", "|" + " --- |" * 4)
    for row in criterion_rows(run, verdict):
        answers = [
            *(f"{answer.ruling.layer} {answer.ruling.outcome.replace('-', ' ')}" for answer in row.answers),
            *(f"{layer} left out" for layer in row.left_out),
        ]
        criterion = row.criterion
        bound = code_span(str(criterion.bound)) if criterion.bound else "holds"
        yield f"| {code_span(criterion.id)} | {prose(criterion.source)} | {bound} | {'; '.join(answers)} |"


# ── On a terminal

#: Outcome or decision -> (symbol, its plain form, ANSI colour).
_MARKS: Final = {
    Outcome.NOT_SATISFIED: ("✘", "x", 31),
    Outcome.UNDETERMINED: ("?", "?", 33),
    Outcome.SATISFIED: ("✔", "+", 32),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terminal:
    colour: bool
    width: int
    encoding: str

    def fits(self, text: str) -> bool:
        try:
            text.encode(self.encoding)
        except (UnicodeEncodeError, LookupError):
            return False
        return True

    def mark(self, outcome: Outcome) -> str:
        symbol, plain, _ = _MARKS[outcome]
        return symbol if self.fits(symbol) else plain

    def paint(self, text: str, outcome: Outcome) -> str:
        return f"\x1b[1;{_MARKS[outcome][2]}m{text}\x1b[0m" if self.colour else text

    def wrap(self, text: str) -> list[str]:
        return wrap(text, self.width, indent="    ")

    def plain(self, text: str) -> str:
        """Return a line in characters that the encoding has."""
        if self.fits(text):
            return text
        text = text.replace("…", "...").replace("·", "-")
        return text if self.fits(text) else text.encode("ascii", "backslashreplace").decode("ascii")


def render_terminal(
    run: Run,
    verdict: Verdict,
    seal: SealState = UNSEALED,
    *,
    colour: bool,
    report: Path,
    width: int = 80,
    encoding: str = "utf-8",
) -> str:
    """Return the closing lines, without a line break at the end; a ``file:line`` always starts a line."""
    terminal = _Terminal(colour=colour, width=max(40, width), encoding=encoding)
    top, rest = headlines(verdict)
    lines = [*_verdict_lines(run, verdict, terminal), *terminal.wrap(f"  {seal}"), ""]
    for line in top:
        lines += _headline_lines(line, terminal)
    if rest:
        lines += terminal.wrap(f"and more: {_render_rest(rest)}")
    lines += [
        "",
        *(f"next:   {command}" for command in _next_commands(run, verdict, top)),
        f"report: {one_line(str(report), 500)}",
        *([f"head:   {run.head}"] if run.finished and run.head else []),
    ]
    return "\n".join(terminal.plain(line) for line in lines)


def _verdict_lines(run: Run, verdict: Verdict, terminal: _Terminal) -> Iterator[str]:
    outcome = OUTCOMES[verdict.decision]
    said = verdict_text(verdict, str(run.about.get("moment") or ""))
    about = f"{one_line(run.criteria.system)} on {one_line(str(run.about.get('target', '')))}"
    yield f"{terminal.paint(f'{terminal.mark(outcome)} {said}', outcome)}  {about}"
    earlier, observed = judged_again(run)
    if earlier:
        yield from terminal.wrap(f"  judged again: facts of run {one_line(earlier)}, observed {observed}")
    counts = tally(verdict)
    parts = [
        *(f"{counts[kind]} {kind.replace('-', ' ')}" for kind in WORST_FIRST if counts[kind]),
        *([f"{verdict.deferred} only production can answer"] if verdict.deferred else []),
    ]
    yield from terminal.wrap(f"  questions: {', '.join(parts) or 'none'}")
    for line in compared_lines(list_compared(run.about.get("compared", ()))):
        yield from terminal.wrap(f"  {line}")
    if is_alone(run):
        yield from terminal.wrap(f"  {ENGLISH.text('compared-nothing')}")
    yield from _scope_lines(verdict, terminal)
    for key, said in list_reach(verdict):
        yield from terminal.wrap(f"  {ENGLISH.text(key, said=said)}")
    if named := name_uncommitted(run.about):
        yield from terminal.wrap(
            f"  commit {one_line(str(run.about.get('commit') or 'unknown'), 60)}; not in it: {one_line(named, 400)}"
        )
    if run.finished is None:
        yield from terminal.wrap("  the run was cut off; what it had not finished is undetermined")
    if verdict.decision is Decision.GO and not verdict.promotes:
        yield from terminal.wrap("  not a promotion verdict")


#: Changes of one kind that are listed before the rest is counted.
_MOST_LISTED: Final = 3


def compared_lines(found: Iterable[Compared]) -> Iterator[str]:
    """Yield lines that say what is weaker than before, and what changed in no known order; entries are indented."""
    for each in found:
        others = one_line(" and ".join(each.others))
        if each.problem:
            yield f"not compared with {others}: {one_line(each.problem, 300)}"
        for title, texts in (
            (f"weaker than in {others}:", each.weaker),
            (f"read what changed since {others}:", each.changed),
        ):
            if texts:
                yield title
                yield from (f"  {one_line(text, 300)}" for text in texts[:_MOST_LISTED])
            if more := len(texts[_MOST_LISTED:]):
                yield f"  … and {more:,} more: see the report"


def _scope_lines(verdict: Verdict, terminal: _Terminal) -> Iterator[str]:
    """Say what was not asked, and who gave no answer."""
    if when := verdict.scope.when:
        yield from terminal.wrap(f"  partial: only what must hold {one_line(when)} a deployment was asked")
    if verdict.scope.cell:
        yield from terminal.wrap(f"  partial: only cell {one_line(verdict.scope.cell)} was looked at")
    silent = [state.layer for state in layer_states(verdict) if state.state == "silent"]
    if silent:
        yield from terminal.wrap(f"  no answer from: {', '.join(silent)}")
    empty = [state.layer for state in layer_states(verdict) if state.state == "empty"]
    if unasked := [layer for layer in empty if layer not in verdict.scope.not_asked()]:
        yield from terminal.wrap(
            f"  asked nothing, though criteria.toml has a section for it: {', '.join(unasked)}; state a criterion with "
            f'layers = ["{unasked[0]}"], or take the section away'
        )
    if verdict.scope.left_out():
        yield from terminal.wrap(f"  left out: {', '.join(verdict.scope.left_out())}")
    if verdict.scope.not_asked():
        yield from terminal.wrap(f"  layers without criteria: {', '.join(verdict.scope.not_asked())}")


def _headline_lines(line: Headline, terminal: _Terminal) -> Iterator[str]:
    first = line.first
    mark = terminal.paint(terminal.mark(line.outcome), line.outcome)
    if len(line.criteria) > 1:
        yield from terminal.wrap(f"{mark} {len(line.criteria)} criteria: {one_line(first.reason)}")
        return
    place = f"{one_line(first.where[0], 400)}: " if first.where else ""
    named = "" if first.subject == NO_FINDING else f", on {one_line(first.subject)}"
    others = f" and {line.findings - 1:,} more" if line.findings > 1 else ""
    said = f"{place}{mark} {one_line(first.criterion)}: {_render_observed(first)}{named}{others}"
    yield from terminal.wrap(said)
    if origin := value_origin(first):
        yield from terminal.wrap(f"    set in: {one_line(origin, 400)}")
    if first.remedy:
        yield from terminal.wrap(f"    remedy: {one_line(first.remedy, 400)}")


def _render_observed(finding: Finding) -> str:
    parts = [
        *([f"observed {one_line(finding.observed)}"] if finding.observed else []),
        *([f"expected {one_line(finding.expected)}"] if finding.expected and finding.layer else []),
        *([one_line(finding.reason)] if finding.reason else []),
    ]
    return ", ".join(parts) or finding.outcome.replace("-", " ")


def _render_rest(rest: list[Headline]) -> str:
    """Say what the lines left out hold: ``static: 3 criteria not satisfied; live: 2 undetermined``."""
    counts: Counter[tuple[str, Outcome]] = Counter()
    for line in rest:
        counts[line.first.layer or "waivers", line.outcome] += len(line.criteria)
    return "; ".join(
        f"{layer}: {n} {'criterion' if n == 1 else 'criteria'} {outcome.replace('-', ' ')}"
        for (layer, outcome), n in counts.items()
    )


def _next_commands(run: Run, verdict: Verdict, top: list[Headline]) -> Iterator[str]:
    target = shlex.quote(visible(str(run.about.get("target", ""))))
    if run.finished is None:
        yield f"prodgate run {target}"
    elif told := [line.first for line in top if line.first.layer and line.first.check != line.first.layer]:
        yield f"prodgate explain {shlex.quote(visible(told[0].criterion))}"
    elif top:
        yield "prodgate trace" if top[0].first.layer else "edit waivers.toml"
    elif not verdict.rulings:
        yield "edit criteria.toml"
    elif verdict.scope.rehearsal:
        yield "prodgate run aws://PROFILE@REGION"
    elif verdict.scope.left_out():
        yield f"prodgate run {target}"
