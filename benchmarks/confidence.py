"""How often a load run passes that must not, for disturbances of every length: writes the table in docs/load.md.

PYTHONPATH=. python benchmarks/confidence.py [--runs 4000] [--check]

Simulates runs, second by second, of a site just beyond its limit; the code for real runs decides them. A pass is false
if the finding's stated scope includes the disturbance; otherwise the finding excludes it. With ``--check`` nothing is
written. It fails if a false pass is more frequent than the confidence allows, or if the page has another table.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Final

import numpy as np
from disturbances import (
    SEED,
    Truth,
    bursts,
    drifting,
    heavy_tailed,
    in_groups,
    partly,
    refilling,
    regular,
    standing_still,
    steady,
    waving,
)

from prodgate.criteria import Criterion
from prodgate.facts.load.measurements import Measurements, read_standstill
from prodgate.findings import Concluded
from prodgate.load.health import MAX_STEAL, MOST_ASIDE, Window, find_counted, plan_round, seconds_of
from prodgate.load.profile import Profile
from prodgate.quantities import Quantity
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.load import LoadSection, read_load_terms
from prodgate.statistics import is_above, is_below, longest_spell

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "load.md"
BEGIN, END = "<!-- confidence: begin -->", "<!-- confidence: end -->"
#: Requests that a reader makes, on average.
EACH: Final = 1.8


@dataclass(frozen=True, slots=True)
class Run:
    """One profile in a real run or in a rehearsal."""

    name: str
    rate: float
    seconds: int
    within: int
    screen: bool

    @property
    def profile(self) -> Profile:
        """The requests to send; a surge is sent again from its beginning."""
        climb = 1.0 if self.name.startswith("surge") else 0.0
        lasting, within = float(self.seconds), float(self.within)
        return Profile(name=self.name, rate=self.rate, duration=lasting, within=within, warm_up=0, climb=climb)


def list_runs(section: LoadSection) -> tuple[Run, ...]:
    """Return the profiles that the criteria state, in a rehearsal and for real."""
    stated = [
        (f"{name}{', rehearsed' * screen}", (section.rehearsal if screen else section.profiles)[name], screen)
        for name in ("steady", "surge")
        for screen in (True, False)
    ]
    return tuple(
        Run(name, float(each.rate.base), int(each.duration.base), int(each.within.base), screen)
        for name, each, screen in stated
    )


_NEVER: Final = steady(0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """A site beside others that use the processors, and how both combine; shares of time from 0 to 1."""

    apart: Truth
    """Failures that do not depend on the neighbours."""
    together: Truth = _NEVER
    """Failures while the neighbours use the processors, whoever causes them."""
    slowed: float = 0.0
    """The share of requests that fail because of the neighbours."""
    share: float = 0.2
    """The share of time in which they use the processors, three seconds at a time."""
    taken: float = 0.3
    """The share of the processors that they use then."""
    length: float = 0.5
    """The length of the failures; 0 for a site that should pass."""
    of_all: bool = True
    """Whether it is just beyond the limit in the time that counts, which makes a pass false.

    Otherwise a pass states that the rest was set aside.
    """


#: How busy a site is when it has nothing to do for a moment, and the ticks of its two processors per second.
_CALM: Final = 0.35
_TICKS: Final = 200
#: The same as below for sites beside neighbours: all just beyond the limit except the last.
BESIDE: Final[Mapping[str, Neighbours]] = {
    "stalls of 0.5 s, steal in a fifth of the time": Neighbours(apart=standing_still(0.052, 0.5)),
    "stalls of 0.5 s, steal in half of the time": Neighbours(apart=standing_still(0.052, 0.5), share=0.5),
    "hungry for 0.5 s at a time, neighbours take about what is bearable": Neighbours(
        apart=standing_still(0.052, 0.5), share=1.0, taken=MAX_STEAL
    ),
    "hungry for 4 s at a time, neighbours take about what is bearable": Neighbours(
        apart=standing_still(0.052, 4), share=1.0, taken=MAX_STEAL, length=4
    ),
    "as many stalls again come with steal": Neighbours(
        apart=standing_still(0.052, 0.5), together=standing_still(0.052, 0.5), share=0.1
    ),
    "half of the stalls come with steal": Neighbours(
        apart=standing_still(0.026, 0.5), together=standing_still(0.026, 0.5), share=0.1, of_all=False
    ),
    "nine of ten stalls come with steal": Neighbours(
        apart=standing_still(0.0052, 0.5), together=standing_still(0.0468, 0.5), share=0.1, of_all=False
    ),
    "power: 1.2 % slow, and all that steal slows in a tenth of the time": Neighbours(
        apart=steady(0.012), slowed=1.0, share=0.1, length=0
    ),
    "power: 1.2 % slow, and half that steal slows in a fifth of the time": Neighbours(
        apart=steady(0.012), slowed=0.5, length=0
    ),
}


#: The failure, the length of the disturbance, and the truth: just beyond "no more than 5 % are slow".
SLOWNESS: Final[Mapping[str, tuple[float, Truth]]] = {
    "independent": (0.0, steady(0.052)),
    **{f"stalls of {length:g} s": (length, standing_still(0.052, length)) for length in (0.1, 0.5, 1, 2, 5, 10, 30)},
    **{
        f"half independent, half stalls of {length:g} s": (length, standing_still(0.052, length, 0.026))
        for length in (0.5, 1, 5, 10, 30)
    },
    **{f"stalls of {length:g} s by a clock": (length, regular(0.052, length)) for length in (0.5, 2, 4)},
    **{f"a drift of {length:g} s": (length, drifting(0.052, length)) for length in (4, 30)},
    "pauses of 0.2 s by a clock": (0.2, regular(0.052, 0.2)),
    "one of four backends slow for 4 s": (4, partly(0.052, 4, 0.25)),
    "half slow for 4 s": (4, partly(0.052, 4, 0.5)),
    **{f"stalls mostly short, at most {longest:g} s": (longest, heavy_tailed(0.052, longest)) for longest in (4, 30)},
    "four stalls of 0.5 s within 4 s": (4, in_groups(0.052, 0.5, 4, 4)),
    "a cache that refills in 4 s": (4, refilling(0.052, 4)),
    **{f"a wave of {period:g} s": (period / 2, waving(0.052, period)) for period in (8, 60, 1200)},
}
#: The same for failures, just beyond "fewer than 0.1 % fail".
FAILURES: Final[Mapping[str, tuple[float, Truth]]] = {
    "failures, independent": (0.0, steady(0.0011)),
    **{f"outages of {length:g} s": (length, standing_still(0.0011, length)) for length in (0.01, 0.1, 1, 3, 10, 30)},
    "outages of 0.05 s by a clock": (0.05, regular(0.0011, 0.05)),
    "half fails for 0.1 s": (0.1, partly(0.0011, 0.1, 0.5)),
    "four outages of 0.02 s within 0.1 s": (0.1, in_groups(0.0011, 0.02, 4, 0.1)),
    "one of four backends fails for 4 s": (4, partly(0.0011, 4, 0.25)),
    "failures in a wave of 60 s": (30, waving(0.0011, 60)),
}
#: Sites that are tried until a run passes, up to ten times, with the share that may go bad.
TRIED_AGAIN: Final[Mapping[str, tuple[float, float, Truth]]] = {
    "ten attempts: independent": (0.05, *SLOWNESS["independent"]),
    "ten attempts: stalls of 4 s": (0.05, 4, standing_still(0.052, 4)),
    "ten attempts: stalls of 10 s": (0.05, *SLOWNESS["stalls of 10 s"]),
    "ten attempts: failures, independent": (0.001, *FAILURES["failures, independent"]),
    "ten attempts: outages of 0.1 s": (0.001, *FAILURES["outages of 0.1 s"]),
    "ten attempts: outages of 1 s": (0.001, *FAILURES["outages of 1 s"]),
}
#: Sites that are tried up to ten times until both criteria pass in one run, which a GO needs; inf where one holds.
TOGETHER: Final[Mapping[str, tuple[tuple[float, Truth], tuple[float, Truth]]]] = {
    "a GO in ten attempts: slow and failing, independent": (
        SLOWNESS["independent"],
        FAILURES["failures, independent"],
    ),
    "a GO in ten attempts: stalls of 4 s, outages of 0.1 s": (
        (4, standing_still(0.052, 4)),
        FAILURES["outages of 0.1 s"],
    ),
    "a GO in ten attempts: stalls of 4 s, hardly a failure": ((4, standing_still(0.052, 4)), (inf, steady(0.00002))),
    "a GO in ten attempts: fast, outages of 0.1 s": ((inf, steady(0.012)), FAILURES["outages of 0.1 s"]),
}
#: How long nobody is served, in seconds; how seldom, in times of what the finding covers; what is set aside.
STANDSTILLS: Final[Mapping[str, tuple[float, float, float]]] = {
    "standstills of 1.05 s, as seldom as the finding covers": (1.05, 1, 0),
    "standstills of 5 s, as seldom as the finding covers": (5, 1, 0),
    "standstills of 5 s, four times as seldom": (5, 4, 0),
    "standstills of 20 s, four times as seldom": (20, 4, 0),
    "standstills of 1.05 s, as seldom as the finding covers, a third set aside": (1.05, 1, 1 / 3),
    "standstills of 5 s, as seldom as the finding covers, a third set aside": (5, 1, 1 / 3),
}
#: Sites that must pass, and mostly do: statistical power.
GOOD: Final[Mapping[str, tuple[float, Truth]]] = {
    "power: 1.2 % slow (p95 at 0.8 of the limit)": (0.0, steady(0.012)),
    "power: 2.5 % slow": (0.0, steady(0.025)),
}
GOOD_FAILURES: Final[Mapping[str, tuple[float, Truth]]] = {
    "power: 0.05 % fail": (0.0, steady(0.0005)),
    "power: 0.02 % fail": (0.0, steady(0.0002)),
    "power: 0.002 % fail": (0.0, steady(0.00002)),
}


def count(chance: np.random.Generator, run: Run, truth: Truth) -> tuple[list[int], int]:
    """Return the failed requests of each second of a run, and the total of requests."""
    asked = chance.multinomial(round(run.rate * run.seconds * EACH), np.full(run.seconds, 1 / run.seconds))
    bad = chance.binomial(asked, truth(chance, run.seconds).clip(0, 1))
    return [int(one) for one in bad], int(asked.sum())


def count_beside(chance: np.random.Generator, run: Run, case: Neighbours) -> tuple[list[int], int]:
    """Return the same for the windows that count; no requests if more than half was set aside, or too little is left.

    The estimate is given the share of the wanted processors that neighbours used, tick by tick.
    """
    whole = run.within + 1
    apart, together = case.apart(chance, whole), case.together(chance, whole)
    taken = np.ones(whole, dtype=bool) if case.share == 1 else bursts(chance, whole, case.share, 3) | (together > 0)
    share = np.maximum(apart, together).clip(0, 1)
    share = np.where(taken, 1 - (1 - share) * (1 - case.slowed), share)
    wanted = chance.binomial(_TICKS, _CALM + (1 - _CALM) * np.maximum(apart, together).clip(0, 1))
    level = case.taken * np.repeat(chance.lognormal(0, 0.3, whole // 4 + 1), 4)[:whole]
    stolen = chance.binomial(wanted, np.where(taken, level.clip(0, 1), 0.01))
    measured: list[Window] = []
    while planned := plan_round(run.profile, measured):
        for window in planned:
            these = slice(window.second, window.second + int(window.seconds))
            steal = stolen[these].sum() / max(1, wanted[these].sum())
            sick = {"steal": steal} if steal > MAX_STEAL else {}
            measured.append(Window(place=window.place, second=window.second, seconds=window.seconds, sick=sick))
    counted = find_counted(measured)
    aside = seconds_of(window for window in measured if window.sick)
    if seconds_of(counted) < run.seconds or aside > MOST_ASIDE * seconds_of(measured):
        return [], 0
    seconds = [second for window in counted for second in window.range]
    asked = chance.poisson(run.rate * EACH, len(seconds))
    return [int(one) for one in chance.binomial(asked, share[seconds])], int(asked.sum())


def passes(
    bad: list[int], trials: int, run: Run, criterion: Criterion, limit: float, *, attempt: int = 1
) -> float | None:
    """Return the length of disturbances that a satisfied run covers, None if it is not satisfied.

    These are the two decisions of an Estimate, without the figures that it only shows.
    """
    sure = float(criterion.confidence.base) if criterion.confidence else 0.95
    sure = sure if run.screen else 1 - (1 - sure) / (attempt * (attempt + 1))
    held = longest_spell(sum(bad), trials, run.seconds, limit, sure)
    disturbances = read_load_terms(criterion).disturbances
    asked = float(disturbances.base) if disturbances and not run.screen else 0.0
    return held if held and held >= asked and is_below(bad, trials, limit, sure) else None


def simulate(run: Run, case: tuple[float, Truth], criterion: Criterion, limit: float, runs: int) -> tuple[int, int]:
    """Return how many runs pass and claim to cover the disturbance, and how many pass and exclude it."""
    length, truth = case
    chance = np.random.default_rng(SEED)
    held = [passes(*count(chance, run, truth), run, criterion, limit) for _ in range(runs)]
    said = [spell for spell in held if spell is not None]
    return sum(spell >= length for spell in said), sum(spell < length for spell in said)


def simulate_again(run: Run, case: tuple[float, float, Truth], criterion: Criterion, runs: int) -> tuple[int, int]:
    """Return how many sites pass within ten attempts and claim to cover the disturbance, and how many exclude it."""
    limit, length, truth = case
    chance, claimed, excluded = np.random.default_rng(SEED), 0, 0
    for _ in range(runs):
        attempts = (passes(*count(chance, run, truth), run, criterion, limit, attempt=1 + at) for at in range(10))
        spell = next((each for each in attempts if each is not None), None)
        claimed += spell is not None and spell >= length
        excluded += spell is not None and spell < length
    return claimed, excluded


def simulate_together(
    run: Run, cases: Sequence[tuple[float, Truth]], criteria: Mapping[str, Criterion], runs: int
) -> tuple[int, int]:
    """Return how many sites get a GO that claims to cover a disturbance beyond its limit, and how many exclude all."""
    asked = ((criteria["latency-p95"], 0.05), (criteria["error-rate"], 0.001))
    chance, claimed, excluded = np.random.default_rng(SEED), 0, 0
    for _ in range(runs):
        for attempt in range(1, 11):
            spells = [
                passes(*count(chance, run, truth), run, *each, attempt=attempt)
                for (_, truth), each in zip(cases, asked, strict=True)
            ]
            if all(spells):
                covers = any((each or 0) >= length for each, (length, _) in zip(spells, cases, strict=True))
                claimed, excluded = claimed + covers, excluded + (not covers)
                break
    return claimed, excluded


def simulate_standstills(
    run: Run, case: tuple[float, float, float], criterion: Criterion, runs: int
) -> tuple[int, int]:
    """Return how many runs pass though standstills come as often as the finding covers, and how many otherwise."""
    length, seldom, aside = case
    chance, passed, none = np.random.default_rng(SEED), 0, Quantity.of(0, "s")
    record = {"health": {}, "seconds": [{"second": 0, "latency": {"1": criterion.samples}, "failed": {}}]}
    for _ in range(runs):
        sound = chance.random(3 * run.seconds) >= aside
        seconds = [at for at in range(6 * run.seconds) if sound[at // 2]][: run.seconds]
        ends = seconds[-1] + 1
        of = Measurements(
            rate=none, duration=none, latencies=(), failed=(), seconds=tuple(seconds), classes={}, stopped="",
            aside="", late=none, standstill=read_standstill({**record, "standstills": []}, seconds),
            attempt=0 if run.screen else 1,
        )  # fmt: skip
        claimed = of.longest_standstill(criterion).detail.removeprefix("what comes less often than every ")
        apart = seldom * float(Quantity.parse(claimed.removesuffix(" can hide")).base)
        begins = chance.uniform(-length, ends, chance.poisson((ends + length) / apart))
        told = [
            {"second": max(0, int(begin)), "seconds": min(begin + length, ends) - max(begin, 0)} for begin in begins
        ]
        met = read_standstill({**record, "standstills": told}, seconds)
        with suppress(Concluded):
            criterion.require(replace(of, standstill=met).longest_standstill(criterion))
            passed += 1
    return (0, passed) if seldom > 1 else (passed, 0)


def simulate_beside(run: Run, case: Neighbours, criterion: Criterion, limit: float, runs: int) -> tuple[int, int]:
    """Return the same for a site beside neighbours; a finding excludes the time that was set aside.

    For a site that should pass, the second number counts failures instead.
    """
    chance = np.random.default_rng(SEED)
    counted = [count_beside(chance, run, case) for _ in range(runs)]
    held = [passes(bad, trials, run, criterion, limit) for bad, trials in counted if trials]
    said = [spell for spell in held if spell is not None]
    claimed = sum(case.of_all and spell >= case.length for spell in said)
    if not case.length:
        return claimed, sum(is_above(bad, trials, limit, 0.95) for bad, trials in counted if trials)
    return claimed, len(said) - claimed


def tables(
    criteria: Mapping[str, Criterion], profiles: Sequence[Run], runs: int
) -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """Yield each row with the profile, the false passes and the passes that exclude the disturbance."""
    for failing, cases in ((False, {**SLOWNESS, **GOOD}), (True, {**FAILURES, **GOOD_FAILURES})):
        asked = [run for run in profiles if not (failing and run.name.startswith("surge"))]
        for name, case in cases.items():
            row = []
            for run in asked:
                id_ = "error-rate" if failing else "surge-served" if run.name.startswith("surge") else "latency-p95"
                row.append((run.name, *simulate(run, case, criteria[id_], 0.001 if failing else 0.05, runs)))
            yield name, row
    real = [run for run in profiles if not run.screen]
    for name, again in TRIED_AGAIN.items():
        id_ = "latency-p95" if again[0] == 0.05 else "error-rate"
        yield (
            name,
            [(run.name, *simulate_again(run, again, criteria[id_], runs)) for run in real if run.name == "steady"],
        )
    for name, both in TOGETHER.items():
        yield name, [(run.name, *simulate_together(run, both, criteria, runs)) for run in real if run.name == "steady"]
    for name, still in STANDSTILLS.items():
        asked_ = criteria["standstill-under-load"]
        yield name, [(run.name, *simulate_standstills(run, still, asked_, runs)) for run in profiles]
    for name, beside in BESIDE.items():
        row = []
        for run in profiles:
            id_ = "surge-served" if run.name.startswith("surge") else "latency-p95"
            row.append((run.name, *simulate_beside(run, beside, criteria[id_], 0.05, runs)))
        yield name, row


def render(rows: list[tuple[str, list[tuple[str, int, int]]]], profiles: Sequence[Run], runs: int) -> str:
    """Return the table as it stands on the page."""
    lines = [f"| truth | {' | '.join(run.name for run in profiles)} |", f"|---|{'---|' * len(profiles)}"]
    for name, row in rows:
        cells = {run: _cell(held, unheld, runs) for run, held, unheld in row}
        lines.append(f"| {name} | {' | '.join(cells.get(run.name, '–') for run in profiles)} |")
    return "\n".join([BEGIN, *lines, END])


def _cell(held: int, unheld: int, runs: int) -> str:
    return f"{100 * held / runs:.0f} %" + (f" ({100 * unheld / runs:.0f} %)" if unheld else "")


def too_many(rows: list[tuple[str, list[tuple[str, int, int]]]], runs: int) -> Iterator[str]:
    """Yield where a false pass is more frequent than 5 %, beyond what chance explains (three standard errors)."""
    most = 0.05 + 3 * (0.05 * 0.95 / runs) ** 0.5
    for name, row in rows:
        if not name.startswith("power"):
            yield from (f"{name}, {run}: {held} of {runs}" for run, held, _ in row if held > most * runs)


def main() -> int:
    """Simulate, and write the table or check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=4000)
    parser.add_argument("--check", action="store_true")
    given = parser.parse_args()
    stated = load_criteria(ROOT / "criteria.toml")
    assert stated.load is not None
    profiles = list_runs(stated.load)
    rows = list(tables(stated.criteria, profiles, given.runs))
    table = render(rows, profiles, given.runs)
    print(table)
    text = PAGE.read_text("utf-8")
    if given.check and table not in text:
        print(f"{PAGE}: has another table", file=sys.stderr)
    if not given.check:
        PAGE.write_text(text[: text.index(BEGIN)] + table + text[text.index(END) + len(END) :], "utf-8")
    wrong = list(too_many(rows, given.runs))
    print("\n".join(wrong), file=sys.stderr)
    return 1 if wrong or table not in PAGE.read_text("utf-8") else 0


if __name__ == "__main__":
    sys.exit(main())
