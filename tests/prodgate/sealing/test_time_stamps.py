"""The time of a seal is stamped by an authority: OpenSSL makes the stamps, and agrees on those that hold."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.evidence import runs
from prodgate.sealing import seals
from prodgate.signatures import timestamps
from prodgate.signatures.timestamps import TimestampError, request_timestamp, verify_timestamp

from ..signatures.authority import Authority, running_authority
from .sealed import NIGHTLY, ask_other, make_run, pem, seal


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("authority") / "tsa") as authority:
        yield authority


@pytest.fixture
def authority(own: Authority) -> Iterator[Authority]:
    yield own
    own.answer = None


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_run(tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nightly.pub").write_text(pem(NIGHTLY))
    seal(made)
    return made


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([*map(str, words)])
    return code, *capsys.readouterr()


def stamp(run: Path, authority: Authority, *, now: datetime | None = None) -> None:
    found = runs.read(run)
    seals.seal(found, found.verdict(), NIGHTLY, stamp=lambda data: request_timestamp(authority.url, data), now=now)


def test_the_time_of_a_seal_is_stamped_and_openssl_agrees(
    run: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = said(capsys, "seal", run, "--timestamp", authority.url)
    assert (code, err) == (0, "")
    key = ("--unsigned", "--tsa", authority.root)
    code, out, _ = said(capsys, "verify", run, *key)
    assert code == 0
    assert f"time stamped at {datetime.now(UTC):%Y-%m-%d}" in out
    assert "by CN=tsa" in out
    (found,) = json.loads(said(capsys, "verify", run, *key, "--json")[1])["runs"]
    assert datetime.fromisoformat(found["stamped"]) <= datetime.now(UTC) + timedelta(seconds=1)
    told = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "seal.dsse.json", "-in", "seal.tsr", "-CAfile", authority.root],
        cwd=run, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in told.stdout
    assert "its time stamp was not checked; give --tsa" in said(capsys, "verify", run, "--unsigned")[1]


def test_a_stamp_counts_for_its_own_seal_alone(
    run: Path, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = said(capsys, "verify", run, "--key", "nightly.pub", "--tsa", authority.root)
    assert (code, "MISSING: seal.tsr: no authority stands for the time of the seal" in out) == (4, True)
    stamp(run, authority)
    assert ask_other(run, tmp_path / "nightly.pub") == []
    earlier = (run / "seal.tsr").read_bytes()
    seal(run)
    assert not (run / "seal.tsr").exists()
    (run / "seal.tsr").write_bytes(earlier)
    for words in ((), ("--tsa", authority.root)):
        code, out, _ = said(capsys, "verify", run, "--key", "nightly.pub", *words)
        assert (code, "UNLISTED: seal.tsr: is no time stamp of this seal" in out) == (4, True)
    assert ask_other(run, tmp_path / "nightly.pub") == ["UNLISTED: seal.tsr: no time stamp of this seal"]


def test_a_stamp_of_another_authority_does_not_count(
    run: Path, authority: Authority, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_authority(tmp_path / "another") as another:
        stamp(run, another)
    code, out, _ = said(capsys, "verify", run, "--key", "nightly.pub", "--tsa", authority.root)
    assert (code, "WRONG KEY: seal.tsr: " in out) == (4, True)
    assert said(capsys, "verify", run, "--key", "nightly.pub", "--tsa", another.root)[0] == 0


def test_no_byte_of_a_stamp_is_another_one(run: Path, authority: Authority) -> None:
    stamp(run, authority)
    sealed, response, roots = (
        (run / "seal.dsse.json").read_bytes(), (run / "seal.tsr").read_bytes(), [authority.root.read_bytes()],
    )  # fmt: skip
    whole = verify_timestamp(response, sealed, roots)
    for place in range(0, len(response), max(1, len(response) // 40)):
        changed = bytearray(response)
        changed[place] ^= 1
        try:
            assert verify_timestamp(bytes(changed), sealed, roots).at == whole.at
        except TimestampError:
            continue
    for broken in (b"", response[:-1], response + b"x", response[:40]):
        with pytest.raises(TimestampError):
            verify_timestamp(broken, sealed, roots)


def test_a_seal_that_says_it_is_younger_than_its_stamp_is_told(
    run: Path, authority: Authority, capsys: pytest.CaptureFixture[str]
) -> None:
    stamp(run, authority, now=datetime.now(UTC) + timedelta(days=2))
    code, out, _ = said(capsys, "verify", run, "--key", "nightly.pub", "--tsa", authority.root)
    assert (code, "after its time stamp of" in out) == (4, True)


@pytest.mark.parametrize(
    ("answer", "words"),
    [((500, b""), "answered HTTP 500 with 0 bytes"), ((200, b"<html>"), "is no time stamp, or one that was refused"),
     ((200, b"x" * 70_000), "answered HTTP 200 with 65,537 bytes"),
     ((200, bytes.fromhex("3005300302 0102".replace(" ", ""))), "is no time stamp, or one that was refused")],
)  # fmt: skip
def test_an_authority_that_gives_no_stamp_leaves_the_run_as_it_was(
    run: Path, authority: Authority, capsys: pytest.CaptureFixture[str], answer: tuple[int, bytes], words: str
) -> None:
    authority.answer = answer
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    code, _, err = said(capsys, "seal", run, "--timestamp", authority.url)
    assert (code, words in err) == (4, True)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_a_stamp_of_something_else_is_not_taken(run: Path, authority: Authority) -> None:
    stamp(run, authority)
    authority.answer = (200, (run / "seal.tsr").read_bytes())
    for data in (b"other", (run / "seal.dsse.json").read_bytes()):  # the second has another nonce
        with pytest.raises(TimestampError, match="stamped something else than was asked for"):
            request_timestamp(authority.url, data)


def test_addresses_and_certificates_that_are_none_are_refused(
    run: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("tsa.example", "ftp://tsa.example", "http://", "http://x:y", "http://a..b", "http://127.0.0.1:9/é"):
        code, _, err = said(capsys, "seal", run, "--timestamp", url)
        assert (code, "is no address of an authority" in err) == (4, True)
    (tmp_path / "x.pem").write_text("x")
    for name, why in (("x.pem", "is no certificate in PEM"), ("y.pem", "No such file")):
        code, _, err = said(capsys, "verify", run, "--unsigned", "--tsa", name)
        assert (code, f"--tsa {name}: {why}" in err) == (4, True)
    monkeypatch.setitem(__import__("sys").modules, "rfc3161_client", None)
    code, _, err = said(capsys, "seal", run, "--timestamp", "http://127.0.0.1:9/")
    assert (code, "pip install 'prod-gate[timestamps]'" in err) == (4, True)


def test_a_bundle_holds_the_stamp(run: Path, authority: Authority, capsys: pytest.CaptureFixture[str]) -> None:
    stamp(run, authority)
    assert said(capsys, "bundle", run)[0] == 0
    bundle = run.with_name(f"{run.name}.tar")
    shutil.rmtree(run)
    assert said(capsys, "verify", bundle, "--key", "nightly.pub", "--tsa", authority.root)[0] == 0


def test_a_response_is_never_read_without_end() -> None:
    assert not timestamps.is_about(b"x" * (timestamps.MOST + 1), b"")
