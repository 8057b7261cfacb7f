"""From ``prodgate run`` to ``prodgate verify``, as people and workflows use them."""

from __future__ import annotations

import hashlib
import html
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from prodgate import cli
from prodgate.commands import sealing
from prodgate.evidence.journal import NAME, Journal
from prodgate.run import publishing
from prodgate.sealing import seals
from prodgate.sealing.bundles import make_bundle
from prodgate.sealing.files import VERIFIERS
from prodgate.signatures.envelope import write_json
from prodgate.signatures.keys import SigningError

from ..run.small_shop import CRITERIA, POLICY, TREE
from ..sample_run import judge
from .sealed import COMMIT, EVE, NIGHTLY, make_run, pem, seal
from .test_signers import private


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    (tmp_path / "nightly.pem").write_text(private(NIGHTLY))
    (tmp_path / "nightly.pub").write_text(pem(NIGHTLY))
    (tmp_path / "eve.pub").write_text(pem(EVE))
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = cli.main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


SIGNERS = f"""
[evidence]
signers = [{{ name = "nightly", key = "{NIGHTLY.public.text}" }}]
"""
SPY = """
import os
Path("seen.txt").write_text(os.environ.get("PRODGATE_SIGNING_KEY", "nothing"))
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "infra").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "criteria.toml").write_text(CRITERIA.replace("\n[terraform]", f"{SIGNERS}\n[terraform]", 1), "utf-8")
    (tmp_path / "infra" / "main.tf").write_text(TREE)
    (tmp_path / "policies" / "shop.py").write_text(POLICY + SPY)
    return tmp_path


def gate(shop: Path, *arguments: str, key: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "prodgate.cli", *arguments]
    environment = {**os.environ, **({"PRODGATE_SIGNING_KEY": key} if key else {})}
    return subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=400, check=False, env=environment)


@pytest.mark.slow
def test_a_run_is_signed_and_verified_and_no_judge_sees_the_key(shop: Path) -> None:
    done = gate(shop, "run", "rehearsal://", "--only", "static", key=private(NIGHTLY))
    assert done.returncode == 0, done.stderr
    assert f"\n  sealed, signed by nightly ({NIGHTLY.public.keyid[:12]})\n" in done.stdout
    assert (shop / "seen.txt").read_text() == "nothing"
    (run,) = (shop / "runs").iterdir()
    verified = gate(shop, "verify", str(run))
    assert verified.returncode == 0, verified.stdout
    assert verified.stdout.startswith("authentic  REHEARSAL GO  shop on rehearsal://\n  signed by nightly (")
    assert "not a promotion verdict" in verified.stdout
    assert private(NIGHTLY).splitlines()[1] not in "".join(
        path.read_bytes().decode("latin-1") for path in run.rglob("*") if path.is_file()
    )
    again = gate(shop, "judge", str(run), key=private(NIGHTLY))
    assert again.returncode == 0, again.stderr
    assert gate(shop, "verify", "runs").returncode == 0
    shutil.rmtree(run)
    missed = gate(shop, "verify", "runs")
    assert (missed.returncode, f"MISSING: run {run.name}, on which " in missed.stdout) == (4, True)


def test_a_key_that_does_not_count_is_refused_before_anything_runs(shop: Path) -> None:
    done = gate(shop, "run", "rehearsal://", "--only", "static", key=private(EVE))
    assert (done.returncode, done.stdout) == (4, "")
    assert (
        "PRODGATE_SIGNING_KEY: is a key whose signature does not count; [evidence] signers names nightly" in done.stderr
    )
    assert not (shop / "runs").exists()


def test_without_a_key_every_place_says_that_nobody_signed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert publishing.publish(run, as_json=False, sealer=publishing.Sealer(None)) == 0
    assert "\n  sealed, unsigned\n" in capsys.readouterr().out
    assert "**Sealed, unsigned.**" in (run / "summary.md").read_text()
    assert "Sealed, unsigned: nobody stands for it." in (run / "report.html").read_text()
    assert "封印済み・署名なし" in (run / "report.ja.html").read_text()
    code, out, _ = said(capsys, "report", run, "--json")
    assert (code, json.loads(out)["seal"]) == (0, "sealed, unsigned")
    code, out, _ = said(capsys, "verify", run)
    assert (code, "UNSIGNED: seal.dsse.json: nobody stands for it" in out) == (4, True)
    code, out, _ = said(capsys, "verify", run, "--unsigned")
    assert (code, "  sealed, unsigned at " in out) == (0, True)


def test_a_key_that_does_not_sign_leaves_the_run_unsigned_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    class Mute:
        public = NIGHTLY.public

        def sign(self, data: bytes) -> bytes:
            raise SigningError("kms Sign: access denied")

    run = make_run(tmp_path)
    assert publishing.publish(run, as_json=False, sealer=publishing.Sealer(Mute())) == 0
    captured = capsys.readouterr()
    assert captured.err == "not signed: kms Sign: access denied\n"
    assert "sealed, unsigned" in captured.out
    assert "Sealed, unsigned" in (run / "report.html").read_text()
    assert said(capsys, "verify", run, "--unsigned")[0] == 0


def test_a_run_that_was_cut_off_is_not_sealed_and_says_so(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judge(run, close=False)
    assert publishing.publish(run, as_json=False, sealer=publishing.Sealer(NIGHTLY)) == 2
    assert "\n  not sealed\n" in capsys.readouterr().out
    code, _, err = said(capsys, "seal", run)
    assert (code, "was cut off, and is no whole to seal" in err) == (4, True)
    assert said(capsys, "verify", run) == (
        4, f"NOT AUTHENTIC  {run}\n  MISSING: seal.dsse.json: the run is not sealed\n", "",
    )  # fmt: skip


def test_a_run_is_signed_later(keys: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = make_run(keys)
    seal(run, None)
    code, out, _ = said(capsys, "seal", run, "--signing-key", keys / "nightly.pem")
    assert (code, out.startswith(f"sealed, signed by key ({NIGHTLY.public.keyid[:12]}): {run}\nseal:   ")) == (0, True)
    assert said(capsys, "verify", run, "--key", keys / "nightly.pub")[0] == 0
    code, out, _ = said(capsys, "verify", run, "--key", keys / "eve.pub")
    assert (code, f"WRONG KEY: seal.dsse.json: is signed by key {NIGHTLY.public.keyid}" in out) == (4, True)
    (run / "logs" / "static.txt").write_text("other")
    code, _, err = said(capsys, "seal", run, "--signing-key", keys / "nightly.pem")
    assert (code, "CHANGED: logs/static.txt" in err) == (4, True)


class Refusing:
    """A key that is known, and does not sign."""

    public = NIGHTLY.public

    def sign(self, _data: bytes) -> bytes:
        raise SigningError("it is tired")


def test_a_run_that_was_not_signed_after_all_is_as_it_was_sealed(
    keys: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(keys / "x")
    monkeypatch.chdir(keys)  # no criteria are there
    seal(run, None)
    (keys / "bundled").mkdir()
    for name in VERIFIERS:
        (keys / "bundled" / name).write_text("# of a later version\n")
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    with monkeypatch.context() as patched:
        patched.setattr(sealing, "take_signer", lambda *_: Refusing())
        patched.setattr(seals.resources, "files", lambda _: keys)
        code, _, err = said(capsys, "seal", run)
        assert (code, "not signed: it is tired" in err) == (4, True)
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before
    assert said(capsys, "verify", run, "--unsigned")[0] == 0
    assert said(capsys, "seal", run, "--signing-key", keys / "nightly.pem")[0] == 0


@pytest.mark.parametrize("lost", ["run.json", "seal.dsse.json", NAME])
def test_a_run_in_a_folder_is_missed_by_none_of_its_files(
    keys: Path, capsys: pytest.CaptureFixture[str], lost: str
) -> None:
    bad, good = make_run(keys, good=False), make_run(keys)
    for each in (bad, good):
        seal(each)
    (bad / lost).unlink()
    code, out, _ = said(capsys, "verify", bad.parent, "--key", keys / "nightly.pub")
    assert (code, f"NOT AUTHENTIC  {bad}" in out) == (4, True)


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


def test_writing_the_reports_again_breaks_no_seal(
    keys: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(keys)
    seal(run)
    key = ("--key", keys / "nightly.pub")
    monkeypatch.setattr(publishing, "render_html", lambda *_, **__: "another version")
    assert said(capsys, "report", run)[0] == 0
    assert said(capsys, "verify", run, *key)[0] == 0
    monkeypatch.undo()
    (run / "report.html").write_text("<h1>GO</h1>")
    (run / "summary.md").unlink()
    assert said(capsys, "verify", run, *key)[0] == 4
    code, out, _ = said(capsys, "report", run)
    assert (code, "sealed, signed by key" in out) == (0, True)
    assert said(capsys, "verify", run, *key)[0] == 0


def test_the_commands_of_the_report_verify_it(keys: Path) -> None:
    run = make_run(keys)
    seal(run)
    assert run_commands_of_report(run, keys / "nightly.pub") == (0, [NIGHTLY.public.keyid], "")
    code, _, _ = run_commands_of_report(run, keys / "eve.pub")
    assert code != 0
    (run / "logs" / "static.txt").write_text("nothing\n")
    code, out, _ = run_commands_of_report(run, keys / "nightly.pub")
    assert code != 0
    assert "logs/static.txt: FAILED" in out


def run_commands_of_report(run: Path, key: Path) -> tuple[int, list[str], str]:
    """Run what the report says under "by hand", from the folder that holds the run."""
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
