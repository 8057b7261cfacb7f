"""Ways to spoil the database, and the checks that see it."""

from collections.abc import Callable

from .harness import Aws, Sabotage

CLUSTER, WRITER, READER = "nba-news-prod", "nba-news-prod-1", "nba-news-prod-2"


def scale(**capacity: float) -> Callable[[Aws], object]:
    return lambda aws: aws("rds").modify_db_cluster(
        DBClusterIdentifier=CLUSTER, ServerlessV2ScalingConfiguration=capacity, ApplyImmediately=True
    )


def allow_plain_connections(aws: Aws) -> None:
    (cluster,) = aws("rds").describe_db_clusters(DBClusterIdentifier=CLUSTER)["DBClusters"]
    aws("rds").modify_db_cluster_parameter_group(
        DBClusterParameterGroupName=cluster["DBClusterParameterGroup"],
        Parameters=[{"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}],
    )


def forget_the_balancer(aws: Aws) -> None:
    (balancer,) = aws("elbv2").describe_load_balancers()["LoadBalancers"]
    aws("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        Attributes=[{"Key": "deletion_protection.enabled", "Value": "false"}],
    )


def plain_snapshot(aws: Aws) -> None:
    rds = aws("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="scratch", Engine="aurora-postgresql", MasterUsername="a", MasterUserPassword="12345678"
    )
    rds.create_db_cluster_snapshot(DBClusterIdentifier="scratch", DBClusterSnapshotIdentifier="scratch")
    rds.delete_db_cluster(DBClusterIdentifier="scratch", SkipFinalSnapshot=True)


SABOTAGES = (
    Sabotage("the database never rests", breaks={"aurora-min-capacity"}, by=scale(MinCapacity=2, MaxCapacity=4)),
    Sabotage(
        "the database may grow without end", breaks={"aurora-max-capacity"}, by=scale(MinCapacity=1, MaxCapacity=64)
    ),
    Sabotage(
        "a reader of a fixed size",
        breaks={"aurora-serverless-v2"},
        by=lambda aws: aws("rds").modify_db_instance(DBInstanceIdentifier=READER, DBInstanceClass="db.r6g.large"),
    ),
    Sabotage(
        "the reader is gone",
        breaks={"aurora-failover", "alarm-dimensions-resolve", "dashboard-covers-components"},
        by=lambda aws: aws("rds").delete_db_instance(DBInstanceIdentifier=READER),
    ),
    Sabotage(
        "a database server on the internet",
        breaks={"database-not-public"},
        by=lambda aws: aws("rds").modify_db_instance(DBInstanceIdentifier=WRITER, PubliclyAccessible=True),
    ),
    Sabotage(
        "a snapshot in plain text",
        breaks={"database-encryption-at-rest"},
        by=plain_snapshot,
    ),
    Sabotage(
        "the database accepts plain connections",
        breaks={"database-encryption-in-transit"},
        by=allow_plain_connections,
    ),
    Sabotage(
        "backups of a week",
        breaks={"backup-retention", "backup-window-reached"},
        by=lambda aws: aws("rds").modify_db_cluster(DBClusterIdentifier=CLUSTER, BackupRetentionPeriod=7),
    ),
    Sabotage(
        "the database can be deleted",
        breaks={"deletion-protection"},
        by=lambda aws: aws("rds").modify_db_cluster(DBClusterIdentifier=CLUSTER, DeletionProtection=False),
    ),
    Sabotage("the load balancer can be deleted", breaks={"deletion-protection"}, by=forget_the_balancer),
)
