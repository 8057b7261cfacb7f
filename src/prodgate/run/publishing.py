"""Showing a verdict: the report files of a run, the last lines of the terminal, and the exit code."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..evidence import runs
from ..processes.ending import naming
from ..processes.output import visible
from ..report.catalogue import FILES
from ..report.html import render_html
from ..report.placing import place_run
from ..report.summary import render_summary, render_terminal
from ..report.view import verdict_to_json
from ..sealing.seals import Seal, seal, taken_back
from ..sealing.standing import SealState, is_as_sealed, read_state, state_by
from ..signatures.keyless import KeylessSigner
from ..signatures.keys import Signer, SigningError
from ..verdict import Verdict
from .nights import read_nights
from .revisions import find_top

#: The summary for the page of a CI job.
SUMMARY: Final = "summary.md"


def publish(
    path: Path,
    *,
    as_json: bool,
    before: Path | None = None,
    seals: bool = False,
    signer: Signer | None = None,
    pdf: Path | None = None,
    project: Path | None = None,
) -> int:
    """Write the reports of a run, show its verdict and return the exit code. Raises RunError.

    ``before`` is an earlier run; the output shows what has changed since. With ``seals``, a run that came to its end is
    sealed, unsigned where there is no signer. ``pdf`` is a folder into which its reports are printed; one
    inside the run raises UsageError. ``project`` is the folder of the criteria; None where only the run says which one
    it is. The output names files relative to the working directory, so that a terminal opens them.
    """
    run = runs.read(path)
    if pdf is not None and pdf.resolve().is_relative_to(path.resolve()):  # held against a run that is sealed
        raise UsageError(f"{pdf}: lies in the run, to which nothing may be added; name another folder for --pdf")
    verdict = run.verdict()
    state = _seal(run, verdict, signer) if seals and run.finished else _write_again(run, verdict)
    if pdf is not None:
        _print_pages(path, pdf)
    base = project or _find_base(run)
    run = place_run(run, base, Path.cwd())
    verdict = run.verdict()
    if as_json:
        named = {"run": str(path), "head": run.head, "seal": str(state), "compared": run.about.get("compared", [])}
        _print(json.dumps({**named, **verdict_to_json(verdict)}, ensure_ascii=False, indent=2))
        return verdict.decision.exit_code
    if before is not None:
        _print(f"{_render_changes(before, run, base)}\n")
    columns = shutil.get_terminal_size().columns
    encoding = sys.stdout.encoding or "ascii"
    report = path / FILES["en"]
    _print(render_terminal(run, verdict, state, colour=_has_colour(), report=report, width=columns, encoding=encoding))
    return verdict.decision.exit_code


def seal_again(
    path: Path, signer: Signer | KeylessSigner | None, stamp: Callable[[bytes], bytes] | None = None
) -> tuple[SealState, Seal]:
    """Write the reports of a finished run anew, and seal it in place of an earlier seal.

    ``stamp`` is that of ``seal``. Raises SealError, SigningError, and what ``stamp`` raises; the run is then as it was.
    """
    run = runs.read(path)
    verdict = run.verdict()
    state = state_by(run, signer)
    with taken_back(path, (*FILES.values(), SUMMARY)):
        _write_reports(run, verdict, state)
        return state, seal(run, verdict, signer, stamp=stamp)


def close_record(path: Path) -> None:
    """Close what a watch or a drill has written down, and seal it, unsigned. Raises RunError and SealError."""
    runs.close(path)
    run = runs.read(path)
    seal(run, run.verdict(), None)


def _seal(run: runs.Run, verdict: Verdict, signer: Signer | None) -> SealState:
    """Write the reports and seal the run; a key that does not sign leaves it unsigned."""
    state = state_by(run, signer)
    _write_reports(run, verdict, state)
    try:
        seal(run, verdict, signer)
    except SigningError as error:
        sys.stderr.write(visible(f"not signed: {error}") + "\n")
        return _seal(run, verdict, None)
    return state


def _write_again(run: runs.Run, verdict: Verdict) -> SealState:
    """Write only the reports that differ from their seal: another version may write others differently."""
    state = read_state(run)
    sound = {name for name in (*FILES.values(), SUMMARY) if state.sealed and is_as_sealed(run.path, name)}
    _write_reports(run, verdict, state, leave=sound)
    return state


def _write_reports(run: runs.Run, verdict: Verdict, state: SealState, *, leave: Collection[str] = ()) -> None:
    pages = {language: name for language, name in FILES.items() if name not in leave}
    nights = read_nights(run) if pages else []
    for language, name in pages.items():
        _write(run.path / name, render_html(run, verdict, state, language=language, nights=nights))
    if SUMMARY not in leave:
        _write(run.path / SUMMARY, render_summary(run, verdict, state))


def _print_pages(run: Path, folder: Path) -> None:
    from ..engines.environments import EngineError  # noqa: PLC0415  few runs are printed
    from ..engines.programs import print_page  # noqa: PLC0415

    with naming(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name in FILES.values():
        try:
            print_page(run / name, folder / f"{run.resolve().name}.{name.removesuffix('.html')}.pdf")
        except EngineError as error:
            raise UsageError(str(error)) from None


def _write(path: Path, text: str) -> None:
    with naming(path):
        path.write_text(text, "utf-8")


def _render_changes(before: Path, run: runs.Run, base: Path) -> str:
    """Say what changed since an earlier run; one that can't be read takes nothing from the verdict of this one."""
    from ..report.diff.comparison import compare, render_comparison  # noqa: PLC0415

    try:
        return render_comparison(compare(place_run(runs.read(before), base, Path.cwd()), run))
    except UsageError as error:
        return visible(f"nothing to compare with: {error}")


def _find_base(run: runs.Run) -> Path:
    """Return what a run names files from: the folder of this repository that it names, else the working directory."""
    folder = find_top(Path.cwd()) / str(run.about.get("folder") or "")
    return folder if run.about.get("folder") and folder.is_dir() else Path.cwd()


def _has_colour() -> bool:
    """Whether to paint; NO_COLOR forbids it unless it is empty (no-color.org), and a terminal that can't says so."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
