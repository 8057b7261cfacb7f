"""Every live check is seen red: each sabotage of a healthy account turns exactly the criteria red that it says.

Observing an account takes seconds, so several that break different things are done to one copy of it. They break
together what each says, and nothing else; where they don't, each is done to a copy of its own, and that decides.
"""

from collections.abc import Iterable, Sequence

import pytest

from .harness import DRIFT, Observed, Sabotage, Stage, judge_alone, sabotages, stated

#: How many are done to one copy of the account.
TOGETHER = 6


def batches(found: Iterable[Sabotage]) -> list[list[Sabotage]]:
    """Put sabotages together that have no criterion in common; who breaks only what drifts is alone.

    Neighbours in the list are about the same things, and would be in each other's way.
    """
    listed, made = list(found), list[list[Sabotage]]()
    apart = -(-len(listed) // TOGETHER)
    for sabotage in (each for start in range(apart) for each in listed[start::apart]):
        own = stated(sabotage)
        fitting = (
            batch
            for batch in made
            if len(batch) < TOGETHER and not own & DRIFT and not any(stated(other) & (own | DRIFT) for other in batch)
        )
        batch = next(fitting, None)
        if batch is None:
            made.append([sabotage])
        else:
            batch.append(sabotage)
    return made


def named(batch: Sequence[Sabotage]) -> str:
    return "; ".join(map(str, batch))


@pytest.mark.slow
@pytest.mark.parametrize("batch", batches(sabotages()), ids=named)
def test_sabotages_break_what_they_say(stage: Stage, healthy: Observed, batch: Sequence[Sabotage]) -> None:
    if len(batch) > 1 and together(stage, healthy, batch):
        return
    for sabotage in batch:
        judge_alone(stage, healthy, sabotage)


def together(stage: Stage, healthy: Observed, batch: Sequence[Sabotage]) -> bool:
    """Whether several sabotages of one account break exactly what all of them say."""
    united = Sabotage(
        named(batch),
        set().union(*(each.breaks for each in batch)),
        lambda aws: [each.by(aws) for each in batch],
        set().union(*(each.unsettles for each in batch)),
    )
    try:
        judge_alone(stage, healthy, united)
    except Exception:  # noqa: BLE001  one stood in the way of another, or they break more than they say
        return False
    return True
