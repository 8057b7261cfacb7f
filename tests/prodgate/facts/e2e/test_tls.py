"""Of the certificates of a host each counts: a bad one decides, and so does one that nobody could see."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.e2e.probes import probe_facts
from prodgate.facts.e2e.tls import ServedCertificate, list_pins
from prodgate.findings import Undetermined

from .probe_records import certificate, record

DAY = 86400
#: When the record was made.
AT = 1795694400


def lasting(begun: float, left: float, **changes: Any) -> dict[str, Any]:
    dates = {"begins": int(AT - begun * DAY), "ends": int(AT + left * DAY)}
    return certificate(address="192.0.2.1", key="RSA", **dates, **changes)


def served(*shown: dict[str, Any], **absent: str) -> ServedCertificate:
    stored = record(certificates={"www.example.com": {"shown": list(shown), "absent": absent}})
    return probe_facts(stored).of(ServedCertificate)[0]


GOOD = lasting(30, 60)
SILENT = {"address": "192.0.2.2", "key": "ECDSA", "failed": "nothing was answered in time", "kind": "silent"}


@pytest.mark.parametrize(
    ("bad", "field", "expected"),
    [
        (lasting(30, 60, names=["other.example"]), "covered", False),
        (
            lasting(30, 60, vouched="self-signed certificate"),
            "mistrusted",
            "self-signed certificate at 192.0.2.1 for RSA",
        ),
        (lasting(90, -1), "in_date", False),
    ],
)
def test_one_that_is_bad_decides(bad: dict[str, Any], field: str, expected: object) -> None:
    assert getattr(served(GOOD, bad), field) == expected
    assert getattr(served(SILENT, bad, GOOD), field) == expected
    assert getattr(served(GOOD), field) != expected


@pytest.mark.parametrize("field", ["covered", "mistrusted", "in_date"])
def test_one_that_was_not_seen_leaves_it_open(field: str) -> None:
    with pytest.raises(Undetermined) as caught:
        getattr(served(GOOD, SILENT), field)
    assert "at 192.0.2.2 for ECDSA: nothing was answered in time" in caught.value.conclusion.reason
    assert served(GOOD, SILENT).unseen


@pytest.mark.parametrize(
    ("begun", "left", "ending"),
    [
        (4, 2, False),
        (4.1, 1.9, True),
        (31.3, 15.7, False),
        (32, 15, True),
        (60, 30, False),
        (338, 60, True),
        (0, 6, False),
    ],
)
def test_how_long_one_must_last_goes_by_how_long_it_is_issued_for(begun: float, left: float, ending: bool) -> None:
    assert bool(served(GOOD, lasting(begun, left)).ending) is ending


def test_where_nobody_listens_nobody_is_shown_a_certificate() -> None:
    found = served(GOOD, **{"2001:db8::1": "Network is unreachable"})
    assert (found.covered, found.unseen) == (True, "")
    assert found.seen == "RSA at 1 address; none at 2001:db8::1: Network is unreachable"


def test_the_browser_is_told_to_trust_only_what_it_would_trust_of_its_own() -> None:
    shown = [
        GOOD | {"pin": "good"},
        GOOD | {"pin": "good"},
        lasting(30, 60, vouched="self-signed certificate", pin="untrusted"),
        lasting(90, -1, pin="late"),
        lasting(30, 60, names=["other.example"], pin="strange"),
        SILENT,
    ]
    assert list_pins({"shown": shown}, "www.example.com", AT) == ("good",)
    assert list_pins({"failed": "refused"}, "www.example.com", AT) == ()
