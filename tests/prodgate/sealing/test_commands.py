"""From ``prodgate run`` to ``prodgate verify``, as people and workflows use them."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from prodgate.commands import sealing
from prodgate.evidence.journal import NAME
from prodgate.run import publishing
from prodgate.sealing import seals
from prodgate.sealing.files import VERIFIERS
from prodgate.signatures.keys import SigningError

from ..run.small_shop import CRITERIA, POLICY, TREE
from ..sample_run import judge
from .said import SIGNERS, said
from .sealed import EVE, NIGHTLY, make_run, seal
from .test_signers import private

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
