"""Declaring what the emulator answers beyond moto, and instead of it: one function per operation of a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from ..ledger import Ledger, Refused

__all__ = [
    "ANSWERS", "CORRECTIONS", "FOLLOWS", "UNREPORTED", "Answer", "Ledger", "Refused", "answers", "corrects", "patch",
]  # fmt: skip

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
