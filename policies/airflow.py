"""Airflow environments as they are declared."""

from __future__ import annotations

from prodgate import Resource
from prodgate.semantics.airflow_versions import parse_version


def version_of(environment: Resource) -> tuple[int, ...]:
    """Return the Airflow version of an MWAA environment. Raises Unresolved when the environment does not say."""
    return parse_version(environment.text("airflow_version") or "")
