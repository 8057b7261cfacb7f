"""A run is signed without a key: sigstore itself signs and verifies, by an instance of its own on loopback."""

import json
import re
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from prodgate.run.publishing import seal_again
from prodgate.sealing.keyless import find_flaws_of_origin
from prodgate.signatures.envelope import Envelope, write_json
from prodgate.signatures.keyless import Identity, Origin, open_keyless_signer, parse_bundle
from tests.prodgate.conftest import Gate

from ..run.cells import CRITERIA as CELLS, TWO, Cells
from ..signatures.sigstore_instance import ISSUER, WORKFLOW, Instance, running_instance
from .forgeries import BUNDLE, FORGERIES, NAMED, OTHER, SUMMARY, SUMMARY_BUNDLE, WHO, sign, write_key_of
from .sealed import (
    COMMIT,
    EVE,
    NIGHTLY,
    OTHER_COMMIT,
    ask_other,
    make_run,
    pem,
    read_statement,
    seal,
)
from .test_seals import private, run_commands_of_report


@pytest.fixture
def run(signed: Path, instance: Instance, tmp_path: Path) -> Path:
    assert instance.url
    return shutil.copytree(signed, tmp_path / "runs" / "runs" / signed.name)


def test_a_job_signs_and_everybody_verifies_it(instance: Instance, tmp_path: Path, gate: Gate, ask: Gate) -> None:
    out, err = gate("seal", make_run(tmp_path / "runs", NAMED), "--keyless", "--trust-config", "trust_config.json")
    assert err == ""
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
    assert f"signed without a key by {WORKFLOW}, let in by {ISSUER} ({WORKFLOW}) at " in ask(run).out
    (tmp_path / "named.toml").write_text(NAMED)
    (told,) = json.loads(ask(run, "--criteria", "named.toml", "--promotes", "--json").out)["runs"]
    assert (told["signer"], told["identity"], told["issuer"]) == ("nightly", WORKFLOW, ISSUER)
    assert "Sealed, signed by nightly, " in re.sub("<[^>]*>", "", (run / "report.html").read_text("utf-8"))
    assert "sealed, signed by nightly (without a key)" in (run / "summary.md").read_text("utf-8").lower()
    assert f"let in by {ISSUER}, which was not checked; give --identity" in gate("verify", run, "--unsigned").out


def test_what_was_signed_is_packed_reported_and_verified_by_others(
    run: Path, tmp_path: Path, gate: Gate, ask: Gate
) -> None:
    before = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    assert f"sealed, signed by {WORKFLOW} (without a key)" in " ".join(gate("report", run).out.split())
    assert (run / "report.html").read_bytes() == before
    key = write_key_of(run, tmp_path)
    assert ask_other(run, tmp_path / "key.pem") == []
    assert run_commands_of_report(run, tmp_path / "key.pem") == (0, [key.keyid], "")
    gate("bundle", run, "--to", "b.tar")
    shutil.copy(run / BUNDLE, run / SUMMARY_BUNDLE)
    assert "CHANGED: summary.dsse.json: not what was signed by summary.sigstore.json" in ask_other(
        run, tmp_path / "key.pem"
    )
    (run / SUMMARY_BUNDLE).unlink()
    assert ask_other(run, tmp_path / "key.pem") == ["MISSING: summary.dsse.json: signed otherwise than seal.dsse.json"]
    shutil.rmtree(run)
    ask(tmp_path / "b.tar")


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
def test_a_forgery_is_refused_and_named(run: Path, name: str, ask: Gate) -> None:
    forge, word = FORGERIES[name]
    forge(run)
    out, err = ask(run, ends=4)
    assert err == ""
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
    instance: Instance, tmp_path: Path, ask: Gate, spoilt: dict[str, Any], why: str
) -> None:
    vars(instance).update(spoilt)
    out = ask(sign(make_run(tmp_path / "runs")), ends=4 if why else 0).out
    assert ("WRONG KEY: seal.sigstore.json: " in out) == bool(why)
    assert why in out


