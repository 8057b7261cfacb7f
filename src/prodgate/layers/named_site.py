"""The site that a target or the criteria name: whether requests are allowed, and the authorities to trust."""

import ipaddress
import socket
import ssl
from typing import Final
from urllib.parse import urlsplit

from ..aws.answers import Unreadable
from ..criteria import UsageError
from .layer import LayerContext

#: Seconds that a site may take to accept a connection.
_PATIENCE: Final = 10.0
_PORTS: Final = {"http": 80, "https": 443}


def why_no_account(context: LayerContext) -> str:
    """Return why there is no account; empty if the target has one."""
    site = context.target.site
    return site and f"{site} is a site, of which no account is known; ask it of aws://PROFILE@REGION"


def require_account(context: LayerContext) -> str:
    """Return the stated account. Raises UsageError where the target has none, or the criteria state none."""
    if reason := why_no_account(context):
        raise UsageError(reason)
    return context.stated.require_account()


def find_authority(context: LayerContext, own: str = "") -> str:
    """Return the file of the site's private authority, ``own`` before that of [site]; empty for the system's.

    Raises Unreadable for one that is not there.
    """
    key, stated = ("[e2e] ca_file", own) if own else ("[site] ca", context.stated.site.ca)
    if not stated:
        return ""
    file = context.project / stated
    if not file.is_file():
        raise Unreadable(f"{stated}: there is no such file; write {key} relative to the criteria file")
    return str(file)


def require_near(url: str, context: LayerContext) -> None:
    """Raise Unreadable for ``http://`` at an address that is neither this machine nor in a network of [site]."""
    if urlsplit(url).scheme != "http":
        return
    networks = context.stated.site.networks
    if strangers := [each for each in list_addresses(url) if not _is_near(each, networks)]:
        named = f"none of {', '.join(networks)}" if networks else "in no network that [site] networks names"
        raise Unreadable(
            f"{url} is at {', '.join(strangers)}, which is not this machine and {named}; "
            "write https://, or name the private network"
        )


def require_answering(url: str, ca_file: str) -> None:
    """Raise Unreadable where nobody accepts a connection, or whoever does is not to be trusted, and say which."""
    parts, places = urlsplit(url), list_addresses(url)
    port, failed = parts.port or _PORTS[parts.scheme], ""
    for address in places:
        try:
            _connect(address, port, parts.hostname or "", ca_file if parts.scheme == "https" else None)
            return
        except ssl.SSLCertVerificationError as error:
            raise Unreadable(
                f"the certificate of {url} is not trusted: {error.verify_message}; "
                "name its private authority by [site] ca, or mend the certificate"
            ) from error
        except (OSError, UnicodeError) as error:
            failed = str(error) or type(error).__name__
    raise Unreadable(f"nobody answers at {url}: {failed}; look whether the site runs, and whether it can be reached")


def list_addresses(url: str) -> list[str]:
    """Return the addresses of a site's host, each once. Raises Unreadable when it has none."""
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or _PORTS[parts.scheme], type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreadable(f"{parts.hostname} does not resolve: {error}; look up its name in DNS") from error
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def _connect(address: str, port: int, host: str, ca_file: str | None) -> None:
    """Open a connection and close it, over TLS unless ``ca_file`` is None. Raises OSError."""
    with socket.create_connection((address, port), _PATIENCE) as plain:
        if ca_file is not None:
            context = ssl.create_default_context(cafile=ca_file or None)
            # as the load generator and browsers do, on every version of Python
            context.verify_flags &= ~ssl.VerifyFlags.VERIFY_X509_STRICT
            with context.wrap_socket(plain, server_hostname=host):
                return


def _is_near(address: str, networks: tuple[str, ...]) -> bool:
    here = ipaddress.ip_address(address.partition("%")[0])
    return here.is_loopback or any(here in ipaddress.ip_network(network) for network in networks)
