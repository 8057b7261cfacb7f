"""The state of one emulated service beyond moto, and its refusals."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any


class Refused(Exception):
    """The emulated service refuses a call; ``code`` is AWS's error code for it.

    ``status`` is HTTP's, where it differs from AWS's model of the code. ``members`` are the other members of the
    error's shape, such as ``RestApiStatusCode``.
    """

    def __init__(self, code: str, message: str, status: int = 0, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.__dict__.update(members)


def _nobody(*_names: str, **_params: Any) -> dict[str, Any]:
    raise Refused("EmulatorError", "this ledger belongs to no running emulator; call through boto3")


@dataclass(slots=True)
class Ledger:
    """The state of one service in one account and region, for services and operations that moto does not know."""

    account: str
    region: str
    kept: dict[str, dict[Any, Any]] = field(default_factory=dict)
    """The answers' own records, by kind and then by name or the like: ``ledger.of("environment")[name] = {...}``."""
    backend: Any = None
    """moto's own backend of the service, if it has one."""
    moto: Callable[..., dict[str, Any]] = _nobody
    """moto's answer to this very call, in boto3's shape, to be amended: ``ledger.moto()``.

    To the same operation with other parameters: ``ledger.moto(Name="x")``. It returns everything at once.
    """
    ask: Callable[..., dict[str, Any]] = _nobody
    """Call any service of this account and region, as boto3 would: ``ledger.ask("sns", "Publish", TopicArn=…)``.

    In another region: ``ledger.ask("sns", "ListTopics", region="us-east-1")``. Lists are whole here too.
    """

    neighbours: Callable[[], Iterable["Ledger"]] = tuple
    """The ledgers of all services in this region, including this one: ``ledger.neighbours()``."""
    elsewhere: Callable[..., "Ledger"] = _nobody  # type: ignore[assignment]
    """The ledger of the same service elsewhere: ``ledger.elsewhere(account="…")``, ``ledger.elsewhere(region="…")``."""
    strangers: Callable[[], Iterable["Ledger"]] = tuple
    """The ledgers of the same service and region of the other accounts that were called: ``ledger.strangers()``."""

    def of(self, kind: str) -> dict[Any, Any]:
        """Return the records of one kind."""
        return self.kept.setdefault(kind, {})

    def find(self, kind: str, key: Any, code: str, message: str) -> Any:
        """Return one record of a kind. Raises Refused if there is none."""
        if key not in self.of(kind):
            raise Refused(code, message)
        return self.of(kind)[key]

    def add(self, kind: str, key: Any, value: Any, code: str, message: str) -> None:
        """Store one record of a kind. Raises Refused if there is one by that key."""
        if key in self.of(kind):
            raise Refused(code, message)
        self.of(kind)[key] = value
