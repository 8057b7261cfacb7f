"""Can Airflow's record be trusted, and does Airflow do its work?"""

from prodgate import Criterion, check
from prodgate.facts.dags import ActiveDags, AirflowComponent, AirflowVersion, DagRecord


@check(
    "dag-record-intact", remedy="Find out who changed the result and why; run the slot again where it did not succeed."
)
def test_nobody_changed_the_record(dag: DagRecord, criterion: Criterion) -> None:
    """Was no result of this DAG set by hand, masked by a later task, or lost?"""
    criterion.hold(
        not dag.flaws, expected="an untouched record", observed="; ".join(dag.flaws), held="an untouched record"
    )


@check("dag-nothing-stuck", remedy="End what hangs, and look for what it waits: a pool, a worker, an answer.")
def test_nothing_is_stuck(dag: DagRecord, criterion: Criterion) -> None:
    """Does no run or task of this DAG wait or run beyond its limit?"""
    criterion.hold(not dag.stuck, expected="nothing stuck", observed="; ".join(dag.stuck), held="nothing stuck")


@check("dag-served-as-declared", remedy="Unpause the DAG, mend its file, or give it the declared name and schedule.")
def test_airflow_serves_what_is_declared(dag: DagRecord, criterion: Criterion) -> None:
    """Does Airflow serve this DAG, on its declared schedule?"""
    observed = "; ".join(dag.unserved) or "served as declared"
    criterion.hold(not dag.unserved, expected="served as declared", observed=observed, held=observed)


@check("dags-all-declared", remedy="Declare the DAG in [dags.ID], pause it, or name it in [airflow] exempt.")
def test_every_active_dag_is_declared(airflow: ActiveDags, criterion: Criterion) -> None:
    """Is every DAG of which Airflow makes runs declared, or exempt by name?"""
    observed = ", ".join(airflow.undeclared) or f"all of {airflow.active}"
    criterion.hold(not airflow.undeclared, expected="declared DAGs alone", observed=observed, held=observed)


@check("airflow-version-as-declared", remedy="Declare the version in [airflow], and test the DAGs with it.")
def test_airflow_has_the_declared_version(airflow: AirflowVersion, criterion: Criterion) -> None:
    """Does Airflow run the declared version?"""
    criterion.hold(airflow.runs == airflow.declared, expected=airflow.declared, observed=airflow.runs)


@check("airflow-alive", remedy="Restart the component, and read the end of its log.", measures="time")
def test_airflow_is_alive(component: AirflowComponent, criterion: Criterion) -> None:
    """How long ago did this component of Airflow send its last heartbeat?"""
    criterion.hold(component.healthy, expected="healthy", observed="unhealthy")
    criterion.require(component.silent)
