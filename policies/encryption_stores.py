"""Search domains and warehouses, whose parts and clients speak TLS to one another only when told to."""

from prodgate import Criterion, Resource, policy


@policy(
    "PG_ENC_16",
    criterion="encryption-in-transit",
    resources=("aws_opensearch_domain", "aws_elasticsearch_domain"),
    population=0,
    remedy="Set node_to_node_encryption { enabled = true }.",
)
def nodes_of_search_domains_speak_tls(domain: Resource, criterion: Criterion) -> None:
    """The nodes of a search domain speak TLS to one another; unset means plain text."""
    on = domain.flag("node_to_node_encryption.enabled")
    criterion.hold(on, expected="node_to_node_encryption.enabled = true", observed="plain text")


#: Endpoints -> (argument that names the oldest TLS, what that is where it is not set, if AWS says so).
ENDPOINTS = {
    "aws_opensearch_domain": ("domain_endpoint_options.tls_security_policy", "Policy-Min-TLS-1-0-2019-07"),
    "aws_elasticsearch_domain": ("domain_endpoint_options.tls_security_policy", "Policy-Min-TLS-1-0-2019-07"),
    "aws_api_gateway_domain_name": ("security_policy", ""),
}
#: How the names of policies begin that let in TLS 1.2 or newer alone, of search domains with forward secrecy, as AWS
#: asks for their newest (Opensearch.8).
MODERN = (
    "Policy-Min-TLS-1-2-PFS-",
    "Policy-Min-TLS-1-2-RFC9151-",
    "TLS_1_2",
    "SecurityPolicy_TLS12_",
    "SecurityPolicy_TLS13_",
)


@policy(
    "PG_ENC_19",
    criterion="tls-minimum-version",
    resources=tuple(ENDPOINTS),
    population=0,
    remedy="Name a policy of TLS 1.2 or newer: Policy-Min-TLS-1-2-PFS-2023-10 of a search domain, TLS_1_2 of an API.",
)
def endpoints_refuse_old_tls(endpoint: Resource, criterion: Criterion) -> None:
    """Search domains and names of APIs accept TLS 1.2 or newer only.

    Unset, a search domain is content with TLS 1.0; named, its policy of 2019 takes ciphers without forward secrecy.
    """
    name, default = ENDPOINTS[endpoint.type]
    stated = "domain_endpoint_options" not in name or endpoint.blocks("domain_endpoint_options")
    chosen = (endpoint.text(name, default) if stated else default) or default
    if not chosen:
        raise criterion.undetermined(f"{name} is not set, and AWS chooses")
    search = "domain_endpoint_options" in name
    expected = "TLS 1.2 or newer, with forward secrecy" if search else "TLS 1.2 or newer"
    criterion.hold(chosen.startswith(MODERN), expected=expected, observed=chosen, held=chosen)


@policy(
    "PG_ENC_17",
    criterion="database-encryption-in-transit",
    resources=("aws_redshift_parameter_group",),
    population=0,
    remedy="Set the parameter require_ssl = true.",
)
def warehouses_refuse_plain_connections(group: Resource, criterion: Criterion) -> None:
    """No parameter group lets clients of a warehouse connect without TLS.

    Where nothing is said, groups of the family redshift-2.0 demand it, and those of redshift-1.0 do not.
    """
    stated = [one.text("value") or "" for one in group.blocks("parameter") if one.text("name") == "require_ssl"]
    plain = [value for value in stated if value.lower() not in ("true", "1", "on")]
    criterion.exclude(plain, expected="require_ssl = true", observed="require_ssl = {}")
    left = not stated and group.text("family") == "redshift-1.0"
    criterion.hold(not left, expected="require_ssl = true", observed="left to redshift-1.0, which takes plain text")
