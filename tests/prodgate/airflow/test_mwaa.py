"""Asking Airflow through InvokeRestApi: as Viewer, with GET alone, and what its two layers of errors mean."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from prodgate.airflow.history import read_history
from prodgate.airflow.mwaa import MwaaTransport, MwaaWriter
from prodgate.aws.answers import Absent, Unreadable
from prodgate.aws.clients import Clients, Refused

from ..aws.stubbed_calls import REGION, Answering, Sent, refused
from .fake import HOUR, NEW, NOW, OLD, Fake, Reply, an_airflow


def through(fake: Fake, sent: list[dict[str, Any]] | None = None) -> Answering:
    """InvokeRestApi in front of a fake Airflow, as MWAA answers."""

    def answer(request: Any) -> Sent:
        asked = json.loads(request.body)
        if sent is not None:
            sent.append({"url": request.url, **asked})
        reply = fake.answer(asked["Method"], asked["Path"], asked.get("QueryParameters", {}), asked.get("Body"))
        found = {"RestApiStatusCode": reply.status, "RestApiResponse": reply.document}
        if reply.status < 400:
            return Sent(found)
        side = "Client" if reply.status < 500 else "Server"
        return Sent(found, 400, headers={"x-amzn-ErrorType": f"RestApi{side}Exception"})

    return Answering(answer)


def transport(aws: Answering, name: str = "news") -> MwaaTransport:
    aws.client("mwaa")
    return MwaaTransport(aws.calls, name, REGION)


@pytest.mark.parametrize("version", [OLD, NEW])
def test_a_history_is_the_same_whichever_way_it_is_read(version: str) -> None:
    sent: list[dict[str, Any]] = []
    found = read_history(
        transport(through(an_airflow(version), sent)), ["news", "renamed"], since=NOW - 120 * HOUR, now=NOW
    )
    assert len(found.runs) == 121
    assert len(found.tasks) == 242
    assert [dag.dag_id for dag in found.served] == ["news"]
    assert sent[0] == {
        "url": f"https://env.airflow.{REGION}.amazonaws.com/restapi/news",
        "Path": "/version",
        "Method": "GET",
    }
    assert {one["Method"] for one in sent} == {"GET"}
    assert all(isinstance(value, str) for one in sent for value in one.get("QueryParameters", {}).values())


def test_a_path_that_would_be_refused_is_not_sent() -> None:
    aws = through(an_airflow())
    long = "/dags/" + "a" * 35 + "/dagRuns/~/taskInstances"
    with pytest.raises(Unreadable, match="is longer than the 64 characters that InvokeRestApi takes"):
        transport(aws).get(long, {})
    assert not aws.requests
    with pytest.raises(Absent):
        transport(aws).get(long.replace("a" * 35, "a" * 34), {}) and transport(aws).get("/dags/" + "a" * 58, {})


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (Reply(403, {"detail": "Forbidden"}), r"Airflow answers with an error \(403\): Forbidden"),
        (
            Reply(500, {"title": "Internal Server Error"}),
            r"Airflow answers with an error \(500\): Internal Server Error",
        ),
        (Reply(404, {"detail": "Not Found"}), r"Airflow answers with an error \(404\): Not Found"),
        (Reply(404, None), r"Airflow answers with an error \(404\)"),
    ],
)
def test_an_error_of_airflow_is_no_answer(reply: Reply, words: str) -> None:
    asked = transport(through(an_airflow(fault=lambda path, query, usual: reply)))
    with pytest.raises(Unreadable, match=f"mwaa InvokeRestApi in {REGION}: {words}"):
        asked.get("/dags/news", {})


def test_an_error_of_airflow_spoils_one_answer_and_not_the_next() -> None:
    def fault(path: str, query: Any, usual: Reply) -> Reply:
        return Reply(500, {"detail": "down"}) if path == "/eventLogs" else usual

    asked = transport(through(an_airflow(fault=fault)))
    with pytest.raises(Unreadable, match="down"):
        asked.get("/eventLogs", {})
    assert asked.get("/dags/news", {})["dag_id"] == "news"


def test_what_airflow_says_is_not_there_is_absent_and_an_environment_that_is_not_there_is_no_answer() -> None:
    with pytest.raises(Absent):
        transport(through(an_airflow())).get("/dags/renamed", {})
    gone = Answering(lambda _request: refused("ResourceNotFoundException", status=404))
    with pytest.raises(Unreadable, match="MWAA knows no environment 'old' .*name one that is there"):
        transport(gone, "old").get("/dags/news", {})


@pytest.mark.parametrize("status", [403, 500])
def test_an_error_that_is_handed_on_as_if_all_were_well_is_no_answer(status: int) -> None:
    aws = Answering(lambda _request: Sent({"RestApiStatusCode": status, "RestApiResponse": {"detail": "no"}}))
    with pytest.raises(Unreadable, match=f"GET /dags/news: Airflow answers {status}: no"):
        transport(aws).get("/dags/news", {})


@pytest.mark.parametrize("answer", [{}, {"RestApiStatusCode": 200}])
def test_an_answer_without_content_is_none(answer: dict[str, Any]) -> None:
    with pytest.raises(Unreadable, match="Airflow answers 200"):
        transport(Answering(lambda _request: Sent(answer))).get("/dags/news", {})


def test_who_may_not_call_is_told_what_to_allow() -> None:
    aws = Answering(lambda _request: refused("AccessDeniedException", status=403))
    with pytest.raises(Unreadable, match="allow airflow:InvokeRestApi: prodgate iam-policy"):
        transport(aws).get("/dags/news", {})


def test_nothing_but_get_is_sent_whichever_way_it_is_called() -> None:
    aws = through(an_airflow())
    for method in ("POST", "PATCH", "DELETE", "PUT", "get"):
        with pytest.raises(Refused, match=f"mwaa.InvokeRestApi: with Method '{method}' may change something"):
            aws.pages("mwaa", "InvokeRestApi", whole=False, Name="news", Path="/dags/news", Method=method)
        with pytest.raises(Refused, match=f"mwaa.InvokeRestApi: with Method '{method}' may change something"):
            aws.client("mwaa").invoke_rest_api(Name="news", Path="/dags/news", Method=method)
    assert not aws.requests


def writer(aws: Answering) -> MwaaWriter:
    session = boto3.Session(aws_access_key_id="ASIAX", aws_secret_access_key="x")
    clients = Clients(session, REGION, attempts=1)
    clients("mwaa").meta.events.register("before-send", aws._sent)
    return MwaaWriter(clients, "news", REGION)


def test_a_writer_posts_and_says_what_went_wrong() -> None:
    client = writer(through(an_airflow(slots=0)))
    made = client.post("/dags/news/dagRuns", {"dag_run_id": "a", "conf": {"mode": "fail"}, "logical_date": None})
    assert made["dag_run_id"] == "a"
    assert client.get("/dags/news/dagRuns", {"limit": "5"})["total_entries"] == 1
    with pytest.raises(Absent):
        client.post("/dags/renamed/dagRuns", {"dag_run_id": "a", "conf": {}, "logical_date": None})
    with pytest.raises(Unreadable, match=r"Airflow answers with an error \(422\)"):
        client.post("/dags/news/dagRuns", {"dag_run_id": "a", "conf": {}})
    with pytest.raises(Unreadable, match="MWAA knows no environment 'news'"):
        writer(Answering(lambda _request: refused("ResourceNotFoundException", status=404))).get("/version", {})
