"""Secrets live in Secrets Manager, and nowhere in plain text."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from prodgate import Configuration, Criterion, Quantity, Resource, Unresolved, allow_unknown, policy
from prodgate.semantics.secret_forms import HANDED_IN, credential_form, find_packed, find_secret, find_secrets

from .containers import list_containers, list_job_containers
from .encryption import refuse_secrets, texts_in

#: Databases -> (argument that lets RDS or Redshift keep the password, arguments that state it in plain text).
MASTERS = {
    "aws_rds_cluster": ("manage_master_user_password", ("master_password",)),
    "aws_db_instance": ("manage_master_user_password", ("password",)),
    "aws_docdb_cluster": ("manage_master_user_password", ("master_password",)),
    "aws_redshift_cluster": ("manage_master_password", ("master_password",)),
}
#: Ways to create a database without a master password of its own.
COPIES = ("replicate_source_db", "replication_source_identifier", "snapshot_identifier", "global_cluster_identifier")
#: Resources whose arguments are passed to running code, where anybody who may describe them can read them.
RUNNING_CODE = ("aws_lambda_function", "aws_mwaa_environment", "aws_codebuild_project", "aws_instance",
          "aws_launch_template", "aws_launch_configuration", "aws_spot_instance_request", "aws_lightsail_instance",
          "aws_ssm_parameter", "aws_ssm_document", "aws_batch_job_definition", "aws_apprunner_service",
          "aws_elastic_beanstalk_environment", "aws_elastic_beanstalk_configuration_template", "aws_glue_job",
          "aws_amplify_app", "aws_amplify_branch",
          "aws_sagemaker_notebook_instance_lifecycle_configuration")  # fmt: skip
#: What makes a text look like a secret -> what it is called.
NAMED = {"its name": "a secret by its name"}
#: Arguments that hold something else: documents that name secrets, fingerprints, and what AWS takes only as a name.
NOT_VALUES = ("arn", "assume_role_policy", "policy", "source_code_hash", "code_sha256", "tags", "tags_all", "id",
              "password_data", "get_password_data", "ami", "availability_zone", "execution_role_arn", "function_name",
              "iam_instance_profile", "image_id", "instance_type", "key_name", "role", "security_groups", "subnet_id",
              "vpc_config", "vpc_security_group_ids")  # fmt: skip


@policy(
    "PG_SEC_1",
    criterion="secrets-no-plain-values",
    severity="high",
    resources=("aws_ecs_task_definition",),
    population=0,
    remedy="Move the value to Secrets Manager and name it in secrets[].valueFrom of the container.",
)
def containers_hold_no_plain_secret(task: Resource, criterion: Criterion) -> None:
    """No container gets a secret as an environment variable, on its command line or as a label."""
    for container in list_containers(task):
        where = f"{{}} in {container['name']}"
        refuse_secrets(name_variables(container), criterion, expected="secrets[].valueFrom", observed=where)


def name_variables(container: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield the values passed to a container, by name."""
    variables = {str(one.get("name")): one.get("value") for one in container.get("environment") or ()}
    beside = {key: container.get(key) for key in ("command", "entryPoint", "dockerLabels")}
    yield from texts_in([variables, beside])


@policy(
    "PG_SEC_2",
    criterion="secrets-no-plain-values",
    severity="high",
    resources=RUNNING_CODE,
    population=0,
    remedy="Keep the value in Secrets Manager and hand over its ARN.",
)
def running_code_is_handed_no_plain_secret(holder: Resource, criterion: Criterion) -> None:
    """Functions, Airflow options, builds, user data and plain parameters hold no secret."""
    if holder.type == "aws_ssm_parameter" and holder.text("type") == "SecureString":
        if holder.has("value"):
            raise criterion.undetermined("a SecureString is encrypted in AWS, but its value stands in the state")
        criterion.hold(True, expected="value_wo", observed="none in the state")
        return
    refuse_secrets(_values_given(holder), criterion, expected="the ARN of a secret")


