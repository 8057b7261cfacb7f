"""A time stamp authority on loopback: OpenSSL's own, behind a server that passes it the requests."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.servers import Handler, serving

_CONFIGURATION: Final = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
signer_cert = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256, sha512
accuracy = secs:1
"""


def make_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def make_certificates(folder: Path) -> None:
    """Write root.pem, and tsa.pem with its key, which may stamp times and nothing else."""
    key, own = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    now = datetime.now(UTC)
    stamping = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    for name, public, extension, critical in (
        ("root", key.public_key(), x509.BasicConstraints(ca=True, path_length=None), True),
        ("tsa", own.public_key(), stamping, True),
    ):
        certificate = (
            x509.CertificateBuilder()
            .subject_name(make_name(name))
            .issuer_name(make_name("root"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(extension, critical=critical)
            .sign(key, hashes.SHA256())
        )
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    form = serialization.PrivateFormat.PKCS8
    (folder / "tsa.key").write_bytes(own.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))


@dataclass
class Authority:
    """The authority; its root certificate is in ``root``."""

    folder: Path
    url: str = ""
    answer: tuple[int, bytes] | None = None
    """Its response instead of a time stamp."""
    asked: list[bytes] = field(default_factory=list)

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def stamp(self, query: bytes) -> tuple[int, bytes]:
        self.asked.append(query)
        if self.answer:
            return self.answer
        (self.folder / "query").write_bytes(query)
        subprocess.run(
            [
                *("openssl", "ts", "-reply", "-config", str(self.folder / "openssl.cnf"), "-section", "own"),
                *("-queryfile", str(self.folder / "query"), "-out", str(self.folder / "reply")),
            ],
            check=True,
            capture_output=True,
            timeout=60,
        )
        return 200, (self.folder / "reply").read_bytes()


@contextmanager
def running_authority(folder: Path) -> Iterator[Authority]:
    folder.mkdir(parents=True)
    make_certificates(folder)
    (folder / "openssl.cnf").write_text(_CONFIGURATION.format(folder=folder))
    (folder / "serial").write_text("01\n")
    authority = Authority(folder)

    class Stamping(Handler):
        def do_POST(self) -> None:
            self.reply(*authority.stamp(self.read_body()))

    with serving(Stamping) as url:
        authority.url = f"{url}/tsr"
        yield authority
