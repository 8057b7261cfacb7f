"""What is asked of the commands about a run that somebody signed without a key."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.cli import main
from prodgate.signatures.keys import PublicKey
from prodgate.signatures.sigstore_bundles import parse_bundle

from ..sample_run import CRITERIA
from ..signatures.sigstore_instance import ISSUER, WORKFLOW
from .forgeries import BUNDLE

WHO = ("--identity", WORKFLOW, "--issuer", ISSUER)
NAMED = f'{CRITERIA}\n[evidence]\nsigners = [{{ name = "nightly", identity = "{WORKFLOW}", issuer = "{ISSUER}" }}]\n'


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([*map(str, words)])
    return code, *capsys.readouterr()


def ask(capsys: pytest.CaptureFixture[str], run: Path, *words: object) -> tuple[int, str, str]:
    return said(capsys, "verify", run, "--trusted-root", "trusted_root.json", *(words or WHO))


def write_key_of(run: Path, folder: Path) -> PublicKey:
    """Write the key of the certificate, which the report's commands take out of the bundle."""
    key = parse_bundle((run / BUNDLE).read_bytes()).public
    (folder / "key.pem").write_text(f"-----BEGIN PUBLIC KEY-----\n{key.text}\n-----END PUBLIC KEY-----\n")
    return key
