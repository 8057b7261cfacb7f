"""The signer of a run, and the signers whose keys count."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from ..criteria import UsageError
from ..processes.regular_files import read_measured
from ..sections.evidence import KEYLESS, EvidenceSection, TrustedIdentity, TrustedSigner
from ..semantics.kms_uris import EXAMPLE, split_kms_uri
from ..signatures.keyless import KeylessSigner, open_keyless_signer
from ..signatures.keys import KeyMistake, Signer, SigningError, parse_public, parse_signer
from .keyless import find_flaws_of_origin

#: Variable of the environment that holds a private key in PEM, or says where one is: a file, or a key of AWS KMS.
VARIABLE: Final = "PRODGATE_SIGNING_KEY"
_PEM: Final = "-----BEGIN"


def take_signer(option: str, stated: EvidenceSection) -> Signer | None:
    """Return who signs, from an option or else the environment; None when nobody does.

    The variable is taken out of the environment, so that no process that judges is handed the key. Raises UsageError
    for what is no key, and for one whose signature would not count.
    """
    found = os.environ.pop(VARIABLE, "")
    where, given = ("--signing-key", option) if option else (VARIABLE, found.strip())
    if not given:
        return None
    signer = _open(where, given)
    if stated.names and stated.find_signer(signer.public.keyid) is None:
        named = ", ".join(stated.names)
        raise UsageError(
            f"{where}: is a key whose signature does not count; [evidence] signers names {named}, and this key is "
            f"{signer.public.text}"
        )
    return signer


def take_identity(trust_config: Path | None, stated: EvidenceSection, commit: str) -> KeylessSigner:
    """Return the signer without a key whom the environment identifies, for a run of a commit.

    Raises UsageError, also for one whose signature would not count.
    """
    try:
        signer = open_keyless_signer(trust_config)
    except SigningError as error:
        raise UsageError(f"--keyless: {error}") from None
    known = stated.find_identity(signer.identity.subject, signer.identity.issuer)
    if stated.names and known is None:
        named = ", ".join(stated.names)
        raise UsageError(
            f"--keyless: the signature of {signer.identity} does not count; [evidence] signers names {named}"
        )
    for flaw in find_flaws_of_origin(signer.identity, signer.origin, commit, known.repository if known else ""):
        raise UsageError(f"--keyless: {flaw}; let a job sign that has checked out what was judged")
    return signer


def _open(where: str, given: str) -> Signer:
    if given.startswith("awskms:"):
        if split_kms_uri(given) is None:
            raise UsageError(f"{where}: {given!r} is no key of KMS; write e.g. {EXAMPLE}")
        from ..aws.signing import open_kms_signer  # noqa: PLC0415  boto3 takes as long to import as all the rest

        return open_kms_signer(given, os.environ)
    pem = given if given.startswith(_PEM) else _read_file(where, given)
    try:
        return parse_signer(pem)
    except KeyMistake as error:
        named = where if given.startswith(_PEM) else f"{where}: {given}"
        raise UsageError(f"{named}: {error}") from None


def _read_file(where: str, name: str) -> str:
    try:
        return read_measured(Path(name), piped=True).decode("ascii", "replace")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no path"
        raise UsageError(
            f"{where}: {name!r}: can't be read: {reason}; write a key in PEM, the path of one, or {EXAMPLE}"
        ) from None


def read_trusted(paths: Iterable[Path]) -> Iterator[TrustedSigner]:
    """Yield whose signature counts, from public keys in files. Raises UsageError."""
    for path in paths:
        try:
            key = parse_public(_read_file("--key", str(path)))
        except KeyMistake as error:
            raise UsageError(f"--key: {path}: {error}") from None
        yield TrustedSigner(name=path.name, key=key.text, keyid=key.keyid)


def read_identities(subject: str, issuer: str, repository: str) -> Iterator[TrustedIdentity]:
    """Yield whose signature without a key counts, from options. Raises UsageError."""
    if not subject and not issuer and not repository:
        return
    said = {"identity": subject or None, "issuer": issuer or None, **({"repository": repository} if repository else {})}
    if mistakes := [each for name, value in said.items() for each in KEYLESS[name].kind.find(f"--{name}", value)]:
        raise UsageError("\n".join(mistakes))
    yield TrustedIdentity(name=subject, subject=subject, issuer=issuer, repository=repository)
