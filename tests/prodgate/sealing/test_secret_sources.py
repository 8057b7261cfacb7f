"""A secret in the gate's input from a browser, Airflow or a load is in no byte of a bundle, however it is written."""

import base64
import gzip
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest

from prodgate.airflow.history import observe_history
from prodgate.browser.engine.plugin import keep_trace, read_events
from prodgate.evidence import artifacts
from prodgate.load.record import Moment, Tally
from prodgate.load.stream.process import Plan, plan_request
from prodgate.load.stream.sender import Outcomes
from prodgate.redaction import Redaction
from prodgate.sealing.bundles import make_bundle

from ..airflow.fake import HOUR, NOW, SINCE, Asking, an_airflow, an_event
from .encodings import find

#: How a secret is written in its source.
WRITTEN: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": lambda s: s,
    "Base64": lambda s: base64.b64encode(f"of {s}, twice".encode()).decode(),
    "Base64 of URLs": lambda s: base64.urlsafe_b64encode(f">>?{s}".encode()).decode(),
    "percent signs": lambda s: quote(s, safe=""),
    "hexadecimal digits": lambda s: s.encode().hex(),
    "gzip within Base64": lambda s: base64.b64encode(gzip.compress(s.encode() * 3)).decode(),
}  # fmt: skip
SOURCES: Final = ("trace", "DAG", "load")
CANARIES: Final = {name: f"Canary/{number}+of a {name}?" for number, name in enumerate(SOURCES)}
MARKERS: Final = ("/signed-in", "hourly news", "GET /cart")


def all_writings(secret: str) -> list[str]:
    return [write(secret) for write in WRITTEN.values()]


def make_trace(folder: Path, secret: str) -> bytes:
    """Return the kept trace of a journey that signs in with a secret."""
    headers = [{"name": "Authorization", "value": f"Bearer {secret}"}]
    request = {"url": "https://shop.example/signed-in", "method": "GET", "headers": headers}
    event = {"type": "resource-snapshot", "snapshot": {"request": request, "response": {"content": {}}}}
    shown = {"type": "console", "text": " ".join(all_writings(secret))}
    path = folder / "trace.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("trace.network", json.dumps(event))
        archive.writestr("trace.trace", json.dumps(shown))
        archive.writestr("resources/seen.txt", "\n".join(all_writings(secret)))
    return keep_trace(read_events(path), Redaction())


def observe_dags(secret: str) -> Any:
    """Return the kept evidence of an Airflow in which people and tasks pass a secret on."""
    said = all_writings(secret)
    fake = an_airflow(slots=2)
    for run in fake.runs:
        run.update(conf={"password": secret, "said": said}, note=" ".join(said), run_type="scheduled")
    for task in fake.tasks:
        task.update(rendered_fields={"op_args": said}, executor_config=str(said))
    fake.events.append(an_event(9, "trigger_dag_run", NOW - HOUR, extra=json.dumps({"conf": said, "note": said})))
    fake.events.append(an_event(10, "post_variable", NOW - HOUR, extra=f"value={secret}"))
    return observe_history(Asking(fake), ["news"], since=SINCE, now=NOW)


def count_load(secret: str) -> Any:
    """Return the kept evidence of failed requests whose addresses let somebody in."""
    plan = Plan(url="https://shop.example", rate=9, timeout=1, limit=9, reads=("/cart",))
    tally, stream = Tally(), Outcomes(plan)
    for number, said in enumerate(all_writings(secret)):
        text = (
            f"HTTP 500 of https://me:{quote(secret, safe='')}@shop.example/cart?access_token={quote(said, safe='')}&n=1"
        )
        tally.count_failure(Moment(second=number), f"GET /cart/{number}", "5xx", text)
        stream.count_due(request := plan_request(plan, number), 0)
        stream.count_failure(request, "5xx", text, reused=False)
    return [tally.take(), stream.to_record(0, "")]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A bundle of everything kept from these sources."""
    folder = tmp_path_factory.mktemp("sources")
    run = folder / "run"
    (run / artifacts.FOLDER).mkdir(parents=True)
    artifacts.store(run, make_trace(folder, CANARIES["trace"]), ".zip")
    artifacts.store_json(run, {"of": "hourly news", "answers": observe_dags(CANARIES["DAG"])})
    artifacts.store_json(run, count_load(CANARIES["load"]))
    return make_bundle(run, "run")


@pytest.mark.parametrize("name", SOURCES)
def test_no_byte_of_a_bundle_holds_a_secret(bundle: bytes, name: str) -> None:
    assert list(find(CANARIES[name], "bundle", bundle)) == []


@pytest.mark.parametrize("marker", MARKERS)
def test_what_held_the_secrets_is_in_the_bundle(bundle: bytes, marker: str) -> None:
    assert list(find(marker, "bundle", bundle))


@pytest.mark.parametrize("how", WRITTEN)
def test_the_search_finds_each_of_these_writings(how: str) -> None:
    secret = CANARIES["trace"]
    assert list(find(secret, "data", WRITTEN[how](secret).encode()))
