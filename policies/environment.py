"""Environment variables of tasks and Airflow: name of the environment, log level, addresses."""

import re
from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from prodgate import Criterion, Resource, policy
from prodgate.semantics.startup_scripts import read_exports

from .containers import TASK, list_containers
from .unset import is_unset

TOLD = (*TASK, "aws_mwaa_environment")
#: Variables by their names.
PLACE = re.compile(r"(?:.+_)?ENV(?:IRONMENT)?")
LEVEL = re.compile(r"(?:.+_)?LOG(?:GING)?_LEVEL|RUST_LOG")
SITE = re.compile(r"(?:.+_)?(?:API|APP|BASE|SITE)_URL")
#: Settings of Airflow with a log level: https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html#logging
OPTION = re.compile(r"logging\.(?:\w+_)?logging_level")
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
    told = _list_known(program, criterion, PLACE.fullmatch)
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
    """Each variable or setting with a log level has a stated one, in tasks and Airflow, also for single modules."""
    told = _list_known(program, criterion, LEVEL.fullmatch)
    if program.type not in TASK:
        options = program.mapping("airflow_configuration_options")
        told += [(name, value) for name, value in options.items() if OPTION.fullmatch(name)]
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
    readers = {one.text("reader_endpoint") for one in tree.of("aws_rds_cluster")} - {None}
    served = {name for one in tree.of("aws_cloudfront_distribution") for name in one.texts("aliases")}
    slow = [name for name, value in list_variables(program, criterion) if value in readers and not READER.search(name)]
    criterion.exclude(slow, expected="the writer", observed="{} is a reader of the database")
    hosts = [(name, urlsplit(value).hostname or "") for name, value in _list_known(program, criterion, SITE.fullmatch)]
    strange = [
        f"{name}: {host}" for name, host in hosts if served and not any(fnmatchcase(host, one) for one in served)
    ]
    criterion.exclude(strange, expected="a name that the distribution serves")


def list_variables(program: Resource, criterion: Criterion) -> Iterator[tuple[str, str | None]]:
    """Yield names and values of the variables of a task's containers, or of Airflow's startup script.

    A value is None if a secret or a shell decides it. Raises Undetermined where they stand in a file that is not known.
    """
    if program.type in TASK:
        for container in list_containers(program):
            given = [*(container.get("environment") or ()), *(container.get("secrets") or ())]
            yield from ((str(one.get("name")), str(one["value"]) if "value" in one else None) for one in given)
            if container.get("environmentFiles"):
                raise criterion.undetermined("environmentFiles are not read here")
    elif not is_unset(program, "startup_script_s3_path"):
        key = program.text("startup_script_s3_path")
        scripts = [one.text("content") for one in program.configuration.of("aws_s3_object") if one.text("key") == key]
        if not (known := [script for script in scripts if script is not None]):
            raise criterion.undetermined("the content of its startup script is not known")
        for script in known:
            yield from read_exports(script).items()


def _list_known(program: Resource, criterion: Criterion, fits: Callable[[str], object]) -> list[tuple[str, str]]:
    """Return the variables with such a name. Raises Undetermined where the value of one is not known."""
    known = []
    for name, value in list_variables(program, criterion):
        if fits(name):
            if value is None:
                raise criterion.undetermined(f"{name} has a value that only a secret or a shell knows")
            known.append((name, value))
    return known


def _exclude_others(told: Iterable[tuple[str, str]], criterion: Criterion) -> None:
    others = [f"{name} = {value}" for name, value in told if not (criterion.bound and criterion.bound.admits(value))]
    criterion.exclude(others, expected=str(criterion.bound))
