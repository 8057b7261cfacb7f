"""An edge in front of the rehearsal's site: TLS, redirects, headers, a cache and a firewall, on loopback.

It simulates CloudFront and AWS WAF at the site's address, as Terraform declares them: added headers, cache lifetimes,
the treatment of plain HTTP, TLS versions, refused kinds of attack, and the cookies in the cache key. It does not
simulate AWS's network, its certificates, how well its rules distinguish attacks from readers, or which methods, cookies
and headers it passes on: here all of them go through.
"""

import base64
import re
import ssl
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Final
from urllib.parse import unquote_plus, urlsplit

from cryptography.hazmat.primitives import serialization

from ..aws.answers import Unreadable
from ..semantics.aws_settings import MODERN_LISTENER, OLDEST
from ..semantics.unresolved import Unresolved
from ..terraform.resources import Block, Configuration, NoSuchAttribute, Resource
from .certificates import Key, Signer, Validity, load_chain, new_key
from .loopback import Answer, QuietHandler, QuietServer, forward, serving

# ── Settings, from the distribution that Terraform declares

# ── The cookies in the edge's cache key, by the cache policies of a distribution

#: AWS managed cache policies that keep a response for each value of all cookies: those that follow the origin alone.
_ALL: Final = ("83da9c7e-98b4-4e11-a168-04f0df8e2c65", "4cc15a8a-d715-48a4-82b8-cc0b614638fe")
UNSTATED: Final = "unstated"


@dataclass(frozen=True, slots=True)
class KeyCookies:
    """The cookies in the cache key of a response: each other value of one of them has a response of its own."""

    behaviour: str = UNSTATED
    """``none``, ``all``, ``whitelist`` (the names), ``allExcept`` them; ``unstated`` if nobody declares an edge."""
    names: tuple[str, ...] = ()

    def of(self, header: str) -> str:
        """Return the part that a request's cookies add to the cache key."""
        pairs = sorted(pair.strip() for pair in header.split(";") if pair.strip())
        return "".join(f";{pair}" for pair in pairs if self._counts(pair.partition("=")[0]))

    def _counts(self, name: str) -> bool:
        if self.behaviour in (UNSTATED, "none", "all"):
            return self.behaviour == "all"
        return (name in self.names) == (self.behaviour == "whitelist")

    def serves(self, header: str, cache_control: str) -> bool:
        """Whether the response to a request with these cookies may be kept, and served from the cache.

        If nobody declares an edge, clients with a cookie share only responses that the site calls public.
        """
        said = cache_control.lower()
        return self.behaviour != UNSTATED or not header or "public" in said or "s-maxage" in said


def read_key_cookies(block: Block, policy: Resource | None) -> KeyCookies:
    """Read a behaviour's declaration: through its own policy, AWS's, or the older forwarded_values."""
    if policy is not None:
        key = policy.block("parameters_in_cache_key_and_forwarded_to_origin")
        found = key.block("cookies_config") if key else None
        named = found.block("cookies") if found else None
        return KeyCookies(_text(found, "cookie_behavior"), named.texts("items") if named else ())
    if id_ := block.text("cache_policy_id"):
        return KeyCookies("all" if id_ in _ALL else "none")
    forwarded = block.block("forwarded_values")
    found = forwarded.block("cookies") if forwarded else None
    return KeyCookies(_text(found, "forward"), found.texts("whitelisted_names") if found else ())


def _text(block: Block | None, name: str) -> str:
    return (block.text(name) if block else None) or "none"


