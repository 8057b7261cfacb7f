"""The site from its users' side, with a browser and without one."""

from .caching import PrivatePage, PublicPage
from .cookies import Cookie
from .headers import ContentPolicy, SecurityHeaders
from .journeys import Journey
from .pages import KeyboardWalk, PageLinks, ServedBuild, VisitedPage
from .probes import (
    AttackAnswered,
    HealthEndpoint,
    MissingPage,
    OrdinaryAnswered,
    PlainHttp,
    Redirects,
    ServedCertificate,
    ServedTls,
)

__all__ = [
    "AttackAnswered", "ContentPolicy", "Cookie", "HealthEndpoint", "Journey", "KeyboardWalk", "MissingPage",
    "OrdinaryAnswered", "PageLinks", "PlainHttp", "PrivatePage", "PublicPage", "Redirects", "SecurityHeaders",
    "ServedBuild", "ServedCertificate", "ServedTls", "VisitedPage",
]  # fmt: skip
