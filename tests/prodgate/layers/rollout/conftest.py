"""What tests of a watch share."""

from __future__ import annotations

import pytest

from prodgate.layers.rollout import failed_migration, watching


@pytest.fixture(autouse=True)
def nothing_is_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch begins at once: a test that wants requests before a deployment waits for these, not for a time."""
    for module in (watching, failed_migration):
        monkeypatch.setattr(module, "BEFORE", 0.0)