#: Kinds of attack that AWS's managed groups refuse, as far as the probes send any.
GROUPS: Final = {
    "AWSManagedRulesSQLiRuleSet": ("an SQL injection",),
    "AWSManagedRulesCommonRuleSet": ("a directory traversal", "a script"),
}
#: Resource types that listen in front of a site without a distribution.
_LISTENERS: Final = ("aws_lb_listener", "aws_alb_listener")
#: Headers of the AWS managed policies that hold the security headers.
_OWN_HEADERS: Final = (
    ("Strict-Transport-Security", "max-age=31536000", False),
    ("X-Content-Type-Options", "nosniff", True),
    ("X-Frame-Options", "SAMEORIGIN", False),
)
_AWS_HEADERS: Final = frozenset(
    {
        "67f7725c-6f97-4210-82d7-5512b31e9d03",
        "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
        "e61eb60c-9c35-4d20-a928-2b84e02af89c",
    }
)
#: AWS managed cache policies: CachingOptimized twice, CachingDisabled, and those that follow the origin alone.
_AWS_TTL: Final = {
    "658327ea-f89d-4fab-a63d-7e88639e58f6": (1, 86400, 31536000),
    "b2884449-e4de-46a7-ac36-70bc7f1ddd6d": (1, 86400, 31536000),
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad": (0, 0, 0),
    "83da9c7e-98b4-4e11-a168-04f0df8e2c65": (0, 0, 31536000),
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe": (0, 0, 31536000),
}


