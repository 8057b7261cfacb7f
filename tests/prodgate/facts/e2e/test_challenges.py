"""Answers of what is in front of a site are told apart from the site's."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts.e2e.caching import PrivatePage, PublicPage
from prodgate.facts.e2e.cookies import Cookie
from prodgate.facts.e2e.endpoints import HealthEndpoint, MissingPage
from prodgate.facts.e2e.firewall import AttackAnswered
from prodgate.facts.e2e.headers import ContentPolicy, SecurityHeaders
from prodgate.facts.e2e.probes import probe_facts
from prodgate.facts.e2e.redirects import Redirects
from prodgate.findings import Undetermined

from .probe_records import answered, page, record

BARE = {
    "strict_transport_security": "",
    "x_content_type_options": "",
    "x_frame_options": "",
    "content_security_policy": "",
}
CHALLENGES = [
    answered(status=403, cf_mitigated="challenge", **BARE),
    answered(status=202, x_amzn_waf_action="challenge", **BARE),
    answered(status=405, x_amzn_waf_action="captcha", **BARE),
    answered(status=429, **BARE),
]


def reason_of(fact: Any, name: str) -> str:
    with pytest.raises(Undetermined) as caught:
        getattr(fact, name)
    return caught.value.conclusion.reason


@pytest.mark.parametrize("challenge", CHALLENGES)
def test_a_challenge_says_nothing_of_the_page(challenge: dict[str, Any]) -> None:
    for kind in ("public", "private"):
        facts = probe_facts(record(page(challenge, kind=kind), missing=challenge, health=challenge))
        judged: list[tuple[type[Any], str]] = [
            (SecurityHeaders, "nosniff"),
            (ContentPolicy, "stated"),
            (Redirects, "flaw"),
            (HealthEndpoint, "status"),
            (MissingPage, "status"),
            (PublicPage, "hit") if kind == "public" else (PrivatePage, "keepable"),
        ]
        for fact, name in judged:
            assert "in front of the site" in reason_of(facts.of(fact)[0], name)


@pytest.mark.parametrize("status", [403, 503])
def test_what_only_a_refusal_lacks_may_be_there_on_the_page(status: int) -> None:
    lacking = probe_facts(record(page(answered(status=status, **BARE)))).of(SecurityHeaders)[0]
    assert "let the gate in" in reason_of(lacking, "nosniff")
    led = answered(status=302, leads_to="https://www.example.com/a", **BARE)
    assert not probe_facts(record(page(led, answered("/a", status=status, **BARE)))).of(SecurityHeaders)[0].nosniff
    sound = probe_facts(record(page(answered(status=status)))).of(SecurityHeaders)[0]
    for name in ("nosniff", "hsts_seconds", "frames_banned"):
        assert "let the gate in" in reason_of(sound, name), "what only a refusal has need not be there on the page"


def test_an_attack_that_is_challenged_is_not_let_in() -> None:
    challenged = record(page(attacked={"a script": CHALLENGES[1]}))
    assert probe_facts(challenged).of(AttackAnswered)[0].refused


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x_content_type_options": "nosniff, nosniff"}, True),
        ({"x_content_type_options": "NoSniff"}, True),
        ({"x_content_type_options": "whimsy, nosniff"}, False),
    ],
)
def test_of_a_doubled_nosniff_the_first_counts(headers: dict[str, str], expected: bool) -> None:
    assert probe_facts(record(page(answered(**headers)))).of(SecurityHeaders)[0].nosniff is expected


def test_each_policy_must_let_a_frame_in() -> None:
    two = "frame-ancestors https://a.example, frame-ancestors 'self' https://www.example.com"
    assert probe_facts(record(page(answered(content_security_policy=two)))).of(SecurityHeaders)[0].frames_banned


@pytest.mark.parametrize("status", [401, 403, 404, 410, 500, 503])
def test_what_an_error_has_need_not_be_on_the_page(status: int) -> None:
    facts = probe_facts(record(page(answered(status=status))))
    for name in ("nosniff", "frames_banned", "hsts_seconds"):
        assert str(status) in reason_of(facts.of(SecurityHeaders)[0], name)
    assert str(status) in reason_of(facts.of(ContentPolicy)[0], "stated")
    assert str(status) in facts.unreadable[Cookie]
    assert facts.of(SecurityHeaders)[-1].nosniff, "an address without a page is one"


@pytest.mark.parametrize("status", [404, 500])
def test_what_an_error_lacks_is_missing(status: int) -> None:
    assert not probe_facts(record(page(answered(status=status, **BARE)))).of(SecurityHeaders)[0].nosniff


def test_whom_a_private_page_refuses_sees_all_that_strangers_see() -> None:
    assert probe_facts(record(page(answered(status=401), kind="private"))).of(SecurityHeaders)[0].nosniff


def test_the_name_of_a_firewall_on_each_of_its_answers_is_no_challenge() -> None:
    assert probe_facts(record(page(answered(x_datadome="protected")))).of(SecurityHeaders)[0].nosniff


@pytest.mark.parametrize("marks", [{"status": 403, "x_datadome": "protected"}, {"status": 401, "x_dd_b": "1"}])
def test_the_firewall_refuses_by_its_status_or_by_another_mark(marks: dict[str, Any]) -> None:
    refused = probe_facts(record(page(answered(**marks, **BARE)))).of(SecurityHeaders)[0]
    assert "in front of the site" in reason_of(refused, "nosniff")
