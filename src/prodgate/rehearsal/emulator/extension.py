"""Declares the emulator's answers beyond moto's, and instead of them: one function per operation of a service."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from ..ledger import Ledger, Refused

__all__ = [
    "ANSWERS", "CORRECTIONS", "FOLLOWS", "UNREPORTED", "Answer", "Kind", "Ledger", "Refused", "answers", "aware",
    "corrects", "patch",
]  # fmt: skip

#: Answers one operation: given the ledger and the call's parameters, returns boto3's response.
Answer = Callable[[Ledger, Mapping[str, Any]], Mapping[str, Any]]
A = TypeVar("A", bound=Answer)

#: By boto3's name of the service and AWS's name of the operation.
ANSWERS: dict[tuple[str, str], Answer] = {}
#: Operations that moto answers differently from AWS -> the issue in moto's tracker, as ``corrects`` takes it.
CORRECTIONS: dict[tuple[str, str], str] = {}
#: For a correction that moto's tracker does not mention, as far as a search shows.
UNREPORTED: Final = "none known as of 2026-11"
#: For a correction that is only needed because something else is answered here and not by moto.
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
    """Register a function as the answer to operations that moto has and answers differently from AWS.

    ``upstream`` is the issue that reports it, ``"getmoto/moto#5820"``; without one, the pull request that introduced
    it, ``"since getmoto/moto#4091"``; else UNREPORTED or FOLLOWS.
    """
    CORRECTIONS.update({(service, operation): upstream for operation in operations})
    return answers(service, *operations)


def patch(owner: type, name: str, value: Any, *, upstream: str) -> None:
    """Set an attribute of a moto class, if no answer to a call could correct it; ``upstream`` as above."""
    CORRECTIONS[f"{owner.__module__}.{owner.__qualname__}", name] = upstream
    setattr(owner, name, value)


def aware(moment: datetime) -> datetime:
    """Return a time with its zone, UTC if it has none."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kind:
    """Records of one kind in ledgers, and the operations that only show them or delete one."""

    service: str
    name: str
    """The key of the kind in ledgers."""
    by: tuple[str, ...] = ()
    """Parameters of a call that name one; their values, joined with ``/``, are its key."""
    code: str = ""
    message: str = ""
    """AWS's message if there is none, over the parameters: ``no analyzer {analyzerName}``."""

    def find(self, ledger: Ledger, params: Mapping[str, Any]) -> Any:
        """Return the one that parameters name. Raises Refused."""
        return ledger.find(self.name, self.key(params), self.code, self.message.format_map(params))

    def key(self, params: Mapping[str, Any]) -> str:
        """Return the key of the one that parameters name."""
        return "/".join(params[name] for name in self.by)

    def show(self, operation: str, field: str, *, upstream: str = "") -> None:
        """Answer an operation with the one that it names, below ``field`` if that is given."""

        def answer(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
            found: Mapping[str, Any] = self.find(ledger, params)
            return {field: found} if field else found

        self._register(operation, answer, upstream)

    def list(
        self,
        operation: str,
        field: str,
        *,
        within: "Kind | None" = None,
        shown: tuple[str, ...] = (),
        upstream: str = "",
        **filters: str,
    ) -> None:
        """Answer an operation with all, or with those whose members match its parameters.

        ``filters`` maps parameters, which may be lists, to members; ``shown`` are the members of a brief list. The
        record that they are ``within`` must exist.
        """

        def answer(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
            if within:
                within.find(ledger, params)
            wanted = {member: params[name] for name, member in filters.items() if params.get(name)}
            found = [
                one
                for one in ledger.of(self.name).values()
                if all(one[member] in (each if isinstance(each, list) else [each]) for member, each in wanted.items())
            ]
            return {field: [{name: one[name] for name in shown or one if name in one} for one in found]}

        self._register(operation, answer, upstream)

    def forget(self, operation: str) -> None:
        """Answer an operation by deleting the one that it names."""

        def answer(ledger: Ledger, params: Mapping[str, Any]) -> Mapping[str, Any]:
            self.find(ledger, params)
            del ledger.of(self.name)[self.key(params)]
            return {}

        self._register(operation, answer, "")

    def _register(self, operation: str, answer: Answer, upstream: str) -> None:
        register = (
            corrects(self.service, operation, upstream=upstream) if upstream else answers(self.service, operation)
        )
        register(answer)