#: Default TTLs if a cache policy states none, in seconds.
_DEFAULTS: Final = {"min": 0, "default": 86400, "max": 31536000}
#: Optional directives of Strict-Transport-Security, by argument.
_HSTS: Final = {"include_subdomains": "includeSubDomains", "preload": "preload"}
#: Block -> the header that it states, and the argument with its value.
_TEXTS: Final = {
    "content_security_policy": ("Content-Security-Policy", "content_security_policy"),
    "frame_options": ("X-Frame-Options", "frame_option"),
    "referrer_policy": ("Referrer-Policy", "referrer_policy"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """The behaviour for requests to some paths."""

    paths: str = "*"
    plain: str = "redirect-to-https"
    """The handling of plain HTTP: also ``https-only`` (refused) and ``allow-all``."""
    ttl: tuple[int, int, int] = (0, 60, 86400)
    """Seconds that a response is kept: minimum, default if it states nothing, maximum."""
    headers: tuple[tuple[str, str, bool], ...] = ()
    """Name and value of each added header, and whether the origin's is replaced."""
    removed: tuple[str, ...] = ()
    cookies: KeyCookies = field(default_factory=KeyCookies)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSettings:
    """All settings of the edge."""

    behaviours: tuple[Behaviour, ...] = (Behaviour(),)
    """The first one with a matching path decides."""
    minimum_tls: str = "TLSv1.2"
    refuses: tuple[str, ...] = ()
    """Kinds of attack that the firewall refuses; ``any query`` is a rule that also hits readers."""


def read_edge_settings(configuration: Configuration) -> EdgeSettings:
    """Read the settings of the only distribution of a Terraform root or, without one, of its load balancers.

    Raises Unreadable if they can't be simulated.
    """
    found = configuration.of("aws_cloudfront_distribution")
    if len(found) > 1:
        raise Unreadable(f"{configuration.root} declares {len(found)} distributions; the rehearsal has one edge")
    try:
        return _read(found[0]) if found else _read_listeners(configuration)
    except (Unresolved, NoSuchAttribute) as error:
        raise Unreadable(f"the edge can't be rehearsed: {error}") from error


def _read(distribution: Resource) -> EdgeSettings:
    own, default = distribution.blocks("ordered_cache_behavior"), distribution.blocks("default_cache_behavior")
    shown = distribution.block("viewer_certificate")
    bare = shown is None or shown.flag("cloudfront_default_certificate")
    return EdgeSettings(
        behaviours=tuple(_behaviour(each, distribution) for each in (*own, *default)),
        # CloudFront's own certificate accepts every TLS version
        minimum_tls="TLSv1" if bare or shown is None else shown.text("minimum_protocol_version", "TLSv1") or "TLSv1",
        refuses=tuple(dict.fromkeys(_list_refused_attacks(distribution))),
    )


def _read_listeners(configuration: Configuration) -> EdgeSettings:
    """Read how load balancers treat a site: no cache, no added headers, plain HTTP as their listeners declare.

    Without a listener for plain HTTP, it is refused.
    """
    listeners = [one for type_ in _LISTENERS for one in configuration.of(type_)]
    plain = [one for one in listeners if one.text("protocol", "HTTP") == "HTTP"]
    modern = all(
        MODERN_LISTENER.match(one.text("ssl_policy", OLDEST) or OLDEST)
        for one in listeners
        if one.text("protocol", "HTTP") == "HTTPS"
    )
    redirected = all(action.text("type") == "redirect" for one in plain for action in one.blocks("default_action"))
    way = ("redirect-to-https" if redirected else "allow-all") if plain else "https-only"
    return EdgeSettings(behaviours=(Behaviour(plain=way, ttl=(0, 0, 0)),), minimum_tls="TLSv1.2" if modern else "TLSv1")


def _behaviour(block: Block, distribution: Resource) -> Behaviour:
    headers, removed = _headers(block, distribution)
    return Behaviour(
        paths="*" if block.path == "default_cache_behavior" else block.text("path_pattern") or "*",
        plain=block.text("viewer_protocol_policy") or "allow-all",
        ttl=_ttl(block, distribution),
        headers=headers,
        removed=removed,
        cookies=read_key_cookies(block, _cache_policy(block, distribution)),
    )


def _ttl(block: Block, distribution: Resource) -> tuple[int, int, int]:
    policy = _cache_policy(block, distribution)
    if policy is None:  # the older forwarded_values have TTLs of their own, which a rehearsal ignores
        return _AWS_TTL.get(block.text("cache_policy_id") or "", (0, 86400, 31536000))
    least, default, most = (int(policy.number(f"{name}_ttl", day)) for name, day in _DEFAULTS.items())
    return least, default, most


def _cache_policy(block: Block, distribution: Resource) -> Resource | None:
    """Return the team's own cache policy that a behaviour names. Raises Unresolved if it is not declared here."""
    id_ = block.text("cache_policy_id") or ""
    return _policy(block, distribution, "aws_cloudfront_cache_policy", id_) if id_ and id_ not in _AWS_TTL else None


def _policy(block: Block, distribution: Resource, type_: str, id_: str) -> Resource:
    """Return a policy by its id. Raises Unresolved if it is not declared here."""
    if not (found := [one for one in distribution.configuration.of(type_) if id_ in one.identities]):
        raise Unresolved(f"{distribution.address}.{block.path}", f"names a {type_} that is declared elsewhere")
    return found[0]


def _headers(block: Block, distribution: Resource) -> tuple[tuple[tuple[str, str, bool], ...], tuple[str, ...]]:
    """Return the headers that a behaviour adds, and the names of those that it removes."""
    id_ = block.text("response_headers_policy_id") or ""
    if not id_ or id_ in _AWS_HEADERS:
        return (_OWN_HEADERS if id_ else ()), ()
    policy = _policy(block, distribution, "aws_cloudfront_response_headers_policy", id_)
    security = policy.block("security_headers_config")
    custom = [item for each in policy.blocks("custom_headers_config") for item in each.blocks("items")]
    gone = [item for each in policy.blocks("remove_headers_config") for item in each.blocks("items")]
    added = [(one.text("header") or "", one.text("value") or "", one.flag("override")) for one in custom]
    return (*(_security(security) if security else ()), *added), tuple(one.text("header") or "" for one in gone)


def _security(block: Block) -> Iterator[tuple[str, str, bool]]:
    for one in block.blocks("strict_transport_security"):
        more = [text for name, text in _HSTS.items() if one.flag(name)]
        age = f"max-age={one.number('access_control_max_age_sec')}"
        yield "Strict-Transport-Security", "; ".join([age, *more]), one.flag("override")
    for one in block.blocks("content_type_options"):
        yield "X-Content-Type-Options", "nosniff", one.flag("override")
    for kind, (header, name) in _TEXTS.items():
        yield from ((header, one.text(name) or "", one.flag("override")) for one in block.blocks(kind))


def _list_refused_attacks(distribution: Resource) -> Iterator[str]:
    """Yield the kinds of attack that managed groups in force refuse."""
    for acl in distribution.related("web_acl_id", "aws_wafv2_web_acl") if distribution.has("web_acl_id") else ():
        for rule in acl.blocks("rule"):
            if not any("count" in one.values and one.blocks("count") for one in rule.blocks("override_action")):
                for statement in rule.blocks("statement"):
                    for group in statement.blocks("managed_rule_group_statement"):
                        yield from GROUPS.get(group.text("name") or "", ())


# ── The cache of the edge: keeps public responses, as long as CloudFront would

_SECONDS: Final = re.compile(r"\b(s-maxage|max-age)\s*=\s*(\d+)")
#: The size limit of a cached response, in bytes; a rehearsal's pages are far smaller.
_LARGEST: Final = 1 << 20


@dataclass(slots=True)
class Cache:
    """Responses by address, each with its time of arrival and of expiry."""

    kept: dict[str, tuple[float, float, Answer]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def get(self, key: str) -> tuple[Answer, int] | None:
        """Return a response that is still fresh, and its age in seconds."""
        with self._lock:
            came, until, answer = self.kept.get(key, (0.0, 0.0, None))
        now = monotonic()
        return (answer, int(now - came)) if answer is not None and now < until else None

    def keep(self, key: str, answer: Answer, behaviour: Behaviour, *, whatever: bool = False) -> None:
        """Keep a response as long as it may be kept; ``whatever`` its headers state, if a proof requires it."""
        seconds = lifetime(answer, behaviour) or (60 if whatever and answer.status == 200 else 0)
        if seconds > 0 and len(answer.body) <= _LARGEST:
            now = monotonic()
            with self._lock:
                self.kept[key] = (now, now + seconds, answer)


def lifetime(answer: Answer, behaviour: Behaviour) -> int:
    """Return the seconds that a response may be kept for everybody, as it states, within the behaviour's limits."""
    least, default, most = behaviour.ttl
    said = answer.header("cache-control").lower()
    if answer.status != 200 or answer.header("set-cookie"):
        return 0
    if re.search(r"\b(no-store|no-cache|private)\b", said):
        return least
    stated = {name: int(number) for name, number in _SECONDS.findall(said)}
    return min(max(stated.get("s-maxage", stated.get("max-age", default)), least), most)


# ── The certificate of the edge: signed by an authority whose file clients can trust, or by itself

#: If Terraform states ``TLSv1.2_2021``, the version before the underscore is the oldest accepted one.
_VERSIONS: Final = {
    "SSLv3": ssl.TLSVersion.TLSv1,
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
_VALID: Final = Validity(begins=timedelta(days=-1), ends=timedelta(days=90))


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateOptions:
    """The options for issuing a certificate."""

    name: str = "localhost"
    begins: timedelta = _VALID.begins
    """From now."""
    ends: timedelta = _VALID.ends
    trusted: bool = True
    """Whether the authority signs it, rather than it itself."""


@dataclass(frozen=True, slots=True)
class IssuedCertificate:
    """The files for serving a certificate."""

    context: ssl.SSLContext
    authority: Path
    """File with the authority to trust, in PEM."""
    pin: str
    """Base64 of the SHA-256 of the public key, by which a browser can be made to trust it."""


def issue_certificate(scratch: Path, issue: CertificateOptions, minimum_tls: str) -> IssuedCertificate:
    """Issue a certificate, and write that of the authority to a folder."""
    authority, key, file = Signer("prod-gate rehearsal edge"), new_key(), scratch / "authority.pem"
    file.write_bytes(authority.certificate(_VALID))
    signer = authority if issue.trusted else Signer(issue.name, key)
    chain = signer.chain(issue.name, key, Validity(begins=issue.begins, ends=issue.ends))
    return IssuedCertificate(load_chain(_context(minimum_tls), chain), file, _pin(key))


def _pin(key: Key) -> str:
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(sha256(key.public_key().public_bytes(*form)).digest()).decode()


def _context(minimum_tls: str) -> ssl.SSLContext:
    context, version = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), _VERSIONS[minimum_tls.partition("_")[0]]
    if version < ssl.TLSVersion.TLSv1_2:
        context.set_ciphers("ALL:@SECLEVEL=0")  # otherwise the library accepts no old version, whatever its options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # some declare old versions
        context.minimum_version = version
    return context


# ── The firewall of the edge: refuses the attacks that the probes send, as AWS's managed rules would

_PATTERNS: Final = {
    "an SQL injection": re.compile(r"('|\")\s*+(or|and)\s[^\n]{0,200}=|\bunion\s+(all\s+)?select\b", re.IGNORECASE),
    "a directory traversal": re.compile(r"\.\./\.\./|/etc/passwd"),
    "any query": re.compile("."),
    "a script": re.compile(r"<\s*script\b|javascript:|\bon\w+\s*=", re.IGNORECASE),
}


def is_refused(target: str, kinds: Iterable[str]) -> bool:
    """Whether rules against these kinds of attack refuse a request with this target."""
    query = unquote_plus(urlsplit(target).query)
    return any(bool(_PATTERNS[kind].search(query)) for kind in kinds)


#: Seconds that the site may take for a response, and a client for its request.
_LIMIT: Final = 60.0


@dataclass(frozen=True, slots=True)
class Edge:
    """A running edge."""

    url: str
    plain_url: str
    ca_file: Path
    """The authority to trust, in PEM."""
    pin: str
    """The pin that makes Chromium trust it: ``--ignore-certificate-errors-spki-list=<pin>``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeFaults:
    """Faults that a test gives the edge, beyond its settings."""

    issue: CertificateOptions = field(default_factory=CertificateOptions)
    loops: str = ""
    """A path that redirects to itself."""
    leads_to: str = ""
    """The target of a redirect from plain HTTP, instead of this edge."""
    keeps: str = ""
    """A path whose responses are all kept, whatever they state."""


#: An edge that does nothing wrong.
_NO_FAULTS: Final = EdgeFaults()


@dataclass(frozen=True, slots=True)
class EdgeState:
    """The state behind every answer."""

    origin: str
    settings: EdgeSettings
    wrongs: EdgeFaults
    cache: Cache = field(default_factory=Cache)

    def behaviour(self, path: str) -> Behaviour:
        """Return how a path is handled."""
        return next(one for one in self.settings.behaviours if fnmatchcase(path, one.paths))


@contextmanager
def edge(origin: str, scratch: Path, settings: EdgeSettings, wrongs: EdgeFaults = _NO_FAULTS) -> Iterator[Edge]:
    """Run an edge in front of a site while the context is open, on two free ports of the loopback interface."""
    shown = issue_certificate(scratch, wrongs.issue, settings.minimum_tls)
    inside = EdgeState(urlsplit(origin).netloc, settings, wrongs)
    secure, plain = _Server(inside, shown), _Server(inside, None)
    plain.secure_port = secure.server_port
    with serving("rehearsal edge", secure, plain):
        places = (f"https://localhost:{secure.server_port}", f"http://localhost:{plain.server_port}")
        yield Edge(*places, shown.authority, shown.pin)


class _Server(QuietServer):
    request_queue_size = 128

    def __init__(self, inside: EdgeState, shown: IssuedCertificate | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.inside, self.shown, self.secure_port = inside, shown, 0


class _Handler(QuietHandler):
    timeout = _LIMIT
    server: _Server

    def setup(self) -> None:
        """Shake hands in the thread of the connection, so that a slow one holds up nobody."""
        self.request.settimeout(_LIMIT)
        if self.server.shown:
            self.request = self.server.shown.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        """Close the encrypted connection too: the server knows only the plain one it was made of."""
        with suppress(OSError):
            super().finish()
        self.connection.close()

    def _answer(self) -> None:
        inside, path = self.server.inside, urlsplit(self.path).path
        behaviour = inside.behaviour(path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.server.shown is None and behaviour.plain != "allow-all":
            self._answer_plain_http(behaviour)
        elif is_refused(self.path, inside.settings.refuses):
            self._send(Answer(403, (("Content-Type", "text/html"),), b"Request blocked."), "Error from edge")
        elif path == inside.wrongs.loops:
            self._send(_redirect(302, self.path), "Miss from edge", behaviour)
        else:
            self._answer_from_origin(behaviour, body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _answer

    def _answer_plain_http(self, behaviour: Behaviour) -> None:
        if behaviour.plain != "redirect-to-https":
            self._send(Answer(403, (), b""), "Error from edge")
            return
        host = (self.headers.get("Host") or "localhost").partition(":")[0]
        place = self.server.inside.wrongs.leads_to or f"https://{host}:{self.server.secure_port}"
        self._send(_redirect(301, place + self.path), "Redirect from edge")

    def _answer_from_origin(self, behaviour: Behaviour, body: bytes) -> None:
        """Answer from the cache, or from the site, keeping the response if it may be kept."""
        cache, always = self.server.inside.cache, self.server.inside.wrongs.keeps
        sent, cookies = self.headers.get("Cookie") or "", behaviour.cookies
        shared, key = self.command == "GET", self.path + cookies.of(sent)
        kept = cache.get(key) if shared else None
        if kept and cookies.serves(sent, kept[0].header("cache-control")):
            answer, age = kept
            self._send(answer, "Hit from edge", behaviour, age=age)
            return
        try:
            answer = self._fetch(body)
        except (HTTPException, OSError) as error:
            self._send(Answer(502, (), f"the site did not answer: {error}".encode()), "Error from edge", behaviour)
            return
        if shared and cookies.serves(sent, answer.header("cache-control")):
            cache.keep(key, answer, behaviour, whatever=urlsplit(self.path).path == always)
        self._send(answer, "Miss from edge", behaviour)

    def _fetch(self, body: bytes) -> Answer:
        scheme, client = "https" if self.server.shown else "http", self.client_address[0]
        more = (("X-Forwarded-For", client), ("X-Forwarded-Proto", scheme))
        return forward(self, self.server.inside.origin, body, _LIMIT, *more)

    def _send(self, answer: Answer, cache: str, behaviour: Behaviour | None = None, age: int | None = None) -> None:
        self.send_response_only(answer.status)
        for name, value in _apply_header_policy(answer, behaviour):
            self.send_header(name, value)
        self.send_header("X-Cache", cache)
        if age is not None:
            self.send_header("Age", str(age))
        if answer.status not in (204, 304):  # they have no body, and their headers describe another response's
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)


def _redirect(status: int, where: str) -> Answer:
    return Answer(status, (("Location", where),), b"")


def _apply_header_policy(answer: Answer, behaviour: Behaviour | None) -> Iterator[tuple[str, str]]:
    """Yield the headers of a response with those of the policy: an overriding one replaces the site's."""
    added = behaviour.headers if behaviour else ()
    own = {name.lower() for name, _ in answer.headers}
    gone = {name.lower() for name, _, override in added if override}
    gone |= {name.lower() for name in behaviour.removed} if behaviour else set()
    yield from ((name, value) for name, value in answer.headers if name.lower() not in gone)
    yield from ((name, value) for name, value, override in added if override or name.lower() not in own)
