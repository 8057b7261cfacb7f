"""Verify a sealed run without prod-gate: ``python3 verify.py KEY.pem [FOLDER] [--commit SHA] [--max-age HOURS]``.

It needs Python 3.11 and the library cryptography, and no network. KEY.pem is the signer's public key: take it from
elsewhere than this folder, and take both programs from there if the folder's sender may have changed them.
This one says whether the run is what was signed, derive.py beside it whether what was signed follows from the run.
UNVERIFIED: what lies beside the seal and OpenSSL or sigstore must verify; it says nothing until then.
Exit codes: 0 GO, 1 NO-GO, 2 INSUFFICIENT EVIDENCE, 4 not authentic.
"""

import argparse
import base64
import datetime
import hashlib
import json
import re
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CODES = {"GO": 0, "NO-GO": 1, "INSUFFICIENT EVIDENCE": 2}
KIND = "application/vnd.in-toto+json"
SEAL, SUMMARY, STAMP = "seal.dsse.json", "summary.dsse.json", "seal.tsr"
BUNDLES = {"seal.sigstore.json": SEAL, "summary.sigstore.json": SUMMARY}
COMMIT = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.13")  # in a certificate of Sigstore: what was checked out
COMMAND = re.compile(r"^[^\S\n]*:(?=:)|##(?=\w*\[)", re.MULTILINE)  # how one begins that a runner would carry out
DERIVE = Path(__file__).with_name("derive.py")


