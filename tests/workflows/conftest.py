"""What the tests of the workflows share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workflows.aws_server import loaded_aws


@pytest.fixture(scope="session")
def aws() -> Iterator[Path]:
    """The socket of AWS's own command line, for `staged`."""
    with loaded_aws() as path:
        yield path
