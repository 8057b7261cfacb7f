"""What a command says in a test, and criteria by which it may say that somebody signed."""

from __future__ import annotations

import pytest

from prodgate import cli

from .sealed import NIGHTLY

SIGNERS = f"""
[evidence]
signers = [{{ name = "nightly", key = "{NIGHTLY.public.text}" }}]
"""


def said(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = cli.main([str(word) for word in words])
    captured = capsys.readouterr()
    return code, captured.out, captured.err
