"""An instance of Sigstore on loopback, and a run that it was asked to sign."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ..signatures.sigstore_instance import Instance, running_instance
from .forgeries import sign
from .sealed import EVE, NIGHTLY, make_run, pem
from .test_signers import private


@pytest.fixture(scope="module")
def own() -> Iterator[Instance]:
    with running_instance() as instance:
        yield instance


@pytest.fixture
def instance(own: Instance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Instance]:
    for name, value in own.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    own.write(tmp_path)
    kept = dict(vars(own))
    yield own
    vars(own).update(kept)


@pytest.fixture(scope="module")
def signed(own: Instance, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    own.write(folder)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in own.environment().items():
            patch.setenv(name, value)
        patch.chdir(folder)
        return sign(make_run(folder))


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with keys of somebody who counts, and of somebody who does not."""
    (tmp_path / "nightly.pem").write_text(private(NIGHTLY))
    (tmp_path / "nightly.pub").write_text(pem(NIGHTLY))
    (tmp_path / "eve.pub").write_text(pem(EVE))
    return tmp_path
