"""Where workloads stand: in private subnets of several zones, under security groups of their own, and watched."""

from prodgate import Criterion, Quantity, Resource, policy

from .subnets import PUBLIC_SUBNETS, SINGLE_SUBNETS, SUBNETS, internet_route, subnets, zone

#: Databases -> the argument without which they land in the default network, whose subnets are public.
PLACES = {
    "aws_rds_cluster": "db_subnet_group_name",
    "aws_db_instance": "db_subnet_group_name",
    "aws_docdb_cluster": "db_subnet_group_name",
    "aws_neptune_cluster": "neptune_subnet_group_name",
    "aws_redshift_cluster": "cluster_subnet_group_name",
    "aws_elasticache_replication_group": "subnet_group_name",
    "aws_elasticache_cluster": "subnet_group_name",
    "aws_memorydb_cluster": "subnet_group_name",
}
#: Workloads -> the argument that names their security groups; without it they get the default one.
GROUPS = {
    "aws_rds_cluster": "vpc_security_group_ids",
    "aws_db_instance": "vpc_security_group_ids",
    "aws_docdb_cluster": "vpc_security_group_ids",
    "aws_neptune_cluster": "vpc_security_group_ids",
    "aws_redshift_cluster": "vpc_security_group_ids",
    "aws_elasticache_replication_group": "security_group_ids",
    "aws_memorydb_cluster": "security_group_ids",
    "aws_ecs_service": "network_configuration.security_groups",
    "aws_lambda_function": "vpc_config.security_group_ids",
    "aws_mwaa_environment": "network_configuration.security_group_ids",
    "aws_opensearch_domain": "vpc_options.security_group_ids",
    "aws_lb": "security_groups",
    "aws_alb": "security_groups",
}
NETWORKS = ("aws_vpc", "aws_default_vpc")


@policy(
    "PG_NET_8",
    criterion="network-private-workloads",
    resources=(*SUBNETS, *SINGLE_SUBNETS),
    population=0,
    remedy="Place it in subnets whose route table leads out through a NAT gateway, not an internet gateway.",
)
def workloads_stand_in_private_subnets(workload: Resource, criterion: Criterion) -> None:
    """Databases, tasks, functions and Airflow stand in subnets without a route to an internet gateway."""
    name = (SUBNETS | SINGLE_SUBNETS)[workload.type]
    block = name.partition(".")[0]
    if "." in name and not (workload.has(block) and workload.has(name)):
        elsewhere = workload.type in ("aws_ecs_service", "aws_lambda_function")
        criterion.hold(elsewhere, expected=f"{block}", observed="a public endpoint outside any network")
        raise criterion.not_applicable("does not stand in a subnet of its own")
    for subnet in subnets(workload, name):
        table = internet_route(subnet)
        workload.has(name)  # the place of the finding
        criterion.hold(
            not table,
            expected="private subnets",
            observed=f"{subnet.address} with the routes of {table}",
            aspect=subnet.address,
        )


@policy(
    "PG_NET_9",
    criterion="network-zones",
    resources=(*SUBNETS, *PUBLIC_SUBNETS),
    population=0,
    remedy="Name a subnet in each of several availability zones.",
)
def workloads_span_several_zones(workload: Resource, criterion: Criterion) -> None:
    """Databases, services, load balancers and Airflow have subnets in several availability zones."""
    name = (SUBNETS | PUBLIC_SUBNETS)[workload.type]
    if "." in name and not workload.has(name.partition(".")[0]):
        raise criterion.not_applicable("does not stand in a subnet of its own")
    if not workload.has(name):
        raise criterion.undetermined(f"{name} is not set, so the subnets are stated elsewhere")
    zones = {zone(subnet) for subnet in subnets(workload, name)}
    workload.has(name)  # the place of the finding
    criterion.require(Quantity.of(len(zones)))


@policy(
    "PG_NET_10",
    criterion="network-flow-logs",
    resources=NETWORKS,
    population=0,
    remedy="Add aws_flow_log for the network with traffic_type = ALL, or REJECT at least.",
)
def networks_log_what_they_refuse(vpc: Resource, criterion: Criterion) -> None:
    """Each network logs the flows that it rejected. What was let through is asked by PG_NET_17."""
    kinds = _list_logged(vpc)
    observed = ", ".join(sorted(kinds)) or "none"
    criterion.hold("REJECT" in kinds, expected="flow logs of rejected traffic", observed=observed, held=observed)


@policy(
    "PG_NET_17",
    criterion="network-flow-logs-accepted",
    resources=NETWORKS,
    population=0,
    remedy="Add aws_flow_log for the network with traffic_type = ALL.",
)
def networks_log_what_they_let_through(vpc: Resource, criterion: Criterion) -> None:
    """Each network logs the flows that it accepted, which is what is asked for after a break-in."""
    kinds = _list_logged(vpc)
    observed = ", ".join(sorted(kinds)) or "none"
    criterion.hold("ACCEPT" in kinds, expected="flow logs of accepted traffic", observed=observed, held=observed)


def _list_logged(vpc: Resource) -> set[str]:
    """Return which flows are logged: ACCEPT, REJECT, both or none; unset means both."""
    logs = vpc.configuration.naming(vpc, "vpc_id", "aws_flow_log")
    stated = {log.text("traffic_type", "ALL") or "ALL" for log in logs}
    return {"ACCEPT", "REJECT"} if "ALL" in stated else stated


@policy(
    "PG_NET_13",
    criterion="security-groups-minimal",
    resources=tuple(GROUPS),
    population=0,
    remedy="Name a security group made for the workload.",
)
def workloads_have_a_group_of_their_own(workload: Resource, criterion: Criterion) -> None:
    """Workloads name their security groups; without one they share the default group with whatever else forgot to."""
    name = GROUPS[workload.type]
    if "." in name and not workload.has(name.partition(".")[0]):
        raise criterion.not_applicable("does not stand in a network of its own")
    if workload.type in ("aws_lb", "aws_alb") and workload.text("load_balancer_type", "application") != "application":
        raise criterion.not_applicable("a network load balancer may do without a group")
    criterion.hold(
        workload.has(name), expected=f"{name} = a group of its own", observed="the default group", premise=True
    )
    default = workload.related(name, "aws_default_security_group")
    criterion.hold(not default, expected="a group of its own", observed="the default group")


@policy(
    "PG_NET_14",
    criterion="network-private-workloads",
    resources=tuple(PLACES),
    population=0,
    remedy="Name a subnet group of private subnets.",
)
def databases_do_not_land_in_the_default_network(database: Resource, criterion: Criterion) -> None:
    """Databases and caches name their subnet group; without one they stand in public subnets of the default network."""
    name = PLACES[database.type]
    if database.type == "aws_db_instance" and database.has("replicate_source_db"):
        raise criterion.not_applicable("a replica in the same region stands where its source does")
    if database.type == "aws_elasticache_cluster" and database.has("replication_group_id"):
        raise criterion.not_applicable("a member of a replication group stands where that does")
    named = database.has(name) and database.known(name) != "default"
    criterion.hold(named, expected=name, observed="the default network")
