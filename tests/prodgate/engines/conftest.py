"""The tree next to this file, scanned once by the real Checkov for all tests that read the report."""

import hashlib
import zipfile
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
    """The python of Checkov's environment, made in the user's cache if it is missing."""
    return ensure_python("checkov", quiet)


@pytest.fixture(scope="session")
def scanned(checkov: Path) -> Scanned:
    with scanning(TREE, TREE, progress=quiet) as scan:
        configuration = evaluate(TREE, on_plan=scan.submit_plan)
        return Scanned(scan.report(), configuration)


WHEEL = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lock file of one small wheel that needs no network, and a cache of its own."""
    monkeypatch.setenv("PRODGATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("UV_OFFLINE", "1")
    wheel = tmp_path / WHEEL
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "size = 1\n")
        archive.writestr("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n")
        archive.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (tmp_path / "tiny.lock").write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    return tmp_path
