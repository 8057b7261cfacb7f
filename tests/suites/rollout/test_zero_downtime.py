"""A good build is deployed for real under a hundred thousand requests, of which none may fail."""

from pathlib import Path

import pytest

from prodgate.layers.rollout.kinds import WATCH
from prodgate.sections.rollout import ROLLOUT
from prodgate.testing import Outcome

from .deploying import ELSEWHERE, SUITES, deployed
from .harness import judged_evidence, of

REQUESTS = 100_000
#: Requests a second, and how many declared seconds pass in one: the declared ten minutes of steps and bake take as long
#: as these requests, so that nearly all of them meet a deployment that goes on.
RATE, SPEED = 200, 1.15
SECTION = ROLLOUT.read(
    {
        "rate": f"{RATE} /s", "timeout": "5 s", "limit": "20 min", "poll": "1 s",
        "reads": ["/", "/api/stories", "/teams"], "write": "/api/stories/latest/applause",
        "written": "/api/applause/{key}",
    }
)  # fmt: skip


@pytest.mark.zero_downtime
@pytest.mark.timeout(2400)
@pytest.mark.xdist_group("rollout")
def test_of_a_hundred_thousand_requests_none_fails_and_no_write_is_lost(
    tmp_path: Path, request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]
) -> None:
    stored = deployed(tmp_path, "green", section=SECTION, speed=SPEED)
    found = judged_evidence(stored, SUITES, ELSEWHERE)
    wrong = [
        f"{one.outcome} {one.criterion}: {one.observed} {one.reason}"
        for each in found.values()
        for one in each
        if one.outcome != Outcome.SATISFIED and "not asked here" not in one.reason
    ]
    assert not wrong, "\n".join(wrong)
    stream = of(stored, WATCH)["stream"]
    assert stream["due"] >= REQUESTS
    assert stream["writes"]["acknowledged"] > REQUESTS // 10
    with capfd.disabled():
        for id_ in ("zero-downtime-deploy", "acknowledged-writes-kept"):
            request.config.get_terminal_writer().line(f"\n{id_}: {found[id_][0].observed}")
