"""Faults of a rollback drill or of its readers' requests, and the criteria that they break."""

from prodgate.layers.rollout.kinds import DRILL, READERS, WATCH
from tests.suites.judging import Sabotage

from .evidence import at, bad_samples, good_samples
from .harness import Stored, change, of
from .spoiling import (
    WATCHED,
    change_drill,
    fail,
    fail_for_long,
    left_behind,
    other_version_runs,
    said_on_the_way,
    tried,
)

OF_A_DRILL: tuple[Sabotage[Stored], ...] = (
    Sabotage(
        "a bad build is not taken back",
        {"deployment-rollback-shown"},
        change_drill("never-healthy", good_samples()),
        unsettles={"rollback-time-to-blue"},
    ),
    Sabotage(
        "a good build is taken back", {"deployment-rollback-shown"}, change_drill("green", bad_samples(away=True))
    ),
    Sabotage(
        "a rollback leaves targets behind", {"deployment-rollback-shown"}, change_drill("failing-hook", left_behind())
    ),
    Sabotage(
        "the bad version runs after the rollback",
        {"deployment-rollback-shown"},
        change_drill("failing-hook", other_version_runs()),
    ),
    Sabotage(
        "a person stopped it",
        {"deployment-rollback-shown"},
        change_drill("failing-hook", said_on_the_way(bad_samples(away=False), error="MANUAL_STOP")),
    ),
    *(
        Sabotage(
            f"a pause for a person is {status}",
            {"deployment-rollback-shown"},
            change_drill("failing-hook", said_on_the_way(bad_samples(away=False), pauses=[status])),
        )
        for status in ("AWAITING_ACTION", "SUCCEEDED", "FAILED")
    ),
    Sabotage(
        "traffic waits for a person to move it",
        {"deployment-rollback-shown"},
        change_drill("failing-hook", said_on_the_way(bad_samples(away=False), status="Ready")),
    ),
    Sabotage(
        "requests fail while no traffic goes to the bad build",
        {"deployment-rollback-shown"},
        lambda stored: fail(tried(stored, "never-healthy")["watch"]["stream"], 5, "HTTP 502"),
    ),
    Sabotage("the way back takes half an hour", {"rollback-time-to-blue"}, fail_for_long),
    Sabotage(
        "readers never reached the build that fails them",
        set(),
        change_drill("failing-in-public", bad_samples(away=False)),
        unsettles={"rollback-time-to-blue"},
    ),
    Sabotage(
        "traffic stays on the build that fails readers",
        {"deployment-rollback-shown"},
        change_drill("failing-in-public", bad_samples(away=True)[:3]),
        unsettles={"rollback-time-to-blue"},
    ),
    Sabotage(
        "a drill in which no requests were sent",
        set(),
        lambda stored: tried(stored, "failing-in-public")["watch"].update(stream=None, silent="nobody allowed any"),
        unsettles={"deployment-rollback-shown", "rollback-time-to-blue", "acknowledged-writes-kept"},
    ),
    Sabotage(
        "the drill was long ago",
        {"deployment-rollback-shown"},
        lambda stored: of(stored, DRILL).update(asked=at(91 * 86400).isoformat()),
    ),
    Sabotage(
        "one build was not tried",
        set(),
        lambda stored: of(stored, DRILL)["tried"].pop(0),
        unsettles={"deployment-rollback-shown"},
    ),
    Sabotage(
        "a build could not be deployed",
        set(),
        lambda stored: tried(stored, "failing-hook").update(unreadable="no proxy"),
        unsettles={"deployment-rollback-shown", "rollback-time-to-blue"},
    ),
    Sabotage(
        "a reader met an error",
        {"zero-downtime-in-production"},
        lambda stored: of(stored, READERS)["counts"].update(HTTPCode_ELB_5XX_Count=1),
    ),
    Sabotage(
        "hardly any readers",
        set(),
        lambda stored: of(stored, READERS)["counts"].update(RequestCount=12),
        unsettles={"zero-downtime-in-production"},
    ),
    Sabotage(
        "CloudWatch still counts",
        set(),
        lambda stored: of(stored, READERS).update(settled=False),
        unsettles={"zero-downtime-in-production"},
    ),
    Sabotage(
        "a record of another version",
        set(),
        change(WATCH, format=99),
        unsettles=WATCHED,
    ),
)  # fmt: skip
