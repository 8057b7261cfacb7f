"""Separate environments: made once, completely or not at all, by one process at a time."""

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path

import pytest

from prodgate.cli import _parser
from prodgate.commands import handlers
from prodgate.criteria import UsageError
from prodgate.engines import environments, setup
from prodgate.engines.environments import STAMP, EngineError, cache_directory, ensure_python, find_python
from prodgate.engines.programs import PROGRAMS, Chromium
from prodgate.engines.setup import EngineState, check_engines, filling, offline, read_digest
from tests.prodgate.ending import ended
from tests.servers import Handler, serving

from .conftest import WHEEL, quiet


def fake_uv(monkeypatch: pytest.MonkeyPatch, folder: Path, script: str) -> Path:
    uv = folder / "uv"
    uv.write_text(f"#!/bin/sh\n{script}\n")
    uv.chmod(0o755)
    monkeypatch.setattr(environments, "find_uv", lambda: str(uv))
    return uv


def left() -> set[str]:
    """Names in the cache, without locks."""
    folder = cache_directory() / "environments"
    return {each.name for each in folder.iterdir() if each.suffix != ".lock"} if folder.exists() else set()


def test_it_is_made_once_and_holds_what_the_lock_says(locks: Path) -> None:
    steps: list[str] = []
    python = ensure_python("tiny", steps.append, locks=locks)
    assert steps == ["tiny: making its environment, once"]
    assert ensure_python("tiny", steps.append, locks=locks) == python == find_python("tiny", locks=locks)
    assert len(steps) == 1
    said = subprocess.run([python, "-c", "import tiny; print(tiny.size)"], capture_output=True, text=True, check=True)
    assert said.stdout == "1\n"


def test_another_lock_is_another_environment(locks: Path) -> None:
    before = ensure_python("tiny", print, locks=locks)
    with (locks / "tiny.lock").open("a") as lock:
        lock.write("# changed\n")
    assert find_python("tiny", locks=locks) is None
    assert ensure_python("tiny", print, locks=locks) != before
    assert before.exists()


@pytest.mark.parametrize("damage", [STAMP, "bin/python"])
def test_one_that_is_not_whole_is_made_again(locks: Path, damage: str) -> None:
    python = ensure_python("tiny", print, locks=locks)
    (python.parents[1] / damage).unlink()
    assert find_python("tiny", locks=locks) is None
    assert ensure_python("tiny", print, locks=locks) == python == find_python("tiny", locks=locks)
    assert left() == {python.parents[1].name}


