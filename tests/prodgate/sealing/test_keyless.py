"""A run is signed without a key: sigstore itself signs and verifies, by an instance of its own on loopback."""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.signatures.envelope import write_json
from prodgate.signatures.sigstore_bundles import parse_bundle

from ..signatures.sigstore_instance import ISSUER, WORKFLOW, Instance, running_instance
from .forgeries import BUNDLE, FORGERIES, OTHER, SUMMARY, SUMMARY_BUNDLE, sign
from .keyless import NAMED, WHO, ask, said, write_key_of
from .sealed import (
    COMMIT,
    EVE,
    NIGHTLY,
    ask_other,
    make_run,
    pem,
    read_statement,
    seal,
)
from .test_commands import run_commands_of_report
from .test_signers import private


@pytest.fixture
def run(signed: Path, instance: Instance, tmp_path: Path) -> Path:
    """A run that the instance was asked to sign."""
    assert instance.url
    return shutil.copytree(signed, tmp_path / "runs" / "runs" / signed.name)


def test_a_job_signs_and_everybody_verifies_it(
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = said(
        capsys, "seal", make_run(tmp_path / "runs", NAMED), "--keyless", "--trust-config", "trust_config.json"
    )
    assert (code, err) == (0, "")
    assert "sealed, signed by nightly (without a key): " in out
    assert instance.asked[-4:] == [
        "/token?job=1&audience=sigstore",
        "/api/v2/signingCert",
        *["/api/v1/log/entries"] * 2,
    ]
    (run,) = (tmp_path / "runs" / "runs").iterdir()
    said_of = read_statement(run, SUMMARY)
    assert said_of["subject"] == [{"name": "shop", "digest": {"gitCommit": COMMIT}}]
    assert parse_bundle((run / SUMMARY_BUNDLE).read_bytes()).payload == write_json(said_of)
    code, out, _ = ask(capsys, run)
    assert (code, f"signed without a key by {WORKFLOW}, let in by {ISSUER} ({WORKFLOW}) at " in out) == (0, True)
    (tmp_path / "named.toml").write_text(NAMED)
    code, out, _ = ask(capsys, run, "--criteria", "named.toml", "--promotes", "--json")
    (told,) = json.loads(out)["runs"]
    assert code == 0
    assert (told["signer"], told["identity"], told["issuer"]) == ("nightly", WORKFLOW, ISSUER)
    page = re.sub("<[^>]*>", "", (run / "report.html").read_text("utf-8"))
    assert "Sealed, signed by nightly, " in page
    assert "sealed, signed by nightly (without a key)" in (run / "summary.md").read_text("utf-8").lower()
    code, out, _ = said(capsys, "verify", run, "--unsigned")
    assert (code, f"let in by {ISSUER}, which was not checked; give --identity" in out) == (0, True)


def test_what_was_signed_is_packed_reported_and_verified_by_others(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    code, out, _ = said(capsys, "report", run)
    assert (code, f"sealed, signed by {WORKFLOW} (without a key)" in " ".join(out.split())) == (0, True)
    assert (run / "report.html").read_bytes() == before
    key = write_key_of(run, tmp_path)
    assert ask_other(run, tmp_path / "key.pem") == []
    assert run_commands_of_report(run, tmp_path / "key.pem") == (0, [key.keyid], "")
    assert said(capsys, "bundle", run, "--to", "b.tar")[0] == 0
    shutil.copy(run / BUNDLE, run / SUMMARY_BUNDLE)
    assert "CHANGED: summary.dsse.json: not what was signed by summary.sigstore.json" in ask_other(
        run, tmp_path / "key.pem"
    )
    (run / SUMMARY_BUNDLE).unlink()
    assert ask_other(run, tmp_path / "key.pem") == ["MISSING: summary.dsse.json: signed otherwise than seal.dsse.json"]
    shutil.rmtree(run)
    assert ask(capsys, tmp_path / "b.tar")[0] == 0


def test_the_command_of_sigstore_verifies_it(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from sigstore._cli import main as sigstore

    words = ["verify", "identity", "--bundle", BUNDLE, "--cert-identity", WORKFLOW, "--cert-oidc-issuer", ISSUER]
    monkeypatch.setattr(
        sys, "argv", ["sigstore", "--trust-config", str(Path("trust_config.json").resolve()), *words, "journal.jsonl"]
    )
    monkeypatch.chdir(run)
    sigstore()
    (run / "journal.jsonl").write_text("{}\n")
    with pytest.raises(SystemExit):
        sigstore()


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused_and_named(run: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    forge, word = FORGERIES[name]
    forge(run)
    code, out, err = ask(capsys, run)
    assert (code, err) == (4, "")
    assert word in out


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"old": True}, ""),
        ({"promises": False}, "invalid inclusion promise"),
        ({"age": timedelta(hours=1)}, "not valid at validation time"),
        ({"age": -timedelta(hours=1)}, "not valid at validation time"),
        ({"subject": OTHER, "repository": "https://github.com/eve/shop"}, f"is signed by {OTHER}"),
        ({"issuer": "https://eve.example"}, "let in by https://eve.example"),
    ],
    ids=[
        "a certificate of before 2023",
        "a promise of something else",
        "before the certificate",
        "after it",
        "another workflow",
        "another issuer",
    ],
)
def test_what_the_instance_says_is_checked(
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoilt: dict[str, Any], why: str
) -> None:
    vars(instance).update(spoilt)
    run = sign(make_run(tmp_path / "runs"))
    code, out, _ = ask(capsys, run)
    assert (code, "WRONG KEY: seal.sigstore.json: " in out) == ((4, True) if why else (0, False))
    assert why in out


