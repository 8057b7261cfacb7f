"""Who signs without a key does it at the commit and in the repository of the run, and signs its summary, too."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from prodgate.run.publishing import seal_again
from prodgate.sealing.origins import find_flaws_of_origin
from prodgate.signatures.envelope import Envelope, write_json
from prodgate.signatures.keyless import open_keyless_signer
from prodgate.signatures.sigstore_bundles import Identity, Origin

from ..run.cells import CRITERIA as CELLS
from ..run.cells import TWO, Cells
from ..signatures.sigstore_instance import ISSUER, WORKFLOW, Instance
from .forgeries import BUNDLE, OTHER, SUMMARY, SUMMARY_BUNDLE, sign
from .keyless import NAMED, WHO, ask, said, write_key_of
from .sealed import COMMIT, OTHER_COMMIT, ask_other, make_run, read_statement

#: Who commits here.
BY = ("-c", "user.name=a", "-c", "user.email=a@example.com")


@pytest.fixture
def run(signed: Path, instance: Instance, tmp_path: Path) -> Path:
    """A run that the instance was asked to sign."""
    assert instance.url
    return shutil.copytree(signed, tmp_path / "runs" / "runs" / signed.name)


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
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str], spoilt: dict[str, str], why: str
) -> None:
    vars(instance).update(spoilt)
    run = make_run(tmp_path / "runs")
    code, _, err = said(capsys, "seal", run, "--keyless", "--trust-config", "trust_config.json")
    assert (code, why in err) == (4, True), err
    assert not (run / BUNDLE).exists()
    seal_again(run, open_keyless_signer(Path("trust_config.json")))
    code, out, _ = ask(capsys, run)
    assert (code, f"FOREIGN: seal.sigstore.json: was {why}" in out) == (4, True), out
    write_key_of(run, tmp_path)
    other = spoilt.get("commit") == OTHER_COMMIT and "old" not in spoilt  # it reads what is written since 2023
    assert bool(ask_other(run, tmp_path / "key.pem")) is other


def test_a_workflow_of_others_signs_runs_of_the_repository_that_is_stated(
    instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instance.repository = "https://github.com/shop/till"
    stated = NAMED.replace(" }]", ', repository = "https://github.com/shop/till" }]')
    run = sign(make_run(tmp_path / "runs", stated))
    assert ask(capsys, run, *WHO, "--repository", "https://github.com/shop/till")[0] == 0
    (tmp_path / "named.toml").write_text(stated)
    assert ask(capsys, run, "--criteria", "named.toml")[0] == 0
    assert ask(capsys, run, "--unsigned")[0] == 4  # which asks for the repository of the workflow
    assert ask(capsys, run, *WHO, "--repository", "https://github.com/shop/shop")[0] == 4
    code, _, err = ask(capsys, run, *WHO, "--repository", "shop/till")
    assert (code, "--repository: is 'shop/till'; write of which repository they sign runs" in err) == (4, True)


def test_a_person_signs_nowhere() -> None:
    person = Identity("ada@shop.example", "https://accounts.shop.example")
    assert [*find_flaws_of_origin(person, Origin(), COMMIT, "")] == []
    assert len([*find_flaws_of_origin(person, Origin(), COMMIT, "https://github.com/shop/shop")]) == 2


def test_a_summary_is_signed_by_whoever_signed_the_seal(
    instance: Instance, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    instance.subject = OTHER
    statement = write_json(read_statement(run, SUMMARY))
    bundle = open_keyless_signer(Path("trust_config.json")).sign_statement(statement)
    envelope = Envelope(payload=statement, keyid=bundle.public.keyid, signature=bundle.signature)
    (run / SUMMARY).write_bytes(envelope.to_bytes())
    (run / SUMMARY_BUNDLE).write_bytes(bundle.data)
    code, out, _ = ask(capsys, run)
    assert (code, f"FOREIGN: {SUMMARY_BUNDLE}: is not signed by whoever signed seal.dsse.json" in out) == (4, True)


def test_without_a_summary_nothing_lies_beside_one(
    instance: Instance, tmp_path: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = sign(make_run(tmp_path / "bad", good=False))
    assert not (bad / SUMMARY).exists()
    assert not (bad / SUMMARY_BUNDLE).exists()
    assert ask(capsys, bad)[0] == 1
    shutil.copy(run / SUMMARY_BUNDLE, bad)
    code, out, _ = ask(capsys, bad)
    assert (code, f"UNLISTED: {SUMMARY_BUNDLE}" in out) == (4, True)


@pytest.mark.parametrize(("who", "code"), [(WORKFLOW, 0), (OTHER, 2)])
def test_a_cell_that_a_job_signed_counts_where_that_job_does(
    who: str, code: int, instance: Instance, tmp_path: Path, capsys: pytest.CaptureFixture[str]
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
    found, _, err = said(capsys, "merge", run, "--cells", listed, "--criteria", "shop/criteria.toml", *words)
    assert found == code, err
    assert (f"run {run.name} can't be relied on" in err) is bool(code)
