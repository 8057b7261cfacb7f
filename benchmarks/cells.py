"""Measures the cost of merging cells, from generated records, and of one cell that is really rehearsed.

Run from the root: PYTHONPATH=. python benchmarks/cells.py [--cells 1000] [--findings 100], or
--rehearse PROJECT CELL LIST.

Each record is a sealed run of one cell with the whole baseline, with the evidence of a small account (60 files). The
script measures processor time and the peak memory of a process that does nothing else.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prodgate.evidence import artifacts, chain, runs
from prodgate.evidence.journal import NAME
from prodgate.run.merging import list_cells
from prodgate.run.running import describe_run, make_plan
from prodgate.sealing.seals import seal
from prodgate.sections.project import Project, open_project
from prodgate.sections.targets import Cell, Target

_FILES, _BYTES = 60, 4_000
_REGIONS = ("ap-northeast-1", "us-east-1")


def main() -> int:
    """Make the records, merge them, and print the cost."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cells", type=int, default=1000)
    parser.add_argument("--findings", type=int, default=100)
    parser.add_argument("--rehearse", nargs=3, metavar=("PROJECT", "CELL", "LIST"))
    given = parser.parse_args()
    if given.rehearse:
        folder, cell, listed = given.rehearse
        _measure(f"observing {cell}", ["observe", cell, "--cells", listed], Path(folder))
        return 0
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        _make_records(folder, given.cells, given.findings)
        _measure(f"merging {given.cells:,} cells of {given.findings:,} findings", _MERGE, folder)
        (merged,) = (folder / "merged").iterdir()
        _measure("verifying the merged run", ["verify", str(merged), "--unsigned"], folder)
        size = sum(path.stat().st_size for path in merged.rglob("*") if path.is_file())
        report = (merged / "report.html").stat().st_size
        print(f"the merged run: {size / 1e6:,.0f} MB, of which report.html {report / 1e6:,.0f} MB")
    return 0


_MERGE = ["merge", "runs", "--cells", "cells.json", "--unsigned", "--runs", "merged"]


def _make_records(folder: Path, cells: int, findings: int) -> None:
    accounts = [f"{number:012d}" for number in range(1, cells // len(_REGIONS) + 1)]
    stated = f"[[cells]]\naccounts = {json.dumps(accounts)}\nregions = {json.dumps(_REGIONS)}\n"
    (folder / "criteria.toml").write_text(f'system = "shop"\nextends = "baseline"\n{stated}', "utf-8")
    project = open_project(folder / "criteria.toml")
    listed = list_cells(project, rehearsal=False)
    (folder / "cells.json").write_bytes(listed.to_bytes())
    plan = make_plan(project, folder / "runs", target=Target(""), layers=frozenset({"live"}), progress=lambda _: None)
    about = {**describe_run(plan), "cells": listed.digest}
    for cell in listed.cells:
        _make_record(project, {**about, "cell": cell.name, "target": cell.target}, cell, findings)


def _make_record(project: Project, about: dict[str, object], cell: Cell, findings: int) -> None:
    """Write a run at once, as its processes would have written it line by line, and seal it."""
    run = runs.create(project.root / "runs", about, project.stated.path, project.waivers)
    digests = [artifacts.store(run, f"{number}{'.' * _BYTES}".encode(), ".json.gz") for number in range(_FILES)]
    said = [*_observe(cell, digests), *_judge(project, cell, findings), ("collected", {"layer": "live"})]
    first, link = (run / NAME).read_bytes(), chain.START
    link = chain.read_link(json.loads(first)) or link
    lines = [first]
    for event, fields in said:
        line, link = chain.make_line({"event": event, "at": datetime.now(UTC).isoformat(), **fields}, link)
        lines.append(line + b"\n")
    (run / NAME).write_bytes(b"".join(lines))
    runs.close(run)
    read = runs.read(run)
    seal(read, read.verdict(), None)


def _observe(cell: Cell, digests: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for number, digest in enumerate(digests):
        subject = f"service {number} in {cell.region}"
        yield "fact", {"layer": "live", "kind": "answers", "subject": subject, "digest": digest, "source": "made"}


def _judge(project: Project, cell: Cell, findings: int) -> Iterator[tuple[str, dict[str, Any]]]:
    asked = [id_ for id_, criterion in project.stated.criteria.items() if "live" in criterion.layers]
    for place, id_ in enumerate(asked):
        what = {"layer": "live", "check": f"check_{place}"}
        mine = range(place, max(findings, len(asked)), len(asked))
        yield "planned", {**what, "criterion": id_}
        yield "started", what
        for number in mine:
            subject = f"arn:aws:made:{cell.region}:{cell.account}:thing/{number}"
            yield "finding", {**what, "criterion": id_, "subject": subject, "outcome": "satisfied"}
        yield "finished", {**what, "findings": len(mine)}


def _measure(what: str, words: Sequence[str], folder: Path) -> None:
    """Run a command of the gate in a process of its own, and print its cost."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "prodgate.cli", *words]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{what}: {spent:,.1f} s of a processor, {after.ru_maxrss / 1e3:,.0f} MB at most, exit code {done.returncode}"
    )


if __name__ == "__main__":
    sys.exit(main())
