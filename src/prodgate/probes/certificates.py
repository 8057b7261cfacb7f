"""TLS handshakes: which certificate a host presents, whether it is trusted, and which versions of TLS it accepts."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from .exchange import unverified_context

#: X509_V_FLAG_NO_CHECK_TIME, unnamed in the ssl module: dates are judged later, and must not stop the handshake.
_ANY_TIME: Final = 0x200000
#: Versions by their common names, the oldest first. No current library speaks SSL 3.
VERSIONS: Final[Mapping[str, ssl.TLSVersion]] = {
    "TLS 1.0": ssl.TLSVersion.TLSv1,
    "TLS 1.1": ssl.TLSVersion.TLSv1_1,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
    "TLS 1.3": ssl.TLSVersion.TLSv1_3,
}
#: Results for a server that does not answer, and for the versions that are then not tried.
_SILENT: Final = "nothing was answered in time"
_NOT_TRIED: Final = {"became": "unknown", "detail": "was not tried, since another version was not answered in time"}


def inspect_certificate(host: str, port: int, *, ca_file: str, timeout: float) -> dict[str, Any]:
    """Return the certificate that a host presents, and whether it is trusted.

    ``failed`` says why there is none. ``vouched`` is empty where the chain leads to a trusted authority, else what is
    wrong with it; ``unvouched`` says why that can't be checked here. ``begins`` and ``ends`` are unix seconds.
    """
    try:
        shown = _handshake(host, port, unverified_context(), timeout)
        read = _handshake(host, port, _context_trusting(shown[0]), timeout)[1]
    except ssl.SSLCertVerificationError as error:
        return {"failed": f"shows one certificate and then another: {error.verify_message}"}
    except (OSError, ValueError) as error:
        return {"failed": _error_text(error)}
    return {
        "names": [value for _, value in read.get("subjectAltName", ())],
        "issuer": ", ".join(value for each in read.get("issuer", ()) for _, value in each),
        "begins": ssl.cert_time_to_seconds(read["notBefore"]),
        "ends": ssl.cert_time_to_seconds(read["notAfter"]),
        **_verify_chain(host, port, ca_file, timeout),
    }


def _handshake(host: str, port: int, context: ssl.SSLContext, timeout: float) -> tuple[bytes, Mapping[str, Any]]:
    """Return the certificate of a handshake, raw and, if it was verified, parsed. Raises OSError."""
    place = (host, port)
    with socket.create_connection(place, timeout) as plain, context.wrap_socket(plain, server_hostname=host) as secure:
        return secure.getpeercert(True) or b"", secure.getpeercert() or {}


def _context_trusting(shown: bytes) -> ssl.SSLContext:
    """Return a context that accepts this one certificate: the ssl module parses only what it has verified."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=shown)
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_PARTIAL_CHAIN | _ANY_TIME
    return context


def _verify_chain(host: str, port: int, ca_file: str, timeout: float) -> dict[str, str]:
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
        context.check_hostname = False
        context.verify_flags |= _ANY_TIME
        if not (ca_file or _has_store(context)):
            return {"unvouched": "this machine has no store of authorities; install ca-certificates"}
        _handshake(host, port, context, timeout)
    except ssl.SSLCertVerificationError as error:
        return {"vouched": error.verify_message}
    except OSError as error:
        return {"unvouched": _error_text(error)}
    return {"vouched": ""}


def _has_store(context: ssl.SSLContext) -> bool:
    """Whether any authority is trusted; those of a folder are loaded on demand."""
    folder = ssl.get_default_verify_paths().capath
    return bool(context.cert_store_stats()["x509_ca"]) or bool(folder and any(Path(folder).glob("*.0")))


def probe_tls_versions(host: str, port: int, *, timeout: float) -> dict[str, dict[str, str]]:
    """Try each version of TLS on its own; return ``became`` and ``detail`` by version.

    ``became`` is ``accepted``, ``refused``, ``closed`` or ``unknown``. A server that closes the connection at a version
    refuses it if it accepts another one: many don't say why. Where the library of this machine refuses first, nothing
    is known about the server.
    """
    tried: dict[str, dict[str, str]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are tried on purpose
        for version, number in VERSIONS.items():
            silent = any(one["detail"] == _SILENT for one in tried.values())
            tried[version] = _NOT_TRIED if silent else _try_version(host, port, number, timeout)
    answers = any(one["became"] == "accepted" for one in tried.values())
    return {version: one if answers or one["became"] != "closed" else _unknown(one) for version, one in tried.items()}


def _unknown(tried: Mapping[str, str]) -> dict[str, str]:
    return {"became": "unknown", "detail": tried["detail"]}


def _try_version(host: str, port: int, version: ssl.TLSVersion, timeout: float) -> dict[str, str]:
    context = unverified_context()
    try:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        _handshake(host, port, context, timeout)
    except ssl.SSLError as error:
        return _classify_refusal(error)
    except ConnectionRefusedError as error:
        return {"became": "unknown", "detail": _error_text(error)}
    except ConnectionError as error:
        return {"became": "closed", "detail": _error_text(error)}
    except (OSError, ValueError) as error:
        return {"became": "unknown", "detail": _error_text(error)}
    return {"became": "accepted", "detail": ""}


def _classify_refusal(error: ssl.SSLError) -> dict[str, str]:
    """Distinguish a server that refuses, or hangs up, from a library that refuses."""
    if isinstance(error, ssl.SSLEOFError):
        return {"became": "closed", "detail": "closes the connection"}
    if "ALERT" in (error.reason or ""):
        return {"became": "refused", "detail": (error.reason or "").lower().replace("_", " ")}
    return {"became": "unknown", "detail": f"the TLS library of this machine says {error.reason or error}"}


def _error_text(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return _SILENT
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
