"""One TLS handshake with one address, optionally for one kind of key.

It uses the standard library alone, since it is also run by itself, with settings that OpenSSL reads only at its start:
the ssl module can't say which signatures a client takes, and for TLS 1.3 that is all that chooses the certificate.
"""

import base64
import errno
import json
import socket
import ssl
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: Kind of key -> ciphers of TLS 1.2 that need it.
CIPHERS = {"RSA": "aRSA", "ECDSA": "aECDSA"}
#: Kind of key -> signatures that are made by it.
SIGNATURES = {
    "RSA": "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:RSA+SHA256:RSA+SHA384:RSA+SHA512",
    "ECDSA": "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512",
}
#: The reason for a server that does not answer.
SILENT = "nothing was answered in time"
#: X509_V_FLAG_NO_CHECK_TIME, unnamed in the ssl module: dates are judged later, and must not stop the handshake.
_ANY_TIME = 0x200000
#: Exceptions when the other side hangs up in a handshake; the Python version decides which.
HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError)
#: How a connection fails where nobody listens, or to where there is no way: nobody is shown a certificate there.
_NOBODY = {errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def look(host: str, address: str, port: int, *, ca_file: str, timeout: float, ciphers: str = "") -> dict[str, Any]:
    """Return what certificate an address shows for a host, and whether it is trusted.

    ``der`` is the certificate in base64 and ``version`` that of TLS. ``vouched`` is empty where the chain leads to a
    trusted authority, else what is wrong with it; ``unvouched`` says why that can't be checked here. Without a
    certificate ``failed`` says why; ``kind`` is ``silent``, ``nobody``, ``refused`` or ``unknown``.
    """
    told: dict[str, Any] = {"timeout": timeout, "ciphers": ciphers}
    try:
        trust, unvouched = _trusting(ca_file)
        if trust is not None:
            return _tell(shake(host, address, port, context=trust, **told), {"vouched": ""})
        said = {"unvouched": unvouched}
    except ssl.SSLCertVerificationError as error:
        said = {"vouched": error.verify_message}
    except OSError as error:
        return _failure(error)
    try:
        return _tell(shake(host, address, port, context=unverified_context(), **told), said)
    except OSError as error:
        return _failure(error)


def _tell(shown: tuple[bytes, str], said: Mapping[str, str]) -> dict[str, Any]:
    return {"der": base64.b64encode(shown[0]).decode(), "version": shown[1], **said}


def shake(
    host: str, address: str, port: int, *, context: ssl.SSLContext, timeout: float, ciphers: str = ""
) -> tuple[bytes, str]:
    """Return the certificate of a handshake and the version of TLS; ``ciphers`` are of TLS 1.2. Raises OSError."""
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    with (
        socket.create_connection((address, port), timeout) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        return secure.getpeercert(True) or b"", secure.version() or ""


def unverified_context() -> ssl.SSLContext:
    """Return a TLS context that accepts any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(ca_file: str) -> tuple[ssl.SSLContext | None, str]:
    """Return a context that trusts what browsers do, or the authorities of a file; else why there is none."""
    try:
        context = ssl.create_default_context(cafile=ca_file or None)
    except OSError as error:  # no such file, or no certificates in it
        return None, error_text(error)
    context.check_hostname = False
    # from Python 3.13 on a default context refuses certificates of authorities that browsers and older Pythons take
    context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT  # which would take a flag without a name away, too
    context.verify_flags |= _ANY_TIME
    if ca_file or _has_store(context):
        return context, ""
    return None, "this machine has no store of authorities; install ca-certificates"


def _has_store(context: ssl.SSLContext) -> bool:
    """Whether any authority is trusted; those of a folder are loaded on demand."""
    folder = ssl.get_default_verify_paths().capath
    return bool(context.cert_store_stats()["x509_ca"]) or bool(folder and any(Path(folder).glob("*.0")))


def _failure(error: OSError) -> dict[str, Any]:
    if isinstance(error, TimeoutError):
        kind = "silent"
    elif isinstance(error, ssl.SSLError):
        reason = error.reason or ""
        kind = "refused" if "ALERT" in reason or isinstance(error, HUNG_UP) else "unknown"
    elif error.errno in _NOBODY:
        kind = "nobody"
    else:
        kind = "refused" if isinstance(error, ConnectionError) else "unknown"
    return {"failed": error_text(error), "kind": kind}


def error_text(error: Exception) -> str:
    """Return what went wrong, in a few words."""
    if isinstance(error, TimeoutError):
        return SILENT
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def main(asked: Mapping[str, Any]) -> None:
    """Print what an address shows, as JSON."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.stdout.write(json.dumps(look(**asked)))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
