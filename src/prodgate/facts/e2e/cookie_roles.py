"""Cookies that aren't the site's to protect, and those that its scripts must read, by the names that products give.

Sources: AWS, "Sticky sessions for your Application Load Balancer" and "… Classic Load Balancer", "AWS WAF token use";
Cloudflare, "Cloudflare cookies"; Microsoft, "ARRAffinity"; Google Cloud, "Session affinity"; Heroku, "Session
affinity"; Akamai, "Bot Manager cookies"; Imperva, "Cookies"; DataDome, "Cookie policy"; F5, K6917. Where scripts must
send a token back: Angular, "XSRF/CSRF security", axios, "xsrfCookieName", Laravel, "X-XSRF-TOKEN", Django,
"CSRF_COOKIE_HTTPONLY".
"""

from __future__ import annotations

import re
from typing import Final

#: Set by a load balancer or by what is in front of the site, and by nobody else: it names a target or a browser.
BALANCER: Final = "of a load balancer or an edge"
#: A token that a script of the site reads and sends back in a header, which other sites' scripts can't.
DOUBLE_SUBMIT: Final = "a token for scripts to send back"
#: Any other cookie.
OWN: Final = ""

_BALANCERS: Final = re.compile(
    r"AWSALB(CORS|TG|TGCORS|APP-\d+|AuthNonce)?|AWSELB(CORS)?|aws-waf-token|aws_waf_token_challenge_attempts"
    r"|__cf_bm|__cflb|__cfruid|__cfseq|__cfwaitingroom|_cfuvid|cf_clearance|cf_ob_info|cf_use_ob|__cfduid"
    r"|ARRAffinity(SameSite)?|ApplicationGatewayAffinity(CORS)?|TiPMix|x-ms-routing-name|GCLB|GCILB|heroku-session-affinity"
    r"|_abck|ak_bmsc|bm_sz|bm_sv|bm_mi|bm_so|bm_s|akavpau_.*|akaalb_.*"
    r"|incap_ses_.*|visid_incap_.*|nlbi_.*|reese84|datadome|BIGipServer.*|TS01[0-9a-f]{6}|fly-force-instance-id"
)
_DOUBLE_SUBMITS: Final = re.compile(
    r"(__Host-|__Secure-)?(XSRF-TOKEN|CSRF-TOKEN|csrftoken|csrf_token|csrf-token)", re.IGNORECASE
)


def role_of(name: str) -> str:
    """Return what a cookie of this name is: BALANCER, DOUBLE_SUBMIT or OWN."""
    if _BALANCERS.fullmatch(name):
        return BALANCER
    return DOUBLE_SUBMIT if _DOUBLE_SUBMITS.fullmatch(name) else OWN
