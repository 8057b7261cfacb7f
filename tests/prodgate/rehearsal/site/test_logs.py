"""The site's own logs."""

import asyncio
import json
import logging
import os
import sys
from pathlib import Path

import pytest

from prodgate.rehearsal.site.content.stories import seed
from prodgate.rehearsal.site.database import migrate, open_database
from prodgate.rehearsal.site.logs import LOG, AccessLog, _as_json, open_access_log, route
from tests.prodgate.rehearsal.site.client import UNTIL, served


def test_two_writers_share_an_access_log(tmp_path: Path) -> None:
    one, other = (open_access_log(tmp_path / "access.jsonl") for _ in range(2))
    for number in range(3):
        one.waiting.append(f"one {number}\n")
        other.waiting.append(f"other {number}\n")
        one.flush()
        other.flush()
    one.flush()
    assert sorted((tmp_path / "access.jsonl").read_text().split("\n")) == sorted(
        ["", *(f"{name} {n}" for name in ("one", "other") for n in range(3))]
    )
    for log in (one, other):
        os.close(log.descriptor)


@pytest.mark.parametrize(
    ("path", "parameters", "name"),
    [
        ("/", {}, "/"),
        ("/ja/stories/a-b", {"slug": "a-b"}, "/ja/stories/[slug]"),
        ("/teams/teams", {"team": "teams"}, "/teams/[team]"),
        ("/static/site.css", {"name": "site.css"}, "/static/site.css"),
    ],
)
def test_a_route_has_names_in_place_of_values(path: str, parameters: dict[str, str], name: str) -> None:
    assert route({"path": path, "path_params": parameters, "endpoint": print}) == name
    assert route({"path": path}) == ""


def test_a_failing_handler_is_written_down_with_its_request(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    made, gone = (
        open_database(f"sqlite:///{tmp_path / 'news.sqlite'}"),
        open_database("postgresql://site@127.0.0.1:1/news"),
    )
    migrate(made, then=lambda connection: seed(connection, UNTIL))
    log = AccessLog(-1)
    (answer,) = asyncio.run(served(made, ["/"], later=gone, log=log))
    assert answer.status == json.loads(log.waiting[0])["status"] == 500
    (record,) = [each for each in caplog.records if each.name == LOG.name]
    assert record.__dict__["more"] == {"id": answer.headers["x-request-id"], "path": "/"}
    assert record.exc_info is not None
    made.engine.dispose()
    gone.engine.dispose()


def test_logs_are_one_json_object_a_line() -> None:
    try:
        raise ValueError("turn\nover")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "", 1, "it %s", ("broke",), sys.exc_info())
    record.more = {"id": "7"}
    assert _as_json(record)
    told = json.loads(record.getMessage())
    assert (told["level"], told["message"], told["id"]) == ("error", "it broke", "7")
    assert told["traceback"].endswith("ValueError: turn\nover")
    assert "\n" not in record.getMessage()
