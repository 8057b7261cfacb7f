"""The record of a load that other machines made counts for one run, one load, one locustfile, or not at all."""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from types import ModuleType
from typing import Any

import pytest

from prodgate.criteria import UsageError
from prodgate.load import elsewhere
from prodgate.load.elsewhere import await_record
from prodgate.load.profile import Settings
from prodgate.load.record import digest_code, read_versions
from tests.prodgate.facts.load.load_records import record, windows
from tests.servers import Handler, serving

from .records import a_locustfile, a_profile

Change = Callable[[dict[str, Any]], object]


def a_settings() -> Settings:
    profile = a_profile(rate=100.0, duration=40.0)
    about: dict[str, Any] = {"workers": 4, "own": 7, "holds": {"/": "a story"}}
    return Settings(profile=profile, host="https://www.example.com", record="/anywhere/record.json", **about)


def made(file: Path, settings: Settings) -> dict[str, Any]:
    """Return a whole record, of a load that was made in the present second."""
    now = datetime.now(UTC)
    code = {"locustfile.py": sha256(file.read_bytes()).hexdigest()}
    origin = {"versions": read_versions(), "code": code}
    worker = {"sent": 1000, "lost": False, "behind": 0.001, "started": now.timestamp(), **origin}
    return record(
        profile={**settings.profile.to_json(), "workers": 4},
        host=settings.host,
        requests=[{"name": "GET / (uncached)", "cacheable": False, "holds": "'a story'"}],
        started=now.isoformat(),
        ended=now.isoformat(),
        windows=windows(),
        workers=[{"name": f"w{number}", **worker} for number in range(4)],
        protocol={"used": "HTTP/1.1", "offered": ""},
        clock_moved=0.0,
        over=True,
        **origin,
    )


def taken(tmp_path: Path, change: Change = lambda _record: None, url: str = "") -> Any:
    file, settings, folder = a_locustfile(tmp_path), a_settings(), tmp_path / "shared" / "trial"
    folder.mkdir(parents=True, exist_ok=True)

    def make(_line: str) -> None:
        asked = json.loads(((tmp_path if url else folder) / "settings.json").read_text("utf-8"))
        assert (asked["record"], asked["own"], asked["profile"]) == ("record.json", 0, settings.profile.to_json())
        told = made(file, settings)
        change(told)
        (folder / "record.json").write_text(json.dumps(told), "utf-8")

    return await_record(settings, url or str(folder), directory=tmp_path, locustfile=file, limit=0, progress=make)


def test_a_record_that_answers_the_settings_is_taken_and_says_where_it_is_from(tmp_path: Path) -> None:
    found = taken(tmp_path)
    kept = tmp_path / "shared" / "trial" / "record.json"
    assert (found["sent"], found["elsewhere"]) == (4000, f"{kept} (SHA-256 {sha256(kept.read_bytes()).hexdigest()})")


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (200, b"{}", "is older than this run; name an empty folder"),
        (302, b"{}", "answered HTTP 302; before the load it must not be there"),
        (200, b"much", "is larger than 3 bytes; before"),
        (200, b"", "gave no whole answer within 0.5 s; before"),
    ],
)
def test_a_record_is_fetched_from_a_url_where_nothing_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, body: bytes, said: str
) -> None:
    made, over = tmp_path / "shared" / "trial" / "record.json", Event()

    class Shelf(Handler):
        def do_GET(self) -> None:
            if self.path == "/record.json":
                self.reply(*((200, made.read_bytes()) if made.exists() else (404,)))
                return
            assert body or over.wait(60)
            self.reply(status, body)

    with serving(Shelf) as url:
        told = taken(tmp_path, url=url)["elsewhere"]
        assert told == f"{url}/record.json (SHA-256 {sha256(made.read_bytes()).hexdigest()})"
        monkeypatch.setattr(elsewhere, "MOST", 3)
        monkeypatch.setattr(elsewhere, "FETCHING", 0.5)
        with pytest.raises(UsageError, match=rf"^{url}/other/record\.json: ") as caught:
            taken(tmp_path, url=f"{url}/other")
        over.set()
    assert said in str(caught.value)


