"""Ways to open the network, and the checks that see it."""

from collections.abc import Callable
from typing import Any

from .harness import Aws, Sabotage
from .releasing import API, CLUSTER

EVERYBODY = {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
OFFICE = {"IpRanges": [{"CidrIp": "198.51.100.0/24"}]}


def group(aws: Aws, name: str) -> str:
    """Return the id of a security group of the system's network."""
    found = aws("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])["SecurityGroups"]
    network = aws("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.20.0.0/16"]}])["Vpcs"][0]["VpcId"]
    return str(next(one["GroupId"] for one in found if one["VpcId"] == network))


def tcp(first: int, last: int | None = None, **peers: Any) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": first, "ToPort": last or first, **peers}]


def let_in(name: str, opening: list[dict[str, Any]]) -> Callable[[Aws], object]:
    return lambda aws: aws("ec2").authorize_security_group_ingress(GroupId=group(aws, name), IpPermissions=opening)


def let_in_from(name: str, caller: str, first: int, last: int | None = None) -> Callable[[Aws], object]:
    return lambda aws: let_in(name, tcp(first, last, UserIdGroupPairs=[{"GroupId": group(aws, caller)}]))(aws)


def let_out(name: str, opening: list[dict[str, Any]]) -> Callable[[Aws], object]:
    return lambda aws: aws("ec2").authorize_security_group_egress(GroupId=group(aws, name), IpPermissions=opening)


def let_in_a_list(aws: Aws) -> None:
    """Half the internet, by way of a list with a harmless name."""
    made = aws("ec2").create_managed_prefix_list(
        PrefixListName="partners", MaxEntries=2, AddressFamily="IPv4", Entries=[{"Cidr": "128.0.0.0/1"}]
    )["PrefixList"]
    let_in("nba-news-prod-api", tcp(8080, PrefixListIds=[{"PrefixListId": made["PrefixListId"]}]))(aws)


def let_in_all_of_s3(aws: Aws) -> None:
    lists = aws("ec2").describe_managed_prefix_lists()["PrefixLists"]
    found = next(one["PrefixListId"] for one in lists if one["PrefixListName"].endswith(".s3"))
    let_in("nba-news-prod-alb", tcp(443, PrefixListIds=[{"PrefixListId": found}]))(aws)


def placed(**changes: Any) -> Callable[[Aws], object]:
    """Return what moves the API's tasks."""

    def move(aws: Aws) -> None:
        service = aws("ecs").describe_services(cluster=CLUSTER, services=[API])["services"][0]
        place = {**service["networkConfiguration"]["awsvpcConfiguration"], **changes}
        aws("ecs").update_service(cluster=CLUSTER, service=API, networkConfiguration={"awsvpcConfiguration": place})

    return move


def gather_in_one_zone(aws: Aws) -> None:
    placed(subnets=[subnet(aws, "private")])(aws)


def join_the_default_group(aws: Aws) -> None:
    placed(securityGroups=[group(aws, "default")])(aws)


def subnet(aws: Aws, tier: str) -> str:
    found = aws("ec2").describe_subnets(Filters=[{"Name": "tag:Tier", "Values": [tier]}])["Subnets"]
    return str(found[0]["SubnetId"])


def lead_the_internet_to_the_database(aws: Aws) -> None:
    ec2 = aws("ec2")
    within = [{"Name": "association.subnet-id", "Values": [subnet(aws, "database")]}]
    table = ec2.describe_route_tables(Filters=within)["RouteTables"][0]["RouteTableId"]
    gateway = ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)


def give_out_addresses(aws: Aws) -> None:
    aws("ec2").modify_subnet_attribute(SubnetId=subnet(aws, "private"), MapPublicIpOnLaunch={"Value": True})


def give_a_task_an_address(aws: Aws) -> None:
    ec2, within = aws("ec2"), [{"Name": "subnet-id", "Values": [subnet(aws, "private")]}]
    interface = ec2.describe_network_interfaces(Filters=within)["NetworkInterfaces"][0]["NetworkInterfaceId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface)


SABOTAGES = (
    Sabotage("all tasks in one zone", breaks={"network-zones"}, by=gather_in_one_zone),
    Sabotage(
        "the internet has a route to the database",
        breaks={"network-private-workloads"},
        by=lead_the_internet_to_the_database,
    ),
    Sabotage("a private subnet gives out addresses", breaks={"network-no-public-addresses"}, by=give_out_addresses),
    Sabotage("a task has a public address", breaks={"network-no-public-addresses"}, by=give_a_task_an_address),
    Sabotage(
        "tasks ask for public addresses",
        breaks={"network-no-public-addresses"},
        by=placed(assignPublicIp="ENABLED"),
    ),
    Sabotage(
        "anybody may ask the tasks",
        breaks={"security-groups-closed-to-the-world", "security-groups-minimal"},
        by=let_in("nba-news-prod-api", tcp(8080, **EVERYBODY)),
    ),
    Sabotage("a list lets half the internet in", breaks={"security-groups-closed-to-the-world"}, by=let_in_a_list),
    Sabotage(
        "the office may ask the database",
        breaks={"security-groups-closed-to-the-world"},
        by=let_in("nba-news-prod-database", tcp(5432, **OFFICE)),
    ),
    Sabotage(
        "a range of ports is open",
        breaks={"security-groups-minimal"},
        by=let_in_from("nba-news-prod-api", "nba-news-prod-alb", 8000, 9000),
    ),
    Sabotage(
        "a port is open that nobody listens on",
        breaks={"security-groups-minimal"},
        by=let_in_from("nba-news-prod-api", "nba-news-prod-alb", 9229),
    ),
    Sabotage("tasks in the default group", breaks={"security-groups-minimal"}, by=join_the_default_group),
    Sabotage(
        "tasks may send anything anywhere",
        breaks={"security-groups-egress-limited"},
        by=let_out("nba-news-prod-api", [{"IpProtocol": "-1", **EVERYBODY}]),
    ),
    Sabotage(
        "tasks may send mail",
        breaks={"security-groups-egress-limited"},
        by=let_out("nba-news-prod-api", tcp(25, **EVERYBODY)),
    ),
    Sabotage(
        "the default group lets the office in",
        breaks={"security-groups-default-empty"},
        by=let_in("default", tcp(443, **OFFICE)),
    ),
    Sabotage(
        "a partner comes in past CloudFront",
        breaks={"waf-not-bypassable"},
        by=let_in("nba-news-prod-alb", tcp(443, **OFFICE)),
    ),
    Sabotage("anything at S3's addresses comes in", breaks={"waf-not-bypassable"}, by=let_in_all_of_s3),
)
