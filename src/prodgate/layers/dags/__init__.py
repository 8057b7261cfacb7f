"""The DAG layer: what it observes of Airflow, and the facts in that."""