def test_two_at_once_make_one(locks: Path) -> None:
    steps: list[str] = []
    pythons: list[Path] = []
    threads = [
        threading.Thread(target=lambda: pythons.append(ensure_python("tiny", steps.append, locks=locks)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pythons[0] == pythons[1]
    assert steps.count("tiny: making its environment, once") == 1


def test_a_wrong_digest_is_refused(locks: Path) -> None:
    lock = locks / "tiny.lock"
    lock.write_text(lock.read_text()[:-65] + "0" * 64 + "\n")
    with pytest.raises(EngineError, match=r"tiny\.lock: can't be installed: .*[Hh]ash"):
        ensure_python("tiny", print, locks=locks)
    assert left() == set()


def test_a_lock_without_digests_is_refused(locks: Path) -> None:
    lock = locks / "tiny.lock"
    lock.write_text(lock.read_text().split(" --hash")[0] + "\n")
    with pytest.raises(EngineError, match=r"tiny\.lock: can't be installed: .*hash"):
        ensure_python("tiny", print, locks=locks)


def test_without_network_it_says_what_to_do(locks: Path) -> None:
    (locks / "tiny.lock").write_text(f"prodgate-has-no-such-package==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(EngineError, match="run prodgate setup where the package index can be reached, once"):
        ensure_python("tiny", print, locks=locks)
    assert left() == set()


def test_a_full_disk_says_what_to_do(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_uv(monkeypatch, locks, 'echo "failed to write: No space left on device (os error 28)" >&2; exit 2')
    with pytest.raises(
        EngineError, match=r"No space left on device \(os error 28\); free 300 MB, or set PRODGATE_CACHE"
    ):
        ensure_python("tiny", print, locks=locks)
    assert left() == set()


def test_a_cache_that_cannot_be_written_says_where(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (locks / "file").touch()
    monkeypatch.setenv("PRODGATE_CACHE", str(locks / "file"))
    with pytest.raises(
        EngineError, match="file/environments: can't hold the environment of tiny: Not a directory; set"
    ):
        ensure_python("tiny", print, locks=locks)


def test_a_missing_uv_says_what_to_install(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise FileNotFoundError("uv")

    monkeypatch.setattr(environments, "find_uv", missing)
    with pytest.raises(EngineError, match=r"tiny\.lock: uv is not installed; pip install uv"):
        ensure_python("tiny", print, locks=locks)


def test_a_uv_on_the_path_does_where_its_package_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "uv", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError):
        environments.find_uv()
    (tmp_path / "uv").write_text("#!/bin/sh\n")
    (tmp_path / "uv").chmod(0o755)
    assert environments.find_uv() == str(tmp_path / "uv")


def test_one_that_hangs_is_ended(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environments, "LIMIT", 0.3)
    fake_uv(monkeypatch, locks, "exec sleep 60")
    with pytest.raises(EngineError, match=r"tiny\.lock: uv did not finish within 0\.3 s"):
        ensure_python("tiny", print, locks=locks)


def test_an_interrupt_leaves_nothing_behind(locks: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from prodgate.engines import environments\n"
        f"environments.find_uv = lambda: {str(locks / 'uv')!r}\n"
        f"environments.ensure_python('tiny', print, locks=Path({str(locks)!r}))\n"
    )
    (locks / "uv").write_text(f'#!/bin/sh\nmkdir -p "$7"\necho $$ > {locks}/pid\nexec sleep 60\n')
    (locks / "uv").chmod(0o755)
    child = subprocess.Popen([sys.executable, "-c", script], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        pid = int(appears(locks / "pid"))
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=120)
    finally:
        child.kill()
    assert b"KeyboardInterrupt" in said
    assert ended(pid)
    assert left() == set()
    assert ensure_python("tiny", print, locks=locks).exists()


def appears(file: Path) -> str:
    """Return the content of a file as soon as it exists."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text()).endswith("\n"):
            return text
        time.sleep(0.01)
    raise AssertionError(f"{file} did not appear")


#: A uv with only one Python, which reports its arguments.
ONLY = 'echo "$*" >> {log}; case "$*" in "python find"*" {release}") echo {python};; *) exit 2;; esac'


def test_an_engine_gets_a_python_that_it_takes(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (locks / "tiny.in").write_text("# Python: 3.8, 3.9\ntiny\n")
    fake_uv(monkeypatch, locks, ONLY.format(log=locks / "log", release="3.8", python=sys.executable))
    environments._find_system_python.cache_clear()
    assert environments._choose_python("tiny", locks) == (sys.executable, "3.8")
    asked = [line.split()[-1] for line in (locks / "log").read_text().splitlines()]
    assert asked == ["3.9", "3.8"], "the newest first"
    ours = environments._locate("tiny", locks)
    (locks / "tiny.in").unlink()
    assert environments._locate("tiny", locks) != ours, "another Python is another environment"


def test_our_own_python_is_taken_without_a_search(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = ".".join(map(str, sys.version_info[:2]))
    (locks / "tiny.in").write_text(f"# Python: 3.8, {ours}\ntiny\n")
    fake_uv(monkeypatch, locks, "exit 2")
    assert environments._choose_python("tiny", locks) == (sys.executable, ours)


def test_a_machine_without_such_a_python_is_told_what_to_install(locks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (locks / "tiny.in").write_text("# Python: 3.8, 3.9\ntiny\n")
    fake_uv(monkeypatch, locks, "exit 2")
    environments._find_system_python.cache_clear()
    told = (
        r"tiny: needs Python 3\.8 or 3\.9, and this machine has none of them; install one \(apt-get install python3\.9"
    )
    with pytest.raises(EngineError, match=told):
        ensure_python("tiny", print, locks=locks)
    assert find_python("tiny", locks=locks) is None


@pytest.mark.parametrize("release", ["2.11.0", "3.0.6", "3.1.8", "3.2.2", "3.3.2"])
def test_every_airflow_is_locked_whole(release: str) -> None:
    lock = (Path(environments.__file__).parent / f"airflow-{release}.lock").read_text("utf-8")
    named = re.findall(r"^([\w.\[\]-]+)==\S+(?: ; [^\\\n]*)? \\$", lock, re.MULTILINE)
    assert {"apache-airflow", "boto3", "feedparser", "psycopg2-binary"} <= set(named)
    assert len(re.findall(r"^[\w.\[\]-]+==", lock, re.MULTILINE)) == len(named), "each has digests"
    assert f"apache-airflow=={release} \\\n" in lock
    built = set(re.findall(r"^--no-binary (\S+)$", lock, re.MULTILINE))
    assert "--only-binary :all:" in lock
    assert built <= {"python-nvd3", "sgmllib3k"}, "what is built runs code of its own"
    assert "--hash=sha256:" in environments._BUILDING.read_text("utf-8")


def test_the_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PRODGATE_CACHE", str(tmp_path))
    assert cache_directory() == tmp_path
    monkeypatch.delenv("PRODGATE_CACHE")
    assert cache_directory().name == "prodgate"


# ── A team's own requirements


def test_a_team_s_requirements_are_installed_besides_and_make_another_environment(locks: Path) -> None:
    own, other = locks / "requirements.txt", locks / "other.txt"
    digest = (locks / "tiny.lock").read_text().partition(" --hash")[0]
    (locks / "empty.lock").write_text("")
    own.write_text("-r other.txt\n")
    other.write_text(f"{digest}\n")
    bare = ensure_python("empty", print, locks=locks)
    python = ensure_python("empty", print, locks=locks, requirements=own, keep="tiny==1.0")
    assert find_python("empty", locks=locks, requirements=own) == python != bare == find_python("empty", locks=locks)
    said = [subprocess.run([each, "-c", "import tiny"], capture_output=True, check=False) for each in (python, bare)]
    assert [each.returncode for each in said] == [0, 1]
    other.write_text(f"{digest}\n# changed\n")
    assert find_python("empty", locks=locks, requirements=own) is None


@pytest.mark.parametrize(
    ("text", "keep", "said"),
    [("-r nowhere.txt\n", "", "nowhere.txt: can't be read"), ("TINY\n", "tiny==2.0", "can't be installed")],
)
def test_requirements_that_cannot_be_had_are_refused(locks: Path, text: str, keep: str, said: str) -> None:
    own = locks / "requirements.txt"
    (locks / "empty.lock").write_text("")
    own.write_text(text.replace("TINY", (locks / "tiny.lock").read_text().partition(" --hash")[0]))
    with pytest.raises(EngineError, match=said):
        ensure_python("empty", print, locks=locks, requirements=own, keep=keep)


# ── prodgate setup


def states() -> dict[str, EngineState]:
    return {state.name: state for state in check_engines(quiet, installs=False)}


def test_what_is_there_is_ready(checkov: Path) -> None:
    found = states()
    assert found["Terraform core"].ready
    assert found["Checkov"] == EngineState("Checkov", True, str(checkov.parents[1]))
    assert found["Airflow"] == EngineState("Airflow", True, str(ensure_python("airflow-3.0.6", quiet).parents[1]))


def test_what_is_missing_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, _progress: object) -> Path:
        raise EngineError(f"{name}.lock: can't be installed; run prodgate setup")

    monkeypatch.setattr(setup, "ensure_python", refuse)
    monkeypatch.setenv("PRODGATE_TERRAFORM", "/no/such/terraform")
    monkeypatch.setenv("PRODGATE_CHROMIUM", "/no/such/chromium")
    monkeypatch.setenv("PRODGATE_HAPROXY", "/no/such/haproxy")
    found = states()
    assert found["Checkov"].detail == "checkov.lock: can't be installed; run prodgate setup"
    assert found["Airflow"].detail == "airflow-3.0.6.lock: can't be installed; run prodgate setup"
    assert "PRODGATE_TERRAFORM: no program '/no/such/terraform'" in found["Terraform core"].detail
    assert "PRODGATE_CHROMIUM: '/no/such/chromium' is no program" in found["Chromium"].detail
    assert "PRODGATE_HAPROXY: '/no/such/haproxy' is no program" in found["HAProxy"].detail
    assert not any(state.ready for state in found.values())


@pytest.mark.parametrize(("program", "detail"), [("/opt/chromium", "/opt/chromium"), ("", "kept by Playwright")])
def test_chromium_is_needed_and_says_where_it_is(
    monkeypatch: pytest.MonkeyPatch, checkov: Path, program: str, detail: str
) -> None:
    monkeypatch.setitem(PROGRAMS, "Chromium", (lambda _environment, _run: Chromium(program, "Playwright"), ()))
    assert states()["Chromium"] == EngineState("Chromium", True, detail)


def test_a_program_that_is_no_terraform_is_not_ready(monkeypatch: pytest.MonkeyPatch, checkov: Path) -> None:
    monkeypatch.setenv("PRODGATE_TERRAFORM", "/bin/true")
    assert "tells no version" in states()["Terraform core"].detail


# ── Carried to a machine that reaches no package index


class Index(Handler, SimpleHTTPRequestHandler):
    """A silent package index of one folder."""


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
    index = partial(Index, directory=str(indexed / "index"))
    with serving(index) as url, monkeypatch.context() as patched:
        patched.setenv("UV_DEFAULT_INDEX", f"{url}/simple")
        with filling(indexed / "filled"):
            made = ensure_python("tiny", quiet, locks=indexed)
    assert not made.exists(), "nothing is installed where the folder is filled"
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"{url}/simple")
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


def test_what_a_setup_that_was_killed_left_is_removed_by_the_next(indexed: Path, carried: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from prodgate.engines.setup import offline\n"
        "with offline(Path(sys.argv[1])): print('copied', flush=True); sys.stdin.read()\n"
    )
    command = [sys.executable, "-c", script, str(carried)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"copied\n"
        child.kill()
    assert (cache_directory() / "carried").exists()
    with offline(carried):
        assert ensure_python("tiny", quiet, locks=indexed).exists()
    assert {each.name for each in cache_directory().iterdir()} == {".carried.lock", "environments"}


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
    installing: list[bool] = []
    monkeypatch.setattr(setup, "find_programs", lambda _names, _progress, installs: installing.append(installs) or {})
    handlers.setup(call("--offline", str(folder), "--digest", digest))
    assert [each["engine"] for each in json.loads(capsys.readouterr().out)][1:3] == ["Checkov", "Airflow"]
    handlers.setup(call("--offline", str(folder), "--digest", digest, "--install"))
    monkeypatch.setattr(setup, "make_environments", lambda _progress: ())
    handlers.setup(call("--install"))
    assert installing == [False, False, True]  # no program of the system is in such a folder
    with pytest.raises(UsageError, match="has the digest"):
        handlers.setup(call("--offline", str(folder), "--digest", "0" * 64))
    with pytest.raises(SystemExit):
        call("--offline", "a", "--keep", "b")
