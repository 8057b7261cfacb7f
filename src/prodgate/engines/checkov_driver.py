"""Scans one Terraform root with Checkov, first its source and then its plan, and prints one JSON document.

Run as a plain file by the python of Checkov's own environment; imports nothing of this package. The first line of
standard input is the path of a plan JSON, or empty when there is none; the end of standard input before the end of the
scan means that nobody waits for the answer any more.
"""

import argparse
import gc
import json
import logging
import os
import sys
import threading
from collections.abc import Iterator
from copy import copy
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import ply.yacc
from checkov.common.checks.base_check import BaseCheck
from checkov.common.checks_infra.registry import get_graph_checks_registry
from checkov.common.graph.checks_infra.registry import BaseRegistry
from checkov.common.output.report import Report
from checkov.common.util.consts import RESOLVED_MODULE_ENTRY_NAME
from checkov.runner_filter import RunnerFilter
from checkov.terraform import plan_runner, runner
from checkov.version import version

#: Exit code when the end of standard input came first.
ABANDONED = 75


class Recorder:
    """Records every result of Checkov, including those that its own report drops."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.scan = "source"
        self.records: list[dict[str, Any]] = []
        self.titles: dict[str, str] = {}
        self.faults: list[str] = []
        self.raised: dict[str, str] = {}
        """Check id -> what it raised on the resource that is being looked at."""

    def add(self, record: Any) -> None:
        """Keep one result."""
        result = record.check_result
        outcome = str(getattr(result["result"], "value", result["result"])).lower()
        raised = self.raised.pop(record.check_id, "")
        kept = {"scan": self.scan, "check": record.check_id, "resource": str(record.resource), "outcome": outcome}
        if self.scan == "source":
            kept |= {"file": self.relative(record.file_abs_path), "line": record.file_line_range[0]}
        if named := first_attribute(result.get("evaluated_keys")):
            kept["attribute"] = named
        if reason := str(result.get("suppress_comment") or raised).strip():
            kept["reason"] = reason
        self.records.append(kept)
        self.titles.setdefault(record.check_id, record.check_name)

    def fault(self, text: str) -> None:
        """Keep something that makes the scan incomplete, once."""
        if text not in self.faults:
            self.faults.append(text)

    def relative(self, file: str) -> str:
        """Return the name by which the user knows a file."""
        return os.path.relpath(file, self.base)


def first_attribute(keys: Any) -> str:
    """Return the first argument, in alphabetical order, that a check looked at, as a dotted path without indices."""
    first = min((key for key in keys or () if isinstance(key, str)), default="")  # Checkov's own order may change
    return ".".join(part for part in first.split("/") if part and not part.strip("[]").isdigit())


def main(arguments: list[str]) -> int:
    """Scan, and print what was found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("--base", type=Path, required=True, help="files are named relative to this")
    parser.add_argument("--var-file", action="append", default=[])
    parser.add_argument("--check", action="append", default=[], help="ids to run; all without it")
    given = parser.parse_args(arguments)
    gc.disable()  # hundreds of thousands of live objects and hardly a cycle: looking for them is a third of the scan
    answer = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever Checkov prints is noise
    plans: SimpleQueue[str] = SimpleQueue()
    threading.Thread(target=listen, args=(plans,), daemon=True).start()
    json.dump(scan_root(given, plans), answer)
    answer.flush()
    return 0


def listen(plans: SimpleQueue[str]) -> None:
    """Hand the path of the plan over; end this process when nobody waits for it."""
    for line in sys.stdin:
        plans.put(line.strip())
    os._exit(ABANDONED)


def scan_root(given: argparse.Namespace, plans: SimpleQueue[str]) -> dict[str, Any]:
    """Scan the source at once, and the plan when it is there."""
    kept = Recorder(given.base)
    quiet_logging()
    build_grammars_once()
    record_everything(kept)
    known = list_checks()
    for wanted in given.check:
        if wanted not in known:
            kept.fault(f"Checkov {version} has no check {wanted!r}")
    scan_source(given, kept)
    if plan := plans.get():
        kept.scan = "plan"
        scan_plan(given, kept, Path(plan))
    return {
        "version": version,
        "count": len(known),
        "titles": dict(sorted(kept.titles.items())),
        "records": sorted(kept.records, key=lambda record: sorted(map(str, record.items()))),
        "faults": kept.faults,
    }


def quiet_logging() -> None:
    """Keep the log to errors: Checkov would format every debug line into memory otherwise."""
    log = logging.getLogger()
    log.setLevel(logging.ERROR)
    for handler in list(log.handlers):
        if getattr(handler, "stream", None) is not sys.stderr:
            log.removeHandler(handler)


