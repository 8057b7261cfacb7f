"""An instance of Sigstore on loopback, and a run that it signed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.trees import write_tree

from ..conftest import Gate, Said
from ..signatures.sigstore_instance import Instance, running_instance
from .forgeries import WHO, sign
from .sealed import EVE, NIGHTLY, make_run, pem
from .test_seals import private


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
def ask(gate: Gate) -> Gate:
    """Run `prodgate verify` on a run with the instance's trusted root; the signer counts unless words say who does."""

    def verify(run: Path, *words: object, ends: int = 0) -> Said:
        return gate("verify", run, "--trusted-root", "trusted_root.json", *(words or WHO), ends=ends)

    return verify


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """A folder with keys of an accepted signer, and of another one."""
    write_tree(tmp_path, {"nightly.pem": private(NIGHTLY), "nightly.pub": pem(NIGHTLY), "eve.pub": pem(EVE)})
    return tmp_path
