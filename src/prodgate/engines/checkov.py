"""Checkov as a second opinion: runs it as a process beside Terraform core, and reads what it reports."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Self

from ..processes.child import Process, running
from ..processes.progress import Progress
from ..semantics.json_texts import read_json
from .environments import EngineError, ensure_python

#: Seconds that a scan may take, unless PRODGATE_CHECKOV_TIMEOUT says otherwise.
LIMIT: Final = 300.0
#: Run by the python of Checkov's own environment.
DRIVER: Final = Path(__file__).with_name("checkov_driver.py")

#: A port on which nothing listens.
_NOWHERE: Final = "http://127.0.0.1:9"
#: Variables that Checkov gets besides the few that are kept: nothing leaves the machine, no worker processes.
_SETTINGS: Final = {
    "CHECKOV_EXPERIMENTAL_TERRAFORM_MANAGED_MODULES": "true",
    "CHECKOV_PARALLELIZATION_TYPE": "none",
    "HTTPS_PROXY": _NOWHERE,
    "HTTP_PROXY": _NOWHERE,
    "LANG": "C.UTF-8",
    "LOG_LEVEL": "ERROR",
}
_READ: Final = ("format_version", "terraform_version", "planned_values", "configuration")
_KEPT: Final = ("HOME", "PATH", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerRecord:
    """One result of the scanner. ``scan`` is "source" or "plan"; ``outcome`` as Checkov says it, in lower case.

    ``resource`` is a full address in a plan; in the source it is one too, but a data source lacks its ``data.``.
    """

    scan: str
    check: str
    resource: str
    outcome: str
    file: str = ""
    """Relative to the project; only in the source."""
    line: int = 0
    attribute: str = ""
    """Dotted path of the argument that decided, where the check says so."""
    reason: str = ""
    """The reason that a skip comment states, or why the check itself failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannerReport:
    """The scanner's report on one root, with the parts that it could not read."""

    version: str = ""
    count: int = 0
    """How many checks the scanner has for Terraform."""
    titles: Mapping[str, str]
    """Id of a check that gave a result -> its title, which says what it asks for."""
    records: tuple[ScannerRecord, ...] = ()
    faults: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Rebuild a report. Raises ValueError when it is not one."""
        try:
            records = tuple(ScannerRecord(**record) for record in data["records"])
            strange = {record.outcome for record in records} - {"passed", "failed", "skipped", "unknown"}
            if strange:
                raise ValueError(f"unknown outcomes {sorted(strange)}")
            return cls(
                version=str(data["version"]),
                count=int(data["count"]),
                titles={str(id_): str(title) for id_, title in data["titles"].items()},
                records=records,
                faults=tuple(map(str, data["faults"])),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan that is under way, or the reason why there is none."""

    process: Process | None
    reason: str
    scratch: Path
    _plans: int = -1
    """Descriptor on which the driver waits for the plan."""

    def submit_plan(self, plan: Mapping[str, Any]) -> None:
        """Let the scanner look at the plan too; its JSON form as ``terraform show -json`` gives it."""
        file = self.scratch / "plan.json"
        file.write_text(json.dumps(_trim_plan(plan)), "utf-8")
        self._send(str(file))

    def report(self) -> ScannerReport:
        """Wait for the end and return what the scanner said; whatever went wrong is a fault in it."""
        if self.process is None:
            return _failed_report(self.reason)
        planned = (self.scratch / "plan.json").exists()
        if not planned:
            self._send("")
        report = self._read_answer(self.process)
        if planned:
            return report
        fault = "only the source was scanned, since Terraform gave no plan of it"
        return replace(report, faults=(*report.faults, fault))

    def _send(self, line: str) -> None:
        if self.process is not None:
            with suppress(BrokenPipeError):  # it has ended, and report() says why
                os.write(self._plans, f"{line}\n".encode())

    def _read_answer(self, process: Process) -> ScannerReport:
        try:
            limit = float(os.environ.get("PRODGATE_CHECKOV_TIMEOUT", "") or LIMIT)
            code = process.wait(limit).code
        except subprocess.TimeoutExpired:
            return _failed_report(
                f"Checkov did not finish within {limit:g} s; set PRODGATE_CHECKOV_TIMEOUT to more seconds"
            )
        except ValueError:
            stated = os.environ["PRODGATE_CHECKOV_TIMEOUT"]
            return _failed_report(f"PRODGATE_CHECKOV_TIMEOUT: {stated!r} is not a number of seconds; write {LIMIT:g}")
        if code:
            return _failed_report(f"Checkov {process.describe_failure(code)}")
        try:
            return ScannerReport.from_json(read_json(process.output()))
        except ValueError as error:
            return _failed_report(f"Checkov's answer can't be read: {error}")


@contextmanager
def scanning(
    root: Path, base: Path, *, var_files: Sequence[Path] = (), checks: Sequence[str] = (), progress: Progress
) -> Iterator[Scan]:
    """Scan the source of a root at once, and its plan when ``take`` hands it over; nothing outlives the context.

    Files in the report are relative to ``base``. ``checks`` are the ids to run; all of them without it.
    """
    with tempfile.TemporaryDirectory(prefix="prodgate-checkov-") as place:
        scratch = Path(place)
        try:
            python = ensure_python("checkov", progress)
        except EngineError as error:
            yield Scan(None, str(error), scratch)
            return
        options = [f"--var-file={file.resolve()}" for file in var_files] + [f"--check={id_}" for id_ in checks]
        command = (str(python), "-I", str(DRIVER), str(root.resolve()), f"--base={base.resolve()}", *options)
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        environment |= {**_SETTINGS, "TMPDIR": place}
        with running(command, cwd=scratch, environment=environment) as (process, plans):
            yield Scan(process, "", scratch, plans)


def _trim_plan(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parts of a plan that Checkov reads, half of it; what a new resource will be is in planned_values."""
    kept = {name: plan[name] for name in _READ if name in plan}
    return {**kept, "resource_changes": [_trim_change(each) for each in plan.get("resource_changes") or ()]}


def _trim_change(stated: Mapping[str, Any]) -> dict[str, Any]:
    change = stated["change"]
    return {**stated, "change": {**change, "after": {}} if change.get("before") is None else change}


def _failed_report(reason: str) -> ScannerReport:
    return ScannerReport(titles={}, faults=(reason,))
