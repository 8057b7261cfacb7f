"""Readers: joining, signing in, following a team."""

import re

import pytest

from prodgate.rehearsal.site.content.stories import PASSWORD, READER
from prodgate.rehearsal.site.process import Site
from prodgate.rehearsal.site.readers import hash_password, matches
from tests.prodgate.rehearsal.site.client import Answer, ask

pytestmark = pytest.mark.xdist_group("site")
KNOWN = {"email": READER, "password": PASSWORD}


def cookie(answer: Answer) -> str:
    return answer.headers["set-cookie"].partition(";")[0]


def test_a_password_is_kept_as_a_salted_hash() -> None:
    one, other = hash_password("full-court-press"), hash_password("full-court-press")
    assert one != other
    assert "full-court-press" not in one
    assert matches("full-court-press", one)
    assert not matches("full-court-pres", one)


def test_a_reader_joins_follows_another_team_and_signs_out(site: Site) -> None:
    joined = ask(site.url, "/ja/join", form={"email": " New@Example.com", "password": "ten letters", "team": "gsw"})
    assert (joined.status, joined.headers["location"]) == (303, "/ja/my-team")
    mine = ask(site.url, "/ja/my-team", Cookie=cookie(joined))
    assert "<h1>ゴールデンステイト・ウォリアーズ</h1>" in mine.text
    assert "new@example.com" in mine.text
    assert mine.headers["cache-control"] == "private, no-store"
    assert ask(site.url, "/my-team", form={"team": "bos"}, Cookie=cookie(joined)).status == 303
    assert "<h1>Boston Celtics</h1>" in ask(site.url, "/my-team", Cookie=cookie(joined)).text
    assert ask(site.url, "/my-team", form={"team": "xyz"}, Cookie=cookie(joined)).status == 200
    assert cookie(ask(site.url, "/sign-out", form={}, Cookie=cookie(joined))) == 'reader=""'
    again = ask(site.url, "/sign-in", form={"email": "new@example.com", "password": "ten letters"})
    assert "Boston" in ask(site.url, "/my-team", Cookie=cookie(again)).text


@pytest.mark.parametrize(("scheme", "secure"), [("http", False), ("https", True)])
def test_the_session_cookie_is_for_this_site_alone(site: Site, scheme: str, secure: bool) -> None:
    answer = ask(site.url, "/sign-in", form=KNOWN, X_Forwarded_Proto=scheme)
    said = answer.headers["set-cookie"]
    assert "HttpOnly" in said
    assert "SameSite=lax" in said
    assert ("Secure" in said) == secure
    assert answer.headers["cache-control"] == "private, no-store"


@pytest.mark.parametrize("cookie", ["", "reader=", "reader=1", "reader=MQ.aaaa.bbbb"])
def test_nobody_gets_in_with_a_session_of_their_own_making(site: Site, cookie: str) -> None:
    answer = ask(site.url, "/my-team", Cookie=cookie)
    assert (answer.status, answer.headers["location"]) == (303, "/sign-in")


def test_a_changed_session_is_none(site: Site) -> None:
    good = cookie(ask(site.url, "/sign-in", form=KNOWN))
    assert ask(site.url, "/my-team", Cookie=good).status == 200
    assert ask(site.url, "/my-team", Cookie=good[:-2] + ("aa" if good[-2:] != "aa" else "bb")).status == 303


@pytest.mark.parametrize(
    ("path", "form", "says"),
    [
        ("/sign-in", {**KNOWN, "password": "three-pointer"}, "belong together"),
        ("/sign-in", {**KNOWN, "email": "nobody@example.com"}, "belong together"),
        ("/sign-in", {}, "belong together"),
        ("/join", {**KNOWN, "team": "lal"}, "joined already"),
        ("/join", {"email": "reader", "password": PASSWORD, "team": "lal"}, "Write an email address"),
        ("/join", {"email": "a@example.com", "password": "short", "team": "lal"}, "ten characters"),
        ("/join", {"email": "a@example.com", "password": PASSWORD, "team": "xyz"}, "one of the teams"),
    ],
)
def test_a_form_that_is_wrong_comes_back_with_what_is(site: Site, path: str, form: dict[str, str], says: str) -> None:
    answer = ask(site.url, path, form=form)
    assert answer.status == 422
    assert "set-cookie" not in answer.headers
    alert = re.search(r'role="alert"[^>]*>([^<]+)', answer.text)
    assert alert
    assert says in alert[1].replace("&#39;", "'")
    assert form.get("password", "none") not in answer.text


def test_forms_of_other_sites_are_refused(site: Site) -> None:
    host = site.url.removeprefix("http://")
    assert ask(site.url, "/sign-in", form=KNOWN, Origin="http://evil.example").status == 403
    assert ask(site.url, "/sign-in", form=KNOWN, Origin="null").status == 403
    assert ask(site.url, "/sign-in", form=KNOWN, Origin=f"http://{host}").status == 303
    assert ask(site.url, "/sign-out", form={}, Origin="http://evil.example").status == 403
    assert ask(site.url, "/sign-in", form=KNOWN | {"password": "x" * 5000}).status == 413
