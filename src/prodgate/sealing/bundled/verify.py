"""Verify a sealed run without prod-gate: ``python3 verify.py KEY.pem [FOLDER] [--commit SHA] [--max-age HOURS]``.

It needs Python 3.11 and the library cryptography, and asks nobody. KEY.pem is the public key of whoever was to sign:
take it from elsewhere than this folder, and this program, too, if whoever gave you the folder may have changed it. It
believes no GO that the journal contradicts. Exit codes: 0 GO, 1 NO-GO, 2 INSUFFICIENT EVIDENCE, 4 not authentic.
"""

import argparse
import base64
import datetime
import fnmatch
import hashlib
import json
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

CODES = {"GO": 0, "NO-GO": 1, "INSUFFICIENT EVIDENCE": 2}
KIND = "application/vnd.in-toto+json"
STAMP, BUNDLE = "seal.tsr", "seal.sigstore.json"
UNSEALED = ("seal.dsse.json", "summary.dsse.json", STAMP, BUNDLE)


def sha256(data: bytes) -> str:
    """Return a digest in hex."""
    return hashlib.sha256(data).hexdigest()


def read_envelope(path: Path, key: Any) -> tuple[Any, str, list[str]]:
    """Return what an envelope says, the SHA-256 of that, and what is wrong with it."""
    if not path.is_file():
        return None, "", [f"MISSING: {path.name}"]
    text = path.read_bytes()
    try:
        found = json.loads(text)
        body, kind = base64.b64decode(found["payload"], validate=True), found["payloadType"]
        signed = [(each["keyid"], base64.b64decode(each["sig"])) for each in found["signatures"]]
        again: dict[str, Any] = {"payload": base64.b64encode(body).decode(), "payloadType": kind}
        again["signatures"] = [{"keyid": keyid, "sig": base64.b64encode(sig).decode()} for keyid, sig in signed]
        said = json.loads(body)
    except (ValueError, KeyError, TypeError) as error:
        return None, "", [f"CHANGED: {path.name}: {error}"]
    if kind != KIND:
        return None, "", [f"CHANGED: {path.name}: holds {kind!r}"]
    if json.dumps(again, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n" != text:
        return None, "", [f"CHANGED: {path.name}: not as it is written"]
    return said, sha256(body), list(check_signature(path.name, key, kind, body, signed))


def check_signature(name: str, key: Any, kind: str, body: bytes, signed: list[tuple[str, bytes]]) -> Iterator[str]:
    """Yield what is wrong with the signature of an envelope."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if len(signed) != 1:
        yield f"CHANGED: {name}: signed more than once" if signed else f"UNSIGNED: {name}"
    elif signed[0][0] != sha256(der):
        yield f"WRONG KEY: {name}: signed by {signed[0][0]}"
    else:
        encoded = b"DSSEv1 %d %s %d %s" % (len(kind.encode()), kind.encode(), len(body), body)
        try:
            key.verify(signed[0][1], encoded, *([ec.ECDSA(hashes.SHA256())] if hasattr(key, "curve") else []))
        except InvalidSignature:
            yield f"CHANGED: {name}: not what was signed"


def check_files(run: Path, statement: Any) -> Iterator[str]:
    """Yield which files are not those that the statement lists."""
    listed = {s["name"]: (s["digest"]["sha256"], s["annotations"]["bytes"]) for s in statement["subject"]}
    found = {p.relative_to(run).as_posix(): p for p in run.rglob("*") if p.is_symlink() or not p.is_dir()}
    for name in sorted({*listed, *found} - {*UNSEALED}):
        if name not in found or name not in listed:
            yield f"{'MISSING' if name in listed else 'UNLISTED'}: {name}"
            continue
        data = found[name].read_bytes() if found[name].is_file() and not found[name].is_symlink() else None
        if data is None or listed[name] != (sha256(data), len(data)):
            yield f"CHANGED: {name}"


def check_beside(run: Path) -> Iterator[str]:
    """Yield why a time stamp, or Sigstore's word on who signed, is not of the seal; OpenSSL and cosign say whose."""
    sealed = (run / UNSEALED[0]).read_bytes()
    for path in filter(os.path.lexists, (run / STAMP, run / BUNDLE)):
        data = path.read_bytes() if path.is_file() and not path.is_symlink() else b""
        if path.name == STAMP and (len(data) > 65536 or hashlib.sha256(sealed).digest() not in data):
            yield f"UNLISTED: {STAMP}: no time stamp of this seal"
        elif path.name == BUNDLE:
            seal, said = json.loads(sealed), json.loads(data or b"{}").get("dsseEnvelope")
            if {**seal, "signatures": [{"sig": each["sig"]} for each in seal["signatures"]]} != said:
                yield f"CHANGED: {UNSEALED[0]}: not what was signed by {BUNDLE}"


def check_chain(lines: list[bytes]) -> Iterator[str]:
    """Yield which lines of the journal are not in its chain."""
    digest, last, own, seen = b"", 0, "", set()
    for line in lines:
        link, objects = json.loads(line).get("chain") or {}, list[Any]()
        json.loads(line, object_pairs_hook=objects.append)
        number, run = link.get("line", 0), link.get("run", "")
        own = own or run
        if link and run != own:
            yield f"FOREIGN: journal.jsonl: a line of run {run}"
            continue
        if not link or number in seen:
            yield "UNLISTED: journal.jsonl: a line"
        elif number < last:
            yield f"REORDERED: journal.jsonl: line {number}"
        elif number > last + 1:
            yield f"MISSING: journal.jsonl: line {last + 1}"
        elif sha256(digest + line[:-67]).encode() + b'"}}' != line[-67:]:
            yield f"CHANGED: journal.jsonl: line {number}"
        elif any(len(pairs) > len(dict(pairs)) for pairs in objects):
            yield f"CHANGED: journal.jsonl: line {number} holds a key twice"
        seen.add(number)
        digest, last = line[-67:-3], max(last, number)


def read_tables(run: Path, section: str, *digests: str) -> list[tuple[str, Any]]:
    """Return the tables of a section of files of evidence, by name."""
    files = (run / "evidence" / f"{digest}.toml" for digest in digests)
    return [pair for file in files for pair in tomllib.loads(file.read_text("utf-8")).get(section, {}).items()]


def find_void(waivers: list[tuple[str, Any]], findings: list[Any], started: str) -> Iterator[str]:
    """Yield which waivers held nothing on the day of the run; one such waiver is NO-GO, whatever it covers."""
    day = datetime.datetime.fromisoformat(started).date()
    for name, waiver in waivers:
        most = sum(covers(waiver, e) for e in findings if e["outcome"] == "not-satisfied")
        if not waiver["opened"] <= day <= waiver["expires"] or most > waiver.get("most", 1):
            yield f"the waiver {name} is not in force, or covers more than it says"


def covers(waiver: Any, finding: Any) -> bool:
    """Whether a waiver speaks of a finding."""
    named = waiver["covers"] in (finding["criterion"], finding["check"])
    return named and fnmatch.fnmatchcase(finding["subject"], waiver["subject"].replace("[", "[[]"))


def find_doubts(run: Path, about: Any, events: list[Any]) -> Iterator[str]:
    """Yield why this is no journal of a GO."""
    stated = read_tables(run, "criteria", about["criteria"], *about.get("included", {}).values())
    waivers = read_tables(run, "waivers", about["waivers"])
    findings = [event for event in events if event["event"] == "finding"]
    yield from find_void(waivers, findings, about["started"])
    for e in findings:
        if e["outcome"] == "not-satisfied" and not any(covers(waiver, e) for _, waiver in waivers):
            yield f"{e['criterion']} is not satisfied"
        if e["outcome"] == "undetermined" and not (about["rehearsal"] and e.get("needs") == "production"):
            yield f"{e['criterion']} is undetermined"
    ended = ("broken", "interrupted")
    yield from (f"{e['layer']} {e['event']}" for e in events if e["event"] in ended and e["layer"] in about["layers"])
    named = {(e["event"], e["layer"], e[k]) for e in events for k in ("check", "criterion") if k in e}
    for name, table in stated:
        if not about.get("moment") or table.get("moment") == about["moment"]:
            asked = [layer for layer in table["layers"] if layer in about["layers"]]
            yield from (f"{layer} says nothing of {name}" for layer in asked if ("finding", layer, name) not in named)
    planned = ((e["layer"], e["check"]) for e in events if e["event"] == "planned")
    yield from (f"{check} did not end" for layer, check in planned if ("finished", layer, check) not in named)
    if events[-1]["event"] != "closed":
        yield "the run was cut off"


def check_run(run: Path, statement: Any) -> Iterator[str]:
    """Yield what the statement says of the run that is not so."""
    written, own = (run / "run.json").read_bytes(), statement["predicate"]["prodgate"]
    about, lines = json.loads(written), (run / "journal.jsonl").read_bytes().splitlines()
    events = [json.loads(line) for line in lines]
    yield from check_chain(lines)
    if sha256(written) != events[0]["about"]:
        yield "CHANGED: run.json"
    if own["run"] != events[0]["run"]:
        yield f"FOREIGN: the seal is of run {own['run']}, the journal of {events[0]['run']}"
    if events[0]["run"] != (folder := run.resolve().name):
        yield f"FOREIGN: the folder is called {folder}, and the run in it {events[0]['run']}"
    for name in ("system", "target", "rehearsal", "layers", "commit", "moment", "started"):
        if own[name] != about.get(name, ""):
            yield f"CHANGED: the seal says {name} {own[name]!r}, run.json {about.get(name)!r}"
    if own["head"] != events[-1]["chain"]["sha256"]:
        yield "CHANGED: the seal names another head than the journal has"
    if doubt := next(find_doubts(run, about, events), "") if own["verdict"] == "GO" else "":
        yield f"CHANGED: the seal says GO, and in the journal {doubt}"
    stated = read_tables(run, "criteria", about["criteria"], *about.get("included", {}).values())
    part = about.get("moment") or about.get("cell") or {x for _, t in stated for x in t["layers"]} - {*about["layers"]}
    if own["promotes"] and (own["verdict"] != "GO" or own["rehearsal"] or part):
        yield "CHANGED: the seal allows a promotion that its verdict does not"


def check_summary(run: Path, own: Any, seal: str, key: Any) -> Iterator[str]:
    """Yield what is wrong with the summary of a run that allows a promotion, or of one that does not."""
    if not own["promotes"] or "+" in own["commit"] or len(own["commit"]) < 40 or (run / BUNDLE).exists():
        if (run / "summary.dsse.json").exists():
            yield "UNLISTED: summary.dsse.json: this run allows no promotion"
        return
    summary, _, flaws = read_envelope(run / "summary.dsse.json", key)
    yield from flaws
    if summary and summary["subject"][0]["digest"] != {"gitCommit": own["commit"]}:
        yield "FOREIGN: summary.dsse.json: about another commit"
    if summary and summary["predicate"]["inputAttestations"][0]["digest"] != {"sha256": seal}:
        yield "FOREIGN: summary.dsse.json: about another run"


def find_unwanted(own: Any, commit: str, hours: float | None) -> Iterator[str]:
    """Yield why a run that is what it says is not the one that was asked for."""
    if commit and own["commit"] != commit:
        yield f"FOREIGN: about commit {own['commit'] or 'unknown'}, not {commit}"
    times = [datetime.datetime.fromisoformat(at) for at in (own["started"], *own["observed"])]
    ages = sorted((datetime.datetime.now(datetime.UTC) - at).total_seconds() / 3600 for at in times)
    if (hours is not None and ages[-1] > hours) or ages[0] < -0.1:
        yield f"EXPIRED: observed {ages[-1]:.1f} h ago"


def verify(given: argparse.Namespace) -> tuple[Any, list[str]]:
    """Return what the seal says and what is wrong."""
    key = serialization.load_pem_public_key(given.key.read_bytes())
    statement, seal, flaws = read_envelope(given.run / "seal.dsse.json", key)
    own: Any = {}
    try:
        if statement is not None:
            own = statement["predicate"]["prodgate"]
            flaws += check_files(given.run, statement)
            flaws += check_beside(given.run)
            flaws += check_summary(given.run, own, seal, key)
            flaws += find_unwanted(own, given.commit, given.max_age)
            flaws += check_run(given.run, statement)
    except Exception as error:  # noqa: BLE001  whatever can't be read is not what was sealed
        flaws.append(f"CHANGED: can't be read: {error!r}")
    return own, flaws


def main() -> int:
    """Print what is wrong, or the verdict, and return the exit code."""
    parser = argparse.ArgumentParser(description="Verify a sealed run without prod-gate.")
    parser.add_argument("key", type=Path, help="the public key of whoever was to sign, in PEM")
    parser.add_argument("run", type=Path, nargs="?", default=Path(), help="the folder of the run (default: this one)")
    parser.add_argument("--commit", default="")
    parser.add_argument("--max-age", type=float, metavar="HOURS")
    own, flaws = verify(parser.parse_args())
    rehearsal = "REHEARSAL " if own.get("rehearsal") else ""
    about = "" if flaws else f"{rehearsal}{own['verdict']}  {own['system']} on {own['target']}, {own['commit']}"
    print("\n".join(flaws) or about)
    return 4 if flaws else CODES[own["verdict"]]


if __name__ == "__main__":
    sys.exit(main())
