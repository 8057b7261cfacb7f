"""Gives the rehearsal account a past: what no resource declares and live checks look for, as a scenario tells it.

The sample system's is ``scenario.toml``. That of any other follows from its plan, ``plain.toml``, and holds no figures;
or a team tells it in a file of its own. An area has a section there, and in a module below ``seed/`` a handler that
makes it happen:

    @seeds("visits")
    def report_visits(section: Mapping[str, Any], past: Past) -> None:
        past.report("News Visits", {"Site": section["site"]}, past.ago(section["last"]), Value=section["number"])

Handlers run in the emulator, once, after everything is created.
"""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from ..quantities import Quantity
from .errors import describe_error
from .ledger import Ledger

#: Stands in names, descriptions and messages of whatever is invented.
STAMP: Final = "rehearsal"
SCENARIO: Final = Path(__file__).with_name("scenario.toml")
#: The past of a system of which nobody tells one.
PLAIN: Final = Path(__file__).with_name("plain.toml")


class Ledgers(Protocol):
    """The emulator, as far as the past needs it."""

    account: str

    def ledger(self, service: str, region: str) -> Ledger:
        """Return what a service holds in a region."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What a handler works with."""

    now: datetime
    region: str
    ledgers: Ledgers
    resources: Mapping[str, Mapping[str, Mapping[str, Any]]]

    @property
    def account(self) -> str:
        """The account, 12 digits."""
        return self.ledgers.account

    def ledger(self, service: str, region: str = "") -> Ledger:
        """Return the ledger of a service, for records that no operation of AWS can make up."""
        return self.ledgers.ledger(service, region or self.region)

    def ask(self, service: str, operation: str, region: str = "", **params: Any) -> dict[str, Any]:
        """Call an operation as boto3 would: ``past.ask("sns", "Publish", TopicArn=…)``. Raises Refused."""
        return self.ledger(service, region).ask(service, operation, **params)

    def resources_of(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the resources of a type that Terraform created: their attributes by address."""
        return self.resources.get(kind, {})

    def ago(self, duration: str) -> datetime:
        """Return when it was ``"30 min"`` ago. Raises UnitError."""
        return self.now - parse_duration(duration)

    def report(
        self, metric: str, dimensions: Mapping[str, str], *times: datetime, region: str = "", **datum: Any
    ) -> None:
        """Let a metric, named as ``namespace name``, have had the same values at some times."""
        namespace, _, name = metric.rpartition(" ")
        named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        data = [{"MetricName": name, "Dimensions": named, "Timestamp": time, **datum} for time in times]
        self.ask("cloudwatch", "PutMetricData", region, Namespace=namespace, MetricData=data)


def parse_duration(text: str) -> timedelta:
    """Return a duration such as ``"30 min"``. Raises UnitError."""
    return timedelta(seconds=float(Quantity.parse(text).base))


Handler = Callable[[Mapping[str, Any], Past], None]
H = TypeVar("H", bound=Handler)

#: By section of the scenario.
SEEDS: dict[str, Handler] = {}


def seeds(section: str) -> Callable[[H], H]:
    """Register a function as what makes a section of the scenario happen."""

    def register(handler: H) -> H:
        SEEDS[section] = handler
        return handler

    return register


def seed_account(told_of: Mapping[str, Any], ledgers: Ledgers, scenario: Path = SCENARIO) -> dict[str, str]:
    """Let everything happen; return why a section could not, by section.

    ``told_of`` holds the ``region`` and the ``resources`` of the account, and the path of another ``scenario``.
    """
    failed = dict(_import_handlers())
    past = Past(now=datetime.now(UTC), ledgers=ledgers, region=told_of["region"], resources=told_of["resources"])
    path = Path(told_of.get("scenario") or scenario)
    try:
        sections = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        return {**failed, path.name: describe_error(error)}
    for section, stated in sections.items():
        try:
            if section not in SEEDS:
                raise LookupError(f"no handler is registered for [{section}]; write one in seed/")
            SEEDS[section](stated, past)
        except Exception as error:  # noqa: BLE001  the rest of the past may be as it was
            failed[section] = describe_error(error)
    return failed


def _import_handlers() -> Iterator[tuple[str, str]]:
    """Import every module of handlers; yield those that can't be."""
    package = f"{__package__}.seed"
    for module in pkgutil.iter_modules(import_module(package).__path__):
        try:
            import_module(f"{package}.{module.name}")
        except Exception as error:  # noqa: BLE001  handlers of other modules are there all the same
            yield f"{module.name}.py", describe_error(error)
