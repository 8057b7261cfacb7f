"""A bundle is one file, the same bytes every time, and nothing but a bundle is taken for one."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from prodgate.sealing.bundles import BundleError, make_bundle, open_bundle

from .sealed import ask_gate, make_run, seal


def packed(tmp_path: Path) -> tuple[Path, bytes]:
    run = make_run(tmp_path / "made")
    seal(run)
    return run, make_bundle(run, run.name)


def opened(tmp_path: Path, data: bytes) -> Path:
    (tmp_path / "run.tar").write_bytes(data)
    (tmp_path / "into").mkdir()
    return open_bundle(tmp_path / "run.tar", tmp_path / "into")


def test_a_run_is_the_same_after_it_was_packed(tmp_path: Path) -> None:
    run, data = packed(tmp_path)
    for path in run.rglob("*"):
        os.utime(path, (0, 0))
    (run / "run.json").chmod(0o600)
    assert make_bundle(run, run.name) == data
    assert ask_gate(opened(tmp_path, data)) == []


def test_no_byte_of_a_bundle_can_be_another(tmp_path: Path) -> None:
    _, data = packed(tmp_path)
    for number, place in enumerate((*range(0, 600, 7), *range(600, len(data), 997), len(data) - 1)):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert refuses(folder, data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]), place


def refuses(folder: Path, data: bytes) -> bool:
    try:
        return bool(ask_gate(opened(folder, data)))
    except BundleError:
        return True


def archive(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        for entry, data in entries:
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return made.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, "/etc/passwd"
    return made


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no archive",
        archive((entry("../run/x"), b"x")),
        archive((entry("/run/x"), b"x")),
        archive((entry("run/../../x"), b"x")),
        archive((entry("x"), b"x")),
        archive((entry("run/x", tarfile.SYMTYPE), b"")),
        archive((entry("run/x", tarfile.LNKTYPE), b"")),
        archive((entry("run/x", tarfile.FIFOTYPE), b"")),
        archive((entry("run", tarfile.DIRTYPE), b"")),
        archive((entry("run/x"), b"x"), (entry("run/x"), b"y")),
        archive((entry("run/x"), b"x"), (entry("other/x"), b"y")),
        archive((entry("run/x"), b"x")) + b"more",
        archive((entry("run/y"), b"x"), (entry("run/x"), b"x")),
    ],
)
def test_what_is_no_bundle_is_refused_and_writes_nothing_elsewhere(tmp_path: Path, data: bytes) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    with pytest.raises(BundleError, match="CHANGED: is n"):
        opened(inner, data)
    assert {path.name for path in tmp_path.rglob("*") if path.is_file()} <= {"run.tar", "x", "y"}
    assert not list(tmp_path.glob("x"))
    assert not list(inner.glob("x"))


def test_a_link_is_not_packed(tmp_path: Path) -> None:
    run, _ = packed(tmp_path)
    (run / "link").symlink_to("run.json")
    with pytest.raises(BundleError, match="link: is a link or no file, which no bundle holds"):
        make_bundle(run, run.name)
