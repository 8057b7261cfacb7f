"""The site as its users meet it, with a browser and without one."""

from .builds import ServedBuild
from .caching import PrivatePage, PublicPage
from .cookies import Cookie
from .endpoints import HealthEndpoint, MissingPage
from .firewall import AttackAnswered, OrdinaryAnswered
from .headers import ContentPolicy, SecurityHeaders
from .journeys import Journey
from .keyboard import KeyboardWalk
from .pages import PageLinks, VisitedPage
from .redirects import PlainHttp, Redirects
from .tls import ServedCertificate, ServedTls

__all__ = [
    "AttackAnswered", "ContentPolicy", "Cookie", "HealthEndpoint", "Journey", "KeyboardWalk", "MissingPage",
    "OrdinaryAnswered", "PageLinks", "PlainHttp", "PrivatePage", "PublicPage", "Redirects", "SecurityHeaders",
    "ServedBuild", "ServedCertificate", "ServedTls", "VisitedPage",
]  # fmt: skip
