"""Is the database sized as agreed, unreachable from the internet, and closed to clients without TLS?"""

from prodgate import Criterion, Quantity, check
from prodgate.facts.live import Database, DatabaseInstance, DatabaseSnapshot, Deletable
from prodgate.semantics.aws_settings import is_switched_on

SERVERLESS = "db.serverless"


@check("aurora-serverless-v2", remedy="Replace provisioned instances with ones of the class db.serverless.")
def test_the_database_is_serverless(database: Database, criterion: Criterion) -> None:
    """Is the database an Aurora cluster whose instances are all Serverless v2?"""
    criterion.hold(database.engine.startswith("aurora-"), expected="aurora", observed=database.engine)
    criterion.hold(
        database.engine_mode == "provisioned", expected="engine mode provisioned", observed=database.engine_mode
    )
    criterion.hold(database.most is not None, expected="a Serverless v2 scaling configuration", observed="none")
    sizes = sorted({one.size for one in database.instances})
    criterion.hold(
        sizes == [SERVERLESS], expected=SERVERLESS, observed=", ".join(sizes) or "no instance", held=", ".join(sizes)
    )


@check("aurora-min-capacity", remedy="Set the minimum of the Serverless v2 scaling range.", measures="aurora capacity")
def test_the_database_never_scales_below_its_floor(database: Database, criterion: Criterion) -> None:
    """Does the database stay at or above the minimum capacity?"""
    if database.least is None:
        raise criterion.undetermined("has no Serverless v2 scaling configuration")
    criterion.require(database.least)


@check("aurora-max-capacity", remedy="Set the maximum of the Serverless v2 scaling range.", measures="aurora capacity")
def test_the_database_never_scales_above_its_ceiling(database: Database, criterion: Criterion) -> None:
    """Does the database stay at or below the maximum capacity?"""
    if database.most is None:
        raise criterion.undetermined("has no Serverless v2 scaling configuration")
    criterion.require(database.most)


@check("aurora-failover", remedy="Add an instance in another zone.", measures="count")
def test_the_database_can_fail_over(database: Database, criterion: Criterion) -> None:
    """Is there a second instance to fail over to, in another zone than the first?"""
    _leave_out_replicas(database, criterion)
    criterion.require(Quantity.of(len(database.serving)))
    zones = sorted({one.zone for one in database.serving})
    criterion.hold(len(zones) > 1, expected="instances in several zones", observed=f"all in {', '.join(zones)}")


@check("database-not-public", remedy="Modify the instance to be not publicly accessible.")
def test_no_database_server_is_public(server: DatabaseInstance, criterion: Criterion) -> None:
    """Is the instance unreachable from the internet?"""
    criterion.hold(not server.public, expected="not publicly accessible", observed="publicly accessible")


@check("database-encryption-at-rest", remedy="Restore an encrypted copy of a snapshot, and move over to it.")
def test_the_database_is_encrypted(database: Database, criterion: Criterion) -> None:
    """Is the storage of the database encrypted?"""
    criterion.hold(database.encrypted, expected="encrypted storage", observed="plain text")


@check("database-encryption-at-rest", remedy="Copy the snapshot with a KMS key and delete this one.", population=0)
def test_snapshots_are_encrypted(snapshot: DatabaseSnapshot, criterion: Criterion) -> None:
    """Is the snapshot encrypted?"""
    criterion.hold(snapshot.encrypted, expected="an encrypted snapshot", observed="plain text")


@check("database-encryption-in-transit", remedy="Set rds.force_ssl = 1 in the parameter group of the cluster.")
def test_the_database_refuses_plain_connections(database: Database, criterion: Criterion) -> None:
    """Does the database refuse connections without TLS?

    The value in force counts: a parameter change may wait for a restart.
    """
    if not (database.tls_parameter and database.forces_tls and database.parameters_in_force):
        raise criterion.undetermined(_unclear(database), observed=database.forces_tls)
    observed = f"{database.tls_parameter} = {database.forces_tls}"
    criterion.hold(is_switched_on(database.forces_tls), expected=f"{database.tls_parameter} = 1", observed=observed)


def _leave_out_replicas(database: Database, criterion: Criterion) -> None:
    if database.replica_of:
        raise criterion.not_applicable(f"repeats the data of {database.replica_of}")


def _unclear(database: Database) -> str:
    if not database.tls_parameter:
        return f"how {database.engine} enforces TLS is not known here"
    if not database.forces_tls:
        return f"its parameter group lists no {database.tls_parameter}"
    return "a change of its parameters waits for a restart"


@check("backup-retention", remedy="Raise the backup retention period of the cluster.", measures="time")
def test_automated_backups_are_kept(database: Database, criterion: Criterion) -> None:
    """Are the automated backups of the database kept for the agreed time?"""
    _leave_out_replicas(database, criterion)
    criterion.require(database.retention)


@check("deletion-protection")
def test_nothing_vital_is_deleted_by_a_slip(holder: Deletable, criterion: Criterion) -> None:
    """Is the database or load balancer protected against accidental deletion?"""
    criterion.hold(holder.protected, expected="deletion protection", observed="unprotected")
