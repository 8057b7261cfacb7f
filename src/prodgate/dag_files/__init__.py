"""DAG files before they are deployed: read without Airflow, linted, and imported by the Airflow that will run them."""
