"""What programs are told by their environment: where they run, how much they log, and whom they ask."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from prodgate import Criterion, Resource, policy

from .containers import TASK, list_containers
from .unset import is_unset

TOLD = (*TASK, "aws_mwaa_environment")
#: Variables by their names.
PLACE = re.compile(r"(?:.+_)?ENV(?:IRONMENT)?")
LEVEL = re.compile(r"(?:.+_)?LOG(?:GING)?_LEVEL|RUST_LOG")
SITE = re.compile(r"(?:.+_)?(?:API|APP|BASE|SITE)_URL")
READER = re.compile(r"READ|REPLICA|(?:^|_)RO(?:_|$)")


@policy(
    "PG_ENV_1",
    criterion="environment-name",
    resources=TOLD,
    required=True,
    remedy="Set the variable, such as ENVIRONMENT, to the name that the criterion states.",
)
def programs_know_that_they_are_production(program: Resource, criterion: Criterion) -> None:
    """Every variable of a task or of Airflow that names its environment has the stated name, and there is one."""
    told = [(name, value) for name, value in list_variables(program) if PLACE.fullmatch(name)]
    criterion.hold(bool(told), expected="a variable for the environment's name", observed="none", premise=True)
    _exclude_others(told, criterion)


@policy(
    "PG_ENV_2",
    criterion="log-level",
    resources=TOLD,
    population=0,
    remedy="Set the variable, such as LOG_LEVEL, to a level that the criterion states.",
)
def programs_log_no_more_than_agreed(program: Resource, criterion: Criterion) -> None:
    """Every variable of a task or of Airflow that sets a log level sets a stated one, also for single modules."""
    told = [(name, value) for name, value in list_variables(program) if LEVEL.fullmatch(name)]
    if not told:
        raise criterion.not_applicable("no variable sets a level")
    levels = ((name, part.rpartition("=")[2].strip().lower()) for name, value in told for part in value.split(","))
    _exclude_others(levels, criterion)


@policy(
    "PG_ENV_3",
    criterion="environment-addresses",
    resources=TOLD,
    population=0,
    remedy="Give the writer's endpoint of the database, and a name that the distribution serves.",
)
def programs_are_given_addresses_of_production(program: Resource, criterion: Criterion) -> None:
    """A variable with the database's reader is named for it, and a URL of the site is of a name that is served."""
    tree = program.configuration
    readers = {one.text("reader_endpoint") for one in tree.of("aws_rds_cluster")}
    served = {name for one in tree.of("aws_cloudfront_distribution") for name in one.texts("aliases")}
    told = dict(list_variables(program))
    slow = [name for name, value in told.items() if value in readers and not READER.search(name)]
    criterion.exclude(slow, expected="the writer", observed="{} is a reader of the database")
    hosts = {name: urlsplit(value).hostname for name, value in told.items() if SITE.fullmatch(name)}
    strange = [f"{name}: {host}" for name, host in hosts.items() if served and host not in served]
    criterion.exclude(strange, expected="a name that the distribution serves")


def list_variables(program: Resource) -> Iterator[tuple[str, str]]:
    """Yield names and values of the variables of a task's containers, or of Airflow's startup script."""
    if program.type in TASK:
        for container in list_containers(program):
            yield from ((str(one.get("name")), str(one.get("value"))) for one in container.get("environment") or ())
    elif not is_unset(program, "startup_script_s3_path"):
        key = program.text("startup_script_s3_path")
        for script in (one for one in program.configuration.of("aws_s3_object") if one.text("key") == key):
            for line in (script.text("content") or "").splitlines():
                exported, _, value = line.strip().partition("=")
                if exported.startswith("export "):
                    yield exported.removeprefix("export ").strip(), value.strip("'\" ")


def _exclude_others(told: Iterable[tuple[str, str]], criterion: Criterion) -> None:
    others = [f"{name} = {value}" for name, value in told if criterion.bound and not criterion.bound.admits(value)]
    criterion.exclude(others, expected=str(criterion.bound))
