"""Fixtures for tests of the workflows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from prodgate.rehearsal.account import OriginalAccount
from tests.workflows.aws_server import loaded_aws
from tests.workflows.stage import Stage, staged


@pytest.fixture(scope="session")
def aws() -> Iterator[Path]:
    """The socket of AWS's own command line, for `staged`."""
    with loaded_aws() as path:
        yield path


@pytest.fixture
def stage(production: OriginalAccount, aws: Path, tmp_path: Path) -> Iterator[Stage]:
    """Before a release."""
    with staged(production, aws, tmp_path) as found:
        yield found
