"""The names that Airflow 2 and Airflow 3 keep in different places.

Airflow skips files without the words ``dag`` and ``airflow``: importing this module puts the second into a DAG file.
"""

try:
    from airflow.sdk import Connection, Param, dag, get_current_context, task

    connection_named = Connection.get
except ImportError:
    from airflow.decorators import dag, task
    from airflow.models.connection import Connection
    from airflow.models.param import Param
    from airflow.operators.python import get_current_context

    connection_named = Connection.get_connection_from_secrets

__all__ = ["Param", "connection_named", "dag", "get_current_context", "task"]
