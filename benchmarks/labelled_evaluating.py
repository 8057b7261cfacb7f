"""Evaluates many examples at once: each is a module of one root, and is mended there if core refuses it."""

import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from labelled_cases import Case
from labelled_mending import list_names, mend, prepare

from prodgate.terraform.diagnostics import Diagnostic, TerraformError
from prodgate.terraform.evaluate import Given, open_configurations
from prodgate.terraform.provider.schema import aws_schemas
from prodgate.terraform.resources import Configuration

#: How often a root is evaluated again after something in it was mended.
_ROUNDS: Final = 40


@dataclass(slots=True)
class Evaluated:
    """An example's resources, or why it is refused; ``left_out`` explains missing parts."""

    case: Case
    found: Configuration | None = None
    refused: str = ""
    left_out: dict[str, str] = field(default_factory=dict)
    mended: set[str] = field(default_factory=set)
    """Addresses in which a value was made unknown, or something taken out."""
    names: dict[str, set[str]] = field(default_factory=dict)
    """Address -> the addresses that it names, as it was written."""

    def declares(self, address: str) -> bool:
        """Whether it declares a resource at an address without indices."""
        prefix = f"{self.found.root}." if self.found and not self.case.plan else ""
        held = self.found.resources if self.found else ()
        return any(each.configured_as == f"{prefix}{address}" for each in held)


def evaluate(cases: Sequence[Case]) -> Iterator[Evaluated]:
    """Yield the resources of each example; evaluates halves apart if an error of core belongs to none alone."""
    yield from (_read_plan(case) for case in cases if case.plan)
    written = [case for case in cases if not case.plan]
    try:
        yield from _evaluate_modules(written)
    except LookupError as error:
        half = len(written) // 2
        yield from (Evaluated(case, refused=str(error)) for case in written[: int(half == 0)])
        yield from evaluate(written[:half])
        yield from evaluate(written[half:] if half else ())


def _evaluate_modules(cases: Sequence[Case]) -> list[Evaluated]:
    with tempfile.TemporaryDirectory(prefix="prodgate-") as made:
        root = Path(made)
        folders = {f"c{number}": Evaluated(case) for number, case in enumerate(cases)}
        for name, each in folders.items():
            _write(each, root / name)
        whole = _evaluate(root, folders)
    for name, each in folders.items():
        if whole and not each.refused:
            each.found = _take_out(whole, f"module.{name}.")
    return list(folders.values())


def _read_plan(case: Case) -> Evaluated:
    with tempfile.TemporaryDirectory(prefix="prodgate-") as made:
        (file := Path(made) / "plan.json").write_text(case.plan, "utf-8")
        try:
            return Evaluated(case, found=open_configurations(file)[0], mended=set(_list_lacking(case.plan)))
        except TerraformError as error:
            return Evaluated(case, refused=error.diagnostics[0].summary)


def _list_lacking(plan: str) -> Iterator[str]:
    """Yield the resources of a plan whose mock lacks a required argument."""
    for row in json.loads(plan)["resource_changes"]:
        attributes = aws_schemas().block("resource", row["type"])["attributes"]
        if any(attributes[name].get("required") for name in row["change"]["after_unknown"] if name in attributes):
            yield row["address"]


def _write(example: Evaluated, folder: Path) -> None:
    if example.case.folder:
        shutil.copytree(example.case.folder, folder)
    else:
        folder.mkdir()
        (folder / "main.tf").write_text(example.case.text, "utf-8")
    example.names = list_names(folder)
    left_out, mended = prepare(folder)
    example.left_out |= left_out
    example.mended |= mended


def _evaluate(root: Path, folders: dict[str, Evaluated]) -> Configuration | None:
    for _ in range(_ROUNDS):
        names = [name for name, each in folders.items() if not each.refused]
        calls = [f'module "{name}" {{\n  source = "./{name}"\n}}\n' for name in names]
        (root / "main.tf").write_text("".join(calls), "utf-8")
        try:
            return open_configurations(root, given=Given())[0] if names else None
        except TerraformError as error:
            _mend_all(root, folders, error.diagnostics)
    raise LookupError(f"is refused after {_ROUNDS} rounds")


def _mend_all(root: Path, folders: dict[str, Evaluated], errors: Sequence[Diagnostic]) -> None:
    """Mend the first error of each example. Raises LookupError if an error belongs to none."""
    mended = set()
    for error in errors:
        place = error.position.file if error.position else error.address.removeprefix("module.").replace(".", "/")
        name = place.partition("/")[0]
        if name not in folders:
            raise LookupError(str(error))
        if name in mended:
            continue
        mended.add(name)
        try:
            address, taken = mend(root / name, error)
        except LookupError as failed:
            folders[name].refused = str(failed)
        else:
            folders[name].mended.add(address)
            folders[name].left_out |= {address: f"{error.summary}: {error.detail}"} if taken else {}


def _take_out(whole: Configuration, prefix: str) -> Configuration:
    own = [each for each in whole.resources if each.address.startswith(prefix)]
    gaps = [each for each in whole.gaps if each.subject.startswith(prefix)]
    return Configuration(root=prefix.rstrip("."), engine=whole.engine, resources=own, gaps=gaps)
