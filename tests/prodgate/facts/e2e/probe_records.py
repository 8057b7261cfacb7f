"""Records of probes made for tests: a sound site, to be changed in one place."""

from dataclasses import dataclass
from typing import Any

import pytest

from prodgate.findings import Undetermined

BASE = "https://www.example.com"
SECURE = {
    "content-type": "text/html",
    "content-security-policy": "default-src 'self'",
    "strict-transport-security": "max-age=31536000",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}


def answered(
    path: str = "/", *, status: int = 200, base: str = BASE, leads_to: str = "", **headers: str
) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    kept = [[name, value] for name, value in (SECURE | named).items() if value]
    return {"url": base + path, "status": status, "headers": kept, "leads_to": leads_to, "size": 9}


def failed(path: str = "/", *, base: str = BASE, why: str = "silent") -> dict[str, Any]:
    return {"url": base + path, "failed": why, "detail": "for the test"}


def page(*chain: dict[str, Any], **changes: Any) -> dict[str, Any]:
    to_tls = answered(base="http://www.example.com", status=301, leads_to=f"{BASE}/")
    return {
        "path": "/",
        "kind": "",
        "chain": list(chain) or [answered()],
        "ended": "answer",
        "again": [],
        "plain": {"chain": [to_tls, answered()], "ended": "answer"},
        "ordinary": [answered(), answered()],
        "attacked": {"a script": answered(status=403)},
    } | changes


def record(*pages: dict[str, Any], **changes: Any) -> dict[str, Any]:
    ok = {"became": "accepted", "detail": ""}
    tls = {"TLS 1.0": {"became": "refused", "detail": "alert"}, "TLS 1.2": ok, "TLS 1.3": ok}
    return {
        "base_url": BASE,
        "place": BASE,
        "at": "2026-11-26T12:00:00+00:00",
        "hosts": ["www.example.com"],
        "partners": [],
        "attacks": True,
        "certificates": {"www.example.com": certificate()},
        "tls": {"www.example.com": tls},
        "pages": list(pages) or [page()],
        "missing": answered("/none", status=404),
        "health": answered("/health"),
    } | changes


def certificate(**changes: Any) -> dict[str, Any]:
    shown = {"names": ["example.com", "*.example.com"], "issuer": "A", "begins": 1795600000, "ends": 1803464000}
    return {**shown, "vouched": ""} | changes


@dataclass(frozen=True)
class Why:
    """Expected where a field is undetermined: a part of the reason."""

    part: str


def expect(fact: Any, field: str, expected: object) -> None:
    """Compare a field of a fact, or the reason why it is unknown."""
    if isinstance(expected, Why):
        with pytest.raises(Undetermined) as caught:
            getattr(fact, field)
        assert expected.part in caught.value.conclusion.reason
    else:
        assert getattr(fact, field) == expected
