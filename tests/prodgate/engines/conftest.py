"""The tree next to this file, scanned once by the real Checkov for all tests that look at the report."""

from pathlib import Path
from typing import NamedTuple

import pytest

from prodgate.engines.checkov import ScannerReport, scanning
from prodgate.engines.environments import ensure_python
from prodgate.terraform.evaluate import evaluate
from prodgate.terraform.resources import Configuration

TREE = Path(__file__).parent / "tree"


class Scanned(NamedTuple):
    report: ScannerReport
    configuration: Configuration


def quiet(_step: str) -> None:
    """Report no progress."""


@pytest.fixture(scope="session")
def checkov() -> Path:
    """The python of Checkov's environment, made in the user's cache when it is not there."""
    return ensure_python("checkov", quiet)


@pytest.fixture(scope="session")
def scanned(checkov: Path) -> Scanned:
    with scanning(TREE, TREE, progress=quiet) as scan:
        configuration = evaluate(TREE, on_plan=scan.submit_plan)
        return Scanned(scan.report(), configuration)
