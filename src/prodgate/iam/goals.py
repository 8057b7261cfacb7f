"""A team's goals for principals, as data; `iam/answers.py` proves the answers."""

from dataclasses import dataclass
from typing import Final

from .patterns import matches, read_pattern

#: In place of actions: reaching all rights.
ADMINISTRATOR: Final = "administrator"
#: In place of principals: everybody outside the accounts, services and providers that a trust policy should let in.
OUTSIDE: Final = "outside"
#: At the end of a resource: a name that no policy states, so that rights to it are rights to each of its kind.
UNNAMED: Final = "unnamed-by-any-policy"
#: Among the excluded principals: everybody who openly holds all rights, through policies of their own.
ADMINISTRATORS: Final = "administrators"

#: Conditions as a policy states them, each an operator, a key and values.
Conditions = tuple[tuple[str, str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Uses:
    """Where a principal's uses are stated: what runs as it, and the platform of that."""

    code: tuple[str, ...] = ()
    """Folders and files of Python, from the criteria file."""
    workflows: tuple[str, ...] = ()
    """Names of variables under which workflows assume the role."""
    services: tuple[str, ...] = ()
    """The services that run it, as `service_needs.toml` lists them."""
    quiet: tuple[str, ...] = ()
    """Packages that the code imports, and that never call AWS."""
    also: tuple[tuple[str, str], ...] = ()
    """Actions that unread code uses, each with its user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """Each of some principals can do something, or none can; or each holds only the rights that it uses."""

    may: bool
    """Whether they shall be able to; otherwise none shall, directly or through another."""
    actions: tuple[str, ...]
    """Such as ``kms:ScheduleKeyDeletion``, with wildcards or not; or ``administrator`` alone."""
    principals: tuple[str, ...] = ("*",)
    """Patterns of ARNs, or of their ends such as ``role/shop-*``; or ``outside`` alone."""
    spared: tuple[str, ...] = ()
    """Patterns of the excluded principals."""
    resources: tuple[str, ...] = ("*",)
    unless: tuple[Conditions, ...] = ()
    """Requests that meet all the conditions of one of them are excluded."""
    uses: Uses | None = None
    """The rights that each of them shall hold, in place of actions."""
    grants: bool = False
    """In place of actions: whether each of their statements shall be able to grant something."""

    @property
    def is_about_outsiders(self) -> bool:
        """Whether it covers access from outside."""
        return self.principals == (OUTSIDE,)

    def speaks_of(self, arn: str) -> bool:
        """Whether it covers a principal."""
        return fits_any(self.principals, arn) and not fits_any(self.spared, arn)

    def __str__(self) -> str:
        who = ", ".join(self.principals) + (f" but {', '.join(self.spared)}" if self.spared else "")
        if self.uses is not None:
            return f"{who} can do what is used, and no more"
        if self.grants:
            return f"{who} cannot hold a statement that grants nothing"
        on = f" on {', '.join(self.resources)}" if self.actions != (ADMINISTRATOR,) else ""
        tests = [
            " & ".join(f"{operator} {key} {', '.join(values)}" for operator, key, values in one) for one in self.unless
        ]
        besides = f" unless {' | '.join(tests)}" if tests else ""
        return f"{who} {'can' if self.may else 'cannot'} {', '.join(self.actions)}{on}{besides}"


def fits_any(patterns: tuple[str, ...], arn: str) -> bool:
    """Whether a pattern names a principal: by its whole ARN, or by the end of it, such as ``role/shop-*``."""
    end = arn.split(":", 5)[-1]
    return any(matches(read_pattern(one, None), arn if one.startswith("arn:") else end) is True for one in patterns)