def test_an_instance_of_somebody_else_does_not_count(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(capsys, run)[0] == 0
    with running_instance() as eve:
        for name, value in eve.environment().items():
            monkeypatch.setenv(name, value)
        (tmp_path / "eve").mkdir()
        eve.write(tmp_path / "eve")
        assert said(capsys, "seal", run, "--keyless", "--trust-config", "eve/trust_config.json")[0] == 0
    code, out, _ = ask(capsys, run)
    assert (code, "WRONG KEY: seal.sigstore.json: " in out) == (4, True)
    assert said(capsys, "verify", run, "--trusted-root", "eve/trusted_root.json", *WHO)[0] == 0


def test_the_criteria_say_who_counts_and_the_runs_own_can_only_take_away(
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path / "runs", NAMED)
    instance.subject = OTHER
    words = ("seal", run, "--keyless", "--trust-config", "trust_config.json")
    code, _, err = said(capsys, *words)
    assert (code, f"--keyless: the signature of {OTHER}, let in by {ISSUER} does not count" in err) == (4, True)
    assert not (run / BUNDLE).exists()
    seal(run, EVE)
    code, out, _ = said(capsys, "verify", run, "--unsigned")
    assert (code, "which the run's own criteria do not name" in out) == (4, True)
    (tmp_path / "named.toml").write_text(NAMED)
    code, out, _ = ask(capsys, run, "--criteria", "named.toml")
    assert (code, "WRONG KEY: seal.dsse.json" in out) == (4, True)
    seal(run, None)
    code, out, _ = ask(capsys, run, "--criteria", "named.toml")
    assert (code, "UNSIGNED: seal.dsse.json" in out) == (4, True)


def test_what_can_not_be_signed_leaves_the_run_as_it_was(
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(tmp_path / "runs")
    seal(run, None)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    words = ("seal", run, "--keyless", "--trust-config", "trust_config.json")
    for refuses, why in (
        ("token", "OIDC token request failed"),
        ("signingCert", "Sigstore: "),
        ("entries", "out of order"),
    ):
        instance.refuses = refuses
        code, _, err = said(capsys, *words)
        assert (code, why in err) == (4, True), err
    code, _, err = said(capsys, *words, "--signing-key", "key.pem")
    assert code == 4
    (tmp_path / "key.pem").write_text(private(NIGHTLY))
    code, _, err = said(capsys, *words, "--signing-key", "key.pem")
    assert (code, "a key is given, too" in err) == (4, True)
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    assert "insufficient OIDC token permissions" in said(capsys, *words)[2]
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert "call this in a job of GitHub Actions with id-token: write" in said(capsys, *words)[2]
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_what_is_missing_to_verify_is_said(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.json").write_text("{}")
    for name, why in (("x.json", "is no trusted root of Sigstore"), ("y.json", "No such file")):
        code, _, err = said(capsys, "verify", run, "--trusted-root", name, *WHO)
        assert (code, f"--trusted-root {name}: {why}" in err) == (4, True)
    for words, why in (
        (WHO[:2], "--issuer: is None"),
        (WHO[2:], "--identity: is None"),
        ((*WHO[:3], "x"), "--issuer: is 'x'"),
    ):
        code, _, err = ask(capsys, run, *words)
        assert (code, why in err) == (4, True)
    monkeypatch.setitem(sys.modules, "sigstore", None)
    code, _, err = said(capsys, "verify", run, *WHO)
    assert (code, "nobody can say whether it holds: sigstore is not installed" in err) == (4, True)
    code, _, err = said(capsys, "seal", run, "--keyless")
    assert (code, "pip install 'prod-gate[sigstore]'" in err) == (4, True)
    seal(run)
    (tmp_path / "nightly.pub").write_text(pem(NIGHTLY))
    assert said(capsys, "verify", run, "--key", "nightly.pub", *WHO)[0] == 0
