"""An instance of Sigstore on loopback, with keys of its own: an identity provider, a CA with its log, and Rekor."""

import base64
import hashlib
import json
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.servers import Handler, serving

from .authority import make_name

ISSUER: Final = "https://token.actions.githubusercontent.com"
WORKFLOW: Final = "https://github.com/shop/shop/.github/workflows/nightly.yml@refs/heads/main"
COMMIT: Final = "c0ffee00" * 5
_START: Final = "2020-01-01T00:00:00Z"
_SHA256: Final = hashes.SHA256()
_ISSUER_OID: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.8")
_OLD_ISSUER_OID: Final = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
_PLACE_OIDS: Final = tuple(x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}") for number in (12, 13))
_OLD_PLACE_OIDS: Final = tuple(x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}") for number in (5, 3))
_SCTS_OID: Final = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def to_json(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def der_of(key: ec.EllipticCurvePrivateKey) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.DER, form)


def in_der(value: str) -> bytes:
    """Return a short text in DER."""
    return b"\x0c" + lengthened(1, value.encode())


def pem_of(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def make_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def named(key: ec.EllipticCurvePrivateKey) -> bytes:
    return hashlib.sha256(der_of(key)).digest()


def lengthened(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


@dataclass
class Instance:
    """The instance. Its fields can spoil its responses."""

    subject: str = WORKFLOW
    issuer: str = ISSUER
    repository: str = "https://github.com/shop/shop"
    commit: str = COMMIT
    """The checkout of the job; a certificate omits empty fields."""
    old: bool = False
    """Whether certificates name issuer and commit as they did before 2023."""
    age: timedelta = timedelta()
    """The age of an entry by Rekor's statement."""
    promises: bool = True
    """Whether Rekor's promise of an entry is valid."""
    refuses: str = ""
    """Paths with an error as response."""
    url: str = ""
    asked: list[str] = field(default_factory=list)
    ca: ec.EllipticCurvePrivateKey = field(default_factory=make_key)
    ct: ec.EllipticCurvePrivateKey = field(default_factory=make_key)
    log: ec.EllipticCurvePrivateKey = field(default_factory=make_key)

    def __post_init__(self) -> None:
        self.root = self._certify(self.ca.public_key(), x509.BasicConstraints(ca=True, path_length=0)).sign(
            self.ca, _SHA256
        )

    # what clients are given

    def trusted_root(self) -> dict[str, Any]:
        logs = [
            {
                "baseUrl": self.url, "hashAlgorithm": "SHA2_256", "logId": {"keyId": text(named(key))},
                "publicKey": {
                    "rawBytes": text(der_of(key)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": _START},
                },
            }
            for key in (self.log, self.ct)
        ]  # fmt: skip
        certificate = {"rawBytes": text(self.root.public_bytes(serialization.Encoding.DER))}
        authority = {"uri": self.url, "certChain": {"certificates": [certificate]}, "validFor": {"start": _START}}
        return {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": logs[:1],
            "ctlogs": logs[1:],
            "certificateAuthorities": [{**authority, "subject": {"organization": "shop", "commonName": "ca"}}],
        }

    def trust_config(self) -> dict[str, Any]:
        service = {"url": self.url, "majorApiVersion": 1, "validFor": {"start": _START}, "operator": "shop"}
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": self.trusted_root(),
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": [service], "oidcUrls": [], "rekorTlogUrls": [service], "tsaUrls": [],
                "rekorTlogConfig": {"selector": "ANY"}, "tsaConfig": {"selector": "ANY"},
            },
        }  # fmt: skip

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write the trusted root and the client trust config."""
        made = (folder / "trusted_root.json", folder / "trust_config.json")
        for path, document in zip(made, (self.trusted_root(), self.trust_config()), strict=True):
            path.write_bytes(to_json(document))
        return made

    def environment(self) -> dict[str, str]:
        """Return the environment of a GitHub Actions job with ``id-token: write``."""
        url = f"{self.url}/token?job=1"
        return {
            "GITHUB_ACTIONS": "true", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "pass", "ACTIONS_ID_TOKEN_REQUEST_URL": url,
        }  # fmt: skip

    # what it answers

    def answer(self, path: str, body: bytes) -> tuple[int, Any]:
        self.asked.append(path)
        if self.refuses and self.refuses in path:
            return 500, {"code": 500, "message": "out of order"}
        match path.split("?", maxsplit=1)[0]:
            case "/token":
                return 200, {"value": self.make_token()}
            case "/api/v2/signingCert":
                request = x509.load_pem_x509_csr(base64.b64decode(json.loads(body)["certificateSigningRequest"]))
                chain = [pem_of(self.certify(request.public_key())), pem_of(self.root)]
                return 200, {"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}
            case "/api/v1/log/entries":
                return 201, self.enter(json.loads(body)["spec"]["proposedContent"])
        return 404, {"code": 404, "message": path}

    def make_token(self) -> str:
        now = int(datetime.now(UTC).timestamp())
        claims = {"iss": self.issuer, "aud": "sigstore", "sub": "repo:shop/shop", "iat": now, "exp": now + 600}
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        return ".".join([*(base64.urlsafe_b64encode(to_json(part)).decode().rstrip("=") for part in parts), "c2ln"])

    def _certify(self, key: Any, constraints: x509.BasicConstraints) -> x509.CertificateBuilder:
        now, ca = datetime.now(UTC), constraints.ca
        usage = x509.KeyUsage(
            digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = x509.CertificateBuilder().issuer_name(make_name("ca")).public_key(key)
        builder = builder.serial_number(x509.random_serial_number()).subject_name(
            make_name("ca") if ca else x509.Name([])
        )
        since = now - timedelta(days=9) if ca else now - timedelta(minutes=5)
        builder = builder.not_valid_before(since).not_valid_after(now + timedelta(minutes=10))
        builder = builder.add_extension(usage, critical=True)
        return builder.add_extension(constraints, critical=True) if ca else builder

    def certify(self, key: Any) -> x509.Certificate:
        """Return a certificate for the identity in a token, entered into the log of certificates."""
        public = self.ca.public_key()
        builder = self._certify(key, x509.BasicConstraints(ca=False, path_length=None))
        for extension, critical in (
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False),
            (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(self.subject)]), True),
            (x509.UnrecognizedExtension(_OLD_ISSUER_OID, self.issuer.encode()), False),
            (x509.UnrecognizedExtension(_ISSUER_OID, in_der(self.issuer)), False),
            *((each, False) for each in self._place()),
        ):
            if not (self.old and extension.oid == _ISSUER_OID):
                builder = builder.add_extension(extension, critical=critical)
        unlogged = builder.sign(self.ca, _SHA256).tbs_certificate_bytes
        at = struct.pack("!Q", int(datetime.now(UTC).timestamp()) * 1000)
        entry = b"\0\0" + at + b"\0\1" + named(self.ca) + lengthened(3, unlogged) + b"\0\0"
        stamp = b"\0" + named(self.ct) + at + b"\0\0" + b"\4\3" + lengthened(2, self.ct.sign(entry, ec.ECDSA(_SHA256)))
        listed = lengthened(2, lengthened(2, stamp))
        logged = x509.UnrecognizedExtension(_SCTS_OID, b"\x04" + lengthened(1, listed))
        assert len(listed) < 128
        return builder.add_extension(logged, critical=False).sign(self.ca, _SHA256)

    def _place(self) -> Iterator[x509.UnrecognizedExtension]:
        """Yield a certificate's statements on the job's repository and commit."""
        for new, old, value in zip(_PLACE_OIDS, _OLD_PLACE_OIDS, (self.repository, self.commit), strict=True):
            if value:
                yield x509.UnrecognizedExtension(old, value.removeprefix("https://github.com/").encode())
            if value and not self.old:
                yield x509.UnrecognizedExtension(new, in_der(value))

    def enter(self, proposed: dict[str, Any]) -> dict[str, Any]:
        """Return Rekor's entry for an envelope: the second of a log of two."""
        envelope = json.loads(proposed["envelope"])
        digests = (proposed["envelope"].encode(), base64.b64decode(envelope["payload"]))
        envelope_hash, payload_hash = ({"algorithm": "sha256", "value": hashlib.sha256(d).hexdigest()} for d in digests)
        signed = [{"signature": envelope["signatures"][0]["sig"], "verifier": proposed["verifiers"][0]}]
        spec = {"envelopeHash": envelope_hash, "payloadHash": payload_hash, "signatures": signed}
        body = to_json({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        first, own = (hashlib.sha256(b"\0" + leaf).digest() for leaf in (b"first", body))
        root = hashlib.sha256(b"\1" + first + own).digest()
        at = int((datetime.now(UTC) - self.age).timestamp())
        entry = {"body": text(body), "integratedTime": at, "logID": named(self.log).hex(), "logIndex": 1}
        promise = self._sign(to_json(entry if self.promises else {**entry, "logIndex": 2}))
        note = f"rekor.shop\n2\n{text(root)}\n"
        checkpoint = f"{note}\n\u2014 rekor.shop {text(named(self.log)[:4] + self._sign(note.encode()))}\n"
        proof = {
            "checkpoint": checkpoint, "hashes": [first.hex()], "logIndex": 1, "rootHash": root.hex(), "treeSize": 2,
        }  # fmt: skip
        return {"1": {**entry, "verification": {"inclusionProof": proof, "signedEntryTimestamp": text(promise)}}}

    def _sign(self, data: bytes) -> bytes:
        return self.log.sign(data, ec.ECDSA(_SHA256))


@contextmanager
def running_instance() -> Iterator[Instance]:
    instance = Instance()

    class Answering(Handler):
        def do_POST(self) -> None:
            status, answer = instance.answer(self.path, self.read_body())
            self.reply(status, to_json(answer))

        do_GET = do_POST

    with serving(Answering) as instance.url:
        yield instance
