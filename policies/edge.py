"""The edge: the distribution, its names and origin, its firewall, and the way around it."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from prodgate import Block, Configuration, Criterion, Resource, Unresolved, policy
from prodgate.semantics.aws_settings import can_escape, is_narrow, list_needed_rule_groups, read_in_order

from .encryption import DISTRIBUTIONS, list_behaviours
from .network import list_holders, list_ingress

DISTRIBUTION = ("aws_cloudfront_distribution",)
#: AWS managed cache policies that cache and don't vary by cookie: CachingOptimized, and the one for uncompressed files.
CACHING = {"658327ea-f89d-4fab-a63d-7e88639e58f6", "b2884449-e4de-46a7-ac36-70bc7f1ddd6d"}
#: AWS managed cache policies that don't cache (CachingDisabled), or vary by every cookie
#: (UseOriginCacheControlHeaders).
NOT_CACHING = {
    "4135ea2d-6df8-44a3-9df3-4b5a84be39ad", "83da9c7e-98b4-4e11-a168-04f0df8e2c65",
    "4cc15a8a-d715-48a4-82b8-cc0b614638fe",
}  # fmt: skip
#: AWS managed response headers policies that hold the security headers.
SECURITY_HEADERS = {
    "67f7725c-6f97-4210-82d7-5512b31e9d03", "eaab4381-ed33-4a86-88ca-d9558dc6cd63",
    "e61eb60c-9c35-4d20-a928-2b84e02af89c",
}  # fmt: skip
A_YEAR = 31536000


@policy(
    "PG_EDGE_1",
    criterion="cdn-price-class",
    resources=DISTRIBUTION,
    required=True,
)
def distributions_reach_their_readers(distribution: Resource, criterion: Criterion) -> None:
    """Distributions use the price class that the requirements state.

    PriceClass_100 has no edge location in Japan: readers there are served across the Pacific. PriceClass_All, the
    default, pays for continents without readers.
    """
    criterion.require(distribution.text("price_class") or "PriceClass_All")


@policy(
    "PG_EDGE_2",
    criterion="cdn-distribution",
    resources=DISTRIBUTION,
    remedy=(
        "Enable the distribution, and give it one origin for the bucket of static files and one for the application."
    ),
    required=True,
)
def distributions_serve_files_and_application(distribution: Resource, criterion: Criterion) -> None:
    """Distributions are enabled, with a bucket for static files and an origin for the application.

    Static files from a bucket survive the loss of every service; the application behind the same name needs no CORS.
    """
    kinds = {"files" if _is_bucket(origin) else "application" for origin in _used_origins(distribution)}
    missing = sorted({"files", "application"} - kinds)
    criterion.exclude(missing, expected="both origins in use", observed="no origin for {}")
    criterion.hold(distribution.flag("enabled"), expected="enabled = true", observed="disabled")


@policy(
    "PG_EDGE_3",
    criterion="cdn-origin-access",
    resources=DISTRIBUTIONS,
    remedy="Set origin_access_control_id on the S3 origin, to a control with signing_behavior always.",
    population=0,
)
def bucket_origins_have_access_control(distribution: Resource, criterion: Criterion) -> None:
    """Every S3 origin is read through an origin access control that signs all requests.

    An origin access identity is the older way, without SSE-KMS. With signing_behavior never, or no-override while the
    viewer sends its own Authorization, CloudFront asks unsigned and the bucket must be open to answer.
    """
    buckets = [origin for origin in distribution.blocks("origin") if _is_bucket(origin)]
    if not buckets:
        raise criterion.not_applicable("has no S3 origin")
    unsigned = [_name_origin(origin) for origin in buckets if not _is_signed(distribution, origin, criterion)]
    criterion.exclude(unsigned, expected="signed by access control", observed="{} unsigned")


@policy(
    "PG_EDGE_4",
    criterion="cdn-origin-access",
    resources=("aws_s3_bucket_policy",),
    remedy="Allow cloudfront.amazonaws.com only with a condition that pins AWS:SourceArn to the distribution.",
    population=0,
)
def bucket_policies_admit_one_distribution(holder: Resource, criterion: Criterion) -> None:
    """A bucket that CloudFront may read admits named distributions only.

    All AWS customers share the principal cloudfront.amazonaws.com: without AWS:SourceArn any AWS customer can put a
    distribution in front of this bucket.
    """
    statements = [
        one
        for one in holder.allow_statements("policy")
        if any(p.name == "cloudfront.amazonaws.com" for p in one.principals)
    ]
    if not statements:
        raise criterion.not_applicable("does not admit CloudFront")
    open_ = [one for one in statements if not one.pinned("aws:sourcearn", "aws:sourceaccount")]
    criterion.hold(not open_, expected="AWS:SourceArn pinned", observed="any distribution of anybody")


@policy(
    "PG_EDGE_5",
    criterion="cdn-caching",
    resources=DISTRIBUTION,
    remedy="Use a cache policy with a default TTL above zero and cookie_behavior none for files and public pages.",
    required=True,
)
def distributions_cache_public_content(distribution: Resource, criterion: Criterion) -> None:
    """The default behaviour and every behaviour for files cache what they serve, whatever the cookies.

    In a surge the cache carries the site; with a session cookie in the cache key every reader is a cache miss.
    """
    files = _list_buckets(distribution)
    default, others = distribution.blocks("default_cache_behavior"), distribution.blocks("ordered_cache_behavior")
    public = [*default, *(one for one in others if one.text("target_origin_id") in files)]
    for behaviour in public:
        name, why = _behaviour_name(behaviour), _why_not_cached(distribution, behaviour, criterion)
        criterion.hold(not why, expected="cached without cookies", observed=f"{name} {why}", aspect=name)


@policy(
    "PG_EDGE_6",
    criterion="cdn-security-headers",
    resources=DISTRIBUTIONS,
    remedy=(
        "Set response_headers_policy_id on every behaviour, to a policy with HSTS of a year, content_type_options "
        "and frame_options."
    ),
    population=0,
)
def distributions_add_security_headers(distribution: Resource, criterion: Criterion) -> None:
    """Every behaviour adds Strict-Transport-Security of a year, nosniff, and a ban on foreign frames.

    Set at the edge, they cover every response, including error pages and files. A function on viewer-response may add
    them as well, of which only its code tells.
    """
    for behaviour in list_behaviours(distribution):
        name = _behaviour_name(behaviour)
        own = _find_headers_policy(distribution, behaviour, criterion)
        if [*_list_lacking(behaviour, own)] and _has_function_on_responses(behaviour):
            raise criterion.undetermined(f"{name} has a function on viewer-response, which may add headers")
        for lacking in _list_lacking(behaviour, own):  # the value read last is where the finding points
            criterion.exclude((f"{name} {lacking}",), expected="all three headers")
        criterion.exclude((), expected="all three headers")


@policy(
    "PG_EDGE_21",
    criterion="cdn-distribution",
    resources=(),
    population=0,
    remedy=(
        "List the host in aliases, and let the behaviour whose path_pattern matches forward the method to the "
        "application; or ask for what is served."
    ),
)
def distributions_serve_what_is_asked(configuration: Configuration, criterion: Criterion) -> None:
    """Distributions serve what the criteria file asks of its site: each host, and from the application each request.

    A request whose behaviour has another pattern falls to the default one, which may refuse its method. Of the other
    hosts of [e2e], one whose records lead elsewhere is not asked for.
    """
    distributions = configuration.of(*DISTRIBUTION)
    criterion.hold(bool(distributions), expected="a distribution", observed="none", premise=True)
    for method, _, address in (each.rpartition(" ") for each in criterion.asked):
        url = urlsplit(address)
        host = url.hostname or ""
        serving = [one for one in distributions if any(_covers(name, host) for name in one.texts("aliases"))]
        if method in ("", "ANY") and (serving or not method or not _leads_elsewhere(configuration, host, criterion)):
            criterion.hold(bool(serving), expected="each host in aliases", observed=f"without {host}", aspect=host)
        for distribution in serving if method not in ("", "ANY") else ():
            _require_forwarded(distribution, method, url.path, criterion)


def _leads_elsewhere(configuration: Configuration, host: str, criterion: Criterion) -> bool:
    """Whether the records of a host lead to no distribution. Raises Undetermined if there are none."""
    kinds = ("A", "AAAA", "CNAME")
    records = [
        one for one in configuration.of("aws_route53_record") if one.text("type") in kinds and host in _names(one)
    ]
    if not records:
        raise criterion.undetermined(f"no alias and no record says who serves {host}")
    return not any(one.related(path, *DISTRIBUTION) for one in records for path in ("alias.name", "records"))


def _require_forwarded(distribution: Resource, method: str, path: str, criterion: Criterion) -> None:
    behaviour, request = _find_behaviour(distribution, path), f"{method} {path}"
    said = f"{request} meets {_behaviour_name(behaviour)}, which does not forward it"
    files = behaviour.text("target_origin_id") in _list_buckets(distribution)
    taken = not files and method in behaviour.texts("allowed_methods")
    criterion.hold(taken, expected="forwarded to the application", observed=said, aspect=request)


def _find_behaviour(distribution: Resource, path: str) -> Block:
    """Return the first behaviour whose pattern matches, with or without its first slash, or the default one."""
    ordered = distribution.blocks("ordered_cache_behavior")
    matching = (one for one in ordered if fnmatchcase(path, "/" + (one.text("path_pattern") or "").removeprefix("/")))
    return next(matching, distribution.blocks("default_cache_behavior")[0])


def _used_origins(distribution: Resource) -> Iterator[Block]:
    behaviours = (*distribution.blocks("default_cache_behavior"), *distribution.blocks("ordered_cache_behavior"))
    used = {one.text("target_origin_id") for one in behaviours}
    groups = [group for group in distribution.blocks("origin_group") if group.text("origin_id") in used]
    used |= {member.text("origin_id") for group in groups for member in group.blocks("member")}
    yield from (origin for origin in distribution.blocks("origin") if origin.text("origin_id") in used)


def _list_buckets(distribution: Resource) -> set[str | None]:
    return {origin.text("origin_id") for origin in distribution.blocks("origin") if _is_bucket(origin)}


def _is_bucket(origin: Block) -> bool:
    """Whether an origin is a bucket. CloudFront assumes one unless a custom or VPC origin is configured."""
    return not origin.blocks("custom_origin_config") and not origin.blocks("vpc_origin_config")


def _is_signed(distribution: Resource, origin: Block, criterion: Criterion) -> bool:
    if not origin.has("origin_access_control_id"):
        return False
    id_ = origin.text("origin_access_control_id") or ""
    own = distribution.configuration.identified({id_}, "aws_cloudfront_origin_access_control")
    if not own:
        raise criterion.undetermined("its origin access control is declared elsewhere")
    return own[0].text("signing_behavior") == "always" and own[0].text("origin_access_control_origin_type") == "s3"


def _name_origin(origin: Block) -> str | None:
    return origin.text("origin_id" if "origin_id" in origin.search() else "id")


def _behaviour_name(behaviour: Block) -> str:
    return "default" if behaviour.path == "default_cache_behavior" else str(behaviour.text("path_pattern"))


def _why_not_cached(distribution: Resource, behaviour: Block, criterion: Criterion) -> str:
    """Return why the cache does not serve a behaviour to everybody, or nothing."""
    if not behaviour.has("cache_policy_id"):
        return _why_forwarded(behaviour)
    id_ = behaviour.text("cache_policy_id") or ""
    if id_ in CACHING | NOT_CACHING:
        return "uses a managed policy that does not cache, or varies by cookie" if id_ in NOT_CACHING else ""
    own = distribution.configuration.identified({id_}, "aws_cloudfront_cache_policy")
    if not own:
        raise criterion.undetermined(f"the cache policy of {_behaviour_name(behaviour)} is declared elsewhere")
    cookies = own[0].text("parameters_in_cache_key_and_forwarded_to_origin.cookies_config.cookie_behavior")
    if cookies != "none":
        return f"varies by cookies ({cookies})"
    ttl = own[0].number("default_ttl", 86400)
    return "" if ttl > 0 and own[0].number("max_ttl", A_YEAR) > 0 else "has a time to live of 0"


def _why_forwarded(behaviour: Block) -> str:
    """Judge the older forwarded_values. Unset TTLs take CloudFront's defaults: a day, at most a year."""
    forwarded = behaviour.block("forwarded_values")
    if forwarded is None:
        return "has no cache policy"
    if (cookies := forwarded.text("cookies.forward")) != "none":
        return f"varies by cookies ({cookies})"
    return "" if behaviour.number("default_ttl", 86400) else "has a time to live of 0"


