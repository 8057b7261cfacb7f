"""Whether principals hold what they use and no more, said so that a person can take away the rest."""

from __future__ import annotations

from collections.abc import Iterator

from .account import Account, Principal
from .answers import Answer
from .least import Unused, measure
from .needs import Needs
from .truth import Doubt


def answer_of_use(principal: Principal, account: Account, needs: Needs) -> Iterator[Answer]:
    """Yield what of a principal's rights is not used, and what it lacks; or that it holds what is used."""
    found = measure(principal, account, needs)
    if found.missing:
        said = "; ".join(f"{one.action} is not granted, which is for {one.by}" for one in found.missing)
        yield Answer(who=principal.arn, kept=False, said=said, places=(principal.place,))
    if found.doubts:
        yield Answer(who=principal.arn, kept=Doubt(found.doubts))
    elif found.unused:
        said = "; ".join(map(describe_unused, found.unused))
        places = tuple(dict.fromkeys(one.statement.place for one in found.unused))
        yield Answer(who=principal.arn, kept=False, said=said, places=places)
    elif not found.missing:
        yield Answer(who=principal.arn, kept=True)


def describe_unused(one: Unused) -> str:
    """Say what of a statement is not used."""
    if not one.used:
        return f"nothing uses {one.written}, granted by {one.statement.place}"
    return f"of {one.written} only {', '.join(one.used)} is used, granted by {one.statement.place}"
