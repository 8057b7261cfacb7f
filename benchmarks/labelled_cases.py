"""The labelled examples of others, read as text: none of their code runs."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

_ID: Final = re.compile(r'id\s*=\s*"(CKV\w+)"')
_CHECK: Final = re.compile(r"from (checkov\.terraform\.checks\.resource\.aws\.\w+) import check")
_EXAMPLE: Final = re.compile(r"example_\w+")
#: The sets in which a Checkov test names the resources that must pass and fail.
_SETS: Final = {"passing_resources": False, "failing_resources": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An example: a folder, the text of one file, or a plan, with the labels of it or of its resources."""

    source: str
    check: str
    name: str
    folder: Path | None = None
    text: str = ""
    plan: str = ""
    """The plan.json, if it is one."""
    bad: bool = False
    """Whether something in it is bad, if ``labels`` name no resource."""
    labels: Mapping[str, bool] = field(default_factory=dict)
    """Address of a resource -> whether it is bad."""


def list_checkov(root: Path) -> Iterator[Case]:
    """Yield an example of each Checkov test that names resources which must pass and fail."""
    tests = root / "tests" / "terraform" / "checks" / "resource" / "aws"
    for test in sorted(tests.glob("test_*.py")):
        text = test.read_text("utf-8")
        module, example = _CHECK.search(text), _EXAMPLE.search(text)
        if not module or not example or not (tests / example[0]).is_dir():
            continue
        source = root.joinpath(*module[1].split(".")).with_suffix(".py")
        id_ = _ID.search(source.read_text("utf-8")) if source.is_file() else None
        labels = dict(_read_labels(text))
        if id_ and labels:
            folder = tests / example[0]
            yield Case(source="checkov", check=id_[1], name=example[0], folder=folder, labels=labels)


def _read_labels(text: str) -> Iterator[tuple[str, bool]]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Set) and isinstance(node.targets[0], ast.Name):
            bad = _SETS.get(node.targets[0].id)
            named = [each.value for each in node.value.elts if isinstance(each, ast.Constant)]
            yield from ((str(name), bad) for name in named if bad is not None)


def list_checkov_graph(root: Path) -> Iterator[Case]:
    """Yield an example of each Checkov check about connections between resources."""
    for check in sorted((root / "checkov" / "terraform" / "checks" / "graph_checks" / "aws").glob("*.yaml")):
        folder = root / "tests" / "terraform" / "graph" / "checks" / "resources" / check.stem
        if (folder / "expected.yaml").is_file():
            id_ = yaml.safe_load(check.read_text("utf-8"))["metadata"]["id"]
            stated = yaml.safe_load((folder / "expected.yaml").read_text("utf-8"))
            labels = {name: kind == "fail" for kind in ("pass", "fail") for name in stated.get(kind) or ()}
            yield Case(source="checkov", check=id_, name=check.stem, folder=folder, labels=labels)


def list_trivy(root: Path) -> Iterator[Case]:
    """Yield the good and the bad snippets of each Trivy check."""
    checks = root / "checks" / "cloud" / "aws"
    for file in sorted(checks.rglob("*.yaml")):
        stated = (yaml.safe_load(file.read_text("utf-8")) or {}).get("terraform") or {}
        check = file.relative_to(checks).with_suffix("").as_posix()
        for kind in ("good", "bad"):
            for number, text in enumerate(stated.get(kind) or (), start=1):
                yield Case(source="trivy", check=check, name=f"{kind} {number}", text=text, bad=kind == "bad")
