"""Asks the evaluator what iam-simulate's cases ask, and counts what it says otherwise.

    python benchmarks/iam_cases.py FOLDER [--verbose]

FOLDER is `src/core_engine/coreEngineTests` of github.com/cloud-copilot/iam-simulate (AGPL: kept outside this
repository). Cases about its discovery mode, and requests for many resources at once, are no requests and not asked.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from prodgate.iam.callers import read_caller
from prodgate.iam.decision import Policies
from prodgate.iam.documents import Document, read_document
from prodgate.iam.evaluation import Answer, Request, evaluate
from prodgate.semantics.unresolved import Unresolved

_WORDS: Final = {"Allowed": Answer.ALLOWED, "ImplicitlyDenied": Answer.NOT_ALLOWED, "ExplicitlyDenied": Answer.DENIED}


def main(folder: Path, verbose: bool) -> int:
    """Print the count of each outcome, and each case that is answered otherwise; exit 1 when there is one."""
    counts: Counter[str] = Counter()
    for name, case in _list_cases(folder):
        said, detail = _ask(case)
        counts[said] += 1
        if said == "otherwise" or (verbose and said == "undetermined"):
            print(f"{said}: {name}: {detail}")
    print(", ".join(f"{count} {said}" for said, count in counts.most_common()))
    return 1 if counts["otherwise"] or not counts["the same"] else 0


def _list_cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(folder.rglob("*.json")):
        for case in json.loads(file.read_text()):
            yield f"{file.relative_to(folder)}: {case['name']}", case


def _ask(case: dict[str, Any]) -> tuple[str, str]:
    resource = case["request"]["resource"]["resource"]
    if case.get("simulation", {}).get("mode") == "Discovery":
        return "not asked: discovery", ""
    if "*" in resource and not case["request"].get("wildcardOnlyAction") and not _is_indifferent(case):
        return "not asked: many resources", ""
    try:
        found = evaluate(_read_request(case), _read_policies(case))
    except Unresolved as error:
        return "undetermined", str(error)
    expected = _WORDS[case["expected"]["response"]]
    return ("the same" if found is expected else "otherwise"), f"{found.name}, not {expected.name}"


def _is_indifferent(case: dict[str, Any]) -> bool:
    """Whether every statement names all resources, so that a wildcard in the request says nothing."""
    written = json.dumps({key: value for key, value in case.items() if "olic" in key or key == "permissionBoundaries"})
    return '"NotResource"' not in written and written.count('"Resource": "*"') == written.count('"Resource"')


def _read_request(case: dict[str, Any]) -> Request:
    asked = case["request"]
    principal = asked["principal"]
    return Request(
        caller=read_caller(principal if isinstance(principal, str) else ""),
        action=asked["action"],
        resource=asked["resource"]["resource"],
        account=asked["resource"]["accountId"],
        context={k: tuple(v) if isinstance(v, list) else v for k, v in (asked.get("context") or {}).items()},
    )


def _read_policies(case: dict[str, Any]) -> Policies:
    def read(name: str) -> tuple[Document, ...] | None:
        return tuple(read_document(one, name) for one in case[name]) if case.get(name) else None

    def level(name: str) -> tuple[tuple[Document, ...], ...]:
        return tuple(tuple(read_document(one, name) for one in each["policies"]) for each in case.get(name) or ())

    def single(name: str) -> Document | None:
        return read_document(case[name], name) if case.get(name) else None

    return Policies(
        identity=read("identityPolicies") or (),
        boundaries=read("permissionBoundaries"),
        session=single("sessionPolicy"),
        scps=level("serviceControlPolicies"),
        rcps=level("resourceControlPolicies"),
        resource=single("resourcePolicy"),
        endpoint=read("endpointPolicies"),
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), "--verbose" in sys.argv))
