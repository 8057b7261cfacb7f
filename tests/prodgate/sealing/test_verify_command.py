"""What `prodgate verify` says of a run, of a bundle and of a folder."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prodgate.evidence.journal import NAME, Journal
from prodgate.sealing.bundles import make_bundle
from prodgate.signatures.envelope import write_json

from .said import SIGNERS, said
from .sealed import COMMIT, EVE, NIGHTLY, make_run, seal


def test_more_may_be_asked_of_a_run(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = ("--key", keys / "nightly.pub")
    from ..sample_run import CRITERIA as STATED

    wider = STATED.replace('layers = ["static"]', 'layers = ["static", "live"]')
    whole, part = make_run(keys / "a"), make_run(keys / "b", wider, layers=["static"])
    tried = make_run(keys / "c", rehearsal=True)
    before = make_run(keys / "d", f'{STATED}moment = "before"\n', moment="before")
    for each in (whole, part, tried, before):
        seal(each)
    everything = ("--whole", "--promotes", "--target", "aws://prod@ap-northeast-1")
    assert said(capsys, "verify", whole, *key, *everything)[0] == 0
    code, out, _ = said(capsys, "verify", whole, *key, "--target", "aws://prod@eu-west-1")
    assert (code, "FOREIGN: is about target 'aws://prod@ap-northeast-1', not 'aws://prod@eu-west-1'" in out) == (
        4,
        True,
    )
    code, out, _ = said(capsys, "verify", part, *key)
    assert (code, out.startswith("authentic  PARTIAL GO  shop on ")) == (0, True)
    assert "\n  left out: live\n  layers without criteria: load, e2e, dags, rollout, attested\n" in out
    code, out, _ = said(capsys, "verify", part, *key, "--whole")
    assert (code, "FOREIGN: is about a part alone; left out: live\n" in out) == (4, True)
    (keys / "wider.toml").write_text(wider, "utf-8")
    code, out, _ = said(capsys, "verify", whole, *key, "--criteria", keys / "wider.toml", "--whole")
    assert (code, "FOREIGN: is about a part alone; left out: live\n" in out) == (4, True)
    code, out, _ = said(capsys, "verify", before, *key, "--whole")
    assert (code, "FOREIGN: is about a part alone; asked only what must hold before a deployment\n" in out) == (4, True)
    for run, place in ((part, "this system"), (before, "this system"), (tried, "a rehearsal")):
        code, out, _ = said(capsys, "verify", run, *key, "--promotes")
        assert (code, f"FOREIGN: allows no promotion: it says GO of {place}" in out) == (4, True)


def test_a_signature_that_nobody_checked_is_not_called_none(
    keys: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(keys / "x")
    monkeypatch.chdir(keys)  # no criteria are there
    seal(run)
    code, out, _ = said(capsys, "verify", run, "--unsigned")
    assert (code, f"signed by key {NIGHTLY.public.keyid[:12]}, which was not checked; give --key" in out) == (0, True)


@pytest.mark.parametrize("command", ["bundle", "seal"])
def test_a_forged_signature_of_a_named_signer_is_passed_on_by_nobody(
    keys: Path, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    from ..sample_run import CRITERIA as STATED

    run = make_run(keys, f"{STATED}\n{SIGNERS}")
    seal(run)
    envelope = json.loads((run / "seal.dsse.json").read_text())
    envelope["signatures"][0]["sig"] = "A" * 86 + "=="
    (run / "seal.dsse.json").write_bytes(write_json(envelope) + b"\n")
    code, _, err = said(capsys, command, run)
    assert (code, "CHANGED: seal.dsse.json: is not what nightly signed" in err) == (4, True)


def test_the_exit_code_of_verify_is_that_of_the_verdict(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for folder, good, layers, code in (("a", True, None, 0), ("b", False, None, 1), ("c", True, ["live"], 2)):
        run = make_run(keys / folder, good=good, **({"layers": layers} if layers else {}))
        seal(run)
        assert said(capsys, "verify", run, "--key", keys / "nightly.pub")[0] == code


def test_what_is_asked_of_a_run_is_checked(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(keys)
    seal(run)
    key = ("--key", keys / "nightly.pub")
    code, out, _ = said(capsys, "verify", run, *key, "--commit", COMMIT, "--max-age", "24h", "--json")
    (found,) = json.loads(out)["runs"]
    assert (code, found["authentic"], found["signer"], found["promotes"]) == (0, True, "nightly.pub", True)
    assert found["head"] == json.loads((run / NAME).read_bytes().splitlines()[-1])["chain"]["sha256"]
    assert said(capsys, "verify", run, *key, "--max-age", "0.001 s")[0] == 4
    assert "FOREIGN: is about commit" in said(capsys, "verify", run, *key, "--commit", "e" * 40)[1]
    for words in (("--commit", "c0ffee0"), ("--max-age", "24"), ("--max-age", "-1 h"), ("--max-age", "3 GB")):
        code, _, err = said(capsys, "verify", run, *key, *words)
        assert (code, words[0] in err) == (4, True)
    other = keys / "other.toml"
    other.write_text((keys / "criteria.toml").read_text().replace('"shop"', '"bank"') + SIGNERS)
    code, out, _ = said(capsys, "verify", run, "--criteria", other)
    assert (code, "FOREIGN: is about system 'shop', not 'bank'" in out) == (4, True)
    code, _, err = said(capsys, "verify", keys / "nothing")
    assert (code, "there is no such run; name a run directory, a bundle, or a folder of runs" in err) == (4, True)


def test_the_criteria_of_a_run_do_not_say_whose_signature_counts(
    keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ..sample_run import CRITERIA as STATED

    own = f"{STATED}\n{SIGNERS}"
    run = make_run(keys / "a", own)
    seal(run, EVE)
    assert "which the run's own criteria do not name" in said(capsys, "verify", run, "--key", keys / "eve.pub")[1]
    forged = make_run(keys / "b", own.replace(NIGHTLY.public.text, EVE.public.text))
    seal(forged, EVE)
    assert said(capsys, "verify", forged, "--key", keys / "eve.pub")[0] == 0
    assert "WRONG KEY" in said(capsys, "verify", forged, "--key", keys / "nightly.pub")[1]
    assert "those that count are none" in said(capsys, "verify", forged)[1]


def test_a_bundle_is_verified_as_the_run_is(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(keys)
    seal(run)
    code, out, _ = said(capsys, "bundle", run)
    bundle = run.with_name(f"{run.name}.tar")
    assert (code, out) == (0, f"{hashlib.sha256(bundle.read_bytes()).hexdigest()}  {bundle}\n")
    said(capsys, "bundle", run, "--to", keys / "b.tar")
    assert (keys / "b.tar").read_bytes() == bundle.read_bytes()
    shutil.rmtree(run)
    (keys / "evidence of last year").mkdir()
    elsewhere = shutil.copy(bundle, keys / "evidence of last year" / "2099-01-01T000000Z-0000000")
    for called in (bundle, keys / "b.tar", elsewhere):
        assert said(capsys, "verify", called, "--key", keys / "nightly.pub", "--commit", COMMIT)[0] == 0
    subprocess.run(["tar", "-xf", keys / "b.tar"], cwd=keys, check=True)
    assert said(capsys, "verify", keys / run.name, "--key", keys / "nightly.pub")[0] == 0
    (keys / "latest").symlink_to(keys / run.name)
    assert said(capsys, "verify", keys / "latest", "--key", keys / "nightly.pub")[0] == 0
    (keys / run.name / "verify.py").write_text("")
    code, _, err = said(capsys, "bundle", keys / run.name)
    assert (code, "CHANGED: verify.py" in err) == (4, True)
    (keys / "b.tar").write_bytes(b"x")
    code, _, err = said(capsys, "verify", keys / "b.tar")
    assert (code, "b.tar: CHANGED: is no bundle" in err) == (4, True)


def test_a_folder_is_verified_under_the_name_of_its_run_alone(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(keys)
    seal(run)
    moved = run.rename(keys / "evidence of last year")
    code, out, _ = said(capsys, "verify", moved, "--key", keys / "nightly.pub")
    told = f"FOREIGN: the folder is called {moved.name}, and the run in it {run.name}; a folder has the name of its run"
    assert (code, out) == (4, f"NOT AUTHENTIC  {moved}\n  {told}\n")
    data = make_bundle(moved, moved.name)
    (keys / "b.tar").write_bytes(data)
    code, out, _ = said(capsys, "verify", keys / "b.tar", "--key", keys / "nightly.pub")
    assert (code, out) == (4, f"NOT AUTHENTIC  {keys / 'b.tar'}\n  {told}\n")
    assert said(capsys, "verify", moved.rename(run), "--key", keys / "nightly.pub")[0] == 0


def test_evidence_that_is_cited_must_be_there(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(keys)
    events = (run / NAME).read_bytes().splitlines(keepends=True)
    (run / NAME).write_bytes(b"".join(events[:-1]))
    Journal.of(run).record_fact("static", "configuration", "terraform", "f" * 64, "files")
    from prodgate.evidence import runs

    runs.close(run)
    seal(run)
    code, out, _ = said(capsys, "verify", run, "--key", keys / "nightly.pub")
    assert (code, f"MISSING: evidence/{'f' * 64}" in out) == (4, True)


def test_a_run_from_the_future_is_no_evidence(
    keys: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from prodgate.evidence import runs

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return datetime.now(UTC) + timedelta(days=2)

    monkeypatch.setattr(runs, "datetime", Later)
    run = make_run(keys)
    monkeypatch.undo()
    seal(run)
    code, out, _ = said(capsys, "verify", run, "--key", keys / "nightly.pub")
    assert code == 4
    assert "EXPIRED: says that it began or saw something at" in out
