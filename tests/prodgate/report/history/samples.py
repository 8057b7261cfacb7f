"""Entries of a history, made by hand."""

from __future__ import annotations

from prodgate.report.history.entries import Entry

FAST = "182 ms (95 % each end: 170–190 ms, 2,995 requests)"
SLOW = "240 ms (95 % each end: 215.5–∞ ms, 2,995 requests)"
SHARE = "1 % (95 % each end: 0–2 %, 9 requests)"


def entry(day: str, verdict: str = "GO", **fields: object) -> Entry:
    given = {
        "run": f"{day}T181700Z-aaaaaaa", "journal": "0" * 64, "day": day, "verdict": verdict, "system": "shop", "target": "t",
    }  # fmt: skip
    return Entry(**{**given, **fields})  # type: ignore[arg-type]


def measured(day: str, text: str, machine: str = "", own: bool = True) -> Entry:
    return entry(day, machine=machine, figures={"latency-p95 on steady": (text, "< 200 ms", own)})


def uneven() -> list[Entry]:
    """Return days of all kinds: one is missing, one was refused, two were on two machines and in two units."""
    figures = {"a on steady": (FAST, "< 200 ms", True), "b on steady": (FAST, "", True)}
    return [
        entry("2026-11-01", machine="one", figures=figures),
        entry("2026-11-02", "", problem="CHANGED: journal.jsonl"),
        entry(
            "2026-11-04", "NO-GO", partial=True, machine="two", figures={**figures, "b on steady": (SHARE, "", True)}
        ),
    ]
