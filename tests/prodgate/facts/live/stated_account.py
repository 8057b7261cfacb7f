"""An account with stated responses."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from prodgate.aws.account import Account
from prodgate.aws.answers import Absent

ACCOUNT, REGION = "123456789012", "ap-northeast-1"
#: By operation: the response, an exception, or a function that makes it from the parameters; other operations have
#: empty responses.
Answers = Mapping[str, Any]


@dataclass(frozen=True)
class Stated:
    """Calls with stated responses; None stands for a resource that does not exist."""

    answers: Answers

    def pages(
        self, service: str, operation: str, region: str, parameters: Mapping[str, Any], *, whole: bool
    ) -> Sequence[Any]:
        answer = self.answers.get(operation, {})
        found = answer(parameters) if callable(answer) else answer
        if isinstance(found, Exception):
            raise found
        if found is None:
            raise Absent(f"{operation}NotFound")
        return [found]


@contextmanager
def account_answering(
    answers: Answers, declared: Mapping[str, Mapping[str, Any]] = {}, files: Mapping[str, Mapping[str, str]] = {}
) -> Iterator[Account]:
    """Yield an account; ``declared`` are Terraform's resources, by type and address, ``files`` are the project's."""
    look: Callable[[str], Any] = lambda kind: declared.get(kind, {})  # noqa: E731
    with ThreadPoolExecutor(2, thread_name_prefix="calls") as pool:
        yield Account(
            id=ACCOUNT,
            region=REGION,
            now=datetime(2026, 1, 1, tzinfo=UTC),
            calls=Stated(answers),
            pool=pool,
            declared=look,
            files=lambda folder: files.get(folder, {}),
        )


def see(function: Callable[..., Any], answers: Answers, *arguments: Any, **stated: Any) -> Any:
    """Return a function's result on an account: for an observer, everything that it yields."""
    with account_answering(answers, **stated) as account:
        found = function(account, *arguments)
        return list(found) if isinstance(found, Iterator) else found
