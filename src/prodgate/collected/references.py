"""Values that a criteria file refers to and does not contain: ``env:NAME`` and ``secret:ID``."""

from collections.abc import Callable, Mapping
from typing import Any

from ..aws.answers import Unreadable

Secret = Callable[[str], str]


def resolve(reference: str, environment: Mapping[str, str], secret: Secret | None = None) -> str:
    """Return the value that a reference names. Raises Unreadable, with nothing of the value in the message."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        if value := environment.get(name, ""):
            return value
        raise Unreadable(f"{reference}: there is no such environment variable; set it to what it must hold")
    if secret is None:
        raise Unreadable(f"{reference}: no account is open to ask for the secret; name an environment variable instead")
    return secret(name)


def secret_reader(aws: Callable[[str], Any]) -> Secret:
    """Return a function that reads secrets through ``aws``, clients that are not limited to observing.

    Observing clients refuse this call, since all their answers are kept as evidence.
    """

    def secret(name: str) -> str:
        try:
            answer = aws("secretsmanager").get_secret_value(SecretId=name)
        except Exception as error:  # noqa: BLE001  denied, deleted, no network: there is no value
            code = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
            why = f"can't be read: {code}; allow secretsmanager:GetSecretValue on it"
            raise Unreadable(f"secret:{name}: {why}") from None
        if not (value := answer.get("SecretString", "")):
            raise Unreadable(f"secret:{name}: holds no text; store the URL as the secret's text")
        return str(value)

    return secret
