"""A seal is the same for the same run, says what the published formats ask for, and links a run to the one before."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult as Result
from in_toto_attestation.predicates.vsa.v1.vsa_pb2 import VerificationSummary
from in_toto_attestation.v1.statement_pb2 import Statement
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey

from prodgate.evidence import runs
from prodgate.evidence.files import list_paths
from prodgate.sealing import seals
from prodgate.sealing.chains import find_gaps
from prodgate.sealing.files import SEALING
from prodgate.sealing.seals import SealError, read_seal
from prodgate.sealing.statement import OWN
from prodgate.signatures.keys import KeySigner, SigningError

from ..sample_run import CRITERIA, judge
from .sealed import COMMIT, EVE, NIGHTLY, make_run, make_signer, read_statement, seal

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
    run = make_run(tmp_path)
    seal(run)
    listed = {each["name"]: each for each in read_statement(run)["subject"]}
    assert set(listed) == {name for name in files(run) if name not in SEALING}
    assert {"run.json", "journal.jsonl", "report.html", "report.ja.html", "summary.md", "verify.py"} < set(listed)
    assert listed["journal.jsonl"]["annotations"] == {"bytes": (run / "journal.jsonl").stat().st_size}


def without_own(predicate: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in predicate.items() if key != OWN}


@pytest.mark.parametrize("good", [True, False])
def test_the_statement_is_one_of_the_published_kind(tmp_path: Path, good: bool) -> None:
    run = make_run(tmp_path, good=good)
    seal(run)
    said = read_statement(run)
    statement = ParseDict(said, Statement())
    assert statement.type == "https://in-toto.io/Statement/v1"
    assert statement.predicate_type == "https://in-toto.io/attestation/test-result/v0.1"
    result = ParseDict(without_own(said["predicate"]), Result())
    assert (result.result, list(result.passed_tests), list(result.failed_tests)) == (
        ("PASSED", ["static/backup-retention"], []) if good else ("FAILED", [], ["static/backup-retention"])
    )
    assert [each.name for each in result.configuration]


def test_what_allows_a_promotion_has_a_summary_of_the_published_kind(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    seal(run)
    said = read_statement(run, "summary.dsse.json")
    statement = ParseDict(said, Statement())
    assert statement.predicate_type == "https://slsa.dev/verification_summary/v1"
    assert dict(statement.subject[0].digest) == {"gitCommit": COMMIT}
    # that library has one level where the specification has a list of them
    assert said["predicate"].pop("verifiedLevels") == ["PRODGATE_GO"]
    summary = ParseDict(said["predicate"], VerificationSummary(), ignore_unknown_fields=True)
    assert summary.verification_result == "PASSED"
    sealed = read_seal(run)
    assert sealed is not None
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
    run = make_run(tmp_path, **about)
    seal(run)
    assert not (run / "summary.dsse.json").exists()


def test_what_is_no_go_or_unsigned_has_none(tmp_path: Path) -> None:
    for folder, good, signer in (("a", False, NIGHTLY), ("b", True, None)):
        run = make_run(tmp_path / folder, good=good)
        seal(run, signer)
        assert not (run / "summary.dsse.json").exists()


def test_another_library_verifies_the_envelope(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    seal(run)
    envelope = OtherEnvelope.from_dict(json.loads((run / "seal.dsse.json").read_bytes()))
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
    run = make_run(tmp_path)
    seal(run)
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
    found: dict[str, Any] = read_statement(run)["predicate"][OWN]
    return found


def test_each_run_names_the_one_before_of_its_system_and_target(tmp_path: Path) -> None:
    one, two, three = nights(tmp_path, 3)
    other = make_run(tmp_path, target="aws://staging@ap-northeast-1")
    seal(other)
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
    two = make_run(tmp_path)
    seal(two)
    assert own(two)["before"]["run"] == one.name
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
    copy = folder / "2026-11-09T000000Z-0000000"
    shutil.copytree(three, copy)
    assert any(
        gap.startswith("UNLISTED: ") and f"is run {three.name}, which is there already" in gap
        for gap in find_gaps(folder)
    )


def test_two_that_follow_on_one_are_told(tmp_path: Path) -> None:
    one, two = nights(tmp_path / "a", 2)
    folder = one.parent
    shutil.move(two, tmp_path / two.name)
    three = make_run(tmp_path / "a")
    seal(three)
    shutil.move(tmp_path / two.name, two)
    (gap,) = find_gaps(folder)
    assert f"all follow on {one.name}; one of them does" in gap
    assert two.name in gap
    assert three.name in gap


def test_a_run_that_is_signed_later_stays_in_the_chain(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    seal(run, None)
    after = make_run(tmp_path)
    seal(after, None)
    seal(run, NIGHTLY)
    seal(run, make_signer(3))
    assert list(find_gaps(tmp_path / "runs")) == []
    assert len(own(run)["replaces"]) == 2
