"""Reaches Airflow on MWAA through InvokeRestApi, with GET alone, as Airflow's Viewer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..aws.account import Calls
from ..aws.answers import Absent, Unreadable
from ..aws.clients import Clients
from ..aws.failures import ABSENT_IN_AIRFLOW, Kind, classify_airflow_reply, classify_error
from .paging import MAX_PATH

_WELL: Final = frozenset({200, 201})


@dataclass(frozen=True, slots=True)
class MwaaTransport:
    """A transport to the Airflow of an environment."""

    calls: Calls
    name: str
    """The environment's."""
    region: str
    parallel: int = 4
    """How many requests may be under way: enough for the rate at which MWAA may be asked."""

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Ask for something. Raises Absent and Unreadable."""
        _check_path(path)
        # an empty document is left out: what it would mean is not documented
        filters = {"QueryParameters": dict(query)} if query else {}
        parameters = {"Name": self.name, "Path": path, "Method": "GET", **filters}
        try:
            (page,) = self.calls.pages("mwaa", "InvokeRestApi", self.region, parameters, whole=False)
        except Absent as error:
            raise _explain_absence(error.code, self.name) from None
        return _read_answer(f"GET {path}", page)


@dataclass(frozen=True, slots=True)
class MwaaWriter:
    """The same Airflow with the right to change something, for drills."""

    clients: Clients
    """Clients that may do more than read."""
    name: str
    region: str

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """Ask for something. Raises Absent and Unreadable."""
        return self._invoke("GET", path, {"QueryParameters": dict(query)} if query else {})

    def post(self, path: str, document: Mapping[str, Any]) -> Any:
        """Change something. Raises Absent and Unreadable."""
        return self._invoke("POST", path, {"Body": dict(document)})

    def _invoke(self, method: str, path: str, more: Mapping[str, Any]) -> Any:
        _check_path(path)
        client = self.clients("mwaa", self.region)
        try:
            page = client.invoke_rest_api(Name=self.name, Path=path, Method=method, **more)
        except Exception as error:  # noqa: BLE001  whatever went wrong, there is no answer
            failure = classify_error(error)
            if failure.kind is Kind.ABSENT:
                raise _explain_absence(failure.code, self.name) from None
            raise Unreadable(failure.reason("mwaa", "InvokeRestApi", self.region)) from None
        return _read_answer(f"{method} {path}", page)


def _check_path(path: str) -> None:
    """Refuse a path that botocore lets through, and AWS refuses with a misleading message."""
    if len(path) > MAX_PATH:
        raise Unreadable(
            f"{path}: is longer than the {MAX_PATH} characters that InvokeRestApi takes; name the DAG shorter"
        )


def _explain_absence(code: str, name: str) -> Absent | Unreadable:
    """Return what a 404 means: that Airflow has no such thing, or that there is no such environment."""
    if code == ABSENT_IN_AIRFLOW:
        return Absent(code)
    return Unreadable(f"MWAA knows no environment {name!r} ({code}); name one that is there")


def _read_answer(what: str, page: Mapping[str, Any]) -> Any:
    """Return Airflow's answer. Raises Absent and Unreadable for an error that MWAA passes on as a success."""
    status, document = int(page.get("RestApiStatusCode") or 200), page.get("RestApiResponse")
    if status in _WELL and document is not None:
        return document
    failure = classify_airflow_reply(status, document)
    if failure.kind is Kind.ABSENT:
        raise Absent(failure.code)
    raise Unreadable(
        f"mwaa InvokeRestApi: {what}: Airflow answers {status}{': ' if failure.words else ''}{failure.words}"
    )