def _move(name: str, seconds: float) -> Change:
    return lambda told: told.update({name: (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()})


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda told: told.update(format=9), "has format 9, and this version reads 1"),
        (lambda told: told.update(host="https://b.example"), "went to https://b.example, not to https://www.example"),
        (lambda told: told.update(other={"host": "https://b.example"}), "example.com, https://b.example, not to"),
        (lambda told: told["profile"].update(seed=2), "seed of its load is 2, not 1; make the load with settings.json"),
        (lambda told: told["profile"].update(rate=50.0), "rate of its load is 50.0, not 100.0"),
        (lambda told: told["profile"].update(workers=3), "workers of its load is 3, not 4"),
        (lambda told: told["workers"].pop(), "holds the load of 3 workers, not of 4"),
        (
            lambda told: told["requests"][0].update(holds=""),
            "answers to GET / had to hold nothing, not 'a story'; make it",
        ),
        (lambda told: told.update(requests=[]), "answers to GET / had to hold nothing, not 'a story'"),
        (_move("started", -60), "was measured from "),
        (_move("ended", 10), "set the clocks of all machines by NTP"),
        (lambda told: told["workers"][2].update(behind=10.0), "the clock of w2 and its master's differ by 10.0 s; set"),
        (lambda told: told["workers"][2].update(behind=-10.0), "the clock of w2 and its master's differ by 10.0 s"),
        (lambda told: told["workers"][1].update(started=0), "s apart, in other seconds; make the load again"),
        (lambda told: told["workers"][1].update(sent=900), "its workers sent other numbers of requests than it holds"),
        (lambda told: told.update(planned=10), "10 arrivals were planned, not 4,000"),
        (lambda told: told.update(windows=[]), "holds nothing of the health of its machines"),
        (lambda told: told["workers"][3].update(code={"locustfile.py": "0" * 64}), "w3 ran another locustfile.py than"),
        (lambda told: told.update(code={}), "the master ran another locustfile.py than"),
        (
            lambda told: told["workers"][0].update(code={**told["code"], "steps.py": "0"}),
            "w0 ran another steps.py than",
        ),
        (
            lambda told: told["workers"][0].update(versions={**read_versions(), "locust": "1.0"}),
            "w0 ran locust 1.0, and here ",
        ),
        (lambda told: told.pop("health"), "holds no health; make it with the same version"),
        (lambda told: told.pop("complete"), "is no record of a load (KeyError: 'complete')"),
        (lambda told: told.update(workers=7), "is no record of a load (TypeError: "),
    ],
)
def test_a_record_of_another_load_is_refused(tmp_path: Path, change: Change, said: str) -> None:
    with pytest.raises(UsageError, match=r"record\.json: ") as caught:
        taken(tmp_path, change)
    assert said in str(caught.value)


def test_a_load_that_broke_off_is_taken_as_one_whoever_is_missing(tmp_path: Path) -> None:
    def lose(told: dict[str, Any]) -> None:
        told.update(complete=False, why="worker 3 (w3) was lost")
        told["workers"][3] = {"name": "w3", "sent": 0, "lost": True}

    assert taken(tmp_path, lose)["workers"][3]["lost"]


def test_a_record_that_is_older_than_the_run_is_refused(tmp_path: Path) -> None:
    taken(tmp_path)
    with pytest.raises(UsageError, match=r"record\.json: is older than this run; name an empty folder"):
        taken(tmp_path)


def test_what_never_comes_is_not_awaited_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "GATHERING", 0.1)
    given: dict[str, Any] = {"directory": tmp_path, "locustfile": a_locustfile(tmp_path), "limit": 0}
    with pytest.raises(UsageError, match="no record was there within 0 s; see what the master says"):
        await_record(a_settings(), str(tmp_path / "shared"), **given, progress=lambda _line: None)
    half: Change = lambda told: told.update(over=False, complete=False, why="it was ended before its time")  # noqa: E731
    assert taken(tmp_path, half)["why"] == "it was ended before its time"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match=r"settings\.json: can't be written: "):
        await_record(
            a_settings(), f"{tmp_path}/file/x", directory=tmp_path, locustfile=tmp_path, limit=0, progress=print
        )


def test_the_code_of_a_load_is_what_lies_beside_the_locustfile_and_was_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = ("locustfile.py", "steps/api.py", "site-packages/other.py", "../outside.py")
    monkeypatch.setitem(sys.modules, "told_apart", None)
    for number, place in enumerate((*places, "never.py")):
        file = tmp_path / "loadtests" / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(place, "utf-8")
        if place in places:
            module = ModuleType(f"told_apart_{number}")
            module.__file__ = str(file)
            monkeypatch.setitem(sys.modules, module.__name__, module)
    found = digest_code(str(tmp_path / "loadtests" / "locustfile.py"))
    assert found == {place: sha256(place.encode()).hexdigest() for place in places[:2]}
