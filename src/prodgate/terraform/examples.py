"""Examples of policies: each is Terraform whose comments state the policy's conclusion on each resource.

One run of core evaluates all examples: each is a module of one root, judged as if it were alone. A required variable of
an example becomes a value that is decided later.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ..criteria import Criterion, UsageError
from ..findings import Outcome
from ..processes.regular_files import read_measured
from .evaluate import evaluate
from .policy import Policy, apply
from .resources import Configuration, Resource

#: Word of a comment -> the outcome; a resource without one is satisfied.
MARKS: Final[Mapping[str, Outcome]] = {
    "violates": Outcome.NOT_SATISFIED,
    "undetermined": Outcome.UNDETERMINED,
    "not-applicable": Outcome.NOT_APPLICABLE,
}
_HEADER: Final = re.compile(
    r'^resource\s+"(?P<type>\w+)"\s+"(?P<name>\w+)"\s*\{'
    r"(?:[^#\n]*#\s*(?P<mark>violates|undetermined|not-applicable)\s+(?P<id>\w+))?",
    re.M,
)
_PROVIDER: Final = re.compile(
    r'^provider "(?P<name>\w+)" \{(?:[^#\n]*#\s*(?P<mark>violates|undetermined|not-applicable)\s+\w+)?\n'
    r'\s*alias\s*=\s*"(?P<alias>\w+)"',
    re.M,
)
_VARIABLE: Final = re.compile(r'^variable\s+"(\w+)"\s*\{([^\n]*\}$|.*?^\})', re.M | re.S)
_AROUND: Final = (
    'resource "terraform_data" "later" {}',
    'provider "aws" {\n  region = "ap-northeast-1"\n  allowed_account_ids = ["123456789012"]\n}',
)


def evaluate_examples(examples: Iterable[Path]) -> Mapping[str, Configuration]:
    """Return the resources of each example, by the id of its policy, which is its name.

    Raises TerraformError, and UsageError for examples that can't be evaluated completely.
    """
    files = sorted(examples)
    with TemporaryDirectory(prefix="prodgate-examples-") as directory:
        root = Path(directory)
        for example in files:
            (root / example.stem).mkdir()
            (root / example.stem / "main.tf").write_text(read_measured(example).decode("utf-8"), "utf-8")
        (root / "main.tf").write_text(_make_root(files), "utf-8")
        whole = evaluate(root)
    if whole.gaps:
        raise UsageError("\n".join(f"{gap.subject}: {gap.reason}" for gap in whole.gaps))
    found: dict[str, list[Resource]] = {example.stem: [] for example in files}
    for resource in (*whole.resources, *whole.providers):
        if (id_ := resource.module.split(".")[-1]) in found:
            found[id_].append(resource)
    return {id_: _alone(whole, resources) for id_, resources in found.items()}


def _make_root(examples: Iterable[Path]) -> str:
    calls = [*_AROUND]
    for example in examples:
        text = read_measured(example).decode("utf-8")
        required = [name for name, body in _VARIABLE.findall(text) if "default" not in body]
        arguments = "".join(f"\n  {name} = terraform_data.later.id" for name in required)
        calls.append(f'module "{example.stem}" {{\n  source = "./{example.stem}"{arguments}\n}}')
    return "\n".join(calls)


def _alone(whole: Configuration, resources: Iterable[Resource]) -> Configuration:
    return Configuration(root="example", engine=whole.engine, resources=tuple(resources))


def find_disagreements(policy: Policy, text: str, example: Configuration, criterion: Criterion) -> Iterator[str]:
    """Yield the policy's conclusions that differ from its example's comments, one line each.

    ``text`` is the example's. An example without a good or a bad resource proves nothing, and is reported; neither does
    a policy that no resource satisfies.
    """
    expected, foreign = _read_marks(policy, text)
    judged = _judge(policy, example, criterion)
    yield from foreign
    for subject in sorted(expected.keys() | judged.keys()):
        said, (outcome, finding) = expected.get(subject), judged.get(subject, (None, "not judged"))
        if said is not outcome:
            yield f"{subject.partition('.')[2].partition('.')[2]}: marked {said or 'as nothing'}, and is {finding}"
    shown = {Outcome.NOT_SATISFIED: f"violates it; mark one by # violates {policy.id}", Outcome.SATISFIED: "keeps it"}
    yield from (f"shows no resource that {how}" for outcome, how in shown.items() if outcome not in expected.values())
    nothing = Configuration(root="empty", engine="none", resources=())
    if Outcome.SATISFIED in {finding.outcome for finding in apply(policy, nothing, criterion)}:
        yield "is satisfied where nothing is declared at all"


def _read_marks(policy: Policy, text: str) -> tuple[dict[str, Outcome], list[str]]:
    """Return the outcome of each address by the comments, and marks that are for another policy."""
    expected, foreign = dict[str, Outcome](), []
    for header in _HEADER.finditer(text):
        if header["id"] not in (None, policy.id):
            foreign.append(f"{header['type']}.{header['name']}: is marked for {header['id']}; write {policy.id}")
        if not policy.resources or header["type"] in policy.resources or header["mark"]:
            outcome = MARKS[header["mark"]] if header["mark"] else Outcome.SATISFIED
            expected[f"module.{policy.id}.{header['type']}.{header['name']}"] = outcome
    for block in _PROVIDER.finditer(text) if "provider_block" in policy.resources else ():
        outcome = MARKS[block["mark"]] if block["mark"] else Outcome.SATISFIED
        expected[f"module.{policy.id}.provider.{block['name']}.{block['alias']}"] = outcome
    return expected, foreign


def _judge(policy: Policy, example: Configuration, criterion: Criterion) -> dict[str, tuple[Outcome, str]]:
    """Return address -> (outcome, finding). A policy on the whole configuration judges each resource alone."""
    judged: dict[str, tuple[Outcome, str]] = {}
    if policy.resources:
        for finding in apply(policy, example, criterion):
            judged.setdefault(finding.subject, (finding.outcome, str(finding)))  # the first fault, if there are several
        return judged
    for resource in [one for one in example.resources if one.mode == "managed"]:
        first = next(apply(policy, _alone(example, [resource]), criterion))
        judged[resource.address] = (first.outcome, str(first))
    return judged
