"""The arguments of the commands about seals: ``seal``, ``bundle`` and ``verify``."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path


def add_seal_commands(command: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """Add the commands; ``command`` makes the parser of one from its name, its handler and its help."""
    seal = command(
        "seal", "sealing.seal", "seal a finished run anew, such as to sign it in a job that runs no code of a team"
    )
    seal.add_argument("run", type=Path, help="a run directory")
    add_signing_key(seal)
    seal.add_argument(
        "--keyless", action="store_true",
        help="sign without a key, by Sigstore, as the job of GitHub Actions that this runs in",
    )  # fmt: skip
    seal.add_argument(
        "--trust-config", type=Path, metavar="FILE",
        help="client trust config of the instance of Sigstore that --keyless asks (default: the public one)",
    )  # fmt: skip
    seal.add_argument(
        "--timestamp", metavar="URL", default="",
        help="let this authority stamp the time of the seal (RFC 3161), such as http://timestamp.digicert.com",
    )  # fmt: skip
    bundle = command("bundle", "sealing.bundle", "pack a sealed run into one file, the same bytes every time")
    bundle.add_argument("run", type=Path, help="a run directory")
    bundle.add_argument("--to", type=Path, metavar="FILE", help="default: beside the run, named after it")
    _add_verify(
        command("verify", "sealing.verify", "say whether a sealed run is what was sealed, by whom, and its verdict")
    )


def _add_verify(verify: argparse.ArgumentParser) -> None:
    verify.add_argument("run", type=Path, help="a run directory, a bundle, or a folder of runs")
    add_trust(verify)
    verify.add_argument(
        "--tsa", type=Path, metavar="FILE", action="append", default=[],
        help="certificates, in PEM, of an authority that must have stamped the time of the seal; may be repeated",
    )  # fmt: skip
    verify.add_argument("--criteria", type=Path, help="whose signers count, and which system it must be about")
    verify.add_argument("--unsigned", action="store_true", help="do not ask for a signature")
    verify.add_argument("--commit", metavar="SHA", default="", help="which commit it must be about, in full")
    verify.add_argument("--max-age", metavar="TIME", help="how old what it rests on may be, e.g. 24h")
    verify.add_argument("--target", metavar="URL", default="", help="which target it must be about")
    verify.add_argument(
        "--whole",
        action="store_true",
        help="ask for a run of all that its criteria ask, and of each layer that --criteria asks",
    )
    verify.add_argument("--promotes", action="store_true", help="ask for a verdict that allows a promotion")
    verify.add_argument(
        "--begins", metavar="RUN", action="append", default=[],
        help="a run that a folder is known to begin with; may be repeated, for other targets",
    )  # fmt: skip
    verify.add_argument("--json", action="store_true")


def add_trust(parser: argparse.ArgumentParser, signed: str = "") -> None:
    """Add the options that say whose word counts; ``signed`` is what is signed, such as `` of a cell``."""
    parser.add_argument(
        "--key", type=Path, metavar="FILE", action="append", default=[],
        help=f"public key whose signature{signed} counts, beside [evidence] signers of the criteria; may be repeated",
    )  # fmt: skip
    parser.add_argument(
        "--identity", metavar="WHO", default="",
        help=f"whose signature{signed} without a key counts, too, as Sigstore's certificate has it, with --issuer",
    )  # fmt: skip
    parser.add_argument("--issuer", metavar="URL", default="", help="who let them in")
    parser.add_argument(
        "--repository", metavar="URL", default="",
        help="the repository whose run it must be, signed there (default: the one that holds the workflow)",
    )  # fmt: skip
    parser.add_argument(
        "--trusted-root", type=Path, metavar="FILE",
        help="keys of the instance of Sigstore (default: those of the public one, as last fetched)",
    )  # fmt: skip
    parser.add_argument(
        "--fetch-root",
        action="store_true",
        help="fetch the keys of Sigstore's public instance first; else nothing is fetched",
    )


def add_signing_key(parser: argparse.ArgumentParser) -> None:
    """Add the option that says who signs."""
    parser.add_argument(
        "--signing-key", metavar="KEY", default="",
        help="private key in PEM that signs the run: a file, or awskms:///alias/… (default: $PRODGATE_SIGNING_KEY)",
    )  # fmt: skip
