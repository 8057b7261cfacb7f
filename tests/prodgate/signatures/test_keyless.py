"""What is asked of Sigstore's services ends."""

from __future__ import annotations

from pathlib import Path
from threading import Event
from typing import Any

import pytest

from prodgate.signatures import keyless
from prodgate.signatures.keys import SigningError


def test_services_that_never_answer_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keyless, "LIMIT", 0.01)
    over = Event()
    with pytest.raises(SigningError, match="gave no answer within"):
        keyless._ask(over.wait)
    over.set()


def test_the_keys_of_the_public_instance_are_fetched_only_when_that_is_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from sigstore.models import ClientTrustConfig

    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    keyless._load_verifier(None)
    assert capfd.readouterr() == ("", "")
    asked: list[Any] = []
    monkeypatch.setattr(ClientTrustConfig, "production", lambda: asked.append(1) or ClientTrustConfig)
    keyless.fetch_trusted_root()
    assert asked == [1]

    def fail() -> None:
        raise OSError("no way out")

    monkeypatch.setattr(ClientTrustConfig, "production", fail)
    with pytest.raises(keyless.KeylessUnready, match="OSError: no way out"):
        keyless.fetch_trusted_root()
