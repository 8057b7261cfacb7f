"""Declaring what the emulator answers beyond moto, and instead of it: one function per operation of a service."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar


class Refused(Exception):
    """The emulated service refuses a call; ``code`` is AWS's error code for it.

    ``status`` is HTTP's, where it differs from what AWS's model says of the code. ``members`` are what the error's
    shape holds besides code and message, such as ``RestApiStatusCode``.
    """

    def __init__(self, code: str, message: str, status: int = 0, **members: Any) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status
        self.__dict__.update(members)


def _nobody(*_names: str, **_params: Any) -> dict[str, Any]:
    raise Refused("EmulatorError", "this ledger belongs to no running emulator; call through boto3")


@dataclass(slots=True)
class Ledger:
    """What one service of one account holds in one region, for services and operations that moto does not know."""

    account: str
    region: str
    kept: dict[str, dict[Any, Any]] = field(default_factory=dict)
    """Whatever the answers keep, by kind and then by name or the like: ``ledger.of("environment")[name] = {...}``."""
    backend: Any = None
    """moto's own backend of the service, where it has one."""
    moto: Callable[..., dict[str, Any]] = _nobody
    """moto's answer to this very call, in boto3's shape, to be amended: ``ledger.moto()``; or to the same operation
    with other parameters: ``ledger.moto(Name="x")``. Everything is returned at once, however long the list."""
    ask: Callable[..., dict[str, Any]] = _nobody
    """Ask any service of this account and region, as boto3 would: ``ledger.ask("sns", "Publish", TopicArn=…)``; of
    another region: ``ledger.ask("sns", "ListTopics", region="us-east-1")``. Lists are whole here too."""

    neighbours: Callable[[], Iterable[Ledger]] = tuple
    """The ledgers of all services in this region, of this one too: ``ledger.neighbours()``."""

    def of(self, kind: str) -> dict[Any, Any]:
        """Return what is kept of one kind."""
        return self.kept.setdefault(kind, {})

    def find(self, kind: str, key: Any, code: str, message: str) -> Any:
        """Return one of a kind. Raises Refused where it is not kept."""
        if key not in self.of(kind):
            raise Refused(code, message)
        return self.of(kind)[key]

    def add(self, kind: str, key: Any, value: Any, code: str, message: str) -> None:
        """Keep one of a kind. Raises Refused where there is one by that key."""
        if key in self.of(kind):
            raise Refused(code, message)
        self.of(kind)[key] = value


#: Answers one operation: given the ledger and the call's parameters, returns what boto3 would return.
Answer = Callable[[Ledger, Mapping[str, Any]], Mapping[str, Any]]
A = TypeVar("A", bound=Answer)

#: By boto3's name of the service and AWS's name of the operation.
ANSWERS: dict[tuple[str, str], Answer] = {}
#: What moto has and answers otherwise than AWS -> where its tracker speaks of it, as ``corrects`` takes it.
CORRECTIONS: dict[tuple[str, str], str] = {}
#: Of a correction that moto's tracker does not speak of, as far as a search of it shows.
UNREPORTED: Final = "none known as of 2026-11"
#: Of a correction that is only needed because something else is answered here and not by moto.
FOLLOWS: Final = "none: follows from what the extension keeps itself"


def answers(service: str, *operations: str) -> Callable[[A], A]:
    """Register a function as the answer to operations of a service that moto lacks.

    The names are boto3's (``"backup"``) and AWS's (``"ListRecoveryPointsByBackupVault"``); parameters and the value
    have the shape that boto3 uses. Lists are paged by the emulator, after the operation's own model.
    """

    def register(answer: A) -> A:
        ANSWERS.update({(service, operation): answer for operation in operations})
        return answer

    return register


def corrects(service: str, *operations: str, upstream: str) -> Callable[[A], A]:
    """Register a function as the answer to operations that moto has and answers otherwise than AWS.

    ``upstream`` is the issue that reports it, ``"getmoto/moto#5820"``; where none does, the pull request that made it
    so, ``"since getmoto/moto#4091"``; else UNREPORTED or FOLLOWS.
    """
    CORRECTIONS.update({(service, operation): upstream for operation in operations})
    return answers(service, *operations)


def patch(owner: type, name: str, value: Any, *, upstream: str) -> None:
    """Set an attribute of a class of moto's, where no answer to a call could correct it; ``upstream`` as above."""
    CORRECTIONS[f"{owner.__module__}.{owner.__qualname__}", name] = upstream
    setattr(owner, name, value)
