"""What a team states that principals can and cannot do: data, whose answers `iam/answers.py` proves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .patterns import matches, read_pattern

#: In place of actions: to reach all rights there are.
ADMINISTRATOR: Final = "administrator"
#: In place of principals: whoever is of no account, service or provider that a trust policy should let in.
OUTSIDE: Final = "outside"
#: At the end of a resource: one of a name that no policy states, so that who can do something to it can to each of its
#: kind.
UNNAMED: Final = "unnamed-by-any-policy"
#: Among those of whom a goal does not ask: whoever openly holds all rights there are, by policies of its own.
ADMINISTRATORS: Final = "administrators"

#: Conditions as a policy states them, each an operator, a key and values.
Conditions = tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Where it stands what a principal uses: what runs as it, and what that runs on."""

    code: tuple[str, ...] = ()
    """Folders and files of Python, from the criteria file."""
    workflows: tuple[str, ...] = ()
    """Names of variables under which workflows take on the role."""
    services: tuple[str, ...] = ()
    """What runs it, as `service_needs.toml` lists it."""
    quiet: tuple[str, ...] = ()
    """Packages that the code imports, and that call nothing of AWS."""
    also: tuple[tuple[str, str], ...] = ()
    """Actions that something uses which is not read here, each with what that is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """That each of some principals can, or none of them cannot, do something; or holds what it uses, and no more."""

    may: bool
    """Whether they shall be able to; else that none is, directly or by way of another."""
    actions: tuple[str, ...]
    """As ``kms:ScheduleKeyDeletion``, with wildcards or not; or ``administrator`` alone."""
    principals: tuple[str, ...] = ("*",)
    """Patterns of ARNs, or of their ends such as ``role/shop-*``; or ``outside`` alone."""
    spared: tuple[str, ...] = ()
    """Patterns of those of whom it is not asked."""
    resources: tuple[str, ...] = ("*",)
    unless: tuple[Conditions, ...] = ()
    """What fulfils all the conditions of one of them is not asked about."""
    uses: Uses | None = None
    """What each of them shall hold, in place of actions."""
    grants: bool = False
    """In place of actions: whether each of their statements shall be able to grant something."""

    @property
    def is_about_outsiders(self) -> bool:
        """Whether it asks who gets in from outside."""
        return self.principals == (OUTSIDE,)

    def speaks_of(self, arn: str) -> bool:
        """Whether a principal is one of whom it asks."""
        return fits_any(self.principals, arn) and not fits_any(self.spared, arn)

    def __str__(self) -> str:
        who = ", ".join(self.principals) + (f" but {', '.join(self.spared)}" if self.spared else "")
        if self.uses is not None:
            return f"{who} can do what is used, and no more"
        if self.grants:
            return f"{who} cannot hold a statement that grants nothing"
        on = f" on {', '.join(self.resources)}" if self.actions != (ADMINISTRATOR,) else ""
        besides = f" unless {' | '.join(map(_render_tests, self.unless))}" if self.unless else ""
        return f"{who} {'can' if self.may else 'cannot'} {', '.join(self.actions)}{on}{besides}"


def _render_tests(tests: Conditions) -> str:
    return " & ".join(f"{operator} {key} {', '.join(values)}" for operator, key, values in tests)


def fits_any(patterns: tuple[str, ...], arn: str) -> bool:
    """Whether a pattern names a principal: by all of its ARN, or by the end of it, as ``role/shop-*``."""
    end = arn.split(":", 5)[-1]
    return any(matches(read_pattern(one, None), arn if one.startswith("arn:") else end) is True for one in patterns)
