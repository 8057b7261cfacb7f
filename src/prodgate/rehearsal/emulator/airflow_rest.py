"""The REST API of a real Airflow, as Amazon MWAA exposes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPException
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from .extension import Refused

#: Characters of a path, by MWAA's model of the operation.
LONGEST_PATH: Final = 64
#: What Airflow's answer may take at most.
SECONDS: Final = 10.0
BYTES: Final = 6 * 1024 * 1024


def forward_request(airflow: Mapping[str, str], params: Mapping[str, Any]) -> Mapping[str, Any]:
    """Ask Airflow for what a call asks, and return its answer as MWAA would.

    ``airflow`` holds where its API is and the Authorization of two of its users. Who only reads is Airflow's viewer;
    whoever changes something is its admin, since in this account anybody may do anything: moto asks no policies.
    """
    path = params["Path"]
    if not 1 <= len(path) <= LONGEST_PATH:
        raise Refused("ValidationException", f"path: {len(path)} characters; between 1 and {LONGEST_PATH} are allowed")
    if not airflow:
        raise _server_error(503, {"detail": f"no Airflow answers {path}: the environment is emulated"})
    status, said = _answer(airflow, params)
    if status >= 500:
        raise _server_error(status, said)
    if status >= 400:
        words = f"Airflow answered {status}"
        raise Refused("RestApiClientException", words, RestApiStatusCode=status, RestApiResponse=said)
    return {"RestApiStatusCode": status, "RestApiResponse": said}


def _answer(airflow: Mapping[str, str], params: Mapping[str, Any]) -> tuple[int, Any]:
    """Send a request; return the status and the document of the answer."""
    method, api = params["Method"], urlsplit(airflow["api"])
    query, body = urlencode(params.get("QueryParameters") or {}, doseq=True), params.get("Body")
    headers = {"Authorization": airflow["viewer" if method == "GET" else "admin"], "Content-Type": "application/json"}
    connection = HTTPConnection(api.netloc, timeout=SECONDS)
    try:
        place = f"{api.path}/{params['Path'].lstrip('/')}{'?' if query else ''}{query}"
        connection.request(method, place, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        return answer.status, _document(answer.read(BYTES + 1))
    except (OSError, HTTPException) as error:
        raise _server_error(504, {"detail": f"Airflow gave no answer: {type(error).__name__}: {error}"}) from None
    finally:
        connection.close()


def _document(said: bytes) -> Any:
    """Return what was said. MWAA hands on JSON only, and no more of it than it takes."""
    if len(said) > BYTES:
        raise Refused("InternalServerException", f"the answer is larger than {BYTES} bytes")
    try:
        return json.loads(said) if said else {}
    except ValueError:
        return {"detail": said[:500].decode("utf-8", "replace")}


def _server_error(status: int, said: Any) -> Refused:
    words = said["detail"] if isinstance(said, dict) and "detail" in said else f"Airflow answered {status}"
    return Refused("RestApiServerException", str(words), RestApiStatusCode=status, RestApiResponse=said)
