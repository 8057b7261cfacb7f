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


GROUP = "aws_redshift_parameter_group"
#: What holds a parameter by which clients must speak TLS -> its name, the block, and what that calls name and value.
PARAMETERS = {
    GROUP: ("require_ssl", "parameter", "name", "value"),
    "aws_docdb_cluster_parameter_group": ("tls", "parameter", "name", "value"),
    "aws_redshiftserverless_workgroup": ("require_ssl", "config_parameter", "parameter_key", "parameter_value"),
}
PLAIN = ("false", "0", "off", "disabled")


@policy(
    "PG_ENC_17",
    criterion="database-encryption-in-transit",
    resources=tuple(PARAMETERS),
    population=0,
    remedy="Set the parameter require_ssl = true (tls = enabled for DocumentDB).",
)
def warehouses_refuse_plain_connections(holder: Resource, criterion: Criterion) -> None:
    """No parameter lets clients of a warehouse or of DocumentDB connect without TLS.

    Where nothing is said, groups of the family redshift-2.0 and DocumentDB demand it, groups of redshift-1.0 do not,
    and of a serverless warehouse it depends on when it was made.
    """
    parameter, blocks, name, value = PARAMETERS[holder.type]
    stated = [one.text(value) or "" for one in holder.blocks(blocks) if one.text(name) == parameter]
    plain = [each for each in stated if each.lower() in PLAIN]
    criterion.exclude(plain, expected=f"{parameter} = true", observed=f"{parameter} = {{}}")
    if not stated and holder.type == "aws_redshiftserverless_workgroup":
        raise criterion.undetermined("require_ssl is not set, and AWS chooses")
    left = not stated and holder.type == GROUP and holder.text("family") == "redshift-1.0"
    criterion.hold(not left, expected="require_ssl = true", observed="left to redshift-1.0, which takes plain text")


@policy(
    "PG_ENC_23",
    criterion="database-encryption-in-transit",
    resources=("aws_redshift_cluster",),
    population=0,
    remedy="Name default.redshift-2.0, or a parameter group of your own with require_ssl = true.",
)
def warehouses_have_a_group_that_demands_tls(cluster: Resource, criterion: Criterion) -> None:
    """No warehouse has the default group of old, which takes plain text.

    Unset means default.redshift-2.0, which demands TLS; a group that is declared is judged by PG_ENC_17.
    """
    name = "cluster_parameter_group_name"
    if cluster.related(name, GROUP):
        return
    chosen = cluster.text(name) or "default.redshift-2.0"
    if not chosen.startswith("default."):
        raise criterion.undetermined("the parameter group is declared elsewhere", observed=chosen)
    criterion.hold(chosen != "default.redshift-1.0", expected="default.redshift-2.0", observed=chosen, held=chosen)
