"""Environments of their own: made once, whole or not at all, by one process at a time."""

import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from prodgate.engines import environments
from prodgate.engines.environments import STAMP, EngineError, cache_directory, ensure_python, find_python
from tests.prodgate.ending import ended


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
    """Return what is written into a file, as soon as it is there."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if file.exists() and (text := file.read_text()).endswith("\n"):
            return text
        time.sleep(0.01)
    raise AssertionError(f"{file} did not appear")


#: A uv that has no Python but one, and says what it was asked for.
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
