"""Possible forgeries of a keylessly signed run, as data: the edit, and its message."""

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography import x509

from prodgate.cli import main
from prodgate.signatures.envelope import write_json
from prodgate.signatures.keyless import parse_bundle
from prodgate.signatures.keys import PublicKey

from ..sample_run import CRITERIA
from ..signatures.sigstore_instance import ISSUER, WORKFLOW, Instance, pem_of
from .sealed import EVE, NIGHTLY, edit_envelope, encode, make_run, read_statement, write_envelope

SEAL, BUNDLE = "seal.dsse.json", "seal.sigstore.json"
SUMMARY, SUMMARY_BUNDLE = "summary.dsse.json", "summary.sigstore.json"
#: Another workflow than the one whose signature counts.
OTHER = WORKFLOW.replace("shop/shop", "eve/shop")


def sign(run: Path) -> Path:
    assert main(["seal", str(run), "--keyless", "--trust-config", "trust_config.json"]) == 0
    return run


def change(run: Path, edit: Callable[[dict[str, Any]], object], *, name: str = BUNDLE) -> None:
    document = json.loads((run / name).read_bytes())
    edit(document)
    (run / name).write_bytes(write_json(document) + b"\n")


def entry_of(document: dict[str, Any]) -> dict[str, Any]:
    (entry,) = document["verificationMaterial"]["tlogEntries"]
    return entry


def lie(run: Path, *, both: bool) -> None:
    statement = read_statement(run)
    statement["predicate"]["prodgate"]["commit"] = "e" * 40
    edit_envelope(run, payload=encode(statement))
    if both:
        change(run, lambda said: said["dsseEnvelope"].update(payload=encode(statement)))


def another_run(run: Path) -> Path:
    return sign(make_run(run.parent.parent / "other"))


def certify_anew(run: Path) -> None:
    """Insert the certificate of another instance for the key that signed."""
    held = json.loads((run / BUNDLE).read_bytes())["verificationMaterial"]["certificate"]["rawBytes"]
    own = x509.load_der_x509_certificate(base64.b64decode(held))
    made = "".join(pem_of(Instance().certify(own.public_key())).splitlines()[1:-1])
    change(run, lambda said: said["verificationMaterial"]["certificate"].update(rawBytes=made))


FORGERIES: dict[str, tuple[Callable[[Path], object], str]] = {
    "the statement of the seal": (lambda run: lie(run, both=False), "CHANGED: seal.dsse.json: is not what was signed"),
    "the statement of both": (lambda run: lie(run, both=True), "CHANGED: seal.dsse.json: is not what was signed"),
    "the signature taken off": (lambda run: edit_envelope(run, signatures=[]), "CHANGED: seal.dsse.json"),
    "signed by a key": (lambda run: write_envelope(run, read_statement(run), EVE), "CHANGED: seal.dsse.json"),
    "the bundle of another run": (lambda run: shutil.copy(another_run(run) / BUNDLE, run), "CHANGED: seal.dsse.json"),
    "seal and bundle of another run": (
        lambda run: [shutil.copy(another_run(run) / name, run) for name in (SEAL, BUNDLE)], "FOREIGN: seal.dsse.json",
    ),
    "the bundle deleted": (lambda run: (run / BUNDLE).unlink(), "WRONG KEY: seal.dsse.json"),
    "the bundle emptied": (lambda run: (run / BUNDLE).write_bytes(b""), "CHANGED: seal.sigstore.json"),
    "the bundle is a folder": (lambda run: [(run / BUNDLE).unlink(), (run / BUNDLE).mkdir()], "UNLISTED: seal.sigstore.json"),
    "white space in the bundle": (
        lambda run: (run / BUNDLE).write_bytes((run / BUNDLE).read_bytes() + b"\n"), "CHANGED: seal.sigstore.json",
    ),
    "no promise of the log": (
        lambda run: change(run, lambda said: entry_of(said).pop("inclusionPromise")), "WRONG KEY: seal.sigstore.json",
    ),
    "no proof of the log": (
        lambda run: change(run, lambda said: entry_of(said).pop("inclusionProof")), "WRONG KEY: seal.sigstore.json",
    ),
    "no entry of the log": (
        lambda run: change(run, lambda said: said["verificationMaterial"].update(tlogEntries=[])), "WRONG KEY: seal.sigstore.json",
    ),
    "another time of the entry": (
        lambda run: change(run, lambda said: entry_of(said).update(integratedTime="1700000000")), "WRONG KEY: seal.sigstore.json",
    ),
    "a certificate of another authority": (certify_anew, "WRONG KEY: seal.sigstore.json"),
    "a log deleted": (lambda run: (run / "logs" / "static.txt").unlink(), "MISSING: logs/static.txt"),
    "another summary": (lambda run: write_envelope(run, {}, NIGHTLY, SUMMARY), f"CHANGED: {SUMMARY}: does not say"),
    "the summary deleted": (lambda run: (run / SUMMARY).unlink(), f"MISSING: {SUMMARY}"),
    "the bundle of the summary deleted": (lambda run: (run / SUMMARY_BUNDLE).unlink(), f"MISSING: {SUMMARY_BUNDLE}"),
    "the bundle of the seal beside the summary": (
        lambda run: shutil.copy(run / BUNDLE, run / SUMMARY_BUNDLE), f"CHANGED: {SUMMARY}: is not what was signed",
    ),
    "no promise of the log for the summary": (
        lambda run: change(run, lambda said: entry_of(said).pop("inclusionPromise"), name=SUMMARY_BUNDLE),
        f"WRONG KEY: {SUMMARY_BUNDLE}",
    ),
}  # fmt: skip


# ── Questions about a run that was signed without a key

WHO = ("--identity", WORKFLOW, "--issuer", ISSUER)
NAMED = f'{CRITERIA}\n[evidence]\nsigners = [{{ name = "nightly", identity = "{WORKFLOW}", issuer = "{ISSUER}" }}]\n'


def write_key_of(run: Path, folder: Path) -> PublicKey:
    """Write the key of the certificate, which the report's commands take out of the bundle."""
    key = parse_bundle((run / BUNDLE).read_bytes()).public
    (folder / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{key.text}\n-----END PUBLIC KEY-----\n")
    return key
