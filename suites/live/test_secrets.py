"""Are secrets kept in Secrets Manager and nowhere in plain text, and are they rotated?"""

from prodgate import Criterion, check
from prodgate.facts.live import Database, Handed, Secret

BACKEND = "SecretsManagerBackend"


@check("secrets-no-plain-values", remedy="Revoke it, keep its successor in Secrets Manager, and hand over the ARN.")
def test_running_code_is_handed_no_plain_secret(handed: Handed, criterion: Criterion) -> None:
    """Is no secret passed in plain text, where anybody who may describe the resource can read it?"""
    criterion.exclude(handed.plain, expected="references to secrets")


@check("secrets-in-secrets-manager", remedy="Let RDS manage the master password.")
def test_the_master_password_is_kept_by_aws(database: Database, criterion: Criterion) -> None:
    """Does RDS keep and rotate the master password of the database, in Secrets Manager?"""
    kept = bool(database.master_secret)
    criterion.hold(kept, expected="a secret that RDS manages", observed="a password that somebody has set")


@check(
    "secrets-in-secrets-manager", remedy="Name secrets by their ARN in Secrets Manager; set secrets.backend of Airflow."
)
def test_secrets_are_taken_from_secrets_manager(handed: Handed, criterion: Criterion) -> None:
    """Does the workload take its secrets, if any, from Secrets Manager?"""
    elsewhere = [one for one in handed.references if ":secretsmanager:" not in one and not one.endswith(BACKEND)]
    criterion.exclude(elsewhere, expected="Secrets Manager")


@check("secrets-rotation", measures="time")
def test_secrets_rotate(secret: Secret, criterion: Criterion) -> None:
    """Is the secret rotated automatically, often enough, and not overdue?"""
    if not secret.rotatable:
        raise criterion.not_applicable(f"belongs to {secret.owner}, which changes it as it likes")
    criterion.hold(secret.rotates, expected="automatic rotation", observed="no rotation")
    criterion.hold(not secret.overdue, expected="rotations that work", observed=f"overdue since {secret.due}")
    criterion.require(secret.interval)
