"""What stands before a site without a distribution: what its load balancers do, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from prodgate.rehearsal.edge_settings import read_edge_settings
from prodgate.terraform.resources import Configuration, Resource

MODERN = {"protocol": "HTTPS", "port": 443, "ssl_policy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}
REDIRECT = {"protocol": "HTTP", "port": 80, "default_action": [{"type": "redirect"}]}
FORWARD = {"protocol": "HTTP", "port": 80, "default_action": [{"type": "forward"}]}


@pytest.mark.parametrize(
    ("listeners", "plain", "oldest"),
    [
        ((MODERN, REDIRECT), "redirect-to-https", "TLSv1.2"),
        ((MODERN, REDIRECT, FORWARD), "allow-all", "TLSv1.2"),
        ((MODERN,), "https-only", "TLSv1.2"),
        ((MODERN, {"protocol": "HTTPS", "port": 8443, "ssl_policy": None}), "https-only", "TLSv1"),
        ((), "https-only", "TLSv1.2"),
    ],
)
def test_without_a_distribution_it_does_what_load_balancers_do(
    listeners: tuple[Mapping[str, Any], ...], plain: str, oldest: str
) -> None:
    resources = [
        Resource(address=f"aws_lb_listener.n{number}", type="aws_lb_listener", name=f"n{number}", values=values)
        for number, values in enumerate(listeners)
    ]
    settings = read_edge_settings(Configuration(root="root", engine="made", resources=resources))
    (behaviour,) = settings.behaviours
    assert (behaviour.plain, behaviour.ttl, behaviour.headers, settings.minimum_tls) == (plain, (0, 0, 0), (), oldest)