def build_grammars_once() -> None:
    """Keep the tables of the JSONPath grammar: they are built anew for each expression, a third of the scan."""
    build = ply.yacc.yacc
    parsers: dict[tuple[type, Any], Any] = {}

    def once(**given: Any) -> Any:
        grammar = type(given["module"]), given.get("start")
        if grammar not in parsers:
            parsers[grammar] = build(**given)
        return copy(parsers[grammar])  # what a parser remembers while it parses is not shared

    ply.yacc.yacc = once


def record_everything(kept: Recorder) -> None:
    """Make Checkov report what it drops: undetermined results, and checks that raise."""
    run, add, run_graph_check = BaseCheck.run, Report.add_record, BaseRegistry.run_check_parallel

    def add_and_keep(report: Any, record: Any) -> None:
        kept.add(record)
        add(report, record)

    def run_and_keep(check: Any, *arguments: Any, **named: Any) -> Any:
        try:
            return run(check, *arguments, **named)
        except Exception as bug:  # Checkov itself turns it into an undetermined result
            kept.raised[check.id] = f"the check failed: {type(bug).__name__}: {bug}"
            raise

    def run_graph_check_and_keep(registry: Any, check: Any, results: Any, graph: Any) -> None:
        try:
            run_graph_check(registry, check, results, graph)
        except Exception as bug:  # noqa: BLE001  Checkov itself loses it
            kept.fault(f"{check.id} failed on the {kept.scan}: {type(bug).__name__}: {bug}")

    Report.add_record = add_and_keep
    BaseCheck.run = run_and_keep
    BaseRegistry.run_check_parallel = run_graph_check_and_keep


def list_checks() -> set[str]:
    """Return the id of every check that Checkov has for Terraform."""
    graph = get_graph_checks_registry("terraform")
    graph.load_checks()
    found = {check.id for check in graph.checks}
    for registry in runner.Runner.block_type_registries.values():
        for checks in (*registry.checks.values(), *registry.wildcard_checks.values()):
            found |= {check.id for check in checks}
    return found


def make_filter(given: argparse.Namespace) -> RunnerFilter:
    """Return what Checkov is to run: the chosen checks on Terraform, without any download."""
    return RunnerFilter(
        framework=["terraform", "terraform_plan"],
        checks=given.check or None,
        var_files=given.var_file or None,
        download_external_modules=False,
        show_progress_bar=False,
    )


def scan_source(given: argparse.Namespace, kept: Recorder) -> None:
    """Scan the files of the root and of the modules it calls; name what could not be looked at."""
    scan = runner.Runner()
    report = scan.run(root_folder=str(given.root), runner_filter=make_filter(given))
    for file in report.parsing_errors:
        kept.fault(f"{kept.relative(file)}: Checkov can't parse it, and so did not look at it")
    for file, definition in (scan.definitions or {}).items():
        for call in definition.get("module", []):
            for name, stated in call.items():
                if not stated.get(RESOLVED_MODULE_ENTRY_NAME):
                    source = next(iter(stated.get("source") or ["no source"]))
                    place = f"{kept.relative(file.file_path)}:{stated.get('__start_line__', 1)}"
                    kept.fault(f"{place}: Checkov did not find module {name!r} ({source}), and so did not look at it")


def scan_plan(given: argparse.Namespace, kept: Recorder, plan: Path) -> None:
    """Scan a plan, and name every resource of a type with checks on which no result came out."""
    report = plan_runner.Runner().run(files=[str(plan)], runner_filter=make_filter(given))
    if report.parsing_errors:
        kept.fault("the plan: Checkov can't parse it, and so did not look at it")
    if given.check:
        return
    types = list_checked_types()
    seen = {record["resource"] for record in kept.records if record["scan"] == "plan"}
    values = json.loads(plan.read_bytes()).get("planned_values") or {}
    for resource in list_resources(values.get("root_module") or {}):
        if resource["mode"] == "managed" and resource["type"] in types and resource["address"] not in seen:
            kept.fault(f"{resource['address']}: Checkov has checks for {resource['type']}, but gave no result on it")


def list_checked_types() -> set[str]:
    """Return the types of resources for which there are checks that can give a result on a plan."""
    registry = plan_runner.Runner.block_type_registries["resource"]
    only_source = plan_runner.TF_LIFECYCLE_CHECK_IDS
    return {type_ for type_, checks in registry.checks.items() if any(each.id not in only_source for each in checks)}


def list_resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield every resource in and below a module of a plan."""
    yield from module.get("resources") or ()
    for child in module.get("child_modules") or ():
        yield from list_resources(child)


if __name__ == "__main__":
    code = main(sys.argv[1:])
    sys.stderr.flush()
    os._exit(code)  # the thread that listens would keep this process
