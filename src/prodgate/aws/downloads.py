"""Documents that AWS offers only at a signed URL: fetched at once and put in place of the URL, which is never kept."""

from __future__ import annotations

import hashlib
import time
import urllib.request
from collections.abc import Callable, MutableMapping
from typing import Any, Final
from urllib.error import HTTPError
from urllib.parse import urlsplit

from ..semantics.json_texts import read_json

#: Bytes of the longest document that is read; an image's configuration has some ten thousand.
MAX_BODY: Final = 4 * 1024**2

_HOSTS: Final = (".amazonaws.com", ".amazonaws.com.cn")
#: Statuses that mean "try again later", and the seconds to wait before each retry.
_BUSY: Final = frozenset({429, 500, 503})
_PAUSES: Final = (0.2, 0.8, 3.2)


def document_fetcher(endpoint: str) -> Callable[..., None]:
    """Return a hook that replaces the URL in ECR's answer by the document at that URL.

    ``endpoint`` is where the rehearsal account listens; empty for AWS itself.
    """

    def fetch(parsed: MutableMapping[str, Any], **_: Any) -> None:
        if url := parsed.pop("downloadUrl", ""):
            parsed["document"] = _fetch_document(url, parsed.get("layerDigest", ""), endpoint)

    return fetch


def _fetch_document(url: str, digest: str, endpoint: str) -> Any:
    """Return the JSON document, None if it is no JSON or does not have the digest. Raises OSError."""
    place = urlsplit(url)
    if place.scheme != "https" or not (place.hostname or "").endswith(_HOSTS):
        raise OSError(f"{place.scheme}://{place.hostname}: is no address of AWS's")
    proxies = urllib.request.ProxyHandler({"http": endpoint} if endpoint else None)
    address = place._replace(scheme="http").geturl() if endpoint else url
    body = _fetch(urllib.request.build_opener(proxies), address)
    if f"sha256:{hashlib.sha256(body).hexdigest()}" != digest:
        return None
    try:
        return read_json(body)
    except ValueError:
        return None


def _fetch(opener: urllib.request.OpenerDirector, url: str) -> bytes:
    """Return the body, with retries while the server is busy. Raises OSError."""
    for pause in (*_PAUSES, None):
        try:
            with opener.open(url, timeout=30) as answer:
                body: bytes = answer.read(MAX_BODY + 1)
                return body
        except HTTPError as error:
            error.close()
            if pause is None or error.code not in _BUSY:
                raise
            time.sleep(pause)
    raise AssertionError("the last try returns or raises")
