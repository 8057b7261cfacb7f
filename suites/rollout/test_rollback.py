"""Is a bad release rolled back automatically, and a good one left alone?"""

from prodgate import Criterion, check
from prodgate.facts.rollout.drills import DrilledRelease, WayBack


@check(
    "deployment-rollback-shown",
    remedy="Look at the record of the drill: which stage the build reached, which alarm fired, and what was left.",
    measures="time",
)
def test_bad_releases_are_taken_back(release: DrilledRelease, criterion: Criterion) -> None:
    """Did the build end as it had to, recently, automatically, and with the previous version still serving?"""
    wrong = [release.ended, release.by_person, release.not_back, release.left, release.failed]
    criterion.hold(not any(wrong), expected="back as before, by itself", observed="; ".join(filter(None, wrong)))
    criterion.require(release.age)


@check(
    "rollback-time-to-blue",
    remedy="Let the alarm look at fewer or shorter periods, and keep the old tasks running until the bake is over.",
    measures="time",
)
def test_readers_are_back_soon(way: WayBack, criterion: Criterion) -> None:
    """Did readers soon get the previous version again once the release had begun to fail them?"""
    criterion.require(way.took)
