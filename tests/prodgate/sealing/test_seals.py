"""A run's seal, from ``prodgate run`` to ``prodgate verify``: the same for the same run, in the published
formats, linked to the run before, with its time stamped by an authority; and both verifiers refuse every
change, and name it."""

import base64
import hashlib
import html
import io
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from google.protobuf.json_format import ParseDict
from hypothesis import HealthCheck, example, given, settings, strategies as st
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult as Result
from in_toto_attestation.predicates.vsa.v1.vsa_pb2 import VerificationSummary
from in_toto_attestation.v1.statement_pb2 import Statement
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from prodgate.criteria import PROMOTING, PROMOTION, UsageError
from prodgate.evidence import runs, standing
from prodgate.evidence.artifacts import list_paths
from prodgate.evidence.chain import Link, make_line
from prodgate.evidence.journal import NAME, Journal, read
from prodgate.findings import Outcome
from prodgate.quantities import Quantity
from prodgate.run import publishing
from prodgate.sealing import seals
from prodgate.sealing.bundles import BundleError, make_bundle, open_bundle
from prodgate.sealing.seals import SealError, find_gaps, read_seal
from prodgate.sealing.signers import VARIABLE, read_trusted, take_signer
from prodgate.sealing.statement import OWN, SEALING, VERIFIERS
from prodgate.sections.criteria_file import parse_criteria
from prodgate.sections.evidence import EvidenceSection
from prodgate.signatures import timestamps
from prodgate.signatures.envelope import write_json
from prodgate.signatures.keys import KeySigner, SigningError
from prodgate.signatures.timestamps import TimestampError, request_timestamp, verify_timestamp
from tests.trees import write_tree

from ..conftest import Gate
from ..run.small_shop import CRITERIA as SHOP_CRITERIA, POLICY, TREE
from ..sample_run import CRITERIA, forge, judge, unchained
from ..samples import finding
from ..signatures.authority import Authority, running_authority
from .sealed import (
    COMMIT,
    DAY,
    EVE,
    NIGHTLY,
    OTHER_COMMIT,
    SIGNERS,
    Asked,
    ask_gate,
    ask_other,
    edit_envelope,
    encode,
    load_other_verifier,
    make_run,
    make_signer,
    pem,
    read_statement,
    run_other,
    seal,
    trust,
    waive,
    write_envelope,
)

AT = datetime(2026, 11, 27, 3, 0, tzinfo=UTC)


def seal_at(run: Path, at: datetime, signer: KeySigner | None = NIGHTLY) -> None:
    found = runs.read(run)
    seals.seal(found, found.verdict(), signer, now=at)


def files(run: Path) -> dict[str, bytes]:
    return {name: path.read_bytes() for name, path in list_paths(run)}


def test_the_same_run_sealed_twice_differs_in_signature_and_time_alone(tmp_path: Path) -> None:
    one = make_run(tmp_path / "a")
    two = tmp_path / "b" / one.name
    shutil.copytree(one, two)
    seal_at(one, AT, NIGHTLY)
    seal_at(two, AT, EVE)
    ours, theirs = files(one), files(two)
    assert {name: data for name, data in ours.items() if name not in SEALING} == {
        name: data for name, data in theirs.items() if name not in SEALING
    }
    assert ours["seal.dsse.json"] != theirs["seal.dsse.json"]
    assert read_statement(one) == read_statement(two)
    three = tmp_path / "c" / one.name
    shutil.copytree(two, three)
    for name in SEALING:
        (three / name).unlink(missing_ok=True)
    seal_at(three, AT, EVE)
    assert files(three) == theirs
    seal_at(three, datetime(2026, 11, 28, tzinfo=UTC), EVE)
    earlier, later = read_statement(two), read_statement(three)
    del earlier["predicate"][OWN]["sealed"], later["predicate"][OWN]["sealed"]
    assert len(later["predicate"][OWN].pop("replaces")) == 1
    assert earlier["predicate"][OWN].pop("replaces") == []
    assert earlier == later


def test_the_statement_lists_every_file(tmp_path: Path) -> None:
    run = seal(make_run(tmp_path))
    listed = {each["name"]: each for each in read_statement(run)["subject"]}
    assert set(listed) == {name for name in files(run) if name not in SEALING}
    assert {"run.json", "journal.jsonl", "report.html", "report.ja.html", "summary.md", "verify.py"} < set(listed)
    assert listed["journal.jsonl"]["annotations"] == {"bytes": (run / "journal.jsonl").stat().st_size}


def without_own(predicate: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in predicate.items() if key != OWN}


@pytest.mark.parametrize("good", [True, False])
def test_the_statement_is_one_of_the_published_kind(tmp_path: Path, good: bool) -> None:
    said = read_statement(seal(make_run(tmp_path, good=good)))
    statement = ParseDict(said, Statement())
    assert statement.type == "https://in-toto.io/Statement/v1"
    assert statement.predicate_type == "https://in-toto.io/attestation/test-result/v0.1"
    result = ParseDict(without_own(said["predicate"]), Result())
    assert (result.result, list(result.passed_tests), list(result.failed_tests)) == (
        ("PASSED", ["static/backup-retention"], []) if good else ("FAILED", [], ["static/backup-retention"])
    )
    assert [each.name for each in result.configuration]


def test_what_allows_a_promotion_has_a_summary_of_the_published_kind(tmp_path: Path) -> None:
    run = seal(make_run(tmp_path))
    said = read_statement(run, "summary.dsse.json")
    statement = ParseDict(said, Statement())
    assert statement.predicate_type == "https://slsa.dev/verification_summary/v1"
    assert dict(statement.subject[0].digest) == {"gitCommit": COMMIT}
    # that library has one level where the specification has a list of them
    assert said["predicate"].pop("verifiedLevels") == ["PRODGATE_GO"]
    summary = ParseDict(said["predicate"], VerificationSummary(), ignore_unknown_fields=True)
    assert summary.verification_result == "PASSED"
    sealed = read_seal(run)
    assert dict(summary.input_attestations[0].digest) == {"sha256": sealed.digest}


@pytest.mark.parametrize(
    "about",
    [
        {"rehearsal": True, "target": "rehearsal://"},
        {"layers": ["static"], "criteria": CRITERIA.replace('["static"]', '["static", "live"]')},
        {"moment": "before", "criteria": f'{CRITERIA}moment = "before"\n'},
        {"commit": f"{COMMIT}+changes"},
        {"commit": ""},
    ],
)
def test_what_allows_no_promotion_has_none(tmp_path: Path, about: dict[str, Any]) -> None:
    assert not (seal(make_run(tmp_path, **about)) / "summary.dsse.json").exists()


def test_what_is_no_go_or_unsigned_has_none(tmp_path: Path) -> None:
    for folder, good, signer in (("a", False, NIGHTLY), ("b", True, None)):
        assert not (seal(make_run(tmp_path / folder, good=good), signer) / "summary.dsse.json").exists()


def test_another_library_verifies_the_envelope(tmp_path: Path) -> None:
    envelope = OtherEnvelope.from_dict(json.loads((seal(make_run(tmp_path)) / "seal.dsse.json").read_bytes()))
    key = SSlibKey(NIGHTLY.public.keyid, "ed25519", "ed25519", {"public": raw_key(NIGHTLY)})
    assert list(envelope.verify([key], 1)) == [NIGHTLY.public.keyid]
    other = SSlibKey(NIGHTLY.public.keyid, "ed25519", "ed25519", {"public": raw_key(EVE)})
    with pytest.raises(VerificationError):
        envelope.verify([other], 1)


def raw_key(signer: KeySigner) -> str:
    return signer.public.der[-32:].hex()


def test_a_run_that_was_cut_off_is_not_sealed(run: Path) -> None:
    judge(run, close=False)
    found = runs.read(run)
    with pytest.raises(SealError, match="was cut off, and is no whole to seal; run the gate again"):
        seals.seal(found, found.verdict(), None)


def test_what_is_no_file_is_not_sealed(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    (run / "link").symlink_to(run / "run.json")
    found = runs.read(run)
    with pytest.raises(SealError, match="link: is a link or the like, and no file that a seal could stand for"):
        seals.seal(found, found.verdict(), None)
    assert not (run / "seal.dsse.json").exists()


class Mute:
    """A key that does not sign."""

    public = EVE.public

    def sign(self, data: bytes) -> bytes:
        raise SigningError("no")


def test_who_does_not_sign_leaves_the_seal_as_it_was(tmp_path: Path) -> None:
    run = seal(make_run(tmp_path))
    kept = files(run)
    found = runs.read(run)
    with pytest.raises(SigningError):
        seals.seal(found, found.verdict(), Mute())
    assert files(run) == kept


def test_a_seal_that_takes_too_long_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run(tmp_path)
    monkeypatch.setattr(seals, "PATIENCE", 0.05)
    found = runs.read(run)
    with seals._held(run.parent), pytest.raises(SealError, match=r"another run is being sealed for more than 0\.05 s"):
        seals.seal(found, found.verdict(), None)


def nights(folder: Path, count: int) -> list[Path]:
    made = []
    for number in range(count):
        run = make_run(folder)
        named = run.with_name(run.name)
        seal_at(named, datetime(2026, 11, 1 + number, tzinfo=UTC))
        made.append(named)
    return made


def own(run: Path) -> dict[str, Any]:
    return read_statement(run)["predicate"][OWN]


def test_each_run_names_the_one_before_of_its_system_and_target(tmp_path: Path) -> None:
    one, two, three = nights(tmp_path, 3)
    other = seal(make_run(tmp_path, target="aws://staging@ap-northeast-1"))
    sealed = read_seal(one)
    assert sealed is not None
    assert own(one)["before"] is None
    assert own(two)["before"] == {"run": one.name, "seal": sealed.digest}
    assert own(three)["before"]["run"] == two.name
    assert own(other)["before"] is None
    assert list(find_gaps(tmp_path / "runs")) == []


def test_however_many_runs_of_others_lie_between_each_names_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seals, "_NEWEST", 2)
    (one,) = nights(tmp_path, 1)
    for _ in range(3):
        seal(make_run(tmp_path, target="aws://staging@ap-northeast-1"))
    assert own(seal(make_run(tmp_path)))["before"]["run"] == one.name
    assert list(find_gaps(tmp_path / "runs")) == []


