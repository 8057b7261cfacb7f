"""Do responses instruct the browser to protect the reader?"""

from prodgate import Criterion, check
from prodgate.facts.e2e import ContentPolicy, Cookie, SecurityHeaders

A_YEAR = 31536000
BALANCER, DOUBLE_SUBMIT = "of a load balancer or an edge", "a token for scripts to send back"
OWN_REQUESTS = ("lax", "strict")


@check("cdn-security-headers", remedy="Add all three to the distribution's response headers policy, for every path.")
def test_answers_carry_security_headers(headers: SecurityHeaders, criterion: Criterion) -> None:
    """Do all responses at this address carry HSTS of a year, nosniff and a ban on foreign frames?

    This includes redirects and the "not found" page.
    """
    age = headers.hsts_seconds
    criterion.hold(age >= A_YEAR, expected="Strict-Transport-Security of a year", observed=f"max-age of {age} s")
    criterion.hold(headers.nosniff, expected="X-Content-Type-Options: nosniff", observed="an answer without it")
    criterion.hold(headers.frames_banned, expected="a ban on foreign frames", observed="an answer without one")


@check(
    "content-security-policy",
    remedy="State script-src and base-uri 'self'; name inline scripts by hash, or by a nonce that is new each time.",
)
def test_pages_say_which_scripts_may_run(policy: ContentPolicy, criterion: Criterion) -> None:
    """Does this page restrict which scripts may run, and exclude those of strangers?

    A page that shared caches keep names its inline scripts by hash: a cached nonce is the same for everybody.
    """
    criterion.hold(policy.stated, expected="a Content-Security-Policy", observed="none in the headers")
    criterion.hold(not policy.dangers, expected="named scripts only", observed=f"allows {', '.join(policy.dangers)}")


@check("cookies-protected", remedy="Set it with Secure, HttpOnly and SameSite=Lax or Strict.", population=0)
def test_cookies_are_protected(cookie: Cookie, criterion: Criterion) -> None:
    """Is this cookie sent over TLS only, out of reach of scripts, and not along with other sites' requests?

    A CSRF token that scripts send back must stay readable for them. A load balancer sets its own cookie, which
    identifies no reader.
    """
    if cookie.role == BALANCER:
        raise criterion.not_applicable("set by the load balancer or the edge, whose attributes nobody chooses")
    criterion.hold(cookie.secure, expected="Secure", observed="without Secure")
    criterion.hold(cookie.http_only or cookie.role == DOUBLE_SUBMIT, expected="HttpOnly", observed="without HttpOnly")
    criterion.hold(
        cookie.same_site in OWN_REQUESTS, expected="SameSite=Lax or Strict", observed=f"SameSite {cookie.same_site}"
    )
