"""Subnets of workloads, their zones, and whether the internet has a route to them."""

from __future__ import annotations

from prodgate import Resource, Unresolved

#: Workloads and groups of subnets -> the argument that names the subnets.
SUBNETS = {
    "aws_db_subnet_group": "subnet_ids",
    "aws_docdb_subnet_group": "subnet_ids",
    "aws_neptune_subnet_group": "subnet_ids",
    "aws_elasticache_subnet_group": "subnet_ids",
    "aws_memorydb_subnet_group": "subnet_ids",
    "aws_redshift_subnet_group": "subnet_ids",
    "aws_ecs_service": "network_configuration.subnets",
    "aws_mwaa_environment": "network_configuration.subnet_ids",
    "aws_opensearch_domain": "vpc_options.subnet_ids",
    "aws_elasticsearch_domain": "vpc_options.subnet_ids",
    "aws_msk_cluster": "broker_node_group_info.client_subnets",
}
#: Workloads that are reached from outside, or stand in one subnet each -> the same.
PUBLIC_SUBNETS = {"aws_lb": "subnets", "aws_alb": "subnets"}
SINGLE_SUBNETS = {"aws_efs_mount_target": "subnet_id", "aws_lambda_function": "vpc_config.subnet_ids"}


def subnets(workload: Resource, name: str) -> tuple[Resource, ...]:
    """Return the declared subnets at an argument. Raises Unresolved when one of them is declared elsewhere."""
    found = workload.related(name, "aws_subnet")
    known = {subnet.known("id") for subnet in found}
    resolved = all(isinstance(id, str) for id in known)
    if foreign := [id for id in workload.texts(name) if id not in known] if resolved else []:
        raise Unresolved(f"{workload.address}.{name}", f"names {foreign[0]}, a subnet that is declared elsewhere")
    return found


def zone(subnet: Resource) -> str:
    """Return the availability zone of a subnet. Raises Unresolved when AWS chooses it."""
    name = "availability_zone" if subnet.has("availability_zone") else "availability_zone_id"
    found = subnet.text(name)
    if not found:
        raise Unresolved(f"{subnet.address}.availability_zone", "is not set, so AWS chooses it")
    return found


def internet_route(subnet: Resource) -> str:
    """Return the address of the route table that leads the internet to a subnet, or nothing. Raises Unresolved."""
    tree = subnet.configuration
    associations = tree.naming(subnet, "subnet_id", "aws_route_table_association")
    named = [table for one in associations for table in one.related("route_table_id", *_TABLES)]
    if associations and not named:
        raise Unresolved(f"{associations[0].address}.route_table_id", "names a table that is declared elsewhere")
    return next((table.address for table in named or _main_tables(subnet) if _is_open(table)), "")


_TABLES = ("aws_route_table", "aws_default_route_table")


def _main_tables(subnet: Resource) -> list[Resource]:
    """Return the tables that may be the main one of the subnet's network, which holds without an association."""
    tree = subnet.configuration
    networks = subnet.related("vpc_id", "aws_vpc", "aws_default_vpc")
    chosen = [one for vpc in networks for one in tree.naming(vpc, "vpc_id", "aws_main_route_table_association")]
    tables = [table for one in chosen for table in one.related("route_table_id", *_TABLES)]
    return tables or [*tree.of("aws_default_route_table")]


def _is_open(table: Resource) -> bool:
    inline = any(_is_gateway(route.text("gateway_id"), table) for route in table.blocks("route"))
    routes = table.configuration.naming(table, "route_table_id", "aws_route")
    return inline or any(
        route.related("gateway_id", "aws_internet_gateway") or _is_gateway(route.text("gateway_id"), table)
        for route in routes
    )


def _is_gateway(id: str | None, table: Resource) -> bool:
    gateways = {gateway.known("id") for gateway in table.configuration.of("aws_internet_gateway")}
    return bool(id) and (id in gateways or str(id).startswith("igw-"))
