"""Is the data there that Airflow is for?"""

from prodgate import Criterion, check
from prodgate.facts.live import CollectedData


@check(
    "data-fresh",
    remedy="Look at the source's last runs in Airflow, and run the one that left nothing again.",
    measures="time",
)
def test_collected_data_is_fresh(data: CollectedData, criterion: Criterion) -> None:
    """How old is the newest file that the source left in the bucket that Airflow writes to?

    Articles in the database can't be seen through AWS's interfaces: their files in the bucket stand for them.
    """
    criterion.require(data.age)
