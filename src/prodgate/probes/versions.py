"""Which versions of TLS a host accepts, at each of its addresses."""

from __future__ import annotations

import ssl
import warnings
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from .certificates import list_addresses
from .handshake import HUNG_UP, SILENT, error_text, shake, unverified_context

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
#: What became of a version at one address, by how much it decides for the host.
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
