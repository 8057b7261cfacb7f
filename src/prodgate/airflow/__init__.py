"""Reads Airflow through its REST API, whatever its version and however it is reached."""