def test_a_folder_may_begin_with_a_run_of_each_target(tmp_path: Path) -> None:
    first, second = nights(tmp_path, 2)
    others = [make_run(tmp_path, target="aws://staging@ap-northeast-1") for _ in range(2)]
    for each in others:
        seal(each)
    shutil.rmtree(first)
    shutil.rmtree(others[0])
    folder = tmp_path / "runs"
    assert len(list(find_gaps(folder, begins=[second.name]))) == 1
    assert list(find_gaps(folder, begins=[second.name, others[1].name])) == []


def test_a_night_that_vanished_is_missed(tmp_path: Path) -> None:
    one, two, three = nights(tmp_path, 3)
    folder = tmp_path / "runs"
    kept = tmp_path / "kept"
    two.rename(kept)
    gap = f"shop on aws://prod@ap-northeast-1: MISSING: run {two.name}, on which {three.name} follows"
    assert list(find_gaps(folder)) == [gap]
    assert list(find_gaps(folder, begins=[three.name])) == []
    kept.rename(two)
    shutil.rmtree(one)
    assert list(find_gaps(folder, begins=[two.name])) == []
    assert "MISSING" in next(find_gaps(folder))


def test_a_night_that_was_replaced_or_slipped_in_is_seen(tmp_path: Path) -> None:
    _, two, three = nights(tmp_path, 3)
    folder = tmp_path / "runs"
    said = read_statement(two)
    (two / "seal.dsse.json").unlink()
    seal_at(two, datetime(2026, 11, 2, 1, tzinfo=UTC), EVE)
    assert any(f"CHANGED: run {two.name} was sealed anew, or is another one" in gap for gap in find_gaps(folder))
    assert said != read_statement(two)
    shutil.copytree(three, folder / "2026-11-09T000000Z-0000000")
    assert any(
        gap.startswith("UNLISTED: ") and f"is run {three.name}, which is there already" in gap
        for gap in find_gaps(folder)
    )


def test_two_that_follow_on_one_are_told(tmp_path: Path) -> None:
    one, two = nights(tmp_path / "a", 2)
    folder = one.parent
    shutil.move(two, tmp_path / two.name)
    three = seal(make_run(tmp_path / "a"))
    shutil.move(tmp_path / two.name, two)
    (gap,) = find_gaps(folder)
    assert f"all follow on {one.name}; one of them does" in gap
    assert two.name in gap
    assert three.name in gap


def test_a_run_that_is_signed_later_stays_in_the_chain(tmp_path: Path) -> None:
    run = seal(make_run(tmp_path), None)
    seal(make_run(tmp_path), None)
    seal(run, NIGHTLY)
    seal(run, make_signer(3))
    assert list(find_gaps(tmp_path / "runs")) == []
    assert len(own(run)["replaces"]) == 2


# ── Signers

ANYBODY = EvidenceSection()
NOBODY_ELSE = EvidenceSection(signers=(trust(NIGHTLY),))


def private(signer: KeySigner) -> str:
    form = serialization.PrivateFormat.PKCS8
    return signer._key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def test_a_key_is_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text(private(NIGHTLY))
    for text in (private(NIGHTLY), f"\n{private(NIGHTLY)}\n", str(tmp_path / "key.pem")):
        monkeypatch.setenv(VARIABLE, text)
        assert take_signer("", NOBODY_ELSE).public == NIGHTLY.public
        assert VARIABLE not in os.environ


def test_an_option_is_stronger_and_the_environment_is_emptied_all_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text(private(NIGHTLY))
    monkeypatch.setenv(VARIABLE, private(EVE))
    assert take_signer(str(tmp_path / "key.pem"), ANYBODY).public == NIGHTLY.public
    assert VARIABLE not in os.environ


@pytest.mark.parametrize("text", ["", "  \n"])
def test_without_a_key_nobody_signs(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert take_signer("", NOBODY_ELSE) is None
    monkeypatch.delenv(VARIABLE, raising=False)
    assert take_signer("", NOBODY_ELSE) is None


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("/nowhere/key.pem", "PRODGATE_SIGNING_KEY: '/nowhere/key.pem': can't be read: No such file or directory"),
        ("-----BEGIN PRIVATE KEY-----", "PRODGATE_SIGNING_KEY: is no private key in PEM; make one by openssl genpkey"),
        (pem(EVE), "PRODGATE_SIGNING_KEY: is no private key in PEM"),
        ("awskms:///x", "PRODGATE_SIGNING_KEY: 'awskms:///x' is no key of KMS; write e.g. awskms:///alias/"),
        (
            private(EVE),
            "PRODGATE_SIGNING_KEY: is a key whose signature does not count; [evidence] signers names nightly",
        ),
    ],
)
def test_what_is_no_key_that_counts_is_refused(monkeypatch: pytest.MonkeyPatch, given: str, why: str) -> None:
    monkeypatch.setenv(VARIABLE, given)
    with pytest.raises(UsageError) as raised:
        take_signer("", NOBODY_ELSE)
    assert why in str(raised.value)
    assert "PRIVATE KEY" not in str(raised.value)


