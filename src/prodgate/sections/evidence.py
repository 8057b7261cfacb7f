"""The section [evidence]: whose signatures count."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..semantics.kms_uris import EXAMPLE, split_kms_uri
from ..semantics.names import says_nothing
from .fields import Key, Kind, many, table, text


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedSigner:
    """Somebody whose signature counts."""

    name: str
    key: str
    """The public key on one line, base64 of its DER."""
    keyid: str
    """SHA-256 of its DER, in hex."""
    kms: str = ""
    """The key in AWS KMS that is the private half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedIdentity:
    """Somebody whose signature counts, and who has no key: Sigstore says who it is."""

    name: str
    subject: str
    """A workflow at a ref, or an address of mail, as the certificate has it."""
    issuer: str
    """Who lets them in."""
    repository: str = ""
    """The repository whose runs they sign; empty for the repository of their workflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceSection:
    """The section [evidence]."""

    signers: tuple[TrustedSigner, ...] = ()
    identities: tuple[TrustedIdentity, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The signers that count; empty if none are named."""
        return (*(each.name for each in self.signers), *(each.name for each in self.identities))

    def find_signer(self, keyid: str) -> TrustedSigner | None:
        """Return whose key it is; None when it is nobody's whose signature counts."""
        return next((each for each in self.signers if each.keyid == keyid), None)

    def find_identity(self, subject: str, issuer: str) -> TrustedIdentity | None:
        """Return who it is; None when it is nobody whose signature counts."""
        return next((each for each in self.identities if (each.subject, each.issuer) == (subject, issuer)), None)


# ── A signer: who has a key, or who signs without one


def _parse_key(stated: str) -> tuple[str, str]:
    """Return a public key on one line, and its name. Raises KeyMistake."""
    from ..signatures.keys import parse_public  # noqa: PLC0415  few files name signers, and all are read at each start

    public = parse_public(stated)
    return public.text, public.keyid


def _find_in_key(where: str, stated: Any) -> Iterator[str]:
    if not isinstance(stated, str):
        yield f"{where}: is {stated!r}; write the public key, as openssl pkey -in signing.pem -pubout prints it"
        return
    from ..signatures.keys import KeyMistake  # noqa: PLC0415

    try:
        _parse_key(stated)
    except KeyMistake as error:
        yield f"{where}: {error}"


_NAME: Final = Key(
    kind=text('who signs, e.g. "nightly"', lambda name: not says_nothing(name)),
    meaning="The name of the signer.",
    example='"nightly"',
)
_KEYED: Final = {
    "name": _NAME,
    "key": Key(
        kind=Kind(find=_find_in_key, read=_parse_key, schema={"type": "string"}),
        meaning="The public key on one line, base64 of its DER; or in PEM.",
        example='"MCowBQYDK2VwAyEA…", as openssl pkey -in signing.pem -pubout prints it',
    ),
    "kms": Key(
        kind=text(f"e.g. {EXAMPLE!r}, or an ARN behind awskms:///", split_kms_uri),
        meaning="The key in AWS KMS that is the private half.",
        usual=None,
    ),
}
#: Who signs without a key, and who lets them in.
KEYLESS: Final = {
    "identity": Key(
        kind=text(
            'who signs, in full, e.g. "https://github.com/ORG/REPO/.github/workflows/nightly.yml@refs/heads/main"',
            re.compile(r"https://[!-~]+|(?<![!-?A-~])[!-?A-~]+@[!-?A-~]+").fullmatch,
        ),
        meaning="A signer without a key: a workflow at a ref, or an email address, as the certificate states it.",
        example='"https://github.com/ORG/REPO/.github/workflows/nightly.yml@refs/heads/main"',
    ),
    "issuer": Key(
        kind=text(
            'who lets them in, e.g. "https://token.actions.githubusercontent.com"',
            re.compile(r"https://[!-~]+").fullmatch,
        ),
        meaning="The issuer that vouches for the identity.",
        example='"https://token.actions.githubusercontent.com"',
    ),
    "repository": Key(
        kind=text(
            'of which repository they sign runs, e.g. "https://github.com/ORG/REPO"',
            lambda repository: repository.startswith("https://"),
        ),
        meaning="The repository whose runs they sign; left out, it is the one of their workflow.",
        usual=None,
    ),
}


_TABLE: Final = '{ name = "nightly", key = "MCowBQYDK2VwAyEA…" }'
_WITH_KEY: Final = table(lambda key, **stated: TrustedSigner(key=key[0], keyid=key[1], **stated), _TABLE, _KEYED)
_WITHOUT: Final = table(
    lambda identity, **stated: TrustedIdentity(subject=identity, **stated), _TABLE, {"name": _NAME, **KEYLESS}
)


def _choose(signer: Any) -> Kind[Any]:
    return _WITHOUT if isinstance(signer, dict) and {"identity", "issuer"} & set(signer) else _WITH_KEY


_SIGNER: Final = Kind(
    find=lambda where, signer: _choose(signer).find(where, signer),
    read=lambda signer: _choose(signer).read(signer),
    schema={"anyOf": [_WITH_KEY.schema, _WITHOUT.schema]},
)

# ── The section


def _make(signers: tuple[TrustedSigner | TrustedIdentity, ...] = ()) -> EvidenceSection:
    return EvidenceSection(
        signers=tuple(each for each in signers if isinstance(each, TrustedSigner)),
        identities=tuple(each for each in signers if isinstance(each, TrustedIdentity)),
    )


def _find_twins(where: str, stated: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[str]:
    """Yield which signers have the name or the key of an earlier one."""
    names: dict[str, int] = {}
    keys: dict[tuple[str, ...], int] = {}
    signers = stated.get("signers")
    for number, each in enumerate(signers if isinstance(signers, list) else (), start=1):
        if any(_SIGNER.find("", each)):
            continue
        place = f"{where}.signers[{number}]"
        if (other := names.setdefault(each["name"], number)) != number:
            yield f"{place}.name: is {each['name']!r}, as that of signer {other}; give each its own name"
        kind, own = (
            ("key", _parse_key(each["key"])) if "key" in each else ("identity", (each["identity"], each["issuer"]))
        )
        if (other := keys.setdefault(own, number)) != number:
            yield f"{place}.{kind}: is that of signer {other}, too; a signature must say who signed, write one of them"


_SIGNERS: Final = Key(
    kind=many(_SIGNER, f"[{_TABLE}]", least=1, place="[{}]"),
    meaning="Signers whose signatures count; each has a `key`, or an `identity` that Sigstore attests.",
    usual=None,
)
EVIDENCE: Final = table(
    _make, f"[evidence] with signers = [{_TABLE}], or leave it out", {"signers": _SIGNERS}, _find_twins
)
