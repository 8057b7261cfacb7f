"""Waits until an Airflow is healthy, and makes requests to its REST API."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from time import monotonic
from typing import Any, Final
from urllib.parse import urlsplit

from ...engines.environments import EngineError
from .home import Login
from .instance import Airflow
from .releases import Release

#: Seconds that one answer may take on a busy machine.
ANSWER: Final = 30.0
#: Seconds between looks.
LOOK: Final = 0.2


def find_api(url: str) -> str:
    """Return the URL of an Airflow's REST API. Raises OSError or ValueError when it does not answer."""
    try:
        request_json(f"{url}/api/v2/version", {})
    except ValueError:  # Airflow 2 has no such path
        return f"{url}/api/v1"
    return f"{url}/api/v2"


def authorization(api: str, login: Login) -> str:
    """Return the Authorization header for a user's requests to a REST API, valid for a day.

    Raises OSError or ValueError when Airflow does not accept the name and password.
    """
    url, _, version = api.rpartition("/api/")
    if version == "v1":
        return f"Basic {base64.b64encode(f'{login.name}:{login.password}'.encode()).decode()}"
    answer = request_json(f"{url}/auth/token", {}, {"username": login.name, "password": login.password})
    return f"Bearer {answer['access_token']}"


def request_json(url: str, headers: Mapping[str, str], told: Any = None) -> Any:
    """Return a URL's JSON answer, to a POST where a body is given. Raises OSError or ValueError when there is none."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=ANSWER)
    body, kind = (None, {}) if told is None else (json.dumps(told), {"Content-Type": "application/json"})
    try:
        place = parts._replace(scheme="", netloc="").geturl()
        connection.request("GET" if told is None else "POST", place, body, {**headers, **kind})
        answer = connection.getresponse()
        said = answer.read()
    except HTTPException as error:
        raise ValueError(f"{url}: {error!r} instead of an answer") from None
    finally:
        connection.close()
    if answer.status >= 300:
        raise ValueError(f"{url}: answered {answer.status}: {said[:300]!r}")
    return json.loads(said)


def wait_for_health(airflow: Airflow, release: Release, limit: float) -> None:
    """Wait until every component reports that it is healthy.

    Raises EngineError, with the end of the log that may tell why, when that takes longer than ``limit`` seconds or a
    component ends before.
    """
    _wait_for(airflow, limit, "become healthy", lambda: _is_healthy(airflow, release))


def wait_for_dags(airflow: Airflow, dag_ids: Sequence[str], limit: float) -> None:
    """Wait until these DAGs are served, or some file is known to be broken. Raises EngineError as above."""
    if dag_ids:
        _wait_for(airflow, limit, f"serve {', '.join(dag_ids)}", lambda: _serves(airflow, dag_ids))


def _wait_for(airflow: Airflow, limit: float, what: str, condition: Callable[[], bool]) -> None:
    until, why = monotonic() + limit, ""
    while True:
        try:
            if condition():
                return
        except (OSError, ValueError) as error:  # nobody listens yet, or what listens is busy
            why = f" ({error})"
        for name, code in airflow.exit_codes().items():
            raise _startup_error(airflow, f"{name} ended with {code}", name)
        if monotonic() > until:
            raise _startup_error(airflow, f"it did not {what} within {limit:g} s{why}", "scheduler")
        airflow.wait(LOOK)


def _startup_error(airflow: Airflow, why: str, component: str) -> EngineError:
    file = airflow.log(component)
    return EngineError(f"airflow {airflow.version}: {why}; see the end of {file}:\n{airflow.last_lines(component)}")


def _is_healthy(airflow: Airflow, release: Release) -> bool:
    if airflow.reports:
        request_json(f"{airflow.reports}health", {})
    said = request_json(airflow.url + release.health, {})
    wanted = ("metadatabase", "scheduler", *(["dag_processor"] if "dag-processor" in release.commands else []))
    return all((said.get(name) or {}).get("status") == "healthy" for name in wanted)


def _serves(airflow: Airflow, dag_ids: Sequence[str]) -> bool:
    """Whether the DAGs are served, or some file is known to be broken."""
    headers = {"Authorization": authorization(airflow.api, airflow.viewer)}
    if request_json(f"{airflow.api}/importErrors", headers)["total_entries"]:
        return True
    served = {each["dag_id"] for each in request_json(f"{airflow.api}/dags?limit=100", headers)["dags"]}
    return served >= set(dag_ids)
