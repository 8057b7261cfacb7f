"""What engines are made of is carried in a folder to a machine that reaches no package index."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from prodgate.cli import _parser
from prodgate.commands import handlers
from prodgate.criteria import UsageError
from prodgate.engines import setup
from prodgate.engines.carrying import filling, offline, read_digest
from prodgate.engines.environments import EngineError, ensure_python

from .conftest import WHEEL, quiet


class Index(SimpleHTTPRequestHandler):
    """A package index of one folder, which says nothing."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Index, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def indexed(locks: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock file of a small wheel that only an index has, and what that index serves."""
    monkeypatch.delenv("UV_OFFLINE")
    place = locks / "index" / "simple" / "tiny"
    place.mkdir(parents=True)
    digest = hashlib.sha256((locks / WHEEL).read_bytes()).hexdigest()
    (locks / WHEEL).rename(place / WHEEL)
    (place / "index.html").write_text(f'<a href="{WHEEL}#sha256={digest}">{WHEEL}</a>')
    (locks / "tiny.lock").write_text(f"tiny==1.0 --hash=sha256:{digest}\n")
    return locks


@pytest.fixture
def carried(indexed: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that was filled from an index that is gone, and carried to another place."""
    with serving(indexed / "index") as url, monkeypatch.context() as patched:
        patched.setenv("UV_DEFAULT_INDEX", url)
        with filling(indexed / "filled"):
            made = ensure_python("tiny", quiet, locks=indexed)
    assert not made.exists(), "nothing is installed where the folder is filled"
    monkeypatch.setenv("UV_DEFAULT_INDEX", url)
    return (indexed / "filled").rename(indexed / "carried")


def test_a_folder_that_was_filled_suffices_where_no_index_is(indexed: Path, carried: Path) -> None:
    before = dict(os.environ)
    for path in [carried, *carried.rglob("*")]:
        path.chmod(path.stat().st_mode & ~0o222)  # as on a medium that nobody can write to
    with offline(carried, read_digest(carried)):
        python = ensure_python("tiny", quiet, locks=indexed)
    said = subprocess.run([python, "-c", "import tiny; print(tiny.size)"], capture_output=True, text=True, check=True)
    assert said.stdout == "1\n"
    assert {name: os.environ.get(name) for name in ("UV_CACHE_DIR", "UV_OFFLINE", "PRODGATE_CACHE")} == {
        name: before.get(name) for name in ("UV_CACHE_DIR", "UV_OFFLINE", "PRODGATE_CACHE")
    }


def change(carried: Path, _contents: Path) -> None:
    (module,) = carried.rglob("tiny.py")
    module.write_text("size = 2\n")


def add(carried: Path, _contents: Path) -> None:
    (module,) = carried.rglob("tiny.py")
    module.with_name("more.pth").write_text("import os\n")


def take_away(carried: Path, _contents: Path) -> None:
    (module,) = carried.rglob("tiny.py")
    module.unlink()


def lead_elsewhere(carried: Path, _contents: Path) -> None:
    (link,) = [path for path in carried.rglob("*") if path.is_symlink()]
    link.unlink()
    link.symlink_to("../../../../archive-v0")


def spoil(_carried: Path, contents: Path) -> None:
    contents.write_text("[")


def exchange(carried: Path, contents: Path) -> None:
    change(carried, contents)
    (module,) = carried.rglob("tiny.py")
    stated = json.loads(contents.read_text()) | {
        module.relative_to(carried / "packages").as_posix(): hashlib.sha256(module.read_bytes()).hexdigest()
    }
    contents.write_text(json.dumps(stated, indent=1))


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        (change, r"tiny\.py: was changed since it was filled"),
        (add, r"more\.pth was added or taken away"),
        (take_away, r"tiny\.py was added or taken away"),
        (lead_elsewhere, r"1\.0-py3-none-any: was changed"),
        (spoil, "has the digest"),
        (exchange, "has the digest .*; it is not what was filled"),
    ],
)
def test_what_was_changed_on_the_way_is_not_installed(
    carried: Path, spoilt: Callable[[Path, Path], None], said: str
) -> None:
    digest, contents = read_digest(carried), carried / "contents.json"
    spoilt(carried, contents)
    with pytest.raises(EngineError, match=said), offline(carried, digest):
        pytest.fail("is never reached")
    if spoilt is not exchange:
        with pytest.raises(EngineError), offline(carried):
            pytest.fail("is never reached")


def test_a_folder_is_filled_once(carried: Path) -> None:
    with pytest.raises(EngineError, match="packages: is there; name a new folder"), filling(carried):
        pytest.fail("is never reached")


def test_a_folder_without_what_is_needed_says_so(indexed: Path) -> None:
    with pytest.raises(EngineError, match="holds no packages, or not all of them; fill it"):
        read_digest(indexed / "nowhere")
    with filling(indexed / "empty"):
        pass
    with offline(indexed / "empty"), pytest.raises(EngineError, match=r"tiny\.lock: can't be installed"):
        ensure_python("tiny", quiet, locks=indexed)


def test_without_an_index_programs_are_only_looked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(setup, "ensure_python", lambda name, _progress: tmp_path / name / "bin" / "python")
    monkeypatch.setattr(setup, "ensure_chromium", lambda _progress: pytest.fail("would be downloaded"))
    monkeypatch.setattr(setup, "find_chromium", lambda: None)
    monkeypatch.setattr(setup, "find_shell_of_playwright", lambda: None)
    monkeypatch.setenv("PRODGATE_HAPROXY", "/no/such/haproxy")
    found = {state.name: state for state in setup.check_engines(quiet, fetches=False)}
    assert found["Checkov"].ready
    assert "install chromium-headless-shell and fonts-noto-cjk from your mirror" in found["Chromium"].detail
    assert "PRODGATE_HAPROXY" in found["HAProxy"].detail


def test_the_command_keeps_and_installs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def ready(name: str, _progress: object) -> Path:
        return Path(os.environ["UV_CACHE_DIR"]) / name / "bin" / "python"

    monkeypatch.setattr(setup, "ensure_python", ready)
    folder = tmp_path / "carried"

    def call(*words: str) -> argparse.Namespace:
        return _parser().parse_args(["setup", "--json", *words])

    with pytest.raises(UsageError, match="holds no packages"):
        handlers.setup(call("--offline", str(folder)))
    assert handlers.setup(call("--keep", str(folder))) == 0
    kept = json.loads(capsys.readouterr().out)
    assert [each["engine"] for each in kept] == ["Checkov", "Airflow"]
    digest = read_digest(folder)
    assert {each["detail"] for each in kept} == {f"kept in {folder}, whose contents have the digest {digest}"}
    monkeypatch.setattr(setup, "find_chromium", lambda: None)
    monkeypatch.setattr(setup, "find_shell_of_playwright", lambda: None)
    handlers.setup(call("--offline", str(folder), "--digest", digest))
    assert [each["engine"] for each in json.loads(capsys.readouterr().out)][1:3] == ["Checkov", "Airflow"]
    with pytest.raises(UsageError, match="has the digest"):
        handlers.setup(call("--offline", str(folder), "--digest", "0" * 64))
    with pytest.raises(UsageError, match="name it by --offline"):
        handlers.setup(call("--digest", digest))
    with pytest.raises(SystemExit):
        call("--offline", "a", "--keep", "b")
