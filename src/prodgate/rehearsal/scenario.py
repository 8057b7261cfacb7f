"""Gives the rehearsal account a past: state that no resource declares and live checks need, as a scenario describes it.

The sample system uses ``scenario.toml``. Any other system's past follows from its plan and ``plain.toml``, and holds
no figures; or a team writes a file of its own. An area has a section there, and in ``seed.py`` a handler that runs it:

    @seeds("visits")
    def report_visits(section: Mapping[str, Any], past: Past) -> None:
        past.report("News Visits", {"Site": section["site"]}, past.ago(section["last"]), Value=section["number"])

Handlers run in the emulator, once, after everything is created.
"""

import tomllib
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from ..quantities import Quantity
from .ledger import Ledger

# ── Describes an error in an adapter or a seed: what AWS answered, or where the code went wrong


def describe_error(error: Exception) -> str:
    """Return the error in one line, with its place in the code unless AWS refused."""
    if hasattr(error, "operation_name"):  # boto3's form of AWS's refusals
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({frame.filename.rpartition('/')[2]}:{frame.lineno}, in {frame.name})"


#: Part of the names, descriptions and messages of all invented things.
STAMP: Final = "rehearsal"
SCENARIO: Final = Path(__file__).with_name("scenario.toml")
#: The past of a system without a scenario of its own.
PLAIN: Final = Path(__file__).with_name("plain.toml")


class Ledgers(Protocol):
    """The emulator, as far as the past needs it."""

    account: str

    def ledger(self, service: str, region: str) -> Ledger:
        """Return what a service holds in a region."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """The context of a handler."""

    now: datetime
    region: str
    ledgers: Ledgers
    resources: Mapping[str, Mapping[str, Mapping[str, Any]]]

    @property
    def account(self) -> str:
        """The account, 12 digits."""
        return self.ledgers.account

    def ledger(self, service: str, region: str = "") -> Ledger:
        """Return the ledger of a service, for records that no AWS operation creates."""
        return self.ledgers.ledger(service, region or self.region)

    def ask(self, service: str, operation: str, region: str = "", **params: Any) -> dict[str, Any]:
        """Call an operation as boto3 would: ``past.ask("sns", "Publish", TopicArn=…)``. Raises Refused."""
        return self.ledger(service, region).ask(service, operation, **params)

    def resources_of(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the resources of a type that Terraform created: their attributes by address."""
        return self.resources.get(kind, {})

    def ago(self, duration: str) -> datetime:
        """Return the time ``"30 min"`` ago. Raises UnitError."""
        return self.now - parse_duration(duration)

    def report(
        self, metric: str, dimensions: Mapping[str, str], *times: datetime, region: str = "", **datum: Any
    ) -> None:
        """Report the same values of a metric, named as ``namespace name``, at some times."""
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
    """Register a function as the handler of a section of the scenario."""

    def register(handler: H) -> H:
        SEEDS[section] = handler
        return handler

    return register


def seed_account(told_of: Mapping[str, Any], ledgers: Ledgers, scenario: Path = SCENARIO) -> dict[str, str]:
    """Run every section; return the errors, by section.

    ``told_of`` holds the ``region`` and the ``resources`` of the account, and the path of another ``scenario``.
    """
    import_module(f"{__package__}.seed")  # which imports this module
    failed: dict[str, str] = {}
    past = Past(now=datetime.now(UTC), ledgers=ledgers, region=told_of["region"], resources=told_of["resources"])
    path = Path(told_of.get("scenario") or scenario)
    try:
        sections = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        return {path.name: describe_error(error)}
    for section, stated in sections.items():
        try:
            if section not in SEEDS:
                raise LookupError(f"no handler is registered for [{section}]; write one in seed.py")
            SEEDS[section](stated, past)
        except Exception as error:  # noqa: BLE001  the rest of the past may be as it was
            failed[section] = describe_error(error)
    return failed
