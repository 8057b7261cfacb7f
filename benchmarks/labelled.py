"""Judges Terraform examples that others labelled as good or bad, and lists where our policies differ.

python benchmarks/labelled.py [--checkov FOLDER] [--trivy FOLDER] [--sentinel FOLDER] [--only WORD]

The folders are copies of github.com/bridgecrewio/checkov, github.com/aquasecurity/trivy-checks and
github.com/hashicorp/policy-library-fsbp-policy-set-for-aws-terraform, kept outside this repository. `labelled.toml`
maps their checks to our policies, and records who is right in each difference. The exit code is 0 if we agree in 95 %
of the common questions, or are recorded as right, else 1.

Many examples were written to be parsed only. What they name and don't declare counts as decided later, an argument that
left the provider is taken out, and one that is missing is decided later, too, as is what a mock of a plan keeps of it
but the names; what is refused even then is not asked. A variable that names a bucket and that nobody states is a name.
Of what is good, an example of which we ask nothing at all does not count.

What is compared is decided by rules, and by none for a single example:

- A policy counts by the faults whose words stand behind it in `labelled.toml`, and by the bound that does.
- A check that asks of less than a policy is compared in what it is about (`[about]`).
- A check that asks something else as a whole is not compared: that origins are told https-only whatever viewers come by
  (`CKV2_AWS_72`), or that logs of state machines hold the data (`CKV_AWS_285`), is asked by no policy.
- A label on a type of resource that none of the policies is about is not asked.
- Nor is one on what something names that core refuses even so, or on a policy document that AWS refuses.
"""

import argparse
import os
import sys
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from labelled_asking import Question, asks_of, is_refused, read_questions
from labelled_cases import Case, list_checkov, list_checkov_graph, list_trivy
from labelled_evaluating import Evaluated, evaluate
from labelled_mocks import list_sentinel
from labelled_page import Answered, Differences, count_right, render_summary

from prodgate.criteria import Criteria
from prodgate.findings import Finding, Outcome
from prodgate.sections.bundled import BUNDLED
from prodgate.sections.criteria_file import load_criteria
from prodgate.sections.project import find_folders, load_policies
from prodgate.terraform.resources import Configuration

STATED: Final = Path(__file__).with_suffix(".toml")
#: The share of the common questions in which we must agree or be right.
TARGET: Final = 0.95
#: How many examples are evaluated at once, each as a module, and the seconds that core may take for them.
_BATCH: Final = 40
_LIMIT: Final = "120"
_SOURCES: Final = ("checkov", "trivy", "sentinel")


def read_bounds() -> Criteria:
    """Return the criteria with their default bounds."""
    stated = load_criteria(BUNDLED / "criteria.toml").criteria
    return Criteria(
        {
            id_: replace(each, population=0, where_present=True, bound=each.baseline_bound or each.bound)
            for id_, each in stated.items()
        }
    )


def answer(example: Evaluated, questions: Sequence[Question], criteria: Criteria) -> Iterator[Answered]:
    """Yield our policies' answer on each labelled resource of an example, if they judge its type."""
    case, found = example.case, example.found
    labels = case.labels or {"": case.bad}
    if found is None:
        yield from (_answer(case, label, f"refused: {example.refused}") for label in labels)
        return
    judged = [finding for each in questions for finding in each.judge(found, criteria)]
    prefix = "" if case.plan else f"{found.root}."
    for label in labels:
        about = _about(judged, prefix + label, _find_namers(found, prefix, label, case.labels)) if label else judged
        said = _say(about)
        lacking = _find_what_lacks(example, label.partition("[")[0], said, " ".join(each.reason for each in about))
        if said == "not asked" and label and not asks_of(questions, label.partition(".")[0]):
            lacking = f"none of these policies is about {label.partition('.')[0]}"
        yield _answer(case, label, f"refused: {lacking}" if lacking else said)


def _find_what_lacks(example: Evaluated, address: str, said: str, reasons: str) -> str:
    """Return why an example, or a resource in it, can't be judged from an evaluation; else nothing."""
    taken = example.left_out.get(address) if address else next(iter(example.left_out.values()), None)
    whole = not address and not example.case.plan
    mended = any(whole or one == address or f"{one}." in reasons for one in example.mended)
    if address and said == "not asked" and not example.declares(address):
        return "is not in the example"
    if said == "not known" and is_refused(reasons):
        return "AWS refuses it"
    if address and any(address in example.names.get(one, ()) for one in example.left_out):
        return "what names it is left out"
    elsewhere = mended or "is declared elsewhere" in reasons
    return taken or ("what decides it is not in the example" if said == "not known" and elsewhere else "")