def _find_headers_policy(distribution: Resource, behaviour: Block, criterion: Criterion) -> Resource | None:
    """Return the declared policy that adds headers to a behaviour; None if there is none, or it is managed by AWS."""
    if not behaviour.has("response_headers_policy_id"):
        return None
    id_ = behaviour.text("response_headers_policy_id") or ""
    if id_ in SECURITY_HEADERS:
        return None
    own = distribution.configuration.identified({id_}, "aws_cloudfront_response_headers_policy")
    if not own:
        raise criterion.undetermined(f"the headers policy of {_behaviour_name(behaviour)} is declared elsewhere")
    return own[0]


def _has_function_on_responses(behaviour: Block) -> bool:
    kinds = ("function_association", "lambda_function_association")
    functions = [one for kind in kinds for one in behaviour.blocks(kind)]
    return any((one.text("event_type") or "").endswith("-response") for one in functions)


def _list_lacking(behaviour: Block, own: Resource | None) -> Iterator[str]:
    """Yield the security headers that a behaviour does not add, each right after its argument was read."""
    if not behaviour.has("response_headers_policy_id"):
        yield "has no response headers policy"
    elif own and (headers := own.block("security_headers_config")):
        yield from (f"lacks {each}" for each in _missing_headers(headers))
    elif own:
        yield "lacks every security header"


