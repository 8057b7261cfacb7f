"""A real Airflow for the rehearsal: its processes, its fast clock, and the news that its DAGs collect."""
