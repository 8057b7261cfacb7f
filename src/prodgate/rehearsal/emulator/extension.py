"""Declaring what the emulator answers beyond moto: one function per operation of a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar


class Refused(Exception):
    """The emulated service refuses a call; ``code`` is AWS's error code for it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(slots=True)
class Ledger:
    """What one service of one account holds in one region, for services and operations that moto does not know."""

    account: str
    region: str
    kept: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Whatever the answers keep, by kind and name: ``ledger.of("environment")[name] = {...}``."""
    backend: Any = None
    """moto's own backend of the service, where it has one."""

    def of(self, kind: str) -> dict[str, Any]:
        """Return what is kept of one kind."""
        return self.kept.setdefault(kind, {})


#: Answers one operation: given the ledger and the call's parameters, returns what boto3 would return.
Answer = Callable[[Ledger, Mapping[str, Any]], Mapping[str, Any]]
A = TypeVar("A", bound=Answer)

#: By boto3's name of the service and AWS's name of the operation.
ANSWERS: dict[tuple[str, str], Answer] = {}


def answers(service: str, *operations: str) -> Callable[[A], A]:
    """Register a function as the answer to operations of a service, also where moto has one of its own.

    The names are boto3's (``"backup"``) and AWS's (``"ListRecoveryPointsByBackupVault"``); parameters and the value
    have the shape that boto3 uses. Lists are paged by the emulator, after the operation's own model.
    """

    def register(answer: A) -> A:
        ANSWERS.update({(service, operation): answer for operation in operations})
        return answer

    return register
