"""Values that a criteria file names and does not hold: ``env:NAME`` and ``secret:ID``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..aws.answers import Unreadable

Secret = Callable[[str], str]


def resolve(reference: str, environment: Mapping[str, str], secret: Secret | None = None) -> str:
    """Return the value that a reference names. Raises Unreadable, in words that hold nothing of the value."""
    kind, _, name = reference.partition(":")
    if kind == "env":
        if value := environment.get(name, ""):
            return value
        raise Unreadable(f"{reference}: there is no such environment variable; set it to what it must hold")
    if secret is None:
        raise Unreadable(f"{reference}: no account is open to ask for the secret; name an environment variable instead")
    return secret(name)


def secret_reader(aws: Callable[[str], Any]) -> Secret:
    """Return what asks Secrets Manager through ``aws``, clients that may do more than read lists.

    The clients that the gate observes with refuse this call, since all that they are told is kept as evidence.
    """

    def secret(name: str) -> str:
        try:
            answer = aws("secretsmanager").get_secret_value(SecretId=name)
        except Exception as error:  # noqa: BLE001  denied, gone, no network: nothing was told
            code = getattr(error, "response", {}).get("Error", {}).get("Code") or type(error).__name__
            why = f"can't be read: {code}; allow secretsmanager:GetSecretValue on it"
            raise Unreadable(f"secret:{name}: {why}") from None
        if not (value := answer.get("SecretString", "")):
            raise Unreadable(f"secret:{name}: holds no text; store the URL as the secret's text")
        return str(value)

    return secret