def read_envelope(path: Path, key: Any) -> tuple[Any, str, list[str]]:
    """Return what an envelope says, the SHA-256 of that, and what is wrong with it."""
    try:
        found = json.loads(text := path.read_bytes())
        body, signed = base64.b64decode(found["payload"]), found["signatures"]
        signatures = [{**one, "sig": base64.b64encode(base64.b64decode(one["sig"])).decode()} for one in signed]
        again = {"payload": base64.b64encode(body).decode(), "payloadType": KIND, "signatures": signatures}
        said = json.loads(body)
    except FileNotFoundError:
        return None, "", [f"MISSING: {path.name}"]
    except (ValueError, KeyError, TypeError) as error:
        return None, "", [f"CHANGED: {path.name}: {error}"]
    if json.dumps(again, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" != text:
        return None, "", [f"CHANGED: {path.name}: not as it is written"]
    return said, hashlib.sha256(body).hexdigest(), list(check_signature(path.name, key, body, signed))


def check_signature(name: str, key: Any, body: bytes, signed: list[dict[str, str]]) -> Iterator[str]:
    """Yield what is wrong with the signature of an envelope."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if len(signed) != 1 or signed[0].keys() != {"keyid", "sig"}:
        yield f"CHANGED: {name}: signed otherwise than once" if signed else f"UNSIGNED: {name}"
    elif signed[0]["keyid"] != hashlib.sha256(der).hexdigest():
        yield f"WRONG KEY: {name}: signed by {signed[0]['keyid']}"
    else:
        encoded = b"DSSEv1 %d %s %d %s" % (len(KIND), KIND.encode(), len(body), body)
        how = [ec.ECDSA(hashes.SHA256())] if hasattr(key, "curve") else []
        try:
            key.verify(base64.b64decode(signed[0]["sig"]), encoded, *how)
        except InvalidSignature:
            yield f"CHANGED: {name}: not what was signed"


def check_files(run: Path, statement: Any) -> Iterator[str]:
    """Yield which files are not those that the statement lists; what stands for others is looked at by itself."""
    listed = {s["name"]: (s["digest"]["sha256"], s["annotations"]["bytes"]) for s in statement["subject"]}
    found = {p.relative_to(run).as_posix(): p for p in run.rglob("*") if p.is_symlink() or not p.is_dir()}
    for name in sorted({*listed, *found} - {SEAL, SUMMARY, STAMP, *BUNDLES}):
        if name not in found or name not in listed:
            yield f"{'MISSING' if name in listed else 'UNLISTED'}: {name}"
        elif found[name].is_symlink() or listed[name] != digest(found[name].read_bytes()):
            yield f"CHANGED: {name}"


def digest(data: bytes) -> tuple[str, int]:
    """Return the SHA-256 of a file, and its size."""
    return hashlib.sha256(data).hexdigest(), len(data)


def check_beside(run: Path, own: Any, key: Any) -> Iterator[str]:
    """Yield why a time stamp, or Sigstore's word on who signed, is not of the seal; OpenSSL and sigstore say whose."""
    there = [path for path in (run / STAMP, *(run / name for name in BUNDLES)) if path.is_symlink() or path.exists()]
    for path in there:
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if path.name == STAMP:
            about = hashlib.sha256((run / SEAL).read_bytes()).digest() in data and len(data) <= 65536
            yield from [] if about else [f"UNLISTED: {STAMP}: no time stamp of this seal"]
            continue
        bundle, envelope = json.loads(data or b"{}"), json.loads((run / BUNDLES[path.name]).read_bytes())
        signatures = [{"sig": each["sig"]} for each in envelope["signatures"]]
        held = base64.b64decode(bundle.get("verificationMaterial", {}).get("certificate", {}).get("rawBytes", ""))
        certificate: Any = x509.load_der_x509_certificate(held) if held else None
        other = bundle.get("dsseEnvelope") != {**envelope, "signatures": signatures}
        if other or not certificate or certificate.public_key() != key:
            yield f"CHANGED: {BUNDLES[path.name]}: not what was signed by {path.name}"
        for stated in (each for each in certificate.extensions if each.oid == COMMIT) if certificate else ():
            if (commit := stated.value.value[2:].decode()) != own["commit"].partition("+")[0]:
                yield f"FOREIGN: {path.name}: signed at commit {commit}"


def check_summary(run: Path, own: Any, seal: str, key: Any) -> Iterator[str]:
    """Yield what is wrong with the summary of a run that allows a promotion, or of one that does not."""
    if not own["promotes"] or "+" in own["commit"] or len(own["commit"]) < 40:
        there = (name for name in (SUMMARY, "summary.sigstore.json") if (run / name).exists())
        yield from (f"UNLISTED: {name}: this run allows no promotion" for name in there)
        return
    summary, _, flaws = read_envelope(run / SUMMARY, key)
    yield from flaws
    if summary and summary["subject"][0]["digest"] != {"gitCommit": own["commit"]}:
        yield f"FOREIGN: {SUMMARY}: about another commit"
    if summary and summary["predicate"]["inputAttestations"][0]["digest"] != {"sha256": seal}:
        yield f"FOREIGN: {SUMMARY}: about another run"
    if len({(run / name).exists() for name in BUNDLES}) > 1:
        yield f"MISSING: {SUMMARY}: signed otherwise than {SEAL}"


def find_unwanted(own: Any, commit: str | None, hours: float | None) -> Iterator[str]:
    """Yield why an authentic run is not the one that the options ask for."""
    if commit and own["commit"] != commit:
        yield f"FOREIGN: about commit {own['commit'] or 'unknown'}, not {commit}"
    times = [datetime.datetime.fromisoformat(at) for at in (own["started"], *own["observed"])]
    ages = sorted((datetime.datetime.now(datetime.UTC) - at).total_seconds() / 3600 for at in times)
    if (hours is not None and ages[-1] > hours) or ages[0] < -0.1:
        yield f"EXPIRED: observed {ages[-1]:.1f} h ago"


def verify(given: argparse.Namespace) -> tuple[Any, list[str]]:
    """Return what the seal says and what is wrong."""
    own: Any = {}
    flaws: list[str] = []
    try:
        key = serialization.load_pem_public_key(given.key.read_bytes())
        statement, seal, flaws = read_envelope(given.run / SEAL, key)
        if statement is not None:
            own, signed = statement["predicate"]["prodgate"], not flaws
            flaws += check_files(given.run, statement)
            flaws += check_beside(given.run, own, key)
            flaws += check_summary(given.run, own, seal, key)
            flaws += find_unwanted(own, given.commit, given.max_age)
            if signed and not any(flaw.endswith(f": {DERIVE.name}") for flaw in flaws):  # else it is anybody's program
                flaws += runpy.run_path(str(DERIVE))["check_run"](given.run, own)
    except Exception as error:  # noqa: BLE001  whatever can't be read is not what was sealed
        flaws.append(f"CHANGED: can't be read: {error!r}")
    return own, flaws


def read_commit(text: str) -> str:
    """Return a commit that is named in full, which an unset variable does not."""
    if not re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is no commit in full; write what git rev-parse HEAD prints")
    return text


def read_hours(text: str) -> float:
    """Return a number of hours that something can be older than."""
    if not 0 < float(text) < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of hours; write e.g. 24")
    return float(text)


def main() -> int:
    """Print what is wrong, or the verdict, and return the exit code."""
    parser = argparse.ArgumentParser(description="Verify a sealed run without prod-gate.")
    parser.add_argument("key", type=Path, help="the public key of whoever was to sign, in PEM")
    parser.add_argument("run", type=Path, nargs="?", default=Path(), help="the folder of the run (default: this one)")
    parser.add_argument("--commit", type=read_commit)
    parser.add_argument("--max-age", type=read_hours, metavar="HOURS")
    own, flaws = verify(given := parser.parse_args())
    rehearsal = "REHEARSAL " if own.get("rehearsal") else ""
    about = "" if flaws else f"{rehearsal}{own['verdict']}  {own['system']} on {own['target']}, {own['commit']}"
    beside = [f"UNVERIFIED: {name}: see evidence.md" for name in (STAMP, *BUNDLES) if (given.run / name).exists()]
    said = ["".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in line) for line in flaws or [about, *beside]]
    print(COMMAND.sub(r"\g<0> ", "\n".join(said)))
    return 4 if flaws else CODES[own["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