def _missing_headers(headers: Block) -> Iterator[str]:
    ages = [one.number("access_control_max_age_sec") for one in headers.blocks("strict_transport_security")]
    if not any(age >= A_YEAR for age in ages):
        yield "Strict-Transport-Security of a year"
    if not headers.blocks("content_type_options"):
        yield "X-Content-Type-Options"
    policies = [one.text("content_security_policy") or "" for one in headers.blocks("content_security_policy")]
    if not headers.blocks("frame_options") and not any(map(_bans_frames, policies)):
        yield "X-Frame-Options"


def _bans_frames(policy: str) -> bool:
    """Whether a content security policy names who may frame a page, which ``*`` and a scheme alone don't."""
    stated = [words[1:] for part in policy.lower().split(";") if (words := part.split())[:1] == ["frame-ancestors"]]
    return bool(stated) and not {"*", "http:", "https:"} & {*stated[0]}


# ── The access logs of distributions and load balancers


@policy(
    "PG_EDGE_7",
    criterion="access-logs",
    resources=(*DISTRIBUTIONS, "aws_lb", "aws_alb", "aws_elb"),
    remedy=(
        "Deliver the access log: logging_config or a log delivery source for a distribution, access_logs for a "
        "load balancer."
    ),
    population=0,
)
def entrances_write_access_logs(entrance: Resource, criterion: Criterion) -> None:
    """Every distribution and load balancer writes an access log.

    Off by default on both. Without a log nobody can say afterwards who requested what. A network load balancer logs TLS
    requests only: it is judged if it declares a TLS listener, or if it states a log and none of its listeners is
    declared.
    """
    if _sees_no_requests(entrance):
        raise criterion.not_applicable("a network load balancer logs requests over TLS, and has no listener for them")
    if entrance.type not in DISTRIBUTIONS:
        classic = entrance.type == "aws_elb"  # writes the stated log unless switched off
        logging = any(one.flag("enabled", classic) for one in entrance.blocks("access_logs"))
    else:
        stated = entrance.blocks("logging_config") if entrance.type in DISTRIBUTION else ()
        logging = any(one.has("bucket") for one in stated) or _is_delivered(entrance)
    criterion.hold(logging, expected="an access log", observed="none")