def _answer(case: Case, label: str, said: str) -> Answered:
    bad = case.labels.get(label, case.bad)
    return Answered(case.source, case.check, case.name, label, bad, " ".join(said.split()))


def _find_namers(found: Configuration, prefix: str, label: str, labels: Collection[str]) -> list[str]:
    """Return the resources that name a labelled one and have no label of their own: both share their findings."""
    target, named = (prefix + label).partition("[")[0], []
    for each in found.resources:
        pointed = {address for addresses in each.references.values() for address in addresses}
        if target in pointed and each.address.removeprefix(prefix) not in labels:
            named.append(each.address)
    return named


def _about(judged: Sequence[Finding], address: str, namers: Sequence[str]) -> list[Finding]:
    """Return the findings about a resource, for all of its instances if the address names none of them."""

    def names(text: str) -> bool:
        return address in (text, text.partition("[")[0]) or text.startswith(f"{address}.") or text in namers

    return [each for each in judged if any(map(names, (each.subject, each.aspect, each.observed)))]


def _say(findings: Sequence[Finding]) -> str:
    outcomes = {finding.outcome for finding in findings}
    for outcome, said in ((Outcome.NOT_SATISFIED, "bad"), (Outcome.UNDETERMINED, "not known")):
        if outcome in outcomes:
            return said
    return "good" if Outcome.SATISFIED in outcomes else "not asked"


def list_cases(folders: Mapping[str, Path | None], asked: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[Case]:
    """List the cases of the given folders whose checks match one of ours."""
    readers = {"checkov": (list_checkov, list_checkov_graph), "trivy": (list_trivy,), "sentinel": (list_sentinel,)}
    for source, folder in folders.items():
        for read in readers[source] if folder else ():
            assert folder
            yield from (case for case in read(folder) if case.check in asked.get(source, {}))


def judge_all(cases: Sequence[Case], stated: Mapping[str, Any]) -> Iterator[Answered]:
    """Yield our answer on each label, printing the progress."""
    criteria, about = read_bounds(), stated["about"]
    checks = {check: policies for source in _SOURCES for check, policies in stated[source].items()}
    questions = {check: read_questions(policies, about.get(check, {})) for check, policies in checks.items()}
    for first in range(0, len(cases), _BATCH):
        for example in evaluate(cases[first : first + _BATCH]):
            yield from answer(example, questions[example.case.check], criteria)
        print(f"{min(first + _BATCH, len(cases))} of {len(cases)}", file=sys.stderr, flush=True)


def read_differences(stated: Mapping[str, Any]) -> Differences:
    """Read who is right in each difference, by check, example and resource."""
    return {(each["check"], each["example"], each.get("resource", "")): each for each in stated.get("differences", ())}


def main(arguments: argparse.Namespace) -> int:
    """Judge all cases and print the result; write the page if requested."""
    os.environ.setdefault("PRODGATE_TERRAFORM_TIMEOUT", _LIMIT)
    stated: dict[str, Any] = tomllib.loads(STATED.read_text("utf-8"))
    load_policies(find_folders("policies", None))
    folders = {"checkov": arguments.checkov, "trivy": arguments.trivy, "sentinel": arguments.sentinel}
    cases = [each for each in list_cases(folders, stated) if arguments.only in f"{each.check} {each.name}"]
    answered, right = list(judge_all(cases, stated)), read_differences(stated)
    print("\n".join(render_summary(answered, right)))
    agreed, ours, asked = count_right(answered, right)
    print(f"{asked} labels are asked, and {agreed} of them answered alike ({agreed / max(asked, 1):.1%})")
    print(f"could not be asked: {sum(each.is_refused for each in answered)}")
    return int(agreed + ours < TARGET * asked)


def _read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Compare the answers of policies with labelled examples of others.")
    for name in ("checkov", "trivy", "sentinel"):
        parser.add_argument(f"--{name}", type=Path, metavar="FOLDER")
    parser.add_argument("--only", default="", metavar="WORD", help="judge the examples alone whose name has it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main(_read_arguments()))
