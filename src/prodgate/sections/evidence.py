"""The section [evidence]: whose signatures count."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..semantics.kms_uris import EXAMPLE, split_kms_uri
from ..semantics.names import says_nothing
from .validation import key_mistakes

_EXAMPLE: Final = '[evidence] with signers = [{ name = "nightly", key = "MCowBQYDK2VwAyEA…" }]'
_KEYS: Final = ("name", "key", "kms")
_KEYLESS: Final = ("name", "identity", "issuer", "repository")
_ADDRESS: Final = re.compile(r"https://[!-~]+")
_IDENTITY: Final = re.compile(r"https://[!-~]+|[!-?A-~]+@[!-?A-~]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedSigner:
    """Somebody whose signature counts."""

    name: str
    key: str
    """The public key on one line, base64 of its DER."""
    keyid: str
    """SHA-256 of its DER, in hex."""
    kms: str = ""
    """Where AWS KMS keeps the private half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIdentity:
    """Somebody whose signature counts, and who has no key: Sigstore says who it is."""

    name: str
    subject: str
    """A workflow at a ref, or an address of mail, as the certificate has it."""
    issuer: str
    """Who lets them in."""
    repository: str = ""
    """Of which repository they sign runs; empty for the one whose workflow they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSection:
    """What [evidence] states."""

    signers: tuple[TrustedSigner, ...] = ()
    identities: tuple[TrustedIdentity, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Whose signature counts; nobody's in particular when it is empty."""
        return (*(each.name for each in self.signers), *(each.name for each in self.identities))

    def find_signer(self, keyid: str) -> TrustedSigner | None:
        """Return whose key it is; None when it is nobody's whose signature counts."""
        return next((each for each in self.signers if each.keyid == keyid), None)

    def find_identity(self, subject: str, issuer: str) -> TrustedIdentity | None:
        """Return who it is; None when it is nobody whose signature counts."""
        akin = (each for each in self.identities if (each.subject, each.issuer) == (subject, issuer))
        return next(akin, None)


def evidence_mistakes(section: Any) -> Iterator[str]:
    """Say what is wrong with the section."""
    signers = section.get("signers", [{}]) if isinstance(section, dict) else None
    if not isinstance(section, dict) or not isinstance(signers, list) or not signers:
        yield f"evidence: is {section!r}; write {_EXAMPLE}, or leave it out"
        return
    yield from key_mistakes("evidence", section, ("signers",))
    names: dict[Any, int] = {}
    keys: dict[str, int] = {}
    for number, signer in enumerate(section.get("signers", ()), start=1):
        where = f"evidence.signers[{number}]"
        mistakes = list(_signer_mistakes(where, signer))
        yield from mistakes
        if mistakes:
            continue
        if (other := names.setdefault(signer["name"], number)) != number:
            yield f"{where}.name: is {signer['name']!r}, as that of signer {other}; give each its own name"
        key = "identity" if _is_keyless(signer) else "key"
        own = f"{signer['identity']} {signer['issuer']}" if key == "identity" else _parse_key(signer["key"])[1]
        if (other := keys.setdefault(own, number)) != number:
            yield f"{where}.{key}: is that of signer {other}, too; a signature must say who signed, write one of them"


def _signer_mistakes(where: str, signer: Any) -> Iterator[str]:
    if not isinstance(signer, dict):
        yield f'{where}: is {signer!r}; write {{ name = "nightly", key = "MCowBQYDK2VwAyEA…" }}'
        return
    yield from key_mistakes(where, signer, _KEYLESS if _is_keyless(signer) else _KEYS)
    name = signer.get("name")
    if not isinstance(name, str) or says_nothing(name):
        yield f'{where}.name: is {name!r}; write who signs, e.g. "nightly"'
    if _is_keyless(signer):
        yield from find_mistakes_in_identity(f"{where}.", signer)
    else:
        yield from _find_mistakes_in_keys(where, signer)


def _is_keyless(signer: Mapping[str, Any]) -> bool:
    return "identity" in signer or "issuer" in signer


def find_mistakes_in_identity(where: str, signer: Mapping[str, Any]) -> Iterator[str]:
    """Say what is wrong with who signs without a key, and who lets them in; ``where`` stands before each key."""
    identity, issuer = signer.get("identity"), signer.get("issuer")
    if not isinstance(identity, str) or not _IDENTITY.fullmatch(identity):
        example = "https://github.com/ORG/REPO/.github/workflows/nightly.yml@refs/heads/main"
        yield f'{where}identity: is {identity!r}; write who signs, in full, e.g. "{example}"'
    if not isinstance(issuer, str) or not _ADDRESS.fullmatch(issuer):
        example = "https://token.actions.githubusercontent.com"
        yield f'{where}issuer: is {issuer!r}; write who lets them in, e.g. "{example}"'
    repository = signer.get("repository", "https://")
    if not isinstance(repository, str) or not repository.startswith("https://"):
        example = "https://github.com/ORG/REPO"
        yield f'{where}repository: is {repository!r}; write of which repository they sign runs, e.g. "{example}"'


def _find_mistakes_in_keys(where: str, signer: Mapping[str, Any]) -> Iterator[str]:
    key, kms = signer.get("key"), signer.get("kms")
    yield from _find_mistake_in_key(f"{where}.key", key)
    if kms is not None and not (isinstance(kms, str) and split_kms_uri(kms)):
        yield f"{where}.kms: is {kms!r}; write e.g. {EXAMPLE!r}, or an ARN behind awskms:///"


def _find_mistake_in_key(where: str, key: Any) -> Iterator[str]:
    if not isinstance(key, str):
        shown = "is missing" if key is None else f"is {key!r}"
        yield f"{where}: {shown}; write the public key, as openssl pkey -in signing.pem -pubout prints it"
        return
    from ..signatures.keys import KeyMistake  # noqa: PLC0415  few files name signers, and all are read at each start

    try:
        _parse_key(key)
    except KeyMistake as error:
        yield f"{where}: {error}"


def _parse_key(text: str) -> tuple[str, str]:
    """Return a public key on one line, and its name. Raises KeyMistake."""
    from ..signatures.keys import parse_public  # noqa: PLC0415

    public = parse_public(text)
    return public.text, public.keyid


def parse_evidence_section(section: Mapping[str, Any]) -> EvidenceSection:
    """Read a section that has no mistakes."""
    return EvidenceSection(
        signers=tuple(
            TrustedSigner(name=each["name"], key=key, keyid=keyid, kms=each.get("kms", ""))
            for each in section.get("signers", ())
            if not _is_keyless(each)
            for key, keyid in [_parse_key(each["key"])]
        ),
        identities=tuple(
            TrustedIdentity(
                name=each["name"],
                subject=each["identity"],
                issuer=each["issuer"],
                repository=each.get("repository", ""),
            )
            for each in section.get("signers", ())
            if _is_keyless(each)
        ),
    )
