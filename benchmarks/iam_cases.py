"""Runs iam-simulate's test cases through evaluator and solver, and counts the differences.

python benchmarks/iam_cases.py FOLDER [--verbose]

FOLDER is `src/core_engine/coreEngineTests` or `src/simulation_engine/simulationEngineIntegrationTests` of
github.com/cloud-copilot/iam-simulate (AGPL: kept outside this repository). A case about its discovery mode, or about
many resources at once, is no single request: only the solver gets it, as the question whether some context, or some of
the resources, makes the request allowed.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from prodgate.iam.documents import Document, read_document
from prodgate.iam.evaluation import Answer, Policies, Request, evaluate, read_caller
from prodgate.iam.space import Given, Question, ask, list_statements
from prodgate.iam.truth import Doubt
from prodgate.semantics.unresolved import Unresolved

_REQUEST: Final = "evaluator"
_WORDS: Final = {"Allowed": Answer.ALLOWED, "ImplicitlyDenied": Answer.NOT_ALLOWED, "ExplicitlyDenied": Answer.DENIED}


def main(folder: Path, verbose: bool) -> int:
    """Print the count of each outcome, and each request that is answered differently; exit 1 if there is one."""
    counts: Counter[str] = Counter()
    for name, case in _list_cases(folder):
        for asked, said, detail in _ask(case):
            counts[f"{asked}: {said}"] += 1
            if said == "otherwise" or (verbose and said == "undetermined"):
                print(f"{asked}: {said}: {name}: {detail}")
    for outcome, count in sorted(counts.items()):
        print(f"{outcome}: {count}")
    return 1 if counts[f"{_REQUEST}: otherwise"] or not counts[f"{_REQUEST}: the same"] else 0


def _list_cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(folder.rglob("*.json")):
        for case in json.loads(file.read_text()):
            yield f"{file.relative_to(folder)}: {case['name']}", _unwrap(case)


def _unwrap(case: dict[str, Any]) -> dict[str, Any]:
    """Return a case of its simulation engine as one of its core engine, whose policies have no names."""
    held = case.get("simulation", {})
    if "request" not in held:
        return case
    levels = {
        name: [{"policies": [one["policy"] for one in level["policies"]]} for level in held.get(name) or ()]
        for name in ("serviceControlPolicies", "resourceControlPolicies")
    }
    return {
        **levels,
        "identityPolicies": [one["policy"] for one in held["identityPolicies"]],
        "permissionBoundaries": [one["policy"] for one in held.get("permissionBoundaryPolicies") or ()],
        "resourcePolicy": held.get("resourcePolicy"),
        "request": {**held["request"], "context": held["request"].get("contextVariables")},
        "simulation": {"mode": (case.get("simulationOptions") or {}).get("simulationMode")},
        "expected": {"response": case["expected"]["overallResult"]},
    }


def _ask(case: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    resource = case["request"]["resource"]["resource"]
    discovers = case.get("simulation", {}).get("mode") == "Discovery"
    is_many = "*" in resource and not case["request"].get("wildcardOnlyAction") and not _is_indifferent(case)
    kind = "some context" if discovers else "some resource" if is_many else "solver"
    try:
        request, policies = _read_request(case), _read_policies(case)
        if kind == "solver":
            found = evaluate(request, policies)
            expected = _WORDS[case["expected"]["response"]]
            yield _REQUEST, "the same" if found is expected else "otherwise", f"{found.name}, not {expected.name}"
    except Unresolved as error:
        yield _REQUEST, "undetermined", str(error)
        return
    given: Given = {} if discovers else _state_all(request, policies)
    proof = ask(
        Question(
            caller=request.caller, action=request.action, resource=resource, account=request.account,
            policies=policies, given=given,
        )
    )  # fmt: skip
    same = isinstance(proof, Request) is (case["expected"]["response"] == "Allowed")
    yield kind, "undetermined" if isinstance(proof, Doubt) else "the same" if same else "otherwise", str(proof)


def _state_all(request: Request, policies: Policies) -> Given:
    """Return the context of a request, with each other key that a policy names as absent."""
    named = {each.key for one in list_statements(policies) for each in one.conditions}
    return {**dict.fromkeys(named), **{key.lower(): value for key, value in request.context.items()}}


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