def _sees_no_requests(entrance: Resource) -> bool:
    if entrance.type not in ("aws_lb", "aws_alb") or entrance.text("load_balancer_type") != "network":
        return False
    listeners = entrance.configuration.naming(entrance, "load_balancer_arn", "aws_lb_listener", "aws_alb_listener")
    if not listeners:
        return not entrance.blocks("access_logs")
    return all(one.text("protocol") != "TLS" for one in listeners)


def _is_delivered(entrance: Resource) -> bool:
    """Whether a source of logs names the entrance and a delivery names that source; neither is enough alone."""
    tree = entrance.configuration
    sources = tree.naming(entrance, "resource_arn", "aws_cloudwatch_log_delivery_source")
    return any(tree.naming(one, "delivery_source_name", "aws_cloudwatch_log_delivery") for one in sources)


# ── The names of the site: their DNS records and certificates

CERTIFICATE, VALIDATION = "aws_acm_certificate", "aws_acm_certificate_validation"


@policy(
    "PG_EDGE_13",
    criterion="dns-points-at-distribution",
    resources=DISTRIBUTION,
    remedy=(
        "Add an aws_route53_record with an alias to the distribution for every name in aliases: A, and AAAA with IPv6."
    ),
    required=True,
)
def names_are_aliases_of_the_distribution(distribution: Resource, criterion: Criterion) -> None:
    """Every name that a distribution serves is an alias of it in Route 53, for IPv4 and, when enabled, for IPv6.

    An alias without a record can't be reached; a record without the alias gets a 403.
    """
    names = distribution.texts("aliases")
    criterion.hold(bool(names), expected="names in aliases", observed="none", premise=True)
    kinds = ("A", "AAAA") if distribution.flag("is_ipv6_enabled") else ("A",)
    records = distribution.configuration.naming(distribution, "alias.name", "aws_route53_record")
    there = {(name, record.text("type")) for record in records for name in _names(record)}
    missing = [f"{kind} of {name}" for name in names for kind in kinds if (name, kind) not in there]
    criterion.exclude(missing, expected="alias records", observed="no {}")


