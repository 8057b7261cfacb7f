"""Which certificates a host presents at each of its addresses, by kind of key, and which versions of TLS it takes."""

import base64
import json
import socket
import ssl
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ..processes.child import Process, clean_environment
from ..processes.interpreter import own_python
from . import handshake
from .handshake import CIPHERS, HUNG_UP, SIGNATURES, SILENT, error_text, look, shake, unverified_context

#: Versions by their common names, the oldest first. No current library speaks SSL 3.
VERSIONS: Final[Mapping[str, ssl.TLSVersion]] = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
    "TLS 1.3": ssl.TLSVersion.TLSv1_3,
}
#: Result for the versions that are not tried after a silence.
_NOT_TRIED: Final = {"became": "unknown", "detail": "was not tried, since another version was not answered in time"}
#: Addresses that are tried beside each other.
_CONCURRENCY: Final = 8
#: The result for a TLS version at one address; the first of several decides for the host.
_WEIGHT: Final = ("accepted", "unknown", "refused", "closed")

_Tried = dict[str, dict[str, str]]


def probe_tls_versions(host: str, port: int, *, timeout: float) -> _Tried:
    """Try each version of TLS on its own; return ``became`` and ``detail`` by version.

    ``became`` is ``accepted`` (by any address), ``refused``, ``closed`` or ``unknown``. A server that closes the
    connection at a version refuses it if it accepts another one: many don't say why. Where the library of this machine
    refuses first, nothing is known about the server. An address where nobody listens counts where no other does.
    """
    try:
        addresses = list_addresses(host, port)
    except (OSError, UnicodeError) as error:
        return {version: {"became": "unknown", "detail": error_text(error)} for version in VERSIONS}
    with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="versions") as threads:
        each = list(threads.map(lambda address: _probe_address(host, address, port, timeout), addresses))
    there = [tried for tried in each if any(one["became"] != "nobody" for one in tried.values())]
    return {version: _join([tried[version] for tried in there or each]) for version in VERSIONS}


def _join(tried: list[dict[str, str]]) -> dict[str, str]:
    known = [{**one, "became": "unknown"} if one["became"] == "nobody" else one for one in tried]
    return min(known, key=lambda one: _WEIGHT.index(one["became"]))


def _probe_address(host: str, address: str, port: int, timeout: float) -> _Tried:
    tried: _Tried = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are tried on purpose
        for version, number in VERSIONS.items():
            silent = any(one["detail"] == SILENT for one in tried.values())
            tried[version] = _NOT_TRIED if silent else _try_version(host, address, port, number, timeout)
    answers = any(one["became"] == "accepted" for one in tried.values())
    return {version: one if answers or one["became"] != "closed" else _unknown(one) for version, one in tried.items()}


def _unknown(tried: Mapping[str, str]) -> dict[str, str]:
    return {"became": "unknown", "detail": tried["detail"]}


def _try_version(host: str, address: str, port: int, version: ssl.TLSVersion, timeout: float) -> dict[str, str]:
    context = unverified_context()
    try:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        shake(host, address, port, context=context, timeout=timeout)
    except ssl.SSLError as error:
        return _classify_refusal(error)
    except ConnectionRefusedError as error:
        return {"became": "nobody", "detail": error_text(error)}
    except ConnectionError as error:
        return {"became": "closed", "detail": error_text(error)}
    except (OSError, ValueError) as error:
        return {"became": "unknown", "detail": error_text(error)}
    return {"became": "accepted", "detail": ""}


def _classify_refusal(error: ssl.SSLError) -> dict[str, str]:
    """Distinguish a server that refuses, or hangs up, from a library that refuses."""
    if isinstance(error, HUNG_UP):
        return {"became": "closed", "detail": "closes the connection"}
    if "ALERT" in (error.reason or ""):
        return {"became": "refused", "detail": (error.reason or "").lower().replace("_", " ")}
    return {"became": "unknown", "detail": f"the TLS library of this machine says {error.reason or error}"}


#: The settings that OpenSSL reads at its start.
_SETTINGS: Final = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n[c]\nSignatureAlgorithms = {}\n"
#: Seconds that an interpreter may take to start.
_START: Final = 20.0