def _values_given(holder: Resource) -> Iterator[tuple[str, str | None]]:
    """Yield the values passed to running code, by name; each is read, so that the finding points to the last one."""
    for name, value in holder.search().items():
        if name not in NOT_VALUES and holder.has(name):
            yield from texts_in({name: value})
    for container in list_job_containers(holder) if holder.type == "aws_batch_job_definition" else ():
        yield from name_variables(container)
    if holder.type == "aws_ssm_parameter":
        yield holder.text("name") or "", holder.known("value") or holder.known("insecure_value")
    for block in holder.blocks("environment") if holder.type == "aws_codebuild_project" else ():
        for variable in block.blocks("environment_variable"):
            if variable.text("type", "PLAINTEXT") == "PLAINTEXT":
                yield variable.text("name") or "", variable.known("value")
    for block in holder.blocks("setting") if holder.type.startswith("aws_elastic_beanstalk") else ():
        yield block.text("name") or "", block.known("value")


@policy(
    "PG_SEC_3",
    criterion="secrets-no-plain-values",
    resources=(),
    population=0,
    remedy="Revoke it, since it stands in the source and in the state, and keep its successor in Secrets Manager.",
)
def no_value_is_a_credential(tree: Configuration, criterion: Criterion) -> None:
    """No argument of any resource, and no text beside resources, holds a private key, an access key or a token.

    They are recognised by their form, in any argument of any name, in base64 and compressed, too. In tags, defaults of
    variables, outputs, provisioners and variable files also by the name of a secret. A password that stands in an
    argument of another name, in parts, encrypted or in a local value is not recognised.
    """
    if not tree.resources:
        raise criterion.undetermined("nothing is declared")
    for holder in (*tree.resources, *tree.of("written_block")):
        for path, text in texts_in(holder.search()):
            for place, why in _find_secrets_at(holder, path, text or ""):
                holder.has(path.partition(".")[0])  # where the finding points
                criterion.hold(False, expected="no credential", observed=f"{why} in {place}", aspect=place)


