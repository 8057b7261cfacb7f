"""Airflow as its REST API tells of it, whatever version it is and however it is reached."""
