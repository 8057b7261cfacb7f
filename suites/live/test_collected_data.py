"""Does the data that Airflow collects arrive?"""

from prodgate import Criterion, check
from prodgate.facts.live import CollectedData


@check(
    "data-fresh",
    remedy="Look at the source's last runs in Airflow, and run the one that left nothing again.",
    measures="time",
)
def test_collected_data_is_fresh(data: CollectedData, criterion: Criterion) -> None:
    """How old is the newest file that the source left in Airflow's output bucket?

    AWS's APIs do not show the articles in the database: their files in the bucket stand for them.
    """
    if data.in_part and criterion.bound and not criterion.bound.admits(data.age):
        raise criterion.undetermined("only its folders that are last by name were searched", observed=data.age)
    criterion.require(data.age)
