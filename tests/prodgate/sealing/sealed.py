"""A sealed run made for tests, its signers, and both verifiers."""

import argparse
import base64
import importlib.util
import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from prodgate.criteria import LAYERS
from prodgate.evidence import artifacts, runs
from prodgate.evidence.journal import Journal
from prodgate.quantities import Quantity
from prodgate.run.publishing import seal_again
from prodgate.sealing.verifying import Wanted, check
from prodgate.sections.evidence import TrustedSigner
from prodgate.signatures.envelope import Envelope, parse_envelope, write_json
from prodgate.signatures.keys import KeySigner, parse_signer
from tests.trees import write_tree

from ..sample_run import ABOUT, CRITERIA
from ..samples import finding, waiver

COMMIT: Final = "c0ffee00" * 5
OTHER_COMMIT: Final = "0ddba115" * 5
DAY: Final = timedelta(days=1)


def make_signer(seed: int) -> KeySigner:
    key = Ed25519PrivateKey.from_private_bytes(bytes([seed]) * 32)
    form = serialization.PrivateFormat.PKCS8
    return parse_signer(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode())


NIGHTLY: Final = make_signer(1)
EVE: Final = make_signer(2)


SIGNERS = f"""
[evidence]
signers = [{{ name = "nightly", key = "{NIGHTLY.public.text}" }}]
"""


def trust(signer: KeySigner, name: str = "nightly") -> TrustedSigner:
    return TrustedSigner(name=name, key=signer.public.text, keyid=signer.public.keyid)


def pem(signer: KeySigner) -> str:
    return f"-----BEGIN PUBLIC KEY-----\n{signer.public.text}\n-----END PUBLIC KEY-----\n"


def waive(folder: Path, *, opened: date, expires: date) -> None:
    """Write the waivers of the next run in a folder: for its findings when it is not good."""
    made = waiver(opened=opened, expires=expires)
    fields = {field: getattr(made, field) for field in ("covers", "subject", "reason", "owner", "approver")}
    stated = [f"{field} = {json.dumps(text)}" for field, text in fields.items()]
    stated += [f"opened = {opened}", f"expires = {expires}"]
    write_tree(folder, {"waivers.toml": "\n".join([f"[waivers.{made.id}]", *stated, ""])})


def make_run(folder: Path, criteria: str = CRITERIA, *, good: bool = True, **about: Any) -> Path:
    """Make a run of every layer, with a fact, logs and a verdict: by default a GO that allows a promotion."""
    write_tree(folder, {"criteria.toml": criteria})
    whole = {**ABOUT, "target": "aws://prod@ap-northeast-1", "layers": [*LAYERS], "commit": COMMIT, **about}
    run = runs.create(folder / "runs", whole, folder / "criteria.toml", folder / "waivers.toml")
    journal = Journal.of(run)
    digest = artifacts.store_json(run, {"resources": [{"address": "aws_rds_cluster.this", "values": {"days": 35}}]})
    other = artifacts.store(run, b"a picture of the site\n" * 40, ".png")
    journal.record_planned("static", "PG_REC_1", "backup-retention")
    journal.record_fact("static", "configuration", "terraform", digest, "files")
    journal.record_fact("static", "screenshot", "https://shop.example/", other, "browser")
    journal.write("collected", layer="static")
    journal.record_started("static", "PG_REC_1")
    outcome = {} if good else {"outcome": "not-satisfied"}
    journal.write("finding", **{**finding().to_json(), **outcome, "evidence": [digest]})
    journal.record_finished("static", "PG_REC_1", 1)
    write_tree(run, {"logs/static.txt": "static: starting\nstatic: judging\nstatic: done\n"})
    runs.close(run)
    return run


def seal(run: Path, signer: KeySigner | None = NIGHTLY) -> Path:
    seal_again(run, signer)
    return run


def read_statement(run: Path, name: str = "seal.dsse.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(parse_envelope((run / name).read_bytes()).payload)
    return found


def write_envelope(
    run: Path,
    statement: Any,
    signer: KeySigner | None = NIGHTLY,
    name: str = "seal.dsse.json",
    kind: str = "application/vnd.in-toto+json",
) -> None:
    """Put a statement in the place of a seal, signed by whoever has the key."""
    bare = Envelope(payload=write_json(statement), kind=kind)
    if signer:
        signed = signer.sign(bare.signed_bytes)
        bare = Envelope(payload=bare.payload, kind=kind, keyid=signer.public.keyid, signature=signed)
    (run / name).write_bytes(bare.to_bytes())


def edit_envelope(run: Path, name: str = "seal.dsse.json", **members: Any) -> None:
    """Change members of an envelope and leave the rest."""
    (run / name).write_bytes(write_json({**json.loads((run / name).read_bytes()), **members}) + b"\n")


def encode(value: Any) -> str:
    return base64.b64encode(write_json(value)).decode()


@dataclass(frozen=True)
class Asked:
    """A verifier's requirements."""

    commit: str = COMMIT
    hours: float = 24
    later: timedelta = timedelta()
    """By how much its clock is ahead."""


def ask_gate(run: Path, asked: Asked = Asked()) -> list[str]:
    wanted = Wanted(
        signers=[trust(NIGHTLY)],
        commit=asked.commit,
        max_age=Quantity.of(str(asked.hours), "h"),
        now=datetime.now(UTC) + asked.later,
    )
    return list(check(run, wanted).flaws)


def load_other_verifier() -> ModuleType:
    """Return the verifier that lies in the folder of each run, as it is in the package."""
    path = Path(str(resources.files("prodgate.sealing").joinpath("bundled/verify.py")))
    spec = importlib.util.spec_from_file_location("independent_verifier", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_other(run: Path, key: Path, *words: str) -> tuple[int, str]:
    """Run the verifier in a run's folder as a program; return its exit code and its output."""
    command = [sys.executable, "-I", str(run / "verify.py"), str(key), str(run), *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def ask_other(run: Path, key: Path, asked: Asked = Asked(), module: ModuleType = load_other_verifier()) -> list[str]:  # noqa: B008
    later = asked.later / timedelta(hours=1)
    given = argparse.Namespace(key=key, run=run, commit=asked.commit, max_age=asked.hours - later)
    _, flaws = module.verify(given)
    return list(flaws)
