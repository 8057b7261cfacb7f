"""Python that reaches the emulator at ``$EMULATED`` by the names of AWS's hosts, as a network of its own would let it.

The gate knows nothing of it: its clients, their checks of where a host is and their signatures are those of an account.
"""

import os
import socket
from typing import Any
from urllib.parse import urlsplit

import botocore.httpsession as sending

#: An address that nobody has (RFC 5737), for the names of AWS.
ADDRESS = ("198.51.100.7", 443)
DOMAINS = (".amazonaws.com", ".api.aws", ".aws.dev")
_resolve, _send = socket.getaddrinfo, sending.URLLib3Session.send


def resolve(host: Any, *arguments: Any, **options: Any) -> Any:
    """Return the address of AWS's hosts, and the real one of others."""
    if str(host).endswith(DOMAINS):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ADDRESS)]
    return _resolve(host, *arguments, **options)


def send(session: Any, request: Any) -> Any:
    """Send a request for a host of AWS to the emulator, where a bucket is named in the path."""
    place = urlsplit(request.url)
    if str(place.hostname).endswith(DOMAINS):
        bucket, _, rest = str(place.hostname).partition(".s3.")
        request.url = (
            f"{os.environ['EMULATED']}{f'/{bucket}' if rest else ''}{place.path}{place.query and f'?{place.query}'}"
        )
    return _send(session, request)


socket.getaddrinfo, sending.URLLib3Session.send = resolve, send
