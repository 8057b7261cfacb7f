"""What readers are answered who have signed in is judged as what anybody is, and private pages above all."""

from __future__ import annotations

from typing import Any

import pytest

from prodgate.facts import Facts
from prodgate.facts.e2e.caching import PrivatePage
from prodgate.facts.e2e.headers import ContentPolicy, SecurityHeaders
from prodgate.facts.e2e.nonces import KEPT, REPEATED
from prodgate.findings import Undetermined
from prodgate.layers.e2e.kinds import JOURNEYS, PROBES, facts_of

from .probe_records import BASE, answered, page, record

AWAY = page(
    answered("/mine", status=303, leads_to=f"{BASE}/sign-in", cache_control="no-store"),
    answered("/sign-in", cache_control="no-store"),
    kind="private",
)


def met(path: str = "/mine", sent: tuple[str, ...] = ("session",), **headers: str) -> dict[str, Any]:
    return {**answered(path, **{"cache_control": "private, no-store", **headers}), "sent": list(sent)}


def judged(*answers: dict[str, Any], probed: dict[str, Any] = AWAY) -> Facts:
    journey = {
        "id": "a.py::test_a", "name": "A.", "file": "a.py", "line": 1, "mutates": True, "outcome": "passed", "again": "",
        "why": "", "refused": [], "cookies": [], "evidence": [], "answers": list(answers),
    }  # fmt: skip
    journeys = {"format": 1, "browser": None, "journeys": [journey], "broken": []}
    return facts_of([(PROBES, record(probed)), (JOURNEYS, journeys)], {})


def undetermined(one: PrivatePage) -> str:
    with pytest.raises(Undetermined) as caught:
        _ = one.keepable
    return caught.value.conclusion.reason


def test_a_private_page_that_is_kept_for_everybody_is_found_by_whoever_signed_in() -> None:
    out, signed_in = judged(met(cache_control="public, s-maxage=60")).of(PrivatePage)
    assert (out.keepable, signed_in.keepable) == ((), ("Cache-Control: public, s-maxage=60",))
    assert signed_in.subject == f"/mine of {BASE}, signed in"
    assert judged(met()).of(PrivatePage)[1].keepable == ()


@pytest.mark.parametrize(
    "answers", [(), (met(sent=()),), (met(sent=("AWSALB", "__cf_bm")),), (met("/other"),), (met() | {"status": 403},)]
)
def test_a_page_that_nobody_was_seen_at_who_had_signed_in_is_open(answers: tuple[dict[str, Any], ...]) -> None:
    out, signed_in = judged(*answers).of(PrivatePage)
    assert out.keepable == ()
    assert "write a journey" in undetermined(signed_in)


def test_a_page_that_is_served_to_anybody_needs_nobody_to_sign_in() -> None:
    anybody = page(answered("/mine", cache_control="no-store"), kind="private")
    assert len(judged(probed=anybody).of(PrivatePage)) == 1


def test_a_sign_in_in_the_place_of_a_page_is_not_the_page() -> None:
    wall = page(answered("/mine", cache_control="no-store") | {"asks": True}, kind="private")
    assert "write a journey" in undetermined(judged(probed=wall).of(PrivatePage)[1])
    assert judged(met(), probed=wall).of(PrivatePage)[1].keepable == ()


@pytest.mark.parametrize("path", ["/sign-in", "/account/login.php", "/join", "/users/sign_up", "/reset-password/new"])
def test_a_page_for_who_has_not_signed_in_asks_for_a_password_as_it_should(path: str) -> None:
    there = page(answered(path, cache_control="no-store") | {"asks": True}, kind="private")
    assert len(judged(probed=there).of(PrivatePage)) == 1


def test_headers_and_policies_of_journeys_count() -> None:
    found = judged(met(), met(x_content_type_options="", content_security_policy="script-src 'unsafe-inline'"))
    (headers,) = (one for one in found.of(SecurityHeaders) if "on a journey" in one.subject)
    (policy,) = (one for one in found.of(ContentPolicy) if "on a journey" in one.subject)
    assert (headers.subject, headers.nosniff) == (f"/mine of {BASE} on a journey", False)
    assert (policy.stated, policy.dangers) == (True, ("inline scripts",))


@pytest.mark.parametrize(
    ("nonces", "headers", "dangers"),
    [("01", {}, ()), ("00", {}, (REPEATED,)), ("01", {"cache_control": "public, max-age=9"}, (KEPT,))],
)
def test_nonces_of_journeys_are_compared(nonces: str, headers: dict[str, str], dangers: tuple[str, ...]) -> None:
    answers = [
        met(f"/{number}", content_security_policy=f"script-src 'nonce-{nonce}'; base-uri 'none'", **headers)
        for number, nonce in enumerate(nonces)
    ]
    found = [one.dangers for one in judged(*answers).of(ContentPolicy) if "on a journey" in one.subject]
    assert found == [dangers, dangers]