def test_an_instance_of_somebody_else_does_not_count(
    run: Path, tmp_path: Path, gate: Gate, ask: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(run)
    with running_instance() as eve:
        for name, value in eve.environment().items():
            monkeypatch.setenv(name, value)
        (tmp_path / "eve").mkdir()
        eve.write(tmp_path / "eve")
        gate("seal", run, "--keyless", "--trust-config", "eve/trust_config.json")
    assert "WRONG KEY: seal.sigstore.json: " in ask(run, ends=4).out
    gate("verify", run, "--trusted-root", "eve/trusted_root.json", *WHO)


def test_the_criteria_say_who_counts_and_the_runs_own_can_only_take_away(
    instance: Instance, tmp_path: Path, gate: Gate, ask: Gate
) -> None:
    run = make_run(tmp_path / "runs", NAMED)
    instance.subject = OTHER
    words = ("seal", run, "--keyless", "--trust-config", "trust_config.json")
    assert f"--keyless: the signature of {OTHER}, let in by {ISSUER} does not count" in gate(*words, ends=4).err
    assert not (run / BUNDLE).exists()
    seal(run, EVE)
    assert "which the run's own criteria do not name" in gate("verify", run, "--unsigned", ends=4).out
    (tmp_path / "named.toml").write_text(NAMED)
    assert "WRONG KEY: seal.dsse.json" in ask(run, "--criteria", "named.toml", ends=4).out
    seal(run, None)
    assert "UNSIGNED: seal.dsse.json" in ask(run, "--criteria", "named.toml", ends=4).out


def test_what_can_not_be_signed_leaves_the_run_as_it_was(
    instance: Instance, tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = seal(make_run(tmp_path / "runs"), None)
    before = {path: path.read_bytes() for path in run.rglob("*") if path.is_file()}
    words = ("seal", run, "--keyless", "--trust-config", "trust_config.json")
    for refuses, why in (
        ("token", "OIDC token request failed"),
        ("signingCert", "Sigstore: "),
        ("entries", "out of order"),
    ):
        instance.refuses = refuses
        assert why in gate(*words, ends=4).err
    gate(*words, "--signing-key", "key.pem", ends=4)
    (tmp_path / "key.pem").write_text(private(NIGHTLY))
    assert "a key is given, too" in gate(*words, "--signing-key", "key.pem", ends=4).err
    monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    assert "insufficient OIDC token permissions" in gate(*words, ends=4).err
    monkeypatch.delenv("GITHUB_ACTIONS")
    assert "call this in a job of GitHub Actions with id-token: write" in gate(*words, ends=4).err
    assert {path: path.read_bytes() for path in run.rglob("*") if path.is_file()} == before


def test_what_is_missing_to_verify_is_said(
    run: Path, tmp_path: Path, gate: Gate, ask: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.json").write_text("{}")
    for name, why in (("x.json", "is no trusted root of Sigstore"), ("y.json", "No such file")):
        assert f"--trusted-root {name}: {why}" in gate("verify", run, "--trusted-root", name, *WHO, ends=4).err
    for words, why in (
        (WHO[:2], "--issuer: is None"),
        (WHO[2:], "--identity: is None"),
        ((*WHO[:3], "x"), "--issuer: is 'x'"),
    ):
        assert why in ask(run, *words, ends=4).err
    monkeypatch.setitem(sys.modules, "sigstore", None)
    assert "nobody can say whether it holds: sigstore is not installed" in gate("verify", run, *WHO, ends=4).err
    assert "pip install 'prod-gate[sigstore]'" in gate("seal", run, "--keyless", ends=4).err
    seal(run)
    (tmp_path / "nightly.pub").write_text(pem(NIGHTLY))
    gate("verify", run, "--key", "nightly.pub", *WHO)


# ── Places

#: The committer here.
BY = ("-c", "user.name=a", "-c", "user.email=a@example.com")


@pytest.mark.parametrize(
    ("spoilt", "why"),
    [
        ({"commit": OTHER_COMMIT}, f"signed at commit {OTHER_COMMIT}, and the run is of {COMMIT}"),
        ({"commit": OTHER_COMMIT, "old": True}, f"signed at commit {OTHER_COMMIT}"),
        ({"commit": ""}, "signed at commit unknown"),
        ({"repository": "https://github.com/eve/shop"}, "signed in repository https://github.com/eve/shop"),
        ({"repository": "https://github.com/shop/sho"}, "signed in repository https://github.com/shop/sho"),
        ({"repository": ""}, "signed in repository unknown"),
    ],
    ids=[
        "another commit",
        "as before 2023",
        "no commit",
        "another repository",
        "a part of its name",
        "none",
    ],
)
def test_who_signs_elsewhere_than_the_run_was_made_does_not_count(
    instance: Instance, tmp_path: Path, gate: Gate, ask: Gate, *, spoilt: dict[str, str], why: str
) -> None:
    vars(instance).update(spoilt)
    run = make_run(tmp_path / "runs")
    assert why in gate("seal", run, "--keyless", "--trust-config", "trust_config.json", ends=4).err
    assert not (run / BUNDLE).exists()
    seal_again(run, open_keyless_signer(Path("trust_config.json")))
    assert f"FOREIGN: seal.sigstore.json: was {why}" in ask(run, ends=4).out
    write_key_of(run, tmp_path)
    other = spoilt.get("commit") == OTHER_COMMIT and "old" not in spoilt  # it reads the extensions written since 2023
    assert bool(ask_other(run, tmp_path / "key.pem")) is other


def test_a_workflow_of_others_signs_runs_of_the_repository_that_is_stated(
    instance: Instance, tmp_path: Path, ask: Gate
) -> None:
    instance.repository = "https://github.com/shop/till"
    stated = NAMED.replace(" }]", ', repository = "https://github.com/shop/till" }]')
    run = sign(make_run(tmp_path / "runs", stated))
    ask(run, *WHO, "--repository", "https://github.com/shop/till")
    (tmp_path / "named.toml").write_text(stated)
    ask(run, "--criteria", "named.toml")
    ask(run, "--unsigned", ends=4)  # which requires the repository of the workflow
    ask(run, *WHO, "--repository", "https://github.com/shop/shop", ends=4)
    assert (
        "--repository: is 'shop/till'; write of which repository they sign runs"
        in ask(run, *WHO, "--repository", "shop/till", ends=4).err
    )


def test_a_person_signs_nowhere() -> None:
    person = Identity("ada@shop.example", "https://accounts.shop.example")
    assert [*find_flaws_of_origin(person, Origin(), COMMIT, "")] == []
    assert len([*find_flaws_of_origin(person, Origin(), COMMIT, "https://github.com/shop/shop")]) == 2


def test_a_summary_is_signed_by_whoever_signed_the_seal(instance: Instance, run: Path, ask: Gate) -> None:
    instance.subject = OTHER
    statement = write_json(read_statement(run, SUMMARY))
    bundle = open_keyless_signer(Path("trust_config.json")).sign_statement(statement)
    envelope = Envelope(payload=statement, keyid=bundle.public.keyid, signature=bundle.signature)
    (run / SUMMARY).write_bytes(envelope.to_bytes())
    (run / SUMMARY_BUNDLE).write_bytes(bundle.data)
    assert f"FOREIGN: {SUMMARY_BUNDLE}: is not signed by whoever signed seal.dsse.json" in ask(run, ends=4).out


def test_without_a_summary_nothing_lies_beside_one(instance: Instance, tmp_path: Path, run: Path, ask: Gate) -> None:
    bad = sign(make_run(tmp_path / "bad", good=False))
    assert not (bad / SUMMARY).exists()
    assert not (bad / SUMMARY_BUNDLE).exists()
    ask(bad, ends=1)
    shutil.copy(run / SUMMARY_BUNDLE, bad)
    assert f"UNLISTED: {SUMMARY_BUNDLE}" in ask(bad, ends=4).out


@pytest.mark.parametrize(("who", "code"), [(WORKFLOW, 0), (OTHER, 2)])
def test_a_cell_that_a_job_signed_counts_where_that_job_does(
    who: str, code: int, instance: Instance, tmp_path: Path, gate: Gate
) -> None:
    made = Cells(tmp_path / "shop", CELLS.replace(f', "{TWO}"', "").replace(', "us-east-1"', ""))
    for command in (["init", "-q"], ["add", "."], [*BY, "commit", "-qm", "what is judged"]):
        subprocess.run(["git", *command], cwd=made.folder, check=True, timeout=60)
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=made.folder, check=True, timeout=60, capture_output=True, text=True
    )
    instance.commit = asked.stdout.strip()
    run = sign(made.observe(0))
    (listed := tmp_path / "cells.json").write_bytes(made.listed.to_bytes())
    words = ["--trusted-root", "trusted_root.json", "--identity", who, "--issuer", ISSUER, "--runs", "merged"]
    assert (
        f"run {run.name} can't be relied on"
        in gate("merge", run, "--cells", listed, "--criteria", "shop/criteria.toml", *words, ends=code).err
    ) is bool(code)