def test_public_keys_are_read_from_files(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.pub": pem(NIGHTLY), "b.pem": private(EVE)})
    assert list(read_trusted([tmp_path / "a.pub"])) == [trust(NIGHTLY, "a.pub")]
    with pytest.raises(UsageError, match=r"--key: .*b\.pem: is a private key, which others must never see"):
        list(read_trusted([tmp_path / "b.pem"]))
    with pytest.raises(UsageError, match="can't be read: Is a directory"):
        list(read_trusted([tmp_path]))


# ── Bundles


def packed(tmp_path: Path) -> tuple[Path, bytes]:
    run = seal(make_run(tmp_path / "made"))
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


def test_a_bundle_stands_for_its_run(tmp_path: Path, keys: Path, gate: Gate) -> None:
    """Its name, its contents, and what is written of it; what a command changes in a run, it changes in its bundle."""
    run, key = make_run(tmp_path / "made"), ("--key", keys / "nightly.pub")
    seal(run, None)
    (tmp_path / "kept").mkdir()
    bundle = tmp_path / "kept" / f"{run.name}.tar"
    gate("bundle", run, "--to", bundle.parent)
    unsigned = bundle.read_bytes()
    gate("verify", bundle, *key, ends=4)
    assert bundle.read_bytes() == unsigned
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PRODGATE_SIGNING_KEY", private(NIGHTLY))
        assert gate("seal", bundle).out.startswith("sealed, signed by key")
    gate("verify", bundle, *key)
    assert bundle.read_bytes() != unsigned
    assert json.loads(gate("export", bundle, "--format", "sarif").out)["version"] == "2.1.0"
    gate("report", bundle)
    assert "nothing changed" in gate("diff", bundle, bundle).out
    assert "the run before it is not in a bundle" in gate("notify", bundle, "--webhook", "env:A", ends=4).err
    assert [*bundle.parent.iterdir()] == [bundle]
    bundle.write_bytes(bundle.read_bytes()[:-1])
    for command in ("seal", "verify", "report"):
        gate(command, bundle, ends=4)


def test_runs_are_packed_and_taken_apart_in_their_folders(tmp_path: Path, gate: Gate) -> None:
    folder = tmp_path / "made" / "runs"
    first, second = make_run(tmp_path / "made"), make_run(tmp_path / "made")
    for run in (first, second):
        seal(run)
    (folder / "watches").mkdir()
    watch = first.rename(folder / "watches" / first.name)
    cut = make_run(tmp_path / "made")
    lines = (cut / "journal.jsonl").read_text("utf-8").splitlines(keepends=True)
    (cut / "journal.jsonl").write_text("".join(lines[:-1]), "utf-8")  # killed before it was closed
    gate("bundle", folder)
    for run in (watch, second, cut):
        shutil.rmtree(run)
    gate("unbundle", folder)
    assert (ask_gate(watch), ask_gate(second)) == ([], [])
    assert runs.read(cut).finished is None
    assert runs.latest(folder) == max(second, cut)
    assert "is there already; take it or the bundle away" in gate("unbundle", folder, ends=4).err
    for command, named, wrong in (
        ("bundle", "nowhere", "there is no run"),
        ("unbundle", "nowhere", "there is no such bundle"),
        ("bundle", folder, "is one file, and there are 3 runs"),
    ):
        assert wrong in gate(command, named, *(("--to", "a.tar") if command == "bundle" else ()), ends=4).err
    (second / "run.json").write_text("{}")
    gate("bundle", second, ends=4)


def test_a_link_is_not_packed(tmp_path: Path) -> None:
    run, _ = packed(tmp_path)
    (run / "link").symlink_to("run.json")
    with pytest.raises(BundleError, match="link: is a link or no file, which no bundle holds"):
        make_bundle(run, run.name)


# ── An authority stamps the time of a seal: OpenSSL makes the stamps, and agrees on the valid ones


@pytest.fixture(scope="module")
def own_authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with running_authority(tmp_path_factory.mktemp("authority") / "tsa") as authority:
        yield authority


@pytest.fixture
def authority(own_authority: Authority) -> Iterator[Authority]:
    yield own_authority
    own_authority.answer = None


@pytest.fixture
def stamped_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_run(tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nightly.pub").write_text(pem(NIGHTLY))
    seal(made)
    return made


def stamp(stamped_run: Path, authority: Authority, *, now: datetime | None = None) -> None:
    found = runs.read(stamped_run)
    seals.seal(found, found.verdict(), NIGHTLY, stamp=lambda data: request_timestamp(authority.url, data), now=now)


def test_the_time_of_a_seal_is_stamped_and_openssl_agrees(stamped_run: Path, authority: Authority, gate: Gate) -> None:
    assert gate("seal", stamped_run, "--timestamp", authority.url).err == ""
    key = ("--unsigned", "--tsa", authority.root)
    out = gate("verify", stamped_run, *key).out
    assert f"time stamped at {datetime.now(UTC):%Y-%m-%d}" in out
    assert "by CN=tsa" in out
    (found,) = json.loads(gate("verify", stamped_run, *key, "--json").out)["runs"]
    assert datetime.fromisoformat(found["stamped"]) <= datetime.now(UTC) + timedelta(seconds=1)
    told = subprocess.run(
        ["openssl", "ts", "-verify", "-data", "seal.dsse.json", "-in", "seal.tsr", "-CAfile", authority.root],
        cwd=stamped_run, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Verification: OK" in told.stdout


def test_a_stamp_counts_for_its_own_seal_alone(
    stamped_run: Path, authority: Authority, tmp_path: Path, gate: Gate
) -> None:
    assert (
        "MISSING: seal.tsr: no authority stands for the time of the seal"
        in gate("verify", stamped_run, "--key", "nightly.pub", "--tsa", authority.root, ends=4).out
    )
    stamp(stamped_run, authority)
    assert ask_other(stamped_run, tmp_path / "nightly.pub") == []
    earlier = (stamped_run / "seal.tsr").read_bytes()
    seal(stamped_run)
    assert not (stamped_run / "seal.tsr").exists()
    (stamped_run / "seal.tsr").write_bytes(earlier)
    for words in ((), ("--tsa", authority.root)):
        assert (
            "UNLISTED: seal.tsr: is no time stamp of this seal"
            in gate("verify", stamped_run, "--key", "nightly.pub", *words, ends=4).out
        )
    assert ask_other(stamped_run, tmp_path / "nightly.pub") == ["UNLISTED: seal.tsr: no time stamp of this seal"]


@pytest.mark.parametrize("forged", [False, True])
def test_a_stamp_that_nobody_verified_does_not_read_like_one_that_somebody_did(
    stamped_run: Path, authority: Authority, tmp_path: Path, gate: Gate, *, forged: bool
) -> None:
    words = ("verify", stamped_run, "--key", "nightly.pub")
    assert json.loads(gate(*words, "--json").out)["runs"][0]["stamp"] == "none"
    stamp(stamped_run, authority)
    if forged:  # anybody who may write to the folder can write this
        (stamped_run / "seal.tsr").write_bytes(hashlib.sha256((stamped_run / "seal.dsse.json").read_bytes()).digest())
    assert "\n  UNVERIFIED: seal.tsr: " in (said := gate(*words).out)
    assert "stamped at" not in said
    assert json.loads(gate(*words, "--json").out)["runs"][0]["stamp"] == "unverified"
    assert "\nUNVERIFIED: seal.tsr: " in run_other(stamped_run, tmp_path / "nightly.pub")[1]
    assert forged or json.loads(gate(*words, "--tsa", authority.root, "--json").out)["runs"][0]["stamp"] == "verified"


def test_a_stamp_of_another_authority_does_not_count(
    stamped_run: Path, authority: Authority, tmp_path: Path, gate: Gate
) -> None:
    with running_authority(tmp_path / "another") as another:
        stamp(stamped_run, another)
    assert (
        "WRONG KEY: seal.tsr: "
        in gate("verify", stamped_run, "--key", "nightly.pub", "--tsa", authority.root, ends=4).out
    )
    gate("verify", stamped_run, "--key", "nightly.pub", "--tsa", another.root)


def test_no_byte_of_a_stamp_is_another_one(stamped_run: Path, authority: Authority) -> None:
    stamp(stamped_run, authority)
    sealed, response, roots = (
        (stamped_run / "seal.dsse.json").read_bytes(), (stamped_run / "seal.tsr").read_bytes(), [authority.root.read_bytes()],
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
    stamped_run: Path, authority: Authority, gate: Gate
) -> None:
    stamp(stamped_run, authority, now=datetime.now(UTC) + timedelta(days=2))
    assert (
        "after its time stamp of"
        in gate("verify", stamped_run, "--key", "nightly.pub", "--tsa", authority.root, ends=4).out
    )


@pytest.mark.parametrize(
    ("answer", "words"),
    [((500, b""), "answered HTTP 500 with 0 bytes"), ((200, b"<html>"), "is no time stamp, or one that was refused"),
     ((200, b"x" * 70_000), "answered HTTP 200 with 65,537 bytes"),
     ((200, bytes.fromhex("3005300302 0102".replace(" ", ""))), "is no time stamp, or one that was refused")],
)  # fmt: skip
def test_an_authority_that_gives_no_stamp_leaves_the_run_as_it_was(
    stamped_run: Path, authority: Authority, gate: Gate, answer: tuple[int, bytes], words: str
) -> None:
    authority.answer = answer
    before = {path: path.read_bytes() for path in stamped_run.rglob("*") if path.is_file()}
    assert words in gate("seal", stamped_run, "--timestamp", authority.url, ends=4).err
    assert {path: path.read_bytes() for path in stamped_run.rglob("*") if path.is_file()} == before


def test_a_stamp_of_something_else_is_not_taken(stamped_run: Path, authority: Authority) -> None:
    stamp(stamped_run, authority)
    authority.answer = (200, (stamped_run / "seal.tsr").read_bytes())
    for data in (b"other", (stamped_run / "seal.dsse.json").read_bytes()):  # the second has another nonce
        with pytest.raises(TimestampError, match="stamped something else than was asked for"):
            request_timestamp(authority.url, data)


def test_addresses_and_certificates_that_are_none_are_refused(
    stamped_run: Path, gate: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in ("tsa.example", "ftp://tsa.example", "http://", "http://x:y", "http://a..b", "http://127.0.0.1:9/é"):
        assert "is no address of an authority" in gate("seal", stamped_run, "--timestamp", url, ends=4).err
    (tmp_path / "x.pem").write_text("x")
    for name, why in (("x.pem", "is no certificate in PEM"), ("y.pem", "No such file")):
        assert f"--tsa {name}: {why}" in gate("verify", stamped_run, "--unsigned", "--tsa", name, ends=4).err
    monkeypatch.setitem(__import__("sys").modules, "rfc3161_client", None)
    assert (
        "pip install 'prod-gate[timestamps]'"
        in gate("seal", stamped_run, "--timestamp", "http://127.0.0.1:9/", ends=4).err
    )


def test_a_bundle_holds_the_stamp(stamped_run: Path, authority: Authority, gate: Gate) -> None:
    stamp(stamped_run, authority)
    gate("bundle", stamped_run)
    bundle = stamped_run.with_name(f"{stamped_run.name}.tar")
    shutil.rmtree(stamped_run)
    gate("verify", bundle, "--key", "nightly.pub", "--tsa", authority.root)


def test_a_response_is_never_read_without_end() -> None:
    assert not timestamps.is_about(b"x" * (timestamps.MOST + 1), b"")


# ── Both verifiers refuse every change to a sealed run, and name it

SEAL, SUMMARY = "seal.dsse.json", "summary.dsse.json"


@dataclass
class World:
    """The objects of tampering."""

    run: Path
    """The run that is verified, in a folder of its name."""
    other: Path
    """A sealed run of the same system and another commit."""


@dataclass(frozen=True)
class Tampering:
    """One way to tamper, and the verifiers' message on it."""

    by: Callable[[World], Any]
    word: str
    """The start of one of the flaws."""
    asked: Asked = field(default_factory=Asked)


def pick(run: Path, pattern: str) -> Path:
    return sorted(run.glob(pattern))[0]


def write(path: Path, change: Callable[[bytes], bytes]) -> None:
    path.write_bytes(change(path.read_bytes()))


def lines(world: World, change: Callable[[list[bytes]], list[bytes]]) -> None:
    write(world.run / NAME, lambda data: b"".join(change(data.splitlines(keepends=True))))


def swap(one: Path, two: Path) -> None:
    kept = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(kept)


def link(path: Path) -> None:
    elsewhere = path.parent.parent.parent / f"kept-{path.name}"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def add(path: Path, data: bytes = b"more\n") -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)


def rewrite_journal(run: Path, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Write every line anew, so that the chain holds."""
    link, written = Link("", 0, ""), b""
    for line in (run / NAME).read_bytes().splitlines():
        event = change({key: value for key, value in json.loads(line).items() if key != "chain"})
        data, link = make_line(event, link)
        written += data + b"\n"
    (run / NAME).write_bytes(written)


def say_satisfied(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "subject": "aws_rds_cluster.other"} if event["event"] == "finding" else event


def say_not_satisfied(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "outcome": "not-satisfied"} if event["event"] == "finding" else event


def say(sealed: Path, /, signer: Any = NIGHTLY, **own: Any) -> None:
    """Let the seal state something else, signed by the holder of the key."""
    statement = read_statement(sealed)
    statement["predicate"]["prodgate"].update(own)
    write_envelope(sealed, statement, signer)


def bad(world: World) -> Path:
    """Let a sealed run that is NO-GO be the run."""
    world.run = make_run(world.run.parent / "bad", good=False)
    seal(world.run)
    return world.run


def lie(world: World) -> None:
    """Sign GO over a journal with NO-GO, with the right key."""
    say(bad(world), verdict="GO")


def double_key(world: World) -> None:
    """State two outcomes of one finding, in a valid chain, and sign that: readers disagree on such a key."""
    digest, written = b"", b""
    for line in (world.run / NAME).read_bytes().splitlines():
        said = line[:-67].replace(b'"outcome"', b'"outcome": "not-satisfied", "outcome"')
        digest = hashlib.sha256(digest + said).hexdigest().encode()
        written += said + digest + b'"}}\n'
    (world.run / NAME).write_bytes(written)
    statement = read_statement(world.run)
    (journal,) = [subject for subject in statement["subject"] if subject["name"] == NAME]
    journal.update(digest={"sha256": hashlib.sha256(written).hexdigest()}, annotations={"bytes": len(written)})
    statement["predicate"]["prodgate"]["head"] = digest.decode()
    write_envelope(world.run, statement)


def lie_of_waiver(world: World, *, opened: int = -20, expires: int = -1, aspect: str = "") -> None:
    """Sign GO over a journal that a waiver would make GO, if it were in force, and of this aspect; days are from today."""
    folder, today = world.run.parent / "waived", datetime.now(UTC).date()
    waive(folder, opened=today + opened * DAY, expires=today + expires * DAY)
    world.run = make_run(folder, good=False)
    rewrite_journal(world.run, lambda event: event | {"aspect": aspect} if event["event"] == "finding" else event)
    seal(world.run)
    say(world.run, verdict="GO")


def lie_of_age(world: World) -> None:
    """Sign GO over a journal whose facts were observed before its run began."""
    rewrite_journal(
        world.run, lambda event: event | {"at": "2026-01-01T00:00:00+00:00"} if event["event"] == "fact" else event
    )
    run = runs.read(world.run)
    seals.seal(run, run.verdict(), NIGHTLY, now=datetime.now(UTC))
    say(world.run, verdict="GO")


def lie_of_promotion(world: World, criteria: str = CRITERIA, **about: Any) -> None:
    """Sign a promotion that a run does not allow."""
    world.run = make_run(world.run.parent / "partial", criteria, **about)
    seal(world.run)
    say(world.run, promotes=True)


def lie_of_requirement(world: World) -> None:
    """Sign GO over a run whose criteria serve one of two requirements."""
    stated = [
        f'[requirements.{name}]\nasks = "that somebody looks"\nlayers = ["static"]\n' for name in ("OPS-2", "OPS-3")
    ]
    lie_of_promotion(world, CRITERIA + "".join(stated))
    say(world.run, verdict="GO", promotes=False)


def weaken(world: World) -> None:
    """Replace the deciding criteria by weaker ones, with all dependent digests."""
    run = world.run
    about = json.loads((run / "run.json").read_text())
    weaker = (run / "evidence" / f"{about['criteria']}.toml").read_bytes().replace(b">= 30 d", b">= 1 d")
    digest = hashlib.sha256(weaker).hexdigest()
    (run / "evidence" / f"{about['criteria']}.toml").unlink()
    (run / "evidence" / f"{digest}.toml").write_bytes(weaker)
    forge(run, criteria=digest)


def sign_falsely(world: World) -> None:
    """Sign with another key, and give it the name of the right one."""
    write_envelope(world.run, read_statement(world.run), EVE)
    document = json.loads((world.run / SEAL).read_bytes())
    document["signatures"][0]["keyid"] = NIGHTLY.public.keyid
    edit_envelope(world.run, signatures=document["signatures"])


def flip_signature(world: World, name: str = SEAL) -> None:
    document = json.loads((world.run / name).read_bytes())
    data = bytearray(base64.b64decode(document["signatures"][0]["sig"]))
    data[7] ^= 1
    document["signatures"][0]["sig"] = base64.b64encode(data).decode()
    edit_envelope(world.run, name, signatures=document["signatures"])


def sign_twice(world: World) -> None:
    edit_envelope(world.run, signatures=json.loads((world.run / SEAL).read_bytes())["signatures"] * 2)


def loosen_base64(world: World) -> None:
    """Write the signature in another way that decodes to the same bytes."""
    document = json.loads((world.run / SEAL).read_bytes())
    text = document["signatures"][0]["sig"]
    assert text.endswith("==")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    document["signatures"][0]["sig"] = f"{text[:-3]}{alphabet[alphabet.index(text[-3]) + 1]}=="
    edit_envelope(world.run, signatures=document["signatures"])


def show_other(world: World) -> None:
    world.run = world.other


def replace_run(world: World) -> None:
    """Put the other run in the folder of the run."""
    shutil.rmtree(world.run)
    shutil.copytree(world.other, world.run)


def rename_folder(world: World, name: str) -> None:
    world.run = world.run.rename(world.run.with_name(name.format(world.run.name.rpartition("-")[2])))


def change_and_seal(world: World, signer: Any) -> None:
    """Write the run anew and seal it, as somebody who has the gate and not the key does."""
    rewrite_journal(world.run, say_satisfied)
    for name in (SEAL, SUMMARY):
        (world.run / name).unlink(missing_ok=True)
    seal(world.run, signer)


def omit_file(world: World) -> None:
    statement = read_statement(world.run)
    statement["subject"] = [each for each in statement["subject"] if each["name"] != "logs/static.txt"]
    write_envelope(world.run, statement)


def edit_payload(world: World) -> None:
    statement = read_statement(world.run)
    statement["predicate"]["prodgate"]["verdict"] = "GO "
    edit_envelope(world.run, payload=encode(statement))


def foreign_line(world: World) -> None:
    other = (world.other / NAME).read_bytes().splitlines(keepends=True)
    lines(world, lambda own: [*own[:4], other[4], *own[4:]])


MATRIX: dict[str, Tampering] = {
    # files
    "a byte of evidence": Tampering(lambda w: write(pick(w.run, "evidence/*.png"), lambda d: b"A" + d[1:]), "CHANGED: evidence/"),
    "evidence cut short": Tampering(lambda w: write(pick(w.run, "evidence/*.png"), lambda d: d[:-1]), "CHANGED: evidence/"),
    "evidence made longer": Tampering(lambda w: write(pick(w.run, "evidence/*.png"), lambda d: d + b"\n"), "CHANGED: evidence/"),
    "evidence emptied": Tampering(lambda w: pick(w.run, "evidence/*.gz").write_bytes(b""), "CHANGED: evidence/"),
    "evidence deleted": Tampering(lambda w: pick(w.run, "evidence/*.gz").unlink(), "MISSING: evidence/"),
    "evidence added": Tampering(lambda w: add(w.run / "evidence" / f"{'0' * 64}.json"), "UNLISTED: evidence/"),
    "evidence renamed": Tampering(lambda w: pick(w.run, "evidence/*.png").rename(w.run / "evidence/x.png"), "MISSING: evidence/"),
    "two files of evidence swapped": Tampering(lambda w: swap(pick(w.run, "evidence/*.png"), pick(w.run, "evidence/*.gz")), "CHANGED: evidence/"),
    "evidence of another run": Tampering(lambda w: swap(pick(w.run, "evidence/*.toml"), pick(w.other, "run.json")), "CHANGED: evidence/"),
    "a link to evidence elsewhere": Tampering(lambda w: link(pick(w.run, "evidence/*.png")), "CHANGED: evidence/"),
    "a folder in the place of a file": Tampering(lambda w: (pick(w.run, "evidence/*.png").unlink(), (w.run / "evidence/x.png").mkdir()), "MISSING: evidence/"),
    "a line of a log taken out": Tampering(lambda w: write(w.run / "logs/static.txt", lambda d: d.split(b"\n", 1)[1]), "CHANGED: logs/static.txt"),
    "a log deleted": Tampering(lambda w: (w.run / "logs/static.txt").unlink(), "MISSING: logs/static.txt"),
    "a log added": Tampering(lambda w: add(w.run / "logs/live.txt"), "UNLISTED: logs/live.txt"),
    "the report says something else": Tampering(lambda w: write(w.run / "report.html", lambda d: d.replace(b"GO", b"OK")), "CHANGED: report.html"),
    "the Japanese report": Tampering(lambda w: write(w.run / "report.ja.html", lambda d: d + b" "), "CHANGED: report.ja.html"),
    "the report deleted": Tampering(lambda w: (w.run / "report.html").unlink(), "MISSING: report.html"),
    "the summary of the job": Tampering(lambda w: write(w.run / "summary.md", bytes.upper), "CHANGED: summary.md"),
    "the verifier": Tampering(lambda w: add(w.run / "verify.py", b"print('GO')\n"), "CHANGED: verify.py"),
    "the verifier deleted": Tampering(lambda w: (w.run / "verify.py").unlink(), "MISSING: verify.py"),
    "the other half of the verifier": Tampering(lambda w: add(w.run / "derive.py", b"print('GO')\n"), "CHANGED: derive.py"),
    "the other half of the verifier deleted": Tampering(lambda w: (w.run / "derive.py").unlink(), "MISSING: derive.py"),
    "a hidden file": Tampering(lambda w: add(w.run / ".note"), "UNLISTED: .note"),
    "a file in a folder of its own": Tampering(lambda w: add(w.run / "more" / "x"), "UNLISTED: more/x"),
    "a time stamp of nobody": Tampering(lambda w: add(w.run / "seal.tsr"), "UNLISTED: seal.tsr"),
    "a second run.json": Tampering(lambda w: add(w.run / "RUN.JSON"), "UNLISTED: RUN.JSON"),
    # run.json
    "the rehearsal is none": Tampering(lambda w: write(w.run / "run.json", lambda d: d.replace(b'"rehearsal": false', b'"rehearsal": true')), "CHANGED: run.json"),
    "another commit": Tampering(lambda w: write(w.run / "run.json", lambda d: d.replace(b"c0ffee", b"decade")), "CHANGED: run.json"),
    "a space in run.json": Tampering(lambda w: write(w.run / "run.json", lambda d: d + b" "), "CHANGED: run.json"),
    "run.json deleted": Tampering(lambda w: (w.run / "run.json").unlink(), "MISSING: run.json"),
    "run.json and a chain that follows": Tampering(lambda w: forge(w.run, actor="somebody else"), "CHANGED: run.json"),
    # the journal
    "an outcome turned": Tampering(lambda w: write(w.run / NAME, lambda d: d.replace(b'"satisfied"', b'"waived"   ')), "CHANGED: journal.jsonl"),
    "a line deleted": Tampering(lambda w: lines(w, lambda x: [*x[:5], *x[6:]]), "MISSING: journal.jsonl: line 6"),
    "two lines swapped": Tampering(lambda w: lines(w, lambda x: [*x[:4], x[5], x[4], *x[6:]]), "REORDERED: journal.jsonl: line 5"),
    "a line added": Tampering(lambda w: lines(w, lambda x: [*x[:4], unchained(x[3]), *x[4:]]), "UNLISTED: journal.jsonl"),
    "a line twice": Tampering(lambda w: lines(w, lambda x: [*x[:4], x[3], *x[4:]]), "UNLISTED: journal.jsonl"),
    "a line of another run": Tampering(foreign_line, "FOREIGN: journal.jsonl"),
    "the journal cut off": Tampering(lambda w: lines(w, lambda x: x[:-1]), "CHANGED: journal.jsonl"),
    "the journal cut off within a line": Tampering(lambda w: write(w.run / NAME, lambda d: d[:-20]), "CHANGED: journal.jsonl"),
    "the journal emptied": Tampering(lambda w: add(w.run / NAME, b""), "CHANGED: journal.jsonl"),
    "the journal deleted": Tampering(lambda w: (w.run / NAME).unlink(), "MISSING: journal.jsonl"),
    "the journal of another run": Tampering(lambda w: swap(w.run / NAME, w.other / NAME), "CHANGED: journal.jsonl"),
    "the journal written anew": Tampering(lambda w: rewrite_journal(w.run, say_satisfied), "CHANGED: journal.jsonl"),
    "something appended, in the chain": Tampering(lambda w: Journal.of(w.run).write("note", layer="static", text="x"), "CHANGED: journal.jsonl"),
    "weaker criteria, and a chain that follows": Tampering(weaken, "MISSING: evidence/"),
    # the seal
    "the seal deleted": Tampering(lambda w: (w.run / SEAL).unlink(), "MISSING: seal.dsse.json"),
    "the seal emptied": Tampering(lambda w: add(w.run / SEAL, b""), "CHANGED: seal.dsse.json"),
    "the seal is JSON of something else": Tampering(lambda w: add(w.run / SEAL, b"[]\n"), "CHANGED: seal.dsse.json"),
    "the signature taken off": Tampering(lambda w: edit_envelope(w.run, signatures=[]), "UNSIGNED: seal.dsse.json"),
    "signed by somebody else": Tampering(lambda w: write_envelope(w.run, read_statement(w.run), EVE), "WRONG KEY: seal.dsse.json"),
    "signed by somebody else in the name of the right key": Tampering(sign_falsely, "CHANGED: seal.dsse.json"),
    "a byte of the signature": Tampering(flip_signature, "CHANGED: seal.dsse.json"),
    "a second signature": Tampering(sign_twice, "CHANGED: seal.dsse.json"),
    "the payload edited": Tampering(edit_payload, "CHANGED: seal.dsse.json"),
    "another payload type": Tampering(lambda w: edit_envelope(w.run, payloadType="application/json"), "CHANGED: seal.dsse.json"),
    "a member more": Tampering(lambda w: edit_envelope(w.run, note="x"), "CHANGED: seal.dsse.json"),
    "white space in the seal": Tampering(lambda w: write(w.run / SEAL, lambda d: d.replace(b",", b", ", 1)), "CHANGED: seal.dsse.json"),
    "base64 written otherwise": Tampering(loosen_base64, "CHANGED: seal.dsse.json"),
    "the seal of another run": Tampering(lambda w: shutil.copy(w.other / SEAL, w.run / SEAL), "FOREIGN: "),
    "the signature of another run": Tampering(lambda w: edit_envelope(w.run, signatures=json.loads((w.other / SEAL).read_bytes())["signatures"]), "CHANGED: seal.dsse.json"),
    "changed and sealed without a key": Tampering(lambda w: change_and_seal(w, None), "UNSIGNED: seal.dsse.json"),
    "changed and sealed with another key": Tampering(lambda w: change_and_seal(w, EVE), "WRONG KEY: seal.dsse.json"),
    # statements that the right key was made to sign
    "GO, signed, over a NO-GO": Tampering(lie, "CHANGED: "),
    "GO, signed, though no criterion serves a requirement": Tampering(lie_of_requirement, "CHANGED: "),
    "a promotion, signed, in a rehearsal": Tampering(
        partial(lie_of_promotion, rehearsal=True, target="rehearsal://"), "CHANGED: "
    ),
    "a promotion, signed, that did not ask the account": Tampering(
        partial(lie_of_promotion, criteria=CRITERIA.replace('["static"]', '["static", "live"]'), moment="promotion", layers=["static"]),
        "CHANGED: ",
    ),
    "a promotion, signed, of one moment": Tampering(
        partial(lie_of_promotion, criteria=f'{CRITERIA}moment = "before"\n', moment="before"), "CHANGED: "
    ),
    "a promotion, signed, of staging": Tampering(
        partial(lie_of_promotion, target="https://staging.shop.example"), "CHANGED: "
    ),
    "a promotion, signed, of staging beside a site that is stated": Tampering(
        partial(
            lie_of_promotion,
            criteria=f'{CRITERIA}[e2e]\nbase_url = "https://www.shop.example"\n',
            target="https://staging.shop.example",
        ),
        "CHANGED: ",
    ),
    "a promotion, signed, without a layer that a requirement asks": Tampering(
        partial(
            lie_of_promotion,
            criteria=f'{CRITERIA}[requirements.OPS-2]\nasks = "that somebody looks"\nlayers = ["static", "live"]\n',
            layers=["static"],
        ),
        "CHANGED: ",
    ),
    "a promotion, signed, without a layer that a section asks": Tampering(
        partial(
            lie_of_promotion,
            criteria=f'{CRITERIA}[e2e]\nbase_url = "https://www.shop.example"\n',
            layers=["static"],
        ),
        "CHANGED: ",
    ),
    "a promotion, signed, without a layer that is asked": Tampering(
        partial(lie_of_promotion, criteria=CRITERIA.replace('["static"]', '["static", "live"]'), layers=["static"]),
        "CHANGED: ",
    ),
    "another commit, signed": Tampering(lambda w: say(w.run, commit="d" * 40), "CHANGED: "),
    "another head, signed": Tampering(lambda w: say(w.run, head="0" * 64), "CHANGED: "),
    "another kind of payload, signed": Tampering(lambda w: write_envelope(w.run, read_statement(w.run), kind="text/x"), "CHANGED: "),
    "another system, signed": Tampering(lambda w: say(w.run, system="bank"), "CHANGED: "),
    "another run, signed": Tampering(lambda w: say(w.run, run="2026-01-01T000000Z-0000000"), "FOREIGN: "),
    "a file left out, signed": Tampering(omit_file, "UNLISTED: logs/static.txt"),
    "GO, signed, by a waiver that had expired": Tampering(lie_of_waiver, "CHANGED: "),
    "GO, signed, by a waiver that opens later": Tampering(lambda w: lie_of_waiver(w, opened=2, expires=20), "CHANGED: "),
    "GO, signed, by a waiver that says not which fault": Tampering(lambda w: lie_of_waiver(w, expires=20, aspect="CPU"), "CHANGED: "),
    "GO, signed, of facts of another day": Tampering(lie_of_age, "CHANGED: "),
    "a key twice in a line, signed": Tampering(double_key, "CHANGED: journal.jsonl: line"),
    # the verification summary
    "the summary deleted": Tampering(lambda w: (w.run / SUMMARY).unlink(), "MISSING: summary.dsse.json"),
    "the summary unsigned": Tampering(lambda w: edit_envelope(w.run, SUMMARY, signatures=[]), "UNSIGNED: summary.dsse.json"),
    "the summary by somebody else": Tampering(lambda w: write_envelope(w.run, read_statement(w.run, SUMMARY), EVE, SUMMARY), "WRONG KEY: summary.dsse.json"),
    "a byte of the summary's signature": Tampering(lambda w: flip_signature(w, SUMMARY), "CHANGED: summary.dsse.json"),
    "the summary is no JSON": Tampering(lambda w: add(w.run / SUMMARY, b"x"), "CHANGED: summary.dsse.json"),
    "a summary beside a NO-GO": Tampering(lambda w: shutil.copy(w.other / SUMMARY, bad(w) / SUMMARY), "UNLISTED: summary.dsse.json"),
    # the verifier's requirements
    "an authentic run of another commit": Tampering(show_other, "FOREIGN: "),
    "of another commit than asked": Tampering(lambda w: None, "FOREIGN: ", Asked(commit="e" * 40)),
    "of part of the commit's name": Tampering(lambda w: None, "FOREIGN: ", Asked(commit=COMMIT[:39])),
    # the folder
    "a later date in the folder's name": Tampering(lambda w: rename_folder(w, "2099-01-01T000000Z-{}"), "FOREIGN: the folder is called 2099-"),
    "a folder of any other name": Tampering(lambda w: rename_folder(w, "evidence of {}"), "FOREIGN: the folder is called evidence of "),
    "an authentic run in the place of another": Tampering(replace_run, "FOREIGN: the folder is called ", Asked(commit=OTHER_COMMIT)),
    "too old": Tampering(lambda w: None, "EXPIRED: ", Asked(later=2 * DAY)),
    "too old by a little": Tampering(lambda w: None, "EXPIRED: ", replace(Asked(), later=DAY + timedelta(minutes=1))),
}  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two sealed runs, and the signer's key."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "nightly.pub").write_text(pem(NIGHTLY))
    for name, commit in (("run", COMMIT), ("other", OTHER_COMMIT)):
        made = seal(make_run(folder / name, commit=commit))
        made.rename(folder / made.name)
        (folder / f"{name}.name").write_text(made.name)
    return folder


@pytest.fixture
def world(kept: Path, tmp_path: Path) -> World:
    run, other = ((kept / f"{name}.name").read_text() for name in ("run", "other"))
    return World(*(shutil.copytree(kept / name, tmp_path / name) for name in (run, other)))


def test_the_matrix_is_large_and_each_word_is_in_it() -> None:
    assert len(MATRIX) >= 40
    words = {case.word.partition(":")[0] for case in MATRIX.values()}
    assert words >= {"CHANGED", "MISSING", "UNLISTED", "REORDERED", "FOREIGN", "UNSIGNED", "WRONG KEY", "EXPIRED"}


def test_what_nobody_tampered_with_is_authentic(kept: Path, world: World) -> None:
    assert ask_gate(world.run) == []
    assert ask_other(world.run, kept / "nightly.pub") == []


@pytest.mark.parametrize("name", MATRIX)
def test_tampering_is_refused_and_named(kept: Path, world: World, name: str) -> None:
    case = MATRIX[name]
    case.by(world)
    for flaws in (ask_gate(world.run, case.asked), ask_other(world.run, kept / "nightly.pub", case.asked)):
        assert flaws
        assert any(flaw.startswith(case.word) for flaw in flaws), flaws


def test_a_waiver_in_force_makes_a_run_go_for_both(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    waive(tmp_path, opened=today - DAY, expires=today + DAY)
    run = seal(make_run(tmp_path, good=False))
    (tmp_path / "key").write_text(pem(NIGHTLY))
    assert ask_gate(run) == ask_other(run, tmp_path / "key") == []
    assert read_statement(run)["predicate"]["prodgate"]["verdict"] == "GO"


@pytest.mark.parametrize(("many", "most", "flaws"), [(1, 1, 0), (2, 2, 0), (2, 1, 1)])
def test_a_waiver_that_covers_more_than_it_says_is_void(many: int, most: int, flaws: int) -> None:
    waiver = {"covers": "c", "subject": "a[*]", "most": most, "opened": date(2026, 1, 1), "expires": date(2026, 1, 2)}
    found = [
        {"criterion": "c", "check": "x", "subject": f"a[{each}]", "outcome": "not-satisfied"} for each in range(many)
    ]
    other = [{**found[0], "outcome": "satisfied"}, {**found[0], "criterion": "d"}]
    started = "2026-01-02T23:59:59+00:00"
    void = runpy.run_path(str(load_other_verifier().DERIVE))["find_void"]({"w": waiver}, [*found, *other], started)
    assert len(list(void)) == flaws


@given(
    st.sampled_from([-1, 0, 1, 3600, 43_200, 43_201, 604_800, 604_801, 3 * 10**6, None]),
    st.booleans(),
    st.sampled_from(["", "0.5 d", "12 h", "7 d"]),
)
@example(43_200, True, "12 h")
@example(43_201, True, "0.5 d")
@example(3 * 10**6, True, "")
def test_both_verifiers_say_the_same_of_the_age_of_facts(age: int | None, again: bool, most: str) -> None:
    """``age`` is in seconds when the run began; None for a fact that does not say."""
    about = {"started": "2026-12-01T00:00:00+00:00"} | ({"judged_again": "earlier"} if again else {})
    started = datetime.fromisoformat(about["started"])
    at = "yesterday" if age is None else (started - timedelta(seconds=age)).isoformat()
    facts = [{"layer": "static", "kind": "configuration", "at": at}]
    text = CRITERIA + (f'[facts]\nmax_age = {{ static = "{most}" }}\n' if most else "")
    stated, other = parse_criteria(text, Path("criteria.toml")), runpy.run_path(str(load_other_verifier().DERIVE))
    ours = standing.find_stale(facts, started, stated, again=again)
    assert bool(list(ours)) == bool(list(other["find_stale"](about, [tomllib.loads(text)], facts)))
    assert most or {layer: Quantity.days(days) for layer, days in other["AGES"].items()} == stated.max_age


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(which=st.integers(0, 10_000), at=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
@example(which=0, at=0.0, bits=1)
def test_no_byte_of_any_file_can_be_another(kept: Path, which: int, at: float, bits: int) -> None:
    run = kept / (kept / "run.name").read_text()
    files = [path for _, path in list_paths(run) if path.stat().st_size]  # no byte of an empty file is another one
    path = files[which % len(files)]
    data = path.read_bytes()
    place = int(at * len(data))
    try:
        path.write_bytes(data[:place] + bytes([data[place] ^ bits]) + data[place + 1 :])
        assert ask_gate(run)
        assert ask_other(run, kept / "nightly.pub")
    finally:
        path.write_bytes(data)


#: What a line of a journal may say instead.
OTHERWISE: dict[str, list[Any]] = {
    "outcome": ["satisfied", "not-satisfied", "undetermined", "not-applicable"],
    "criterion": ["backup-retention", "availability", "unstated"],
    "check": ["PG_REC_1", "test_days", "another"],
    "layer": ["static", "live", "nowhere"],
    "subject": ["a", "b"],
    "findings": [0, 1, 2],
    "needs": ["production", ""],
    "place": ["policies/shop.py", ""],
}
#: Criteria with all that a verdict reads of them besides the bound.
OF_ALL_KINDS = f"""{CRITERIA}
[criteria.availability]
statement = {{ en = "It is up.", ja = "動いている。" }}
why = "It is needed."
source = "OPS-3"
layers = ["live"]
needs = "production"
population = 2
[criteria.optional]
statement = {{ en = "It is off.", ja = "使わない。" }}
why = "It is seldom."
source = "OPS-4"
layers = ["static"]
applicability = "where-present"
"""
BENDS = st.lists(
    st.tuples(
        st.sampled_from(["drop", "double", "swap", "set", "set", "set"]),
        st.integers(1, 99),
        st.integers(1, 99),
        st.sampled_from([(key, value) for key, values in OTHERWISE.items() for value in values]),
    ),
    max_size=3,
)


def bend(run: Path, how: Sequence[tuple[str, int, int, tuple[str, Any]]]) -> None:
    """Drop, double, swap and change lines of a journal behind the first, in a chain that holds."""
    events = [json.loads(line) for line in (run / NAME).read_bytes().splitlines()]
    for what, one, other, (key, value) in how:
        at, to = (1 + each % (len(events) - 1) for each in (one, other))
        if what == "drop" and len(events) > 2:
            del events[at]
        elif what == "double":
            events.insert(to, events[at])
        elif what == "swap":
            events[at], events[to] = events[to], events[at]
        elif what == "set" and (key in events[at] or (key, events[at]["event"]) == ("needs", "finding")):
            events[at] = {**events[at], key: value}
    link, written = Link("", 0, ""), b""
    for event in events:
        data, link = make_line({key: value for key, value in event.items() if key != "chain"}, link)
        written += data + b"\n"
    (run / NAME).write_bytes(written)


@pytest.fixture(scope="module")
def bendable(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Runs that are GO, of several layers and with a team's check, one of them a rehearsal."""
    made = {}
    for rehearsal in (False, True):
        run = make_run(tmp_path_factory.mktemp("bendable"), OF_ALL_KINDS, rehearsal=rehearsal)
        last = (run / NAME).read_bytes().splitlines(keepends=True)[-1]
        (run / NAME).write_bytes((run / NAME).read_bytes().removesuffix(last))
        journal, own = Journal.of(run), "policies/shop.py"
        journal.record_planned("static", "test_days", "optional", own)
        journal.record_started("static", "test_days", own)
        absent = finding(Outcome.NOT_APPLICABLE, criterion="optional", check="test_days", reason="none is there")
        journal.record_finding(absent)
        journal.record_finished("static", "test_days", 1)
        journal.record_planned("live", "up", "availability")
        journal.write("collected", layer="live")
        journal.record_started("live", "up")
        for subject in "ab":
            journal.record_finding(finding(criterion="availability", check="up", layer="live", subject=subject))
        journal.record_finished("live", "up", 2)
        runs.close(run)
        made[rehearsal] = run
    return made


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(rehearsal=st.booleans(), how=BENDS)
@example(rehearsal=False, how=[])
@example(rehearsal=True, how=[])
def test_both_verifiers_say_the_same_of_a_go_over_a_bent_journal(
    bendable: dict[bool, Path], rehearsal: bool, how: list[tuple[str, int, int, tuple[str, Any]]]
) -> None:
    """The right key signs GO, whatever the journal says by now."""
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / bendable[rehearsal].name
        shutil.copytree(bendable[rehearsal], run)
        bend(run, how)
        try:
            found = runs.read(run)
            seals.seal(found, found.verdict(), NIGHTLY, now=datetime.now(UTC))
        except (runs.RunError, SealError):  # its closing line is elsewhere, and no gate can seal it
            return
        say(run, verdict="GO")
        (Path(folder) / "key").write_text(pem(NIGHTLY))
        gate_says, other_says = ask_gate(run), ask_other(run, Path(folder) / "key")
        assert bool(gate_says) == bool(other_says), (gate_says, other_says)
        assert how or not gate_says


@pytest.mark.parametrize("name", ["seal.dsse.json", "summary.dsse.json"])
def test_no_byte_of_what_seals_can_be_another(kept: Path, name: str) -> None:
    run = kept / (kept / "run.name").read_text()
    path, data = run / name, (run / name).read_bytes()
    try:
        for place in range(0, len(data), 11):
            path.write_bytes(data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :])
            assert ask_gate(run), place
            assert ask_other(run, kept / "nightly.pub"), place
    finally:
        path.write_bytes(data)


@pytest.mark.parametrize("sealed_by", [None, EVE])
def test_a_program_that_nobody_stands_for_is_not_run(
    kept: Path, world: World, monkeypatch: pytest.MonkeyPatch, sealed_by: KeySigner | None
) -> None:
    """Somebody who may change the folder could print GO with it; only a signed program runs."""
    other = load_other_verifier()
    monkeypatch.setattr(other, "DERIVE", world.run / "derive.py")
    assert ask_other(world.run, kept / "nightly.pub", module=other) == []
    (world.run / "derive.py").write_text("raise SystemExit(0)\n")
    if sealed_by:
        statement = read_statement(world.run)
        data = (world.run / "derive.py").read_bytes()
        (own,) = [each for each in statement["subject"] if each["name"] == "derive.py"]
        own.update(digest={"sha256": hashlib.sha256(data).hexdigest()}, annotations={"bytes": len(data)})
        write_envelope(world.run, statement, sealed_by)
    said, *_ = ask_other(world.run, kept / "nightly.pub", module=other)
    assert said.startswith("WRONG KEY: seal.dsse.json" if sealed_by else "CHANGED: derive.py")


def test_a_copy_elsewhere_is_verified_without_the_sources_of_the_gate(kept: Path, world: World, tmp_path: Path) -> None:
    elsewhere = tmp_path / "evidence of last year" / world.run.name
    shutil.copytree(world.run, elsewhere)
    shutil.copy(kept / "nightly.pub", elsewhere.parent)
    alone = "import runpy, sys; sys.modules['prodgate'] = None; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"

    def verify(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-I", "-c", alone, "verify.py", "../nightly.pub", *words]
        done = subprocess.run(
            command, cwd=elsewhere, check=False, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    said = f"GO  shop on aws://prod@ap-northeast-1, {'c0ffee00' * 5}\n"
    assert verify() == (0, said)
    assert verify("--commit", "c0ffee00" * 5, "--max-age", "24") == (0, said)
    assert verify("--commit", "d" * 40) == (4, f"FOREIGN: about commit {'c0ffee00' * 5}, not {'d' * 40}\n")
    (elsewhere / "logs" / "static.txt").write_text("nothing happened\n")
    assert verify() == (4, "CHANGED: logs/static.txt\n")


@pytest.mark.parametrize(
    "words",
    [("--commit", ""), ("--commit", COMMIT[:39]), ("--max-age", "nan"), ("--max-age", "inf"), ("--max-age", "")],
)
def test_an_option_that_asks_for_nothing_is_no_option(kept: Path, world: World, words: tuple[str, str]) -> None:
    code, said = run_other(world.run, kept / "nightly.pub", *words)
    assert (code, f"argument {words[0]}: " in said) == (2, True)


@pytest.mark.parametrize(("about", "good", "code"), [({}, False, 1), ({"layers": ["live"]}, True, 2)])
def test_what_is_authentic_and_not_go_is_told_apart(
    tmp_path: Path, about: dict[str, object], good: bool, code: int
) -> None:
    run = seal(make_run(tmp_path, good=good, **about))
    (tmp_path / "key").write_text(pem(NIGHTLY))
    assert (run_other(run, tmp_path / "key")[0], ask_gate(run)) == (code, [])


# ── From ``prodgate run`` to ``prodgate verify``, as people and workflows use them

SPY = """
import os
import sys
print("the key is", os.environ.get("PRODGATE_SIGNING_KEY", "nothing"), file=sys.stderr)
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    write_tree(
        tmp_path,
        {
            "criteria.toml": SHOP_CRITERIA.replace("\n[terraform]", f"{SIGNERS}\n[terraform]", 1),
            "infra/main.tf": TREE,
            "policies/shop.py": POLICY + SPY,
        },
    )
    return tmp_path


def start(shop: Path, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "prodgate.cli", *arguments]
    environment = {**os.environ, **({"PRODGATE_SIGNING_KEY": key} if key else {})}
    return subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=400, check=False, env=environment)


@pytest.mark.slow
def test_a_run_is_signed_and_verified_and_no_judge_sees_the_key(shop: Path) -> None:
    done = start(shop, "run", "rehearsal://", "--only", "static", key=private(NIGHTLY))
    assert done.returncode == 0, done.stderr
    assert f"\n  sealed, signed by nightly ({NIGHTLY.public.keyid[:12]})\n" in done.stdout
    (run,) = (shop / "runs").iterdir()
    assert "the key is nothing" in (run / "logs" / "static.txt").read_text()
    verified = start(shop, "verify", str(run))
    assert verified.returncode == 0, verified.stdout
    assert verified.stdout.startswith("authentic  REHEARSAL GO  shop on rehearsal://\n  signed by nightly (")
    assert "not a promotion verdict" in verified.stdout
    assert private(NIGHTLY).splitlines()[1] not in "".join(
        path.read_bytes().decode("latin-1") for path in run.rglob("*") if path.is_file()
    )
    again = start(shop, "judge", str(run), key=private(NIGHTLY))
    assert again.returncode == 0, again.stderr
    assert start(shop, "verify", "runs").returncode == 0
    shutil.rmtree(run)
    missed = start(shop, "verify", "runs")
    assert (missed.returncode, f"MISSING: run {run.name}, on which " in missed.stdout) == (4, True)


def test_a_key_that_does_not_count_is_refused_before_anything_runs(shop: Path) -> None:
    done = start(shop, "run", "rehearsal://", "--only", "static", key=private(EVE))
    assert (done.returncode, done.stdout) == (4, "")
    assert (
        "PRODGATE_SIGNING_KEY: is a key whose signature does not count; [evidence] signers names nightly" in done.stderr
    )
    assert not (shop / "runs").exists()


def test_without_a_key_every_place_says_that_nobody_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert publishing.publish(run, as_json=False, seals=True) == 0
    assert "\n  sealed, unsigned\n" in capsys.readouterr().out
    assert "**Sealed, unsigned.**" in (run / "summary.md").read_text()
    assert "Sealed, unsigned: nobody stands for it." in (run / "report.html").read_text()
    assert "封印済み・署名なし" in (run / "report.ja.html").read_text()
    assert json.loads(gate("report", run, "--json").out)["seal"] == "sealed, unsigned"
    assert "UNSIGNED: seal.dsse.json: nobody stands for it" in gate("verify", run, ends=4).out
    assert "  sealed, unsigned at " in gate("verify", run, "--unsigned").out


def test_a_key_that_does_not_sign_leaves_the_run_unsigned_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    class Mute:
        public = NIGHTLY.public

        def sign(self, data: bytes) -> bytes:
            raise SigningError("kms Sign: access denied")

    run = make_run(tmp_path)
    assert publishing.publish(run, as_json=False, seals=True, signer=Mute()) == 0
    captured = capsys.readouterr()
    assert captured.err == "not signed: kms Sign: access denied\n"
    assert "sealed, unsigned" in captured.out
    assert "Sealed, unsigned" in (run / "report.html").read_text()
    gate("verify", run, "--unsigned")


def test_a_run_that_was_cut_off_is_not_sealed_and_says_so(
    run: Path, capsys: pytest.CaptureFixture[str], gate: Gate
) -> None:
    judge(run, close=False)
    assert publishing.publish(run, as_json=False, seals=True, signer=NIGHTLY) == 2
    assert "\n  not sealed\n" in capsys.readouterr().out
    assert "was cut off, and is no whole to seal" in gate("seal", run, ends=4).err
    assert gate("verify", run, ends=4) == (
        f"NOT AUTHENTIC  {run}\n  MISSING: seal.dsse.json: the run is not sealed\n",
        "",
    )


def test_a_run_is_signed_later(keys: Path, gate: Gate) -> None:
    run = seal(make_run(keys), None)
    assert gate("seal", run, "--signing-key", keys / "nightly.pem").out.startswith(
        f"sealed, signed by key ({NIGHTLY.public.keyid[:12]}): {run}\nseal:   "
    )
    gate("verify", run, "--key", keys / "nightly.pub")
    assert (
        f"WRONG KEY: seal.dsse.json: is signed by key {NIGHTLY.public.keyid}"
        in gate("verify", run, "--key", keys / "eve.pub", ends=4).out
    )
    (run / "logs" / "static.txt").write_text("other")
    assert "CHANGED: logs/static.txt" in gate("seal", run, "--signing-key", keys / "nightly.pem", ends=4).err


class Refusing:
    """A key that is known, and does not sign."""

    public = NIGHTLY.public

    def sign(self, _data: bytes) -> bytes:
        raise SigningError("it is tired")


def test_a_run_that_was_not_signed_after_all_is_as_it_was_sealed(
    keys: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(keys / "x")
    monkeypatch.chdir(keys)  # no criteria are there
    seal(run, None)
    (keys / "bundled").mkdir()
    for name in VERIFIERS:
        (keys / "bundled" / name).write_text("# of a later version\n")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with monkeypatch.context() as patched:
        patched.setattr("prodgate.commands.kept.take_signer", lambda *_: Refusing())
        patched.setattr(seals.resources, "files", lambda _: keys)
        assert "not signed: it is tired" in gate("seal", run, ends=4).err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    gate("verify", run, "--unsigned")
    gate("seal", run, "--signing-key", keys / "nightly.pem")


@pytest.mark.parametrize("lost", ["run.json", "seal.dsse.json", NAME])
def test_a_run_in_a_folder_is_missed_by_none_of_its_files(keys: Path, gate: Gate, lost: str) -> None:
    bad, good = make_run(keys, good=False), make_run(keys)
    for each in (bad, good):
        seal(each)
    (bad / lost).unlink()
    assert f"NOT AUTHENTIC  {bad}" in gate("verify", bad.parent, "--key", keys / "nightly.pub", ends=4).out


def test_writing_the_reports_again_breaks_no_seal(keys: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    run = seal(make_run(keys))
    key = ("--key", keys / "nightly.pub")
    monkeypatch.setattr(publishing, "render_html", lambda *_, **__: "another version")
    gate("report", run)
    gate("verify", run, *key)
    monkeypatch.undo()
    (run / "report.html").write_text("<h1>GO</h1>")
    (run / "summary.md").unlink()
    gate("verify", run, *key, ends=4)
    assert "sealed, signed by key" in gate("report", run).out
    gate("verify", run, *key)


def test_the_commands_of_the_report_verify_it(keys: Path) -> None:
    run = seal(make_run(keys))
    assert run_commands_of_report(run, keys / "nightly.pub") == (0, [NIGHTLY.public.keyid], "")
    code, _, _ = run_commands_of_report(run, keys / "eve.pub")
    assert code != 0
    (run / "logs" / "static.txt").write_text("nothing\n")
    code, out, _ = run_commands_of_report(run, keys / "nightly.pub")
    assert code != 0
    assert "logs/static.txt: FAILED" in out


def run_commands_of_report(run: Path, key: Path) -> tuple[int, list[str], str]:
    """Run the report's commands under "by hand", from the folder that holds the run."""
    page = (run / "report.html").read_text("utf-8")
    part = page[page.index('<h2 id="by-hand">') :]
    blocks = [html.unescape(block) for block in re.findall(r"<pre><code>(.*?)</code></pre>", part, re.DOTALL)]
    wanted = [block for block in blocks if "FILE.json.gz" not in block and "prodgate report" not in block]
    assert len(wanted) == 4
    script = "set -eo pipefail\n" + "\n".join(wanted)
    done = subprocess.run(
        ["bash", "-c", script], cwd=run.parent, capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "KEY": str(key)},
    )  # fmt: skip
    head = json.loads((run / NAME).read_bytes().splitlines()[-1])["chain"]["sha256"]
    lines = [line.removesuffix("  -") for line in done.stdout.splitlines()]
    return (
        done.returncode,
        [line for line in lines if line not in (head, "Signature Verified Successfully")],
        done.stderr,
    )


# ── prodgate verify


PLANNED = f'{CRITERIA}\n[terraform]\nroot = "./infra/plan.json"\n'
THIS, OTHER = hashlib.sha256(b"{}").hexdigest(), "0" * 64


@pytest.mark.parametrize(
    ("criteria", "judged", "layer", "said"),
    [(PLANNED, THIS, "static", ""), (PLANNED, OTHER, "static", f"judged plan {OTHER}, not {THIS}"),
     (PLANNED, THIS, "live", "judged no plan, not "), (CRITERIA, THIS, "static", "judged no plan, not ")],
)  # fmt: skip
def test_a_plan_that_was_not_judged_is_foreign(
    keys: Path, gate: Gate, criteria: str, judged: str, layer: str, *, said: str
) -> None:
    (keys / "plan.json").write_text("{}")
    seal(made := make_run(keys / "a", criteria, inputs={"infra/plan.json": judged}, layers=[layer]))
    asked = ("verify", made, "--key", keys / "nightly.pub", "--plan")
    out = gate(*asked, keys / "plan.json", ends=4 if said else 0).out
    assert f"FOREIGN: {said}" in out if said else out.startswith("authentic ")
    assert "--plan x.json: No such file" in gate(*asked, "x.json", ends=4).err


def test_more_may_be_asked_of_a_run(keys: Path, gate: Gate) -> None:
    key = ("--key", keys / "nightly.pub")
    wider = CRITERIA.replace('layers = ["static"]', 'layers = ["static", "live"]')
    whole, part = make_run(keys / "a"), make_run(keys / "b", wider, layers=["static"])
    tried = make_run(keys / "c", rehearsal=True)
    before = make_run(keys / "d", f'{CRITERIA}moment = "before"\n', moment="before")
    for each in (whole, part, tried, before):
        seal(each)
    everything = ("--whole", "--promotes", "--target", "aws://prod@ap-northeast-1")
    gate("verify", whole, *key, *everything)
    assert (
        "FOREIGN: is about target 'aws://prod@ap-northeast-1', not 'aws://prod@eu-west-1'"
        in gate("verify", whole, *key, "--target", "aws://prod@eu-west-1", ends=4).out
    )
    out = gate("verify", part, *key).out
    assert out.startswith("authentic  PARTIAL GO  shop on ")
    assert "\n  left out: live\n  layers without criteria: load, e2e, dags, rollout, attested\n" in out
    assert "FOREIGN: is about a part alone; left out: live\n" in gate("verify", part, *key, "--whole", ends=4).out
    (keys / "wider.toml").write_text(wider, "utf-8")
    assert (
        "FOREIGN: is about a part alone; left out: live\n"
        in gate("verify", whole, *key, "--criteria", keys / "wider.toml", "--whole", ends=4).out
    )
    assert (
        "FOREIGN: is about a part alone; asked only what must hold before a deployment\n"
        in gate("verify", before, *key, "--whole", ends=4).out
    )
    for run, place in ((part, "this system"), (before, "this system"), (tried, "a rehearsal")):
        assert (
            f"FOREIGN: allows no promotion: it says GO of {place}"
            in gate("verify", run, *key, "--promotes", ends=4).out
        )


def test_a_promotion_may_rest_on_what_can_be_asked_before_a_deployment(keys: Path, gate: Gate) -> None:
    run = seal(make_run(keys, f'{CRITERIA}moment = "before"\n', moment=PROMOTION, layers=sorted(PROMOTING)))
    asked = ("verify", run, "--key", keys / "nightly.pub", "--promotes", "--target", "aws://prod@ap-northeast-1")
    gate(*asked)
    (keys / "wider.toml").write_text(CRITERIA.replace('layers = ["static"]', 'layers = ["static", "live"]'), "utf-8")
    assert (
        "FOREIGN: allows no promotion: it left out live\n"
        in gate(*asked, "--criteria", keys / "wider.toml", ends=4).out
    )


def test_a_signature_that_nobody_checked_is_not_called_none(
    keys: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(keys / "x")
    monkeypatch.chdir(keys)  # no criteria are there
    seal(run)
    assert (
        f"signed by key {NIGHTLY.public.keyid[:12]}, which was not checked; give --key"
        in gate("verify", run, "--unsigned").out
    )


@pytest.mark.parametrize("command", ["bundle", "seal"])
def test_a_forged_signature_of_a_named_signer_is_passed_on_by_nobody(keys: Path, gate: Gate, command: str) -> None:
    run = seal(make_run(keys, f"{CRITERIA}\n{SIGNERS}"))
    envelope = json.loads((run / "seal.dsse.json").read_text())
    envelope["signatures"][0]["sig"] = "A" * 86 + "=="
    (run / "seal.dsse.json").write_bytes(write_json(envelope) + b"\n")
    assert "CHANGED: seal.dsse.json: is not what nightly signed" in gate(command, run, ends=4).err


def test_the_exit_code_of_verify_is_that_of_the_verdict(keys: Path, gate: Gate) -> None:
    for folder, good, layers, code in (("a", True, None, 0), ("b", False, None, 1), ("c", True, ["live"], 2)):
        run = seal(make_run(keys / folder, good=good, **({"layers": layers} if layers else {})))
        gate("verify", run, "--key", keys / "nightly.pub", ends=code)


def test_what_is_asked_of_a_run_is_checked(keys: Path, gate: Gate) -> None:
    run = seal(make_run(keys))
    key = ("--key", keys / "nightly.pub")
    (found,) = json.loads(gate("verify", run, *key, "--commit", COMMIT, "--max-age", "24h", "--json").out)["runs"]
    assert (found["authentic"], found["signer"], found["promotes"]) == (True, "nightly.pub", True)
    assert found["head"] == json.loads((run / NAME).read_bytes().splitlines()[-1])["chain"]["sha256"]
    gate("verify", run, *key, "--max-age", "0.001 s", ends=4)
    assert "FOREIGN: is about commit" in gate("verify", run, *key, "--commit", "e" * 40, ends=4).out
    for words in (("--commit", "c0ffee0"), ("--max-age", "24"), ("--max-age", "-1 h"), ("--max-age", "3 GB")):
        assert words[0] in gate("verify", run, *key, *words, ends=4).err
    other = keys / "other.toml"
    other.write_text((keys / "criteria.toml").read_text().replace('"shop"', '"bank"') + SIGNERS)
    assert "FOREIGN: is about system 'shop', not 'bank'" in gate("verify", run, "--criteria", other, ends=4).out
    assert (
        "there is no such run; name a run directory, a bundle, or a folder of runs"
        in gate("verify", keys / "nothing", ends=4).err
    )


def test_the_criteria_of_a_run_do_not_say_whose_signature_counts(keys: Path, gate: Gate) -> None:
    own = f"{CRITERIA}\n{SIGNERS}"
    run = seal(make_run(keys / "a", own), EVE)
    assert "which the run's own criteria do not name" in gate("verify", run, "--key", keys / "eve.pub", ends=4).out
    forged = seal(make_run(keys / "b", own.replace(NIGHTLY.public.text, EVE.public.text)), EVE)
    gate("verify", forged, "--key", keys / "eve.pub")
    assert "WRONG KEY" in gate("verify", forged, "--key", keys / "nightly.pub", ends=4).out
    assert "those that count are none" in gate("verify", forged, ends=4).out


def test_a_bundle_is_verified_as_the_run_is(keys: Path, gate: Gate) -> None:
    run = seal(make_run(keys))
    out, bundle = gate("bundle", run).out, run.with_name(f"{run.name}.tar")
    assert out == f"{hashlib.sha256(bundle.read_bytes()).hexdigest()}  {bundle}\n"
    gate("bundle", run, "--to", keys / "b.tar")
    assert (keys / "b.tar").read_bytes() == bundle.read_bytes()
    assert [each.stat().st_mode & 0o077 for each in (bundle, keys / "b.tar")] == [0, 0]
    shutil.rmtree(run)
    (keys / "evidence of last year").mkdir()
    elsewhere = shutil.copy(bundle, keys / "evidence of last year" / "2099-01-01T000000Z-0000000")
    for called in (bundle, keys / "b.tar", elsewhere):
        gate("verify", called, "--key", keys / "nightly.pub", "--commit", COMMIT)
    subprocess.run(["tar", "-xf", keys / "b.tar"], cwd=keys, check=True)
    gate("verify", keys / run.name, "--key", keys / "nightly.pub")
    (keys / "latest").symlink_to(keys / run.name)
    gate("verify", keys / "latest", "--key", keys / "nightly.pub")
    (keys / run.name / "verify.py").write_text("")
    assert "CHANGED: verify.py" in gate("bundle", keys / run.name, ends=4).err
    (keys / "b.tar").write_bytes(b"x")
    assert "b.tar: CHANGED: is no bundle" in gate("verify", keys / "b.tar", ends=4).err


def test_a_folder_is_verified_under_the_name_of_its_run_alone(keys: Path, gate: Gate) -> None:
    run = seal(make_run(keys))
    moved = run.rename(keys / "evidence of last year")
    told = f"FOREIGN: the folder is called {moved.name}, and the run in it {run.name}; a folder has the name of its run"
    out = gate("verify", moved, "--key", keys / "nightly.pub", ends=4).out
    assert out == f"NOT AUTHENTIC  {moved}\n  {told}\n"
    (keys / "b.tar").write_bytes(make_bundle(moved, moved.name))
    assert (
        gate("verify", keys / "b.tar", "--key", keys / "nightly.pub", ends=4).out
        == f"NOT AUTHENTIC  {keys / 'b.tar'}\n  {told}\n"
    )
    gate("verify", moved.rename(run), "--key", keys / "nightly.pub")


def test_evidence_that_is_cited_must_be_there(keys: Path, gate: Gate) -> None:
    run = make_run(keys)
    (run / NAME).write_bytes(b"".join((run / NAME).read_bytes().splitlines(keepends=True)[:-1]))
    Journal.of(run).record_fact("static", "configuration", "terraform", "f" * 64, "files")
    runs.close(run)
    seal(run)
    assert f"MISSING: evidence/{'f' * 64}" in gate("verify", run, "--key", keys / "nightly.pub", ends=4).out


def test_a_run_from_the_future_is_no_evidence(keys: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=2)

    monkeypatch.setattr(runs, "datetime", Later)
    run = make_run(keys)
    monkeypatch.undo()
    seal(run)
    assert (
        "EXPIRED: says that it began or saw something at"
        in gate("verify", run, "--key", keys / "nightly.pub", ends=4).out
    )


#: Runs that earlier versions sealed -> the exit code of their verdict. The first is of the first version that sealed
#: runs; the second of the last one whose journal states no format, with keys of criteria for one layer alone.
KEPT = {"2026-12-01T103349Z-cc61772": 0, "2026-12-01T103352Z-eb7b991": 2}


@pytest.mark.parametrize("name", KEPT)
def test_a_run_that_an_earlier_version_sealed_still_verifies(keys: Path, gate: Gate, name: str) -> None:
    bundle = Path(__file__).with_name("kept") / f"{name}.tar"
    assert gate("verify", bundle, "--key", keys / "nightly.pub", ends=KEPT[name]).out.startswith("authentic  ")
    run = open_bundle(bundle, keys)
    assert "format" not in read(run / NAME)[0]
    for verifier in (run / "verify.py", resources.files("prodgate.sealing").joinpath("bundled/verify.py")):
        command = [sys.executable, str(verifier), keys / "nightly.pub", run]
        assert subprocess.run(command, check=False, timeout=60).returncode == KEPT[name]


def test_a_run_of_a_newer_version_is_refused_with_what_to_use(
    keys: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as newer:
        newer.setattr("prodgate.evidence.journal.FORMAT", 2)
        seal(run := make_run(keys))
    sentence = (
        f"{NAME}: is of format 2, and this version reads formats up to 1; "
        "use a version of prod-gate that is at least as new as the run\n"
    )
    assert f"NEWER: {sentence}" in gate("verify", run, "--key", keys / "nightly.pub", ends=4).out
    assert sentence in gate("report", run, ends=4).err
    flaws = ask_other(run, keys / "nightly.pub")
    assert flaws == [f"NEWER: {NAME}: is of format 2, and this verifier reads formats up to 1"]