def list_addresses(host: str, port: int) -> list[str]:
    """Return the addresses of a host, each once. Raises OSError when it has none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def inspect_certificates(host: str, port: int, *, ca_file: str, timeout: float) -> dict[str, Any]:
    """Return the certificates that a host ``shown``, by address and kind of key, and addresses without anybody.

    Each has ``address``, ``key``, ``names``, ``issuer``, ``begins`` and ``ends`` in unix seconds, ``pin``, and either
    ``vouched`` (empty where the chain leads to a trusted authority, else what is wrong with it) or ``unvouched`` (why
    that can't be checked here); or it ``failed``. ``failed`` of all says why there is none at all.
    """
    try:
        addresses = list_addresses(host, port)
    except (OSError, UnicodeError) as error:
        return {"failed": error_text(error)}
    with ThreadPoolExecutor(_CONCURRENCY, thread_name_prefix="certificates") as threads:
        seen = list(threads.map(lambda one: list(_look_at(host, one, port, ca_file, timeout)), addresses))
    shown = [each for found in seen for each in found]
    absent = {each["address"]: each["failed"] for each in shown if each.get("kind") == "nobody"}
    there = [each for each in shown if each.get("kind") != "nobody"]
    if not any("names" in each for each in there):
        return {"failed": next((each["failed"] for each in [*there, *shown]), "it has no address")}
    return {"shown": there, "absent": absent}


def _look_at(host: str, address: str, port: int, ca_file: str, timeout: float) -> Iterator[dict[str, Any]]:
    """Yield each certificate that an address shows. A missing kind of key is no failure."""
    asked: dict[str, Any] = {"host": host, "address": address, "port": port, "ca_file": ca_file, "timeout": timeout}
    usual = look(**asked)
    if "failed" in usual:
        yield {"address": address, "key": "", **usual}
        return
    by_kind = {kind: look(**asked, ciphers=ciphers) for kind, ciphers in CIPHERS.items()}
    if usual["version"] == "TLSv1.3" and not any("der" in one for one in by_kind.values()):
        by_kind = {kind: _look_in_child(asked, kind) for kind in SIGNATURES}
    yield {"address": address, **_read(usual)}
    for kind, one in by_kind.items():
        if one.get("der") != usual["der"] and one.get("kind") != "refused":
            yield {"address": address, **({"key": kind, **one} if "failed" in one else _read(one))}


def _look_in_child(asked: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Look with an OpenSSL of its own that takes one kind of signature."""
    with TemporaryDirectory(prefix="prodgate-tls-") as folder:
        settings = Path(folder, "openssl.cnf")
        settings.write_text(_SETTINGS.format(SIGNATURES[kind]), "utf-8")
        command = own_python("-I", str(Path(handshake.__file__)), json.dumps(asked))
        environment = {**clean_environment("OPENSSL_"), "OPENSSL_CONF": str(settings)}
        with Process(command, cwd=Path(folder), environment=environment) as process:
            try:
                return dict(json.loads(process.wait(_START + 2 * float(asked["timeout"])).stdout))
            except (TimeoutError, ValueError) as error:
                return {
                    "failed": f"its {kind} certificate could not be asked for: {error_text(error)}",
                    "kind": "unknown",
                }


def _read(one: Mapping[str, Any]) -> dict[str, Any]:
    """Read a certificate of any issuer."""
    said = {key: one[key] for key in ("vouched", "unvouched") if key in one}
    try:
        shown = x509.load_der_x509_certificate(base64.b64decode(one["der"]))
        return {
            "key": _kind_of(shown.public_key()),
            "names": _names(shown),
            "issuer": ", ".join(str(each.value) for each in shown.issuer),
            "begins": int(shown.not_valid_before_utc.timestamp()),
            "ends": int(shown.not_valid_after_utc.timestamp()),
            "pin": _pin(shown),
            **said,
        }
    except ValueError as error:
        return {"key": "", "failed": f"shows what is no certificate: {error}", "kind": "unknown"}


def _pin(shown: x509.Certificate) -> str:
    """Return the digest of the public key, by which a browser can trust it."""
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(sha256(shown.public_key().public_bytes(*form)).digest()).decode()


def _kind_of(key: object) -> str:
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA"
    return "ECDSA" if isinstance(key, ec.EllipticCurvePublicKey) else type(key).__name__


def _names(shown: x509.Certificate) -> list[str]:
    try:
        named = shown.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    return [str(name.value) for name in named if isinstance(name, x509.DNSName | x509.IPAddress)]
