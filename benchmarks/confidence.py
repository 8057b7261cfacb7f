"""How often a load run passes that must not, for disturbances of every length: writes the table in docs/load.md.

    PYTHONPATH=. python benchmarks/confidence.py [--runs 4000] [--check]

Runs are made up, second by second, of a site just beyond its limit, and decided by what decides real ones. A pass is
false when what the finding says that it holds for includes the disturbance; else the finding says that it does not.
With ``--check`` nothing is written. It fails where a false pass is more frequent than the confidence allows, and where
the page has another table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from disturbances import (
    SEED,
    Truth,
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
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.load import LoadSection
from prodgate.statistics import is_below, longest_spell

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
    screen: bool


def list_runs(section: LoadSection) -> tuple[Run, ...]:
    """Return the profiles that the criteria state, in a rehearsal and for real."""
    stated = [
        (f"{name}{', rehearsed' * screen}", (section.rehearsal if screen else section.profiles)[name], screen)
        for name in ("steady", "surge")
        for screen in (True, False)
    ]
    return tuple(Run(name, float(each.rate.base), int(each.duration.base), screen) for name, each, screen in stated)


#: What is wrong, the length of the disturbance, and the truth: just beyond "no more than 5 % are slow".
SLOWNESS: Final[Mapping[str, tuple[float, Truth]]] = {
    "independent": (0.0, steady(0.052)),
    **{f"stalls of {length:g} s": (length, standing_still(0.052, length)) for length in (0.5, 1, 2, 5, 10, 30)},
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
#: The same of failures, just beyond "fewer than 0.1 % fail".
FAILURES: Final[Mapping[str, tuple[float, Truth]]] = {
    "failures, independent": (0.0, steady(0.0011)),
    **{f"outages of {length:g} s": (length, standing_still(0.0011, length)) for length in (0.01, 0.1, 1, 3)},
    "outages of 0.05 s by a clock": (0.05, regular(0.0011, 0.05)),
    "half fails for 0.1 s": (0.1, partly(0.0011, 0.1, 0.5)),
    "four outages of 0.02 s within 0.1 s": (0.1, in_groups(0.0011, 0.02, 4, 0.1)),
}
#: What must pass, and mostly does: power.
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
    """Return the bad requests of each second of a run, and how many there are of all."""
    asked = chance.multinomial(round(run.rate * run.seconds * EACH), np.full(run.seconds, 1 / run.seconds))
    bad = chance.binomial(asked, truth(chance, run.seconds).clip(0, 1))
    return [int(one) for one in bad], int(asked.sum())


def passes(bad: list[int], trials: int, run: Run, criterion: Criterion, limit: float) -> float | None:
    """Return the length of disturbances for which a run is satisfied, None when it is not.

    These are the two questions that an Estimate answers, and nothing that it only shows.
    """
    sure = float(criterion.confidence.base) if criterion.confidence else 0.95
    sure = sure if run.screen else 1 - (1 - sure) / 2  # a first attempt
    held = longest_spell(sum(bad), trials, run.seconds, limit, sure)
    asked = float(criterion.disturbances.base) if criterion.disturbances and not run.screen else 0.0
    return held if held and held >= asked and is_below(bad, trials, limit, sure) else None


def simulate(run: Run, case: tuple[float, Truth], criterion: Criterion, limit: float, runs: int) -> tuple[int, int]:
    """Return how many runs pass and say that they hold for the disturbance, and how many pass and say that not."""
    length, truth = case
    chance = np.random.default_rng(SEED)
    held = [passes(*count(chance, run, truth), run, criterion, limit) for _ in range(runs)]
    said = [spell for spell in held if spell is not None]
    return sum(spell >= length for spell in said), sum(spell < length for spell in said)


def tables(
    criteria: Mapping[str, Criterion], profiles: Sequence[Run], runs: int
) -> Iterator[tuple[str, list[tuple[str, int, int]]]]:
    """Yield each row with the profile, the false passes and the passes that say they don't hold for it."""
    for failing, cases in ((False, {**SLOWNESS, **GOOD}), (True, {**FAILURES, **GOOD_FAILURES})):
        asked = [run for run in profiles if not (failing and run.name.startswith("surge"))]
        for name, case in cases.items():
            row = []
            for run in asked:
                id_ = "error-rate" if failing else "surge-served" if run.name.startswith("surge") else "latency-p95"
                row.append((run.name, *simulate(run, case, criteria[id_], 0.001 if failing else 0.05, runs)))
            yield name, row


def render(rows: list[tuple[str, list[tuple[str, int, int]]]], profiles: Sequence[Run], runs: int) -> str:
    """Return the table as the page has it."""
    lines = [f"| truth | {' | '.join(run.name for run in profiles)} |", f"|---|{'---|' * len(profiles)}"]
    for name, row in rows:
        cells = [_cell(held, unheld, runs) for _, held, unheld in row]
        lines.append(f"| {name} | {' | '.join(cells + ['–'] * (len(profiles) - len(cells)))} |")
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
