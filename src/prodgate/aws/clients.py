"""The only place that knows boto3: clients for an account, and what their errors mean."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

#: Threads that call AWS at the same time; each client keeps as many connections.
WORKERS = 16


@dataclass(frozen=True, slots=True)
class Clients:
    """Makes clients of one account, each once: ``clients("s3", "us-east-1")``."""

    session: boto3.Session
    region: str
    endpoint: str = ""
    """Where the rehearsal account listens; empty for AWS itself."""
    _made: dict[tuple[str, str], Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, service: str, region: str = "") -> Any:
        """Return the client of a service in a region, or in the account's own. Making a client is not thread-safe."""
        key = (service, region or self.region)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._client(*key)
            return self._made[key]

    def _client(self, service: str, region: str) -> Any:
        config = Config(
            retries={"mode": "adaptive", "total_max_attempts": 10},
            max_pool_connections=WORKERS,
            ignore_configured_endpoint_urls=True,
            # hosts such as api.airflow.… and ACCOUNT.s3-control.… can't be reached at a loopback address by name
            proxies={"http": self.endpoint} if self.endpoint else None,
        )
        return self.session.client(service, region_name=region, use_ssl=not self.endpoint, config=config)


def rehearsal_clients(endpoint: str, region: str) -> Clients:
    """Return clients of the rehearsal account that listens at ``endpoint``, such as ``http://127.0.0.1:45123``."""
    session = boto3.Session(aws_access_key_id="rehearsal", aws_secret_access_key="rehearsal", region_name=region)  # noqa: S106
    return Clients(session, region, endpoint)
