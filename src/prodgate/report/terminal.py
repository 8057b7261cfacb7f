"""The last lines of the terminal: the verdict, the worst findings, what to do next and where the report is."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..evidence.runs import Run
from ..findings import Finding, Outcome
from ..sealing.standing import UNSEALED, SealState
from ..verdict import NO_FINDING, Decision, Verdict
from .grouping import Headline, headlines, layer_states, tally
from .text import one_line, visible, wrap
from .uncommitted import name_uncommitted
from .verdict_words import OUTCOMES, verdict_text
from .view import WORST_FIRST, judged_again, value_origin

#: Outcome or decision -> (symbol, its plain form, ANSI colour).
_MARKS: Final = {
    Outcome.NOT_SATISFIED: ("✘", "x", 31),
    Outcome.UNDETERMINED: ("?", "?", 33),
    Outcome.SATISFIED: ("✔", "+", 32),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Terminal:
    """The terminal that the lines are written to."""

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
    parts = [f"{counts[kind]} {kind.replace('-', ' ')}" for kind in WORST_FIRST if counts[kind]]
    parts += [f"{verdict.deferred} only production can answer"] if verdict.deferred else []
    yield from terminal.wrap(f"  questions: {', '.join(parts) or 'none'}")
    yield from _scope_lines(run, verdict, terminal)
    if named := name_uncommitted(run.about):
        yield from terminal.wrap(
            f"  commit {one_line(str(run.about.get('commit') or 'unknown'), 60)}; not in it: {one_line(named, 400)}"
        )
    if run.finished is None:
        yield from terminal.wrap("  the run was cut off; what it had not finished is undetermined")
    if verdict.decision is Decision.GO and not verdict.promotes:
        yield from terminal.wrap("  not a promotion verdict")


def _scope_lines(run: Run, verdict: Verdict, terminal: _Terminal) -> Iterator[str]:
    """Say what was not asked, and who gave no answer."""
    if moment := run.about.get("moment"):
        yield from terminal.wrap(f"  partial: only what must hold {one_line(str(moment))} a deployment was asked")
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
    parts = [f"observed {one_line(finding.observed)}"] if finding.observed else []
    parts += [f"expected {one_line(finding.expected)}"] if finding.expected and finding.layer else []
    parts += [one_line(finding.reason)] if finding.reason else []
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