@policy(
    "PG_EDGE_14",
    criterion="certificate-covers-names",
    resources=DISTRIBUTION,
    remedy="Use an ACM certificate from us-east-1 whose domain_name and subject_alternative_names cover every alias.",
    required=True,
)
def certificates_cover_every_name(distribution: Resource, criterion: Criterion) -> None:
    """The certificate of a distribution is from us-east-1 and covers every name that it serves.

    CloudFront takes certificates from us-east-1 only. A wildcard stands for exactly one label.
    """
    found = _certificates(distribution, "viewer_certificate.acm_certificate_arn")
    criterion.hold(
        distribution.has("viewer_certificate.acm_certificate_arn"), expected="an ACM certificate", observed="none"
    )
    if not found:
        raise criterion.undetermined("its certificate is declared elsewhere")
    covered = (found[0].text("domain_name") or "", *found[0].texts("subject_alternative_names"))
    bare = [name for name in distribution.texts("aliases") if not any(_covers(one, name) for one in covered)]
    criterion.exclude(bare, expected="every alias covered", observed="{} not covered")
    region = found[0].find_region()
    criterion.hold(region == "us-east-1", expected="us-east-1", observed=region)


@policy(
    "PG_EDGE_15",
    criterion="certificate-covers-names",
    resources=(CERTIFICATE,),
    remedy='Set validation_method = "DNS", keep the validation records, and add an aws_acm_certificate_validation.',
    required=True,
)
def certificates_are_validated_through_dns(certificate: Resource, criterion: Criterion) -> None:
    """ACM certificates are validated through DNS, and the apply waits until they are.

    A DNS-validated certificate renews by itself for as long as the record stays; one validated by e-mail or imported
    needs a person in time, every year.
    """
    method = "imported" if certificate.has("certificate_body") else certificate.text("validation_method")
    criterion.hold(method == "DNS", expected="validation_method = DNS", observed=method, held=method)
    validations = certificate.configuration.naming(certificate, "certificate_arn", VALIDATION)
    criterion.hold(
        certificate.has("domain_name") and bool(validations),
        expected="an aws_acm_certificate_validation",
        observed="none",
    )


def _names(record: Resource) -> set[str]:
    """Return the full names that a record may stand for, as it may be written with or without the zone's name."""
    name = (record.text("name") or "").rstrip(".")
    zones = [(zone.text("name") or "").rstrip(".") for zone in record.related("zone_id", "aws_route53_zone")]
    return {name, *(f"{name}.{zone}".lstrip(".") for zone in zones)}


def _certificates(holder: Resource, path: str) -> tuple[Resource, ...]:
    """Return the certificate named at ``path``, directly or through its validation."""
    direct = holder.related(path, CERTIFICATE)
    waited = [
        one for validation in holder.related(path, VALIDATION) for one in _certificates(validation, "certificate_arn")
    ]
    return direct or tuple(waited)


def _covers(pattern: str, name: str) -> bool:
    label, _, rest = name.partition(".")
    return pattern == name or (pattern.startswith("*.") and bool(label) and pattern[2:] == rest)


# ── The way around the edge: whether the load balancer answers requests that bypass CloudFront

LISTENERS = ("aws_lb_listener", "aws_alb_listener")
RULES = ("aws_lb_listener_rule", "aws_alb_listener_rule")


@policy(
    "PG_EDGE_16",
    criterion="waf-not-bypassable",
    resources=("aws_lb", "aws_alb", "aws_elb"),
    remedy=(
        "Make the load balancer internal, behind a CloudFront VPC origin; or admit CloudFront's prefix list only, and "
        "forward only what carries a secret header that the distribution adds."
    ),
    required=True,
)
def balancers_answer_nobody_but_cloudfront(balancer: Resource, criterion: Criterion) -> None:
    """A load balancer is internal, or its security groups admit no public address, so that CloudFront is the way in.

    Anybody who scans finds the address of an open load balancer, and bypasses WAF, cache and logs. A prefix list is not
    an address: admit CloudFront's own. All CloudFront customers share it, so a header that only this distribution sends
    must distinguish its requests; a classic load balancer can't ask for one.
    """
    if balancer.flag("internal"):
        return
    groups = balancer.related("security_groups", "aws_security_group")
    holders = [holder for group in groups for holder in list_holders(group)]
    open_ = [str(net) for holder in holders for opening in list_ingress(holder) for net in opening.public]
    criterion.exclude(sorted(set(open_)), expected="no public address")
    if not groups or _names_others(balancer, groups):
        raise criterion.undetermined(
            "its security groups are declared elsewhere" if balancer.has("security_groups") else "names no groups"
        )
    unasked = [one.address for one in _list_forwarding(balancer) if not _asks_for_header(one)]
    criterion.exclude(unasked, expected="a condition http_header wherever it forwards")


