"""What MWAA's InvokeRestApi hands on to an Airflow, and what it refuses, called as boto3 calls it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError

from prodgate.rehearsal.airflow.home import Login
from prodgate.rehearsal.emulator import airflow_rest
from prodgate.rehearsal.emulator.extension import Refused
from prodgate.rehearsal.emulator_process import RunningEmulator
from prodgate.terraform.diagnostics import TerraformError
from tests.prodgate.rehearsal.emulated import Account, Zygote

pytestmark = pytest.mark.xdist_group("emulator")
VIEWER, ADMIN = Login("viewer", "v"), Login("admin", "a")


@dataclass
class Airflow:
    """An Airflow 3 that answers what the test states, and remembers the requests."""

    url: str = ""
    answer: tuple[int, bytes] = (200, b"{}")
    asked: list[tuple[str, str, str, Any]] = field(default_factory=list)
    version: str = "3.0.6"
    silent: bool = False

    def reply(self, method: str, path: str, user: str, body: Any) -> tuple[int, bytes]:
        if path == "/api/v2/version":
            return (200, b'{"version": "3.0.6"}') if self.version[0] == "3" else (404, b"")
        if path == "/auth/token":
            return 201, json.dumps({"access_token": f"token of {body['username']}"}).encode()
        self.asked.append((method, path, user, body))
        return self.answer


@pytest.fixture
def airflow() -> Iterator[Airflow]:
    told = Airflow()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            user = self.headers.get("Authorization", "")
            status, body = told.reply(self.command, self.path, user, json.loads(sent) if sent else None)
            if told.silent:
                return
            self.send_response_only(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield told
        server.shutdown()


@pytest.fixture
def empty(zygote: Zygote) -> Iterator[Account]:
    with zygote.branch() as copy:
        yield copy


@pytest.fixture
def account(empty: Account) -> Account:
    """An account with an environment."""
    empty("mwaa").create_environment(
        Name="news",
        ExecutionRoleArn="arn:aws:iam::123456789012:role/airflow",
        SourceBucketArn="arn:aws:s3:::dags",
        DagS3Path="dags/",
        NetworkConfiguration={"SubnetIds": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
    )
    return empty


@pytest.fixture
def inside(account: Account, airflow: Airflow) -> Account:
    """An account whose environment has an Airflow."""
    RunningEmulator(account.endpoint).connect_airflow(airflow.url, VIEWER, ADMIN)
    return account


def invoke(account: Account, path: str, method: str = "GET", **more: Any) -> Any:
    return account("mwaa").invoke_rest_api(Name="news", Path=path, Method=method, **more)


def refused(account: Account, path: str, **more: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as raised:
        invoke(account, path, **more)
    return dict(raised.value.response)


def test_an_answer_comes_back_as_it_is_and_is_asked_by_the_viewer(inside: Account, airflow: Airflow) -> None:
    airflow.answer = (
        200,
        json.dumps({"dag_runs": [{"conf": {}, "n": 1.5}], "total_entries": 1, "note": None}).encode(),
    )
    found = invoke(inside, "/dags/~/dagRuns", QueryParameters={"limit": 100, "order_by": "id", "state": ["a", "b"]})
    assert found["RestApiStatusCode"] == 200
    assert found["RestApiResponse"] == json.loads(airflow.answer[1])
    query = "limit=100&order_by=id&state=a&state=b"
    assert airflow.asked == [("GET", f"/api/v2/dags/~/dagRuns?{query}", "Bearer token of viewer", None)]


def test_who_changes_something_is_the_admin(inside: Account, airflow: Airflow) -> None:
    invoke(inside, "/dags/canary/dagRuns", "POST", Body={"conf": {"mode": "kill"}, "logical_date": None})
    said = {"conf": {"mode": "kill"}, "logical_date": None}
    assert airflow.asked == [("POST", "/api/v2/dags/canary/dagRuns", "Bearer token of admin", said)]


def test_airflow_2_is_asked_in_its_own_way(account: Account, airflow: Airflow) -> None:
    airflow.version = "2.11.0"
    RunningEmulator(account.endpoint).connect_airflow(airflow.url, VIEWER, ADMIN)
    invoke(account, "/dags")
    assert airflow.asked == [("GET", "/api/v1/dags", "Basic dmlld2VyOnY=", None)]


@pytest.mark.parametrize(("status", "code"), [(404, "RestApiClientException"), (500, "RestApiServerException")])
def test_airflow_s_errors_are_mwaa_s(inside: Account, airflow: Airflow, status: int, code: str) -> None:
    airflow.answer = (status, b'{"detail": "no such DAG"}')
    said = refused(inside, "/dags/none")
    assert said["Error"]["Code"] == code
    assert (said["RestApiStatusCode"], said["RestApiResponse"]) == (status, {"detail": "no such DAG"})
    assert said["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_path_has_no_more_than_64_characters(inside: Account, airflow: Airflow) -> None:
    invoke(inside, "/" + "d" * 63)
    said = refused(inside, "/" + "d" * 64)
    assert said["Error"]["Code"] == "ValidationException"
    assert len(airflow.asked) == 1


def test_an_answer_that_is_too_large_is_none(airflow: Airflow) -> None:
    airflow.answer = (200, b'"' + b"x" * airflow_rest.BYTES + b'"')
    told = {"api": f"{airflow.url}/api/v2", "viewer": "", "admin": ""}
    with pytest.raises(Refused, match="larger than 6291456 bytes"):
        airflow_rest.forward_request(told, {"Path": "/dags", "Method": "GET"})
    airflow.answer = (200, b'"' + b"x" * (airflow_rest.BYTES - 2) + b'"')
    assert airflow_rest.forward_request(told, {"Path": "/dags", "Method": "GET"})["RestApiStatusCode"] == 200


def test_an_answer_that_is_no_json_is_handed_on_as_text(inside: Account, airflow: Airflow) -> None:
    airflow.answer = (502, b"<html>bad gateway</html>")
    assert refused(inside, "/dags")["RestApiResponse"] == {"detail": "<html>bad gateway</html>"}


def test_an_airflow_that_hangs_up_is_an_error_of_the_server(inside: Account, airflow: Airflow) -> None:
    airflow.silent = True
    said = refused(inside, "/dags")
    assert (said["Error"]["Code"], said["RestApiStatusCode"]) == ("RestApiServerException", 504)


def test_an_airflow_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(airflow_rest, "SECONDS", 0.1)
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as nobody:  # takes connections, serves none
        told = {"api": f"http://127.0.0.1:{nobody.server_port}/api/v2", "viewer": "", "admin": ""}
        with pytest.raises(Refused, match="Airflow gave no answer: TimeoutError") as raised:
            airflow_rest.forward_request(told, {"Path": "/dags", "Method": "GET"})
    assert raised.value.code == "RestApiServerException"


def test_without_an_airflow_there_is_none(account: Account) -> None:
    said = refused(account, "/dags")
    assert (said["Error"]["Code"], said["RestApiStatusCode"]) == ("RestApiServerException", 503)
    assert "the environment is emulated" in said["Error"]["Message"]


def test_an_account_without_environments_takes_no_airflow(empty: Account, airflow: Airflow) -> None:
    with pytest.raises(TerraformError, match="holds no MWAA environment"):
        RunningEmulator(empty.endpoint).connect_airflow(airflow.url, VIEWER, ADMIN)


def test_an_airflow_that_is_not_there_is_said(account: Account) -> None:
    with pytest.raises(TerraformError, match="http://127.0.0.1:9: "):
        RunningEmulator(account.endpoint).connect_airflow("http://127.0.0.1:9", VIEWER, ADMIN)
