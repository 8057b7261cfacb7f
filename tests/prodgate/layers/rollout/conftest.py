"""What tests of a watch share."""

from __future__ import annotations

import pytest

from prodgate.layers.rollout import watching


@pytest.fixture(autouse=True)
def nothing_is_waited_for_in_vain(monkeypatch: pytest.MonkeyPatch) -> None:
    """A watch begins at once: a test that wants requests before a deployment waits for these, not for a time."""
    monkeypatch.setattr(watching, "BEFORE", 0.0)
