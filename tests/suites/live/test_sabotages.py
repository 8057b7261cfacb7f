"""Every live check is seen red: each sabotage of a healthy account turns exactly the criteria red that it says."""

from __future__ import annotations

import pytest

from prodgate.findings import Outcome

from .harness import Observed, Sabotage, Stage, sabotages, told

#: What is changed by hand is no longer as it is declared, whatever else it breaks.
DRIFT = {"live-as-declared", "nothing-undeclared"}


@pytest.mark.parametrize("sabotage", list(sabotages()), ids=str)
def test_a_sabotage_breaks_what_it_says(stage: Stage, healthy: Observed, sabotage: Sabotage) -> None:
    before = healthy.outcomes
    with stage.sabotaged(sabotage) as endpoint:
        after = stage.observed(endpoint)
    stated = sabotage.breaks | sabotage.unsettles
    changed = {criterion for criterion in before if after.outcomes[criterion] is not before[criterion]}
    changed -= DRIFT - stated
    assert not (ill := {id_ for id_ in stated if before.get(id_) is not Outcome.SATISFIED}), told(healthy.findings, ill)
    assert changed == stated, told(after.findings, changed ^ stated)
    assert sabotage.breaks <= after.of(Outcome.NOT_SATISFIED), told(after.findings, stated)
    assert sabotage.unsettles <= after.of(Outcome.UNDETERMINED), told(after.findings, stated)
