"""Real Locust runs on loopback: whose connection and cookies a visit has, and past which caches it asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from prodgate.load.runner import run_load

from .locustfiles import a_locustfile, a_profile
from .records import count, failed
from .servers import answer, serving

#: Locust's processes run in one Python as in another, and take their time.
pytestmark = [pytest.mark.once, pytest.mark.slow]

TWO_PAGES = """
from locust import FastHttpUser, task


class Reader(FastHttpUser):
    @task
    def two_pages(self):
        self.client.get("/one")
        self.client.get("/two")
"""


@pytest.mark.parametrize("returning", [0.0, 0.9])
def test_a_reader_has_connection_and_cookies_of_its_own_unless_some_return(tmp_path: Path, returning: float) -> None:
    async def remembering(path: str, count: int) -> bytes | None:
        return answer(Set_Cookie=f"reader={count}; Path=/") if path == "/one" else answer()

    with serving(remembering) as server:
        locustfile, profile = a_locustfile(tmp_path, TWO_PAGES), a_profile(rate=20.0, duration=3.0, returning=returning)
        record = run_load(profile, server.url, locustfile=locustfile, directory=tmp_path / "run")
    assert (failed(record), record["sent"], server.known["/two"]) == ({}, 60, 60)
    if returning:
        assert 0 < server.known["/one"] == 60 - server.connections
    else:
        assert (server.known["/one"], server.connections) == (0, 60)


def test_a_share_of_visits_passes_the_caches_and_what_a_cache_answers_all_the_same_is_not_called_so(
    tmp_path: Path,
) -> None:
    async def cached(path: str, _count: int) -> bytes | None:
        return answer(X_Cache="Hit from cloudfront") if path.startswith("/one") else answer(Age="0")

    with serving(cached) as server:
        locustfile, profile = a_locustfile(tmp_path, TWO_PAGES), a_profile(rate=20.0, uncached=1.0)
        record = run_load(profile, server.url, locustfile=locustfile, directory=tmp_path / "run")
    counted = {each["name"]: count(record, each["name"]) for each in record["requests"]}
    assert (failed(record), counted) == ({}, {"GET /one": 30, "GET /two (uncached)": 30})
    assert len(server.asked) == 60, "no address was asked for twice"
