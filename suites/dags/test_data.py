"""Is the data there that the slots were to collect?"""

from prodgate import Criterion, check
from prodgate.facts.dags import CollectedSlots, CollectedSource


@check(
    "data-for-every-slot", remedy="Run the empty slots again; where data are without a run, find out who wrote them."
)
def test_every_slot_left_data(dag: CollectedSlots, criterion: Criterion) -> None:
    """Did every successful slot leave data, and is no data without a run?"""
    if not dag.slots and not dag.flaws:
        raise criterion.undetermined("no slot has succeeded yet")
    observed = "; ".join(dag.flaws) or f"{dag.rows} rows of {dag.slots} slots"
    criterion.hold(not dag.flaws, expected="data of every slot", observed=observed, held=observed)


@check("data-every-source-fresh", remedy="Ask the source by hand, and read the log of its last slots.")
def test_every_source_is_fresh(source: CollectedSource, criterion: Criterion) -> None:
    """Are the newest data of this source as young as its schedule promises?"""
    wrong = "; ".join([*source.wrong, *([source.stale] if source.stale else [])])
    criterion.hold(not wrong, expected="data of the last slot", observed=wrong, held=wrong or f"{source.age} old")