def _names_others(balancer: Resource, groups: tuple[Resource, ...]) -> bool:
    """Whether one of its security groups is declared elsewhere."""
    stated = balancer.known("security_groups")
    if stated is None:
        return not {*balancer.references.get("security_groups", ())} <= {one.configured_as for one in groups}
    return not all(any(id_ in group.identities for group in groups) for id_ in stated)


def _list_forwarding(balancer: Resource) -> Iterator[Resource]:
    """Yield the listeners and rules of a load balancer that forward, or a classic one, which always does."""
    tree = balancer.configuration
    if balancer.type == "aws_elb":
        yield balancer
        return
    for listener in tree.naming(balancer, "load_balancer_arn", *LISTENERS):
        rules = tree.naming(listener, "listener_arn", *RULES)
        yield from (one for one in (listener, *rules) if _forwards(one))


def _forwards(way: Resource) -> bool:
    actions = way.blocks("default_action" if way.type in LISTENERS else "action")
    return any(action.text("type") == "forward" for action in actions)


#: Headers that every distribution sends, or every viewer may.
SHARED = ("user-agent", "via", "host", "x-amz-cf-id", "x-forwarded-for", "x-forwarded-proto")


def _asks_for_header(way: Resource) -> bool:
    conditions = way.blocks("condition") if way.type in RULES else ()
    headers = [one for condition in conditions for one in condition.blocks("http_header")]
    names = [(one, (one.text("http_header_name") or "").lower()) for one in headers]
    secret = [one for one, name in names if name not in SHARED and not name.startswith("cloudfront-")]
    return any(all(value.strip("*?") for value in one.known("values") or ()) for one in secret)


# ── Requests that a load balancer and its targets could parse differently (request smuggling)

SAFE_MODES = ("defensive", "strictest")


@policy(
    "PG_EDGE_20",
    criterion="malformed-requests-refused",
    resources=("aws_lb", "aws_alb", "aws_elb"),
    population=0,
    remedy='Set drop_invalid_header_fields = true, and desync_mitigation_mode = "defensive" or "strictest".',
)
def balancers_refuse_malformed_requests(balancer: Resource, criterion: Criterion) -> None:
    """Load balancers drop invalid header names, and refuse ambiguous requests.

    Unset means that invalid headers are passed on, and that ambiguous requests are refused (defensive). Classic load
    balancers drop no headers.
    """
    classic = balancer.type == "aws_elb"
    if not classic and balancer.text("load_balancer_type", "application") != "application":
        raise criterion.not_applicable("passes on connections, and reads no request")
    mode = balancer.text("desync_mitigation_mode", "defensive")
    criterion.hold(mode in SAFE_MODES, expected="defensive or strictest", observed=mode, held=mode)
    dropped = classic or balancer.flag("drop_invalid_header_fields")
    criterion.hold(dropped, expected="drop_invalid_header_fields = true", observed="headers are passed on")


# ── The web application firewall: in front of everything, and blocking

ACL = "aws_wafv2_web_acl"
RULE_GROUP, IP_SET = "aws_wafv2_rule_group", "aws_wafv2_ip_set"
#: What adds a group to a web ACL that is declared without it.
ADDED, MANAGED = "aws_wafv2_web_acl_rule_group_association", "managed_rule_group"
DATABASES = ("aws_rds_cluster", "aws_db_instance")


@policy(
    "PG_EDGE_8",
    criterion="waf-attached",
    resources=DISTRIBUTIONS,
    population=0,
)
def distributions_have_a_web_acl(distribution: Resource, criterion: Criterion) -> None:
    """Every CloudFront distribution has a web ACL of the scope CLOUDFRONT.

    A declared web ACL protects nothing until it is attached.
    """
    attached = distribution.has("web_acl_id")
    regional = attached and [
        one for one in distribution.related("web_acl_id", ACL) if one.text("scope") != "CLOUDFRONT"
    ]
    criterion.hold(not regional, expected="the scope CLOUDFRONT", observed="REGIONAL, which no distribution takes")
    criterion.hold(distribution.has("web_acl_id"), expected="a web ACL", observed="none")


@policy(
    "PG_EDGE_9",
    criterion="waf-blocks",
    resources=(ACL,),
    remedy=(
        "Use override_action none, no rule_action_override to count or allow, the action block in own rules, and a "
        "priority after all of these for a rule that allows more than a few addresses."
    ),
    population=0,
)
def web_acls_block(acl: Resource, criterion: Criterion) -> None:
    """No rule of a web ACL only counts the requests that it was written to stop.

    Count is for trial periods. A rule may count if it adds a label that another rule uses. Allow ends the way of a
    request, which no later rule sees.
    """
    seen, passed = _rules(acl, criterion)
    wrong = [f"{one.text('name')} {why}" for one in (*seen, *passed) if (why := _why_harmless(one))]
    wrong += [f"{seen[-1].text('name')} lets requests past {one.text('name')}" for one in passed if _stops(one)]
    criterion.exclude(wrong, expected="rules that block")


