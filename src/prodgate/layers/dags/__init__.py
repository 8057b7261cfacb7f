"""The layer of DAGs: what it observes of Airflow, and what it concludes."""
