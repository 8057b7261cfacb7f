"""What can't be known or understood: its placeholder and its exception, so that nothing is judged on half a value."""

from __future__ import annotations


class Unresolved(Exception):
    """A value is not known before Terraform or AWS decides it, or is written in a way that is not understood here."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}".strip())
        self.path = path


class Unknown:
    """Stands for a leaf whose value nobody here can know. Has no truth value on purpose."""

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __bool__(self) -> bool:
        raise Unresolved("", "a value that is not known has no truth value")

    def __repr__(self) -> str:
        return f"<unknown: {self.reason}>"