@policy(
    "PG_EDGE_10",
    criterion="waf-blocks",
    resources=(ACL,),
    remedy=(
        "Add the managed rule groups AWSManagedRulesCommonRuleSet and AWSManagedRulesKnownBadInputsRuleSet, and "
        "AWSManagedRulesSQLiRuleSet before a database."
    ),
    population=0,
)
def web_acls_hold_the_managed_groups(acl: Resource, criterion: Criterion) -> None:
    """Web ACLs hold the AWS groups for common attacks and bad inputs, and with a database the one for SQL injection.

    The common group does not cover SQL injection; known bad inputs cover Log4j. A narrowed group (scope_down_statement)
    leaves other requests unchecked.
    """
    needed = list_needed_rule_groups(database=bool(acl.configuration.of(*DATABASES)))
    added = acl.configuration.naming(acl, "web_acl_arn", ADDED)
    apart = [each for one in added if one.text("override_action") != "count" for each in one.blocks(MANAGED)]
    held = {*_managed_groups(_rules(acl, criterion)[0]), *(one.text("name") for one in apart)}
    missing = sorted(set(needed) - held)
    criterion.exclude(missing, expected="the managed groups", observed="without {}")


@policy(
    "PG_EDGE_11",
    criterion="waf-rate-limit",
    resources=(ACL,),
    remedy="Add a rule with a rate_based_statement and the action block that covers every request.",
    population=0,
)
def web_acls_limit_the_rate(acl: Resource, criterion: Criterion) -> None:
    """A web ACL blocks an address that sends more requests than a stated rate, whatever it asks for.

    A limit on some paths (scope_down_statement) leaves the others open, and one by a header, a cookie or a path counts
    anew for each that the client makes up. WAF believes a forwarded address, which a client may write unless a proxy
    overwrites it.
    """
    limits = [one for rule in _rules(acl, criterion)[0] for one in _list_limits(acl, rule)]
    if limits and all(can_escape(_list_keys(one)) is None for one in limits):
        raise criterion.undetermined("limits by a forwarded address, which a client may write")
    criterion.hold(bool(limits), expected="a blocking rate limit on every request", observed="none")


@policy(
    "PG_EDGE_12",
    criterion="waf-logging",
    resources=(ACL,),
    remedy="Add an aws_wafv2_web_acl_logging_configuration, and keep BLOCK in its filter if it has one.",
    population=0,
)
def web_acls_log(acl: Resource, criterion: Criterion) -> None:
    """Every web ACL logs its decisions, blocked requests at least.

    Without the log nobody can investigate a blocked user's complaint, and an attack leaves no trace.
    """
    logs = acl.configuration.naming(acl, "resource_arn", "aws_wafv2_web_acl_logging_configuration")
    criterion.hold(acl.has("scope") and bool(logs), expected="a logging configuration", observed="none")
    dropped = [one for one in logs for chosen in one.blocks("logging_filter") if not _keeps_blocked(chosen)]
    criterion.hold(not dropped, expected="blocked requests in the log", observed="filtered out")


def _rules(acl: Resource, criterion: Criterion) -> tuple[list[Block], list[Block]]:
    """Return the rules that see every request, and those that an earlier rule lets requests past."""
    if acl.has("rule_json"):
        raise criterion.undetermined("its rules are written as JSON")
    rules = sorted(acl.blocks("rule"), key=lambda rule: rule.number("priority"))
    # a rule that is the last lets nothing past another
    return read_in_order((rule, rule is not rules[-1] and _lets_past(acl, rule)) for rule in rules)


def _lets_past(holder: Resource, rule: Block) -> bool:
    """Whether a rule, or one in a group of one's own, allows requests of more than a few clients."""
    own = [one for statement in rule.blocks("statement") for one in statement.blocks("rule_group_reference_statement")]
    if own and _action(rule, "override_action") != "count":
        return any(
            _lets_past(group, one) for group in _pointed(holder, own[0], RULE_GROUP) for one in group.blocks("rule")
        )
    overrides = [one for group in _groups(rule) for one in group.blocks("rule_action_override")]
    allows = _action(rule, "action") == "allow" and not any(
        _is_of_few(holder, statement) for statement in rule.blocks("statement")
    )
    return allows or any(_action(one, "action_to_use") == "allow" for one in overrides)