def _find_secrets_at(holder: Resource, path: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield (place, why) of each secret in a text of a resource, or of what stands beside resources."""
    place = f"{holder.address}.{path}"
    if holder.mode == "written" or path.startswith("tags."):
        for name, why in find_secrets(path, text):
            yield place if path.endswith(name) else f"{place}: {name}", NAMED.get(why, why)
        return
    forms = (credential_form(each) for each in (text, *(packed.text for packed in find_packed(text))))
    yield from ((place, form) for form in forms if form)


@policy(
    "PG_SEC_4",
    criterion="secrets-in-secrets-manager",
    resources=tuple(MASTERS),
    population=0,
    remedy="Set manage_master_user_password = true, and drop the password.",
)
def master_passwords_are_kept_by_aws(database: Resource, criterion: Criterion) -> None:
    """The master password of a database is made, kept and rotated in Secrets Manager.

    A password argument is in the state in plain text, even if it comes from random_password. A write-only one is not,
    but is never rotated, unless an ephemeral resource reads it from Secrets Manager, which may rotate it.
    """
    managed, plain = MASTERS[database.type]
    stated = [name for name in plain if database.has(name)]
    if stated:
        criterion.exclude(stated, expected=f"{managed} = true", observed="{}, which the state holds")
        return
    if any(name in database.values and database.has(name) for name in COPIES) and not database.flag(managed):
        raise criterion.not_applicable("a copy has the password of its source")
    kept = database.flag(managed) or _is_read_of_secrets_manager(database)
    criterion.hold(kept, expected=f"{managed} = true", observed="a password that AWS does not rotate")


def _is_read_of_secrets_manager(database: Resource) -> bool:
    sources = (each for name in ("password_wo", "master_password_wo") for each in database.credentials.get(name, ()))
    return any("ephemeral.aws_secretsmanager_secret_version." in each for each in sources)


@policy(
    "PG_SEC_5",
    criterion="secrets-no-plain-values",
    severity="high",
    resources=("aws_secretsmanager_secret_version",),
    population=0,
    remedy="Use secret_string_wo, or let the rotation function or a person put the value in.",
)
def secret_values_are_not_in_the_state(version: Resource, criterion: Criterion) -> None:
    """The value of a secret is not an argument that Terraform keeps in its state.

    Anybody who reads the state file would hold every secret at once; write-only arguments are never stored.
    """
    stated = [name for name in ("secret_string", "secret_binary") if version.has(name)]
    criterion.exclude(stated, expected="secret_string_wo", observed="{}, which the state holds")


@policy(
    "PG_SEC_6",
    criterion="secrets-rotation",
    resources=("aws_secretsmanager_secret",),
    population=0,
)
def secrets_are_rotated(secret: Resource, criterion: Criterion) -> None:
    """Every declared secret is rotated on a schedule. The master secrets that RDS keeps rotate by themselves.

    A schedule with cron counts by the longest time between two of its months.
    """
    rotations = secret.configuration.naming(secret, "secret_id", "aws_secretsmanager_secret_rotation")
    days = [each for rotation in rotations for each in _list_intervals(rotation)]
    criterion.hold(bool(days), expected="aws_secretsmanager_secret_rotation", observed="no rotation", premise=True)
    criterion.require(Quantity.days(min(days)))


_RATE = re.compile(r"rate\(\s*(\d+)\s+(hour|day)s?\s*\)")
_CRON = re.compile(r"cron\(\s*\S+\s+\S+\s+(\S+)\s+(\S+)\s+(\S+)\s+\*\s*\)")
_NAMES = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTHS = {text: number for number, name in enumerate(_NAMES, 1) for text in (name, str(number))}
#: Days and weeks that some months don't have.
_NOT_MONTHLY = re.compile(r"\b(29|30|31)W?\b|#5")


def _list_intervals(rotation: Resource) -> Iterator[Decimal]:
    """Yield the most days between two rotations, or nothing without a schedule. Raises Unresolved."""
    if rotation.has("rotation_rules.automatically_after_days"):
        yield rotation.number("rotation_rules.automatically_after_days")
    elif rotation.has("rotation_rules.schedule_expression"):
        yield _measure_schedule(rotation, rotation.text("rotation_rules.schedule_expression") or "")


def _measure_schedule(rotation: Resource, schedule: str) -> Decimal:
    if rate := _RATE.fullmatch(schedule.strip()):
        return Decimal(rate[1]) / (24 if rate[2] == "hour" else 1)
    cron = _CRON.fullmatch(schedule.strip())
    months = _list_months(cron[2]) if cron else []
    if cron is None or not months or _NOT_MONTHLY.search(f"{cron[1]} {cron[3]}"):
        said = f"is {schedule!r}, whose longest pause can't be told here"
        raise Unresolved(f"{rotation.address}.rotation_rules.schedule_expression", said)
    starts = [date(2000 + year, month, 1) for year in (0, 1) for month in months]
    return Decimal(max((later - earlier).days for earlier, later in pairwise(starts)))


def _list_months(field: str) -> list[int]:
    """Return the months that a field of a cron expression names, in order; none if it can't be read."""
    found: set[int] = set()
    for part in field.upper().split(","):
        span, _, step = part.replace("*", "1-12").replace("?", "1-12").partition("/")
        first, _, last = span.partition("-")
        ends = [_MONTHS.get(each, 0) for each in (first, last or ("12" if step else first))]
        if 0 in ends or not (step or "1").isdigit():
            return []
        found.update(range(ends[0], ends[1] + 1, int(step or 1)))
    return sorted(found)


@policy(
    "PG_SEC_7",
    criterion="secrets-recovery-window",
    resources=("aws_secretsmanager_secret",),
    population=0,
    remedy="Set recovery_window_in_days to 7 or more; 0 deletes at once and for good.",
)
def deleted_secrets_can_be_restored(secret: Resource, criterion: Criterion) -> None:
    """A deleted secret can be restored for a while; unset means 30 days."""
    criterion.require(Quantity.days(secret.number("recovery_window_in_days", 30)))


# ── Secrets that are never written down but still passed on, such as a password that Terraform makes

#: Resources that run code -> the arguments that pass values to it.
HANDED = {
    "aws_lambda_function": ("environment",),
    "aws_ecs_task_definition": ("container_definitions",),
    "aws_instance": ("user_data", "user_data_base64"),
    "aws_launch_template": ("user_data",),
    "aws_launch_configuration": ("user_data", "user_data_base64"),
    "aws_spot_instance_request": ("user_data", "user_data_base64"),
    "aws_lightsail_instance": ("user_data",),
    "aws_glue_job": ("default_arguments", "non_overridable_arguments"),
    "aws_amplify_app": ("environment_variables",),
    "aws_amplify_branch": ("environment_variables",),
    "aws_elastic_beanstalk_configuration_template": ("setting",),
    "aws_codebuild_project": ("environment",),
    "aws_batch_job_definition": ("container_properties",),
    "aws_apprunner_service": ("source_configuration",),
    "aws_elastic_beanstalk_environment": ("setting",),
    "aws_ssm_parameter": ("value", "insecure_value"),
}
#: Parameters that AWS publishes, for example for images.
PUBLIC = "/aws/service/"


@policy(
    "PG_SEC_8",
    criterion="secrets-no-plain-values",
    severity="high",
    resources=tuple(HANDED),
    population=0,
    remedy="Keep the value in Secrets Manager and hand over its ARN; give code a role instead of an access key.",
)
def no_credential_is_handed_on(holder: Resource, criterion: Criterion) -> None:
    """No value that Terraform made or read as a credential is passed to running code.

    A plan hides sensitive values, but they still stand in the environment in plain text.
    """
    for name in (each for each in HANDED[holder.type] if each in holder.sensitive and not _is_kept(holder)):
        with allow_unknown(because="where the value comes from says enough"):
            holder.has(name)  # where the finding points
        doubts = {source: _is_secret(source, holder) for source in holder.credentials.get(name, ())}
        for source in (each for each, secret in doubts.items() if secret):
            criterion.hold(False, expected=f"no value of {source}", observed="handed on", aspect=source)
        _refuse_doubts(name, holder, [each for each, secret in doubts.items() if secret is None])
    criterion.hold(True, expected="no credential", observed="none")


def _refuse_doubts(name: str, holder: Resource, parameters: list[str]) -> None:
    for source in parameters:
        raise Unresolved(source, "is of a parameter that is declared elsewhere, and may be a SecureString")
    if name not in holder.references:
        raise Unresolved(f"{holder.address}.{name}", "holds something sensitive, and nothing says where it comes from")


def _is_kept(holder: Resource) -> bool:
    return holder.type == "aws_ssm_parameter" and holder.text("type") == "SecureString"


def _is_secret(source: str, holder: Resource) -> bool | None:
    """Whether a value that a provider marks as sensitive is a secret; None where nothing tells.

    Providers mark the value of every parameter, though few are a SecureString or have the name of a secret.
    """
    parameter = holder.configuration.once(_list_parameters).get(source.rpartition(".")[0])
    if parameter is None:
        return True
    name = parameter.known("name") or ""
    if find_secret(name, "x") or (parameter.mode == "managed" and parameter.text("type") == "SecureString"):
        return True
    return False if parameter.mode == "managed" or name.startswith(PUBLIC) else None


def _list_parameters(configuration: Configuration) -> dict[str, Resource]:
    found = (one for one in configuration.resources if one.type == "aws_ssm_parameter")
    return {one.configured_as: one for one in found}


@policy(
    "PG_SEC_9",
    criterion="secrets-no-plain-values",
    resources=("provider_block",),
    population=0,
    remedy="Drop it and let Terraform run with a role, or declare a variable without default and set it by TF_VAR_….",
)
def providers_are_given_no_lasting_key(block: Resource, criterion: Criterion) -> None:
    """No provider block holds a literal key, token or password, or a key that Terraform makes.

    The source does not reveal values from a variable without a value, a data source or an ephemeral resource.
    """
    for name in block.search():
        source = block.text(name) or ""
        criterion.hold(source == HANDED_IN, expected="no key", observed=f"{name} {source}", aspect=name)
