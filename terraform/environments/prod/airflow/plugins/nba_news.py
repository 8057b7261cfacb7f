"""Macros for the templates of every DAG of the pipeline: where the files of one run are."""

import os
from datetime import datetime

from airflow.plugins_manager import AirflowPlugin


def data_uri(dag_id: str, moment: datetime) -> str:
    """Return the S3 address under which a DAG run keeps its files, one folder per DAG and hour (UTC)."""
    return f"s3://{os.environ['DATA_BUCKET']}/{dag_id}/{moment:%Y/%m/%d/%H}"


class NbaNews(AirflowPlugin):
    """Offers ``{{ macros.nba_news.data_uri(dag.dag_id, run_after) }}``."""

    name = "nba_news"
    macros = [data_uri]