def _is_of_few(holder: Resource, statement: Block) -> bool:
    """Whether only addresses of an IP set's narrow networks match; a header with an address is anybody's to write."""
    parts = [part for both in _nested(statement, "and_statement") for part in both.blocks("statement")]
    named = [] if parts else statement.blocks("ip_set_reference_statement")
    direct = [one for one in named if not one.blocks("ip_set_forwarded_ip_config")]
    return any(_is_of_few(holder, part) for part in parts) or any(
        all(is_narrow(found.texts("addresses")) for found in _pointed(holder, one, IP_SET)) for one in direct
    )


def _nested(statement: Block, name: str) -> tuple[Block, ...]:
    """Return the statements of a kind within another; none where that is too deep, or of a type that can't hold it."""
    return statement.blocks(name) if name in statement.search() else ()


def _pointed(holder: Resource, statement: Block, kind: str) -> tuple[Resource, ...]:
    """Return the IP sets or rule groups that a statement names, or raise Unresolved if none of them is declared."""
    arn = statement.known("arn")
    named = [one for one in holder.configuration.of(kind) if one.known("arn") == arn] if arn else ()
    found = tuple(named) or holder.configuration.configured(holder.references.get("rule", ()), kind)
    if not found or any("rules_json" in one.search() and one.has("rules_json") for one in found):
        raise Unresolved(f"{holder.address}.{statement.path}.arn", "names what is declared elsewhere, or as JSON")
    return found


def _why_harmless(rule: Block) -> str:
    """Return why a rule stops nothing, or nothing."""
    if _action(rule, "override_action") == "count":
        return "overrides its group to count"
    if _action(rule, "action") == "count" and not rule.blocks("rule_label"):
        return "only counts"
    overrides = [one for group in _groups(rule) for one in group.blocks("rule_action_override")]
    softened = [one.text("name") for one in overrides if _action(one, "action_to_use") in ("count", "allow")]
    return f"overrides {', '.join(map(str, softened))}" if softened else ""


def _managed_groups(rules: Iterable[Block]) -> Iterator[str]:
    for rule in rules:
        if _action(rule, "override_action") != "count":
            for group in _groups(rule, "managed_rule_group_statement"):
                if group.text("vendor_name") == "AWS" and not group.blocks("scope_down_statement"):
                    yield group.text("name") or ""


def _groups(rule: Block, *kinds: str) -> Iterator[Block]:
    for statement in rule.blocks("statement"):
        for kind in kinds or ("managed_rule_group_statement", "rule_group_reference_statement"):
            yield from statement.blocks(kind)


def _list_limits(holder: Resource, rule: Block) -> Iterator[Block]:
    """Yield the rate limits on every request that a rule enforces, itself or by a group of one's own."""
    for statement in rule.blocks("statement"):
        for group in _nested(statement, "rule_group_reference_statement"):  # a group can't refer to another
            if _action(rule, "override_action") == "none" and not group.blocks("rule_action_override"):
                declared = _pointed(holder, group, RULE_GROUP)
                yield from (
                    one for each in declared for inner in each.blocks("rule") for one in _list_limits(each, inner)
                )
        for rate in statement.blocks("rate_based_statement") if _acts(rule) else ():
            if can_escape(_list_keys(rate)) is not True and not any(
                _narrows(holder, one) for one in rate.blocks("scope_down_statement")
            ):
                yield rate


def _narrows(holder: Resource, scope: Block) -> bool:
    """Whether a limit leaves out more than the addresses of a few."""
    return not any(_is_of_few(holder, one) for no in _nested(scope, "not_statement") for one in no.blocks("statement"))


def _list_keys(rate: Block) -> set[str]:
    """Return what a limit counts by, under either name that provider types have for it."""
    kind = rate.text("aggregate_key_type", "IP")
    if kind != "CUSTOM_KEYS":
        return {str(kind)}
    keys = [key for name in ("custom_key", "custom_keys") if name in rate.search() for key in rate.blocks(name)]
    return {kind for key in keys for kind in key.search() if key.blocks(kind)}


def _stops(rule: Block) -> bool:
    return _acts(rule) or _action(rule, "override_action") == "none"


def _acts(rule: Block) -> bool:
    return _action(rule, "action") in ("block", "challenge", "captcha")


def _action(block: Block, name: str) -> str:
    """Return the action that a block of actions holds: none, count, block, …"""
    kinds = ("allow", "block", "captcha", "challenge", "count", "none")
    for action in block.blocks(name):
        for kind in kinds:
            if kind in action.values and action.blocks(kind):
                return kind
    return ""


def _keeps_blocked(chosen: Block) -> bool:
    kept = {one.text("behavior") for one in chosen.blocks("filter")
            for condition in one.blocks("condition") for action in condition.blocks("action_condition")
            if action.text("action") == "BLOCK"}  # fmt: skip
    return "KEEP" in kept or (chosen.text("default_behavior") == "KEEP" and "DROP" not in kept)
