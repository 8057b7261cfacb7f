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


@policy(
    "PG_ENC_17",
    criterion="database-encryption-in-transit",
    resources=("aws_redshift_parameter_group",),
    population=0,
    remedy="Set the parameter require_ssl = true, or leave it out.",
)
def warehouses_refuse_plain_connections(group: Resource, criterion: Criterion) -> None:
    """No parameter group lets clients of a warehouse connect without TLS. Redshift demands it where nothing is said."""
    stated = [one.text("value") or "" for one in group.blocks("parameter") if one.text("name") == "require_ssl"]
    plain = [value for value in stated if value.lower() not in ("true", "1", "on")]
    criterion.exclude(plain, expected="require_ssl = true", observed="require_ssl = {}")
